/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/second_pass.h"

#include <inttypes.h>
#include <stdlib.h>

#include "prover/vm/machine.h"

struct linear {
    struct machine machine; /* first, so that a cast back is valid */
    const struct memory_layout *layout;
    struct step *steps;
    size_t capacity;
};

/* ---- what differs from the first pass ---- */

static enum status call(struct machine *m, struct step *step, uint32_t code, struct why *why)
{
    const struct memory_layout *layout = ((struct linear *)m)->layout;

    (void)why;
    if (code == SYSTEM_CALL_STACK_POINTER || code == SYSTEM_CALL_HEAP_POINTER) {
        bool stack = code == SYSTEM_CALL_STACK_POINTER;

        step->has_result = 1;
        step->result = stack ? layout->stack_top : layout->heap;
        m->x[stack ? 2 : 10] = step->result;
    }
    return ST_OK; /* the others do nothing here */
}

/* A rewritten program has no input reads and no output writes. */
static const struct machine_ops ops = {.call = call};

/* ---- regions (10.1) ---- */

static struct bytes image_bytes(const struct image *i)
{
    return bytes_of(i->data, i->size);
}

/* Words as they lie in memory, for the program region. */
static enum status add_program(struct memory *memory, const uint32_t *words, size_t count,
                               struct why *why)
{
    const struct region region = {VM_PROGRAM_START, (uint32_t)(4 * count), REGION_READ_ONLY,
                                  "the program text"};
    enum status st = memory_add(memory, region, bytes_of(NULL, 0), why);

    for (size_t i = 0; !st && i < count; i++) {
        uint8_t bytes[4];

        store_le32(bytes, words[i]);
        st = space_write(&memory->space, VM_PROGRAM_START + (uint32_t)(4 * i), bytes_of(bytes, 4),
                         why);
    }
    return st;
}

static enum status add_input(struct memory *memory, const struct memory_layout *layout,
                             struct bytes input, struct why *why)
{
    uint32_t size = layout->exit_code - layout->public_input;
    const struct region region = {layout->public_input, size, REGION_READ_ONLY, "the public input"};
    uint8_t length[4];
    enum status st;

    store_le32(length, size - 4);
    st = memory_add(memory, region, bytes_of(length, 4), why);
    if (st)
        return st;
    return space_write(&memory->space, region.base + 4, input, why);
}

static enum status add_regions(struct memory *memory, const struct second_pass_setup *setup,
                               struct why *why)
{
    const struct program *p = setup->program;
    const struct memory_layout *l = setup->layout;
    struct bytes associated = setup->input->associated_data;
    const struct region rom = {p->rom.base, p->rom.size, REGION_READ_ONLY, "the read-only data"};
    const struct region ram = {p->ram.base, p->ram.size, REGION_READ_WRITE, "the data"};
    const struct region rest[] = {
        {l->stack_top, (uint32_t)(associated.size + 3) / 4 * 4, REGION_NO_ACCESS,
         "the associated data"},
        {l->exit_code, l->heap - l->exit_code, REGION_WRITE_ONLY, "the output"},
        {l->heap, l->stack_bottom - l->heap, REGION_READ_WRITE, "the heap"},
        {l->stack_bottom, l->stack_top - l->stack_bottom, REGION_READ_WRITE, "the stack"},
        {VM_INPUT_LOCATION, 8, REGION_READ_ONLY, "the words of the input and output location"},
    };
    uint8_t locations[8];
    enum status st = add_program(memory, setup->words, p->word_count, why);

    store_le32(locations, l->public_input);
    store_le32(locations + 4, l->exit_code);
    if (!st)
        st = memory_add(memory, rom, image_bytes(&p->rom), why);
    if (!st)
        st = memory_add(memory, ram, image_bytes(&p->ram), why);
    if (!st)
        st = add_input(memory, l, setup->input->public_input, why);
    /* Nothing can read the associated data, so their bytes need not be here. */
    for (size_t i = 0; !st && i < sizeof rest / sizeof *rest; i++)
        st = memory_add(
            memory, rest[i],
            rest[i].base == VM_INPUT_LOCATION ? bytes_of(locations, 8) : bytes_of(NULL, 0), why);
    return st;
}

