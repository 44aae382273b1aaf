/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/payload.h"

#include <stdlib.h>
#include <string.h>

bool payload_hash(struct outbox_record *r)
{
    const char **hashes;

    if (r->task_type == TASK_PROOF_REQUIRED) {
        memcpy(r->proof_hash, r->proofs[0].hash, sizeof r->proof_hash);
        return true;
    }
    hashes = calloc(r->input_count, sizeof *hashes);
    if (!hashes)
        return false;
    for (size_t i = 0; i < r->input_count; i++)
        hashes[i] = r->proofs[i].hash;
    proof_hash_combine(r->proof_hash, hashes, r->input_count);
    free(hashes);
    return true;
}

void payload_put(struct buffer *out, const struct outbox_record *r, bool once)
{
    const struct telemetry *t = &r->telemetry;
    struct bytes *proofs = calloc(r->input_count, sizeof *proofs);
    const char **hashes = calloc(r->input_count, sizeof *hashes);
    struct wire_submission s = {
        .node_type = NODE_CLI_PROVER,
        .proof_hash = r->proof_hash,
        .has_telemetry = true,
        .telemetry = {.has_flops = t->present,
                      .flops_per_sec = t->flops_per_sec,
                      .has_memory_used = t->present,
                      .memory_used = t->memory_used,
                      .has_memory_capacity = t->present,
                      .memory_capacity = t->memory_capacity,
                      .location = t->present && t->location[0] ? t->location : NULL},
        .task_id = r->task_id,
        .public_key = bytes_of(r->public_key, sizeof r->public_key),
        .signature = bytes_of(r->signature, sizeof r->signature),
    };

    if (!proofs || !hashes) {
        out->failed = true;
        goto out;
    }
    for (size_t i = 0; i < r->input_count; i++) {
        proofs[i] = bytes_of(r->proofs[i].data, r->proofs[i].size);
        hashes[i] = r->proofs[i].hash;
    }
    if (r->task_type == TASK_PROOF_REQUIRED) { /* client.md 4.3 */
        if (r->input_count == 1)
            s.proof = proofs[0];
        s.proofs = proofs;
        s.proof_count = once && r->input_count == 1 ? 0 : r->input_count;
    } else if (r->task_type == TASK_ALL_PROOF_HASHES) {
        s.all_proof_hashes = hashes;
        s.all_proof_hash_count = r->input_count;
    }
    wire_encode_submission(out, &s);
out:
    free(proofs);
    free(hashes);
}
