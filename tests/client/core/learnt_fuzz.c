/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a former run has learnt: refused, or written again as the same bytes. */
#include <assert.h>
#include <string.h>

#include "client/core/learnt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct learnt l;
    struct buffer again;

    if (learnt_decode(&l, bytes_of(data, size), NULL))
        return 0;
    buffer_init(&again, 0);
    learnt_encode(&again, &l);
    assert(again.size == size && memcmp(again.data, data, size) == 0);
    buffer_fini(&again);
    assert(difficulty_known(learnt_ask(&l, 1)));
    return 0;
}
