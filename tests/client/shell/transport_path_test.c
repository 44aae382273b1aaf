/* SPDX-License-Identifier: Apache-2.0 */
/* Where libcurl's requests go and how long they may take: redirects, slow lines, kept connections,
 * proxies, addresses. No test sleeps: the clock is the test's. */
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "client/shell/redirect.h"
#include "tests/client/shell/transport_world.h"

static bool answer_ok(const struct tiny_request *r)
{
    tiny_reply(r->fd, 200, "", "hello", 5);
    return true;
}

/* ---- redirects ---- */

/* /STATUS/PLACE: a redirect to that place; anything else: 200. */
static bool answer_redirect(const struct tiny_request *r)
{
    const struct {
        const char *name, *location;
    } places[] = {
        {"path", "/there?x=1"},
        {"relative", "../there"},
        {"other-port", "http://127.0.0.1:1/there"},
        {"other-host", "http://localhost/there"},
        {"other-scheme", "https://127.0.0.1/there"},
        {"file", "file:///etc/passwd"},
        {"nowhere", ""},
        {"again", r->path},
        {"round", r->number % 2 ? "/302/round?x" : "/302/round?y"},
        {"around", r->number % 2 ? "/307/around?x" : "/307/around?y"},
    };
    char extra[200] = "", place[32] = "";
    const char *host = strcasestr(r->head, "\r\nhost: ") + 8;
    unsigned status = 200;

    if (sscanf(r->path, "/%u/%31[^?]", &status, place) == 2) {
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            if (strcmp(place, places[i].name) == 0 && *places[i].location)
                snprintf(extra, sizeof extra, "Location: %s\r\n", places[i].location);
        if (strcmp(place, "same-server") == 0)
            snprintf(extra, sizeof extra, "Location: http://%.*s/there\r\n",
                     (int)strcspn(host, "\r"), host);
        if (strcmp(place, "user") == 0)
            snprintf(extra, sizeof extra, "Location: http://a:b@%.*s/there\r\n",
                     (int)strcspn(host, "\r"), host);
    }
    tiny_reply(r->fd, status, extra, r->path, strlen(r->path));
    return true;
}

static void a_redirect_is_followed_on_the_same_server_as_the_same_request(void **state)
{
    static const struct {
        enum http_method method;
        const char *path;
        unsigned status, requests;
    } table[] = {
        {HTTP_GET, "/301/path", 200, 2},
        {HTTP_GET, "/302/relative", 200, 2},
        {HTTP_GET, "/303/path", 200, 2},
        {HTTP_GET, "/307/same-server", 200, 2},
        {HTTP_GET, "/308/path", 200, 2},
        {HTTP_POST, "/307/path", 200, 2},
        {HTTP_POST, "/308/same-server", 200, 2},
        /* A POST does not become a GET. */
        {HTTP_POST, "/301/path", 301, 1},
        {HTTP_POST, "/302/path", 302, 1},
        {HTTP_POST, "/303/path", 303, 1},
        /* Nothing goes elsewhere. */
        {HTTP_GET, "/302/other-port", 302, 1},
        {HTTP_GET, "/302/other-host", 302, 1},
        {HTTP_GET, "/302/other-scheme", 302, 1},
        {HTTP_GET, "/302/file", 302, 1},
        {HTTP_GET, "/302/user", 302, 1},
        {HTTP_POST, "/308/other-host", 308, 1},
        /* Neither redirects. */
        {HTTP_GET, "/302/nowhere", 302, 1},
        {HTTP_GET, "/300/path", 300, 1},
        {HTTP_GET, "/305/path", 305, 1},
        {HTTP_GET, "/201/path", 201, 1},
        /* Nor round and round. */
        {HTTP_GET, "/302/again", 302, 1},
        {HTTP_POST, "/307/again", 307, 1},
        {HTTP_GET, "/302/round", 302, 4},
        {HTTP_POST, "/307/around", 307, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bytes body = bytes_of("abc", table[i].method == HTTP_POST ? 3 : 0);
        struct transport_reply reply;
        struct world w;

        open_world(&w, answer_redirect, (struct transport_options){0});
        reply = exchange(&w, table[i].method, table[i].path, body, false);
        assert_true(reply.answered);
        if (reply.response.status != table[i].status ||
            tiny_server_requests(w.server) != table[i].requests)
            fail_msg("%s: %u after %u requests", table[i].path, reply.response.status,
                     tiny_server_requests(w.server));
        if (table[i].status == 200) {
            assert_memory_equal(reply.response.body.data, "/there", 6);
            assert_null(
                http_header_of(reply.response.headers, reply.response.header_count, "location"));
            assert_memory_equal(w.head, http_method_name(table[i].method),
                                strlen(http_method_name(table[i].method)));
            assert_non_null(strstr(w.head, "user-agent: nexus-cli/0.10.18\r\n"));
            assert_string_equal(w.body, table[i].method == HTTP_POST ? "abc" : "");
        }
        close_world(&w);
    }
}

static void an_odd_address_is_never_allowed(void **state)
{
    (void)state;
    assert_true(redirect_allowed("http://h/a", "HTTP://H:80/b", HTTP_GET, 302));
    assert_true(redirect_allowed("https://[::1]:443/a", "https://[::1]/b", HTTP_POST, 307));
    assert_false(redirect_allowed("http://h/a", "http://h.evil/b", HTTP_GET, 302));
    assert_false(redirect_allowed("http://h/a", "https://h:80/b", HTTP_GET, 302));
    assert_false(redirect_allowed("http://h/a", "/b", HTTP_GET, 302));
    assert_false(redirect_allowed("http://h/a", "http://h@evil/b", HTTP_GET, 302));
    assert_false(redirect_allowed("h", "h", HTTP_GET, 304));
}

/* ---- time ---- */

/* The clock that libcurl sees is that of the system plus what a test has let pass. */
static _Atomic int64_t passed_s;

int clock_gettime(clockid_t id, struct timespec *t)
{
    int refused = (int)syscall(SYS_clock_gettime, id, t);

    if (!refused)
        t->tv_sec += passed_s;
    return refused;
}

static void a_connection_is_kept_from_one_fetch_to_the_next(void **state)
{
    static const struct {
        long keep_s;
        unsigned connections;
    } table[] = {{0, 1}, {118, 2}}; /* libcurl's own limit is less than the 120 s of the network */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world w;

        open_world(&w, answer_ok, (struct transport_options){.keep_connection_s = table[i].keep_s});
        assert_true(get(&w, "/").answered);
        passed_s += 590; /* as long as a task takes */
        assert_true(get(&w, "/").answered);
        assert_int_equal(tiny_server_connections(w.server), table[i].connections);
        close_world(&w);
    }
}