/* The initial memory of the view is in the RAM map from the start (components.md 3.4). */
static enum status mark_initial(struct space *space, const struct second_pass_setup *setup,
                                struct why *why)
{
    const struct program *p = setup->program;
    const struct memory_layout *l = setup->layout;
    enum status st = space_mark(space, VM_INPUT_LOCATION, 8, why);

    if (!st)
        st = space_mark(space, p->rom.base, p->rom.size, why);
    if (!st)
        st = space_mark(space, p->ram.base, p->ram.size, why);
    if (!st)
        st = space_mark(space, l->public_input, l->exit_code - l->public_input, why);
    return st;
}

/* ---- the run ---- */

static enum status grow(struct linear *l, struct why *why)
{
    size_t capacity = l->capacity + l->capacity / 2 + 64;
    struct step *steps = realloc(l->steps, capacity * sizeof *steps);

    if (!steps)
        return fail(why, ST_NO_MEMORY, "%zu step records: out of memory", capacity);
    l->steps = steps;
    l->capacity = capacity;
    return ST_OK;
}

static enum status run(struct linear *l, uint64_t max_steps, struct why *why)
{
    struct machine *m = &l->machine;
    enum status st = ST_OK;

    while (!st && !m->exited) {
        if (m->steps == max_steps)
            return fail(why, ST_LIMIT,
                        "StepLimit: the second pass has no end after %" PRIu64
                        " steps; raise --max-steps if the guest does end",
                        max_steps);
        if (m->steps == l->capacity)
            st = grow(l, why);
        if (!st)
            st = machine_step(m, &l->steps[m->steps], why);
    }
    return st;
}

static enum status finish(struct second_pass *out, struct linear *l, struct why *why)
{
    struct second_pass p = {
        .step_count = l->machine.steps,
        .ram_entries = space_count_marks(&l->machine.memory.space),
        .output_size = l->layout->heap - l->layout->exit_code,
    };
    enum status st = budget_take(l->machine.memory.space.budget, p.output_size, why);

    if (st)
        return st;
    p.output = malloc(p.output_size);
    if (!p.output)
        return fail(why, ST_NO_MEMORY, "output of %zu bytes: out of memory", p.output_size);
    space_read(&l->machine.memory.space, p.output, l->layout->exit_code, p.output_size);
    for (size_t i = 0; i < 32; i++)
        p.registers[i] = l->machine.x[i];
    p.steps = l->steps;
    l->steps = NULL;
    *out = p;
    return ST_OK;
}

enum status second_pass_run(struct second_pass *out, const struct second_pass_setup *setup,
                            struct why *why)
{
    const struct program *program = setup->program;
    struct linear l = {.layout = setup->layout};
    const struct machine_setup machine = {
        .ops = &ops,
        .pass = "second",
        .words = setup->words,
        .word_count = program->word_count,
        .base = VM_PROGRAM_START,
        .entry = VM_PROGRAM_START + (program->entry - program->base),
        .private_input = setup->input->private_input,
        .budget = setup->budget,
    };
    enum status st;

    /* The passes rarely differ by more than a few steps: usually this is all the growing. */
    l.capacity = (size_t)setup->expected_steps;
    st = machine_init(&l.machine, &machine, why);
    if (!st)
        st = grow(&l, why);
    if (!st)
        st = add_regions(&l.machine.memory, setup, why);
    if (!st)
        st = mark_initial(&l.machine.memory.space, setup, why);
    if (!st)
        st = run(&l, setup->max_steps, why);
    if (!st)
        st = finish(out, &l, why);
    free(l.steps);
    machine_fini(&l.machine);
    return st;
}

void second_pass_fini(struct second_pass *p)
{
    free(p->steps);
    free(p->output);
    *p = (struct second_pass){0};
}
