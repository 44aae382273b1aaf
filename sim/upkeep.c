/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/upkeep.h"

#include <string.h>

#include "base/clock.h"
#include "proto/signing.h"
#include "sim/damage.h"
#include "sim/run_inside.h"

static unsigned call(struct orchestrator *o, struct admin_reply *reply, const char *method,
                     const char *path, struct bytes body, int64_t now_ns)
{
    const struct admin_request request = {.method = method, .path = path, .body = body};

    admin_answer(o, reply, &request, now_ns);
    return reply->status;
}

/* ---- a damaged store ---- */

static unsigned fetch(struct orchestrator *o, const char *node_id, int64_t now_ns)
{
    static const uint8_t key[SIGNING_PUBLIC_SIZE] = {7};
    const struct wire_fetch m = {.node_id = node_id,
                                 .node_type = NODE_CLI_PROVER,
                                 .public_key = bytes_of(key, sizeof key),
                                 .max_difficulty = DIFFICULTY_EXTRA_LARGE_5};
    struct http_request request = {.method = HTTP_POST, .path = "/v3/tasks", .peer = "192.0.2.9"};
    struct http_response response;
    struct verdict verdict;
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_fetch(&body, &m);
    request.body = buffer_bytes(&body);
    orchestrator_answer(o, &response, &verdict, &request, now_ns);
    buffer_fini(&body);
    return verdict.status;
}

/* It took what it found: it must be able to live with it. */
static void live(struct run *r, struct orchestrator *o)
{
    static const char *const looks[] = {"state",
                                        "tasks?limit=1000",
                                        "requests?limit=1000",
                                        "credits?limit=1000",
                                        "rules",
                                        "clock",
                                        "users",
                                        "nodes"};
    int64_t now_ns = r->world.now_ns;
    struct admin_reply reply, again;
    unsigned status;

    admin_reply_init(&reply);
    admin_reply_init(&again);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        char path[64];

        snprintf(path, sizeof path, ADMIN_PREFIX "%s", looks[i]);
        if (call(o, &reply, "GET", path, bytes_of_text(""), now_ns) != 200)
            operator_wrong(r, "a damaged store was read, and %s is answered %u", path,
                           reply.status);
    }
    for (size_t i = 0; i < r->node_count; i++) {
        status = fetch(o, r->node_texts[i], now_ns);
        if (status < 200 || status > 429)
            operator_wrong(r, "a damaged store was read, and a fetch is answered %u", status);
    }
    orchestrator_tick(o, now_ns + 86400 * NS_PER_S); /* whatever is open expires */
    call(o, &reply, "GET", ADMIN_PREFIX "snapshot", bytes_of_text(""), now_ns + 86400 * NS_PER_S);
    if (call(o, &again, "POST", ADMIN_PREFIX "restore", buffer_bytes(&reply.body),
             now_ns + 86400 * NS_PER_S) != 200)
        operator_wrong(r, "a damaged store was read, and its own backup is not: %.*s",
                       (int)again.body.size, (const char *)again.body.data);
    admin_reply_fini(&reply);
    admin_reply_fini(&again);
}

static enum status try_damaged(struct run *r, struct store *store, struct why *why)
{
    struct orchestrator *o;
    struct fault_plan plan;
    enum status st = damage_store(store, service_store(r->service), &r->prng, why);

    if (!st)
        st = fault_plan_again(&plan, &r->plan, r->settings.seed, why);
    if (st)
        return st;
    st = orchestrator_new(&o, &r->settings, &plan, store, r->world.now_ns, why);
    if (!st) {
        live(r, o);
        orchestrator_free(o);
    }
    fault_plan_fini(&plan);
    return st;
}

void upkeep_damaged_store(struct run *r, const struct scenario_event *e)
{
    unsigned refused = 0, tries = (unsigned)e->amount;

    prng_place(&r->prng, "damage");
    for (unsigned i = 0; i < tries; i++) {
        struct store *store = NULL;
        struct why why = {""};
        enum status st = store_memory_new(&store, &why);

        if (!st)
            st = try_damaged(r, store, &why);
        if (st && st != ST_INPUT)
            operator_wrong(r, "a start with a damaged store says %s: %s", status_name(st),
                           why.text);
        refused += st == ST_INPUT;
        store_free(store);
    }
    r->operator.calls += tries;
    world_note(&r->world, "%u of %u damaged stores are refused", refused, tries);
}

