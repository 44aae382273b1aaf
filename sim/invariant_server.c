/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator's side: what it answers when no fault makes it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/invariant_inside.h"

static bool is_about_content(unsigned status)
{
    return status == 400 || status == 403 || status == 422;
}

static int64_t seconds_named(const struct http_response *r)
{
    const char *value = http_header_of(r->headers, r->header_count, "retry-after");
    char *end = NULL;
    long long s = value ? strtoll(value, &end, 10) : -1;

    return value && end != value && !*end ? s : -1; /* a date is for the client to read */
}

/* Whoever got work has used up what was promised; of a copy nobody knows whose it was. */
static void forget_promises(struct invariant *v, int host)
{
    for (unsigned i = 0; i < v->host_count; i++)
        if (host < 0 || (unsigned)host == i)
            v->hosts[i].promised_ns = 0;
}

static void check_promise(struct invariant *v, unsigned host, const struct http_response *r,
                          int64_t arrived_ns)
{
    struct invariant_host *h = &v->hosts[host];
    int64_t seconds = seconds_named(r);

    if (h->promised_ns && arrived_ns >= h->promised_ns)
        invariant_broken(v, 25,
                         "client %u may fetch since %.3f s ago by the orchestrator's word, "
                         "and is told to wait again",
                         host, invariant_seconds(arrived_ns - h->promised_ns));
    if (seconds >= 0)
        h->promised_ns = v->world->now_ns + seconds * NS_PER_S;
}

void invariant_answered(struct invariant *v, int host, const struct verdict *verdict,
                        const struct http_response *r, bool allowances_only)
{
    if (verdict->call == CALL_FETCH && r->status == 200)
        forget_promises(v, host);
    if (verdict->faults[0])
        return;
    if (verdict->call == CALL_SUBMIT && is_about_content(r->status) &&
        verdict->failed != CHECK_KEY && verdict->failed != CHECK_CONSENSUS)
        invariant_broken(v, 24, "the submission of task %.64s is refused with %u: %.160s",
                         verdict->task_id, r->status, verdict->why.text);
    if (host >= 0 && allowances_only && verdict->call == CALL_FETCH && r->status == 429)
        check_promise(v, (unsigned)host, r, v->world->now_ns);
}
