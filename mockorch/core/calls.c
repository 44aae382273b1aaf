/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/buggify.h"
#include "base/clock.h"
#include "base/print.h"
#include "mockorch/core/consensus.h"
#include "mockorch/core/gates.h"
#include "mockorch/core/inside.h"
#include "mockorch/core/reputation.h"

#define LIST_PAGE 50 /* client.md 13.3 */

static void refuse(struct reply *reply, struct verdict *verdict, unsigned status,
                   const char *message)
{
    reply_error(reply, verdict->call, status, message);
}

void calls_retry_after(const struct orchestrator *o, struct reply *reply, int64_t wait_ns,
                       int64_t now_ns)
{
    reply_retry_after_ns(reply, wait_ns, o->settings.retry_after_date,
                         timeline_shown_ns(&o->timeline, now_ns));
}

/* A body that is none, in the words of the decoder. */
static void refuse_body(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                        const struct incoming *in)
{
    verdict->failed = CHECK_BODY;
    verdict->why = in->why;
    o->metrics.refused[CHECK_BODY]++;
    refuse(reply, verdict, in->decoded == ST_NO_MEMORY ? 500 : 400, in->why.text);
}

/* ---- users and nodes ---- */

static void answer_user(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                        const struct user *u)
{
    struct wire_user_node nodes[100]; /* a page */
    struct wire_user message = {.user_id = u->uuid, .wallet_address = u->wallet, .nodes = nodes};

    bool reversed = BUGGIFY(NODES_REVERSED);

    for (uint32_t i = 0; i < u->node_count && i < 100; i++) {
        const struct node *n = &o->registry.nodes[u->nodes[reversed ? u->node_count - 1 - i : i]];

        nodes[i] = (struct wire_user_node){.node_id = n->id, .node_type = n->type};
        message.node_count = i + 1;
    }
    reply_good(reply);
    wire_encode_user(&reply->body, &message);
    fail(&verdict->why, ST_OK, "user %s with %u nodes", u->uuid, u->node_count);
}

static void call_user(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                      const struct incoming *in)
{
    const struct user *u = registry_user_of_wallet(&o->registry, in->parameter);

    if (u) {
        answer_user(o, reply, verdict, u);
        return;
    }
    fail(&verdict->why, ST_NOT_FOUND, "no user has this wallet");
    refuse(reply, verdict, 404, "User not found");
}

static void call_register_user(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                               const struct incoming *in)
{
    const struct wire_register_user *m = &in->message.register_user;
    uint32_t at;
    enum status st = registry_add_user(&o->registry, &at, &o->settings, m->uuid, m->wallet_address,
                                       &verdict->why);

    if (st) {
        refuse(reply, verdict,
               st == ST_EXISTS  ? 409
               : st == ST_INPUT ? 400
                                : 500,
               verdict->why.text);
        return;
    }
    o->metrics.users++;
    persist_user(o, &o->registry.users[at]);
    fail(&verdict->why, ST_OK, "user %s made", m->uuid);
    reply_good(reply);
}

static void call_register_node(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                               const struct incoming *in)
{
    const struct wire_register_node *m = &in->message.register_node;
    struct wire_node_registered message;
    struct user *u = registry_user_of_uuid(&o->registry, m->user_id);
    int64_t wait_ns;
    uint32_t at;

    if (!u) {
        fail(&verdict->why, ST_NOT_FOUND, "User not found: %.64s", m->user_id);
        refuse(reply, verdict, 404, verdict->why.text);
        return;
    }
    wait_ns = quota_wait_ns(&u->registrations, in->now_ns);
    if (wait_ns || (o->settings.nodes_per_user && u->node_count >= o->settings.nodes_per_user)) {
        fail(&verdict->why, ST_LIMIT, "user %s has %u nodes and may not add one now", u->uuid,
             u->node_count);
        refuse(reply, verdict, 429, "Node limit exceeded for user.");
        if (wait_ns)
            calls_retry_after(o, reply, wait_ns, in->now_ns);
        return;
    }
    if (BUGGIFY(NO_ROOM_FOR_NODE) ||
        registry_add_node(&o->registry, &at, (uint32_t)(u - o->registry.users), m->node_type, NULL,
                          &verdict->why)) {
        refuse(reply, verdict, 500, NULL);
        return;
    }
    quota_spend(&u->registrations, in->now_ns);
    reputation_start(&o->registry.nodes[at], &o->settings.reputation);
    o->registry.nodes[at].registered = true;
    o->registry.nodes[at].registered_ns = in->now_ns;
    o->metrics.nodes++;
    persist_node(o, &o->registry.nodes[at]);
    message.node_id = o->registry.nodes[at].id;
    print_text(verdict->node_id, sizeof verdict->node_id, "%s", message.node_id);
    fail(&verdict->why, ST_OK, "node %s of user %s made", message.node_id, u->uuid);
    reply_good(reply);
    wire_encode_node_registered(&reply->body, &message);
}

