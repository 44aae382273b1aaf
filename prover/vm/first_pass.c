/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/first_pass.h"

#include <inttypes.h>
#include <stdlib.h>

#include "prover/vm/cycles.h"
#include "prover/vm/machine.h"

/* Ours: the reference reads a label of any length. */
#define MAX_LABEL_BYTES 4096

#define FAILED UINT32_MAX /* what x10 holds after a call that gives nothing */

struct harvard {
    struct machine machine; /* first, so that a cast back is valid */
    struct budget *budget;
    struct bytes input; /* raw; the length word is not stored */
    uint32_t heap_base, max_heap, min_stack;
    uint32_t output_low, output_high; /* written words; low > high: none */
    struct buffer *logs;
    size_t log_count, log_capacity;
    struct cycles cycles;
};

static struct harvard *harvard_of(struct machine *m)
{
    return (struct harvard *)m;
}

/* ---- input and output memory (7.1) ---- */

static enum status input_read(struct machine *m, uint32_t *value, uint32_t address, struct why *why)
{
    struct bytes input = harvard_of(m)->input;
    uint64_t padded = (uint64_t)(input.size + 3) / 4 * 4;
    uint8_t word[4] = {0};

    if (address >= padded + 4)
        return fail(why, ST_GUEST,
                    "InvalidMemoryAccess: reading word at offset %" PRIu32
                    " of an input of %" PRIu64 " bytes",
                    address, padded + 4);
    if (address % 4)
        return fail(why, ST_GUEST, "UnalignedMemoryRead: input offset 0x%" PRIx32, address);
    if (address == 0) {
        *value = (uint32_t)input.size;
        return ST_OK;
    }
    for (uint32_t i = 0; i < 4 && address - 4 + i < input.size; i++)
        word[i] = input.data[address - 4 + i];
    *value = load_le32(word);
    return ST_OK;
}

static enum status output_write(struct machine *m, uint32_t address, struct why *why)
{
    struct harvard *h = harvard_of(m);

    if (address % 4)
        return fail(why, ST_GUEST, "UnalignedMemoryWrite: output offset 0x%" PRIx32, address);
    if (address >= UINT32_MAX - 3)
        return fail(why, ST_GUEST, "AddressCalculationOverflow: output offset 0x%" PRIx32, address);
    h->output_low = address < h->output_low ? address : h->output_low;
    h->output_high = address > h->output_high ? address : h->output_high;
    return ST_OK;
}

/* ---- system calls (7.4) ---- */

static enum status log_text(struct harvard *h, uint32_t address, uint32_t length, struct why *why)
{
    enum status st = budget_take(h->budget, (uint64_t)length + sizeof *h->logs, why);
    struct buffer entry;
    uint8_t *text;

    if (st)
        return st;
    if (h->log_count == h->log_capacity) {
        size_t capacity = h->log_capacity ? 2 * h->log_capacity : 16;
        struct buffer *logs = realloc(h->logs, capacity * sizeof *logs);

        if (!logs)
            return fail(why, ST_NO_MEMORY, "log entry: out of memory");
        h->logs = logs;
        h->log_capacity = capacity;
    }
    text = malloc((size_t)length + 1);
    if (!text)
        return fail(why, ST_NO_MEMORY, "log entry of %" PRIu32 " bytes: out of memory", length);
    space_read(&h->machine.memory.space, text, address, length);
    buffer_init(&entry, 0);
    entry.data = text;
    entry.size = length;
    entry.capacity = (size_t)length + 1;
    h->logs[h->log_count++] = entry;
    return ST_OK;
}

static enum status cycle_counter(struct harvard *h, uint32_t address, uint32_t length,
                                 struct why *why)
{
    uint8_t label[MAX_LABEL_BYTES];
    bool known;
    enum status st;

    if (length > sizeof label)
        return fail(why, ST_LIMIT, "LabelLimit: a cycle counter label of %" PRIu32 " bytes",
                    length);
    space_read(&h->machine.memory.space, label, address, length);
    st = cycles_mark(&h->cycles, &known, bytes_of(label, length), h->machine.steps + 1, why);
    if (!st && !known)
        h->machine.x[10] = FAILED;
    return st;
}

static enum status call(struct machine *m, struct step *step, uint32_t code, struct why *why)
{
    struct harvard *h = harvard_of(m);
    uint32_t argument[3] = {m->x[10], m->x[11], m->x[12]}, top;