#define LARGE      ((size_t)2 << 20)
#define SLOW_BYTES ((size_t)16 << 10) /* a second */

struct uplink {
    int fd;
    unsigned port;
    size_t received;
};

/* Takes 16 KiB, lets a second pass, and so on; answers when it has all. */
static void *take_slowly(void *context)
{
    struct uplink *u = context;
    int fd = accept(u->fd, NULL, NULL);
    char *block = malloc(SLOW_BYTES);
    ssize_t n;

    assert_non_null(block);
    while (u->received < LARGE && (n = recv(fd, block, SLOW_BYTES, 0)) > 0) {
        u->received += (size_t)n;
        if (u->received % SLOW_BYTES < (size_t)n)
            passed_s++;
    }
    tiny_reply(fd, 200, "", "", 0);
    free(block);
    shutdown(fd, SHUT_WR);
    close(fd);
    return NULL;
}

static void listen_slowly(struct uplink *u)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int room = 16384; /* little waits in the system, as behind a slow line */

    u->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    assert_int_equal(bind(u->fd, (struct sockaddr *)&a, size), 0);
    assert_int_equal(listen(u->fd, 1), 0);
    assert_int_equal(getsockname(u->fd, (struct sockaddr *)&a, &size), 0);
    u->port = ntohs(a.sin_port);
}

static void a_slow_uplink_can_send_a_large_proof(void **state)
{
    struct uplink u = {0};
    char url[64];
    struct world w = {0};
    uint8_t *proof = calloc(1, LARGE);
    struct transport_reply reply;
    struct http_request r = {
        .method = HTTP_POST, .path = "/v3/tasks/submit", .body = bytes_of(proof, LARGE)};
    int64_t start_s = passed_s;
    pthread_t thread;

    (void)state;
    listen_slowly(&u);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", u.port);
    assert_int_equal(pthread_create(&thread, NULL, take_slowly, &u), 0);
    assert_int_equal(
        transport_curl_new(&w.transport, &(struct transport_options){.base_url = url}, NULL),
        ST_OK);
    assert_int_equal(transport_curl_call(w.transport, &reply, &r, -1, NULL), ST_OK);
    assert_int_equal(reply.response.status, 200);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(passed_s - start_s >= 128);
    transport_curl_free(w.transport);
    close(u.fd);
    free(proof);
}

