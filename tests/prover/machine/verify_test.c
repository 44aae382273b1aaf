/* SPDX-License-Identifier: Apache-2.0 */
/* behaviour.md 3, row by row, with the verdicts of its chapter 6. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prover/machine/shape.h"
#include "tests/prover/machine/verify_fixture.h"
#include "tests/prover/proof/heap.h"

static void assert_verdict(enum status st, const struct why *why, const char *expected)
{
    if (!expected) {
        if (st)
            print_error("refused: %s\n", why->text);
        assert_int_equal(st, ST_OK);
        return;
    }
    assert_int_equal(st, ST_INVALID);
    if (strncmp(why->text, expected, strlen(expected)) != 0)
        assert_string_equal(why->text, expected);
}

static void every_golden_proof_is_accepted(void **state)
{
    (void)state;
    for (int i = 0; i < GOLDEN_PROOFS; i++) {
        struct verify_fixture *f = verify_fixture_new(golden_proofs[i]);
        struct why why = {""};

        assert_verdict(verify_bytes(f, buffer_bytes(&f->golden.proof), &why), &why, NULL);
        verify_fixture_free(f);
    }
}

static void every_kernel_accepts(void **state)
{
    struct verify_fixture *f = verify_fixture_new("calls_1_0_0");

    (void)state;
    for (int id = 0; id < KERNEL_COUNT; id++) {
        struct why why = {""};

        if (!kernel_supported((enum kernel_id)id))
            continue;
        f->exec.kernel = (enum kernel_id)id;
        assert_verdict(verify_bytes(f, buffer_bytes(&f->golden.proof), &why), &why, NULL);
    }
    verify_fixture_free(f);
}

static int load(void **state)
{
    *state = verify_fixture_new("fib_1_1_1");
    return 0;
}

static int unload(void **state)
{
    verify_fixture_free(*state);
    return 0;
}

/* ---- 3.2: changed proofs ---- */

enum change { FLIP, DROP, DOUBLE, SET };

static void apply(struct buffer *out, struct bytes proof, const struct part *part,
                  enum change change, uint64_t value)
{
    switch (change) {
    case FLIP:
        if (part->kind == PART_HASH) {
            const uint8_t flipped = proof.data[part->at + 7] ^ 1;

            replace(out, proof, part->at + 7, 1, bytes_of(&flipped, 1));
        } else {
            replace_integer(out, proof, part, part->value ^ 1, 0);
        }
        break;
    case DROP:
        drop_last(out, proof, part);
        break;
    case DOUBLE:
        double_last(out, proof, part);
        break;
    case SET:
        replace_integer(out, proof, part, value, 0);
        break;
    }
}

