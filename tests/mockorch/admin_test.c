/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator seen from above. */
#include "tests/support/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin.h"
#include "mockorch/scenario/scenario.h"
#include "tests/mockorch/bench.h"

static struct bench b;
static struct admin_reply reply;

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    b.plan.read = scenario_rule;
    b.settings.fetches_per_window = 0;
    assert_int_equal(store_memory_new(&b.store, NULL), ST_OK);
    admin_reply_init(&reply);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    admin_reply_fini(&reply);
    bench_fini(&b);
    return 0;
}

static void send_admin(const char *method, const char *path, struct bytes body)
{
    const struct admin_request request = {.method = method, .path = path, .body = body};

    admin_answer(b.o, &reply, &request, b.now_ns);
}

/* The answer, which must have this status; a new reference. */
static json_t *call(unsigned status, const char *method, const char *path, const char *body)
{
    json_t *answer;

    send_admin(method, path, bytes_of_text(body));
    if (reply.status != status)
        fail_msg("%s %s: %u, %.*s", method, path, reply.status, (int)reply.body.size,
                 (const char *)reply.body.data);
    answer = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    assert_non_null(answer);
    return answer;
}

static void just(unsigned status, const char *method, const char *path, const char *body)
{
    json_decref(call(status, method, path, body));
}

/* "items.0.name": what stands there, as compact JSON; static memory. */
static const char *at(const json_t *json, const char *path)
{
    static char text[2048];
    char part[64], *dump;

    while (*path) {
        size_t length = strcspn(path, ".");

        snprintf(part, sizeof part, "%.*s", (int)length, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10))
                                   : json_object_get(json, part);
        path += length + (path[length] == '.');
    }
    dump = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    snprintf(text, sizeof text, "%s", dump ? dump : "nothing");
    free(dump);
    return text;
}

static void expect_at(const char *page, const char *path, const char *value)
{
    json_t *answer = call(200, "GET", page, "");

    if (strcmp(at(answer, path), value) != 0)
        fail_msg("%s of %s is %s, not %s", path, page, at(answer, path), value);
    json_decref(answer);
}

static void restart(void)
{
    orchestrator_free(b.o);
    b.o = NULL;
    fault_plan_fini(&b.plan);
    fault_plan_init(&b.plan, 1);
    b.plan.read = scenario_rule;
    b.settings.wall_at_zero_ns += b.now_ns;
    b.now_ns = 0;
    assert_int_equal(orchestrator_new(&b.o, &b.settings, &b.plan, b.store, b.now_ns, NULL), ST_OK);
}

/* ---- routes ---- */

