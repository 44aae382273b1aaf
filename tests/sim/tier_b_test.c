/* SPDX-License-Identifier: Apache-2.0 */
/* Tier B against tier A: the same scenario and seed must come out the same. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/run.h"
#include "sim/shelf.h"
#include "tests/sim/prover.h"

/* Timers of libevent have microseconds, those of libcurl milliseconds, and libcurl looks at a
 * transfer that stands still once a second. */
#define TOLERANCE_NS (500 * NS_PER_MS)
#define MOST_SENT    4096

static struct scenario *shelved(const char *name)
{
    struct scenario *s;
    struct why why;

    if (shelf_take(&s, name, &why) || run_check(s, &why) || tier_b.check(s, &why))
        fail_msg("%s: %s", name, why.text);
    return s;
}

static struct scenario *scenario_of(const char *yaml)
{
    struct scenario *s;
    struct why why;

    if (scenario_parse(&s, bytes_of_text(yaml), &why))
        fail_msg("%s", why.text);
    return s;
}

static struct run_result run(const struct scenario *s, struct run_options o)
{
    struct run_result result;
    struct why why;

    if (run_once(&result, s, prover, &o, &why))
        fail_msg("%s", why.text);
    return result;
}

/* ---- what was sent, and when ---- */

struct sent {
    int64_t at_ns;
    unsigned client;
    char method[8], path[64];
};

struct story {
    struct run_result result;
    struct sent sent[MOST_SENT];
    size_t count;
};

static void read_line(struct story *out, const char *line)
{
    struct sent *s = &out->sent[out->count];
    unsigned long long seconds, rest, id;

    if (sscanf(line, "%llu.%9llu client %u sends %llu %7s %63s", &seconds, &rest, &s->client, &id,
               s->method, s->path) != 6)
        return;
    s->at_ns = (int64_t)seconds * NS_PER_S + (int64_t)rest;
    assert_true(++out->count < MOST_SENT);
}

static struct story *story_of(const struct scenario *s, struct run_options o)
{
    struct story *story = calloc(1, sizeof *story);
    char *text = NULL;
    size_t size = 0;

    o.trace = open_memstream(&text, &size);
    assert_non_null(o.trace);
    story->result = run(s, o);
    fclose(o.trace);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        read_line(story, line);
    free(text);
    return story;
}

static void assert_agree(const struct story *a, const struct story *b, const char *name)
{
    static const enum run_metric same[] = {RUN_CREDITS,     RUN_ACCEPTED,       RUN_REFUSED,
                                           RUN_UNKNOWN,     RUN_ABANDONED,      RUN_FETCHED,
                                           RUN_REQUESTS,    RUN_FETCH_REQUESTS, RUN_SUBMIT_REQUESTS,
                                           RUN_PROOFS_LOST, RUN_KILLS};
    unsigned long long seed = a->result.seed;

    if (a->result.broken || b->result.broken)
        fail_msg("%s seed %llu: %s%s", name, seed, a->result.text, b->result.text);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (a->result.metrics[same[i]] != b->result.metrics[same[i]])
            fail_msg("%s seed %llu: %s is %llu in tier A, %llu in tier B", name, seed,
                     run_metric_name(same[i]), (unsigned long long)a->result.metrics[same[i]],
                     (unsigned long long)b->result.metrics[same[i]]);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct sent *x = &a->sent[i], *y = &b->sent[i];

        if (x->client != y->client || strcmp(x->path, y->path) != 0 ||
            strcmp(x->method, y->method) != 0 || llabs(x->at_ns - y->at_ns) > TOLERANCE_NS)
            fail_msg(
                "%s seed %llu: request %zu is %s at %lld ns in tier A, %s at %lld ns in tier B",
                name, seed, i, x->path, (long long)x->at_ns, y->path, (long long)y->at_ns);
    }
}

static void compare(const char *name, uint64_t seeds, bool tls)
{
    struct scenario *s = shelved(name);

    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct story *a = story_of(s, (struct run_options){.seed = seed});
        struct story *b =
            story_of(s, (struct run_options){.seed = seed, .tier = &tier_b, .tls = tls});

        assert_agree(a, b, name);
        free(a);
        free(b);
    }
    scenario_free(s);
}

