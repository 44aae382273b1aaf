/* SPDX-License-Identifier: Apache-2.0 */
/* Every golden proof, byte for byte, with every kernel and several numbers of threads. A difference
 * is named by the first stage that differs, or by the field of the proof. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prover/kernel/kernel.h"
#include "prover/nxp.h"
#include "prover/proof/proof.h"
#include "tests/support/support.h"

struct golden {
    const char *guest;
    uint32_t n, a, b;
    bool large; /* not proved with the portable kernel in instrumented builds */
};

static const struct golden goldens[] = {
    {"fib", 9, 1, 1, false},
    {"fib", 0, 0, 0, false},
    {"fib", 1, 1, 1, false},
    {"fib", 100, 4294967295, 2, true},
    {"fib", 160, 2, 3, true},
    {"fib", 700, 5, 8, true},
    {"fib", 1000, 7, 13, true},
    {"fib", 3000, 1, 4294967295, true},
    {"calls", 1, 0, 0, false},
    {"calls", 9, 1, 1, true},
    {"calls", 17, 4294967295, 1, true},
    {"calls", 31, 123456789, 300, true},
    {"isa", 0, 0, 0, false},
    {"isa", 9, 1, 1, true},
    {"isa", 4294967295, 2, 3, true},
};

static void golden_name(char out[static 64], const struct golden *g)
{
    snprintf(out, 64, "%s_%u_%u_%u", g->guest, g->n, g->a, g->b);
}

static void assert_bytes(const char *name, struct bytes got, struct bytes want)
{
    size_t at = 0;
    char field[128];

    while (at < got.size && at < want.size && got.data[at] == want.data[at])
        at++;
    if (at == got.size && at == want.size)
        return;
    proof_field_at(field, sizeof field, want, at);
    print_error("%s: byte %zu of %zu differs (%zu are expected): %s\n", name, at, got.size,
                want.size, field);
    assert_true(false);
}

static struct nxp_program *program_of(const char *guest)
{
    struct nxp_program *program;
    struct buffer elf;
    char path[64];

    snprintf(path, sizeof path, "guest/%s.elf", guest);
    elf = golden_read(path);
    assert_int_equal(nxp_program_new(&program, buffer_bytes(&elf), NULL), ST_OK);
    buffer_fini(&elf);
    return program;
}

static enum status prove(struct nxp_prover *prover, struct nxp_result *result,
                         const struct golden *g, struct why *why)
{
    struct nxp_program *program = program_of(g->guest);
    const uint32_t values[3] = {g->n, g->a, g->b};
    struct nxp_input input = {0};
    struct buffer encoded;
    enum status st;

    buffer_init(&encoded, 0);
    nxp_encode_u32s(&encoded, values, 3);
    input.public_input = buffer_bytes(&encoded);
    st = nxp_prove(prover, result, program, &input, why);
    buffer_fini(&encoded);
    nxp_program_free(program);
    return st;
}

static void prove_and_compare(struct nxp_prover *prover, const struct golden *g)
{
    struct nxp_result result;
    struct buffer want;
    char name[64], path[96];
    struct why why = {""};
    enum status st;

    golden_name(name, g);
    st = prove(prover, &result, g, &why);
    if (st)
        print_error("%s: %s\n", name, why.text);
    assert_int_equal(st, ST_OK);
    snprintf(path, sizeof path, "proofs/%s.proof", name);
    want = golden_read(path);
    assert_bytes(name, bytes_of(result.proof, result.proof_size), buffer_bytes(&want));
    buffer_fini(&want);
    nxp_result_fini(&result);
}

static void every_golden_proof_is_reproduced(void **state)
{
    static const unsigned threads[] = {1, 2, 7};

    (void)state;
    for (int id = 0; id < KERNEL_COUNT; id++)
        for (size_t t = 0; t < 3 && kernel_supported((enum kernel_id)id); t++) {
            struct nxp_prover_options options = {.threads = threads[t],
                                                 .kernel = kernel_name((enum kernel_id)id)};
            struct nxp_prover *prover;

            assert_int_equal(nxp_prover_new(&prover, &options, NULL), ST_OK);
            for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++)
                if (!NXP_INSTRUMENTED ||
                    (t == (size_t)id && !(goldens[i].large && id == KERNEL_PORTABLE)))
                    prove_and_compare(prover, &goldens[i]);
            nxp_prover_free(prover);
        }
}

