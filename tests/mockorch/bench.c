/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/mockorch/bench.h"

void bench_proof(struct buffer *out, const char *program_id, struct bytes input)
{
    buffer_put_format(out, "proof of %s for ", program_id);
    buffer_put(out, input.data, input.size < 12 ? input.size : 12);
}

static enum status stand_in_verify(struct judge *base, const struct judge_case *c, struct why *why)
{
    const struct bench_judge *j = (const struct bench_judge *)base;

    if (j->broken)
        return fail(why, j->broken, "the judge is out");
    for (size_t i = 0; i < c->count; i++) {
        struct buffer honest;
        bool same;

        buffer_init(&honest, 0);
        bench_proof(&honest, c->program_id, c->inputs[i]);
        same = bytes_equal(buffer_bytes(&honest), c->proofs[i]);
        buffer_fini(&honest);
        if (!same)
            return fail(why, ST_INVALID, "OodsNotMatching (input %zu)", i + 1);
    }
    return ST_OK;
}

struct judge *bench_judge_init(struct bench_judge *j)
{
    static const struct judge_ops ops = {.verify = stand_in_verify};

    *j = (struct bench_judge){.base.ops = &ops};
    return &j->base;
}

void bench_init(struct bench *b)
{
    static const uint8_t seed[SIGNING_SEED_SIZE] = {7};

    *b = (struct bench){.now_ns = 0};
    settings_init(&b->settings);
    b->settings.wall_at_zero_ns = INT64_C(1760000000) * NS_PER_S;
    fault_plan_init(&b->plan, 1);
    bench_judge_init(&b->judge);
    buffer_init(&b->body, 0);
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_of_seed(&b->key, seed, NULL), ST_OK);
    signing_key_public(b->key, b->public_key);
}

void bench_start(struct bench *b)
{
    struct why why;

    assert_int_equal(settings_check(&b->settings, &why), ST_OK);
    assert_int_equal(orchestrator_new(&b->o, &b->settings, &b->plan, b->store, b->now_ns, &why),
                     ST_OK);
    assert_int_equal(orchestrator_add_node(b->o, BENCH_NODE, BENCH_WALLET, &why), ST_OK);
}

void bench_fini(struct bench *b)
{
    orchestrator_free(b->o);
    store_free(b->store);
    fault_plan_fini(&b->plan);
    signing_key_free(b->key);
    buffer_fini(&b->body);
}

void bench_fault(struct bench *b, const char *name)
{
    const struct fault_named *named = fault_of_name(name);
    struct fault_rule rule = {.where.call = FAULT_ANY_CALL};

    assert_non_null(named);
    rule.where.call = named->call;
    rule.what = named->what;
    snprintf(rule.name, sizeof rule.name, "%s", name);
    assert_int_equal(fault_plan_add(&b->plan, &rule, NULL), ST_OK);
}

unsigned bench_send(struct bench *b, enum http_method method, const char *path, struct bytes body)
{
    struct http_request request = {
        .method = method, .path = path, .body = body, .peer = b->peer};

    orchestrator_answer(b->o, &b->response, &b->verdict, &request, b->now_ns);
    if (b->verdict.pending) {
        struct why why = {""};
        uint64_t job = b->verdict.job;
        enum status st = judge_verify(&b->judge.base, orchestrator_case(b->o, job), &why);

        orchestrator_judged(b->o, &b->response, &b->verdict, job, st, &why, b->now_ns);
    }
    assert_false(b->verdict.pending);
    return b->verdict.status;
}

unsigned bench_fetch_as(struct bench *b, const char *node_id, enum difficulty d)
{
    struct wire_fetch message = {.node_id = node_id,
                                 .node_type = NODE_CLI_PROVER,
                                 .public_key = bytes_of(b->public_key, sizeof b->public_key),
                                 .max_difficulty = d};

    buffer_reset(&b->body);
    wire_encode_fetch(&b->body, &message);
    return bench_send(b, HTTP_POST, "/v3/tasks", buffer_bytes(&b->body));
}

unsigned bench_fetch(struct bench *b)
{
    return bench_fetch_as(b, BENCH_NODE, DIFFICULTY_EXTRA_LARGE_5);
}

struct bench_task bench_task(struct bench *b)
{
    struct wire_fetched message;
    struct wire_memory memory = {0};
    struct bench_task t = {.input_count = 0};
    struct why why;

