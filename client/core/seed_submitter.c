/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "client/core/seed_state.h"

static void end_submission(struct reference_seed *c)
{
    seed_task_free(c->sending);
    c->sending = NULL;
    c->submit_request = 0;
}

void seed_submitter_lose(struct reference_seed *c, const char *text)
{
    c->base.stats.lost++;
    seed_say(c, LINE_ERROR, LINE_WARN, "lost", c->sending->task_id,
             "Proof Submitter: Failed to submit proof. Task: %s, %s. The proof is thrown away",
             c->sending->task_id, text);
    end_submission(c);
}

void seed_submitter_advance(struct reference_seed *c, int64_t now_ns)
{
    if (c->sending)
        return;
    c->sending = seed_queue_take(&c->results);
    c->measured_ns = now_ns + REFERENCE_MEASURE_NS;
    if (c->sending && seed_cache_has(&c->successful, c->sending->task_id, now_ns)) {
        c->base.stats.abandoned++;
        seed_say(c, LINE_REFRESH, LINE_INFO, "submitted_before", c->sending->task_id,
                 "Proof Submitter: Ignoring proof of task %s that was submitted before",
                 c->sending->task_id);
        end_submission(c); /* the next one after this line */
    }
}

static void put_submission(struct reference_seed *c)
{
    const struct seed_task *t = c->sending;
    const struct telemetry *m = &t->telemetry;
    uint8_t signature[SIGNING_SIGNATURE_SIZE];

    signing_sign(c->base.o.key, signature, t->task_id, t->hash);
    wire_encode_submission(
        &c->base.body,
        &(struct wire_submission){
            .node_type = NODE_CLI_PROVER,
            .proof_hash = t->hash,
            .has_telemetry = true,
            .telemetry = {.has_flops = m->present,
                          .flops_per_sec = m->flops_per_sec,
                          .has_memory_used = m->present,
                          .memory_used = m->memory_used,
                          .has_memory_capacity = m->present,
                          .memory_capacity = m->memory_capacity,
                          .location = m->present && m->location[0] ? m->location : NULL},
            .proof = buffer_bytes(&t->proof),
            .task_id = t->task_id,
            .public_key = bytes_of(c->base.public_key, sizeof c->base.public_key),
            .signature = bytes_of(signature, sizeof signature),
        });
}

bool seed_submitter_poll(struct reference_seed *c, struct action *out, int64_t now_ns)
{
    if (!c->sending || c->submit_request || c->stopping || now_ns < c->measured_ns)
        return false;
    buffer_reset(&c->base.body);
    put_submission(c);
    if (!buffer_ok(&c->base.body)) {
        seed_submitter_lose(c, "out of memory for the request");
        return false;
    }
    c->submit_request = reference_request(&c->base, out, HTTP_POST, "/v3/tasks/submit");
    c->base.stats.submit_requests++;
    return true;
}

void seed_submitter_answered(struct reference_seed *c, const struct http_response *r,
                             int64_t now_ns)
{
    char text[32];

    if (r->status < 200 || r->status >= 300) {
        snprintf(text, sizeof text, "HTTP %u", r->status);
        seed_submitter_lose(c, text);
        return;
    }
    c->base.stats.accepted++;
    seed_cache_add(&c->successful, c->sending->task_id, now_ns);
    seed_say(c, LINE_SUCCESS, LINE_INFO, "submitted", c->sending->task_id,
             "Proof Submitter: Proof submitted. Task ID: %s", c->sending->task_id);
    end_submission(c);
    if (c->base.o.max_tasks && c->base.stats.accepted >= c->base.o.max_tasks)
        seed_stop(c, CORE_DONE);
}