static void pages_have_their_methods_and_words_for_mistakes(void **state)
{
    static const struct {
        const char *method, *path, *body;
        unsigned status;
        const char *words;
    } table[] = {
        {"GET", "/admin/state", "", 200, "metrics"},
        {"GET", "/admin/", "", 404, "no such page"},
        {"GET", "/v3/nodes", "", 404, "no such page"},
        {"GET", "/admin/weather", "", 404, "no such page"},
        {"GET", "/admin/users/a/b", "", 404, "no such page"},
        {"GET", "/admin/nodes/%zz", "", 404, "no such page"},
        {"GET", "/admin/nodes/%4", "", 404, "no such page"},
        {"GET", "/admin/nodes/%00", "", 404, "no such page"},
        {"GET", "/admin/reset", "", 405, "another method"},
        {"PUT", "/admin/state", "", 405, "another method"},
        {"DELETE", "/admin/users", "", 405, "another method"},
        {"POST", "/admin/users", "{", 400, "line 1"},
        {"POST", "/admin/users", "[]", 400, "not an object"},
        {"POST", "/admin/users", "{\"a\":1,\"a\":2}", 400, "duplicate"},
        {"POST", "/admin/users", "", 400, "wallet_address"},
        {"POST", "/admin/users", "{\"wallet_address\":5}", 400, "wallet_address"},
        {"POST", "/admin/users", "{\"wallet_address\":\"0x5\"}", 400, "40 hex digits"},
        {"POST", "/admin/users", "{\"wallet_address\":\"" BENCH_WALLET "\",\"user_id\":5}", 400,
         "user_id"},
        {"POST", "/admin/users", "{\"wallet_address\":\"" BENCH_WALLET "\",\"user_id\":\"x\"}", 400,
         "UUID"},
        {"POST", "/admin/users", "{\"wallet_address\":\"" BENCH_WALLET "\"}", 409, "exists"},
        {"POST", "/admin/nodes", "{}", 400, "wallet_address"},
        {"POST", "/admin/nodes", "{\"wallet_address\":\"x\"}", 400, "40 hex digits"},
        {"POST", "/admin/nodes", "{\"wallet_address\":\"" BENCH_WALLET "\",\"node_id\":7}", 400,
         "node_id"},
        {"POST", "/admin/nodes",
         "{\"wallet_address\":\"" BENCH_WALLET "\",\"node_id\":\"" BENCH_NODE "\"}", 409, "exists"},
        {"GET", "/admin/users/nobody", "", 404, "no user"},
        {"GET", "/admin/nodes/77", "", 404, "no such node"},
        {"GET", "/admin/tasks/77", "", 404, "no such task"},
        {"GET", "/admin/users?offset=-1", "", 400, "offset"},
        {"GET", "/admin/nodes?offset=x", "", 400, "offset"},
        {"GET", "/admin/tasks?limit=1001", "", 400, "limit"},
        {"GET", "/admin/credits?limit=1x", "", 400, "limit"},
        {"GET", "/admin/rules?limit=99999999999999999999", "", 400, "limit"},
        {"GET", "/admin/requests?limit=", "", 400, "limit"},
        {"GET", "/admin/requests?after=-1", "", 400, "after: a whole number"},
        {"GET", "/admin/requests?after=18446744073709551615", "", 400, "after: a whole number"},
        {"GET", "/admin/requests?after=9223372036854775807", "", 400, "after"},
        {"GET", "/admin/requests?status=2xx", "", 400, "status"},
        {"POST", "/admin/users/nobody/credits", "{\"amount\":1}", 404, "no user"},
        {"POST", "/admin/users/" BENCH_WALLET "/credits", "{}", 400, "amount"},
        {"POST", "/admin/users/" BENCH_WALLET "/credits", "{\"amount\":0}", 400, "amount"},
        {"POST", "/admin/users/" BENCH_WALLET "/credits", "{\"amount\":1.5}", 400, "amount"},
        {"POST", "/admin/users/" BENCH_WALLET "/credits", "{\"amount\":-1}", 409, "0 credits"},
        {"POST", "/admin/users/" BENCH_WALLET "/credits", "{\"amount\":1,\"reason\":2}", 400,
         "reason"},
        {"POST", "/admin/tasks", "{\"program_id\":5}", 400, "program_id"},
        {"POST", "/admin/tasks",
         "{\"program_id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         400, "program_id"},
        {"POST", "/admin/tasks", "{\"inputs\":5}", 400, "inputs"},
        {"POST", "/admin/tasks", "{\"inputs\":[[1,2]]}", 400, "inputs"},
        {"POST", "/admin/tasks", "{\"inputs\":[[1,2,-3]]}", 400, "inputs"},
        {"POST", "/admin/tasks", "{\"inputs\":[[1,2,4294967296]]}", 400, "inputs"},
        {"POST", "/admin/tasks", "{\"inputs\":[[1,2,\"3\"]]}", 400, "inputs"},
        {"POST", "/admin/tasks", "{\"inputs\":[5]}", 400, "inputs"},
        {"GET", "/admin/users?offset&limit=5", "", 200, "total"},
        {"GET", "/admin/requests?status=2000", "", 400, "status"},
        {"GET", "/admin/requests?status=", "", 400, "status"},
        {"POST", "/admin/tasks", "{\"task_type\":\"PROOF\"}", 400, "task_type"},
        {"POST", "/admin/tasks", "{\"task_type\":1}", 400, "task_type"},
        {"POST", "/admin/tasks", "{\"difficulty\":\"HUGE\"}", 400, "difficulty"},
        {"POST", "/admin/tasks", "{\"difficulty\":1}", 400, "difficulty"},
        {"POST", "/admin/tasks", "{\"count\":0}", 400, "count"},
        {"POST", "/admin/tasks", "{\"count\":10001}", 400, "count"},
        {"POST", "/admin/tasks", "{\"count\":\"1\"}", 400, "count"},
        {"POST", "/admin/tasks", "{\"node_id\":\"77\"}", 404, "no such node"},
        {"POST", "/admin/tasks", "{\"node_id\":77}", 404, "no such node"},
        {"POST", "/admin/tasks/77/expire", "", 404, "no such task"},
        {"POST", "/admin/rules", "", 400, "a rule is needed"},
        {"POST", "/admin/rules", "{\"fault\":\"fetsch\"}", 400, "fetsch"},
        {"POST", "/admin/rules", "{\"cal\":\"fetch\"}", 400, "cal"},
        {"DELETE", "/admin/rules/nobody", "", 404, "no such rule"},
        {"POST", "/admin/verify", "{}", 400, "exactly"},
        {"POST", "/admin/verify", "{\"exactly\":1,\"at_most\":1}", 400, "exactly"},
        {"POST", "/admin/verify", "{\"exactly\":\"1\"}", 400, "exactly"},
        {"POST", "/admin/verify", "{\"at_least\":1.5}", 400, "exactly"},
        {"POST", "/admin/verify", "{\"at_most\":null}", 400, "exactly"},
        {"POST", "/admin/verify", "{\"status\":\"200\",\"exactly\":1}", 400, "status"},
        {"POST", "/admin/verify", "{\"call\":1,\"exactly\":1}", 400, "call"},
        {"POST", "/admin/verify", "{\"node\":1,\"exactly\":1}", 400, "call"},
        {"POST", "/admin/verify", "{\"task\":1,\"exactly\":1}", 400, "call"},
        {"POST", "/admin/verify", "{\"failed\":1,\"exactly\":1}", 400, "call"},
        {"POST", "/admin/verify", "{\"fault\":1,\"exactly\":1}", 400, "call"},
        {"POST", "/admin/verify",
         "{\"call\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"exactly\":1}", 400, "call"},
        {"POST", "/admin/clock", "{\"advance_s\":-1}", 400, "advance_s"},
        {"POST", "/admin/clock", "{\"advance_s\":\"5m\"}", 400, "advance_s"},
        {"POST", "/admin/clock", "{\"advance_s\":1e300}", 400, "advance_s"},
        {"POST", "/admin/clock", "{\"skew_s\":true}", 400, "skew_s"},
        {"POST", "/admin/clock", "{\"freeze\":1}", 400, "freeze"},
        {"POST", "/admin/restore", "{}", 400, "not a snapshot"},
    };

    (void)state;
    bench_start(&b);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *answer = call(table[i].status, table[i].method, table[i].path, table[i].body);

        if (!strstr((const char *)reply.body.data, table[i].words))
            fail_msg("%s %s %s: %.*s", table[i].method, table[i].path, table[i].body,
                     (int)reply.body.size, (const char *)reply.body.data);
        json_decref(answer);
    }
    send_admin("GET", "/admin/users/%ff", bytes_of(NULL, 0)); /* not UTF-8 */
    assert_int_equal(reply.status, 404);
}

static void a_name_that_is_too_long_fits_no_page(void **state)
{
    char path[1000];

    (void)state;
    bench_start(&b);
    snprintf(path, sizeof path, "/admin/tasks/%0700d", 0);
    just(404, "GET", path, "");
    snprintf(path, sizeof path, "/admin/tasks?state=%0700d", 0);
    expect_at(path, "total", "0");
}

/* ---- users, nodes, credits ---- */

#define WALLET_B "0x00000000000000000000000000000000000000aB"

