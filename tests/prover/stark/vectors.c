/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "tests/prover/stark/vectors.h"

#include <stdlib.h>

m31 json_m31(const json_t *number)
{
    assert_true(json_is_integer(number));
    return (m31){(uint32_t)json_integer_value(number)};
}

qm31 json_qm31(const json_t *four)
{
    qm31 out;

    assert_int_equal(json_array_size(four), 4);
    for (size_t i = 0; i < 4; i++)
        out.c[i] = json_m31(json_array_get(four, i));
    return out;
}

struct hash json_hash(const json_t *hex)
{
    struct hash h;

    assert_true(json_is_string(hex) && hex_decode(h.b, sizeof h.b, json_string_value(hex)));
    return h;
}

struct positions json_positions(const json_t *list)
{
    struct positions p = {.count = (unsigned)json_array_size(list)};

    assert_in_range(p.count, 0, POSITIONS_MAX);
    for (unsigned i = 0; i < p.count; i++)
        p.at[i] = json_m31(json_array_get(list, i)).v;
    return p;
}

qm31 *json_qm31s(const json_t *list, size_t *count)
{
    size_t n = json_array_size(list);
    qm31 *out = malloc((n + 1) * sizeof *out);

    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        out[i] = json_qm31(json_array_get(list, i));
    if (count)
        *count = n;
    return out;
}

struct hash *json_hashes(const json_t *list, size_t *count)
{
    size_t n = json_array_size(list);
    struct hash *out = malloc((n + 1) * sizeof *out);

    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        out[i] = json_hash(json_array_get(list, i));
    if (count)
        *count = n;
    return out;
}

void assert_qm31(qm31 got, qm31 want)
{
    for (int i = 0; i < 4; i++)
        assert_int_equal(got.c[i].v, want.c[i].v);
}
