/* SPDX-License-Identifier: Apache-2.0 */
/* The tape of a run: every choice that chance makes in it - what is handed out, what breaks, how
 * long things take - as one sequence of small numbers, of which 0 is the tamest ("nothing
 * happens").
 *
 * A tape lies under the generators of a run (prng_listener). A drawn tape lets the seed decide and
 * notes what it decided. A written one decides itself: the choices that are written on it, and 0
 * for all others, those beyond its end too. Because a choice is named by what it is about and its
 * number there ("fault submit_429", 3), taking one away leaves the others in their places.
 *
 * Source:  simulation.md 2, 4 (one tape drives data, schedule and faults).
 * Owner:   heap inside (choice_tape_fini, safe on a zeroed value); what is written is borrowed.
 */
#pragma once
#include "base/prng.h"
#include "mockorch/scenario/scenario.h"

struct choice_note {
    unsigned lane;
    uint64_t number; /* in the lane, from 1 */
    uint64_t value, most;
};

struct choice_lane {
    char name[SCENARIO_TEXT];
    uint64_t asked;
    size_t written; /* the next of this lane that may be meant */
};

struct choice_tape {
    bool is_written;
    const struct scenario_choice *written;
    size_t written_count;
    struct choice_lane *lanes;
    unsigned lane_count, lane_capacity;
    /* In the order of asking: whatever is not 0, and all that are yes or no. */
    struct choice_note *notes;
    size_t count, capacity;
};

/* Of one generator. */
struct choice_listener {
    struct prng_listener base; /* first, so that a cast back is valid */
    struct choice_tape *tape;
    char owner[32];
};

void choice_tape_fini(struct choice_tape *t);
/* For the generator's listener; NULL when there is no tape. */
struct prng_listener *choice_listen(struct choice_listener *l, struct choice_tape *t,
                                    const char *owner);
/* A choice without a generator. */
uint64_t choice_ask(struct choice_tape *t, const char *lane, uint64_t drawn, uint64_t most);

const char *choice_lane_name(const struct choice_tape *t, const struct choice_note *note);
