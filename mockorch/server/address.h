/* SPDX-License-Identifier: Apache-2.0 */
/* "HOST:PORT" or "unix:PATH" to a listening socket.
 *
 * A socket file that a dead process left behind is replaced; one that somebody listens on is not.
 *
 * Owner:   the descriptor is the caller's. address_forget removes the socket file of "unix:PATH".
 * Errors:  ST_INPUT: neither numeric HOST:PORT nor unix:PATH; ST_EXISTS: in use; ST_IO.
 */
#pragma once
#include <stdbool.h>

#include "base/status.h"

struct address_bound {
    int fd; /* listening, non-blocking, TCP_NODELAY inherited by its connections */
    unsigned port; /* 0 for unix:PATH */
    bool local;    /* loopback or unix: only this machine can reach it */
    char place[128]; /* "127.0.0.1:41873", "[::1]:80", "unix:PATH" */
};

enum status MUST_USE address_listen(struct address_bound *out, const char *address,
                                    struct why *why);
void address_forget(const struct address_bound *bound);
