/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/turns.h"

#include <string.h>

void turns_init(struct turns *t)
{
    memset(t, 0, sizeof *t);
}

static uint64_t id_of(const struct judge_case *c, enum turns_kind kind)
{
    switch (kind) {
    case TURNS_USER:
        return c->party;
    case TURNS_NODE:
        return c->node;
    default:
        return c->address;
    }
}

/* Users and nodes count up from 0, addresses are mixed already. */
static size_t set_of(enum turns_kind kind, uint64_t id)
{
    return (size_t)(((id + kind) * UINT64_C(0x9e3779b97f4a7c15)) >> 56) % TURNS_SETS;
}

static struct turns_party *find(const struct turns *t, enum turns_kind kind, uint64_t id)
{
    const struct turns_party *set = t->parties[set_of(kind, id)];

    for (size_t i = 0; i < TURNS_WAYS; i++)
        if (set[i].served && set[i].kind == kind && set[i].id == id)
            return (struct turns_party *)&set[i];
    return NULL;
}

static uint32_t strikes_of(const struct turns *t, const struct judge_case *c, enum turns_kind kind)
{
    const struct turns_party *p = find(t, kind, id_of(c, kind));

    return p ? p->strikes : 0;
}

struct turns_rank turns_rank(const struct turns *t, const struct judge_case *c, uint64_t number)
{
    const struct turns_party *user = find(t, TURNS_USER, c->party);
    struct turns_rank r = {.served = user ? user->served : 0, .number = number};

    r.strikes[TURNS_USER] = user ? user->strikes : 0;
    r.strikes[TURNS_NODE] = strikes_of(t, c, TURNS_NODE);
    r.strikes[TURNS_ADDRESS] = c->credited ? 0 : strikes_of(t, c, TURNS_ADDRESS);
    return r;
}

bool turns_before(const struct turns_rank *x, const struct turns_rank *y)
{
    for (int kind = 0; kind < TURNS_KINDS; kind++)
        if (x->strikes[kind] != y->strikes[kind])
            return x->strikes[kind] < y->strikes[kind];
    return x->served != y->served ? x->served < y->served : x->number < y->number;
}

bool turns_displaces(const struct turns_rank *x, const struct turns_rank *y)
{
    for (int kind = 0; kind < TURNS_KINDS; kind++)
        if (x->strikes[kind] != y->strikes[kind])
            return x->strikes[kind] < y->strikes[kind];
    return false;
}

void turns_serve(struct turns *t, const struct judge_case *c)
{
    t->turn++;
    for (enum turns_kind kind = 0; kind < TURNS_KINDS; kind++) {
        const uint64_t id = id_of(c, kind);
        struct turns_party *p = find(t, kind, id);

        if (!p) {
            struct turns_party *set = t->parties[set_of(kind, id)];

            p = set;
            for (size_t i = 1; i < TURNS_WAYS; i++)
                if (set[i].served < p->served)
                    p = &set[i];
            *p = (struct turns_party){.id = id, .kind = kind};
        }
        p->served = t->turn;
    }
}

void turns_judged(struct turns *t, const struct judge_case *c, enum status verdict)
{
    for (enum turns_kind kind = 0; kind < TURNS_KINDS; kind++) {
        struct turns_party *p = find(t, kind, id_of(c, kind));

        if (!p) /* forgotten meanwhile */
            continue;
        if (verdict == ST_OK)
            p->strikes /= 2;
        else if ((verdict == ST_INVALID || verdict == ST_INPUT) && p->strikes < TURNS_MOST_STRIKES)
            p->strikes++;
    }
}
