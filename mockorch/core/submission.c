/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/submission.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned status;
} checks[] = {
    [CHECK_BODY] = {"body", 400},           [CHECK_SIZES] = {"sizes", 400},
    [CHECK_TASK] = {"task", 404},           [CHECK_KEY] = {"key", 403},
    [CHECK_SIGNATURE] = {"signature", 403}, [CHECK_REFUSALS] = {"refusals", 429},
    [CHECK_FORM] = {"form", 400},
    [CHECK_FIELDS] = {"fields", 400},       [CHECK_HASH] = {"hash", 422},
    [CHECK_PROOF] = {"proof", 422},         [CHECK_CONSENSUS] = {"consensus", 422},
    [CHECK_LIMIT] = {"limit", 429},
    [CHECK_NONE] = {"none", 200},
};

const char *check_name(enum check c)
{
    return checks[c].name;
}

unsigned check_status(enum check c)
{
    return checks[c].status;
}

/* Newer clients send a single proof in both fields, older ones in field 5 only (client.md 14.1). */
size_t submission_proofs(const struct wire_submission *s, const struct task *task,
                         const struct bytes **proofs)
{
    if (task->type != TASK_PROOF_REQUIRED)
        return 0;
    if (s->proof_count == 0 && s->proof.size) {
        *proofs = &s->proof;
        return 1;
    }
    *proofs = s->proofs;
    return s->proof_count;
}

static enum status check_fields_of_proofs(const struct wire_submission *s, const struct task *task,
                                          struct why *why)
{
    const struct bytes *proofs;
    size_t count = submission_proofs(s, task, &proofs);

    if (s->all_proof_hash_count)
        return fail(why, ST_INPUT, "all_proof_hashes: not wanted for PROOF_REQUIRED");
    if (count != task->input_count)
        return fail(why, ST_INPUT, "proofs: %zu for %zu inputs", count, task->input_count);
    for (size_t i = 0; i < count; i++)
        if (proofs[i].size == 0)
            return fail(why, ST_INPUT, "proofs: number %zu is empty", i + 1);
    if (count > 1 && s->proof.size)
        return fail(why, ST_INPUT, "proof: not wanted with several inputs");
    if (s->proof.size && s->proof_count == 1 && !bytes_equal(s->proof, s->proofs[0]))
        return fail(why, ST_INPUT, "proof: differs from the one in proofs");
    return ST_OK;
}

static enum status check_fields(const struct wire_submission *s, const struct task *task,
                                struct why *why)
{
    size_t hashes = task->type == TASK_ALL_PROOF_HASHES ? task->input_count : 0;

    if (task->type == TASK_PROOF_REQUIRED)
        return check_fields_of_proofs(s, task, why);
    if (s->proof.size || s->proof_count)
        return fail(why, ST_INPUT, "proofs: not wanted, the task asks for hashes");
    if (s->all_proof_hash_count != hashes)
        return fail(why, ST_INPUT, "all_proof_hashes: %zu for %zu inputs", s->all_proof_hash_count,
                    hashes);
    for (size_t i = 0; i < hashes; i++)
        if (!keccak256_hex_form(s->all_proof_hashes[i]))
            return fail(why, ST_INPUT, "all_proof_hashes: number %zu is not 64 hex digits", i + 1);
    return ST_OK;
}

/* Of PROOF_HASH nothing can be compared here: other provers of the same task would have to agree.
 */
static enum status check_hash(const struct wire_submission *s, const struct task *task,
                              struct proof_hasher *hasher, struct why *why)
{
    char expected[KECCAK256_HEX];
    const struct bytes *proofs;

    if (task->type == TASK_PROOF_HASH)
        return ST_OK;
    if (task->type == TASK_ALL_PROOF_HASHES)
        proof_hash_combine(expected, s->all_proof_hashes, s->all_proof_hash_count);
    else if (submission_proofs(s, task, &proofs))
        proof_hash(hasher, expected, proofs[0]); /* of several, the first one's alone (client.md 4.3) */
    else
        expected[0] = 0; /* a task without inputs has nothing to prove */
    if (strcmp(expected, s->proof_hash) != 0)
        return fail(why, ST_INVALID, "proof_hash is %s, the %s hash to %s", s->proof_hash,
                    task->type == TASK_ALL_PROOF_HASHES ? "hashes" : "proofs", expected);
    return ST_OK;
}

enum check submission_check(const struct wire_submission *s, const struct task *task,
                            const struct quota *refusals, int64_t now_ns, enum judging judging,
                            const struct submission_tools *tools, unsigned *passed, struct why *why)
{
    if (s->public_key.size != SIGNING_PUBLIC_SIZE || s->signature.size != SIGNING_SIGNATURE_SIZE) {
        fail(why, ST_INPUT, "key of %zu bytes, signature of %zu: 32 and 64 are needed",
             s->public_key.size, s->signature.size);
        return CHECK_SIZES;
    }
    *passed |= 1u << CHECK_SIZES;
    if (!task) {
        fail(why, ST_NOT_FOUND, "Task not found");
        return CHECK_TASK;
    }
    *passed |= 1u << CHECK_TASK;
    if (memcmp(task->public_key, s->public_key.data, SIGNING_PUBLIC_SIZE) != 0) {
        fail(why, ST_INVALID, "the key is not the one that fetched the task");
        return CHECK_KEY;
    }
    *passed |= 1u << CHECK_KEY;
    if (!signing_verify(tools->scheme, s->public_key, s->signature, s->task_id, s->proof_hash)) {
        fail(why, ST_INVALID, "the signature does not verify");
        return CHECK_SIGNATURE;
    }
    *passed |= 1u << CHECK_SIGNATURE;
    if (quota_wait_ns(refusals, now_ns)) {
        fail(why, ST_LIMIT, "%u submissions of this user were wrong in this window",
             refusals->limit);
        return CHECK_REFUSALS;
    }
    *passed |= 1u << CHECK_REFUSALS;
    if (!keccak256_hex_form(s->proof_hash)) {
        fail(why, ST_INPUT, "proof_hash is not 64 lower-case hex digits");
        return CHECK_FORM;
    }
    *passed |= 1u << CHECK_FORM;
    if (check_fields(s, task, why))
        return CHECK_FIELDS;
    *passed |= 1u << CHECK_FIELDS;
    if (judging != JUDGING_NONE) {
        if (check_hash(s, task, tools->hasher, why))
            return CHECK_HASH;
        *passed |= 1u << CHECK_HASH;
    }
    return CHECK_NONE;
}
