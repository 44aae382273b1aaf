/* SPDX-License-Identifier: Apache-2.0 */
/* What a run keeps across runs: the outbox, and by orchestrator until when each route is held and
 * what has been learnt about this machine. Each orchestrator has its own allowance.
 *
 * Owner:   the caller's storage, start_store_fini (safe on a zeroed one); server is borrowed.
 * Errors:  of the outbox (client/shell/outbox_sqlite.h). Damage is said as a warning, and is no
 *          failure.
 */
#pragma once
#include "client/core/core.h"
#include "client/shell/home.h"
#include "client/shell/outbox_sqlite.h"

struct start_store {
    struct outbox_sqlite *outbox; /* NULL: nothing is kept */
    const char *server;
    size_t open_tasks; /* of former runs */
};

enum status MUST_USE start_store_open(struct start_store *s, const struct home *home,
                                      const char *server, struct why *why);
void start_store_fini(struct start_store *s);

/* What is left of each hold. */
enum status MUST_USE start_store_holds(struct start_store *s, int64_t hold_ns[static CORE_ROUTES],
                                       struct why *why);
enum status MUST_USE start_store_hold(struct start_store *s, enum core_route route,
                                      int64_t until_wall_ns, struct why *why);

/* *found is false when there is nothing. */
enum status MUST_USE start_store_learnt(struct start_store *s, struct learnt *out, bool *found,
                                        struct why *why);
enum status MUST_USE start_store_learn(struct start_store *s, const struct learnt *learnt,
                                       struct why *why);

/* Brings every record of former runs back. */
enum status MUST_USE start_store_restore(struct start_store *s, struct runtime *runtime,
                                         struct why *why);