static void users_and_nodes_are_added_and_listed(void **state)
{
    json_t *answer;

    (void)state;
    bench_start(&b);
    answer = call(201, "POST", "/admin/users",
                  "{\"wallet_address\":\"" WALLET_B "\",\"user_id\":\"" BENCH_UUID "\"}");
    assert_string_equal(at(answer, "user_id"), "\"" BENCH_UUID "\"");
    json_decref(answer);
    answer = call(201, "POST", "/admin/nodes", "{\"wallet_address\":\"" WALLET_B "\"}");
    assert_string_equal(at(answer, "node_id"), "\"1\"");
    json_decref(answer);
    just(201, "POST", "/admin/nodes", "{\"wallet_address\":\"" WALLET_B "\",\"node_id\":\"7\"}");
    just(201, "POST", "/admin/users",
         "{\"wallet_address\":\"0x00000000000000000000000000000000000000cD\"}");
    assert_int_equal(orchestrator_metrics(b.o)->nodes, 3);
    assert_int_equal(orchestrator_metrics(b.o)->users, 3);

    expect_at("/admin/users", "total", "3");
    expect_at("/admin/users?limit=1&offset=1", "items.0.user_id", "\"" BENCH_UUID "\"");
    expect_at("/admin/users?limit=1&offset=1", "items.1", "nothing");
    expect_at("/admin/users?limit=0", "items", "[]");
    expect_at("/admin/users/" BENCH_UUID, "wallet_address", "\"" WALLET_B "\"");
    expect_at("/admin/users/0x00000000000000000000000000000000000000AB", "nodes", "[\"1\",\"7\"]");
    expect_at("/admin/nodes", "total", "3");
    expect_at("/admin/nodes?user=" BENCH_UUID, "total", "2");
    expect_at("/admin/nodes?user=" WALLET_B "&limit=1", "items.0.node_id", "\"1\"");
    expect_at("/admin/nodes?user=nobody", "total", "0");
    expect_at("/admin/nodes/%37", "node_id", "\"7\"");
    restart();
    expect_at("/admin/nodes", "total", "3");
}

static void credits_have_a_history(void **state)
{
    char page[128];

    (void)state;
    b.settings.credits_kept = 3;
    bench_start(&b);
    b.now_ns = 5 * SECOND;
    assert_int_equal(bench_work(&b), 200);
    snprintf(page, sizeof page, "\"%s\"", b.verdict.task_id);
    expect_at("/admin/credits", "items.0.task_id", page);
    expect_at("/admin/credits", "items.0.at_s", "5.0");
    expect_at("/admin/credits", "items.0.reason", "\"accepted\"");
    just(200, "POST", "/admin/users/" BENCH_WALLET "/credits",
         "{\"amount\":10,\"reason\":\"gift\"}");
    just(200, "POST", "/admin/users/" BENCH_WALLET "/credits", "{\"amount\":-4}");
    just(409, "POST", "/admin/users/" BENCH_WALLET "/credits", "{\"amount\":-8}");
    just(409, "POST", "/admin/users/" BENCH_WALLET "/credits", "{\"amount\":9223372036854775807}");
    just(200, "POST", "/admin/users/" BENCH_WALLET "/credits", "{\"amount\":-7}");
    assert_true(orchestrator_credits(b.o, BENCH_WALLET) == 0);
    for (int i = 0; i < 2; i++) {
        expect_at("/admin/credits", "total", "3"); /* the first was forgotten */
        expect_at("/admin/credits", "items.0.number", "2");
        expect_at("/admin/credits", "items.0.reason", "\"gift\"");
        expect_at("/admin/credits", "items.0.balance", "11");
        expect_at("/admin/credits", "items.1.amount", "-4");
        expect_at("/admin/credits", "items.2.balance", "0");
        expect_at("/admin/credits?user=" BENCH_WALLET "&limit=1&offset=1", "items.0.number", "3");
        expect_at("/admin/credits?node=" BENCH_NODE, "total", "0");
        expect_at("/admin/credits?user=nobody", "total", "0");
        restart();
    }
    assert_int_equal(bench_work(&b), 200);
    expect_at("/admin/credits?node=" BENCH_NODE, "items.0.number", "5");
    just(201, "POST", "/admin/nodes", "{\"wallet_address\":\"" WALLET_B "\",\"node_id\":\"7\"}");
    expect_at("/admin/credits?user=" WALLET_B, "total", "0");
}

/* ---- tasks ---- */

static void minted_tasks_are_given_out_first(void **state)
{
    struct bench_submission s;
    struct bench_task t;
    char page[128];

    (void)state;
    bench_start(&b);
    just(201, "POST", "/admin/nodes", "{\"wallet_address\":\"" WALLET_B "\",\"node_id\":\"7\"}");
    just(201, "POST", "/admin/tasks",
         "{\"node_id\":\"7\",\"inputs\":[[1,2,3],[4,5,6]],\"program_id\":\"x\","
         "\"task_type\":\"ALL_PROOF_HASHES\",\"difficulty\":\"LARGE\"}");
    just(201, "POST", "/admin/tasks", "{\"count\":2}");
    for (int i = 0; i < 2; i++) {
        expect_at("/admin/tasks", "total", "3");
        expect_at("/admin/tasks?state=minted&node=7", "total", "1");
        expect_at("/admin/tasks", "items.0.inputs", "[[1,2,3],[4,5,6]]");
        expect_at("/admin/tasks", "items.0.left_s", "nothing");
        expect_at("/admin/tasks", "items.1.node_id", "\"\"");
        if (i == 0)
            restart();
    }
    assert_int_equal(bench_fetch(&b), 200); /* the one for anybody */
    t = bench_task(&b);
    assert_string_equal(t.program_id, "fib");
    expect_at("/admin/tasks?state=minted", "total", "2");
    assert_int_equal(bench_fetch_as(&b, "7", DIFFICULTY_SMALL), 200);
    t = bench_task(&b);
    assert_string_equal(t.program_id, "x");
    assert_int_equal(t.type, TASK_ALL_PROOF_HASHES);
    assert_int_equal(t.difficulty, DIFFICULTY_LARGE);
    assert_int_equal(t.input_count, 2);
    assert_int_equal(load_le32(t.inputs[1] + 8), 6);
    restart(); /* it comes back behind the one that was given out before it */
    expect_at("/admin/tasks?state=open", "items.1.program_id", "\"x\"");
    bench_prove(&b, &s, &t);
    assert_int_equal(bench_submit(&b, &s), 200);
    bench_submission_fini(&s);
    assert_int_equal(bench_fetch_as(&b, "7", DIFFICULTY_SMALL), 200); /* the last minted one */
    expect_at("/admin/tasks?state=minted", "total", "0");
    assert_int_equal(bench_fetch(&b), 200); /* a new one */

    expect_at("/admin/tasks?state=open", "total", "3");
    expect_at("/admin/tasks?state=accepted&type=ALL_PROOF_HASHES", "total", "1");
    expect_at("/admin/tasks?program=x&difficulty=LARGE", "total", "1");
    expect_at("/admin/tasks?program=x&difficulty=SMALL", "total", "0");
    expect_at("/admin/tasks?user=" WALLET_B, "total", "2");
    expect_at("/admin/tasks?user=nobody", "total", "0");
    expect_at("/admin/tasks?limit=1&offset=3", "items.0.node_id", "\"" BENCH_NODE "\"");
    snprintf(page, sizeof page, "/admin/tasks/%s", t.task_id);
    expect_at(page, "state", "\"accepted\"");
    expect_at("/admin/state", "tasks.3.state", "\"open\"");
}

