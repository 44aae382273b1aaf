/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/ladder.h"
#include "mockorch/core/call.h"
#include "sim/invariant_inside.h"

#define MINUTE_NS (60 * NS_PER_S)
#define HOUR_NS   (3600 * NS_PER_S)

static bool route_of(enum route *out, const struct http_request *r)
{
    char parameter[CALL_MAX_PARAMETER];

    return conduct_route(out, call_parse(parameter, r->method, r->path));
}

static void check_pace(struct invariant *v, struct invariant_host *h, enum route route)
{
    int64_t now_ns = v->world->now_ns, span_ns;
    unsigned most;

    /* A clock that is fast is early by its drift; 1 ms for what a new process knows of it. */
    if (now_ns < h->hold_ns[route] -
                     (h->drift_ppm > 0
                          ? (h->hold_ns[route] - h->hold_since_ns[route]) / 1000000 * h->drift_ppm +
                                NS_PER_MS
                          : 0))
        invariant_broken(v, 5, "%s sent %.3f s before the time that a %u named by Retry-After",
                         conduct_route_name(route), invariant_seconds(h->hold_ns[route] - now_ns),
                         h->hold_status[route]);
    /* A batch of proofs goes out one a second. */
    most = h->profile->batch ? INVARIANT_PER_MINUTE_BATCH : INVARIANT_PER_MINUTE;
    span_ns = conduct_ring_add(&h->sent, most, now_ns);
    if (span_ns < MINUTE_NS)
        invariant_broken(v, 10, "%u requests within %.3f s", most + 1, invariant_seconds(span_ns));
}

/* A clock that is fast is early by its drift. */
static int64_t by_its_clock(const struct invariant_host *h, int64_t ns)
{
    return h->drift_ppm > 0 ? ns - ns / 1000000 * h->drift_ppm - NS_PER_MS : ns;
}

/* list: a batch begins with it, what follows are parts of the same fetch. */
static void check_distance(struct invariant *v, struct invariant_host *h, enum route route,
                           bool list)
{
    int64_t now_ns = v->world->now_ns, from_ns = -1, s = 0;

    if (route == ROUTE_SUBMIT) {
        from_ns = h->submitted_last_ns;
        s = INVARIANT_SUBMIT_S;
        h->submitted_last_ns = now_ns;
    } else if (route == ROUTE_FETCH && h->profile->batch == list) {
        from_ns = h->fetched_ns;
        s = list ? INVARIANT_FETCH_BATCH_S : INVARIANT_FETCH_S;
    }
    if (from_ns >= 0 && now_ns - from_ns < by_its_clock(h, s * NS_PER_S))
        invariant_broken(v, 10, "a %s %.3f s after the last one, %lld s are the least",
                         conduct_route_name(route), invariant_seconds(now_ns - from_ns),
                         (long long)s);
}

static void check_probes(struct invariant *v, struct invariant_host *h, enum route route)
{
    int64_t gap_s = INVARIANT_PROBE_S, past_ns = v->world->now_ns - h->failing[route].failed_ns;
    unsigned failures = h->failing[route].failures;

    if (failures < INVARIANT_FAILURES)
        return;
    for (unsigned i = INVARIANT_FAILURES; i < failures && gap_s < INVARIANT_PROBE_LONGEST_S; i++)
        gap_s *= 2;
    if (gap_s > INVARIANT_PROBE_LONGEST_S)
        gap_s = INVARIANT_PROBE_LONGEST_S;
    if (past_ns < by_its_clock(h, gap_s * NS_PER_S))
        invariant_broken(v, 17, "a %s %.3f s after failure %u in a row, %lld s are the least",
                         conduct_route_name(route), invariant_seconds(past_ns), failures,
                         (long long)gap_s);
}

static void check_outage(struct invariant *v, struct invariant_host *h, enum route route)
{
    struct conduct_ring *sent = &h->failing[route].sent;
    int64_t span_ns = conduct_ring_add(sent, INVARIANT_PER_OUTAGE, v->world->now_ns);

    if (span_ns < HOUR_NS)
        invariant_broken(v, 17, "%d of %s within %.0f s, all failing", INVARIANT_PER_OUTAGE + 1,
                         conduct_route_name(route), invariant_seconds(span_ns));
    if (sent->count >= 10)
        invariant_mark(v, MARK_OUTAGE);
}