/* The node of a request, or NULL after a 404. */
static struct node *known_node(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                               const char *id)
{
    struct node *n = registry_node(&o->registry, id);

    if (!n) {
        fail(&verdict->why, ST_NOT_FOUND, "no such node");
        refuse(reply, verdict, 404, "Node not found");
    }
    return n;
}

static void call_node(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                      const struct incoming *in)
{
    const struct node *n = known_node(o, reply, verdict, in->parameter);
    struct wire_node message;

    if (!n)
        return;
    message.wallet_address = o->registry.users[n->user].wallet;
    fail(&verdict->why, ST_OK, "node %s", n->id);
    reply_good(reply);
    wire_encode_node(&reply->body, &message);
}

/* ---- tasks ---- */

static bool odd_task(const struct incoming *in, enum fault_task odd)
{
    return in->orders.what.effects & FAULT_TASK && in->orders.what.task == odd;
}

/* A later schema may use any number for a type; a reserved one is a difficulty nobody knows. */
#define TYPE_OF_TOMORROW       ((enum task_type)9)
#define DIFFICULTY_OF_TOMORROW ((enum difficulty)4)

static struct wire_task wire_of_task(const struct orchestrator *o, const struct task *t,
                                     const struct incoming *in)
{
    int64_t wall_ns = timeline_shown_ns(&o->timeline, t->assigned_ns);
    struct wire_task w = {
        .task_id = t->task_id,
        .program_id = t->program_id,
        .inputs = t->inputs,
        .input_count = t->input_count,
        .task_type = t->type,
        .difficulty = t->difficulty,
    };

    if (t->input_count)
        w.public_inputs = t->inputs[0]; /* alike in both forms (client.md 14.2) */
    if (odd_task(in, FAULT_TASK_FROM_TOMORROW))
        wall_ns += 86400 * NS_PER_S;
    w.created_at_s = wall_ns / NS_PER_S;
    w.created_at_ns = (int32_t)(wall_ns % NS_PER_S);
    if (odd_task(in, FAULT_TASK_UNKNOWN_TYPE))
        w.task_type = TYPE_OF_TOMORROW;
    if (odd_task(in, FAULT_TASK_UNKNOWN_DIFFICULTY))
        w.difficulty = DIFFICULTY_OF_TOMORROW;
    return w;
}

static void answer_task(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                        const struct incoming *in, const struct task *t)
{
    static const uint8_t later[] = {0x98, 0x06, 0x01, 0x9a, 0x06, 0x02, 'h', 'i'}; /* field 99 */
    struct wire_fetched message = {.task = wire_of_task(o, t, in)};

    message.has_task = !odd_task(in, FAULT_TASK_ABSENT);
    if (!odd_task(in, FAULT_TASK_WITHOUT_OLD_FIELDS)) {
        message.program_id = message.task.program_id;
        message.public_inputs = message.task.public_inputs;
        message.task_id = message.task.task_id;
    }
    reply_good(reply);
    wire_encode_fetched(&reply->body, &message);
    if (odd_task(in, FAULT_TASK_UNKNOWN_FIELDS))
        buffer_put(&reply->body, later, sizeof later);
    print_text(verdict->task_id, sizeof verdict->task_id, "%.63s", t->task_id);
}

static void tell_allowance(const struct orchestrator *o, struct reply *reply,
                           const struct gates *gates, int64_t now_ns)
{
    const struct gate *g = gates_tightest(gates, now_ns);

    if (g)
        reply_rate_limit(reply, o->settings.rate_limit_fields, g->name, g->quota, now_ns);
}