static void tasks_expire_by_hand(void **state)
{
    struct bench_submission s;
    struct bench_task t;
    json_t *minted;
    char page[128];

    (void)state;
    bench_start(&b);
    assert_int_equal(bench_fetch(&b), 200);
    t = bench_task(&b);
    snprintf(page, sizeof page, "/admin/tasks/%s/expire", t.task_id);
    just(200, "POST", page, "");
    just(409, "POST", page, "");
    bench_prove(&b, &s, &t);
    assert_int_equal(bench_submit(&b, &s), 404);
    bench_submission_fini(&s);
    assert_int_equal(orchestrator_metrics(b.o)->tasks_expired, 1);

    minted = call(201, "POST", "/admin/tasks", "{\"count\":3}");
    for (int i = 2; i >= 0; i--) { /* from the end, so that the list's end moves */
        snprintf(page, sizeof page, "/admin/tasks/%s/expire",
                 json_string_value(json_object_get(
                     json_array_get(json_object_get(minted, "items"), (size_t)i), "task_id")));
        just(200, "POST", page, "");
        just(404, "POST", page, "");
    }
    json_decref(minted);
    expect_at("/admin/tasks?state=minted", "total", "0");
    just(201, "POST", "/admin/tasks", "{}");
    expect_at("/admin/tasks?state=minted", "total", "1");
    restart();
    expect_at("/admin/tasks", "total", "2");
    expect_at("/admin/tasks", "items.0.state", "\"expired\"");
}

/* A submission that waits for its judge; returns the job. */
static uint64_t submit_pending(struct bench_submission *s, struct bench_task *t)
{
    struct http_request request = {.method = HTTP_POST, .path = "/v3/tasks/submit"};

    buffer_reset(&b.body);
    bench_prove(&b, s, t);
    wire_encode_submission(&b.body, &s->message);
    request.body = buffer_bytes(&b.body);
    orchestrator_answer(b.o, &b.response, &b.verdict, &request, b.now_ns);
    assert_true(b.verdict.pending);
    return b.verdict.job;
}

static void what_is_before_the_judge_does_not_expire_by_hand(void **state)
{
    struct bench_submission s;
    struct bench_task t;
    char page[128];
    uint64_t job;

    (void)state;
    bench_start(&b);
    assert_int_equal(bench_fetch(&b), 200);
    t = bench_task(&b);
    job = submit_pending(&s, &t);
    snprintf(page, sizeof page, "/admin/tasks/%s/expire", t.task_id);
    just(409, "POST", page, "");
    expect_at("/admin/tasks?state=judging", "total", "1");
    orchestrator_judged(b.o, &b.response, &b.verdict, job, ST_OK, NULL, b.now_ns);
    assert_int_equal(b.verdict.status, 200);
    bench_submission_fini(&s);
}

/* ---- rules ---- */

static void rules_come_and_go_while_it_runs(void **state)
{
    (void)state;
    bench_fault(&b, "fetch_429_bare");
    bench_start(&b);
    expect_at("/admin/rules", "total", "1");
    expect_at("/admin/rules", "items.0.from", "\"start\"");
    assert_int_equal(bench_fetch(&b), 429);
    expect_at("/admin/rules", "items.0.struck", "1");
    just(200, "DELETE", "/admin/rules/fetch_429_bare", "");
    just(404, "DELETE", "/admin/rules/fetch_429_bare", "");
    assert_int_equal(bench_fetch(&b), 200);
    just(
        201, "POST", "/admin/rules",
        "{\"name\":\"bad day\",\"call\":\"fetch\",\"status\":502,\"body\":\"html\",\"at_most\":2}");
    just(409, "POST", "/admin/rules", "{\"name\":\"bad day\",\"status\":500}");
    just(201, "POST", "/admin/rules", "{\"status\":500,\"call\":\"node\"}");
    assert_int_equal(bench_fetch(&b), 502);
    expect_at("/admin/rules", "items.0.name", "\"bad day\"");
    expect_at("/admin/rules", "items.0.rule.status", "502");
    expect_at("/admin/rules", "items.1.name", "\"rule 3\"");
    fault_plan_fini(&b.plan);
    fault_plan_init(&b.plan, 1);
    b.plan.read = scenario_rule;
    bench_fault(&b, "fetch_429_bare"); /* as the scenario says again */
    orchestrator_free(b.o);
    assert_int_equal(orchestrator_new(&b.o, &b.settings, &b.plan, b.store, b.now_ns, NULL), ST_OK);
    expect_at("/admin/rules", "total", "2"); /* what was taken away stays away */
    expect_at("/admin/rules", "items.0.struck", "1");
    assert_int_equal(bench_fetch(&b), 502);
    assert_int_equal(bench_fetch(&b), 200);
    just(200, "DELETE", "/admin/rules/bad%20day", "");
    expect_at("/admin/rules", "total", "1");
    assert_int_equal(bench_send(&b, HTTP_GET, "/v3/nodes/" BENCH_NODE, bytes_of(NULL, 0)), 500);
    just(200, "DELETE", "/admin/rules", "");
    expect_at("/admin/rules", "total", "0");
    assert_int_equal(bench_send(&b, HTTP_GET, "/v3/nodes/" BENCH_NODE, bytes_of(NULL, 0)), 200);
}

