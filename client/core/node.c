/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes that we work for. Does the orchestrator know them? Each is asked about once, one after
 * the other (client.md 3); work begins with the first that is known. The reference ends on any
 * error; here only a definite no leaves a node out (17.11).
 *
 * Fetches go round among the known nodes. The allowance is their user's (client.md 13.2), so there
 * is one pace for all. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/core/problem.h"
#include "client/core/state.h"

#define PATH        "/v3/nodes/"
#define PASSES_MOST 32 /* with two nodes and a gap of two minutes: an hour */

bool node_init(struct core *c, const char *const *ids, size_t count)
{
    assert(count >= 1 && count <= CORE_NODES);
    for (size_t i = 0; i < count; i++) {
        struct core_node *n = &c->nodes[c->node_count++];

        n->path = malloc(sizeof PATH + strlen(ids[i]));
        if (!n->path)
            return false;
        n->id = n->path + strlen(PATH);
        strcpy(n->path, PATH);
        strcpy(n->path + strlen(PATH), ids[i]);
    }
    return true;
}

void node_fini(struct core *c)
{
    for (size_t i = 0; i < c->node_count; i++)
        free(c->nodes[i].path);
}

struct core_node *node_find(struct core *c, const char *id)
{
    for (size_t i = 0; i < c->node_count; i++)
        if (strcmp(c->nodes[i].id, id) == 0)
            return &c->nodes[i];
    return NULL;
}

static size_t count_of(const struct core *c, enum node_standing standing)
{
    size_t count = 0;

    for (size_t i = 0; i < c->node_count; i++)
        count += c->nodes[i].standing == standing;
    return count;
}

/* ---- turns ---- */

/* Ends: each round takes one pass from everybody who has some. */
struct core_node *node_take_turn(struct core *c)
{
    assert(count_of(c, NODE_KNOWN) > 0);
    for (;;) {
        struct core_node *n = &c->nodes[c->node_turn];

        c->node_turn = (c->node_turn + 1) % c->node_count;
        if (n->standing != NODE_KNOWN)
            continue;
        if (n->passes == 0)
            return n;
        n->passes--;
    }
}

bool node_stand_aside(struct core *c, struct core_node *n)
{
    n->troubles++;
    n->passes = n->troubles > 5 ? PASSES_MOST : 1u << (n->troubles - 1);
    for (size_t i = 0; i < c->node_count; i++)
        if (c->nodes[i].standing == NODE_KNOWN && c->nodes[i].troubles == 0)
            return true;
    return false;
}

/* ---- asking ---- */

bool node_poll(struct core *c, struct action *out, int64_t now_ns)
{
    if (node_deadline_ns(c) > now_ns)
        return false;
    while (c->nodes[c->node_asks].standing != NODE_UNASKED)
        c->node_asks = (c->node_asks + 1) % c->node_count;
    assert(!c->node_request); /* I6 */
    c->node_request = core_request(c, out, HTTP_GET, c->nodes[c->node_asks].path);
    return true;
}

int64_t node_deadline_ns(const struct core *c)
{
    bool idle = !c->node_request && count_of(c, NODE_UNASKED) > 0;

    return idle ? route_due_ns(&c->routes[CORE_ROUTE_NODE]) : INT64_MAX;
}

/* The next one is asked about then, if there is another; otherwise the same. */
static void again(struct core *c, const struct route_note *note, unsigned status, int64_t now_ns)
{
    struct route *route = &c->routes[CORE_ROUTE_NODE];

    pace_hold(&route->pace, now_ns + backoff_fail_ns(&c->node_backoff, &c->rng, note->advice_ns));
    core_note(c, CORE_ROUTE_NODE, note, now_ns);
    say(c, LINE_ERROR, LINE_WARN, "node_unreachable", NULL, status,
        "The orchestrator could not be asked about node %s: %s; again in %lld s",
        c->nodes[c->node_asks].id, note->text, whole_seconds(route_wait_ns(route, now_ns)));
    say_wait(c, route_wait_ns(route, now_ns));
    c->node_asks = (c->node_asks + 1) % c->node_count;
}

static void refused(struct core *c, struct core_node *n, unsigned status, const char *text,
                    int64_t now_ns)
{
    const char *advice = "";

    if (status == 404)
        advice = ". It is not registered there: check --node-id, or run register-node";
    else if (status == 403)
        advice = ". The network does not serve this place or this address";
    n->standing = NODE_REFUSED;
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "node_refused", NULL, status,
        "The orchestrator refuses node %s: %s%s", n->id, text, advice);
    if (count_of(c, NODE_REFUSED) == c->node_count)
        core_stop(c, status == 403 ? CORE_NOT_SERVED : CORE_NO_NODE, now_ns);
}

static void known(struct core *c, struct core_node *n)
{
    /* The wallet inside the answer is of no use here, so an odd body does no harm. */
    n->standing = NODE_KNOWN;
    c->phase = PHASE_WORKING;
    if (c->node_count == 1)
        say(c, LINE_STATE_CHANGE, LINE_INFO, "ready", NULL, 0, "Ready to fetch tasks");
    else
        say(c, LINE_STATE_CHANGE, LINE_INFO, "ready", NULL, 0, "Ready to fetch tasks for node %s",
            n->id);
}

void node_trust_all(struct core *c)
{
    for (size_t i = 0; i < c->node_count; i++)
        known(c, &c->nodes[i]);
}

static bool still_asking(const struct core *c)
{
    return c->phase == PHASE_GREETING || c->phase == PHASE_WORKING;
}

void node_response(struct core *c, const struct http_response *r, int64_t now_ns)
{
    struct core_node *n = &c->nodes[c->node_asks];
    int64_t advice_ns = backoff_advice_ns(r, core_wall_s(c, now_ns));
    bool success = r->status >= 200 && r->status < 300;
    char text[PROBLEM_TEXT];
    struct route_note note = {.advice_ns = advice_ns, .response = r, .text = text};

    c->node_request = 0;
    if (advice_ns > 0) /* also when this run asks no more */
        core_hold(c, CORE_ROUTE_NODE, now_ns + advice_ns);
    if (!still_asking(c))
        return;
    problem_describe(text, r);
    note.outcome = route_outcome_of(r->status);
    if (note.outcome == ROUTE_BROKEN || note.outcome == ROUTE_LIMITED) {
        again(c, &note, r->status, now_ns);
        return;
    }
    backoff_reset(&c->node_backoff);
    core_note(c, CORE_ROUTE_NODE, &note, now_ns);
    pace_hold(&c->routes[CORE_ROUTE_NODE].pace,
              now_ns +
                  (advice_ns > c->profile->start_gap_ns ? advice_ns : c->profile->start_gap_ns));
    if (success)
        known(c, n);
    else
        refused(c, n, r->status, text, now_ns);
}

void node_transport(struct core *c, const char *text, int64_t now_ns)
{
    c->node_request = 0;
    if (still_asking(c))
        again(c,
              &(struct route_note){
                  .outcome = ROUTE_BROKEN, .advice_ns = BACKOFF_NO_ADVICE, .text = text},
              0, now_ns);
}
