/* SPDX-License-Identifier: Apache-2.0 */
/* Keccak-f[1600] on 25 lanes: the permutation behind the guest instruction keccak-f.
 *
 * Source: FIPS 202, section 3.
 */
#pragma once
#include <stdint.h>

void keccakf(uint64_t lanes[static 25]);
