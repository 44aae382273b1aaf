/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/stranger.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/keccak256.h"
#include "sim/run_inside.h"

#define MOST_INPUTS 8 /* of a task that it looks at */
#define WALLET      "0x00000000000000000000000000000000000000ec"
#define UUID        "5c1e9a3e-0000-4000-8000-0000000000ec"

enum offence {
    SHORT_KEY, LONG_SIGNATURE, NO_KEY,            /* sizes */
    UNKNOWN_TASK, NO_TASK,                        /* task */
    OTHER_KEY, OTHERS_TASK,                       /* key */
    ONE_BIT, OTHER_TEXT,                          /* signature */
    CAPITALS, NO_HASH,                            /* form */
    UNWANTED, MISSING, ONE_MORE, EMPTY, TWO_KINDS, /* fields */
    OTHER_HASH,                                   /* hash */
    NO_PROOF, OLD_FORM,                           /* proof */
    OFFENCES,
};

/* A submission under construction, and what it points at. */
struct attempt {
    struct wire_submission m;
    uint8_t key[SIGNING_PUBLIC_SIZE], signature[SIGNING_SIGNATURE_SIZE + 1];
    char task_id[128], hash[KECCAK256_HEX];
    char listed[MOST_INPUTS + 1][KECCAK256_HEX];
    const char *hashes[MOST_INPUTS + 1];
    struct bytes proofs[MOST_INPUTS + 1];
    enum task_type type;
    size_t inputs;
};

static const char no_proof[] = "this is none";

/* As the protocol asks for it, but of these proofs: MOST_INPUTS + 1. */
static void set_form(struct attempt *a, const struct wire_task *t, const struct bytes *proofs)
{
    *a = (struct attempt){.type = t->task_type, .inputs = t->input_count};
    snprintf(a->task_id, sizeof a->task_id, "%s", t->task_id);
    for (size_t i = 0; i <= MOST_INPUTS; i++) {
        keccak256_hex(a->listed[i], proofs[i]);
        a->hashes[i] = a->listed[i];
        a->proofs[i] = proofs[i];
    }
    memcpy(a->hash, a->listed[0], sizeof a->hash);
    a->m = (struct wire_submission){
        .node_type = NODE_CLI_PROVER, .task_id = a->task_id, .proof_hash = a->hash};
    if (a->type == TASK_PROOF_REQUIRED) {
        a->m.proofs = a->proofs;
        a->m.proof_count = a->inputs;
        return;
    }
    proof_hash_combine(a->hash, a->hashes, a->inputs);
    if (a->type == TASK_ALL_PROOF_HASHES) {
        a->m.all_proof_hashes = a->hashes;
        a->m.all_proof_hash_count = a->inputs;
    }
}

static void set_wrong(struct attempt *a, const struct wire_task *t)
{
    struct bytes proofs[MOST_INPUTS + 1];

    for (size_t i = 0; i <= MOST_INPUTS; i++)
        proofs[i] = bytes_of_text(no_proof);
    set_form(a, t, proofs);
}

/* false: it cannot be proved here. */
static bool set_right(struct run *r, struct attempt *a, const struct wire_task *t)
{
    struct bytes proofs[MOST_INPUTS + 1];
    bool proved = true;

    for (size_t i = 0; i <= MOST_INPUTS; i++) {
        const size_t of = i < t->input_count ? i : 0;
        uint32_t input[3];

        proofs[i] = bytes_of_text(no_proof);
        proved = proved && wire_task_input(input, t->inputs[of], NULL) == ST_OK &&
                 prover_sim_prove(r->prover, &proofs[i], t->program_id, input, NULL) == ST_OK;
    }
    set_form(a, t, proofs);
    return proved;
}

static void sign(struct attempt *a, const struct signing_key *key, const char *text)
{
    signing_key_public(key, a->key);
    signing_sign(key, a->signature, a->task_id, text);
    a->m.public_key = bytes_of(a->key, sizeof a->key);
    a->m.signature = bytes_of(a->signature, SIGNING_SIGNATURE_SIZE);
}

/* Fields that the task does not ask for, or that it asks for and are not there. */
static void spoil_fields(struct attempt *a, enum offence o)
{
    struct wire_submission *m = &a->m;
    const bool proofs = a->type == TASK_PROOF_REQUIRED;

    switch (o) {
    case UNWANTED:
        if (proofs) {
            m->all_proof_hashes = a->hashes;
            m->all_proof_hash_count = a->inputs;
        } else {
            m->proofs = a->proofs;
            m->proof_count = 1;
        }
        break;
    case MISSING:
        m->proof_count = 0;
        if (a->type == TASK_PROOF_HASH) /* that it has no field for: the other one */
            m->proof = a->proofs[0];
        m->all_proof_hash_count = 0;
        break;
    case ONE_MORE:
        if (proofs) {
            m->proof_count++;
        } else {
            m->all_proof_hashes = a->hashes;
            m->all_proof_hash_count++;
        }
        break;
    case EMPTY:
        a->proofs[a->inputs - 1].size = 0;
        if (!proofs) {
            a->listed[a->inputs - 1][0] = 'x';
            m->all_proof_hashes = a->hashes;
            m->all_proof_hash_count = a->inputs;
        }
        break;
    default: /* TWO_KINDS: field 5 says something else, or is not wanted */
        m->proof = bytes_of_text("nor is this");
        break;
    }
}

