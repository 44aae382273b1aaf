/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/hash/merkle.h"
#include "tests/support/support.h"

/* Every kernel of this machine with one thread, and the best with 2 and 7. */
static struct exec contexts[KERNEL_COUNT + 2];
static size_t context_count;
static struct pool *pools[3];

static int setup(void **state)
{
    static const unsigned threads[3] = {1, 2, 7};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pool_new(&pools[i], threads[i], NULL), ST_OK);
    for (int id = 0; id < KERNEL_COUNT; id++)
        if (kernel_supported((enum kernel_id)id))
            contexts[context_count++] = (struct exec){(enum kernel_id)id, pools[0]};
    for (int i = 1; i < 3; i++)
        contexts[context_count++] = (struct exec){kernel_best(), pools[i]};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        pool_free(pools[i]);
    return 0;
}

static struct arena arena_for_tree(unsigned log)
{
    struct arena_plan plan = {0};
    size_t bytes;
    void *memory;

    merkle_plan(&plan, log);
    assert_int_equal(arena_plan_bytes(&plan, &bytes, NULL), ST_OK);
    memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(memory);
    memset(memory, 0xee, bytes);
    return arena_of(memory, bytes);
}

/* ---- vectors ---- */

#define MAX_COLUMNS 20

struct vector {
    struct matrix matrices[MAX_COLUMNS];
    m31 cells[MAX_COLUMNS][16];
    size_t columns;
    unsigned log;
};

static struct vector *vector_of(json_t *golden)
{
    struct vector *v = calloc(1, sizeof *v);
    size_t i, k;
    json_t *column, *value;

    assert_non_null(v);
    json_array_foreach(json_object_get(golden, "columns"), i, column) {
        unsigned log = 0;

        while ((size_t)1 << log < json_array_size(column))
            log++;
        json_array_foreach(column, k, value)
            v->cells[i][k].v = (uint32_t)json_integer_value(value);
        v->matrices[i] =
            (struct matrix){.cells = v->cells[i], .columns = 1, .stride = 16, .log_rows = log};
        v->log = log > v->log ? log : v->log;
        v->columns++;
    }
    return v;
}

static void assert_hash(struct hash h, json_t *want)
{
    char text[65];

    hex_encode(text, h.b, sizeof h.b);
    assert_string_equal(text, json_string_value(want));
}

static void check_layers(const struct merkle *tree, json_t *layers)
{
    size_t layer, k;
    json_t *nodes, *node;

    assert_int_equal(json_array_size(layers), tree->log + 1);
    json_array_foreach(layers, layer, nodes)
        json_array_foreach(nodes, k, node)
            assert_hash(merkle_node(tree, (unsigned)layer, k), node);
}

static void check_values(const m31 *got, size_t count, json_t *want)
{
    assert_int_equal(count, json_array_size(want));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(got[i].v, json_integer_value(json_array_get(want, i)));
}

static void check_opening(const struct merkle *tree, const struct vector *v, json_t *golden)
{
    uint32_t positions[8][8];
    struct merkle_query queries[8];
    struct hash hashes[64];
    m31 queried[64], columns[64];
    struct merkle_witness w = {.hashes = hashes, .queried = queried, .columns = columns};
    size_t count = 0, i;
    const char *log;
    json_t *list, *value, *witness = json_object_get(golden, "hash_witness");

    json_object_foreach(json_object_get(golden, "queries_by_log_size"), log, list) {
        json_array_foreach(list, i, value)
            positions[count][i] = (uint32_t)json_integer_value(value);
        queries[count] = (struct merkle_query){(unsigned)atoi(log), positions[count],
                                               json_array_size(list)};
        count++;
    }
    merkle_open(&w, tree, v->matrices, v->columns, queries, count);
    check_values(queried, w.queried_count, json_object_get(golden, "queried_values"));
    check_values(columns, w.column_count, json_object_get(golden, "column_witness"));
    assert_int_equal(w.hash_count, json_array_size(witness));
    for (i = 0; i < w.hash_count; i++)
        assert_hash(hashes[i], json_array_get(witness, i));
}

static void trees_and_openings_are_those_of_the_reference(void **state)
{
    json_t *golden = golden_json("stark/merkle.json"), *one;
    const char *name;

    (void)state;
    json_object_foreach(golden, name, one)
        for (size_t k = 0; k < context_count; k++) {
            struct vector *v = vector_of(one);
            struct arena arena = arena_for_tree(v->log);
            struct merkle tree = merkle_take(&arena, v->log);

            assert_int_equal(arena.used, arena.size);
            merkle_commit(&contexts[k], &tree, v->matrices, v->columns);
            check_layers(&tree, json_object_get(one, "layers_root_first"));
            check_opening(&tree, v, one);
            free(arena.base);
            free(v);
        }
    json_decref(golden);
}

