/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/proof/proof.h"
#include "tests/prover/proof/dissect.h"
#include "tests/prover/proof/golden_proofs.h"
#include "tests/prover/proof/heap.h"
#include "tests/support/support.h"

static struct buffer golden_bytes(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "proofs/%s.proof", name);
    return golden_read(path);
}

static void golden_proofs_decode_and_encode_back(void **state)
{
    (void)state;
    for (int i = 0; i < GOLDEN_PROOFS; i++) {
        struct buffer bytes = golden_bytes(golden_proofs[i]), again;
        struct proof proof;
        struct why why;

        buffer_init(&again, 0);
        assert_int_equal(proof_decode(&proof, buffer_bytes(&bytes), &why), ST_OK);
        proof_encode(&again, &proof);
        assert_true(bytes_equal(buffer_bytes(&bytes), buffer_bytes(&again)));
        proof_fini(&proof);
        assert_null(proof.storage);
        buffer_fini(&again);
        buffer_fini(&bytes);
    }
}

/* components.md 9.5 and 11.1 */
static void the_worked_example_has_its_values(void **state)
{
    static const uint32_t logs[9] = {8, 5, 8, 6, 4, 4, 5, 7, 8};
    static const size_t witnesses[4] = {21, 21, 21, 27}, queried[4] = {138, 897, 2736, 12};
    struct buffer bytes = golden_bytes("fib_9_1_1");
    struct proof p;
    char hex[65];

    (void)state;
    assert_int_equal(proof_decode(&p, buffer_bytes(&bytes), NULL), ST_OK);
    for (int i = 0; i < 9; i++)
        assert_int_equal(p.log_sizes[i], logs[i]);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(p.decommitments[i].hash_count, witnesses[i]);
        assert_int_equal(p.queried_count[i], queried[i]);
    }
    hex_encode(hex, p.roots[3].b, 32);
    assert_string_equal(hex, "64d3ec5d31a1bf970d1e142dca436bdc43819d2d219a4abfe357e2f71dcad85a");
    assert_int_equal(p.nonce, 1);
    assert_int_equal(p.inner_count, 9);
    assert_true(qm31_eq(p.last_coefficient, qm31_of(1424130847, 622758543, 2064423492, 165887238)));
    assert_true(
        qm31_eq(p.claimed_sums[8], qm31_of(1491754911, 1809364862, 1971424400, 1316235227)));
    assert_int_equal(p.layout.public_input, 556);
    assert_int_equal(p.layout.end, 592);
    assert_int_equal(proof_lambda(p.log_sizes), 11);
    proof_fini(&p);
    buffer_fini(&bytes);
}

static void fields_have_names(void **state)
{
    /* Offsets of sections from components.md 9.5. */
    static const struct {
        size_t offset;
        const char *name;
    } table[] = {
        {0, "config.pow_bits"},
        {3, "config.n_queries"},
        {4, "commitments"},
        {5, "commitments[0]"},
        {36, "commitments[0]"},
        {132, "commitments[3]"},
        {133, "sampled_values"},
        {134, "sampled_values[0]"},
        {135, "sampled_values[0][0]"},
        {136, "sampled_values[0][0][0].c0"},
        {24284, "decommitments"},
        {24285, "decommitments[0].hash_witness"},
        {24286, "decommitments[0].hash_witness[0]"},
        {24285 + 1 + 21 * 32, "decommitments[0].column_witness"},
        {27173, "queried_values"},
        {27174, "queried_values[0]"},
        {27176, "queried_values[0][0]"},
        {43753, "proof_of_work"},
        {43754, "fri.first_layer.fri_witness"},
        {43755, "fri.first_layer.fri_witness[0].c0"},
        {45384, "fri.inner_layers"},
        {45385, "fri.inner_layers[0].fri_witness"},
        {48921, "fri.inner_layers[8].commitment"},
        {48922, "fri.last_layer_poly.coeffs"},
        {48942, "fri.last_layer_poly.log_size"},
        {48943, "claimed_sum"},
        {48944, "claimed_sum[0].c0"},
        {49118, "log_size"},
        {49122, "log_size[3]"},
        {49128, "memory_layout.public_input"},
        {49141, "memory_layout.end"},
        {49142, "end"},
        {60000, "end"},
    };
    struct buffer bytes = golden_bytes("fib_9_1_1");
    char name[80], cut[12];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        proof_field_at(name, sizeof name, buffer_bytes(&bytes), table[i].offset);
        assert_string_equal(name, table[i].name);
    }
    proof_field_at(cut, sizeof cut, buffer_bytes(&bytes), 43755);
    assert_string_equal(cut, "fri.first_l");
    /* Behind a refused field there are no names. */
    bytes.data[133] = 5;
    proof_field_at(name, sizeof name, buffer_bytes(&bytes), 133);
    assert_string_equal(name, "sampled_values");
    proof_field_at(name, sizeof name, buffer_bytes(&bytes), 43753);
    assert_string_equal(name, "sampled_values");
    buffer_fini(&bytes);
}