static void both_tiers_send_the_same_at_the_same_time_and_earn_the_same(void **state)
{
    static const struct {
        const char *name;
        uint64_t plain, tls; /* seeds */
    } table[] = {{"rate_limits", 60, 30},    {"lost_answers", 60, 30}, {"repeated_work", 40, 20},
                 {"many_nodes", 30, 15},     {"outage", 30, 15},       {"seed_batches", 20, 10},
                 {"slow_uplink", 0, 5},      {"odd_heads", 10, 5},     {"redirects", 10, 5},
                 {"rolling_restart", 10, 5}, {"power_cuts", 10, 5},    {"lying_disk", 10, 5},
                 {"consensus", 10, 5}};
    uint64_t seeds = 0;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        compare(table[i].name, NXP_INSTRUMENTED ? 3 : table[i].plain, false);
        compare(table[i].name, NXP_INSTRUMENTED ? 1 : table[i].tls, true);
        seeds += table[i].plain + table[i].tls;
    }
    assert_true(seeds >= 400);
}

/* All that tier B can carry out; a month takes it ten seconds, so that one only where time is left.
 */
static void every_scenario_that_is_built_in_comes_out_the_same(void **state)
{
    size_t compared = 0;

    (void)state;
    for (size_t i = 0; i < shelf_count(); i++) {
        const char *name = shelf_at(i).name;
        struct scenario *s;
        bool able;

        assert_int_equal(shelf_take(&s, name, NULL), ST_OK);
        able = tier_b.check(s, NULL) == ST_OK && s->heal_ns <= 2 * 24 * 3600 * NS_PER_S;
        scenario_free(s);
        if (!able || strcmp(name, "swarm") == 0)
            continue;
        compare(name, NXP_INSTRUMENTED ? 1 : 2, false);
        compare(name, 1, true);
        compared++;
    }
    assert_true(compared >= 55);
}

static void one_seed_is_one_trace_with_tls_or_without(void **state)
{
    struct scenario *s = shelved("lost_answers");

    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct run_options o = {.seed = seed, .tier = &tier_b};
        uint64_t first = run(s, o).hash, second = run(s, o).hash, third = run(s, o).hash;

        assert_true(first == second && second == third);
        o.tls = true;
        first = run(s, o).hash;
        second = run(s, o).hash;
        assert_true(first == second);
    }
    scenario_free(s);
}

static void a_planted_mistake_is_found_by_the_number_that_tier_a_says(void **state)
{
    static const struct {
        enum host_bug bug;
        const char *scenario;
        uint64_t seed;
    } table[] = {{HOST_DEAF, "rate_limits", 1},
                 {HOST_FORGETFUL, "rate_limits", 1},
                 {HOST_WASTEFUL, "many_nodes", 14}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scenario *s = shelved(table[i].scenario);
        struct run_options o = {.seed = table[i].seed, .bug = table[i].bug};
        int broken = run(s, o).broken;

        o.tier = &tier_b;
        assert_int_not_equal(broken, 0);
        assert_int_equal(run(s, o).broken, broken);
        scenario_free(s);
    }
}

/* What becomes of an answer tier A draws at the moment when the orchestrator decides on it; in tier B
 * a delayed or dripping one meets what begins meanwhile: a clog, a restart. In one seed of four of a
 * swarm that matters. The rules hold all the same. */
static void a_swarm_holds_in_tier_b_too(void **state)
{
    struct scenario *s = shelved("swarm");

    (void)state;
    for (uint64_t seed = 1; seed <= (NXP_INSTRUMENTED ? 2 : 20); seed++) {
        struct run_result result =
            run(s, (struct run_options){.seed = seed, .tier = &tier_b, .tls = seed % 2 == 0});

        if (result.broken)
            fail_msg("swarm seed %llu: %s", (unsigned long long)seed, result.text);
    }
    scenario_free(s);
}

static void too_many_clients_for_tier_b_are_refused(void **state)
{
    struct scenario *s = scenario_of("name: x\nheal_at: 1s\n"
                                     "clients: [{name: a, count: 100}, {name: b}]\n");
    struct why why = {""};

    (void)state;
    assert_int_equal(tier_b.check(s, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "at most 100 clients"));
    scenario_free(s);
}

static void records_do_not_rot_in_tier_b(void **state)
{
    struct scenario *s;
    struct why why = {""};

    (void)state;
    assert_int_equal(shelf_take(&s, "rotten_disk", NULL), ST_OK);
    assert_int_equal(tier_b.check(s, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "disk_rot is simulated in tier A only"));
    scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_tiers_send_the_same_at_the_same_time_and_earn_the_same),
        cmocka_unit_test(every_scenario_that_is_built_in_comes_out_the_same),
        cmocka_unit_test(one_seed_is_one_trace_with_tls_or_without),
        cmocka_unit_test(a_planted_mistake_is_found_by_the_number_that_tier_a_says),
        cmocka_unit_test(a_swarm_holds_in_tier_b_too),
        cmocka_unit_test(too_many_clients_for_tier_b_are_refused),
        cmocka_unit_test(records_do_not_rot_in_tier_b),
    };

    return cmocka_run_group_tests(tests, make_prover, free_prover);
}