/* ---- a configuration with a mistake ---- */

void upkeep_bad_settings(struct run *r, const struct scenario_event *e)
{
    struct scenario *s = NULL;
    struct why why = {""};
    char yaml[SCENARIO_BODY + 20];
    enum status st;

    snprintf(yaml, sizeof yaml, "name: settings\n%s", e->body);
    st = scenario_parse(&s, bytes_of_text(yaml), &why);
    scenario_free(s);
    r->operator.calls++;
    world_note(&r->world, "orchestrator does not start: %s", why.text);
    if (st != ST_INPUT)
        operator_wrong(r, "the configuration '%.150s' is not refused", e->body);
}

/* ---- a damaged backup ---- */

static bool same(const struct admin_reply *a, const struct admin_reply *b)
{
    return bytes_equal(buffer_bytes(&a->body), buffer_bytes(&b->body));
}

/* true: it was refused. */
static bool try_restore(struct run *r, const struct admin_reply *good)
{
    struct orchestrator *o = service_core(r->service);
    struct admin_reply reply, after;
    struct buffer bad;
    unsigned status;

    buffer_init(&bad, 0);
    admin_reply_init(&reply);
    admin_reply_init(&after);
    damage_text(&bad, &r->prng, buffer_bytes(&good->body));
    status = call(o, &reply, "POST", ADMIN_PREFIX "restore", buffer_bytes(&bad), r->world.now_ns);
    if (status != 400 && status != 200)
        operator_wrong(r, "a damaged backup is answered %u: %.*s", status, (int)reply.body.size,
                       (const char *)reply.body.data);
    if (status == 200 && call(o, &reply, "POST", ADMIN_PREFIX "restore", buffer_bytes(&good->body),
                              r->world.now_ns) != 200)
        operator_wrong(r, "the right backup is answered %u: %.*s", reply.status,
                       (int)reply.body.size, (const char *)reply.body.data);
    call(o, &after, "GET", ADMIN_PREFIX "snapshot", bytes_of_text(""), r->world.now_ns);
    if (!same(good, &after))
        operator_wrong(r, "a backup that is answered %u changes what the next one says", status);
    buffer_fini(&bad);
    admin_reply_fini(&reply);
    admin_reply_fini(&after);
    return status == 400;
}

/* A backup of a state that comes from a backup: the next one says the same. */
static void read_own(struct run *r, struct admin_reply *good)
{
    struct orchestrator *o = service_core(r->service);
    struct admin_reply reply;

    admin_reply_init(&reply);
    call(o, good, "GET", ADMIN_PREFIX "snapshot", bytes_of_text(""), r->world.now_ns);
    if (call(o, &reply, "POST", ADMIN_PREFIX "restore", buffer_bytes(&good->body),
             r->world.now_ns) != 200)
        operator_wrong(r, "its own backup is answered %u: %.*s", reply.status, (int)reply.body.size,
                       (const char *)reply.body.data);
    call(o, good, "GET", ADMIN_PREFIX "snapshot", bytes_of_text(""), r->world.now_ns);
    admin_reply_fini(&reply);
}

void upkeep_restore(struct run *r, const struct scenario_event *e)
{
    struct admin_reply good;
    unsigned refused = 0, tries = (unsigned)e->amount;

    if (!service_stands(r->service))
        return;
    prng_place(&r->prng, "damage");
    admin_reply_init(&good);
    read_own(r, &good);
    for (unsigned i = 0; i < tries; i++)
        refused += try_restore(r, &good);
    admin_reply_fini(&good);
    r->operator.calls += tries;
    operator_changed(r, ADMIN_PREFIX "restore", bytes_of_text(""));
    world_note(&r->world, "%u of %u damaged backups are refused", refused, tries);
}
