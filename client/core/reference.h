/* SPDX-License-Identifier: Apache-2.0 */
/* The clients that ours is compared with, and what the two have in common.
 *
 * reference_current.c and reference_seed.c do what the network's own client did in two of its
 * versions, defects included, as far as the orchestrator can see: finished proofs are thrown away,
 * Retry-After is half obeyed, nothing is kept over a restart. They exist so that a simulation can
 * say what our rules are worth, and for `nxp start --faithful`. Nobody should work with them.
 *
 * Both take a third of a second to measure the machine before each submission (client.md 4.6, 5.5),
 * and never write to the outbox: records of a former run are neither sent nor touched.
 *
 * Owner:   heap; the key is borrowed for the runtime's life.
 * Errors:  _new only: ST_NO_MEMORY. Where memory fails later, the task is lost, with a line.
 * Source:  client.md 5 and 12; simulation.md 0.
 */
#pragma once
#include "client/core/enrol.h"
#include "client/core/line_queue.h"
#include "client/core/profile.h"
#include "client/core/runtime.h"

#define REFERENCE_MEASURE_NS ((int64_t)300000000)

struct reference_options {
    const char *node_id; /* copied; shorter than ENROL_ID_SIZE */
    const struct signing_key *key;
    unsigned workers;        /* current: inputs of one task at once; seed: workers, 1 to 8 */
    unsigned proofs_at_once; /* that the prover takes; 0: as many as there are workers */
    uint64_t max_tasks;      /* accepted submissions; 0: no limit */
    bool has_max_difficulty; /* current only */
    enum difficulty max_difficulty;
};

enum status MUST_USE reference_current_new(struct runtime **out, const struct reference_options *o,
                                           struct why *why);
enum status MUST_USE reference_seed_new(struct runtime **out, const struct reference_options *o,
                                        struct why *why);

/* ---- for the two, and their tests ---- */

struct reference {
    struct runtime base; /* first */
    const struct profile *profile;
    struct reference_options o;
    char node_id[ENROL_ID_SIZE];
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    uint64_t last_id; /* of requests and proofs */
    struct buffer body;
    struct line_queue lines;
    struct stats stats;
    int64_t wall_offset_ns; /* wall - now, of the last event */
};

void reference_init(struct reference *r, const struct reference_options *o,
                    const struct profile *profile);
void reference_fini(struct reference *r);

/* A request with the headers of the profile and the body in r->body; returns its id. */
uint64_t reference_request(struct reference *r, struct action *out, enum http_method method,
                           const char *path);

/* restore of both: the reference keeps nothing over a restart. */
enum status reference_forget(struct runtime *r, struct outbox_record *takes, struct why *why);
const struct stats *reference_stats(const struct runtime *r);
/* All but open and asks. */
void reference_snapshot(const struct reference *r, struct snapshot *out, const char *phase);

/* Seconds that an error answer asks to wait (client.md 1.5); false: it does not. */
bool reference_advice_s(uint32_t *seconds, const struct http_response *response);

/* What kind of failure an answer is, for the number of requests in a row (client.md 5.4, 5.5). */
bool reference_repeats(unsigned status); /* 0: no answer, or one that does not decode */
