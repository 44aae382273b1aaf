/* SPDX-License-Identifier: Apache-2.0 */
/* What must survive a crash: one record per task, from its arrival to a definite answer.
 *
 *            +--------------------------> ABANDONED   malformed, or not provable here
 *            |
 *   FETCHED -+-> PROVED <-> SENDING --+-> ACKED       2xx, or 409 for the same bytes
 *                   |                 |
 *                   |                 +-> REFUSED     a definite no
 *                   |                 |
 *                   +-----------------+-> UNKNOWN     may have been delivered, then gone
 *                        (too old)
 *
 * A record holds all that a submission needs, the signature too, so that it can be sent by another
 * process with the same bytes. A task that is FETCHED may have proofs of some of its inputs. A final
 * record (the last four) remains as history. An accepted one has lost its proofs, an abandoned one
 * the few that it had; the others keep theirs for a user who wants to send them again (the store
 * bounds how many).
 *
 * Owner:   a record owns what it points at (outbox_record_fini; safe on a zeroed one).
 * Errors:  ST_IO, ST_NO_MEMORY of the store; ST_INPUT for bytes that are no record, which is never said
 *          for want of memory.
 * Source:  simulation.md 3, rules 1 and 2.
 */
#pragma once
#include <stdbool.h>

#include "client/core/telemetry.h"
#include "proto/keccak256.h"
#include "proto/signing.h"
#include "proto/wire.h"

enum outbox_state {
    OUTBOX_FETCHED,
    OUTBOX_PROVED,
    OUTBOX_SENDING,
    OUTBOX_ACKED,
    OUTBOX_REFUSED,
    OUTBOX_UNKNOWN,
    OUTBOX_ABANDONED,
    OUTBOX_STATES,
};

const char *outbox_state_name(enum outbox_state s); /* "fetched" */
static inline bool outbox_state_final(enum outbox_state s)
{
    return s >= OUTBOX_ACKED;
}
/* The arrows of the diagram, and from each state to itself. */
bool outbox_state_may(enum outbox_state from, enum outbox_state to);

struct outbox_proof {
    uint8_t *data;
    size_t size;
    char hash[KECCAK256_HEX];
};

struct outbox_record {
    uint64_t id; /* ours: names the record in actions and on disk */
    enum outbox_state state;
    char *node_id;
    char *task_id;
    char *program_id;
    enum task_type task_type;
    enum difficulty difficulty; /* as assigned */
    int64_t fetched_wall_s;
    int64_t finished_wall_s; /* 0 until final */

    uint32_t (*inputs)[3];
    struct outbox_proof *proofs; /* input_count of them; data NULL until proved, and when dropped */
    size_t input_count;

    uint8_t public_key[SIGNING_PUBLIC_SIZE]; /* of the fetch, and so of the submission */

    /* From PROVED on. */
    uint8_t signature[SIGNING_SIGNATURE_SIZE];
    char proof_hash[KECCAK256_HEX];
    struct telemetry telemetry;

    uint32_t attempts;    /* submissions sent, or about to be sent (SENDING) */
    uint32_t last_status; /* of the last answer; 0: none */
    bool maybe_delivered; /* an attempt's fate is unknown */
};

/* Room for count inputs and proofs; false when there is no memory. Texts are copied. */
bool outbox_record_init(struct outbox_record *r, const char *node_id, const char *task_id,
                        const char *program_id, size_t input_count);
void outbox_record_fini(struct outbox_record *r);
void outbox_record_drop_proofs(struct outbox_record *r);

/* Bytes of a record: magic, fields, Keccak-256 of all before it. */
#define OUTBOX_MAX_RECORD ((size_t)900 << 20)

void outbox_encode(struct buffer *out, const struct outbox_record *r);
enum status MUST_USE outbox_decode(struct outbox_record *out, struct bytes bytes,
                                   struct why *why);
/* The same without the hash, for bytes that never leave memory; and the hash of what was so written,
 * behind it. out was empty. */
void outbox_encode_bare(struct buffer *out, const struct outbox_record *r);
enum status MUST_USE outbox_decode_bare(struct outbox_record *out, struct bytes bytes,
                                        struct why *why);
void outbox_seal(struct buffer *out);

/* ---- the store ---- */

struct outbox {
    const struct outbox_ops *ops; /* outbox_memory.c; client/shell/outbox_sqlite.c */
};

/* Takes the record's contents when it returns ST_OK. */
typedef enum status outbox_visit(void *context, struct outbox_record *record, struct why *why);

struct outbox_ops {
    /* On disk when it returns ST_OK; replaces the record of that id. */
    enum status (*put)(struct outbox *o, const struct outbox_record *r, struct why *why);
    /* Every record, oldest id first. */
    enum status (*each)(struct outbox *o, outbox_visit *visit, void *context, struct why *why);
    enum status (*erase)(struct outbox *o, uint64_t id, struct why *why);
    void (*free)(struct outbox *o);
};

static inline enum status MUST_USE outbox_put(struct outbox *o, const struct outbox_record *r,
                                              struct why *why)
{
    return o->ops->put(o, r, why);
}

static inline enum status MUST_USE outbox_each(struct outbox *o, outbox_visit *visit,
                                               void *context, struct why *why)
{
    return o->ops->each(o, visit, context, why);
}

static inline enum status MUST_USE outbox_erase(struct outbox *o, uint64_t id, struct why *why)
{
    return o->ops->erase(o, id, why);
}

static inline void outbox_free(struct outbox *o)
{
    if (o)
        o->ops->free(o);
}