static void changed_elements_have_the_verdicts_of_the_reference(void **state)
{
    struct verify_fixture *f = *state;
    const struct lists *l = &f->cut.lists;
    const size_t logs = f->cut.log_size, layout = f->cut.layout;
    const struct {
        size_t part;
        enum change change;
        uint64_t value; /* of SET */
        const char *verdict;
    } table[] = {
        {l->commitments + 1, FLIP, 0,
         "InvalidStructure: invalid commitment to preprocessed trace: expected "},
        {l->commitments + 2, FLIP, 0, "OodsNotMatching"},
        {l->commitments + 3, FLIP, 0, "OodsNotMatching"},
        {l->commitments + 4, FLIP, 0, "OodsNotMatching"},

        {l->sampled_tree[0] + 2, FLIP, 0, "OodsNotMatching"},
        {l->sampled_tree[1] + 2, FLIP, 0, "OodsNotMatching"},
        {l->sampled_tree[2] + 2, FLIP, 0, "OodsNotMatching"},
        {l->sampled_tree[3] + 2, FLIP, 0, "OodsNotMatching"},

        {l->hash_witness[0] + 1, FLIP, 0, "Merkle(RootMismatch): tree 0"},
        {l->hash_witness[3] + 9, FLIP, 0, "Merkle(RootMismatch): tree 3"},
        {l->hash_witness[1], DROP, 0, "Merkle(WitnessTooShort): tree 1"},
        {l->hash_witness[2], DOUBLE, 0, "Merkle(WitnessTooLong): tree 2"},
        {l->column_witness[2], SET, 1, "Merkle(WitnessTooLong)"},

        {l->queried_tree[0] + 1, FLIP, 0, "Merkle(RootMismatch): tree 0"},
        {l->queried_tree[2] + 2000, FLIP, 0, "Merkle(RootMismatch): tree 2"},
        {l->queried_tree[1], DROP, 0, "Merkle(TooFewQueriedValues): tree 1"},
        {l->queried_tree[2], DOUBLE, 0, "Merkle(TooManyQueriedValues)"},

        {l->first_witness + 1, FLIP, 0, "Fri(FirstLayerCommitmentInvalid{RootMismatch})"},
        {l->first_hashes + 1, FLIP, 0, "Fri(FirstLayerCommitmentInvalid{RootMismatch})"},
        {l->first_witness, DROP, 0, "Fri(FirstLayerEvaluationsInvalid)"},
        {l->first_witness, DOUBLE, 0, "Fri(FirstLayerEvaluationsInvalid)"},
        {l->first_hashes, DROP, 0, "Fri(FirstLayerCommitmentInvalid{WitnessTooShort})"},
        {l->first_hashes, DOUBLE, 0, "Fri(FirstLayerCommitmentInvalid{WitnessTooLong})"},
        {l->first_columns, SET, 1, "Fri(FirstLayerCommitmentInvalid{WitnessTooLong})"},
        {f->cut.first_root, FLIP, 0, "ProofOfWork"},

        {l->inner_witness[2] + 1, FLIP, 0, "Fri(InnerLayerCommitmentInvalid{2, RootMismatch})"},
        {l->inner_hashes[5] + 1, FLIP, 0, "Fri(InnerLayerCommitmentInvalid{5, RootMismatch})"},
        {l->inner_witness[0], DROP, 0, "Fri(InnerLayerEvaluationsInvalid{0})"},
        {l->inner_witness[1], DOUBLE, 0, "Fri(InnerLayerEvaluationsInvalid{1})"},
        {l->inner_hashes[3], DOUBLE, 0, "Fri(InnerLayerCommitmentInvalid{3, WitnessTooLong})"},
        {l->inner_witness[3] - 1, FLIP, 0, "ProofOfWork"}, /* the root of layer 2 */
        {l->inner_layers, DROP, 0, "Fri(InvalidNumFriLayers)"},
        {l->inner_layers, DOUBLE, 0, "Fri(InvalidNumFriLayers)"},

        {l->coefficients + 1, FLIP, 0, "ProofOfWork"},
        {f->cut.last_log_size, SET, 1, "Fri(LastLayerDegreeInvalid)"},

        {l->claimed_sums + 1, FLIP, 0, "InvalidStructure: claimed logup sum is not zero"},
        {l->claimed_sums, DROP, 0, "InvalidStructure: claimed sum len mismatch"},
        {l->log_sizes, DOUBLE, 0, "InvalidStructure: log size len mismatch"},

        {logs + 3, SET, 7, "InvalidStructure: invalid commitment to preprocessed trace"},
        {logs + 3, SET, 4, "InvalidStructure: log_size[3] is 4, too small for "},
        {logs + 3, SET, 31, "InvalidStructure"},
        {logs + 0, SET, 7, "InvalidStructure"},
        {logs + 1, SET, 6, "InvalidStructure"},

        {layout + 0, SET, 552, "InvalidStructure: invalid commitment to preprocessed trace"},
        {layout + 1, SET, 564, "InvalidStructure"},
        {layout + 2, SET, 576, "InvalidStructure"},
        {layout + 3, SET, 572, NULL},
        {layout + 3, SET, 568, "InvalidStructure"},
        {layout + 4, SET, 580, NULL},
        {layout + 5, SET, 588, NULL},
        {layout + 6, SET, 0xfffffffc, NULL},
        {layout + 6, SET, 593, "InvalidStructure: memory_layout.end is not"},
    };
    struct buffer changed;

    buffer_init(&changed, 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct why why = {""};

        apply(&changed, buffer_bytes(&f->golden.proof), &f->cut.parts[table[i].part],
              table[i].change, table[i].value);
        assert_verdict(verify_bytes(f, buffer_bytes(&changed), &why), &why, table[i].verdict);
    }
    buffer_fini(&changed);
}

/* The guest has no XOR: the fraction of column 32, b XOR c, is 0 whatever its denominator. That
 * sample is bound by the transcript alone, so that the work no longer fits. */
