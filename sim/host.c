/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/host_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/reference.h"
#include "sim/memory.h"

#define TOO_SHORT_NS (10 * NS_PER_S) /* until a service manager starts it again */

bool host_bug_of_name(enum host_bug *out, const char *name)
{
    static const struct {
        const char *name;
        enum host_bug bug;
    } bugs[] = {
        {"retry-after", HOST_DEAF}, {"unsaved", HOST_HASTY},    {"resend", HOST_STUBBORN},
        {"forget", HOST_FORGETFUL}, {"reprove", HOST_WASTEFUL},
        {"canary", HOST_CANARY},
    };

    for (size_t i = 0; i < sizeof bugs / sizeof *bugs; i++) {
        if (strcmp(bugs[i].name, name) == 0) {
            *out = bugs[i].bug;
            return true;
        }
    }
    return false;
}

bool host_policy_of_name(enum host_policy *out, const char *name)
{
    static const char *const names[] = {"ours", "reference-current", "reference-seed"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum host_policy)i;
            return true;
        }
    }
    return false;
}

enum status host_new(struct host **out, const struct host_options *o, struct why *why)
{
    uint8_t seed[SIGNING_SEED_SIZE];
    char owner[32];
    struct host *h = memory_new(sizeof *h);
    enum status st;

    h->o = *o;
    h->jobs = memory_new(o->plan->proofs_at_once * sizeof *h->jobs);
    h->disk.vault = o->vault;
    h->prng = world_prng(o->world, 0x1000 + o->number);
    h->clocks.drift_ppm = (int64_t)o->plan->clock_drift_ppm;
    h->clocks.wall_zero_ns = o->wall_at_zero_ns + o->plan->wall_skew_ns;
    prng_fill(&h->prng, seed, sizeof seed);
    snprintf(owner, sizeof owner, "client %u", o->number);
    h->prng.listener = choice_listen(&h->ear, o->tape, owner);
    snprintf(owner, sizeof owner, "client %u waits", o->number);
    choice_listen(&h->core_ear, o->tape, owner);
    st = signing_start(why);
    if (!st)
        st = o->keyring ? keyring_key(o->keyring, &h->key, seed, why)
                        : signing_key_of_seed(&h->key, seed, why);
    if (st) {
        host_free(h);
        return st;
    }
    *out = h;
    return ST_OK;
}

void host_free(struct host *h)
{
    if (!h)
        return;
    runtime_free(h->runtime);
    signing_key_free(h->key);
    disk_fini(&h->disk);
    host_drop_jobs(h);
    free(h->jobs);
    free(h->wrong);
    free(h->nodes);
    free(h);
}

int64_t host_wall_ns(const struct host *h)
{
    return clockwork_wall_ns(&h->clocks, h->o.world->now_ns);
}

static int64_t mono_ns(const struct host *h)
{
    return clockwork_monotonic_ns(&h->clocks, h->o.world->now_ns);
}

bool host_strikes(struct host *h, double chance, const char *place)
{
    bool drawn, strikes;

    prng_place(&h->prng, place);
    drawn = prng_chance(&h->prng, chance);
    strikes = drawn && (!h->o.heal_ns || h->o.world->now_ns < h->o.heal_ns);
    if (strikes)
        invariant_struck(h->o.invariant, h->o.number, place);
    return strikes;
}

void host_note(struct host *h, const char *what, uint64_t id)
{
    world_note(h->o.world, "client %u %s %llu", h->o.number, what, (unsigned long long)id);
}

void host_handle(struct host *h, struct event *ev)
{
    ev->wall_ns = host_wall_ns(h);
    host_memory_begin(h);
    runtime_handle(h->runtime, ev, mono_ns(h));
    host_memory_end(h);
}

void host_plan(struct host *h, int64_t delay_ns, world_fire *fire, uint64_t id)
{
    world_plan(h->o.world, &(struct world_event){.at_ns = h->o.world->now_ns + delay_ns,
                                                 .fire = fire,
                                                 .context = h,
                                                 .id = id,
                                                 .payload = (void *)(uintptr_t)h->life});
}

