/* SPDX-License-Identifier: Apache-2.0 */
/* Field elements, hashes and positions of tests/golden/stark/….json. */
#pragma once
#include <jansson.h>

#include "prover/stark/positions.h"

m31 json_m31(const json_t *number);
qm31 json_qm31(const json_t *four);
struct hash json_hash(const json_t *hex);
struct positions json_positions(const json_t *list);

/* Elements of a list into new memory (free); count may be NULL. */
qm31 *json_qm31s(const json_t *list, size_t *count);
struct hash *json_hashes(const json_t *list, size_t *count);

void assert_qm31(qm31 got, qm31 want);
