/* SPDX-License-Identifier: Apache-2.0 */
/* One story told again and again, each time with one allocation less refused: whatever is missing,
 * the answer is a status and everything is given back. */
#include "tests/support/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin.h"
#include "mockorch/scenario/scenario.h"
#include "tests/mockorch/bench.h"
#include "tests/prover/proof/heap.h"

#define REQUESTS 6

struct story {
    enum http_method methods[REQUESTS];
    const char *paths[REQUESTS];
    struct buffer bodies[REQUESTS];
    unsigned statuses[REQUESTS]; /* when nothing is refused */
};

/* The same seed gives the same task, so its submission can be written beforehand. */
static void write_story(struct story *s)
{
    static const struct {
        enum http_method method;
        const char *path;
        unsigned status;
    } plot[REQUESTS] = {
        {HTTP_POST, "/v3/users", 200},        {HTTP_POST, "/v3/nodes", 200},
        {HTTP_POST, "/v3/tasks", 200},        {HTTP_GET, "/v3/tasks/" BENCH_NODE, 200},
        {HTTP_POST, "/v3/tasks/submit", 200}, {HTTP_POST, "/v3/tasks/submit", 404},
    };
    struct wire_register_user user = {
        .uuid = BENCH_UUID, .wallet_address = "0x00000000000000000000000000000000000000aB"};
    struct wire_register_node node = {.user_id = BENCH_UUID};
    struct bench_submission submission;
    struct bench_task task;
    struct bench b;

    for (int i = 0; i < REQUESTS; i++) {
        s->methods[i] = plot[i].method;
        s->paths[i] = plot[i].path;
        s->statuses[i] = plot[i].status;
        buffer_init(&s->bodies[i], 0);
    }
    bench_init(&b);
    bench_start(&b);
    wire_encode_register_user(&s->bodies[0], &user);
    wire_encode_register_node(&s->bodies[1], &node);
    assert_int_equal(bench_fetch(&b), 200);
    buffer_put(&s->bodies[2], b.body.data, b.body.size);
    task = bench_task(&b);
    bench_prove(&b, &submission, &task);
    for (int i = 4; i < REQUESTS; i++)
        wire_encode_submission(&s->bodies[i], &submission.message);
    bench_submission_fini(&submission);
    bench_fini(&b);
}

static unsigned tell_one(struct bench *b, const struct story *s, int i)
{
    struct http_request request = {
        .method = s->methods[i], .path = s->paths[i], .body = buffer_bytes(&s->bodies[i])};

    orchestrator_answer(b->o, &b->response, &b->verdict, &request, b->now_ns);
    if (b->verdict.pending) {
        struct why why = {""};
        uint64_t job = b->verdict.job;
        enum status st = judge_verify(&b->judge.base, orchestrator_case(b->o, job), &why);

        orchestrator_judged(b->o, &b->response, &b->verdict, job, st, &why, b->now_ns);
    }
    return b->response.status;
}

/* true: nothing was refused any more. */
static bool tell(const struct story *s, long allowed)
{
    struct bench b;
    struct buffer state;
    bool whole = true;
    enum status st;

    bench_init(&b);
    buffer_init(&state, 0);
    heap_fail_after(allowed);
    st = store_memory_new(&b.store, NULL);
    if (!st)
        st = orchestrator_new(&b.o, &b.settings, NULL, b.store, 0, NULL);
    if (!st)
        st = orchestrator_add_node(b.o, BENCH_NODE, BENCH_WALLET, NULL);
    assert_true(st == ST_OK || st == ST_NO_MEMORY || st == ST_IO);
    whole = st == ST_OK;
    for (int i = 0; b.o && i < REQUESTS; i++) {
        unsigned status = tell_one(&b, s, i);

        assert_in_range(status, 200, 599);
        whole = whole && status == s->statuses[i];
    }
    if (b.o)
        orchestrator_state(b.o, &state, 0);
    if (whole) { /* and read back what it has written */
        orchestrator_free(b.o);
        b.o = NULL;
        st = orchestrator_new(&b.o, &b.settings, NULL, b.store, 0, NULL);
        assert_true(st == ST_OK || st == ST_NO_MEMORY || st == ST_IO);
        whole = st == ST_OK;
    }
    heap_fail_after(-1);
    whole = whole && buffer_ok(&state) && state.size;
    buffer_fini(&state);
    bench_fini(&b);
    return whole;
}