/* ---- all kernels against the definition ---- */

struct forest {
    struct matrix matrices[8];
    size_t count;
    unsigned log;
    m31 *cells[8];
};

static void plant(struct forest *f, unsigned log, size_t columns, uint64_t seed)
{
    size_t stride = ((size_t)1 << log) + 3, n = columns * stride;
    m31 *cells = calloc(n + 1, sizeof *cells);
    struct prng r = prng_of(seed);

    assert_non_null(cells);
    for (size_t i = 0; i < n; i++)
        cells[i].v = (uint32_t)prng_below(&r, M31_P);
    f->cells[f->count] = cells;
    f->matrices[f->count++] =
        (struct matrix){.cells = cells, .columns = columns, .stride = stride, .log_rows = log};
    f->log = log > f->log ? log : f->log;
}

static void fell(struct forest *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->cells[i]);
}

/* Node by node as stark.md 4.1 says; layer l at 2^l. */
static struct hash *definition(const struct forest *f)
{
    struct hash *nodes = calloc((size_t)2 << f->log, sizeof *nodes);

    assert_non_null(nodes);
    for (unsigned log = f->log + 1; log-- > 0;)
        for (size_t k = 0; k < (size_t)1 << log; k++) {
            size_t at = ((size_t)1 << log) + k;
            struct buffer message;

            buffer_init(&message, 0);
            if (log < f->log)
                buffer_put(&message, &nodes[2 * at], 64);
            for (size_t i = 0; i < f->count; i++)
                for (size_t c = 0; f->matrices[i].log_rows == log && c < f->matrices[i].columns;
                     c++) {
                    uint8_t word[4];

                    store_le32(word, matrix_column(&f->matrices[i], c)[k].v);
                    buffer_put(&message, word, 4);
                }
            nodes[at] = blake2s_hash(buffer_bytes(&message));
            buffer_fini(&message);
        }
    return nodes;
}

static void assert_tree(const struct merkle *tree, const struct hash *want, const char *what)
{
    for (unsigned layer = 0; layer <= tree->log; layer++)
        for (size_t k = 0; k < (size_t)1 << layer; k++) {
            struct hash got = merkle_node(tree, layer, k);

            if (memcmp(&got, &want[((size_t)1 << layer) + k], sizeof got) != 0)
                fail_msg("%s: tree of log %u: node (%u, %zu) differs", what, tree->log, layer, k);
        }
}

static void check_commit(struct forest *f)
{
    struct hash *want = definition(f);

    for (size_t k = 0; k < context_count; k++) {
        struct arena arena = arena_for_tree(f->log);
        struct merkle tree = merkle_take(&arena, f->log);

        merkle_commit(&contexts[k], &tree, f->matrices, f->count);
        assert_tree(&tree, want, kernel_name(contexts[k].kernel));
        free(arena.base);
    }
    free(want);
}

static void trees_of_every_height_equal_the_definition(void **state)
{
    (void)state;
    for (unsigned log = 0; log <= 13; log++) {
        struct forest f = {0};

        plant(&f, log, 4, log);
        check_commit(&f);
        fell(&f);
    }
}

static void leaves_of_every_width_equal_the_definition(void **state)
{
    static const size_t widths[] = {1, 2, 15, 16, 17, 31, 32, 33, 48, 100};

    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (unsigned log = 3; log <= 6; log++) {
            struct forest f = {0};

            plant(&f, log, widths[i], i);
            check_commit(&f);
            fell(&f);
        }
}

/* As in a proof: several lengths, several matrices of one length, children and columns together,
 * empty matrices in between. */
static void mixed_lengths_equal_the_definition(void **state)
{
    struct forest f = {0};

    (void)state;
    plant(&f, 9, 27, 1);
    plant(&f, 6, 2, 2);
    plant(&f, 9, 0, 3);
    plant(&f, 8, 16, 4);
    plant(&f, 3, 5, 5);
    plant(&f, 9, 7, 6);
    plant(&f, 6, 31, 7);
    plant(&f, 5, 1, 8);
    check_commit(&f);
    fell(&f);
}

static void wide_trees_are_divided_without_a_trace(void **state)
{
    struct forest f = {0};

    (void)state;
    plant(&f, 12, 40, 1);
    plant(&f, 12, 3, 2);
    plant(&f, 10, 65, 3);
    plant(&f, 7, 9, 4);
    check_commit(&f);
    fell(&f);
}

