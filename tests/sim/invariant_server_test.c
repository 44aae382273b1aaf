/* SPDX-License-Identifier: Apache-2.0 */
/* What the orchestrator says is compared with what it was told to do, and each lie is found. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sim/invariant_inside.h"

#define WALL_S INT64_C(1760000000)

struct stage {
    struct settings settings;
    struct world world;
    struct invariant v;
};

static void stage_init(struct stage *s)
{
    *s = (struct stage){.settings = {.wall_at_zero_ns = WALL_S * NS_PER_S,
                                     .fetches_per_window = 2,
                                     .submissions_per_window = 1,
                                     .window_ns = 100 * NS_PER_S,
                                     .task_expiry_ns = 600 * NS_PER_S}};
    world_init(&s->world, 1, NULL);
    invariant_init(&s->v, &s->world, &profile_current, 1);
    invariant_settings(&s->v, &s->settings, 0);
}

static void stage_fini(struct stage *s)
{
    invariant_fini(&s->v);
    world_fini(&s->world);
}

struct words { /* of an answer to client 0 */
    enum call call;
    unsigned status;
    enum check failed;
    const char *faults, *task_id;
    const char *retry_after; /* NULL: none */
    int64_t date_off_s;
    bool undated;
};

static void says(struct stage *s, const struct words *w)
{
    struct verdict verdict = {.call = w->call, .status = w->status, .failed = w->failed};
    struct http_response r = {.status = w->status};
    char date[30];

    snprintf(verdict.faults, sizeof verdict.faults, "%s", w->faults ? w->faults : "");
    snprintf(verdict.task_id, sizeof verdict.task_id, "%s", w->task_id ? w->task_id : "");
    http_date_format(date, WALL_S + s->world.now_ns / NS_PER_S + w->date_off_s);
    if (!w->undated)
        r.headers[r.header_count++] = (struct http_header){"date", date};
    if (w->retry_after)
        r.headers[r.header_count++] = (struct http_header){"retry-after", w->retry_after};
    invariant_answered(&s->v, 0, &verdict, &r, true);
}

static void told_to_wait(struct stage *s, const char *retry_after)
{
    says(s, &(struct words){.call = CALL_FETCH, .status = 429, .retry_after = retry_after});
}

static void at(struct stage *s, int64_t ms)
{
    s->world.now_ns = ms * NS_PER_MS;
}

