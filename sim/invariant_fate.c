/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/invariant_inside.h"

enum fate { CREDITED, REFUSED, ABANDONED, EXCUSED, OPEN, LOST };

/* All its proofs were made, and could be kept: they are on disk, or were sent by a process that had a
 * disk, or still lives. */
static bool finished(const struct invariant_task *t, const struct disk_cell *cell)
{
    return (t->sent && !t->taken) ||
           (cell && cell->input_count && cell->proved == cell->input_count);
}

/* Where nodes vote, what was accepted, or whose answer was lost, may have been outvoted since. */
static bool outvoted(const struct invariant *v, const struct invariant_task *t)
{
    return invariant_votes(v) && t->sent && (t->definite || t->unanswered);
}

/* What the machine took: before it was on disk, or from it, or because nothing could be written. */
static bool taken(const struct invariant_task *t)
{
    return t->lost || t->excused || t->taken;
}

/* In this order: what the orchestrator gave, what it said, what the machine took, what the client did. */
static enum fate fate_of(const struct invariant *v, const struct invariant_task *t,
                         const struct disk_cell *cell, bool settled)
{
    bool ended = cell && outbox_state_final(cell->state);

    if (t->credits)
        return CREDITED;
    if (t->definite >= 300 || (settled && outvoted(v, t)) ||
        (ended && cell->state != OUTBOX_ABANDONED && invariant_too_old(v, t)))
        return REFUSED;
    if (!finished(t, cell) && taken(t))
        return EXCUSED;
    if (!finished(t, cell) && ended && cell->state == OUTBOX_ABANDONED)
        return ABANDONED;
    return settled || ended ? LOST : OPEN;
}

void invariant_placed(struct invariant *v, const struct invariant_task *t,
                      const struct disk_cell *cell)
{
    if (fate_of(v, t, cell, true) != LOST)
        return;
    if (finished(t, cell))
        invariant_broken(
            v, 37,
            "task %.80s had all its proofs; nobody credited or refused it, and no disk took it: %s",
            t->task_id, cell ? outbox_state_name(cell->state) : "it is nowhere");
    else
        invariant_broken(v, 4, "task %.80s is %s in the end", t->task_id,
                         cell ? outbox_state_name(cell->state) : "nowhere");
}

void invariant_fates(const struct invariant *v, struct invariant_fates *out, unsigned host,
                     const struct disk *disk, bool settled)
{
    for (size_t i = 0; i < v->task_count; i++) {
        const struct invariant_task *t = &v->tasks[i];
        const struct disk_cell *cell;
        enum fate fate;

        if (t->host != host)
            continue;
        cell = disk_of_task(disk, t->task_id);
        fate = fate_of(v, t, cell, settled);
        out->arrived++;
        out->credited += fate == CREDITED;
        out->refused += fate == REFUSED;
        out->abandoned += fate == ABANDONED;
        out->excused += fate == EXCUSED;
        out->open += fate == OPEN;
        out->finished_lost += fate == LOST && finished(t, cell);
        out->unaccounted += fate == LOST && !finished(t, cell);
    }
}
