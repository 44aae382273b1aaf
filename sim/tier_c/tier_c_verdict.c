/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a live run: everything judged from outside, counted, and held against what the scenario
 * expects. */
#include <stdio.h>
#include <string.h>

#include "sim/tier_c/tier_c_inside.h"

static void take_violations(struct tier_c_run *r, const struct journal_verdict *v)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct journal_violation *x = &v->violations[i];
        const char *name = x->client < r->client_count ? r->clients[x->client].name : "?";

        tier_c_find(r, x->number, x->at_ns - r->mock.ahead_ns, "client %s: %s", name, x->text);
    }
}

static bool drained(const struct tier_c_run *r, const struct journal_record *j)
{
    return r->drain_ns && j->call == CALL_FETCH && j->at_ns - r->mock.ahead_ns >= r->drain_ns;
}

/* The most submissions of a client within two seconds, less what the way may have taken away from the
 * distance of two. */
static uint64_t burst_of(const struct tier_c_run *r)
{
    const struct journal_record *records = r->journal.records;
    int64_t span_ns = 2 * NS_PER_S - r->s->network.jitter_ns - TIER_C_SLACK_NS;
    uint64_t most = 0;

    for (size_t i = 0; i < r->journal.record_count; i++) {
        uint64_t count = 0;

        if (records[i].call != CALL_SUBMIT)
            continue;
        for (size_t k = 0; k < r->journal.record_count; k++)
            count += records[k].call == CALL_SUBMIT && records[k].at_ns >= records[i].at_ns &&
                     records[k].at_ns < records[i].at_ns + span_ns &&
                     strcmp(records[k].node_id, records[i].node_id) == 0;
        most = count > most ? count : most;
    }
    return most;
}

static void count_journal(struct tier_c_run *r, const struct journal_verdict *v)
{
    const struct journal_figures *f = &v->figures;
    uint64_t *m = r->metrics;

    if (r->o->command) /* ours are asked for more: what is on their disks */
        m[RUN_FETCHED] = f->handed_out;
    m[RUN_CREDITS] = f->credited;
    m[RUN_PROOFS_LOST] = f->proofs_lost;
    m[RUN_REQUESTS] = f->requests;
    m[RUN_FETCH_REQUESTS] = f->fetches;
    m[RUN_SUBMIT_REQUESTS] = f->submissions;
    m[RUN_EARLY_REQUESTS] = f->early;
    m[RUN_SUBMIT_BURST] = burst_of(r);
    m[RUN_EVENTS_BEGUN] = r->happened;
    m[RUN_RECOVERY_S] = (uint64_t)(r->recovered_ns / NS_PER_S);
    m[RUN_REQUESTS_PER_100_CREDITS] =
        m[RUN_CREDITS] ? 100 * m[RUN_REQUESTS] / m[RUN_CREDITS] : 100 * m[RUN_REQUESTS];
    if (r->o->command)
        m[RUN_REFUSED] = f->refused;
    for (size_t i = 0; i < r->journal.record_count; i++)
        m[RUN_FAULTS] += r->journal.records[i].faulty && !drained(r, &r->journal.records[i]);
    for (unsigned i = 0; i < r->client_count; i++) {
        const struct relay_counts *c = relay_counts(r->clients[i].relay);

        m[RUN_RESETS] += c->resets_early + c->resets_late;
        m[RUN_LOST_REQUESTS] += c->lost_up + c->cut_up;
        m[RUN_LOST_ANSWERS] += c->lost_down + c->cut_down;
    }
}

/* What a foreign client has on its disk is its own affair; what it leaves undone is not. (A proof that
 * was refused may be the scenario's doing: proofs_lost is for its expectations.) */
static void check_nothing_open(struct tier_c_run *r, const struct journal_verdict *v)
{
    const struct journal_figures *f = &v->figures;

    if (r->settled && r->o->command && f->open > f->unheard)
        tier_c_find(r, 4, tier_c_now_ns(r), "%llu tasks were handed out, and nobody has settled them",
                    (unsigned long long)(f->open - f->unheard));
}

static void check_balances(struct tier_c_run *r)
{
    struct buffer answer;
    struct why why;
    int64_t given = 0, have = 0;
    json_t *page = NULL, *user;
    size_t i;

    buffer_init(&answer, 0);
    if (tier_c_mock_ask(r, &answer, "GET", "/admin/users?limit=1000", NULL, &why) == ST_OK)
        page = json_loadb((const char *)answer.data, answer.size, 0, NULL);
    json_array_foreach(json_object_get(page, "items"), i, user) have +=
        json_integer_value(json_object_get(user, "credits"));
    for (i = 0; i < r->journal.credit_count; i++)
        given += r->journal.credits[i].amount;
    if (page && have != given)
        tier_c_find(r, 22, tier_c_now_ns(r), "users have %lld credits together, %lld were given",
                    (long long)have, (long long)given);
    json_decref(page);
    buffer_fini(&answer);
}

static void check_expectations(struct tier_c_run *r)
{
    for (size_t i = 0; i < r->s->expect_count; i++) {
        const struct scenario_expect *e = &r->s->expects[i];
        enum run_metric m = RUN_METRICS;
        double value;

        (void)run_metric_of_name(&m, e->metric); /* run_check */
        value = (double)r->metrics[m];
        if ((!e->has_at_least || value >= e->at_least) && (!e->has_at_most || value <= e->at_most))
            continue;
        r->metrics[RUN_EXPECTATIONS_MISSED]++;
        tier_c_find(r, RUN_EXPECT, tier_c_now_ns(r), "%s is %g, expected %s %g", e->metric, value,
                    e->has_at_least && value < e->at_least ? "at least" : "at most",
                    e->has_at_least && value < e->at_least ? e->at_least : e->at_most);
    }
}

enum status tier_c_verdict(struct tier_c_run *r, struct why *why)
{
    struct journal_verdict verdict = {.count = 0};
    enum status st = tier_c_journal_verdict(&verdict, r, why);

    if (st)
        return st;
    take_violations(r, &verdict);
    count_journal(r, &verdict);
    check_nothing_open(r, &verdict);
    check_balances(r);
    for (unsigned i = 0; i < r->client_count && !st && !r->o->command; i++)
        st = tier_c_home_verdict(r, &r->clients[i], why);
    if (!st)
        check_expectations(r);
    journal_verdict_fini(&verdict);
    return st;
}
