/* SPDX-License-Identifier: Apache-2.0 */
/* The eight base extensions: final registers, bitwise table, RAM, five range tables.
 *
 * Source:  components.md 6. All are in table order: stored row k is logical row k.
 * Threads: functions divide their rows among exec->pool.
 * Errors:  tables_preprocess only (public bytes that do not fit); the rest cannot fail.
 */
#pragma once
#include "prover/air/component.h"
#include "prover/air/side_note.h"

/* max(4, log2ceil(entries)). */
unsigned ram_log_rows(size_t ram_entries);

/* Preprocessed columns of one extension (id != COMPONENT_MAIN), the first 2^log_rows cells of each.
 * ST_INVALID when the view has more public bytes than rows. */
enum status MUST_USE table_preprocess(const struct exec *exec, enum component_id id,
                                      struct matrix preprocessed, unsigned log_rows,
                                      const struct view *view, struct why *why);

/* Trace columns. COMPONENT_RAM adds to note->range256, so it comes before COMPONENT_RANGE256. */
void table_fill(const struct exec *exec, enum component_id id, struct matrix trace,
                unsigned log_rows, struct side_note *note);

/* Interaction columns and claimed sum. The arena is used for the call only. */
void table_interact_plan(struct arena_plan *plan, enum component_id id, unsigned log_rows);
void table_interact(const struct exec *exec, enum component_id id, struct matrix interaction,
                    unsigned log_rows, struct matrix preprocessed, struct matrix trace,
                    const struct relations *relations, qm31 *claimed_sum, struct arena *arena);

/* Sum of weight_i C_i in each row of begin .. end-1 (multiples of 16; the shortest domain has 32
 * rows), not divided by anything; overwrites sum. Any thread. */
void table_rows(const struct exec *exec, enum component_id id, m31 *const sum[static 4],
                const struct component_columns *columns, const struct component_weights *weights,
                size_t begin, size_t end);

void table_at_point(enum component_id id, const struct component_samples *samples,
                    const struct relations *relations, qm31 shift, constraint_sink sink,
                    void *context);
