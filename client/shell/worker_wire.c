/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/worker_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER_BYTES 4

/* ---- writing ---- */

static void put_u32(struct buffer *b, uint32_t value)
{
    uint8_t le[4];

    store_le32(le, value);
    buffer_put(b, le, sizeof le);
}

static void put_u64(struct buffer *b, uint64_t value)
{
    put_u32(b, (uint32_t)value);
    put_u32(b, (uint32_t)(value >> 32));
}

static void put_bytes(struct buffer *b, struct bytes value)
{
    put_u32(b, (uint32_t)value.size);
    buffer_put(b, value.data, value.size);
}

static void put_text(struct buffer *b, const char *text)
{
    put_bytes(b, bytes_of(text, strlen(text) + 1));
}

static void put_hello(struct buffer *b, const struct worker_hello *h)
{
    put_u32(b, h->version);
    put_u32(b, h->cores);
    put_u32(b, h->slots);
    put_u32(b, h->idle_ms);
    put_u64(b, h->limits.max_steps);
    put_u32(b, h->limits.max_log_rows);
    put_u64(b, h->limits.max_memory_bytes);
    put_text(b, h->kernel);
    put_text(b, h->guests);
    put_text(b, h->root);
}

static void put_fields(struct buffer *b, const struct worker_message *m)
{
    switch (m->type) {
    case WORKER_HELLO:
        put_hello(b, &m->hello);
        return;
    case WORKER_JOB:
        put_u64(b, m->id);
        buffer_put_u8(b, m->job.alone);
        for (int i = 0; i < 3; i++)
            put_u32(b, m->job.input[i]);
        put_text(b, m->job.program);
        return;
    case WORKER_READY:
        return;
    case WORKER_CANCEL:
    case WORKER_MEASURING:
        put_u64(b, m->id);
        return;
    case WORKER_MEASURED:
        put_u64(b, m->id);
        put_u64(b, m->need_bytes);
        return;
    case WORKER_STARTED:
        put_u64(b, m->id);
        put_u64(b, m->free_bytes);
        return;
    case WORKER_PROVED:
        put_u64(b, m->id);
        put_u64(b, m->proved.steps);
        put_u64(b, m->proved.time_ns);
        put_u32(b, m->proved.log_rows);
        put_bytes(b, m->proved.proof);
        return;
    case WORKER_REFUSED:
    case WORKER_FAILED:
        put_u64(b, m->id);
        put_u32(b, m->failed.status);
        put_text(b, m->failed.text);
        return;
    }
}

void worker_wire_put(struct buffer *out, const struct worker_message *m)
{
    size_t start = out->size;

    put_u32(out, 0);
    buffer_put_u8(out, (uint8_t)m->type);
    put_fields(out, m);
    if (buffer_ok(out))
        store_le32(out->data + start, (uint32_t)(out->size - start - HEADER_BYTES));
}

/* ---- reading ---- */

struct fields {
    struct bytes left;
    bool bad;
};

static struct bytes take(struct fields *f, size_t size)
{
    struct bytes taken = {.data = f->left.data, .size = size};

    if (f->bad || size > f->left.size) {
        f->bad = true;
        return (struct bytes){0};
    }
    f->left.data += size;
    f->left.size -= size;
    return taken;
}

static uint8_t take_u8(struct fields *f)
{
    struct bytes b = take(f, 1);

    return b.size ? b.data[0] : 0;
}

static uint32_t take_u32(struct fields *f)
{
    struct bytes b = take(f, 4);

    return b.size ? load_le32(b.data) : 0;
}

static uint64_t take_u64(struct fields *f)
{
    uint64_t low = take_u32(f);

    return low | (uint64_t)take_u32(f) << 32;
}

static struct bytes take_bytes(struct fields *f)
{
    return take(f, take_u32(f));
}

static const char *take_text(struct fields *f)
{
    struct bytes b = take_bytes(f);

    if (b.size == 0 || memchr(b.data, 0, b.size) != b.data + b.size - 1) {
        f->bad = true;
        return "";
    }
    return (const char *)b.data;
}

