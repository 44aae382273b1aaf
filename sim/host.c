/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/host.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/reference.h"
#include "sim/memory.h"

/* A write that ends in a sync takes this long, at least and at most. */
#define WRITE_LEAST_NS (NS_PER_MS / 2)
#define WRITE_MOST_NS  (20 * NS_PER_MS)

struct host_job {
    uint64_t id; /* 0: a free place */
    bool cancelled;
    char *task_id;
    char program_id[SETTINGS_PROGRAM_SIZE];
    uint32_t input[3];
};

struct host {
    struct host_options o;
    struct prng prng;
    struct choice_listener ear, core_ear;
    struct signing_key *key;
    struct disk disk;

    struct runtime *runtime; /* NULL: no process */
    uint64_t life;           /* counts processes; what belongs to a former one is void */
    bool over;
    int64_t tick_ns; /* a tick is planned for then */
    uint64_t tick;
    unsigned requests_under_way;
    uint64_t requests;

    struct host_job *jobs;             /* plan->proofs_at_once of them */
    int64_t hold_wall_ns[CORE_ROUTES]; /* on disk */
    struct learnt learnt;              /* on disk */
    bool has_learnt;
    struct stats former;               /* of processes that are gone */
};

bool host_bug_of_name(enum host_bug *out, const char *name)
{
    static const struct {
        const char *name;
        enum host_bug bug;
    } bugs[] = {
        {"retry-after", HOST_DEAF},
        {"unsaved", HOST_HASTY},
        {"resend", HOST_STUBBORN},
        {"forget", HOST_FORGETFUL},
        {"reprove", HOST_WASTEFUL},
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
    h->prng = world_prng(o->world, 0x1000 + o->number);
    prng_fill(&h->prng, seed, sizeof seed);
    snprintf(owner, sizeof owner, "client %u", o->number);
    h->prng.listener = choice_listen(&h->ear, o->tape, owner);
    snprintf(owner, sizeof owner, "client %u waits", o->number);
    choice_listen(&h->core_ear, o->tape, owner);
    st = signing_start(why);
    if (!st)
        st = signing_key_of_seed(&h->key, seed, why);
    if (st) {
        host_free(h);
        return st;
    }
    *out = h;
    return ST_OK;
}

static void drop_jobs(struct host *h)
{
    for (uint32_t i = 0; i < h->o.plan->proofs_at_once; i++) {
        free(h->jobs[i].task_id);
        h->jobs[i] = (struct host_job){0};
    }
}

void host_free(struct host *h)
{
    if (!h)
        return;
    runtime_free(h->runtime);
    signing_key_free(h->key);
    disk_fini(&h->disk);
    drop_jobs(h);
    free(h->jobs);
    free(h);
}

static int64_t wall_ns(const struct host *h)
{
    return h->o.wall_at_zero_ns + h->o.world->now_ns + h->o.plan->wall_skew_ns;
}

static void note(struct host *h, const char *what, uint64_t id)
{
    world_note(h->o.world, "client %u %s %llu", h->o.number, what, (unsigned long long)id);
}

static void live(struct host *h);

static void handle(struct host *h, struct event *ev)
{
    ev->wall_ns = wall_ns(h);
    runtime_handle(h->runtime, ev, h->o.world->now_ns);
}

/* An event of this process comes to pass after a while. */
static void plan(struct host *h, int64_t delay_ns, world_fire *fire, uint64_t id)
{
    uint64_t *life = memory_new(sizeof *life);

    *life = h->life;
    world_plan(h->o.world, &(struct world_event){.at_ns = h->o.world->now_ns + delay_ns,
                                                 .fire = fire,
                                                 .drop = free,
                                                 .context = h,
                                                 .id = id,
                                                 .payload = life});
}

static bool mine(const struct host *h, uint64_t *takes_life)
{
    bool same = *takes_life == h->life && h->runtime;

    free(takes_life);
    return same;
}

/* ---- disk ---- */

static void written(struct host *h, uint64_t id)
{
    const struct disk_cell *cell = disk_end(&h->disk, id);

    note(h, "saved", id);
    invariant_saved(h->o.invariant, h->o.number, &h->disk, cell);
}

static void fire_saved(void *context, uint64_t id, void *payload)
{
    struct host *h = context;

    if (!mine(h, payload))
        return;
    written(h, id);
    if (h->o.bug != HOST_HASTY)
        handle(h, &(struct event){.type = EV_SAVED, .id = id});
    live(h);
}

static void fire_unsaved(void *context, uint64_t id, void *payload)
{
    struct host *h = context;

    if (!mine(h, payload))
        return;
    note(h, "could not save", id);
    invariant_unsaved(h->o.invariant, h->o.number);
    handle(h, &(struct event){
                  .type = EV_UNSAVED, .id = id, .unsaved = "no space left on the model of a disk"});
    live(h);
}

static void save(struct host *h, const struct action *act)
{
    int64_t took_ns;

    prng_place(&h->prng, "write");
    took_ns = prng_between(&h->prng, WRITE_LEAST_NS, WRITE_MOST_NS);
    prng_place(&h->prng, "disk_full");
    if (prng_chance(&h->prng, h->o.plan->disk_full)) {
        plan(h, took_ns, fire_unsaved, act->id);
        return;
    }
    if (h->o.bug == HOST_FORGETFUL && outbox_state_final(act->record->state)) {
        handle(h, &(struct event){.type = EV_SAVED, .id = act->id});
        return;
    }
    disk_begin(&h->disk, act->record);
    plan(h, took_ns, fire_saved, act->id);
    if (h->o.bug == HOST_HASTY)
        handle(h, &(struct event){.type = EV_SAVED, .id = act->id});
}

/* ---- network ---- */

static void send(struct host *h, uint64_t id, const struct http_request *request)
{
    struct packet *p = packet_new(request);

    world_note(h->o.world, "client %u sends %llu %s %s %zu bytes %016llx", h->o.number,
               (unsigned long long)id, http_method_name(request->method), request->path,
               request->body.size, (unsigned long long)world_hash(request->body));
    invariant_sent(h->o.invariant, h->o.number, &h->disk, id, request);
    p->host = h;
    p->life = h->life;
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
        handle(h, &(struct event){
                      .type = EV_TRANSPORT,
                      .id = p->id,
                      .transport = {.maybe_delivered = p->maybe_delivered, .text = p->text}});
        return;
    }
    if (h->o.bug == HOST_DEAF)
        hide_header(&seen, "retry-after");
    handle(h, &(struct event){.type = EV_RESPONSE, .id = p->id, .response = &seen});
}

