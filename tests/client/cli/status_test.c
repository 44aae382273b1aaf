/* SPDX-License-Identifier: Apache-2.0 */
/* The report of nxp status: its JSON, which scripts read, and its text. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "client/cli/stamp.h"
#include "client/cli/status_report.h"

#define NOW_NS ((int64_t)1764000000 * NS_PER_S) /* 2025-11-24 16:00:00 UTC */

static const struct snapshot busy = {
    .phase = "working",
    .profile = "current",
    .stats = {.fetched = 5, .restored = 1, .proofs = 9, .accepted = 2, .unknown = 1, .refused = 1,
              .fetch_requests = 7, .fetch_errors = 2, .submit_requests = 6, .submit_waits = 2},
    .routes = {[CORE_ROUTE_FETCH] = {.next_wall_ns = NOW_NS + 90 * NS_PER_S},
               [CORE_ROUTE_SUBMIT] = {.next_wall_ns = NOW_NS + 86400 * NS_PER_S,
                                      .why = "HTTP 429: as asked by Retry-After"}},
    .asks = DIFFICULTY_MEDIUM,
    .open = 2,
    .node_count = 2,
    .nodes = {{.id = "7", .standing = "known", .fetch_requests = 7, .fetched = 5, .accepted = 2,
               .open = 2},
              {.id = "8", .standing = "not asked yet"}},
    .task_count = 2,
    .tasks = {{.task_id = "T1", .node_id = "7", .program_id = "fib", .state = OUTBOX_FETCHED,
               .difficulty = DIFFICULTY_SMALL, .inputs = 3, .inputs_proved = 1,
               .fetched_wall_ns = NOW_NS - 60 * NS_PER_S, .on_disk = true},
              {.task_id = "T2", .node_id = "7", .program_id = "fib", .state = OUTBOX_PROVED,
               .difficulty = DIFFICULTY_LARGE, .inputs = 1, .inputs_proved = 1, .attempts = 2,
               .last_status = 429, .fetched_wall_ns = NOW_NS - 600 * NS_PER_S,
               .expires_wall_ns = NOW_NS + 300 * NS_PER_S,
               .next_try_wall_ns = NOW_NS + 86400 * NS_PER_S}},
};

static json_t *busy_report(void)
{
    static const struct status_meter meter = {
        .proofs = 9, .steps = 9000, .busy_ns = 3 * NS_PER_S, .last_ns = NS_PER_S / 2};

    return status_report_running(&(struct status_facts){
        .snapshot = &busy,
        .meter = &meter,
        .now_wall_ns = NOW_NS,
        .started_wall_ns = NOW_NS - 1800 * NS_PER_S,
        .server = "production",
        .pid = 4711,
        .threads = 2,
        .slots = 1,
        .worker_pid = 4712,
        .worker_bytes = (uint64_t)700 << 20,
        .resident_bytes = (uint64_t)30 << 20,
        .peak_bytes = (uint64_t)90 << 20,
    });
}

static struct outbox_survey survey(void)
{
    struct outbox_survey s = {.counts = {[OUTBOX_PROVED] = 1, [OUTBOX_ACKED] = 40},
                              .hold_count = 1,
                              .holds = {{"production", "fetch", NOW_NS + 45 * NS_PER_S}}};

    return s;
}

static const char *text_of(const json_t *report)
{
    static char text[4000];
    FILE *f = fmemopen(text, sizeof text, "w");

    status_report_print(f, report, NOW_NS);
    fclose(f);
    return text;
}

