/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual time: what will happen lies in a heap; the earliest happens next and time jumps there.
 * Among events of one time the one planned first comes first, so that a seed is a run.
 *
 * Everything worth knowing about a run is noted: the notes are hashed, and written to a file when
 * there is one. Two runs of one seed have equal hashes, or something in them is not a function of
 * the seed.
 *
 * Source:  simulation.md 2; design.md decision 6, tier A.
 * Units:   nanoseconds since the start of the run.
 * Owner:   world_fini drops what is still planned.
 */
#pragma once
#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/prng.h"

typedef void world_fire(void *context, uint64_t id, void *payload);

struct world_event {
    int64_t at_ns;
    world_fire *fire;
    void (*drop)(void *payload); /* instead of fire, when the world ends before; may be NULL */
    void *context;
    uint64_t id;
    void *payload;
    uint64_t order; /* the world's */
};

struct world {
    int64_t now_ns;
    uint64_t events; /* that happened */
    uint64_t hash;
    FILE *trace; /* may be NULL */
    void (*settle)(void *context); /* called behind each event; may be NULL */
    void *settle_context;
    struct prng seeds;
    struct world_event *heap;
    size_t count, capacity;
    uint64_t planned;
    uint64_t happened; /* order of the event that happened last */
};

void world_init(struct world *w, uint64_t seed, FILE *trace);
void world_fini(struct world *w);

/* Not before now. */
void world_plan(struct world *w, const struct world_event *ev);
/* The next event happens; false when there is none until then (time does not move). */
bool world_step(struct world *w, int64_t until_ns);

void world_note(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A generator for one part of the run. */
struct prng world_prng(struct world *w, uint64_t label);

/* A quick 64-bit hash for telling bodies apart; no protection against anybody. */
uint64_t world_hash(struct bytes b);
