/* SPDX-License-Identifier: Apache-2.0 */
/* The four trees as what is sampled at points and what is opened at queries.
 *
 * Source:  components.md 4.3, 9.4; stark.md 4.2, 11 (step 16).
 * Owner:   memory of an arena.
 */
#pragma once
#include "prover/hash/merkle.h"
#include "prover/machine/columns.h"
#include "prover/proof/proof.h"
#include "prover/stark/opening.h"
#include "prover/stark/positions.h"

/* Log size of the longest committed columns of a tree. */
unsigned openings_tree_log(const struct shape *shape, unsigned tree);

/* The matrices of a tree in tree order into out; returns how many. */
size_t openings_tree_matrices(struct matrix out[static COMPONENT_COUNT],
                              const struct columns *columns, struct matrix composition,
                              unsigned tree);

/* All columns in the order of samples into columns (SHAPE_COLUMNS of them); points belongs to
 * shape->points. columns_of may be NULL for a plan: no values then. */
struct opening openings_of(struct opening_column *columns, const struct shape *shape,
                           const struct columns *columns_of, const struct matrix *composition,
                           const struct secure_point *points);

/* Opens one tree at the queries, which are positions of the longest columns of all. */
void openings_plan(struct arena_plan *plan, const struct shape *shape);
void openings_take(struct proof *proof, unsigned tree, const struct merkle *merkle,
                   const struct matrix *matrices, size_t count, const struct positions *queries,
                   const struct shape *shape, struct arena *arena);
