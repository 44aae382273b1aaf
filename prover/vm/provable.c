/* SPDX-License-Identifier: Apache-2.0 */
/* A run that went well may still be one that no proof can be made of (vm.md 12, 15). What can be
 * seen from its records alone is refused here, before the expensive part. */
#include <inttypes.h>
#include <stdlib.h>

#include "prover/vm/vm.h"

/* ---- one step ---- */

static enum status check_step(const struct step *s, const struct view *v, struct why *why)
{
    uint32_t offset = s->pc - VM_PROGRAM_START;
    enum mnemonic m = (enum mnemonic)s->instruction.mnemonic;

    if (m == OP_KECCAKF)
        return fail(why, ST_GUEST,
                    "NotProvable: keccak at pc 0x%" PRIx32
                    " needs components that this prover does not have",
                    s->pc);
    if (m >= OP_MUL && m <= OP_REMU)
        return fail(why, ST_GUEST,
                    "NotProvable: %s at pc 0x%" PRIx32
                    " is of the M extension; build the guest for rv32i",
                    mnemonic_name(m), s->pc);
    if (offset % 4)
        return fail(why, ST_GUEST, "NotProvable: pc 0x%" PRIx32 " is not a multiple of 4", s->pc);
    if (s->word != v->words[offset / 4])
        return fail(why, ST_GUEST,
                    "NotProvable: word 0x%08" PRIx32 " at pc 0x%" PRIx32
                    " has bits that the machine ignores; 0x%08" PRIx32 " does the same",
                    v->words[offset / 4], s->pc, s->word);
    return ST_OK;
}

/* ---- addresses: the public ones must be the lowest, in view order, and all be there ---- */

static enum status check_order(const struct public_byte *bytes, size_t count, uint64_t *next,
                               struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i].address < *next)
            return fail(why, ST_GUEST,
                        "NotProvable: public byte 0x%" PRIx32
                        " lies below others before it; link read-only data below data, and both "
                        "below the input at the end of the program",
                        bytes[i].address);
        *next = (uint64_t)bytes[i].address + 1;
    }
    return ST_OK;
}

/* Between the public bytes there are holes: the text, and what linkers leave. An access there gives
 * the RAM table an address that the view does not have. */
static bool in_initial(const struct view *v, uint32_t address)
{
    size_t low = 0, high = v->initial_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (v->initial[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->initial_count && v->initial[low].address == address;
}

static enum status check_accesses(const struct run *run, uint8_t *stored, struct why *why)
{
    const struct memory_layout *l = &run->view.layout;

    for (size_t i = 0; i < run->step_count; i++) {
        const struct step *s = &run->steps[i];

        if (s->memory == MEMORY_NONE || s->address >= l->heap)
            continue;
        if (s->address >= l->exit_code) {
            for (unsigned k = 0; k < s->size; k++)
                stored[s->address - l->exit_code + k] = 1;
        } else if (!in_initial(&run->view, s->address)) {
            return fail(why, ST_GUEST,
                        "NotProvable: access to 0x%" PRIx32 " in the program text at pc 0x%" PRIx32
                        "; the proof's memory does not hold the text",
                        s->address, s->pc);
        }
    }
    for (uint32_t k = 0; k < l->heap - l->exit_code; k++)
        if (!stored[k])
            return fail(why, ST_GUEST,
                        "NotProvable: byte %" PRIu32
                        " of the output is never stored (bytes 0 to 3 are the exit code)",
                        k);
    return ST_OK;
}

enum status vm_check_provable(const struct run *run, const struct program *program, struct why *why)
{
    const struct view *v = &run->view;
    uint8_t *stored = NULL;
    uint64_t next = 0;
    enum status st = ST_OK;

    for (size_t i = 0; !st && i < run->step_count; i++)
        st = check_step(&run->steps[i], v, why);
    if (!st && program->entry != program->base)
        st = fail(why, ST_GUEST,
                  "NotProvable: the entry 0x%" PRIx32 " is not the first instruction, 0x%" PRIx32,
                  program->entry, program->base);
    if (!st)
        st = check_order(v->initial, v->initial_count, &next, why);
    if (!st)
        st = check_order(v->output, v->output_count, &next, why);
    if (st)
        return st;
    stored = calloc(v->layout.heap - v->layout.exit_code, 1);
    if (!stored)
        return fail(why, ST_NO_MEMORY, "output map: out of memory");
    st = check_accesses(run, stored, why);
    free(stored);
    return st;
}
