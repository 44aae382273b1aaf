/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the relay share among themselves; nobody else includes it.
 *
 *   relay.c             listening, partitions, connections from accept to end
 *   relay_lane.c        one direction of a connection: what is held, until when
 */
#pragma once
#include "sim/tier_c/relay.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define RELAY_PARTS 64

struct relay_connection;

enum relay_way { RELAY_UP, RELAY_DOWN };

enum relay_end {
    RELAY_GOES_ON,
    RELAY_FIN,
    RELAY_RST,
};

/* From one socket to the other. */
struct relay_lane {
    struct relay_connection *connection;
    enum relay_way way;
    struct bufferevent *from; /* NULL: not connected yet */
    struct evbuffer *held;    /* the parts, one behind the other */
    struct {
        size_t size;
        int64_t due_ns; /* of the clock; never before the part ahead of it */
    } parts[RELAY_PARTS];
    unsigned first, count;
    struct event *timer;  /* the first part, or the end, is due */
    int64_t line_free_ns; /* the bandwidth is used up until then */
    int64_t last_due_ns;
    int64_t late_ns; /* of this turn: latency and what TCP's repetition adds */
    struct prng prng;
    bool stuck;         /* nothing gets through any more */
    bool waits;         /* for the end of a clog; already counted */
    bool told;          /* a loss of this connection is on the list */
    enum relay_end end; /* of `from` */
    int64_t end_due_ns;
    bool passed; /* the end is through */
};

struct relay_connection {
    TAILQ_ENTRY(relay_connection) next;
    struct relay *relay;
    struct bufferevent *client, *upstream; /* upstream: NULL until a byte gets there */
    struct relay_lane up, down;
    unsigned port;        /* ours, towards upstream; 0: none yet */
    bool spoke, spoke_up; /* somebody did; the client was the last one */
    bool reset_late;      /* when upstream answers */
    struct event *reset;  /* … or the client gets an RST then; NULL: not planned */
};

TAILQ_HEAD(relay_list, relay_connection);

struct relay {
    struct relay_options options;
    struct sockaddr_storage upstream;
    int upstream_size;
    struct evconnlistener *listener;
    unsigned port;
    struct prng prng;
    struct choice_listener ear;
    struct relay_list connections;
    unsigned open;
    bool closed;
    uint64_t accepted;
    int64_t cut_until_ns[2], clogged_until_ns; /* of the clock, by enum relay_way */
    struct relay_counts counts;
    struct relay_loss *losses;
    size_t loss_count, loss_capacity;
};

/* ---- relay.c ---- */

int64_t relay_now_ns(const struct relay *r);
int64_t relay_clock_ns(const struct relay *r, int64_t scenario_ns); /* a span */
bool relay_healed(const struct relay *r);
void relay_wait(struct event *timer, int64_t ns);
/* NULL: upstream is not there, or no memory; the connection is gone then. */
bool MUST_USE relay_connect(struct relay_connection *c);
/* The connection may be gone afterwards. */
void relay_end_both(struct relay_connection *c, bool reset);
void relay_plan_reset(struct relay_connection *c, int64_t in_ns);
void relay_tell(struct relay_connection *c, enum relay_cause cause);

/* ---- relay_lane.c ---- */

bool MUST_USE relay_lane_init(struct relay_lane *l, struct relay_connection *c, enum relay_way way);
void relay_lane_fini(struct relay_lane *l);
/* Its source has bytes, or has ended. The connection may be gone afterwards. */
void relay_lane_read(struct relay_lane *l);
void relay_lane_ended(struct relay_lane *l, enum relay_end end);
/* What is due goes on. The connection may be gone afterwards. */
void relay_lane_flow(struct relay_lane *l);
