/* SPDX-License-Identifier: Apache-2.0 */
/* Load for nxp-mockorch on loopback: what it can carry, and what it survives.
 *
 *   mock_load closed PORT CONNECTIONS SECONDS         fetch and submit in turn, as fast as answers come
 *   mock_load fetch  PORT CONNECTIONS SECONDS         only fetches
 *   mock_load submit PORT CONNECTIONS TASKS           only submissions; the tasks are fetched before the clock starts
 *   mock_load open   PORT CONNECTIONS SECONDS RATE    fetch and submit, so many requests a second
 *   mock_load idle   PORT CONNECTIONS PID             memory of PID with so many quiet connections
 *   mock_load loris  PORT CONNECTIONS SECONDS         heads that come a byte at a time
 *   mock_load body   PORT                             a body of 1 GiB
 *   mock_load pipe   PORT REQUESTS                    all requests before the first answer is read
 *
 * The orchestrator must know node 7, give tasks without a limit and only ask for hashes:
 * bench/mock.sh does all that. One thread; one JSON object on standard output.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "proto/signing.h"
#include "proto/wire.h"

#define NODE       "7"
#define MOST_TIMES 8000000

struct connection {
    int fd;
    bool busy, submits; /* waits for an answer; to a submission */
    int64_t sent_ns;
    struct buffer out;
    size_t out_at;
    char in[8192];
    size_t in_size;
    char task_id[80];
};

struct load {
    unsigned port;
    struct connection *connections;
    size_t count;
    int epoll;
    struct signing_key *key;
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    struct buffer body;
    uint32_t *times_us; /* of answers */
    size_t times;
    uint64_t statuses[6], broken, unsent;
    bool only_fetches;
    char (*pool)[80]; /* tasks for `submit`; NULL: another mode */
    size_t pooled;
};

static int64_t now_ns(void)
{
    return clock_now_ns(clock_system());
}

static void die(const char *what)
{
    perror(what);
    exit(1);
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

static void load_open(struct load *l, unsigned port, size_t connections)
{
    const struct rlimit files = {.rlim_cur = 20000, .rlim_max = 20000};

    setrlimit(RLIMIT_NOFILE, &files);
    *l = (struct load){.port = port, .count = connections, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    l->connections = calloc(connections, sizeof *l->connections);
    l->times_us = malloc(MOST_TIMES * sizeof *l->times_us);
    if (!l->connections || !l->times_us || signing_start(NULL) ||
        signing_key_random(&l->key, NULL))
        die("start");
    signing_key_public(l->key, l->public_key);
    buffer_init(&l->body, 0);
    for (size_t i = 0; i < connections; i++) {
        struct connection *c = &l->connections[i];
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

        c->fd = dial(port);
        buffer_init(&c->out, 0);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e);
    }
}

/* ---- requests ---- */

static void put_fetch(struct load *l)
{
    wire_encode_fetch(&l->body,
                      &(struct wire_fetch){.node_id = NODE,
                                           .node_type = NODE_CLI_PROVER,
                                           .public_key = bytes_of(l->public_key, 32)});
}

static void put_submission(struct load *l, const struct connection *c)
{
    static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    uint8_t signature[SIGNING_SIGNATURE_SIZE];

    signing_sign(l->key, signature, c->task_id, hash);
    wire_encode_submission(&l->body,
                           &(struct wire_submission){
                               .node_type = NODE_CLI_PROVER,
                               .proof_hash = hash,
                               .has_telemetry = true,
                               .task_id = c->task_id,
                               .public_key = bytes_of(l->public_key, 32),
                               .signature = bytes_of(signature, sizeof signature),
                           });
}

static void flush(struct connection *c)
{
    while (c->out_at < c->out.size) {
        ssize_t n = send(c->fd, c->out.data + c->out_at, c->out.size - c->out_at, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* requests are small: a full socket buffer shows as a broken connection */
        c->out_at += (size_t)n;
    }
}

static void ask(struct load *l, struct connection *c)
{
    c->submits = c->task_id[0];
    buffer_reset(&l->body);
    if (c->submits)
        put_submission(l, c);
    else
        put_fetch(l);
    buffer_reset(&c->out);
    c->out_at = 0;
    buffer_put_format(&c->out,
                      "POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: %zu\r\n\r\n",
                      c->submits ? "/v3/tasks/submit" : "/v3/tasks", l->body.size);
    buffer_put(&c->out, l->body.data, l->body.size);
    c->busy = true;
    c->in_size = 0;
    c->sent_ns = now_ns();
    flush(c);
}

/* ---- answers ---- */

/* The body's place, when the whole answer is there. */
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

static void take_task(struct connection *c, struct bytes body)
{
    struct wire_memory memory = {0};
    struct wire_fetched m;

    if (wire_decode_fetched(&m, &memory, body, WIRE_MAX_RESPONSE, NULL) == ST_OK)
        snprintf(c->task_id, sizeof c->task_id, "%s", m.task.task_id);
    wire_memory_fini(&memory);
}

static void answered(struct load *l, struct connection *c, unsigned status, struct bytes body)
{
    l->statuses[status / 100 % 6]++;
    if (c->busy && l->times < MOST_TIMES) /* 503 to a connection too many comes unasked */
        l->times_us[l->times++] = (uint32_t)((now_ns() - c->sent_ns) / 1000);
    c->busy = false;
    c->task_id[0] = 0;
    if (status == 200 && !c->submits && !l->only_fetches)
        take_task(c, body);
    if (l->pool && c->task_id[0]) {
        memcpy(l->pool[l->pooled++], c->task_id, sizeof c->task_id);
        c->task_id[0] = 0;
    }
}

/* false: nothing more now. */
static bool receive(struct load *l, struct connection *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_size, sizeof c->in - 1 - c->in_size, 0);
    struct bytes body;
    unsigned status;

    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) { /* closed, or an answer of more than 8 KiB */
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

        l->broken += c->busy;
        close(c->fd);
        c->fd = dial(l->port);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e);
        c->busy = false;
        c->task_id[0] = 0;
        return false;
    }
    c->in_size += (size_t)n;
    if (is_whole(c, &status, &body))
        answered(l, c, status, body);
    return c->busy;
}