/* true: the fetch was refused for now. */
static bool refuse_fetch(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                         const struct gates *gates, int64_t now_ns)
{
    const struct gate *g = gates_tightest(gates, now_ns);
    int64_t wait_ns = g ? quota_wait_ns(g->quota, now_ns) : 0;

    if (wait_ns) {
        fail(&verdict->why, ST_LIMIT, "this %s has had %u tasks in this window", g->name,
             g->quota->limit);
    } else if (o->settings.task_limit && o->metrics.tasks_made >= o->settings.task_limit) {
        fail(&verdict->why, ST_LIMIT, "all %llu tasks are given out",
             (unsigned long long)o->settings.task_limit);
        wait_ns = o->settings.idle_retry_ns;
    } else {
        return false;
    }
    o->metrics.fetches_limited++;
    refuse(reply, verdict, 429, NULL);
    calls_retry_after(o, reply, wait_ns, now_ns);
    tell_allowance(o, reply, gates, now_ns);
    return true;
}

/* The fault: an open task once more. It is now the one of this key. */
static bool answer_duplicate(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                             const struct incoming *in, const struct node *n)
{
    struct task *t;

    if (!odd_task(in, FAULT_TASK_DUPLICATE) || n->open_count == 0)
        return false;
    t = assignment_task(&o->assignment, n->open[n->open_count - 1]);
    memcpy(t->public_key, in->message.fetch.public_key.data, sizeof t->public_key);
    persist_task(o, t);
    answer_task(o, reply, verdict, in, t);
    fail(&verdict->why, ST_OK, "task given to node %s once more", n->id);
    return true;
}

void calls_expire_task(struct orchestrator *o, struct task *t, int64_t now_ns)
{
    struct node *n = &o->registry.nodes[t->node];

    if (t->state == TASK_OPEN)
        registry_close_task(n, t->place);
    else
        print_text(t->refusal, sizeof t->refusal, "consensus: no majority in time");
    assignment_close(&o->assignment, t, TASK_EXPIRED, now_ns);
    consensus_left(&o->assignment, t);
    n->expired++;
    o->metrics.tasks_expired++;
}

/* Work that other nodes have too, or new work that others shall get. */
static enum status share_task(struct orchestrator *o, struct task **out,
                              const struct assignment_order *order, int64_t now_ns, struct why *why)
{
    struct assignment *a = &o->assignment;
    struct task *first = NULL;
    uint32_t at, wanted = o->settings.consensus;
    enum status st;

    if (wanted > 1 && !(order->faults->what.effects & FAULT_TASK))
        first = consensus_seat(a, order->node, order->max_difficulty, now_ns);
    st = first ? assignment_copy(a, &at, first, &o->settings, order, now_ns, why)
               : assignment_make(a, &at, &o->settings, order, now_ns, why);
    if (st)
        return st;
    *out = assignment_task(a, at);
    if (first)
        consensus_join(first->group, *out);
    else if (wanted > 1 && (*out)->type != TASK_PROOF_REQUIRED &&
             !(order->faults->what.effects & FAULT_TASK))
        st = consensus_start(a, *out, wanted, why);
    if (st)
        assignment_close(a, *out, TASK_EXPIRED, now_ns); /* nobody has it */
    return st;
}

/* One that was minted, or a new one. */
static enum status give_task(struct orchestrator *o, struct task **out,
                             const struct assignment_order *order, int64_t now_ns, struct why *why)
{
    struct task *t = assignment_minted(&o->assignment, order->node);
    enum status st;

    if (!t)
        return share_task(o, out, order, now_ns, why);
    st = assignment_hand_out(&o->assignment, t, &o->settings, order, now_ns, why);
    if (st)
        return st;
    persist_forget(o, STORE_TASK, t->task_id); /* its new record comes behind the others */
    *out = t;
    return ST_OK;
}

