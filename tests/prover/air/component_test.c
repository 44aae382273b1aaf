/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prover/air/component.h"
#include "tests/support/support.h"

static void trees_have_the_columns_of_the_specification(void **state)
{
    static const unsigned columns[TREE_COUNT] = {46, 299, 912};
    static const unsigned samples[TREE_COUNT] = {46, 304, 948};

    (void)state;
    for (int tree = 0; tree < TREE_COUNT; tree++) {
        unsigned column_sum = 0, sample_sum = 0;

        for (int id = 0; id < COMPONENT_COUNT; id++) {
            column_sum += component_column_count((enum component_id)id, (enum component_tree)tree);
            sample_sum += component_sample_count((enum component_id)id, (enum component_tree)tree);
        }
        assert_int_equal(column_sum, columns[tree]);
        assert_int_equal(sample_sum, samples[tree]);
    }
}

static void constraints_are_numbered_through_all_components(void **state)
{
    static const unsigned first[] = {0, 657, 658, 661, 678, 679, 680, 681, 682};

    (void)state;
    for (int id = 0; id < COMPONENT_COUNT; id++)
        assert_int_equal(component_first_constraint((enum component_id)id), first[id]);
    assert_int_equal(component_constraints_total(), 683);
}

static void names_and_fixed_sizes_are_those_of_the_list(void **state)
{
    static const struct {
        const char *name;
        unsigned fixed_log, degree_log;
    } list[] = {{"main", 0, 2},
                {"FinalReg", 5, 1},
                {"BitOpMultiplicity", 8, 1},
                {"RamInitFinal", 0, 1},
                {"Multiplicity8", 4, 1},
                {"Multiplicity16", 4, 1},
                {"Multiplicity32", 5, 1},
                {"Multiplicity128", 7, 1},
                {"Multiplicity256", 8, 1}};

    (void)state;
    for (int id = 0; id < COMPONENT_COUNT; id++) {
        assert_string_equal(component_shapes[id].name, list[id].name);
        assert_int_equal(component_shapes[id].fixed_log, list[id].fixed_log);
        assert_int_equal(component_shapes[id].degree_log, list[id].degree_log);
    }
}

/* The column list of the main component says "0", "0 1" or "-1 0". */
static void main_masks_are_those_of_the_column_list(void **state)
{
    struct csv *c = golden_csv("air-main/columns.csv");
    unsigned seen = 0;

    (void)state;
    for (size_t row = 0; row < c->rows; row++) {
        enum component_tree tree = (enum component_tree)atoi(csv_cell(c, row, "tree"));
        unsigned first = (unsigned)atoi(csv_cell(c, row, "first_index"));
        unsigned limbs = (unsigned)atoi(csv_cell(c, row, "limbs"));
        const char *offsets = csv_cell(c, row, "mask_offsets");

        for (unsigned i = 0; i < limbs; i++) {
            struct mask m = component_mask(COMPONENT_MAIN, tree, first + i);
            char text[16];

            if (m.count == 1)
                snprintf(text, sizeof text, "%d", m.offset[0]);
            else
                snprintf(text, sizeof text, "%d %d", m.offset[0], m.offset[1]);
            assert_string_equal(text, offsets);
            seen++;
        }
    }
    assert_int_equal(seen, 27 + 273 + 832);
    csv_free(c);
}

static void the_last_secure_column_of_every_extension_is_read_in_the_previous_row(void **state)
{
    (void)state;
    for (int i = COMPONENT_FINAL_REG; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        unsigned columns = component_column_count(id, TREE_INTERACTION);

        for (unsigned column = 0; column < columns; column++) {
            struct mask m = component_mask(id, TREE_INTERACTION, column);

            assert_int_equal(m.count, column + 4 >= columns ? 2 : 1);
            assert_int_equal(m.offset[0], column + 4 >= columns ? -1 : 0);
            assert_int_equal(m.offset[1], 0);
        }
        assert_int_equal(component_sample_count(id, TREE_TRACE),
                         component_column_count(id, TREE_TRACE));
    }
}

static void relations_hold_the_powers_of_alpha(void **state)
{
    qm31 alpha = qm31_of(1, 2, 3, 4), z = qm31_of(5, 6, 7, 8);
    struct relation r = relation_of(z, alpha);

    (void)state;
    assert_true(qm31_eq(r.z, z));
    for (unsigned i = 0; i < RELATION_MAX_SIZE; i++)
        assert_true(qm31_eq(r.power[i], qm31_pow(alpha, i)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_have_the_columns_of_the_specification),
        cmocka_unit_test(constraints_are_numbered_through_all_components),
        cmocka_unit_test(names_and_fixed_sizes_are_those_of_the_list),
        cmocka_unit_test(main_masks_are_those_of_the_column_list),
        cmocka_unit_test(the_last_secure_column_of_every_extension_is_read_in_the_previous_row),
        cmocka_unit_test(relations_hold_the_powers_of_alpha),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
