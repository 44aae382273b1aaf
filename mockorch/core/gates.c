/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/gates.h"

static enum status add(struct gates *g, const char *name, struct allowance *a, const char *key,
                       int64_t now_ns, struct why *why)
{
    enum status st;

    if (!a->limit || !*key)
        return ST_OK;
    g->all[g->count].name = name;
    st = allowance_of(a, &g->all[g->count].quota, key, now_ns, why);
    g->count += !st;
    return st;
}

enum status gates_open(struct gates *g, struct orchestrator *o, uint32_t node,
                       const uint8_t key[static SIGNING_PUBLIC_SIZE], const char *peer,
                       int64_t now_ns, struct why *why)
{
    const struct node *n = &o->registry.nodes[node];
    struct quota *of_user = &o->registry.users[n->user].fetches;
    char hex[2 * SIGNING_PUBLIC_SIZE + 1];
    enum status st;

    *g = (struct gates){.count = 0};
    if (of_user->limit)
        g->all[g->count++] = (struct gate){"user", of_user};
    hex_encode(hex, key, SIGNING_PUBLIC_SIZE);
    st = add(g, "node", &o->by_node, n->id, now_ns, why);
    if (!st)
        st = add(g, "key", &o->by_key, hex, now_ns, why);
    if (!st)
        st = add(g, "address", &o->by_address, peer, now_ns, why);
    return st;
}

const struct gate *gates_tightest(const struct gates *g, int64_t now_ns)
{
    const struct gate *tightest = NULL;
    int64_t wait_ns = 0;
    uint32_t left = 0;

    for (size_t i = 0; i < g->count; i++) {
        int64_t wait = quota_wait_ns(g->all[i].quota, now_ns);
        uint32_t still = quota_left(g->all[i].quota, now_ns);

        if (tightest && (wait < wait_ns || (wait == wait_ns && still >= left)))
            continue;
        tightest = &g->all[i];
        wait_ns = wait;
        left = still;
    }
    return tightest;
}

void gates_spend(struct gates *g, int64_t now_ns)
{
    for (size_t i = 0; i < g->count; i++)
        quota_spend(g->all[i].quota, now_ns);
}

enum status gates_replay(struct orchestrator *o, const struct task *t, struct why *why)
{
    struct gates g;
    enum status st = gates_open(&g, o, t->node, t->public_key, t->peer, t->assigned_ns, why);

    for (size_t i = 0; i < g.count && !st; i++)
        quota_replay(g.all[i].quota, t->assigned_ns);
    return st;
}
