/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/core.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/problem.h"
#include "client/core/speaker.h"
#include "client/core/state.h"

enum status core_new(struct core **out, const struct core_options *o, struct why *why)
{
    const struct profile *p = o->profile;
    struct core *c = calloc(1, sizeof *c);

    if (!c)
        return fail(why, ST_NO_MEMORY, "client: out of memory");
    *c = (struct core){
        .profile = p,
        .key = o->key,
        .job_room = o->proofs_at_once ? o->proofs_at_once : 1,
        .max_tasks = o->max_tasks,
        .rng = prng_of(o->seed),
        .next_record_id = o->next_record_id ? o->next_record_id : 1,
        .node_backoff = {.base_ns = p->start_base_ns, .cap_ns = p->start_cap_ns},
        .fetch_backoff = {.base_ns = p->fetch_base_ns, .cap_ns = p->fetch_cap_ns},
        .ledger = {.refusals_limit = p->save_attempts,
                   .backoff = {.base_ns = p->submit_base_ns, .cap_ns = p->submit_cap_ns}},
    };
    c->rng.listener = o->listener;
    c->hasher = o->hasher;
    if (o->learnt)
        c->learnt = *o->learnt;
    c->learnt.ladder.fixed = o->has_max_difficulty;
    c->learnt.ladder.wanted = o->max_difficulty;
    if (o->fetch_gap_ns)
        c->doubt.hastiness = (unsigned)(p->fetch_gap_ns / o->fetch_gap_ns); /* 0: it is longer */
    route_init(&c->routes[CORE_ROUTE_NODE], 0, 0);
    route_init(&c->routes[CORE_ROUTE_FETCH], o->fetch_gap_ns ? o->fetch_gap_ns : p->fetch_gap_ns,
               p->fetch_cap_ns);
    route_init(&c->routes[CORE_ROUTE_SUBMIT], p->submit_gap_ns, p->submit_cap_ns);
    c->routes[CORE_ROUTE_NODE].limits_cost = true;
    c->routes[CORE_ROUTE_SUBMIT].limits_cost = true;
    memcpy(c->hold_ns, o->hold_ns, sizeof c->hold_ns);
    buffer_init(&c->body, WIRE_MAX_SUBMISSION);
    signing_key_public(o->key, c->public_key);
    c->jobs = calloc(c->job_room, sizeof *c->jobs);
    if (!c->jobs || !known_init(&c->ledger.known) || !node_init(c, o->node_ids, o->node_count)) {
        core_free(c);
        return fail(why, ST_NO_MEMORY, "client: out of memory");
    }
    *out = c;
    return ST_OK;
}

void core_free(struct core *c)
{
    if (!c)
        return;
    ledger_fini(&c->ledger);
    buffer_fini(&c->body);
    node_fini(c);
    free(c->jobs);
    free(c);
}

const struct stats *core_stats(const struct core *c)
{
    return &c->stats;
}

size_t core_open_tasks(const struct core *c)
{
    return ledger_open(&c->ledger);
}

/* ---- shared by the parts ---- */

void say(struct core *c, enum line_type type, enum line_level level, const char *event,
         const struct outbox_record *about, unsigned status, const char *format, ...)
{
    char speaker[SPEAKER_NAME] = "";
    struct line_about line = {.type = type,
                              .level = level,
                              .event = event,
                              .task_id = about ? about->task_id : NULL,
                              .status = status};
    va_list args;

    if (c->profile->names_speakers) {
        speaker_of(speaker, event, about ? (unsigned)((about->id - 1) % c->job_room) : 0);
        line.speaker = speaker;
        if (strncmp(format, "Step ", 5) == 0)
            format += strlen("Step 1 of 4: ");
    }
    va_start(args, format);
    line_queue_say(&c->lines, &line, format, args);
    va_end(args);
}

void say_wait(struct core *c, int64_t wait_ns)
{
    line_queue_wait(&c->lines, wait_ns);
}

int64_t core_wall_s(const struct core *c, int64_t now_ns)
{
    return (now_ns + c->wall_offset_ns) / NS_PER_S;
}

int64_t core_age_s(const struct entry *e, int64_t now_ns)
{
    return (now_ns - e->arrived_ns) / NS_PER_S;
}

