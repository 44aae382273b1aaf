/* SPDX-License-Identifier: Apache-2.0 */
/* One request on its way, and what becomes of it: an answer, or words why there is none.
 *
 * Owner:   heap, with copies of all that it points at. Whoever has it passes it on or frees it.
 */
#pragma once
#include "base/prng.h"
#include "proto/http.h"

struct network_link;

struct packet {
    void *host;     /* who waits for it; NULL: nobody (a copy that the network made) */
    uint64_t life;  /* of the host's process: another one does not know the request */
    uint64_t id;    /* the core's */
    struct network_link *link; /* the sender's; NULL: one that nothing happens to */
    struct http_request request;
    uint64_t connection; /* its number among the sender's; 0: none */
    bool sent_again_if_dead; /* that is a kept one, and libcurl may repeat the request */
    bool twice;     /* the network delivers the request two times */
    struct prng prng; /* what the network does to it, independent of what it does to others */
    int64_t sent_ns;
    int64_t give_up_ns, stall_ns; /* the client's limits: in all, and without a byte */

    bool answered;
    struct http_response response; /* when answered */
    void *answer;                  /* its memory */
    bool maybe_delivered;          /* otherwise: all bytes of the request had left */
    const char *text;              /* otherwise: why; a constant */
};

struct packet *packet_new(const struct http_request *request);
struct packet *packet_copy(const struct packet *p);
void packet_free(void *packet);

void packet_answer(struct packet *p, const struct http_response *response);
void packet_break(struct packet *p, bool maybe_delivered, const char *text);
