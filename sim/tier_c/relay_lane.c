/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "sim/line.h"
#include "sim/tier_c/relay_inside.h"

#define SLICE_MOST  ((size_t)16384)
#define SLICE_LEAST ((size_t)256)
#define OUT_BYTES   ((size_t)65536) /* that wait for the system to take them */

static struct relay *relay_of(const struct relay_lane *l)
{
    return l->connection->relay;
}

static struct bufferevent *target_of(const struct relay_lane *l)
{
    return l->way == RELAY_UP ? l->connection->upstream : l->connection->client;
}

static bool is_cut(const struct relay_lane *l)
{
    return relay_now_ns(relay_of(l)) < relay_of(l)->cut_until_ns[l->way];
}

static void lane_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    relay_lane_flow(context);
}

bool relay_lane_init(struct relay_lane *l, struct relay_connection *c, enum relay_way way)
{
    *l = (struct relay_lane){.connection = c, .way = way};
    l->held = evbuffer_new();
    l->timer = evtimer_new(c->relay->options.loop, lane_timer, l);
    return l->held && l->timer;
}

void relay_lane_fini(struct relay_lane *l)
{
    if (l->held)
        evbuffer_free(l->held);
    if (l->timer)
        event_free(l->timer);
}

/* ---- turns ---- */

static void get_stuck(struct relay_lane *l, enum relay_cause cause)
{
    struct relay_counts *n = &relay_of(l)->counts;

    if (l->stuck)
        return;
    l->stuck = true;
    if (cause == RELAY_CUT) { /* what is under way too; a loss leaves the turns before it alone */
        evbuffer_drain(l->held, evbuffer_get_length(l->held));
        l->count = 0;
    }
    if (cause == RELAY_CUT)
        ++*(l->way == RELAY_UP ? &n->cut_up : &n->cut_down);
    else
        ++*(l->way == RELAY_UP ? &n->lost_up : &n->lost_down);
    if (l->way == RELAY_DOWN)
        relay_tell(l->connection, cause);
    if (relay_of(l)->options.hang_ns)
        relay_plan_reset(l->connection, relay_clock_ns(relay_of(l), relay_of(l)->options.hang_ns));
}

/* The choices are those of network_send and network_answer, in their order. */
static void begin_turn(struct relay_lane *l)
{
    struct relay_connection *c = l->connection;
    struct relay *r = c->relay;
    const struct scenario_network *plan = &r->options.plan;
    bool healed = relay_healed(r), up = l->way == RELAY_UP, lost, reset = false, early = false;
    int64_t again_ns;

    ++*(up ? &r->counts.turns_up : &r->counts.turns_down);
    lost = line_strikes(&l->prng, plan->loss, up ? "loss" : "answer loss", healed);
    if (up) {
        reset = line_strikes(&l->prng, plan->reset, "reset", healed);
        early = line_strikes(&l->prng, 0.5, "reset is early", false);
    }
    again_ns = line_retransmit_ns(plan, &l->prng, healed);
    r->counts.retransmits += again_ns > 0;
    l->late_ns = relay_clock_ns(r, line_latency_ns(plan, &l->prng) + again_ns);
    if (reset && early) {
        r->counts.resets_early++;
        l->stuck = true;
        relay_plan_reset(c, l->late_ns);
    } else if (reset) {
        c->reset_late = true;
    } else if (lost) {
        get_stuck(l, RELAY_LOST);
    }
}

static void speak(struct relay_lane *l)
{
    struct relay_connection *c = l->connection;
    struct relay *r = c->relay;
    bool up = l->way == RELAY_UP;

    if (!c->spoke || c->spoke_up != up) {
        c->spoke = true;
        c->spoke_up = up;
        begin_turn(l);
    }
    if (!up && c->reset_late) {
        c->reset_late = false;
        r->counts.resets_late++;
        l->stuck = true;
        relay_tell(c, RELAY_RESET);
        relay_plan_reset(c, l->late_ns);
    }
    if (is_cut(l))
        get_stuck(l, RELAY_CUT);
    /* Whoever has ended his side of an HTTP connection waits for nothing. */
    if (!up && c->up.end != RELAY_GOES_ON)
        relay_tell(c, RELAY_GONE);
}

/* ---- in ---- */

static uint64_t rate_of(const struct relay_lane *l)
{
    const struct scenario_network *plan = &relay_of(l)->options.plan;

    return l->way == RELAY_UP ? plan->up_bytes_per_s : plan->down_bytes_per_s;
}

/* Small enough that a slow line does not deliver in lumps: a twentieth of a second of it. */
static size_t slice_of(const struct relay_lane *l)
{
    uint64_t part = rate_of(l) / 20;

    if (!part || part > SLICE_MOST)
        return SLICE_MOST;
    return part < SLICE_LEAST ? SLICE_LEAST : (size_t)part;
}

static bool has_room(const struct relay_lane *l)
{
    return l->count < RELAY_PARTS && evbuffer_get_length(l->held) < relay_of(l)->options.held_bytes;
}

