/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "prover/machine/shape.h"
#include "tests/support/support.h"

static void assert_sizes(const struct shape *s, const unsigned *want, size_t count)
{
    assert_int_equal(s->size_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(s->sizes[i], want[i]);
}

static void sizes_merge_where_they_tie(void **state)
{
    static const struct {
        struct machine_logs logs;
        unsigned composition_log, count, sizes[SHAPE_MAX_SIZES];
    } table[] = {
        {{8, 6}, 10, 6, {11, 9, 8, 7, 6, 5}}, /* fib 9 1 1 */
        {{8, 4}, 10, 5, {11, 9, 8, 6, 5}},    /* RAM as short as the ranges */
        {{8, 5}, 10, 5, {11, 9, 8, 6, 5}},
        {{8, 7}, 10, 5, {11, 9, 8, 6, 5}},
        {{8, 8}, 10, 5, {11, 9, 8, 6, 5}},    /* all the longest are equal */
        {{12, 12}, 14, 6, {15, 13, 9, 8, 6, 5}},
        {{12, 13}, 14, 7, {15, 14, 13, 9, 8, 6, 5}},
        {{12, 14}, 15, 7, {16, 15, 13, 9, 8, 6, 5}}, /* RAM decides the composition */
        {{10, 9}, 12, 7, {13, 11, 10, 9, 8, 6, 5}},
        {{8, 24}, 25, 6, {26, 25, 9, 8, 6, 5}},
        {{27, 27}, 29, 6, {30, 28, 9, 8, 6, 5}},
    };
    static struct shape s;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        shape_of(&s, table[i].logs);
        assert_int_equal(s.composition_log, table[i].composition_log);
        assert_int_equal(s.lambda, table[i].composition_log + 1);
        assert_sizes(&s, table[i].sizes, table[i].count);
    }
}

/* Equal points are one point, because quotients group samples by point (stark.md 8.1). */
static void points_merge_where_log_sizes_tie(void **state)
{
    static const struct {
        struct machine_logs logs;
        unsigned points;
    } table[] = {{{9, 6}, 8},  /* P, +9, -9, -5, -8, -6, -4, -7 */
                 {{8, 6}, 7},  /* main and BitOp */
                 {{9, 5}, 7},  /* RAM and FinalReg */
                 {{9, 9}, 7},  /* RAM and main */
                 {{8, 8}, 6}};
    static struct shape s;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        shape_of(&s, table[i].logs);
        assert_int_equal(s.point_count, table[i].points);
        assert_int_equal(s.points[0].offset, 0);
        for (unsigned a = 0; a < s.point_count; a++)
            for (unsigned b = 0; b < a; b++)
                assert_false(s.points[a].offset == s.points[b].offset &&
                             s.points[a].log_rows == s.points[b].log_rows);
    }
}

static bool has_size(const struct shape *s, unsigned size)
{
    for (unsigned i = 0; i < s->size_count; i++)
        if (s->sizes[i] == size)
            return true;
    return false;
}

static void every_pair_of_log_sizes_lists_each_length_once(void **state)
{
    static struct shape s;

    (void)state;
    for (unsigned main = SHAPE_MIN_MAIN; main <= SHAPE_MAX_LOG; main++) {
        for (unsigned ram = SHAPE_MIN_RAM; ram <= SHAPE_MAX_LOG; ram++) {
            bool used[SHAPE_MAX_LOG + 4] = {false};
            unsigned distinct = 0;

            shape_of(&s, (struct machine_logs){.main = main, .ram = ram});
            assert_int_equal(s.lambda, s.sizes[0]);
            assert_in_range(s.lambda, 11, 30);
            for (unsigned i = 1; i < s.size_count; i++)
                assert_true(s.sizes[i] < s.sizes[i - 1]);
            for (unsigned i = 0; i < SHAPE_COLUMNS; i++) {
                unsigned size = s.column[i].log_rows + 1u;

                assert_true(has_size(&s, size));
                distinct += !used[size];
                used[size] = true;
            }
            assert_int_equal(distinct, s.size_count);
        }
    }
}

static void columns_stand_where_the_index_maps_say(void **state)
{
    static const unsigned first[TREE_COUNT][COMPONENT_COUNT] = {
        {0, 27, 28, 33, 41, 42, 43, 44, 45},
        {0, 273, 281, 284, 294, 295, 296, 297, 298},
        {0, 832, 836, 848, 892, 896, 900, 904, 908}};
    static const unsigned columns[SHAPE_TREES] = {46, 299, 912, 4};
    static struct shape s;

    (void)state;
    shape_of(&s, (struct machine_logs){.main = 11, .ram = 8});
    for (int tree = 0; tree < TREE_COUNT; tree++)
        for (int id = 0; id < COMPONENT_COUNT; id++)
            assert_int_equal(s.component_first[tree][id], first[tree][id]);
    for (unsigned tree = 0; tree < SHAPE_TREES; tree++)
        assert_int_equal(shape_tree_columns(&s, tree), columns[tree]);
    assert_int_equal(shape_tree(&s, SHAPE_COMPOSITION)->component, COMPONENT_COUNT);
    assert_int_equal(shape_tree(&s, SHAPE_COMPOSITION)->log_rows, 13);
}