static void wait_events(struct load *l, int timeout_ms)
{
    struct epoll_event events[256];
    int n = epoll_wait(l->epoll, events, 256, timeout_ms);

    for (int i = 0; i < n; i++) {
        flush(events[i].data.ptr);
        while (receive(l, events[i].data.ptr)) {
        }
    }
}

/* ---- reports ---- */

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void report(struct load *l, const char *mode, double seconds)
{
    size_t n = l->times;

    qsort(l->times_us, n, sizeof *l->times_us, ascending);
    printf("{\"mode\": \"%s\", \"connections\": %zu, \"seconds\": %.2f, \"answers\": %zu, "
           "\"per_second\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, "
           "\"2xx\": %llu, \"4xx\": %llu, \"5xx\": %llu, \"broken\": %llu, \"unsent\": %llu}\n",
           mode, l->count, seconds, n, (double)n / seconds, n ? l->times_us[n / 2] / 1e3 : 0,
           n ? l->times_us[n * 99 / 100] / 1e3 : 0, n ? l->times_us[n - 1] / 1e3 : 0,
           (unsigned long long)l->statuses[2], (unsigned long long)l->statuses[4],
           (unsigned long long)l->statuses[5], (unsigned long long)l->broken,
           (unsigned long long)l->unsent);
}

/* ---- modes ---- */

static void run_closed(struct load *l, int64_t span_ns)
{
    int64_t start_ns = now_ns();

    while (now_ns() - start_ns < span_ns) {
        for (size_t i = 0; i < l->count; i++)
            if (!l->connections[i].busy)
                ask(l, &l->connections[i]);
        wait_events(l, 100);
    }
    report(l, l->only_fetches ? "fetch" : "closed", (double)(now_ns() - start_ns) / 1e9);
}

static size_t busy(const struct load *l)
{
    size_t count = 0;

    for (size_t i = 0; i < l->count; i++)
        count += l->connections[i].busy;
    return count;
}

static void run_submit(struct load *l, size_t tasks)
{
    int64_t start_ns;
    char(*pool)[80] = calloc(tasks + l->count, sizeof *pool);

    if (!pool)
        die("tasks");
    for (l->pool = pool; l->pooled < tasks || busy(l);) {
        for (size_t i = 0; i < l->count && l->pooled < tasks; i++)
            if (!l->connections[i].busy)
                ask(l, &l->connections[i]);
        wait_events(l, 100);
    }
    l->pool = NULL;
    l->times = 0;
    memset(l->statuses, 0, sizeof l->statuses);
    start_ns = now_ns();
    while (l->pooled || busy(l)) {
        for (size_t i = 0; i < l->count && l->pooled; i++) {
            struct connection *c = &l->connections[i];

            if (c->busy)
                continue;
            memcpy(c->task_id, pool[--l->pooled], sizeof c->task_id);
            ask(l, c);
        }
        wait_events(l, 100);
    }
    report(l, "submit", (double)(now_ns() - start_ns) / 1e9);
    free(pool);
}

/* Requests are due at a fixed rate, whatever the answers do; one that finds no free connection is
 * counted as unsent. */
static void run_open(struct load *l, int64_t span_ns, double rate)
{
    int64_t start_ns = now_ns(), due = 0;
    size_t next = 0;

    while (now_ns() - start_ns < span_ns) {
        int64_t wanted = (int64_t)((double)(now_ns() - start_ns) / 1e9 * rate);

        for (; due < wanted; due++) {
            size_t tried = 0;

            while (tried < l->count && l->connections[next].busy) {
                next = (next + 1) % l->count;
                tried++;
            }
            if (tried == l->count)
                l->unsent++;
            else
                ask(l, &l->connections[next]);
        }
        wait_events(l, 1);
    }
    report(l, "open", (double)(now_ns() - start_ns) / 1e9);
}

