/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator's side: what it answers when no fault makes it (I24, I25, I30, I31, I33).
 *
 * Allowances are counted once more, from the tasks that were given and the credits, so that each
 * Retry-After can be compared with the moment at which there is room again: it names no earlier
 * one, and none that is later by more than its whole seconds make it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/invariant_inside.h"
#include "sim/memory.h"

#define JUDGING_NS NS_PER_S /* a fault strikes when a request arrives; the judge takes less */

bool invariant_votes(const struct invariant *v)
{
    return v->votes;
}

/* ---- allowances ---- */

void invariant_settings(struct invariant *v, const struct settings *s, int64_t heal_ns)
{
    v->settings = s;
    v->votes = s->consensus > 1;
    v->heal_ns = heal_ns;
    for (unsigned i = 0; i < v->host_count; i++) {
        v->hosts[i].fetches = (struct invariant_allowance){
            .shape = s->allowance, .limit = s->fetches_per_window, .window_ns = s->window_ns};
        v->hosts[i].submissions = (struct invariant_allowance){.limit = s->submissions_per_window,
                                                               .window_ns = s->window_ns};
    }
}

static void spend(struct invariant_allowance *a, int64_t now_ns)
{
    if (!a->limit)
        return;
    if (a->shape == QUOTA_BUCKET) {
        a->full_ns = (a->full_ns > now_ns ? a->full_ns : now_ns) + a->window_ns / a->limit;
        return;
    }
    if (!a->at_ns)
        a->at_ns = memory_new(a->limit * sizeof *a->at_ns);
    a->at_ns[a->count++ % a->limit] = now_ns;
}

/* There is room from then on. */
static int64_t free_ns(const struct invariant_allowance *a)
{
    if (a->shape == QUOTA_BUCKET)
        return a->full_ns - (a->limit - 1) * (a->window_ns / a->limit);
    return a->count < a->limit ? 0 : a->at_ns[a->count % a->limit] + a->window_ns;
}

static void check_room(struct invariant *v, unsigned host, const struct invariant_allowance *a,
                       const char *what)
{
    int64_t early_ns = v->settings && a->limit ? free_ns(a) - v->world->now_ns : 0;

    if (early_ns > 0)
        invariant_broken(v, 25, "client %u has a %s %.3f s before its allowance has room for it",
                         host, what, invariant_seconds(early_ns));
}

void invariant_given(struct invariant *v, unsigned host, uint64_t tasks)
{
    struct invariant_allowance *a = &v->hosts[host].fetches;

    while (tasks--) {
        check_room(v, host, a, "task");
        spend(a, v->world->now_ns);
    }
}

static void check_wait(struct invariant *v, unsigned host, const struct invariant_allowance *a,
                       const char *what, const struct http_response *r)
{
    const char *value = http_header_of(r->headers, r->header_count, "retry-after");
    const char *date = http_header_of(r->headers, r->header_count, "date");
    int64_t now_ns = v->world->now_ns, from_ns = a->limit ? free_ns(a) : 0;
    int64_t wait_s = 0, until_ns, named_ns;

    if (!value || !http_retry_after_s(value, date, 0, &wait_s)) {
        invariant_broken(v, 25, "client %u is told to wait with its %s, and not how long", host,
                         what);
        return;
    }
    until_ns = now_ns + wait_s * NS_PER_S;
    named_ns = strchr(value, ':') ? 2 * NS_PER_S : NS_PER_S; /* two clocks in whole seconds */
    if (from_ns <= now_ns)
        invariant_broken(v, 25,
                         "client %u may %s since %.3f s ago by the orchestrator's own allowance, "
                         "and is told to wait",
                         host, what, invariant_seconds(now_ns - from_ns));
    else if (until_ns < from_ns || until_ns >= from_ns + named_ns)
        invariant_broken(v, 25,
                         "client %u is told to wait %.0f s with its %s: by the orchestrator's own "
                         "allowance it is %.3f s",
                         host, invariant_seconds(until_ns - now_ns), what,
                         invariant_seconds(from_ns - now_ns));
}

/* Nothing but the user's own allowances makes an answer 429. */
static bool is_plain(const struct invariant *v)
{
    const struct settings *s = v->settings;

    return !s->fetches_per_node.limit && !s->fetches_per_key.limit &&
           !s->fetches_per_address.limit && s->consensus < 2;
}

static void check_allowance(struct invariant *v, unsigned host, const struct verdict *verdict,
                            const struct http_response *r)
{
    const struct invariant_host *h = &v->hosts[host];

    if (verdict->call == CALL_FETCH)
        check_wait(v, host, &h->fetches, "fetch", r);
    else if (verdict->call == CALL_SUBMIT && verdict->failed == CHECK_LIMIT)
        check_wait(v, host, &h->submissions, "submission", r);
}

/* ---- the life of a task ---- */

