/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[OUTBOX_STATES] = {
    [OUTBOX_FETCHED] = "fetched", [OUTBOX_PROVED] = "proved",   [OUTBOX_SENDING] = "sending",
    [OUTBOX_ACKED] = "accepted",  [OUTBOX_REFUSED] = "refused", [OUTBOX_UNKNOWN] = "unknown",
    [OUTBOX_ABANDONED] = "abandoned",
};

#define TO(state) (1u << (state))

static const unsigned arrows[OUTBOX_STATES] = {
    [OUTBOX_FETCHED] = TO(OUTBOX_PROVED) | TO(OUTBOX_ABANDONED),
    [OUTBOX_PROVED] = TO(OUTBOX_SENDING) | TO(OUTBOX_REFUSED) | TO(OUTBOX_UNKNOWN),
    [OUTBOX_SENDING] =
        TO(OUTBOX_PROVED) | TO(OUTBOX_ACKED) | TO(OUTBOX_REFUSED) | TO(OUTBOX_UNKNOWN),
};

const char *outbox_state_name(enum outbox_state s)
{
    return names[s];
}

bool outbox_state_may(enum outbox_state from, enum outbox_state to)
{
    return from == to || (arrows[from] & TO(to)) != 0;
}

static char *copy_of(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    if (copy)
        strcpy(copy, text);
    return copy;
}

bool outbox_record_init(struct outbox_record *r, const char *node_id, const char *task_id,
                        const char *program_id, size_t input_count)
{
    *r = (struct outbox_record){
        .node_id = copy_of(node_id),
        .task_id = copy_of(task_id),
        .program_id = copy_of(program_id),
        .inputs = calloc(input_count + 1, sizeof *r->inputs),
        .proofs = calloc(input_count + 1, sizeof *r->proofs),
        .input_count = input_count,
    };
    if (r->node_id && r->task_id && r->program_id && r->inputs && r->proofs)
        return true;
    outbox_record_fini(r);
    return false;
}

void outbox_record_drop_proofs(struct outbox_record *r)
{
    for (size_t i = 0; r->proofs && i < r->input_count; i++) {
        free(r->proofs[i].data);
        r->proofs[i].data = NULL;
        r->proofs[i].size = 0;
    }
}

void outbox_record_fini(struct outbox_record *r)
{
    outbox_record_drop_proofs(r);
    free(r->node_id);
    free(r->task_id);
    free(r->program_id);
    free(r->inputs);
    free(r->proofs);
    *r = (struct outbox_record){0};
}

/* ---- bytes ----
 *
 * magic[8], then numbers little endian, then lengths before what they count, then 32 bytes of
 * Keccak-256. A torn or flipped file is noticed by the hash and never half read. */

static const char magic[8] = "nxprec1\n";

static void put_u32(struct buffer *out, uint32_t v)
{
    uint8_t le[4];

    store_le32(le, v);
    buffer_put(out, le, sizeof le);
}

static void put_u64(struct buffer *out, uint64_t v)
{
    put_u32(out, (uint32_t)v);
    put_u32(out, (uint32_t)(v >> 32));
}

static void put_text(struct buffer *out, const char *text)
{
    put_u32(out, (uint32_t)strlen(text));
    buffer_put_text(out, text);
}

/* Enough for nearly every record, so that it is written without moving. */
static size_t room_of(const struct outbox_record *r)
{
    size_t room = 512;

    for (size_t i = 0; i < r->input_count; i++)
        room += 128 + r->proofs[i].size; /* its proof is in memory: no sum of such sizes wraps */
    return room;
}