static void people_read_what_runs_until_when_it_waits_and_why(void **state)
{
    const struct outbox_survey disk = survey();
    json_t *report = busy_report();

    (void)state;
    status_report_add_disk(report, &disk, NOW_NS);
    assert_string_equal(
        text_of(report),
        "nxp " NXP_VERSION " runs since 15:30:00 (pid 4711), phase working\n"
        "server      production, profile current\n"
        "asks for    MEDIUM\n"
        "nodes       7  known, 5 fetched, 2 credited, 2 open\n"
        "            8  not asked yet, 0 fetched, 0 credited, 0 open\n"
        "waits       fetch until 16:01:30 (90 s): the pace between two tasks\n"
        "            submit until 2025-11-25 16:00:00 (86400 s): HTTP 429: as asked by Retry-After\n"
        "open tasks  2\n"
        "  T1  fetched  1 of 3 proved  SMALL  fetched 15:59:00\n"
        "  T2  proved  1 of 1 proved  LARGE  fetched 15:50:00  expires 16:05:00  sent 2 times, last "
        "answer 429  again at 2025-11-25 16:00:00  NOT ON DISK\n"
        "credited    2, probably 1 more\n"
        "lost        1 refused or expired, 0 given up\n"
        "speed       18.0 proofs an hour, the last took 0.500 s, 3000 steps/s\n"
        "prover      2 cores, 1 input at once, 9 proofs so far\n"
        "memory      client 30 MiB, worker 700 MiB\n"
        "outbox      0 fetched, 1 proved, 0 sending, 40 accepted, 0 refused, 0 unknown, 0 "
        "abandoned, 0 damaged\n");
    json_decref(report);
}

static void people_read_what_a_client_that_does_not_run_left_behind(void **state)
{
    const struct outbox_survey disk = survey();
    json_t *report = status_report_idle("/home/u/.nexus/nxp", NOW_NS);

    (void)state;
    assert_string_equal(text_of(report), "no nxp runs on /home/u/.nexus/nxp\noutbox      empty\n");
    status_report_add_disk(report, &disk, NOW_NS);
    assert_string_equal(text_of(report),
                        "no nxp runs on /home/u/.nexus/nxp\n"
                        "waits       fetch (production) until 16:00:45 (45 s): named by the "
                        "orchestrator, or the pace\n"
                        "outbox      0 fetched, 1 proved, 0 sending, 40 accepted, 0 refused, 0 "
                        "unknown, 0 abandoned, 0 damaged\n");
    json_decref(report);
}

static void prometheus_reads_metrics(void **state)
{
    const struct outbox_survey disk = survey();
    json_t *report = busy_report(), *idle = status_report_idle("/", NOW_NS);
    static const char up[] = "# HELP nxp_up 1 when a client runs on this home.\n"
                             "# TYPE nxp_up gauge\nnxp_up 1\n"
                             "# HELP nxp_tasks_open Tasks without a definite answer.\n"
                             "# TYPE nxp_tasks_open gauge\nnxp_tasks_open 2\n";
    static char text[8000];
    FILE *f = fmemopen(text, sizeof text, "w");

    (void)state;
    status_report_add_disk(report, &disk, NOW_NS);
    json_object_set_new(json_array_get(json_object_get(report, "nodes"), 1), "node_id",
                        json_string("a\"\\\nb"));
    status_report_metrics(f, report);
    fclose(f);
    assert_int_equal(strncmp(text, up, strlen(up)), 0);
    assert_non_null(strstr(text, "\nnxp_tasks_total{end=\"credited\"} 2\n"));
    assert_non_null(strstr(text, "\nnxp_wait_seconds{route=\"submit\"} 86400\n"));
    assert_non_null(strstr(text, "\nnxp_node_credited_total{node=\"7\"} 2\n"));
    assert_non_null(strstr(text, "{node=\"a\\\"\\\\\\nb\"} 0\n"));
    assert_non_null(strstr(text, "\nnxp_proofs_total 9\n"));
    assert_non_null(strstr(text, "\nnxp_resident_bytes{process=\"worker\"} 734003200\n"));
    assert_non_null(strstr(text, "\nnxp_outbox_records{state=\"accepted\"} 40\n"));
    f = fmemopen(text, sizeof text, "w");
    status_report_metrics(f, idle);
    fclose(f);
    assert_non_null(strstr(text, "\nnxp_up 0\n"));
    assert_null(strstr(text, "nxp_proofs_total"));
    json_decref(report);
    json_decref(idle);
}

