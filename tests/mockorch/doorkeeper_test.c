/* SPDX-License-Identifier: Apache-2.0 */
/* Too many, too much and too slow: what a server does not take, and that it goes on. A stalled
 * connection is the clock here: its end says that the time for a request is over. */
#include "tests/support/test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/mockorch/served.h"

#define NOTHING bytes_of(NULL, 0)

static unsigned start_impatient(struct served *f)
{
    f->options.arrival_ns = 200 * NS_PER_MS;
    return served_start(f);
}

static int stalled(unsigned port, const char *bytes)
{
    int fd = dial(port);

    dial_send(fd, bytes_of_text(bytes));
    return fd;
}

/* What a connection is told that sends no more. */
static unsigned told(struct served *f, int fd)
{
    enum dial_end end;
    unsigned status;

    dial_read(fd, &f->answer);
    status = f->answer.status;
    if (status) {
        assert_true(dial_has(&f->answer, "connection: close"));
        dial_read(fd, &f->answer);
    }
    end = f->answer.end;
    assert_int_not_equal(end, DIAL_OPEN);
    close(fd);
    return status;
}

static unsigned stall(struct served *f, unsigned port, const char *bytes)
{
    return told(f, stalled(port, bytes));
}

static void a_request_has_to_arrive_in_time(void **state)
{
    static const char *const parts[] = {
        "",
        "P",
        "POST /v3/tasks HTTP/1.1\r\nhost: x\r\nx-long: yyyyyyyy",
        "POST /v3/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n",
        "POST /v3/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n123456789",
        "POST /v3/tasks HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n123",
    };
    struct served *f = *state;
    unsigned port = start_impatient(f);
    int fds[sizeof parts / sizeof *parts];

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        fds[i] = stalled(port, parts[i]);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_int_equal(told(f, fds[i]), 408);
    served_stop(f);
    assert_int_equal(f->logged, 0); /* none of them was processed */
}

static void bytes_now_and_then_do_not_make_it_longer(void **state)
{
    struct served *f = *state;
    struct pollfd loris = {.events = POLLIN};

    loris.fd = dial(start_impatient(f));
    dial_send(loris.fd, bytes_of_text("GET /healthz HTTP/1.1\r\nhost: "));
    while (poll(&loris, 1, 1) == 0) /* a byte each millisecond */
        dial_send(loris.fd, bytes_of_text("x"));
    dial_read(loris.fd, &f->answer);
    assert_int_equal(f->answer.status, 408);
    close(loris.fd);
}

static void an_idle_connection_is_left_alone(void **state)
{
    struct served *f = *state;
    unsigned port = start_impatient(f);
    int fd = dial(port);

    for (int i = 0; i < 2; i++) {
        assert_int_equal(served_call(f, fd, "GET", "/v3/nodes/" BENCH_NODE, NOTHING), 200);
        assert_int_equal(stall(f, port, "G"), 408);
    }
    dial_send(fd, bytes_of_text("G")); /* its next request has no more time than others */
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 408);
    close(fd);
}

static void an_answer_may_take_its_time(void **state)
{
    struct served *f = *state;
    unsigned port;
    int fd;

    f->options.judge = &f->gate.base;
    port = start_impatient(f);
    fd = dial(port);
    assert_int_equal(served_fetch(f, fd), 200);
    dial_request(fd, "POST", "/v3/tasks/submit", "", served_submission_body(f));
    gate_wait(&f->gate, 1);
    assert_int_equal(stall(f, port, "G"), 408);
    assert_true(dial_is_quiet(fd));
    gate_open(&f->gate);
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 200);
    close(fd);
}

/* It is not told, for nothing was agreed on yet. */
static void a_handshake_has_to_end_in_time_too(void **state)
{
    struct served *f = *state;
    const struct tls_options options = {.certificate = "self", .wall_s = 1760000000};

    assert_int_equal(tls_new(&f->options.tls, &options, NULL), ST_OK);
    assert_int_equal(stall(f, start_impatient(f), ""), 0);
    served_stop(f);
    tls_free(f->options.tls);
}

