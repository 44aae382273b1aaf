/* SPDX-License-Identifier: Apache-2.0 */
/* What our client has left on disk, held against what the orchestrator has in its books. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/outbox_survey.h"
#include "sim/memory.h"
#include "sim/tier_c/tier_c_inside.h"

#define DURABLE_NS NS_PER_S /* until what was heard is on disk */

static enum status open_outbox(struct outbox_sqlite **out, const struct tier_c_client *c,
                               struct why *why)
{
    char path[TIER_C_PATH + 16];

    snprintf(path, sizeof path, "%s/outbox.db", c->home);
    return outbox_sqlite_read(out, path, why);
}

uint64_t tier_c_home_open(const struct tier_c_client *c)
{
    struct outbox_sqlite *outbox;
    struct outbox_survey survey;
    struct why why;
    uint64_t open = 1;

    if (open_outbox(&outbox, c, &why))
        return 1;
    if (outbox_survey(&survey, outbox, 0, &why) == ST_OK)
        open = survey.counts[OUTBOX_FETCHED] + survey.counts[OUTBOX_PROVED] +
               survey.counts[OUTBOX_SENDING];
    outbox_free(&outbox->base);
    return open;
}

/* ---- record by record ---- */

struct reading {
    struct tier_c_run *r;
    const struct tier_c_client *c;
    bool *found; /* of each of the orchestrator's tasks: it is here */
};

/* Ids are cut to the journal's size on both sides. */
static bool same_task(const char *id, const char *cut)
{
    return strncmp(id, cut, JOURNAL_ID - 1) == 0;
}

static const struct journal_task *task_of(const struct reading *in, const char *id)
{
    const struct journal_read *j = &in->r->journal;

    for (size_t i = 0; i < j->task_count; i++) {
        if (!same_task(id, j->tasks[i].task_id))
            continue;
        in->found[i] = true;
        return &j->tasks[i];
    }
    return NULL;
}

static enum status visit(void *context, struct outbox_record *record, struct why *why)
{
    static const enum run_metric counts[OUTBOX_STATES] = {
        [OUTBOX_ACKED] = RUN_ACCEPTED,
        [OUTBOX_REFUSED] = RUN_REFUSED,
        [OUTBOX_UNKNOWN] = RUN_UNKNOWN,
        [OUTBOX_ABANDONED] = RUN_ABANDONED,
    };
    struct reading *in = context;
    struct tier_c_run *r = in->r;
    const struct journal_task *t = task_of(in, record->task_id);
    bool credited = t && t->state == JOURNAL_TASK_ACCEPTED;
    int64_t now_ns = tier_c_now_ns(r);
    const char *id = record->task_id, *name = in->c->name;

    (void)why;
    r->metrics[RUN_FETCHED]++;
    if (outbox_state_final(record->state))
        r->metrics[counts[record->state]]++;
    if (!outbox_state_final(record->state) && r->settled && r->healed)
        tier_c_find(r, 4, now_ns, "task %.80s of client %s is left over as %s", id, name,
                    outbox_state_name(record->state));
    if (record->state == OUTBOX_ACKED && t && !credited && t->state != JOURNAL_TASK_HELD)
        tier_c_find(r, 12, now_ns, "client %s takes task %.80s for accepted, and it has no credit",
                    name, id);
    if ((record->state == OUTBOX_REFUSED || record->state == OUTBOX_ABANDONED) && credited &&
        !record->maybe_delivered)
        tier_c_find(r, 12, now_ns, "client %s takes task %.80s for %s, and it has a credit", name,
                    id, outbox_state_name(record->state));
    outbox_record_fini(record);
    return ST_OK;
}

/* ---- what is missing ---- */

static bool is_ours(const struct tier_c_client *c, const char *node)
{
    for (uint32_t n = 0; n < c->plan->nodes; n++)
        if (strcmp(c->node_ids[n], node) == 0)
            return true;
    return false;
}

/* It was killed before what it heard then had to be on disk. */
static bool was_killed(const struct tier_c_run *r, const struct tier_c_client *c, int64_t heard_ns)
{
    for (size_t i = 0; i < r->kill_count; i++) {
        int64_t at_ns = r->kill_list[i].at_ns + r->mock.ahead_ns;

        if (r->kill_list[i].client == c->number && at_ns >= heard_ns - DURABLE_NS &&
            at_ns < heard_ns + DURABLE_NS)
            return true;
    }
    return false;
}

static bool is_found(const struct reading *in, const char *id)
{
    const struct journal_read *j = &in->r->journal;

    for (size_t i = 0; i < j->task_count; i++)
        if (same_task(id, j->tasks[i].task_id))
            return in->found[i];
    return true; /* one that no list has: its id was spoilt on the way */
}

/* What it was given and has heard of must be on its disk, in whatever state. */
static void check_heard(const struct reading *in)
{
    struct tier_c_run *r = in->r;

    for (size_t i = 0; i < r->journal.record_count; i++) {
        const struct journal_record *j = &r->journal.records[i];

        if (j->call != CALL_FETCH || j->status != 200 || j->delivery != JOURNAL_OUT || j->faulty ||
            !j->task_id[0] || !is_ours(in->c, j->node_id) || was_killed(r, in->c, j->out_ns) ||
            is_found(in, j->task_id))
            continue;
        tier_c_find(r, 4, j->out_ns - r->mock.ahead_ns,
                    "task %.63s was given to client %s and is not on its disk", j->task_id,
                    in->c->name);
    }
}

static void check_credits(const struct reading *in)
{
    struct tier_c_run *r = in->r;

    for (size_t i = 0; i < r->journal.task_count; i++) {
        const struct journal_task *t = &r->journal.tasks[i];

        if (t->state == JOURNAL_TASK_ACCEPTED && is_ours(in->c, t->node_id) && !in->found[i])
            tier_c_find(r, 12, tier_c_now_ns(r), "task %.63s has a credit, and client %s knows nothing of it",
                        t->task_id, in->c->name);
    }
}

static void count_log(struct tier_c_run *r, const struct tier_c_client *c)
{
    char line[4096];
    FILE *f = fopen(c->log, "re");

    while (f && fgets(line, sizeof line, f))
        if (strstr(line, "\"event\":\"input_proved\""))
            r->metrics[RUN_PROOFS]++;
    if (f)
        fclose(f);
}

enum status tier_c_home_verdict(struct tier_c_run *r, const struct tier_c_client *c,
                                struct why *why)
{
    struct reading in = {.r = r, .c = c};
    struct outbox_sqlite *outbox;
    enum status st;

    count_log(r, c);
    r->metrics[RUN_REFUSED_INSTANCES] += c->refused_instances;
    st = open_outbox(&outbox, c, why);
    if (st == ST_NOT_FOUND)
        return ST_OK; /* it never came so far */
    if (st)
        return st;
    in.found = memory_new((r->journal.task_count + 1) * sizeof *in.found);
    st = outbox_each(&outbox->base, visit, &in, why);
    if (!st) {
        check_heard(&in);
        check_credits(&in);
    }
    free(in.found);
    outbox_free(&outbox->base);
    return st;
}
