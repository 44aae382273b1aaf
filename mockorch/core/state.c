/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/state.h"

#include <stdlib.h>

#include "base/clock.h"
#include "mockorch/core/record.h"

json_t *state_counter(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *metrics_json(const struct orchestrator_metrics *m)
{
    json_t *requests = json_object(), *refused = json_object(), *answers = json_object();
    static const char *const classes[] = {"lost", "1xx", "2xx", "3xx", "4xx", "5xx"};

    for (int c = 0; c < CALL_COUNT; c++)
        json_object_set_new(requests, call_name((enum call)c), state_counter(m->requests[c]));
    for (int c = 0; c < CHECK_NONE; c++)
        json_object_set_new(refused, check_name((enum check)c), state_counter(m->refused[c]));
    for (int c = 0; c < 6; c++)
        json_object_set_new(answers, classes[c], state_counter(m->answers[c]));
    return json_pack("{so so so so so so so so}", "requests", requests, "answers", answers,
                     "refused", refused, "tasks_made", state_counter(m->tasks_made),
                     "tasks_accepted", state_counter(m->tasks_accepted), "tasks_expired",
                     state_counter(m->tasks_expired), "fetches_limited",
                     state_counter(m->fetches_limited), "faults", state_counter(m->faults));
}

static json_t *seconds_up(int64_t ns)
{
    return state_counter((uint64_t)((ns + NS_PER_S - 1) / NS_PER_S));
}

json_t *state_user(const struct orchestrator *o, const struct user *u, int64_t now_ns)
{
    json_t *nodes = json_array();
    int64_t accepted_ns = quota_wait_ns(&u->submissions, now_ns);
    int64_t refused_ns = quota_wait_ns(&u->refusals, now_ns);

    for (uint32_t i = 0; i < u->node_count; i++)
        json_array_append_new(nodes, json_string(o->registry.nodes[u->nodes[i]].id));
    return json_pack(
        "{ss ss so so so so}", "user_id", u->uuid, "wallet_address", u->wallet, "nodes", nodes,
        "credits", state_counter(u->credits), "next_fetch_s",
        seconds_up(quota_wait_ns(&u->fetches, now_ns)), "next_submission_s",
        seconds_up(accepted_ns > refused_ns ? accepted_ns : refused_ns));
}

json_t *state_node(const struct orchestrator *o, const struct node *n)
{
    json_t *open = json_array();

    for (uint32_t i = 0; i < n->open_count; i++)
        json_array_append_new(open,
                              json_string(assignment_task(&o->assignment, n->open[i])->task_id));
    return json_pack("{ss ss so so so so so ss}", "node_id", n->id, "user_id",
                     o->registry.users[n->user].uuid, "open_tasks", open, "assigned",
                     state_counter(n->assigned), "credited", state_counter(n->credited), "expired",
                     state_counter(n->expired), "refused", state_counter(n->refused), "standing",
                     difficulty_name(n->standing));
}

json_t *state_task(const struct orchestrator *o, const struct task *t, int64_t now_ns)
{
    const char *node = t->node == TASK_FOR_ANYBODY ? "" : o->registry.nodes[t->node].id;
    json_t *inputs = json_array(), *task;

    for (size_t i = 0; i < t->input_count; i++) {
        uint32_t words[3];

        if (wire_task_input(words, t->inputs[i], NULL) == ST_OK)
            json_array_append_new(inputs, json_pack("[III]", (json_int_t)words[0],
                                                    (json_int_t)words[1], (json_int_t)words[2]));
        else
            json_array_append_new(inputs, json_null()); /* shortened by a fault */
    }
    task = json_pack("{ss ss ss ss ss ss so sI ss ss}", "task_id", t->task_id, "node_id", node,
                     "state", t->judging ? "judging" : task_state_name(t->state), "program_id",
                     t->program_id, "task_type", task_type_name(t->type), "difficulty",
                     difficulty_name(t->difficulty), "inputs", inputs, "submissions",
                     (json_int_t)t->submissions, "proof_hash", t->proof_hash, "last_refusal",
                     t->refusal);
    if (task && t->state != TASK_MINTED) {
        json_object_set_new(task, "age_s",
                            json_real((double)(now_ns - t->assigned_ns) / (double)NS_PER_S));
        json_object_set_new(task, "left_s",
                            json_real((double)(t->expires_ns - now_ns) / (double)NS_PER_S));
    }
    return task;
}

json_t *state_of_all(const struct orchestrator *o, int64_t now_ns)
{
    json_t *users = json_array(), *nodes = json_array(), *tasks = json_array();

    for (uint32_t i = 0; i < o->registry.user_count; i++)
        json_array_append_new(users, state_user(o, &o->registry.users[i], now_ns));
    for (uint32_t i = 0; i < o->registry.node_count; i++)
        json_array_append_new(nodes, state_node(o, &o->registry.nodes[i]));
    for (uint32_t place = o->assignment.first; place < o->assignment.count; place++) {
        const struct task *t = assignment_task(&o->assignment, place);

        if (t)
            json_array_append_new(tasks, state_task(o, t, now_ns));
    }
    for (const struct task *t = o->assignment.minted_first; t; t = t->next)
        json_array_append_new(tasks, state_task(o, t, now_ns));
    return json_pack("{so so so so sb ss}", "metrics", metrics_json(&o->metrics), "users", users,
                     "nodes", nodes, "tasks", tasks, "broken", o->broken, "broken_why",
                     o->broken_why.text);
}

void orchestrator_state(const struct orchestrator *o, struct buffer *out, int64_t outside_ns)
{
    json_t *all = state_of_all(o, timeline_inside_ns(&o->timeline, outside_ns));
    char *text = all ? record_text(all, JSON_INDENT(1)) : NULL;

    if (text)
        buffer_put_text(out, text);
    else
        out->failed = true;
    free(text);
    json_decref(all);
}
