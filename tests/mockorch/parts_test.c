/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts of the orchestrator, each alone. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/assignment.h"
#include "mockorch/core/timeline.h"
#include "mockorch/core/call.h"
#include "mockorch/core/registry.h"

static void paths_and_methods_name_calls(void **state)
{
    static const struct {
        enum http_method method;
        const char *path;
        enum call call;
        const char *parameter;
    } table[] = {
        {HTTP_GET, "/v3/users/0xAb%20c", CALL_USER, "0xAb c"},
        {HTTP_POST, "/v3/users", CALL_REGISTER_USER, ""},
        {HTTP_POST, "/v3/nodes", CALL_REGISTER_NODE, ""},
        {HTTP_GET, "/v3/nodes/5880437", CALL_NODE, "5880437"},
        {HTTP_POST, "/v3/tasks", CALL_FETCH, ""},
        {HTTP_POST, "/v3/tasks?x=y", CALL_FETCH, ""},
        {HTTP_GET, "/v3/tasks", CALL_LIST_BODY, ""},
        {HTTP_GET, "/v3/tasks/7", CALL_LIST, "7"},
        {HTTP_GET, "/v3/tasks/submit", CALL_LIST, "submit"}, /* no node has that name */
        {HTTP_POST, "/v3/tasks/submit", CALL_SUBMIT, ""},
        {HTTP_POST, "/v3/tasks/7", CALL_BAD_METHOD, ""},
        {HTTP_GET, "/v3/users", CALL_BAD_METHOD, ""},
        {HTTP_GET, "/v3/nodes", CALL_BAD_METHOD, ""},
        {HTTP_GET, "/v3/nodes/", CALL_UNKNOWN, ""},
        {HTTP_GET, "/v3/nodes/1/2", CALL_UNKNOWN, ""},
        {HTTP_GET, "/v3/task", CALL_UNKNOWN, ""},
        {HTTP_GET, "/", CALL_UNKNOWN, ""},
        {HTTP_GET, "", CALL_UNKNOWN, ""},
        {HTTP_GET, "/v3/nodes/%4", CALL_NODE, ""},    /* cut off */
        {HTTP_GET, "/v3/nodes/%zz", CALL_NODE, ""},   /* no hex */
        {HTTP_GET, "/v3/nodes/1%002", CALL_NODE, ""}, /* NUL */
    };
    char parameter[CALL_MAX_PARAMETER], path[300] = "/v3/nodes/";

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(call_parse(parameter, table[i].method, table[i].path), table[i].call);
        assert_string_equal(parameter, table[i].parameter);
    }
    memset(path + 10, '1', 127);
    call_parse(parameter, HTTP_GET, path);
    assert_int_equal(strlen(parameter), 127);
    path[137] = '1';
    call_parse(parameter, HTTP_GET, path);
    assert_string_equal(parameter, "");
}

static void call_names_are_found_again(void **state)
{
    enum call found;

    (void)state;
    for (int c = 0; c < CALL_COUNT; c++) {
        assert_true(call_of_name(&found, call_name((enum call)c)));
        assert_int_equal(found, c);
    }
    assert_false(call_of_name(&found, "fetsch"));
}

static void a_thousand_names_are_found_and_no_other(void **state)
{
    struct lookup l = {0};
    char key[16];
    uint32_t value = 0;

    (void)state;
    assert_false(lookup_find(&l, &value, "0"));
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%u", i);
        assert_int_equal(lookup_put(&l, key, i, NULL), ST_OK);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%u", i);
        assert_true(lookup_find(&l, &value, key));
        assert_int_equal(value, i);
    }
    assert_false(lookup_find(&l, &value, "1000"));
    assert_false(lookup_find(&l, &value, ""));
    lookup_fini(&l);
}

static void three_per_window_then_wait_for_the_oldest(void **state)
{
    static const struct {
        int64_t at, wait;
        uint32_t left;
    } table[] = {
        {.at = 0, .wait = 0, .left = 3}, /* the allowance is free at once */
        {.at = 10, .wait = 0, .left = 2},
        {.at = 20, .wait = 0, .left = 1},
        {.at = 30, .wait = 70, .left = 0}, /* until the first is 100 old */
        {.at = 99, .wait = 1, .left = 0},
        {.at = 100, .wait = 0, .left = 1}, /* spends the place of the one at 0 */
        {.at = 101, .wait = 9, .left = 0}, /* now the one at 10 is the oldest */
        {.at = 500, .wait = 0, .left = 3},
    };
    struct quota q, none;

    (void)state;
    assert_int_equal(quota_init(&q, QUOTA_WINDOW, 3, 100, NULL), ST_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(quota_wait_ns(&q, table[i].at), table[i].wait);
        assert_int_equal(quota_left(&q, table[i].at), table[i].left);
        if (table[i].wait == 0)
            quota_spend(&q, table[i].at);
    }
    quota_fini(&q);
    assert_int_equal(quota_init(&none, QUOTA_WINDOW, 0, 100, NULL), ST_OK);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(quota_wait_ns(&none, 0), 0);
        quota_spend(&none, 0);
    }
    assert_int_equal(quota_left(&none, 0), UINT32_MAX);
    quota_fini(&none);
}

