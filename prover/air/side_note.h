/* SPDX-License-Identifier: Apache-2.0 */
/* What filling the main trace leaves for the other components.
 *
 * Source:  components.md 3.4, air-main.md 3 and 8.
 * Owner:   memory of an arena.
 */
#pragma once
#include "prover/vm/vm.h"

struct ram_entry {
    uint32_t address;
    uint32_t counter; /* clk of the last access, 0 when only initialised */
    uint8_t value;
};

struct side_note {
    uint32_t register_timestamp[32];
    uint32_t register_value[32];
    struct ram_entry *ram; /* ascending addresses */
    size_t ram_count;
    uint32_t range8[8], range16[16], range32[32], range128[128], range256[256];
    uint32_t bit_op[3][256]; /* AND, OR, XOR; key 16 b + c */
};
