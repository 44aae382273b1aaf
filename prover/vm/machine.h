/* SPDX-License-Identifier: Apache-2.0 */
/* One hart: registers, fetching, and the meaning of each instruction. Both passes share it and
 * bring what differs as a table.
 *
 * Source:  vm.md 5, 7.2, 7.4, 10.3.
 * Owner:   machine_fini frees code and memory.
 * Errors:  ST_GUEST for everything the program does wrong; ST_LIMIT, ST_NO_MEMORY from memory.
 */
#pragma once
#include "prover/vm/memory.h"
#include "prover/vm/vm.h"

struct machine;

struct machine_ops {
    /* The two instructions that exist in the first pass only; NULL for a rewritten program. */
    enum status (*input_read)(struct machine *m, uint32_t *value, uint32_t address,
                              struct why *why);
    enum status (*output_write)(struct machine *m, uint32_t address, struct why *why);
    /* The system calls that differ: all but exit and private input. Registers are the call's to
     * write; a result goes into the step. */
    enum status (*call)(struct machine *m, struct step *step, uint32_t code, struct why *why);
};

/* An instruction word becomes known when a block that holds it is decoded (7.2). */
struct slot {
    struct instruction instruction;
    uint32_t word; /* re-encoded */
    bool known;
};

struct machine {
    const struct machine_ops *ops;
    const char *pass; /* "first" or "second", for words */
    struct memory memory;
    const uint32_t *words;
    struct slot *slots;
    size_t word_count;
    uint32_t base; /* address of word 0 */
    uint32_t x[32];
    uint32_t pc;
    uint64_t steps; /* completed; the clock is one more */
    bool exited;
    struct bytes tape; /* what is left of the private input */
};

struct machine_setup {
    const struct machine_ops *ops;
    const char *pass;
    const uint32_t *words;
    size_t word_count;
    uint32_t base, entry;
    struct bytes private_input;
    struct budget *budget;
    bool open_memory;
};

enum status MUST_USE machine_init(struct machine *m, const struct machine_setup *setup,
                                  struct why *why);
void machine_fini(struct machine *m);

/* Fetches and executes one instruction; on failure the words say where. The exit call counts as
 * a step and sets exited. */
enum status MUST_USE machine_step(struct machine *m, struct step *step, struct why *why);

/* x0 stays 0. */
static inline void machine_write(struct machine *m, unsigned number, uint32_t value)
{
    if (number)
        m->x[number] = value;
}