static void column_lengths_are_those_of_the_reference(void **state)
{
    static const char *const names[] = {"fib_9_1_1", "calls_9_1_1", "isa_9_1_1", "fib_1000_7_13",
                                        "fib_0_0_0"};
    static struct shape s;

    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        char path[64];
        json_t *proof;
        const json_t *logs, *trees;

        snprintf(path, sizeof path, "proofs/%s.json.gz", names[n]);
        proof = golden_json(path);
        logs = json_object_get(proof, "component_log_sizes");
        trees = json_object_get(proof, "trees");
        shape_of(&s, (struct machine_logs){
                         .main = (unsigned)json_integer_value(json_array_get(logs, 0)),
                         .ram = (unsigned)json_integer_value(json_array_get(logs, 3))});
        for (size_t i = 0; i < COMPONENT_COUNT; i++)
            assert_int_equal(s.log_rows[i], json_integer_value(json_array_get(logs, i)));
        for (unsigned t = 0; t < SHAPE_TREES; t++) {
            const json_t *columns = json_object_get(json_array_get(trees, t), "columns");

            assert_int_equal(json_array_size(columns), shape_tree_columns(&s, t));
            for (size_t i = 0; i < json_array_size(columns); i++)
                assert_int_equal(
                    shape_tree(&s, t)[i].log_rows,
                    json_integer_value(json_object_get(json_array_get(columns, i), "log_size")));
        }
        json_decref(proof);
    }
}

static void samples_are_numbered_in_tree_column_and_mask_order(void **state)
{
    static struct shape s;
    unsigned next = 0;

    (void)state;
    shape_of(&s, (struct machine_logs){.main = 9, .ram = 6});
    for (unsigned i = 0; i < SHAPE_COLUMNS; i++) {
        assert_int_equal(s.column[i].first_sample, next);
        next += s.column[i].samples;
    }
    assert_int_equal(next, SHAPE_SAMPLES);
    for (unsigned tree = 0; tree < TREE_COUNT; tree++) {
        for (int id = 0; id < COMPONENT_COUNT; id++) {
            const struct shape_column *first = shape_tree(&s, tree) + s.component_first[tree][id];

            for (unsigned i = 0; i < component_column_count((enum component_id)id,
                                                            (enum component_tree)tree);
                 i++) {
                struct mask m =
                    component_mask((enum component_id)id, (enum component_tree)tree, i);

                assert_int_equal(first[i].component, id);
                assert_int_equal(first[i].log_rows, s.log_rows[id]);
                assert_int_equal(first[i].samples, m.count);
                for (unsigned k = 0; k < m.count; k++) {
                    const struct shape_point *p = &s.points[first[i].point[k]];

                    assert_int_equal(p->offset, m.offset[k]);
                    assert_int_equal(p->log_rows, p->offset ? s.log_rows[id] : 0);
                }
            }
        }
    }
}

/* Sample number n is the value n; positions by hand from components.md 4.3. */
static void a_component_finds_its_samples(void **state)
{
    static qm31 samples[SHAPE_SAMPLES];
    static struct shape_samples storage;
    static struct shape s;
    struct component_samples c;

    (void)state;
    for (uint32_t i = 0; i < SHAPE_SAMPLES; i++)
        samples[i] = qm31_of(i, 0, 0, 0);
    shape_of(&s, (struct machine_logs){.main = 9, .ram = 6});

    c = shape_component_samples(&s, COMPONENT_MAIN, samples, &storage);
    assert_int_equal(c.preprocessed[26].c[0].v, 26);
    assert_int_equal(c.trace[0].c[0].v, 46); /* Pc[0]: its row, then the next */
    assert_int_equal(c.next[0].c[0].v, 47);
    assert_int_equal(c.trace[4].c[0].v, 46 + 8);
    assert_int_equal(c.trace[82].c[0].v, 46 + 4 + 82);
    assert_int_equal(c.next[4].c[0].v, 46 + 4 + 83);
    assert_int_equal(c.trace[272].c[0].v, 46 + 5 + 272);
    assert_int_equal(c.interaction[0].c[0].v, 46 + 304);
    assert_int_equal(c.previous[0].c[0].v, 46 + 304 + 828); /* the previous row comes first */
    assert_int_equal(c.interaction[828].c[0].v, 46 + 304 + 829);
    assert_int_equal(c.interaction[831].c[0].v, 46 + 304 + 835);

    c = shape_component_samples(&s, COMPONENT_RAM, samples, &storage);
    assert_int_equal(c.preprocessed[7].c[0].v, 40);
    assert_int_equal(c.trace[9].c[0].v, 46 + 5 + 293);
    assert_int_equal(c.interaction[0].c[0].v, 46 + 304 + 12 + 848);
    assert_int_equal(c.previous[3].c[0].v, 46 + 304 + 12 + 888 + 6);
    assert_int_equal(c.interaction[43].c[0].v, 46 + 304 + 12 + 888 + 7);

    c = shape_component_samples(&s, COMPONENT_RANGE256, samples, &storage);
    assert_int_equal(c.interaction[3].c[0].v, SHAPE_SAMPLES - 4 - 1);
}