long long whole_seconds(int64_t ns)
{
    return (long long)((ns + NS_PER_S - 1) / NS_PER_S);
}

uint64_t core_request(struct core *c, struct action *out, enum http_method method, const char *path)
{
    *out = (struct action){.type = ACT_REQUEST, .id = ++c->last_id};
    profile_request(c->profile, &out->request, method, path,
                    method == HTTP_POST ? buffer_bytes(&c->body) : bytes_of(NULL, 0));
    return out->id;
}

const char *core_route_name(enum core_route route)
{
    static const char *const names[CORE_ROUTES] = {"node", "fetch", "submit"};

    return names[route];
}

void core_hold(struct core *c, enum core_route route, int64_t until_ns)
{
    c->hold_ns[route] = until_ns;
    c->hold_changed[route] = true;
}

void core_note(struct core *c, enum core_route route, const struct route_note *note, int64_t now_ns)
{
    static const char *const names[CORE_ROUTES] = {"asking about nodes", "fetching", "submitting"};
    struct route *r = &c->routes[route];

    if (route_note(r, note, &c->rng, now_ns)) {
        say(c, LINE_ERROR, LINE_WARN, "route_failing", NULL, 0,
            "The orchestrator seems to be down, %s keeps failing (%s); single probes from now on, "
            "the first in %lld s",
            names[route], note->text, whole_seconds(route_wait_ns(r, now_ns)));
        say_wait(c, route_wait_ns(r, now_ns));
    }
    if (route_wait_ns(r, now_ns) > pace_gap_ns(&r->pace))
        core_hold(c, route, route_due_ns(r));
}

static bool poll_hold(struct core *c, struct action *out)
{
    for (int i = 0; i < CORE_ROUTES; i++) {
        if (!c->hold_changed[i])
            continue;
        c->hold_changed[i] = false;
        *out = (struct action){.type = ACT_HOLD,
                               .hold = {.route = (enum core_route)i, .until_ns = c->hold_ns[i]}};
        return true;
    }
    return false;
}

static bool poll_learnt(struct core *c, struct action *out)
{
    if (!c->learnt_changed)
        return false;
    c->learnt_changed = false;
    *out = (struct action){.type = ACT_LEARNT, .learnt = &c->learnt};
    return true;
}

void core_stop(struct core *c, enum core_end end, int64_t now_ns)
{
    c->phase = PHASE_STOPPING;
    c->end = end;
    c->stop_by_ns = now_ns + c->profile->shutdown_grace_ns;
    submit_stop(c);
    work_stop(c);
}

/* ---- restoring ---- */

/* Only the wall clock survives a reboot, and it may have been set meanwhile: it is asked once, and
 * believed for half of a proof's life. From here on the monotonic clock counts, so each process gives
 * a finished proof the other half at least. */
static int64_t age_at_start_s(const struct core *c, const struct entry *e, int64_t now_ns)
{
    const int64_t most = c->profile->submit_life_ns / NS_PER_S / 2;
    int64_t age_s = core_wall_s(c, now_ns) - e->record.fetched_wall_s;

    return age_s < 0 ? 0 : age_s > most ? most : age_s;
}

/* What the state on disk means for a process that did not write it. */
static void resume(struct core *c, struct entry *e, int64_t now_ns)
{
    c->stats.restored++;
    e->next_try_ns = now_ns;
    e->arrived_ns = now_ns - age_at_start_s(c, e, now_ns) * NS_PER_S;
    if (e->record.state == OUTBOX_SENDING) {
        e->record.maybe_delivered = true; /* the former process died before it knew */
        ledger_move(e, OUTBOX_PROVED);
    }
}

void core_remember(struct core *c, uint64_t id, const char *task_id)
{
    assert(c->phase == PHASE_NEW);
    if (id >= c->next_record_id)
        c->next_record_id = id + 1;
    ledger_remember(&c->ledger, task_id);
}

enum status core_restore(struct core *c, struct outbox_record *record, struct why *why)
{
    struct entry *e;

    assert(c->phase == PHASE_NEW);
    if (record->id >= c->next_record_id)
        c->next_record_id = record->id + 1;
    if (outbox_state_final(record->state)) {
        core_remember(c, record->id, record->task_id);
        outbox_record_fini(record);
        return ST_OK;
    }
    e = ledger_add(&c->ledger, record);
    if (!e)
        return fail(why, ST_NO_MEMORY, "client: out of memory for a task of a former run");
    e->restored = true;
    return ST_OK;
}