static void call_fetch(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                       const struct incoming *in)
{
    const struct wire_fetch *m = &in->message.fetch;
    struct assignment_order order = {.public_key = m->public_key.data,
                                     .max_difficulty = m->max_difficulty,
                                     .faults = &in->orders};
    struct gates gates;
    struct node *n;
    struct task *t = NULL;

    if (m->public_key.size != SIGNING_PUBLIC_SIZE) {
        fail(&verdict->why, ST_INPUT, "key of %zu bytes, 32 are needed", m->public_key.size);
        refuse(reply, verdict, 400, verdict->why.text);
        return;
    }
    n = known_node(o, reply, verdict, m->node_id);
    if (!n || answer_duplicate(o, reply, verdict, in, n))
        return;
    order.node = (uint32_t)(n - o->registry.nodes);
    order.max_difficulty = reputation_cap(n, &o->settings.reputation, m->max_difficulty);
    order.peer = o->settings.fetches_per_address.limit ? in->peer : "";
    if (gates_open(&gates, o, order.node, m->public_key.data, in->peer, in->now_ns,
                   &verdict->why)) {
        refuse(reply, verdict, 500, NULL);
        return;
    }
    if (refuse_fetch(o, reply, verdict, &gates, in->now_ns))
        return;
    if (BUGGIFY(NO_ROOM_FOR_TASK) || give_task(o, &t, &order, in->now_ns, &verdict->why)) {
        refuse(reply, verdict, 500, NULL);
        return;
    }
    if (registry_open_task(n, t->place, &verdict->why)) {
        assignment_close(&o->assignment, t, TASK_EXPIRED, in->now_ns); /* nobody has it */
        consensus_left(&o->assignment, t);
        refuse(reply, verdict, 500, NULL);
        return;
    }
    gates_spend(&gates, in->now_ns);
    o->metrics.tasks_made++;
    n->assigned++;
    if (t->expires_ns == in->now_ns) /* a fault */
        calls_expire_task(o, t, in->now_ns);
    persist_task(o, t);
    persist_node(o, n);
    answer_task(o, reply, verdict, in, t);
    tell_allowance(o, reply, &gates, in->now_ns);
    fail(&verdict->why, ST_OK, "%s, %zu inputs, %s for node %s", t->program_id, t->input_count,
         difficulty_name(t->difficulty), n->id);
}

static void call_list(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                      const struct incoming *in, const char *node_id)
{
    const struct node *n = known_node(o, reply, verdict, node_id);
    size_t times = odd_task(in, FAULT_TASK_DUPLICATE) ? 2 : 1;
    struct wire_task tasks[2 * LIST_PAGE];
    struct wire_tasks message = {.tasks = tasks};

    if (!n)
        return;
    for (uint32_t i = 0; i < n->open_count && i < LIST_PAGE; i++)
        for (size_t k = 0; k < times; k++)
            tasks[message.task_count++] =
                wire_of_task(o, assignment_task(&o->assignment, n->open[i]), in);
    fail(&verdict->why, ST_OK, "%u open tasks of node %s", n->open_count, n->id);
    reply_good(reply);
    wire_encode_tasks(&reply->body, &message);
}

/* Closed tasks are forgotten one after the other, but none that still counts in an allowance. */
static void evict(struct orchestrator *o, int64_t now_ns)
{
    const struct settings *s = &o->settings;
    int64_t until_ns = now_ns - settings_longest_window_ns(s);
    uint32_t keep = s->closed_tasks_kept;
    struct task *t;

    if (!s->closed_tasks_kept)
        return;
    if (assignment_evictable(&o->assignment, 1, until_ns) && BUGGIFY(CLOSED_FORGOTTEN))
        keep = 1;
    while ((t = assignment_evictable(&o->assignment, keep, until_ns))) {
        persist_forget(o, STORE_TASK, t->task_id);
        assignment_evict(&o->assignment);
    }
}

void calls_expire(struct orchestrator *o, int64_t now_ns)
{
    struct task *t;
    uint32_t at;

    while ((t = assignment_overdue(&o->assignment, &at, now_ns))) {
        calls_expire_task(o, t, now_ns);
        persist_task(o, t);
        persist_node(o, &o->registry.nodes[t->node]);
    }
    evict(o, now_ns);
}

/* ---- all of them ---- */

void calls_process(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                   const struct incoming *in)
{
    if (in->decoded) {
        refuse_body(o, reply, verdict, in);
        return;
    }
    switch (in->call) {
    case CALL_USER:
        call_user(o, reply, verdict, in);
        break;
    case CALL_REGISTER_USER:
        call_register_user(o, reply, verdict, in);
        break;
    case CALL_REGISTER_NODE:
        call_register_node(o, reply, verdict, in);
        break;
    case CALL_NODE:
        call_node(o, reply, verdict, in);
        break;
    case CALL_FETCH:
        call_fetch(o, reply, verdict, in);
        break;
    case CALL_SUBMIT:
        calls_submit(o, reply, verdict, in);
        break;
    case CALL_LIST_BODY:
        call_list(o, reply, verdict, in, in->message.list.node_id);
        break;
    case CALL_LIST:
        call_list(o, reply, verdict, in, in->parameter);
        break;
    case CALL_BAD_METHOD:
        fail(&verdict->why, ST_INPUT, "this path has another method");
        refuse(reply, verdict, 405, "Method not allowed");
        break;
    case CALL_UNKNOWN:
        fail(&verdict->why, ST_NOT_FOUND, "no such path");
        refuse(reply, verdict, 404, "Not found");
        break;
    }
}
