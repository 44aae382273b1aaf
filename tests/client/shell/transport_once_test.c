/* SPDX-License-Identifier: Apache-2.0 */
/* A request that may be sent once, over a kept connection that ends at every possible moment, plain
 * and over TLS. Its whole body never arrives twice, and what the client says of it is true.
 *
 * libcurl sends by send(), which this program has itself: so a test decides what has happened on
 * the other side before libcurl goes on. No test sleeps.
 */
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/shell/transport_curl.h"
#include "tests/client/shell/scratch.h"

#define LARGE ((size_t)8 << 20) /* more than the system takes of what nobody reads */

enum ending { ANSWER, FIN, RESET };

/* What happens to the second request of the first connection. Others are answered. */
struct habit {
    size_t body_read; /* so much is read; with the head, but for: */
    bool before;      /* right behind the answer to the first request */
    enum ending ending;
};

struct server {
    struct habit habit;
    SSL_CTX *tls; /* NULL: plain */
    int fd;
    char url[64];
    pthread_t thread;
    sem_t read;                         /* the first answer has been */
    sem_t ended;                        /* the first connection has */
    unsigned connections, heads, whole; /* of submissions: their heads, and how many came whole */
};

struct line {
    int fd;
    SSL *ssl;
};

/* ---- what libcurl sends ---- */

static struct {
    struct server *server; /* NULL: nothing is special */
    unsigned sent;         /* calls since then */
    unsigned wait_after;   /* this many, the first connection has ended before libcurl goes on */
    unsigned full_after;   /* this many, there is no more room */
    sem_t full;            /* libcurl knows that */
} hook;

static pthread_t client; /* the only thread whose sends are counted */

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    bool ours = pthread_equal(pthread_self(), client) && hook.server && size > 0;
    ssize_t n;

    if (ours && hook.full_after && hook.sent == hook.full_after) {
        sem_post(&hook.full);
        sem_wait(&hook.server->ended);
        hook.server = NULL;
        errno = EAGAIN;
        return -1;
    }
    n = syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
    if (ours && ++hook.sent == hook.wait_after) {
        sem_wait(&hook.server->ended);
        hook.server = NULL;
    }
    return n;
}

/* ---- the server: one thread, one connection at a time ---- */

static ssize_t line_read(struct line *l, void *out, size_t size)
{
    return l->ssl ? SSL_read(l->ssl, out, (int)size) : recv(l->fd, out, size, 0);
}

static void line_write(struct line *l, const char *text)
{
    if (l->ssl)
        SSL_write(l->ssl, text, (int)strlen(text));
    else
        (void)!write(l->fd, text, strlen(text));
}

static void line_end(struct line *l, enum ending ending)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (ending == RESET)
        setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    else if (l->ssl)
        SSL_shutdown(l->ssl);
    SSL_free(l->ssl);
    close(l->fd);
}

static bool read_head(struct line *l, size_t *body_size)
{
    char head[4096];
    size_t size = 0;
    const char *at;

    while (size < sizeof head - 1 && !(size >= 4 && !memcmp(head + size - 4, "\r\n\r\n", 4)))
        if (line_read(l, head + size++, 1) != 1)
            return false;
    head[size] = '\0';
    at = strcasestr(head, "\r\ncontent-length:");
    *body_size = at ? strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
    return true;
}