static void every_refused_allocation_is_an_answer(void **state)
{
    struct story s;
    long allowed = 0;

    (void)state;
    write_story(&s);
    while (!tell(&s, allowed)) {
        allowed++;
        assert_true(allowed < 2000);
    }
    assert_true(allowed > 40); /* the story does need memory */
    for (int i = 0; i < REQUESTS; i++)
        buffer_fini(&s.bodies[i]);
}

/* ---- a second story: everything that can be switched on, and every admin page ---- */

#define WALLET_B "0x00000000000000000000000000000000000000aB"

static const struct {
    const char *method, *path, *body;
    unsigned status; /* when nothing is refused */
} pages[] = {
    {"POST", "/admin/users", "{\"wallet_address\":\"" WALLET_B "\"}", 201},
    {"POST", "/admin/nodes", "{\"wallet_address\":\"" WALLET_B "\",\"node_id\":\"7\"}", 201},
    {"POST", "/admin/nodes",
     "{\"wallet_address\":\"0x00000000000000000000000000000000000000cD\"}", 201},
    {"POST", "/admin/users/" WALLET_B "/credits", "{\"amount\":3}", 200},
    {"POST", "/admin/tasks", "{\"inputs\":[[1,2,3]],\"node_id\":\"7\",\"count\":2}", 201},
    {"POST", "/admin/tasks", "{}", 201},
    {"POST", "/admin/rules", "{\"name\":\"x\",\"call\":\"node\",\"status\":500}", 201},
    {"POST", "/admin/rules", "{\"name\":\"y\",\"call\":\"node\",\"status\":500}", 201},
    {"DELETE", "/admin/rules/y", "", 200},
    {"GET", "/admin/rules", "", 200},
    {"GET", "/admin/state", "", 200},
    {"GET", "/admin/users", "", 200},
    {"GET", "/admin/nodes", "", 200},
    {"GET", "/admin/tasks", "", 200},
    {"GET", "/admin/credits", "", 200},
    {"GET", "/admin/requests", "", 200},
    {"GET", "/admin/clock", "", 200},
    {"GET", "/admin/nodes/77", "", 404},
    {"POST", "/admin/clock", "{\"advance_s\":1}", 200},
    {"POST", "/admin/verify", "{\"call\":\"fetch\",\"at_least\":1}", 200},
    {"POST", "/admin/verify", "{\"call\":\"fetch\",\"status\":418,\"exactly\":1}", 409},
};

static bool turn_page(struct bench *b, struct admin_reply *reply, const char *method,
                      const char *path, const char *body, unsigned status)
{
    const struct admin_request request = {method, path, bytes_of_text(body)};

    admin_answer(b->o, reply, &request, b->now_ns);
    assert_in_range(reply->status, 200, 599);
    return reply->status == status;
}

/* A node fetches the shared work and submits it. What it is told may be nothing. */
static bool work_as(struct bench *b, const char *node)
{
    struct bench_submission s;
    struct bench_task t;
    bool whole;

    if (bench_fetch_as(b, node, DIFFICULTY_SMALL) != 200)
        return false;
    heap_fail_after(-1); /* the client's own memory is not the question */
    t = bench_task(b);
    bench_prove(b, &s, &t);
    heap_fail_after(b->heap_left);
    whole = bench_submit(b, &s) == 200;
    bench_submission_fini(&s);
    return whole;
}