/* A byte a second; the end comes from the other side. */
static bool answer_by_drops(const struct tiny_request *r)
{
    char nothing;

    tiny_send(r->fd, "HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        passed_s++;
        tiny_send(r->fd, ".");
    }
    recv(r->fd, &nothing, 1, 0);
    return true;
}

static void an_answer_that_drips_is_ended(void **state)
{
    struct transport_reply reply;
    struct world w;

    (void)state;
    open_world(&w, answer_by_drops, (struct transport_options){0});
    reply = get(&w, "/");
    assert_false(reply.answered);
    assert_true(reply.maybe_delivered);
    /* Which of its two limits libcurl names depends on how many drops it sees at once. */
    if (!strstr(reply.text, "timed out") && !strstr(reply.text, "too slow"))
        fail_msg("%s", reply.text);
    close_world(&w);
}

/* ---- proxies, addresses ---- */

static void a_proxy_of_the_environment_is_used_unless_the_host_is_excepted(void **state)
{
    static const struct {
        const char *variable, *no_proxy, *target;
        bool used;
    } table[] = {
        {"http_proxy", NULL, "http://orchestrator.invalid", true},
        {"HTTP_PROXY", NULL, "http://orchestrator.invalid", true},
        {"all_proxy", NULL, "http://orchestrator.invalid", true},
        {"ALL_PROXY", "elsewhere.invalid", "http://orchestrator.invalid", true},
        {"http_proxy", "127.0.0.2", "http://127.0.0.2:1", false},
        {"HTTP_PROXY", "a.b,127.0.0.2", "http://127.0.0.2:1", false},
        {"HTTPS_PROXY", NULL, "http://127.0.0.1:1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct transport_reply reply;
        struct world w;

        open_world(&w, answer_ok, (struct transport_options){0});
        transport_curl_free(w.transport);
        unsetenv("NO_PROXY");
        unsetenv("no_proxy");
        setenv(table[i].variable, tiny_server_url(w.server), 1);
        if (table[i].no_proxy)
            setenv("NO_PROXY", table[i].no_proxy, 1);
        assert_int_equal(transport_curl_new(&w.transport,
                                            &(struct transport_options){.base_url = table[i].target,
                                                                        .response_limit = 100,
                                                                        .connect_ms = 2000},
                                            NULL),
                         ST_OK);
        reply = get(&w, "/v3/nodes/1");
        if (reply.answered != table[i].used)
            fail_msg("%s %s: %s", table[i].variable, table[i].target, reply.text);
        if (table[i].used)
            assert_non_null(
                strstr(w.head, "GET http://orchestrator.invalid/v3/nodes/1 HTTP/1.1\r\n"));
        assert_int_equal(tiny_server_requests(w.server), table[i].used);
        unsetenv(table[i].variable);
        close_world(&w);
    }
    setenv("NO_PROXY", "127.0.0.1", 1);
    setenv("no_proxy", "127.0.0.1", 1);
}

static void an_address_of_version_6_is_one(void **state)
{
    struct transport_reply reply;
    struct world w;

    (void)state;
    w = (struct world){.handle = answer_ok};
    w.server = tiny_server_new_v6(world_handle, &w);
    if (!w.server)
        skip(); /* a machine without it */
    assert_memory_equal(tiny_server_url(w.server), "http://[::1]:", 13);
    assert_int_equal(
        transport_curl_new(&w.transport,
                           &(struct transport_options){.base_url = tiny_server_url(w.server),
                                                       .response_limit = 100},
                           NULL),
        ST_OK);
    setenv("NO_PROXY", "127.0.0.1,::1", 1);
    setenv("no_proxy", "127.0.0.1,::1", 1);
    reply = get(&w, "/v3/nodes/1");
    assert_true(reply.answered);
    assert_non_null(strcasestr(w.head, "host: [::1]:"));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redirect_is_followed_on_the_same_server_as_the_same_request),
        cmocka_unit_test(an_odd_address_is_never_allowed),
        cmocka_unit_test(a_connection_is_kept_from_one_fetch_to_the_next),
        cmocka_unit_test(a_slow_uplink_can_send_a_large_proof),
        cmocka_unit_test(an_answer_that_drips_is_ended),
        cmocka_unit_test(a_proxy_of_the_environment_is_used_unless_the_host_is_excepted),
        cmocka_unit_test(an_address_of_version_6_is_one),
    };

    /* A proxy of the machine that runs the tests is not meant for them. */
    setenv("NO_PROXY", "127.0.0.1", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
