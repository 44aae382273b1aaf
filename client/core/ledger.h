/* SPDX-License-Identifier: Apache-2.0 */
/* The open records in memory, which version of each is on disk, and which tasks are known.
 *
 * A change is `touched`; the newest version is then asked to be saved, one save per record at a
 * time. What waits for the disk asks ledger_durable.
 *
 * Owner:   plain value that owns its entries (ledger_fini).
 * Threads: one owner at a time.
 */
#pragma once
#include "client/core/backoff.h"
#include "client/core/known.h"
#include "client/core/outbox.h"

struct entry {
    struct outbox_record record;

    unsigned version, saving_version, saved_version;
    bool saving;
    int64_t save_at_ns; /* not before, after a refusal */

    /* Of this run only. */
    struct backoff backoff;
    int64_t next_try_ns;
    bool restored; /* arrived in a former run */
    int64_t arrived_ns, proved_ns, sent_ns;
    bool begun;         /* inputs were handed out in this run */
    size_t next_input;  /* all before it are proved or handed out */
    size_t missing;     /* inputs without a proof */
    int64_t unsaved_ns; /* of proofs, each from handing out on, that a crash would lose now */
    bool body_sent; /* body_hash is set */
    uint64_t body_hash[2];
};

struct ledger {
    struct entry **entries; /* oldest first */
    size_t count, capacity;
    unsigned refusals; /* of the disk, in a row */
    unsigned refusals_limit;
    struct backoff backoff; /* of a new entry */
    struct known known;     /* closed tasks */
};

void ledger_fini(struct ledger *l);
/* Takes the record's contents; NULL when there is no memory. */
struct entry *ledger_add(struct ledger *l, struct outbox_record *record);
struct entry *ledger_find(const struct ledger *l, uint64_t id);
/* Open, or closed among the last KNOWN_TASKS. */
bool ledger_knows(const struct ledger *l, const char *task_id);
void ledger_remember(struct ledger *l, const char *task_id);

void ledger_move(struct entry *e, enum outbox_state to); /* along an arrow; touches */
void ledger_touch(struct entry *e);
/* Its newest version is on disk, or is not waited for any more. */
bool ledger_durable(const struct ledger *l, const struct entry *e);
/* Some version is. */
bool ledger_recorded(const struct ledger *l, const struct entry *e);

/* The next record to save now, marked as being saved; NULL: none. */
const struct entry *ledger_take_save(struct ledger *l, int64_t now_ns);
/* Closes the entry when that was its final state; then it is gone. */
void ledger_saved(struct ledger *l, uint64_t id);
void ledger_unsaved(struct ledger *l, uint64_t id, int64_t retry_at_ns);
bool ledger_all_saved(const struct ledger *l);
int64_t ledger_deadline_ns(const struct ledger *l);
size_t ledger_open(const struct ledger *l); /* entries not final */
