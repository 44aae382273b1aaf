/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/core/snapshot.h"
#include "sim/memory.h"
#include "sim/prover_sim.h"
#include "sim/run_inside.h"

void operator_fini(struct operator* o)
{
    buffer_fini(&o->answer);
}

void operator_wrong(struct run *r, const char *format, ...)
{
    struct operator* o = & r->operator;
    va_list args;

    if (o->wrong[0])
        return;
    va_start(args, format);
    vsnprintf(o->wrong, sizeof o->wrong, format, args);
    va_end(args);
    o->wrong_ns = r->world.now_ns;
    o->wrong_events = r->world.events;
}

/* ---- what a call is about ---- */

static uint64_t draw(struct run *r, uint64_t count)
{
    prng_place(&r->prng, "operator");
    return prng_below(&r->prng, count);
}

bool operator_open_task(struct run *r, struct buffer *out)
{
    const struct admin_request list = {.method = "GET",
                                       .path = ADMIN_PREFIX "tasks?state=open&limit=1000"};
    struct admin_reply reply;
    json_t *answer, *items;
    size_t count;

    admin_reply_init(&reply);
    admin_answer(service_core(r->service), &reply, &list, r->world.now_ns);
    answer = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    admin_reply_fini(&reply);
    items = json_object_get(answer, "items");
    count = json_array_size(items);
    if (count)
        buffer_put_text(out, json_string_value(json_object_get(
                                 json_array_get(items, draw(r, count)), "task_id")));
    json_decref(answer);
    return count > 0;
}

/* false: it cannot be filled in. */
static bool fill_in(struct run *r, struct buffer *out, const char *text)
{
    bool fits = true;

    buffer_init(out, 0);
    while (*text && fits) {
        size_t plain = strcspn(text, "$");

        buffer_put(out, text, plain);
        text += plain;
        if (strncmp(text, "$NODE", 5) == 0) {
            buffer_put_text(out, r->node_texts[draw(r, r->node_count)]);
            text += 5;
        } else if (strncmp(text, "$USER", 5) == 0) {
            buffer_put_format(out, "0x%040x", 1);
            text += 5;
        } else if (strncmp(text, "$TASK", 5) == 0) {
            fits = operator_open_task(r, out);
            text += 5;
        } else if (strncmp(text, "$ANSWER", 7) == 0) {
            buffer_put(out, r->operator.answer.data, r->operator.answer.size);
            text += 7;
        } else if (*text) {
            buffer_put(out, text++, 1);
        }
    }
    return fits;
}

/* ---- calls ---- */

static void judge_answer(struct run *r, const struct scenario_event *e, unsigned status,
                         struct bytes body)
{
    bool right = e->answers ? status == e->answers : status >= 200 && status <= 299;

    r->operator.calls++;
    world_note(&r->world, "operator %s -> %u", e->call, status);
    if (!right && run_expects(r) && !service_is_in_trouble(r->service))
        operator_wrong(r, "'%.100s' is answered %u, expected %s%u: %.*s", e->call, status,
              e->answers ? "" : "a success, ", e->answers ? e->answers : 200,
              (int)(body.size > 100 ? 100 : body.size), (const char *)body.data);
}

/* What it was told to do is not what it does any more. */
void operator_changed(struct run *r, const char *path, struct bytes body)
{
    r->invariant.settings = NULL;
    if (strstr(path, "/credits")) {
        json_t *grant = json_loadb((const char *)body.data, body.size, 0, NULL);

        r->operator.granted += json_integer_value(json_object_get(grant, "amount"));
        json_decref(grant);
    }
    if (strstr(path, "/reset") || strstr(path, "/restore") ||
        service_is_in_trouble(r->service)) { /* then nobody can tell what was done */
        r->operator.changed_history = true;
        r->plan.prng.listener = r->tape ? &r->fault_ear.base : NULL;
        service_listen(r->service);
    }
}