static void an_honest_orchestrator_refuses_no_content(void **state)
{
    static const struct {
        struct words words;
        int broken;
    } table[] = {
        {{.call = CALL_SUBMIT, .status = 422, .failed = CHECK_HASH, .task_id = "A"}, 24},
        {{.call = CALL_SUBMIT, .status = 400, .failed = CHECK_HASH, .task_id = "A"}, 24},
        {{.call = CALL_SUBMIT, .status = 403, .failed = CHECK_HASH, .task_id = "A"}, 24},
        {{.call = CALL_SUBMIT,
          .status = 422,
          .failed = CHECK_HASH,
          .faults = "lie",
          .task_id = "A"},
         0},
        {{.call = CALL_SUBMIT, .status = 422, .failed = CHECK_HASH, .task_id = "wrong"},
         0}, /* its prover erred */
        {{.call = CALL_SUBMIT, .status = 403, .failed = CHECK_KEY, .task_id = "A"}, 0},
        {{.call = CALL_SUBMIT, .status = 422, .failed = CHECK_CONSENSUS, .task_id = "A"}, 0},
        {{.call = CALL_SUBMIT, .status = 404, .failed = CHECK_TASK, .task_id = "A"}, 0},
        {{.call = CALL_SUBMIT, .status = 200, .task_id = "A"}, 0},
        {{.call = CALL_FETCH, .status = 400}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        invariant_add(&s.v, "wrong")->wrong = true;
        says(&s, &table[i].words);
        assert_int_equal(s.v.broken, table[i].broken);
        stage_fini(&s);
    }
}

/* Two tasks in 100 s: at 10.5 s and 20 s, so there is room at 110.5 s. */
static void a_retry_after_names_the_moment_at_which_there_is_room(void **state)
{
    static const struct {
        int64_t at_ms;
        const char *retry_after;
        const char *words; /* of the violation; NULL: it is right */
    } table[] = {
        {30000, "81", NULL},
        {30500, "80", NULL},
        {30000, "80",
         "told to wait 80 s with its fetch: by the orchestrator's own allowance it is "
         "80.500 s"},
        {30000, "82", "told to wait 82 s"},
        {30000, "4860", "told to wait 4860 s"},
        {30000, "soon", "not how long"},
        {30000, NULL, "not how long"},
        {110499, "1", NULL},
        {110500, "1", "may fetch since 0.000 s ago"},
        {150500, "7", "may fetch since 40.000 s ago"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        at(&s, 10500);
        invariant_given(&s.v, 0, 1);
        at(&s, 20000);
        invariant_given(&s.v, 0, 1);
        at(&s, table[i].at_ms);
        told_to_wait(&s, table[i].retry_after);
        if (s.v.broken != (table[i].words ? 25 : 0) ||
            (table[i].words && !strstr(s.v.text, table[i].words)))
            fail_msg("number %zu: I%d '%s'", i, s.v.broken, s.v.text);
        stage_fini(&s);
    }
}

/* Both dates are cut to whole seconds, so it may name two more than the rest. */
static void a_retry_after_may_be_a_date(void **state)
{
    static const struct {
        int64_t date_s;
        int broken;
    } table[] = {{109, 25}, {110, 25}, {111, 0}, {112, 0}, {113, 25}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;
        char date[30];

        stage_init(&s);
        at(&s, 10500);
        invariant_given(&s.v, 0, 2);
        at(&s, 20000);
        http_date_format(date, WALL_S + table[i].date_s);
        told_to_wait(&s, date);
        if (s.v.broken != table[i].broken)
            fail_msg("number %zu: I%d '%s'", i, s.v.broken, s.v.text);
        stage_fini(&s);
    }
}

/* A bucket of two in 100 s: a task costs 50 s, and two may come at once. */
static void a_bucket_is_counted_too(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    s.settings.allowance = QUOTA_BUCKET;
    invariant_settings(&s.v, &s.settings, 0);
    at(&s, 1000);
    invariant_given(&s.v, 0, 2);
    at(&s, 2000);
    told_to_wait(&s, "49");
    assert_int_equal(s.v.broken, 0);
    at(&s, 51000);
    told_to_wait(&s, "1");
    assert_int_equal(s.v.broken, 25);
    stage_fini(&s);
}

static void the_allowance_of_submissions_is_held_to_its_word_too(void **state)
{
    static const struct {
        enum check failed;
        const char *retry_after;
        int broken;
    } table[] = {
        {CHECK_LIMIT, "90", 0},
        {CHECK_LIMIT, "45", 25},
        {CHECK_LIMIT, "91", 25},
        {CHECK_REFUSALS, "5", 0}, /* of another allowance */
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        invariant_add(&s.v, "A")->host = 0;
        invariant_credited(&s.v, "A", false);
        at(&s, 10000);
        says(&s, &(struct words){.call = CALL_SUBMIT,
                                 .status = 429,
                                 .failed = table[i].failed,
                                 .retry_after = table[i].retry_after});
        assert_int_equal(s.v.broken, table[i].broken);
        stage_fini(&s);
    }
}

/* What several gates or several nodes decide together is not counted again. */
static void an_allowance_that_is_not_the_user_s_alone_is_let_pass(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    s.settings.fetches_per_node.limit = 1;
    told_to_wait(&s, "5");
    assert_int_equal(s.v.broken, 0);
    s.settings.fetches_per_node.limit = 0;
    says(&s, &(struct words){
                 .call = CALL_FETCH, .status = 429, .faults = "fetch_429", .retry_after = "5"});
    assert_int_equal(s.v.broken, 0);
    told_to_wait(&s, "5");
    assert_int_equal(s.v.broken, 25);
    stage_fini(&s);
}

static void nobody_gets_more_than_his_allowance(void **state)
{
    static const struct {
        int64_t third_ms; /* the first two come at 10.5 s and 20 s */
        int broken;
    } table[] = {{110499, 25}, {110500, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        at(&s, 10500);
        invariant_given(&s.v, 0, 1);
        at(&s, 20000);
        invariant_given(&s.v, 0, 1);
        at(&s, table[i].third_ms);
        invariant_given(&s.v, 0, 1);
        assert_int_equal(s.v.broken, table[i].broken);
        stage_fini(&s);
    }
}

static void nobody_is_credited_more_than_his_allowance(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    invariant_add(&s.v, "A")->host = 0;
    invariant_add(&s.v, "B")->host = 0;
    invariant_add(&s.v, "C")->host = 0;
    invariant_credited(&s.v, "A", false);
    at(&s, 100000);
    invariant_credited(&s.v, "B", false);
    assert_int_equal(s.v.broken, 0);
    s.settings.consensus = 2; /* one submission may credit several */
    invariant_credited(&s.v, "C", false);
    assert_int_equal(s.v.broken, 0);
    s.settings.consensus = 1;
    invariant_add(&s.v, "D")->host = 0;
    invariant_credited(&s.v, "D", false);
    assert_int_equal(s.v.broken, 25);
    invariant_balance(&s.v, 0, 4);
    stage_fini(&s);
}

static void nothing_is_credited_when_its_life_is_over(void **state)
{
    static const struct {
        int64_t at_ms;
        int broken;
    } table[] = {{601000, 0}, {601001, 33}}; /* with a second for the judge */

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        says(&s, &(struct words){.call = CALL_FETCH, .status = 200, .task_id = "A"});
        invariant_add(&s.v, "A");
        at(&s, table[i].at_ms);
        invariant_credited(&s.v, "A", false);
        assert_int_equal(s.v.broken, table[i].broken);
        stage_fini(&s);
    }
}

static void the_date_is_the_orchestrator_s_clock(void **state)
{
    static const struct {
        struct words words;
        int broken;
    } table[] = {
        {{.call = CALL_FETCH, .status = 404}, 0},
        {{.call = CALL_FETCH, .status = 404, .date_off_s = 1}, 0},
        {{.call = CALL_FETCH, .status = 404, .date_off_s = -2}, 30},
        {{.call = CALL_FETCH, .status = 404, .date_off_s = 3600}, 30},
        {{.call = CALL_FETCH, .status = 404, .date_off_s = 3600, .faults = "date_ahead"}, 0},
        {{.call = CALL_FETCH, .status = 404, .undated = true}, 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        at(&s, 1234567);
        says(&s, &table[i].words);
        assert_int_equal(s.v.broken, table[i].broken);
        stage_fini(&s);
    }
}

static void no_fault_strikes_after_the_healing(void **state)
{
    const struct words late = {
        .call = CALL_SUBMIT, .status = 503, .task_id = "A", .faults = "submit_503"};
    struct stage s;

    (void)state;
    stage_init(&s);
    at(&s, 999999999);
    says(&s, &late); /* it never heals */
    invariant_settings(&s.v, &s.settings, 100 * NS_PER_S);
    at(&s, 100900);
    says(&s, &late); /* it came before, and was judged meanwhile */
    assert_int_equal(s.v.broken, 0);
    at(&s, 101000);
    says(&s, &late);
    assert_int_equal(s.v.broken, 31);
    stage_fini(&s);
}

static void a_task_is_found_for_as_long_as_tasks_live(void **state)
{
    static const struct {
        const char *faults; /* of the fetch */
        int64_t at_ms;
        unsigned status;
        bool credited;
        int broken;
    } table[] = {
        {"", 599999, 404, false, 33}, {"", 600000, 404, false, 0},         {"", 10, 200, false, 0},
        {"", 10, 404, true, 0},       {"task_expired", 10, 404, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        says(&s, &(struct words){
                     .call = CALL_FETCH, .status = 200, .faults = table[i].faults, .task_id = "A"});
        invariant_add(&s.v, "A");
        at(&s, 5);
        says(&s,
             &(struct words){.call = CALL_FETCH, .status = 200, .task_id = "A"}); /* once more */
        if (table[i].credited)
            invariant_credited(&s.v, "A", false);
        at(&s, table[i].at_ms);
        says(&s, &(struct words){.call = CALL_SUBMIT,
                                 .status = table[i].status,
                                 .failed = CHECK_TASK,
                                 .task_id = "A"});
        if (s.v.broken != table[i].broken)
            fail_msg("number %zu: I%d '%s'", i, s.v.broken, s.v.text);
        says(&s, &(struct words){.call = CALL_SUBMIT,
                                 .status = 404,
                                 .failed = CHECK_TASK,
                                 .task_id = "B"}); /* never given */
        stage_fini(&s);
    }
}

/* The lists grow with what is given. */
static void many_tasks_are_remembered(void **state)
{
    struct stage s;
    char id[16];

    (void)state;
    stage_init(&s);
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "T%d", i);
        says(&s, &(struct words){.call = CALL_FETCH, .status = 200, .task_id = id});
    }
    assert_int_equal(s.v.gift_count, 100);
    assert_int_equal(s.v.broken, 0);
    stage_fini(&s);
}

static void time_that_goes_back_is_seen(void **state)
{
    static const struct {
        int64_t now_ns;
        uint64_t order;
        int broken;
    } table[] = {{9, 5, 32}, {10, 3, 32}, {10, 5, 0}, {11, 3, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        s.world.now_ns = 10;
        s.world.happened = 4;
        s.world.events = 1;
        invariant_stepped_on(&s.v);
        s.world.now_ns = table[i].now_ns;
        s.world.happened = table[i].order;
        s.world.events = 2;
        invariant_stepped_on(&s.v);
        assert_int_equal(s.v.broken, table[i].broken);
        stage_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_orchestrator_refuses_no_content),
        cmocka_unit_test(a_retry_after_names_the_moment_at_which_there_is_room),
        cmocka_unit_test(a_retry_after_may_be_a_date),
        cmocka_unit_test(a_bucket_is_counted_too),
        cmocka_unit_test(the_allowance_of_submissions_is_held_to_its_word_too),
        cmocka_unit_test(an_allowance_that_is_not_the_user_s_alone_is_let_pass),
        cmocka_unit_test(nobody_gets_more_than_his_allowance),
        cmocka_unit_test(nobody_is_credited_more_than_his_allowance),
        cmocka_unit_test(nothing_is_credited_when_its_life_is_over),
        cmocka_unit_test(the_date_is_the_orchestrator_s_clock),
        cmocka_unit_test(no_fault_strikes_after_the_healing),
        cmocka_unit_test(a_task_is_found_for_as_long_as_tasks_live),
        cmocka_unit_test(many_tasks_are_remembered),
        cmocka_unit_test(time_that_goes_back_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
