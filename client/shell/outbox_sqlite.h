/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox as an SQLite database (outbox.db, 0600): what is put is on disk, through kill -9 and
 * power cut (write-ahead log, a sync at each commit).
 *
 *   record   one row per task; `bytes` is outbox_encode's, with its own hash
 *   damaged  rows that are no record any more, set aside with what is left of them; the newest 100
 *   hold     until when a route of a server asked for silence, in wall time
 *   learnt   what a client of a server has learnt (client/core/learnt.h has the bytes)
 *
 * Versions: PRAGMA user_version. 1: the tables. 2: the record files of older versions (a folder,
 * client/shell/outbox_legacy.h) are taken over. 3: the table learnt. All steps that are missing are one transaction.
 *
 * A final record stays final: no put turns it back, only outbox_sqlite_retry does, for a user who
 * asks for it. Final records stay for 30 days, at most 10 000 of them, and the newest 64 that are
 * refused, unknown or abandoned keep their proof. Pruned by outbox_sqlite_prune, and by every 500th
 * put of a final record.
 *
 * A damaged database is not an end, and never an empty beginning: opening checks every page, sets the
 * damaged files aside under a name that `kept` tells, and goes on with the records that can be read
 * (client/shell/outbox_rescue.h).
 *
 * Owner:   heap; outbox_free(&o->base).
 * Threads: one owner at a time. One process writes (a lock file beside the database); others may
 *          read meanwhile.
 * Errors:  ST_IO (full disk, read or write error, damaged database while reading), ST_NO_MEMORY; opening:
 *          ST_EXISTS when another process writes to it, ST_NOT_FOUND when there is none to read,
 *          ST_INPUT when a newer version has made it. After an error of a write the row is the old
 *          one or the new one, and the same write may be tried again.
 * Source:  design.md 7 and 13; simulation.md 3, rule 1.
 */
#pragma once
#include "client/core/outbox.h"

#define OUTBOX_SQLITE_KEEP_S       ((int64_t)30 * 24 * 3600)
#define OUTBOX_SQLITE_KEEP_RECORDS 10000
#define OUTBOX_SQLITE_KEEP_PROOFS  64

struct sqlite3;
struct sqlite3_stmt;

struct outbox_sqlite {
    struct outbox base; /* first, so that a cast back is valid */
    char *path;
    bool read_only; /* another process may own it: nothing is set aside */
    int lock_fd;    /* -1: none */
    struct sqlite3 *db;
    struct sqlite3_stmt *statements[14];
    unsigned finals;         /* put since the last pruning */
    size_t damaged;          /* set aside by `each`, and when files were taken over */
    char damaged_names[128]; /* their ids: "2, 17" */
    bool broken;             /* SQLite says that the file is damaged */
    char *kept;              /* where the damaged database is that opening replaced; NULL: none */
    size_t rescued;          /* records read from it */
};

/* legacy: the folder of older versions; may not exist. Makes the database when it is missing. */
enum status MUST_USE outbox_sqlite_open(struct outbox_sqlite **out, const char *path,
                                        const char *legacy, struct why *why);
enum status MUST_USE outbox_sqlite_read(struct outbox_sqlite **out, const char *path,
                                        struct why *why);

/* ST_NOT_FOUND: none of that id; ST_INPUT: damaged. */
enum status MUST_USE outbox_sqlite_get(struct outbox_sqlite *o, uint64_t id,
                                       struct outbox_record *out, struct why *why);
/* Back to PROVED. ST_NOT_FOUND; ST_INPUT when it is not refused, unknown or abandoned, or has no
 * signed proof any more. */
enum status MUST_USE outbox_sqlite_retry(struct outbox_sqlite *o, uint64_t id, struct why *why);
enum status MUST_USE outbox_sqlite_prune(struct outbox_sqlite *o, int64_t now_wall_s,
                                         struct why *why);

/* Replaces the hold of that route; wall time in nanoseconds. */
enum status MUST_USE outbox_sqlite_hold(struct outbox_sqlite *o, const char *server,
                                        const char *route, int64_t until_wall_ns,
                                        struct why *why);
/* *until_wall_ns: 0 when there is none. */
enum status MUST_USE outbox_sqlite_held(struct outbox_sqlite *o, const char *server,
                                        const char *route, int64_t *until_wall_ns,
                                        struct why *why);

/* Replaces what was learnt about that server. */
enum status MUST_USE outbox_sqlite_learn(struct outbox_sqlite *o, const char *server,
                                         struct bytes learnt, struct why *why);
/* Puts it into out, which the caller has initialised; nothing when there is nothing. */
enum status MUST_USE outbox_sqlite_learnt(struct outbox_sqlite *o, const char *server,
                                          struct buffer *out, struct why *why);