static bool turn_every_page(long allowed)
{
    struct admin_reply reply;
    struct bench b;
    char *snapshot = NULL;
    bool whole;

    bench_init(&b);
    admin_reply_init(&reply);
    b.plan.read = scenario_rule;
    bench_fault(&b, "slow");
    b.settings.fetches_per_node = b.settings.fetches_per_key = b.settings.fetches_per_address =
        (struct settings_allowance){9, SECOND};
    b.settings.fetches_per_window = 0;
    b.settings.type_weights[0] = 0;
    b.settings.type_weights[1] = 1;
    b.settings.judging = JUDGING_HASH;
    b.settings.consensus = 2;
    b.settings.rate_limit_fields = SETTINGS_FIELDS_BOTH;
    b.settings.submissions_per_window = 9;
    b.peer = "10.0.0.1";
    assert_int_equal(store_memory_new(&b.store, NULL), ST_OK);
    bench_start(&b);
    b.heap_left = allowed;
    heap_fail_after(allowed);
    whole = work_as(&b, BENCH_NODE);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        whole &= turn_page(&b, &reply, pages[i].method, pages[i].path, pages[i].body,
                           pages[i].status);
    whole &= bench_fetch_as(&b, "7", DIFFICULTY_SMALL) == 200; /* minted ones, … */
    whole &= bench_fetch_as(&b, "7", DIFFICULTY_SMALL) == 200;
    whole &= bench_fetch_as(&b, "7", DIFFICULTY_SMALL) == 200;
    whole &= bench_fetch_as(&b, "7", DIFFICULTY_SMALL) == 200; /* … then the first node's work */
    whole &= turn_page(&b, &reply, "GET", "/admin/snapshot", "", 200);
    heap_fail_after(-1);
    turn_page(&b, &reply, "GET", "/admin/snapshot", "", 200);
    if (reply.status == 200) { /* not when the store is broken */
        snapshot = strndup((const char *)reply.body.data, reply.body.size);
        heap_fail_after(allowed);
        whole &= turn_page(&b, &reply, "POST", "/admin/restore", snapshot, 200);
    }
    heap_fail_after(allowed);
    whole &= turn_page(&b, &reply, "POST", "/admin/reset", "", 200);
    heap_fail_after(-1);
    free(snapshot);
    admin_reply_fini(&reply);
    bench_fini(&b);
    return whole;
}

static void every_refused_allocation_is_an_answer_of_an_admin_page(void **state)
{
    long allowed = 0;

    (void)state;
    while (!turn_every_page(allowed)) {
        allowed++;
        assert_true(allowed < 20000);
    }
    assert_true(allowed > 60);
}

static void a_full_ledger_without_memory_takes_no_credit(void **state)
{
    static const char grant[] = "{\"amount\":1}", path[] = "/admin/users/" BENCH_WALLET "/credits";
    struct admin_reply reply;
    struct bench b;

    (void)state;
    bench_init(&b);
    admin_reply_init(&reply);
    bench_start(&b);
    for (int i = 0; i < 64; i++)
        assert_true(turn_page(&b, &reply, "POST", path, grant, 200));
    heap_fail_after(0);
    assert_true(turn_page(&b, &reply, "POST", path, grant, 500));
    heap_fail_after(-1);
    heap_fail_after(0);
    assert_true(turn_page(&b, &reply, "POST", "/admin/restore", "{}", 500));
    assert_true(turn_page(&b, &reply, "POST", "/admin/reset", "", 500));
    heap_fail_after(-1);
    assert_true(orchestrator_credits(b.o, BENCH_WALLET) == 64);
    assert_true(turn_page(&b, &reply, "POST", path, grant, 200));
    admin_reply_fini(&reply);
    bench_fini(&b);
}

