/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand between the simulation's network and the orchestrator's core instead of a plain
 * call, and behind the model of a disk: the product's own sockets and files (sim/tier_b).
 *
 * Source:  design.md decision 6.
 * Owner:   a tier owns its vaults; everything in the options is borrowed.
 */
#pragma once
#include "mockorch/core/orchestrator.h"
#include "sim/network.h"
#include "sim/vault.h"

struct tier {
    const struct tier_kind *kind;
};

struct tier_options {
    struct world *world;
    struct network *network; /* its `arrive` is replaced */
    struct service *service;
    bool (*turns_away)(struct service *service, struct packet *p); /* asked first; true: it takes it */
    /* Told of each submission when nodes vote, and tells in turn who is credited; otherwise NULL. */
    void (*voted)(struct service *service, const char *task_id);
    struct orchestrator *orchestrator;
    struct judge *judge;
    int64_t judge_ns, judge_jitter_ns;
    int64_t wall_at_zero_ns;
    uint64_t seed;
    bool tls;
    void (*accepted)(void *context, const char *task_id, bool twice);
    void *context;
};

struct tier_kind {
    /* ST_INPUT: the scenario, which has passed run_check, has what it cannot carry out. */
    enum status (*check)(const struct scenario *s, struct why *why);
    enum status (*open)(struct tier **out, const struct tier_options *o, struct why *why);
    enum status (*vault)(struct tier *t, struct vault **out, unsigned host, struct why *why);
    /* The orchestrator's process is gone, with its connections; another one has read its store. */
    void (*stop)(struct tier *t);
    enum status (*start)(struct tier *t, struct orchestrator *o, struct why *why);
    void (*close)(struct tier *t);
    /* An assertion has stopped the run: nothing is sound any more, only files and time are given back. */
    void (*leave)(struct tier *t);
};

extern const struct tier_kind tier_b; /* of sim/tier_b, in a program that links that room */
