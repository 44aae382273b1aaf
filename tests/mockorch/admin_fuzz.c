/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the admin pages, one a line ("POST /admin/tasks {}"), against an orchestrator with a node
 * and an open task. Every answer is JSON with a status that the pages have, and what is left can be
 * shown, taken as a snapshot and restored from it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin.h"
#include "mockorch/scenario/scenario.h"

#define MOST_LINES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void fetch(struct orchestrator *o, int64_t now_ns)
{
    static const uint8_t key[SIGNING_PUBLIC_SIZE] = {1};
    const struct wire_fetch message = {.node_id = "7",
                                       .node_type = NODE_CLI_PROVER,
                                       .public_key = {key, sizeof key},
                                       .max_difficulty = DIFFICULTY_LARGE};
    struct http_request request = {.method = HTTP_POST, .path = "/v3/tasks"};
    struct http_response response;
    struct verdict verdict;
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_fetch(&body, &message);
    request.body = buffer_bytes(&body);
    orchestrator_answer(o, &response, &verdict, &request, now_ns);
    buffer_fini(&body);
}

static void ask(struct orchestrator *o, struct admin_reply *reply, const char *method,
                const char *path, struct bytes body, int64_t now_ns)
{
    const struct admin_request request = {.method = method, .path = path, .body = body};
    json_t *answer;

    admin_answer(o, reply, &request, now_ns);
    need(reply->status >= 200 && reply->status <= 500);
    answer = json_loadb((const char *)reply->body.data, reply->body.size, JSON_DECODE_ANY, NULL);
    need(answer != NULL);
    json_decref(answer);
}

/* "METHOD PATH BODY", as far as it goes; "fetch" is a client's. */
static void line(struct orchestrator *o, struct admin_reply *reply, char *text, int64_t now_ns)
{
    char *path = strchr(text, ' '), *body = path ? strchr(path + 1, ' ') : NULL;

    if (!path) {
        fetch(o, now_ns);
        return;
    }
    *path++ = 0;
    if (body)
        *body++ = 0;
    if (strncmp(path, ADMIN_PREFIX, strlen(ADMIN_PREFIX)) == 0) /* the server sends no other here */
        ask(o, reply, text, path, bytes_of_text(body ? body : ""), now_ns);
}

static void see_the_rest(struct orchestrator *o, struct admin_reply *reply, int64_t now_ns)
{
    struct buffer snapshot;

    ask(o, reply, "GET", "/admin/state", bytes_of(NULL, 0), now_ns);
    ask(o, reply, "GET", "/admin/snapshot", bytes_of(NULL, 0), now_ns);
    need(reply->status == 200);
    buffer_init(&snapshot, 0);
    buffer_put(&snapshot, reply->body.data, reply->body.size);
    ask(o, reply, "POST", "/admin/restore", buffer_bytes(&snapshot), now_ns);
    need(reply->status == 200);
    buffer_fini(&snapshot);
    fetch(o, now_ns);
    ask(o, reply, "POST", "/admin/reset", bytes_of(NULL, 0), now_ns);
    need(reply->status == 200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings;
    struct fault_plan plan;
    struct orchestrator *o;
    struct admin_reply reply;
    struct store *store;
    int64_t now_ns = NS_PER_S;
    char *text = malloc(size + 1), *rest = text, *next;

    need(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    settings_init(&settings);
    settings.wall_at_zero_ns = INT64_C(1760000000) * NS_PER_S;
    settings.fetches_per_window = 0;
    settings.requests_kept = 8;
    settings.judging = JUDGING_HASH;
    fault_plan_init(&plan, 1);
    plan.read = scenario_rule;
    need(!store_memory_new(&store, NULL));
    need(!orchestrator_new(&o, &settings, &plan, store, 0, NULL));
    need(!orchestrator_add_node(o, "7", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", NULL));
    admin_reply_init(&reply);
    fetch(o, now_ns);
    for (int i = 0; i < MOST_LINES && (next = strsep(&rest, "\n")); i++) {
        line(o, &reply, next, now_ns);
        now_ns += NS_PER_S;
    }
    see_the_rest(o, &reply, now_ns);
    admin_reply_fini(&reply);
    orchestrator_free(o);
    store_free(store);
    fault_plan_fini(&plan);
    free(text);
    return 0;
}
