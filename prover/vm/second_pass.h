/* SPDX-License-Identifier: Apache-2.0 */
/* The second pass: one address space with the regions of the layout. Its steps are what is proved.
 *
 * Source:  vm.md 10, 11.
 * Owner:   second_pass_fini frees what is left.
 */
#pragma once
#include "prover/vm/memory.h"
#include "prover/vm/vm.h"

struct second_pass {
    struct step *steps;
    size_t step_count;
    size_t ram_entries;
    uint32_t registers[32]; /* after the last step */
    uint8_t *output;        /* final content of the region: exit code, then public output */
    size_t output_size;
};

struct second_pass_setup {
    const struct program *program;
    const uint32_t *words; /* rewritten */
    const struct memory_layout *layout;
    const struct run_input *input;
    uint64_t max_steps, expected_steps;
    struct budget *budget;
};

enum status MUST_USE second_pass_run(struct second_pass *out, const struct second_pass_setup *setup,
                                     struct why *why);
void second_pass_fini(struct second_pass *p);
