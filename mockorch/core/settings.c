/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/settings.h"

#include <string.h>

#include "base/clock.h"
#include "proto/utf8.h"

/* Ten years: far beyond any run, and sums of a few of them stay far below 2^63. */
#define LONGEST_NS (INT64_C(3652) * 86400 * NS_PER_S)

static const struct settings_program fib = {
    .id = "fib", .weight = 1, .n = {1, 40}, .a = {0, 1000}, .b = {0, 1000}};

void settings_init(struct settings *s)
{
    *s = (struct settings){
        .seed = 1,
        .fetches_per_window = 3,
        .window_ns = 180 * NS_PER_S,
        .refusals_per_window = 100,
        .refusal_gap_ns = 500 * NS_PER_MS,
        .fetches_per_node = {0, 180 * NS_PER_S},
        .fetches_per_key = {0, 180 * NS_PER_S},
        .fetches_per_address = {0, 180 * NS_PER_S},
        .task_expiry_ns = 600 * NS_PER_S,
        .nodes_per_user = 100,
        .nodes_per_day = 50,
        .idle_retry_ns = 60 * NS_PER_S,
        .max_submission_bytes = WIRE_MAX_SUBMISSION,
        .closed_tasks_kept = 100000,
        .credits_kept = 100000,
        .requests_kept = 1000,
        .programs = {fib},
        .program_count = 1,
        .inputs_per_task = {1, 1},
        .type_weights = {1, 0, 0},
        .difficulty_ceiling = DIFFICULTY_EXTRA_LARGE_5,
        .reputation = {.start = DIFFICULTY_SMALL},
        .judging = JUDGING_FULL,
    };
}

static enum status check_range(struct settings_range r, const char *name, struct why *why)
{
    if (r.low > r.high)
        return fail(why, ST_INPUT, "%s: %u is above %u", name, r.low, r.high);
    return ST_OK;
}

static enum status check_span(int64_t ns, const char *name, struct why *why)
{
    if (ns <= 0 || ns > LONGEST_NS)
        return fail(why, ST_INPUT, "%s: must be above 0 and at most ten years", name);
    return ST_OK;
}

static enum status check_programs(const struct settings *s, struct why *why)
{
    uint64_t weights = 0;
    enum status st = ST_OK;

    if (s->program_count == 0 || s->program_count > SETTINGS_MAX_PROGRAMS)
        return fail(why, ST_INPUT, "programs: 1 to %d are possible", SETTINGS_MAX_PROGRAMS);
    for (uint32_t i = 0; i < s->program_count && !st; i++) {
        const struct settings_program *p = &s->programs[i];

        weights += p->weight;
        if (!p->id[0])
            return fail(why, ST_INPUT, "programs: one has no id");
        st = check_range(p->n, "programs: n", why);
        for (size_t bucket = 0; bucket < SETTINGS_BUCKETS && !st; bucket++)
            st = check_range(p->n_of[bucket], "programs: n of a difficulty", why);
        if (!st)
            st = check_range(p->a, "programs: a", why);
        if (!st)
            st = check_range(p->b, "programs: b", why);
    }
    if (!st && weights == 0)
        st = fail(why, ST_INPUT, "programs: all weights are 0");
    return st;
}

static enum status check_allowance(uint32_t limit, int64_t window_ns, const char *name,
                                   struct why *why)
{
    if (limit > 1000000)
        return fail(why, ST_INPUT, "%s: at most 1000000 per window (0: no limit)", name);
    if (limit && window_ns / limit == 0)
        return fail(why, ST_INPUT, "%s: the window is too short for so many", name);
    return ST_OK;
}

static enum status check_allowances(const struct settings *s, struct why *why)
{
    const struct {
        const char *name;
        uint32_t limit;
        int64_t window_ns;
    } all[] = {
        {"fetches_per_window", s->fetches_per_window, s->window_ns},
        {"submissions_per_window", s->submissions_per_window, s->window_ns},
        {"refusals_per_window", s->refusals_per_window, s->window_ns},
        {"node_fetches", s->fetches_per_node.limit, s->fetches_per_node.window_ns},
        {"key_fetches", s->fetches_per_key.limit, s->fetches_per_key.window_ns},
        {"address_fetches", s->fetches_per_address.limit, s->fetches_per_address.window_ns},
    };
    enum status st = ST_OK;