/* ---- refusals ---- */

struct fixture {
    struct buffer good, changed;
    struct dissection cut;
};

static int load_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->good = golden_bytes("fib_9_1_1");
    buffer_init(&f->changed, 0);
    dissect(&f->cut, buffer_bytes(&f->good));
    *state = f;
    return 0;
}

static int free_fixture(void **state)
{
    struct fixture *f = *state;

    buffer_fini(&f->good);
    buffer_fini(&f->changed);
    dissection_fini(&f->cut);
    free(f);
    return 0;
}

static void assert_refused(struct bytes changed, const char *words)
{
    struct proof proof = {.nonce = 12345};
    struct why why = {""};

    heap_watch_start();
    assert_int_equal(proof_decode(&proof, changed, &why), ST_INVALID);
    assert_string_equal(why.text, words);
    assert_int_equal(proof.nonce, 12345); /* outputs only on success */
    assert_int_equal(heap_watch_peak(), 0);
}

enum change { SET, DROP, DOUBLE };

static void changed_fields_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    const struct lists *l = &f->cut.lists;
    const size_t layout = f->cut.layout;
    const struct {
        size_t part;
        enum change change;
        uint64_t value;
        const char *words;
    } table[] = {
        /* B4 */
        {0, SET, 0, "InvalidStructure: config.pow_bits is 0, expected 5"},
        {1, SET, 2, "InvalidStructure: config.log_blowup_factor is 2, expected 1"},
        {2, SET, 1, "InvalidStructure: config.log_last_layer_degree_bound is 1, expected 0"},
        {3, SET, 70, "InvalidStructure: config.n_queries is 70, expected 3"},
        /* B5 */
        {l->commitments, DROP, 0, "InvalidStructure: commitments has 3 trees, expected 4"},
        {l->commitments, DOUBLE, 0, "InvalidStructure: commitments has 5 trees, expected 4"},
        /* B6 */
        {l->sampled, DROP, 0, "InvalidStructure: sampled_values has 3 trees, expected 4"},
        {l->sampled, DOUBLE, 0, "InvalidStructure: sampled_values has 5 trees, expected 4"},
        {l->sampled_tree[0], DROP, 0,
         "InvalidStructure: sampled_values[0] has 45 columns, expected 46"},
        {l->sampled_tree[1], DOUBLE, 0,
         "InvalidStructure: sampled_values[1] has 300 columns, expected 299"},
        {l->sampled_tree[2], DOUBLE, 0,
         "InvalidStructure: sampled_values[2] has 913 columns, expected 912"},
        {l->sampled_tree[3], DROP, 0,
         "InvalidStructure: sampled_values[3] has 3 columns, expected 4"},
        {l->sampled_column, DOUBLE, 0,
         "InvalidStructure: sampled_values[3][3] has 2 values, expected 1"},
        {l->sampled_column, DROP, 0,
         "InvalidStructure: sampled_values[3][3] has 0 values, expected 1"},
        {l->sampled_tree[1] + 1, DROP, 0,
         "InvalidStructure: sampled_values[1][0] has 1 values, expected 2"},
        /* B7 */
        {l->decommitments, DROP, 0, "InvalidStructure: decommitments has 3 trees, expected 4"},
        {l->queried, DOUBLE, 0, "InvalidStructure: queried_values has 5 trees, expected 4"},
        /* B8, B9 */
        {l->column_witness[2], SET, 1,
         "Merkle(WitnessTooLong): decommitments[2].column_witness has 1 values, expected 0"},
        {l->hash_witness[1], SET, 91,
         "Merkle(WitnessTooLong): decommitments[1].hash_witness has 91 hashes, expected at most "
         "90"},
        {l->first_columns, SET, 3,
         "Fri(FirstLayerCommitmentInvalid{WitnessTooLong}): fri.first_layer.column_witness has 3 "
         "values, expected 0"},
        {l->first_hashes, SET, UINT64_MAX,
         "Fri(FirstLayerCommitmentInvalid{WitnessTooLong}): fri.first_layer.hash_witness has "
         "18446744073709551615 hashes, expected at most 90"},
        {l->inner_hashes[4], SET, 91,
         "Fri(InnerLayerCommitmentInvalid{4, WitnessTooLong}): fri.inner_layers[4].hash_witness "
         "has 91 hashes, expected at most 90"},
        /* B10 */
        {l->queried_tree[0], SET, 139,
         "Merkle(TooManyQueriedValues): queried_values[0] has 139 values, expected at most 138"},
        {l->queried_tree[1], SET, 298,
         "Merkle(TooFewQueriedValues): queried_values[1] has less than one value of each column"},
        /* B11 */
        {l->inner_layers, DROP, 0,
         "Fri(InvalidNumFriLayers): fri.inner_layers has 8 layers, expected 9"},
        {l->inner_layers, DOUBLE, 0,
         "Fri(InvalidNumFriLayers): fri.inner_layers has 10 layers, expected 9"},
        {l->inner_layers, SET, 29,
         "Fri(InvalidNumFriLayers): fri.inner_layers has 29 layers, expected at most 28"},
        /* B12 */
        {l->first_witness, SET, 22,
         "Fri(FirstLayerEvaluationsInvalid): fri.first_layer.fri_witness has 22 values, expected "
         "at most 21"},
        {l->inner_witness[0], SET, 4,
         "Fri(InnerLayerEvaluationsInvalid{0}): fri.inner_layers[0].fri_witness has 4 values, "
         "expected at most 3"},
        /* B13 */
        {l->coefficients, DOUBLE, 0,
         "InvalidStructure: fri.last_layer_poly.coeffs has 2 coefficients, expected 1"},
        {l->coefficients, DROP, 0,
         "InvalidStructure: fri.last_layer_poly.coeffs has 0 coefficients, expected 1"},
        {f->cut.last_log_size, SET, 1,
         "Fri(LastLayerDegreeInvalid): fri.last_layer_poly.log_size is 1, expected 0"},
        /* B14 */
        {l->claimed_sums, DROP, 0,
         "InvalidStructure: claimed sum len mismatch: claimed_sum has 8 values, expected 9"},
        {l->log_sizes, DOUBLE, 0,
         "InvalidStructure: log size len mismatch: log_size has 10 values, expected 9"},
        /* B15, B16 */
        {f->cut.log_size + 0, SET, 7, "InvalidStructure: log_size[0] is 7, expected 8 to 27"},
        {f->cut.log_size + 0, SET, 28, "InvalidStructure: log_size[0] is 28, expected 8 to 27"},
        {f->cut.log_size + 1, SET, 4, "InvalidStructure: log_size[1] is 4, expected 5"},
        {f->cut.log_size + 2, SET, 9, "InvalidStructure: log_size[2] is 9, expected 8"},
        {f->cut.log_size + 3, SET, 3, "InvalidStructure: log_size[3] is 3, expected 4 to 27"},
        {f->cut.log_size + 3, SET, 31, "InvalidStructure: log_size[3] is 31, expected 4 to 27"},
        {f->cut.log_size + 8, SET, 7, "InvalidStructure: log_size[8] is 7, expected 8"},
        {f->cut.log_size + 0, SET, 9,
         "Fri(InvalidNumFriLayers): fri.inner_layers has 9 layers, expected 10"},
        {f->cut.log_size + 3, SET, 10,
         "Fri(InvalidNumFriLayers): fri.inner_layers has 9 layers, expected 10"},
        /* B20: the range of a type */
        {f->cut.log_size + 0, SET, (uint64_t)UINT32_MAX + 9,
         "InvalidStructure: log_size[0] is out of range"},
        {layout + 6, SET, (uint64_t)UINT32_MAX + 1,
         "InvalidStructure: memory_layout.end is out of range"},
        /* behaviour.md 6: order and alignment */
        {layout + 0, SET, 572,
         "InvalidStructure: memory_layout.exit_code lies below the word "
         "before it"},
        {layout + 3, SET, 568,
         "InvalidStructure: memory_layout.heap lies below the word before it"},
        {layout + 6, SET, 588, "InvalidStructure: memory_layout.end lies below the word before it"},
        {layout + 2, SET, 574,
         "InvalidStructure: memory_layout.public_output is not a multiple of 4"},
        {layout + 5, SET, 591, "InvalidStructure: memory_layout.stack_top is not a multiple of 4"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct part *part = &f->cut.parts[table[i].part];
        struct bytes good = buffer_bytes(&f->good);

        if (table[i].change == DROP)
            drop_last(&f->changed, good, part);
        else if (table[i].change == DOUBLE)
            double_last(&f->changed, good, part);
        else
            replace_integer(&f->changed, good, part, table[i].value, 0);
        assert_refused(buffer_bytes(&f->changed), table[i].words);
    }
}