void outbox_encode_bare(struct buffer *out, const struct outbox_record *r)
{
    assert(out->size == 0);
    buffer_expect(out, room_of(r));
    buffer_put(out, magic, sizeof magic);
    put_u64(out, r->id);
    put_u32(out, r->state);
    put_u32(out, r->task_type);
    put_u32(out, r->difficulty);
    put_u64(out, (uint64_t)r->fetched_wall_s);
    put_u64(out, (uint64_t)r->finished_wall_s);
    put_u32(out, r->attempts);
    put_u32(out, r->last_status);
    put_u32(out, r->maybe_delivered);
    put_text(out, r->node_id);
    put_text(out, r->task_id);
    put_text(out, r->program_id);
    buffer_put(out, r->public_key, sizeof r->public_key);
    buffer_put(out, r->signature, sizeof r->signature);
    put_text(out, r->proof_hash);
    put_u32(out, r->telemetry.present);
    put_u32(out, (uint32_t)r->telemetry.flops_per_sec);
    put_u32(out, (uint32_t)r->telemetry.memory_used);
    put_u32(out, (uint32_t)r->telemetry.memory_capacity);
    put_text(out, r->telemetry.location);
    put_u32(out, (uint32_t)r->input_count);
    for (size_t i = 0; i < r->input_count; i++) {
        for (int j = 0; j < 3; j++)
            put_u32(out, r->inputs[i][j]);
        put_text(out, r->proofs[i].hash);
        put_u64(out, r->proofs[i].size);
        buffer_put(out, r->proofs[i].data, r->proofs[i].size);
    }
}

void outbox_seal(struct buffer *out)
{
    uint8_t digest[32];

    if (!buffer_ok(out))
        return;
    keccak256(digest, buffer_bytes(out));
    buffer_put(out, digest, sizeof digest);
}

void outbox_encode(struct buffer *out, const struct outbox_record *r)
{
    outbox_encode_bare(out, r);
    outbox_seal(out);
}

/* A reader that fails once and then reads zeros. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
    bool no_memory; /* and so failed too */
};

static const uint8_t *take(struct reader *r, size_t size)
{
    const uint8_t *at = r->at;

    if (r->failed || size > r->left) {
        r->failed = true;
        return NULL;
    }
    r->at += size;
    r->left -= size;
    return at;
}

static uint32_t take_u32(struct reader *r)
{
    const uint8_t *at = take(r, 4);

    return at ? load_le32(at) : 0;
}

static uint64_t take_u64(struct reader *r)
{
    uint64_t low = take_u32(r);

    return low | (uint64_t)take_u32(r) << 32;
}

/* A copy with an end; NULL also when there is no memory. A text never holds NUL. */
static char *take_text(struct reader *r)
{
    uint32_t size = take_u32(r);
    const uint8_t *at = take(r, size);
    char *text;

    if (!at || memchr(at, 0, size)) {
        r->failed = true;
        return NULL;
    }
    text = malloc((size_t)size + 1);
    if (!text) {
        r->failed = r->no_memory = true;
        return NULL;
    }
    memcpy(text, at, size);
    text[size] = '\0';
    return text;
}

static void take_into(struct reader *r, void *out, size_t size)
{
    const uint8_t *at = take(r, size);

    if (at)
        memcpy(out, at, size);
}

/* A text of at most size - 1 characters into its place. */
static void take_short_text(struct reader *r, char *out, size_t size)
{
    uint32_t length = take_u32(r);
    const uint8_t *at = take(r, length);

    if (!at || length >= size || memchr(at, 0, length)) {
        r->failed = true;
        return;
    }
    memcpy(out, at, length);
    out[length] = '\0';
}

static void take_inputs(struct reader *r, struct outbox_record *out)
{
    size_t count = take_u32(r);

    /* An input takes at least 24 bytes here, so a false count cannot make us allocate much. */
    if (r->failed || count > r->left / 24) {
        r->failed = true;
        return;
    }
    out->inputs = calloc(count + 1, sizeof *out->inputs);
    out->proofs = calloc(count + 1, sizeof *out->proofs);
    if (!out->inputs || !out->proofs) {
        r->failed = r->no_memory = true;
        return;
    }
    out->input_count = count;
    for (size_t i = 0; i < count; i++) {
        struct outbox_proof *proof = &out->proofs[i];
        const uint8_t *at;
        uint64_t size;

        for (int j = 0; j < 3; j++)
            out->inputs[i][j] = take_u32(r);
        take_short_text(r, proof->hash, sizeof proof->hash);
        size = take_u64(r);
        at = take(r, (size_t)size);
        if (!at || size == 0)
            continue;
        proof->data = malloc((size_t)size);
        if (!proof->data) {
            r->failed = r->no_memory = true;
            return;
        }
        memcpy(proof->data, at, (size_t)size);
        proof->size = (size_t)size;
    }
}

