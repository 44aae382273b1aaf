/* SPDX-License-Identifier: Apache-2.0 */
/* The reference's complete FRI on two small quotient columns, seen layer by layer through a sink.
 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "prover/stark/fri.h"
#include "tests/prover/stark/vectors.h"
#include "tests/support/support.h"

#define ARENA_BYTES ((size_t)1 << 20)
#define LARGEST     5

struct watcher {
    struct stage_sink base; /* first, so that a cast back is valid */
    const json_t *golden;
    size_t quotients, inner;
};

static void assert_hash(const struct hash *got, const json_t *want)
{
    struct hash expected = json_hash(want);

    assert_memory_equal(got, &expected, sizeof expected);
}

static void see_quotients(struct stage_sink *s, unsigned log_size, const m31 *const coordinates[4])
{
    assert_int_equal(log_size, LARGEST - ((struct watcher *)s)->quotients++);
    assert_non_null(coordinates[3]);
}

static void see_first(struct stage_sink *s, const struct hash *root, const struct hash *channel)
{
    assert_hash(root, json_object_get(((struct watcher *)s)->golden, "first_root"));
    assert_non_null(channel);
}

static void see_felt(struct stage_sink *s, enum stage_felt which, qm31 value)
{
    assert_int_equal(which, STAGE_FRI_CIRCLE_ALPHA);
    assert_qm31(value, json_qm31(json_object_get(((struct watcher *)s)->golden, "first_alpha")));
}

static void see_inner(struct stage_sink *s, const struct stage_fri_layer *layer)
{
    struct watcher *w = (struct watcher *)s;
    json_t *golden = json_array_get(json_object_get(w->golden, "inner"), w->inner++), *value;
    size_t k;

    assert_int_equal(layer->log_size, json_integer_value(json_object_get(golden, "log_size")));
    json_array_foreach(json_object_get(golden, "values"), k, value)
        assert_qm31((qm31){{layer->coordinates[0][k], layer->coordinates[1][k],
                            layer->coordinates[2][k], layer->coordinates[3][k]}},
                    json_qm31(value));
    assert_hash(&layer->root, json_object_get(golden, "root"));
    assert_qm31(layer->alpha, json_qm31(json_object_get(golden, "alpha")));
}

static void see_last(struct stage_sink *s, qm31 coefficient, const struct hash *channel)
{
    assert_qm31(coefficient,
                json_qm31(json_object_get(((struct watcher *)s)->golden, "last_layer")));
    assert_non_null(channel);
}

static const struct stage_sink_ops watcher_ops = {.quotients = see_quotients,
                                                  .fri_first = see_first,
                                                  .felt = see_felt,
                                                  .fri_inner = see_inner,
                                                  .fri_last = see_last};

static void assert_layer(const struct fri_layer_proof *layer, const json_t *golden)
{
    json_t *witness = json_object_get(golden, "fri_witness");
    json_t *hashes = json_object_get(golden, "hash_witness");

    assert_int_equal(layer->witness_count, json_array_size(witness));
    for (size_t i = 0; i < layer->witness_count; i++)
        assert_qm31(layer->witness[i], json_qm31(json_array_get(witness, i)));
    assert_int_equal(layer->decommitment.hash_count, json_array_size(hashes));
    for (size_t i = 0; i < layer->decommitment.hash_count; i++)
        assert_hash(&layer->decommitment.hashes[i], json_array_get(hashes, i));
}

static void golden_run(enum kernel_id kernel, unsigned threads, bool watched)
{
    json_t *golden = golden_json("stark/fri.json"),
           *quotients = golden_json("stark/quotients.json");
    const unsigned sizes[2] = {LARGEST, LARGEST - 1};
    struct watcher watcher = {.base = {.ops = &watcher_ops}, .golden = golden};
    struct arena arena = arena_of(aligned_alloc(ARENA_ALIGN, ARENA_BYTES), ARENA_BYTES);
    struct exec exec = {.kernel = kernel};
    struct channel channel = channel_start();
    struct arena_plan plan = {0};
    struct matrix columns[2];
    struct positions queries;
    struct twiddles twiddles;
    static struct proof proof;
    static struct fri fri;
    size_t before;

    assert_int_equal(pool_new(&exec.pool, threads, NULL), ST_OK);
    twiddles_fill(&exec, &twiddles, &arena, LARGEST);
    for (size_t i = 0; i < 2; i++) {
        char key[8];
        json_t *values;

        snprintf(key, sizeof key, "%u", sizes[i]);
        values = json_object_get(json_object_get(quotients, "quotient_by_lde_log"), key);
        columns[i] = matrix_take(&arena, 4, sizes[i]);
        for (size_t k = 0; k < json_array_size(values); k++)
            for (size_t c = 0; c < 4; c++)
                matrix_column(&columns[i], c)[k] = json_qm31(json_array_get(values, k)).c[c];
    }
    before = arena.used;
    fri_commit(&exec, &fri, &channel, (struct fri_input){.columns = columns, .count = 2}, &twiddles,
               watched ? &watcher.base : NULL, &arena);
    assert_qm31(fri.last, json_qm31(json_object_get(golden, "last_layer")));
    assert_int_equal(watcher.inner, watched ? LARGEST - 2 : 0);
    channel_mix_u64(&channel, channel_find_nonce(&channel, PROOF_POW_BITS));
    queries = positions_draw(&channel, LARGEST);
    fri_open(&fri, &queries, &proof, &arena);
    assert_layer(&proof.first_layer, json_object_get(golden, "first_opening"));
    assert_int_equal(proof.inner_count, LARGEST - 2);
    for (size_t i = 0; i < proof.inner_count; i++)
        assert_layer(&proof.inner_layers[i],
                     json_array_get(json_object_get(golden, "inner_openings"), i));
    assert_qm31(proof.last_coefficient, fri.last);
    fri_plan(&plan, LARGEST);
    fri_open_plan(&plan, sizes, 2);
    assert_int_equal(arena.peak - before, plan.peak);
    pool_free(exec.pool);
    free(arena.base);
    json_decref(golden);
    json_decref(quotients);
}

static void golden_layers_and_openings(void **state)
{
    (void)state;
    for (int id = 0; id < KERNEL_COUNT; id++)
        for (unsigned threads = 1; threads <= 3 && kernel_supported((enum kernel_id)id); threads++)
            golden_run((enum kernel_id)id, threads, threads != 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_layers_and_openings)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
