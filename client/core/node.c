/* SPDX-License-Identifier: Apache-2.0 */
/* Does the orchestrator know our node? Asked once, before anything else (client.md 3). The
 * reference ends on any error; here only a definite no does (17.11). */
#include "client/core/problem.h"
#include "client/core/state.h"

bool node_poll(struct core *c, struct action *out, int64_t now_ns)
{
    if (c->node_request || c->node_next_ns > now_ns)
        return false;
    c->node_request = core_request(c, out, HTTP_GET, c->node_path);
    return true;
}

static void again(struct core *c, int64_t advice_ns, unsigned status, const char *text,
                  int64_t now_ns)
{
    int64_t wait_ns = backoff_fail_ns(&c->node_backoff, &c->rng, advice_ns);

    c->node_next_ns = now_ns + wait_ns;
    if (advice_ns > 0)
        core_hold(c, CORE_ROUTE_NODE, c->node_next_ns);
    say(c, LINE_ERROR, LINE_WARN, "node_unreachable", NULL, status,
        "The orchestrator could not be asked about node %s: %s; again in %lld s", c->node_id, text,
        whole_seconds(wait_ns));
}

static void refused(struct core *c, unsigned status, const char *text, int64_t now_ns)
{
    const char *advice = "";

    if (status == 404)
        advice = ". It is not registered there: check --node-id, or run register-node";
    else if (status == 403)
        advice = ". The network does not serve this place or this address";
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "node_refused", NULL, status,
        "The orchestrator refuses node %s: %s%s", c->node_id, text, advice);
    core_stop(c, CORE_NO_NODE, now_ns);
}

void node_response(struct core *c, const struct http_response *r, int64_t now_ns)
{
    unsigned status = r->status;
    int64_t advice_ns = backoff_advice_ns(r, core_wall_s(c, now_ns));
    char text[PROBLEM_TEXT];

    c->node_request = 0;
    if (advice_ns > 0) /* also when this run asks no more */
        core_hold(c, CORE_ROUTE_NODE, now_ns + advice_ns);
    if (c->phase != PHASE_GREETING)
        return;
    if (status >= 200 && status < 300) {
        /* The wallet inside is of no use here, so an odd body does no harm. */
        c->phase = PHASE_WORKING;
        say(c, LINE_STATE_CHANGE, LINE_INFO, "ready", NULL, 0, "Ready to fetch tasks");
        return;
    }
    problem_describe(text, r);
    if (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429)
        refused(c, status, text, now_ns);
    else
        again(c, advice_ns, status, text, now_ns);
}

void node_transport(struct core *c, const char *text, int64_t now_ns)
{
    c->node_request = 0;
    if (c->phase != PHASE_GREETING)
        return;
    again(c, BACKOFF_NO_ADVICE, 0, text, now_ns);
}