bool host_mine(const struct host *h, const void *payload)
{
    return (uintptr_t)payload == h->life && h->runtime;
}

/* ---- network ---- */

void host_send_plain(struct host *h, uint64_t id, const struct http_request *request)
{
    struct packet *p = packet_new(request);

    world_note(h->o.world, "client %u asks %s %s", h->o.number, http_method_name(request->method),
               request->path);
    p->host = h;
    p->life = h->life;
    p->link = &h->link;
    p->id = id;
    h->requests++;
    network_send(h->o.network, p);
}

static void send(struct host *h, uint64_t id, const struct http_request *request)
{
    struct packet *p = packet_new(request);

    world_note(h->o.world, "client %u sends %llu %s %s %zu bytes %016llx", h->o.number,
               (unsigned long long)id, http_method_name(request->method), request->path,
               request->body.size, (unsigned long long)world_hash(request->body));
    invariant_sent(h->o.invariant, h->o.number, &h->disk, id, request);
    p->host = h;
    p->life = h->life;
    p->link = &h->link;
    p->id = id;
    h->requests++;
    h->requests_under_way++;
    network_send(h->o.network, p);
}

static void hide_header(struct http_response *r, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->header_count; i++)
        if (strcmp(r->headers[i].name, name) != 0)
            r->headers[kept++] = r->headers[i];
    r->header_count = kept;
}

static void tell_core(struct host *h, const struct packet *p)
{
    struct http_response seen = p->response;

    if (!p->answered) {
        host_handle(h, &(struct event){
                           .type = EV_TRANSPORT,
                           .id = p->id,
                           .transport = {.maybe_delivered = p->maybe_delivered, .text = p->text}});
        return;
    }
    if (h->o.bug == HOST_DEAF)
        hide_header(&seen, "retry-after");
    host_handle(h, &(struct event){.type = EV_RESPONSE, .id = p->id, .response = &seen});
}

void host_deliver(void *host, struct packet *p)
{
    struct host *h = host;

    if (p->life == h->life && h->enrol != HOST_WORKS) {
        host_enrolled(h, p);
        return;
    }
    if (p->life != h->life || !h->runtime) {
        packet_free(p); /* nobody is there any more */
        return;
    }
    world_note(h->o.world, "client %u gets %llu %u %s", h->o.number, (unsigned long long)p->id,
               p->answered ? p->response.status : 0, p->answered ? "" : p->text);
    h->requests_under_way--;
    invariant_delivered(h->o.invariant, h->o.number, p, host_wall_ns(h) / NS_PER_S);
    tell_core(h, p);
    if (h->o.bug == HOST_STUBBORN && p->answered && p->response.status == 200 &&
        strstr(p->request.path, "submit"))
        send(h, p->id, &p->request);
    packet_free(p);
    host_live(h);
}

/* ---- the loop ---- */

static void tell(struct host *h, const struct line *line)
{
    world_note(h->o.world, "client %u says %s %s: %s", h->o.number, line->event, line->task_id,
               line->text);
}

static void perform(struct host *h, const struct action *act)
{
    switch (act->type) {
    case ACT_LINE:
        tell(h, &act->line);
        break;
    case ACT_HOLD:
        h->hold_wall_ns[act->hold.route] = host_wall_ns(h) + (act->hold.until_ns - mono_ns(h));
        if (h->o.vault)
            vault_hold(h->o.vault, act->hold.route, h->hold_wall_ns[act->hold.route]);
        break;
    case ACT_LEARNT:
        h->learnt = *act->learnt;
        h->has_learnt = true;
        if (h->o.vault)
            vault_learn(h->o.vault, act->learnt);
        break;
    case ACT_SAVE:
        host_save(h, act);
        break;
    case ACT_REQUEST:
        send(h, act->id, &act->request);
        break;
    case ACT_PROVE:
        host_prove(h, act);
        break;
    case ACT_CANCEL:
        host_cancel(h, act->id);
        break;
    case ACT_EXIT:
        host_note(h, "exits", (uint64_t)act->end);
        h->over = true;
        break;
    }
}

