/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/network.h"

#include "base/clock.h"

/* client/shell/transport_curl.h */
#define CONNECT_NS (10 * NS_PER_S)
#define TOTAL_NS   (30 * NS_PER_S)
#define STALL_NS   (30 * NS_PER_S)
#define PART_BYTES 8192 /* one second more for each of the body */

static bool strikes(struct network *n, double chance, const char *place)
{
    bool drawn;

    prng_place(&n->prng, place);
    drawn = prng_chance(&n->prng, chance);

    return drawn && (!n->heal_ns || n->world->now_ns < n->heal_ns);
}

static int64_t latency_ns(struct network *n)
{
    prng_place(&n->prng, "jitter");
    return n->plan->latency_ns + prng_between(&n->prng, 0, n->plan->jitter_ns);
}

static int64_t transfer_ns(const struct network *n, size_t size)
{
    /* sizes stay below 2^30, so the product stays below 2^60 */
    return n->plan->bytes_per_s ? (int64_t)((uint64_t)size * (uint64_t)NS_PER_S /
                                            n->plan->bytes_per_s)
                                : 0;
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
    world_plan(n->world, &(struct world_event){.at_ns = at_ns,
                                               .fire = fire_deliver,
                                               .drop = packet_free,
                                               .context = n,
                                               .payload = p});
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

    break_at(n, p, stall_ns < p->give_up_ns ? stall_ns : p->give_up_ns, true,
             "no answer in time");
}

/* ---- to the orchestrator ---- */

static void fire_arrive(void *context, uint64_t id, void *payload)
{
    struct network *n = context;

    (void)id;
    n->arrive(n->orchestrator, payload);
}

static void plan_arrive(struct network *n, struct packet *p)
{
    int64_t at_ns =
        n->world->now_ns + latency_ns(n) + transfer_ns(n, p->request.body.size);

    world_plan(n->world, &(struct world_event){.at_ns = at_ns,
                                               .fire = fire_arrive,
                                               .drop = packet_free,
                                               .context = n,
                                               .payload = p});
}

void network_send(struct network *n, struct packet *p)
{
    int64_t now_ns = n->world->now_ns;
    bool lost = strikes(n, n->plan->loss, "loss"), reset = strikes(n, n->plan->reset, "reset");
    bool twice = strikes(n, n->plan->duplicate, "duplicate");
    bool early = strikes(n, 0.5, "reset is early");

    p->stall_ns = STALL_NS;
    p->give_up_ns =
        now_ns + TOTAL_NS + (int64_t)(p->request.body.size / PART_BYTES) * NS_PER_S;
    if (n->partitions) {
        n->lost_requests++;
        break_at(n, p, now_ns + CONNECT_NS, false, "no connection in time");
    } else if (reset && early) {
        n->resets++;
        break_at(n, p, now_ns + latency_ns(n), false, "connection reset while sending");
    } else if (reset) { /* it arrives, and nobody hears of it */
        struct packet *unheard = packet_copy(p);

        n->resets++;
        plan_arrive(n, unheard);
        break_at(n, p, now_ns + 2 * latency_ns(n), true, "connection reset");
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

/* From the first byte of the body to the last; -1: a pause is too long for the client. An answer has
 * less than 2^26 bytes and a pause less than 2^35 ns, so nothing wraps. */
static int64_t body_ns(const struct network *n, const struct packet *p,
                       const struct carriage *c, size_t size)
{
    int64_t pauses = c->dribble_bytes && size ? (int64_t)((size - 1) / c->dribble_bytes) : 0;

    if (pauses && c->dribble_gap_ns > p->stall_ns)
        return -1;
    return pauses * c->dribble_gap_ns + transfer_ns(n, size);
}

void network_answer(struct network *n, struct packet *p, const struct http_response *response,
                    const struct carriage *c)
{
    int64_t first_ns = n->world->now_ns + c->delay_ns + latency_ns(n);
    bool lost = strikes(n, n->plan->loss, "answer loss");
    bool cut = c->cut_head || (c->cut != FAULT_CUT_NONE && c->cut_at < response->body.size);
    int64_t took_ns = body_ns(n, p, c, cut ? (size_t)c->cut_at : response->body.size);

    if (lost || n->partitions || (c->cut_head && c->cut == FAULT_CUT_SILENCE)) {
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