static size_t read_body(struct line *l, size_t size)
{
    static char part[16384];
    size_t got = 0;

    while (got < size) {
        size_t left = size - got;
        ssize_t n = line_read(l, part, left < sizeof part ? left : sizeof part);

        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

static enum ending serve(struct server *s, struct line *l)
{
    bool first = ++s->connections == 1;
    size_t size;

    for (int request = 1; read_head(l, &size); request++) {
        bool special = first && size > 0;

        s->heads += size > 0;
        if (special && hook.full_after)
            sem_wait(&hook.full);
        if (special && s->habit.ending != ANSWER && s->habit.body_read < size) {
            read_body(l, s->habit.body_read);
            return s->habit.ending;
        }
        if (read_body(l, size) < size)
            return FIN;
        s->whole += size > 0;
        if (special && s->habit.ending != ANSWER)
            return s->habit.ending;
        line_write(l, "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok");
        if (first && s->habit.before) {
            sem_wait(&s->read);
            return s->habit.ending;
        }
    }
    return FIN;
}

static void *run(void *context)
{
    struct server *s = context;
    int fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        struct line l = {.fd = fd};

        if (s->tls) {
            l.ssl = SSL_new(s->tls);
            SSL_set_fd(l.ssl, fd);
            if (SSL_accept(l.ssl) != 1)
                abort();
        }
        line_end(&l, serve(s, &l));
        if (s->connections == 1)
            sem_post(&s->ended);
    }
    return NULL;
}

static SSL_CTX *new_context(int version, const char *certificate_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_EXTENSION *hosts = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    FILE *f = fopen(certificate_path, "w");

    assert_non_null(f);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_add_ext(x, hosts, -1);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    PEM_write_X509(f, x);
    fclose(f);
    SSL_CTX_set_max_proto_version(context, version);
    assert_int_equal(SSL_CTX_use_certificate(context, x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_EXTENSION_free(hosts);
    X509_free(x);
    EVP_PKEY_free(key);
    return context;
}

/* version: of TLS; 0: plain. */
static void server_begin(struct server *s, struct habit habit, int version, const char *ca_file)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;

    *s = (struct server){.habit = habit};
    sem_init(&s->read, 0, 0);
    sem_init(&s->ended, 0, 0);
    s->tls = version ? new_context(version, ca_file) : NULL;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    getsockname(s->fd, (struct sockaddr *)&at, &size);
    snprintf(s->url, sizeof s->url, "http%s://127.0.0.1:%u", version ? "s" : "",
             ntohs(at.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

/* The client is gone; the counts may be read then. */
static void server_end(struct server *s)
{
    shutdown(s->fd, SHUT_RD);
    pthread_join(s->thread, NULL);
    close(s->fd);
    SSL_CTX_free(s->tls);
    sem_destroy(&s->read);
    sem_destroy(&s->ended);
}

/* ---- the client ---- */

static struct transport_reply ask(struct transport_curl *t, struct bytes body)
{
    struct http_request r = {.method = body.size ? HTTP_POST : HTTP_GET, .path = "/", .body = body};
    struct transport_reply reply;

    assert_int_equal(transport_curl_send(t, 1, &r, body.size > 0, NULL), ST_OK);
    while (!transport_curl_take(t, &reply))
        transport_curl_wait(t, NULL, 0, 5000);
    return reply;
}

enum outcome { ANSWERED, NOT_DELIVERED, MAYBE };

static enum outcome outcome_of(const struct transport_reply *r)
{
    return r->answered ? ANSWERED : r->maybe_delivered ? MAYBE : NOT_DELIVERED;
}

enum where { EVERYWHERE, PLAIN, TLS };

struct moment {
    const char *name;
    struct habit habit;
    size_t body_size;
    unsigned wait_after, full_after; /* of hook */
    enum outcome outcome;
    unsigned connections, heads, whole;
    enum where where;
};

static const struct moment moments[] = {
    {"nothing happens", {.ending = ANSWER}, 3, .outcome = ANSWERED, 1, 1, 1},
    {"a large body", {.ending = ANSWER}, LARGE, .outcome = ANSWERED, 1, 1, 1},
    /* Before libcurl sends: a new connection. */
    {"before", {.before = true, .ending = FIN}, 3, .outcome = ANSWERED, 2, 1, 1},
    {"before, by reset", {.before = true, .ending = RESET}, 3, .outcome = ANSWERED, 2, 1, 1},
    /* Only the head has left: libcurl sends it all over a new connection. */
    {"behind the head, by reset", {.ending = RESET}, 3, 1, .outcome = ANSWERED, 2, 2, 1},
    {"behind the head of much", {.ending = RESET}, LARGE, 1, .outcome = ANSWERED, 2, 2, 1},
    {"behind the head", {.ending = FIN}, 3, 1, .outcome = ANSWERED, 2, 2, 1, TLS},
    {"behind the head of much", {.ending = FIN}, LARGE, 1, .outcome = ANSWERED, 2, 2, 1, TLS},
    /* All of it has left, and nobody knows what was read. Behind a FIN libcurl sends on. */
    {"behind the head", {.ending = FIN}, 3, 1, .outcome = MAYBE, 1, 1, 0, PLAIN},
    {"in the body", {1, .ending = FIN}, 3, 2, .outcome = MAYBE, 1, 1, 0},
    {"in the body, by reset", {1, .ending = RESET}, 3, 2, .outcome = MAYBE, 1, 1, 0},
    {"behind all", {3, .ending = FIN}, 3, 2, .outcome = MAYBE, 1, 1, 1},
    {"behind all, by reset", {3, .ending = RESET}, 3, 2, .outcome = MAYBE, 1, 1, 1},
    {"behind all of much", {LARGE, .ending = FIN}, LARGE, .outcome = MAYBE, 1, 1, 1},
    {"behind all of much, by reset", {LARGE, .ending = RESET}, LARGE, .outcome = MAYBE, 1, 1, 1},
    /* Some of it cannot have left. */
    {"behind the head of much",
     {.ending = FIN},
     LARGE,
     1,
     .outcome = NOT_DELIVERED,
     1,
     1,
     0,
     PLAIN},
    {"in half of much", {LARGE / 2, .ending = FIN}, LARGE, .outcome = NOT_DELIVERED, 1, 1, 0},
    {"in half of much, by reset",
     {LARGE / 2, .ending = RESET},
     LARGE,
     .outcome = NOT_DELIVERED,
     1,
     1,
     0},
    /* libcurl has taken all, or the beginning of it, which never leaves. */
    {"before any of it has left", {.ending = RESET}, 3, .full_after = 1, .outcome = MAYBE, 1, 1, 0},
    {"before any of much has left",
     {.ending = RESET},
     LARGE,
     .full_after = 1,
     .outcome = NOT_DELIVERED,
     1,
     1,
     0},
};

static void check(const struct moment *m, int version, const char *ca_file)
{
    struct transport_reply reply;
    struct transport_curl *t;
    struct server s;
    uint8_t *body = calloc(1, m->body_size);

    assert_non_null(body);
    hook.wait_after = m->wait_after;
    hook.full_after = m->full_after;
    server_begin(&s, m->habit, version, ca_file);
    assert_int_equal(
        transport_curl_new(&t,
                           &(struct transport_options){.base_url = s.url,
                                                       .ca_file = version ? ca_file : NULL,
                                                       .response_limit = 100},
                           NULL),
        ST_OK);
    reply = ask(t, bytes_of(NULL, 0));
    if (!reply.answered)
        fail_msg("%s, TLS %x: no connection: %s", m->name, version, reply.text);
    if (m->habit.before) {
        sem_post(&s.read);
        sem_wait(&s.ended);
    }
    hook.sent = 0;
    hook.server = m->wait_after || m->full_after ? &s : NULL;
    reply = ask(t, bytes_of(body, m->body_size));
    hook.server = NULL;
    transport_curl_free(t);
    server_end(&s);
    if (outcome_of(&reply) != m->outcome || s.connections != m->connections ||
        s.heads != m->heads || s.whole != m->whole)
        fail_msg("%s, TLS %x: outcome %d, %u connections, %u heads, %u whole: %s", m->name, version,
                 outcome_of(&reply), s.connections, s.heads, s.whole, reply.text);
    if (!reply.answered && strstr(reply.text, "callback"))
        fail_msg("%s: %s", m->name, reply.text);
    free(body);
}

static void a_body_is_sent_once_whenever_a_kept_connection_ends(void **state)
{
    static const int versions[] = {0, TLS1_2_VERSION, TLS1_3_VERSION};
    struct scratch scratch;

    (void)state;
    scratch_init(&scratch);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        for (size_t k = 0; k < sizeof moments / sizeof *moments; k++)
            if (moments[k].where == EVERYWHERE || (moments[k].where == TLS) == (versions[i] != 0))
                check(&moments[k], versions[i], scratch_path(&scratch, "ca.pem"));
    scratch_fini(&scratch);
}

/* A router that forgets what is silent for some minutes hears of it once a minute. */
static void a_kept_connection_is_not_silent(void **state)
{
    struct transport_curl *t;
    struct server s;
    unsigned found = 0;

    (void)state;
    hook.full_after = 0;
    server_begin(&s, (struct habit){.ending = ANSWER}, 0, NULL);
    assert_int_equal(
        transport_curl_new(
            &t, &(struct transport_options){.base_url = s.url, .response_limit = 100}, NULL),
        ST_OK);
    assert_true(ask(t, bytes_of(NULL, 0)).answered);
    for (int fd = 3; fd < 256; fd++) {
        int on = 0, idle_s = 0;
        socklen_t size = sizeof on;

        if (getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size) || !on)
            continue;
        assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, &size), 0);
        assert_int_equal(idle_s, 60);
        found++;
    }
    assert_int_equal(found, 1);
    transport_curl_free(t);
    server_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_sent_once_whenever_a_kept_connection_ends),
        cmocka_unit_test(a_kept_connection_is_not_silent),
    };

    client = pthread_self();
    sem_init(&hook.full, 0, 0);
    setenv("NO_PROXY", "127.0.0.1", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
