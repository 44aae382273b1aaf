/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/snapshot.h"

#include <string.h>

#include "base/clock.h"
#include "client/core/state.h"

static int64_t wall_of(const struct core *c, int64_t at_ns, int64_t now_ns)
{
    return at_ns > now_ns ? at_ns + c->wall_offset_ns : 0;
}

static struct snapshot_task task_of(const struct core *c, const struct entry *e, int64_t now_ns)
{
    const struct outbox_record *r = &e->record;
    int64_t life = lifespan_s(&c->learnt.life, r->difficulty);
    struct snapshot_task t = {
        .task_id = r->task_id,
        .node_id = r->node_id,
        .program_id = r->program_id,
        .state = r->state,
        .task_type = r->task_type,
        .difficulty = r->difficulty,
        .inputs = r->input_count,
        .inputs_proving = work_inputs_of(c, r->id),
        .attempts = r->attempts,
        .last_status = r->last_status,
        .fetched_wall_ns = r->fetched_wall_s * NS_PER_S,
        .on_disk = ledger_durable(&c->ledger, e),
    };

    if (life != LIFESPAN_UNKNOWN)
        t.expires_wall_ns = (r->fetched_wall_s + life) * NS_PER_S;
    for (size_t i = 0; i < r->input_count; i++)
        t.inputs_proved += r->proofs[i].data != NULL;
    if (r->state == OUTBOX_PROVED)
        t.next_try_wall_ns = wall_of(c, e->next_try_ns, now_ns);
    return t;
}

static struct snapshot_node node_of(const struct core *c, const struct core_node *n)
{
    static const char *const standings[] = {"not asked yet", "known", "refused"};
    struct snapshot_node out = {
        .id = n->id,
        .standing = standings[n->standing],
        .fetch_requests = n->fetch_requests,
        .fetched = n->fetched,
        .accepted = n->accepted,
    };

    for (size_t i = 0; i < c->ledger.count; i++) {
        const struct outbox_record *r = &c->ledger.entries[i]->record;

        out.open += !outbox_state_final(r->state) && strcmp(r->node_id, n->id) == 0;
    }
    return out;
}

void core_snapshot(const struct core *c, struct snapshot *out, int64_t now_ns)
{
    static const char *const phases[] = {"new", "greeting", "working", "stopping", "over"};

    *out = (struct snapshot){
        .phase = phases[c->phase],
        .profile = c->profile->name,
        .stats = c->stats,
        .asks = learnt_ask(&c->learnt, c->job_room),
        .proving = work_under_way(c),
        .proofs_at_once = c->job_room,
        .open = ledger_open(&c->ledger),
    };
    for (int i = 0; i < CORE_ROUTES; i++) {
        out->routes[i].next_wall_ns = wall_of(c, route_due_ns(&c->routes[i]), now_ns);
        route_words(&c->routes[i], out->routes[i].why, now_ns);
    }
    for (size_t i = 0; i < c->ledger.count && out->task_count < SNAPSHOT_TASKS; i++)
        if (!outbox_state_final(c->ledger.entries[i]->record.state))
            out->tasks[out->task_count++] = task_of(c, c->ledger.entries[i], now_ns);
    for (size_t i = 0; i < c->node_count; i++)
        out->nodes[out->node_count++] = node_of(c, &c->nodes[i]);
}
