/* SPDX-License-Identifier: Apache-2.0 */
/* Lives of a client: the real core over the real SQLite outbox, with an orchestrator that follows a
 * script, a prover that needs no time, and a clock that moves only when nothing else is left to do.
 *
 * The orchestrator outlives the client. It keeps the books that a test looks at: what was promised
 * (a write that was ST_OK), what was sent, what was credited.
 */
#pragma once
#include "client/core/core.h"
#include "client/shell/outbox_sqlite.h"

#define WORLD_TASKS 6
#define LAST_TASK   (WORLD_TASKS - 1) /* is refused, all others are credited in the end */

enum life_end {
    LIFE_DONE,    /* every task has its end on disk; the client was stopped and has ended well */
    LIFE_REFUSED, /* the outbox could not be opened; the words say why */
    LIFE_CUT,     /* the power is gone */
    LIFE_STUCK,   /* ten hours have gone by */
};

struct world_task {
    unsigned given;       /* times handed out */
    unsigned submissions; /* that arrived or could have */
    unsigned credits;
    bool closed;
    unsigned proofs;  /* times that all its inputs were proved */
    bool answered;    /* a definite answer was handed to the client that lives */
    bool settled;     /* and it has written it down, or gone on */
    int promised;     /* enum outbox_state of the last write that was ST_OK; -1: none */
    int wanted;       /* of the last write that was tried */
    uint8_t body[32]; /* digest of what was submitted first */
};

struct world {
    char path[300]; /* of the outbox */
    struct signing_key *key;
    int64_t now_ns;
    int64_t heal_at_ns; /* the disk works again; 0: not by itself */
    struct world_task tasks[WORLD_TASKS];
    unsigned fetches;
    struct {
        int64_t until_ns;
        bool kept; /* on disk */
    } held[CORE_ROUTES];

    unsigned lives;
    unsigned told_unsaved; /* lines that say that the outbox cannot be written */
    unsigned told_going_on;
    struct why why; /* of LIFE_REFUSED */

    /* What must stay zero. */
    unsigned lost;        /* finished proofs that were on disk and are not */
    unsigned unjustified; /* submissions after a definite answer that was written down */
    unsigned early;       /* requests before the time that a Retry-After named */
    unsigned other_bytes; /* submissions of one task that differ */
};

void world_init(struct world *w, const char *path, uint64_t seed);
void world_fini(struct world *w);

enum life_end world_live(struct world *w);

/* All that was proved is credited once, refused ones are refused, nothing is lost. */
void world_expect_well(const struct world *w, const char *about);