/* The wall clock that the holds were kept by may have been set back. */
static int64_t hold_left_ns(const struct core *c, enum core_route route)
{
    const int64_t most = BACKOFF_RETRY_AFTER_CEILING_S * NS_PER_S;
    int64_t left = c->hold_ns[route];

    return left < 0 ? 0 : left > most ? most : left;
}

static void obey_holds(struct core *c, int64_t now_ns)
{
    int64_t node_ns = hold_left_ns(c, CORE_ROUTE_NODE);

    for (int i = 0; i < CORE_ROUTES; i++)
        pace_hold(&c->routes[i].pace, now_ns + hold_left_ns(c, (enum core_route)i));
    if (node_ns > 0) {
        say(c, LINE_WAITING, LINE_INFO, "held", NULL, 0,
            "The orchestrator named a time to a former run; first request in %lld s",
            whole_seconds(node_ns));
        say_wait(c, node_ns);
    }
}

static void start(struct core *c, int64_t now_ns)
{
    assert(c->phase == PHASE_NEW);
    c->phase = PHASE_GREETING;
    c->started_ns = now_ns;
    c->statistics_ns =
        c->profile->statistics_ns ? now_ns + c->profile->statistics_ns : INT64_MAX;
    if (c->profile->asks_no_node)
        node_trust_all(c);
    obey_holds(c, now_ns);
    if (c->ledger.count > 0)
        say(c, LINE_STATE_CHANGE, LINE_INFO, "restored", NULL, 0,
            "%zu unfinished task%s of a former run", c->ledger.count,
            c->ledger.count == 1 ? " is taken up" : "s are taken up");
    for (size_t i = 0; i < c->ledger.count; i++)
        resume(c, c->ledger.entries[i], now_ns);
}

/* ---- events ---- */

static void handle_response(struct core *c, const struct event *ev, int64_t now_ns)
{
    if (ev->id == c->node_request)
        node_response(c, ev->response, now_ns);
    else if (ev->id == c->fetch_request)
        fetch_response(c, ev->response, now_ns);
    else if (ev->id == c->submit_request)
        submit_response(c, ev->response, now_ns);
}

static void handle_transport(struct core *c, const struct event *ev, int64_t now_ns)
{
    if (ev->id == c->node_request)
        node_transport(c, ev->transport.text, now_ns);
    else if (ev->id == c->fetch_request)
        fetch_transport(c, ev->transport.text, now_ns);
    else if (ev->id == c->submit_request)
        submit_transport(c, ev, now_ns);
}

static void handle_unsaved(struct core *c, const struct event *ev, int64_t now_ns)
{
    ledger_unsaved(&c->ledger, ev->id, now_ns + c->profile->save_retry_ns);
    if (c->ledger.refusals <= c->profile->save_attempts)
        say(c, LINE_ERROR, LINE_ERROR_LEVEL, "unsaved", NULL, 0,
            "The outbox cannot be written%s: %s",
            c->ledger.refusals < c->profile->save_attempts
                ? ""
                : "; going on, but a crash would now lose work",
            ev->unsaved);
}

static void handle_shutdown(struct core *c, int64_t now_ns)
{
    if (c->phase == PHASE_STOPPING)
        c->stop_at_once = true;
    else
        core_stop(c, CORE_INTERRUPTED, now_ns);
}

static void assert_books(const struct core *c)
{
    const struct stats *s = &c->stats;

    assert(c->phase == PHASE_NEW ||
           s->fetched + s->restored == s->accepted + s->refused + s->unknown + s->abandoned +
                                           ledger_open(&c->ledger)); /* I11 */
}

void core_handle(struct core *c, const struct event *ev, int64_t now_ns)
{
    c->wall_offset_ns = ev->wall_ns - now_ns;
    switch (ev->type) {
    case EV_TICK:
        break;
    case EV_START:
        start(c, now_ns);
        break;
    case EV_RESPONSE:
        handle_response(c, ev, now_ns);
        break;
    case EV_TRANSPORT:
        handle_transport(c, ev, now_ns);
        break;
    case EV_PROVED:
        work_proved(c, ev, now_ns);
        break;
    case EV_UNPROVED:
        work_unproved(c, ev, now_ns);
        break;
    case EV_SAVED:
        ledger_saved(&c->ledger, ev->id);
        break;
    case EV_UNSAVED:
        handle_unsaved(c, ev, now_ns);
        break;
    case EV_SHUTDOWN:
        handle_shutdown(c, now_ns);
        break;
    }
    assert_books(c);
}

