/* SPDX-License-Identifier: Apache-2.0 */
/* One quota for each of many names: nodes, keys, addresses.
 *
 * Owner:   heap inside (allowance_fini, safe on a zeroed value). A quota holds until the next
 *          allowance_of.
 * Errors:  ST_NO_MEMORY. Names whose quota is untouched are forgotten when room is needed.
 */
#pragma once
#include "mockorch/core/lookup.h"
#include "mockorch/core/quota.h"

struct allowance_slot {
    char *name;
    struct quota quota;
};

struct allowance {
    enum quota_shape shape;
    uint32_t limit; /* 0: no quota is needed, and none may be asked for */
    int64_t window_ns;
    struct allowance_slot *slots;
    uint32_t count, capacity;
    struct lookup by_name;
};

void allowance_init(struct allowance *a, enum quota_shape shape, uint32_t limit,
                    int64_t window_ns);
void allowance_fini(struct allowance *a);
enum status MUST_USE allowance_of(struct allowance *a, struct quota **out, const char *name,
                                  int64_t now_ns, struct why *why);
