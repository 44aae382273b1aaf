/* SPDX-License-Identifier: Apache-2.0 */
/* Every call of client.md 3 and what 13.5 says about its answer. */
#include "tests/support/test.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/mockorch/bench.h"

static int setup(void **state)
{
    static struct bench b;

    bench_init(&b);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_fini(*state);
    return 0;
}

static unsigned register_user(struct bench *b, const char *uuid, const char *wallet)
{
    struct wire_register_user m = {.uuid = uuid, .wallet_address = wallet};

    buffer_reset(&b->body);
    wire_encode_register_user(&b->body, &m);
    return bench_send(b, HTTP_POST, "/v3/users", buffer_bytes(&b->body));
}

static unsigned register_node(struct bench *b, const char *uuid)
{
    struct wire_register_node m = {.node_type = NODE_CLI_PROVER, .user_id = uuid};

    buffer_reset(&b->body);
    wire_encode_register_node(&b->body, &m);
    return bench_send(b, HTTP_POST, "/v3/nodes", buffer_bytes(&b->body));
}

static unsigned get(struct bench *b, const char *path)
{
    return bench_send(b, HTTP_GET, path, bytes_of(NULL, 0));
}

#define OTHER_WALLET "0x00000000000000000000000000000000000000aB"

static void a_user_registers_once_per_wallet(void **state)
{
    struct bench *b = *state;
    struct wire_user user;
    struct wire_memory memory = {0};

    bench_start(b);
    assert_int_equal(get(b, "/v3/users/" OTHER_WALLET), 404);
    assert_true(bench_body_says(
        b, "{\"name\":\"NotFoundError\",\"message\":\"User not found\",\"httpCode\":404}"));
    assert_string_equal(bench_header(b, "content-type"), "application/json");
    assert_int_equal(register_user(b, BENCH_UUID, OTHER_WALLET), 200);
    assert_int_equal(b->response.body.size, 0);
    assert_int_equal(get(b, "/v3/users/0X00000000000000000000000000000000000000AB"), 200);
    assert_int_equal(wire_decode_user(&user, &memory, b->response.body, 1000, NULL), ST_OK);
    assert_string_equal(user.user_id, BENCH_UUID);
    assert_string_equal(user.wallet_address, OTHER_WALLET);
    wire_memory_fini(&memory);
    assert_int_equal(register_user(b, "21111111-2222-4333-8444-555555555555", OTHER_WALLET), 409);
    assert_true(bench_body_says(b, "Wallet address already exists"));
    assert_int_equal(register_user(b, BENCH_UUID, "0x00000000000000000000000000000000000000cd"),
                     409);
    assert_int_equal(register_user(b, "x", OTHER_WALLET), 400);
    assert_int_equal(register_user(b, BENCH_UUID, "wallet"), 400);
}

static void bodies_that_are_no_message_get_400(void **state)
{
    static const struct {
        enum http_method method;
        const char *path;
    } table[] = {
        {HTTP_POST, "/v3/users"}, {HTTP_POST, "/v3/nodes"},        {HTTP_POST, "/v3/tasks"},
        {HTTP_GET, "/v3/tasks"},  {HTTP_POST, "/v3/tasks/submit"},
    };
    struct bench *b = *state;

    bench_start(b);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(bench_send(b, table[i].method, table[i].path, bytes_of_text("\x0f")), 400);
        assert_int_equal(b->verdict.failed, CHECK_BODY);
        assert_true(bench_body_says(b, "BadRequestError"));
    }
    assert_int_equal(orchestrator_metrics(b->o)->refused[CHECK_BODY], 5);
}

