/* SPDX-License-Identifier: Apache-2.0 */
/* "HOST:PORT" to a listening socket.
 *
 * Errors:  ST_INPUT: not numeric HOST:PORT; ST_EXISTS: in use; ST_IO.
 */
#pragma once
#include "base/status.h"

struct address_bound {
    int fd; /* listening, non-blocking, TCP_NODELAY inherited by its connections */
    unsigned port;
    char url[80];
};

enum status MUST_USE address_listen(struct address_bound *out, const char *address,
                                    struct why *why);
