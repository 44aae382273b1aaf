/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of all nine components, from trace values to what is committed.
 *
 * Source:  components.md 3.3 (steps 2, 4, 9, 13), 4; stark.md 5.1.
 * Owner:   memory of an arena.
 * Threads: columns and rows are divided among exec->pool.
 *
 * There is one matrix per tree and component, long enough for the committed values. Trace values
 * are written into the first half of each column and extended there. The interaction columns need
 * the trace values of the other two trees after those have been extended: they are kept in the
 * second halves of the interaction columns, which stand empty until these are extended themselves.
 */
#pragma once
#include "prover/air/component.h"
#include "prover/air/side_note.h"
#include "prover/circle/twiddle.h"
#include "prover/machine/shape.h"

struct columns {
    struct matrix committed[TREE_COUNT][COMPONENT_COUNT];  /* 2^(log_rows + 1) rows */
    struct matrix kept[TREE_INTERACTION][COMPONENT_COUNT]; /* 2^log_rows rows */
};

void columns_plan(struct arena_plan *plan, const struct shape *shape);
void columns_take(struct columns *c, const struct shape *shape, struct arena *arena);

/* Trace values of the first two trees. ST_GUEST when the run cannot be proved. */
void columns_fill_plan(struct arena_plan *plan, const struct shape *shape, size_t ram_entries);
enum status MUST_USE columns_fill(const struct exec *exec, struct columns *c,
                                  const struct shape *shape, const struct run *run,
                                  struct arena *arena, struct why *why);

/* Committed values of one tree from its trace values. */
void columns_extend(const struct exec *exec, struct columns *c, enum component_tree tree,
                    const struct twiddles *twiddles);

/* Trace values of the interaction tree and the claimed sums, one per component. */
void columns_interact_plan(struct arena_plan *plan, const struct shape *shape);
void columns_interact(const struct exec *exec, struct columns *c, const struct shape *shape,
                      const struct relations *relations, qm31 *claimed_sums, struct arena *arena);
