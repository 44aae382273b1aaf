/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/service.h"

#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"
#include "sim/scarcity.h"

struct service {
    struct service_options o;
    struct orchestrator *core;
    struct store *store; /* NULL: it never stops */
    bool stopped, drains;
    enum cabinet_trouble trouble;
    bool scarce; /* memory; in what it does for others */
    struct prng scarcity;
    struct prng prng;
    struct choice_listener ear, task_ear, scarcity_ear;
    struct ballot {       /* a submission where nodes vote */
        char task_id[64]; /* as a verdict has it */
        bool credited;
    } * ballots;
    size_t ballot_count;
    struct hearing *hearings;
};

struct hearing { /* at the judge */
    struct hearing *next;
    struct packet *packet; /* NULL: its connection is gone */
};

enum status service_new(struct service **out, const struct service_options *o, struct why *why)
{
    struct service *s = memory_new(sizeof *s);
    enum status st = ST_OK;

    s->o = *o;
    s->prng = world_prng(o->world, 0x5e);
    s->prng.listener = choice_listen(&s->ear, o->tape, "judge");
    s->scarcity = world_prng(o->world, 0x5c);
    s->scarcity.listener = choice_listen(&s->scarcity_ear, o->tape, "memory");
    if (o->restarts)
        st = cabinet_new(&s->store, why);
    if (!st)
        st = orchestrator_new(&s->core, o->settings, o->plan, s->store, o->world->now_ns, why);
    if (st) {
        service_free(s);
        return st;
    }
    orchestrator_verify_by(s->core, &o->tools);
    orchestrator_listen(s->core, choice_listen(&s->task_ear, o->tape, "tasks"));
    *out = s;
    return ST_OK;
}

void service_free(struct service *s)
{
    if (!s)
        return;
    orchestrator_free(s->core);
    store_free(s->store);
    free(s->ballots);
    free(s);
}

struct orchestrator *service_core(struct service *s)
{
    return s->core;
}

/* Memory is scarce while it does something, until scarcity_end. */
static void work_begins(struct service *s, bool reads_json)
{
    if (s->scarce)
        scarcity_begin(&s->scarcity, reads_json);
}

struct store *service_store(struct service *s)
{
    return s->store;
}

void service_listen(struct service *s)
{
    orchestrator_listen(s->core, s->o.tape ? &s->task_ear.base : NULL);
}

/* Connections are gone with the process, those of requests at the judge too. */
void service_stop(struct service *s)
{
    s->stopped = true;
    if (s->store)
        cabinet_drop(s->store);
    s->o.network->server_life++;
    while (s->hearings) {
        struct hearing *h = s->hearings;
        struct packet *p = h->packet;

        s->hearings = h->next;
        h->packet = NULL;
        if (s->o.interrupted)
            s->o.interrupted(s->o.context);
        network_reset(s->o.network, p);
    }
}

void service_drain(struct service *s)
{
    s->drains = true;
}

static bool is_fetch(const struct packet *p)
{
    char parameter[CALL_MAX_PARAMETER];

    return call_parse(parameter, p->request.method, p->request.path) == CALL_FETCH;
}

bool service_turns_away(struct service *s, struct packet *p)
{
    static const struct http_response none = {
        .status = 429, .header_count = 1, .headers = {{"retry-after", "600"}}};

    if (!s->drains || !is_fetch(p))
        return false;
    world_note(s->o.world, "server fetch -> 429, drained");
    network_answer(s->o.network, p, &none, &(struct carriage){.delay_ns = 0});
    return true;
}

enum status service_start(struct service *s, struct why *why)
{
    struct orchestrator *core;
    enum status st;

    if (!s->stopped)
        return ST_OK;
    work_begins(s, true);
    st = orchestrator_new(&core, s->o.settings, s->o.plan, s->store, s->o.world->now_ns, why);
    scarcity_end();
    if (st)
        return st;
    orchestrator_free(s->core);
    s->core = core;
    orchestrator_verify_by(core, &s->o.tools);
    service_listen(s);
    s->stopped = false;
    return ST_OK;
}

static void answer(struct service *s, struct packet *p, const struct http_response *response,
                   const struct verdict *v)
{
    world_note(s->o.world, "server %s task=%s node=%s -> %u [%s] body=%016llx%s",
               call_name(v->call), v->task_id, v->node_id, v->status, v->faults,
               (unsigned long long)world_hash(response->body), p->host ? "" : " (nobody listens)");
    if (s->o.answered)
        s->o.answered(s->o.context, v, response);
    network_answer(s->o.network, p, response, &v->carriage);
}

static bool is_voted(const struct service *s)
{
    return s->o.settings->consensus > 1;
}

void service_voted(struct service *s, const char *task_id)
{
    bool known = false;

    for (size_t i = 0; i < s->ballot_count; i++)
        known = known || strcmp(s->ballots[i].task_id, task_id) == 0;
    if (!known) {
        s->ballots = memory_grown(s->ballots, s->ballot_count + 1, sizeof *s->ballots);
        s->ballots[s->ballot_count] = (struct ballot){.credited = false};
        snprintf(s->ballots[s->ballot_count++].task_id, sizeof s->ballots->task_id, "%s", task_id);
    }
    for (size_t i = 0; i < s->ballot_count; i++) {
        if (s->ballots[i].credited || !orchestrator_accepted(s->core, s->ballots[i].task_id))
            continue;
        s->ballots[i].credited = true;
        s->o.accepted(s->o.context, s->ballots[i].task_id, false);
    }
}

