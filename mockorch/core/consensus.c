/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/consensus.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool is_live(const struct task *t)
{
    return t->state == TASK_OPEN || t->state == TASK_HELD;
}

static bool has(const struct consensus *g, uint32_t node)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->members[i]->node == node)
            return true;
    return false;
}

struct task *consensus_seat(const struct assignment *a, uint32_t node, enum difficulty hardest,
                            int64_t now_ns)
{
    for (const struct consensus *g = a->groups; g; g = g->next) {
        struct task *first = g->members[0];

        if (g->count < g->wanted && !g->decided[0] && first->expires_ns > now_ns &&
            first->difficulty <= hardest && !has(g, node))
            return first;
    }
    return NULL;
}

/* At the end: the oldest group is filled first. */
enum status consensus_start(struct assignment *a, struct task *t, uint32_t wanted, struct why *why)
{
    struct consensus *g = calloc(1, sizeof *g), **at = &a->groups;

    assert(wanted > 1 && wanted <= SETTINGS_MOST_CONSENSUS);
    if (!g)
        return fail(why, ST_NO_MEMORY, "consensus: out of memory");
    g->wanted = wanted;
    while (*at)
        at = &(*at)->next;
    *at = g;
    consensus_join(g, t);
    return ST_OK;
}

void consensus_join(struct consensus *g, struct task *t)
{
    assert(g->count < g->wanted);
    g->members[g->count++] = t;
    g->live += is_live(t);
    t->group = g;
}

bool consensus_decide(struct consensus *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t same = 0;

        for (uint32_t k = 0; k < g->count && g->members[i]->state == TASK_HELD; k++)
            same += g->members[k]->state == TASK_HELD &&
                    strcmp(g->members[k]->proof_hash, g->members[i]->proof_hash) == 0;
        if (2 * same > g->wanted) {
            memcpy(g->decided, g->members[i]->proof_hash, sizeof g->decided);
            return true;
        }
    }
    return false;
}

static void dissolve(struct assignment *a, struct consensus *g)
{
    struct consensus **at = &a->groups;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    for (uint32_t i = 0; i < g->count; i++)
        g->members[i]->group = NULL;
    free(g);
}

void consensus_left(struct assignment *a, struct task *t)
{
    if (t->group && --t->group->live == 0)
        dissolve(a, t->group);
}

void consensus_settle(struct assignment *a)
{
    struct consensus *next;

    for (struct consensus *g = a->groups; g; g = next) {
        next = g->next;
        for (uint32_t i = 0; i < g->count; i++)
            if (g->members[i]->state == TASK_ACCEPTED)
                memcpy(g->decided, g->members[i]->proof_hash, sizeof g->decided);
        if (g->live == 0)
            dissolve(a, g);
    }
}

void consensus_free_all(struct assignment *a)
{
    struct consensus *next;

    for (; a->groups; a->groups = next) {
        next = a->groups->next;
        free(a->groups);
    }
}