static struct invariant_gift *gift_of(struct invariant *v, const char *task_id)
{
    uint32_t at;

    return lookup_find(&v->gifts_by_id, &at, task_id) ? &v->gifts[at] : NULL;
}

static void note_gift(struct invariant *v, const struct verdict *verdict)
{
    struct invariant_gift *g = gift_of(v, verdict->task_id);

    if (!g) {
        if (v->gift_count == v->gift_capacity) {
            v->gift_capacity = v->gift_capacity ? 2 * v->gift_capacity : 16;
            v->gifts = memory_grown(v->gifts, v->gift_capacity, sizeof *v->gifts);
        }
        if (lookup_put(&v->gifts_by_id, verdict->task_id, (uint32_t)v->gift_count, NULL))
            abort(); /* out of memory: as memory.h */
        g = &v->gifts[v->gift_count++];
        *g = (struct invariant_gift){.given_ns = v->world->now_ns};
    }
    g->odd = g->odd || verdict->faults[0];
}

static void check_life(struct invariant *v, const struct verdict *verdict)
{
    const struct invariant_gift *g = gift_of(v, verdict->task_id);
    const struct invariant_task *t = invariant_find(v, verdict->task_id);

    if (g && !invariant_votes(v) && !g->odd && t && !t->credits &&
        v->world->now_ns - g->given_ns < v->settings->task_expiry_ns)
        invariant_broken(v, 33, "task %.64s is not found, %.0f s after it was given",
                         verdict->task_id, invariant_seconds(v->world->now_ns - g->given_ns));
}

/* ---- credits ---- */

void invariant_paid(struct invariant *v, const struct invariant_task *t)
{
    struct invariant_host *h = &v->hosts[t->host];
    const struct invariant_gift *g = gift_of(v, t->task_id);
    int64_t age_ns = g ? v->world->now_ns - g->given_ns : 0;

    h->credits++;
    if (!v->settings)
        return;
    if (v->settings->consensus < 2) { /* otherwise one submission may credit several */
        check_room(v, t->host, &h->submissions, "credit");
        spend(&h->submissions, v->world->now_ns);
    }
    if (age_ns > v->settings->task_expiry_ns + JUDGING_NS)
        invariant_broken(v, 33, "task %.64s is credited, %.0f s after it was given", t->task_id,
                         invariant_seconds(age_ns));
}

void invariant_balance(struct invariant *v, unsigned host, uint64_t credits)
{
    if (credits != v->hosts[host].credits)
        invariant_broken(v, 22, "the user of client %u has %llu credits, %llu were given", host,
                         (unsigned long long)credits, (unsigned long long)v->hosts[host].credits);
}

/* ---- an answer ---- */

static bool is_about_content(unsigned status)
{
    return status == 400 || status == 403 || status == 422;
}

static void check_content(struct invariant *v, const struct verdict *verdict, unsigned status)
{
    const struct invariant_task *t = invariant_find(v, verdict->task_id);

    if (strlen(verdict->task_id) == sizeof verdict->task_id - 1)
        return; /* the beginning of an id: whose proof was wrong is not known */
    if (is_about_content(status) && verdict->failed != CHECK_KEY &&
        verdict->failed != CHECK_CONSENSUS && !(t && t->wrong))
        invariant_broken(v, 24, "the submission of task %.64s is refused with %u: %.160s",
                         verdict->task_id, status, verdict->why.text);
}

static void check_date(struct invariant *v, const struct http_response *r)
{
    const char *text = http_header_of(r->headers, r->header_count, "date");
    int64_t wall_s = (v->settings->wall_at_zero_ns + v->world->now_ns) / NS_PER_S, date_s;

    if (!text || !http_date_parse(text, &date_s))
        invariant_broken(v, 30, "the date of an answer is '%.40s'", text ? text : "");
    else if (date_s < wall_s - 1 || date_s > wall_s + 1)
        invariant_broken(v, 30, "the date of an answer is %lld s off the orchestrator's clock",
                         (long long)(date_s - wall_s));
}

void invariant_answered(struct invariant *v, int host, const struct verdict *verdict,
                        const struct http_response *r, bool allowances_only)
{
    if (verdict->call == CALL_FETCH && verdict->task_id[0])
        note_gift(v, verdict);
    if (verdict->faults[0]) {
        if (v->heal_ns && v->world->now_ns >= v->heal_ns + JUDGING_NS)
            invariant_broken(v, 31, "%.100s strikes after the healing", verdict->faults);
        return;
    }
    if (verdict->call == CALL_SUBMIT)
        check_content(v, verdict, r->status);
    if (!v->settings)
        return;
    check_date(v, r);
    if (verdict->call == CALL_SUBMIT && r->status == 404)
        check_life(v, verdict);
    if (host >= 0 && allowances_only && r->status == 429 && is_plain(v))
        check_allowance(v, (unsigned)host, verdict, r);
}
