/* SPDX-License-Identifier: Apache-2.0 */
/* Answers out of a recording, and what differs between a recorded answer and a live one.
 *
 * The k-th request of a method and path gets the answer to the k-th one of the same kind on the tape;
 * bodies do not matter, since keys, ids and signatures are new in each run. Behind the last one there
 * is a 404 that says so.
 *
 * Differences are those of form, because values (ids, times, hashes) differ by nature: the status, the
 * content type, whether there is a Retry-After, members of a JSON body with the types of their
 * values, fields and wire types of a protobuf message.
 *
 * Owner:   heap (replay_free accepts NULL); the tape is borrowed.
 * Errors:  ST_NO_MEMORY.
 */
#pragma once
#include "mockorch/server/tape.h"

struct replay;

enum status MUST_USE replay_new(struct replay **out, const struct tape *tape, struct why *why);
void replay_free(struct replay *r);

/* The recorded exchange whose turn it is; NULL: there is none (any more). */
const struct tape_exchange *replay_next(struct replay *r, const char *method, const char *path);

/* The answer of replay_next, or the 404; valid as long as tape and replay are. */
void replay_answer(struct replay *r, struct http_response *out, const char *method,
                   const char *path);

#define REPLAY_WORDS 256

/* true: they differ, and words say in what. */
bool replay_differs(const struct http_response *recorded, const struct http_response *live,
                    char words[static REPLAY_WORDS]);
