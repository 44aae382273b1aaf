/* SPDX-License-Identifier: Apache-2.0 */
/* What requests are measured by. */
#include "tests/support/test.h"

#include "sim/conduct.h"

static void statuses_are_definite_or_not_and_an_outage_or_not(void **state)
{
    static const struct {
        unsigned status;
        bool definite, works;
    } table[] = {
        {0, false, false}, {100, false, false}, {199, false, false}, {200, true, true},
        {204, true, true}, {299, true, true},   {301, false, false}, {400, true, true},
        {401, true, true}, {404, true, true},   {408, false, false}, {409, true, true},
        {410, true, true}, {422, true, true},   {425, false, false}, {429, false, true},
        {499, true, true}, {500, false, false}, {503, false, false}, {599, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(conduct_definite(table[i].status), table[i].definite);
        assert_int_equal(conduct_works(table[i].status), table[i].works);
    }
}

static void only_calls_that_a_client_repeats_have_a_route(void **state)
{
    static const struct {
        enum call call;
        bool has;
        enum route route;
        const char *name;
    } table[] = {
        {CALL_NODE, true, ROUTE_NODE, "node"},
        {CALL_FETCH, true, ROUTE_FETCH, "fetch"},
        {CALL_LIST_BODY, true, ROUTE_FETCH, "fetch"},
        {CALL_SUBMIT, true, ROUTE_SUBMIT, "submit"},
        {CALL_USER, false, ROUTES, ""},
        {CALL_REGISTER_USER, false, ROUTES, ""},
        {CALL_REGISTER_NODE, false, ROUTES, ""},
        {CALL_LIST, false, ROUTES, ""},
        {CALL_UNKNOWN, false, ROUTES, ""},
        {CALL_BAD_METHOD, false, ROUTES, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        enum route route = ROUTES;

        assert_int_equal(conduct_route(&route, table[i].call), table[i].has);
        assert_int_equal(route, table[i].route);
        if (table[i].has)
            assert_string_equal(conduct_route_name(route), table[i].name);
    }
}

static void a_ring_knows_how_long_ago_the_one_so_many_before_was(void **state)
{
    static const unsigned most[] = {1, 2, CONDUCT_PER_OUTAGE, CONDUCT_PER_MINUTE,
                                    CONDUCT_PER_MINUTE_BATCH};

    (void)state;
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        struct conduct_ring r = {.count = 0};

        for (int64_t n = 0; n < 5 * CONDUCT_PER_MINUTE_BATCH; n++) {
            int64_t span = conduct_ring_add(&r, most[i], n * n), before = n - (int64_t)most[i];

            assert_true(span == (before < 0 ? INT64_MAX : n * n - before * before));
        }
        r.count = 0; /* anew */
        assert_true(conduct_ring_add(&r, 1, 7) == INT64_MAX);
        assert_true(conduct_ring_add(&r, 1, 9) == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_definite_or_not_and_an_outage_or_not),
        cmocka_unit_test(only_calls_that_a_client_repeats_have_a_route),
        cmocka_unit_test(a_ring_knows_how_long_ago_the_one_so_many_before_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
