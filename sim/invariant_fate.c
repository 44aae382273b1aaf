/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/invariant_inside.h"

enum fate { CREDITED, REFUSED, ABANDONED, EXCUSED, OPEN, LOST };

/* All its proofs were made: they are on disk, or have been sent. */
static bool finished(const struct invariant_task *t, const struct disk_cell *cell)
{
    return t->sent || (cell && cell->input_count && cell->proved == cell->input_count);
}

/* Where nodes vote, what was accepted, or whose answer was lost, may have been outvoted since. */
static bool outvoted(const struct invariant *v, const struct invariant_task *t)
{
    return invariant_votes(v) && t->sent && (t->definite || t->unanswered);
}

/* In this order: what the orchestrator gave, what it said, what the machine took, what the client did. */
static enum fate fate_of(const struct invariant *v, const struct invariant_task *t,
                         const struct disk_cell *cell, bool settled)
{
    if (t->credits)
        return CREDITED;
    if (t->definite >= 300 || (settled && outvoted(v, t)))
        return REFUSED;
    if (t->lost || t->excused)
        return EXCUSED;
    if (cell && cell->state == OUTBOX_ABANDONED && !finished(t, cell))
        return ABANDONED;
    return !settled && (!cell || !outbox_state_final(cell->state)) ? OPEN : LOST;
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