static void a_sample_that_no_constraint_reads_is_bound_by_the_transcript(void **state)
{
    struct verify_fixture *f = *state;
    const struct part *part = &f->cut.parts[f->cut.lists.sampled_tree[0] + 1];
    struct buffer changed;

    buffer_init(&changed, 0);
    for (int column = 0; column < 46; column++, part += 5) {
        struct why why = {""};

        assert_int_equal(part->kind, PART_COUNT);
        replace_integer(&changed, buffer_bytes(&f->golden.proof), &part[1], part[1].value ^ 1, 0);
        assert_verdict(verify_bytes(f, buffer_bytes(&changed), &why), &why,
                       column == 32 ? "ProofOfWork" : "OodsNotMatching");
    }
    buffer_fini(&changed);
}

static void two_claimed_sums_that_cancel_are_still_wrong(void **state)
{
    struct verify_fixture *f = *state;
    const struct part *sums = &f->cut.parts[f->cut.lists.claimed_sums + 1];
    struct buffer one, two;
    struct dissection cut;
    struct why why = {""};

    buffer_init(&one, 0);
    buffer_init(&two, 0);
    replace_integer(&one, buffer_bytes(&f->golden.proof), sums, sums->value + 1, 0);
    dissect(&cut, buffer_bytes(&one));
    sums = &cut.parts[cut.lists.claimed_sums + 1 + 4];
    replace_integer(&two, buffer_bytes(&one), sums, sums->value - 1, 0);
    assert_verdict(verify_bytes(f, buffer_bytes(&two), &why), &why, "OodsNotMatching");
    dissection_fini(&cut);
    buffer_fini(&one);
    buffer_fini(&two);
}

/* A larger main size needs one more layer to get that far. */
static void a_larger_main_component_than_proven_is_refused(void **state)
{
    struct verify_fixture *f = *state;
    struct buffer one, two;
    struct dissection cut;
    struct why why = {""};

    buffer_init(&one, 0);
    buffer_init(&two, 0);
    double_last(&one, buffer_bytes(&f->golden.proof), &f->cut.parts[f->cut.lists.inner_layers]);
    dissect(&cut, buffer_bytes(&one));
    replace_integer(&two, buffer_bytes(&one), &cut.parts[cut.log_size], 9, 0);
    assert_verdict(verify_bytes(f, buffer_bytes(&two), &why), &why,
                   "InvalidStructure: invalid commitment to preprocessed trace");
    dissection_fini(&cut);
    buffer_fini(&one);
    buffer_fini(&two);
}

/* 3.2: "Nonces 0…399: own one accepted, 384 ProofOfWork, 9 WitnessTooLong, 6 RootMismatch". */
static void other_nonces_have_no_work_or_other_queries(void **state)
{
    struct verify_fixture *f = *state;
    const struct part *nonce = &f->cut.parts[f->cut.nonce];
    unsigned accepted = 0, work = 0, too_long = 0, mismatch = 0;
    struct buffer changed;

    buffer_init(&changed, 0);
    for (uint64_t value = 0; value < 400; value++) {
        struct why why = {""};

        replace_integer(&changed, buffer_bytes(&f->golden.proof), nonce, value, 0);
        if (!verify_bytes(f, buffer_bytes(&changed), &why)) {
            assert_int_equal(value, nonce->value);
            accepted++;
        }
        work += strcmp(why.text, "ProofOfWork") == 0;
        too_long += strncmp(why.text, "Merkle(WitnessTooLong)", 22) == 0;
        mismatch += strncmp(why.text, "Merkle(RootMismatch)", 20) == 0;
    }
    assert_int_equal(accepted, 1);
    assert_int_equal(work, 384);
    assert_int_equal(too_long, 9);
    assert_int_equal(mismatch, 6);
    buffer_fini(&changed);
}

/* 3.4: of several faults the first in this order is named. Faults before the queries change them,
 * so those behind are made in what the transcript does not contain. */
static void faults_are_found_in_the_order_of_the_reference(void **state)
{
    struct verify_fixture *f = *state;
    const struct lists *l = &f->cut.lists;
    const struct {
        size_t part;
        const char *verdict;
    } table[] = {
        {l->claimed_sums + 1, "InvalidStructure: claimed logup sum is not zero"},
        {l->commitments + 1, "InvalidStructure: invalid commitment"},
        {l->sampled_tree[1] + 2, "OodsNotMatching"},
        {f->cut.nonce, "ProofOfWork"},
        {l->queried_tree[0] + 1, "Merkle(RootMismatch): tree 0"},
        {l->hash_witness[1] + 1, "Merkle(RootMismatch): tree 1"},
        {l->queried_tree[3] + 1, "Merkle(RootMismatch): tree 3"},
        {l->first_hashes + 1, "Fri(FirstLayerCommitmentInvalid{RootMismatch})"},
        {l->inner_hashes[0] + 1, "Fri(InnerLayerCommitmentInvalid{0, RootMismatch})"},
        {l->inner_hashes[7] + 1, "Fri(InnerLayerCommitmentInvalid{7, RootMismatch})"},
    };
    const size_t count = sizeof table / sizeof *table;

    for (size_t first = 0; first < count; first++) {
        struct buffer changed;
        struct why why = {""};

        buffer_init(&changed, 0);
        buffer_put(&changed, f->golden.proof.data, f->golden.proof.size);
        for (size_t i = first; i < count; i++) /* a low bit: integers keep their length */
            changed.data[f->cut.parts[table[i].part].at] ^= 2;
        assert_verdict(verify_bytes(f, buffer_bytes(&changed), &why), &why, table[first].verdict);
        buffer_fini(&changed);
    }
}

