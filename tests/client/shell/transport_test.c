/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl against a server on loopback that misbehaves. No test sleeps. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/client/shell/transport_world.h"

/* ---- good answers ---- */

static bool answer_ok(const struct tiny_request *r)
{
    tiny_reply(r->fd, 200, "Retry-After: 7\r\nX-Odd: \x01\r\nRETRY-AFTER:  8 \r\n", "hello", 5);
    return true;
}

static void an_answer_arrives_with_headers_in_lower_case(void **state)
{
    struct transport_reply reply;
    const struct http_response *r = &reply.response;
    struct world w;

    (void)state;
    open_world(&w, answer_ok, (struct transport_options){0});
    reply = get(&w, "/v3/nodes/1");
    assert_true(reply.answered);
    assert_int_equal(r->status, 200);
    assert_true(bytes_equal(r->body, bytes_of_text("hello")));
    assert_string_equal(http_header_of(r->headers, r->header_count, "retry-after"), "8");
    assert_null(http_header_of(r->headers, r->header_count, "x-odd"));
    assert_non_null(strstr(w.head, "GET /v3/nodes/1 HTTP/1.1\r\n"));
    assert_non_null(strstr(w.head, "user-agent: nexus-cli/0.10.18\r\n"));
    assert_null(strstr(w.head, "ccept-Encoding"));
    close_world(&w);
}

static void a_post_carries_its_body_and_asks_no_question_before(void **state)
{
    struct world w;
    size_t size = (size_t)3 << 20;
    uint8_t *large = calloc(1, size);

    (void)state;
    open_world(&w, answer_ok, (struct transport_options){0});
    assert_true(exchange(&w, HTTP_POST, "/v3/tasks", bytes_of("abc", 3), false).answered);
    assert_string_equal(w.body, "abc");
    assert_non_null(strstr(w.head, "POST /v3/tasks HTTP/1.1\r\n"));
    assert_true(exchange(&w, HTTP_POST, "/v3/tasks", bytes_of(NULL, 0), false).answered);
    assert_int_equal(w.body_size, 0);
    assert_true(exchange(&w, HTTP_POST, "v3/tasks/submit", bytes_of(large, size), true).answered);
    assert_int_equal(w.body_size, size);
    assert_null(strcasestr(w.head, "expect:"));
    assert_true(exchange(&w, HTTP_GET, "/v3/tasks", bytes_of("list", 4), false).answered);
    assert_non_null(strstr(w.head, "GET /v3/tasks HTTP/1.1\r\n")); /* the seed's */
    assert_string_equal(w.body, "list");
    free(large);
    close_world(&w);
}

static void connections_are_kept_but_a_request_once_needs_a_body_to_have_one(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, answer_ok, (struct transport_options){0});
    for (int i = 0; i < 3; i++)
        assert_true(get(&w, "/").answered);
    assert_int_equal(tiny_server_connections(w.server), 1);
    assert_true(exchange(&w, HTTP_POST, "/", bytes_of("x", 1), true).answered);
    assert_int_equal(tiny_server_connections(w.server), 1);
    assert_string_equal(w.body, "x");
    assert_true(exchange(&w, HTTP_GET, "/", bytes_of(NULL, 0), true).answered);
    assert_int_equal(tiny_server_connections(w.server), 2);
    close_world(&w);
}

static bool answer_many_headers(const struct tiny_request *r)
{
    char extra[1000] = "";

    for (int i = 0; i < 60; i++)
        snprintf(extra + strlen(extra), sizeof extra - strlen(extra), "h%d: v\r\n", i);
    tiny_send(r->fd, "HTTP/1.1 100 Continue\r\nearly: 1\r\n\r\n");
    tiny_reply(r->fd, 200, extra, "", 0);
    return true;
}

static void headers_beyond_the_room_and_those_of_an_early_head_are_dropped(void **state)
{
    struct transport_reply reply;
    struct world w;

    (void)state;
    open_world(&w, answer_many_headers, (struct transport_options){0});
    reply = get(&w, "/");
    assert_int_equal(reply.response.header_count, HTTP_MAX_HEADERS);
    assert_null(http_header_of(reply.response.headers, HTTP_MAX_HEADERS, "early"));
    close_world(&w);
}

/* ---- bad answers ---- */

static bool answer_oversize(const struct tiny_request *r)
{
    static const char body[1001];

    tiny_reply(r->fd, 200, "", body, strcmp(r->path, "/fits") == 0 ? 1000 : 1001);
    return true;
}

