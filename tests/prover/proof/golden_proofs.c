/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "tests/prover/proof/golden_proofs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

const char *const golden_proofs[GOLDEN_PROOFS] = {
    "fib_0_0_0",
    "fib_9_1_1",
    "fib_1_1_1",
    "calls_1_0_0",
    "fib_160_2_3",
    "fib_100_4294967295_2",
    "calls_17_4294967295_1",
    "calls_31_123456789_300",
    "calls_9_1_1",
    "isa_9_1_1",
    "fib_700_5_8",
    "fib_1000_7_13",
    "isa_0_0_0",
    "isa_4294967295_2_3",
    "fib_3000_1_4294967295",
};

static struct buffer read_file(const char *folder, const char *name, const char *ending)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    return golden_read(path);
}

/* "key Some([1, 2, 3])" of the view's text. */
static struct buffer view_bytes(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    struct buffer out;
    char *end;

    buffer_init(&out, 0);
    assert_non_null(at);
    at = strchr(at, '[');
    assert_non_null(at);
    for (at++; *at != ']'; at = *end == ',' ? end + 1 : end) {
        unsigned long value = strtoul(at, &end, 10);

        assert_true(end != at && value < 256);
        buffer_put_u8(&out, (uint8_t)value);
    }
    return out;
}

struct golden_proof golden_proof_load(const char *name)
{
    struct golden_proof g;
    struct buffer view = read_file("proofs", name, ".view.txt"), exit_code;
    char guest[32];

    snprintf(guest, sizeof guest, "%.*s", (int)strcspn(name, "_"), name);
    g.proof = read_file("proofs", name, ".proof");
    g.elf = read_file("guest", guest, ".elf");
    buffer_put_u8(&view, 0);
    g.public_input = view_bytes((const char *)view.data, "public_input Some");
    g.output = view_bytes((const char *)view.data, "public_output Some");
    exit_code = view_bytes((const char *)view.data, "exit_code Some");
    assert_int_equal(exit_code.size, 4);
    g.exit_code = load_le32(exit_code.data);
    buffer_fini(&exit_code);
    buffer_fini(&view);
    return g;
}

void golden_proof_fini(struct golden_proof *g)
{
    buffer_fini(&g->proof);
    buffer_fini(&g->elf);
    buffer_fini(&g->public_input);
    buffer_fini(&g->output);
}
