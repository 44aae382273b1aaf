/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of rules for many rows: kernels only, compiled once per instruction set. Whoever
 * includes it has said how many rows a tile has: TILE_ROWS, a multiple of 16.
 *
 * Rows are taken in tiles. A tile has pointers to its part of every source, room for its virtual
 * columns, and the unreduced sums of its rows. Groups of rules are loops over the tile of their own:
 * a loop has few streams and fits the registers and the instruction cache, where one loop with all
 * rules would fit neither.
 */
#pragma once
#include <assert.h>
#include <string.h>

#include "prover/air/chips/rows_plan.h"
#include "prover/kernel/vec.h"

/* The words of a rule. Where a vector is a register they are a few instructions and stand in place.
 * Where it is an array, or sanitizers look at every access, thousands of them in place would take
 * minutes to compile: there they are calls. */
#if defined(__has_feature)
#define CHECKED_BUILD (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHECKED_BUILD 1
#else
#define CHECKED_BUILD 0
#endif
#if defined(__AVX2__) && !CHECKED_BUILD
#define WORD static ALWAYS_INLINE
#else
#define WORD static NOINLINE __attribute__((unused))
#endif

typedef vec val;

/* A secure value for each lane, not reduced. */
struct sum {
    wide c[4];
};

struct tile {
    const m31 *source[SOURCE_COUNT];
    const qm31 *weight; /* of rule C_n: weight[n - 1] */
    size_t rows;        /* a multiple of the lanes */
    struct sum all[TILE_ROWS / VEC_LANES], degree4[TILE_ROWS / VEC_LANES];
    m31 virtual[VIRTUAL_COUNT][TILE_ROWS];
};

struct reader {
    const m31 *const *source;
    const qm31 *weight;
    size_t row; /* in the tile */
    struct sum all, degree4;
};

WORD val read_source(const struct reader *r, unsigned source)
{
    return vec_load(r->source[source] + r->row);
}

WORD val add(val a, val b)
{
    return vec_add(a, b);
}

WORD val sub(val a, val b)
{
    return vec_sub(a, b);
}

WORD val mul(val a, val b)
{
    return vec_mul(a, b);
}

/* k is known to the compiler. */
WORD val scale(uint32_t k, val a)
{
    return (k & (k - 1)) == 0 ? vec_rotate(a, (unsigned)__builtin_ctz(k))
                              : vec_mul_factor(a, vec_factor_splat((m31){k}));
}

WORD val num(uint32_t k)
{
    return vec_splat((m31){k});
}

WORD void sum_fold(struct sum *s)
{
    for (int i = 0; i < 4; i++)
        s->c[i] = wide_fold(s->c[i]);
}

WORD void sum_weighted(const struct reader *r, struct sum *s, unsigned n, val value)
{
    for (int i = 0; i < 4; i++)
        s->c[i] = wide_madd(s->c[i], value, vec_splat(r->weight[n - 1].c[i]));
}

/* Every rule passes here, whether it adds to r->all or not, so that at most four products come
 * between two folds: canonical values are at most p - 1, and 4 (p - 1)^2 + 2^34 = 2^64 - 2^34 + 16.
 * Rules come in the order of their numbers, and the compiler knows them. */
static ALWAYS_INLINE void pass_rule(struct reader *r, unsigned n)
{
    if (n % 4 == 0)
        sum_fold(&r->all);
}

static ALWAYS_INLINE void sum_rule(struct reader *r, unsigned n, val value)
{
    pass_rule(r, n);
    sum_weighted(r, &r->all, n, value);
}

/* The few rules of degree 4 have a sum of their own. */
static ALWAYS_INLINE void sum_rule4(struct reader *r, unsigned n, val value)
{
    sum_fold(&r->degree4);
    sum_weighted(r, &r->degree4, n, value);
}

/* The sources of the rows first .. first + rows - 1, and nothing summed yet. */
static inline void tile_open(struct tile *t, const m31 *const source[static SOURCE_VIRTUAL],
                             const qm31 *weight, size_t first, size_t rows)
{
    static const m31 zeros[TILE_ROWS]; /* a column that is not given is one that no rule reads */

    assert(rows % VEC_LANES == 0 && rows <= TILE_ROWS);
    for (unsigned i = 0; i < SOURCE_VIRTUAL; i++)
        t->source[i] = source[i] ? source[i] + first : zeros;
    for (unsigned i = 0; i < VIRTUAL_COUNT; i++)
        t->source[SOURCE_VIRTUAL + i] = t->virtual[i];
    t->weight = weight;
    t->rows = rows;
    for (size_t i = 0; i < TILE_ROWS / VEC_LANES; i++)
        for (int c = 0; c < 4; c++)
            t->all[i].c[c] = t->degree4[i].c[c] = wide_zero();
}

static ALWAYS_INLINE struct reader tile_reader(const struct tile *t, size_t row)
{
    return (struct reader){.source = t->source,
                           .weight = t->weight,
                           .row = row,
                           .all = t->all[row / VEC_LANES],
                           .degree4 = t->degree4[row / VEC_LANES]};
}

/* The sums go back folded, so that the next group begins as the first one did. */
static ALWAYS_INLINE void tile_keep(struct tile *t, struct reader *r)
{
    sum_fold(&r->all);
    sum_fold(&r->degree4);
    t->all[r->row / VEC_LANES] = r->all;
    t->degree4[r->row / VEC_LANES] = r->degree4;
}

/* NAME_tile(t): the rules of one group. */
#define RULE_GROUP(NAME)                                                                           \
    static NOINLINE void NAME##_tile(struct tile *t)                                               \
    {                                                                                              \
        for (size_t row = 0; row < t->rows; row += VEC_LANES) {                                    \
            struct reader r = tile_reader(t, row);                                                 \
                                                                                                   \
            NAME##_rules(&r);                                                                      \
            tile_keep(t, &r);                                                                      \
        }                                                                                          \
    }

WORD qvec sum_reduce(const struct sum *s)
{
    return (qvec){{wide_reduce(s->c[0]), wide_reduce(s->c[1]), wide_reduce(s->c[2]),
                   wide_reduce(s->c[3])}};
}

/* A form in the lanes from row on. */
WORD qvec form_value(const struct tile *t, const struct form *form, const struct form_term *term,
                     size_t row)
{
    struct sum s = {{wide_zero(), wide_zero(), wide_zero(), wide_zero()}};

    for (unsigned j = 0; j < form->count; j++) {
        vec x = vec_load(t->source[term[j].source] + row);

        if (j % 4 == 0)
            sum_fold(&s);
        for (int i = 0; i < 4; i++)
            s.c[i] = wide_madd(s.c[i], x, vec_splat(term[j].weight.c[i]));
    }
    return qvec_add(sum_reduce(&s), qvec_splat(form->constant));
}

#include "prover/air/chips/rule_words.inc"

static NOINLINE void compute_virtual(struct tile *t)
{
    for (size_t row = 0; row < t->rows; row += VEC_LANES) {
        struct reader reader = tile_reader(t, row), *r = &reader;
#define VIRTUAL(NAME, expression) vec_store(&t->virtual[VIRTUAL_##NAME][row], expression);
#include "prover/air/chips/virtual_rules.inc"
#undef VIRTUAL
    }
}