static void nodes_belong_to_known_users_and_are_limited(void **state)
{
    struct bench *b = *state;
    struct wire_node_registered made;
    struct wire_node node;
    struct wire_memory memory = {0};
    char path[64];

    b->settings.nodes_per_user = 3;
    b->settings.nodes_per_day = 2;
    bench_start(b);
    assert_int_equal(register_node(b, "11111111-2222-4333-8444-000000000000"), 404);
    assert_true(bench_body_says(b, "\"User not found: 11111111-2222-4333-8444-000000000000\""));
    assert_int_equal(register_user(b, BENCH_UUID, OTHER_WALLET), 200);
    assert_int_equal(register_node(b, BENCH_UUID), 200);
    assert_int_equal(wire_decode_node_registered(&made, &memory, b->response.body, 1000, NULL),
                     ST_OK);
    snprintf(path, sizeof path, "/v3/nodes/%s", made.node_id);
    wire_memory_fini(&memory);
    assert_int_equal(get(b, path), 200);
    assert_int_equal(wire_decode_node(&node, &memory, b->response.body, 1000, NULL), ST_OK);
    assert_string_equal(node.wallet_address, OTHER_WALLET);
    wire_memory_fini(&memory);

    assert_int_equal(register_node(b, BENCH_UUID), 200);
    assert_int_equal(register_node(b, BENCH_UUID), 429); /* the third of a day */
    assert_string_equal(bench_header(b, "retry-after"), "86400");
    b->now_ns += 86400 * SECOND;
    assert_int_equal(register_node(b, BENCH_UUID), 200);
    assert_int_equal(register_node(b, BENCH_UUID), 429); /* the fourth of the user */
    assert_null(bench_header(b, "retry-after"));
    assert_int_equal(get(b, "/v3/users/" OTHER_WALLET), 200);
    {
        struct wire_user user;

        assert_int_equal(wire_decode_user(&user, &memory, b->response.body, 1000, NULL), ST_OK);
        assert_int_equal(user.node_count, 3);
        wire_memory_fini(&memory);
    }
}

static void unknown_nodes_get_404_everywhere(void **state)
{
    struct bench *b = *state;
    struct wire_list list = {.node_id = "99"};

    bench_start(b);
    assert_int_equal(get(b, "/v3/nodes/99"), 404);
    assert_int_equal(get(b, "/v3/tasks/99"), 404);
    assert_int_equal(bench_fetch_as(b, "99", DIFFICULTY_SMALL), 404);
    assert_true(bench_body_says(b, "Node not found"));
    buffer_reset(&b->body);
    wire_encode_list(&b->body, &list);
    assert_int_equal(bench_send(b, HTTP_GET, "/v3/tasks", buffer_bytes(&b->body)), 404);
}

static void other_paths_get_404_and_other_methods_405(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    assert_int_equal(get(b, "/"), 404);
    assert_int_equal(get(b, "/v3/users"), 405);
    assert_true(bench_body_says(b, "MethodNotAllowedError"));
}

static void a_task_fills_the_old_fields_and_the_new_one(void **state)
{
    struct bench *b = *state;
    struct wire_fetched m;
    struct wire_memory memory = {0};

    bench_start(b);
    b->now_ns = 123 * NS_PER_MS;
    assert_int_equal(bench_fetch(b), 200);
    assert_string_equal(bench_header(b, "content-type"), "application/octet-stream");
    assert_string_equal(bench_header(b, "date"), "Thu, 09 Oct 2025 08:53:20 GMT");
    assert_int_equal(wire_decode_fetched(&m, &memory, b->response.body, 1000, NULL), ST_OK);
    assert_string_equal(m.program_id, "fib");
    assert_string_equal(m.program_id, m.task.program_id);
    assert_string_equal(m.task_id, m.task.task_id);
    assert_string_equal(m.task_id, b->verdict.task_id);
    assert_true(bytes_equal(m.public_inputs, m.task.inputs[0]));
    assert_true(bytes_equal(m.public_inputs, m.task.public_inputs));
    assert_int_equal(m.task.input_count, 1);
    assert_true(m.task.created_at_s == 1760000000);
    assert_int_equal(m.task.created_at_ns, 123000000);
    assert_int_equal(m.task.task_type, TASK_PROOF_REQUIRED);
    assert_int_equal(m.task.difficulty, DIFFICULTY_EXTRA_LARGE_5);
    assert_memory_equal(m.task_id + 3, "01K742SG3V", 10); /* the time of the ULID */
    wire_memory_fini(&memory);
}

