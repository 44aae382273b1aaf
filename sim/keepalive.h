/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of one process that wait for their next request, as libcurl keeps them: a request
 * that goes over one of them and finds it dead, before a byte of the answer, is sent again by
 * libcurl itself, even if the server had read it. Found by tier B, modelled for tier A. (Not so a
 * submission: client/shell/transport_curl.h.) The one that was opened first is taken first, whoever
 * used it last.
 *
 * Owner:   plain value.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEEPALIVE_MOST 4 /* for one request under way; more are hardly ever */

struct keepalive {
    uint64_t life; /* of the process; 0: there is none */
    uint64_t opened; /* so far */
    struct keepalive_connection {
        uint64_t number; /* in the order of opening, from 1 */
        int64_t free_ns; /* the answer before has been read */
        unsigned server_life;
    } idle[KEEPALIVE_MOST]; /* by number */
    size_t count;
};

/* A new process has none; life 0: it is gone. */
void keepalive_begin(struct keepalive *k, uint64_t life);
void keepalive_leave(struct keepalive *k, struct keepalive_connection c);
/* The number of the connection that the request goes over. *kept: it is not a new one. */
uint64_t keepalive_take(struct keepalive *k, unsigned server_life, int64_t now_ns, bool *kept);
