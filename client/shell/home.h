/* SPDX-License-Identifier: Apache-2.0 */
/* Where files are kept.
 *
 *   ~/.nexus/config.json      shared with the network's own client
 *   ~/.nexus/nxp/             ours (0700): outbox.db keys/ guests/ version.json lock control.sock
 *
 * With NXP_HOME=FOLDER all of it, config.json too, is in FOLDER.
 *
 * Owner:   the struct owns its texts and the lock (home_fini; safe on a zeroed one).
 * Errors:  ST_NOT_FOUND without HOME, ST_IO, ST_NO_MEMORY; home_lock: ST_EXISTS when another
 *          process has it.
 */
#pragma once
#include "base/status.h"

struct home {
    char *root;
    char *config;
    char *outbox, *old_outbox; /* the database; the folder of record files of older versions */
    char *keys, *guests, *lock;
    char *version; /* what the network said last about versions */
    char *control; /* the socket of a running client */
    int lock_fd; /* 0: not locked */
};

/* nxp_home, user_home: values of NXP_HOME and HOME, or NULL. Touches no file. */
enum status MUST_USE home_init(struct home *h, const char *nxp_home, const char *user_home,
                               struct why *why);
void home_fini(struct home *h);

/* Makes the folders that are missing; ours become private. */
enum status MUST_USE home_prepare(const struct home *h, struct why *why);

/* One client at a time: the outbox and the allowance have one owner. Held until home_fini, and
 * let go by the system when the process dies. */
enum status MUST_USE home_lock(struct home *h, struct why *why);
