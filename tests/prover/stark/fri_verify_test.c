/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "prover/stark/fri_verify.h"
#include "tests/prover/stark/vectors.h"
#include "tests/support/support.h"

#define LAMBDA 5

/* The golden FRI proof of two quotient columns, of log sizes 5 and 4. */
struct fixture {
    json_t *golden, *quotients;
    struct proof proof;
    qm31 *witness[4];
    struct hash *hashes[4];
};

static void load_layer(struct fixture *f, struct fri_layer_proof *layer, int number,
                       const json_t *opening, const char *root)
{
    f->witness[number] = json_qm31s(json_object_get(opening, "fri_witness"), &layer->witness_count);
    f->hashes[number] =
        json_hashes(json_object_get(opening, "hash_witness"), &layer->decommitment.hash_count);
    layer->witness = f->witness[number];
    layer->decommitment.hashes = f->hashes[number];
    assert_true(hex_decode(layer->root.b, 32, root));
}

static int load(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const json_t *inner, *openings;

    f->golden = golden_json("stark/fri.json");
    f->quotients = golden_json("stark/quotients.json");
    inner = json_object_get(f->golden, "inner");
    openings = json_object_get(f->golden, "inner_openings");
    load_layer(f, &f->proof.first_layer, 0, json_object_get(f->golden, "first_opening"),
               json_string_value(json_object_get(f->golden, "first_root")));
    f->proof.inner_count = json_array_size(inner);
    for (size_t i = 0; i < f->proof.inner_count; i++)
        load_layer(f, &f->proof.inner_layers[i], (int)i + 1, json_array_get(openings, i),
                   json_string_value(json_object_get(json_array_get(inner, i), "root")));
    f->proof.last_coefficient = json_qm31(json_object_get(f->golden, "last_layer"));
    f->proof.nonce = (uint64_t)json_integer_value(json_object_get(f->golden, "nonce"));
    *state = f;
    return 0;
}

static int unload(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 4; i++) {
        free(f->witness[i]);
        free(f->hashes[i]);
    }
    json_decref(f->golden);
    json_decref(f->quotients);
    free(f);
    return 0;
}

/* The whole of the verifier's part, on the golden transcript. */
static enum status verify(const struct fixture *f, const struct proof *proof, struct why *why)
{
    const json_t *by_size = json_object_get(f->quotients, "quotient_by_lde_log");
    struct fri_column columns[2] = {{.log_size = 5}, {.log_size = 4}};
    struct channel c = channel_start();
    struct fri_challenges challenges;
    struct positions queries;
    enum status st = fri_commitments_verify(&challenges, &c, proof, LAMBDA, why);

    if (st)
        return st;
    queries = json_positions(json_object_get(f->golden, "queries"));
    for (int i = 0; i < 2; i++) {
        const json_t *rows = json_object_get(by_size, i ? "4" : "5");
        struct positions p = positions_fold(&queries, (unsigned)i);

        for (unsigned k = 0; k < p.count; k++)
            columns[i].at[k] = json_qm31(json_array_get(rows, p.at[k]));
    }
    return fri_openings_verify(proof, &challenges, &queries, columns, 2, why);
}

static void the_golden_challenges_and_queries_are_drawn(void **state)
{
    const struct fixture *f = *state;
    struct channel c = channel_start();
    struct fri_challenges challenges;
    const json_t *layer;
    struct positions queries, want = json_positions(json_object_get(f->golden, "queries"));
    size_t i;

    assert_int_equal(fri_commitments_verify(&challenges, &c, &f->proof, LAMBDA, NULL), ST_OK);
    assert_qm31(challenges.first, json_qm31(json_object_get(f->golden, "first_alpha")));
    json_array_foreach(json_object_get(f->golden, "inner"), i, layer)
        assert_qm31(challenges.inner[i], json_qm31(json_object_get(layer, "alpha")));
    assert_int_equal(channel_find_nonce(&c, PROOF_POW_BITS), f->proof.nonce);
    channel_mix_u64(&c, f->proof.nonce);
    queries = positions_draw(&c, LAMBDA);
    assert_int_equal(queries.count, want.count);
    assert_memory_equal(queries.at, want.at, queries.count * sizeof *queries.at);
}

static void the_golden_proof_is_accepted(void **state)
{
    const struct fixture *f = *state;

    assert_int_equal(verify(f, &f->proof, NULL), ST_OK);
}

static void assert_refused(const struct fixture *f, const struct proof *proof, const char *words)
{
    struct why why;

    assert_int_equal(verify(f, proof, &why), ST_INVALID);
    assert_string_equal(why.text, words);
}

static void the_number_of_layers_is_fixed_by_the_longest_column(void **state)
{
    const struct fixture *f = *state;
    struct proof p = f->proof;

    p.inner_count = 2;
    assert_refused(f, &p, "Fri(InvalidNumFriLayers): 2 inner layers, expected 3");
    p.inner_layers[3] = p.inner_layers[2];
    p.inner_count = 4;
    assert_refused(f, &p, "Fri(InvalidNumFriLayers): 4 inner layers, expected 3");
}

