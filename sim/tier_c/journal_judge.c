/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_c/journal_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/backoff.h"
#include "sim/memory.h"
#include "sim/tier_c/journal_inside.h"

#define MINUTE_NS (60 * NS_PER_S)
#define HOUR_NS   (3600 * NS_PER_S)

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

/* ---- violations ---- */

void journal_broken(struct journal_walk *w, int number, uint32_t client,
                    const struct journal_record *record, const char *format, ...)
{
    struct journal_verdict *v = w->out;
    struct journal_violation *x;
    va_list args;

    v->broken++;
    v->broken_of[number]++;
    if (v->count == JOURNAL_VIOLATIONS)
        return;
    x = &v->violations[v->count++];
    *x = (struct journal_violation){.number = number, .client = client};
    if (record) {
        x->at_ns = record->at_ns;
        x->record = record->number;
    }
    va_start(args, format);
    vsnprintf(x->text, sizeof x->text, format, args);
    va_end(args);
}

/* ---- who and what ---- */

static uint32_t new_host(struct journal_walk *w)
{
    if (w->host_count == w->host_capacity) {
        w->host_capacity = w->host_capacity ? 2 * w->host_capacity : 16;
        w->hosts = memory_grown(w->hosts, w->host_capacity, sizeof *w->hosts);
    }
    w->hosts[w->host_count] = (struct journal_host){0};
    return w->host_count++;
}

static enum status name_clients(struct journal_walk *w, struct why *why)
{
    enum status st = ST_OK;
    uint32_t known;

    for (size_t i = 0; i < w->c->client_count && !st; i++) {
        const struct journal_client *client = &w->c->clients[i];

        while (w->host_count <= client->client)
            (void)new_host(w);
        if (!lookup_find(&w->nodes, &known, client->node_id))
            st = lookup_put(&w->nodes, client->node_id, client->client, why);
    }
    return st;
}

/* By the node; a submission of a task that nobody knows by its key. */
static enum status find_client(struct journal_walk *w, uint32_t *out,
                               const struct journal_record *r, struct why *why)
{
    enum status st = ST_OK;
    uint32_t known;

    *out = JOURNAL_NOBODY;
    if (r->node_id[0] && !lookup_find(&w->nodes, out, r->node_id)) {
        *out = new_host(w);
        st = lookup_put(&w->nodes, r->node_id, *out, why);
    } else if (!r->node_id[0] && r->key[0]) {
        (void)lookup_find(&w->keys, out, r->key);
    }
    if (!st && r->key[0] && *out != JOURNAL_NOBODY && !lookup_find(&w->keys, &known, r->key))
        st = lookup_put(&w->keys, r->key, *out, why);
    return st;
}

enum status journal_fate_of(struct journal_walk *w, struct journal_fate **out, const char *task_id,
                            struct why *why)
{
    uint32_t place;
    enum status st;

    if (lookup_find(&w->by_id, &place, task_id)) {
        *out = &w->fates[place];
        return ST_OK;
    }
    if (w->fate_count == w->fate_capacity) {
        w->fate_capacity = w->fate_capacity ? 2 * w->fate_capacity : 64;
        w->fates = memory_grown(w->fates, w->fate_capacity, sizeof *w->fates);
    }
    st = lookup_put(&w->by_id, task_id, w->fate_count, why);
    if (st)
        return st;
    *out = &w->fates[w->fate_count++];
    **out = (struct journal_fate){.task_id = task_id, .client = JOURNAL_NOBODY};
    return ST_OK;
}

/* ---- the order of time ---- */

enum happening { ARRIVES, ANSWERED, KILLED };

struct moment {
    int64_t at_ns;
    size_t record; /* of a kill: which */
    enum happening what;
};