void host_deliver(void *host, struct packet *p)
{
    struct host *h = host;

    if (p->life != h->life || !h->runtime) {
        packet_free(p); /* nobody is there any more */
        return;
    }
    world_note(h->o.world, "client %u gets %llu %u %s", h->o.number, (unsigned long long)p->id,
               p->answered ? p->response.status : 0, p->answered ? "" : p->text);
    h->requests_under_way--;
    invariant_delivered(h->o.invariant, h->o.number, p, wall_ns(h) / NS_PER_S);
    tell_core(h, p);
    if (h->o.bug == HOST_STUBBORN && p->answered && strstr(p->request.path, "submit"))
        send(h, p->id, &p->request);
    packet_free(p);
    live(h);
}

/* ---- prover ---- */

static int64_t prove_ns(struct host *h)
{
    const struct scenario_client *c = h->o.plan;

    prng_place(&h->prng, "prove");
    return c->prove_ns + prng_between(&h->prng, 0, c->prove_jitter_ns);
}

/* id 0: a free place. NULL: there is none. */
static struct host_job *find_job(struct host *h, uint64_t id)
{
    for (uint32_t i = 0; i < h->o.plan->proofs_at_once; i++)
        if (h->jobs[i].id == id)
            return &h->jobs[i];
    return NULL;
}

static void end_proof(struct host *h, const struct host_job *job)
{
    struct event ev = {.type = EV_PROVED, .id = job->id};
    struct why why = {"the model of a prover fails now and then"};
    enum status st = ST_IO;

    prng_place(&h->prng, "prove_fails");
    if (!prng_chance(&h->prng, h->o.plan->prove_fails))
        st = prover_sim_prove(h->o.prover, &ev.proved.proof, job->program_id, job->input, &why);

    if (st) {
        ev.type = EV_UNPROVED;
        ev.unproved.status = st;
        ev.unproved.text = why.text;
    } else {
        ev.proved.telemetry = (struct telemetry){.present = true, .flops_per_sec = 1000};
    }
    handle(h, &ev);
}

static void fire_proved(void *context, uint64_t id, void *payload)
{
    struct host *h = context;
    struct host_job *job, done;

    if (!mine(h, payload))
        return;
    job = find_job(h, id);
    if (job && !job->cancelled) {
        note(h, "proved", id);
        done = *job;
        *job = (struct host_job){0};
        invariant_proved(h->o.invariant, h->o.number, done.task_id);
        end_proof(h, &done);
        free(done.task_id);
    }
    live(h);
}

static void fire_cancelled(void *context, uint64_t id, void *payload)
{
    struct host *h = context;
    struct host_job *job;

    if (!mine(h, payload))
        return;
    job = find_job(h, id);
    invariant_proved(h->o.invariant, h->o.number, job->task_id);
    free(job->task_id);
    *job = (struct host_job){0};
    handle(h, &(struct event){.type = EV_UNPROVED,
                              .id = id,
                              .unproved = {.status = ST_CANCELLED, .text = "stopped"}});
    live(h);
}

static void prove(struct host *h, const struct action *act)
{
    struct host_job *job = find_job(h, 0);

    note(h, "proves", act->id);
    invariant_proving(h->o.invariant, h->o.number, &h->disk, act->prove.task_id,
                      act->prove.program_id, act->prove.input);
    if (!job)
        return; /* I6 is broken */
    *job = (struct host_job){.id = act->id, .task_id = memory_text(act->prove.task_id)};
    snprintf(job->program_id, sizeof job->program_id, "%s", act->prove.program_id);
    memcpy(job->input, act->prove.input, sizeof job->input);
    plan(h, prove_ns(h), fire_proved, act->id);
}

