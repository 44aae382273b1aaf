/* SPDX-License-Identifier: Apache-2.0 */
/* The server on a loopback socket, down to the byte. It runs on a thread of its own; the
 * orchestrator is looked at after the server has stopped. */
#include "tests/support/test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "mockorch/server/address.h"
#include "tests/mockorch/dial.h"
#include "tests/mockorch/served.h"

/* ---- service ---- */

static void one_connection_carries_a_whole_life(void **state)
{
    struct served *f = *state;
    unsigned port = served_start(f);
    int fd = dial(port);
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    assert_string_equal(server_url(f->server), url);
    assert_int_equal(served_call(f, fd, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    assert_memory_equal(f->answer.body, "ok\n", 3);
    assert_int_equal(served_call(f, fd, "GET", "/v3/nodes/" BENCH_NODE, bytes_of(NULL, 0)), 200);
    assert_true(dial_has(&f->answer, "content-type: application/octet-stream"));
    assert_int_equal(served_fetch(f, fd), 200);
    assert_int_equal(served_call(f, fd, "POST", "/v3/tasks/submit", served_submission_body(f)), 200);
    assert_int_equal(f->answer.size, 0);
    assert_int_equal(served_call(f, fd, "GET", "/admin/state", bytes_of(NULL, 0)), 200);
    assert_non_null(strstr((const char *)f->answer.body, "\"credits\": 1"));
    close(fd);
    served_stop(f);
    assert_true(orchestrator_credits(f->b.o, BENCH_WALLET) == 1);
    assert_int_equal(f->logged, 3); /* health and state are not the orchestrator's */
}

static void errors_are_json_with_their_headers(void **state)
{
    struct served *f = *state;
    int fd;

    f->b.settings.fetches_per_window = 1;
    fd = dial(served_start(f));
    assert_int_equal(served_call(f, fd, "GET", "/v3/nodes/1", bytes_of(NULL, 0)), 404);
    assert_true(dial_has(&f->answer, "content-type: application/json"));
    assert_memory_equal(f->answer.body, "{\"name\":\"NotFoundError\"", 23);
    assert_int_equal(served_fetch(f, fd), 200);
    assert_int_equal(served_fetch(f, fd), 429);
    assert_true(dial_has(&f->answer, "retry-after: 180"));
    assert_int_equal(served_call(f, fd, "POST", "/healthz", bytes_of_text("x")), 405);
    close(fd);
}

static void a_get_may_have_a_body(void **state)
{
    struct served *f = *state;
    struct wire_list list = {.node_id = BENCH_NODE};
    int fd = dial(served_start(f));

    assert_int_equal(served_fetch(f, fd), 200);
    buffer_reset(&f->b.body);
    wire_encode_list(&f->b.body, &list);
    assert_int_equal(served_call(f, fd, "GET", "/v3/tasks", buffer_bytes(&f->b.body)), 200);
    assert_true(f->answer.size > 50);
    close(fd);
}

static void the_body_has_a_limit_and_methods_are_two(void **state)
{
    struct served *f = *state;
    static uint8_t big[2000];
    unsigned port;
    int fd;

    f->options.max_body_bytes = 1000;
    port = served_start(f);
    fd = dial(port);
    assert_int_equal(served_call(f, fd, "POST", "/v3/tasks", bytes_of(big, sizeof big)), 413);
    close(fd);
    fd = dial(port);
    assert_int_equal(served_call(f, fd, "PUT", "/v3/tasks", bytes_of(NULL, 0)), 501);
    close(fd);
}

static void a_client_that_expects_100_gets_it_first(void **state)
{
    struct served *f = *state;
    struct bytes body;
    char head[200];
    int fd = dial(served_start(f));

    assert_int_equal(served_fetch(f, fd), 200);
    body = served_submission_body(f);
    snprintf(head, sizeof head,
             "POST /v3/tasks/submit HTTP/1.1\r\nhost: x\r\ncontent-length: %zu\r\n"
             "expect: 100-continue\r\n\r\n",
             body.size);
    dial_send(fd, bytes_of_text(head));
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 100);
    dial_send(fd, body);
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 200);
    close(fd);
}

