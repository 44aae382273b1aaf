/* SPDX-License-Identifier: Apache-2.0 */
/* The server's TLS context: a certificate of the user, or a throw-away one made on the spot.
 *
 *   CERT,KEY            PEM files; CERT may hold the chain
 *   self                for localhost, 127.0.0.1 and ::1, valid for a week
 *   self:expired        … which ended yesterday
 *   self:future         … which begins tomorrow
 *   self:wrong-host     … for another name
 *
 * The last three are faults: a good client refuses them and says why. A client trusts a throw-away
 * certificate only when it is told to (`nxp start --cacert FILE`, tls_options.certificate_out).
 *
 * TLS 1.2 and 1.3, HTTP/1.1 by ALPN; a session is gone on with by its ticket.
 *
 * Owner:   heap (tls_free accepts NULL).
 * Errors:  ST_INPUT: the text, a file that is no certificate or key, or two that do not belong
 *          together; ST_IO; ST_NO_MEMORY.
 */
#pragma once
#include <stdint.h>

#include "base/status.h"

struct tls;
struct bufferevent;
struct event_base;

struct tls_options {
    const char *certificate;     /* as above */
    const char *certificate_out; /* PEM of the throw-away certificate goes there; may be NULL */
    const char *key_out;         /* … and of its key, 0600; may be NULL */
    int64_t wall_s;              /* Unix seconds now, for its validity */
    int64_t valid_s;             /* of `self`; 0: a week */
};

enum status MUST_USE tls_new(struct tls **out, const struct tls_options *options,
                             struct why *why);
void tls_free(struct tls *t);

/* A server's side of a connection that evhttp will give a descriptor; NULL when there is no memory.
 * context: struct tls. For evhttp_set_bevcb. */
struct bufferevent *tls_accept(struct event_base *loop, void *context);