static void without_a_plan_there_are_no_rules(void **state)
{
    (void)state;
    assert_int_equal(orchestrator_new(&b.o, &b.settings, NULL, NULL, 0, NULL), ST_OK);
    expect_at("/admin/rules", "total", "0");
    just(400, "POST", "/admin/rules", "{\"status\":500}");
    just(404, "DELETE", "/admin/rules/x", "");
    just(200, "DELETE", "/admin/rules", "");
    just(200, "POST", "/admin/reset", "");
    just(200, "GET", "/admin/snapshot", "");
    orchestrator_free(b.o);
    b.plan.read = NULL;
    b.o = NULL;
    assert_int_equal(orchestrator_new(&b.o, &b.settings, &b.plan, NULL, 0, NULL), ST_OK);
    just(400, "POST", "/admin/rules", "{\"status\":500}");
}

/* ---- clock ---- */

static void the_clock_stands_still_jumps_and_lies(void **state)
{
    (void)state;
    bench_start(&b);
    b.now_ns = 10 * SECOND;
    assert_int_equal(bench_fetch(&b), 200);
    expect_at("/admin/clock", "now_s", "10.0");
    just(200, "POST", "/admin/clock", "{\"freeze\":true,\"advance_s\":599.5}");
    assert_true(orchestrator_deadline_ns(b.o) == INT64_MAX);
    expect_at("/admin/tasks?state=open", "items.0.left_s", "0.5");
    b.now_ns = 1000 * SECOND;
    expect_at("/admin/clock", "now_s", "609.5");
    restart(); /* it still stands */
    expect_at("/admin/clock", "now_s", "609.5");
    expect_at("/admin/clock", "frozen", "true");
    just(200, "POST", "/admin/clock", "{\"advance_s\":1}");
    expect_at("/admin/tasks", "items.0.state", "\"expired\"");
    just(200, "POST", "/admin/clock", "{\"freeze\":false,\"skew_s\":-86400}");
    b.now_ns = 5 * SECOND;
    expect_at("/admin/clock", "now_s", "615.5");
    expect_at("/admin/clock", "skew_s", "-86400.0");
    assert_int_equal(bench_fetch(&b), 200);
    expect_at("/admin/tasks?state=open", "items.0.left_s", "600.0");
    expect_at("/admin/clock", "wall_s", "1759914215.5"); /* 1760000000 + 615.5 - 86400 */
    expect_at("/admin/clock", "date", "\"Wed, 08 Oct 2025 09:03:35 GMT\"");
    assert_string_equal(bench_header(&b, "date"), "Wed, 08 Oct 2025 09:03:35 GMT");
}

/* ---- requests ---- */

static void the_journal_says_why(void **state)
{
    struct bench_submission s;
    struct bench_task t;
    json_t *answer;
    char page[256];

    (void)state;
    bench_start(&b);
    assert_int_equal(bench_fetch(&b), 200); /* 1 */
    t = bench_task(&b);
    bench_prove(&b, &s, &t);
    s.proof_hash[0] ^= 1; /* still a digit of hex */
    bench_sign(&b, &s);
    assert_int_equal(bench_submit(&b, &s), 422); /* 2 */
    s.proof_hash[0] ^= 1;
    assert_int_equal(bench_submit(&b, &s), 403); /* 3 */
    bench_sign(&b, &s);
    assert_int_equal(bench_submit(&b, &s), 200); /* 4 */
    assert_int_equal(bench_submit(&b, &s), 404); /* 5 */
    s.message.task_id = "unheard of";
    assert_int_equal(bench_submit(&b, &s), 404); /* 6 */
    s.message.signature.size = 5;
    assert_int_equal(bench_submit(&b, &s), 400); /* 7 */
    assert_int_equal(bench_send(&b, HTTP_POST, "/v3/tasks/submit", bytes_of("\xff", 1)), 400);
    assert_int_equal(bench_send(&b, HTTP_GET, "/v3/nodes/\xff", bytes_of(NULL, 0)), 404); /* 9 */
    bench_submission_fini(&s);

    expect_at("/admin/requests", "total", "9");
    expect_at("/admin/requests", "last", "9");
    expect_at("/admin/requests?call=submit", "total", "7");
    expect_at("/admin/requests?call=submit&status=404", "total", "2");
    expect_at("/admin/requests?failed=hash", "items.0.number", "2");
    expect_at("/admin/requests?node=" BENCH_NODE, "total", "5");
    expect_at("/admin/requests?after=7&limit=1", "items.0.number", "8");
    expect_at("/admin/requests?after=0", "total", "9");
    expect_at("/admin/requests?after=9", "total", "0");
    snprintf(page, sizeof page, "/admin/requests?task=%s&call=fetch", t.task_id);
    expect_at(page, "total", "1");
    expect_at(page, "items.0.checks", "nothing");
    expect_at("/admin/requests?status=422", "items.0.checks.7.result", "\"passed\"");
    expect_at("/admin/requests?status=422", "items.0.checks.8.result", "\"failed\"");
    expect_at("/admin/requests?status=422", "items.0.checks.9.result", "\"not reached\"");
    answer = call(200, "GET", "/admin/requests?status=422", "");
    assert_non_null(strstr(at(answer, "items.0.checks.8.why"), "hash to"));
    assert_string_equal(at(answer, "items.0.checks.7.wanted"), "\"1 proofs, 0 hashes\"");
    assert_string_equal(at(answer, "items.0.checks.7.got"), "\"1 proofs, 0 hashes\"");
    json_decref(answer);
    expect_at("/admin/requests?after=2", "items.0.checks.4.result", "\"failed\"");
    expect_at("/admin/requests?after=4", "items.0.checks.2.got", "\"accepted\"");
    expect_at("/admin/requests?after=5", "items.0.checks.2.got", "\"unknown\"");
    expect_at("/admin/requests?after=6", "items.0.checks.1.got",
              "\"key 32 bytes, signature 5 bytes\"");
    expect_at("/admin/requests?after=7", "items.0.checks.0.result", "\"failed\"");
    expect_at("/admin/requests?after=8", "items.0.status", "404");
    expect_at("/admin/requests?after=8", "items.0.path", "nothing"); /* it is not UTF-8 */
    just(200, "DELETE", "/admin/requests", "");
    expect_at("/admin/requests", "total", "0");
    assert_int_equal(bench_fetch(&b), 200);
    expect_at("/admin/requests", "items.0.number", "10");
}