/* Copies of a layer's arrays that may be changed, with room for one element more. */
struct changed_layer {
    qm31 witness[8];
    struct hash hashes[16];
};

static void copy_layer(struct changed_layer *copy, struct fri_layer_proof *layer)
{
    *copy = (struct changed_layer){.witness = {QM31_ZERO}};
    memcpy(copy->witness, layer->witness, layer->witness_count * sizeof *layer->witness);
    memcpy(copy->hashes, layer->decommitment.hashes,
           layer->decommitment.hash_count * sizeof *copy->hashes);
    layer->witness = copy->witness;
    layer->decommitment.hashes = copy->hashes;
}

enum change { FEWER_VALUES, MORE_VALUES, OTHER_VALUE, FEWER_HASHES, MORE_HASHES, OTHER_HASH };

static void change_layer(struct changed_layer *copy, struct fri_layer_proof *layer,
                         enum change change)
{
    copy_layer(copy, layer);
    switch (change) {
    case FEWER_VALUES:
        layer->witness_count--;
        break;
    case MORE_VALUES:
        layer->witness_count++;
        break;
    case OTHER_VALUE:
        copy->witness[0].c[3].v ^= 1;
        break;
    case FEWER_HASHES:
        layer->decommitment.hash_count--;
        break;
    case MORE_HASHES:
        layer->decommitment.hash_count++;
        break;
    case OTHER_HASH:
        copy->hashes[0].b[31] ^= 1;
        break;
    }
}

static void what_is_wrong_in_a_layer_is_named(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        int layer; /* 0 the first, i + 1 inner layer i */
        enum change change;
        const char *words;
    } table[] = {
        {0, FEWER_VALUES,
         "Fri(FirstLayerEvaluationsInvalid): fri.first_layer.fri_witness has too "
         "few values"},
        {0, MORE_VALUES,
         "Fri(FirstLayerEvaluationsInvalid): fri.first_layer.fri_witness has too "
         "many values"},
        {0, OTHER_VALUE, "Fri(FirstLayerCommitmentInvalid{RootMismatch})"},
        {0, FEWER_HASHES, "Fri(FirstLayerCommitmentInvalid{WitnessTooShort})"},
        {0, MORE_HASHES, "Fri(FirstLayerCommitmentInvalid{WitnessTooLong})"},
        {0, OTHER_HASH, "Fri(FirstLayerCommitmentInvalid{RootMismatch})"},
        {1, FEWER_VALUES,
         "Fri(InnerLayerEvaluationsInvalid{0}): fri.inner_layers[0].fri_witness "
         "has too few values"},
        {2, MORE_VALUES,
         "Fri(InnerLayerEvaluationsInvalid{1}): fri.inner_layers[1].fri_witness "
         "has too many values"},
        {2, OTHER_VALUE, "Fri(InnerLayerCommitmentInvalid{1, RootMismatch})"},
        {3, FEWER_HASHES, "Fri(InnerLayerCommitmentInvalid{2, WitnessTooShort})"},
        {1, MORE_HASHES, "Fri(InnerLayerCommitmentInvalid{0, WitnessTooLong})"},
        {3, OTHER_HASH, "Fri(InnerLayerCommitmentInvalid{2, RootMismatch})"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct proof p = f->proof;
        struct changed_layer copy;

        change_layer(&copy, table[i].layer ? &p.inner_layers[table[i].layer - 1] : &p.first_layer,
                     table[i].change);
        assert_refused(f, &p, table[i].words);
    }
}

/* The last layer is compared only where all commitments hold, so its coefficient is changed behind
 * the transcript's back. */
static void a_last_layer_that_does_not_follow_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct channel c = channel_start();
    struct fri_challenges challenges;
    struct fri_column columns[2] = {{.log_size = 5}, {.log_size = 4}};
    struct positions queries = json_positions(json_object_get(f->golden, "queries"));
    const json_t *by_size = json_object_get(f->quotients, "quotient_by_lde_log");
    struct proof p = f->proof;
    struct why why;

    assert_int_equal(fri_commitments_verify(&challenges, &c, &p, LAMBDA, NULL), ST_OK);
    for (int i = 0; i < 2; i++) {
        struct positions q = positions_fold(&queries, (unsigned)i);

        for (unsigned k = 0; k < q.count; k++)
            columns[i].at[k] =
                json_qm31(json_array_get(json_object_get(by_size, i ? "4" : "5"), q.at[k]));
    }
    assert_int_equal(fri_openings_verify(&p, &challenges, &queries, columns, 2, &why), ST_OK);
    p.last_coefficient.c[0].v ^= 1;
    assert_int_equal(fri_openings_verify(&p, &challenges, &queries, columns, 2, &why), ST_INVALID);
    assert_string_equal(why.text, "Fri(LastLayerEvaluationsInvalid)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_challenges_and_queries_are_drawn),
        cmocka_unit_test(the_golden_proof_is_accepted),
        cmocka_unit_test(the_number_of_layers_is_fixed_by_the_longest_column),
        cmocka_unit_test(what_is_wrong_in_a_layer_is_named),
        cmocka_unit_test(a_last_layer_that_does_not_follow_is_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
