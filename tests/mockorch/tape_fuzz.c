/* SPDX-License-Identifier: Apache-2.0 */
/* A tape is a file from outside: whatever is in it, reading says so, and what was read can be written
 * again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mockorch/server/tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tape *t;
    struct buffer text;

    if (tape_read(&t, bytes_of(data, size), NULL))
        return 0;
    buffer_init(&text, 0);
    for (size_t i = 0; i < t->count; i++)
        tape_format(&text, &t->exchanges[i], i + 1);
    if (!buffer_ok(&text))
        abort();
    buffer_fini(&text);
    tape_free(t);
    return 0;
}
