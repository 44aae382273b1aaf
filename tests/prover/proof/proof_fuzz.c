/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a proof. What decodes must encode to the same bytes, and its field names must be
 * found; then it is verified against the built-in guest. */
#include <assert.h>
#include <string.h>

#include "prover/nxp.h"
#include "prover/proof/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_encoding(struct bytes input)
{
    struct proof proof;
    struct buffer again;
    char name[80];

    proof_field_at(name, sizeof name, input, input.size / 2);
    assert(name[0]);
    if (proof_decode(&proof, input, NULL))
        return;
    buffer_init(&again, 0);
    proof_encode(&again, &proof);
    assert(buffer_ok(&again) && bytes_equal(input, buffer_bytes(&again)));
    buffer_fini(&again);
    proof_fini(&proof);
}

static void check_verdict(struct bytes input)
{
    /* The size limit keeps one input from taking seconds. */
    static const struct nxp_limits limits = {.max_log_rows = 12};
    static const uint8_t public_input[8] = {4, 9, 1, 1};
    static const uint8_t output[4] = {55};
    static struct nxp_program *program;
    const struct nxp_statement statement = {
        .public_input = {.data = public_input, .size = sizeof public_input},
        .output = {.data = output, .size = sizeof output},
    };
    struct why why = {""};
    enum status st;

    if (!program && nxp_program_new(&program, nxp_builtin_guest("fib"), NULL))
        assert(!"the built-in guest loads");
    st = nxp_verify(program, &statement, input, &limits, &why);
    assert(st == ST_OK || ((st == ST_INVALID || st == ST_LIMIT) && why.text[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);

    check_encoding(input);
    check_verdict(input);
    return 0;
}