static bool all_proved(const struct outbox_record *r)
{
    for (size_t i = 0; i < r->input_count; i++)
        if (!r->proofs[i].data)
            return false;
    return r->input_count > 0;
}

static enum status no_record(struct why *why)
{
    return fail(why, ST_INPUT, "this is not a record of the outbox");
}

enum status outbox_decode(struct outbox_record *out, struct bytes bytes, struct why *why)
{
    uint8_t digest[32];
    struct bytes bare = {.data = bytes.data, .size = bytes.size - sizeof digest};

    if (bytes.size < sizeof magic + sizeof digest || memcmp(bytes.data, magic, sizeof magic) != 0)
        return no_record(why);
    keccak256(digest, bare);
    if (memcmp(digest, bare.data + bare.size, sizeof digest) != 0)
        return fail(why, ST_INPUT, "the record is damaged: its hash does not match");
    return outbox_decode_bare(out, bare, why);
}

enum status outbox_decode_bare(struct outbox_record *out, struct bytes bytes, struct why *why)
{
    enum status st = ST_OK;
    struct outbox_record r = {0};
    struct reader in = {.at = bytes.data, .left = bytes.size};
    uint32_t state, type, level;
    char begins[sizeof magic] = {0};

    take_into(&in, begins, sizeof begins);
    if (memcmp(begins, magic, sizeof magic) != 0)
        return no_record(why);

    r.id = take_u64(&in);
    state = take_u32(&in);
    type = take_u32(&in);
    level = take_u32(&in);
    r.fetched_wall_s = (int64_t)take_u64(&in);
    r.finished_wall_s = (int64_t)take_u64(&in);
    r.attempts = take_u32(&in);
    r.last_status = take_u32(&in);
    r.maybe_delivered = take_u32(&in) != 0;
    r.node_id = take_text(&in);
    r.task_id = take_text(&in);
    r.program_id = take_text(&in);
    take_into(&in, r.public_key, sizeof r.public_key);
    take_into(&in, r.signature, sizeof r.signature);
    take_short_text(&in, r.proof_hash, sizeof r.proof_hash);
    r.telemetry.present = take_u32(&in) != 0;
    r.telemetry.flops_per_sec = (int32_t)take_u32(&in);
    r.telemetry.memory_used = (int32_t)take_u32(&in);
    r.telemetry.memory_capacity = (int32_t)take_u32(&in);
    take_short_text(&in, r.telemetry.location, sizeof r.telemetry.location);
    take_inputs(&in, &r);
    r.state = (enum outbox_state)state;
    r.task_type = (enum task_type)type;
    r.difficulty = (enum difficulty)level;
    if (in.no_memory) {
        st = fail(why, ST_NO_MEMORY, "out of memory for a record of the outbox");
        goto out;
    }
    if (in.failed || in.left != 0 || state >= OUTBOX_STATES || type > TASK_ALL_PROOF_HASHES ||
        !difficulty_known((int)level)) {
        st = fail(why, ST_INPUT, "the record is of another version or malformed");
        goto out;
    }
    if ((state == OUTBOX_PROVED || state == OUTBOX_SENDING) && !all_proved(&r)) {
        st = fail(why, ST_INPUT, "the record of a finished proof has no proof");
        goto out;
    }
    *out = r;
    r = (struct outbox_record){0};
out:
    outbox_record_fini(&r);
    return st;
}
