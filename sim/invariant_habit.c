/* SPDX-License-Identifier: Apache-2.0 */
/* Habits of a client: how often it wakes, what it asks for, whose turn it is (I19, I20, I21, I29).
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/ladder.h"
#include "sim/invariant_inside.h"
#include "sim/memory.h"

#define MOST_TROUBLES 5 /* from the sixth on a node leaves 32 turns to others */

void invariant_woke(struct invariant *v, unsigned host)
{
    struct invariant_host *h = &v->hosts[host];
    int64_t now_ns = v->world->now_ns;
    int64_t *oldest = &h->woke_ns[h->woke++ % INVARIANT_WAKES];

    if (h->woke > INVARIANT_WAKES && now_ns - *oldest < 60 * NS_PER_S)
        invariant_broken(v, 19, "the client woke %d times within %.3f s", INVARIANT_WAKES + 1,
                         invariant_seconds(now_ns - *oldest));
    *oldest = now_ns;
}

/* Counters are the whole of struct stats. */
void invariant_counters(struct invariant *v, unsigned host, const struct stats *stats)
{
    const uint64_t *now = (const uint64_t *)stats;
    uint64_t *before = (uint64_t *)&v->hosts[host].stats;

    for (size_t i = 0; i < sizeof *stats / sizeof *now; i++)
        if (now[i] < before[i])
            invariant_broken(v, 20, "counter %zu went from %llu to %llu", i + 1,
                             (unsigned long long)before[i], (unsigned long long)now[i]);
    v->hosts[host].stats = *stats;
}

/* ---- turns ---- */

static struct invariant_node *node_of(struct invariant_host *h, const char *node_id)
{
    for (unsigned i = 0; i < h->node_count; i++)
        if (strcmp(h->nodes[i].id, node_id) == 0)
            return &h->nodes[i];
    h->nodes = memory_grown(h->nodes, h->node_count + 1, sizeof *h->nodes);
    h->nodes[h->node_count] = (struct invariant_node){.known = false};
    snprintf(h->nodes[h->node_count].id, sizeof h->nodes->id, "%s", node_id);
    return &h->nodes[h->node_count++];
}

void invariant_known(struct invariant *v, unsigned host, const char *node_id)
{
    node_of(&v->hosts[host], node_id)->known = true;
}

void invariant_troubled(struct invariant *v, unsigned host, const char *node_id)
{
    node_of(&v->hosts[host], node_id)->troubles++;
    if (v->hosts[host].node_count > 1)
        invariant_mark(v, MARK_NODE_TROUBLED);
}

void invariant_served(struct invariant *v, unsigned host, const char *node_id)
{
    node_of(&v->hosts[host], node_id)->troubles = 0;
}

/* Turns of each other node that may come between two of this one. */
static unsigned most_between(const struct invariant_node *n)
{
    return n->troubles == 0 ? 1 : n->troubles > MOST_TROUBLES ? 33 : (1u << (n->troubles - 1)) + 1;
}

static void check_turn(struct invariant *v, struct invariant_host *h, const char *node_id)
{
    struct invariant_node *n = node_of(h, node_id);
    size_t place = (size_t)(n - h->nodes);

    memset(n->since, 0, sizeof n->since);
    for (unsigned i = 0; i < h->node_count; i++) {
        struct invariant_node *other = &h->nodes[i];

        if (i == place || !other->known)
            continue;
        if (++other->since[place] > most_between(other))
            invariant_broken(v, 29, "node %s has its turn number %u since the last one of node %s",
                             node_id, other->since[place], other->id);
    }
}

/* ---- difficulty ---- */

static void check_asked(struct invariant *v, struct invariant_host *h, enum difficulty asked)
{
    unsigned rung = ladder_rung(asked), first = ladder_rung(LADDER_FIRST);
    unsigned most = h->assigned + 1 > first ? h->assigned + 1 : first;

    if (rung < h->asked)
        invariant_mark(v, MARK_LESS_DIFFICULT);
    h->asked = rung;
    /* A batch goes on with what it began with. */
    if (!h->profile->batch && !h->has_limit && h->barred && rung >= h->bar && rung > 0)
        invariant_broken(v, 21, "%s is asked for, and the last task as hard was too much",
                         difficulty_name(asked));
    if (h->has_limit && rung > ladder_rung(h->limit))
        invariant_broken(v, 21, "%s is asked for, %s is the user's limit", difficulty_name(asked),
                         difficulty_name(h->limit));
    else if (!h->has_limit && rung > most)
        invariant_broken(v, 21, "%s is asked for, more than a step above all that was ever done",
                         difficulty_name(asked));
}

void invariant_too_hard(struct invariant_host *h, unsigned rung)
{
    h->bar = h->barred && h->bar < rung ? h->bar : rung;
    h->barred = true;
}

void invariant_accepted(struct invariant_host *h)
{
    h->barred = false;
}

void invariant_limited(struct invariant *v, unsigned host, enum difficulty limit)
{
    v->hosts[host].has_limit = true;
    v->hosts[host].limit = limit;
}

void invariant_asked(struct invariant *v, unsigned host, uint64_t id, struct bytes body)
{
    struct wire_memory memory = {0};
    struct invariant_host *h = &v->hosts[host];
    struct wire_fetch m;

    if (wire_decode_fetch(&m, &memory, body, WIRE_MAX_RESPONSE, NULL) == ST_OK) {
        check_asked(v, h, m.max_difficulty);
        if (!h->profile->batch) {
            check_turn(v, h, m.node_id);
            h->read[ROUTE_FETCH].id = id;
            h->read[ROUTE_FETCH].place = (size_t)(node_of(h, m.node_id) - h->nodes);
        }
    }
    wire_memory_fini(&memory);
}