/* ---- actions ---- */

static bool poll_save(struct core *c, struct action *out, int64_t now_ns)
{
    const struct entry *e = ledger_take_save(&c->ledger, now_ns);

    if (!e)
        return false;
    *out = (struct action){.type = ACT_SAVE, .id = e->record.id, .record = &e->record};
    return true;
}

/* The end: nothing under way whose outcome could still be learned and kept, or time is up. A disk
 * that keeps refusing is not waited for. */
static bool poll_exit(struct core *c, struct action *out, int64_t now_ns)
{
    bool disk_works = c->ledger.refusals < c->ledger.refusals_limit;
    bool busy =
        work_under_way(c) > 0 || c->submit_request || (disk_works && !ledger_all_saved(&c->ledger));

    if (busy && !c->stop_at_once && now_ns < c->stop_by_ns)
        return false;
    c->phase = PHASE_OVER;
    *out = (struct action){.type = ACT_EXIT, .end = c->end};
    return true;
}

static bool poll_phase(struct core *c, struct action *out, int64_t now_ns)
{
    switch (c->phase) {
    case PHASE_GREETING: /* finished proofs of a former run name no node: they wait for none */
        return submit_poll(c, out, now_ns) || node_poll(c, out, now_ns);
    case PHASE_WORKING:
        return submit_poll(c, out, now_ns) || work_poll_cancel(c, out) ||
               work_poll(c, out, now_ns) || fetch_poll(c, out, now_ns) || node_poll(c, out, now_ns);
    case PHASE_STOPPING:
        return work_poll_cancel(c, out) || poll_exit(c, out, now_ns);
    case PHASE_NEW:
    case PHASE_OVER:
        break;
    }
    return false;
}

static void tell_statistics(struct core *c, int64_t now_ns)
{
    double seconds = (double)(now_ns - c->started_ns) / NS_PER_S;

    if (now_ns < c->statistics_ns)
        return;
    c->statistics_ns = now_ns + c->profile->statistics_ns;
    say(c, LINE_REFRESH, LINE_INFO, "statistics", NULL, 0,
        "%llu tasks completed in %.0f s (%.1f tasks/min)", (unsigned long long)c->stats.accepted,
        seconds, 60 * (double)c->stats.accepted / seconds);
}

bool core_poll(struct core *c, struct action *out, int64_t now_ns)
{
    if (poll_hold(c, out) || line_queue_poll(&c->lines, out))
        return true;
    if (c->phase == PHASE_GREETING)
        submit_decide(c, now_ns);
    if (c->phase == PHASE_WORKING) {
        submit_decide(c, now_ns);
        work_decide(c, now_ns);
        fetch_decide(c, now_ns);
        tell_statistics(c, now_ns);
        assert_books(c);
    }
    return poll_hold(c, out) || line_queue_poll(&c->lines, out) || poll_save(c, out, now_ns) ||
           poll_learnt(c, out) || poll_phase(c, out, now_ns) || line_queue_poll(&c->lines, out);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t core_deadline_ns(const struct core *c)
{
    int64_t deadline = ledger_deadline_ns(&c->ledger);

    switch (c->phase) {
    case PHASE_GREETING:
        return least(deadline, least(node_deadline_ns(c), submit_deadline_ns(c)));
    case PHASE_WORKING:
        deadline = least(deadline, c->statistics_ns);
        deadline = least(deadline, node_deadline_ns(c));
        deadline = least(deadline, submit_deadline_ns(c));
        deadline = least(deadline, work_deadline_ns(c));
        return fetch_wanted(c) ? least(deadline, route_due_ns(&c->routes[CORE_ROUTE_FETCH]))
                               : deadline;
    case PHASE_STOPPING:
        return least(deadline, c->stop_by_ns);
    case PHASE_NEW:
    case PHASE_OVER:
        break;
    }
    return INT64_MAX;
}