static void check_wait(struct invariant *v, const struct invariant_host *h,
                       const struct invariant_task *t)
{
    int64_t most_ns = INVARIANT_WAIT_S * NS_PER_S, wait_ns = v->world->now_ns - t->tried_ns;

    if (t->tries < 2 || t->tries > 4 || t->advised ||
        h->failing[ROUTE_SUBMIT].failures >= INVARIANT_FAILURES)
        return;
    most_ns <<= t->tries - 1;
    v->waits++;
    v->waited_percent += wait_ns < most_ns ? (uint64_t)(100 * wait_ns / most_ns) : 100;
    if (v->waits >= INVARIANT_WAITS && v->waited_percent < INVARIANT_WAIT_PERCENT * v->waits)
        invariant_broken(v, 36, "%llu waits are %llu %% of their bounds on average",
                         (unsigned long long)v->waits,
                         (unsigned long long)(v->waited_percent / v->waits));
}

static void check_submission(struct invariant *v, struct invariant_host *h, const struct disk *disk,
                             uint64_t id, const struct wire_submission *m, struct bytes body)
{
    const struct disk_cell *cell = disk_of_task(disk, m->task_id);
    struct invariant_task *t = invariant_find(v, m->task_id);
    uint64_t hash = world_hash(body);

    if (!t) {
        invariant_broken(v, 12, "a submission of task %.80s, which never arrived", m->task_id);
        return;
    }
    h->read[ROUTE_SUBMIT].id = id;
    h->read[ROUTE_SUBMIT].place = (size_t)(t - v->tasks);
    if (!cell && !h->refusals)
        invariant_broken(v, 2, "task %.80s is submitted and has no record on disk", m->task_id);
    if (cell && cell->state != OUTBOX_SENDING && !h->refusals)
        invariant_broken(v, outbox_state_final(cell->state) ? 7 : 2,
                         "task %.80s is submitted while its record on disk says %s", m->task_id,
                         outbox_state_name(cell->state));
    if (t->sent && t->body_hash && t->body_hash != hash)
        invariant_broken(v, 3, "task %.80s is submitted again with other bytes", m->task_id);
    if (t->proving)
        invariant_broken(v, 16, "task %.80s is submitted while %u of its inputs is being proved",
                         m->task_id, t->proving);
    if (t->definite && t->definite_life == h->life)
        invariant_broken(v, 7, "task %.80s is submitted again after a %u", m->task_id, t->definite);
    if (t->sent)
        invariant_mark(v, t->sent_life == h->life ? MARK_RESENT : MARK_RESENT_BY_ANOTHER);
    check_wait(v, h, t);
    invariant_put_off(v, h, t);
    t->sent_life = h->life;
    t->sent = true;
    t->taken = false;
    t->body_hash = hash;
}

static void note_burst(struct invariant *v, struct invariant_host *h)
{
    uint64_t burst = 0;

    h->submitted_ns[h->submitted++ % INVARIANT_BURST] = v->world->now_ns;
    while (burst < INVARIANT_BURST && burst < h->submitted &&
           v->world->now_ns - h->submitted_ns[(h->submitted - 1 - burst) % INVARIANT_BURST] <
               2 * NS_PER_S)
        burst++;
    if (burst > v->burst)
        v->burst = burst;
}

void invariant_sent(struct invariant *v, unsigned host, const struct disk *disk, uint64_t id,
                    const struct http_request *request)
{
    struct invariant_host *h = &v->hosts[host];
    struct wire_memory memory = {0};
    struct wire_submission m;
    enum route route;
    struct why why;

    if (!route_of(&route, request)) {
        invariant_broken(v, 6, "a request that no client makes: %s", request->path);
        return;
    }
    if (h->under_way[route])
        invariant_broken(v, 6, "a second %s while one is under way", conduct_route_name(route));
    h->under_way[route] = id;
    h->read[route].id = 0;
    if (!h->profile->batch || route != ROUTE_FETCH || request->method == HTTP_GET)
        check_pace(v, h, route); /* a batch is one fetch, that begins with a list */
    check_probes(v, h, route);
    if (route == ROUTE_FETCH)
        check_distance(v, h, route, request->method == HTTP_GET);
    check_outage(v, h, route);
    if (route == ROUTE_FETCH && request->method == HTTP_POST) {
        herd_sent(&v->herd, v->world->now_ns);
        invariant_asked(v, host, id, request->body);
    }
    if (route != ROUTE_SUBMIT)
        return;
    note_burst(v, h);
    if (wire_decode_submission(&m, &memory, request->body, WIRE_MAX_SUBMISSION, &why))
        invariant_broken(v, 3, "a submission that cannot be read: %s", why.text);
    else
        check_submission(v, h, disk, id, &m, request->body);
    check_distance(v, h, route, false); /* behind what is worse */
    wire_memory_fini(&memory);
}

