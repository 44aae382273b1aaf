/* SPDX-License-Identifier: Apache-2.0 */
/* What the orchestrator has recorded, read before it can forget it, and judged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/core/doubt.h"
#include "client/core/profile.h"
#include "sim/memory.h"
#include "sim/tier_c/tier_c_inside.h"

/* A lost answer is the last one of its connection, and nobody has that port again so soon: two
 * clocks need not agree about which came first, the request or its loss. */
#define PORT_NS (500 * NS_PER_MS)

/* ---- reading ---- */

typedef enum status read_page(struct journal_read *r, struct bytes json, bool *more,
                              struct why *why);

void tier_c_journal_look(struct tier_c_run *r)
{
    struct buffer page;
    struct why why;
    bool more = true;

    buffer_init(&page, 0);
    while (more) {
        char path[96];

        snprintf(path, sizeof path, "/admin/requests?limit=1000&after=%llu",
                 (unsigned long long)journal_read_after(&r->journal));
        if (tier_c_mock_ask(r, &page, "GET", path, NULL, &why) ||
            journal_read_requests(&r->journal, buffer_bytes(&page), &more, &why))
            break; /* it is down, or on its way: the next look finds all of it */
    }
    buffer_fini(&page);
}

static enum status read_list(struct tier_c_run *r, const char *list, const size_t *count,
                             read_page *read, struct why *why)
{
    struct buffer page;
    bool more = true;
    enum status st = ST_OK;

    buffer_init(&page, 0);
    while (more && !st) {
        char path[64];

        snprintf(path, sizeof path, "/admin/%s?limit=1000&offset=%zu", list, *count);
        st = tier_c_mock_ask(r, &page, "GET", path, NULL, why);
        if (!st)
            st = read(&r->journal, buffer_bytes(&page), &more, why);
    }
    buffer_fini(&page);
    return st;
}

/* Answers that the relays have not brought to their clients. */
static void mark_losses(struct tier_c_run *r, struct journal_record *records, size_t count)
{
    for (unsigned i = 0; i < r->client_count; i++) {
        size_t losses;
        const struct relay_loss *loss = relay_losses(r->clients[i].relay, &losses);

        for (size_t k = 0; k < losses; k++)
            (void)journal_judge_lost(records, count, loss[k].port,
                                     loss[k].at_ns - r->zero_ns + r->mock.ahead_ns + PORT_NS,
                                     loss[k].cause == RELAY_GONE);
    }
}

enum status tier_c_journal_books(struct tier_c_run *r, struct why *why)
{
    enum status st;

    tier_c_journal_look(r);
    st = read_list(r, "tasks", &r->journal.task_count, journal_read_tasks, why);
    if (!st)
        st = read_list(r, "credits", &r->journal.credit_count, journal_read_credits, why);
    r->has_books = st == ST_OK;
    mark_losses(r, r->journal.records, r->journal.record_count);
    return st;
}

int64_t tier_c_journal_advice_ns(const struct tier_c_run *r)
{
    int64_t longest_ns = 0;

    for (size_t i = 0; i < r->journal.record_count; i++) {
        const struct journal_record *j = &r->journal.records[i];

        if (j->retry_after_ns > longest_ns && (!r->drain_ns || j->call != CALL_FETCH))
            longest_ns = j->retry_after_ns;
    }
    return longest_ns;
}

static bool is_of(const struct tier_c_client *c, const char *node_id)
{
    for (uint32_t n = 0; n < c->plan->nodes; n++)
        if (strcmp(c->node_ids[n], node_id) == 0)
            return true;
    return false;
}

int64_t tier_c_journal_doubt_ns(const struct tier_c_run *r)
{
    int64_t longest_ns = 0;

    for (unsigned i = 0; i < r->client_count; i++) {
        struct doubt doubt = {.hastiness = (unsigned)(profile_current.fetch_gap_ns /
                                                      tier_c_fetch_interval_ns(r, &profile_current))};

        for (size_t k = 0; k < r->journal.record_count; k++) {
            const struct journal_record *j = &r->journal.records[k];
            int64_t ns = 0;

            if (j->call != CALL_SUBMIT || !is_of(&r->clients[i], j->node_id))
                continue;
            if (j->status < 300 || j->status == 409)
                doubt_accepted(&doubt);
            else if (conduct_definite(j->status) && j->status != 404 && j->status != 410)
                ns = doubt_refused_ns(&doubt);
            longest_ns = ns > longest_ns ? ns : longest_ns;
        }
    }
    return longest_ns;
}

/* ---- judging ---- */

/* A request that says nobody's name, or was not read so far, is that of the only one there is. */
static void name_the_only_one(const struct tier_c_run *r, struct journal_record *records,
                              size_t count)
{
    for (size_t i = 0; i < count && r->client_count == 1; i++)
        if (!records[i].node_id[0])
            memcpy(records[i].node_id, r->clients[0].node_ids[0], sizeof records[i].node_id);
}

static size_t list_clients(const struct tier_c_run *r, struct journal_client *out)
{
    size_t count = 0;

    for (unsigned i = 0; i < r->client_count; i++)
        for (uint32_t n = 0; n < r->clients[i].plan->nodes; n++, count++) {
            memcpy(out[count].node_id, r->clients[i].node_ids[n], sizeof out[count].node_id);
            out[count].client = i;
        }
    return count;
}

/* Whoever fetches more often because time is divided may send more: a task is two requests, and the
 * bound of I10 is meant to be four times what a busy client needs. */
static int64_t shorter_minute_ns(const struct tier_c_run *r)
{
    int64_t minute_ns = 10 * tier_c_fetch_interval_ns(r, &profile_current);

    return r->o->time_scale > 1 && minute_ns < 60 * NS_PER_S ? 60 * NS_PER_S - minute_ns : 0;
}

enum status tier_c_journal_verdict(struct journal_verdict *out, struct tier_c_run *r,
                                   struct why *why)
{
    struct journal_case c = journal_read_case(&r->journal);
    struct journal_client clients[CORE_NODES];
    struct journal_record *records = memory_new((c.record_count + 1) * sizeof *records);
    struct journal_kill *kills = memory_new((r->kill_count + 1) * sizeof *kills);
    enum status st;

    if (c.record_count)
        memcpy(records, c.records, c.record_count * sizeof *records);
    name_the_only_one(r, records, c.record_count);
    mark_losses(r, records, c.record_count);
    for (size_t i = 0; i < r->kill_count; i++)
        kills[i] = (struct journal_kill){.client = r->kill_list[i].client,
                                         .at_ns = r->kill_list[i].at_ns + r->mock.ahead_ns};
    c.records = records;
    c.clients = clients;
    c.client_count = list_clients(r, clients);
    c.kills = kills;
    c.kill_count = r->kill_count;
    c.has_books = r->has_books;
    c.has_gaps |= r->mock.lives > 1; /* what it was doing when it was killed nobody knows */
    c.slack_ns = TIER_C_SLACK_NS;
    c.jitter_ns = r->s->network.latency_ns + r->s->network.jitter_ns + shorter_minute_ns(r);
    st = journal_judge(out, &c, why);
    free(records);
    free(kills);
    return st;
}
