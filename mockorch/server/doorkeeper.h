/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come in, how long a request may take to arrive, and how much of them may lie here.
 *
 *            accept ──> arriving ──whole──> answering ──answered──> idle
 *                          ^                                          │
 *                          └───────────── a byte comes ───────────────┘
 *
 * A connection too many gets 503 and ends. So does one whose body would be too much beside the others'.
 * One that is arriving for too long gets 408 and ends; idle ones are evhttp's business. With TLS they
 * just end. What ends here is not processed.
 *
 * evhttp 2.1 tells neither of connections nor of their ends. So they are counted by their descriptors:
 * the system always gives out the lowest free one, hence one that is `connections` above the first
 * means that so many are open.
 *
 * Owner:   heap; loop and clock are borrowed. Free it after the connections.
 * Threads: the event loop's.
 * Errors:  ST_NO_MEMORY.
 */
#pragma once
#include <event2/bufferevent.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/status.h"

struct doorkeeper;

struct doorkeeper_options {
    struct event_base *loop;
    const struct clock *clock;
    unsigned connections; /* as far as the system allows: its limit of open files is raised */
    int64_t arrival_ns;   /* from a request's first byte (the first one's: from accept) to its last */
    size_t bytes;         /* of all requests that arrive or are being answered */
};

struct doorkeeper_ticket { /* of a request that is here as a whole */
    int place;
    uint64_t cookie;
};

/* Call it when everything else is open: later descriptors count as connections. */
enum status MUST_USE doorkeeper_new(struct doorkeeper **out,
                                    const struct doorkeeper_options *options, struct why *why);
void doorkeeper_free(struct doorkeeper *k);
/* Connections that there may be at once. */
unsigned doorkeeper_connections(const struct doorkeeper *k);

/* The stream of a connection that is being accepted; it has its descriptor soon after. */
void doorkeeper_admit(struct doorkeeper *k, struct bufferevent *stream);
/* Its request is here as a whole. false: it was sent away with these very bytes, and nobody waits for
 * an answer. */
bool MUST_USE doorkeeper_whole(struct doorkeeper *k, struct doorkeeper_ticket *out,
                               struct bufferevent *stream);
/* The answer has gone, or the connection has. */
void doorkeeper_answered(struct doorkeeper *k, struct doorkeeper_ticket ticket);