static void the_journal_says_what_a_judge_of_clients_needs(void **state)
{
    struct bench_submission s;
    struct bench_task t;
    char key[80], hash[2][24];
    json_t *answer;

    (void)state;
    b.settings.fetches_per_window = 1;
    bench_start(&b);
    assert_int_equal(bench_fetch(&b), 200); /* 1 */
    t = bench_task(&b);
    bench_prove(&b, &s, &t);
    s.signature[0] ^= 1;
    assert_int_equal(bench_submit(&b, &s), 403); /* 2 */
    bench_sign(&b, &s);
    assert_int_equal(bench_submit(&b, &s), 200); /* 3 */
    b.now_ns += 5 * SECOND;
    assert_int_equal(bench_submit(&b, &s), 404); /* 4: with the same bytes */
    assert_int_equal(bench_fetch(&b), 429);      /* 5 */
    bench_submission_fini(&s);

    answer = call(200, "GET", "/admin/requests", "");
    snprintf(key, sizeof key, "%s", at(answer, "items.0.key"));
    assert_int_equal(strlen(key), 64 + 2);
    assert_string_equal(at(answer, "items.1.key"), key);
    snprintf(hash[0], sizeof hash[0], "%s", at(answer, "items.1.body_hash"));
    snprintf(hash[1], sizeof hash[1], "%s", at(answer, "items.2.body_hash"));
    assert_int_equal(strlen(hash[0]), 16 + 2);
    assert_string_not_equal(hash[0], hash[1]);
    assert_string_equal(at(answer, "items.3.body_hash"), hash[1]);
    assert_string_equal(at(answer, "items.0.body_hash"), "nothing");
    assert_string_equal(at(answer, "items.1.outcome"), "\"\"");
    assert_string_equal(at(answer, "items.2.outcome"), "\"credited\"");
    assert_string_equal(at(answer, "items.3.outcome"), "\"\"");
    assert_string_equal(at(answer, "items.3.retry_after_s"), "nothing");
    assert_string_equal(at(answer, "items.4.retry_after_s"), "175");
    json_decref(answer);
}

static void the_journal_says_what_became_of_an_answer(void **state)
{
    (void)state;
    b.settings.requests_kept = 3;
    bench_start(&b);
    for (uint64_t number = 1; number <= 4; number++) {
        assert_int_equal(bench_fetch(&b), 200);
        assert_int_equal(b.verdict.number, number);
    }
    orchestrator_delivered(b.o, 0, true, b.now_ns); /* nobody kept it */
    orchestrator_delivered(b.o, 1, true, b.now_ns); /* forgotten */
    orchestrator_delivered(b.o, 2, true, b.now_ns + SECOND);
    orchestrator_delivered(b.o, 3, false, b.now_ns + 2 * SECOND);
    orchestrator_delivered(b.o, 5, true, b.now_ns); /* never was */
    expect_at("/admin/requests", "items.0.answer", "\"sent\"");
    expect_at("/admin/requests", "items.0.end_s", "1.0");
    expect_at("/admin/requests", "items.1.answer", "\"left\"");
    expect_at("/admin/requests", "items.1.end_s", "2.0");
    expect_at("/admin/requests", "items.2.answer", "\"under way\"");
    expect_at("/admin/requests", "items.2.end_s", "nothing");
    just(200, "DELETE", "/admin/requests", "");
    orchestrator_delivered(b.o, 4, true, b.now_ns);
    bench_fault(&b, "task_truncated");
    assert_int_equal(bench_fetch(&b), 200);
    orchestrator_delivered(b.o, 5, true, b.now_ns);
    expect_at("/admin/requests", "items.0.answer", "\"cut\"");
}

static void the_journal_is_bounded_or_not_there(void **state)
{
    (void)state;
    b.settings.requests_kept = 3;
    bench_start(&b);
    for (int i = 0; i < 8; i++)
        assert_int_equal(bench_fetch(&b), 200);
    expect_at("/admin/requests", "total", "3");
    expect_at("/admin/requests", "first", "6");
    just(409, "POST", "/admin/verify", "{\"exactly\":8}");
    assert_non_null(strstr((const char *)reply.body.data, "\"complete\": false"));
    orchestrator_free(b.o);
    b.o = NULL;
    b.settings.requests_kept = 0;
    assert_int_equal(orchestrator_new(&b.o, &b.settings, &b.plan, b.store, 0, NULL), ST_OK);
    assert_int_equal(bench_fetch(&b), 200);
    expect_at("/admin/requests", "total", "0");
}

