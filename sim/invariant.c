/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/invariant_inside.h"
#include "sim/memory.h"

const char *invariant_name(int number)
{
    static const char *const names[] = {
        "",
        "a task is proved only when its record is on disk",
        "a submission leaves only when its record says so on disk",
        "a submission is repeated with the same bytes",
        "every task that arrived ends in exactly one state",
        "no request before its Retry-After",
        "one fetch, one submission, so many proofs at a time",
        "nothing is sent after a definite answer",
        "no task has two records, no input is proved twice",
        "no task is credited twice",
        "requests per minute are bounded",
        "the client's books balance",
        "what the client believes is so",
        "progress resumes once faults have stopped",
        "open tasks are bounded",
        "a client with nothing to do sleeps",
        "no task is submitted while an input of it is being proved",
        "a route that fails gets few requests",
        "an orchestrator reads what it has kept",
        [19] = "a client wakes rarely",
        [20] = "counters only grow",
        [21] = "no more is asked for than is allowed and known",
        [22] = "each balance is the credits that were given",
        [23] = "nothing is credited but what was verified",
        [24] = "no submission is refused for what is in it",
        [25] = "the orchestrator keeps its word",
        [26] = "a record that waits for its submission has all its proofs",
        [27] = "few open records are on disk",
        [28] = "a record moves along its arrows",
        [29] = "nodes of one client take turns",
        [30] = "the orchestrator's Date is its clock",
        [31] = "no fault strikes once faults have stopped",
        [32] = "time goes on",
        [33] = "a task is found for as long as tasks live",
        [34] = "finished proofs are soon on disk",
        [35] = "no task is given up without a cause",
        [36] = "waits are spread",
        [37] = "no finished proof is lost",
        [38] = "the oldest proof is sent first",
        [39] = "nobody is idle without a cause",
        [40] = "successes pay for failures",
    };

    return names[number];
}

void invariant_init(struct invariant *v, const struct world *w, const struct profile *p,
                    unsigned hosts)
{
    *v = (struct invariant){
        .world = w, .profile = p, .host_count = hosts, .queue_tasks = p->queue_tasks};
    v->hosts = memory_new(hosts * sizeof *v->hosts);
    for (unsigned i = 0; i < hosts; i++) {
        v->hosts[i].last_credit_ns = -1;
        v->hosts[i].refused_ns = -1;
        v->hosts[i].profile = p;
    }
}

void invariant_fini(struct invariant *v)
{
    for (size_t i = 0; i < v->task_count; i++)
        free(v->tasks[i].task_id);
    for (unsigned i = 0; i < v->host_count; i++) {
        free(v->hosts[i].nodes);
        free(v->hosts[i].fetches.at_ns);
        free(v->hosts[i].submissions.at_ns);
    }
    free(v->tasks);
    free(v->gifts);
    free(v->hosts);
    lookup_fini(&v->by_id);
    lookup_fini(&v->gifts_by_id);
}

void invariant_broken(struct invariant *v, int number, const char *format, ...)
{
    va_list args;

    v->violations++;
    v->broken_of[number]++;
    if (v->broken || v->counts)
        return;
    v->broken = number;
    v->broken_ns = v->world->now_ns;
    v->broken_events = v->world->events;
    va_start(args, format);
    vsnprintf(v->text, sizeof v->text, format, args);
    va_end(args);
}

double invariant_seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

void invariant_struck(struct invariant *v, unsigned host, const char *what)
{
    if (v->heal_ns && v->world->now_ns >= v->heal_ns)
        invariant_broken(v, 31, "%s strikes client %u after the healing", what, host);
}

void invariant_mark(struct invariant *v, enum mark m)
{
    v->marks |= UINT64_C(1) << m;
}

void invariant_stepped_on(struct invariant *v)
{
    const struct world *w = v->world;

    if (v->last_events &&
        (w->now_ns < v->last_ns || (w->now_ns == v->last_ns && w->happened < v->last_order)))
        invariant_broken(v, 32,
                         "event %llu, planned as number %llu, happens at %.9f s behind number "
                         "%llu at %.9f s",
                         (unsigned long long)w->events, (unsigned long long)w->happened,
                         invariant_seconds(w->now_ns), (unsigned long long)v->last_order,
                         invariant_seconds(v->last_ns));
    v->last_ns = w->now_ns;
    v->last_order = w->happened;
    v->last_events = w->events;
}

/* ---- tasks ---- */

struct invariant_task *invariant_find(const struct invariant *v, const char *task_id)
{
    uint32_t at;

    return lookup_find(&v->by_id, &at, task_id) ? &v->tasks[at] : NULL;
}

struct invariant_task *invariant_add(struct invariant *v, const char *task_id)
{
    struct invariant_task *t;

    if (v->task_count == v->task_capacity) {
        v->task_capacity = v->task_capacity ? 2 * v->task_capacity : 16;
        v->tasks = memory_grown(v->tasks, v->task_capacity, sizeof *v->tasks);
    }
    if (lookup_put(&v->by_id, task_id, (uint32_t)v->task_count, NULL))
        abort(); /* out of memory: as memory.h */
    t = &v->tasks[v->task_count++];
    *t = (struct invariant_task){.task_id = memory_text(task_id)};
    return t;
}