/* The document names every member of a report, and nothing that is not there. */
static void find_names(const json_t *value, const char *document)
{
    const char *name;
    const json_t *item;
    json_t *member;
    size_t i;

    json_object_foreach((json_t *)value, name, member) {
        char quoted[80];

        snprintf(quoted, sizeof quoted, "`%s`", name);
        if (!strstr(document, quoted))
            fail_msg("docs/output.md does not explain %s", quoted);
        find_names(member, document);
    }
    json_array_foreach(value, i, item)
        find_names(item, document);
}

static void the_document_explains_every_member(void **state)
{
    const struct outbox_survey disk = survey();
    json_t *running = busy_report(), *idle = status_report_idle("/", NOW_NS);
    struct buffer document;

    (void)state;
    status_report_add_disk(running, &disk, NOW_NS);
    status_report_add_disk(idle, &disk, NOW_NS);
    buffer_init(&document, 0);
    assert_int_equal(file_read(&document, NXP_SOURCE "/docs/output.md", 1 << 20, NULL), ST_OK);
    buffer_put_u8(&document, 0);
    find_names(running, (const char *)document.data);
    find_names(idle, (const char *)document.data);
    buffer_fini(&document);
    json_decref(running);
    json_decref(idle);
}

static void machines_read_numbers_and_moments(void **state)
{
    json_t *report = busy_report(), *tasks, *waits;
    const char *next, *until, *reason;
    json_int_t credited, lost;
    double rate, seconds;

    (void)state;
    assert_int_equal(json_unpack(report, "{s:o, s:o, s:{s:I, s:I}, s:{s:F}}", "tasks", &tasks,
                                 "waits", &waits, "totals", "credited", &credited, "lost", &lost,
                                 "prover", "proofs_per_hour", &rate),
                     0);
    assert_int_equal(credited, 2);
    assert_int_equal(lost, 1);
    assert_true(rate == 18);
    assert_true(json_is_null(json_object_get(json_array_get(tasks, 0), "next_try")));
    assert_int_equal(json_unpack(json_array_get(tasks, 1), "{s:s}", "next_try", &next), 0);
    assert_string_equal(next, "2025-11-25T16:00:00.000Z");
    assert_int_equal(json_array_size(waits), 2); /* the node is not waited for */
    assert_int_equal(json_unpack(json_array_get(waits, 0), "{s:s, s:F, s:s}", "until", &until,
                                 "seconds", &seconds, "why", &reason),
                     0);
    assert_string_equal(until, "2025-11-24T16:01:30.000Z");
    assert_true(seconds == 90);
    json_decref(report);
}

static void a_report_of_another_version_is_printed_as_far_as_it_goes(void **state)
{
    static const char *const odd[] = {
        "{}", "[]", "{\"running\":true}",
        "{\"running\":true,\"nodes\":[5],\"waits\":[7,{}],\"tasks\":[null,{\"attempts\":\"x\"}],"
        "\"outbox\":{\"new\":3}}"};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        json_t *report = json_loads(odd[i], 0, NULL);

        assert_non_null(report);
        assert_non_null(strstr(text_of(report), "outbox"));
        json_decref(report);
    }
}

static void moments_are_short_today_and_whole_on_other_days(void **state)
{
    char text[STAMP_SIZE];

    (void)state;
    assert_string_equal(stamp_clock(text, NOW_NS, NOW_NS), "16:00:00");
    assert_string_equal(stamp_clock(text, NOW_NS + (int64_t)8 * 3600 * NS_PER_S, NOW_NS),
                        "2025-11-25 00:00:00");
    assert_string_equal(stamp_clock(text, NOW_NS - (int64_t)365 * 86400 * NS_PER_S, NOW_NS),
                        "2024-11-24 16:00:00");
    assert_string_equal(stamp_utc(text, NOW_NS + 7 * NS_PER_MS), "2025-11-24T16:00:00.007Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_read_what_runs_until_when_it_waits_and_why),
        cmocka_unit_test(people_read_what_a_client_that_does_not_run_left_behind),
        cmocka_unit_test(prometheus_reads_metrics),
        cmocka_unit_test(the_document_explains_every_member),
        cmocka_unit_test(machines_read_numbers_and_moments),
        cmocka_unit_test(a_report_of_another_version_is_printed_as_far_as_it_goes),
        cmocka_unit_test(moments_are_short_today_and_whole_on_other_days),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