/* ---- stages ---- */

/* Names the first difference of two JSON values; path is where they stand. */
static bool same(const char *path, const json_t *got, const json_t *want)
{
    char inner[256];
    const char *key;
    json_t *value;
    size_t i;

    if (json_equal(got, want))
        return true;
    if (json_is_object(want) && json_is_object(got)) {
        json_object_foreach((json_t *)(uintptr_t)want, key, value)
        {
            snprintf(inner, sizeof inner, "%s.%s", path, key);
            if (!same(inner, json_object_get(got, key), value))
                return false;
        }
    } else if (json_is_array(want) && json_is_array(got)) {
        json_array_foreach(want, i, value)
        {
            snprintf(inner, sizeof inner, "%s[%zu]", path, i);
            if (!same(inner, json_array_get(got, i), value))
                return false;
        }
    }
    print_error("%s differs\n", path);
    return false;
}

/* The keys in the order in which the stages compute them. */
static void assert_stages(const char *name, const json_t *got, const json_t *want)
{
    static const char *const keys[] = {"num_steps",
                                       "component_log_sizes",
                                       "channel_after_log_sizes",
                                       "trees[0]",
                                       "trees[1]",
                                       "lookup_elements",
                                       "claimed_sums",
                                       "trees[2]",
                                       "composition_random_coeff",
                                       "trees[3]",
                                       "oods_point",
                                       "channel_after_sampled_values",
                                       "quotient_random_coeff",
                                       "quotients",
                                       "fri_first_layer",
                                       "fri_circle_alpha",
                                       "fri_inner_layers",
                                       "fri_last_layer",
                                       "proof_of_work",
                                       "query_positions"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *g = json_object_get(got, keys[i]), *w = json_object_get(want, keys[i]);
        char path[128];

        if (strncmp(keys[i], "trees", 5) == 0) {
            size_t tree = (size_t)(keys[i][6] - '0');

            g = json_array_get(json_object_get(got, "trees"), tree);
            w = json_array_get(json_object_get(want, "trees"), tree);
        }
        assert_non_null(w);
        snprintf(path, sizeof path, "%s: %s", name, keys[i]);
        assert_true(same(path, g, w));
    }
    assert_int_equal(json_object_size(got), json_object_size(want));
}

static void every_stage_of_golden_dumps_is_reproduced(void **state)
{
    char folder[] = "/tmp/nxp_stages_XXXXXX", file[64];
    struct nxp_prover_options options = {.threads = 2, .stages_folder = folder};
    struct nxp_prover *prover;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/stages.json", folder);
    assert_int_equal(nxp_prover_new(&prover, &options, NULL), ST_OK);
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        char name[64], path[128];
        struct nxp_result result;
        json_t *got, *want;
        FILE *there;

        golden_name(name, &goldens[i]);
        snprintf(path, sizeof path, "%s/proofs/%s.json.gz", NXP_GOLDEN, name);
        there = fopen(path, "rb");
        if (!there)
            continue; /* the reference's stages were not dumped for this one */
        fclose(there);
        assert_int_equal(prove(prover, &result, &goldens[i], NULL), ST_OK);
        nxp_result_fini(&result);
        got = json_load_file(file, 0, NULL);
        assert_non_null(got);
        snprintf(path, sizeof path, "proofs/%s.json.gz", name);
        want = golden_json(path);
        assert_stages(name, got, want);
        json_decref(got);
        json_decref(want);
    }
    nxp_prover_free(prover);
    assert_int_equal(remove(file), 0);
    assert_int_equal(remove(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_of_golden_dumps_is_reproduced),
        cmocka_unit_test(every_golden_proof_is_reproduced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
