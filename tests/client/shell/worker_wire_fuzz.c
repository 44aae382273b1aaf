/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the stream between client and worker, in pieces whose size is the first byte:
 * refused, or messages that are written as the same bytes. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "client/shell/worker_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_all(struct worker_stream *s, struct buffer *again)
{
    struct worker_message m;
    bool got = true;

    while (got) {
        if (worker_stream_next(s, &m, &got, NULL))
            return false;
        if (got && m.type == WORKER_HELLO && m.hello.version != WORKER_WIRE_VERSION)
            return false; /* its other fields were not read */
        if (got)
            worker_wire_put(again, &m);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct worker_stream stream;
    struct buffer again;
    size_t piece = size ? (size_t)data[0] + 1 : 1;

    buffer_init(&again, 0);
    worker_stream_init(&stream);
    for (size_t at = 1; at < size; at += piece) {
        worker_stream_put(&stream, bytes_of(data + at, size - at < piece ? size - at : piece));
        if (!read_all(&stream, &again))
            break;
    }
    assert(again.size < size || again.size == 0);
    if (again.size)
        assert(memcmp(again.data, data + 1, again.size) == 0);
    buffer_fini(&again);
    worker_stream_fini(&stream);
    return 0;
}
