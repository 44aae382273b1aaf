/* SPDX-License-Identifier: Apache-2.0 */
/* Does a flood of invalid proofs slow valid ones down? One user submits valid proofs of node 7, each as
 * soon as the last one is answered, over a few connections; the users of nodes 100, 101, … submit invalid
 * ones the same way, of one kind:
 *
 *   proof      signed, hashes to what it claims, and has another byte of a real proof wrong (422)
 *   hash       signed, and hashes to something else (422)
 *   signature  does not verify (403)
 *   foreign    of the valid user's task, with the flooder's key (403)
 *   unknown    of a task that nobody has (404)
 *   leaving    as unknown, but each on a new connection, left before the answer comes
 *
 *   mock_flood PORT TASKS CONNECTIONS FLOODERS CONNECTIONS_OF_EACH [KIND]
 *
 * Tasks are fetched and proved before the clock starts; no two have the same input, so that each is
 * verified. bench/mock_flood.sh starts the orchestrator and compares. One JSON object on standard output.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "proto/keccak256.h"
#include "proto/signing.h"
#include "proto/wire.h"
#include "prover/nxp.h"

struct task {
    char task_id[80];
    struct buffer proof;
};

enum kind { PROOF, HASH, SIGNATURE, FOREIGN, UNKNOWN, LEAVING, KINDS };
static const char *const kinds[] = {"proof", "hash", "signature", "foreign", "unknown", "leaving"};

struct party { /* a user with one node */
    char node[24];
    struct signing_key *key;
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    struct task *tasks;
    size_t count, next;
    bool floods;
    enum kind kind;
    const char *named_task; /* in its bad submissions */
    uint64_t statuses[6], limited;
};

struct connection {
    struct party *party;
    int fd;
    bool busy;
    int64_t sent_ns;
    struct buffer out;
    size_t out_at;
    char in[8192];
    size_t in_size;
};