static void fire_tick(void *context, uint64_t id, void *payload)
{
    struct host *h = context;

    if (!host_mine(h, payload) || id != h->tick)
        return;
    h->tick_ns = INT64_MAX;
    invariant_woke(h->o.invariant, h->o.number);
    host_handle(h, &(struct event){.type = EV_TICK});
    host_live(h);
}

static void plan_tick(struct host *h)
{
    int64_t now_ns = h->o.world->now_ns, deadline_ns = runtime_deadline_ns(h->runtime);
    int64_t at_ns;

    if (deadline_ns == INT64_MAX)
        return;
    at_ns = clockwork_world_ns(&h->clocks, deadline_ns);
    if (at_ns < now_ns)
        at_ns = now_ns; /* the core would be asked again at once */
    if (at_ns == h->tick_ns)
        return;
    h->tick_ns = at_ns;
    host_plan(h, at_ns - now_ns, fire_tick, ++h->tick);
}

static void add_stats(struct stats *sum, const struct stats *s)
{
    sum->fetch_requests += s->fetch_requests;
    sum->fetch_errors += s->fetch_errors;
    sum->duplicates += s->duplicates;
    sum->fetched += s->fetched;
    sum->restored += s->restored;
    sum->proofs += s->proofs;
    sum->submit_requests += s->submit_requests;
    sum->submit_waits += s->submit_waits;
    sum->accepted += s->accepted;
    sum->refused += s->refused;
    sum->unknown += s->unknown;
    sum->abandoned += s->abandoned;
    sum->lost += s->lost;
}

/* The process is gone, however that came. */
static void bury(struct host *h, bool power)
{
    bool torn;

    add_stats(&h->former, runtime_stats(h->runtime));
    runtime_free(h->runtime);
    h->runtime = NULL;
    h->requests_under_way = 0;
    h->tick_ns = INT64_MAX;
    keepalive_begin(&h->link.kept, 0);
    if (h->disk.begun_count)
        invariant_mark(h->o.invariant, MARK_KILLED_WRITING);
    prng_place(&h->prng, "torn");
    torn = power && prng_chance(&h->prng, h->o.plan->disk_torn);
    prng_place(&h->prng, "crash");
    if (power) {
        disk_power_cut(&h->disk, &h->prng, torn);
        if (h->disk.torn)
            invariant_mark(h->o.invariant, MARK_TORN_RECORD);
    } else {
        disk_crash(&h->disk, &h->prng);
    }
    if (h->o.vault)
        vault_crash(h->o.vault, &(struct vault_find){.host = h,
                                                     .life = h->life,
                                                     .disk = &h->disk,
                                                     .hold_wall_ns = h->hold_wall_ns,
                                                     .learnt = &h->learnt,
                                                     .has_learnt = &h->has_learnt});
    invariant_killed(h->o.invariant, h->o.number, &h->disk);
}

static void fire_up(void *context, uint64_t id, void *payload)
{
    (void)id;
    (void)payload;
    host_start(context);
}

void host_come_back(struct host *h, int64_t down_ns)
{
    world_plan(h->o.world, &(struct world_event){.at_ns = h->o.world->now_ns + down_ns,
                                                 .fire = fire_up,
                                                 .context = h});
}

static bool poll(struct host *h, struct action *act)
{
    bool some;

    host_memory_begin(h);
    some = runtime_poll(h->runtime, act, mono_ns(h));
    host_memory_end(h);
    return some;
}

void host_live(struct host *h)
{
    struct action act;

    while (!h->over && poll(h, &act))
        perform(h, &act);
    if (h->was_short)
        invariant_short(h->o.invariant, h->o.number);
    h->was_short = false;
    invariant_at_rest(h->o.invariant, h->o.number, h->runtime, &h->disk);
    if (!h->over) {
        plan_tick(h);
        return;
    }
    bury(h, false);
    if (!h->stopped_ns)
        return;
    h->over = false; /* at the user's wish: another one follows */
    h->stops++;
    host_come_back(h, h->stopped_ns);
    h->stopped_ns = 0;
}

