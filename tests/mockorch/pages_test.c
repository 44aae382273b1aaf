/* SPDX-License-Identifier: Apache-2.0 */
/* The pages beside the protocol and the doors to them: who sees what, unix sockets, TLS. */
#include "tests/support/test.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "mockorch/scenario/scenario.h"
#include "mockorch/server/address.h"
#include "mockorch/server/pages.h"
#include "tests/mockorch/served.h"

static const struct bytes nothing;

static const char *body(struct served *f)
{
    f->answer.body[f->answer.size] = 0;
    return (const char *)f->answer.body;
}

static unsigned get(struct served *f, int fd, const char *path, const char *headers)
{
    dial_request(fd, "GET", path, headers, nothing);
    dial_read(fd, &f->answer);
    return f->answer.status;
}

struct folder {
    char path[64], file[96], other[96];
};

static struct folder folder_make(void)
{
    struct folder d = {.path = "/tmp/pages_test.XXXXXX"};

    assert_non_null(mkdtemp(d.path));
    snprintf(d.file, sizeof d.file, "%s/one", d.path);
    snprintf(d.other, sizeof d.other, "%s/two", d.path);
    return d;
}

static void folder_remove(const struct folder *d)
{
    unlink(d->file);
    unlink(d->other);
    assert_int_equal(rmdir(d->path), 0);
}

/* ---- pages ---- */

static void pages_are_found_with_a_query_and_only_by_their_names(void **state)
{
    struct served *f = *state;
    int fd = dial(served_start(f));

    assert_int_equal(get(f, fd, "/healthz?deep=1", ""), 200);
    assert_string_equal(body(f), "ok\n");
    assert_int_equal(get(f, fd, "/admin/state?x", ""), 200);
    assert_true(dial_has(&f->answer, "content-type: application/json"));
    assert_int_equal(get(f, fd, "/admin/nothing", ""), 404);
    assert_non_null(strstr(body(f), "error"));
    assert_int_equal(get(f, fd, "/healthzz", ""), 404); /* the orchestrator's */
    assert_non_null(strstr(body(f), "NotFoundError"));
    assert_int_equal(served_call(f, fd, "POST", "/metrics", bytes_of_text("x")), 405);
    close(fd);
}

static void metrics_count_what_happened(void **state)
{
    static const char *const lines[] = {
        "# TYPE nx_mock_requests_total counter\n",
        "nx_mock_requests_total{call=\"node\"} 2\n",
        "nx_mock_answers_total{class=\"2xx\"} 1\n",
        "nx_mock_answers_total{class=\"4xx\"} 1\n",
        "nx_mock_nodes 1\n",
        "nx_mock_submissions_refused_total{check=\"signature\"} 0\n",
        "nx_mock_answer_seconds_bucket{le=\"+Inf\"} 2\n",
        "nx_mock_answer_seconds_count 2\n",
    };
    struct served *f = *state;
    int fd = dial(served_start(f));

    assert_int_equal(get(f, fd, "/v3/nodes/" BENCH_NODE, ""), 200);
    assert_int_equal(get(f, fd, "/v3/nodes/1", ""), 404);
    assert_int_equal(get(f, fd, "/metrics", ""), 200);
    assert_true(dial_has(&f->answer, "content-type: " METRICS_TYPE));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(body(f), lines[i]))
            fail_msg("no line '%s' in\n%s", lines[i], body(f));
    close(fd);
}

static void the_histogram_is_cumulative_and_its_sum_exact(void **state)
{
    struct served *f = *state;
    struct metrics_times times = {0};
    struct buffer text;

    bench_start(&f->b);
    metrics_took(&times, NS_PER_MS / 10); /* at the bound, so inside it */
    metrics_took(&times, 3 * NS_PER_S);
    metrics_took(&times, 60 * NS_PER_S + 5);
    buffer_init(&text, 0);
    metrics_write(&text, f->b.o, &times);
    buffer_put_u8(&text, 0);
    assert_true(buffer_ok(&text));
    assert_non_null(strstr((char *)text.data, "{le=\"0.0001\"} 1\n"));
    assert_non_null(strstr((char *)text.data, "{le=\"1\"} 1\n"));
    assert_non_null(strstr((char *)text.data, "{le=\"5\"} 2\n"));
    assert_non_null(strstr((char *)text.data, "{le=\"10\"} 2\n"));
    assert_non_null(strstr((char *)text.data, "{le=\"+Inf\"} 3\n"));
    assert_non_null(strstr((char *)text.data, "_sum 63.000100005\n"));
    buffer_fini(&text);
}

