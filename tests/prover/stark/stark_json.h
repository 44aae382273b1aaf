/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the vectors of tests/golden/stark. */
#pragma once
#include <jansson.h>

#include "prover/circle/point.h"

static inline m31 json_m31(const json_t *v)
{
    return (m31){(uint32_t)json_integer_value(v)};
}

static inline qm31 json_qm31(const json_t *v)
{
    return (qm31){{json_m31(json_array_get(v, 0)), json_m31(json_array_get(v, 1)),
                   json_m31(json_array_get(v, 2)), json_m31(json_array_get(v, 3))}};
}

static inline struct secure_point json_point(const json_t *v)
{
    return (struct secure_point){json_qm31(json_array_get(v, 0)), json_qm31(json_array_get(v, 1))};
}
