/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the command line. Whole texts only; false: not such a number. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool parse_u64(uint64_t *out, const char *text, uint64_t least, uint64_t most);

#define PARSE_MAX_VALUES 32

/* "9,1,1": 1 to PARSE_MAX_VALUES numbers of 32 bits. */
bool parse_values(uint32_t out[static PARSE_MAX_VALUES], size_t *count, const char *text);
