/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying through the public door. The verdicts are tests/prover/machine/verify_test.c's. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "prover/nxp.h"
#include "tests/prover/proof/golden_proofs.h"
#include "tests/prover/proof/heap.h"

static struct nxp_statement statement_of(const struct golden_proof *g)
{
    return (struct nxp_statement){.public_input = buffer_bytes(&g->public_input),
                                  .exit_code = g->exit_code,
                                  .output = buffer_bytes(&g->output)};
}

static void golden_proofs_hold_for_their_statements(void **state)
{
    (void)state;
    for (int i = 0; i < GOLDEN_PROOFS; i++) {
        struct golden_proof g = golden_proof_load(golden_proofs[i]);
        struct nxp_statement statement = statement_of(&g);
        struct nxp_program *program;
        struct why why = {""};

        assert_int_equal(nxp_program_new(&program, buffer_bytes(&g.elf), NULL), ST_OK);
        assert_int_equal(nxp_verify(program, &statement, buffer_bytes(&g.proof), NULL, &why),
                         ST_OK);
        assert_string_equal(why.text, "");
        statement.exit_code ^= 1;
        assert_int_equal(nxp_verify(program, &statement, buffer_bytes(&g.proof), NULL, &why),
                         ST_INVALID);
        nxp_program_free(program);
        golden_proof_fini(&g);
    }
}

static void limits_and_broken_bytes_are_statuses(void **state)
{
    struct golden_proof g = golden_proof_load("fib_9_1_1");
    struct nxp_statement statement = statement_of(&g);
    const struct nxp_limits rows = {.max_log_rows = 7}, memory = {.max_memory_bytes = 1 << 10};
    struct bytes proof = buffer_bytes(&g.proof);
    struct nxp_program *program;
    struct why why = {""};

    (void)state;
    assert_int_equal(nxp_program_new(&program, nxp_builtin_guest("fib"), NULL), ST_OK);
    assert_int_equal(nxp_verify(program, &statement, proof, &rows, &why), ST_LIMIT);
    assert_non_null(strstr(why.text, "--max-log-rows"));
    assert_int_equal(nxp_verify(program, &statement, proof, &memory, &why), ST_LIMIT);
    assert_non_null(strstr(why.text, "--max-memory"));
    proof.size--;
    assert_int_equal(nxp_verify(program, &statement, proof, NULL, &why), ST_INVALID);
    assert_string_equal(why.text, "DeserializeUnexpectedEnd: memory_layout.end is cut off");
    nxp_program_free(program);
    golden_proof_fini(&g);
}

static void every_failing_allocation_is_a_status(void **state)
{
    struct golden_proof g = golden_proof_load("fib_9_1_1");
    struct nxp_statement statement = statement_of(&g);
    enum status st = ST_NO_MEMORY;
    struct nxp_program *program;

    (void)state;
    assert_int_equal(nxp_program_new(&program, buffer_bytes(&g.elf), NULL), ST_OK);
    for (long allowed = 0; st == ST_NO_MEMORY && allowed < 100; allowed++) {
        heap_watch_start();
        heap_fail_after(allowed);
        st = nxp_verify(program, &statement, buffer_bytes(&g.proof), NULL, NULL);
        heap_fail_after(-1);
        assert_int_equal(heap_watch_held(), 0);
    }
    assert_int_equal(st, ST_OK);
    nxp_program_free(program);
    golden_proof_fini(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_proofs_hold_for_their_statements),
        cmocka_unit_test(limits_and_broken_bytes_are_statuses),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
