/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "prover/stark/positions.h"
#include "tests/support/support.h"

static void assert_positions(struct positions got, const uint32_t *want, unsigned count)
{
    assert_int_equal(got.count, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(got.at[i], want[i]);
}

static void assert_json_positions(struct positions got, const json_t *list)
{
    assert_int_equal(got.count, json_array_size(list));
    for (unsigned i = 0; i < got.count; i++)
        assert_int_equal(got.at[i], json_integer_value(json_array_get(list, i)));
}

/* The channel stands where the golden proof leaves it after its nonce. */
static void golden_queries_and_their_folds(void **state)
{
    static const char *const names[] = {"fib_9_1_1", "fib_1000_7_13", "calls_9_1_1", "isa_9_1_1",
                                        "fib_0_0_0"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        json_t *golden, *sizes, *list;
        const char *size;
        struct channel c = channel_start();
        struct positions queries;
        unsigned log_size = 0;

        snprintf(path, sizeof path, "proofs/%s.json.gz", names[i]);
        golden = golden_json(path);
        assert_true(hex_decode(
            c.digest.b, 32,
            json_string_value(json_object_get(json_object_get(golden, "proof_of_work"),
                                              "channel_after"))));
        sizes = json_object_get(golden, "query_positions");
        json_object_foreach (sizes, size, list)
            log_size = (unsigned)atoi(size) > log_size ? (unsigned)atoi(size) : log_size;
        queries = positions_draw(&c, log_size);
        json_object_foreach (sizes, size, list)
            assert_json_positions(positions_fold(&queries, log_size - (unsigned)atoi(size)), list);
        json_decref(golden);
    }
}

static void the_opened_pairs_of_the_toy_proof(void **state)
{
    json_t *golden = golden_json("stark/fri.json");
    json_t *opened = json_object_get(json_object_get(golden, "first_opening"), "positions");
    struct positions queries = {.count = 3, .at = {22, 30, 31}}, folded;

    (void)state;
    assert_json_positions(positions_pairs(&queries), json_object_get(opened, "5"));
    folded = positions_fold(&queries, 1);
    assert_positions(folded, (const uint32_t[]){11, 15}, 2);
    assert_json_positions(positions_pairs(&folded), json_object_get(opened, "4"));
    json_decref(golden);
}

static void equal_draws_count_once_and_all_sizes_are_possible(void **state)
{
    unsigned seen[4] = {0};
    struct channel c = channel_start();

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct positions p = positions_draw(&c, 2);

        assert_in_range(p.count, 1, 3);
        for (unsigned k = 0; k < p.count; k++) {
            assert_true(p.at[k] < 4);
            assert_true(k == 0 || p.at[k - 1] < p.at[k]);
        }
        seen[p.count]++;
    }
    assert_true(seen[1] && seen[2] && seen[3]);
    assert_int_equal(positions_draw(&c, 0).count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_queries_and_their_folds),
        cmocka_unit_test(the_opened_pairs_of_the_toy_proof),
        cmocka_unit_test(equal_draws_count_once_and_all_sizes_are_possible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