static void tasks_expire_while_nobody_asks(void **state)
{
    struct served *f = *state;
    int fd;

    f->b.settings.task_expiry_ns = NS_PER_MS;
    fd = dial(served_start(f));
    assert_int_equal(served_fetch(f, fd), 200);
    do /* the timer of the server expires it; nothing here does */
        served_call(f, fd, "GET", "/healthz", bytes_of(NULL, 0));
    while (clock_now_ns(clock_system()) - f->b.now_ns < 20 * NS_PER_MS);
    close(fd);
    served_stop(f);
    assert_int_equal(orchestrator_metrics(f->b.o)->tasks_expired, 1);
}

static void who_was_wrong_too_often_waits_for_the_answer(void **state)
{
    struct served *f = *state;
    struct bytes body;
    int64_t asked_ns;
    int fd;

    f->b.settings.refusal_gap_ns = 20 * NS_PER_MS;
    f->b.judge.broken = ST_INVALID;
    fd = dial(served_start(f));
    assert_int_equal(served_fetch(f, fd), 200);
    body = served_submission_body(f);
    asked_ns = clock_now_ns(clock_system());
    for (int i = 0; i < 12; i++) /* eight at once, then one each gap */
        assert_int_equal(served_call(f, fd, "POST", "/v3/tasks/submit", body), 422);
    assert_true(clock_now_ns(clock_system()) - asked_ns >= 80 * NS_PER_MS);
    close(fd);
}

static void note_status(void *context, const struct server_record *record)
{
    struct served *f = context;

    f->statuses[f->logged++ % 8] = record->verdict->status;
}

static void the_log_says_what_the_client_got_when_the_disk_fails(void **state)
{
    struct served *f = *state;
    static struct bench_failing_store store; /* outlives the case */
    struct recorder *recorder;
    struct tape *tape;
    char path[] = "/tmp/server_test.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    f->options.log = note_status;
    store = bench_failing_store(99, 3); /* the start needs two commits */
    f->b.store = &store.base;
    assert_int_equal(recorder_new(&recorder, &(struct recorder_options){.record = path}, NULL),
                     ST_OK);
    f->options.recorder = recorder;
    fd = dial(served_start(f));
    assert_int_equal(served_fetch(f, fd), 200);
    assert_int_equal(served_fetch(f, fd), 500); /* its commit fails */
    assert_int_equal(f->answer.size, 0);
    assert_int_equal(served_fetch(f, fd), 500); /* and from here on everything does */
    close(fd);
    served_stop(f);
    recorder_free(recorder);
    assert_int_equal(f->logged, 3);
    assert_true(f->statuses[0] == 200 && f->statuses[1] == 500 && f->statuses[2] == 500);
    assert_int_equal(tape_load(&tape, path, NULL), ST_OK);
    assert_int_equal(tape->count, 3);
    assert_int_equal(tape->exchanges[0].response.status, 200);
    assert_true(tape->exchanges[0].response.header_count > 0 &&
                tape->exchanges[0].response.body.size > 50);
    assert_int_equal(tape->exchanges[1].response.status, 500);
    assert_int_equal(tape->exchanges[1].response.body.size, 0);
    tape_free(tape);
    unlink(path);
}

/* ---- what became of an answer ---- */

static bool journal_says(struct served *f, int fd, const char *words)
{
    assert_int_equal(served_call(f, fd, "GET", "/admin/requests", bytes_of(NULL, 0)), 200);
    f->answer.body[f->answer.size] = 0;
    return strstr((const char *)f->answer.body, words) != NULL;
}

static void the_journal_knows_who_got_his_answer_and_who_had_left(void **state)
{
    struct served *f = *state;
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    char port[32];
    struct bytes submission;
    int fd, leaves;

    f->options.judge = &f->gate.base;
    fd = dial(served_start(f));
    leaves = dial(server_port(f->server));
    getsockname(fd, (struct sockaddr *)&own, &size);
    snprintf(port, sizeof port, "\"peer_port\": %u,", ntohs(own.sin_port));
    assert_int_equal(served_fetch(f, fd), 200);
    submission = served_submission_body(f);
    assert_true(journal_says(f, fd, "\"answer\": \"sent\""));
    assert_true(journal_says(f, fd, port));
    dial_request(leaves, "POST", "/v3/tasks/submit", "", submission);
    gate_wait(&f->gate, 1);
    close(leaves);
    gate_open(&f->gate);
    while (!journal_says(f, fd, "\"credited\"")) /* or the time of the test is over */
        ;
    assert_true(journal_says(f, fd, "\"answer\": \"left\""));
    close(fd);
}

