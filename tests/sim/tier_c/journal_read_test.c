/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator's own pages, and what is none. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin.h"
#include "sim/tier_c/journal_read.h"
#include "tests/mockorch/bench.h"

/* ---- what the orchestrator says ---- */

typedef enum status reads(struct journal_read *r, struct bytes json, bool *more, struct why *why);

static bool ask(struct bench *b, struct journal_read *r, reads *read, const char *path)
{
    const struct admin_request request = {.method = "GET", .path = path};
    struct admin_reply reply;
    struct why why = {""};
    bool more = false;

    admin_reply_init(&reply);
    admin_answer(b->o, &reply, &request, b->now_ns);
    assert_int_equal(reply.status, 200);
    if (read(r, buffer_bytes(&reply.body), &more, &why))
        fail_msg("%s: %s", path, why.text);
    admin_reply_fini(&reply);
    return more;
}

/* Goes out at once. */
static void delivered(struct bench *b)
{
    orchestrator_delivered(b->o, b->verdict.number, true, b->now_ns);
}

static void a_life_is_read_and_judged(void **state)
{
    struct bench b;
    struct bench_submission s;
    struct bench_task t;
    struct journal_read r = {.last = 0};
    struct journal_verdict v;
    struct journal_case c;

    (void)state;
    bench_init(&b);
    b.settings.fetches_per_window = 1;
    b.settings.window_ns = 60 * SECOND;
    bench_start(&b);
    b.now_ns = SECOND;
    assert_int_equal(bench_fetch(&b), 200);
    delivered(&b);
    t = bench_task(&b);
    b.now_ns = 10 * SECOND;
    assert_int_equal(bench_fetch(&b), 429);
    delivered(&b);
    bench_prove(&b, &s, &t);
    bench_fault(&b, "submit_answer_lost");
    b.now_ns = 20 * SECOND;
    assert_int_equal(bench_submit(&b, &s), 0);
    orchestrator_delivered(b.o, b.verdict.number, true, b.now_ns);
    fault_plan_remove(&b.plan, &b.plan.rules[0]);
    b.now_ns = 30 * SECOND;
    assert_int_equal(bench_submit(&b, &s), 404);
    delivered(&b);
    b.now_ns = 40 * SECOND;
    assert_int_equal(bench_fetch(&b), 429); /* too early */
    bench_submission_fini(&s);

    while (ask(&b, &r, journal_read_requests, "/admin/requests?limit=1000&after=0"))
        ;
    assert_false(ask(&b, &r, journal_read_tasks, "/admin/tasks?limit=1000"));
    assert_false(ask(&b, &r, journal_read_credits, "/admin/credits?limit=1000"));
    assert_int_equal(r.record_count, 5);
    assert_int_equal(r.records[0].call, CALL_FETCH);
    assert_string_equal(r.records[0].node_id, BENCH_NODE);
    assert_int_equal(strlen(r.records[0].key), 64);
    assert_string_equal(r.records[0].task_id, t.task_id);
    assert_true(r.records[0].at_ns == SECOND && r.records[0].out_ns == SECOND);
    assert_int_equal(r.records[0].delivery, JOURNAL_OUT);
    assert_true(r.records[0].retry_after_ns == -1);
    assert_true(r.records[1].retry_after_ns == 51 * SECOND);
    assert_int_equal(r.records[2].status, 0);
    assert_true(r.records[2].credited && r.records[2].faulty);
    assert_int_equal(r.records[2].delivery, JOURNAL_BROKEN);
    assert_string_equal(r.records[2].body_hash, r.records[3].body_hash);
    assert_false(r.records[3].content);
    assert_int_equal(r.records[4].delivery, JOURNAL_OPEN);
    assert_int_equal(journal_read_after(&r), 4);
    assert_int_equal(r.task_count, 1);
    assert_int_equal(r.tasks[0].state, JOURNAL_TASK_ACCEPTED);
    assert_int_equal(r.credit_count, 1);
    assert_string_equal(r.credits[0].task_id, t.task_id);

    c = journal_read_case(&r);
    c.has_books = true;
    assert_false(c.has_gaps);
    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    assert_int_equal(v.broken, 1);
    assert_int_equal(v.violations[0].number, 5);
    assert_int_equal(v.violations[0].record, 5);
    assert_int_equal(v.figures.credited, 1);
    journal_verdict_fini(&v);
    journal_read_fini(&r);
    bench_fini(&b);
}