static void wallets_uuids_and_node_ids_have_their_forms(void **state)
{
    (void)state;
    assert_true(registry_is_wallet("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
    assert_true(registry_is_wallet("0X0000000000000000000000000000000000000000"));
    assert_false(registry_is_wallet("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe"));
    assert_false(registry_is_wallet("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd"));
    assert_false(registry_is_wallet("1x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
    assert_false(registry_is_wallet("0y5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
    assert_false(registry_is_wallet(""));
    assert_true(registry_is_uuid("11111111-2222-4333-8444-555555555555"));
    assert_false(registry_is_uuid("11111111-2222-4333-8444-55555555555"));
    assert_false(registry_is_uuid("11111111-2222-4333-8444-5555555555555"));
    assert_false(registry_is_uuid("11111111222243338444555555555555"));
    assert_false(registry_is_uuid(""));
    assert_true(registry_is_node_id("18446744073709551615"));
    assert_false(registry_is_node_id("184467440737095516150"));
    assert_false(registry_is_node_id("-1"));
    assert_false(registry_is_node_id(""));
}

static void minted_node_ids_avoid_the_taken_ones(void **state)
{
    struct registry r;
    struct settings s;
    uint32_t user, node;

    (void)state;
    settings_init(&s);
    registry_init(&r);
    assert_int_equal(registry_add_user(&r, &user, &s, "11111111-2222-4333-8444-555555555555",
                                       "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", NULL),
                     ST_OK);
    assert_int_equal(registry_add_node(&r, &node, user, NODE_CLI_PROVER, "1", NULL), ST_OK);
    assert_int_equal(registry_add_node(&r, &node, user, NODE_CLI_PROVER, "1", NULL), ST_EXISTS);
    assert_int_equal(registry_add_node(&r, &node, user, NODE_CLI_PROVER, "x", NULL), ST_INPUT);
    assert_int_equal(registry_add_node(&r, &node, user, NODE_WEB_PROVER, NULL, NULL), ST_OK);
    assert_string_equal(r.nodes[node].id, "2");
    assert_int_equal(r.users[user].node_count, 2);
    registry_fini(&r);
}

struct wrong {
    const char *words;
    void (*spoil)(struct settings *s);
};

#define SPOIL(name, statement)                                                                     \
    static void name(struct settings *s)                                                           \
    {                                                                                              \
        statement;                                                                                 \
    }
SPOIL(no_program, s->program_count = 0)
SPOIL(nameless, s->programs[0].id[0] = 0)
SPOIL(weightless, s->programs[0].weight = 0)
SPOIL(n_upside_down, s->programs[0].n.low = 99)
SPOIL(a_upside_down, s->programs[0].a.low = 2000)
SPOIL(b_upside_down, s->programs[0].b.low = 2000)
SPOIL(no_window, s->window_ns = 0)
SPOIL(endless_expiry, s->task_expiry_ns = INT64_MAX)
SPOIL(negative_idle, s->idle_retry_ns = -1)
SPOIL(inputs_upside_down, s->inputs_per_task.low = 5)
SPOIL(no_inputs, s->inputs_per_task.low = 0)
SPOIL(too_many_inputs, s->inputs_per_task.high = 1025)
SPOIL(no_type, s->type_weights[0] = 0)
SPOIL(strange_ceiling, s->difficulty_ceiling = (enum difficulty)4)
SPOIL(likely, s->difficulty_drop = 1.5)
SPOIL(not_a_number, s->difficulty_drop = 0.0 / 0.0)
SPOIL(generous, s->fetches_per_window = 1000001)
SPOIL(bodiless, s->max_submission_bytes = 0)

static void bad_settings_are_refused_by_name(void **state)
{
    static const struct wrong table[] = {
        {"programs: 1 to 8", no_program},
        {"programs: one has no id", nameless},
        {"programs: all weights are 0", weightless},
        {"programs: n: 99 is above 40", n_upside_down},
        {"programs: a", a_upside_down},
        {"programs: b", b_upside_down},
        {"window", no_window},
        {"task_expiry", endless_expiry},
        {"idle_retry", negative_idle},
        {"inputs_per_task: 5 is above 1", inputs_upside_down},
        {"inputs_per_task: 1 to 1024", no_inputs},
        {"inputs_per_task: 1 to 1024", too_many_inputs},
        {"task_types", no_type},
        {"difficulty_ceiling: 4", strange_ceiling},
        {"difficulty_drop", likely},
        {"difficulty_drop", not_a_number},
        {"fetches_per_window: at most 1000000", generous},
        {"max_submission_bytes", bodiless},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings s;
        struct why why = {""};

        settings_init(&s);
        assert_int_equal(settings_check(&s, &why), ST_OK);
        table[i].spoil(&s);
        assert_int_equal(settings_check(&s, &why), ST_INPUT);
        if (!strstr(why.text, table[i].words))
            fail_msg("row %zu says '%s'", i, why.text);
    }
}

static void programs_are_added_until_there_are_eight(void **state)
{
    struct settings s;
    char long_name[100];
    char name[8];

    (void)state;
    settings_init(&s);
    memset(long_name, 'x', sizeof long_name);
    long_name[64] = 0;
    assert_int_equal(settings_add_program(&s, long_name, NULL), ST_INPUT);
    assert_int_equal(settings_add_program(&s, "", NULL), ST_INPUT);
    assert_int_equal(settings_add_program(&s, "\xff", NULL), ST_INPUT);
    for (int i = 1; i < 8; i++) {
        snprintf(name, sizeof name, "p%d", i);
        assert_int_equal(settings_add_program(&s, name, NULL), ST_OK);
    }
    assert_int_equal(settings_add_program(&s, "p8", NULL), ST_INPUT);
    assert_int_equal(settings_check(&s, NULL), ST_OK);
}

/* ---- the generator of tasks ---- */

static void work_stays_within_its_ranges_and_mixes_as_weighted(void **state)
{
    static const uint8_t key[SIGNING_PUBLIC_SIZE];
    struct assignment_order order = {.public_key = key, .max_difficulty = DIFFICULTY_MEDIUM};
    unsigned types[3] = {0}, programs[2] = {0}, dropped = 0;
    struct assignment a;
    struct settings s;

    (void)state;
    settings_init(&s);
    assert_int_equal(settings_add_program(&s, "other", NULL), ST_OK);
    s.programs[1].weight = 3;
    s.inputs_per_task = (struct settings_range){1, 4};
    s.type_weights[1] = s.type_weights[2] = 1;
    s.difficulty_drop = 0.5;
    assignment_init(&a, 42);
    for (int i = 0; i < 1000; i++) {
        const struct task *t;
        uint32_t at;

        assert_int_equal(assignment_make(&a, &at, &s, &order, i, NULL), ST_OK);
        t = assignment_task(&a, at);
        assert_true(t->input_count >= 1 && t->input_count <= 4);
        for (size_t k = 0; k < t->input_count; k++) {
            uint32_t words[3];

            assert_int_equal(t->inputs[k].size, 12);
            assert_int_equal(wire_task_input(words, t->inputs[k], NULL), ST_OK);
            assert_true(words[0] >= 1 && words[0] <= 40 && words[1] <= 1000 && words[2] <= 1000);
        }
        assert_int_equal(strlen(t->task_id), 29);
        assert_int_equal(strspn(t->task_id, "0123456789"), 2);
        assert_int_equal(strspn(t->task_id + 3, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
        types[t->type]++;
        programs[strcmp(t->program_id, "other") == 0]++;
        dropped += t->difficulty == DIFFICULTY_SMALL_MEDIUM;
    }
    for (int i = 0; i < 3; i++)
        assert_true(types[i] > 250 && types[i] < 420);
    assert_true(programs[1] > 650 && programs[1] < 850);
    assert_true(dropped > 400 && dropped < 600);
    assignment_fini(&a);
}

static void harder_tasks_have_larger_n_when_told_so(void **state)
{
    static const struct {
        enum difficulty d;
        uint32_t n, expected;
    } table[] = {
        {DIFFICULTY_SMALL, 10, 10},
        {DIFFICULTY_SMALL_MEDIUM, 10, 20},
        {DIFFICULTY_EXTRA_LARGE_5, 10, 2560},
        {DIFFICULTY_EXTRA_LARGE_5, 3000000000u, UINT32_MAX},
    };
    static const uint8_t key[SIGNING_PUBLIC_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct assignment_order order = {.public_key = key, .max_difficulty = table[i].d};
        struct assignment a;
        struct settings s;
        uint32_t at;

        settings_init(&s);
        s.difficulty_grows = true;
        s.programs[0].n = (struct settings_range){table[i].n, table[i].n};
        assignment_init(&a, 1);
        assert_int_equal(assignment_make(&a, &at, &s, &order, 0, NULL), ST_OK);
        assert_int_equal(load_le32(assignment_task(&a, at)->inputs[0].data), table[i].expected);
        assignment_fini(&a);
    }
}

static void the_ceiling_caps_what_is_asked_for(void **state)
{
    static const uint8_t key[SIGNING_PUBLIC_SIZE];
    struct assignment_order order = {.public_key = key, .max_difficulty = DIFFICULTY_EXTRA_LARGE};
    struct assignment a;
    struct settings s;
    uint32_t at;

    (void)state;
    settings_init(&s);
    s.difficulty_ceiling = DIFFICULTY_LARGE;
    assignment_init(&a, 1);
    assert_int_equal(assignment_make(&a, &at, &s, &order, 0, NULL), ST_OK);
    assert_int_equal(assignment_task(&a, at)->difficulty, DIFFICULTY_LARGE);
    assignment_fini(&a);
}

/* Against a plain array, through all the gaps that removal can leave. */
static void lookup_forgets_one_name_and_no_other(void **state)
{
    struct lookup l = {0};
    struct prng prng = prng_of(5);
    bool there[200] = {false};
    uint32_t value;

    (void)state;
    assert_false(lookup_remove(&l, "nobody"));
    for (int step = 0; step < 20000; step++) {
        uint32_t i = (uint32_t)prng_below(&prng, 200);
        char key[8];

        snprintf(key, sizeof key, "%u", i);
        assert_int_equal(lookup_find(&l, &value, key), there[i]);
        if (there[i]) {
            assert_int_equal(value, i);
            assert_true(lookup_remove(&l, key));
        } else {
            assert_false(lookup_remove(&l, key));
            assert_int_equal(lookup_put(&l, key, i, NULL), ST_OK);
        }
        there[i] = !there[i];
    }
    lookup_fini(&l);
}

/* ---- timeline ---- */

static void time_goes_ahead_stands_still_and_goes_on(void **state)
{
    struct timeline t = {.wall_at_zero_ns = 1000};

    (void)state;
    assert_true(timeline_inside_ns(&t, 10) == 10);
    timeline_advance(&t, 5);
    assert_true(timeline_inside_ns(&t, 10) == 15);
    assert_true(timeline_outside_ns(&t, 20) == 15);
    assert_true(timeline_outside_ns(&t, INT64_MAX) == INT64_MAX);
    timeline_freeze(&t, 10);
    assert_true(timeline_inside_ns(&t, 99) == 15);
    assert_true(timeline_outside_ns(&t, 20) == INT64_MAX); /* it never comes */
    timeline_freeze(&t, 50);
    timeline_advance(&t, 1);
    assert_true(timeline_inside_ns(&t, 99) == 16);
    timeline_thaw(&t, 100);
    assert_true(timeline_inside_ns(&t, 103) == 19);
    timeline_thaw(&t, 200); /* runs already */
    assert_true(timeline_inside_ns(&t, 103) == 19);
    t.skew_ns = -500;
    assert_true(timeline_shown_ns(&t, 19) == 519);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_forgets_one_name_and_no_other),
        cmocka_unit_test(time_goes_ahead_stands_still_and_goes_on),
        cmocka_unit_test(paths_and_methods_name_calls),
        cmocka_unit_test(call_names_are_found_again),
        cmocka_unit_test(a_thousand_names_are_found_and_no_other),
        cmocka_unit_test(three_per_window_then_wait_for_the_oldest),
        cmocka_unit_test(wallets_uuids_and_node_ids_have_their_forms),
        cmocka_unit_test(minted_node_ids_avoid_the_taken_ones),
        cmocka_unit_test(bad_settings_are_refused_by_name),
        cmocka_unit_test(programs_are_added_until_there_are_eight),
        cmocka_unit_test(work_stays_within_its_ranges_and_mixes_as_weighted),
        cmocka_unit_test(harder_tasks_have_larger_n_when_told_so),
        cmocka_unit_test(the_ceiling_caps_what_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
