/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "prover/vm/first_pass.h"
#include "prover/vm/second_pass.h"
#include "prover/vm/view.h"

#define DEFAULT_STEPS   (UINT64_C(1) << 24)
#define DEFAULT_MEMORY  (UINT64_C(1) << 30)
#define MAX_INPUT_BYTES (UINT64_C(1) << 31) /* vm.md 2 */

/* ---- both passes ---- */

static enum status check_input(const struct run_input *input, struct why *why)
{
    if (input->public_input.size > MAX_INPUT_BYTES)
        return fail(why, ST_INPUT, "InputTooLong: %zu bytes of public input, at most %" PRIu64,
                    input->public_input.size, MAX_INPUT_BYTES);
    if (input->associated_data.size > UINT32_MAX)
        return fail(why, ST_GUEST, "IntOverflowError: %zu bytes of associated data",
                    input->associated_data.size);
    return ST_OK;
}

static struct vm_sizes sizes_of(const struct program *p, const struct run_input *input,
                                const struct first_pass *first)
{
    /* program_load bounds words and images far below 2^32. */
    return (struct vm_sizes){
        .program = (uint32_t)(4 * p->word_count) + p->rom.size + p->ram.size + 12,
        .input = (uint32_t)((input->public_input.size + 3) / 4 * 4),
        .output = first->output,
        .heap = first->heap,
        .stack = first->stack,
        .associated = (uint32_t)input->associated_data.size,
    };
}

static enum status rewrite(uint32_t **out, const struct program *p, struct why *why)
{
    uint32_t *words = malloc((p->word_count + 1) * sizeof *words);

    if (!words)
        return fail(why, ST_NO_MEMORY, "rewritten program: out of memory");
    for (size_t i = 0; i < p->word_count; i++)
        words[i] = instruction_rewrite(p->words[i]);
    *out = words;
    return ST_OK;
}

/* Moves what both passes left into the run. */
static void collect(struct run *out, struct first_pass *first, struct second_pass *second)
{
    out->steps = second->steps;
    out->step_count = second->step_count;
    out->ram_entries = second->ram_entries;
    out->first_pass_steps = first->steps;
    out->exit_code = load_le32(second->output);
    out->exit_argument = second->steps[second->step_count - 1].result;
    memcpy(out->final_registers, second->registers, sizeof out->final_registers);
    out->logs = first->logs;
    out->log_count = first->log_count;
    second->steps = NULL;
    first->logs = NULL;
    first->log_count = 0;
}

enum status vm_run(struct run *out, const struct program *program, const struct run_input *input,
                   const struct run_limits *limits, struct why *why)
{
    uint64_t max_steps = limits && limits->max_steps ? limits->max_steps : DEFAULT_STEPS;
    uint64_t memory = limits && limits->max_memory ? limits->max_memory : DEFAULT_MEMORY;
    struct budget budget = {.limit = memory, .left = memory};
    struct run run = {0};
    struct first_pass first = {0};
    struct second_pass second = {0};
    uint32_t *words = NULL;
    struct memory_layout layout;
    enum status st = check_input(input, why);

    if (!st)
        st = first_pass_run(&first, program, input, max_steps, &budget, why);
    if (st)
        goto out;
    run.sizes = sizes_of(program, input, &first);
    st = vm_layout(&layout, &run.sizes, why);
    if (!st)
        st = rewrite(&words, program, why);
    if (st)
        goto out;
    st = second_pass_run(&second,
                         &(struct second_pass_setup){
                             .program = program,
                             .words = words,
                             .layout = &layout,
                             .input = input,
                             .max_steps = max_steps,
                             .expected_steps = first.steps,
                             .budget = &budget,
                         },
                         why);
    if (st)
        goto out;
    st = view_make(&run.view, &run.storage,
                   &(struct view_parts){
                       .program = program,
                       .layout = &layout,
                       .public_input = input->public_input,
                       .output = bytes_of(second.output, second.output_size),
                       .associated_data = input->associated_data,
                       .budget = &budget,
                   },
                   why);
    if (st)
        goto out;
    collect(&run, &first, &second);
    *out = run;
out:
    free(words);
    second_pass_fini(&second);
    first_pass_fini(&first);
    return st;
}

void run_fini(struct run *r)
{
    first_pass_fini(&(struct first_pass){.logs = r->logs, .log_count = r->log_count});
    free(r->steps);
    free(r->storage);
    *r = (struct run){0};
}

/* ---- the verifier's view ---- */

static enum status check_layout(const struct memory_layout *l, struct bytes public_input,
                                struct bytes output, size_t associated, struct why *why)
{
    const uint32_t words[] = {l->public_input, l->exit_code,    l->public_output,
                              l->heap,         l->stack_bottom, l->stack_top};
    const size_t count = sizeof words / sizeof *words;

    for (size_t i = 0; i < count; i++) {
        uint32_t next = i + 1 < count ? words[i + 1] : l->end;

        if (words[i] % 4)
            return fail(why, ST_INVALID,
                        "BadLayout: word %zu, 0x%" PRIx32 ", is not a multiple of 4", i, words[i]);
        if (words[i] > next)
            return fail(why, ST_INVALID,
                        "BadLayout: word %zu, 0x%" PRIx32 ", is larger than the next, 0x%" PRIx32,
                        i, words[i], next);
    }
    if (l->end - l->stack_top != associated)
        return fail(why, ST_INVALID,
                    "BadLayout: room for %" PRIu32 " bytes of associated data, %zu given",
                    l->end - l->stack_top, associated);
    if (public_input.size + 4 > (uint64_t)l->exit_code - l->public_input ||
        l->public_output - l->exit_code != 4 || output.size > l->heap - l->public_output)
        return fail(why, ST_INVALID,
                    "BadLayout: %zu bytes of input or %zu bytes of output do "
                    "not fit",
                    public_input.size, output.size);
    return ST_OK;
}

enum status vm_expected_view(struct run *out, const struct program *program,
                             const struct memory_layout *layout, struct bytes public_input,
                             uint32_t exit_code, struct bytes output, struct bytes associated_data,
                             struct why *why)
{
    struct budget budget = {.limit = UINT64_MAX, .left = UINT64_MAX};
    struct run run = {.exit_code = exit_code};
    struct buffer whole;
    uint8_t word[4];
    enum status st = check_layout(layout, public_input, output, associated_data.size, why);

    if (st)
        return st;
    buffer_init(&whole, 0);
    store_le32(word, exit_code);
    buffer_put(&whole, word, sizeof word);
    buffer_put(&whole, output.data, output.size);
    if (!buffer_ok(&whole)) {
        st = fail(why, ST_NO_MEMORY, "expected output: out of memory");
        goto out;
    }
    st = view_make(&run.view, &run.storage,
                   &(struct view_parts){
                       .program = program,
                       .layout = layout,
                       .public_input = public_input,
                       .output = buffer_bytes(&whole),
                       .associated_data = associated_data,
                       .budget = &budget,
                   },
                   why);
    if (!st)
        *out = run;
out:
    buffer_fini(&whole);
    return st;
}