static void a_fetch_needs_a_key_of_32_bytes(void **state)
{
    struct bench *b = *state;
    struct wire_fetch m = {.node_id = BENCH_NODE, .public_key = bytes_of(b->public_key, 31)};

    bench_start(b);
    buffer_reset(&b->body);
    wire_encode_fetch(&b->body, &m);
    assert_int_equal(bench_send(b, HTTP_POST, "/v3/tasks", buffer_bytes(&b->body)), 400);
    assert_true(bench_body_says(b, "key of 31 bytes"));
}

/* Three in 180 s for the user, whichever node asks. */
static void the_allowance_is_one_per_user(void **state)
{
    static const struct {
        int64_t at_ms;
        const char *node;
        unsigned status;
        const char *retry_after;
    } table[] = {
        {0, BENCH_NODE, 200, NULL},     {1000, "2", 200, NULL},
        {2000, BENCH_NODE, 200, NULL},  {2001, "2", 429, "178"}, /* rounded up */
        {3000, "77", 200, NULL}, /* another user has an allowance of his own */
        {179999, BENCH_NODE, 429, "1"}, {180000, BENCH_NODE, 200, NULL}, /* refusals cost nothing */
        {180000, "2", 429, "1"},
    };
    struct bench *b = *state;

    bench_start(b);
    assert_int_equal(orchestrator_add_node(b->o, "2", BENCH_WALLET, NULL), ST_OK);
    assert_int_equal(orchestrator_add_node(b->o, "77", OTHER_WALLET, NULL), ST_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        b->now_ns = table[i].at_ms * NS_PER_MS;
        assert_int_equal(bench_fetch_as(b, table[i].node, DIFFICULTY_SMALL), table[i].status);
        if (!table[i].retry_after) {
            assert_null(bench_header(b, "retry-after"));
            continue;
        }
        assert_string_equal(bench_header(b, "retry-after"), table[i].retry_after);
        assert_true(bench_body_says(b, "{\"name\":\"Error\",\"message\":\"Rate limit exceeded for "
                                       "user. Please try again later.\",\"httpCode\":429}"));
    }
    assert_int_equal(orchestrator_metrics(b->o)->fetches_limited, 3);
}

static void no_more_tasks_is_429_too(void **state)
{
    struct bench *b = *state;

    b->settings.task_limit = 1;
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    assert_int_equal(bench_fetch(b), 429);
    assert_string_equal(bench_header(b, "retry-after"), "60");
}

static size_t listed(struct bench *b)
{
    struct wire_tasks m;
    struct wire_memory memory = {0};
    size_t count;

    assert_int_equal(wire_decode_tasks(&m, &memory, b->response.body, WIRE_MAX_RESPONSE, NULL),
                     ST_OK);
    count = m.task_count;
    wire_memory_fini(&memory);
    return count;
}

static void both_old_lists_show_open_tasks_at_most_fifty(void **state)
{
    struct bench *b = *state;
    struct wire_list list = {.node_id = BENCH_NODE};
    struct buffer body;

    b->settings.fetches_per_window = 0;
    bench_start(b);
    buffer_init(&body, 0);
    wire_encode_list(&body, &list);
    assert_int_equal(get(b, "/v3/tasks/" BENCH_NODE), 200);
    assert_int_equal(listed(b), 0);
    assert_int_equal(bench_work(b), 200); /* closed: not listed */
    for (int i = 0; i < 60; i++)
        assert_int_equal(bench_fetch(b), 200);
    assert_int_equal(get(b, "/v3/tasks/" BENCH_NODE), 200);
    assert_int_equal(listed(b), 50);
    assert_int_equal(bench_send(b, HTTP_GET, "/v3/tasks", buffer_bytes(&body)), 200);
    assert_int_equal(listed(b), 50);
    buffer_fini(&body);
}