/* ---- answers ---- */

static void note_advice(struct invariant *v, struct invariant_host *h, enum route route,
                        const struct http_response *r, int64_t wall_s)
{
    const char *value = http_header_of(r->headers, r->header_count, "retry-after");
    const char *date = http_header_of(r->headers, r->header_count, "date");
    const int64_t ceiling_s = BACKOFF_RETRY_AFTER_CEILING_S;
    int64_t wait_s, until_ns;

    if (!value || !http_retry_after_s(value, date, wall_s, &wait_s))
        return;
    wait_s = wait_s < ceiling_s ? wait_s : ceiling_s;
    until_ns = v->world->now_ns + wait_s * NS_PER_S;
    if (wait_s * NS_PER_S > v->longest_advice_ns)
        v->longest_advice_ns = wait_s * NS_PER_S;
    if (route == ROUTE_FETCH)
        herd_told(&v->herd, v->world->now_ns, wait_s * NS_PER_S);
    if (until_ns > h->hold_ns[route]) {
        h->hold_ns[route] = until_ns;
        h->hold_since_ns[route] = v->world->now_ns;
        h->hold_stepped_ns[route] = h->stepped_ns;
        h->hold_status[route] = r->status;
    }
}

/* Nobody can prove it (client.md 4.1). */
static bool is_odd(const struct wire_task *task)
{
    for (size_t i = 0; i < task->input_count; i++)
        if (task->inputs[i].size < 12)
            return true;
    return task->input_count == 0;
}

static void note_task(struct invariant *v, unsigned host, const struct wire_task *task)
{
    struct invariant_task *t = invariant_find(v, task->task_id);
    unsigned rung = ladder_rung(task->difficulty);

    if (!t)
        t = invariant_add(v, task->task_id);
    t->rung = rung;
    t->inputs = task->input_count;
    t->odd = t->odd || is_odd(task);
    if (rung > v->hosts[host].assigned)
        v->hosts[host].assigned = rung;
    if (!t->life || t->lost) {
        t->host = host;
        t->life = v->hosts[host].life;
        t->arrived_ns = v->world->now_ns;
        t->lost = false;
    }
}

static void note_list(struct invariant *v, unsigned host, const struct http_response *r)
{
    struct wire_memory memory = {0};
    struct wire_tasks list;

    if (wire_decode_tasks(&list, &memory, r->body, WIRE_MAX_RESPONSE, NULL) == ST_OK)
        for (size_t i = 0; i < list.task_count; i++)
            note_task(v, host, &list.tasks[i]);
    wire_memory_fini(&memory);
}

/* troubled: for a cause of the node that the fetch was for. */
static void note_node(struct invariant *v, unsigned host, const struct packet *p, bool troubled)
{
    const struct invariant_host *h = &v->hosts[host];
    const struct http_request *fetch = &p->request;
    struct wire_memory memory = {0};
    struct wire_fetch m;

    if (h->read[ROUTE_FETCH].id == p->id)
        (troubled ? invariant_troubled : invariant_served)(v, host,
                                                           h->nodes[h->read[ROUTE_FETCH].place].id);
    else if (fetch->method == HTTP_POST &&
             wire_decode_fetch(&m, &memory, fetch->body, WIRE_MAX_RESPONSE, NULL) == ST_OK)
        (troubled ? invariant_troubled : invariant_served)(v, host, m.node_id);
    wire_memory_fini(&memory);
}

static void note_arrival(struct invariant *v, unsigned host, const struct packet *p)
{
    const struct http_response *r = &p->response;
    struct wire_memory memory = {0};
    struct wire_fetched answer;

    if (wire_decode_fetched(&answer, &memory, r->body, WIRE_MAX_RESPONSE, NULL) == ST_OK &&
        answer.has_task && *answer.task.task_id) {
        bool known = invariant_find(v, answer.task.task_id);

        if (known) /* handed out again: it stands aside */
            invariant_mark(v, MARK_KNOWN_TASK);
        note_node(v, host, p, known);
        note_task(v, host, &answer.task);
    }
    wire_memory_fini(&memory);
}

