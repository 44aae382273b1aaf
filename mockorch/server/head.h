/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes around a body, right or wrong in a way that has a name (enum fault_head).
 *
 * Source:  RFC 9112.
 */
#pragma once
#include "mockorch/core/fault.h"

struct evbuffer;

struct head {
    unsigned status;
    const struct http_header *headers;
    size_t header_count;
    size_t body_size; /* before head_wrap */
    enum fault_head wrong;
};

void head_put(struct evbuffer *out, const struct head *head);
/* What a transfer coding puts around the body, which may then be cut or dribbled like any other. */
void head_wrap(struct evbuffer *body, enum fault_head wrong);