/* ---- processes, disk, proofs ---- */

/* A new process knows a hold by the wall clock. */
static void after_steps(struct invariant *v, struct invariant_host *h)
{
    for (int i = 0; i < ROUTES; i++) {
        int64_t forward_ns = h->stepped_ns - h->hold_stepped_ns[i];

        if (h->life > 1 && h->hold_ns[i] > v->world->now_ns)
            invariant_mark(v, MARK_HOLD_IN_RESTART);
        if (forward_ns > 0)
            h->hold_ns[i] -= forward_ns;
        h->hold_stepped_ns[i] = 0;
    }
    h->stepped_ns = 0;
}

void invariant_profile(struct invariant *v, unsigned host, const struct profile *p)
{
    v->hosts[host].profile = p;
    if (p->queue_tasks > v->queue_tasks)
        v->queue_tasks = p->queue_tasks;
}

void invariant_drifts(struct invariant *v, unsigned host, int64_t ppm)
{
    v->hosts[host].drift_ppm = ppm;
    if (ppm < 0 && -ppm > v->drift_ppm)
        v->drift_ppm = -ppm;
}

void invariant_stepped(struct invariant *v, unsigned host, int64_t by_ns)
{
    v->hosts[host].stepped_ns += by_ns;
    v->hosts[host].was_set = true;
    for (int i = 0; i < ROUTES; i++)
        if (v->hosts[host].hold_ns[i] > v->world->now_ns)
            invariant_mark(v, MARK_HOLD_IN_STEP);
    if (by_ns < 0)
        v->longest_step_ns -= by_ns;
}

void invariant_started(struct invariant *v, unsigned host, unsigned proofs_at_once)
{
    struct invariant_host *h = &v->hosts[host];

    h->life++;
    h->proving = 0;
    h->proofs_at_once = proofs_at_once;
    h->refusals = 0;
    h->went_on = false;
    h->stats = (struct stats){0};
    h->node_count = 0;
    h->touched = 0;
    h->doomed = 0;
    h->fetched_ns = h->submitted_last_ns = -1;
    h->doubt = (struct doubt){0};
    invariant_wait_anew(h);
    after_steps(v, h);
    for (int i = 0; i < ROUTES; i++) {
        h->under_way[i] = 0;
        h->read[i].id = 0;
        h->failing[i].sent.count = 0;
        h->failing[i].failures = 0;
    }
}

void invariant_killed(struct invariant *v, unsigned host, const struct disk *disk)
{
    v->hosts[host].found = disk_open(disk);
    invariant_waiting(&v->hosts[host], disk);
    if (v->hosts[host].proving)
        invariant_mark(v, MARK_KILLED_PROVING);
    if (v->hosts[host].under_way[ROUTE_SUBMIT])
        invariant_mark(v, MARK_KILLED_SENDING);
    for (size_t i = 0; i < v->task_count; i++) {
        struct invariant_task *t = &v->tasks[i];
        const struct disk_cell *cell;

        if (t->host != host || (t->ended_ns && !t->excused))
            continue;
        cell = disk_of_task(disk, t->task_id);
        t->proving = 0;
        t->begun = 0;
        t->writes = 0;
        t->tries = 0;
        t->at_risk_ns = 0;
        t->proved = cell ? cell->proved : 0;
        t->record = cell ? cell->id : 0;
        if (cell)
            t->state = cell->state; /* what was begun may have happened */
        if (t->sent || (cell && cell->state == OUTBOX_SENDING))
            t->unanswered = true; /* an answer may have died with the process */
        if (!cell) {
            t->lost = true;
            invariant_mark(v, MARK_KILLED_BEFORE_RECORD);
        } else if (v->hosts[host].went_on && !outbox_state_final(cell->state)) {
            t->excused = true;
        }
        if (!cell || (t->excused && cell->proved < cell->input_count))
            t->body_hash = 0; /* a proof made anew may have other bytes */
        if (v->hosts[host].went_on && !t->body_hash)
            t->taken = t->sent; /* nor was it written, and nobody could have written it */
        if (cell && outbox_state_final(cell->state) && !t->ended_ns)
            t->ended_ns = v->world->now_ns; /* by a write that was under way */
    }
}

void invariant_lied(struct invariant *v, const struct disk *disk, uint64_t record)
{
    for (size_t i = 0; i < disk->count; i++) {
        struct invariant_task *t =
            disk->cells[i].id == record ? invariant_find(v, disk->cells[i].task_id) : NULL;

        if (t) {
            invariant_mark(v, MARK_LIE);
            t->excused = true;
            t->sent = false; /* a proof made anew is sent with other measurements */
        }
    }
}

void invariant_rotten(struct invariant *v, unsigned host, uint64_t record, const char *task_id)
{
    struct invariant_task *t = invariant_find(v, task_id);

    v->hosts[host].proof_waits = false; /* it may have been this one */
    invariant_mark(v, MARK_ROT);
    if (!t || t->host != host || t->record != record)
        return;
    t->excused = true;
    t->sent = false; /* should it come again, its proofs are made anew */
    t->body_hash = 0;
    t->record = 0;
    t->proved = t->begun = 0;
}

