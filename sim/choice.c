/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"

void choice_tape_fini(struct choice_tape *t)
{
    free(t->lanes);
    free(t->notes);
    *t = (struct choice_tape){.is_written = false};
}

static unsigned lane_of(struct choice_tape *t, const char *name)
{
    for (unsigned i = 0; i < t->lane_count; i++)
        if (strcmp(t->lanes[i].name, name) == 0)
            return i;
    if (t->lane_count == t->lane_capacity) {
        t->lane_capacity = t->lane_capacity ? 2 * t->lane_capacity : 32;
        t->lanes = memory_grown(t->lanes, t->lane_capacity, sizeof *t->lanes);
    }
    t->lanes[t->lane_count] = (struct choice_lane){.asked = 0};
    snprintf(t->lanes[t->lane_count].name, SCENARIO_TEXT, "%s", name);
    return t->lane_count++;
}

static void note(struct choice_tape *t, const struct choice_note *n)
{
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? 2 * t->capacity : 256;
        t->notes = memory_grown(t->notes, t->capacity, sizeof *t->notes);
    }
    t->notes[t->count++] = *n;
}

/* What is written is mostly in order: the search goes on where it last ended. */
static uint64_t written_value(const struct choice_tape *t, struct choice_lane *lane)
{
    for (size_t i = 0; i < t->written_count; i++) {
        size_t at = (lane->written + i) % t->written_count;
        const struct scenario_choice *c = &t->written[at];

        if (c->number == lane->asked && strcmp(c->lane, lane->name) == 0) {
            lane->written = at;
            return c->value;
        }
    }
    return 0;
}

uint64_t choice_ask(struct choice_tape *t, const char *name, uint64_t drawn, uint64_t most)
{
    struct choice_note n = {.lane = lane_of(t, name), .value = drawn, .most = most};
    struct choice_lane *lane = &t->lanes[n.lane];

    n.number = ++lane->asked;
    if (t->is_written) {
        n.value = written_value(t, lane);
        n.value = n.value > most ? most : n.value;
    }
    if (n.value || most == 1)
        note(t, &n);
    return n.value;
}

static uint64_t choose(struct prng_listener *listener, uint64_t drawn, uint64_t most)
{
    struct choice_listener *l = (struct choice_listener *)listener;
    char name[SCENARIO_TEXT];

    snprintf(name, sizeof name, "%s%s%s", l->owner, l->base.place ? " " : "",
             l->base.place ? l->base.place : "");
    return choice_ask(l->tape, name, drawn, most);
}

struct prng_listener *choice_listen(struct choice_listener *l, struct choice_tape *t,
                                    const char *owner)
{
    if (!t)
        return NULL;
    *l = (struct choice_listener){.base.choose = choose, .tape = t};
    snprintf(l->owner, sizeof l->owner, "%s", owner);
    return &l->base;
}

const char *choice_lane_name(const struct choice_tape *t, const struct choice_note *n)
{
    return t->lanes[n->lane].name;
}
