/* SPDX-License-Identifier: Apache-2.0 */
/* A line of real TCP connections that is as bad as a scenario says: it listens on a free loopback
 * port, forwards the bytes of each connection to one address and back, and does to them what
 * sim/network.h does to messages under virtual time. TLS passes through; nothing is looked at.
 *
 *   client --[held: latency, bandwidth]--> upstream        one lane up, one lane down, each with a
 *          <--[held: latency, bandwidth]--                 bounded buffer
 *
 * A *turn* is what one side says until the other one speaks: a request, an answer, a flight of a
 * TLS handshake. It stands for the message of the scenario, and chance strikes turns:
 *
 *   latency, jitter   the whole turn is so much later
 *   retransmit        … and 1, 3, 7 … s more, with all that follows in this direction: TCP's order
 *   bytes per second  of each connection and direction
 *   loss              its bytes, and all later ones of this direction, go nowhere: the connection
 *                     hangs, as when every repetition is lost, until one side loses patience,
 *                     or for hang_ns
 *   reset             half of them before the turn reaches upstream, half when the answer comes:
 *                     the client gets an RST, upstream the end of the connection
 *   duplicate         refused by relay_new: TCP delivers no byte twice
 *   partition         whoever speaks meanwhile hangs as by a loss; silent connections live on. The
 *                     system itself accepts new ones: they hang with their first byte, where a
 *                     client behind a real partition would have none
 *   clog              everything waits for its end, then arrives in order, whether or not its
 * sender is still there
 *
 * Upstream is connected to with the first byte that arrives there; when it refuses, the client gets
 * an RST. Ends travel behind the bytes before them, an RST as an RST. Of two connections with the
 * same number (in the order of accepting) and the same turns the same becomes, from one seed.
 *
 * Source:  simulation.md 1, 2 (tier C).
 * Units:   the scenario's nanoseconds, which pass `speed` times as fast as the clock's.
 * Owner:   heap (relay_free accepts NULL). Loop, clock and tape are borrowed, and outlive it.
 * Threads: the loop's. The process ignores SIGPIPE: ends may be gone.
 * Errors:  ST_INPUT, ST_EXISTS (the port is in use), ST_NO_MEMORY, ST_IO. Without memory for a
 * connection it is reset.
 */
#pragma once
#include <event2/event.h>

#include "base/clock.h"
#include "mockorch/scenario/scenario.h"
#include "sim/choice.h"

struct relay;

struct relay_options {
    struct event_base *loop;
    const struct clock *clock; /* NULL: the machine's */
    const char *upstream;      /* "127.0.0.1:8080", "[::1]:8080" */
    struct scenario_network plan;
    uint64_t seed;
    struct choice_tape *tape; /* NULL: none */
    double speed;             /* > 0; 0: as fast as the clock */
    int64_t zero_ns;          /* the clock's time when the scenario began; 0: now */
    int64_t heal_ns;          /* of the scenario: nothing strikes from then on; 0: never */
    int64_t hang_ns;          /* then what hangs ends with an RST for the client; 0: never */
    unsigned port;            /* to listen on; 0: a free one */
    unsigned max_connections; /* more wait to be accepted; 0: 256 */
    size_t held_bytes;        /* of each lane; more is not read; 0: 256 KiB */
};

enum status MUST_USE relay_new(struct relay **out, const struct relay_options *options,
                               struct why *why);
/* All connections end at once; what is held is dropped. */
void relay_free(struct relay *r);

unsigned relay_port(const struct relay *r); /* on 127.0.0.1 */

/* From now on, for so long; 0: until it heals, or for good. A second one only makes it longer. */
void relay_cut(struct relay *r, bool up, bool down, int64_t for_ns);
void relay_clog(struct relay *r, int64_t for_ns);
/* What of these an event of a scenario (partition, partition_up, partition_down, clog) means, begun
 * now; false: another kind of event. */
bool relay_strike(struct relay *r, const struct scenario_event *e);

/* No new connections; those that there are go on. */
void relay_close(struct relay *r);
unsigned relay_connections(const struct relay *r);

/* ---- what it did ---- */

struct relay_counts {
    uint64_t connections, most_at_once, refused; /* refused: by upstream */
    uint64_t turns_up, turns_down;
    uint64_t bytes_up, bytes_down; /* that got through */
    uint64_t lost_up, lost_down;   /* turns, by chance */
    uint64_t cut_up, cut_down;     /* … and by partitions */
    uint64_t resets_early, resets_late;
    uint64_t retransmits;  /* turns that are late by it */
    uint64_t clogged;      /* times that a lane had to wait for the end of one */
    uint64_t full;         /* times that a lane stopped reading: its buffer was full */
    uint64_t answers_lost; /* all of struct relay_loss */
};
const struct relay_counts *relay_counts(const struct relay *r);

/* A turn of upstream of which not all has reached the client: whoever judges by what upstream knows
 * (sim/tier_c/journal_judge.h) has to know. It is the last one of its connection. */
enum relay_cause {
    RELAY_LOST,  /* by chance */
    RELAY_CUT,   /* by a partition */
    RELAY_RESET, /* by a reset */
    RELAY_GONE,  /* the client had ended the connection, and may have sent long before */
};

struct relay_loss {
    unsigned port; /* of the connection to upstream, on this side */
    enum relay_cause cause;
    int64_t at_ns; /* of the clock */
};

#define RELAY_LOSSES 65536 /* later ones are counted only */

const struct relay_loss *relay_losses(const struct relay *r, size_t *count);
