/* SPDX-License-Identifier: Apache-2.0 */
/* The public bytes of a run, as prover and verifier list them.
 *
 * Source: vm.md 12, 13.2.
 */
#pragma once
#include "prover/vm/memory.h"
#include "prover/vm/vm.h"

struct view_parts {
    const struct program *program;
    const struct memory_layout *layout;
    struct bytes public_input; /* padded with zeros to whole words by the view */
    struct bytes output;       /* exit code, then public output */
    struct bytes associated_data;
    struct budget *budget;
};

/* Makes the view and the storage behind it (free()). */
enum status MUST_USE view_make(struct view *out, void **storage, const struct view_parts *parts,
                               struct why *why);