/* ---- 3.3: wrong statements ---- */

static enum status verify_statement(const struct verify_fixture *f, const struct program *program,
                                    const struct machine_statement *statement, struct why *why)
{
    struct proof proof;
    enum status st;

    assert_int_equal(proof_decode(&proof, buffer_bytes(&f->golden.proof), NULL), ST_OK);
    st = machine_verify(&f->exec, program, statement, &proof, NULL, why);
    proof_fini(&proof);
    return st;
}

static void another_statement_is_refused(void **state)
{
    static const char commitment[] = "InvalidStructure: invalid commitment to preprocessed trace";
    static const uint8_t other_input[8] = {4, 1, 1, 2, 0, 0, 0, 0};
    static const uint8_t longer_input[12] = {4, 1, 1, 1};
    static const uint8_t other_output[4] = {2}, longer_output[8] = {1};
    static const uint8_t data[5] = {0};
    struct verify_fixture *f = *state;
    const struct machine_statement good = f->statement;
    struct machine_statement s[9];
    const char *const verdicts[9] = {
        commitment,         /* another input */
        commitment,         /* no input */
        "InvalidStructure", /* four more zero bytes of input: they do not fit the layout */
        commitment,         /* another exit code */
        commitment,         /* another output */
        commitment,         /* four more zero bytes of output */
        commitment,         /* no output */
        "OodsNotMatching",  /* associated data: it changes the channel, not the first tree */
        "InvalidStructure: memory_layout.end", /* … of a size that the layout cannot have */
    };

    for (int i = 0; i < 9; i++)
        s[i] = good;
    s[0].public_input = bytes_of(other_input, 8);
    s[1].public_input.size = 0;
    s[2].public_input = bytes_of(longer_input, 12);
    s[3].exit_code = 1;
    s[4].output = bytes_of(other_output, 4);
    s[5].output = bytes_of(longer_output, 8);
    s[6].output.size = 0;
    s[7].associated_data = bytes_of(data, 4);
    s[8].associated_data = bytes_of(data, 5);
    for (int i = 0; i < 9; i++) {
        struct why why = {""};

        assert_verdict(verify_statement(f, &f->program, &s[i], &why), &why, verdicts[i]);
    }
}

/* Only the pointer moves; nothing reads that far. */
static void an_output_beyond_the_addresses_is_refused(void **state)
{
    struct verify_fixture *f = *state;
    struct machine_statement s = f->statement;
    struct why why = {""};

    s.output.size = (size_t)UINT32_MAX - 100;
    assert_verdict(verify_statement(f, &f->program, &s, &why), &why,
                   "InvalidStructure: output and associated data do not fit into memory");
}

static struct program with_words(const struct program *program, size_t count)
{
    struct program copy = *program;

    copy.words = calloc(count, sizeof *copy.words);
    assert_non_null(copy.words);
    memcpy(copy.words, program->words, program->word_count * sizeof *copy.words);
    copy.word_count = count;
    return copy;
}

static void another_program_is_refused(void **state)
{
    struct verify_fixture *f = *state, *calls = verify_fixture_new("calls_1_0_0"),
                          *isa = verify_fixture_new("isa_0_0_0");
    const size_t words = f->program.word_count;
    struct program changed = with_words(&f->program, words), longer = with_words(&f->program, 257);
    struct why why = {""};

    changed.words[words - 1] ^= 1u << 20;
    assert_verdict(verify_statement(f, &changed, &f->statement, &why), &why,
                   "InvalidStructure: invalid commitment to preprocessed trace");
    assert_verdict(verify_statement(isa, &f->program, &isa->statement, &why), &why,
                   "InvalidStructure: invalid commitment to preprocessed trace");
    /* More code, and more initial memory, than the claimed sizes hold. */
    assert_verdict(verify_statement(f, &longer, &f->statement, &why), &why,
                   "InvalidStructure: log_size[0] is 8, too small for 257 instruction words");
    assert_verdict(verify_statement(f, &calls->program, &f->statement, &why), &why,
                   "InvalidStructure: log_size[3] is 6, too small for 120 public bytes");
    free(changed.words);
    free(longer.words);
    verify_fixture_free(calls);
    verify_fixture_free(isa);
}

