/* SPDX-License-Identifier: Apache-2.0 */
/* The judge that verifies, on proofs of the reference. */
#include "tests/support/test.h"

#include <string.h>

#include "mockorch/server/judge_prover.h"
#include "proto/keccak256.h"
#include "prover/nxp.h"
#include "tests/support/support.h"

static int setup(void **state)
{
    struct judge_prover *j;

    assert_int_equal(judge_prover_new(&j, NULL), ST_OK);
    assert_int_equal(judge_prover_add(j, "fib", nxp_builtin_guest("fib"), NULL), ST_OK);
    *state = j;
    return 0;
}

static int teardown(void **state)
{
    judge_prover_free(*state);
    judge_prover_free(NULL);
    return 0;
}

struct exhibit {
    struct buffer proof;
    uint8_t input[13];
};

static struct exhibit exhibit_of(const char *golden, uint32_t n, uint32_t a, uint32_t b)
{
    struct exhibit e = {.proof = golden_read(golden)};

    store_le32(e.input, n);
    store_le32(e.input + 4, a);
    store_le32(e.input + 8, b);
    e.input[12] = 0x99;
    return e;
}

static enum status verify(struct judge_prover *j, const char *program, const struct exhibit *list,
                          size_t count, size_t input_size, struct why *why)
{
    struct bytes inputs[4], proofs[4];
    struct judge_case c = {.program_id = program,
                           .inputs = inputs,
                           .input_count = count,
                           .proofs = proofs,
                           .count = count};

    for (size_t i = 0; i < count; i++) {
        inputs[i] = bytes_of(list[i].input, input_size);
        proofs[i] = buffer_bytes(&list[i].proof);
    }
    return judge_verify(judge_prover_judge(j), &c, why);
}

static void proofs_of_the_reference_hold_for_their_inputs_only(void **state)
{
    struct exhibit list[2] = {exhibit_of("proofs/fib_9_1_1.proof", 9, 1, 1),
                              exhibit_of("proofs/fib_100_4294967295_2.proof", 100, 4294967295, 2)};
    struct exhibit swapped[2] = {list[0], list[1]};
    struct why why = {""};

    assert_int_equal(verify(*state, "fib", list, 2, 12, &why), ST_OK);
    assert_int_equal(verify(*state, "fib", list, 2, 13, &why), ST_OK); /* the rest is ignored */
    swapped[1].proof = list[0].proof;
    assert_int_equal(verify(*state, "fib", swapped, 2, 12, &why), ST_INVALID);
    assert_memory_equal(why.text, "input 2: ", 9);
    list[0].proof.data[list[0].proof.size / 2] ^= 1;
    assert_true(verify(*state, "fib", list, 1, 12, &why) != ST_OK);
    buffer_fini(&list[0].proof);
    buffer_fini(&list[1].proof);
}

static void strange_cases_are_told_apart(void **state)
{
    struct exhibit e = exhibit_of("proofs/fib_9_1_1.proof", 9, 1, 1);
    struct why why = {""};

    assert_int_equal(verify(*state, "bif", &e, 1, 12, &why), ST_NOT_FOUND);
    assert_non_null(strstr(why.text, "--guest"));
    assert_int_equal(verify(*state, "fib", &e, 1, 11, &why), ST_INPUT);
    assert_int_equal(verify(*state, "fib", &e, 0, 12, &why), ST_OK);
    buffer_fini(&e.proof);
}

/* isa ends with exit code 0 for any input; a run of it under the name of fib must not pass. */
static void a_proof_of_another_guest_does_not_hold(void **state)
{
    struct exhibit e = exhibit_of("proofs/isa_9_1_1.proof", 9, 1, 1);
    struct buffer isa = golden_read("guest/isa.elf");
    struct why why = {""};

    assert_int_equal(judge_prover_add(*state, "isa", buffer_bytes(&isa), &why), ST_OK);
    assert_int_equal(verify(*state, "isa", &e, 1, 12, &why), ST_OK);
    assert_int_equal(verify(*state, "fib", &e, 1, 12, &why), ST_INVALID);
    buffer_fini(&isa);
    buffer_fini(&e.proof);
}

