/* SPDX-License-Identifier: Apache-2.0 */
/* The pages beside the protocol, and who may see them.
 *
 *   GET  /healthz             "ok", for everybody
 *   GET  /metrics             Prometheus text
 *   GET  /admin/openapi.yaml  what can be called below /admin/
 *   GET  /admin/har           what --record has recorded, as an HTTP Archive
 *        /admin/…             mockorch/core/admin.h
 *
 * All but /healthz are for those on a loopback or unix-socket listener, and otherwise for those who
 * send "Authorization: Bearer TOKEN". Without a token nobody elsewhere sees them (403). A web page of
 * another place may not call them through somebody's browser: an Origin must be our own.
 *
 * Owner:   everything is borrowed for the call.
 */
#pragma once
#include <stdbool.h>

#include "mockorch/core/orchestrator.h"
#include "mockorch/server/metrics.h"

struct evhttp_request;

struct pages {
    struct orchestrator *orchestrator;
    const struct metrics_times *times;
    const char *token; /* NULL: none */
    const char *tape;  /* file of the recording; NULL: none */
    const char *url;   /* of the protocol's listener */
    int64_t wall_at_zero_ns;
};

/* Is this path a page? A query string does not matter. */
bool pages_own(const char *uri);

/* Answers it. trusted: it came to a listener that only this machine can reach. */
void pages_answer(const struct pages *p, struct evhttp_request *r, bool trusted, int64_t now_ns);