static void hold(struct relay_lane *l, struct evbuffer *input, size_t size)
{
    const struct relay *r = relay_of(l);
    int64_t now_ns = relay_now_ns(r), due_ns;
    unsigned at = (l->first + l->count++) % RELAY_PARTS;

    if (l->line_free_ns < now_ns)
        l->line_free_ns = now_ns;
    l->line_free_ns += relay_clock_ns(r, line_transfer_ns(rate_of(l), size));
    due_ns = l->line_free_ns + l->late_ns;
    if (due_ns > l->last_due_ns)
        l->last_due_ns = due_ns;
    l->parts[at].size = size;
    l->parts[at].due_ns = l->last_due_ns;
    evbuffer_remove_buffer(input, l->held, size);
}

/* As much of the input as there is room for. */
static void take(struct relay_lane *l)
{
    struct evbuffer *input = bufferevent_get_input(l->from);
    size_t size, slice = slice_of(l);

    while ((size = evbuffer_get_length(input)) > 0 && has_room(l)) {
        speak(l);
        if (l->stuck) {
            evbuffer_drain(input, size);
            return;
        }
        hold(l, input, size < slice ? size : slice);
    }
    if (size > 0 && bufferevent_get_enabled(l->from) & EV_READ) {
        relay_of(l)->counts.full++;
        bufferevent_disable(l->from, EV_READ);
    }
}

static void go_on_reading(struct relay_lane *l)
{
    if (!l->from)
        return;
    if (has_room(l) && l->end == RELAY_GOES_ON && !(bufferevent_get_enabled(l->from) & EV_READ))
        bufferevent_enable(l->from, EV_READ);
    take(l);
}

void relay_lane_read(struct relay_lane *l)
{
    take(l);
    relay_lane_flow(l);
}

/* ---- out ---- */

static int64_t due_of_next(const struct relay_lane *l)
{
    int64_t due_ns = l->count ? l->parts[l->first].due_ns : l->end_due_ns;
    const struct relay *r = relay_of(l);

    return due_ns < r->clogged_until_ns ? r->clogged_until_ns : due_ns;
}

static void note_clog(struct relay_lane *l, int64_t due_ns)
{
    bool waits = due_ns == relay_of(l)->clogged_until_ns;

    relay_of(l)->counts.clogged += waits && !l->waits;
    l->waits = waits;
}

static bool can_take_more(const struct relay_lane *l)
{
    struct bufferevent *target = target_of(l);

    return !target || evbuffer_get_length(bufferevent_get_output(target)) < OUT_BYTES;
}

/* false: the connection is gone. */
static bool pass_part(struct relay_lane *l)
{
    struct relay_connection *c = l->connection;
    size_t size = l->parts[l->first].size;

    if (l->way == RELAY_UP && !c->upstream && !relay_connect(c))
        return false;
    l->first = (l->first + 1) % RELAY_PARTS;
    l->count--;
    *(l->way == RELAY_UP ? &c->relay->counts.bytes_up : &c->relay->counts.bytes_down) += size;
    evbuffer_remove_buffer(l->held, bufferevent_get_output(target_of(l)), size);
    return true;
}

/* All bytes are through, and the end is due. */
static void pass_end(struct relay_lane *l)
{
    struct relay_connection *c = l->connection;
    const struct relay_lane *other = l->way == RELAY_UP ? &c->down : &c->up;
    struct bufferevent *target = target_of(l);

    if (l->way == RELAY_DOWN && l->stuck) { /* the client hangs until he has had enough */
        l->passed = true;
        if (c->up.passed)
            relay_end_both(c, false);
        return;
    }
    if (l->end == RELAY_RST || !target || l->stuck || other->end == RELAY_RST) {
        relay_end_both(c, l->end == RELAY_RST);
        return;
    }
    if (evbuffer_get_length(bufferevent_get_output(target)) > 0)
        return; /* relay_lane_flow is called again when it has left */
    l->passed = true;
    if (other->passed)
        relay_end_both(c, false);
    else
        shutdown(bufferevent_getfd(target), SHUT_WR);
}

void relay_lane_flow(struct relay_lane *l)
{
    int64_t now_ns = relay_now_ns(relay_of(l));

    if (l->count && is_cut(l))
        get_stuck(l, RELAY_CUT);
    go_on_reading(l);
    while (l->count && can_take_more(l)) {
        int64_t due_ns = due_of_next(l);

        if (due_ns > now_ns) {
            note_clog(l, due_ns);
            relay_wait(l->timer, due_ns - now_ns);
            break;
        }
        if (!pass_part(l))
            return;
        go_on_reading(l);
    }
    if (l->count || l->end == RELAY_GOES_ON || l->passed)
        return;
    if (due_of_next(l) > now_ns)
        relay_wait(l->timer, due_of_next(l) - now_ns);
    else
        pass_end(l);
}

void relay_lane_ended(struct relay_lane *l, enum relay_end end)
{
    struct relay_connection *c = l->connection;
    const struct relay *r = c->relay;

    if (l->end != RELAY_GOES_ON)
        return;
    take(l);
    l->end = end;
    l->end_due_ns = relay_now_ns(r) + l->late_ns;
    if (l->end_due_ns < l->last_due_ns)
        l->end_due_ns = l->last_due_ns;
    if (l->way == RELAY_UP &&
        (c->down.count || evbuffer_get_length(bufferevent_get_output(c->client))))
        relay_tell(c, RELAY_GONE);
    relay_lane_flow(l);
}