static void log_sizes_are_the_smallest_that_hold_the_run(void **state)
{
    static const struct {
        size_t steps, words, ram;
        unsigned limit;
        enum status st;
        unsigned main_log, ram_log;
    } table[] = {
        {1, 1, 0, 0, ST_OK, 8, 4},
        {207, 100, 40, 0, ST_OK, 8, 6},
        {256, 256, 16, 0, ST_OK, 8, 4}, /* exactly full */
        {257, 1, 17, 0, ST_OK, 9, 5},
        {876, 2550, 2423, 0, ST_OK, 12, 12}, /* the program is longer than the run */
        {1024, 1, 1025, 10, ST_LIMIT, 0, 0},
        {1025, 1, 1024, 10, ST_LIMIT, 0, 0},
        {1024, 1025, 16, 10, ST_LIMIT, 0, 0},
        {1024, 1024, 1024, 10, ST_OK, 10, 10},
        {(size_t)1 << 24, 1, 1, 0, ST_OK, 24, 4},
        {((size_t)1 << 24) + 1, 1, 1, 0, ST_LIMIT, 0, 0},
        {(size_t)1 << 27, 1, 1, 99, ST_OK, 27, 4},
        {((size_t)1 << 27) + 1, 1, 1, 99, ST_LIMIT, 0, 0}, /* the circle ends here */
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run run = {.step_count = table[i].steps, .ram_entries = table[i].ram};
        struct machine_logs logs = {0};
        struct why why = {""};

        run.view.word_count = table[i].words;
        assert_int_equal(machine_log_sizes(&logs, &run, table[i].limit, &why), table[i].st);
        assert_int_equal(logs.main, table[i].main_log);
        assert_int_equal(logs.ram, table[i].ram_log);
        if (table[i].st == ST_LIMIT)
            assert_non_null(strstr(why.text, "--max-log-rows"));
    }
}

static void claimed_log_sizes_are_checked(void **state)
{
    static const struct {
        int at;
        uint32_t value;
        unsigned limit;
        enum status st;
    } table[] = {
        {0, 8, 0, ST_OK},        {0, 24, 0, ST_OK},       {0, 27, 27, ST_OK},
        {0, 7, 0, ST_INVALID},   {0, 25, 0, ST_INVALID},  {0, 28, 99, ST_INVALID},
        {0, UINT32_MAX, 0, ST_INVALID},
        {3, 4, 0, ST_OK},        {3, 24, 0, ST_OK},       {3, 12, 12, ST_OK},
        {3, 3, 0, ST_INVALID},   {3, 25, 0, ST_INVALID},  {3, 13, 12, ST_INVALID},
        {1, 4, 0, ST_INVALID},   {1, 6, 0, ST_INVALID},   {2, 9, 0, ST_INVALID},
        {4, 3, 0, ST_INVALID},   {5, 5, 0, ST_INVALID},   {6, 4, 0, ST_INVALID},
        {7, 8, 0, ST_INVALID},   {8, 7, 0, ST_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint32_t claimed[COMPONENT_COUNT] = {9, 5, 8, 6, 4, 4, 5, 7, 8};
        struct machine_logs logs = {0};
        struct why why = {""};

        claimed[table[i].at] = table[i].value;
        assert_int_equal(machine_claimed_logs(&logs, claimed, table[i].limit, &why), table[i].st);
        assert_int_equal(logs.main, table[i].st ? 0 : claimed[0]);
        assert_int_equal(logs.ram, table[i].st ? 0 : claimed[3]);
        if (table[i].st)
            assert_non_null(strstr(why.text, component_shapes[table[i].at].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_merge_where_they_tie),
        cmocka_unit_test(points_merge_where_log_sizes_tie),
        cmocka_unit_test(every_pair_of_log_sizes_lists_each_length_once),
        cmocka_unit_test(columns_stand_where_the_index_maps_say),
        cmocka_unit_test(column_lengths_are_those_of_the_reference),
        cmocka_unit_test(samples_are_numbered_in_tree_column_and_mask_order),
        cmocka_unit_test(a_component_finds_its_samples),
        cmocka_unit_test(log_sizes_are_the_smallest_that_hold_the_run),
        cmocka_unit_test(claimed_log_sizes_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
