/* SPDX-License-Identifier: Apache-2.0 */
/* The sequential half of filling: one walk over the steps that keeps registers, RAM and program
 * counters, and notes for every row what it needs to know of the rows before it. With these notes
 * rows can be filled in any order and by any thread.
 *
 * Source:  air-main.md 3 (state carried from row to row), 4.28, 4.31, 4.32.
 * Owner:   memory of an arena.
 * Errors:  ST_GUEST for a step that cannot be proved.
 */
#pragma once
#include "base/arena.h"
#include "prover/air/side_note.h"

/* The program listing; word i is at base + 4 i. */
struct listing {
    uint32_t entry, base;
    const uint32_t *words;
    size_t count;
};

/* That of a run (vm.md 12). */
struct listing listing_of(const struct view *view);

/* The operands of a step as the chips see them (air-main.md 3). */
struct operands {
    uint32_t ra, rb, rc;       /* registers of slots 3, 1, 2 */
    uint32_t va, vb, vc;       /* values of operands A, B, C; va is that before the step */
    uint32_t out;              /* ValueA of the finished row */
    bool slot1, slot2, slot3;  /* OpBFlag, TypeR, Reg3Acc */
};

struct operands operands_of(const struct step *step);

struct past {
    uint32_t register_timestamp[3], register_value[3]; /* of slots 1, 2, 3; 0 when not in use */
    uint32_t executed;                                 /* how often this pc ran before */
    uint32_t ram_timestamp[4];                         /* of the bytes of the access */
    uint8_t ram_value[4];
};

/* What past_walk takes from the arena and leaves there: rows past records and the counters. */
void past_plan(struct arena_plan *plan, size_t rows, size_t ram_entries);

/* past[step] and executed[word of the listing] are taken from the arena; the registers and RAM of
 * the side note are written, note->ram to the place given. */
enum status MUST_USE past_walk(struct past **past, uint32_t **executed, struct side_note *note,
                               const struct run *run, const struct listing *listing,
                               struct arena *arena, struct why *why);
