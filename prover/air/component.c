/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/air/component.h"

#include <assert.h>

/* components.md 4.1, 4.2. */
const struct component_shape component_shapes[COMPONENT_COUNT] = {
    [COMPONENT_MAIN] = {.name = "main",
                        .preprocessed = 27,
                        .trace = 273,
                        .secure = 208,
                        .rules = 449,
                        .fractions = 208,
                        .degree_log = 2},
    [COMPONENT_FINAL_REG] = {.name = "FinalReg",
                             .preprocessed = 1,
                             .trace = 8,
                             .secure = 1, /* both fractions in one column */
                             .fractions = 2,
                             .degree_log = 1,
                             .fixed_log = 5},
    [COMPONENT_BIT_OP] = {.name = "BitOpMultiplicity",
                          .preprocessed = 5,
                          .trace = 3,
                          .secure = 3,
                          .fractions = 3,
                          .degree_log = 1,
                          .fixed_log = 8},
    [COMPONENT_RAM] = {.name = "RamInitFinal",
                       .preprocessed = 8,
                       .trace = 10,
                       .secure = 11,
                       .rules = 6,
                       .fractions = 11,
                       .degree_log = 1},
#define RANGE(size, log)                                                                           \
    [COMPONENT_RANGE##size] = {.name = "Multiplicity" #size,                                       \
                               .preprocessed = 1,                                                  \
                               .trace = 1,                                                         \
                               .secure = 1,                                                        \
                               .fractions = 1,                                                     \
                               .degree_log = 1,                                                    \
                               .fixed_log = log}
    RANGE(8, 4), /* no component is shorter than 16 rows */
    RANGE(16, 4),
    RANGE(32, 5),
    RANGE(128, 7),
    RANGE(256, 8),
#undef RANGE
};

const unsigned main_next_columns[MAIN_NEXT_COUNT] = {0, 1, 2, 3, 82};

unsigned component_column_count(enum component_id id, enum component_tree tree)
{
    const struct component_shape *shape = &component_shapes[id];

    return tree == TREE_PREPROCESSED ? shape->preprocessed
           : tree == TREE_TRACE      ? shape->trace
                                     : 4 * shape->secure;
}

unsigned component_first_constraint(enum component_id id)
{
    unsigned first = 0;

    for (int before = COMPONENT_MAIN; before < (int)id; before++)
        first += component_constraints((enum component_id)before);
    return first;
}

unsigned component_constraints_total(void)
{
    return component_first_constraint(COMPONENT_COUNT);
}

static bool read_in_next_row(enum component_id id, enum component_tree tree, unsigned column)
{
    if (id != COMPONENT_MAIN || tree != TREE_TRACE)
        return false;
    for (int i = 0; i < MAIN_NEXT_COUNT; i++)
        if (main_next_columns[i] == column)
            return true;
    return false;
}

struct mask component_mask(enum component_id id, enum component_tree tree, unsigned column)
{
    unsigned columns = component_column_count(id, tree);

    assert(column < columns);
    if (tree == TREE_INTERACTION && column >= columns - 4) /* the running sum */
        return (struct mask){.count = 2, .offset = {-1, 0}};
    if (read_in_next_row(id, tree, column))
        return (struct mask){.count = 2, .offset = {0, 1}};
    return (struct mask){.count = 1};
}

unsigned component_sample_count(enum component_id id, enum component_tree tree)
{
    unsigned count = 0;

    for (unsigned column = 0; column < component_column_count(id, tree); column++)
        count += component_mask(id, tree, column).count;
    return count;
}

struct relation relation_of(qm31 z, qm31 alpha)
{
    struct relation r = {.z = z, .power[0] = QM31_ONE};

    for (int i = 1; i < RELATION_MAX_SIZE; i++)
        r.power[i] = qm31_mul(r.power[i - 1], alpha);
    return r;
}
