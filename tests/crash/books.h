/* SPDX-License-Identifier: Apache-2.0 */
/* What a client's outbox, its log and the orchestrator say between two lives, and what may never
 * be.
 *
 * Owner:   heap inside (books_fini).
 */
#pragma once
#include <jansson.h>

#include "client/core/outbox.h"

struct book { /* of one task */
    char task_id[80];
    int state;            /* in the outbox when it was looked at last; -1: not there */
    int state_before;     /* and the time before that */
    unsigned submissions; /* that the orchestrator had received then */
    bool proved;          /* the client has said so in some life */
    bool credited;
    bool refused; /* by a definite answer that was no fault of the client's */
    bool ended;   /* in this life: a definite answer was told */
};

struct books {
    struct book *tasks;
    size_t count;
    long log_read; /* bytes of the client's log */
    unsigned credits;
    unsigned audits;
    unsigned seen[OUTBOX_STATES]; /* records found in that state after a kill, once per change */
    unsigned resent;              /* submissions of a task after its first */

    /* What must stay zero. */
    unsigned lost; /* proofs that were on disk, or were told, and are neither there nor credited */
    unsigned turned_back; /* records that were final and are not */
    unsigned damaged;
    unsigned
        unjustified; /* submissions after a definite answer that was known to a living client */
    unsigned unsaved_ends; /* more than one answer of a life was told and is not on disk */
    unsigned twice;        /* credits beyond one for each task */
};

void books_fini(struct books *b);

/* home: of the client, which is dead. log: its lines, one JSON object each. state: /admin/state.
 * false: the outbox cannot be opened; *why. */
bool books_audit(struct books *b, const char *home, const char *log, const json_t *state,
                 struct why *why);
/* The next audit is of another home, where nothing has happened yet. */
void books_new_home(struct books *b);
/* At the very end: whatever was proved is credited. */
void books_close(struct books *b);
/* Records that are not final: as audited last; of a client that lives. -1: cannot be read now. */
size_t books_open(const struct books *b);
int books_open_now(const char *home);
bool books_well(const struct books *b);