static void a_task_lives_ten_minutes(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    bench_start(b);
    assert_true(orchestrator_deadline_ns(b->o) == INT64_MAX);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    assert_true(orchestrator_deadline_ns(b->o) == 600 * SECOND);
    bench_prove(b, &s, &t);
    b->now_ns = 600 * SECOND;
    assert_int_equal(bench_submit(b, &s), 404);
    assert_true(bench_body_says(
        b, "{\"name\":\"NotFoundError\",\"message\":\"Task not found\",\"httpCode\":404}"));
    assert_true(orchestrator_deadline_ns(b->o) == INT64_MAX);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_expired, 1);
    assert_false(orchestrator_accepted(b->o, t.task_id));
    bench_submission_fini(&s);
}

static void time_passes_without_requests_too(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    b->now_ns = SECOND;
    assert_int_equal(bench_work(b), 200);
    orchestrator_tick(b->o, 599 * SECOND);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_expired, 0);
    orchestrator_tick(b->o, orchestrator_deadline_ns(b->o));
    assert_int_equal(orchestrator_metrics(b->o)->tasks_expired, 1);
    assert_true(orchestrator_deadline_ns(b->o) == INT64_MAX);
}

static void one_seed_gives_one_run(void **state)
{
    struct bench *first = *state, second;

    bench_init(&second);
    bench_start(first);
    bench_start(&second);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bench_fetch(first), 200);
        assert_int_equal(bench_fetch(&second), 200);
        assert_true(bytes_equal(first->response.body, second.response.body));
    }
    bench_fini(&second);
    bench_init(&second);
    second.settings.seed = 2;
    bench_start(&second);
    assert_int_equal(bench_fetch(&second), 200);
    assert_false(bytes_equal(first->response.body, second.response.body));
    bench_fini(&second);
}

static void the_state_tells_what_happened(void **state)
{
    struct bench *b = *state;
    struct buffer text;
    json_t *all, *task, *metrics, *user;

    bench_start(b);
    assert_int_equal(bench_work(b), 200);
    assert_int_equal(bench_fetch(b), 200);
    buffer_init(&text, 0);
    orchestrator_state(b->o, &text, 2 * SECOND);
    assert_true(buffer_ok(&text));
    all = json_loadb((const char *)text.data, text.size, 0, NULL);
    assert_non_null(all);
    metrics = json_object_get(all, "metrics");
    user = json_array_get(json_object_get(all, "users"), 0);
    task = json_array_get(json_object_get(all, "tasks"), 0);
    assert_int_equal(json_integer_value(json_object_get(metrics, "tasks_made")), 2);
    assert_int_equal(json_integer_value(json_object_get(metrics, "tasks_accepted")), 1);
    assert_int_equal(json_integer_value(json_object_get(user, "credits")), 1);
    assert_string_equal(json_string_value(json_object_get(user, "wallet_address")), BENCH_WALLET);
    assert_string_equal(json_string_value(json_object_get(task, "state")), "accepted");
    assert_string_equal(json_string_value(json_object_get(task, "node_id")), BENCH_NODE);
    task = json_array_get(json_object_get(all, "tasks"), 1);
    assert_string_equal(json_string_value(json_object_get(task, "state")), "open");
    assert_int_equal(json_array_size(json_object_get(task, "inputs")), 1);
    assert_true(json_is_false(json_object_get(all, "broken")));
    json_decref(all);
    buffer_fini(&text);
    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 1);
    assert_true(orchestrator_credits(b->o, OTHER_WALLET) == 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_user_registers_once_per_wallet),
        CASE(bodies_that_are_no_message_get_400),
        CASE(nodes_belong_to_known_users_and_are_limited),
        CASE(unknown_nodes_get_404_everywhere),
        CASE(other_paths_get_404_and_other_methods_405),
        CASE(a_task_fills_the_old_fields_and_the_new_one),
        CASE(a_fetch_needs_a_key_of_32_bytes),
        CASE(the_allowance_is_one_per_user),
        CASE(no_more_tasks_is_429_too),
        CASE(both_old_lists_show_open_tasks_at_most_fifty),
        CASE(a_task_lives_ten_minutes),
        CASE(time_passes_without_requests_too),
        CASE(one_seed_gives_one_run),
        CASE(the_state_tells_what_happened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