    for (size_t i = 0; i < sizeof all / sizeof *all && !st; i++) {
        st = check_span(all[i].window_ns, i < 3 ? "window" : all[i].name, why);
        if (!st)
            st = check_allowance(all[i].limit, all[i].window_ns, all[i].name, why);
    }
    return st;
}

static int64_t longer(uint32_t limit, int64_t window_ns, int64_t longest_ns)
{
    return limit && window_ns > longest_ns ? window_ns : longest_ns;
}

int64_t settings_longest_window_ns(const struct settings *s)
{
    int64_t ns = longer(s->fetches_per_window, s->window_ns, 0);

    ns = longer(s->submissions_per_window, s->window_ns, ns);
    ns = longer(s->fetches_per_node.limit, s->fetches_per_node.window_ns, ns);
    ns = longer(s->fetches_per_key.limit, s->fetches_per_key.window_ns, ns);
    return longer(s->fetches_per_address.limit, s->fetches_per_address.window_ns, ns);
}

size_t settings_bucket(enum difficulty d)
{
    size_t bucket = 0;

    for (; d != DIFFICULTY_SMALL; d = difficulty_down(d))
        bucket++;
    return bucket;
}

enum status settings_check(const struct settings *s, struct why *why)
{
    enum status st = check_programs(s, why);

    if (!st)
        st = check_allowances(s, why);
    if (!st)
        st = check_span(s->task_expiry_ns, "task_expiry", why);
    if (!st)
        st = check_span(s->idle_retry_ns, "idle_retry", why);
    if (!st)
        st = check_range(s->inputs_per_task, "inputs_per_task", why);
    if (st)
        return st;
    if (s->inputs_per_task.low == 0 || s->inputs_per_task.high > WIRE_MAX_INPUTS)
        return fail(why, ST_INPUT, "inputs_per_task: 1 to %d are possible", WIRE_MAX_INPUTS);
    if ((uint64_t)s->type_weights[0] + s->type_weights[1] + s->type_weights[2] == 0)
        return fail(why, ST_INPUT, "task_types: all weights are 0");
    if (!difficulty_known((int)s->difficulty_ceiling))
        return fail(why, ST_INPUT, "difficulty_ceiling: %d is no bucket",
                    (int)s->difficulty_ceiling);
    if (!(s->difficulty_drop >= 0 && s->difficulty_drop <= 1))
        return fail(why, ST_INPUT, "difficulty_drop: a chance is 0 to 1");
    if (s->refusal_gap_ns < 0 || s->refusal_gap_ns > 3600 * NS_PER_S)
        return fail(why, ST_INPUT, "refusal_gap: at most 1h (0s: no refusal is held back)");
    if (s->consensus > SETTINGS_MOST_CONSENSUS)
        return fail(why, ST_INPUT, "consensus: at most %d nodes", SETTINGS_MOST_CONSENSUS);
    if (!difficulty_known((int)s->reputation.start))
        return fail(why, ST_INPUT, "reputation_start: %d is no bucket", (int)s->reputation.start);
    if (s->credits_kept == 0 || s->credits_kept > 100000000)
        return fail(why, ST_INPUT, "credits_kept: 1 to 100000000 are possible");
    if (s->requests_kept > 1000000)
        return fail(why, ST_INPUT, "requests_kept: at most 1000000");
    if (s->max_submission_bytes == 0 || s->max_submission_bytes > WIRE_MAX_SUBMISSION)
        return fail(why, ST_INPUT, "max_submission_bytes: 1 to %zu are possible",
                    WIRE_MAX_SUBMISSION);
    return ST_OK;
}

enum status settings_add_program(struct settings *s, const char *id, struct why *why)
{
    size_t length = strlen(id);
    struct settings_program p = fib;

    if (length == 0 || length >= SETTINGS_PROGRAM_SIZE || !utf8_valid(bytes_of_text(id)))
        return fail(why, ST_INPUT, "program '%s': a name of 1 to %d bytes of UTF-8 is needed", id,
                    SETTINGS_PROGRAM_SIZE - 1);
    if (s->program_count >= SETTINGS_MAX_PROGRAMS)
        return fail(why, ST_INPUT, "program '%s': at most %d are possible", id,
                    SETTINGS_MAX_PROGRAMS);
    memcpy(p.id, id, length + 1);
    s->programs[s->program_count++] = p;
    return ST_OK;
}
