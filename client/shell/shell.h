/* SPDX-License-Identifier: Apache-2.0 */
/* The loop around the client's core (or a reference client, runtime.h): performs its actions, brings it its events.
 *
 * Everything the loop needs is handed in; it owns nothing. One thread; it blocks only in one wait
 * for the network, the prover, the stop descriptor, or the core's deadline.
 *
 * Source:  style.md 6.
 */
#pragma once
#include "base/clock.h"
#include "client/core/runtime.h"
#include "client/shell/prover.h"
#include "client/shell/transport_curl.h"

/* A further descriptor that the loop waits for. */
struct shell_watch {
    int fd;
    void (*ready)(void *context); /* when it is readable */
    void *context;
};

#define SHELL_MAX_WATCHES 4

struct shell {
    struct runtime *runtime;
    const struct clock *clock;
    struct transport_curl *transport;
    struct prover *prover;
    struct outbox *outbox;
    int stop_fd; /* each read that gives bytes is one wish to stop (signalfd or a pipe) */
    void (*tell)(void *context, const struct line *line, int64_t wall_ns);
    void (*proved)(void *context, const struct prover_outcome *outcome, int64_t wall_ns);
    struct telemetry (*measure)(void *context); /* asked after each proof */
    /* Keeps until when a route is held; wall time. */
    enum status (*hold)(void *context, enum core_route route, int64_t until_wall_ns,
                        struct why *why);
    /* Keeps what has been learnt, for the next run; may be NULL. */
    enum status (*keep)(void *context, const struct learnt *learnt, struct why *why);
    void (*stopping)(void *context); /* the wish to stop has been heard; may be NULL */
    void *context; /* of tell, proved, measure, hold, keep and stopping */
    const struct shell_watch *watches;
    size_t watch_count;
};

enum core_end shell_run(struct shell *s);
