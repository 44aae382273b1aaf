/* SPDX-License-Identifier: Apache-2.0 */
/* One page of a host that is no orchestrator: fetched once, bounded in size and time.
 *
 * Owner:   heap; the body is the page's until page_free.
 * Threads: one at a time; page_new where libcurl may still have to be started.
 * Errors:  ST_INPUT for an address that is none, ST_IO without an answer, ST_CANCELLED when stop_fd
 *          (or -1) becomes readable, ST_NO_MEMORY.
 */
#pragma once
#include "client/shell/transport_curl.h"

struct page_options {
    const char *url;        /* http://… or https://… */
    const char *user_agent; /* NULL: none */
    const char *ca_file;    /* NULL: the system's roots */
    long limit_ms;          /* for all of it */
    size_t limit_bytes;
};

struct page;

enum status MUST_USE page_new(struct page **out, const struct page_options *o, struct why *why);
void page_free(struct page *p);

/* Whatever the status of the answer is: *status and *body are written on ST_OK. */
enum status MUST_USE page_get(struct page *p, unsigned *status, struct bytes *body, int stop_fd,
                              struct why *why);
