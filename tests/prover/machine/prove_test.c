/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a proof is what the proof takes; a trace that breaks a constraint gives no proof. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prover/machine/prove.h"
#include "tests/support/support.h"

struct setup {
    struct exec exec;
    struct workspace workspace;
    struct buffer proof;
};

static void setup_init(struct setup *s, enum kernel_id kernel, unsigned threads)
{
    memset(s, 0, sizeof *s);
    s->exec.kernel = kernel;
    assert_int_equal(pool_new(&s->exec.pool, threads, NULL), ST_OK);
    workspace_init(&s->workspace, false);
    buffer_init(&s->proof, 0);
}

static void setup_fini(struct setup *s)
{
    buffer_fini(&s->proof);
    workspace_fini(&s->workspace);
    pool_free(s->exec.pool);
}

static void run_of(struct run *run, const char *elf_path, const uint32_t values[static 3])
{
    struct buffer elf = golden_read(elf_path), encoded;
    struct run_input input = {0};
    struct run_limits limits = {0};
    struct program program;

    memset(run, 0, sizeof *run);
    buffer_init(&encoded, 0);
    vm_encode_u32s(&encoded, values, 3);
    input.public_input = buffer_bytes(&encoded);
    assert_int_equal(program_load(&program, buffer_bytes(&elf), NULL), ST_OK);
    assert_int_equal(vm_run(run, &program, &input, &limits, NULL), ST_OK);
    program_fini(&program);
    buffer_fini(&encoded);
    buffer_fini(&elf);
}

/* Small and large main tables, RAM tables below, at and above the main size. */
static void the_plan_is_what_a_proof_takes(void **state)
{
    static const struct {
        const char *elf;
        uint32_t values[3];
    } runs[] = {
        {"guest/fib.elf", {0, 0, 0}},
        {"guest/fib.elf", {160, 2, 3}},
        {"guest/calls.elf", {9, 1, 1}},
        {"guest/isa.elf", {9, 1, 1}},
    };
    struct machine_options options = {0};

    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        for (unsigned threads = 1; threads <= 3; threads += 2) {
            struct machine_result estimate, result;
            struct setup s;
            struct run run;

            setup_init(&s, kernel_best(), threads);
            run_of(&run, runs[i].elf, runs[i].values);
            assert_int_equal(machine_estimate(&estimate, &run, &options, NULL), ST_OK);
            assert_int_equal(
                machine_prove(&s.exec, &s.workspace, &s.proof, &result, &run, &options, NULL),
                ST_OK);
            assert_int_equal(result.planned_bytes, estimate.planned_bytes);
            assert_int_equal(result.used_bytes, result.planned_bytes);
            assert_true(s.proof.size > 0);
            run_fini(&run);
            setup_fini(&s);
        }
}

static void random_guests_with_large_ram_tables_keep_the_plan(void **state)
{
    struct csv *c = golden_csv("random/results.csv");
    struct machine_options options = {0};
    unsigned larger = 0;

    (void)state;
    for (size_t row = 0; row < c->rows; row++) {
        uint32_t values[3] = {(uint32_t)strtoul(csv_cell(c, row, "n"), NULL, 10),
                              (uint32_t)strtoul(csv_cell(c, row, "a"), NULL, 10),
                              (uint32_t)strtoul(csv_cell(c, row, "b"), NULL, 10)};
        struct machine_result result;
        struct setup s;
        struct run run;
        char path[64];

        if (strcmp(csv_cell(c, row, "result"), "proof") != 0 ||
            strtoul(csv_cell(c, row, "seed"), NULL, 10) < 5000)
            continue;
        snprintf(path, sizeof path, "random/%s.elf", csv_cell(c, row, "seed"));
        setup_init(&s, kernel_best(), 2);
        run_of(&run, path, values);
        assert_int_equal(
            machine_prove(&s.exec, &s.workspace, &s.proof, &result, &run, &options, NULL), ST_OK);
        assert_int_equal(result.used_bytes, result.planned_bytes);
        larger += result.log_sizes[COMPONENT_RAM] >= result.log_sizes[COMPONENT_MAIN];
        run_fini(&run);
        setup_fini(&s);
    }
    assert_true(larger > 0);
    csv_free(c);
}

static void a_false_step_is_constraints_not_satisfied(void **state)
{
    const uint32_t values[3] = {9, 1, 1};
    struct machine_options options = {0};
    struct machine_result result;
    struct why why = {""};
    struct setup s;
    struct run run;
    size_t step = 0;

    (void)state;
    setup_init(&s, kernel_best(), 2);
    run_of(&run, "guest/fib.elf", values);
    while (run.steps[step].instruction.mnemonic != OP_ADD)
        step++;
    run.steps[step].pc += 4;
    assert_int_equal(machine_prove(&s.exec, &s.workspace, &s.proof, &result, &run, &options, &why),
                     ST_GUEST);
    assert_int_equal(strncmp(why.text, "ConstraintsNotSatisfied", 23), 0);
    assert_int_equal(s.proof.size, 0);
    run_fini(&run);
    setup_fini(&s);
}

static void a_workspace_beyond_the_machine_is_no_memory(void **state)
{
    const uint32_t values[3] = {9, 1, 1};
    struct machine_options options = {.max_memory_bytes = 1};
    struct machine_result result;
    struct why why = {""};
    struct setup s;
    struct run run;

    (void)state;
    setup_init(&s, KERNEL_PORTABLE, 1);
    run_of(&run, "guest/fib.elf", values);
    assert_int_equal(machine_estimate(&result, &run, &options, &why), ST_LIMIT);
    assert_non_null(strstr(why.text, "the limit is 1"));
    s.proof.limit = 1000; /* the proof's own buffer */
    options.max_memory_bytes = 0;
    assert_int_equal(machine_prove(&s.exec, &s.workspace, &s.proof, &result, &run, &options, &why),
                     ST_NO_MEMORY);
    run_fini(&run);
    setup_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_is_what_a_proof_takes),
        cmocka_unit_test(random_guests_with_large_ram_tables_keep_the_plan),
        cmocka_unit_test(a_false_step_is_constraints_not_satisfied),
        cmocka_unit_test(a_workspace_beyond_the_machine_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
