/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "prover/stark/merkle_verify.h"
#include "tests/prover/stark/vectors.h"
#include "tests/support/support.h"

/* An opening of the golden trees, on arrays with room for one element more. */
struct opened {
    struct hash root;
    struct merkle_level levels[8];
    m31 values[64];
    struct hash hashes[16];
    struct merkle_opening opening;
};

/* One level for each length that columns have, queried or not. */
static void load_levels(struct opened *o, const json_t *tree)
{
    const json_t *queries = json_object_get(tree, "queries_by_log_size");
    const json_t *column;
    size_t i;

    for (int log_size = 7; log_size >= 0; log_size--) {
        struct merkle_level *level = &o->levels[o->opening.level_count];
        char key[4] = {(char)('0' + log_size), 0};

        json_array_foreach(json_object_get(tree, "columns"), i, column) level->columns +=
            json_array_size(column) == (size_t)1 << log_size;
        level->log_size = (unsigned)log_size;
        level->positions = json_positions(json_object_get(queries, key));
        o->opening.level_count += level->columns > 0;
    }
}

static struct opened load(const char *name)
{
    json_t *all = golden_json("stark/merkle.json");
    const json_t *tree = json_object_get(all, name);
    struct opened o = {.opening = {.level_count = 0}};
    const json_t *value;
    struct hash *hashes;
    size_t i;

    assert_non_null(tree);
    load_levels(&o, tree);
    json_array_foreach(json_object_get(tree, "queried_values"), i, value)
        o.values[o.opening.value_count++] = json_m31(value);
    hashes = json_hashes(json_object_get(tree, "hash_witness"), &o.opening.hash_count);
    memcpy(o.hashes, hashes, o.opening.hash_count * sizeof *hashes);
    free(hashes);
    o.root =
        json_hash(json_array_get(json_array_get(json_object_get(tree, "layers_root_first"), 0), 0));
    json_decref(all);
    return o;
}

static enum merkle_verdict verdict(struct opened *o)
{
    o->opening.levels = o->levels;
    o->opening.values = o->values;
    o->opening.hashes = o->hashes;
    return merkle_verify(&o->root, &o->opening);
}

static void golden_openings_lead_to_their_roots(void **state)
{
    struct opened mixed = load("mixed"), wide = load("wide_leaf");

    (void)state;
    assert_int_equal(mixed.opening.level_count, 3);
    assert_int_equal(verdict(&mixed), MERKLE_HOLDS);
    assert_int_equal(verdict(&wide), MERKLE_HOLDS);
}

/* Its column witness is not empty; no proof of ours may have one. */
static void a_node_with_columns_that_is_not_queried_is_refused(void **state)
{
    struct opened o = load("partly_queried");

    (void)state;
    assert_int_equal(verdict(&o), MERKLE_WITNESS_TOO_SHORT);
}

static void what_is_missing_or_left_over_is_named(void **state)
{
    static const struct {
        int values, hashes;
        const char *name;
    } table[] =
        {
            {0, -1, "WitnessTooShort"},     {0, 1, "WitnessTooLong"},
            {-1, 0, "TooFewQueriedValues"}, {1, 0, "TooManyQueriedValues"},
            {1, 1, "WitnessTooLong"},    /* the witness is looked at first */
            {-1, -1, "WitnessTooShort"}, /* the walk stops at the first that is missing */
        };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct opened o = load("mixed");

        o.opening.value_count += (size_t)(int64_t)table[i].values;
        o.opening.hash_count += (size_t)(int64_t)table[i].hashes;
        assert_string_equal(merkle_verdict_name(verdict(&o)), table[i].name);
    }
}

static void any_other_bit_leads_to_another_root(void **state)
{
    struct opened good = load("mixed");

    (void)state;
    for (size_t i = 0; i < good.opening.value_count; i++) {
        struct opened o = good;

        o.values[i].v ^= 1;
        assert_string_equal(merkle_verdict_name(verdict(&o)), "RootMismatch");
    }
    for (size_t i = 0; i < good.opening.hash_count * 32; i++) {
        struct opened o = good;

        o.hashes[i / 32].b[i % 32] ^= 0x80;
        assert_int_equal(verdict(&o), MERKLE_ROOT_MISMATCH);
    }
    for (size_t i = 0; i < 32; i++) {
        struct opened o = good;

        o.root.b[i] ^= 1;
        assert_int_equal(verdict(&o), MERKLE_ROOT_MISMATCH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_openings_lead_to_their_roots),
        cmocka_unit_test(a_node_with_columns_that_is_not_queried_is_refused),
        cmocka_unit_test(what_is_missing_or_left_over_is_named),
        cmocka_unit_test(any_other_bit_leads_to_another_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
