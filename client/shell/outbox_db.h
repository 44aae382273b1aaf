/* SPDX-License-Identifier: Apache-2.0 */
/* What outbox_sqlite.c (rows), outbox_open.c (files, versions) and outbox_rescue.c share; nobody else
 * includes it.
 *
 * Errors:  as outbox_sqlite.h. Those that say that the database is damaged set o->broken.
 */
#pragma once
#include "client/shell/outbox_sqlite.h"

enum {
    PUT, EACH, GET, ERASE, RETRY, ASIDE, OLD, MANY, BULKY, FORGET, HOLD, HELD,
    LEARN, /* the first that needs the tables of version 3 */
    LEARNT, STATEMENTS
};

extern const char *const outbox_db_sql[STATEMENTS];
extern const struct outbox_ops outbox_db_ops;

enum status outbox_db_no_memory(const struct outbox_sqlite *o, struct why *why);
enum status outbox_db_broken(struct outbox_sqlite *o, const char *text, struct why *why);
enum status outbox_db_failed(struct outbox_sqlite *o, int code, struct why *why); /* of SQLite */

enum status MUST_USE outbox_db_execute(struct outbox_sqlite *o, const char *text, struct why *why);
/* Ends a statement that gives no row. */
enum status MUST_USE outbox_db_finish(struct outbox_sqlite *o, struct sqlite3_stmt *s,
                                      struct why *why);
/* Of a transaction that came to st: all or nothing. */
enum status MUST_USE outbox_db_commit(struct outbox_sqlite *o, enum status st, struct why *why);
/* Writes one row with PUT or RETRY. */
enum status MUST_USE outbox_db_write(struct outbox_sqlite *o, int which,
                                     const struct outbox_record *r, struct why *why);
/* What is no record goes into the table of such. */
enum status MUST_USE outbox_db_put_damaged(struct outbox_sqlite *o, int64_t id, struct bytes bytes,
                                           struct why *why);
void outbox_db_note_damaged(struct outbox_sqlite *o, int64_t id);
void outbox_db_disconnect(struct outbox_sqlite *o); /* the lock stays */
