/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/status_report.h"

#include <string.h>

#include "base/clock.h"
#include "client/cli/stamp.h"

#define SCHEMA 1

static void set(json_t *to, const char *name, json_t *value)
{
    json_object_set_new(to, name, value);
}

static void set_number(json_t *to, const char *name, uint64_t value)
{
    set(to, name, json_integer((json_int_t)value));
}

/* null: none, or unknown */
static void set_time(json_t *to, const char *name, int64_t wall_ns)
{
    char text[STAMP_SIZE];

    set(to, name, wall_ns > 0 ? json_string(stamp_utc(text, wall_ns)) : json_null());
}

static double seconds_of(int64_t ns)
{
    return (double)(ns / NS_PER_MS) / 1000;
}

/* ---- of a running client ---- */

static json_t *task_of(const struct snapshot_task *t)
{
    json_t *out = json_object();

    set(out, "task_id", json_string(t->task_id));
    set(out, "node_id", json_string(t->node_id));
    set(out, "program_id", json_string(t->program_id));
    set(out, "state", json_string(outbox_state_name(t->state)));
    set(out, "difficulty", json_string(difficulty_name(t->difficulty)));
    set_number(out, "inputs", t->inputs);
    set_number(out, "inputs_proved", t->inputs_proved);
    set_number(out, "attempts", t->attempts);
    set_number(out, "last_status", t->last_status);
    set_time(out, "fetched", t->fetched_wall_ns);
    set_time(out, "expires", t->expires_wall_ns);
    set_time(out, "next_try", t->next_try_wall_ns);
    set(out, "on_disk", json_boolean(t->on_disk));
    return out;
}

static json_t *wait_of(const char *server, const char *route, int64_t until_wall_ns,
                       const char *reason, int64_t now_wall_ns)
{
    json_t *out = json_object();

    if (server)
        set(out, "server", json_string(server));
    set(out, "route", json_string(route));
    set_time(out, "until", until_wall_ns);
    set(out, "seconds",
        json_real(until_wall_ns > now_wall_ns ? seconds_of(until_wall_ns - now_wall_ns) : 0));
    set(out, "why", json_string(reason));
    return out;
}

static json_t *node_of(const struct snapshot_node *n)
{
    json_t *out = json_object();

    set(out, "node_id", json_string(n->id));
    set(out, "standing", json_string(n->standing));
    set_number(out, "fetch_requests", n->fetch_requests);
    set_number(out, "fetched", n->fetched);
    set_number(out, "credited", n->accepted);
    set_number(out, "open", n->open);
    return out;
}

/* A route that may be used now and has no trouble is not listed. */
static json_t *waits_of(const struct snapshot *s, int64_t now_wall_ns)
{
    static const char *const usual[CORE_ROUTES] = {
        [CORE_ROUTE_NODE] = "asked again then",
        [CORE_ROUTE_FETCH] = "the pace between two tasks",
        [CORE_ROUTE_SUBMIT] = "the pace between two submissions",
    };
    json_t *out = json_array();

    for (int i = 0; i < CORE_ROUTES; i++) {
        const struct snapshot_route *r = &s->routes[i];

        if (r->next_wall_ns > now_wall_ns || *r->why)
            json_array_append_new(out, wait_of(NULL, core_route_name((enum core_route)i),
                                               r->next_wall_ns, *r->why ? r->why : usual[i],
                                               now_wall_ns));
    }
    return out;
}

static json_t *totals_of(const struct stats *t)
{
    json_t *out = json_object();

    set_number(out, "fetched", t->fetched);
    set_number(out, "restored", t->restored);
    set_number(out, "duplicates", t->duplicates);
    set_number(out, "inputs_proved", t->proofs);
    set_number(out, "credited", t->accepted);
    set_number(out, "probably_credited", t->unknown);
    set_number(out, "refused", t->refused);
    set_number(out, "abandoned", t->abandoned);
    set_number(out, "lost", t->refused + t->abandoned);
    set_number(out, "fetch_requests", t->fetch_requests);
    set_number(out, "fetch_errors", t->fetch_errors);
    set_number(out, "submit_requests", t->submit_requests);
    set_number(out, "submit_waits", t->submit_waits);
    return out;
}

