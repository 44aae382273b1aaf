/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests a server gets from us in bad times, and how soon it hears of us in good ones.
 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/prng.h"
#include "tests/client/core/story.h"

#define FETCH  "/v3/tasks"
#define SUBMIT "/v3/tasks/submit"
#define HOUR   3600.0

/* A server in two sentences: what is down answers in one of three ways; what is up answers 429 with
 * that probability, or gives a task, or accepts. */
struct server {
    struct story s;
    struct prng rng;
    bool node_down, fetch_down, submit_down;
    bool proving; /* proofs are not done yet */
    double limited;
    double not_before[CORE_ROUTES];
    unsigned early, requests[CORE_ROUTES];
    unsigned tasks;
};

static enum core_route route_of(const char *path)
{
    return strcmp(path, FETCH) == 0    ? CORE_ROUTE_FETCH
           : strcmp(path, SUBMIT) == 0 ? CORE_ROUTE_SUBMIT
                                       : CORE_ROUTE_NODE;
}

static void answer_down(struct server *v)
{
    switch (prng_below(&v->rng, 3)) {
    case 0:
        story_answer(&v->s, 503, NULL, "<html>");
        break;
    case 1:
        story_answer(&v->s, 500, NULL, NULL);
        break;
    default:
        story_break(&v->s, prng_chance(&v->rng, 0.5));
    }
}

static void answer_up(struct server *v, enum core_route route)
{
    char id[24], seconds[24];

    if (prng_chance(&v->rng, v->limited)) {
        int64_t wait_s = prng_between(&v->rng, 1, 300);

        v->not_before[route] = story_time(&v->s) + (double)wait_s;
        snprintf(seconds, sizeof seconds, "%d", (int)wait_s);
        story_answer(&v->s, 429, seconds, NULL);
    } else if (route == CORE_ROUTE_FETCH) {
        snprintf(id, sizeof id, "task-%u", v->tasks++);
        story_give(&v->s, (struct story_task){id, "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    } else {
        story_answer(&v->s, 200, NULL, NULL);
    }
}

static void serve(struct server *v)
{
    bool down[CORE_ROUTES] = {v->node_down, v->fetch_down, v->submit_down};

    while (v->s.request || (v->s.proof && !v->proving)) {
        enum core_route route = route_of(v->s.path);

        if (v->s.proof && !v->proving) {
            story_prove(&v->s, "stand-in");
            continue;
        }
        v->requests[route]++;
        v->early += story_time(&v->s) < v->not_before[route];
        if (down[route])
            answer_down(v);
        else
            answer_up(v, route);
    }
}

static void run_until(struct server *v, double seconds)
{
    serve(v);
    while (story_time(&v->s) < seconds) {
        story_until(&v->s, story_time(&v->s) + 1);
        serve(v);
    }
}

static void begin(struct server *v, uint64_t seed)
{
    *v = (struct server){.rng = prng_of(seed)};
    story_begin(&v->s);
    v->s.options.seed = seed;
}

static void an_hour_of_outage_sees_twenty_requests_per_route_at_most(void **state)
{
    static const struct {
        bool node, fetch, submit;
    } table[] = {
        {.node = true}, {.fetch = true}, {.submit = true}, {.fetch = true, .submit = true}};
    unsigned most[CORE_ROUTES] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (uint64_t seed = 0; seed < 25; seed++) {
            struct server v;
            double from;

            begin(&v, seed);
            v.node_down = table[i].node;
            story_start(&v.s);
            if (!table[i].node) { /* a life before the outage, which meets a proof under way */
                run_until(&v, 2000);
                v.proving = true;
                run_until(&v, 2300);
                v.proving = false;
            }
            v.submit_down = table[i].submit;
            v.fetch_down = table[i].fetch;
            memset(v.requests, 0, sizeof v.requests);
            from = story_time(&v.s);
            run_until(&v, from + HOUR);
            for (int r = 0; r < CORE_ROUTES; r++) {
                bool down = r == CORE_ROUTE_NODE    ? table[i].node
                            : r == CORE_ROUTE_FETCH ? table[i].fetch
                                                    : table[i].submit;

                if (!down)
                    continue;
                assert_in_range(v.requests[r], 5, 20);
                if (v.requests[r] > most[r])
                    most[r] = v.requests[r];
            }
            /* All is well again: everything is sent soon. */
            v.node_down = v.fetch_down = v.submit_down = false;
            run_until(&v, from + HOUR + 1500);
            assert_true(core_stats(v.s.core)->accepted > 0);
            assert_true(core_open_tasks(v.s.core) <= 1);
            story_end(&v.s);
        }
    print_message("requests in an hour of outage, most of 25 runs: node %u, fetch %u, submit %u\n",
                  most[CORE_ROUTE_NODE], most[CORE_ROUTE_FETCH], most[CORE_ROUTE_SUBMIT]);
}

static void thirty_percent_of_429_cost_half_a_request_per_proof_at_most(void **state)
{
    uint64_t accepted = 0, fetches = 0, submissions = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct server v;

        begin(&v, seed);
        v.limited = 0.3;
        story_start(&v.s);
        run_until(&v, 12 * HOUR);
        assert_int_equal(v.early, 0);
        accepted += core_stats(v.s.core)->accepted;
        fetches += core_stats(v.s.core)->fetch_requests;
        submissions += core_stats(v.s.core)->submit_requests;
        assert_int_equal(core_stats(v.s.core)->refused + core_stats(v.s.core)->unknown, 0);
        story_end(&v.s);
    }
    print_message("30 %% of 429: %.1f proofs an hour; per proof %.3f fetches, %.3f submissions\n",
                  (double)accepted / 96, (double)fetches / (double)accepted,
                  (double)submissions / (double)accepted);
    assert_true(accepted > 8 * 12 * 10);
    assert_true((double)fetches <= 1.5 * (double)accepted);
    assert_true((double)submissions <= 1.5 * (double)accepted);
}

static void two_thirds_of_429_on_submissions_cost_no_more_than_the_budget(void **state)
{
    struct server v;
    const struct stats *stats;

    (void)state;
    begin(&v, 3);
    v.limited = 0.66;
    story_start(&v.s);
    run_until(&v, 48 * HOUR);
    stats = core_stats(v.s.core);
    assert_int_equal(v.early, 0);
    assert_true(stats->submit_waits <= 10 + stats->accepted / 2 + 48 * 6);
    assert_true(stats->accepted > 48);
    assert_int_equal(stats->fetched, stats->accepted + core_open_tasks(v.s.core)); /* none lost */
    story_end(&v.s);
}

static void an_hour_of_429_without_a_time_sees_few_requests_too(void **state)
{
    unsigned most[CORE_ROUTES] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 25; seed++)
        for (int limited = CORE_ROUTE_NODE; limited < CORE_ROUTES; limited++) {
            struct server v;

            begin(&v, seed);
            story_start(&v.s);
            for (double t = 1; t <= HOUR; t++) {
                while (v.s.request) {
                    int route = (int)route_of(v.s.path);

                    v.requests[route]++;
                    if (route == limited)
                        story_answer(&v.s, 429, NULL, NULL);
                    else
                        answer_up(&v, (enum core_route)route);
                    if (v.s.proof)
                        story_prove(&v.s, "stand-in");
                }
                story_until(&v.s, t);
            }
            most[limited] =
                v.requests[limited] > most[limited] ? v.requests[limited] : most[limited];
            story_end(&v.s);
        }
    for (int r = 0; r < CORE_ROUTES; r++)
        assert_in_range(most[r], 5, 20);
    print_message("requests in an hour of 429, most of 25 runs: node %u, fetch %u, submit %u\n",
                  most[CORE_ROUTE_NODE], most[CORE_ROUTE_FETCH], most[CORE_ROUTE_SUBMIT]);
}

