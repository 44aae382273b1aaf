/* SPDX-License-Identifier: Apache-2.0 */
/* People: who runs the orchestrator and calls its admin API while clients work, strangers who knock
 * at its door, and users who ask their client how it is doing.
 *
 * A call is a scenario's event `admin` or `visit`. In its path and body stand
 *   $NODE   a node of a client, another one each time     $TASK    an open task, likewise
 *   $USER   the wallet of the first client                $ANSWER  the body of the last answer
 * A call about a task is not made when there is none, and none is made while the orchestrator is
 * down. Each must be answered with the status that the event names.
 *
 * What they change the invariants cannot know: once a call has changed something, those that count
 * the orchestrator's side once more (I25, I30, I33) rest; behind a reset, I22 too.
 *
 * Source:  client.md 13; simulation.md 2.
 */
#pragma once
#include "mockorch/core/admin.h"
#include "mockorch/scenario/scenario.h"

struct operator
{
    struct buffer answer; /* the last one of the admin API */
    uint64_t calls;
    int64_t granted;      /* credits by hand */
    bool changed_history; /* balances are not what they were */
    char wrong[300];      /* the first answer that was not as expected; "": none */
    int64_t wrong_ns;
    uint64_t wrong_events;
};

struct run;

void operator_call(struct run *r, const struct scenario_event *e); /* /admin/… */
void operator_visit(struct run *r,
                    const struct scenario_event *e); /* what clients ask, by others */
/* Faults stop: the orchestrator's clock runs and is right. */
void operator_heal(struct run *r);
/* What a client says of itself is compared with what it does. */
void operator_look(struct run *r, unsigned host);
/* The id of an open task, another one each time; false: there is none. */
bool operator_open_task(struct run *r, struct buffer *out);
/* Somebody has done something that nobody else can know. */
void operator_changed(struct run *r, const char *path, struct bytes body);
/* Something that must not be; the first one counts. */
void operator_wrong(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void operator_fini(struct operator* o);
