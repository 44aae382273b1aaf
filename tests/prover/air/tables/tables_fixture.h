/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of a proof, from what a run leaves for them (tests/golden/tables) to their columns.
 *
 * Owner: fixture_init allocates, fixture_fini frees. Failures end the test.
 */
#pragma once
#include "prover/air/tables/tables.h"
#include "tests/support/support.h"

struct table_columns {
    unsigned log_rows;
    struct matrix tree[TREE_COUNT];
    qm31 claimed_sum;
};

struct fixture {
    struct exec exec;
    struct arena arena;
    struct view view;
    struct side_note note;
    struct relations relations;
    struct table_columns table[COMPONENT_COUNT]; /* [COMPONENT_MAIN] stays empty */
};

/* Entries given; the caller sets exec, view, note and relations before fixture_build. */
void fixture_init(struct fixture *f, enum kernel_id kernel, unsigned threads, unsigned ram_log);
void fixture_fini(struct fixture *f);

/* Random relations; a RAM map and public bytes of so many entries, with outputs among them. */
void fixture_random(struct fixture *f, uint64_t seed, size_t entries, size_t initial,
                    size_t outputs);

/* View and side note from tests/golden/tables/NAME.json. */
void fixture_golden(struct fixture *f, const json_t *json);

/* Preprocess, fill and interact, in component order. */
void fixture_build(struct fixture *f);

qm31 felt_of_json(const json_t *list);