static void pages_are_read_one_behind_the_other(void **state)
{
    struct bench b;
    struct journal_read r = {.last = 0};
    char path[64];
    int pages = 1;

    (void)state;
    bench_init(&b);
    b.settings.fetches_per_window = 0;
    bench_start(&b);
    for (int i = 0; i < 25; i++) {
        assert_int_equal(bench_fetch(&b), 200);
        if (i != 3)
            delivered(&b);
    }
    for (;; pages++) {
        snprintf(path, sizeof path, "/admin/requests?limit=10&after=%llu",
                 (unsigned long long)journal_read_after(&r));
        if (!ask(&b, &r, journal_read_requests, path))
            break;
    }
    assert_int_equal(pages, 3);
    assert_int_equal(r.record_count, 25);
    assert_int_equal(journal_read_after(&r), 3); /* the fourth is still under way */
    orchestrator_delivered(b.o, 4, false, b.now_ns);
    assert_true(ask(&b, &r, journal_read_requests, "/admin/requests?limit=10&after=3"));
    assert_int_equal(r.record_count, 25);
    assert_int_equal(r.records[3].delivery, JOURNAL_GONE);
    for (pages = 1;; pages++) {
        snprintf(path, sizeof path, "/admin/tasks?limit=10&offset=%zu", r.task_count);
        if (!ask(&b, &r, journal_read_tasks, path))
            break;
    }
    assert_int_equal(pages, 3);
    assert_int_equal(r.task_count, 25);
    assert_true(ask(&b, &r, journal_read_tasks, "/admin/tasks?limit=10"));
    assert_int_equal(r.task_count, 10); /* from the beginning */
    journal_read_fini(&r);
    bench_fini(&b);
}

static void what_the_journal_forgot_is_missed(void **state)
{
    struct bench b;
    struct journal_read r = {.last = 0};

    (void)state;
    bench_init(&b);
    b.settings.fetches_per_window = 0;
    b.settings.requests_kept = 3;
    bench_start(&b);
    for (int i = 0; i < 5; i++)
        assert_int_equal(bench_fetch(&b), 200);
    (void)ask(&b, &r, journal_read_requests, "/admin/requests");
    assert_int_equal(r.missed, 2);
    assert_int_equal(r.record_count, 3);
    assert_true(journal_read_case(&r).has_gaps);
    journal_read_fini(&r);
    bench_fini(&b);
}

/* ---- pages by hand ---- */

#define PAGE(items) "{\"total\": 1, \"offset\": 0, \"items\": [" items "]}"
#define REQUEST(more) REQUEST_AT("1", more)
#define REQUEST_AT(at, more)                                                                       \
    "{\"at_s\": " at ", \"took_s\": 0.5, \"peer_port\": 1, \"status\": 200, \"call\": \"fetch\", "      \
    "\"answer\": \"sent\", \"end_s\": 2" more "}"

static enum status read_text(struct journal_read *r, reads *read, const char *text,
                             struct why *why)
{
    bool more;

    return read(r, bytes_of_text(text), &more, why);
}

static void a_restarted_orchestrator_counts_anew(void **state)
{
    static const char first[] =
        "{\"total\": 2, \"offset\": 0, \"items\": [" REQUEST(", \"number\": 1") ", "
        "{\"number\": 2, \"at_s\": 3, \"took_s\": 0, \"peer_port\": 0, \"status\": 200, "
        "\"call\": \"node\", \"answer\": \"under way\"}]}";
    struct journal_read r = {.last = 0};

    (void)state;
    assert_int_equal(read_text(&r, journal_read_requests, first, NULL), ST_OK);
    assert_int_equal(r.records[1].delivery, JOURNAL_OPEN);
    journal_read_restarted(&r);
    assert_int_equal(r.records[1].delivery, JOURNAL_BROKEN);
    assert_int_equal(journal_read_after(&r), 0);
    assert_int_equal(read_text(&r, journal_read_requests,
                               PAGE(REQUEST_AT("1.5", ", \"number\": 1")), NULL),
                     ST_OK);
    assert_int_equal(r.record_count, 3);
    assert_int_equal(r.records[2].life, 1);
    assert_int_equal(r.missed, 0);
    journal_read_fini(&r);
}