static void run_idle(struct load *l, int pid)
{
    char path[64], line[256];
    FILE *status;

    for (size_t i = 0; i < l->count; i++) { /* each has been used once */
        ask(l, &l->connections[i]);
        while (l->connections[i].busy)
            wait_events(l, 1000);
    }
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    status = fopen(path, "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmRSS:", 6) == 0)
            printf("{\"mode\": \"idle\", \"connections\": %zu, \"rss_mib\": %.1f}\n", l->count,
                   strtod(line + 6, NULL) / 1024);
    if (status)
        fclose(status);
}

static void run_loris(struct load *l, int64_t span_ns)
{
    static const char head[] = "POST /v3/tasks HTTP/1.1\r\nhost: localhost\r\nx: ";
    struct load honest;
    int64_t start_ns = now_ns();
    size_t at = 0;

    load_open(&honest, l->port, 1);
    while (now_ns() - start_ns < span_ns) {
        char byte = at < sizeof head - 1 ? head[at] : 'y';

        at++;
        for (size_t i = 0; i < l->count; i++)
            if (send(l->connections[i].fd, &byte, 1, MSG_NOSIGNAL) < 0)
                l->broken++;
        for (int i = 0; i < 100; i++) {
            ask(&honest, &honest.connections[0]);
            while (honest.connections[0].busy)
                wait_events(&honest, 1000);
        }
    }
    honest.broken = l->broken; /* slow ones that the server has thrown out */
    report(&honest, "loris", (double)(now_ns() - start_ns) / 1e9);
}

static void run_body(unsigned port)
{
    static char part[1 << 16];
    static const char head[] =
        "POST /v3/tasks/submit HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1073741824\r\n\r\n";
    int fd = dial(port);
    size_t sent = 0;
    ssize_t n;

    send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
    while (sent < (size_t)1 << 30 && (n = send(fd, part, sizeof part, MSG_NOSIGNAL)) > 0)
        sent += (size_t)n;
    n = recv(fd, part, 64, 0);
    part[n > 0 ? n : 0] = 0;
    part[strcspn(part, "\r")] = 0;
    printf("{\"mode\": \"body\", \"sent_mib\": %.1f, \"answer\": \"%s\"}\n",
           (double)sent / (1 << 20), part);
    close(fd);
}

static void run_pipe(unsigned port, size_t requests)
{
    static const char request[] = "GET /v3/nodes/" NODE " HTTP/1.1\r\nhost: localhost\r\n\r\n";
    static char text[1 << 20];
    size_t sent = 0, answers = 0, kept = 0;
    int fd = dial(port);

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (answers < requests) {
        ssize_t n = 1;

        while (sent < requests &&
               (n = send(fd, request, sizeof request - 1, MSG_NOSIGNAL)) == sizeof request - 1)
            sent++;
        if (n > 0 && sent < requests)
            break; /* part of a request: the rest would have to follow */
        n = recv(fd, text + kept, sizeof text - 1 - kept, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            break;
        if (n < 0)
            continue;
        kept += (size_t)n;
        text[kept] = 0;
        for (char *at = text; (at = strstr(at, "HTTP/1.1 200")); at++)
            answers++;
        kept = 0; /* an answer cut in two is counted by its start; the next starts whole */
    }
    printf("{\"mode\": \"pipe\", \"sent\": %zu, \"answers\": %zu}\n", sent, answers);
    close(fd);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    unsigned port = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
    struct load l;

    if (strcmp(mode, "body") == 0) {
        run_body(port);
        return 0;
    }
    if (argc < 4) {
        fprintf(stderr, "usage: see the top of bench/mock_load.c\n");
        return 2;
    }
    if (strcmp(mode, "pipe") == 0) {
        run_pipe(port, (size_t)atol(argv[3]));
        return 0;
    }
    load_open(&l, port, (size_t)atol(argv[3]));
    l.only_fetches = strcmp(mode, "fetch") == 0;
    if ((l.only_fetches || strcmp(mode, "closed") == 0) && argc == 5)
        run_closed(&l, atol(argv[4]) * NS_PER_S);
    else if (strcmp(mode, "submit") == 0 && argc == 5)
        run_submit(&l, (size_t)atol(argv[4]));
    else if (strcmp(mode, "open") == 0 && argc == 6)
        run_open(&l, atol(argv[4]) * NS_PER_S, atof(argv[5]));
    else if (strcmp(mode, "idle") == 0 && argc == 5)
        run_idle(&l, atoi(argv[4]));
    else if (strcmp(mode, "loris") == 0 && argc == 5)
        run_loris(&l, atol(argv[4]) * NS_PER_S);
    return 0;
}
