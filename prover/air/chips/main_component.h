/* SPDX-License-Identifier: Apache-2.0 */
/* The main component: filling its columns, and three readings of its rules.
 *
 * Source:  air-main.md. C1 .. C449 and F1 .. F208 are its numbers.
 * Threads: functions divide their rows among exec->pool.
 * Errors:  main_fill refuses what cannot be proved (M extension, keccak, a load that differs from
 *          the tracked memory): ST_GUEST. The rest cannot fail.
 */
#pragma once
#include "prover/air/component.h"
#include "prover/air/side_note.h"

#define MAIN_PREPROCESSED 27
#define MAIN_TRACE        273
#define MAIN_RULES        449
#define MAIN_FRACTIONS    208
#define MAIN_MIN_LOG      8

/* Memory that main_fill takes from the arena (side note and RAM map included; the side note stays,
 * the rest is given back). */
void main_fill_plan(struct arena_plan *plan, unsigned log_rows, size_t ram_entries);

/* Preprocessed and program columns (components.md 5), stored order. preprocessed: 27 columns of
 * log_rows; only its first 2^log_rows rows are written. */
void main_preprocess(const struct exec *exec, struct matrix preprocessed, unsigned log_rows,
                     const struct view *view);

/* All 273 columns in stored order, and the side note (air-main.md 4). */
enum status MUST_USE main_fill(const struct exec *exec, struct matrix trace, unsigned log_rows,
                               const struct run *run, struct side_note *note, struct arena *arena,
                               struct why *why);

/* The 832 interaction columns and the claimed sum (air-main.md 6.4). */
void main_interact_plan(struct arena_plan *plan, unsigned log_rows);
void main_interact(const struct exec *exec, struct matrix interaction, unsigned log_rows,
                   struct matrix preprocessed, struct matrix trace,
                   const struct relations *relations, qm31 *claimed_sum, struct arena *arena);

/* Sum of weight_i C_i over all 657 constraints in each row of begin .. end-1 (multiples of 16),
 * not divided by anything, into sum[4] (overwritten). degree4 (may be NULL) gets the part of the 37
 * constraints of degree 4 alone (stark.md 14.3). Any thread. A call begins with some ten
 * microseconds of preparation: give it 512 rows or more at a time. */
void main_rows(const struct exec *exec, m31 *const sum[static 4], m31 *const *degree4,
               const struct component_columns *columns, const struct component_weights *weights,
               size_t begin, size_t end);

/* The same for the constraints of degree 4 alone, from the columns they read. columns[k] is the
 * trace column number main_degree4_columns[k]. */
#define MAIN_DEGREE4_COLUMNS 63
extern const uint16_t main_degree4_columns[MAIN_DEGREE4_COLUMNS];
void main_degree4_rows(const struct exec *exec, m31 *const sum[static 4],
                       const m31 *const columns[static MAIN_DEGREE4_COLUMNS],
                       const struct component_weights *weights, size_t begin, size_t end);

/* Every constraint at one point, C1 .. C657 as numbers 0 .. 656. */
void main_at_point(const struct component_samples *samples, const struct relations *relations,
                   qm31 shift, constraint_sink sink, void *context);
