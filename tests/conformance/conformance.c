/* SPDX-License-Identifier: Apache-2.0 */
/* Does an orchestrator serve the published clients? Each generation of them is played against it,
 * with real signatures and real proofs, and each answer is compared with the specification.
 *
 *   conformance [--known-only] [--cacert FILE] [--guest NAME=ELF]… [--node ID] BASE_URL
 *
 * Output is TAP 13. A check is marked with where its expectation comes from:
 *   [S]    the clients' source: without it a client cannot work
 *   [O]    seen in public threads
 *   [OWN]  a choice of nxp-mockorch where nothing is known; --known-only leaves these out
 *
 * Exit status: 0 all hold, 1 some do not, 2 usage.
 *
 * Users and nodes are registered anew for each generation; --node works for one that exists, and
 * leaves registration out. A generation needs a task at once, so give the user a free allowance.
 *
 * Source:  client.md 3, 4, 12 to 14.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "proto/keccak256.h"
#include "proto/signing.h"
#include "proto/wire.h"
#include "prover/nxp.h"
#include "tests/conformance/exchange.h"

/* How the clients of some versions behave (client.md 14.1). */
struct generation {
    const char *name;
    const char *user_agent;   /* NULL: sends none */
    bool list_body, list;     /* GET /v3/tasks with a body; GET /v3/tasks/{node_id} */
    bool looks_up_node;       /* GET /v3/nodes/{node_id} */
    bool reads_task;          /* the message in field 4, not fields 1 to 3 */
    bool sends_proofs;        /* field 10, and all_proof_hashes */
};

static const struct generation generations[] = {
    {"v0.8.4 to v0.9.0", NULL, true, false, false, false, false},
    {"v0.9.1 to v0.9.6", NULL, false, true, false, false, false},
    {"v0.9.7 to v0.10.1", NULL, false, true, true, false, false},
    {"v0.10.2 to v0.10.4", "nexus-cli/0.10.2", false, false, true, false, false},
    {"v0.10.9 to v0.10.18", "nexus-cli/0.10.18", false, false, true, true, true},
};

#define GENERATIONS (sizeof generations / sizeof *generations)
#define MOST_INPUTS 16
#define MOST_GUESTS 8

struct guest {
    const char *name;
    struct nxp_program *program;
};

struct run {
    struct exchange *exchange;
    const struct generation *generation;
    bool known_only;
    const char *given_node;
    struct guest guests[MOST_GUESTS];
    size_t guest_count;
    struct nxp_prover *prover;
    struct signing_key *key;
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    struct buffer body;
    unsigned checks, failures;

    char wallet[43], uuid[37], user_id[128], node_id[64];

    /* The task as this generation reads it. */
    char task_id[256], program_id[128];
    enum task_type type;
    uint32_t inputs[MOST_INPUTS][3];
    size_t input_count;
    struct nxp_result proofs[MOST_INPUTS];
    char hashes[MOST_INPUTS][KECCAK256_HEX], proof_hash[KECCAK256_HEX];
};

/* ---- TAP ---- */

enum source { FROM_SOURCE, FROM_OBSERVERS, OWN_CHOICE };