/* Of the same time: what a request answers came before the next request. */
static int by_time(const void *left, const void *right)
{
    const struct moment *a = left, *b = right;

    if (a->at_ns != b->at_ns)
        return a->at_ns < b->at_ns ? -1 : 1;
    if ((a->what == KILLED) != (b->what == KILLED))
        return a->what == KILLED ? -1 : 1;
    if (a->record != b->record)
        return a->record < b->record ? -1 : 1;
    return (int)a->what - (int)b->what;
}

static int by_arrival(const void *left, const void *right)
{
    const struct journal_record *a = left, *b = right;

    if (a->at_ns != b->at_ns)
        return a->at_ns < b->at_ns ? -1 : 1;
    if (a->life != b->life)
        return a->life < b->life ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static struct moment *moments_of(const struct journal_case *c, size_t *count)
{
    struct moment *moments =
        memory_new((2 * c->record_count + c->kill_count + 1) * sizeof *moments);
    size_t n = 0;

    if (c->record_count) /* NULL is no array, not even of none */
        qsort(c->records, c->record_count, sizeof *c->records, by_arrival);
    for (size_t i = 0; i < c->record_count; i++) {
        const struct journal_record *r = &c->records[i];

        moments[n++] = (struct moment){.at_ns = r->at_ns, .record = i, .what = ARRIVES};
        moments[n++] = (struct moment){.at_ns = r->delivery == JOURNAL_OPEN ? INT64_MAX : r->out_ns,
                                       .record = i,
                                       .what = ANSWERED};
    }
    for (size_t i = 0; i < c->kill_count; i++)
        moments[n++] = (struct moment){.at_ns = c->kills[i].at_ns, .record = i, .what = KILLED};
    qsort(moments, n, sizeof *moments, by_time);
    *count = n;
    return moments;
}

/* ---- a request arrives ---- */

static void check_pace(struct journal_walk *w, uint32_t client, const struct journal_record *r)
{
    struct journal_host *h = &w->hosts[client];
    int64_t span_ns = conduct_ring_add(&h->sent, CONDUCT_PER_MINUTE, r->at_ns);

    if (span_ns < MINUTE_NS - w->c->jitter_ns)
        journal_broken(w, 10, client, r, "%d requests within %.3f s", CONDUCT_PER_MINUTE + 1,
                       seconds(span_ns));
}

static void check_route(struct journal_walk *w, uint32_t client, const struct journal_record *r,
                        enum route route)
{
    struct journal_host *h = &w->hosts[client];
    int64_t span_ns = conduct_ring_add(&h->failing[route], CONDUCT_PER_OUTAGE, r->at_ns);
    const char *name = conduct_route_name(route);
    const struct journal_record *other;

    if (span_ns < HOUR_NS - w->c->jitter_ns)
        journal_broken(w, 17, client, r, "%d of %s within %.0f s, all failing",
                       CONDUCT_PER_OUTAGE + 1, name, seconds(span_ns));
    if (r->at_ns < h->hold_ns[route] - w->c->slack_ns) {
        w->out->figures.early++;
        journal_broken(w, 5, client, r, "%s %.3f s before the time that a %u named by Retry-After",
                       name, seconds(h->hold_ns[route] - r->at_ns), h->hold_status[route]);
    }
    if (h->under_way[route]) {
        other = &w->c->records[h->under_way[route] - 1];
        if (other->delivery == JOURNAL_OUT)
            journal_broken(w, 6, client, r, "a second %s while number %llu is under way", name,
                           (unsigned long long)other->number);
    }
}

static enum status submission_arrives(struct journal_walk *w, uint32_t client,
                                      const struct journal_record *r, struct why *why)
{
    struct journal_fate *t;
    enum status st;

    w->out->figures.submissions++;
    if (!r->task_id[0])
        return ST_OK;
    st = journal_fate_of(w, &t, r->task_id, why);
    if (st)
        return st;
    w->out->figures.resent += t->submissions > 0;
    t->submissions++;
    t->faulty |= r->faulty;
    if (t->client == JOURNAL_NOBODY)
        t->client = client;
    if (t->body_hash && strcmp(t->body_hash, r->body_hash) != 0)
        journal_broken(w, 3, client, r, "task %s is submitted again with other bytes", r->task_id);
    t->body_hash = r->body_hash;
    if (t->definite && r->delivery != JOURNAL_GONE) {
        w->out->figures.duplicates++;
        journal_broken(w, 7, client, r, "task %s is submitted again after a %u", r->task_id,
                       t->definite);
    }
    return ST_OK;
}

static enum status arrives(struct journal_walk *w, size_t place, struct why *why)
{
    const struct journal_record *r = &w->c->records[place];
    uint32_t client;
    enum route route;
    bool routed = conduct_route(&route, r->call);
    enum status st = find_client(w, &client, r, why);

    if (st)
        return st;
    w->client_of[place] = client;
    w->out->figures.requests++;
    w->out->figures.fetches += r->call == CALL_FETCH;
    if (client != JOURNAL_NOBODY && r->delivery != JOURNAL_GONE) {
        check_pace(w, client, r);
        if (routed) {
            check_route(w, client, r, route);
            w->hosts[client].under_way[route] = place + 1;
        }
    }
    return r->call == CALL_SUBMIT ? submission_arrives(w, client, r, why) : ST_OK;
}

/* ---- its answer leaves ---- */

/* Whoever sent the request was no longer there to hear it. */
static bool killed_meanwhile(const struct journal_walk *w, uint32_t client,
                             const struct journal_record *r)
{
    for (size_t i = 0; i < w->c->kill_count; i++) {
        const struct journal_kill *k = &w->c->kills[i];

        if (k->client == client && k->at_ns >= r->at_ns && k->at_ns <= r->out_ns + w->c->slack_ns)
            return true;
    }
    return false;
}

static void note_advice(struct journal_walk *w, uint32_t client, const struct journal_record *r,
                        enum route route)
{
    const int64_t ceiling_ns = BACKOFF_RETRY_AFTER_CEILING_S * NS_PER_S;
    struct journal_host *h = &w->hosts[client];
    int64_t wait_ns = r->retry_after_ns < ceiling_ns ? r->retry_after_ns : ceiling_ns;
    bool done = route == ROUTE_SUBMIT ? conduct_definite(r->status) : r->status / 100 == 2;

    if (wait_ns < 0 || done || r->out_ns + wait_ns <= h->hold_ns[route])
        return;
    h->hold_ns[route] = r->out_ns + wait_ns;
    h->held_ns[route] = r->out_ns;
    h->hold_status[route] = r->status;
}

static void note_submitted(struct journal_walk *w, uint32_t client, struct journal_fate *t,
                           const struct journal_record *r, bool heard)
{
    bool gone = r->status == 404 || r->status == 410;

    if (heard && conduct_definite(r->status)) {
        t->definite = r->status;
        t->definite_ns = r->out_ns;
    }
    t->held |= r->held;
    t->credits += r->credited;
    if (r->credited && t->credits > 1)
        journal_broken(w, 9, client, r, "task %s is credited for the %lluth time", t->task_id,
                       (unsigned long long)t->credits);
    if (r->content && !t->faulty)
        journal_broken(w, 24, client, r, "the submission of task %s is refused with %u", t->task_id,
                       r->status);
    if (r->faulty || t->credits)
        return;
    t->refused |= conduct_definite(r->status) && r->status >= 400 && !gone && r->status != 409;
    t->expired |= gone;
    w->out->figures.after_expiry += gone;
}

static void note_handed_out(struct journal_fate *t, uint32_t client, const struct journal_record *r,
                            bool heard)
{
    t->handed_out = true;
    t->heard |= heard && r->status / 100 == 2;
    t->faulty |= r->faulty;
    if (t->client == JOURNAL_NOBODY)
        t->client = client;
}

static enum status answered(struct journal_walk *w, size_t place, struct why *why)
{
    const struct journal_record *r = &w->c->records[place];
    uint32_t client = w->client_of[place];
    bool heard = r->delivery == JOURNAL_OUT && !killed_meanwhile(w, client, r);
    struct journal_fate *t;
    enum route route;
    enum status st;

    if (client != JOURNAL_NOBODY && conduct_route(&route, r->call)) {
        struct journal_host *h = &w->hosts[client];

        if (h->under_way[route] == place + 1)
            h->under_way[route] = 0;
        if (heard && conduct_works(r->status))
            h->failing[route].count = 0;
        if (heard && r->status)
            note_advice(w, client, r, route);
    }
    if (!r->task_id[0] || (r->call != CALL_SUBMIT && r->call != CALL_FETCH))
        return ST_OK;
    st = journal_fate_of(w, &t, r->task_id, why);
    if (st)
        return st;
    if (r->call == CALL_SUBMIT)
        note_submitted(w, client, t, r, heard);
    else
        note_handed_out(t, client, r, heard);
    return ST_OK;
}

/* ---- a client is killed ---- */

static void killed(struct journal_walk *w, const struct journal_kill *k)
{
    int64_t since_ns = k->at_ns - w->c->durable_ns;
    struct journal_host *h;

    if (k->client >= w->host_count)
        return; /* nothing came of it */
    h = &w->hosts[k->client];
    for (int route = 0; route < ROUTES; route++) {
        h->under_way[route] = 0;
        h->failing[route].count = 0;
        if (h->held_ns[route] >= since_ns)
            h->hold_ns[route] = 0;
    }
    for (uint32_t i = 0; i < w->fate_count; i++)
        if (w->fates[i].client == k->client && w->fates[i].definite_ns >= since_ns)
            w->fates[i].definite = 0;
}

/* ---- all of it ---- */

static enum status walk(struct journal_walk *w, struct why *why)
{
    enum status st = ST_OK;
    size_t count;
    struct moment *moments = moments_of(w->c, &count);

    for (size_t i = 0; i < count && !st; i++) {
        const struct moment *e = &moments[i];

        if (e->what == ARRIVES)
            st = arrives(w, e->record, why);
        else if (e->what == ANSWERED)
            st = answered(w, e->record, why);
        else
            killed(w, &w->c->kills[e->record]);
    }
    free(moments);
    return st;
}

enum status journal_judge(struct journal_verdict *out, const struct journal_case *c,
                          struct why *why)
{
    struct journal_verdict verdict = {
        .violations = memory_new(JOURNAL_VIOLATIONS * sizeof *verdict.violations)};
    struct journal_case with = *c;
    struct journal_walk w = {.c = &with, .out = &verdict};
    enum status st;

    if (!with.slack_ns)
        with.slack_ns = 10 * NS_PER_MS;
    if (!with.durable_ns)
        with.durable_ns = NS_PER_S;
    w.client_of = memory_new((c->record_count + 1) * sizeof *w.client_of);
    st = name_clients(&w, why);
    if (!st)
        st = walk(&w, why);
    if (!st)
        st = journal_books(&w, why);
    lookup_fini(&w.nodes);
    lookup_fini(&w.keys);
    lookup_fini(&w.by_id);
    free(w.hosts);
    free(w.fates);
    free(w.client_of);
    if (st)
        journal_verdict_fini(&verdict);
    else
        *out = verdict;
    return st;
}

void journal_verdict_fini(struct journal_verdict *v)
{
    free(v->violations);
    *v = (struct journal_verdict){.count = 0};
}

bool journal_judge_lost(struct journal_record *records, size_t count, unsigned port, int64_t at_ns,
                        bool gone)
{
    struct journal_record *last = NULL;

    for (size_t i = 0; i < count; i++)
        if (records[i].port == port && records[i].at_ns <= at_ns &&
            (!last || records[i].at_ns >= last->at_ns))
            last = &records[i];
    if (!last)
        return false;
    if (last->delivery == JOURNAL_OPEN)
        last->out_ns = at_ns;
    last->delivery = gone ? JOURNAL_GONE : JOURNAL_BROKEN;
    return true;
}
