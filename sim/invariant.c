/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/invariant.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/breaker.h"
#include "client/core/budget.h"
#include "client/core/doubt.h"
#include "mockorch/core/call.h"
#include "sim/memory.h"

#define MINUTE_NS (60 * NS_PER_S)
#define HOUR_NS   (3600 * NS_PER_S)

enum route { ROUTE_NODE, ROUTE_FETCH, ROUTE_SUBMIT, ROUTES };

static const char *const route_names[] = {"node", "fetch", "submit"};

struct invariant_host {
    /* of this process */
    uint64_t under_way[ROUTES]; /* ids; 0: none */
    unsigned proving, proofs_at_once;
    uint64_t life;
    unsigned refusals; /* of the disk, in a row */
    struct doubt doubt;
    struct {
        uint64_t sent;                       /* since a request did not fail */
        int64_t at_ns[INVARIANT_PER_OUTAGE]; /* a ring */
    } failing[ROUTES];
    /* of all processes */
    int64_t hold_ns[ROUTES]; /* a Retry-After named this time */
    unsigned hold_status[ROUTES];
    int64_t sent_ns[INVARIANT_PER_MINUTE]; /* a ring */
    uint64_t sent;
    int64_t last_credit_ns; /* -1: none yet */
};

struct invariant_task {
    char *task_id;
    unsigned host;
    uint64_t life;    /* that the task arrived in */
    bool lost;        /* its process was killed before it was on disk */
    unsigned proving; /* inputs */
    size_t begun;     /* by this process */
    size_t proved;    /* on disk when it started */
    bool sent;
    uint64_t body_hash;
    bool unanswered;   /* an answer to its submission was lost, or is under way */
    bool second_copy;  /* its credit is for one of two copies that the network made */
    unsigned definite; /* status of a definite answer; 0: none */
    uint64_t definite_life;
    unsigned credits;
};

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
    };

    return names[number];
}

void invariant_init(struct invariant *v, const struct world *w, const struct profile *p,
                    unsigned hosts)
{
    *v = (struct invariant){.world = w, .profile = p, .host_count = hosts};
    v->hosts = memory_new(hosts * sizeof *v->hosts);
    for (unsigned i = 0; i < hosts; i++)
        v->hosts[i].last_credit_ns = -1;
}

void invariant_fini(struct invariant *v)
{
    for (size_t i = 0; i < v->task_count; i++)
        free(v->tasks[i].task_id);
    free(v->tasks);
    free(v->hosts);
    lookup_fini(&v->by_id);
}