static void expectations_are_verified(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
    } table[] = {
        {"{\"call\":\"submit\",\"status\":200,\"exactly\":3}", 200},
        {"{\"call\":\"submit\",\"status\":200,\"exactly\":2}", 409},
        {"{\"call\":\"submit\",\"at_least\":3,\"at_most\":5}", 200},
        {"{\"call\":\"submit\",\"at_least\":4}", 409},
        {"{\"call\":\"submit\",\"at_most\":2}", 409},
        {"{\"node\":\"" BENCH_NODE "\",\"exactly\":6}", 200},
        {"{\"failed\":\"none\",\"exactly\":6}", 200},
        {"{\"fault\":\"slow\",\"exactly\":0}", 200},
        {"{\"task\":\"x\",\"exactly\":0}", 200},
        {"{\"task\":\"x\",\"exactly\":1}", 409},
        {"{\"call\":\"node\",\"status\":404,\"exactly\":1}", 409},
    };
    json_t *answer;

    (void)state;
    bench_start(&b);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bench_work(&b), 200);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        just(table[i].status, "POST", "/admin/verify", table[i].body);
    answer =
        call(409, "POST", "/admin/verify", "{\"call\":\"submit\",\"status\":422,\"exactly\":1}");
    assert_string_equal(at(answer, "count"), "0");
    assert_string_equal(at(answer, "near.0"), "{\"number\":2,\"but\":\"status is 200, not 422\"}");
    json_decref(answer);
    for (int i = 0; i < 4; i++)
        assert_int_equal(bench_work(&b), 200);
    answer =
        call(409, "POST", "/admin/verify", "{\"call\":\"submit\",\"status\":422,\"exactly\":1}");
    assert_string_equal(at(answer, "near.4.number"), "14");
    assert_string_equal(at(answer, "near.5"), "nothing");
    json_decref(answer);
}

/* ---- reset, snapshot, restore ---- */

static void reset_brings_back_the_start(void **state)
{
    char first[64];

    (void)state;
    bench_fault(&b, "fetch_429_bare");
    b.plan.rules[0].where.nth = 3;
    bench_start(&b);
    for (int i = 0; i < 2; i++) {
        b.now_ns += 100 * SECOND;
        assert_int_equal(bench_work(&b), 200);
        if (i == 0)
            memcpy(first, b.verdict.task_id, sizeof first);
        just(201, "POST", "/admin/nodes", "{\"wallet_address\":\"" WALLET_B "\"}");
        just(201, "POST", "/admin/tasks", "{\"count\":2}");
        just(201, "POST", "/admin/rules", "{\"name\":\"x\",\"call\":\"node\",\"status\":500}");
        just(200, "DELETE", "/admin/rules/fetch_429_bare", "");
        just(200, "POST", "/admin/clock", "{\"freeze\":true,\"skew_s\":5}");
        just(200, "POST", "/admin/reset", "");
        just(200, "POST", "/admin/reset", ""); /* twice is once */
        expect_at("/admin/nodes", "total", "1");
        expect_at("/admin/users", "total", "1");
        expect_at("/admin/users", "items.0.credits", "0");
        expect_at("/admin/tasks", "total", "0");
        expect_at("/admin/credits", "total", "0");
        expect_at("/admin/requests", "total", "0");
        expect_at("/admin/rules", "items.0.name", "\"fetch_429_bare\"");
        expect_at("/admin/rules", "total", "1");
        expect_at("/admin/rules", "items.0.seen", "0");
        expect_at("/admin/clock", "now_s", "0.0");
        expect_at("/admin/clock", "frozen", "false");
        assert_int_equal(orchestrator_metrics(b.o)->tasks_made, 0);
        if (i == 0)
            restart();
        fault_plan_fini(&b.plan); /* restart forgot the first rule */
        fault_plan_init(&b.plan, 1);
        b.plan.read = scenario_rule;
        bench_fault(&b, "fetch_429_bare");
        b.plan.rules[0].where.nth = 3;
    }
    assert_int_equal(bench_work(&b), 200);
    /* the same chance: two digits and the random part of the id */
    assert_memory_equal(first, b.verdict.task_id, 3);
    assert_string_equal(first + 13, b.verdict.task_id + 13);
    assert_int_equal(bench_fetch(&b), 200);
    assert_int_equal(bench_fetch(&b), 429); /* the third */
}

static void a_reset_while_a_judge_is_at_work(void **state)
{
    struct bench_submission s[2];
    struct bench_task t;
    uint64_t jobs[3];

    (void)state;
    bench_start(&b);
    assert_int_equal(bench_fetch(&b), 200);
    t = bench_task(&b);
    jobs[0] = submit_pending(&s[0], &t);
    jobs[1] = submit_pending(&s[1], &t);
    bench_submission_fini(&s[1]);
    just(200, "POST", "/admin/reset", "");
    expect_at("/admin/tasks", "total", "0");
    assert_int_equal(bench_fetch(&b), 200);
    t = bench_task(&b);
    jobs[2] = submit_pending(&s[1], &t);
    just(200, "POST", "/admin/reset", "");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(orchestrator_case(b.o, jobs[i])->count, 1);
        assert_int_equal(orchestrator_case(b.o, jobs[i])->inputs[0].size, 12);
        orchestrator_judged(b.o, &b.response, &b.verdict, jobs[i], ST_OK, NULL, b.now_ns);
        assert_int_equal(b.verdict.status, 404);
    }
    assert_true(orchestrator_credits(b.o, BENCH_WALLET) == 0);
    expect_at("/admin/requests", "items.1.checks.2.result", "\"failed\"");
    bench_submission_fini(&s[0]); /* the third job ends with the orchestrator */
    bench_submission_fini(&s[1]);
}

static char *take_snapshot(void)
{
    json_t *snapshot = call(200, "GET", "/admin/snapshot", "");
    char *text = json_dumps(snapshot, JSON_COMPACT);

    json_decref(snapshot);
    return text;
}

