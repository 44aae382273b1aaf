/* SPDX-License-Identifier: Apache-2.0 */
/* 2^17 rows: sizes at which the reference keeps its polynomials in another order. */
#include "tests/support/test.h"

#include "proto/keccak256.h"
#include "prover/nxp.h"

static void a_proof_of_130214_steps_has_the_reference_s_hash(void **state)
{
    struct nxp_prover_options options = {.threads = 2};
    const uint32_t values[3] = {26000, 1, 2};
    struct nxp_prover *prover;
    struct nxp_program *program;
    struct nxp_input input = {0};
    struct nxp_result result;
    struct buffer encoded;
    char hash[KECCAK256_HEX];

    (void)state;
    assert_int_equal(nxp_prover_new(&prover, &options, NULL), ST_OK);
    assert_int_equal(nxp_program_new(&program, nxp_builtin_guest("fib"), NULL), ST_OK);
    buffer_init(&encoded, 0);
    nxp_encode_u32s(&encoded, values, 3);
    input.public_input = buffer_bytes(&encoded);
    assert_int_equal(nxp_prove(prover, &result, program, &input, NULL), ST_OK);
    keccak256_hex(hash, bytes_of(result.proof, result.proof_size));
    assert_int_equal(result.steps, 130214);
    assert_int_equal(result.log_sizes[0], 17);
    assert_int_equal(result.proof_size, 66819);
    assert_string_equal(hash, "3c19cec22056f8eb9a54981201048a144c8675d77aa2e2f23c85d50a47c3f315");
    nxp_result_fini(&result);
    buffer_fini(&encoded);
    nxp_program_free(program);
    nxp_prover_free(prover);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_of_130214_steps_has_the_reference_s_hash)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