    (void)step; /* nobody looks at the steps of this pass */
    switch (code) {
    case SYSTEM_CALL_LOG:
        m->x[10] = argument[0] == 1 ? argument[2] : FAILED;
        return argument[0] == 1 ? log_text(h, argument[1], argument[2], why) : ST_OK;
    case SYSTEM_CALL_CYCLE_COUNTER:
        return cycle_counter(h, argument[0], argument[1], why);
    case SYSTEM_CALL_HEAP_POINTER:
        m->x[10] = 0; /* no preference */
        return ST_OK;
    case SYSTEM_CALL_MEMORY_ADVISE:
        top = argument[0] + argument[1]; /* wraps */
        h->max_heap = top > h->max_heap ? top : h->max_heap;
        break;
    default: /* the stack pointer: nothing */
        break;
    }
    m->x[10] = FAILED;
    return ST_OK;
}

static const struct machine_ops ops = {
    .input_read = input_read,
    .output_write = output_write,
    .call = call,
};

/* ---- the run ---- */

/* End of the images; sums wrap like the reference's. With read-only data there are four bytes
 * more (7.3). */
static uint32_t heap_base(const struct program *p)
{
    uint32_t ram_end = p->ram.base + p->ram.size, rom_end = p->rom.base + p->rom.size;

    if (p->rom.size == 0)
        return ram_end;
    return (ram_end > rom_end ? ram_end : rom_end) + 4;
}

static enum status set_up(struct harvard *h, const struct program *p, struct why *why)
{
    static const uint8_t locations[8]; /* both 0: addresses are offsets in this pass */
    struct memory *memory = &h->machine.memory;
    const struct region rom = {p->rom.base, p->rom.size, REGION_READ_ONLY, "the read-only data"};
    const struct region io = {VM_INPUT_LOCATION, sizeof locations, REGION_READ_ONLY,
                              "the words of the input and output location"};
    /* The image of the open memory first: where others lie over it, they win. */
    enum status st =
        space_write(&memory->space, p->ram.base, bytes_of(p->ram.data, p->ram.size), why);

    if (!st)
        st = memory_add(memory, rom, bytes_of(p->rom.data, p->rom.size), why);
    if (!st)
        st = memory_add(memory, io, bytes_of(locations, sizeof locations), why);
    h->heap_base = h->max_heap = heap_base(p);
    h->min_stack = VM_STACK_TOP;
    h->output_low = UINT32_MAX;
    return st;
}

static enum status run(struct harvard *h, uint64_t max_steps, struct why *why)
{
    struct machine *m = &h->machine;
    struct step step;

    for (;;) {
        enum status st;

        if (m->steps == max_steps)
            return fail(why, ST_LIMIT,
                        "StepLimit: no end after %" PRIu64 " steps; raise --max-steps if the "
                        "guest does end",
                        max_steps);
        st = machine_step(m, &step, why);
        if (st || m->exited)
            return st;
        if (m->x[2] && m->x[2] < h->min_stack)
            h->min_stack = m->x[2];
    }
}

enum status first_pass_run(struct first_pass *out, const struct program *program,
                           const struct run_input *input, uint64_t max_steps, struct budget *budget,
                           struct why *why)
{
    struct harvard h = {.budget = budget, .input = input->public_input};
    const struct machine_setup setup = {
        .ops = &ops,
        .pass = "first",
        .words = program->words,
        .word_count = program->word_count,
        .base = program->base,
        .entry = program->entry,
        .private_input = input->private_input,
        .budget = budget,
        .open_memory = true,
    };
    enum status st;

    cycles_init(&h.cycles);
    st = machine_init(&h.machine, &setup, why);
    if (!st)
        st = set_up(&h, program, why);
    if (!st)
        st = run(&h, max_steps, why);
    if (!st && h.output_low > h.output_high)
        st = fail(why, ST_GUEST,
                  "NoOutputWritten: the guest must store its exit code to output word 0");
    if (!st) {
        *out = (struct first_pass){
            .heap = h.max_heap - h.heap_base,
            .stack = VM_STACK_TOP - h.min_stack,
            .output = h.output_high - h.output_low,
            .steps = h.machine.steps,
            .logs = h.logs,
            .log_count = h.log_count,
        };
    } else {
        first_pass_fini(&(struct first_pass){.logs = h.logs, .log_count = h.log_count});
    }
    cycles_fini(&h.cycles);
    machine_fini(&h.machine);
    return st;
}

void first_pass_fini(struct first_pass *p)
{
    for (size_t i = 0; i < p->log_count; i++)
        buffer_fini(&p->logs[i]);
    free(p->logs);
    *p = (struct first_pass){0};
}