/* What a new process reads, as a process does it: what runtime_restore does not take is freed. History
 * is nearly all of it, and a core takes little of that. */
static enum status restore_all(struct host *h, struct why *why)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < h->disk.count && !st; i++) {
        const struct disk_cell *c = &h->disk.cells[i];
        struct outbox_record record;

        if (outbox_state_final(c->state)) {
            runtime_remember(h->runtime, c->id, c->task_id);
            continue;
        }
        st = outbox_decode_bare(&record, buffer_bytes(&c->bytes), why);
        if (st)
            break;
        if (h->o.bug == HOST_WASTEFUL && record.state == OUTBOX_FETCHED)
            outbox_record_drop_proofs(&record);
        st = runtime_restore(h->runtime, &record, why);
        if (st)
            outbox_record_fini(&record);
    }
    return st;
}

static enum status new_core(struct host *h, struct why *why)
{
    const struct scenario_client *plan = h->o.plan;
    struct core_options o = {
        .profile = h->o.profile,
        .node_ids = h->o.node_ids,
        .node_count = h->o.node_count,
        .key = h->key,
        .hasher = prover_sim_hasher(h->o.prover),
        .seed = prng_u64(&h->prng),
        .listener = h->o.tape ? &h->core_ear.base : NULL,
        .proofs_at_once = plan->proofs_at_once,
        .max_tasks = plan->max_tasks,
        .has_max_difficulty = plan->max_difficulty >= 0,
        .max_difficulty = (enum difficulty)(plan->max_difficulty < 0 ? 0 : plan->max_difficulty),
    };
    struct core *core;
    enum status st;

    for (int i = 0; i < CORE_ROUTES; i++)
        o.hold_ns[i] = h->hold_wall_ns[i] - host_wall_ns(h);
    o.learnt = h->has_learnt ? &h->learnt : NULL;
    st = core_new(&core, &o, why);
    if (!st)
        h->runtime = core_runtime(core);
    return st;
}

/* One node of the client's, as the reference knows no more. */
static enum status new_reference(struct host *h, struct why *why)
{
    const struct scenario_client *plan = h->o.plan;
    bool seed = h->o.policy == HOST_REFERENCE_SEED;
    struct reference_options o = {
        .node_id = h->o.node_ids[0],
        .key = h->key,
        .workers = seed && plan->proofs_at_once > 8 ? 8 : plan->proofs_at_once,
        .max_tasks = plan->max_tasks,
        .has_max_difficulty = plan->max_difficulty >= 0,
        .max_difficulty = (enum difficulty)(plan->max_difficulty < 0 ? 0 : plan->max_difficulty),
    };

    return seed ? reference_seed_new(&h->runtime, &o, why)
                : reference_current_new(&h->runtime, &o, why);
}

/* With what is on disk. false: for want of memory there is none. */
static bool new_process(struct host *h)
{
    struct why why;
    enum status st;

    host_rot(h);
    host_memory_begin_start(h);
    st = h->o.policy == HOST_OURS ? new_core(h, &why) : new_reference(h, &why);
    if (!st)
        st = restore_all(h, &why);
    if (host_memory_end(h))
        invariant_mark(h->o.invariant, MARK_SHORT_AT_START);
    h->was_short = false; /* nothing had come yet */
    if (!st)
        return true;
    assert(st == ST_NO_MEMORY); /* our disk gives back what it took */
    runtime_free(h->runtime);
    h->runtime = NULL;
    return false;
}

void host_start(struct host *h)
{
    if (h->over)
        return;
    if (!h->runtime && !host_welcome(h)) {
        host_turn_away(h);
        return;
    }
    if (h->o.plan->registers && !h->node_id[0]) {
        host_enrol(h);
        return;
    }
    if (h->runtime) { /* the lock of the store: client/shell/outbox_sqlite.c */
        h->refused_instances++;
        invariant_mark(h->o.invariant, MARK_SECOND_INSTANCE);
        host_note(h, "is not started twice on one store, life", h->life);
        return;
    }
    h->life++;
    keepalive_begin(&h->link.kept, h->life);
    host_drop_jobs(h);
    h->tick_ns = INT64_MAX;
    if (!new_process(h)) {
        host_note(h, "cannot start for want of memory, life", h->life);
        host_come_back(h, TOO_SHORT_NS);
        return;
    }
    host_note(h, "starts, life", h->life);
    invariant_started(h->o.invariant, h->o.number, h->o.plan->proofs_at_once);
    host_handle(h, &(struct event){.type = EV_START});
    host_live(h);
}

