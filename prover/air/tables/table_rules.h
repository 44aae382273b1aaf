/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the eight extensions, written once and read by whoever includes this text.
 *
 * Source:  components.md 6; R1 .. R6 are its numbers.
 *
 * A reader includes it once, after it has defined
 *
 *   value                             what stands in a cell: a vector of rows, or a sampled value
 *   add, sub, mul, minus (value)      arithmetic; constant(n) is n in every row
 *   struct reader
 *   value fixed(r, i), column(r, i)   preprocessed column i, trace column i
 *   void rule(r, number, v)           ordinary constraint: v = 0
 *   void single(r, k, fraction)       secure column k adds one fraction
 *   void pair(r, k, first, second)    secure column k adds two fractions
 *
 * Rules come in the order of the constraints. Trailing zeros of a tuple are left out.
 */
#pragma once
#include <assert.h>

#include "prover/air/component.h"

#define TABLE_MAX_TUPLE 9

struct fraction {
    bool is_one; /* the numerator is 1 in all rows, and .numerator says so too */
    value numerator;
    enum relation_id relation;
    unsigned size;
    value tuple[TABLE_MAX_TUPLE];
};

#define TUPLE(...) .size = sizeof((value[]){__VA_ARGS__}) / sizeof(value), .tuple = {__VA_ARGS__}
#define FRACTION(n, of, ...)                                                                       \
    (struct fraction){.numerator = (n), .relation = RELATION_##of, TUPLE(__VA_ARGS__)}
#define ONE_OVER(of, ...)                                                                          \
    (struct fraction){.is_one = true,                                                              \
                      .numerator = constant(1),                                                    \
                      .relation = RELATION_##of,                                                   \
                      TUPLE(__VA_ARGS__)}

/* 6.1: each register is opened with 0 at time 0 and closed with its last value. */
static inline void final_reg_rules(struct reader *r)
{
    value index = fixed(r, 0);

    pair(r, 0, ONE_OVER(REGISTER_CHECK, index),
         FRACTION(minus(constant(1)), REGISTER_CHECK, index, column(r, 0), column(r, 1),
                  column(r, 2), column(r, 3), column(r, 4), column(r, 5), column(r, 6),
                  column(r, 7)));
}

/* 6.2: code 1 is AND, 2 OR, 3 XOR. */
static inline void bit_op_rules(struct reader *r)
{
    value b = fixed(r, 0), c = fixed(r, 1);

    for (unsigned k = 0; k < 3; k++)
        single(r, k,
               FRACTION(minus(column(r, k)), BIT_OP, constant(k + 1), b, c, fixed(r, 2 + k)));
}

static inline value low_high(value low, value high)
{
    return add(low, mul(constant(256), high));
}

/* 6.3: each touched byte of memory is opened with its public or zero value at time 0 and closed
 * with its last one; public addresses and outputs agree with the trace. */
static inline void ram_rules(struct reader *r)
{
    value is_initial = fixed(r, 4), initial = fixed(r, 5);
    value is_output = fixed(r, 6), output = fixed(r, 7);
    value is_entry = column(r, 4), last = column(r, 5);
    value address[4], counter[4], address_low, address_high;

    for (unsigned i = 0; i < 4; i++) {
        address[i] = column(r, i);
        counter[i] = column(r, 6 + i);
    }
    address_low = low_high(address[0], address[1]);
    address_high = low_high(address[2], address[3]);

    for (unsigned i = 0; i < 4; i++) /* R1 .. R4 */
        rule(r, i, mul(add(is_initial, is_output), sub(address[i], fixed(r, i))));
    rule(r, 4, mul(is_output, sub(last, output)));         /* R5 */
    rule(r, 5, mul(is_entry, sub(is_entry, constant(1)))); /* R6 */

    single(r, 0,
           FRACTION(is_entry, LOAD_STORE, address_low, address_high, mul(is_initial, initial)));
    single(r, 1,
           FRACTION(minus(is_entry), LOAD_STORE, address_low, address_high, last,
                    low_high(counter[0], counter[1]), low_high(counter[2], counter[3])));
    for (unsigned i = 0; i < 4; i++)
        single(r, 2 + i, ONE_OVER(RANGE256, address[i]));
    single(r, 6, ONE_OVER(RANGE256, last));
    for (unsigned i = 0; i < 4; i++)
        single(r, 7 + i, ONE_OVER(RANGE256, counter[i]));
}

/* 6.4, 6.5 */
#define RANGE_RULES(size)                                                                          \
    static inline void range##size##_rules(struct reader *r)                                       \
    {                                                                                              \
        single(r, 0, FRACTION(minus(column(r, 0)), RANGE##size, fixed(r, 0)));                     \
    }
RANGE_RULES(8)
RANGE_RULES(16)
RANGE_RULES(32)
RANGE_RULES(128)
RANGE_RULES(256)
#undef RANGE_RULES

/* DO(id, lower-case name) for each extension. */
#define EACH_TABLE(DO)                                                                             \
    DO(FINAL_REG, final_reg)                                                                       \
    DO(BIT_OP, bit_op)                                                                             \
    DO(RAM, ram)                                                                                   \
    DO(RANGE8, range8)                                                                             \
    DO(RANGE16, range16)                                                                           \
    DO(RANGE32, range32)                                                                           \
    DO(RANGE128, range128)                                                                         \
    DO(RANGE256, range256)
