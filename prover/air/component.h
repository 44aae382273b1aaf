/* SPDX-License-Identifier: Apache-2.0 */
/* The nine components of a proof, as the STARK core sees them.
 *
 * Source:  components.md 4 (counts, index maps, mask offsets), 1.3 and 1.4 (relations, logup).
 *
 * Every component has columns in three trees: preprocessed, trace, interaction (four M31 columns
 * per secure column). All of a component's columns have its log size. Rows are in stored order
 * everywhere below (components.md 1.2), so row numbers mean stored positions.
 */
#pragma once
#include "prover/field/qm31.h"
#include "prover/kernel/kernel.h"
#include "prover/kernel/matrix.h"

enum component_id {
    COMPONENT_MAIN,
    COMPONENT_FINAL_REG,
    COMPONENT_BIT_OP,
    COMPONENT_RAM,
    COMPONENT_RANGE8,
    COMPONENT_RANGE16,
    COMPONENT_RANGE32,
    COMPONENT_RANGE128,
    COMPONENT_RANGE256,
    COMPONENT_COUNT,
};

struct component_shape {
    const char *name;
    unsigned preprocessed, trace, secure; /* columns; interaction columns are 4 * secure */
    unsigned rules, fractions;            /* ordinary constraints; logup entries */
    unsigned degree_log;                  /* constraint degree bound: log size + this (2 or 1) */
    unsigned fixed_log;                   /* log size when it is fixed, else 0 */
};

extern const struct component_shape component_shapes[COMPONENT_COUNT];

/* Trees that a component has columns in; tree 3 is the composition polynomial's. */
enum component_tree { TREE_PREPROCESSED, TREE_TRACE, TREE_INTERACTION, TREE_COUNT };

/* Columns of a component in a tree: 46, 299 and 912 over all components. */
unsigned component_column_count(enum component_id id, enum component_tree tree);

/* Constraints of a component: rules, then one per secure column. */
static inline unsigned component_constraints(enum component_id id)
{
    return component_shapes[id].rules + component_shapes[id].secure;
}

/* All constraints of all components, T of components.md 4.2 (683). */
unsigned component_constraints_total(void);
/* Number of the component's first constraint in the whole list. */
unsigned component_first_constraint(enum component_id id);

/* Columns of the main trace that are also read in the next row: Pc[0..3], IsPadding. */
#define MAIN_NEXT_COUNT 5
extern const unsigned main_next_columns[MAIN_NEXT_COUNT];

/* Mask offsets of a column (components.md 4.3): 1 or 2 of them, in mask order. */
struct mask {
    unsigned count;
    int offset[2];
};

struct mask component_mask(enum component_id id, enum component_tree tree, unsigned column);

/* Samples of a component in a tree: one for each mask offset of each column. */
unsigned component_sample_count(enum component_id id, enum component_tree tree);

/* ---- relations, drawn in this order (components.md 3.5) ---- */

enum relation_id {
    RELATION_BIT_OP,
    RELATION_LOAD_STORE,
    RELATION_PROGRAM_CHECK,
    RELATION_REGISTER_CHECK,
    RELATION_RANGE8,
    RELATION_RANGE16,
    RELATION_RANGE32,
    RELATION_RANGE128,
    RELATION_RANGE256,
    RELATION_COUNT,
};

#define RELATION_MAX_SIZE 12

struct relation {
    qm31 z;
    qm31 power[RELATION_MAX_SIZE]; /* alpha^0, alpha^1, … */
};

struct relations {
    struct relation of[RELATION_COUNT];
};

struct relation relation_of(qm31 z, qm31 alpha);

/* ---- the three readings of a component's rules ---- */

/* On a domain: columns of one component, stored order, all of one length. */
struct component_columns {
    struct matrix preprocessed, trace, interaction;
    const m31 *next[MAIN_NEXT_COUNT]; /* main only: main_next_columns one trace row ahead */
    const m31 *previous[4];           /* last secure column one trace row back */
};

struct component_weights {
    const qm31 *weight; /* one per constraint of this component */
    const struct relations *relations;
    qm31 shift;         /* claimed sum / rows */
};

/* At a point: the sampled values of one component. interaction holds one value per M31 column. */
struct component_samples {
    const qm31 *preprocessed, *trace, *interaction;
    qm31 next[MAIN_NEXT_COUNT];
    qm31 previous[4];
};

/* Called once for each constraint, in order, with its number in the component. */
typedef void (*constraint_sink)(void *context, unsigned number, qm31 value);

/* ---- logup, shared by all components (components.md 1.4, stark.md 7) ---- */

/* From the running row sums in the last secure column: takes the claimed sum, subtracts the shift,
 * replaces the column by its prefix sums in coset order. log_rows >= 1; scratch holds 2^log_rows
 * elements. */
void logup_finish(const struct exec *exec, m31 *const last[static 4], unsigned log_rows,
                  qm31 *claimed_sum, m31 *scratch);