void host_kill(struct host *h)
{
    if (h->enrol != HOST_WORKS) {
        h->enrol = HOST_WORKS; /* half registered: the next process asks again */
        h->life++;
    }
    if (!h->runtime)
        return;
    host_note(h, "is killed, life", h->life);
    bury(h, false);
}

void host_stop(struct host *h, int64_t down_ns)
{
    if (!h->runtime)
        return;
    host_note(h, "is asked to stop, life", h->life);
    if (h->stopped_ns)
        invariant_mark(h->o.invariant, MARK_STOPPED_AT_ONCE);
    if (runtime_open_tasks(h->runtime))
        invariant_mark(h->o.invariant, MARK_STOPPED_WITH_TASKS);
    h->stopped_ns = down_ns;
    host_handle(h, &(struct event){.type = EV_SHUTDOWN});
    host_live(h);
}

void host_kill_writing(struct host *h, int64_t down_ns, bool power)
{
    h->cut_writing = power;
    h->killed_writing_ns = down_ns;
}

void host_power_cut(struct host *h)
{
    if (!h->runtime)
        return;
    host_note(h, "has no power, life", h->life);
    for (size_t i = 0; i < h->disk.shadow_count; i++)
        invariant_lied(h->o.invariant, &h->disk, h->disk.shadows[i].id);
    bury(h, true);
    h->clocks.boot_ns = h->o.world->now_ns; /* the monotonic clock begins anew */
}

/* ---- what happens to it ---- */

void host_step_clock(struct host *h, int64_t by_ns)
{
    world_note(h->o.world, "client %u steps its wall clock by %lld ns", h->o.number,
               (long long)by_ns);
    h->clocks.wall_zero_ns += by_ns;
    invariant_stepped(h->o.invariant, h->o.number, by_ns);
}

void host_fill_disk(struct host *h, bool full)
{
    h->disks_full = full ? h->disks_full + 1 : h->disks_full - 1;
}

void host_break_disk(struct host *h, bool broken)
{
    h->disks_broken = broken ? h->disks_broken + 1 : h->disks_broken - 1;
}

void host_slow_down(struct host *h, uint64_t times)
{
    if (times)
        h->slow_times = times;
    h->slow = times ? h->slow + 1 : h->slow - 1;
}

struct network_link *host_link(struct host *h)
{
    return &h->link;
}

/* ---- looking ---- */

bool host_settled(const struct host *h)
{
    if (!h->runtime)
        return h->over;
    return runtime_open_tasks(h->runtime) == 0 && h->requests_under_way == 0 &&
           h->disk.begun_count == 0 && disk_open(&h->disk) == 0;
}

bool host_over(const struct host *h)
{
    return h->over;
}

const struct disk *host_disk(const struct host *h)
{
    return &h->disk;
}

struct stats host_stats(const struct host *h)
{
    struct stats sum = h->former;

    if (h->runtime)
        add_stats(&sum, runtime_stats(h->runtime));
    return sum;
}

uint64_t host_requests(const struct host *h)
{
    return h->requests;
}

uint64_t host_refused_instances(const struct host *h)
{
    return h->refused_instances;
}

uint64_t host_torn_records(const struct host *h)
{
    return h->disk.torn;
}

bool host_turned_away(const struct host *h)
{
    return h->turned_away;
}

uint64_t host_stops(const struct host *h)
{
    return h->stops;
}

uint64_t host_kills(const struct host *h)
{
    return h->kills;
}

const struct runtime *host_runtime(const struct host *h)
{
    return h->runtime;
}

int64_t host_mono_ns(const struct host *h)
{
    return mono_ns(h);
}

unsigned host_number(const struct host *h)
{
    return h->o.number;
}