static void cancel(struct host *h, uint64_t id)
{
    struct host_job *job = find_job(h, id);

    if (!job)
        return;
    job->cancelled = true;
    plan(h, NS_PER_MS, fire_cancelled, id);
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
        h->hold_wall_ns[act->hold.route] = wall_ns(h) + (act->hold.until_ns - h->o.world->now_ns);
        break;
    case ACT_LEARNT:
        h->learnt = *act->learnt;
        h->has_learnt = true;
        break;
    case ACT_SAVE:
        save(h, act);
        break;
    case ACT_REQUEST:
        send(h, act->id, &act->request);
        break;
    case ACT_PROVE:
        prove(h, act);
        break;
    case ACT_CANCEL:
        cancel(h, act->id);
        break;
    case ACT_EXIT:
        note(h, "exits", (uint64_t)act->end);
        h->over = true;
        break;
    }
}

static void fire_tick(void *context, uint64_t id, void *payload)
{
    struct host *h = context;

    if (!mine(h, payload) || id != h->tick)
        return;
    h->tick_ns = INT64_MAX;
    handle(h, &(struct event){.type = EV_TICK});
    live(h);
}

static void plan_tick(struct host *h)
{
    int64_t now_ns = h->o.world->now_ns, deadline_ns = runtime_deadline_ns(h->runtime);

    if (deadline_ns == INT64_MAX || deadline_ns == h->tick_ns)
        return;
    if (deadline_ns < now_ns)
        deadline_ns = now_ns; /* the core would be asked again at once */
    h->tick_ns = deadline_ns;
    plan(h, deadline_ns - now_ns, fire_tick, ++h->tick);
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
static void bury(struct host *h)
{
    add_stats(&h->former, runtime_stats(h->runtime));
    runtime_free(h->runtime);
    h->runtime = NULL;
    h->requests_under_way = 0;
    h->tick_ns = INT64_MAX;
    prng_place(&h->prng, "crash");
    disk_crash(&h->disk, &h->prng);
    invariant_killed(h->o.invariant, h->o.number, &h->disk);
}

/* All wishes of the core, then sleep until its deadline. */
static void live(struct host *h)
{
    struct action act;

    while (!h->over && runtime_poll(h->runtime, &act, h->o.world->now_ns))
        perform(h, &act);
    invariant_at_rest(h->o.invariant, h->o.number, h->runtime);
    if (h->over)
        bury(h);
    else
        plan_tick(h);
}

static void restore_all(struct host *h)
{
    for (size_t i = 0; i < h->disk.count; i++) {
        struct outbox_record record;
        struct why why;
        enum status st = outbox_decode(&record, buffer_bytes(&h->disk.cells[i].bytes), &why);

        if (!st && h->o.bug == HOST_WASTEFUL && record.state == OUTBOX_FETCHED)
            outbox_record_drop_proofs(&record);
        if (!st)
            st = runtime_restore(h->runtime, &record, &why);
        assert(!st); /* our disk gives back what it took */
    }
}

static struct runtime *new_core(struct host *h)
{
    const struct scenario_client *plan = h->o.plan;
    struct core_options o = {
        .profile = h->o.profile,
        .node_ids = h->o.node_ids,
        .node_count = h->o.node_count,
        .key = h->key,
        .seed = prng_u64(&h->prng),
        .listener = h->o.tape ? &h->core_ear.base : NULL,
        .proofs_at_once = plan->proofs_at_once,
        .max_tasks = plan->max_tasks,
        .has_max_difficulty = plan->max_difficulty >= 0,
        .max_difficulty = (enum difficulty)(plan->max_difficulty < 0 ? 0 : plan->max_difficulty),
    };
    struct core *core;
    struct why why;

    for (int i = 0; i < CORE_ROUTES; i++)
        o.hold_ns[i] = h->hold_wall_ns[i] - wall_ns(h);
    o.learnt = h->has_learnt ? &h->learnt : NULL;
    if (core_new(&core, &o, &why))
        abort(); /* out of memory: as memory.h */
    return core_runtime(core);
}

/* One node of the client's, as the reference knows no more. */
static struct runtime *new_reference(struct host *h)
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
    struct runtime *r;
    struct why why;

    if (seed ? reference_seed_new(&r, &o, &why) : reference_current_new(&r, &o, &why))
        abort(); /* out of memory */
    return r;
}

void host_start(struct host *h)
{
    if (h->runtime || h->over)
        return;
    h->life++;
    drop_jobs(h);
    h->tick_ns = INT64_MAX;
    h->runtime = h->o.policy == HOST_OURS ? new_core(h) : new_reference(h);
    restore_all(h);
    note(h, "starts, life", h->life);
    invariant_started(h->o.invariant, h->o.number, h->o.plan->proofs_at_once);
    handle(h, &(struct event){.type = EV_START});
    live(h);
}

void host_kill(struct host *h)
{
    if (!h->runtime)
        return;
    note(h, "is killed, life", h->life);
    bury(h);
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