/* The end of the last region follows the associated data, which may have any length. */
static void an_odd_end_of_the_layout_decodes(void **state)
{
    struct fixture *f = *state;
    struct proof proof;

    replace_integer(&f->changed, buffer_bytes(&f->good), &f->cut.parts[f->cut.layout + 6], 597, 0);
    assert_int_equal(proof_decode(&proof, buffer_bytes(&f->changed), NULL), ST_OK);
    assert_int_equal(proof.layout.end, 597);
    proof_fini(&proof);
}

/* B3: the word p and every word above it, at every place that holds an element. */
static void elements_that_are_not_reduced_are_refused(void **state)
{
    struct fixture *f = *state;
    size_t seen = 0;

    for (size_t i = 0; i < f->cut.count; i += f->cut.parts[i].is_m31 ? 37 : 1) {
        const struct part *part = &f->cut.parts[i];
        struct proof proof;
        struct why why;

        if (!part->is_m31)
            continue;
        replace_integer(&f->changed, buffer_bytes(&f->good), part, part->value + M31_P, 0);
        assert_int_equal(proof_decode(&proof, buffer_bytes(&f->changed), &why), ST_INVALID);
        assert_non_null(strstr(why.text, "is not below p"));
        seen++;
    }
    assert_true(seen > 200);
    replace_integer(&f->changed, buffer_bytes(&f->good),
                    &f->cut.parts[f->cut.lists.claimed_sums + 1], M31_P, 0);
    assert_refused(buffer_bytes(&f->changed), "InvalidStructure: claimed_sum[0].c0 is not below p");
}

