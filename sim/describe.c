/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/describe.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sim/memory.h"

static void describe_task(FILE *out, const struct snapshot_task *t, int64_t wall_ns)
{
    fprintf(out, "    task %s: %s%s, %zu of %zu inputs proved, %zu being proved, %u attempts",
            t->task_id, outbox_state_name(t->state), t->on_disk ? "" : " (not on disk yet)",
            t->inputs_proved, t->inputs, t->inputs_proving, t->attempts);
    if (t->next_try_wall_ns > wall_ns)
        fprintf(out, ", next try in %.3f s",
                (double)(t->next_try_wall_ns - wall_ns) / (double)NS_PER_S);
    fprintf(out, "\n");
}

static void describe_process(FILE *out, const struct runtime *r, int64_t wall_ns, int64_t now_ns)
{
    struct snapshot *s = memory_new(sizeof *s);
    int64_t deadline_ns = runtime_deadline_ns(r);

    runtime_snapshot(r, s, now_ns);
    fprintf(out, "  process: %s, %zu open tasks, %zu of %zu inputs being proved",
            s->phase ? s->phase : "running", s->open, s->proving, s->proofs_at_once);
    if (deadline_ns != INT64_MAX)
        fprintf(out, ", wakes up in %.3f s", (double)(deadline_ns - now_ns) / (double)NS_PER_S);
    fprintf(out, "\n");
    for (int i = 0; i < CORE_ROUTES; i++)
        if (s->routes[i].next_wall_ns > wall_ns)
            fprintf(out, "    no %s request for %.3f s %s\n", core_route_name((enum core_route)i),
                    (double)(s->routes[i].next_wall_ns - wall_ns) / (double)NS_PER_S,
                    s->routes[i].why);
    for (size_t i = 0; i < s->task_count; i++)
        describe_task(out, &s->tasks[i], wall_ns);
    free(s);
}

void describe_host(FILE *out, const struct host *h, unsigned number)
{
    const struct disk *d = host_disk(h);
    const struct runtime *r = host_runtime(h);

    fprintf(out, "client %u: %" PRIu64 " requests so far\n", number, host_requests(h));
    if (r)
        describe_process(out, r, host_wall_ns(h), host_mono_ns(h));
    else
        fprintf(out, "  no process%s\n", host_over(h) ? ", it has ended" : "");
    for (size_t i = 0; i < d->count; i++)
        fprintf(out, "  disk: record %" PRIu64 " of task %s: %s, %zu of %zu inputs proved\n",
                d->cells[i].id, d->cells[i].task_id, outbox_state_name(d->cells[i].state),
                d->cells[i].proved, d->cells[i].input_count);
    if (d->begun_count)
        fprintf(out, "  disk: %zu writes are not durable yet\n", d->begun_count);
}

void describe_server(FILE *out, struct service *s, int64_t now_ns)
{
    struct buffer json;
    json_t *state;

    buffer_init(&json, 0);
    orchestrator_state(service_core(s), &json, now_ns);
    state = json_loadb((const char *)json.data, json.size, 0, NULL);
    fprintf(out, "orchestrator: ");
    if (state)
        json_dumpf(state, out, JSON_INDENT(2));
    fprintf(out, "\n");
    json_decref(state);
    buffer_fini(&json);
}