/* The same for a start that reads everything back. */
static void every_refused_allocation_is_a_failed_start(void **state)
{
    enum status st = ST_NO_MEMORY;
    struct admin_reply reply;
    struct bench b;
    long allowed = 0;

    (void)state;
    bench_init(&b);
    admin_reply_init(&reply);
    b.plan.read = scenario_rule;
    b.settings.fetches_per_address = (struct settings_allowance){9, SECOND};
    b.settings.fetches_per_window = 0;
    b.settings.type_weights[0] = 0;
    b.settings.type_weights[1] = 1;
    b.settings.judging = JUDGING_HASH;
    b.settings.consensus = 2;
    b.peer = "10.0.0.1";
    b.heap_left = -1;
    assert_int_equal(store_memory_new(&b.store, NULL), ST_OK);
    bench_start(&b);
    assert_true(work_as(&b, BENCH_NODE));
    for (size_t i = 0; i < 9; i++)
        assert_true(turn_page(&b, &reply, pages[i].method, pages[i].path, pages[i].body,
                              pages[i].status));
    for (int i = 0; i < 3; i++)
        assert_int_equal(bench_fetch_as(&b, "7", DIFFICULTY_SMALL), 200);
    admin_reply_fini(&reply);
    for (; st != ST_OK; allowed++) {
        struct fault_plan plan;

        orchestrator_free(b.o);
        b.o = NULL;
        fault_plan_init(&plan, 1);
        plan.read = scenario_rule;
        heap_fail_after(allowed);
        st = orchestrator_new(&b.o, &b.settings, &plan, b.store, b.now_ns, NULL);
        heap_fail_after(-1);
        assert_true(st == ST_OK || st == ST_NO_MEMORY || st == ST_IO);
        fault_plan_fini(&plan);
        assert_true(allowed < 20000);
    }
    orchestrator_free(b.o);
    b.o = NULL;
    assert_true(allowed > 30);
    bench_fini(&b);
}

/* ---- the JSON library ---- */

static long json_left = -1; /* allocations that it gets; -1: all. Its parser must not be refused any:
                               it would assert. */

static void *json_allocate(size_t size)
{
    if (json_left == 0)
        return NULL;
    json_left -= json_left > 0;
    return malloc(size);
}

/* Neither is the half of him. */
static void a_user_without_memory_is_not_registered(void **state)
{
    static const char wallet[] = "0x00000000000000000000000000000000000000aB";
    const struct wire_register_user user = {.uuid = BENCH_UUID, .wallet_address = wallet};
    char path[64];
    unsigned status = 0, absent = 0;

    (void)state;
    snprintf(path, sizeof path, "/v3/users/%s", wallet);
    for (long allowed = 0; status != 200; allowed++) {
        struct buffer body;
        struct bench b;

        bench_init(&b);
        b.settings.nodes_per_day = 0;
        bench_start(&b);
        buffer_init(&body, 0);
        wire_encode_register_user(&body, &user);
        heap_fail_after(allowed);
        status = bench_send(&b, HTTP_POST, "/v3/users", buffer_bytes(&body));
        heap_fail_after(-1);
        if (bench_send(&b, HTTP_GET, path, bytes_of(NULL, 0)) == 404) {
            absent++;
            assert_int_equal(bench_send(&b, HTTP_POST, "/v3/users", buffer_bytes(&body)), 200);
        }
        assert_int_equal(b.response.status, 200);
        buffer_fini(&body);
        bench_fini(&b);
        assert_true(allowed < 1000);
    }
    assert_true(absent > 3);
}

static void *json_allocate_but_one(size_t size)
{
    return json_left >= 0 && json_left-- == 0 ? NULL : malloc(size);
}

