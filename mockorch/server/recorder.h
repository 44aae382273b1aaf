/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to exchanges beside being answered: they are written to a tape, answered from one, or
 * compared with one (mockorch/server/tape.h, replay.h).
 *
 *     note = recorder_begin(r, &request, now);          a copy of the request
 *     … the orchestrator answers, or recorder_answer does …
 *     recorder_end(r, note, &response, faults, later);
 *
 * Owner:   heap (recorder_free accepts NULL). A note belongs to the caller until recorder_end or
 *          recorder_drop takes it; both accept NULL.
 * Threads: one owner at a time.
 * Errors:  recorder_new as tape_load and tape_writer_new. A tape that cannot be written any more is
 *          told once through `complain`, and serving goes on.
 */
#pragma once
#include "mockorch/server/tape.h"

struct recorder;
struct recorder_note;

struct recorder_options {
    const char *record, *replay, *diff; /* files; NULL: not wanted */
    void (*complain)(void *context, const char *words); /* also each difference */
    void *context;
};

enum status MUST_USE recorder_new(struct recorder **out, const struct recorder_options *options,
                                  struct why *why);
void recorder_free(struct recorder *r);

/* NULL: no memory. */
struct recorder_note *recorder_begin(struct recorder *r, const struct http_request *request,
                                     int64_t now_ns);
void recorder_drop(struct recorder_note *note);

/* Are answers taken from a tape? Then this one; it is valid as long as the recorder is. */
bool recorder_replays(const struct recorder *r);
void recorder_answer(struct recorder *r, const struct recorder_note *note,
                     struct http_response *out);

/* response->status 0: none went out. */
void recorder_end(struct recorder *r, struct recorder_note *note,
                  const struct http_response *response, const char *faults, int64_t now_ns);

/* Of --diff: answers that had a recorded one beside them, and those that differed. */
uint64_t recorder_compared(const struct recorder *r);
uint64_t recorder_differed(const struct recorder *r);
