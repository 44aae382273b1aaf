/* SPDX-License-Identifier: Apache-2.0 */
/* Every column of the extensions against the digests of the reference's proofs. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "prover/hash/blake2s.h"
#include "tests/prover/air/tables/tables_fixture.h"

/* Blake2s-256 over the little-endian words of a column. */
static void digest(char text[65], const m31 *column, size_t rows)
{
    static uint8_t bytes[4 << 12];
    struct hash h;

    assert_in_range(rows, 1, 1 << 12);
    for (size_t i = 0; i < rows; i++)
        store_le32(bytes + 4 * i, column[i].v);
    h = blake2s_hash(bytes_of(bytes, 4 * rows));
    hex_encode(text, h.b, sizeof h.b);
}

static void draw_relations(struct relations *out, const json_t *proof)
{
    static const char *const names[RELATION_COUNT] = {
        "BitOp",   "LoadStore", "ProgramCheck", "RegisterCheck", "Range8",
        "Range16", "Range32",   "Range128",     "Range256"};

    for (int i = 0; i < RELATION_COUNT; i++) {
        char key[64];
        const json_t *elements;

        snprintf(key, sizeof key, "%sLookupElements", names[i]);
        elements = json_object_get(json_object_get(proof, "lookup_elements"), key);
        out->of[i] = relation_of(felt_of_json(json_object_get(elements, "z")),
                                 felt_of_json(json_object_get(elements, "alpha")));
    }
}

static void assert_columns(const struct fixture *f, const json_t *proof)
{
    for (size_t tree = 0; tree < TREE_COUNT; tree++) {
        const json_t *columns = json_object_get(
            json_array_get(json_object_get(proof, "trees"), tree), "columns");
        size_t index = component_column_count(COMPONENT_MAIN, (enum component_tree)tree);

        for (int id = COMPONENT_FINAL_REG; id < COMPONENT_COUNT; id++) {
            const struct matrix *m = &f->table[id].tree[tree];

            for (size_t i = 0; i < m->columns; i++, index++) {
                const json_t *column = json_array_get(columns, index);
                char got[65];

                assert_int_equal(json_integer_value(json_object_get(column, "log_size")),
                                 f->table[id].log_rows);
                digest(got, matrix_column(m, i), matrix_rows(m));
                assert_string_equal(got, json_string_value(json_object_get(column, "values")));
            }
        }
        assert_int_equal(index, json_array_size(columns));
    }
}

static void columns_and_sums_are_the_reference_s(const char *name)
{
    char path[64];
    json_t *side, *proof;
    const json_t *sums;
    unsigned ram_log;

    snprintf(path, sizeof path, "tables/%s.json", name);
    side = golden_json(path);
    snprintf(path, sizeof path, "proofs/%s.json.gz", name);
    proof = golden_json(path);
    sums = json_object_get(proof, "claimed_sums");
    ram_log = ram_log_rows(json_array_size(json_object_get(side, "ram")));

    for (int kernel = 0; kernel < KERNEL_COUNT; kernel++) {
        for (unsigned threads = 1; threads <= 3; threads += 2) {
            struct fixture f;

            if (!kernel_supported((enum kernel_id)kernel))
                continue;
            fixture_init(&f, (enum kernel_id)kernel, threads, ram_log);
            fixture_golden(&f, side);
            draw_relations(&f.relations, proof);
            fixture_build(&f);
            assert_columns(&f, proof);
            for (int id = COMPONENT_FINAL_REG; id < COMPONENT_COUNT; id++)
                assert_true(qm31_eq(f.table[id].claimed_sum,
                                    felt_of_json(json_array_get(sums, (size_t)id))));
            fixture_fini(&f);
        }
    }
    json_decref(side);
    json_decref(proof);
}

static void fibonacci_columns_and_sums_are_the_reference_s(void **state)
{
    (void)state;
    columns_and_sums_are_the_reference_s("fib_9_1_1");
}

static void calls_columns_and_sums_are_the_reference_s(void **state)
{
    (void)state;
    columns_and_sums_are_the_reference_s("calls_9_1_1");
}

struct constraint_list {
    const json_t *want;
    size_t count;
};

static void compare_constraint(void *context, unsigned number, qm31 value)
{
    struct constraint_list *list = context;

    assert_int_equal(number, list->count);
    assert_true(qm31_eq(value, felt_of_json(json_array_get(list->want, number))));
    list->count++;
}

static void load_felts(qm31 *out, const json_t *list, size_t count)
{
    assert_int_equal(json_array_size(list), count);
    for (size_t i = 0; i < count; i++)
        out[i] = felt_of_json(json_array_get(list, i));
}

static void constraints_at_a_point_have_the_oracle_s_values(void **state)
{
    json_t *json = golden_json("tables/constraints.json");
    const json_t *components = json_object_get(json, "components");
    struct relations relations;

    (void)state;
    for (size_t i = 0; i < RELATION_COUNT; i++) {
        const json_t *r = json_array_get(json_object_get(json, "relations"), i);

        relations.of[i] = relation_of(felt_of_json(json_object_get(r, "z")),
                                      felt_of_json(json_object_get(r, "alpha")));
    }
    for (int i = COMPONENT_FINAL_REG; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        const json_t *c = json_array_get(components, (size_t)i - 1);
        struct constraint_list list = {.want = json_object_get(c, "constraints")};
        qm31 cells[3][44];
        struct component_samples samples = {
            .preprocessed = cells[0], .trace = cells[1], .interaction = cells[2]};

        load_felts(cells[0], json_object_get(c, "preprocessed"),
                   component_column_count(id, TREE_PREPROCESSED));
        load_felts(cells[1], json_object_get(c, "trace"), component_column_count(id, TREE_TRACE));
        load_felts(cells[2], json_object_get(c, "interaction"),
                   component_column_count(id, TREE_INTERACTION));
        load_felts(samples.previous, json_object_get(c, "previous"), 4);
        table_at_point(id, &samples, &relations, felt_of_json(json_object_get(c, "shift")),
                       compare_constraint, &list);
        assert_int_equal(list.count, component_constraints(id));
        assert_int_equal(list.count, json_array_size(list.want));
    }
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fibonacci_columns_and_sums_are_the_reference_s),
        cmocka_unit_test(calls_columns_and_sums_are_the_reference_s),
        cmocka_unit_test(constraints_at_a_point_have_the_oracle_s_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