void invariant_forgot(struct invariant *v, unsigned host)
{
    v->hosts[host].barred = false;
    invariant_mark(v, MARK_ROT);
}

void invariant_short(struct invariant *v, unsigned host)
{
    invariant_mark(v, MARK_SHORT_OF_MEMORY);
    v->hosts[host].was_short = true;
    for (size_t i = 0; i < v->task_count; i++)
        if (v->tasks[i].host == host && !v->tasks[i].record && !v->tasks[i].writes)
            v->tasks[i].lost = true;
}

static void check_arrow(struct invariant *v, struct invariant_task *t, const struct disk_cell *cell)
{
    bool skips = v->hosts[t->host].went_on; /* states that the disk refused */

    if (t->excused || !t->record || t->record != cell->id)
        return;
    if (outbox_state_may(t->state, cell->state) ||
        (skips && !outbox_state_final(t->state) && cell->state != OUTBOX_FETCHED))
        return;
    invariant_broken(v, 28, "the record of task %.80s goes from %s to %s", cell->task_id,
                     outbox_state_name(t->state), outbox_state_name(cell->state));
}

static void check_record(struct invariant *v, struct invariant_task *t, const struct disk *disk,
                         const struct disk_cell *cell)
{
    if (t->record && t->record != cell->id && disk_has(disk, t->record))
        invariant_broken(v, 8, "task %.80s has the records %llu and %llu", cell->task_id,
                         (unsigned long long)t->record, (unsigned long long)cell->id);
    check_arrow(v, t, cell);
    if ((cell->state == OUTBOX_PROVED || cell->state == OUTBOX_SENDING) &&
        cell->proved < cell->input_count)
        invariant_broken(v, 26, "task %.80s is %s with %zu of %zu proofs", cell->task_id,
                         outbox_state_name(cell->state), cell->proved, cell->input_count);
    if (cell->state == OUTBOX_ABANDONED && !t->ended_ns && !t->excused)
        invariant_given_up(v, &v->hosts[t->host], t);
    t->record = cell->id;
    t->state = cell->state;
    if (outbox_state_final(cell->state) && !t->ended_ns)
        t->ended_ns = v->world->now_ns;
}

unsigned invariant_rung(const struct invariant *v, const char *task_id)
{
    const struct invariant_task *t = invariant_find(v, task_id);

    return t ? t->rung : 0;
}

void invariant_saved(struct invariant *v, unsigned host, const struct disk *disk,
                     const struct disk_cell *cell)
{
    struct invariant_host *h = &v->hosts[host];
    struct invariant_task *t = invariant_find(v, cell->task_id);
    /* What was closed already may still be on its way to the disk. */
    size_t open = disk_open(disk), most = h->profile->open_tasks + 1 + disk->begun_count;

    h->refusals = 0;
    invariant_waiting(h, disk);
    if (t) {
        check_record(v, t, disk, cell);
        invariant_written(v, h, t);
    }
    if (invariant_disk_refuses(v, h))
        most = 2 * h->profile->open_tasks;
    if (most < h->found)
        most = h->found;
    if (open > most)
        invariant_broken(v, 27, "%zu open records are on disk", open);
}

void invariant_doomed(struct invariant *v, unsigned host)
{
    v->hosts[host].doomed++;
}

void invariant_unsaved(struct invariant *v, unsigned host)
{
    struct invariant_host *h = &v->hosts[host];

    if (h->doomed)
        h->doomed--;
    h->refused_ns = v->world->now_ns;
    if (++h->refusals >= h->profile->save_attempts) {
        h->went_on = true;
        invariant_mark(v, MARK_WITHOUT_DISK);
    }
}

void invariant_at_rest(struct invariant *v, unsigned host, const struct runtime *runtime,
                       const struct disk *disk)
{
    struct invariant_host *h = &v->hosts[host];
    const struct stats *s = runtime_stats(runtime);
    size_t open = runtime_open_tasks(runtime);
    uint64_t came = s->fetched + s->restored;
    uint64_t went = s->accepted + s->refused + s->unknown + s->abandoned + s->lost;
    bool fetched = s->fetched > h->stats.fetched;

    invariant_counters(v, host, s);
    invariant_at_risk(v, h);
    invariant_idle(v, h, open);
    if (came != went + open)
        invariant_broken(v, 11, "%llu tasks came, %llu are closed and %zu open",
                         (unsigned long long)came, (unsigned long long)went, open);
    if (fetched && open > h->profile->open_tasks)
        invariant_broken(v, 14, "a task was fetched: %zu are open, %zu are allowed", open,
                         h->profile->open_tasks);
    if (disk_open(disk) > open + disk->begun_count && !invariant_disk_refuses(v, h))
        invariant_broken(v, 4,
                         "%zu open records are on disk, %zu tasks are open and %zu writes are "
                         "under way: an end is forgotten",
                         disk_open(disk), open, disk->begun_count);
}
