/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "tests/prover/machine/verify_fixture.h"

#include <stdlib.h>
#include <string.h>

struct verify_fixture *verify_fixture_new(const char *name)
{
    struct verify_fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->golden = golden_proof_load(name);
    assert_int_equal(program_load(&f->program, buffer_bytes(&f->golden.elf), NULL), ST_OK);
    f->statement = (struct machine_statement){
        .public_input = buffer_bytes(&f->golden.public_input),
        .exit_code = f->golden.exit_code,
        .output = buffer_bytes(&f->golden.output),
    };
    dissect(&f->cut, buffer_bytes(&f->golden.proof));
    f->exec.kernel = kernel_best();
    assert_int_equal(pool_new(&f->exec.pool, 1, NULL), ST_OK);
    return f;
}

void verify_fixture_free(struct verify_fixture *f)
{
    pool_free(f->exec.pool);
    dissection_fini(&f->cut);
    program_fini(&f->program);
    golden_proof_fini(&f->golden);
    free(f);
}

enum status verify_bytes(const struct verify_fixture *f, struct bytes proof, struct why *why)
{
    struct proof decoded;
    enum status st = proof_decode(&decoded, proof, why);

    if (st)
        return st;
    st = machine_verify(&f->exec, &f->program, &f->statement, &decoded, NULL, why);
    proof_fini(&decoded);
    return st;
}

/* One minimal 32-bit varint; false at anything else. */
static bool read_word(struct bytes in, size_t *at, uint32_t *word)
{
    uint64_t value = 0;
    unsigned i = 0;

    do {
        if (*at == in.size || i == 5)
            return false;
        value |= (uint64_t)(in.data[*at] & 0x7f) << 7 * i++;
    } while (in.data[(*at)++] & 0x80);
    *word = (uint32_t)value;
    return value <= UINT32_MAX && (i == 1 || in.data[*at - 1] != 0);
}

bool differs_in_free_words_only(const struct verify_fixture *f, struct bytes changed)
{
    size_t at = f->cut.parts[f->cut.layout].at, heap = f->cut.parts[f->cut.layout + 3].at;
    uint32_t words[7];

    if (changed.size < heap || memcmp(changed.data, f->golden.proof.data, heap) != 0)
        return false;
    for (int i = 0; i < 7; i++) {
        if (!read_word(changed, &at, &words[i]) || words[i] % 4)
            return false;
        if (i > 0 && words[i] < words[i - 1])
            return false;
    }
    return at == changed.size;
}
