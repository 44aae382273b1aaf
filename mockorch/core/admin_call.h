/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the admin pages share among themselves; nobody else includes it.
 *
 *   admin.c           routes, queries, replies
 *   admin_lists.c     users, nodes, tasks, credits, rules, clock: looking
 *   admin_changes.c   the same: changing
 *   admin_requests.c  the journal, and what is verified by it
 *   admin_snapshot.c  reset, snapshot, restore
 */
#pragma once
#include "mockorch/core/admin.h"
#include "mockorch/core/record.h"
#include "mockorch/core/state.h"

#define MOST_ON_A_PAGE 1000
#define ADMIN_NAME 520 /* what a route names: the longest task id, and the end */

struct admin_call {
    struct orchestrator *o;
    char name[ADMIN_NAME]; /* what stands at the route's asterisk */
    const char *query;     /* behind the question mark, or "" */
    json_t *body;          /* NULL: none came */
    int64_t outside_ns, now_ns;
    unsigned status; /* 200, until a handler says otherwise */
};

/* Returns the answer, takes nothing; NULL: no memory. Changes are committed afterwards. */
typedef json_t *admin_handler(struct admin_call *c);

/* {"error": …} with this status. */
json_t *admin_error(struct admin_call *c, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a status of the core. */
json_t *admin_failed(struct admin_call *c, enum status st, const struct why *why);

/* The value of a query's key with percent-encoding undone; false: it is not there (out is ""). */
bool admin_query(const struct admin_call *c, const char *key, char *out, size_t size);

/* The same as a whole number of at most `most`; out stays when it is not there, false: it is none. */
bool admin_query_number(const struct admin_call *c, const char *key, uint64_t most, uint64_t *out);

/* A list under construction: only what lies on the page becomes JSON. */
struct admin_page {
    uint64_t offset, limit, total;
    json_t *items;
};

/* NULL, or the error of a bad offset or limit. */
json_t *admin_page_start(struct admin_page *p, struct admin_call *c);
/* true: the next item that fits the filters lies on the page; append its JSON to items. */
bool admin_page_wants(struct admin_page *p);
json_t *admin_page_end(struct admin_page *p);

/* Members of the body. 0: not there, 1: read, -1: of another type. Text is borrowed. */
int admin_text(const struct admin_call *c, const char *key, const char **out);
int admin_integer(const struct admin_call *c, const char *key, int64_t *out);

struct task *admin_task_of(const struct admin_call *c);              /* of the name; or NULL */
struct user *admin_user_of(const struct admin_call *c, const char *name); /* id or wallet */

admin_handler admin_state, admin_users, admin_user, admin_nodes, admin_node, admin_tasks,
    admin_task, admin_credits, admin_rules, admin_clock;
admin_handler admin_add_user, admin_grant, admin_add_node, admin_mint, admin_expire,
    admin_add_rule, admin_remove_rule, admin_remove_rules, admin_set_clock;
admin_handler admin_requests, admin_forget_requests, admin_verify;
admin_handler admin_reset, admin_snapshot, admin_restore;