static void what_an_orchestrator_has_kept_over_its_restart_is_not_counted_twice(void **state)
{
    static const char first[] =
        "{\"total\": 2, \"offset\": 0, \"items\": [" REQUEST(", \"number\": 1") ", "
        "{\"number\": 2, \"at_s\": 3, \"took_s\": 0, \"peer_port\": 0, \"status\": 200, "
        "\"call\": \"node\", \"answer\": \"under way\"}]}";
    static const char second[] =
        "{\"total\": 3, \"offset\": 0, \"items\": [" REQUEST(", \"number\": 1") ", "
        "{\"number\": 2, \"at_s\": 3, \"took_s\": 0, \"peer_port\": 0, \"status\": 200, "
        "\"call\": \"node\", \"answer\": \"sent\", \"end_s\": 4}, "
        REQUEST_AT("1.75", ", \"number\": 3") "]}";
    struct journal_read r = {.last = 0};

    (void)state;
    assert_int_equal(read_text(&r, journal_read_requests, first, NULL), ST_OK);
    journal_read_restarted(&r);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(read_text(&r, journal_read_requests, second, NULL), ST_OK);
        assert_int_equal(r.record_count, 3);
    }
    assert_int_equal(r.records[1].delivery, JOURNAL_OUT); /* its answer went out before the end */
    assert_int_equal(r.records[1].life, 0);
    assert_int_equal(r.records[2].life, 1);
    assert_int_equal(r.records[2].number, 3);
    assert_int_equal(r.missed, 0);
    assert_int_equal(journal_read_after(&r), 3);
    journal_read_fini(&r);
}

/* A life with the requests from..to; time_s: of a number that is used a second time. */
static void read_life(struct journal_read *r, int from, int to, int again, int again_s,
                      const char *answer)
{
    char page[4096], *at = page;
    bool more;
    struct why why = {""};

    at += sprintf(at, "{\"total\": %d, \"offset\": 0, \"items\": [", to - from + 1);
    for (int n = from; n <= to; n++)
        at += sprintf(at,
                      "%s{\"number\": %d, \"at_s\": %d, \"took_s\": 0, \"peer_port\": 1, "
                      "\"status\": 200, \"call\": \"node\", \"answer\": \"%s\", "
                      "\"end_s\": 1000}",
                      n > from ? ", " : "", n, n >= again ? again_s + n : n, answer);
    strcpy(at, "]}");
    if (journal_read_requests(r, bytes_of_text(page), &more, &why))
        fail_msg("%s", why.text);
}

static void a_restarted_orchestrator_may_remember_what_was_read(void **state)
{
    enum { NEVER = 1000 };
    struct journal_read r = {.last = 0};

    (void)state;
    read_life(&r, 1, 5, NEVER, 0, "sent");
    journal_read_restarted(&r);
    read_life(&r, 1, 5, NEVER, 0, "under way"); /* all of it: nothing is new */
    assert_int_equal(r.record_count, 5);
    assert_int_equal(r.records[4].delivery, JOURNAL_OUT);
    read_life(&r, 1, 7, NEVER, 0, "sent");
    assert_int_equal(r.record_count, 7);
    assert_int_equal(r.records[6].life, 1);
    assert_int_equal(r.records[4].life, 0);
    journal_read_restarted(&r);
    read_life(&r, 4, 8, 7, 100, "left"); /* its store had 1..6, its ring has 4..8 */
    assert_int_equal(r.record_count, 9);
    assert_int_equal(r.records[6].number, 7);
    assert_true(r.records[6].at_ns == 7 * NS_PER_S);
    assert_int_equal(r.records[6].delivery, JOURNAL_OUT);
    assert_int_equal(r.records[5].delivery, JOURNAL_GONE); /* the later word */
    assert_int_equal(r.records[7].number, 7);
    assert_true(r.records[7].at_ns == 107 * NS_PER_S);
    assert_int_equal(r.records[8].life, 2);
    assert_int_equal(r.missed, 0);
    assert_int_equal(journal_read_after(&r), 8);
    journal_read_restarted(&r);
    read_life(&r, 11, 12, NEVER, 0, "sent"); /* 9 and 10 have come and gone */
    assert_int_equal(r.missed, 2);
    for (int i = 0; i < 20; i++)
        journal_read_restarted(&r);
    read_life(&r, 11, 12, NEVER, 0, "sent");
    assert_int_equal(r.record_count, 11);
    journal_read_fini(&r);
}