static void columns_absorbed_in_groups_give_the_same_tree(void **state)
{
    struct forest f = {0};
    struct hash *want;

    (void)state;
    plant(&f, 8, 16, 1);
    plant(&f, 5, 6, 2);
    plant(&f, 8, 48, 3);
    plant(&f, 8, 5, 4);
    want = definition(&f);
    for (size_t k = 0; k < context_count; k++) {
        struct arena arena = arena_for_tree(f.log);
        struct merkle tree = merkle_take(&arena, f.log);

        merkle_absorb(&contexts[k], &tree, f.matrices[0], 0, false);
        merkle_absorb(&contexts[k], &tree, f.matrices[2], 16, false);
        merkle_absorb(&contexts[k], &tree, f.matrices[3], 64, true);
        merkle_finish(&contexts[k], &tree, f.matrices, f.count);
        assert_tree(&tree, want, "absorbed");
        free(arena.base);
    }
    free(want);
    fell(&f);
}

/* The opening of folded positions, and the root computed again from it. */
static void an_opening_leads_back_to_the_root(void **state)
{
    static const uint32_t longest[3] = {5, 70, 71}, shorter[2] = {2, 35};
    struct merkle_query queries[2] = {{7, longest, 3}, {6, shorter, 2}};
    struct hash hashes[64], nodes[3];
    m31 queried[64];
    struct merkle_witness w = {.hashes = hashes, .queried = queried};
    struct forest f = {0};
    struct arena arena;
    struct merkle tree;
    size_t hash = 0;

    (void)state;
    plant(&f, 6, 3, 1);
    plant(&f, 7, 2, 2);
    arena = arena_for_tree(7);
    tree = merkle_take(&arena, 7);
    merkle_commit(&contexts[0], &tree, f.matrices, f.count);
    merkle_open(&w, &tree, f.matrices, f.count, queries, 2);

    /* Layer 7 has no children; 5 needs its neighbour 4, 70 and 71 are a pair. Then 2, 35; 1, 17;
     * 0, 8; 0, 4; 0, 2; 0, 1 and the root need one hash each until they meet. */
    assert_int_equal(w.hash_count, 1 + 2 * 5);
    assert_int_equal(w.queried_count, 3 * 2 + 2 * 3);
    assert_int_equal(w.column_count, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(&queried[2 * i].v, &matrix_column(&f.matrices[1], 0)[longest[i]].v, 4);
        assert_memory_equal(&queried[2 * i + 1].v, &matrix_column(&f.matrices[1], 1)[longest[i]].v,
                            4);
        nodes[i] = blake2s_hash(bytes_of(&queried[2 * i], 8));
    }
    {
        uint8_t message[76];

        memcpy(message, &hashes[hash++], 32);
        memcpy(message + 32, &nodes[0], 32);
        memcpy(message + 64, &queried[6], 12);
        nodes[0] = blake2s_hash(bytes_of(message, 76));
        memcpy(message, &nodes[1], 32);
        memcpy(message + 32, &nodes[2], 32);
        memcpy(message + 64, &queried[9], 12);
        nodes[1] = blake2s_hash(bytes_of(message, 76));
    }
    for (uint32_t left = 2, right = 35; left != right; left >>= 1, right >>= 1) {
        struct hash pair[2][2];

        if (left >> 1 == right >> 1) {
            memcpy(pair[0], nodes, 64);
            nodes[0] = blake2s_hash(bytes_of(pair[0], 64));
            continue;
        }
        pair[0][left & 1] = nodes[0];
        pair[0][!(left & 1)] = hashes[hash++];
        pair[1][right & 1] = nodes[1];
        pair[1][!(right & 1)] = hashes[hash++];
        nodes[0] = blake2s_hash(bytes_of(pair[0], 64));
        nodes[1] = blake2s_hash(bytes_of(pair[1], 64));
    }
    assert_int_equal(hash, w.hash_count);
    {
        struct hash root = merkle_root(&tree);

        assert_memory_equal(&nodes[0], &root, 32);
    }
    free(arena.base);
    fell(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_and_openings_are_those_of_the_reference),
        cmocka_unit_test(trees_of_every_height_equal_the_definition),
        cmocka_unit_test(leaves_of_every_width_equal_the_definition),
        cmocka_unit_test(mixed_lengths_equal_the_definition),
        cmocka_unit_test(wide_trees_are_divided_without_a_trace),
        cmocka_unit_test(columns_absorbed_in_groups_give_the_same_tree),
        cmocka_unit_test(an_opening_leads_back_to_the_root),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