static void mark_answer(struct invariant *v, struct invariant_task *t, const struct packet *p)
{
    unsigned status = p->answered ? p->response.status : 0;

    if (status == 0 && t->credits)
        invariant_mark(v, MARK_CREDIT_UNHEARD);
    if (status / 100 == 2 && t->limited)
        invariant_mark(v, MARK_ACCEPTED_AFTER_429);
    if (status == 404)
        invariant_mark(v, t->unanswered ? MARK_GONE_AFTER_UNHEARD : MARK_EXPIRED);
    if (status == 409)
        invariant_mark(v, MARK_CONFLICT);
    if (status == 422)
        invariant_mark(v, MARK_REFUSED);
    t->limited |= status == 429;
}

/* NULL: of a task that never arrived, or nobody can tell. */
static struct invariant_task *task_of(const struct invariant *v, const struct invariant_host *h,
                                      const struct packet *submission)
{
    struct wire_memory memory = {0};
    struct invariant_task *t = NULL;
    struct wire_submission m;

    if (h->read[ROUTE_SUBMIT].id == submission->id)
        return &v->tasks[h->read[ROUTE_SUBMIT].place];
    if (wire_decode_submission(&m, &memory, submission->request.body, WIRE_MAX_SUBMISSION, NULL) ==
        ST_OK)
        t = invariant_find(v, m.task_id);
    wire_memory_fini(&memory);
    return t;
}

static void note_submitted(struct invariant *v, struct invariant_host *h, const struct packet *p)
{
    struct invariant_task *t = task_of(v, h, p);

    if (!t)
        return; /* broken already */
    mark_answer(v, t, p);
    t->tries++;
    t->tried_ns = v->world->now_ns;
    t->advised = h->hold_ns[ROUTE_SUBMIT] > v->world->now_ns;
    if (p->answered && conduct_definite(p->response.status)) {
        t->definite = p->response.status;
        t->definite_life = h->life;
        if (t->definite == 404 || t->definite == 410)
            invariant_came_late(v, h, t);
        if (t->definite == 404 && !t->unanswered)
            invariant_too_hard(h, t->rung);
        if (t->definite < 300 || t->definite == 409)
            invariant_accepted(h);
    } else if (!p->answered || p->response.status >= 500) {
        t->unanswered = true; /* it may have counted all the same */
    }
}

static void note_doubt(struct invariant *v, struct invariant_host *h, unsigned status)
{
    int64_t doubt_ns;

    if (status < 300 || status == 409) {
        if (doubt_probes(&h->doubt))
            h->doubted_ns = 0;
        doubt_accepted(&h->doubt);
    } else if (status != 404 && status != 410) {
        doubt_ns = doubt_refused_ns(&h->doubt);
        if (doubt_ns > v->longest_doubt_ns)
            v->longest_doubt_ns = doubt_ns;
        if (doubt_ns > 0) {
            h->doubted_ns = v->world->now_ns + doubt_ns / 8 * 9;
            invariant_mark(v, MARK_DOUBT);
        }
    }
}

void invariant_delivered(struct invariant *v, unsigned host, const struct packet *p, int64_t wall_s)
{
    struct invariant_host *h = &v->hosts[host];
    unsigned status = p->answered ? p->response.status : 0;
    enum route route;

    if (!route_of(&route, &p->request))
        return; /* broken already */
    h->under_way[route] = 0;
    if (route == ROUTE_FETCH)
        h->fetched_ns = v->world->now_ns;
    h->failing[route].failures++;
    h->failing[route].failed_ns = v->world->now_ns;
    if (conduct_works(status)) {
        h->failing[route].sent.count = 0;
        h->failing[route].failures = 0;
    }
    if (route == ROUTE_SUBMIT)
        invariant_paid_for(v, h, status);
    if (route == ROUTE_SUBMIT && conduct_definite(status))
        note_doubt(v, h, status);
    if (status && !(route == ROUTE_SUBMIT ? conduct_definite(status) : status / 100 == 2))
        note_advice(v, h, route, &p->response, wall_s);
    if (route == ROUTE_FETCH && status / 100 == 2 && p->request.method == HTTP_GET)
        note_list(v, host, &p->response);
    else if (route == ROUTE_FETCH && status / 100 == 2)
        note_arrival(v, host, p);
    else if (route == ROUTE_FETCH && (status == 401 || status == 403 || status == 404))
        note_node(v, host, p, true);
    if (route == ROUTE_NODE && status / 100 == 2)
        invariant_known(v, host, strrchr(p->request.path, '/') + 1);
    if (route == ROUTE_SUBMIT)
        note_submitted(v, h, p);
}
