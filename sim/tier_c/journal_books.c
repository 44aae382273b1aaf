/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_c/journal_inside.h"

/* ---- what the orchestrator's lists say ---- */

static enum status read_lists(struct journal_walk *w, struct why *why)
{
    const struct journal_case *c = w->c;
    struct journal_fate *t;
    enum status st = ST_OK;

    for (size_t i = 0; i < c->task_count && !st; i++) {
        if (!c->tasks[i].task_id[0])
            continue; /* a fault has made it so: it cannot be told from others */
        st = journal_fate_of(w, &t, c->tasks[i].task_id, why);
        if (st)
            break;
        t->listed++;
        t->state = c->tasks[i].state;
    }
    for (size_t i = 0; i < c->credit_count && !st; i++) {
        if (!c->credits[i].task_id[0])
            continue;
        st = journal_fate_of(w, &t, c->credits[i].task_id, why);
        if (st)
            break;
        t->booked++;
        if (c->credits[i].amount != 1)
            journal_broken(w, 11, t->client, NULL, "task %s is credited with %lld", t->task_id,
                           (long long)c->credits[i].amount);
    }
    return st;
}

/* The records may have gaps: then only what they do say is held against the lists. */
static void check_lists(struct journal_walk *w, const struct journal_fate *t)
{
    bool accepted = t->listed && t->state == JOURNAL_TASK_ACCEPTED;
    bool made = t->listed && t->state != JOURNAL_TASK_MINTED;

    if (t->booked > 1)
        journal_broken(w, 9, t->client, NULL, "task %s is in the ledger %llu times", t->task_id,
                       (unsigned long long)t->booked);
    if (t->listed > 1)
        journal_broken(w, 11, t->client, NULL, "task %s is listed %llu times", t->task_id,
                       (unsigned long long)t->listed);
    if ((t->handed_out || t->booked) && !made)
        journal_broken(w, 11, t->client, NULL, "task %s was handed out, and is not listed",
                       t->task_id);
    else if (made && !t->handed_out && !w->c->has_gaps)
        journal_broken(w, 11, t->client, NULL, "task %s is listed, and was never handed out",
                       t->task_id);
    if (accepted != (t->booked > 0))
        journal_broken(w, 11, t->client, NULL, "task %s is%s accepted, and is in the ledger %s",
                       t->task_id, accepted ? "" : " not", accepted ? "nowhere" : "all the same");
    if (t->credits && !t->booked)
        journal_broken(w, 11, t->client, NULL, "task %s was credited, and the ledger knows nothing",
                       t->task_id);
    if (accepted && !t->credits && !t->held && !w->c->has_gaps)
        journal_broken(w, 11, t->client, NULL, "task %s is accepted, and no submission was",
                       t->task_id);
}

/* ---- what became of a task ---- */

enum ending { NOT_YET, CREDITED, REFUSED, EXPIRED };

static enum ending ending_of(const struct journal_walk *w, const struct journal_fate *t)
{
    bool listed = w->c->has_books && t->listed;
    bool over = listed && (t->state == JOURNAL_TASK_EXPIRED || t->state == JOURNAL_TASK_REFUSED);

    if (t->credits || (listed && t->state == JOURNAL_TASK_ACCEPTED))
        return CREDITED;
    if (t->refused || (listed && t->state == JOURNAL_TASK_REFUSED))
        return REFUSED;
    return over || t->expired ? EXPIRED : NOT_YET;
}

static void count(struct journal_walk *w, const struct journal_fate *t)
{
    struct journal_figures *f = &w->out->figures;
    enum ending ending = ending_of(w, t);
    bool lost = ending == REFUSED || ending == EXPIRED;

    if (!t->handed_out && ending != CREDITED)
        return;
    f->handed_out += t->heard;
    f->unheard += !t->heard;
    f->credited += ending == CREDITED;
    f->refused += ending == REFUSED;
    f->expired += ending == EXPIRED;
    f->open += ending == NOT_YET;
    f->tasks_lost += lost && t->heard;
    f->proofs_lost += lost && t->submissions > 0;
}

enum status journal_books(struct journal_walk *w, struct why *why)
{
    struct journal_figures *f = &w->out->figures;
    enum status st = w->c->has_books ? read_lists(w, why) : ST_OK;

    if (st)
        return st;
    for (uint32_t i = 0; i < w->fate_count; i++) {
        if (w->c->has_books)
            check_lists(w, &w->fates[i]);
        count(w, &w->fates[i]);
    }
    if (f->credited)
        f->requests_per_credit = (double)f->requests / (double)f->credited;
    return ST_OK;
}
