/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/air/chips/past.h"

#include <assert.h>
#include <string.h>

#include "prover/air/chips/ram_map.h"
#include "prover/air/chips/syscall.h"

struct listing listing_of(const struct view *view)
{
    return (struct listing){.entry = VM_PROGRAM_START,
                            .base = VM_PROGRAM_START,
                            .words = view->words,
                            .count = view->word_count};
}

static struct operands syscall_operands(const struct step *step)
{
    const struct syscall *s = syscall_find(step->value_b);
    struct operands o = {.rb = 17, .vb = step->value_b, .slot1 = true};

    if (s && s->result_register) {
        o.ra = s->result_register;
        o.out = step->result;
        o.slot3 = true;
    }
    return o;
}

struct operands operands_of(const struct step *step)
{
    struct instruction i = step->instruction;
    struct operands o = {
        .ra = i.a,
        .rb = i.b,
        .va = step->value_a,
        .vb = step->value_b,
        .vc = i.c,
        .out = step->result,
        .slot1 = true,
        .slot3 = true,
    };

    if (i.mnemonic == OP_ECALL)
        return syscall_operands(step);
    switch (i.type) {
    case TYPE_R:
        o.rc = i.c;
        o.vc = step->value_c;
        o.slot2 = true;
        break;
    case TYPE_S:
    case TYPE_B:
        o.out = o.va;
        break;
    case TYPE_U:
        o.vc = i.c << 12;
        o.vb = 0;
        o.slot1 = false;
        break;
    case TYPE_J:
        o.vb = 0;
        o.slot1 = false;
        break;
    default:
        break;
    }
    return o;
}

struct walk {
    struct ram_map ram;
    struct side_note *note;
    const struct listing *listing;
    uint32_t *executed;
};

static enum status refuse(struct why *why, uint32_t clk, const struct step *step, const char *reason)
{
    return fail(why, ST_GUEST, "step %u at pc 0x%x cannot be proved: %s", clk, step->pc, reason);
}

static enum status check_instruction(const struct step *step, uint32_t clk, struct why *why)
{
    const struct syscall *s;
    enum mnemonic m = step->instruction.mnemonic;

    if (m < OP_ECALL)
        return ST_OK;
    if (m == OP_ECALL) {
        s = syscall_find(step->value_b);
        if (!s)
            return refuse(why, clk, step, "unknown system call");
        if (s->code != SYSCALL_HALT && step->has_result != (s->result_register != 0))
            return refuse(why, clk, step, "system call with a wrong result");
        return ST_OK;
    }
    /* EBREAK (air-main.md 9.2), M extension, keccak, custom and unknown words. */
    return refuse(why, clk, step, "no chip for its instruction");
}

/* 4.31 rule 1. */
static enum status walk_program(struct walk *w, struct past *past, const struct step *step,
                                uint32_t clk, struct why *why)
{
    uint32_t offset = step->pc - w->listing->base;

    if (offset % 4 || offset / 4 >= w->listing->count)
        return refuse(why, clk, step, "it lies outside the program listing");
    past->executed = w->executed[offset / 4]++;
    return ST_OK;
}

/* 4.28 rule 3: consume each byte of the access and leave the new one. */
static enum status walk_ram(struct walk *w, struct past *past, const struct step *step,
                            const struct operands *o, uint32_t clk, struct why *why)
{
    uint32_t base = (step->memory == MEMORY_LOAD ? o->vb : o->va) + o->vc, offset = base % 4;
    struct ram_word *word;

    if (base != step->address)
        return refuse(why, clk, step, "the access is at another address than its operands say");
    if (base % step->size)
        return refuse(why, clk, step, "unaligned access");
    word = ram_map_word(&w->ram, base);
    for (unsigned i = 0; i < step->size; i++) {
        uint8_t value = (uint8_t)(step->value >> 8 * i);

        past->ram_timestamp[i] = word->timestamp[offset + i];
        past->ram_value[i] = word->value[offset + i];
        if (step->memory == MEMORY_LOAD && value != past->ram_value[i])
            return refuse(why, clk, step, "a load that differs from the tracked memory");
        ram_map_set(&w->ram, word, offset + i, clk, value);
    }
    return ST_OK;
}

/* 4.32 rule 2, for one slot (1, 2, 3). */
static enum status walk_register(struct walk *w, struct past *past, const struct step *step,
                                 unsigned slot, uint32_t number, uint32_t value, uint32_t clk,
                                 struct why *why)
{
    if (number == 0 && value != 0)
        return refuse(why, clk, step, "register 0 is not 0");
    past->register_timestamp[slot - 1] = w->note->register_timestamp[number];
    past->register_value[slot - 1] = w->note->register_value[number];
    w->note->register_timestamp[number] = 3 * clk + slot;
    w->note->register_value[number] = value;
    return ST_OK;
}

static enum status walk_step(struct walk *w, struct past *past, const struct step *step,
                             uint32_t clk, struct why *why)
{
    struct operands o;
    enum status st = check_instruction(step, clk, why);

    if (st)
        goto out;
    o = operands_of(step);
    st = walk_program(w, past, step, clk, why);
    if (!st && step->memory != MEMORY_NONE)
        st = walk_ram(w, past, step, &o, clk, why);
    if (!st && o.slot1)
        st = walk_register(w, past, step, 1, o.rb, o.vb, clk, why);
    if (!st && o.slot2)
        st = walk_register(w, past, step, 2, o.rc, o.vc, clk, why);
    if (!st && o.slot3)
        st = walk_register(w, past, step, 3, o.ra, o.ra ? o.out : 0, clk, why);
out:
    return st;
}

static enum status walk_initial(struct walk *w, const struct view *view, struct why *why)
{
    for (size_t i = 0; i < view->initial_count; i++) {
        struct public_byte b = view->initial[i];
        struct ram_word *word = ram_map_word(&w->ram, b.address);

        if (word->known >> b.address % 4 & 1)
            return fail(why, ST_GUEST, "initial memory has address 0x%x twice", b.address);
        ram_map_set(&w->ram, word, b.address % 4, 0, b.value);
    }
    return ST_OK;
}

void past_plan(struct arena_plan *plan, size_t rows, size_t ram_entries)
{
    arena_plan_take(plan, rows, sizeof(struct past));
    arena_plan_take(plan, rows, sizeof(uint32_t)); /* the listing has at most as many words */
    ram_map_plan(plan, ram_entries);
}

enum status past_walk(struct past **past, uint32_t **executed, struct side_note *note,
                      const struct run *run, const struct listing *listing, struct arena *arena,
                      struct why *why)
{
    struct past *notes = arena_take_zeroed(arena, run->step_count * sizeof *notes);
    struct walk w = {.note = note, .listing = listing};
    enum status st;

    w.executed = arena_take_zeroed(arena, listing->count * sizeof *w.executed);
    ram_map_init(&w.ram, arena, run->ram_entries);
    memset(note->register_timestamp, 0, sizeof note->register_timestamp);
    memset(note->register_value, 0, sizeof note->register_value);
    st = walk_initial(&w, &run->view, why);
    for (size_t i = 0; !st && i < run->step_count; i++)
        st = walk_step(&w, &notes[i], &run->steps[i], (uint32_t)i + 1, why);
    if (st)
        goto out;
    note->ram_count = w.ram.entries;
    ram_map_list(&w.ram, note->ram, arena);
    *past = notes;
    *executed = w.executed;
out:
    return st;
}