struct prover {
    struct nxp_prover *prover;
    struct nxp_program *program;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ns(void)
{
    return clock_now_ns(clock_system());
}

static int dial(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* ---- requests ---- */

static void write_request(struct connection *c, const char *path, const struct buffer *body)
{
    buffer_reset(&c->out);
    buffer_put_format(&c->out,
                      "POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: %zu\r\n\r\n", path,
                      body->size);
    buffer_put(&c->out, body->data, body->size);
    c->out_at = 0;
    c->in_size = 0;
    c->busy = true;
    c->sent_ns = now_ns();
}

static void flush(struct connection *c)
{
    while (c->out_at < c->out.size) {
        ssize_t n = send(c->fd, c->out.data + c->out_at, c->out.size - c->out_at,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n <= 0)
            return; /* the rest when there is room */
        c->out_at += (size_t)n;
    }
}

static bool is_whole(struct connection *c, unsigned *status, struct bytes *body)
{
    char *end, *length;
    size_t size;

    c->in[c->in_size] = 0;
    end = memmem(c->in, c->in_size, "\r\n\r\n", 4);
    if (!end || sscanf(c->in, "HTTP/1.1 %u", status) != 1)
        return false;
    length = strcasestr(c->in, "\ncontent-length:");
    size = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
    *body = bytes_of(end + 4, size);
    return c->in_size >= (size_t)(end + 4 - c->in) + size;
}

/* ---- beforehand ---- */

static void prove(struct prover *p, struct task *t, struct bytes input)
{
    struct buffer public_input;
    struct nxp_result result;
    uint32_t words[3];
    struct why why;

    buffer_init(&public_input, 0);
    buffer_init(&t->proof, 0);
    if (wire_task_input(words, input, &why))
        die(why.text);
    nxp_encode_u32s(&public_input, words, 3);
    if (nxp_prove(p->prover, &result, p->program,
                  &(struct nxp_input){.public_input = buffer_bytes(&public_input)}, &why))
        die(why.text);
    buffer_put(&t->proof, result.proof, result.proof_size);
    nxp_result_fini(&result);
    buffer_fini(&public_input);
}

static void fetch(struct prover *p, struct connection *c, struct task *t)
{
    struct wire_memory memory = {0};
    struct wire_fetched m;
    struct buffer body;
    struct bytes answer;
    unsigned status;

    buffer_init(&body, 0);
    wire_encode_fetch(&body, &(struct wire_fetch){.node_id = c->party->node,
                                                  .node_type = NODE_CLI_PROVER,
                                                  .public_key = bytes_of(c->party->public_key, 32)});
    write_request(c, "/v3/tasks", &body);
    buffer_fini(&body);
    flush(c);
    while (!is_whole(c, &status, &answer)) {
        ssize_t n = recv(c->fd, c->in + c->in_size, sizeof c->in - 1 - c->in_size, 0);

        if (n <= 0)
            die("fetch");
        c->in_size += (size_t)n;
    }
    if (status != 200 || wire_decode_fetched(&m, &memory, answer, WIRE_MAX_RESPONSE, NULL))
        die("no task");
    snprintf(t->task_id, sizeof t->task_id, "%s", m.task.task_id);
    prove(p, t, m.task.inputs[0]);
    wire_memory_fini(&memory);
    c->busy = false;
}

static void party_open(struct party *p, unsigned number, size_t tasks, bool floods)
{
    *p = (struct party){.count = tasks, .floods = floods};
    snprintf(p->node, sizeof p->node, "%u", number);
    p->tasks = calloc(tasks, sizeof *p->tasks);
    if (!p->tasks || signing_key_random(&p->key, NULL))
        die("start");
    signing_key_public(p->key, p->public_key);
}

/* ---- the run ---- */

static void submit(struct connection *c)
{
    struct party *p = c->party;
    struct task *t = p->floods ? &p->tasks[0] : &p->tasks[p->next];
    uint8_t signature[SIGNING_SIGNATURE_SIZE];
    struct bytes proof = buffer_bytes(&t->proof);
    char hash[KECCAK256_HEX];
    struct buffer body;

    if (p->floods && p->kind == PROOF)
        /* in the openings, where a verifier comes last; never the same bytes twice */
        t->proof.data[t->proof.size / 2 + p->next / 255 * 31 % (t->proof.size / 4)] += 1;
    p->next++;
    keccak256_hex(hash, proof);
    if (p->floods && p->kind == HASH)
        hash[p->next % 64] = hash[p->next % 64] == '0' ? '1' : '0';
    signing_sign(p->key, signature, t->task_id, hash);
    if (p->floods && p->kind == SIGNATURE)
        signature[p->next % 32] ^= 1;
    buffer_init(&body, 0);
    wire_encode_submission(&body, &(struct wire_submission){
                                      .node_type = NODE_CLI_PROVER,
                                      .proof_hash = hash,
                                      .has_telemetry = true,
                                      .task_id = p->floods ? p->named_task : t->task_id,
                                      .public_key = bytes_of(p->public_key, 32),
                                      .signature = bytes_of(signature, sizeof signature),
                                      .proofs = &proof,
                                      .proof_count = 1,
                                      .proof = proof,
                                  });
    write_request(c, "/v3/tasks/submit", &body);
    buffer_fini(&body);
    flush(c);
}

/* false: every valid proof is on its way. */
static bool go_on(struct connection *c, unsigned port)
{
    if (!c->party->floods && c->party->next == c->party->count)
        return false;
    submit(c);
    if (c->party->floods && c->party->kind == LEAVING && c->out_at == c->out.size) {
        close(c->fd);
        c->fd = dial(port);
        c->busy = false;
        c->party->statuses[0]++;
    }
    return true;
}

static void receive(struct connection *c, unsigned port, int epoll)
{
    ssize_t n = recv(c->fd, c->in + c->in_size, sizeof c->in - 1 - c->in_size, MSG_DONTWAIT);
    struct bytes body;
    unsigned status;

    if (n == 0) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

        close(c->fd);
        c->fd = dial(port);
        epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e);
        c->busy = false;
        return;
    }
    if (n < 0)
        return;
    c->in_size += (size_t)n;
    if (!is_whole(c, &status, &body))
        return;
    c->busy = false;
    c->party->statuses[status / 100 % 6]++;
    c->party->limited += status == 429;
}