static void an_id_of_a_list_has_the_length_of_those_of_requests_and_may_be_empty(void **state)
{
    static const char tasks[] =
        "{\"total\": 2, \"offset\": 0, \"items\": ["
        "{\"task_id\": \"0123456789012345678901234567890123456789012345678901234567890123456789\", "
        "\"state\": \"open\"}, {\"task_id\": \"\", \"state\": \"open\"}]}";
    struct journal_read r = {.last = 0};

    (void)state;
    assert_int_equal(read_text(&r, journal_read_tasks, tasks, NULL), ST_OK);
    assert_int_equal(r.task_count, 2);
    assert_int_equal(strlen(r.tasks[0].task_id), JOURNAL_ID - 1);
    assert_string_equal(r.tasks[1].task_id, "");
    journal_read_fini(&r);
}

static void what_is_no_page_of_requests_is_refused(void **state)
{
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"
    static const struct {
        const char *page, *why;
    } table[] = {
        {"", "line"},
        {"{\"items\": [", "line"},
        {"{\"total\": 1, \"total\": 1, \"offset\": 0, \"items\": []}", "duplicate"},
        {"[]", "items is no list"},
        {"{\"error\": \"no\"}", "items is no list"},
        {"{\"total\": 1, \"offset\": 0, \"items\": {}}", "items is no list"},
        {"{\"total\": -1, \"offset\": 0, \"items\": []}", "total"},
        {"{\"total\": 0, \"items\": []}", "total"},
        {"{\"total\": 0, \"offset\": 0, \"items\": [1]}", "total"},
        {PAGE("7"), "item 0: number"},
        {PAGE("{}"), "item 0: number"},
        {PAGE(REQUEST(", \"number\": 0")), "item 0: number"},
        {PAGE(REQUEST(", \"number\": -7")), "item 0: number"},
        {PAGE(REQUEST(", \"number\": 1.5")), "item 0: number"},
        {PAGE("{\"number\": 1, \"at_s\": -1}"), "item 0: at_s"},
        {PAGE("{\"number\": 1, \"at_s\": 1e300}"), "item 0: at_s"},
        {PAGE("{\"number\": 1, \"at_s\": \"1\"}"), "item 0: at_s"},
        {PAGE("{\"number\": 1, \"at_s\": 1, \"peer_port\": 70000}"), "item 0: peer_port"},
        {PAGE("{\"number\": 1, \"at_s\": 1, \"peer_port\": 1, \"status\": 1000}"), "status"},
        {PAGE("{\"number\": 1, \"at_s\": 1, \"peer_port\": 1, \"status\": 0, \"call\": \"x\"}"),
         "item 0: call"},
        {PAGE("{\"number\": 1, \"at_s\": 1, \"peer_port\": 1, \"status\": 0, \"call\": \"" LONG
              "\"}"),
         "item 0: call"},
        {PAGE("{\"number\": 1, \"at_s\": 1, \"peer_port\": 1, \"status\": 0, \"call\": \"node\"}"),
         "item 0: answer"},
        {PAGE("{\"number\": 1, \"at_s\": 9, \"took_s\": 0, \"peer_port\": 1, \"status\": 0, "
              "\"call\": \"node\", \"answer\": \"sent\", \"end_s\": 8}"),
         "item 0: end_s"},
        {PAGE(REQUEST(", \"number\": 1, \"node_id\": 5")), "item 0: node_id"},
        {PAGE(REQUEST(", \"number\": 1, \"node_id\": \"" LONG "\"")), "item 0: node_id"},
        {PAGE(REQUEST(", \"number\": 1, \"key\": \"" LONG "\"")), "item 0: key"},
        {PAGE(REQUEST(", \"number\": 1, \"task_id\": \"" LONG "\"")), "item 0: task_id"},
        {PAGE(REQUEST(", \"number\": 1, \"retry_after_s\": -1")), "item 0: retry_after_s"},
        {PAGE(REQUEST(", \"number\": 1, \"retry_after_s\": 1000000001")), "item 0: retry_after_s"},
        {PAGE("{\"number\": 1, \"at_s\": 1, \"took_s\": 0, \"peer_port\": 1, \"status\": 200, "
              "\"call\": \"submit\", \"answer\": \"under way\"}"),
         "item 0: outcome"},
        {"{\"total\": 2, \"offset\": 0, \"items\": [" REQUEST(", \"number\": 2") ", " REQUEST(
             ", \"number\": 2") "]}",
         "item 1: numbers are not in order"},
    };
    struct journal_read r = {.last = 0};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct why why = {""};

        assert_int_equal(read_text(&r, journal_read_requests, table[i].page, &why), ST_INPUT);
        if (!strstr(why.text, table[i].why))
            fail_msg("%s: '%s' does not say '%s'", table[i].page, why.text, table[i].why);
        assert_int_equal(r.record_count, 0);
    }
    journal_read_fini(&r);
}

