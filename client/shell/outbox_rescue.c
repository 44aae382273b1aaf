/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/outbox_rescue.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/shell/outbox_db.h"

#define GAP_MOST 100000 /* ids between two readable stretches that are asked for one by one */

struct rescue {
    struct sqlite3 *from;
    struct outbox_sqlite *to;
    size_t records;
};

static enum status no_memory(const char *path, struct why *why)
{
    return fail(why, ST_NO_MEMORY, "outbox '%s': out of memory", path);
}

/* ---- reading ---- */

static enum status take_row(struct rescue *r, struct sqlite3_stmt *s, struct why *why)
{
    int64_t id = sqlite3_column_int64(s, 0);
    const void *data = sqlite3_column_blob(s, 1);
    struct bytes bytes = bytes_of(data, (size_t)sqlite3_column_bytes(s, 1));
    struct outbox_record record = {0};
    enum status st = outbox_decode(&record, bytes, why);

    if (!st && record.id == (uint64_t)id) {
        st = outbox_put(&r->to->base, &record, why);
        r->records += !st;
    } else if (!st || st == ST_INPUT) {
        st = outbox_db_put_damaged(r->to, id, bytes, why);
    }
    outbox_record_fini(&record);
    return st;
}

/* Rows in the order of the text until there are no more or they cannot be read; *last: the id of
 * the last one, *all: there are no more. */
static enum status take_stretch(struct rescue *r, const char *text, int64_t bound, int64_t *last,
                                bool *all, struct why *why)
{
    struct sqlite3_stmt *s = NULL;
    enum status st = ST_OK;
    int code = sqlite3_prepare_v2(r->from, text, -1, &s, NULL);

    if (!code) {
        sqlite3_bind_int64(s, 1, bound);
        code = sqlite3_step(s);
    }
    while (!st && code == SQLITE_ROW) {
        *last = sqlite3_column_int64(s, 0);
        st = take_row(r, s, why);
        if (!st)
            code = sqlite3_step(s);
    }
    *all = code == SQLITE_DONE;
    sqlite3_finalize(s);
    return st;
}

/* From the front, from the back, and one by one in between: a page that cannot be read hides only
 * the rows on it. */
static enum status take_records(struct rescue *r, struct why *why)
{
    static const char forward[] = "SELECT id, bytes FROM record WHERE id > ?1 ORDER BY id";
    static const char backward[] = "SELECT id, bytes FROM record WHERE id > ?1 ORDER BY id DESC";
    static const char one[] = "SELECT id, bytes FROM record WHERE id = ?1";
    int64_t low = 0, high = 0, last;
    bool all;
    enum status st = take_stretch(r, forward, 0, &low, &all, why);

    if (st || all)
        return st;
    st = take_stretch(r, backward, low, &high, &all, why);
    for (int64_t id = low + 1; !st && !all && id < high && id - low < GAP_MOST; id++) {
        bool done;

        st = take_stretch(r, one, id, &last, &done, why);
    }
    return st;
}

/* Until when routes are held: without it a server would be called too early. */
static enum status take_holds(struct rescue *r, struct why *why)
{
    struct sqlite3_stmt *s = NULL;
    enum status st = ST_OK;

    if (sqlite3_prepare_v2(r->from, "SELECT server, route, until FROM hold", -1, &s, NULL) ==
        SQLITE_OK)
        while (!st && sqlite3_step(s) == SQLITE_ROW) {
            const char *server = (const char *)sqlite3_column_text(s, 0);
            const char *route = (const char *)sqlite3_column_text(s, 1);

            if (server && route)
                st = outbox_sqlite_hold(r->to, server, route, sqlite3_column_int64(s, 2), why);
        }
    sqlite3_finalize(s);
    return st;
}

static enum status take_learnt(struct rescue *r, struct why *why)
{
    struct sqlite3_stmt *s = NULL;
    enum status st = ST_OK;

    if (sqlite3_prepare_v2(r->from, "SELECT server, bytes FROM learnt", -1, &s, NULL) == SQLITE_OK)
        while (!st && sqlite3_step(s) == SQLITE_ROW) {
            const char *server = (const char *)sqlite3_column_text(s, 0);
            const void *data = sqlite3_column_blob(s, 1);

            if (server && data)
                st = outbox_sqlite_learn(r->to, server,
                                         bytes_of(data, (size_t)sqlite3_column_bytes(s, 1)), why);
        }
    sqlite3_finalize(s);
    return st;
}

/* Nothing of it may be changed, its log neither (SQLite removes the log of an empty database). What
 * cannot be opened gives no rows. */
