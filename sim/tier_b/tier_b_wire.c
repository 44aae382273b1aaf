/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_b/tier_b_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/orchestrator.h"
#include "proto/wire.h"
#include "sim/memory.h"
#include "sim/tier_b/tier_b_time.h"

/* A verdict's task_id without its last byte: such an id may go on. */
#define BEGINNING        (sizeof((struct verdict *)NULL)->task_id - 1)
#define HANDSHAKE_LAG_NS (5 * NS_PER_S) /* of the 10 s that a connection may take */
#define TIMER_NS         NS_PER_MS /* what libcurl's timers can tell apart */
#define DELIVERY_NS      NS_PER_S       /* at least, for the way back */

struct wire_call { /* a request that libcurl has */
    struct wire_call *next;
    uint64_t number;
    bool refused; /* nobody listens */
    struct packet *packet;
};

struct wire_line { /* of a client; the first one is nobody's */
    const void *host;
    uint64_t life, dead_life;         /* of the process that uses it; that is gone */
    struct transport_curl *transport; /* NULL: not needed yet */
    struct wire_call *calls;
};

struct tier_b_wire {
    struct tier_b_wire_options o;
    struct wire_line *lines;
    size_t line_count;
    uint64_t calls;
    size_t under_way;
    bool changed; /* since the last turn */
    bool down;    /* the orchestrator is */
    struct submitted {
        char *id;
        bool twice;
    } * tasks;
    size_t task_count;
};

static const struct carriage undisturbed;

/* libcurl has no answer: the last byte came and the connection is dead. */
static const struct carriage broken = {.cut_head = true, .cut = FAULT_CUT_RESET};

enum status tier_b_wire_new(struct tier_b_wire **out, const struct tier_b_wire_options *o,
                            struct why *why)
{
    struct tier_b_wire *w = memory_new(sizeof *w);

    (void)why;
    w->o = *o;
    w->lines = memory_new(sizeof *w->lines);
    w->line_count = 1;
    *out = w;
    return ST_OK;
}

static void line_close(struct wire_line *l)
{
    transport_curl_free(l->transport);
    l->transport = NULL;
    while (l->calls) {
        struct wire_call *c = l->calls;

        l->calls = c->next;
        packet_free(c->packet);
        free(c);
    }
}

void tier_b_wire_free(struct tier_b_wire *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->line_count; i++)
        line_close(&w->lines[i]);
    for (size_t i = 0; i < w->task_count; i++)
        free(w->tasks[i].id);
    free(w->tasks);
    free(w->lines);
    free(w);
}

/* ---- sending ---- */

static struct wire_line *line_of(struct tier_b_wire *w, const void *host)
{
    for (size_t i = 0; i < w->line_count; i++)
        if (w->lines[i].host == host)
            return &w->lines[i];
    w->lines = memory_grown(w->lines, w->line_count + 1, sizeof *w->lines);
    w->lines[w->line_count] = (struct wire_line){.host = host};
    return &w->lines[w->line_count++];
}

static struct wire_line *line_for(struct tier_b_wire *w, const struct packet *p)
{
    struct wire_line *l = line_of(w, p->host);

    return p->host && p->life <= l->dead_life ? &w->lines[0] : l;
}

static bool is_submission(const struct packet *p)
{
    return strcmp(p->request.path, "/v3/tasks/submit") == 0;
}

/* Those that tier_b_wire_task will be asked about, and cannot answer from the beginning alone. */
static void note_task(struct tier_b_wire *w, const struct packet *p)
{
    struct wire_memory memory = {0};
    struct wire_submission m;

    if (is_submission(p) &&
        wire_decode_submission(&m, &memory, p->request.body, WIRE_MAX_SUBMISSION, NULL) == ST_OK &&
        (p->twice || strlen(m.task_id) >= BEGINNING)) {
        w->tasks = memory_grown(w->tasks, w->task_count + 1, sizeof *w->tasks);
        w->tasks[w->task_count++] = (struct submitted){memory_text(m.task_id), p->twice};
    }
    wire_memory_fini(&memory);
}

const char *tier_b_wire_task(const struct tier_b_wire *w, const char *beginning, bool *twice)
{
    bool is_all = strlen(beginning) < BEGINNING;
    const char *task_id = beginning;

    *twice = false;
    for (size_t i = 0; i < w->task_count; i++) {
        const struct submitted *t = &w->tasks[i];

        if (is_all ? strcmp(t->id, beginning) != 0
                   : strncmp(t->id, beginning, strlen(beginning)) != 0)
            continue;
        task_id = t->id;
        *twice |= t->twice;
    }
    return task_id;
}