static void run(struct connection *connections, size_t count, unsigned port, struct party *valid)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[64];
    size_t under_way;

    for (size_t i = 0; i < count; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &connections[i]};

        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &e);
    }
    do {
        int n;

        under_way = 0;
        for (size_t i = 0; i < count; i++) {
            struct connection *c = &connections[i];

            flush(c);
            if (!c->busy)
                go_on(c, port);
            under_way += c->busy && c->party == valid;
        }
        n = epoll_wait(epoll, events, 64, 1);
        for (int i = 0; i < n; i++)
            receive(events[i].data.ptr, port, epoll);
    } while (under_way);
    close(epoll);
}

int main(int argc, char **argv)
{
    struct prover prover = {.prover = NULL};
    const struct nxp_prover_options options = {.threads = 1};
    int kind = PROOF;
    size_t tasks, of_valid, flooders, of_each, count, at = 0;
    struct connection *connections;
    struct party *parties;
    uint64_t refused = 0, limited = 0, busy = 0;
    unsigned port;
    double seconds;
    int64_t start_ns;

    for (int i = 0; argc == 7 && i < KINDS; i++)
        if (strcmp(argv[6], kinds[i]) == 0) {
            kind = i;
            argc = 6;
        }
    if (argc != 6) {
        fprintf(stderr, "usage: see the top of bench/mock_flood.c\n");
        return 2;
    }
    port = (unsigned)atoi(argv[1]);
    tasks = (size_t)atol(argv[2]);
    of_valid = (size_t)atol(argv[3]);
    flooders = (size_t)atol(argv[4]);
    of_each = (size_t)atol(argv[5]);
    count = of_valid + flooders * of_each;
    connections = calloc(count, sizeof *connections);
    parties = calloc(flooders + 1, sizeof *parties);
    if (!connections || !parties || signing_start(NULL) ||
        nxp_prover_new(&prover.prover, &options, NULL) ||
        nxp_program_new(&prover.program, nxp_builtin_guest("fib"), NULL))
        die("start");
    for (size_t i = 0; i <= flooders; i++) {
        party_open(&parties[i], i ? 99 + (unsigned)i : 7, i ? 1 : tasks, i > 0);
        for (size_t k = 0; k < (i ? of_each : of_valid); k++)
            connections[at++] = (struct connection){.party = &parties[i], .fd = dial(port)};
        for (size_t k = 0; k < parties[i].count; k++)
            fetch(&prover, &connections[at - 1], &parties[i].tasks[k]);
    }
    for (size_t i = 1; i <= flooders; i++) {
        parties[i].kind = (enum kind)kind;
        parties[i].named_task = kind >= UNKNOWN  ? "86-01K00000000000000000000000"
                                : kind == FOREIGN ? parties[0].tasks[tasks - 1].task_id
                                                  : parties[i].tasks[0].task_id;
    }
    for (size_t i = 0; i < count; i++) { /* proving took longer than a server waits for a request */
        close(connections[i].fd);
        connections[i].fd = dial(port);
    }
    start_ns = now_ns();
    run(connections, count, port, &parties[0]);
    seconds = (double)(now_ns() - start_ns) / 1e9;
    for (size_t i = 1; i <= flooders; i++) {
        limited += parties[i].limited;
        refused += parties[i].statuses[4] - parties[i].limited;
        busy += parties[i].statuses[5];
    }
    printf("{\"valid\": %llu, \"not_accepted\": %llu, \"seconds\": %.2f, \"valid_per_second\": %.1f, "
           "\"flooders\": %zu, \"kind\": \"%s\", \"refused\": %llu, \"limited\": %llu, \"busy\": %llu}\n",
           (unsigned long long)parties[0].statuses[2],
           (unsigned long long)(parties[0].statuses[4] + parties[0].statuses[5]), seconds,
           (double)parties[0].statuses[2] / seconds, flooders, kinds[kind], (unsigned long long)refused,
           (unsigned long long)limited, (unsigned long long)busy);
    return 0;
}
