/* SPDX-License-Identifier: Apache-2.0 */
/* An answer under construction: status, body and headers as the network's own servers write them.
 *
 * Source:  client.md 1.3 to 1.5, 13.1.
 * Owner:   heap inside (reply_fini). The response that reply_response lays out borrows the reply.
 */
#pragma once
#include "mockorch/core/fault.h"
#include "mockorch/core/settings.h"

struct reply {
    unsigned status; /* 0: nothing to send */
    struct buffer body;
    const char *content_type; /* NULL: none */
    char retry_after[FAULT_TEXT];
    char location[FAULT_TEXT];
    char date[30];
    char rate_limit[64], rate_policy[64];                   /* new fields; "": none */
    char old_limit[16], old_remaining[16], old_reset[24];   /* X-RateLimit-… */
    int64_t date_offset_s; /* the server's clock is off by so much */
};

void reply_init(struct reply *r);
void reply_fini(struct reply *r);

/* 200 with an empty body; encode the message into body afterwards. */
void reply_good(struct reply *r);
/* The JSON of 1.4. message NULL: what the network says with this status on this call. */
void reply_error(struct reply *r, enum call call, unsigned status, const char *message);
/* Whole seconds, rounded up; date: as a date, counted from the wall clock that is shown. */
void reply_retry_after_ns(struct reply *r, int64_t wait_ns, bool date, int64_t shown_ns);

/* What is left of an allowance. */
void reply_rate_limit(struct reply *r, enum settings_fields fields, const char *name,
                      const struct quota *q, int64_t now_ns);

/* Replaces (status, body, headers) or damages what is there as the orders say. */
void reply_apply_faults(struct reply *r, enum call call, const struct fault_orders *orders,
                        int64_t wall_s);

/* Headers and all. A body that got no memory becomes a bare 500. */
void reply_response(struct reply *r, struct http_response *out, int64_t wall_s);
