/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP exchange at a time with the orchestrator under test, over one kept connection.
 *
 * Owner:   heap (exchange_free). The answer is valid until the next call.
 * Errors:  a call that gets no answer has status 0 and words in `text`.
 */
#pragma once
#include "proto/http.h"

struct exchange;

struct exchange_options {
    const char *base_url, *ca_file; /* ca_file may be NULL */
};

struct exchange *exchange_new(const struct exchange_options *o);
void exchange_free(struct exchange *x);

struct answer {
    unsigned status;
    struct bytes body;
    char content_type[80], retry_after[80]; /* "" when absent */
    char text[256];                         /* why there is none */
};

const struct answer *exchange_call(struct exchange *x, const struct http_request *request);
