/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of one process that wait for their next request, as libcurl keeps them: a request
 * that goes over one of them and finds it dead, before a byte of the answer, is sent again by
 * libcurl itself, even if the server had read it. Found by tier B, modelled for tier A.
 *
 * A submission never uses one (client/shell/transport_curl.h), but leaves one behind.
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
    struct keepalive_connection {
        int64_t free_ns; /* the answer before has been read */
        unsigned server_life;
    } idle[KEEPALIVE_MOST];
    size_t count;
};

/* A new process has none; life 0: it is gone. */
void keepalive_begin(struct keepalive *k, uint64_t life);
void keepalive_leave(struct keepalive *k, struct keepalive_connection c);
/* true: the request goes over one of them. */
bool keepalive_take(struct keepalive *k, unsigned server_life, int64_t now_ns);
