/* SPDX-License-Identifier: Apache-2.0 */
/* Carries one answer to one connection the way its carriage says: late, cut off, in drops, or not at
 * all. An undisturbed answer goes out through evhttp; a disturbed one takes the connection over.
 *
 * Owner:   a delivery is made for a request and frees itself when it is through, when the client goes
 *          away, or in delivery_drop.
 * Threads: the event loop's.
 */
#pragma once
#include <event2/event.h>
#include <event2/http.h>

#include "mockorch/core/fault.h"

struct delivery;

struct delivery_end {
    void (*done)(void *context, struct delivery *d); /* just before it frees itself */
    void *context;
};

/* Holds on to the request; NULL without memory (the request is then answered 500). */
struct delivery *delivery_new(struct event_base *loop, struct evhttp_request *request,
                              struct delivery_end end);
/* Copies the response; nothing goes out yet. */
void delivery_load(struct delivery *d, const struct http_response *response,
                   const struct carriage *carriage);
/* What was loaded, or took its place; valid until the delivery starts. */
void delivery_response(struct delivery *d, struct http_response *out);
/* Instead of what was loaded: a bare 500. */
void delivery_give_up(struct delivery *d);
/* Starts. last: the connection ends behind it. */
void delivery_start(struct delivery *d, bool last);
/* For `done`: all of the answer went to the system; false: the client was gone before. */
bool delivery_is_whole(const struct delivery *d);
/* Nothing more will come of it until the client leaves (FAULT_CUT_SILENCE). */
bool delivery_is_silent(const struct delivery *d);
/* At once, whatever its state; `done` is not called. */
void delivery_drop(struct delivery *d);