/* ---- who may see them ---- */

static void a_token_opens_the_pages_and_nothing_else_does(void **state)
{
    static const struct {
        const char *header;
        unsigned status;
    } table[] = {
        {"", 401},
        {"authorization: Bearer wrong-token\r\n", 401},
        {"authorization: Bearer right-tokem\r\n", 401},
        {"authorization: Bearer right-token-\r\n", 401},
        {"authorization: Basic right-token\r\n", 401},
        {"authorization: Bearer right-token\r\n", 200},
    };
    struct served *f = *state;
    int fd;

    f->options.admin_token = "right-token";
    fd = dial(served_start(f));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(get(f, fd, "/admin/state", table[i].header), table[i].status);
    assert_int_equal(get(f, fd, "/metrics", ""), 401);
    assert_int_equal(get(f, fd, "/healthz", ""), 200); /* for everybody */
    close(fd);
}

static void pages_on_an_open_listener_need_a_token(void **state)
{
    struct served *f = *state;
    int fd;

    f->options.listen = "0.0.0.0:0";
    fd = dial(served_start(f));
    assert_int_equal(get(f, fd, "/admin/state", ""), 403);
    assert_non_null(strstr(body(f), "--admin-token"));
    assert_int_equal(get(f, fd, "/v3/nodes/" BENCH_NODE, ""), 200);
    close(fd);
}

static void a_listener_of_their_own_takes_the_pages_away_from_the_other(void **state)
{
    struct served *f = *state;
    unsigned port, side_port = 0;
    int front, side;

    f->options.admin_listen = "127.0.0.1:0";
    port = served_start(f);
    assert_int_equal(sscanf(server_admin_url(f->server), "http://127.0.0.1:%u", &side_port), 1);
    front = dial(port);
    side = dial(side_port);
    assert_int_equal(get(f, front, "/admin/state", ""), 404);
    assert_int_equal(get(f, front, "/metrics", ""), 404);
    assert_int_equal(get(f, side, "/admin/state", ""), 200);
    assert_int_equal(get(f, side, "/v3/nodes/" BENCH_NODE, ""), 404);
    assert_non_null(strstr(body(f), "No such page"));
    close(front);
    close(side);
}

static void an_open_listener_for_pages_is_refused_without_a_token(void **state)
{
    struct served *f = *state;
    struct why why = {""};

    bench_start(&f->b);
    f->options.orchestrator = f->b.o;
    f->options.admin_listen = "0.0.0.0:0";
    assert_int_equal(server_new(&f->server, &f->options, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "token"));
    assert_null(f->server);
}

static void pages_of_another_origin_may_not_ask(void **state)
{
    static const struct {
        const char *header;
        unsigned status;
    } table[] = {
        {"origin: http://localhost\r\n", 200}, /* dial_request's host */
        {"origin: https://localhost\r\n", 200},
        {"origin: http://elsewhere.invalid\r\n", 403},
        {"origin: http://localhost.elsewhere.invalid\r\n", 403},
        {"origin: null\r\n", 403},
    };
    struct served *f = *state;
    int fd = dial(served_start(f));

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(get(f, fd, "/admin/state", table[i].header), table[i].status);
    close(fd);
}

/* ---- the orchestrator seen from above ---- */

static unsigned call(struct served *f, int fd, const char *method, const char *path,
                     const char *json)
{
    unsigned status = served_call(f, fd, method, path, bytes_of_text(json));

    f->answer.body[f->answer.size] = 0;
    return status;
}

