/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of real proofs satisfy the constraint identity, and no single one may change. */
#include "tests/support/test.h"

#include <stdio.h>

#include "prover/machine/oods.h"
#include "prover/proof/proof.h"
#include "tests/support/support.h"

struct golden {
    struct proof proof;
    struct buffer bytes;
    struct shape shape;
    struct relations relations;
    qm31 samples[SHAPE_SAMPLES];
    struct oods_input input;
};

static qm31 felt(const json_t *v)
{
    qm31 r;

    for (size_t i = 0; i < 4; i++)
        r.c[i].v = (uint32_t)json_integer_value(json_array_get(v, i));
    return r;
}

static void golden_load(struct golden *g, const char *name)
{
    static const char *const relations[RELATION_COUNT] = {
        "BitOp",   "LoadStore", "ProgramCheck", "RegisterCheck", "Range8",
        "Range16", "Range32",   "Range128",     "Range256"};
    char path[96];
    json_t *stages, *elements, *point;
    struct why why;

    snprintf(path, sizeof path, "proofs/%s.json.gz", name);
    stages = golden_json(path);
    snprintf(path, sizeof path, "proofs/%s.proof", name);
    g->bytes = golden_read(path);
    assert_int_equal(proof_decode(&g->proof, buffer_bytes(&g->bytes), &why), ST_OK);
    shape_of(&g->shape, (struct machine_logs){.main = g->proof.log_sizes[COMPONENT_MAIN],
                                              .ram = g->proof.log_sizes[COMPONENT_RAM]});
    elements = json_object_get(stages, "lookup_elements");
    for (int r = 0; r < RELATION_COUNT; r++) {
        char key[64];
        json_t *e;

        snprintf(key, sizeof key, "%sLookupElements", relations[r]);
        e = json_object_get(elements, key);
        g->relations.of[r] =
            relation_of(felt(json_object_get(e, "z")), felt(json_object_get(e, "alpha")));
    }
    for (size_t i = 0; i < SHAPE_SAMPLES; i++)
        g->samples[i] = g->proof.samples[i];
    point = json_object_get(stages, "oods_point");
    g->input = (struct oods_input){
        .shape = &g->shape,
        .samples = g->samples,
        .relations = &g->relations,
        .claimed_sums = g->proof.claimed_sums,
        .alpha = felt(json_object_get(stages, "composition_random_coeff")),
        .point = {felt(json_object_get(point, "x")), felt(json_object_get(point, "y"))}};
    json_decref(stages);
}

static void golden_fini(struct golden *g)
{
    proof_fini(&g->proof);
    buffer_fini(&g->bytes);
}

static void samples_of_golden_proofs_satisfy_all_constraints(void **state)
{
    static const char *const names[] = {"fib_9_1_1", "fib_1000_7_13", "calls_9_1_1", "isa_9_1_1"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct golden g;

        golden_load(&g, names[i]);
        assert_true(oods_holds(&g.input));
        golden_fini(&g);
    }
}

static void a_changed_sample_sum_or_coefficient_is_noticed(void **state)
{
    struct golden g;

    (void)state;
    golden_load(&g, "fib_9_1_1");
    for (size_t i = 0; i < SHAPE_SAMPLES; i += 97) {
        qm31 was = g.samples[i];

        g.samples[i].c[i % 4] = m31_add(was.c[i % 4], M31_ONE);
        assert_false(oods_holds(&g.input));
        g.samples[i] = was;
    }
    for (int id = 0; id < COMPONENT_COUNT; id++) {
        qm31 was = g.proof.claimed_sums[id];

        g.proof.claimed_sums[id].c[2] = m31_add(was.c[2], M31_ONE);
        assert_false(oods_holds(&g.input));
        g.proof.claimed_sums[id] = was;
    }
    g.input.alpha.c[0] = m31_add(g.input.alpha.c[0], M31_ONE);
    assert_false(oods_holds(&g.input));
    golden_fini(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_of_golden_proofs_satisfy_all_constraints),
        cmocka_unit_test(a_changed_sample_sum_or_coefficient_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