static bool answer_endless(const struct tiny_request *r)
{
    static const char chunk[] = "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n";

    tiny_send(r->fd, chunk);
    for (int i = 0; i < 100; i++)
        tiny_send(r->fd, "20\r\n01234567890123456789012345678901\r\n");
    return true;
}

static void an_answer_beyond_the_limit_is_an_error(void **state)
{
    struct transport_reply reply;
    struct world w;

    (void)state;
    open_world(&w, answer_oversize, (struct transport_options){0});
    assert_int_equal(get(&w, "/fits").response.body.size, 1000);
    reply = get(&w, "/");
    assert_false(reply.answered);
    assert_true(reply.maybe_delivered);
    assert_non_null(strstr(reply.text, "larger than 1000 bytes"));
    close_world(&w);
    open_world(&w, answer_endless, (struct transport_options){0});
    reply = get(&w, "/");
    assert_non_null(strstr(reply.text, "larger than 1000 bytes"));
    close_world(&w);
}

static bool answer_endless_head(const struct tiny_request *r)
{
    tiny_send(r->fd, strcmp(r->path, "/early") == 0 ? "" : "HTTP/1.1 200 X\r\n");
    for (int i = 0; i < 4000; i++)
        tiny_send(r->fd, strcmp(r->path, "/early") == 0 ? "HTTP/1.1 100 Continue\r\n\r\n"
                                                        : "a-header: 01234567890123456789\r\n");
    return false;
}

static void a_head_without_end_is_an_error(void **state)
{
    static const char *const paths[] = {"/", "/early"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct transport_reply reply;
        struct world w;

        open_world(&w, answer_endless_head, (struct transport_options){0});
        reply = get(&w, paths[i]);
        assert_false(reply.answered);
        assert_non_null(strstr(reply.text, "the head of the answer is larger than 65536 bytes"));
        close_world(&w);
    }
}

static bool answer_cut_off(const struct tiny_request *r)
{
    tiny_send(r->fd, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nonly this");
    return false;
}

static bool answer_reset(const struct tiny_request *r)
{
    tiny_reset(r->fd);
    return false;
}

static bool answer_nothing(const struct tiny_request *r)
{
    (void)r;
    return false;
}

static bool answer_garbage(const struct tiny_request *r)
{
    tiny_send(r->fd, "\x16\x03\x01 what is this\r\n\r\n");
    return false;
}

static bool answer_half_a_head(const struct tiny_request *r)
{
    tiny_send(r->fd, "HTTP/1.1 200 X\r\nContent-Len");
    return false;
}

static void a_broken_answer_is_an_error_and_maybe_delivered(void **state)
{
    bool (*const how[])(const struct tiny_request *) = {
        answer_cut_off, answer_reset, answer_nothing, answer_garbage, answer_half_a_head};

    (void)state;
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        struct transport_reply reply;
        struct world w;

        open_world(&w, how[i], (struct transport_options){0});
        reply = exchange(&w, HTTP_POST, "/v3/tasks/submit", bytes_of("abc", 3), true);
        assert_false(reply.answered);
        assert_true(reply.maybe_delivered);
        assert_true(strlen(reply.text) > 5);
        assert_int_equal(tiny_server_requests(w.server), 1);
        close_world(&w);
    }
}

/* Without `once` libcurl itself sends a second time when a kept connection dies. */
static bool answer_first_only(const struct tiny_request *r)
{
    if (r->number != 1)
        return false;
    tiny_reply(r->fd, 200, "", "", 0);
    return true;
}

static void a_submission_is_never_repeated_behind_our_back(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, answer_first_only, (struct transport_options){0});
    assert_true(get(&w, "/").answered);
    assert_false(exchange(&w, HTTP_POST, "/", bytes_of("x", 1), true).answered);
    assert_int_equal(tiny_server_requests(w.server), 2);
    close_world(&w);
    open_world(&w, answer_first_only, (struct transport_options){0});
    assert_true(get(&w, "/").answered);
    assert_false(exchange(&w, HTTP_POST, "/", bytes_of("x", 1), false).answered);
    assert_int_equal(tiny_server_requests(w.server), 3); /* that is why */
    close_world(&w);
}

static bool answer_gets_only(const struct tiny_request *r)
{
    if (r->body_size > 0)
        return false;
    tiny_reply(r->fd, 200, "", "", 0);
    return true;
}

