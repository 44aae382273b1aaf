/* SPDX-License-Identifier: Apache-2.0 */
/* From a text to a number: which user has this wallet, which task this id.
 *
 * Owner:   heap inside; texts are copied. lookup_fini is safe on a zeroed value.
 * Errors:  ST_NO_MEMORY.
 *
 * Open addressing with linear probing: order of insertion never shows, so a run repeats.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct lookup_slot {
    char *key; /* NULL: free */
    uint32_t value;
    uint32_t hash; /* of the key: other keys are seen to be others without a look at them */
};

struct lookup {
    struct lookup_slot *slots;
    size_t capacity; /* 0 or a power of two, at most half full */
    size_t count;
};

void lookup_fini(struct lookup *l);
bool lookup_find(const struct lookup *l, uint32_t *value, const char *key);
/* The key must be new. */
enum status MUST_USE lookup_put(struct lookup *l, const char *key, uint32_t value,
                                struct why *why);
/* false: there was none. */
bool lookup_remove(struct lookup *l, const char *key);