/* One allocation is missing and all behind it are there: neither a record nor a letter may be. */
static void a_backup_is_whole_or_there_is_none(void **state)
{
    struct admin_reply whole, reply;
    unsigned none = 0;
    struct bench b;
    long left = 0;

    (void)state;
    bench_init(&b);
    bench_fault(&b, "task_short_input");
    bench_start(&b);
    assert_int_equal(bench_fetch(&b), 200);
    admin_reply_init(&whole);
    admin_reply_init(&reply);
    turn_page(&b, &whole, "GET", "/admin/snapshot", "", 0);
    assert_int_equal(whole.status, 200);
    json_set_alloc_funcs(json_allocate_but_one, free);
    for (long number = 0; left <= 0; number++) {
        json_left = number;
        turn_page(&b, &reply, "GET", "/admin/snapshot", "", 0);
        left = json_left; /* above 0: it was never asked for */
        json_left = -1;
        none += reply.status == 500;
        if (reply.status == 200)
            assert_true(bytes_equal(buffer_bytes(&reply.body), buffer_bytes(&whole.body)));
        else
            assert_int_equal(reply.status, 500);
        assert_true(number < 5000);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(none > 50);
    admin_reply_fini(&whole);
    admin_reply_fini(&reply);
    bench_fini(&b);
}

static void no_memory_for_json_is_an_answer_too(void **state)
{
    static const struct {
        const char *method, *path;
        unsigned status;
    } silent[] = { /* they come without a body */
        {"GET", "/admin/state", 200},    {"GET", "/admin/users", 200},
        {"GET", "/admin/nodes", 200},    {"GET", "/admin/tasks", 200},
        {"GET", "/admin/credits", 200},  {"GET", "/admin/requests", 200},
        {"GET", "/admin/rules", 200},    {"GET", "/admin/clock", 200},
        {"GET", "/admin/snapshot", 200}, {"GET", "/admin/weather", 404},
        {"POST", "/admin/tasks", 201},   {"POST", "/admin/reset", 200},
        {"GET", "/v3/nodes/77", 404},    {"GET", "/v3/nodes/" BENCH_NODE, 200},
    };

    (void)state;
    json_set_alloc_funcs(json_allocate, free);
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        unsigned status = 0;

        for (long allowed = 0; status != silent[i].status; allowed++) {
            struct admin_reply reply;
            struct buffer text;
            struct bench b;

            bench_init(&b);
            admin_reply_init(&reply);
            buffer_init(&text, 0);
            bench_fault(&b, "task_short_input");
            assert_int_equal(store_memory_new(&b.store, NULL), ST_OK);
            bench_start(&b);
            assert_int_equal(bench_fetch(&b), 200);
            json_left = allowed;
            if (silent[i].path[1] == 'v') {
                status = bench_send(&b, HTTP_GET, silent[i].path, bytes_of(NULL, 0));
                bench_fetch(&b); /* its record may be lost: 500 from then on */
                assert_true(b.verdict.status == 200 || b.verdict.status == 500);
            } else {
                turn_page(&b, &reply, silent[i].method, silent[i].path, "", 0);
                status = reply.status;
            }
            orchestrator_state(b.o, &text, b.now_ns);
            json_left = -1;
            buffer_fini(&text);
            admin_reply_fini(&reply);
            bench_fini(&b);
            assert_true(status == silent[i].status || status == 500);
            assert_true(allowed < 5000);
        }
    }
    json_set_alloc_funcs(malloc, free);
}

static void every_refused_allocation_is_a_bad_scenario(void **state)
{
    static const char yaml[] = "name: x\n"
                               "orchestrator: {nodes: [{id: 1, wallet: w}]}\n"
                               "clients: [{name: a}]\nfaults: [{fault: slow}]\n"
                               "events: [{at: 1s, event: kill}]\n"
                               "expect: [{metric: m, at_most: 1}]\n";
    enum status st = ST_NO_MEMORY;
    long allowed = 0;

    (void)state;
    for (; st != ST_OK; allowed++) {
        struct scenario *s = NULL;
        struct fault_plan p;

        heap_fail_after(allowed);
        st = scenario_parse(&s, bytes_of_text(yaml), NULL);
        if (!st)
            st = scenario_plan(&p, s, 1, NULL);
        heap_fail_after(-1);
        assert_true(st == ST_OK || st == ST_NO_MEMORY);
        if (!st)
            fault_plan_fini(&p);
        scenario_free(s);
    }
    assert_true(allowed > 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refused_allocation_is_an_answer),
        cmocka_unit_test(every_refused_allocation_is_an_answer_of_an_admin_page),
        cmocka_unit_test(a_full_ledger_without_memory_takes_no_credit),
        cmocka_unit_test(every_refused_allocation_is_a_failed_start),
        cmocka_unit_test(a_user_without_memory_is_not_registered),
        cmocka_unit_test(a_backup_is_whole_or_there_is_none),
        cmocka_unit_test(no_memory_for_json_is_an_answer_too),
        cmocka_unit_test(every_refused_allocation_is_a_bad_scenario),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