static void broken(struct invariant *v, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void broken(struct invariant *v, int number, const char *format, ...)
{
    va_list args;

    v->violations++;
    if (v->broken || v->counts)
        return;
    v->broken = number;
    v->broken_ns = v->world->now_ns;
    v->broken_events = v->world->events;
    va_start(args, format);
    vsnprintf(v->text, sizeof v->text, format, args);
    va_end(args);
}

/* ---- tasks ---- */

static struct invariant_task *find_task(const struct invariant *v, const char *task_id)
{
    uint32_t at;

    return lookup_find(&v->by_id, &at, task_id) ? &v->tasks[at] : NULL;
}

static struct invariant_task *add_task(struct invariant *v, const char *task_id)
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

/* ---- requests ---- */

static bool route_of(enum route *out, const struct http_request *r)
{
    char parameter[CALL_MAX_PARAMETER];

    switch (call_parse(parameter, r->method, r->path)) {
    case CALL_NODE:
        *out = ROUTE_NODE;
        return true;
    case CALL_LIST_BODY:
    case CALL_FETCH:
        *out = ROUTE_FETCH;
        return true;
    case CALL_SUBMIT:
        *out = ROUTE_SUBMIT;
        return true;
    default:
        return false;
    }
}

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

static void check_pace(struct invariant *v, struct invariant_host *h, enum route route)
{
    int64_t now_ns = v->world->now_ns;
    int64_t *oldest;

    if (now_ns < h->hold_ns[route])
        broken(v, 5, "%s sent %.3f s before the time that a %u named by Retry-After",
               route_names[route], seconds(h->hold_ns[route] - now_ns), h->hold_status[route]);
    /* The ring's next place holds the request that was sent INVARIANT_PER_MINUTE requests ago. */
    oldest = &h->sent_ns[h->sent++ % INVARIANT_PER_MINUTE];
    if (h->sent > INVARIANT_PER_MINUTE && now_ns - *oldest < MINUTE_NS)
        broken(v, 10, "%d requests within %.3f s", INVARIANT_PER_MINUTE + 1,
               seconds(now_ns - *oldest));
    *oldest = now_ns;
}

static void check_outage(struct invariant *v, struct invariant_host *h, enum route route)
{
    int64_t now_ns = v->world->now_ns;
    int64_t *oldest = &h->failing[route].at_ns[h->failing[route].sent++ % INVARIANT_PER_OUTAGE];

    if (h->failing[route].sent > INVARIANT_PER_OUTAGE && now_ns - *oldest < HOUR_NS)
        broken(v, 17, "%d of %s within %.0f s, all failing", INVARIANT_PER_OUTAGE + 1,
               route_names[route], seconds(now_ns - *oldest));
    *oldest = now_ns;
}

static void check_submission(struct invariant *v, struct invariant_host *h, const struct disk *disk,
                             const struct wire_submission *m, struct bytes body)
{
    const struct disk_cell *cell = disk_of_task(disk, m->task_id);
    struct invariant_task *t = find_task(v, m->task_id);
    uint64_t hash = world_hash(body);

    if (!t) {
        broken(v, 12, "a submission of task %.80s, which never arrived", m->task_id);
        return;
    }
    if (!cell && !h->refusals)
        broken(v, 2, "task %.80s is submitted and has no record on disk", m->task_id);
    if (cell && cell->state != OUTBOX_SENDING && !h->refusals)
        broken(v, outbox_state_final(cell->state) ? 7 : 2,
               "task %.80s is submitted while its record on disk says %s", m->task_id,
               outbox_state_name(cell->state));
    if (t->sent && t->body_hash != hash)
        broken(v, 3, "task %.80s is submitted again with other bytes", m->task_id);
    if (t->proving)
        broken(v, 16, "task %.80s is submitted while %u of its inputs is being proved", m->task_id,
               t->proving);
    if (t->definite && t->definite_life == h->life)
        broken(v, 7, "task %.80s is submitted again after a %u", m->task_id, t->definite);
    t->sent = true;
    t->body_hash = hash;
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
        broken(v, 6, "a request that no client makes: %s", request->path);
        return;
    }
    if (h->under_way[route])
        broken(v, 6, "a second %s while one is under way", route_names[route]);
    h->under_way[route] = id;
    if (!v->profile->batch || route != ROUTE_FETCH || request->method == HTTP_GET)
        check_pace(v, h, route); /* a batch is one fetch, that begins with a list */
    check_outage(v, h, route);
    if (route != ROUTE_SUBMIT)
        return;
    if (wire_decode_submission(&m, &memory, request->body, WIRE_MAX_SUBMISSION, &why))
        broken(v, 3, "a submission that cannot be read: %s", why.text);
    else
        check_submission(v, h, disk, &m, request->body);
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
    if (until_ns > h->hold_ns[route]) {
        h->hold_ns[route] = until_ns;
        h->hold_status[route] = r->status;
    }
}

/* Nothing that is sent again can change these (simulation.md 3, rule 3). */
static bool definite(unsigned status)
{
    return (status >= 200 && status < 300) ||
           (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429);
}

static void arrived(struct invariant *v, unsigned host, const char *task_id)
{
    struct invariant_task *t = find_task(v, task_id);

    if (!t)
        t = add_task(v, task_id);
    if (!t->life || t->lost) {
        t->host = host;
        t->life = v->hosts[host].life;
        t->lost = false;
    }
}

static void note_list(struct invariant *v, unsigned host, const struct http_response *r)
{
    struct wire_memory memory = {0};
    struct wire_tasks list;

    if (wire_decode_tasks(&list, &memory, r->body, WIRE_MAX_RESPONSE, NULL) == ST_OK)
        for (size_t i = 0; i < list.task_count; i++)
            arrived(v, host, list.tasks[i].task_id);
    wire_memory_fini(&memory);
}

static void note_arrival(struct invariant *v, unsigned host, const struct http_response *r)
{
    struct wire_memory memory = {0};
    struct wire_fetched answer;

    if (wire_decode_fetched(&answer, &memory, r->body, WIRE_MAX_RESPONSE, NULL) == ST_OK &&
        answer.has_task && *answer.task.task_id)
        arrived(v, host, answer.task.task_id);
    wire_memory_fini(&memory);
}

static void note_submitted(struct invariant *v, struct invariant_host *h, const struct packet *p)
{
    struct wire_memory memory = {0};
    struct invariant_task *t = NULL;
    struct wire_submission m;

    if (wire_decode_submission(&m, &memory, p->request.body, WIRE_MAX_SUBMISSION, NULL) == ST_OK)
        t = find_task(v, m.task_id);
    wire_memory_fini(&memory);
    if (!t)
        return; /* broken already */
    if (p->answered && definite(p->response.status)) {
        t->definite = p->response.status;
        t->definite_life = h->life;
    } else if (!p->answered || p->response.status >= 500) {
        t->unanswered = true; /* it may have counted all the same */
    }
}