static json_t *prover_of(const struct status_facts *f)
{
    const struct status_meter *m = f->meter;
    int64_t up_ns = f->now_wall_ns - f->started_wall_ns;
    double busy_s = (double)m->busy_ns / NS_PER_S;
    json_t *out = json_object();

    set_number(out, "threads", f->threads);
    set_number(out, "inputs_at_once", f->slots);
    set_number(out, "proofs", m->proofs);
    set(out, "last_proof_seconds", json_real(seconds_of(m->last_ns)));
    set(out, "steps_per_second", json_real(busy_s > 0 ? (double)m->steps / busy_s : 0));
    set(out, "proofs_per_hour",
        json_real(up_ns > 0 ? (double)m->proofs * 3600 * NS_PER_S / (double)up_ns : 0));
    set(out, "worker_pid", f->worker_pid > 0 ? json_integer(f->worker_pid) : json_null());
    set_number(out, "worker_bytes", f->worker_bytes);
    set_number(out, "resident_bytes", f->resident_bytes);
    set_number(out, "peak_bytes", f->peak_bytes);
    return out;
}

json_t *status_report_running(const struct status_facts *f)
{
    const struct snapshot *s = f->snapshot;
    json_t *out = json_object(), *tasks = json_array(), *nodes = json_array();

    for (size_t i = 0; i < s->task_count; i++)
        json_array_append_new(tasks, task_of(&s->tasks[i]));
    for (size_t i = 0; i < s->node_count; i++)
        json_array_append_new(nodes, node_of(&s->nodes[i]));
    set_number(out, "schema", SCHEMA);
    set(out, "running", json_true());
    set(out, "version", json_string(NXP_VERSION));
    set(out, "pid", json_integer(f->pid));
    set_time(out, "time", f->now_wall_ns);
    set_time(out, "started", f->started_wall_ns);
    set(out, "phase", json_string(s->phase));
    set(out, "profile", json_string(s->profile));
    set(out, "server", json_string(f->server));
    set(out, "nodes", nodes);
    set(out, "asks", json_string(difficulty_name(s->asks)));
    set(out, "waits", waits_of(s, f->now_wall_ns));
    set_number(out, "open", s->open);
    set(out, "tasks", tasks);
    set(out, "totals", totals_of(&s->stats));
    set(out, "prover", prover_of(f));
    return out;
}

/* ---- of the disk ---- */

json_t *status_report_idle(const char *home, int64_t now_wall_ns)
{
    json_t *out = json_object();

    set_number(out, "schema", SCHEMA);
    set(out, "running", json_false());
    set(out, "version", json_string(NXP_VERSION));
    set(out, "home", json_string(home));
    set_time(out, "time", now_wall_ns);
    return out;
}

void status_report_add_disk(json_t *report, const struct outbox_survey *survey, int64_t now_wall_ns)
{
    json_t *counts = json_object(), *holds = json_array();

    for (int i = 0; i < OUTBOX_STATES; i++)
        set_number(counts, outbox_state_name((enum outbox_state)i), survey->counts[i]);
    set_number(counts, "damaged", survey->damaged);
    set(report, "outbox", counts);
    for (size_t i = 0; i < survey->hold_count; i++)
        json_array_append_new(holds,
                              wait_of(survey->holds[i].server, survey->holds[i].route,
                                      survey->holds[i].until_wall_ns,
                                      "named by the orchestrator, or the pace", now_wall_ns));
    if (json_is_false(json_object_get(report, "running")))
        set(report, "holds", holds);
    else
        json_decref(holds);
}
