/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator seen from above: everything below /admin/, JSON in and JSON out. Who may call it,
 * and how it travels, is the server's affair.
 *
 *   GET    /admin/state                  all of it, for people
 *   POST   /admin/reset                  as it was at the start; twice is once
 *   GET    /admin/snapshot               … POST /admin/restore: what it gave, or an error and no change
 *   GET    /admin/users                  POST {wallet_address, user_id?}
 *   GET    /admin/users/{id|wallet}
 *   POST   /admin/users/{id|wallet}/credits   {amount, reason}: negative takes away
 *   GET    /admin/nodes?user=            POST {node_id?, wallet_address}
 *   GET    /admin/nodes/{id}
 *   GET    /admin/tasks?state=&node=&user=&program=&type=&difficulty=
 *   POST   /admin/tasks                  mint: {node_id?, count?, program_id?, inputs?, task_type?,
 *                                        difficulty?}; given out by the next fetches
 *   GET    /admin/tasks/{id}             POST /admin/tasks/{id}/expire
 *   GET    /admin/credits?user=&node=    the ledger
 *   GET    /admin/rules                  POST: a fault as in a scenario
 *   DELETE /admin/rules                  DELETE /admin/rules/{name}
 *   GET    /admin/requests?node=&task=&call=&status=&failed=&fault=&after=   the journal, with why
 *   DELETE /admin/requests
 *   POST   /admin/verify                 {call?, node?, task?, status?, failed?, fault?,
 *                                        exactly | at_least | at_most}: 200 it holds, 409 it does not
 *   GET    /admin/clock                  POST {freeze?, advance_s?, skew_s?}: skew is what the clock
 *                                        that clients are shown is wrong by
 *
 * Lists take ?offset= and ?limit= (100, at most 1000) and answer {total, offset, items}. Errors answer
 * {error} with 400, 404, 405, 409 or 500.
 *
 * Units:   JSON says which: …_s are seconds.
 * Owner:   the caller's reply (admin_reply_init, admin_reply_fini), reusable.
 * Errors:  none but those in the reply. Changes are durable when it returns.
 */
#pragma once
#include "mockorch/core/orchestrator.h"

#define ADMIN_PREFIX "/admin/"

struct admin_request {
    const char *method; /* "GET", "POST", "DELETE"; others are 405 */
    const char *path;   /* from ADMIN_PREFIX on, with the query, percent-encoded */
    struct bytes body;
};

struct admin_reply {
    unsigned status;
    struct buffer body; /* JSON, or empty when there was no memory (500) */
};

void admin_reply_init(struct admin_reply *r);
void admin_reply_fini(struct admin_reply *r);

/* now_ns: the same clock as that of orchestrator_answer. */
void admin_answer(struct orchestrator *o, struct admin_reply *reply,
                  const struct admin_request *request, int64_t now_ns);