static void what_a_429_means_is_said_where_the_server_tells(void **state)
{
    static const struct {
        const char *body, *event, *text;
        double wait;
    } table[] = {
        {"{\"message\":\"Rate limit exceeded for user.\"}", "fetch_limited",
         "No task for now (HTTP 429: Rate limit exceeded for user.); the server named no time, "
         "next try in 240 s",
         240},
        {"{\"message\":\"No tasks available\"}", "fetch_no_task",
         "No task is there yet (HTTP 429: No tasks available); the server named no time, next try "
         "in 120 s",
         120}, /* nobody asked too fast */
        {"{\"message\":\"Submission limit exceeded\"}", "fetch_too_fast",
         "The allowance is used up (HTTP 429: Submission limit exceeded); the server named no "
         "time, next try in 240 s",
         240},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct story s;

        story_begin(&s);
        story_start(&s);
        story_answer(&s, 200, NULL, NULL);
        story_expect(&s, HTTP_POST, FETCH);
        story_answer(&s, 429, NULL, table[i].body);
        assert_string_equal(story_line(&s, table[i].event)->text, table[i].text);
        story_until_request(&s, 1000);
        assert_true(story_time(&s) == table[i].wait);
        story_end(&s);
    }
}

static void three_refused_proofs_stop_fetching_and_an_accepted_one_ends_the_doubt(void **state)
{
    static const unsigned statuses[] = {422, 400, 403};
    struct story s;
    char id[] = "A";
    double before;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    for (int i = 0; i < 3; i++, id[0]++) {
        assert_false(story_said(&s, "doubt"));
        story_until_path(&s, FETCH, 1000);
        story_give(&s, (struct story_task){id, "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
        story_prove(&s, "wrong");
        story_until_path(&s, SUBMIT, 1000);
        before = story_time(&s);
        story_answer(&s, statuses[i], NULL, NULL);
    }
    assert_non_null(strstr(story_line(&s, "doubt")->text, "3 proofs in a row were refused"));
    story_until_path(&s, FETCH, 1e5); /* an hour later: one task, and no second one meanwhile */
    assert_true(story_time(&s) == before + HOUR);
    story_give(&s, (struct story_task){"D", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    story_until(&s, story_time(&s) + HOUR);
    assert_false(story_waits(&s, FETCH));
    story_prove(&s, "wrong");
    before = story_time(&s);
    story_answer(&s, 422, NULL, NULL);
    story_until_path(&s, FETCH, 1e5);
    assert_true(story_time(&s) == before + 2 * HOUR);
    story_give(&s, (struct story_task){"E", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    story_prove(&s, "right");
    before = story_time(&s);
    story_answer(&s, 200, NULL, NULL);
    story_until_path(&s, FETCH, 1e5);
    assert_true(story_time(&s) <= before + 120);
    story_end(&s);
}

static void doubt_is_as_much_shorter_as_the_interval_between_fetches(void **state)
{
    static const struct {
        int64_t gap_s, doubt_s;
    } table[] = {{1, 30}, {2, 60}, {120, 3600}, {300, 3600}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct story s;
        double before = 0;

        story_begin(&s);
        s.options.fetch_gap_ns = table[i].gap_s * NS_PER_S;
        story_start(&s);
        story_answer(&s, 200, NULL, NULL);
        for (char id[] = "A"; id[0] < 'D'; id[0]++) {
            story_until_path(&s, FETCH, 1000);
            story_give(&s, (struct story_task){id, "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
            story_prove(&s, "wrong");
            story_until_path(&s, SUBMIT, 1000);
            before = story_time(&s);
            story_answer(&s, 422, NULL, NULL);
        }
        story_until_path(&s, FETCH, 1e5);
        assert_true(story_time(&s) == before + table[i].doubt_s);
        story_end(&s);
    }
}

static void a_proof_that_is_accepted_lifts_the_bar_at_once(void **state)
{
    static const char *const ids[] = {"A", "B", "C", "D"};
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    for (int i = 0; i < 4; i++) { /* all proved before the first one is answered */
        story_until_path(&s, FETCH, 1000);
        story_give(&s, (struct story_task){ids[i], "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
        story_prove(&s, ids[i]);
    }
    for (int i = 0; i < 3; i++) {
        story_until_path(&s, SUBMIT, 1000);
        story_answer(&s, 422, NULL, NULL);
    }
    assert_true(story_said(&s, "doubt"));
    assert_true(s.hold_until_ns[CORE_ROUTE_FETCH] - s.now_ns == 3600 * NS_PER_S);
    story_until_path(&s, SUBMIT, 1000); /* the fourth goes out all the same */
    story_answer(&s, 200, NULL, NULL);
    assert_true(s.hold_until_ns[CORE_ROUTE_FETCH] - s.now_ns <= 120 * NS_PER_S);
    story_until_path(&s, FETCH, story_time(&s) + 120);
    story_end(&s);
}

static void a_time_beyond_a_day_is_cut_and_that_is_said(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_answer(&s, 503, "99999999", NULL);
    assert_non_null(strstr(story_line(&s, "fetch_failed")->text,
                           "HTTP 503; the server named a day or more, which is cut to a day, next "
                           "try in 864"));
    story_until_path(&s, FETCH, 1e6);
    assert_true(story_time(&s) >= 24 * HOUR && story_time(&s) <= 24 * HOUR + 30);
    story_end(&s);
}

static void a_failing_route_says_why_in_the_snapshot(void **state)
{
    struct snapshot snap;
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    for (int i = 0; i < 5; i++) {
        story_until_request(&s, 1e5);
        story_answer(&s, 503, NULL, "<html>");
    }
    core_snapshot(s.core, &snap, s.now_ns);
    assert_string_equal(snap.routes[CORE_ROUTE_NODE].why,
                        "it keeps failing, single probes only; HTTP 503 (a web page, not the "
                        "orchestrator's own answer)");
    assert_true(snap.routes[CORE_ROUTE_NODE].next_wall_ns > 0);
    assert_string_equal(snap.routes[CORE_ROUTE_FETCH].why, "");
    story_until_request(&s, 1e5);
    story_answer(&s, 200, NULL, NULL);
    core_snapshot(s.core, &snap, s.now_ns);
    assert_string_equal(snap.routes[CORE_ROUTE_NODE].why, "");
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_of_outage_sees_twenty_requests_per_route_at_most),
        cmocka_unit_test(thirty_percent_of_429_cost_half_a_request_per_proof_at_most),
        cmocka_unit_test(two_thirds_of_429_on_submissions_cost_no_more_than_the_budget),
        cmocka_unit_test(an_hour_of_429_without_a_time_sees_few_requests_too),
        cmocka_unit_test(what_a_429_means_is_said_where_the_server_tells),
        cmocka_unit_test(three_refused_proofs_stop_fetching_and_an_accepted_one_ends_the_doubt),
        cmocka_unit_test(doubt_is_as_much_shorter_as_the_interval_between_fetches),
        cmocka_unit_test(a_proof_that_is_accepted_lifts_the_bar_at_once),
        cmocka_unit_test(a_time_beyond_a_day_is_cut_and_that_is_said),
        cmocka_unit_test(a_failing_route_says_why_in_the_snapshot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
