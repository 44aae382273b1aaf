/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl against a server over TLS that counts what its handshakes were. No test sleeps. */
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/shell/transport_curl.h"
#include "tests/client/shell/scratch.h"

enum habit { KEEPS, FORGETS /* each session, with its connection */, CHANGES /* its key, too */ };

/* One thread, one connection at a time, one request on each. */
struct server {
    EVP_PKEY *key;
    X509 *certificate;
    int version; /* of TLS */
    enum habit habit;
    SSL_CTX *context;
    int fd;
    char url[64];
    pthread_t thread;
    unsigned requests, whole, resumed; /* handshakes of both kinds */
};

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_EXTENSION *hosts = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_add_ext(x, hosts, -1);
    X509_EXTENSION_free(hosts);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static void new_key(struct server *s)
{
    EVP_PKEY_free(s->key);
    X509_free(s->certificate);
    s->key = EVP_EC_gen("P-256");
    s->certificate = make_certificate(s->key);
}

/* A new one has new keys for its tickets: it knows no session. */
static void new_context(struct server *s)
{
    SSL_CTX_free(s->context);
    s->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_max_proto_version(s->context, s->version);
    assert_int_equal(SSL_CTX_use_certificate(s->context, s->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(s->context, s->key), 1);
}

static void serve(struct server *s, SSL *ssl)
{
    static const char answer[] = "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok";
    char head[4096] = "";
    int size = 0, more;

    if (SSL_accept(ssl) != 1)
        return;
    *(SSL_session_reused(ssl) ? &s->resumed : &s->whole) += 1;
    while (!strstr(head, "\r\n\r\n") &&
           (more = SSL_read(ssl, head + size, (int)sizeof head - 1 - size)) > 0)
        size += more;
    s->requests++;
    SSL_write(ssl, answer, sizeof answer - 1);
    SSL_shutdown(ssl);
}

static void *run(void *context)
{
    struct server *s = context;
    int fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(s->context);

        SSL_set_fd(ssl, fd);
        serve(s, ssl);
        SSL_free(ssl);
        close(fd);
        if (s->habit == CHANGES)
            new_key(s);
        if (s->habit != KEEPS)
            new_context(s);
    }
    return NULL;
}

static void server_begin(struct server *s, int version, enum habit habit)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;

    *s = (struct server){.version = version, .habit = habit};
    new_key(s);
    new_context(s);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    getsockname(s->fd, (struct sockaddr *)&at, &size);
    snprintf(s->url, sizeof s->url, "https://127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

/* Its counts may be read then. */
static void server_end(struct server *s)
{
    shutdown(s->fd, SHUT_RD);
    pthread_join(s->thread, NULL);
    close(s->fd);
    SSL_CTX_free(s->context);
    X509_free(s->certificate);
    EVP_PKEY_free(s->key);
}

static void write_certificate(X509 *x, const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    PEM_write_X509(f, x);
    fclose(f);
}

static struct transport_curl *dial(const struct server *s, const char *ca_file)
{
    struct transport_options o = {.base_url = s->url, .ca_file = ca_file, .response_limit = 100};
    struct transport_curl *t;

    assert_int_equal(transport_curl_new(&t, &o, NULL), ST_OK);
    return t;
}

static void call(struct transport_curl *t)
{
    struct http_request r = {.method = HTTP_GET, .path = "/"};
    struct transport_reply reply;
    struct why why;

    if (transport_curl_call(t, &reply, &r, -1, &why))
        fail_msg("%s", why.text);
}

static void a_new_connection_goes_on_with_the_session_of_an_older_one(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        const char *path = scratch_path(&s, "ca.pem");
        struct transport_curl *t;
        struct server server;

        server_begin(&server, versions[i], KEEPS);
        write_certificate(server.certificate, path);
        t = dial(&server, path);
        for (int k = 0; k < 5; k++)
            call(t);
        transport_curl_free(t);
        t = dial(&server, path); /* another process would know none either */
        call(t);
        transport_curl_free(t);
        server_end(&server);
        assert_int_equal(server.requests, 6);
        assert_int_equal(server.resumed, 4);
        assert_int_equal(server.whole, 2);
    }
    scratch_fini(&s);
}

/* The file is gone meanwhile: what it said is known. */
static void a_server_that_forgets_sessions_is_verified_each_time(void **state)
{
    struct transport_curl *t;
    struct server server;
    struct scratch s;
    const char *path;

    (void)state;
    scratch_init(&s);
    path = scratch_path(&s, "ca.pem");
    server_begin(&server, TLS1_3_VERSION, FORGETS);
    write_certificate(server.certificate, path);
    t = dial(&server, path);
    for (int k = 0; k < 3; k++) {
        call(t);
        unlink(path);
    }
    transport_curl_free(t);
    server_end(&server);
    assert_int_equal(server.whole, 3);
    assert_int_equal(server.resumed, 0);
    scratch_fini(&s);
}

static void another_server_is_not_trusted_for_the_session_of_an_older_one(void **state)
{
    struct http_request r = {.method = HTTP_GET, .path = "/"};
    struct transport_reply reply;
    struct transport_curl *t;
    struct server server;
    struct scratch s;
    const char *path;
    struct why why;

    (void)state;
    scratch_init(&s);
    path = scratch_path(&s, "ca.pem");
    server_begin(&server, TLS1_3_VERSION, CHANGES);
    write_certificate(server.certificate, path);
    t = dial(&server, path);
    call(t);
    assert_int_equal(transport_curl_call(t, &reply, &r, -1, &why), ST_IO);
    assert_non_null(strstr(why.text, "certificate"));
    transport_curl_free(t);
    server_end(&server);
    assert_int_equal(server.requests, 1);
    scratch_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_connection_goes_on_with_the_session_of_an_older_one),
        cmocka_unit_test(a_server_that_forgets_sessions_is_verified_each_time),
        cmocka_unit_test(another_server_is_not_trusted_for_the_session_of_an_older_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
