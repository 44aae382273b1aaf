/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the orchestrator's admin pages answer (mockorch/server/openapi.yaml) into what
 * sim/tier_c/journal_judge.h judges: GET /admin/requests?limit=1000&after=N, and in the end
 * /admin/tasks and /admin/credits by ?offset=.
 *
 * A page of requests may repeat earlier records: the later word counts (an answer that was still
 * under way). The journal is a ring: what it forgot before it was read is `missed`.
 *
 * Pages are as they come without filters. Texts of requests that are no UTF-8 are left out there,
 * and are "" here.
 *
 * Owner:   heap inside (journal_read_fini, safe on a zeroed value).
 * Errors:  ST_INPUT with the place in the words: not such a page, numbers out of order, texts too
 *          long; ST_NO_MEMORY. After an error nothing of that page is kept.
 */
#pragma once
#include "base/bytes.h"
#include "sim/tier_c/journal_judge.h"

#define JOURNAL_READ_LIMIT ((size_t)16 << 20) /* of a page */

struct journal_read {
    struct journal_record *records;
    size_t record_count, record_capacity;
    unsigned life;       /* of the orchestrator; it has begun with this record: */
    size_t life_begins;
    size_t *lives_begin; /* the former ones */
    unsigned lives_capacity;
    uint64_t last;   /* number of the last record of this life; 0: none */
    uint64_t cursor; /* journal_read_after */
    uint64_t missed; /* requests that the journal had forgotten */
    struct journal_task *tasks;
    size_t task_count, task_capacity;
    struct journal_credit *credits;
    size_t credit_count, credit_capacity;
};

/* more: ask again, with after= journal_read_after, or offset= the count. */
enum status MUST_USE journal_read_requests(struct journal_read *r, struct bytes json, bool *more,
                                           struct why *why);
enum status MUST_USE journal_read_tasks(struct journal_read *r, struct bytes json, bool *more,
                                        struct why *why);
enum status MUST_USE journal_read_credits(struct journal_read *r, struct bytes json, bool *more,
                                          struct why *why);

/* Where the next page of requests should begin: behind the last page while there are more;
 * otherwise before the first answer that was still under way. */
uint64_t journal_read_after(const struct journal_read *r);

/* The orchestrator is another process now: what was under way was lost. It may count anew, or go on
 * behind what its store has of its journal, which may be a little less than was read before: then
 * numbers come a second time. Who has the number and the time of a former life is the same request. */
void journal_read_restarted(struct journal_read *r);

/* The case with these records and whether they have gaps, tasks and credits; the rest is zero. */
struct journal_case journal_read_case(const struct journal_read *r);
void journal_read_fini(struct journal_read *r);