static void the_admin_pages_travel(void **state)
{
    struct served *f = *state;
    int fd;

    f->b.plan.read = scenario_rule;
    fd = dial(served_start(f));
    assert_int_equal(call(f, fd, "POST", "/admin/rules", "{\"fault\": \"fetch_503\"}"), 201);
    assert_true(dial_has(&f->answer, "content-type: application/json"));
    assert_int_equal(served_fetch(f, fd), 503);
    assert_int_equal(call(f, fd, "DELETE", "/admin/rules/fetch_503", ""), 200);
    assert_int_equal(served_fetch(f, fd), 200);
    assert_int_equal(call(f, fd, "GET", "/admin/requests?call=fetch&status=503", ""), 200);
    assert_non_null(strstr(body(f), "\"total\": 1"));
    assert_non_null(strstr(body(f), "127.0.0.1"));
    assert_int_equal(call(f, fd, "POST", "/admin/verify",
                          "{\"call\": \"fetch\", \"status\": 200, \"exactly\": 2}"),
                     409);
    assert_int_equal(call(f, fd, "POST", "/admin/rules", "{"), 400);
    assert_int_equal(call(f, fd, "GET", "/admin/nowhere", ""), 404);
    assert_int_equal(call(f, fd, "DELETE", "/v3/tasks", ""), 501); /* not of the protocol */
    close(fd);
}

/* The server's timer has to follow a clock that is moved. */
static void a_moved_clock_ends_tasks_at_once(void **state)
{
    struct served *f = *state;
    int fd = dial(served_start(f));

    assert_int_equal(served_fetch(f, fd), 200);
    assert_int_equal(call(f, fd, "POST", "/admin/clock", "{\"advance_s\": 3600}"), 200);
    assert_int_equal(call(f, fd, "GET", "/admin/tasks?state=expired", ""), 200);
    assert_non_null(strstr(body(f), "\"total\": 1"));
    close(fd);
}

/* A reset while the judge has a case: its client gets an answer, and nobody a credit. */
static void a_reset_leaves_no_case_behind(void **state)
{
    struct served *f = *state;
    int fd, side;

    f->options.judge = &f->gate.base;
    fd = dial(served_start(f));
    assert_int_equal(served_fetch(f, fd), 200);
    dial_request(fd, "POST", "/v3/tasks/submit", "", served_submission_body(f));
    gate_wait(&f->gate, 1);
    side = dial(server_port(f->server));
    assert_int_equal(call(f, side, "POST", "/admin/reset", ""), 200);
    gate_open(&f->gate);
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 404); /* the task is gone */
    close(fd);
    close(side);
    served_stop(f);
    assert_true(orchestrator_credits(f->b.o, BENCH_WALLET) == 0);
}

/* Each route of the table in mockorch/core/admin.c, "*" for a name. */
static void the_document_has_every_route(void **state)
{
    struct served *f = *state;
    struct buffer source;
    unsigned routes = 0;
    int fd = dial(served_start(f));

    assert_int_equal(get(f, fd, "/admin/openapi.yaml", ""), 200);
    assert_true(dial_has(&f->answer, "content-type: application/yaml"));
    body(f);
    buffer_init(&source, 0);
    assert_int_equal(file_read(&source, NXP_SOURCE "/mockorch/core/admin.c", 1 << 20, NULL), ST_OK);
    buffer_put_u8(&source, 0);
    for (char *at = strstr((char *)source.data, "routes[] = {"), *line; (line = strstr(at, "    {\""));
         at = line + 1) {
        char method[8], path[64], wanted[96], *found, *star;

        if (sscanf(line, "    {\"%7[A-Z]\", \"%63[^\"]\"", method, path) != 2)
            continue;
        star = strchr(path, '*');
        if (star) /* up to the brace that names the parameter */
            snprintf(wanted, sizeof wanted, "\n  /admin/%.*s{", (int)(star - path), path);
        else
            snprintf(wanted, sizeof wanted, "\n  /admin/%s:", path);
        found = strstr((char *)f->answer.body, wanted);
        if (!found)
            fail_msg("openapi.yaml lacks%s", wanted + 1);
        routes++;
    }
    assert_true(routes >= 25);
    buffer_fini(&source);
    close(fd);
}

/* ---- unix sockets ---- */

