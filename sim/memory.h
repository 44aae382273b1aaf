/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for a simulation. There is nothing sensible to simulate without it, so these end the
 * program with a word on stderr instead of returning NULL.
 */
#pragma once
#include <stddef.h>

#include "base/bytes.h"

void *memory_new(size_t size); /* zeroed; free() */
void *memory_grown(void *old, size_t count, size_t size);
char *memory_text(const char *text);
uint8_t *memory_bytes(struct bytes b); /* a copy; never NULL */