/* B20: each integer of each kind in a longer form. */
static void integers_that_are_not_minimal_are_refused(void **state)
{
    struct fixture *f = *state;
    size_t seen = 0;

    for (size_t i = 0; i < f->cut.count; i += f->cut.parts[i].is_m31 ? 7 : 1) {
        const struct part *part = &f->cut.parts[i];
        struct proof proof;
        struct why why;

        if (part->kind == PART_HASH)
            continue;
        replace_integer(&f->changed, buffer_bytes(&f->good), part, part->value, 1 + i % 4);
        assert_int_equal(proof_decode(&proof, buffer_bytes(&f->changed), &why), ST_INVALID);
        assert_non_null(strstr(why.text, "is not encoded in the fewest bytes"));
        seen++;
    }
    assert_true(seen > 1500);
}

static void integers_longer_than_ten_bytes_are_refused(void **state)
{
    static const uint8_t longest[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 1},
                         beyond[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 2};
    struct fixture *f = *state;
    const struct part *nonce = &f->cut.parts[f->cut.nonce];
    struct proof proof;

    replace(&f->changed, buffer_bytes(&f->good), nonce->at, nonce->size, bytes_of(longest, 10));
    assert_int_equal(proof_decode(&proof, buffer_bytes(&f->changed), NULL), ST_OK);
    assert_true(proof.nonce == UINT64_MAX);
    proof_fini(&proof);
    replace(&f->changed, buffer_bytes(&f->good), nonce->at, nonce->size, bytes_of(beyond, 10));
    assert_refused(buffer_bytes(&f->changed),
                   "DeserializeBadVarint: proof_of_work is longer than its type");
}

static void every_truncation_is_refused(void **state)
{
    struct fixture *f = *state;
    struct bytes good = buffer_bytes(&f->good);

    for (size_t size = 0; size < good.size; size += size < 200 || size > good.size - 200 ? 1 : 97) {
        struct proof proof;
        struct why why;

        assert_int_equal(proof_decode(&proof, bytes_of(good.data, size), &why), ST_INVALID);
        assert_int_equal(strncmp(why.text, "DeserializeUnexpectedEnd: ", 26), 0);
    }
    assert_refused(bytes_of(NULL, 0), "DeserializeUnexpectedEnd: config.pow_bits is cut off");
    assert_refused(bytes_of(good.data, 36), "DeserializeUnexpectedEnd: commitments[0] is cut off");
}

