/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a proof: all that the two free log sizes, main and RAM, decide about it.
 *
 * Prover and verifier read the same shape: where a component's columns stand in each tree, at which
 * points each column is sampled and in which order, and which lengths occur.
 *
 * Source:  components.md 3.3, 4.1-4.3, 9.4; stark.md 5.2, 12.2.
 * Units:   log sizes. "LDE" sizes are those of committed columns, one more than the component's.
 * Owner:   a plain value without pointers (about 15 kB).
 */
#pragma once
#include "prover/air/component.h"
#include "prover/vm/vm.h"

#define SHAPE_TREES       4    /* the components' three, then the composition polynomial */
#define SHAPE_COMPOSITION TREE_COUNT
#define SHAPE_COLUMNS     1261 /* 46 + 299 + 912 + 4 */
#define SHAPE_SAMPLES     1302
#define SHAPE_MAX_SIZES   7    /* main, composition, RAM, 5, 6, 8, 9 */
#define SHAPE_MAX_POINTS  8    /* P, next of main, previous of main, RAM, 4, 5, 7, 8 */
#define SHAPE_MIN_MAIN    8
#define SHAPE_MIN_RAM     4
#define SHAPE_MAX_LOG     27   /* stark.md 12.2, B16: every log size + 3 <= 30 */

/* A sample point: the out-of-domain point plus offset steps of the trace domain of log_rows. */
struct shape_point {
    int offset;
    unsigned log_rows; /* 0 when offset is 0: the same point for all sizes */
};

struct shape_column { /* of a tree, in tree order */
    uint8_t log_rows; /* of the trace; the committed column has one more */
    uint8_t component; /* enum component_id; COMPONENT_COUNT for the composition polynomial */
    uint8_t samples;   /* 1 or 2 */
    uint8_t point[2];  /* numbers in shape.points, in mask order */
    uint16_t first_sample;
};

struct shape {
    unsigned log_rows[COMPONENT_COUNT]; /* in the order of the proof's log sizes */
    unsigned composition_log;           /* max(main + 2, others + 1) */
    unsigned lambda;                    /* largest LDE log size: composition_log + 1 */

    unsigned size_count;
    unsigned sizes[SHAPE_MAX_SIZES];    /* distinct LDE log sizes of all columns, descending */

    unsigned point_count;
    struct shape_point points[SHAPE_MAX_POINTS]; /* distinct; points[0] is P itself */

    /* Trees one after the other: tree t has the columns tree_first[t] .. tree_first[t + 1] - 1 of
     * column, component c its first at index component_first[t][c] of the tree. Samples are in the
     * order of columns. */
    unsigned tree_first[SHAPE_TREES + 1];
    unsigned component_first[TREE_COUNT][COMPONENT_COUNT];
    struct shape_column column[SHAPE_COLUMNS];
};

/* The two log sizes that are free. */
struct machine_logs {
    unsigned main, ram;
};

/* Requires SHAPE_MIN_MAIN <= main <= SHAPE_MAX_LOG, SHAPE_MIN_RAM <= ram <= SHAPE_MAX_LOG. */
void shape_of(struct shape *out, struct machine_logs logs);

static inline unsigned shape_tree_columns(const struct shape *s, unsigned tree)
{
    return s->tree_first[tree + 1] - s->tree_first[tree];
}

static inline const struct shape_column *shape_tree(const struct shape *s, unsigned tree)
{
    return s->column + s->tree_first[tree];
}

/* What one component's constraints read from the proof's samples. samples holds SHAPE_SAMPLES
 * values; the arrays of the result point into storage. */
struct shape_samples {
    qm31 preprocessed[27], trace[273], interaction[832];
};

struct component_samples shape_component_samples(const struct shape *s, enum component_id id,
                                                 const qm31 *samples,
                                                 struct shape_samples *storage);

/* The smallest log sizes that hold a run: main for steps and program, RAM for touched bytes.
 * max_log_rows bounds both (0: the default, 24). ST_LIMIT names --max-log-rows. */
enum status MUST_USE machine_log_sizes(struct machine_logs *out, const struct run *run,
                                       unsigned max_log_rows, struct why *why);

/* Log sizes that a proof claims (stark.md 12.2, B15 and B16): the fixed ones exactly, the free ones
 * within the bounds and max_log_rows (0: 24). ST_INVALID names the component. */
enum status MUST_USE machine_claimed_logs(struct machine_logs *out,
                                          const uint32_t claimed[COMPONENT_COUNT],
                                          unsigned max_log_rows, struct why *why);