static void take_hello(struct fields *f, struct worker_hello *h)
{
    h->version = take_u32(f);
    if (h->version != WORKER_WIRE_VERSION) { /* what follows may be anything */
        f->left.size = 0;
        return;
    }
    h->cores = take_u32(f);
    h->slots = take_u32(f);
    h->idle_ms = take_u32(f);
    h->limits.max_steps = take_u64(f);
    h->limits.max_log_rows = take_u32(f);
    h->limits.max_memory_bytes = take_u64(f);
    h->kernel = take_text(f);
    h->guests = take_text(f);
    h->root = take_text(f);
}

static void take_job(struct fields *f, struct worker_message *m)
{
    uint8_t alone = take_u8(f);

    m->job.alone = alone;
    for (int i = 0; i < 3; i++)
        m->job.input[i] = take_u32(f);
    m->job.program = take_text(f);
    f->bad |= alone > 1 || strlen(m->job.program) >= WORKER_WIRE_NAME_SIZE;
}

static void take_failed(struct fields *f, struct worker_message *m)
{
    uint32_t status = take_u32(f);

    m->failed.status = (enum status)status;
    m->failed.text = take_text(f);
    f->bad |= status == ST_OK || status > ST_CANCELLED;
}

/* false: no such message. */
static bool take_fields(struct worker_message *m, struct bytes frame)
{
    struct fields f = {.left = frame};

    *m = (struct worker_message){.type = (enum worker_message_type)take_u8(&f)};
    if (m->type != WORKER_HELLO && m->type != WORKER_READY)
        m->id = take_u64(&f);
    switch (m->type) {
    case WORKER_HELLO:
        take_hello(&f, &m->hello);
        break;
    case WORKER_JOB:
        take_job(&f, m);
        break;
    case WORKER_READY:
    case WORKER_CANCEL:
    case WORKER_MEASURING:
        break;
    case WORKER_MEASURED:
        m->need_bytes = take_u64(&f);
        break;
    case WORKER_STARTED:
        m->free_bytes = take_u64(&f);
        break;
    case WORKER_PROVED:
        m->proved.steps = take_u64(&f);
        m->proved.time_ns = take_u64(&f);
        m->proved.log_rows = take_u32(&f);
        m->proved.proof = take_bytes(&f);
        f.bad |= m->proved.proof.size == 0;
        break;
    case WORKER_REFUSED:
    case WORKER_FAILED:
        take_failed(&f, m);
        break;
    default:
        return false;
    }
    return !f.bad && f.left.size == 0;
}

/* ---- streams ---- */

void worker_stream_init(struct worker_stream *s)
{
    s->at = 0;
    buffer_init(&s->in, 0);
}

void worker_stream_fini(struct worker_stream *s)
{
    buffer_fini(&s->in);
}

void worker_stream_put(struct worker_stream *s, struct bytes received)
{
    if (s->at == s->in.size) {
        s->in.size = s->at = 0;
    } else if (s->at > s->in.size / 2) { /* so that a byte is moved at most once */
        memmove(s->in.data, s->in.data + s->at, s->in.size - s->at);
        s->in.size -= s->at;
        s->at = 0;
    }
    buffer_put(&s->in, received.data, received.size);
}

enum status worker_stream_next(struct worker_stream *s, struct worker_message *out, bool *got,
                               struct why *why)
{
    size_t left = s->in.size - s->at, size;
    struct worker_message m;

    if (!buffer_ok(&s->in))
        return fail(why, ST_NO_MEMORY, "out of memory for a message");
    if (left < HEADER_BYTES) {
        *got = false;
        return ST_OK;
    }
    size = load_le32(s->in.data + s->at);
    if (size == 0 || size > WORKER_WIRE_MAX_BYTES)
        return fail(why, ST_INPUT, "a message of %zu bytes", size);
    if (left - HEADER_BYTES < size) {
        *got = false;
        return ST_OK;
    }
    if (!take_fields(&m, bytes_of(s->in.data + s->at + HEADER_BYTES, size)))
        return fail(why, ST_INPUT, "a message that is not understood (type %u, %zu bytes)",
                    s->in.data[s->at + HEADER_BYTES], size);
    s->at += HEADER_BYTES + size;
    *out = m;
    *got = true;
    return ST_OK;
}

enum status worker_stream_read(struct worker_stream *s, int fd, bool *open, struct why *why)
{
    uint8_t bytes[65536];
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    *open = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
    if (n > 0)
        worker_stream_put(s, bytes_of(bytes, (size_t)n));
    return buffer_ok(&s->in) ? ST_OK : fail(why, ST_NO_MEMORY, "out of memory for a message");
}