static void the_journal_knows_what_a_fault_has_cut(void **state)
{
    struct served *f = *state;
    int fd, other;

    bench_fault(&f->b, "task_truncated");
    fd = dial(served_start(f));
    other = dial(server_port(f->server));
    assert_int_equal(served_fetch(f, fd), 200);
    assert_int_equal(f->answer.end, DIAL_CLOSED);
    assert_true(journal_says(f, other, "\"answer\": \"cut\""));
    close(fd);
    close(other);
}

/* ---- faults on the wire ---- */

static int fault_start(struct served *f, const char *name)
{
    bench_fault(&f->b, name);
    return dial(served_start(f));
}

static void a_lost_request_is_a_reset(void **state)
{
    struct served *f = *state;
    int fd = fault_start(f, "request_lost");

    assert_int_equal(served_fetch(f, fd), 0);
    assert_int_equal(f->answer.end, DIAL_RESET);
    close(fd);
    served_stop(f);
    assert_int_equal(orchestrator_metrics(f->b.o)->tasks_made, 0);
}

static void a_hang_up_is_an_end_without_a_byte(void **state)
{
    struct served *f = *state;
    int fd = fault_start(f, "request_hung_up");

    assert_int_equal(served_fetch(f, fd), 0);
    assert_int_equal(f->answer.end, DIAL_CLOSED);
    close(fd);
}