/* ---- too much ---- */

static void bodies_have_a_limit_together(void **state)
{
    static const char head[] = "POST /v3/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n";
    struct served *f = *state;
    struct pollfd fds[40];
    static uint8_t most[999];
    unsigned port;
    int fd, at = 0;

    f->options.max_body_bytes = 1000; /* so all together may have 4000, and a head */
    port = served_start(f);
    for (int i = 0; i < 40; i++) {
        fds[i] = (struct pollfd){.fd = dial(port), .events = POLLIN};
        dial_send(fds[i].fd, bytes_of_text(head));
        dial_send(fds[i].fd, bytes_of(most, sizeof most));
    }
    assert_true(poll(fds, 40, 10000) > 0);
    while (!fds[at].revents)
        at++;
    dial_read(fds[at].fd, &f->answer);
    assert_int_equal(f->answer.status, 503);
    assert_true(dial_has(&f->answer, "retry-after: 1"));
    for (int i = 0; i < 40; i++)
        close(fds[i].fd);
    fd = dial(port); /* those who left do not count */
    assert_int_equal(served_call(f, fd, "POST", "/v3/tasks", bytes_of(most, sizeof most)), 400);
    close(fd);
    served_stop(f);
    assert_int_equal(f->logged, 1);
}

static void a_body_that_is_too_much_is_not_processed_though_it_is_whole(void **state)
{
    static const char head[] = "POST /v3/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n";
    struct served *f = *state;
    static uint8_t most[1000];
    unsigned port;
    unsigned calls = 0, status = 0;
    int waiting[19];

    f->options.max_body_bytes = 1000;
    f->options.judge = &f->gate.base;
    port = served_start(f);
    for (int i = 0; i < 19; i++) { /* 20 353 of 20 384 bytes */
        waiting[i] = dial(port);
        dial_send(waiting[i], bytes_of_text(head));
        dial_send(waiting[i], bytes_of(most, 999));
    }
    while (status != 503) { /* the server may not have read all of theirs at first */
        int fd = dial(port);

        status = served_call(f, fd, "POST", "/v3/tasks", bytes_of(most, sizeof most));
        calls++;
        close(fd);
    }
    for (int i = 0; i < 19; i++)
        close(waiting[i]);
    served_stop(f);
    assert_int_equal(f->logged, calls - 1);
}

/* ---- too many ---- */

static void beyond_so_many_requests_under_way_it_is_503(void **state)
{
    struct served *f = *state;
    unsigned port;
    int first, second;

    f->options.judge = &f->gate.base;
    f->options.max_exchanges = 1;
    port = served_start(f);
    first = dial(port);
    assert_int_equal(served_fetch(f, first), 200);
    dial_request(first, "POST", "/v3/tasks/submit", "", served_submission_body(f));
    gate_wait(&f->gate, 1);
    second = dial(port);
    assert_int_equal(served_call(f, second, "GET", "/healthz", NOTHING), 200); /* always */
    assert_int_equal(served_call(f, second, "GET", "/v3/nodes/" BENCH_NODE, NOTHING), 503);
    assert_true(dial_has(&f->answer, "retry-after: 1"));
    assert_true(dial_has(&f->answer, "connection: close"));
    close(second);
    gate_open(&f->gate);
    dial_read(first, &f->answer);
    assert_int_equal(f->answer.status, 200);
    assert_int_equal(served_call(f, first, "GET", "/v3/nodes/" BENCH_NODE, NOTHING), 200);
    close(first);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_request_has_to_arrive_in_time),
        CASE(bytes_now_and_then_do_not_make_it_longer),
        CASE(an_idle_connection_is_left_alone),
        CASE(an_answer_may_take_its_time),
        CASE(a_handshake_has_to_end_in_time_too),
        CASE(bodies_have_a_limit_together),
        CASE(a_body_that_is_too_much_is_not_processed_though_it_is_whole),
        CASE(beyond_so_many_requests_under_way_it_is_503),
    };

    signal(SIGPIPE, SIG_IGN); /* as the program does: OpenSSL says goodbye */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
