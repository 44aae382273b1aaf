/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/network.h"

#include <string.h>

#include "base/clock.h"
#include "sim/line.h"

/* client/shell/transport_curl.h; in all: what connecting may take, and then the total */
#define CONNECT_NS (10 * NS_PER_S)
#define TOTAL_NS   (40 * NS_PER_S)
#define STALL_NS   (60 * NS_PER_S)
#define PART_BYTES 8192 /* one second more for each of the body */

static const struct network_link quiet = {0};

static const struct network_link *link_of(const struct packet *p)
{
    return p->link ? p->link : &quiet;
}

static bool healed(const struct network *n)
{
    return n->heal_ns && n->world->now_ns >= n->heal_ns;
}

static bool strikes(const struct network *n, struct packet *p, double chance, const char *place)
{
    return line_strikes(&p->prng, chance, place, healed(n));
}

static int64_t latency_ns(const struct network *n, struct packet *p)
{
    int64_t ns = line_latency_ns(n->plan, &p->prng);

    return ns + line_retransmit_ns(n->plan, &p->prng, healed(n));
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- to the client ---- */

static void fire_deliver(void *context, uint64_t id, void *payload)
{
    struct network *n = context;
    struct packet *p = payload;

    (void)id;
    n->deliver(p->host, p);
}

static void plan_deliver(struct network *n, struct packet *p, int64_t at_ns)
{
    if (!p->host) {
        packet_free(p);
        return;
    }
    world_plan(
        n->world,
        &(struct world_event){
            .at_ns = at_ns, .fire = fire_deliver, .drop = packet_free, .context = n, .payload = p});
}

static void break_at(struct network *n, struct packet *p, int64_t at_ns, bool maybe_delivered,
                     const char *text)
{
    packet_break(p, maybe_delivered, text);
    plan_deliver(n, p, at_ns);
}

/* Nothing more comes; last_ns: of the last byte. */
static void give_up(struct network *n, struct packet *p, int64_t last_ns)
{
    int64_t stall_ns = last_ns + p->stall_ns;
    int64_t at_ns = stall_ns < p->give_up_ns ? stall_ns : p->give_up_ns;

    break_at(n, p, later(at_ns, n->world->now_ns), true, "no answer in time");
}

/* ---- to the orchestrator ---- */

static bool has_pool(const struct network *n, const struct packet *p)
{
    return !n->real && p->host && p->link && p->life && p->life == p->link->kept.life;
}

static void fire_arrive(void *context, uint64_t id, void *payload)
{
    struct network *n = context;
    struct packet *p = payload;

    bool kept = false;

    (void)id;
    p->connection = 0;
    if (has_pool(n, p))
        p->connection = keepalive_take(&p->link->kept, n->server_life, n->world->now_ns, &kept);
    p->sent_again_if_dead = kept && strcmp(p->request.path, "/v3/tasks/submit") != 0;
    n->arrive(n->orchestrator, payload);
}

static void plan_arrive_at(struct network *n, struct packet *p, int64_t at_ns)
{
    world_plan(
        n->world,
        &(struct world_event){
            .at_ns = at_ns, .fire = fire_arrive, .drop = packet_free, .context = n, .payload = p});
}

/* The request gets there, sooner or later; its sender may have lost patience by then. */
static void plan_arrive(struct network *n, struct packet *p)
{
    int64_t now_ns = n->world->now_ns;
    int64_t sent_ns = now_ns + line_transfer_ns(n->plan->up_bytes_per_s, p->request.body.size);
    int64_t at_ns = later(sent_ns + latency_ns(n, p), link_of(p)->clogged_until_ns);

    if (p->host && sent_ns > p->give_up_ns) { /* its last byte never leaves */
        n->lost_requests++;
        break_at(n, p, p->give_up_ns, false, "not all of the request was sent in time");
    } else if (p->host && (at_ns > p->give_up_ns || at_ns > sent_ns + p->stall_ns)) {
        n->late_requests++;
        plan_arrive_at(n, packet_copy(p), at_ns);
        give_up(n, p, sent_ns);
    } else {
        plan_arrive_at(n, p, at_ns);
    }
}

static void send_reset(struct network *n, struct packet *p, bool early)
{
    int64_t now_ns = n->world->now_ns;

    n->resets++;
    if (early) {
        break_at(n, p, now_ns + latency_ns(n, p), false, "connection reset while sending");
    } else { /* it arrives, and nobody hears of it */
        plan_arrive(n, packet_copy(p));
        break_at(n, p, now_ns + 2 * latency_ns(n, p), true, "connection reset");
    }
}

void network_send(struct network *n, struct packet *p)
{
    int64_t now_ns = n->world->now_ns;
    bool lost, reset, twice, early;

    p->prng = prng_fork(&n->prng, p->id);
    lost = strikes(n, p, n->plan->loss, "loss");
    reset = strikes(n, p, n->plan->reset, "reset");
    twice = strikes(n, p, n->plan->duplicate, "duplicate");
    early = strikes(n, p, 0.5, "reset is early");
    p->sent_ns = now_ns;
    p->stall_ns = STALL_NS;
    p->give_up_ns = now_ns + TOTAL_NS + (int64_t)(p->request.body.size / PART_BYTES) * NS_PER_S;
    if (link_of(p)->up_cut) {
        n->lost_requests++;
        break_at(n, p, now_ns + CONNECT_NS, false, "no connection in time");
    } else if (reset) {
        send_reset(n, p, early);
    } else if (lost) {
        n->lost_requests++;
        give_up(n, p, now_ns);
    } else {
        if (twice) {
            n->duplicates++;
            p->twice = true;
            plan_arrive(n, packet_copy(p));
        }
        plan_arrive(n, p);
    }
}

/* ---- back ---- */

/* From the first byte of the body to the last; -1: a pause is too long for the client. An answer
 * has less than 2^26 bytes and a pause less than 2^35 ns, so nothing wraps. */
static int64_t body_ns(const struct network *n, const struct packet *p, const struct carriage *c,
                       size_t size)
{
    int64_t pauses = c->dribble_bytes && size ? (int64_t)((size - 1) / c->dribble_bytes) : 0;

    if (pauses && c->dribble_gap_ns > p->stall_ns)
        return -1;
    return pauses * c->dribble_gap_ns + line_transfer_ns(n->plan->down_bytes_per_s, size);
}

/* A kept connection that ends without a byte: libcurl sends the request again at once. */
static bool sends_again(struct network *n, struct packet *p, const struct carriage *c)
{
    int64_t at_ns = n->world->now_ns + c->delay_ns;

    if (!p->sent_again_if_dead || !c->cut_head || c->cut == FAULT_CUT_SILENCE ||
        at_ns > p->give_up_ns)
        return false;
    world_note(n->world, "network finds a kept connection dead, libcurl sends %s again",
               p->request.path);
    plan_arrive_at(n, p, at_ns);
    return true;
}

/* An undisturbed answer leaves its connection to the next request. */
static void keep_connection(struct network *n, struct packet *p, const struct carriage *c)
{
    int64_t at_ns = n->world->now_ns + c->delay_ns;

    if (has_pool(n, p) && p->connection && !c->cut_head && c->cut == FAULT_CUT_NONE &&
        !c->dribble_bytes && c->head == 0 && at_ns <= p->give_up_ns)
        keepalive_leave(&p->link->kept,
                        (struct keepalive_connection){.number = p->connection,
                                                      .free_ns = at_ns,
                                                      .server_life = n->server_life});
}

void network_answer(struct network *n, struct packet *p, const struct http_response *response,
                    const struct carriage *c)
{
    bool cut = c->cut_head || (c->cut != FAULT_CUT_NONE && c->cut_at < response->body.size);
    int64_t took_ns = body_ns(n, p, c, cut ? (size_t)c->cut_at : response->body.size);
    int64_t first_ns;
    bool lost;

    if (sends_again(n, p, c))
        return;
    keep_connection(n, p, c);
    first_ns =
        later(n->world->now_ns + c->delay_ns + latency_ns(n, p), link_of(p)->clogged_until_ns);
    lost = strikes(n, p, n->plan->loss, "answer loss");
    if (lost || link_of(p)->down_cut || (c->cut_head && c->cut == FAULT_CUT_SILENCE)) {
        n->lost_answers++;
        give_up(n, p, n->world->now_ns);
    } else if (took_ns < 0 || first_ns + took_ns > p->give_up_ns ||
               first_ns - n->world->now_ns > p->stall_ns) {
        give_up(n, p, n->world->now_ns);
    } else if (cut && c->cut == FAULT_CUT_SILENCE) {
        give_up(n, p, first_ns + took_ns);
    } else if (cut) {
        n->resets++;
        break_at(n, p, first_ns + took_ns, true,
                 c->cut == FAULT_CUT_RESET ? "connection reset" : "the answer ended early");
    } else if (c->head >= FAULT_HEAD_UNREADABLE) {
        n->resets++;
        break_at(n, p, first_ns, true, "the answer cannot be read");
    } else {
        struct http_response seen = *response;

        if (c->head == FAULT_HEAD_LENGTH_SHORT)
            seen.body.size /= 2;
        packet_answer(p, &seen);
        plan_deliver(n, p, first_ns + took_ns);
    }
}

void network_refuse(struct network *n, struct packet *p)
{
    n->resets++;
    break_at(n, p, n->world->now_ns + latency_ns(n, p), false, "connection refused");
}

void network_reset(struct network *n, struct packet *p)
{
    n->resets++;
    break_at(n, p, n->world->now_ns + latency_ns(n, p), true, "connection reset");
}