static void silence_lasts_until_the_server_ends(void **state)
{
    struct served *f = *state;
    int silent = fault_start(f, "request_swallowed"), other = dial(server_port(f->server));

    dial_request(silent, "POST", "/v3/tasks", "", served_fetch_body(f));
    /* The loop serves one after the other: when this answer is here, the silent one was handled. */
    assert_int_equal(served_call(f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    assert_true(dial_is_quiet(silent));
    served_stop(f); /* does not wait for it */
    server_free(f->server);
    f->server = NULL;
    dial_read(silent, &f->answer);
    assert_int_equal(f->answer.status, 0);
    assert_int_equal(f->answer.end, DIAL_CLOSED);
    close(silent);
    close(other);
}

static void a_client_may_leave_the_silence(void **state)
{
    struct served *f = *state;
    int silent = fault_start(f, "request_swallowed"), other = dial(server_port(f->server));

    dial_request(silent, "POST", "/v3/tasks", "", served_fetch_body(f));
    assert_int_equal(served_call(f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    close(silent);
    assert_int_equal(served_call(f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    close(other);
}

static void a_lost_answer_was_processed(void **state)
{
    struct served *f = *state;
    int fd = fault_start(f, "fetch_answer_lost");

    assert_int_equal(served_fetch(f, fd), 0);
    assert_int_equal(f->answer.end, DIAL_RESET);
    close(fd);
    served_stop(f);
    assert_int_equal(orchestrator_metrics(f->b.o)->tasks_made, 1);
}

static void a_truncated_body_is_shorter_than_it_says(void **state)
{
    struct served *f = *state;
    int fd = fault_start(f, "task_truncated");

    assert_int_equal(served_fetch(f, fd), 200);
    assert_int_equal(f->answer.end, DIAL_CLOSED);
    assert_int_equal(f->answer.size, 20);
    assert_true(f->answer.length > 50);
    close(fd);
}

static void a_reset_may_come_behind_the_head(void **state)
{
    struct served *f = *state;
    int fd = fault_start(f, "answer_cut_head");

    /* RST may overtake bytes that have arrived: the head is there, or is not */
    dial_request(fd, "POST", "/v3/tasks", "", served_fetch_body(f));
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.end, DIAL_RESET);
    assert_int_equal(f->answer.size, 0);
    close(fd);
}

static void a_stalled_answer_stops_in_the_body(void **state)
{
    struct served *f = *state;
    int fd = fault_start(f, "answer_stalls"), other;

    dial_request(fd, "POST", "/v3/tasks", "", served_fetch_body(f));
    other = dial(server_port(f->server));
    assert_int_equal(served_call(f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    close(other);
    served_stop(f);
    server_free(f->server);
    f->server = NULL;
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 200);
    assert_int_equal(f->answer.size, 1);
    assert_int_equal(f->answer.end, DIAL_CLOSED);
    close(fd);
}

static void a_dribbling_answer_is_whole_in_the_end(void **state)
{
    struct served *f = *state;
    struct fault_rule rule = {
        .where.call = CALL_FETCH,
        .what = {.effects = FAULT_DRIBBLE, .dribble_bytes = 16, .dribble_gap_ns = NS_PER_MS}};
    int64_t began;
    int fd;

    assert_int_equal(fault_plan_add(&f->b.plan, &rule, NULL), ST_OK);
    fd = dial(served_start(f));
    began = clock_now_ns(clock_system());
    assert_int_equal(served_fetch(f, fd), 200);
    assert_int_equal(f->answer.end, DIAL_OPEN);
    assert_true(f->answer.length > 64);
    assert_true(clock_now_ns(clock_system()) - began >= 4 * NS_PER_MS);
    served_submission_body(f); /* decodes */
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.end, DIAL_CLOSED); /* then the connection ends */
    close(fd);
}

static void a_delay_comes_before_the_first_byte(void **state)
{
    struct served *f = *state;
    struct fault_rule rule = {.where.call = CALL_FETCH,
                              .what = {.effects = FAULT_DELAY, .delay_ns = 30 * NS_PER_MS}};
    int64_t began;
    int fd;

    assert_int_equal(fault_plan_add(&f->b.plan, &rule, NULL), ST_OK);
    fd = dial(served_start(f));
    began = clock_now_ns(clock_system());
    assert_int_equal(served_fetch(f, fd), 200);
    assert_true(clock_now_ns(clock_system()) - began >= 30 * NS_PER_MS);
    assert_int_equal(served_fetch(f, fd), 200); /* the connection lives on */
    close(fd);
}

static void a_client_may_leave_during_a_delay(void **state)
{
    struct served *f = *state;
    int fd, other;

    f->options.grace_ns = NS_PER_MS;
    fd = fault_start(f, "minutes_slow");
    dial_request(fd, "POST", "/v3/tasks", "", served_fetch_body(f));
    other = dial(server_port(f->server));
    assert_int_equal(served_call(f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    close(fd);
    assert_int_equal(served_call(f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    close(other);
}

static void a_request_names_its_fault_in_a_header(void **state)
{
    struct served *f = *state;
    int fd;

    f->b.plan.by_header = true;
    fd = dial(served_start(f));
    dial_request(fd, "POST", "/v3/tasks", "X-Mock-Fault: fetch_503\r\n", served_fetch_body(f));
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 503);
    assert_true(dial_has(&f->answer, "retry-after: 120"));
    assert_true(dial_has(&f->answer, "content-type: text/plain"));
    close(fd);
}

/* ---- the judge on its thread ---- */

static void a_slow_judge_stops_nobody_else(void **state)
{
    struct served *f = *state;
    int fd, other;

    f->options.judge = &f->gate.base;
    fd = dial(served_start(f));
    assert_int_equal(served_fetch(f, fd), 200);
    dial_request(fd, "POST", "/v3/tasks/submit", "", served_submission_body(f));
    gate_wait(&f->gate, 1);
    other = dial(server_port(f->server));
    assert_int_equal(served_call(f, other, "GET", "/v3/nodes/" BENCH_NODE, bytes_of(NULL, 0)), 200);
    assert_true(dial_is_quiet(fd));
    gate_open(&f->gate);
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 200);
    close(fd);
    close(other);
}

static void a_submission_counts_when_its_client_has_left(void **state)
{
    struct served *f = *state;
    int fd, other;

    f->options.judge = &f->gate.base;
    fd = dial(served_start(f));
    assert_int_equal(served_fetch(f, fd), 200);
    dial_request(fd, "POST", "/v3/tasks/submit", "", served_submission_body(f));
    gate_wait(&f->gate, 1);
    close(fd);
    other = dial(server_port(f->server));
    assert_int_equal(served_call(f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    gate_open(&f->gate);
    served_stop(f);
    assert_true(orchestrator_credits(f->b.o, BENCH_WALLET) == 1);
    close(other);
}

static void too_many_cases_are_refused_and_the_task_stays(void **state)
{
    struct served *f = *state;
    int fd, other;

    f->options.judge = &f->gate.base;
    f->options.judge_queue = 1;
    fd = dial(served_start(f));
    assert_int_equal(served_fetch(f, fd), 200);
    dial_request(fd, "POST", "/v3/tasks/submit", "", served_submission_body(f));
    gate_wait(&f->gate, 1);
    other = dial(server_port(f->server));
    assert_int_equal(served_call(f, other, "POST", "/v3/tasks/submit", buffer_bytes(&f->b.body)), 503);
    assert_true(dial_has(&f->answer, "retry-after: 2"));
    gate_open(&f->gate);
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 200);
    close(fd);
    close(other);
}

static void a_stop_finishes_the_answers_under_way(void **state)
{
    struct served *f = *state;
    int fd;

    f->options.judge = &f->gate.base;
    f->options.grace_ns = 60 * NS_PER_S;
    fd = dial(served_start(f));
    assert_int_equal(served_fetch(f, fd), 200);
    dial_request(fd, "POST", "/v3/tasks/submit", "", served_submission_body(f));
    gate_wait(&f->gate, 1);
    server_stop(f->server);
    server_stop(f->server); /* once more does no harm */
    gate_open(&f->gate);
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 200);
    served_stop(f);
    assert_true(orchestrator_credits(f->b.o, BENCH_WALLET) == 1);
    close(fd);
}

static void a_stop_does_not_wait_for_ever(void **state)
{
    struct served *f = *state;
    int fd;

    f->options.grace_ns = NS_PER_MS;
    fd = fault_start(f, "minutes_slow");
    dial_request(fd, "POST", "/v3/tasks", "", served_fetch_body(f));
    {
        int other = dial(server_port(f->server));

        assert_int_equal(served_call(f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
        close(other);
    }
    served_stop(f);
    server_free(f->server);
    f->server = NULL;
    dial_read(fd, &f->answer);
    assert_int_equal(f->answer.status, 0);
    close(fd);
}

/* ---- addresses ---- */

static void addresses_are_numeric_and_free(void **state)
{
    static const char *const wrong[] = {"",
                                        "127.0.0.1",
                                        ":80",
                                        "localhost:80",
                                        "127.0.0.1:",
                                        "127.0.0.1:x",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:123456",
                                        "1.2.3:4:5"};
    struct served *f = *state;
    struct server *second;
    struct address_bound bound;
    struct why why;
    char taken[32];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(address_listen(&bound, wrong[i], &why), ST_INPUT);
    assert_int_equal(address_listen(&bound, "192.0.2.1:0", &why), ST_IO); /* not ours */
    snprintf(taken, sizeof taken, "127.0.0.1:%u", served_start(f));
    f->options.listen = taken;
    assert_int_equal(server_new(&second, &f->options, &why), ST_EXISTS);
    assert_non_null(strstr(why.text, taken));
}

static void ipv6_is_written_in_brackets(void **state)
{
    struct address_bound bound;
    struct why why;
    enum status st = address_listen(&bound, "[::1]:0", &why);

    (void)state;
    if (st == ST_IO)
        skip(); /* a machine without IPv6 */
    assert_int_equal(st, ST_OK);
    assert_memory_equal(bound.place, "[::1]:", 6);
    close(bound.fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_connection_carries_a_whole_life),
        CASE(errors_are_json_with_their_headers),
        CASE(a_get_may_have_a_body),
        CASE(the_body_has_a_limit_and_methods_are_two),
        CASE(a_client_that_expects_100_gets_it_first),
        CASE(tasks_expire_while_nobody_asks),
        CASE(who_was_wrong_too_often_waits_for_the_answer),
        CASE(the_log_says_what_the_client_got_when_the_disk_fails),
        CASE(the_journal_knows_who_got_his_answer_and_who_had_left),
        CASE(the_journal_knows_what_a_fault_has_cut),
        CASE(a_lost_request_is_a_reset),
        CASE(a_hang_up_is_an_end_without_a_byte),
        CASE(silence_lasts_until_the_server_ends),
        CASE(a_client_may_leave_the_silence),
        CASE(a_lost_answer_was_processed),
        CASE(a_truncated_body_is_shorter_than_it_says),
        CASE(a_reset_may_come_behind_the_head),
        CASE(a_stalled_answer_stops_in_the_body),
        CASE(a_dribbling_answer_is_whole_in_the_end),
        CASE(a_delay_comes_before_the_first_byte),
        CASE(a_client_may_leave_during_a_delay),
        CASE(a_request_names_its_fault_in_a_header),
        CASE(a_slow_judge_stops_nobody_else),
        CASE(a_submission_counts_when_its_client_has_left),
        CASE(too_many_cases_are_refused_and_the_task_stays),
        CASE(a_stop_finishes_the_answers_under_way),
        CASE(a_stop_does_not_wait_for_ever),
        CASE(addresses_are_numeric_and_free),
        cmocka_unit_test(ipv6_is_written_in_brackets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