static void spoil(struct attempt *a, enum offence o)
{
    switch (o) {
    case UNKNOWN_TASK:
        a->task_id[0] = a->task_id[0] == '7' ? '8' : '7';
        strcat(a->task_id, "X");
        break;
    case NO_TASK:
        a->task_id[0] = 0;
        break;
    case CAPITALS:
        for (char *c = a->hash; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        a->hash[0] = 'F';
        break;
    case NO_HASH:
        a->hash[0] = 0;
        break;
    case UNWANTED:
    case MISSING:
    case ONE_MORE:
    case EMPTY:
    case TWO_KINDS:
        spoil_fields(a, o);
        break;
    case OTHER_HASH:
        a->hash[0] = a->hash[0] == '0' ? '1' : '0';
        break;
    case OLD_FORM: /* of clients that know one proof */
        a->m.proof_count = 0;
        a->m.proof = a->proofs[0];
        break;
    default:
        break;
    }
}

static void spoil_signature(struct attempt *a, enum offence o)
{
    if (o == SHORT_KEY)
        a->m.public_key.size--;
    if (o == LONG_SIGNATURE)
        a->m.signature.size++;
    if (o == NO_KEY)
        a->m.public_key.size = a->m.signature.size = 0;
    if (o == ONE_BIT)
        a->signature[7] ^= 4;
}

/* What the protocol says to it. */
static unsigned status_of(const struct attempt *a, enum offence o)
{
    if (o <= NO_KEY)
        return 400;
    if (o <= NO_TASK)
        return 404;
    if (o <= OTHER_TEXT)
        return 403;
    if (o <= TWO_KINDS)
        return 400;
    return o == OLD_FORM && (a->inputs > 1 || a->type != TASK_PROOF_REQUIRED) ? 400 : 422;
}

/* ---- calls ---- */

static unsigned ask(struct run *r, struct http_response *response, struct verdict *verdict,
                    enum http_method method, const char *path, struct buffer *body)
{
    const struct http_request request = {.method = method,
                                         .path = path,
                                         .headers = {{"content-type", "application/octet-stream"}},
                                         .header_count = 1,
                                         .body = buffer_bytes(body),
                                         .peer = "192.0.2.66"};
    unsigned status = service_ask(r->service, response, verdict, &request);

    r->stranger.answers[status / 100]++;
    buffer_fini(body);
    return status;
}

/* Only what the protocol says about a healthy orchestrator can be demanded. */
static void demand(struct run *r, const struct verdict *v, unsigned status, unsigned wanted,
                   enum offence o)
{
    const bool allowance = status == 429 && o > OTHER_TEXT; /* too many wrong ones of one user */

    if (v->faults[0] || status == wanted || allowance || service_is_in_trouble(r->service))
        return;
    operator_wrong(r, "a stranger's submission, offence %d, is answered %u instead of %u: %s",
                   (int)o, status, wanted, v->why.text);
}

static unsigned submit(struct run *r, struct attempt *a, struct verdict *verdict)
{
    struct http_response response;
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_submission(&body, &a->m);
    return ask(r, &response, verdict, HTTP_POST, "/v3/tasks/submit", &body);
}

struct keys {
    struct signing_key *own, *other;
};

static void offend(struct run *r, const struct keys *k, const struct wire_task *t,
                   const char *others_task, enum offence o)
{
    struct attempt a;
    struct verdict verdict;
    unsigned wanted, status;

    set_wrong(&a, t);
    wanted = status_of(&a, o);
    if ((o == OTHERS_TASK && !others_task[0]) ||
        (o == OTHERS_TASK && strcmp(others_task, t->task_id) == 0) || /* a fault: known work again */
        (o >= OTHER_HASH && r->settings.judging != JUDGING_FULL))
        return;
    if (o == OTHERS_TASK)
        snprintf(a.task_id, sizeof a.task_id, "%s", others_task);
    spoil(&a, o);
    sign(&a, o == OTHER_KEY ? k->other : k->own, o == OTHER_TEXT ? "another text" : a.hash);
    spoil_signature(&a, o);
    status = submit(r, &a, &verdict);
    demand(r, &verdict, status, wanted, o);
}

/* Once it counts; neither the same bytes nor others count again. */
static void hand_in(struct run *r, const struct keys *k, const struct wire_task *t)
{
    struct attempt a;
    struct verdict verdict;
    unsigned status;

    if (!set_right(r, &a, t))
        return;
    sign(&a, k->own, a.hash);
    status = submit(r, &a, &verdict);
    demand(r, &verdict, status, 200, OFFENCES);
    if (status != 200 || verdict.faults[0])
        return;
    for (int other = 0; other < 2; other++) {
        a.m.node_type = other ? NODE_WEB_PROVER : NODE_CLI_PROVER;
        status = submit(r, &a, &verdict);
        demand(r, &verdict, status, 404, UNKNOWN_TASK);
    }
}

/* ---- a visit ---- */

/* It has read about x-mock-fault, and asks for one, or for one that there is none of. */
static void ask_for_a_fault(struct run *r)
{
    static const char *const names[] = {"node_404", "slow", "no_such_fault", "request_hung_up"};
    struct http_request request = {.method = HTTP_GET,
                                   .path = "/v3/users/" WALLET,
                                   .headers = {{"x-mock-fault", "node_404"}},
                                   .header_count = 1,
                                   .peer = "192.0.2.66"};
    struct http_response response;
    struct verdict verdict;

    request.headers[0].value = names[prng_below(&r->prng, sizeof names / sizeof *names)];
    service_ask(r->service, &response, &verdict, &request);
}

/* One that it fetches with in this visit, and one with which nobody ever does. */
static bool make_keys(struct run *r, struct keys *k)
{
    uint8_t seed[SIGNING_SEED_SIZE] = {0xec};
    bool made;

    *k = (struct keys){.own = NULL};
    store_le32(seed + 4, (uint32_t)r->stranger.visits);
    made = keyring_key(r->keyring, &k->own, seed, NULL) == ST_OK;
    seed[1] = 1;
    return keyring_key(r->keyring, &k->other, seed, NULL) == ST_OK && made;
}

static void enrol(struct run *r)
{
    const struct wire_register_user user = {.uuid = UUID, .wallet_address = WALLET};
    const struct wire_register_node node = {.node_type = NODE_CLI_PROVER, .user_id = UUID};
    struct wire_memory memory = {0};
    struct wire_node_registered m;
    struct http_response response;
    struct verdict verdict;
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_register_user(&body, &user);
    ask(r, &response, &verdict, HTTP_POST, "/v3/users", &body);
    buffer_init(&body, 0);
    wire_encode_register_node(&body, &node);
    if (ask(r, &response, &verdict, HTTP_POST, "/v3/nodes", &body) == 200 &&
        wire_decode_node_registered(&m, &memory, response.body, WIRE_MAX_RESPONSE, NULL) == ST_OK)
        snprintf(r->stranger.node_id, sizeof r->stranger.node_id, "%s", m.node_id);
    wire_memory_fini(&memory);
}

/* false: there is none for it now. */
static bool fetch(struct run *r, const struct keys *k, struct wire_fetched *out,
                  struct wire_memory *memory)
{
    struct stranger *s = &r->stranger;
    uint8_t key[SIGNING_PUBLIC_SIZE];
    struct wire_fetch m = {.node_id = s->node_id,
                           .node_type = NODE_CLI_PROVER,
                           .public_key = bytes_of(key, sizeof key),
                           .max_difficulty = DIFFICULTY_LARGE};
    struct http_response response;
    struct verdict verdict;
    struct buffer body;
    unsigned status;

    signing_key_public(k->own, key);
    buffer_init(&body, 0);
    wire_encode_fetch(&body, &m);
    status = ask(r, &response, &verdict, HTTP_POST, "/v3/tasks", &body);
    if (status == 404 && !verdict.faults[0])
        s->node_id[0] = 0; /* somebody has reset the orchestrator */
    return status == 200 &&
           wire_decode_fetched(out, memory, response.body, WIRE_MAX_RESPONSE, NULL) == ST_OK &&
           out->has_task && out->task.input_count > 0 && out->task.input_count <= MOST_INPUTS;
}

void stranger_visit(struct run *r, const struct scenario_event *e)
{
    struct stranger *s = &r->stranger;
    struct wire_memory memory = {0};
    struct wire_fetched task = {0};
    struct buffer others_task;
    struct keys k;

    if (!service_stands(r->service))
        return;
    if (!s->node_id[0])
        enrol(r);
    buffer_init(&others_task, 0);
    prng_place(&r->prng, "stranger");
    ask_for_a_fault(r);
    operator_open_task(r, &others_task); /* before it has one itself */
    buffer_put(&others_task, "", 1);
    if (make_keys(r, &k) && s->node_id[0] && fetch(r, &k, &task, &memory)) {
        for (unsigned i = 0; i < (unsigned)e->amount; i++)
            offend(r, &k, &task.task, (const char *)others_task.data,
                   (enum offence)prng_below(&r->prng, OFFENCES));
        hand_in(r, &k, &task.task);
    }
    wire_memory_fini(&memory);
    buffer_fini(&others_task);
    signing_key_free(k.own);
    signing_key_free(k.other);
    s->visits++;
    r->operator.calls++;
    world_note(&r->world, "a stranger has had %llu answers 2xx and %llu 4xx",
               (unsigned long long)s->answers[2], (unsigned long long)s->answers[4]);
}