static void note_doubt(struct invariant *v, struct invariant_host *h, unsigned status)
{
    int64_t doubt_ns;

    if (status < 300 || status == 409) {
        doubt_accepted(&h->doubt);
    } else if (status != 404 && status != 410) {
        doubt_ns = doubt_refused_ns(&h->doubt);
        if (doubt_ns > v->longest_doubt_ns)
            v->longest_doubt_ns = doubt_ns;
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
    if (definite(status) || status == 429)
        h->failing[route].sent = 0;
    if (route == ROUTE_SUBMIT && definite(status))
        note_doubt(v, h, status);
    if (status && !(route == ROUTE_SUBMIT ? definite(status) : status / 100 == 2))
        note_advice(v, h, route, &p->response, wall_s);
    if (route == ROUTE_FETCH && status / 100 == 2 && p->request.method == HTTP_GET)
        note_list(v, host, &p->response);
    else if (route == ROUTE_FETCH && status / 100 == 2)
        note_arrival(v, host, &p->response);
    if (route == ROUTE_SUBMIT)
        note_submitted(v, h, p);
}

/* ---- processes, disk, proofs ---- */

void invariant_started(struct invariant *v, unsigned host, unsigned proofs_at_once)
{
    struct invariant_host *h = &v->hosts[host];

    h->life++;
    h->proving = 0;
    h->proofs_at_once = proofs_at_once;
    h->refusals = 0;
    h->doubt = (struct doubt){0};
    for (int i = 0; i < ROUTES; i++) {
        h->under_way[i] = 0;
        h->failing[i].sent = 0;
    }
}

void invariant_killed(struct invariant *v, unsigned host, const struct disk *disk)
{
    for (size_t i = 0; i < v->task_count; i++) {
        struct invariant_task *t = &v->tasks[i];
        const struct disk_cell *cell;

        if (t->host != host)
            continue;
        cell = disk_of_task(disk, t->task_id);
        t->proving = 0;
        t->begun = 0;
        t->proved = cell ? cell->proved : 0;
        if (t->sent)
            t->unanswered = true; /* an answer may have died with the process */
        if (!cell)
            t->lost = true;
    }
}

static bool has_input(const struct disk_cell *c, const uint32_t input[3])
{
    for (size_t i = 0; i < c->input_count; i++)
        if (memcmp(c->inputs[i], input, sizeof c->inputs[i]) == 0)
            return true;
    return false;
}

void invariant_proving(struct invariant *v, unsigned host, const struct disk *disk,
                       const char *task_id, const char *program_id, const uint32_t input[3])
{
    struct invariant_host *h = &v->hosts[host];
    struct invariant_task *t = find_task(v, task_id);
    bool found = h->refusals > 0;

    if (++h->proving > h->proofs_at_once)
        broken(v, 6, "%u proofs are under way, %u are allowed", h->proving, h->proofs_at_once);
    if (t) {
        const struct disk_cell *cell = disk_of_task(disk, task_id);

        t->proving++;
        if (cell && ++t->begun + t->proved > cell->input_count)
            broken(v, 8, "an input of task %.80s is proved again: it has %zu, %zu had a proof",
                   task_id, cell->input_count, t->proved);
    }
    for (size_t i = 0; i < disk->count && !found; i++)
        found = disk->cells[i].state == OUTBOX_FETCHED &&
                strcmp(disk->cells[i].program_id, program_id) == 0 &&
                has_input(&disk->cells[i], input);
    if (!found)
        broken(v, 1, "%s (%u, %u, %u) is proved, and no record on disk asks for it", program_id,
               input[0], input[1], input[2]);
}

void invariant_proved(struct invariant *v, unsigned host, const char *task_id)
{
    struct invariant_task *t = find_task(v, task_id);

    v->hosts[host].proving--;
    if (t)
        t->proving--;
}

void invariant_saved(struct invariant *v, unsigned host, const struct disk *disk,
                     const struct disk_cell *cell)
{
    v->hosts[host].refusals = 0;
    for (size_t i = 0; i < disk->count; i++)
        if (disk->cells[i].id != cell->id && strcmp(disk->cells[i].task_id, cell->task_id) == 0)
            broken(v, 8, "task %.80s has the records %llu and %llu", cell->task_id,
                   (unsigned long long)disk->cells[i].id, (unsigned long long)cell->id);
}

void invariant_unsaved(struct invariant *v, unsigned host)
{
    v->hosts[host].refusals++;
}

void invariant_at_rest(struct invariant *v, unsigned host, const struct runtime *runtime)
{
    const struct stats *s = runtime_stats(runtime);
    size_t open = runtime_open_tasks(runtime);
    uint64_t came = s->fetched + s->restored;
    uint64_t went = s->accepted + s->refused + s->unknown + s->abandoned + s->lost;

    (void)host;
    if (came != went + open)
        broken(v, 11, "%llu tasks came, %llu are closed and %zu open", (unsigned long long)came,
               (unsigned long long)went, open);
    if (open > v->profile->open_tasks)
        broken(v, 14, "%zu tasks are open, %zu are allowed", open, v->profile->open_tasks);
}

/* ---- credits and progress ---- */

void invariant_credited(struct invariant *v, const char *task_id, bool twice)
{
    struct invariant_task *t = find_task(v, task_id);

    v->credits++;
    if (!t) {
        broken(v, 12, "task %.80s is credited and never arrived", task_id);
        return;
    }
    v->hosts[t->host].last_credit_ns = v->world->now_ns;
    t->second_copy = twice;
    if (++t->credits > 1)
        broken(v, 9, "task %.80s is credited %u times", task_id, t->credits);
}

bool invariant_credited_since(const struct invariant *v, unsigned host, int64_t since_ns)
{
    return v->hosts[host].last_credit_ns >= since_ns;
}

uint64_t invariant_proofs_lost(const struct invariant *v)
{
    uint64_t lost = 0;

    for (size_t i = 0; i < v->task_count; i++)
        lost += v->tasks[i].sent && !v->tasks[i].credits;
    return lost;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The worst case, part by part: what was asked for just before the healing, with its spread, and
 * the client's own ceilings (backoff, breaker, budget), and doubt about its proofs; then a whole task, whose fetch may meet the allowance, and that
 * once more, because a proof may have become due in between. */
int64_t invariant_patience_ns(const struct invariant *v, const struct invariant_costs *c)
{
    const struct profile *p = v->profile;
    int64_t advice_ns = v->longest_advice_ns + greater(v->longest_advice_ns / 10, 30 * NS_PER_S);
    int64_t own_ns = greater(greater(p->fetch_cap_ns, p->submit_cap_ns),
                             greater(BREAKER_LONGEST_S * NS_PER_S * 11 / 10,
                                     BUDGET_FLOOR_S * NS_PER_S));
    int64_t wait_ns = greater(advice_ns, own_ns) + v->longest_doubt_ns;
    /* The slowest pace, after many 429s. */
    int64_t fetch_ns = greater(greater(c->fetch_gap_ns, p->fetch_cap_ns),
                               c->allowance_ns + 30 * NS_PER_S);
    int64_t task_ns = fetch_ns + c->prove_ns + 3 * c->round_trip_ns + p->submit_gap_ns;

    /* … and a task may wait for the prover first. */
    return c->round_trip_ns + wait_ns + 2 * task_ns + (int64_t)p->queue_tasks * c->prove_ns;
}

void invariant_restless(struct invariant *v)
{
    broken(v, 15, "time stands still: event follows event at one moment without end");
}

void invariant_impatient(struct invariant *v, const char *what, int64_t patience_ns)
{
    broken(v, 13, "%s within %.0f s after the faults have stopped", what, seconds(patience_ns));
}

static void check_belief(struct invariant *v, const struct invariant_task *t,
                         enum outbox_state state)
{
    switch (state) {
    case OUTBOX_ACKED:
        if (!t->credits && t->definite != 409)
            broken(v, 12, "task %.80s is taken for accepted and has no credit", t->task_id);
        break;
    case OUTBOX_REFUSED:
        if (t->credits && !t->second_copy)
            broken(v, 12, "task %.80s is credited and taken for refused", t->task_id);
        else if (!t->definite)
            broken(v, 12, "task %.80s is taken for refused and nobody refused it", t->task_id);
        break;
    case OUTBOX_ABANDONED:
        if (t->credits)
            broken(v, 12, "task %.80s is credited and given up", t->task_id);
        break;
    case OUTBOX_UNKNOWN:
        if (!t->unanswered)
            broken(v, 12, "the fate of task %.80s is called unknown and no answer was lost",
                   t->task_id);
        break;
    default:
        broken(v, 4, "task %.80s is %s in the end", t->task_id, outbox_state_name(state));
        break;
    }
}

void invariant_final(struct invariant *v, unsigned host, const struct disk *disk)
{
    for (size_t i = 0; i < v->task_count; i++) {
        const struct invariant_task *t = &v->tasks[i];
        const struct disk_cell *cell;

        if (t->host != host)
            continue;
        cell = disk_of_task(disk, t->task_id);
        if (cell)
            check_belief(v, t, cell->state);
        else if (!t->lost)
            broken(v, 4, "task %.80s arrived and is nowhere", t->task_id);
    }
}