static enum status dial(struct tier_b_wire *w, struct wire_line *l, struct why *why)
{
    return l->transport ? ST_OK
                        : transport_curl_new(&l->transport,
                                             &(struct transport_options){
                                                 .base_url = w->o.base_url,
                                                 .unix_path = w->o.unix_path,
                                                 .ca_file = w->o.ca_file,
                                                 .response_limit = w->o.response_limit,
                                             },
                                             why);
}

/* It was sent before it came through the simulated network, and libcurl's patience begins there. */
static enum status begin(struct tier_b_wire *w, struct wire_line *l, const struct wire_call *c,
                         bool once, struct why *why)
{
    int64_t lag_ns = w->o.network->world->now_ns - c->packet->sent_ns;
    enum status st;

    /* The handshake happens now, and must not seem to have taken what a slow line took for the
     * body. */
    if (w->o.ca_file && lag_ns > HANDSHAKE_LAG_NS)
        lag_ns = HANDSHAKE_LAG_NS;
    tier_b_time_lag(lag_ns);
    st = transport_curl_send(l->transport, c->number, &c->packet->request, once, why);
    if (!st)
        transport_curl_wait(l->transport, NULL, 0, 0);
    tier_b_time_lag(0);
    return st;
}

void tier_b_wire_arrive(void *wire, struct packet *p)
{
    struct tier_b_wire *w = wire;
    struct wire_line *l = line_for(w, p);
    struct wire_call *c = memory_new(sizeof *c);
    /* Nobody's request is one of its own: no process is there that could send it again. */
    bool once = is_submission(p) || l == &w->lines[0];
    struct why why;

    note_task(w, p);
    w->under_way++;
    *c =
        (struct wire_call){.next = l->calls, .number = ++w->calls, .refused = w->down, .packet = p};
    l->calls = c;
    if (dial(w, l, &why) || begin(w, l, c, once, &why)) {
        fprintf(stderr, "nxp-sim: %s\n", why.text);
        exit(3);
    }
}

void tier_b_wire_down(struct tier_b_wire *w, bool down)
{
    w->down = down;
    w->changed = true;
}

void tier_b_wire_gone(void *wire, const void *host, uint64_t life)
{
    struct tier_b_wire *w = wire;
    struct wire_line *l = line_of(w, host);

    l->dead_life = life;
    for (const struct wire_call *c = l->calls; c; c = c->next)
        w->under_way--;
    line_close(l);
    w->changed = true;
}

bool tier_b_wire_is_quiet(const struct tier_b_wire *w)
{
    return !w->under_way && !w->changed;
}

/* ---- answers ---- */

static struct packet *take_call(struct wire_line *l, uint64_t number, bool *refused)
{
    struct wire_call **at = &l->calls, *c;
    struct packet *p;

    while ((*at)->number != number)
        at = &(*at)->next;
    c = *at;
    *at = c->next;
    p = c->packet;
    *refused = c->refused;
    free(c);
    return p;
}

/* libcurl has lost patience: nothing has to come back for that. */
static void give_up(struct tier_b_wire *w, struct packet *p)
{
    packet_break(p, true, "no answer in time");
    if (p->host)
        w->o.network->deliver(p->host, p);
    else
        packet_free(p);
}

static void hand_over(struct tier_b_wire *w, struct packet *p, bool refused,
                      const struct transport_reply *reply)
{
    int64_t now_ns = w->o.network->world->now_ns;

    if (!reply->answered)
        world_note(w->o.network->world, "libcurl: %s", reply->text);
    if (!reply->answered && now_ns > p->give_up_ns - TIMER_NS) {
        give_up(w, p);
        return;
    }
    if (!reply->answered && w->down) {
        if (refused)
            network_refuse(w->o.network, p);
        else
            network_reset(w->o.network, p);
        return;
    }
    if (p->give_up_ns <
        now_ns + DELIVERY_NS) /* libcurl's patience counts, and it has not lost it */
        p->give_up_ns = now_ns + DELIVERY_NS;
    network_answer(w->o.network, p, &reply->response, reply->answered ? &undisturbed : &broken);
}

int64_t tier_b_wire_turn(struct tier_b_wire *w)
{
    int64_t wait_ns = INT64_MAX;

    w->changed = false;
    for (size_t i = 0; i < w->line_count; i++) {
        struct wire_line *l = &w->lines[i];
        struct transport_reply reply;
        long timeout_ms;

        if (!l->calls)
            continue;
        transport_curl_wait(l->transport, NULL, 0, 0);
        while (transport_curl_take(l->transport, &reply)) {
            struct packet *p;
            bool refused;

            w->under_way--;
            p = take_call(l, reply.id, &refused);
            hand_over(w, p, refused, &reply);
        }
        timeout_ms = transport_curl_timeout_ms(l->transport);
        if (timeout_ms >= 0 && timeout_ms * NS_PER_MS < wait_ns)
            wait_ns = timeout_ms * NS_PER_MS;
    }
    return wait_ns;
}
