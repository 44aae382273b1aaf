/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/exhaustive.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct search {
    const struct scenario *scenario;
    struct prover_sim *prover;
    const struct run_options *options;
    unsigned most;
    struct exhaustive_result *result;
    struct progress *progress;
    struct scenario_choice chosen[EXHAUSTIVE_MOST];
};

/* Choices of what is handed out and how long it takes are no faults. A reset that is early is the
 * milder one of two: the other one is looked at. */
static bool is_fault(const struct choice_tape *t, const struct choice_note *n)
{
    static const char *const others[] = {"tasks", "start", "judge",  "reset is early",
                                         "waits", "write", "jitter", "crash"};
    const char *lane = choice_lane_name(t, n);

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(lane, others[i]))
            return strncmp(lane, "fault ", 6) == 0;
    return true;
}

static void keep_failure(struct search *s, unsigned count, const struct run_result *run)
{
    struct exhaustive_result *r = s->result;
    struct exhaustive_failure *f;

    r->failed++;
    if (r->failure_count == EXHAUSTIVE_SHOWN)
        return;
    f = &r->failures[r->failure_count++];
    *f = (struct exhaustive_failure){.count = count, .run = *run};
    memcpy(f->choices, s->chosen, sizeof f->choices);
}

static enum status follow(struct search *s, unsigned count, struct why *why);

/* One more fault at each place behind the last one. */
static enum status place_next(struct search *s, unsigned count, const struct choice_tape *tape,
                              struct why *why)
{
    const struct scenario_choice *last = count ? &s->chosen[count - 1] : NULL;
    bool behind = last == NULL;
    enum status st = ST_OK;

    for (size_t i = 0; i < tape->count && !st; i++) {
        const struct choice_note *n = &tape->notes[i];
        const char *lane = choice_lane_name(tape, n);

        if (!behind) {
            behind = n->number == last->number && strcmp(lane, last->lane) == 0;
            continue;
        }
        if (n->most != 1 || n->value || !is_fault(tape, n))
            continue;
        s->chosen[count] = (struct scenario_choice){.number = n->number, .value = 1};
        snprintf(s->chosen[count].lane, SCENARIO_TEXT, "%s", lane);
        s->result->places += count == 0;
        st = follow(s, count + 1, why);
    }
    return st;
}

static enum status follow(struct search *s, unsigned count, struct why *why)
{
    struct scenario scenario = *s->scenario;
    struct run_options o = *s->options;
    struct choice_tape tape = {.count = 0};
    struct run_result run;
    enum status st;

    scenario.tape_written = true;
    scenario.choices = s->chosen;
    scenario.choice_count = count;
    o.tape = &tape;
    st = run_once(&run, &scenario, s->prover, &o, why);
    if (st)
        goto out;
    s->result->runs++;
    progress_step(s->progress, run.broken != 0);
    s->result->events += run.events;
    if (run.broken)
        keep_failure(s, count, &run);
    else if (count < s->most)
        st = place_next(s, count, &tape, why);
out:
    choice_tape_fini(&tape);
    return st;
}

enum status exhaustive_run(struct exhaustive_result *out, const struct scenario *s,
                           struct prover_sim *prover, const struct run_options *o, unsigned most,
                           struct progress *progress, struct why *why)
{
    struct exhaustive_result result = {.runs = 0};
    struct search search = {
        .scenario = s, .prover = prover, .options = o, .most = most, .result = &result,
        .progress = progress};
    enum status st;

    assert(most <= EXHAUSTIVE_MOST);
    st = follow(&search, 0, why);
    if (!st)
        *out = result;
    return st;
}