static void a_number_that_was_missing_cannot_come_later(void **state)
{
    struct journal_read r = {.last = 0};
    struct why why;

    (void)state;
    assert_int_equal(read_text(&r, journal_read_requests, PAGE(REQUEST(", \"number\": 3")), NULL),
                     ST_OK);
    assert_int_equal(r.missed, 2);
    assert_int_equal(read_text(&r, journal_read_requests, PAGE(REQUEST(", \"number\": 2")), &why),
                     ST_INPUT);
    assert_non_null(strstr(why.text, "missing before"));
    assert_int_equal(r.record_count, 1);
    journal_read_fini(&r);
}

static void what_is_no_list_of_tasks_or_credits_is_refused(void **state)
{
    static const struct {
        reads *read;
        const char *page, *why;
    } table[] = {
        {journal_read_tasks, "{", "line"},
        {journal_read_tasks, PAGE("{\"state\": \"open\"}"), "item 0: task_id"},
        {journal_read_tasks, PAGE("{\"task_id\": \"a\", \"state\": \"lost\"}"), "item 0: state"},
        {journal_read_tasks, PAGE("{\"task_id\": \"a\\u0000b\", \"state\": \"open\"}"), "line"},
        {journal_read_tasks, "{\"total\": 9, \"offset\": 5, \"items\": []}", "begins at 5"},
        {journal_read_credits, "{", "line"},
        {journal_read_credits, PAGE("{\"task_id\": \"a\"}"), "item 0: amount"},
        {journal_read_credits, PAGE("{\"task_id\": 1, \"amount\": 1}"), "item 0: task_id"},
        {journal_read_credits, "{\"total\": 9, \"offset\": 5, \"items\": []}", "begins at 5"},
    };
    struct journal_read r = {.last = 0};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct why why = {""};

        assert_int_equal(read_text(&r, table[i].read, table[i].page, &why), ST_INPUT);
        if (!strstr(why.text, table[i].why))
            fail_msg("%s: '%s' does not say '%s'", table[i].page, why.text, table[i].why);
        assert_int_equal(r.task_count + r.credit_count, 0);
    }
    journal_read_fini(&r);
}

static void a_page_has_a_limit(void **state)
{
    const size_t size = JOURNAL_READ_LIMIT + 1;
    struct journal_read r = {.last = 0};
    char *text = malloc(size);
    struct why why;
    bool more;

    (void)state;
    memset(text, ' ', size);
    assert_int_equal(journal_read_requests(&r, bytes_of(text, size), &more, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "too many"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life_is_read_and_judged),
        cmocka_unit_test(pages_are_read_one_behind_the_other),
        cmocka_unit_test(what_the_journal_forgot_is_missed),
        cmocka_unit_test(a_restarted_orchestrator_counts_anew),
        cmocka_unit_test(what_an_orchestrator_has_kept_over_its_restart_is_not_counted_twice),
        cmocka_unit_test(a_restarted_orchestrator_may_remember_what_was_read),
        cmocka_unit_test(an_id_of_a_list_has_the_length_of_those_of_requests_and_may_be_empty),
        cmocka_unit_test(what_is_no_page_of_requests_is_refused),
        cmocka_unit_test(a_number_that_was_missing_cannot_come_later),
        cmocka_unit_test(what_is_no_list_of_tasks_or_credits_is_refused),
        cmocka_unit_test(a_page_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