static void a_unix_socket_serves_and_is_gone_in_the_end(void **state)
{
    struct served *f = *state;
    struct folder d = folder_make();
    char listen[128];
    struct stat st;
    int fd;

    snprintf(listen, sizeof listen, "unix:%s", d.file);
    f->options.listen = listen;
    assert_int_equal(served_start(f), 0);
    assert_string_equal(server_url(f->server), listen);
    assert_int_equal(stat(d.file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    fd = dial_unix(d.file);
    assert_int_equal(get(f, fd, "/v3/nodes/" BENCH_NODE, ""), 200);
    assert_int_equal(get(f, fd, "/admin/state", ""), 200);
    close(fd);
    served_stop(f);
    assert_int_equal(access(d.file, F_OK), -1);
    folder_remove(&d);
}

static void a_dead_socket_file_is_replaced_a_live_one_and_others_are_not(void **state)
{
    struct folder d = folder_make();
    struct address_bound first, second;
    struct why why = {""};
    char listen[128], other[128], text[8] = {0};
    FILE *file;

    (void)state;
    snprintf(listen, sizeof listen, "unix:%s", d.file);
    snprintf(other, sizeof other, "unix:%s", d.other);
    assert_int_equal(address_listen(&first, listen, &why), ST_OK);
    assert_int_equal(address_listen(&second, listen, &why), ST_EXISTS);
    close(first.fd); /* as a process that was killed leaves it */
    assert_int_equal(address_listen(&second, listen, &why), ST_OK);
    close(second.fd);
    address_forget(&second);
    assert_int_equal(access(d.file, F_OK), -1);

    file = fopen(d.other, "w");
    assert_non_null(file);
    fputs("mine", file);
    fclose(file);
    assert_int_equal(address_listen(&second, other, &why), ST_EXISTS);
    file = fopen(d.other, "r");
    assert_int_equal(fread(text, 1, sizeof text - 1, file), 4);
    fclose(file);
    assert_string_equal(text, "mine");
    folder_remove(&d);
}

static void socket_paths_have_a_length(void **state)
{
    char listen[300] = "unix:/tmp/";
    struct address_bound bound;
    struct why why = {""};

    (void)state;
    assert_int_equal(address_listen(&bound, "unix:", &why), ST_INPUT);
    memset(listen + strlen(listen), 'a', 200);
    assert_int_equal(address_listen(&bound, listen, &why), ST_INPUT);
    assert_int_equal(address_listen(&bound, "unix:/nowhere/at/all", &why), ST_IO);
}

/* ---- TLS ---- */

static struct tls *tls_make(const char *certificate, const char *out)
{
    struct why why = {""};
    struct tls *t = NULL;

    if (tls_new(&t,
                &(struct tls_options){.certificate = certificate,
                                      .certificate_out = out,
                                      .wall_s = clock_wall_ns(clock_system()) / NS_PER_S},
                &why))
        fail_msg("%s", why.text);
    return t;
}

/* What a careful client finds when it connects and trusts that certificate file: an X509_V_ code.
 * text: of the answer to GET /healthz, when it got that far. */
static long handshake(unsigned port, const char *trusted, char text[static 512])
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int fd = dial(port), size;
    long verdict;
    SSL *ssl;

    assert_non_null(context);
    if (trusted)
        assert_int_equal(SSL_CTX_load_verify_locations(context, trusted, NULL), 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    ssl = SSL_new(context);
    assert_int_equal(SSL_set1_host(ssl, "localhost"), 1);
    SSL_set_fd(ssl, fd);
    text[0] = 0;
    if (SSL_connect(ssl) == 1) {
        static const char request[] = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

        assert_int_equal(SSL_write(ssl, request, sizeof request - 1), sizeof request - 1);
        size = SSL_read(ssl, text, 511);
        assert_true(size > 0);
        text[size] = 0;
        SSL_shutdown(ssl);
    }
    verdict = SSL_get_verify_result(ssl);
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
    return verdict;
}

static void throw_away_certificates_are_as_good_as_their_names(void **state)
{
    static const struct {
        const char *kind;
        bool trusted;
        long verdict;
    } table[] = {
        {"self", true, X509_V_OK},
        {"self", false, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
        {"self:expired", true, X509_V_ERR_CERT_HAS_EXPIRED},
        {"self:future", true, X509_V_ERR_CERT_NOT_YET_VALID},
        {"self:wrong-host", true, X509_V_ERR_HOSTNAME_MISMATCH},
    };
    struct folder d = folder_make();

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct served *f;
        char text[512];
        long verdict;

        served_setup(state);
        f = *state;
        f->options.tls = tls_make(table[i].kind, d.file);
        verdict = handshake(served_start(f), table[i].trusted ? d.file : NULL, text);
        if (verdict != table[i].verdict)
            fail_msg("%s: %s", table[i].kind, X509_verify_cert_error_string(verdict));
        assert_int_equal(strncmp(text, "HTTP/1.1 200", 12) == 0, verdict == X509_V_OK);
        assert_int_equal(strncmp(server_url(f->server), "https://127.0.0.1:", 18), 0);
        served_teardown(state);
        tls_free(f->options.tls);
    }
    folder_remove(&d);
}

static void write_text(const char *path, const char *text)
{
    struct why why = {""};

    assert_int_equal(file_write(path, bytes_of_text(text), 0600, &why), ST_OK);
}

static void a_certificate_that_is_none_is_named(void **state)
{
    struct folder d = folder_make();
    char pair[256];
    const struct {
        const char *text, *words;
    } table[] = {
        {"self:strange", "self:wrong-host"},
        {"selfish", "CERT,KEY"},
        {"only-one", "CERT,KEY"},
        {",key", "CERT,KEY"},
        {"cert,", "CERT,KEY"},
        {"/nowhere/cert,/nowhere/key", "/nowhere/cert"},
        {pair, d.file},
    };

    (void)state;
    write_text(d.file, "no certificate\n");
    write_text(d.other, "no key\n");
    snprintf(pair, sizeof pair, "%s,%s", d.file, d.other);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct why why = {""};
        struct tls *t = NULL;

        assert_int_equal(tls_new(&t, &(struct tls_options){.certificate = table[i].text}, &why),
                         ST_INPUT);
        assert_null(t);
        if (!strstr(why.text, table[i].words))
            fail_msg("'%s': %s", table[i].text, why.text);
    }
    folder_remove(&d);
}

static void a_certificate_without_its_key_and_an_unwritable_copy_are_refused(void **state)
{
    struct folder d = folder_make();
    struct why why = {""};
    struct tls *t = NULL;
    char pair[256];

    (void)state;
    tls_free(tls_make("self", d.file));
    snprintf(pair, sizeof pair, "%s,%s", d.file, d.file); /* holds no key */
    assert_int_equal(tls_new(&t, &(struct tls_options){.certificate = pair}, &why), ST_INPUT);
    assert_int_equal(tls_new(&t,
                             &(struct tls_options){.certificate = "self",
                                                   .certificate_out = "/nowhere/at/all"},
                             &why),
                     ST_IO);
    assert_null(t);
    folder_remove(&d);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pages_are_found_with_a_query_and_only_by_their_names),
        CASE(metrics_count_what_happened),
        CASE(the_histogram_is_cumulative_and_its_sum_exact),
        CASE(a_token_opens_the_pages_and_nothing_else_does),
        CASE(pages_on_an_open_listener_need_a_token),
        CASE(a_listener_of_their_own_takes_the_pages_away_from_the_other),
        CASE(an_open_listener_for_pages_is_refused_without_a_token),
        CASE(pages_of_another_origin_may_not_ask),
        CASE(the_admin_pages_travel),
        CASE(a_moved_clock_ends_tasks_at_once),
        CASE(a_reset_leaves_no_case_behind),
        CASE(the_document_has_every_route),
        CASE(a_unix_socket_serves_and_is_gone_in_the_end),
        cmocka_unit_test(a_dead_socket_file_is_replaced_a_live_one_and_others_are_not),
        cmocka_unit_test(socket_paths_have_a_length),
        cmocka_unit_test(throw_away_certificates_are_as_good_as_their_names),
        cmocka_unit_test(a_certificate_that_is_none_is_named),
        cmocka_unit_test(a_certificate_without_its_key_and_an_unwritable_copy_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
