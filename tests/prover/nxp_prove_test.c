/* SPDX-License-Identifier: Apache-2.0 */
/* The proving calls of nxp.h: what they tell, and every way in which they refuse. */
#include "tests/support/test.h"

#include <string.h>

#include "prover/nxp.h"
#include "tests/support/support.h"

struct setup {
    struct nxp_program *program;
    struct buffer encoded;
    struct nxp_input input;
};

static void setup_init(struct setup *s, uint32_t n)
{
    const uint32_t values[3] = {n, 1, 1};

    memset(s, 0, sizeof *s);
    assert_int_equal(nxp_program_new(&s->program, nxp_builtin_guest("fib"), NULL), ST_OK);
    buffer_init(&s->encoded, 0);
    nxp_encode_u32s(&s->encoded, values, 3);
    s->input.public_input = buffer_bytes(&s->encoded);
}

static void setup_fini(struct setup *s)
{
    buffer_fini(&s->encoded);
    nxp_program_free(s->program);
}

static void guests_are_named_and_loaded(void **state)
{
    struct nxp_program *program;
    struct why why;

    (void)state;
    assert_null(nxp_builtin_guest("none").data);
    assert_int_equal(nxp_program_new(&program, bytes_of("ELF", 3), &why), ST_INPUT);
    assert_int_equal(nxp_program_new(&program, nxp_builtin_guest("fib"), &why), ST_OK);
    assert_true(nxp_program_words(program) > 0);
    nxp_program_free(program);
    nxp_program_free(NULL);
    nxp_prover_free(NULL);
    assert_string_equal(nxp_stage_name(NXP_STAGE_RUN), "run");
    assert_string_equal(nxp_stage_name(NXP_STAGE_FRI), "fri");
}

static void options_are_checked_and_told(void **state)
{
    struct nxp_prover_options options = {.kernel = "abacus"};
    struct nxp_prover *prover;
    struct why why;

    (void)state;
    assert_int_equal(nxp_prover_new(&prover, &options, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "abacus"));
    options = (struct nxp_prover_options){.kernel = "portable", .threads = 3};
    assert_int_equal(nxp_prover_new(&prover, &options, &why), ST_OK);
    assert_string_equal(nxp_prover_kernel(prover), "portable");
    assert_int_equal(nxp_prover_threads(prover), 3);
    nxp_prover_free(prover);
    options = (struct nxp_prover_options){0};
    assert_int_equal(nxp_prover_new(&prover, &options, &why), ST_OK);
    assert_int_equal(nxp_prover_threads(prover), 1);
    nxp_prover_free(prover);
}

static void an_estimate_tells_what_a_proof_will_need(void **state)
{
    static const uint32_t sizes[NXP_LOG_SIZES] = {8, 5, 8, 6, 4, 4, 5, 7, 8};
    struct nxp_prover_options options = {0};
    struct nxp_result estimate, result;
    struct nxp_prover *prover;
    struct setup s;

    (void)state;
    setup_init(&s, 9);
    assert_int_equal(nxp_prover_new(&prover, &options, NULL), ST_OK);
    assert_int_equal(nxp_estimate(prover, &estimate, s.program, &s.input, NULL), ST_OK);
    assert_int_equal(estimate.steps, 207);
    assert_memory_equal(estimate.log_sizes, sizes, sizeof sizes);
    assert_null(estimate.proof);
    assert_int_equal(nxp_prove(prover, &result, s.program, &s.input, NULL), ST_OK);
    assert_int_equal(result.planned_bytes, estimate.planned_bytes);
    assert_int_equal(result.steps, 207);
    assert_int_equal(result.exit_code, 0);
    assert_memory_equal(result.log_sizes, sizes, sizeof sizes);
    assert_int_equal(result.output_size, estimate.output_size);
    assert_memory_equal(result.output, estimate.output, result.output_size);
    assert_string_equal(result.logs, estimate.logs);
    for (int stage = 0; stage < NXP_STAGE_COUNT; stage++)
        assert_true(result.stage_ns[stage] > 0);
    nxp_result_fini(&result);
    nxp_result_fini(&estimate);
    nxp_prover_free(prover);
    setup_fini(&s);
}

static void assert_refused(const struct nxp_prover_options *options, uint32_t n, enum status want,
                           const char *words)
{
    struct nxp_result result;
    struct nxp_prover *prover;
    struct why why = {""};
    struct setup s;

    setup_init(&s, n);
    assert_int_equal(nxp_prover_new(&prover, options, NULL), ST_OK);
    assert_int_equal(nxp_prove(prover, &result, s.program, &s.input, &why), want);
    assert_non_null(strstr(why.text, words));
    nxp_prover_free(prover);
    setup_fini(&s);
}

static void limits_are_kept(void **state)
{
    struct nxp_prover_options options = {.limits = {.max_log_rows = 9}};
    struct nxp_result result;
    struct nxp_prover *prover;
    struct setup s;

    (void)state;
    assert_refused(&options, 1000, ST_LIMIT, "max-log-rows");
    setup_init(&s, 1000);
    assert_int_equal(nxp_prover_new(&prover, &options, NULL), ST_OK);
    assert_int_equal(nxp_estimate(prover, &result, s.program, &s.input, NULL), ST_LIMIT);
    nxp_prover_free(prover);
    setup_fini(&s);
    options = (struct nxp_prover_options){.limits = {.max_memory_bytes = 1000}};
    assert_refused(&options, 9, ST_LIMIT, "bytes of memory");
    options = (struct nxp_prover_options){.limits = {.max_steps = 100}};
    assert_refused(&options, 9, ST_LIMIT, "");
    options = (struct nxp_prover_options){.stages_folder = "/nowhere/at/all"};
    assert_refused(&options, 9, ST_IO, "/nowhere/at/all/stages.json");
}

struct stopper {
    enum nxp_stage at;
    int seen;
};

static bool stop_at(void *context, enum nxp_stage stage)
{
    struct stopper *s = context;

    assert_int_equal(stage, s->seen++);
    return stage == s->at;
}

static void a_proof_can_be_stopped_before_each_stage(void **state)
{
    (void)state;
    for (int stage = 0; stage < NXP_STAGE_COUNT; stage++) {
        struct stopper stopper = {.at = (enum nxp_stage)stage};
        struct nxp_prover_options options = {.progress = stop_at, .context = &stopper};

        assert_refused(&options, 9, ST_CANCELLED, "stopped");
        assert_int_equal(stopper.seen, stage + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_are_named_and_loaded),
        cmocka_unit_test(options_are_checked_and_told),
        cmocka_unit_test(an_estimate_tells_what_a_proof_will_need),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(a_proof_can_be_stopped_before_each_stage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
