/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle counter call of the first pass: a table of names, each with a start and a depth.
 *
 * Source:  vm.md 7.4. All that a guest can see of it is whether an end had a start.
 * Owner:   cycles_fini.
 * Errors:  ST_GUEST for a label that is none, ST_NO_MEMORY.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

struct cycles {
    struct cycle_entry **buckets;
    size_t bucket_count, entry_count;
};

void cycles_init(struct cycles *c);
void cycles_fini(struct cycles *c);

/* raw is the label as the guest wrote it: "^#name" or "$#name". known tells whether the mark was
 * a start, or an end of a name that has been started. */
enum status MUST_USE cycles_mark(struct cycles *c, bool *known, struct bytes raw, uint64_t clock,
                                 struct why *why);