/* behaviour.md 2.3 */
static void entry_and_base_of_the_program_are_not_bound(void **state)
{
    struct verify_fixture *f = *state;
    struct program moved = f->program;
    struct why why = {""};

    moved.entry += 4;
    moved.base += 0x1000;
    assert_verdict(verify_statement(f, &moved, &f->statement, &why), &why, NULL);
}

/* ---- limits ---- */

static void limits_are_kept(void **state)
{
    struct verify_fixture *f = *state;
    const struct machine_verify_limits few_rows = {.max_log_rows = 7},
                                       little = {.max_memory_bytes = 1000};
    struct proof proof;
    struct why why;

    assert_int_equal(proof_decode(&proof, buffer_bytes(&f->golden.proof), NULL), ST_OK);
    assert_int_equal(machine_verify(&f->exec, &f->program, &f->statement, &proof, &few_rows, &why),
                     ST_LIMIT);
    assert_string_equal(why.text, "the proof claims 2^8 rows, and 2^6 of memory, but "
                                  "--max-log-rows is 7");
    assert_int_equal(machine_verify(&f->exec, &f->program, &f->statement, &proof, &little, &why),
                     ST_LIMIT);
    /* 2^25 rows are not looked at by default; 2^28 cannot be. */
    heap_watch_start();
    proof.log_sizes[COMPONENT_RAM] = 25;
    assert_int_equal(machine_verify(&f->exec, &f->program, &f->statement, &proof, NULL, &why),
                     ST_LIMIT);
    proof.log_sizes[COMPONENT_RAM] = 28;
    assert_int_equal(machine_verify(&f->exec, &f->program, &f->statement, &proof, NULL, &why),
                     ST_INVALID);
    assert_int_equal(heap_watch_peak(), 0);
    proof_fini(&proof);
}

/* The bytes' grammar and the components' masks tell the same columns and samples. */
static void format_and_shape_agree(void **state)
{
    static struct shape shape;

    (void)state;
    for (unsigned main_log = SHAPE_MIN_MAIN; main_log <= SHAPE_MAX_LOG; main_log++) {
        for (unsigned ram_log = SHAPE_MIN_RAM; ram_log <= SHAPE_MAX_LOG; ram_log++) {
            const struct proof_sample_run *run = proof_sample_runs;
            uint32_t logs[PROOF_COMPONENTS];

            shape_of(&shape, (struct machine_logs){.main = main_log, .ram = ram_log});
            for (int i = 0; i < PROOF_COMPONENTS; i++)
                logs[i] = shape.log_rows[i];
            assert_int_equal(proof_lambda(logs), shape.lambda);
            for (unsigned tree = 0; tree < PROOF_TREES; tree++) {
                const struct shape_column *column = shape_tree(&shape, tree);

                assert_int_equal(proof_columns[tree], shape_tree_columns(&shape, tree));
                for (unsigned seen = 0; seen < proof_columns[tree]; seen += run++->columns)
                    for (unsigned i = 0; i < run->columns; i++)
                        assert_int_equal(column++->samples, run->values);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_golden_proof_is_accepted),
        cmocka_unit_test(every_kernel_accepts),
        cmocka_unit_test(changed_elements_have_the_verdicts_of_the_reference),
        cmocka_unit_test(a_sample_that_no_constraint_reads_is_bound_by_the_transcript),
        cmocka_unit_test(two_claimed_sums_that_cancel_are_still_wrong),
        cmocka_unit_test(a_larger_main_component_than_proven_is_refused),
        cmocka_unit_test(other_nonces_have_no_work_or_other_queries),
        cmocka_unit_test(faults_are_found_in_the_order_of_the_reference),
        cmocka_unit_test(another_statement_is_refused),
        cmocka_unit_test(an_output_beyond_the_addresses_is_refused),
        cmocka_unit_test(another_program_is_refused),
        cmocka_unit_test(entry_and_base_of_the_program_are_not_bound),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(format_and_shape_agree),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
