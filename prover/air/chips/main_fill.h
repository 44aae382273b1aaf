/* SPDX-License-Identifier: Apache-2.0 */
/* Filling with a program listing anywhere in memory. main_fill and main_preprocess, for listings
 * where the machine puts them, are in main_component.h. */
#pragma once
#include "prover/air/chips/past.h"
#include "prover/kernel/kernel.h"
#include "prover/kernel/matrix.h"

enum status MUST_USE main_fill_listing(const struct exec *exec, struct matrix trace,
                                       unsigned log_rows, const struct run *run,
                                       const struct listing *listing, struct side_note *note,
                                       struct arena *arena, struct why *why);

void main_preprocess_listing(const struct exec *exec, struct matrix preprocessed,
                             unsigned log_rows, const struct listing *listing);
