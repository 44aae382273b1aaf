/* SPDX-License-Identifier: Apache-2.0 */
/* The proofs of random guests by their hash; runs that the reference cannot
 * prove are refused with words. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/keccak256.h"
#include "prover/kernel/kernel.h"
#include "prover/nxp.h"
#include "tests/support/support.h"

static enum status prove(struct nxp_prover *prover, struct nxp_result *result, struct bytes elf,
                         const uint32_t values[static 3], struct why *why)
{
    struct nxp_program *program;
    struct nxp_input input = {0};
    struct buffer encoded;
    enum status st;

    assert_int_equal(nxp_program_new(&program, elf, NULL), ST_OK);
    buffer_init(&encoded, 0);
    nxp_encode_u32s(&encoded, values, 3);
    input.public_input = buffer_bytes(&encoded);
    st = nxp_prove(prover, result, program, &input, why);
    buffer_fini(&encoded);
    nxp_program_free(program);
    return st;
}

static void assert_proof(const char *name, const struct nxp_result *result, uint64_t steps,
                         size_t size, const char *hash)
{
    char got[KECCAK256_HEX];

    keccak256_hex(got, bytes_of(result->proof, result->proof_size));
    if (result->steps != steps || result->proof_size != size || strcmp(got, hash) != 0)
        print_error("guest %s\n", name);
    assert_int_equal(result->steps, steps);
    assert_int_equal(result->proof_size, size);
    assert_string_equal(got, hash);
}

static uint32_t number(const struct csv *c, size_t row, const char *column)
{
    return (uint32_t)strtoul(csv_cell(c, row, column), NULL, 10);
}

static void prove_all(const struct nxp_prover_options *options)
{
    struct csv *c = golden_csv("random/results.csv");
    size_t proofs = 0, refusals = 0;
    struct nxp_prover *prover;

    assert_int_equal(nxp_prover_new(&prover, options, NULL), ST_OK);
    for (size_t row = 0; row < c->rows; row += NXP_INSTRUMENTED ? 10 : 1) {
        const uint32_t values[3] = {number(c, row, "n"), number(c, row, "a"), number(c, row, "b")};
        const char *seed = csv_cell(c, row, "seed");
        struct nxp_result result;
        struct why why = {""};
        struct buffer elf;
        enum status st;
        char path[64];

        snprintf(path, sizeof path, "random/%s.elf", seed);
        elf = golden_read(path);
        st = prove(prover, &result, buffer_bytes(&elf), values, &why);
        buffer_fini(&elf);
        if (strcmp(csv_cell(c, row, "result"), "proof") != 0) {
            assert_int_equal(st, ST_GUEST);
            assert_true(strlen(why.text) > 0);
            refusals++;
            continue;
        }
        if (st)
            print_error("guest %s: %s\n", seed, why.text);
        assert_int_equal(st, ST_OK);
        assert_proof(seed, &result, number(c, row, "steps"), number(c, row, "proof_bytes"),
                     csv_cell(c, row, "keccak256_or_reason"));
        nxp_result_fini(&result);
        proofs++;
    }
    assert_true(proofs > 0 && refusals > 0);
    assert_true(NXP_INSTRUMENTED || proofs + refusals == c->rows);
    nxp_prover_free(prover);
    csv_free(c);
}

static void random_guests_have_the_reference_s_proofs(void **state)
{
    static const unsigned threads[] = {2, 1, 7};

    for (int t = 0; t < (NXP_INSTRUMENTED ? 1 : 3); t++)
        prove_all(&(struct nxp_prover_options){.threads = threads[t], .kernel = *state});
}

/* random_proof_test KERNEL; a kernel that this machine cannot run is no failure, but is said. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(random_guests_have_the_reference_s_proofs, argv[1]),
    };
    enum kernel_id kernel;
    struct why why;
    enum status st = argc == 2 ? kernel_by_name(&kernel, argv[1], &why) : ST_INPUT;

    if (st == ST_NOT_FOUND)
        printf("%s\n", why.text);
    if (st)
        return st == ST_NOT_FOUND ? 0 : 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