static void open_damaged(struct rescue *r, const char *path)
{
    struct stat info;

    if (stat(path, &info) == 0 && info.st_size > 0 &&
        sqlite3_open_v2(path, &r->from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK) {
        sqlite3_db_config(r->from, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        (void)sqlite3_exec(r->from, "PRAGMA wal_autocheckpoint=0; PRAGMA trusted_schema=OFF", NULL,
                           NULL, NULL);
    }
}

/* ---- files ---- */

static char *text_of(const char *path, const char *suffix)
{
    char *text;

    return asprintf(&text, "%s%s", path, suffix) < 0 ? NULL : text;
}

static enum status move(const char *from, const char *to, bool must, struct why *why)
{
    if (rename(from, to) < 0 && (must || errno != ENOENT))
        return fail(why, ST_IO, "outbox '%s' cannot become '%s': %s", from, to, strerror(errno));
    return ST_OK;
}

static void remove_new(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", "-lock"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *name = text_of(path, suffixes[i]);

        if (name)
            (void)unlink(name);
        free(name);
    }
}

/* The new database is closed: all of it is in one file, or it is no use. */
static enum status seal(const char *path, struct why *why)
{
    char *wal = text_of(path, "-wal"), *done = NULL;
    enum status st = ST_OK;

    if (asprintf(&done, "%.*s.rescued", (int)(strlen(path) - strlen(".rescue")), path) < 0)
        done = NULL;
    if (!wal || !done)
        st = no_memory(path, why);
    else if (access(wal, F_OK) == 0)
        st = fail(why, ST_IO, "outbox '%s': its log could not be closed", path);
    if (!st)
        st = move(path, done, true, why);
    if (!st)
        st = file_sync_folder(path, why);
    free(wal);
    free(done);
    return st;
}

enum status outbox_rescue(size_t *records, const char *path, struct why *why)
{
    char *fresh = text_of(path, ".rescue"), *none = text_of(path, ".rescue-none");
    struct rescue r = {0};
    enum status st = ST_OK;

    if (!fresh || !none) {
        st = no_memory(path, why);
        goto out;
    }
    remove_new(fresh);
    st = outbox_sqlite_open(&r.to, fresh, none, why);
    if (st)
        goto out;
    open_damaged(&r, path);
    st = outbox_db_execute(r.to, "BEGIN IMMEDIATE", why);
    if (!st && r.from)
        st = take_records(&r, why);
    if (!st && r.from)
        st = take_holds(&r, why);
    if (!st && r.from)
        st = take_learnt(&r, why);
    st = outbox_db_commit(r.to, st, why);
    outbox_free(&r.to->base);
    if (!st)
        st = seal(fresh, why);
    if (!st)
        *records = r.records;
out:
    sqlite3_close(r.from);
    if (fresh)
        remove_new(fresh);
    free(fresh);
    free(none);
    return st;
}

/* The first name of its kind that is free. */
static enum status name_damaged(char **out, const char *path, struct why *why)
{
    for (unsigned n = 1;; n++) {
        char *name;

        if (asprintf(&name, "%s.damaged-%u", path, n) < 0)
            return no_memory(path, why);
        if (access(name, F_OK) != 0) {
            *out = name;
            return ST_OK;
        }
        free(name);
    }
}

/* The log goes first: without it the database would be taken for an older state of itself, and a
 * new database beside it would take its pages. */
static enum status replace(const char *path, const char *done, const char *kept, struct why *why)
{
    char *wal = text_of(path, "-wal"), *shm = text_of(path, "-shm"),
         *kept_wal = text_of(kept, "-wal");
    enum status st = wal && shm && kept_wal ? ST_OK : no_memory(path, why);

    if (!st)
        st = move(wal, kept_wal, false, why);
    if (!st)
        st = move(path, kept, false, why);
    if (!st) {
        (void)unlink(shm);
        st = file_sync_folder(path, why);
    }
    if (!st)
        st = move(done, path, true, why);
    if (!st)
        st = file_sync_folder(path, why);
    free(wal);
    free(shm);
    free(kept_wal);
    return st;
}

enum status outbox_rescue_finish(char **kept, const char *path, struct why *why)
{
    char *done = text_of(path, ".rescued"), *name = NULL;
    enum status st = ST_OK;

    *kept = NULL;
    if (!done)
        return no_memory(path, why);
    if (access(done, F_OK) == 0) {
        st = name_damaged(&name, path, why);
        if (!st)
            st = replace(path, done, name, why);
        if (!st) {
            *kept = name;
            name = NULL;
        }
    }
    free(name);
    free(done);
    return st;
}
