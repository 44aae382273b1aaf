/* SPDX-License-Identifier: Apache-2.0 */
/* Requests over HTTP/1.1 and TLS with libcurl's multi interface: nothing blocks but the one wait.
 *
 * Against the reference's 10 s for a whole request: 10 s to connect, then a time that grows with
 * the body, and an end when nothing moves for a while (client.md 1.2, users-want.md 12): a proof of
 * 2 MiB may take 5 min, which an uplink of 8 KiB/s needs. Redirects stay with the same server
 * (redirect.h); one that is not followed is an answer like others. Proxies are taken from the usual
 * variables of the environment, in either case.
 *
 * libcurl repeats a request on a new connection by itself when a kept one turns out to be dead,
 * even if the server read it. Of a request sent `once` it has the body but once, so that it can do
 * so only while no byte of the body has left: each submission is sent as often as the core wants.
 * One without a body gets a new connection, whose request is not repeated. The TLS session is that
 * of an older connection, if the server agrees: no certificate is sent and verified again.
 *
 * Owner:   heap; a reply is valid until the next call of transport_curl_take or _free.
 * Threads: one owner.
 * Errors:  ST_NO_MEMORY; transport_curl_new: ST_INPUT for a URL that is none of http or https.
 */
#pragma once
#include <poll.h>
#include <stdbool.h>

#include "proto/http.h"

#define TRANSPORT_MAX_FDS 8

struct transport_options {
    const char *base_url; /* a trailing '/' is dropped; copied */
    const char *ca_file;  /* --cacert, read once; NULL: the system's roots */
    const char *unix_path; /* a socket file instead of the URL's host and port; NULL: none; copied */
    size_t response_limit;
    /* 0: the default */
    long connect_ms;        /* 10 000 */
    long total_ms;          /* 30 000, and 1 s more for each 8 KiB of the body */
    long stall_s;           /* 60: less than one byte a second for so long is the end; what the system
                               has taken but a slow uplink not yet sent looks like that too */
    long keep_connection_s; /* 600; a connection that waits is asked once a minute if it lives */
};

struct transport_reply {
    uint64_t id;
    bool answered;
    struct http_response response; /* when answered */
    bool maybe_delivered;          /* otherwise: all bytes of the request had left */
    char text[256];                /* otherwise: why */
};

struct transport_curl;

enum status MUST_USE transport_curl_new(struct transport_curl **out,
                                        const struct transport_options *o, struct why *why);
void transport_curl_free(struct transport_curl *t); /* drops what is under way */

/* Copies the request. */
enum status MUST_USE transport_curl_send(struct transport_curl *t, uint64_t id,
                                         const struct http_request *request, bool once,
                                         struct why *why);

/* Waits for the network, for one of the descriptors to be readable, or for the time to pass. */
void transport_curl_wait(struct transport_curl *t, struct pollfd *fds, unsigned count,
                         int timeout_ms);

/* For whoever owns the time: when libcurl wants its turn although nothing arrives; -1: never. */
long transport_curl_timeout_ms(struct transport_curl *t);

bool transport_curl_take(struct transport_curl *t, struct transport_reply *out);

/* One request, waited for. ST_IO without an answer, ST_CANCELLED when stop_fd (or -1) becomes
 * readable. */
enum status MUST_USE transport_curl_call(struct transport_curl *t, struct transport_reply *out,
                                         const struct http_request *request, int stop_fd,
                                         struct why *why);