    assert_int_equal(b->response.status, 200);
    if (wire_decode_fetched(&message, &memory, b->response.body, WIRE_MAX_RESPONSE, &why))
        fail_msg("%s", why.text);
    assert_true(message.has_task);
    snprintf(t.task_id, sizeof t.task_id, "%s", message.task.task_id);
    snprintf(t.program_id, sizeof t.program_id, "%s", message.task.program_id);
    t.input_count = message.task.input_count;
    assert_true(t.input_count <= BENCH_INPUTS);
    for (size_t i = 0; i < t.input_count; i++) {
        t.input_sizes[i] = message.task.inputs[i].size;
        assert_true(t.input_sizes[i] <= sizeof t.inputs[i]);
        memcpy(t.inputs[i], message.task.inputs[i].data, t.input_sizes[i]);
    }
    t.type = message.task.task_type;
    t.difficulty = message.task.difficulty;
    wire_memory_fini(&memory);
    return t;
}

void bench_sign(struct bench *b, struct bench_submission *s)
{
    signing_sign(b->key, s->signature, s->message.task_id, s->message.proof_hash);
}

/* As the newest client fills the fields (client.md 4.3). */
void bench_prove(struct bench *b, struct bench_submission *s, const struct bench_task *t)
{
    struct wire_submission *m = &s->message;

    *s = (struct bench_submission){.task = *t};
    t = &s->task;
    for (size_t i = 0; i < t->input_count; i++) {
        buffer_init(&s->proofs[i], 0);
        bench_proof(&s->proofs[i], t->program_id, bytes_of(t->inputs[i], t->input_sizes[i]));
        s->proof_bytes[i] = buffer_bytes(&s->proofs[i]);
        keccak256_hex(s->hashes[i], s->proof_bytes[i]);
        s->hash_texts[i] = s->hashes[i];
    }
    if (t->type == TASK_PROOF_REQUIRED && t->input_count)
        memcpy(s->proof_hash, s->hashes[0], sizeof s->proof_hash);
    else
        proof_hash_combine(s->proof_hash, s->hash_texts, t->input_count);
    m->node_type = NODE_CLI_PROVER;
    m->proof_hash = s->proof_hash;
    m->has_telemetry = true;
    m->telemetry.location = "DE";
    m->task_id = t->task_id;
    m->public_key = bytes_of(b->public_key, sizeof b->public_key);
    m->signature = bytes_of(s->signature, sizeof s->signature);
    if (t->type == TASK_PROOF_REQUIRED) {
        m->proofs = s->proof_bytes;
        m->proof_count = t->input_count;
        if (t->input_count == 1)
            m->proof = s->proof_bytes[0];
    }
    if (t->type == TASK_ALL_PROOF_HASHES) {
        m->all_proof_hashes = s->hash_texts;
        m->all_proof_hash_count = t->input_count;
    }
    bench_sign(b, s);
}

unsigned bench_submit(struct bench *b, struct bench_submission *s)
{
    buffer_reset(&b->body);
    wire_encode_submission(&b->body, &s->message);
    return bench_send(b, HTTP_POST, "/v3/tasks/submit", buffer_bytes(&b->body));
}

void bench_submission_fini(struct bench_submission *s)
{
    for (size_t i = 0; i < s->task.input_count; i++)
        buffer_fini(&s->proofs[i]);
}

unsigned bench_work(struct bench *b)
{
    struct bench_submission s;
    struct bench_task t;
    unsigned status;

    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    status = bench_submit(b, &s);
    bench_submission_fini(&s);
    return status;
}

const char *bench_header(const struct bench *b, const char *name)
{
    return http_header_of(b->response.headers, b->response.header_count, name);
}

bool bench_body_says(const struct bench *b, const char *words)
{
    return memmem(b->response.body.data, b->response.body.size, words, strlen(words)) != NULL;
}

/* ---- a store that stops working ---- */

static enum status failing_put(struct store *base, enum store_kind kind, const char *key,
                               struct bytes value, struct why *why)
{
    struct bench_failing_store *f = (struct bench_failing_store *)base;

    (void)kind;
    (void)key;
    (void)value;
    return f->puts_left-- > 0 ? ST_OK : fail(why, ST_IO, "disk full");
}

static enum status failing_remove(struct store *base, enum store_kind kind, const char *key,
                                  struct why *why)
{
    return failing_put(base, kind, key, bytes_of(NULL, 0), why);
}

static enum status failing_commit(struct store *base, struct why *why)
{
    struct bench_failing_store *f = (struct bench_failing_store *)base;

    return f->commits_left-- > 0 ? ST_OK : fail(why, ST_IO, "disk gone");
}

static enum status failing_each(struct store *base, enum store_kind kind, store_visit *visit,
                                void *context, struct why *why)
{
    (void)base;
    (void)kind;
    (void)visit;
    (void)context;
    (void)why;
    return ST_OK;
}

static void leave(struct store *base)
{
    (void)base;
}

struct bench_failing_store bench_failing_store(int puts, int commits)
{
    static const struct store_ops ops = {.put = failing_put,
                                         .remove = failing_remove,
                                         .commit = failing_commit,
                                         .each = failing_each,
                                         .free = leave};

    return (struct bench_failing_store){{&ops}, puts, commits};
}
