/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks: how they are made and how they end.
 *
 *   by hand ──> MINTED ──fetch──┐
 *                     fetch ──> OPEN ──accepted──> ACCEPTED
 *                                │
 *                                ├──time over────> EXPIRED
 *                                └──handed in────> HELD, REFUSED: consensus.h
 *
 * A refused submission leaves the task open: the node may do better until its time is over. A closed
 * task is as unknown to the world as one that never was (404), but we remember the last ones: the
 * others are evicted in the order in which they were closed.
 *
 * Source:  client.md 13.3 to 13.5.
 * Owner:   heap inside (assignment_fini, safe on a zeroed value); tasks are named by their place, the
 *          number of those made or restored before. A pointer holds until the task is evicted.
 * Errors:  ST_NO_MEMORY.
 */
#pragma once
#include "base/prng.h"
#include "mockorch/core/fault.h"
#include "mockorch/core/lookup.h"
#include "mockorch/core/settings.h"
#include "proto/keccak256.h"
#include "proto/signing.h"

enum task_state { TASK_OPEN, TASK_ACCEPTED, TASK_EXPIRED, TASK_MINTED, TASK_HELD, TASK_REFUSED };
#define TASK_STATES (TASK_REFUSED + 1)

#define TASK_FOR_ANYBODY UINT32_MAX /* node of a minted task that whoever comes first gets */

const char *task_state_name(enum task_state s);
const char *task_type_name(enum task_type t); /* "PROOF_HASH" */

struct consensus;

struct task {
    char *task_id;
    uint32_t place;
    char program_id[SETTINGS_PROGRAM_SIZE];
    struct bytes *inputs; /* into one block that starts behind them */
    size_t input_count;
    enum task_type type;
    enum difficulty difficulty;
    enum task_state state;
    uint32_t node;
    uint8_t public_key[SIGNING_PUBLIC_SIZE]; /* of the fetch */
    char peer[48]; /* address of the fetch, when it has an allowance */
    int64_t assigned_ns, expires_ns;
    int64_t closed_ns;    /* of a task that is not open */
    uint32_t judging;     /* submissions that a judge has before it: the task does not expire */
    uint32_t submissions; /* that named this task */
    char proof_hash[KECCAK256_HEX]; /* of the accepted one */
    char refusal[128];              /* the last one's words */
    int64_t handed_ns;              /* when that was handed in */
    struct consensus *group;        /* of the same work, while one of it is not closed; or NULL */
    struct task *next;              /* of the minted, or of the closed ones */
};

struct assignment {
    struct task **tasks;  /* that of place p is tasks[p - first]; NULL: evicted */
    uint32_t first, count; /* places of the first and behind the last of them */
    uint32_t capacity;
    uint32_t oldest_open; /* no task before it is open, unless a judge has it */
    struct task *closed_first, *closed_last;
    uint32_t closed_count;
    struct consensus *groups;                /* oldest first */
    struct task *minted_first, *minted_last; /* they have no place yet */
    struct lookup by_id;
    struct prng prng;
};

void assignment_init(struct assignment *a, uint64_t seed);
void assignment_fini(struct assignment *a);

/* The task of a place within first and count; NULL: it was evicted. */
struct task *assignment_task(const struct assignment *a, uint32_t place);
struct task *assignment_find(const struct assignment *a, uint32_t *at, const char *task_id);

struct assignment_order { /* what a fetch asks for */
    uint32_t node;
    const uint8_t *public_key; /* SIGNING_PUBLIC_SIZE bytes */
    const char *peer;          /* to be remembered with the task, or "" */
    enum difficulty max_difficulty;
    const struct fault_orders *faults; /* FAULT_TASK: how the task is to be odd */
};

enum status MUST_USE assignment_make(struct assignment *a, uint32_t *out,
                                     const struct settings *settings,
                                     const struct assignment_order *order, int64_t now_ns,
                                     struct why *why);
/* A task for later: what is not said is drawn. */
struct assignment_mint {
    uint32_t node;          /* or TASK_FOR_ANYBODY */
    const char *program_id; /* NULL: drawn */
    const struct bytes *inputs; /* NULL: drawn */
    size_t input_count;
    int type, difficulty; /* -1: drawn; the ceiling */
};

enum status MUST_USE assignment_mint(struct assignment *a, struct task **out,
                                     const struct settings *settings,
                                     const struct assignment_mint *mint, int64_t now_ns,
                                     struct why *why);
/* Takes a minted task that was read back. */
void assignment_mint_again(struct assignment *a, struct task *takes);
/* The oldest that this node may get, or NULL. */
struct task *assignment_minted(const struct assignment *a, uint32_t node);
/* Gives it a place and opens it for the order. */
enum status MUST_USE assignment_hand_out(struct assignment *a, struct task *t,
                                         const struct settings *settings,
                                         const struct assignment_order *order, int64_t now_ns,
                                         struct why *why);
/* The work of another task once more. */
enum status MUST_USE assignment_copy(struct assignment *a, uint32_t *out, const struct task *of,
                                     const struct settings *settings,
                                     const struct assignment_order *order, int64_t now_ns,
                                     struct why *why);
/* A minted task that nobody shall get: frees it. */
void assignment_withdraw(struct assignment *a, struct task *t);

/* Takes a task as it was (read back from a store); its id must be new. */
enum status MUST_USE assignment_restore(struct assignment *a, uint32_t *out, struct task *takes,
                                        struct why *why);
/* A task with room for inputs of these sizes, zeroed; task_free accepts NULL. */
struct task *task_new(const char *task_id, const size_t *input_sizes, size_t input_count);
void task_free(struct task *t);

/* Closes an open task, or takes note of one that was restored closed. */
void assignment_close(struct assignment *a, struct task *t, enum task_state state, int64_t now_ns);
/* The task that was closed first, when it was closed at until_ns or before and more than keep are
 * closed, or NULL. */
struct task *assignment_evictable(const struct assignment *a, uint32_t keep, int64_t until_ns);
/* That task: frees it. */
void assignment_evict(struct assignment *a);

/* The task is the caller's from here on; nothing but assignment_fini may follow. */
void assignment_release(struct assignment *a, struct task *t);

/* The next open task whose time is over, or NULL; call until NULL, closing each. */
struct task *assignment_overdue(struct assignment *a, uint32_t *at, int64_t now_ns);
/* When assignment_overdue will have something; INT64_MAX: never. */
int64_t assignment_deadline_ns(const struct assignment *a);