static void a_task_that_a_restore_brings_back_while_it_is_judged_may_be_sent_again(void **state)
{
    struct bench_submission s;
    struct bench_task t;
    char *snapshot;
    uint64_t job;

    (void)state;
    bench_start(&b);
    assert_int_equal(bench_fetch(&b), 200);
    t = bench_task(&b);
    job = submit_pending(&s, &t);
    snapshot = take_snapshot();
    just(200, "POST", "/admin/restore", snapshot);
    orchestrator_judged(b.o, &b.response, &b.verdict, job, ST_OK, NULL, b.now_ns);
    assert_int_equal(b.verdict.status, 503);
    assert_true(orchestrator_credits(b.o, BENCH_WALLET) == 0);
    assert_int_equal(bench_submit(&b, &s), 200);
    assert_true(orchestrator_credits(b.o, BENCH_WALLET) == 1);
    bench_submission_fini(&s);
    free(snapshot);
}

static void a_snapshot_is_the_whole_state(void **state)
{
    char *snapshot, *again, next[64];

    (void)state;
    b.settings.fetches_per_window = 5;
    b.settings.submissions_per_window = 5;
    bench_fault(&b, "slow");
    bench_start(&b);
    b.now_ns = 20 * SECOND;
    assert_int_equal(bench_work(&b), 200);
    assert_int_equal(bench_fetch(&b), 200);
    just(201, "POST", "/admin/tasks", "{}");
    just(201, "POST", "/admin/rules", "{\"name\":\"x\",\"call\":\"node\",\"status\":500}");
    snapshot = take_snapshot();
    assert_int_equal(bench_fetch(&b), 200); /* the minted one */
    assert_int_equal(bench_fetch(&b), 200);
    memcpy(next, b.verdict.task_id, sizeof next);
    just(201, "POST", "/admin/nodes", "{\"wallet_address\":\"" WALLET_B "\"}");
    just(200, "DELETE", "/admin/rules", "");
    b.now_ns = 5000 * SECOND; /* much later: it is as it was all the same */
    just(200, "POST", "/admin/restore", snapshot);
    again = take_snapshot();
    /* all but the wall clock at zero, and how far the line is ahead */
    assert_string_equal(strstr(again, "\"seed\""), strstr(snapshot, "\"seed\""));
    assert_memory_equal(again, snapshot, (size_t)(strstr(snapshot, "\"zero\"") - snapshot) - 60);
    free(again);
    expect_at("/admin/clock", "now_s", "20.0");
    expect_at("/admin/tasks?state=open", "items.0.left_s", "600.0");
    expect_at("/admin/rules", "total", "2");
    assert_int_equal(bench_fetch(&b), 200);
    assert_int_equal(bench_fetch(&b), 200);
    assert_memory_equal(next, b.verdict.task_id, 3); /* the same chance */
    assert_string_equal(next + 13, b.verdict.task_id + 13);
    assert_int_equal(bench_fetch(&b), 200);
    assert_int_equal(bench_fetch(&b), 429); /* the allowance came back with it */
    assert_string_equal(bench_header(&b, "retry-after"), "180");
    restart();
    expect_at("/admin/credits", "total", "1");
    expect_at("/admin/nodes", "total", "1");
    free(snapshot);
}

static void a_bad_snapshot_changes_nothing(void **state)
{
    static const struct {
        const char *key, *value, *words;
    } table[] = {
        {"snapshot", "2", "not a snapshot"},
        {"now_ns", "-1", "not a snapshot"},
        {"now_ns", "9000000000000000000", "not a snapshot"},
        {"chance", "[1,2,3]", "not a snapshot"},
        {"state", "{}", "state: a list is needed"},
        {"state", "[5]", "state: entry 1"},
        {"state", "[[\"weather\",{}]]", "weather"},
        {"users", "[[\"x\",{}]]", "user 'x'"},
        {"nodes", "[[\"x\",{}]]", "node 'x'"},
        {"tasks", "[[\"x\",{}]]", "task 'x'"},
        {"credits", "[[\"x\",{}]]", "credit 'x'"},
        {"state",
         "[[\"faults\",{\"seed\":1,\"chance\":[1,2,3,4],\"struck\":0,\"rules\":"
         "[{\"name\":\"a\",\"seen\":1,\"struck\":1,\"disabled\":false,\"rule\":\"{}\"}]}]]",
         "rule 'a'"},
    };
    char *good;

    (void)state;
    bench_start(&b);
    assert_int_equal(bench_work(&b), 200);
    good = take_snapshot();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *bad = json_loads(good, 0, NULL);
        char *text;

        json_object_set_new(bad, table[i].key, json_loads(table[i].value, JSON_DECODE_ANY, NULL));
        text = json_dumps(bad, 0);
        just(400, "POST", "/admin/restore", text);
        if (!strstr((const char *)reply.body.data, table[i].words))
            fail_msg("row %zu: %s", i, (const char *)reply.body.data);
        free(text);
        text = take_snapshot();
        assert_string_equal(text, good);
        free(text);
        json_decref(bad);
    }
    free(good);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pages_have_their_methods_and_words_for_mistakes),
        CASE(a_name_that_is_too_long_fits_no_page),
        CASE(users_and_nodes_are_added_and_listed),
        CASE(credits_have_a_history),
        CASE(minted_tasks_are_given_out_first),
        CASE(tasks_expire_by_hand),
        CASE(what_is_before_the_judge_does_not_expire_by_hand),
        CASE(rules_come_and_go_while_it_runs),
        CASE(without_a_plan_there_are_no_rules),
        CASE(the_clock_stands_still_jumps_and_lies),
        CASE(the_journal_says_why),
        CASE(the_journal_says_what_a_judge_of_clients_needs),
        CASE(the_journal_says_what_became_of_an_answer),
        CASE(the_journal_is_bounded_or_not_there),
        CASE(expectations_are_verified),
        CASE(reset_brings_back_the_start),
        CASE(a_reset_while_a_judge_is_at_work),
        CASE(a_task_that_a_restore_brings_back_while_it_is_judged_may_be_sent_again),
        CASE(a_snapshot_is_the_whole_state),
        CASE(a_bad_snapshot_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