static void another_kept_connection_does_not_repeat_it_either(void **state)
{
    struct http_request r = {.method = HTTP_GET, .path = "/"};
    struct transport_reply reply;
    struct world w;

    (void)state;
    open_world(&w, answer_gets_only, (struct transport_options){0});
    for (uint64_t id = 0; id < 2; id++)
        assert_int_equal(transport_curl_send(w.transport, id, &r, false, NULL), ST_OK);
    for (unsigned answers = 0; answers < 2; answers += reply.answered)
        while (!transport_curl_take(w.transport, &reply))
            transport_curl_wait(w.transport, NULL, 0, 5000);
    assert_int_equal(tiny_server_connections(w.server), 2);
    reply = exchange(&w, HTTP_POST, "/", bytes_of("x", 1), true);
    assert_false(reply.answered);
    assert_true(reply.maybe_delivered);
    assert_string_equal(reply.text, "the kept connection ended without an answer");
    assert_int_equal(tiny_server_requests(w.server), 3);
    close_world(&w);
}

static bool answer_never(const struct tiny_request *r)
{
    (void)r;
    return true; /* and waits for the next request, which does not come */
}

static void a_server_that_says_nothing_is_given_up(void **state)
{
    struct transport_reply reply;
    struct world w;

    (void)state;
    open_world(&w, answer_never, (struct transport_options){.connect_ms = 50, .total_ms = 50});
    reply = exchange(&w, HTTP_POST, "/", bytes_of("x", 1), true);
    assert_false(reply.answered);
    assert_true(reply.maybe_delivered);
    close_world(&w);
}

static void a_server_that_is_not_there_has_got_nothing(void **state)
{
    struct transport_reply reply;
    struct world w;

    (void)state;
    open_world(&w, answer_ok, (struct transport_options){0});
    transport_curl_free(w.transport);
    assert_int_equal(
        transport_curl_new(&w.transport,
                           &(struct transport_options){.base_url = "http://127.0.0.1:1//",
                                                       .response_limit = 10,
                                                       .ca_file = "/nowhere"},
                           NULL),
        ST_OK);
    reply = exchange(&w, HTTP_POST, "/", bytes_of("x", 1), true);
    assert_false(reply.answered);
    assert_false(reply.maybe_delivered);
    close_world(&w);
}

/* ---- the rest ---- */

static void only_http_and_https_are_addresses(void **state)
{
    static const char *const bad[] = {"",           "ftp://x",      "http://",
                                      "https:///x", "localhost:80", "file:///etc/passwd"};
    struct transport_curl *t;
    struct why why;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            transport_curl_new(&t, &(struct transport_options){.base_url = bad[i]}, &why),
            ST_INPUT);
    transport_curl_free(NULL);
}

static void a_call_waits_for_its_answer_or_the_wish_to_stop(void **state)
{
    struct http_request r = {.method = HTTP_GET, .path = "/"};
    struct transport_reply reply;
    struct why why;
    struct world w;
    int stop[2];

    (void)state;
    assert_int_equal(pipe(stop), 0);
    open_world(&w, answer_ok, (struct transport_options){0});
    assert_int_equal(transport_curl_call(w.transport, &reply, &r, stop[0], &why), ST_OK);
    assert_int_equal(transport_curl_call(w.transport, &reply, &r, -1, &why), ST_OK);
    close_world(&w);
    open_world(&w, answer_reset, (struct transport_options){0});
    assert_int_equal(transport_curl_call(w.transport, &reply, &r, stop[0], &why), ST_IO);
    close_world(&w);
    open_world(&w, answer_never, (struct transport_options){0});
    assert_int_equal(write(stop[1], "x", 1), 1);
    assert_int_equal(transport_curl_call(w.transport, &reply, &r, stop[0], &why), ST_CANCELLED);
    close_world(&w); /* with a request under way */
    close(stop[0]);
    close(stop[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_arrives_with_headers_in_lower_case),
        cmocka_unit_test(a_post_carries_its_body_and_asks_no_question_before),
        cmocka_unit_test(connections_are_kept_but_a_request_once_needs_a_body_to_have_one),
        cmocka_unit_test(headers_beyond_the_room_and_those_of_an_early_head_are_dropped),
        cmocka_unit_test(an_answer_beyond_the_limit_is_an_error),
        cmocka_unit_test(a_head_without_end_is_an_error),
        cmocka_unit_test(a_broken_answer_is_an_error_and_maybe_delivered),
        cmocka_unit_test(a_submission_is_never_repeated_behind_our_back),
        cmocka_unit_test(another_kept_connection_does_not_repeat_it_either),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up),
        cmocka_unit_test(a_server_that_is_not_there_has_got_nothing),
        cmocka_unit_test(only_http_and_https_are_addresses),
        cmocka_unit_test(a_call_waits_for_its_answer_or_the_wish_to_stop),
    };

    /* A proxy of the machine that runs the tests is not meant for them. */
    setenv("NO_PROXY", "127.0.0.1", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