/* Tells whose submission was the one that counts. */
static void report_accepted(struct service *s, uint64_t before, const struct packet *p,
                            const struct verdict *v, bool judged)
{
    struct wire_memory memory = {0};
    struct wire_submission m = {.task_id = v->task_id};
    bool whole =
        strlen(v->task_id) < sizeof v->task_id - 1; /* the verdict has the id's beginning */

    if (is_voted(s)) {
        if (v->call == CALL_SUBMIT && !service_is_broken(s))
            service_voted(s, v->task_id);
        return;
    }
    if (orchestrator_metrics(s->core)->tasks_accepted == before || service_is_broken(s))
        return; /* what is not kept does not count */
    if (whole ||
        wire_decode_submission(&m, &memory, p->request.body, WIRE_MAX_SUBMISSION, NULL) == ST_OK) {
        if (!judged)
            s->o.unjudged(s->o.context, m.task_id);
        s->o.accepted(s->o.context, m.task_id, p->twice);
    }
    wire_memory_fini(&memory);
}

static void hearing_free(void *hearing)
{
    struct hearing *h = hearing;

    if (h->packet)
        packet_free(h->packet);
    free(h);
}

/* Ends it; NULL: it had ended already. */
static struct packet *take_hearing(struct service *s, struct hearing *h)
{
    struct hearing **at = &s->hearings;
    struct packet *p = h->packet;

    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
    free(h);
    return p;
}

static void fire_judged(void *context, uint64_t job, void *payload)
{
    struct service *s = context;
    struct packet *p = take_hearing(s, payload);
    uint64_t before = orchestrator_metrics(s->core)->tasks_accepted;
    struct http_response response;
    struct verdict verdict;
    struct why why = {""};
    enum status judged;

    if (!p)
        return;
    judged = judge_verify(s->o.judge, orchestrator_case(s->core, job), &why);

    work_begins(s, false);
    orchestrator_judged(s->core, &response, &verdict, job, judged, &why, s->o.world->now_ns);
    scarcity_end();
    report_accepted(s, before, p, &verdict, judged == ST_OK);
    answer(s, p, &response, &verdict);
}

void service_arrive(void *service, struct packet *p)
{
    struct service *s = service;
    uint64_t before = orchestrator_metrics(s->core)->tasks_accepted;
    uint64_t made = orchestrator_metrics(s->core)->tasks_made;
    struct http_response response;
    struct verdict verdict;
    struct hearing *hearing;
    int64_t took_ns;

    if (s->stopped) {
        network_refuse(s->o.network, p);
        return;
    }
    if (service_turns_away(s, p))
        return;
    work_begins(s, false);
    orchestrator_answer(s->core, &response, &verdict, &p->request, s->o.world->now_ns);
    scarcity_end();
    made = orchestrator_metrics(s->core)->tasks_made - made;
    if (made && s->o.given && !service_is_broken(s))
        s->o.given(s->o.context, verdict.node_id, made);
    if (!verdict.pending) {
        report_accepted(s, before, p, &verdict, s->o.settings->judging == JUDGING_NONE);
        answer(s, p, &response, &verdict);
        return;
    }
    hearing = memory_new(sizeof *hearing);
    *hearing = (struct hearing){.next = s->hearings, .packet = p};
    s->hearings = hearing;
    took_ns = s->o.judge_ns + prng_between(&s->prng, 0, s->o.judge_jitter_ns);
    world_plan(s->o.world, &(struct world_event){.at_ns = s->o.world->now_ns + took_ns,
                                                 .fire = fire_judged,
                                                 .drop = hearing_free,
                                                 .context = s,
                                                 .id = verdict.job,
                                                 .payload = hearing});
}

bool service_stands(const struct service *s)
{
    return !s->stopped;
}

unsigned service_ask(struct service *s, struct http_response *response, struct verdict *verdict,
                     const struct http_request *request)
{
    work_begins(s, false);
    orchestrator_answer(s->core, response, verdict, request, s->o.world->now_ns);
    scarcity_end();
    if (verdict->pending) { /* at once: nobody waits for it */
        struct why why = {""};
        enum status judged =
            judge_verify(s->o.judge, orchestrator_case(s->core, verdict->job), &why);

        work_begins(s, false);
        orchestrator_judged(s->core, response, verdict, verdict->job, judged, &why,
                            s->o.world->now_ns);
        scarcity_end();
    }
    if (verdict->unsaved) { /* an answer is told when it is on disk */
        struct why why;

        if (orchestrator_commit(s->core, &why))
            verdict->status = 500;
    }
    return verdict->status;
}

unsigned service_visit(struct service *s, const struct http_request *request)
{
    struct http_response response;
    struct verdict verdict;

    return service_ask(s, &response, &verdict, request);
}

void service_admin(struct service *s, struct admin_reply *reply,
                   const struct admin_request *request)
{
    work_begins(s, request->body.size > 0);
    admin_answer(s->core, reply, request, s->o.world->now_ns);
    scarcity_end();
}

void service_disk(struct service *s, enum cabinet_trouble trouble)
{
    s->trouble = trouble;
    cabinet_trouble(s->store, trouble);
}

void service_scarce(struct service *s, bool scarce)
{
    s->scarce = scarce;
}

bool service_is_broken(const struct service *s)
{
    return orchestrator_broken(s->core);
}

bool service_is_in_trouble(const struct service *s)
{
    return s->scarce || s->trouble != CABINET_SOUND || service_is_broken(s);
}