static bool check(struct run *r, enum source from, bool holds, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool check(struct run *r, enum source from, bool holds, const char *format, ...)
{
    static const char *const marks[] = {"S", "O", "OWN"};
    va_list args;

    if (from == OWN_CHOICE && r->known_only)
        return holds;
    r->checks++;
    r->failures += !holds;
    printf("%sok %u - %s [%s] ", holds ? "" : "not ", r->checks, r->generation->name, marks[from]);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    return holds;
}

static void diagnose(const struct answer *a)
{
    printf("# status %u %s%.*s\n", a->status, a->text,
           a->body.size < 200 ? (int)a->body.size : 200, (const char *)a->body.data);
}

/* ---- calls ---- */

static const struct answer *call(struct run *r, enum http_method method, const char *path)
{
    struct http_request q = {.method = method, .path = path, .body = buffer_bytes(&r->body)};

    /* client.md 1.2: the seed's clients send the type on GET too */
    if (method == HTTP_POST || r->generation->list_body)
        q.headers[q.header_count++] =
            (struct http_header){"content-type", "application/octet-stream"};
    if (r->generation->user_agent) {
        q.headers[q.header_count++] = (struct http_header){"user-agent", r->generation->user_agent};
        q.headers[q.header_count++] = (struct http_header){"x-build-timestamp", "1770077994000"};
    } else {
        q.headers[q.header_count++] = (struct http_header){"user-agent", ""};
    }
    q.headers[q.header_count++] = (struct http_header){"accept", "*/*"};
    return exchange_call(r->exchange, &q);
}

static const struct answer *get(struct run *r, const char *format, const char *what)
{
    char path[256];

    snprintf(path, sizeof path, "%s%s", format, what);
    buffer_reset(&r->body);
    return call(r, HTTP_GET, path);
}

static bool is_success(const struct answer *a)
{
    return a->status >= 200 && a->status < 300;
}

/* The orchestrator's own form of an error (client.md 1.4). */
static bool is_error(const struct answer *a, unsigned status)
{
    json_t *root = json_loadb((const char *)a->body.data, a->body.size, 0, NULL);
    bool form = json_is_string(json_object_get(root, "name")) &&
                json_is_string(json_object_get(root, "message")) &&
                json_integer_value(json_object_get(root, "httpCode")) == (json_int_t)status;

    json_decref(root);
    return form && a->status == status;
}

static bool expect_error(struct run *r, enum source from, const struct answer *a, unsigned status,
                         const char *what)
{
    bool holds = check(r, from, is_error(a, status), "%s: %u with the error as JSON", what, status);

    if (!holds)
        diagnose(a);
    return holds;
}

/* ---- registration ---- */

static void invent(struct run *r)
{
    uint8_t random[36];
    char hex[73];

    if (getrandom(random, sizeof random, 0) != sizeof random)
        abort();
    random[26] = (uint8_t)((random[26] & 0x0f) | 0x40);
    random[28] = (uint8_t)((random[28] & 0x3f) | 0x80);
    hex_encode(hex, random, sizeof random);
    snprintf(r->wallet, sizeof r->wallet, "0x%.40s", hex);
    snprintf(r->uuid, sizeof r->uuid, "%.8s-%.4s-%.4s-%.4s-%.12s", hex + 40, hex + 48, hex + 52,
             hex + 56, hex + 60);
}

static const struct answer *register_user(struct run *r)
{
    buffer_reset(&r->body);
    wire_encode_register_user(
        &r->body, &(struct wire_register_user){.uuid = r->uuid, .wallet_address = r->wallet});
    return call(r, HTTP_POST, "/v3/users");
}

static const struct answer *register_node(struct run *r, const char *user_id)
{
    buffer_reset(&r->body);
    wire_encode_register_node(
        &r->body, &(struct wire_register_node){.node_type = NODE_CLI_PROVER, .user_id = user_id});
    return call(r, HTTP_POST, "/v3/nodes");
}

static bool registers(struct run *r)
{
    struct wire_memory memory = {0};
    struct wire_node_registered node;
    const struct answer *a;
    struct wire_user user;
    bool ok;

    invent(r);
    a = get(r, "/v3/users/", r->wallet);
    check(r, FROM_SOURCE, !is_success(a), "an unknown wallet is not found");
    expect_error(r, OWN_CHOICE, a, 404, "an unknown wallet");
    a = register_user(r);
    if (!check(r, FROM_SOURCE, is_success(a), "a user is registered")) {
        diagnose(a);
        return false;
    }
    expect_error(r, FROM_OBSERVERS, register_user(r), 409, "the same wallet again");

    a = get(r, "/v3/users/", r->wallet);
    ok = is_success(a) &&
         wire_decode_user(&user, &memory, a->body, WIRE_MAX_RESPONSE, NULL) == ST_OK;
    if (check(r, FROM_SOURCE, ok && *user.user_id, "the wallet gives the user id"))
        snprintf(r->user_id, sizeof r->user_id, "%s", user.user_id);
    wire_memory_fini(&memory);
    check(r, OWN_CHOICE, strcmp(r->user_id, r->uuid) == 0, "the user id is the one that was sent");

    expect_error(r, FROM_OBSERVERS, register_node(r, "00000000-0000-4000-8000-000000000000"), 404,
                 "a node of an unknown user");
    a = register_node(r, r->user_id);
    ok = is_success(a) &&
         wire_decode_node_registered(&node, &memory, a->body, WIRE_MAX_RESPONSE, NULL) == ST_OK;
    ok = check(r, FROM_SOURCE,
               ok && *node.node_id && strspn(node.node_id, "0123456789") == strlen(node.node_id),
               "a node is registered, its id is decimal");
    if (ok)
        snprintf(r->node_id, sizeof r->node_id, "%s", node.node_id);
    else
        diagnose(a);
    wire_memory_fini(&memory);
    return ok;
}

static void looks_up(struct run *r)
{
    const struct answer *a = get(r, "/v3/nodes/", r->node_id);
    struct wire_memory memory = {0};
    struct wire_node node;
    bool ok = is_success(a) &&
              wire_decode_node(&node, &memory, a->body, WIRE_MAX_RESPONSE, NULL) == ST_OK;

    check(r, FROM_SOURCE, ok && (r->given_node || strcasecmp(node.wallet_address, r->wallet) == 0),
          "the node is known with its wallet");
    wire_memory_fini(&memory);
    expect_error(r, OWN_CHOICE, get(r, "/v3/nodes/", "99999999999999999999"), 404,
                 "an unknown node");
}

/* ---- tasks ---- */

static const struct answer *fetch(struct run *r, const char *node_id, size_t key_size)
{
    buffer_reset(&r->body);
    wire_encode_fetch(&r->body,
                      &(struct wire_fetch){.node_id = node_id,
                                           .node_type = NODE_CLI_PROVER,
                                           .public_key = bytes_of(r->public_key, key_size)});
    return call(r, HTTP_POST, "/v3/tasks");
}

static bool take_inputs(struct run *r, const struct bytes *inputs, size_t count)
{
    if (count == 0 || count > MOST_INPUTS)
        return false;
    for (size_t i = 0; i < count; i++)
        if (wire_task_input(r->inputs[i], inputs[i], NULL))
            return false;
    r->input_count = count;
    return true;
}

static bool take_task(struct run *r, const struct wire_fetched *m)
{
    const char *id = r->generation->reads_task ? m->task.task_id : m->task_id;
    const char *program = r->generation->reads_task ? m->task.program_id : m->program_id;

    if (r->generation->reads_task && !m->has_task)
        return false;
    snprintf(r->task_id, sizeof r->task_id, "%s", id ? id : "");
    snprintf(r->program_id, sizeof r->program_id, "%s", program ? program : "");
    r->type = r->generation->reads_task ? m->task.task_type : TASK_PROOF_REQUIRED;
    return r->generation->reads_task ? take_inputs(r, m->task.inputs, m->task.input_count)
                                     : take_inputs(r, &m->public_inputs, 1);
}

static bool fetches(struct run *r)
{
    const struct answer *a = fetch(r, r->node_id, sizeof r->public_key);
    struct wire_memory memory = {0};
    struct wire_fetched m;
    bool ok = is_success(a) &&
              wire_decode_fetched(&m, &memory, a->body, WIRE_MAX_RESPONSE, NULL) == ST_OK;

    if (!check(r, FROM_SOURCE, ok, "a task is fetched")) {
        diagnose(a);
        return false;
    }
    /* v0.10.3 and later end the process without it (client.md 14.2) */
    check(r, FROM_SOURCE, m.has_task, "field 4 holds the task");
    ok = take_task(r, &m);
    check(r, FROM_SOURCE, ok && *r->task_id && strlen(r->task_id) <= 64,
          "id, program and inputs are where these versions read them");
    check(r, OWN_CHOICE,
          m.has_task && m.task_id && strcmp(m.task_id, m.task.task_id) == 0 &&
              m.task.input_count > 0 && bytes_equal(m.public_inputs, m.task.inputs[0]),
          "old and new fields agree");
    wire_memory_fini(&memory);
    return ok;
}

/* How many tasks the legacy call lists, and whether ours is among them; -1: it cannot be read. */
static int lists(struct run *r, bool *ours)
{
    struct wire_memory memory = {0};
    const struct answer *a;
    struct wire_tasks m;
    int count = -1;

    *ours = false;
    buffer_reset(&r->body);
    if (r->generation->list_body) {
        wire_encode_list(&r->body, &(struct wire_list){.node_id = r->node_id});
        a = call(r, HTTP_GET, "/v3/tasks");
    } else {
        a = get(r, "/v3/tasks/", r->node_id);
    }
    if (a->status == 404)
        return 0; /* the clients take it for an empty list (client.md 12.4) */
    if (is_success(a) && wire_decode_tasks(&m, &memory, a->body, WIRE_MAX_RESPONSE, NULL) == ST_OK) {
        count = (int)m.task_count;
        for (size_t i = 0; i < m.task_count; i++)
            *ours |= strcmp(m.tasks[i].task_id, r->task_id) == 0;
    }
    wire_memory_fini(&memory);
    return count;
}

/* ---- proofs ---- */

static const struct nxp_program *program_of(const struct run *r)
{
    for (size_t i = 0; i < r->guest_count; i++)
        if (strcmp(r->guests[i].name, r->program_id) == 0)
            return r->guests[i].program;
    return NULL;
}

static bool prove(struct run *r)
{
    const struct nxp_program *program = program_of(r);
    const char *hashes[MOST_INPUTS];
    struct buffer input;
    struct why why = {""};
    bool ok = program != NULL;

    if (!ok)
        fail(&why, ST_NOT_FOUND, "no guest '%s' (--guest)", r->program_id);
    for (size_t i = 0; i < r->input_count && ok; i++) {
        buffer_init(&input, 0);
        nxp_encode_u32s(&input, r->inputs[i], 3);
        ok = nxp_prove(r->prover, &r->proofs[i], program,
                       &(struct nxp_input){.public_input = buffer_bytes(&input)}, &why) == ST_OK;
        buffer_fini(&input);
        if (ok)
            keccak256_hex(r->hashes[i], bytes_of(r->proofs[i].proof, r->proofs[i].proof_size));
        hashes[i] = r->hashes[i];
    }
    if (!check(r, FROM_SOURCE, ok, "its %zu input(s) can be proved", r->input_count)) {
        printf("# %s\n", why.text);
        return false;
    }
    if (r->type == TASK_PROOF_REQUIRED)
        memcpy(r->proof_hash, r->hashes[0], sizeof r->proof_hash);
    else
        proof_hash_combine(r->proof_hash, hashes, r->input_count);
    return true;
}

struct tampering {
    bool signature, key, hash, proof;
};

static const struct answer *submit(struct run *r, const struct tampering *t)
{
    uint8_t signature[SIGNING_SIGNATURE_SIZE], key[SIGNING_PUBLIC_SIZE];
    const char *hashes[MOST_INPUTS];
    struct bytes proofs[MOST_INPUTS];
    char hash[KECCAK256_HEX];
    struct wire_submission m = {.node_type = NODE_CLI_PROVER,
                                .proof_hash = hash,
                                .has_telemetry = true,
                                .task_id = r->task_id,
                                .public_key = bytes_of(key, sizeof key),
                                .signature = bytes_of(signature, sizeof signature)};

    memcpy(hash, r->proof_hash, sizeof hash);
    memcpy(key, r->public_key, sizeof key);
    if (t->hash)
        hash[7] = hash[7] == 'a' ? 'b' : 'a';
    signing_sign(r->key, signature, r->task_id, hash);
    signature[3] ^= t->signature;
    key[3] ^= t->key;
    for (size_t i = 0; i < r->input_count; i++) {
        hashes[i] = r->hashes[i];
        proofs[i] = bytes_of(r->proofs[i].proof, r->proofs[i].proof_size);
    }
    if (t->proof)
        r->proofs[0].proof[r->proofs[0].proof_size / 2] ^= 1;
    if (r->type == TASK_PROOF_REQUIRED) {
        if (r->input_count == 1)
            m.proof = proofs[0];
        if (r->generation->sends_proofs) {
            m.proofs = proofs;
            m.proof_count = r->input_count;
        }
    } else if (r->type == TASK_ALL_PROOF_HASHES) {
        m.all_proof_hashes = hashes;
        m.all_proof_hash_count = r->input_count;
    }
    buffer_reset(&r->body);
    wire_encode_submission(&r->body, &m);
    if (t->proof)
        r->proofs[0].proof[r->proofs[0].proof_size / 2] ^= 1;
    return call(r, HTTP_POST, "/v3/tasks/submit");
}

static void submits(struct run *r)
{
    const struct answer *a;

    expect_error(r, OWN_CHOICE, submit(r, &(struct tampering){.signature = true}), 403,
                 "a wrong signature");
    expect_error(r, OWN_CHOICE, submit(r, &(struct tampering){.key = true}), 403,
                 "a key that did not fetch the task");
    expect_error(r, OWN_CHOICE, submit(r, &(struct tampering){.hash = true}), 422, "a wrong hash");
    if (r->type == TASK_PROOF_REQUIRED)
        expect_error(r, OWN_CHOICE, submit(r, &(struct tampering){.proof = true}), 422,
                     "a proof that is not the one of the hash");
    a = submit(r, &(struct tampering){.signature = false});
    if (!check(r, FROM_SOURCE, is_success(a), "the proof is accepted"))
        diagnose(a);
    expect_error(r, FROM_OBSERVERS, submit(r, &(struct tampering){.signature = false}), 404,
                 "the same submission again");
}

/* ---- one generation ---- */

static void release(struct run *r)
{
    for (size_t i = 0; i < MOST_INPUTS; i++)
        nxp_result_fini(&r->proofs[i]);
    memset(r->proofs, 0, sizeof r->proofs);
    r->task_id[0] = 0;
}

static void play(struct run *r)
{
    bool ours;

    if (r->given_node)
        snprintf(r->node_id, sizeof r->node_id, "%s", r->given_node);
    else if (!registers(r))
        return;
    if (r->generation->looks_up_node)
        looks_up(r);
    if ((r->generation->list || r->generation->list_body) && !r->given_node)
        check(r, FROM_SOURCE, lists(r, &ours) == 0, "a new node has no tasks in its list");
    expect_error(r, OWN_CHOICE, fetch(r, r->node_id, 31), 400, "a key of 31 bytes");
    expect_error(r, OWN_CHOICE, fetch(r, "99999999999999999999", 32), 404,
                 "a fetch for an unknown node");
    if (!fetches(r))
        return;
    if (r->generation->list || r->generation->list_body) {
        int count = lists(r, &ours);

        check(r, FROM_SOURCE, count > 0 && count <= 50 && ours, "the list shows the open task");
    }
    if (prove(r))
        submits(r);
    if (r->generation->list || r->generation->list_body) {
        lists(r, &ours);
        check(r, FROM_OBSERVERS, !ours, "the list does not show it any more");
    }
}

/* ---- the program ---- */

static int usage(void)
{
    fprintf(stderr, "usage: conformance [--known-only] [--cacert FILE] [--guest NAME=ELF]... "
                    "[--node ID] BASE_URL\n");
    return 2;
}

static bool add_guest(struct run *r, const char *name, struct bytes elf)
{
    struct guest *g = &r->guests[r->guest_count];
    struct why why;

    if (r->guest_count == MOST_GUESTS || nxp_program_new(&g->program, elf, &why)) {
        fprintf(stderr, "conformance: guest '%s' cannot be used\n", name);
        return false;
    }
    g->name = name;
    r->guest_count++;
    return true;
}

static bool load_guest(struct run *r, char *argument)
{
    char *path = strchr(argument, '=');
    struct buffer elf;
    struct why why;
    bool ok;

    if (!path)
        return false;
    *path++ = 0;
    buffer_init(&elf, 0);
    if (file_read(&elf, path, (size_t)64 << 20, &why)) {
        fprintf(stderr, "conformance: %s\n", why.text);
        return false;
    }
    ok = add_guest(r, argument, buffer_bytes(&elf));
    buffer_fini(&elf);
    return ok;
}

static bool prepare(struct run *r, const struct exchange_options *o)
{
    static const struct nxp_prover_options options = {.threads = 1};
    struct why why;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    r->exchange = exchange_new(o);
    buffer_init(&r->body, 0);
    if (!r->exchange || signing_start(&why) || signing_key_random(&r->key, &why) ||
        nxp_prover_new(&r->prover, &options, &why))
        return false;
    signing_key_public(r->key, r->public_key);
    return add_guest(r, "fib", nxp_builtin_guest("fib"));
}

static void finish(struct run *r)
{
    for (size_t i = 0; i < r->guest_count; i++)
        nxp_program_free(r->guests[i].program);
    nxp_prover_free(r->prover);
    signing_key_free(r->key);
    buffer_fini(&r->body);
    exchange_free(r->exchange);
    curl_global_cleanup();
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"known-only", no_argument, NULL, 'k'},
                                            {"cacert", required_argument, NULL, 'c'},
                                            {"guest", required_argument, NULL, 'g'},
                                            {"node", required_argument, NULL, 'n'},
                                            {0}};
    struct run r = {.known_only = false};
    struct exchange_options o = {.base_url = NULL};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'k')
            r.known_only = true;
        else if (option == 'c')
            o.ca_file = optarg;
        else if (option == 'n')
            r.given_node = optarg;
        else if (option != 'g' || !load_guest(&r, optarg))
            return usage();
    }
    if (optind + 1 != argc)
        return usage();
    o.base_url = argv[optind];
    if (!prepare(&r, &o))
        return 2;
    puts("TAP version 13");
    for (size_t i = 0; i < GENERATIONS; i++) {
        r.generation = &generations[i];
        play(&r);
        release(&r);
    }
    printf("1..%u\n# %u of %u checks hold\n", r.checks, r.checks - r.failures, r.checks);
    finish(&r);
    return r.failures ? 1 : 0;
}
