/* SPDX-License-Identifier: Apache-2.0 */
/* The whole state as JSON, for people and for tests that look from outside. */
#include <jansson.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mockorch/core/inside.h"

static json_t *counter(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *metrics_json(const struct orchestrator_metrics *m)
{
    json_t *requests = json_object(), *refused = json_object(), *answers = json_object();
    static const char *const classes[] = {"lost", "1xx", "2xx", "3xx", "4xx", "5xx"};

    for (int c = 0; c < CALL_COUNT; c++)
        json_object_set_new(requests, call_name((enum call)c), counter(m->requests[c]));
    for (int c = 0; c < CHECK_NONE; c++)
        json_object_set_new(refused, check_name((enum check)c), counter(m->refused[c]));
    for (int c = 0; c < 6; c++)
        json_object_set_new(answers, classes[c], counter(m->answers[c]));
    return json_pack("{so so so so so so so so}", "requests", requests, "answers", answers,
                     "refused", refused, "tasks_made", counter(m->tasks_made), "tasks_accepted",
                     counter(m->tasks_accepted), "tasks_expired", counter(m->tasks_expired),
                     "fetches_limited", counter(m->fetches_limited), "faults", counter(m->faults));
}

static json_t *user_json(const struct orchestrator *o, const struct user *u, int64_t now_ns)
{
    json_t *nodes = json_array();

    for (uint32_t i = 0; i < u->node_count; i++)
        json_array_append_new(nodes, json_string(o->registry.nodes[u->nodes[i]].id));
    return json_pack(
        "{ss ss so so so}", "user_id", u->uuid, "wallet_address", u->wallet, "nodes", nodes,
        "credits", counter(u->credits), "next_fetch_s",
        counter((uint64_t)((quota_wait_ns(&u->fetches, now_ns) + NS_PER_S - 1) / NS_PER_S)));
}

static json_t *node_json(const struct orchestrator *o, const struct node *n)
{
    json_t *open = json_array();

    for (uint32_t i = 0; i < n->open_count; i++)
        json_array_append_new(open, json_string(assignment_task(&o->assignment, n->open[i])->task_id));
    return json_pack("{ss ss so so so so}", "node_id", n->id, "user_id",
                     o->registry.users[n->user].uuid, "open_tasks", open, "assigned",
                     counter(n->assigned), "credited", counter(n->credited), "expired",
                     counter(n->expired));
}

static json_t *task_json(const struct orchestrator *o, const struct task *t, int64_t now_ns)
{
    static const char *const types[] = {"PROOF_REQUIRED", "PROOF_HASH", "ALL_PROOF_HASHES"};
    json_t *inputs = json_array();

    for (size_t i = 0; i < t->input_count; i++) {
        uint32_t words[3];

        if (wire_task_input(words, t->inputs[i], NULL) == ST_OK)
            json_array_append_new(inputs, json_pack("[III]", (json_int_t)words[0],
                                                    (json_int_t)words[1], (json_int_t)words[2]));
        else
            json_array_append_new(inputs, json_null()); /* shortened by a fault */
    }
    return json_pack(
        "{ss ss ss ss ss ss so si sf sf ss ss}", "task_id", t->task_id, "node_id",
        o->registry.nodes[t->node].id, "state", t->judging ? "judging" : task_state_name(t->state),
        "program_id", t->program_id, "task_type", types[t->type], "difficulty",
        difficulty_name(t->difficulty), "inputs", inputs, "submissions", (int)t->submissions,
        "age_s", (double)(now_ns - t->assigned_ns) / (double)NS_PER_S, "left_s",
        (double)(t->expires_ns - now_ns) / (double)NS_PER_S, "proof_hash", t->proof_hash,
        "last_refusal", t->refusal);
}

void orchestrator_state(const struct orchestrator *o, struct buffer *out, int64_t outside_ns)
{
    int64_t now_ns = timeline_inside_ns(&o->timeline, outside_ns);
    json_t *users = json_array(), *nodes = json_array(), *tasks = json_array(), *all;
    char *text;

    for (uint32_t i = 0; i < o->registry.user_count; i++)
        json_array_append_new(users, user_json(o, &o->registry.users[i], now_ns));
    for (uint32_t i = 0; i < o->registry.node_count; i++)
        json_array_append_new(nodes, node_json(o, &o->registry.nodes[i]));
    for (uint32_t place = o->assignment.first; place < o->assignment.count; place++) {
        const struct task *t = assignment_task(&o->assignment, place);

        if (t)
            json_array_append_new(tasks, task_json(o, t, now_ns));
    }
    all = json_pack("{so so so so sb ss}", "metrics", metrics_json(&o->metrics), "users", users,
                    "nodes", nodes, "tasks", tasks, "broken", o->broken, "broken_why",
                    o->broken_why.text);
    text = all ? json_dumps(all, JSON_INDENT(1)) : NULL;
    if (text)
        buffer_put_text(out, text);
    else
        out->failed = true;
    free(text);
    json_decref(all);
}