void operator_call(struct run *r, const struct scenario_event *e)
{
    struct buffer path, body;
    char method[16];
    size_t length = strcspn(e->call, " ");
    bool fits = fill_in(r, &path, e->call + length + 1);

    fits = fill_in(r, &body, e->body) && fits;
    buffer_put(&path, "", 1);
    if (fits && buffer_ok(&path) && buffer_ok(&body) && service_stands(r->service)) {
        struct admin_request request = {
            .method = method, .path = (const char *)path.data, .body = buffer_bytes(&body)};
        struct admin_reply reply;

        snprintf(method, sizeof method, "%.*s", (int)length, e->call);
        admin_reply_init(&reply);
        service_admin(r->service, &reply, &request);
        judge_answer(r, e, reply.status, buffer_bytes(&reply.body));
        if (strcmp(method, "GET") != 0 &&
            (reply.status <= 299 || service_is_in_trouble(r->service)))
            operator_changed(r, request.path, request.body);
        buffer_fini(&r->operator.answer);
        r->operator.answer = reply.body;
    }
    buffer_fini(&path);
    buffer_fini(&body);
}

void operator_heal(struct run *r)
{
    static const char right[] = "{\"freeze\": false, \"skew_s\": 0}";
    const struct admin_request request = {
        .method = "POST", .path = ADMIN_PREFIX "clock", .body = bytes_of_text(right)};
    struct admin_reply reply;

    if (r->invariant.settings)
        return; /* nothing was changed */
    admin_reply_init(&reply);
    admin_answer(service_core(r->service), &reply, &request, r->world.now_ns);
    admin_reply_fini(&reply);
}

void operator_visit(struct run *r, const struct scenario_event *e)
{
    struct buffer path, body;
    size_t length = strcspn(e->call, " ");
    bool fits = fill_in(r, &path, e->call + length + 1);

    fits = fill_in(r, &body, e->body) && fits;
    buffer_put(&path, "", 1);
    if (fits && buffer_ok(&path) && buffer_ok(&body) && service_stands(r->service)) {
        struct http_request request = {.method =
                                           strncmp(e->call, "POST", 4) == 0 ? HTTP_POST : HTTP_GET,
                                       .path = (const char *)path.data,
                                       .headers = {{"content-type", "application/octet-stream"},
                                                   {"user-agent", "somebody else"}},
                                       .header_count = 2,
                                       .body = buffer_bytes(&body),
                                       .peer = "192.0.2.7"};
        unsigned status = service_visit(r->service, &request);

        judge_answer(r, e, status, bytes_of_text(""));
    }
    buffer_fini(&path);
    buffer_fini(&body);
}

/* ---- a look at a client ---- */

/* What is called on disk is there, and so is its state. */
static bool is_on_disk(const struct disk *disk, const struct snapshot_task *t)
{
    const struct disk_cell *cell = disk_of_task(disk, t->task_id);

    return cell && cell->state == t->state;
}

void operator_look(struct run *r, unsigned host)
{
    const struct runtime *runtime = host_runtime(r->hosts[host]);
    struct snapshot *s;
    size_t listed = 0, open;

    if (!runtime)
        return; /* `nxp status` says that nothing runs */
    s = memory_new(sizeof *s);
    runtime_snapshot(runtime, s, host_mono_ns(r->hosts[host]));
    r->operator.calls++;
    open = runtime_open_tasks(runtime);
    for (size_t i = 0; i < s->node_count; i++)
        listed += s->nodes[i].open;
    world_note(&r->world, "client %u says that it is %s, %zu open, %llu accepted", host, s->phase,
               s->open, (unsigned long long)s->stats.accepted);
    if (!run_expects(r)) {
        free(s);
        return;
    }
    if (s->open != open || s->task_count != (open < SNAPSHOT_TASKS ? open : SNAPSHOT_TASKS))
        operator_wrong(r, "client %u says that %zu tasks are open and lists %zu: %zu are", host, s->open,
              s->task_count, open);
    if (r->options->policy == HOST_OURS && listed != open)
        operator_wrong(r, "the nodes of client %u say that %zu tasks are open: %zu are", host, listed, open);
    if (memcmp(&s->stats, runtime_stats(runtime), sizeof s->stats) != 0)
        operator_wrong(r, "client %u does not say what it counts", host);
    for (size_t i = 0; i < s->task_count; i++)
        if (s->tasks[i].on_disk && !is_on_disk(host_disk(r->hosts[host]), &s->tasks[i]))
            operator_wrong(r, "client %u says that the newest state of task %.64s is on disk: it is not",
                  host, s->tasks[i].task_id);
    free(s);
}
