/* SPDX-License-Identifier: Apache-2.0 */
/* One story told again and again, each time with one allocation less refused: whatever is missing,
 * the answer is a status and everything is given back. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        cmocka_unit_test(every_refused_allocation_is_a_bad_scenario),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
