/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "prover/stark/neighbour.h"
#include "tests/support/support.h"

#define MAX_LOG 9

static uint32_t reverse(uint32_t k, unsigned bits)
{
    uint32_t r = 0;

    for (unsigned i = 0; i < bits; i++)
        r |= (k >> i & 1) << (bits - 1 - i);
    return r;
}

/* stark.md 6.2, item 3, word for word, with a domain of twice the trace. */
static uint32_t position_of(uint32_t k, int offset, unsigned log_size)
{
    uint32_t half = (uint32_t)1 << (log_size - 1), j = reverse(k, log_size);

    if (j < half)
        j = (j + half + (uint32_t)offset) % half;
    else
        j = half + (j - (uint32_t)offset) % half;
    return reverse(j, log_size);
}

static void fill(m31 *column, unsigned log_size)
{
    for (uint32_t k = 0; k < (uint32_t)1 << log_size; k++)
        column[k] = (m31){k};
}

static void a_neighbour_is_the_next_point_of_the_trace_coset(void **state)
{
    m31 in[1 << MAX_LOG], out[1 << MAX_LOG];

    (void)state;
    for (unsigned log_size = 2; log_size <= MAX_LOG; log_size++) {
        fill(in, log_size);
        neighbour_next(out, in, log_size);
        for (uint32_t k = 0; k < (uint32_t)1 << log_size; k++)
            assert_int_equal(out[k].v, position_of(k, 1, log_size));
        neighbour_previous(out, in, log_size);
        for (uint32_t k = 0; k < (uint32_t)1 << log_size; k++)
            assert_int_equal(out[k].v, position_of(k, -1, log_size));
    }
}

static void golden_positions_of_a_toy_trace(void **state)
{
    json_t *golden = golden_json("stark/composition.json"), *list;
    m31 in[16], out[16];

    (void)state;
    list = json_object_get(golden, "next_row_positions_log4_trace3");
    assert_int_equal(json_array_size(list), 16);
    fill(in, 4);
    neighbour_next(out, in, 4);
    for (size_t k = 0; k < 16; k++)
        assert_int_equal(out[k].v, json_integer_value(json_array_get(list, k)));
    json_decref(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_neighbour_is_the_next_point_of_the_trace_coset),
        cmocka_unit_test(golden_positions_of_a_toy_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