static void a_verdict_is_remembered_for_its_proof_and_its_input(void **state)
{
    struct exhibit e = exhibit_of("proofs/fib_9_1_1.proof", 9, 1, 1);
    struct why first = {""}, again = {""};

    for (int i = 0; i < 2; i++)
        assert_int_equal(verify(*state, "fib", &e, 1, 12, NULL), ST_OK);
    e.input[4] = 2;
    assert_int_equal(verify(*state, "fib", &e, 1, 12, &first), ST_INVALID);
    assert_int_equal(verify(*state, "fib", &e, 1, 12, &again), ST_INVALID);
    assert_string_equal(first.text, again.text);
    e.input[4] = 1;
    e.proof.data[40] ^= 4;
    assert_int_not_equal(verify(*state, "fib", &e, 1, 12, NULL), ST_OK);
    e.proof.data[40] ^= 4;
    assert_int_equal(verify(*state, "fib", &e, 1, 12, NULL), ST_OK);
    buffer_fini(&e.proof);
}

/* A task that asks for hashes only: they must be those of the reference's proofs. */
static void hashes_are_those_of_the_right_proofs(void **state)
{
    struct exhibit list[2] = {exhibit_of("proofs/fib_9_1_1.proof", 9, 1, 1),
                              exhibit_of("proofs/fib_100_4294967295_2.proof", 100, 4294967295, 2)};
    char hashes[2][KECCAK256_HEX], combined[KECCAK256_HEX], wrong[KECCAK256_HEX];
    const char *texts[2] = {hashes[0], hashes[1]};
    struct bytes inputs[2];
    struct judge_case c = {.program_id = "fib",
                           .type = TASK_ALL_PROOF_HASHES,
                           .inputs = inputs,
                           .input_count = 2,
                           .proof_hash = combined,
                           .proof_hashes = texts};
    struct judge *judge = judge_prover_judge(*state);
    struct why why = {""};

    for (int i = 0; i < 2; i++) {
        inputs[i] = bytes_of(list[i].input, 12);
        keccak256_hex(hashes[i], buffer_bytes(&list[i].proof));
    }
    proof_hash_combine(combined, texts, 2);
    assert_int_equal(judge_verify(judge, &c, &why), ST_OK);
    c.type = TASK_PROOF_HASH;
    assert_int_equal(judge_verify(judge, &c, &why), ST_OK);
    c.input_count = 1; /* of one alone */
    assert_int_equal(judge_verify(judge, &c, &why), ST_INVALID);
    assert_memory_equal(why.text, "proof_hash is ", 14);

    c.type = TASK_ALL_PROOF_HASHES;
    c.input_count = 2;
    memcpy(wrong, hashes[1], sizeof wrong);
    wrong[5] = wrong[5] == '0' ? '1' : '0';
    texts[1] = wrong;
    proof_hash_combine(combined, texts, 2); /* consistent in itself */
    assert_int_equal(judge_verify(judge, &c, &why), ST_INVALID);
    assert_memory_equal(why.text, "input 2: hash ", 14);
    inputs[0].size = 11;
    assert_int_equal(judge_verify(judge, &c, &why), ST_INPUT);
    c.program_id = "bif";
    assert_int_equal(judge_verify(judge, &c, &why), ST_NOT_FOUND);
    for (int i = 0; i < 2; i++)
        buffer_fini(&list[i].proof);
}

static void a_guest_is_added_once_and_is_an_elf(void **state)
{
    struct buffer isa = golden_read("guest/isa.elf");
    struct why why = {""};

    assert_int_equal(judge_prover_add(*state, "fib", nxp_builtin_guest("fib"), &why), ST_EXISTS);
    assert_int_equal(judge_prover_add(*state, "text", bytes_of_text("text"), &why), ST_INPUT);
    assert_memory_equal(why.text, "guest 'text': ", 14);
    assert_int_equal(judge_prover_add(*state, "isa", buffer_bytes(&isa), &why), ST_OK);
    buffer_fini(&isa);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(proofs_of_the_reference_hold_for_their_inputs_only),
        CASE(strange_cases_are_told_apart),
        CASE(a_proof_of_another_guest_does_not_hold),
        CASE(a_verdict_is_remembered_for_its_proof_and_its_input),
        CASE(hashes_are_those_of_the_right_proofs),
        CASE(a_guest_is_added_once_and_is_an_elf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
