/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a store, one a line ("KIND KEY VALUE", the kind as a digit): a start refuses them with
 * words, or takes them up; then everything goes on, and a second start reads what the first one left. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/orchestrator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void put(struct store *store, char *line)
{
    char *key = strchr(line, ' '), *value = key ? strchr(key + 1, ' ') : NULL;

    if (!value || line[0] < '0' || line[0] > '4')
        return;
    *value++ = 0;
    need(!store_put(store, (enum store_kind)(line[0] - '0'), key + 1, bytes_of_text(value), NULL));
}

static void ask(struct orchestrator *o, const char *path, struct bytes body, int64_t now_ns)
{
    const struct http_request request = {
        .method = body.size ? HTTP_POST : HTTP_GET, .path = path, .body = body};
    struct http_response response;
    struct verdict verdict;

    orchestrator_answer(o, &response, &verdict, &request, now_ns);
    need(!verdict.pending && verdict.status >= 200);
}

/* A client of a node that may be known by now. */
static void live(struct orchestrator *o, int64_t now_ns)
{
    static const uint8_t key[SIGNING_PUBLIC_SIZE] = {1};
    const struct wire_fetch fetch = {
        .node_id = "5", .node_type = NODE_CLI_PROVER, .public_key = {key, sizeof key}};
    struct buffer text;
    json_t *state;

    buffer_init(&text, 0);
    wire_encode_fetch(&text, &fetch);
    ask(o, "/v3/tasks", buffer_bytes(&text), now_ns);
    ask(o, "/v3/tasks/5", bytes_of(NULL, 0), now_ns);
    ask(o, "/v3/nodes/5", bytes_of(NULL, 0), now_ns);
    ask(o, "/v3/users/0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", bytes_of(NULL, 0), now_ns);
    orchestrator_tick(o, now_ns + 86400 * NS_PER_S);
    buffer_reset(&text);
    orchestrator_state(o, &text, now_ns + 86400 * NS_PER_S);
    state = json_loadb((const char *)text.data, text.size, 0, NULL);
    need(state != NULL);
    json_decref(state);
    buffer_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *rest = text, *line;
    struct settings settings;
    struct fault_plan plan;
    struct orchestrator *o;
    struct store *store;
    struct why why = {""};

    need(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    settings_init(&settings);
    settings.wall_at_zero_ns = INT64_C(1760000000) * NS_PER_S;
    settings.judging = JUDGING_HASH;
    fault_plan_init(&plan, 1);
    need(!store_memory_new(&store, NULL));
    while ((line = strsep(&rest, "\n")))
        put(store, line);
    if (orchestrator_new(&o, &settings, &plan, store, 0, &why)) {
        need(why.text[0]);
    } else {
        live(o, NS_PER_S);
        orchestrator_free(o);
        if (orchestrator_new(&o, &settings, &plan, store, 0, &why))
            abort(); /* it wrote what it cannot read */
        orchestrator_free(o);
    }
    store_free(store);
    fault_plan_fini(&plan);
    free(text);
    return 0;
}