/* B18, B1 */
static void bytes_after_the_end_are_refused(void **state)
{
    struct fixture *f = *state;
    static uint8_t huge[PROOF_MAX_SIZE + 1];

    buffer_reset(&f->changed);
    buffer_put(&f->changed, f->good.data, f->good.size);
    buffer_put(&f->changed, "\0\0", 2);
    assert_refused(buffer_bytes(&f->changed),
                   "InvalidStructure: 2 bytes after the end of the proof");
    assert_refused(bytes_of(huge, sizeof huge),
                   "InvalidStructure: the proof has 1048577 bytes, at most 1048576");
}

/* What decodes is what a prover would have written: the encoding is unique. */
static void whatever_decodes_encodes_to_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    struct prng prng = prng_of(20);
    unsigned accepted = 0;
    struct buffer again;

    buffer_init(&again, 0);
    for (int i = 0; i < 2000; i++) {
        struct proof proof;
        struct bytes changed;

        buffer_reset(&f->changed);
        buffer_put(&f->changed, f->good.data, f->good.size);
        changed = buffer_bytes(&f->changed);
        f->changed.data[prng_below(&prng, f->good.size)] ^= (uint8_t)(1 << prng_below(&prng, 8));
        if (proof_decode(&proof, changed, NULL))
            continue;
        buffer_reset(&again);
        proof_encode(&again, &proof);
        assert_true(bytes_equal(changed, buffer_bytes(&again)));
        proof_fini(&proof);
        accepted++;
    }
    assert_in_range(accepted, 1000, 1999);
    buffer_fini(&again);
}

static void decoding_takes_at_most_four_times_the_input(void **state)
{
    (void)state;
    for (int i = 0; i < GOLDEN_PROOFS; i++) {
        struct buffer bytes = golden_bytes(golden_proofs[i]);
        struct proof proof;

        heap_watch_start();
        assert_int_equal(proof_decode(&proof, buffer_bytes(&bytes), NULL), ST_OK);
        assert_in_range(heap_watch_peak(), 1, 4 * bytes.size);
        proof_fini(&proof);
        assert_int_equal(heap_watch_held(), 0);
        buffer_fini(&bytes);
    }
}

/* All values one byte long: the worst case of the bound. */
static void a_proof_of_zeros_decodes_within_the_bound(void **state)
{
    struct fixture *f = *state;
    struct proof proof, zero;
    static qm31 samples[PROOF_SAMPLES];
    static m31 queried[PROOF_QUERIES * 912];

    assert_int_equal(proof_decode(&proof, buffer_bytes(&f->good), NULL), ST_OK);
    zero = proof;
    zero.samples = samples;
    for (int tree = 0; tree < PROOF_TREES; tree++) {
        zero.queried[tree] = queried;
        zero.decommitments[tree].hash_count = 0;
    }
    buffer_reset(&f->changed);
    proof_encode(&f->changed, &zero);
    proof_fini(&proof);
    heap_watch_start();
    assert_int_equal(proof_decode(&proof, buffer_bytes(&f->changed), NULL), ST_OK);
    assert_in_range(heap_watch_peak(), 2 * f->changed.size, 4 * f->changed.size);
    proof_fini(&proof);
}

static void no_memory_is_a_status(void **state)
{
    struct fixture *f = *state;
    struct proof proof;

    heap_fail_after(0);
    assert_int_equal(proof_decode(&proof, buffer_bytes(&f->good), NULL), ST_NO_MEMORY);
    heap_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_proofs_decode_and_encode_back),
        cmocka_unit_test(the_worked_example_has_its_values),
        cmocka_unit_test(fields_have_names),
        cmocka_unit_test(changed_fields_are_refused_by_name),
        cmocka_unit_test(an_odd_end_of_the_layout_decodes),
        cmocka_unit_test(elements_that_are_not_reduced_are_refused),
        cmocka_unit_test(integers_that_are_not_minimal_are_refused),
        cmocka_unit_test(integers_longer_than_ten_bytes_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(bytes_after_the_end_are_refused),
        cmocka_unit_test(whatever_decodes_encodes_to_the_same_bytes),
        cmocka_unit_test(decoding_takes_at_most_four_times_the_input),
        cmocka_unit_test(a_proof_of_zeros_decodes_within_the_bound),
        cmocka_unit_test(no_memory_is_a_status),
    };

    return cmocka_run_group_tests(tests, load_fixture, free_fixture);
}
