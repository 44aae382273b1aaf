/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/outbox_sqlite.h"

#include <assert.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/shell/outbox_db.h"

#define PRUNE_EVERY   500  /* final records */
#define KEEP_DAMAGED  "100"
#define FINAL         "3" /* the first final state: OUTBOX_ACKED */
#define RETRIED       "4" /* the first state that retry takes: OUTBOX_REFUSED */

static_assert(OUTBOX_ACKED == 3 && OUTBOX_REFUSED == 4 && OUTBOX_STATES == 7, "states in SQL");
static_assert(OUTBOX_MAX_RECORD < 1000000000, "SQLite's default limit of a blob");
static_assert(STATEMENTS == sizeof((struct outbox_sqlite *)0)->statements / sizeof(void *),
              "a place for each");

const char *const outbox_db_sql[STATEMENTS] = {
    [PUT] = "INSERT INTO record(id, state, finished, proof_size, bytes) VALUES(?1, ?2, ?3, ?4, ?5) "
            "ON CONFLICT(id) DO UPDATE SET state = ?2, finished = ?3, proof_size = ?4, bytes = ?5 "
            "WHERE record.state < " FINAL " OR record.state = ?2",
    [EACH] = "SELECT id, state, bytes FROM record ORDER BY id",
    [GET] = "SELECT id, state, bytes FROM record WHERE id = ?1",
    [ERASE] = "DELETE FROM record WHERE id = ?1",
    [RETRY] = "UPDATE record SET state = ?2, finished = ?3, proof_size = ?4, bytes = ?5 "
              "WHERE id = ?1 AND state >= " RETRIED,
    [ASIDE] = "INSERT INTO damaged(id, bytes) SELECT id, bytes FROM record WHERE id = ?1",
    [OLD] = "DELETE FROM record WHERE state >= " FINAL " AND finished > 0 AND finished < ?1",
    [MANY] = "DELETE FROM record WHERE state >= " FINAL " AND id <= (SELECT id FROM record "
             "WHERE state >= " FINAL " ORDER BY id DESC LIMIT 1 OFFSET ?1)",
    [BULKY] = "SELECT id, state, bytes FROM record WHERE state >= " FINAL " AND proof_size > 0 "
              "ORDER BY id DESC LIMIT 1 OFFSET ?1",
    [FORGET] = "DELETE FROM damaged WHERE place <= (SELECT place FROM damaged "
              "ORDER BY place DESC LIMIT 1 OFFSET " KEEP_DAMAGED ")",
    [HOLD] = "INSERT INTO hold(server, route, until) VALUES(?1, ?2, ?3) "
             "ON CONFLICT(server, route) DO UPDATE SET until = ?3",
    [HELD] = "SELECT until FROM hold WHERE server = ?1 AND route = ?2",
    [LEARN] = "INSERT INTO learnt(server, bytes) VALUES(?1, ?2) "
              "ON CONFLICT(server) DO UPDATE SET bytes = ?2",
    [LEARNT] = "SELECT bytes FROM learnt WHERE server = ?1",
};

static struct outbox_sqlite *sqlite_of(struct outbox *o)
{
    return (struct outbox_sqlite *)o;
}

/* ---- words and statements ---- */

enum status outbox_db_no_memory(const struct outbox_sqlite *o, struct why *why)
{
    return fail(why, ST_NO_MEMORY, "outbox '%s': out of memory", o->path);
}

enum status outbox_db_broken(struct outbox_sqlite *o, const char *text, struct why *why)
{
    o->broken = true;
    return fail(why, ST_IO, "outbox '%s' is damaged: %s%s", o->path, text,
                o->read_only ? "; nxp start keeps the damaged file and goes on with what can be read"
                             : "");
}

enum status outbox_db_failed(struct outbox_sqlite *o, int code, struct why *why)
{
    if ((code & 0xff) == SQLITE_NOMEM)
        return outbox_db_no_memory(o, why);
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        return outbox_db_broken(o, sqlite3_errstr(code), why);
    return fail(why, ST_IO, "outbox '%s': %s", o->path, sqlite3_errstr(code));
}

enum status outbox_db_execute(struct outbox_sqlite *o, const char *text, struct why *why)
{
    int code = sqlite3_exec(o->db, text, NULL, NULL, NULL);

    return code ? outbox_db_failed(o, code, why) : ST_OK;
}

/* Ends a statement that gives no row. */
enum status outbox_db_finish(struct outbox_sqlite *o, struct sqlite3_stmt *s, struct why *why)
{
    int code = sqlite3_step(s);

    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return code == SQLITE_DONE ? ST_OK : outbox_db_failed(o, code, why);
}

static enum status finish_with(struct outbox_sqlite *o, int which, int64_t value, struct why *why)
{
    sqlite3_bind_int64(o->statements[which], 1, value);
    return outbox_db_finish(o, o->statements[which], why);
}

/* All or nothing. */
enum status outbox_db_commit(struct outbox_sqlite *o, enum status st, struct why *why)
{
    if (!st)
        st = outbox_db_execute(o, "COMMIT", why);
    if (st && !sqlite3_get_autocommit(o->db))
        (void)sqlite3_exec(o->db, "ROLLBACK", NULL, NULL, NULL); /* or the next opening does it */
    return st;
}

/* ---- rows ---- */

static int64_t proof_size(const struct outbox_record *r)
{
    int64_t size = 0;

    for (size_t i = 0; i < r->input_count; i++)
        size += (int64_t)r->proofs[i].size;
    return size;
}

/* Writes one row with PUT or RETRY. */
enum status outbox_db_write(struct outbox_sqlite *o, int which, const struct outbox_record *r,
                             struct why *why)
{
    struct sqlite3_stmt *s = o->statements[which];
    struct buffer bytes;
    enum status st;
    int code;

    assert(r->id > 0 && r->id <= INT64_MAX);
    buffer_init(&bytes, OUTBOX_MAX_RECORD);
    outbox_encode(&bytes, r);
    if (!buffer_ok(&bytes)) {
        buffer_fini(&bytes);
        return outbox_db_no_memory(o, why);
    }
    sqlite3_bind_int64(s, 1, (int64_t)r->id);
    sqlite3_bind_int(s, 2, (int)r->state);
    sqlite3_bind_int64(s, 3, r->finished_wall_s);
    sqlite3_bind_int64(s, 4, proof_size(r));
    code = sqlite3_bind_blob64(s, 5, bytes.data, bytes.size, SQLITE_STATIC);
    st = code ? outbox_db_failed(o, code, why) : outbox_db_finish(o, s, why);
    if (!st && sqlite3_changes(o->db) == 0)
        st = fail(why, ST_INPUT, "outbox '%s': record %" PRIu64 " is final", o->path, r->id);
    buffer_fini(&bytes);
    return st;
}

/* The record in the row where s stands. */
static enum status read_row(struct outbox_sqlite *o, struct sqlite3_stmt *s,
                            struct outbox_record *out, struct why *why)
{
    const void *data = sqlite3_column_blob(s, 2);
    struct bytes bytes = bytes_of(data, (size_t)sqlite3_column_bytes(s, 2));
    int64_t id = sqlite3_column_int64(s, 0);
    enum status st = outbox_decode(out, bytes, why);

    if (!st && (out->id != (uint64_t)id || out->state != sqlite3_column_int64(s, 1))) {
        outbox_record_fini(out);
        st = fail(why, ST_INPUT, "its row says something else");
    }
    if (st == ST_INPUT)
        fail_within(why, st, "outbox '%s', record %" PRId64, o->path, id);
    return st;
}

void outbox_db_note_damaged(struct outbox_sqlite *o, int64_t id)
{
    size_t used = strlen(o->damaged_names);

    o->damaged++;
    snprintf(o->damaged_names + used, sizeof o->damaged_names - used, "%s%" PRId64,
             used ? ", " : "", id);
}

enum status outbox_db_put_damaged(struct outbox_sqlite *o, int64_t id, struct bytes bytes,
                                  struct why *why)
{
    struct sqlite3_stmt *s = NULL;
    int code =
        sqlite3_prepare_v2(o->db, "INSERT INTO damaged(id, bytes) VALUES(?1, ?2)", -1, &s, NULL);
    enum status st;

    if (!code) {
        sqlite3_bind_int64(s, 1, id);
        code = sqlite3_bind_blob64(s, 2, bytes.size ? (const void *)bytes.data : "", bytes.size,
                                   SQLITE_STATIC);
    }
    st = code ? outbox_db_failed(o, code, why) : outbox_db_finish(o, s, why);
    sqlite3_finalize(s);
    return st;
}

static enum status set_aside(struct outbox_sqlite *o, int64_t id, struct why *why)
{
    enum status st = outbox_db_execute(o, "BEGIN IMMEDIATE", why);

    if (!st)
        st = finish_with(o, ASIDE, id, why);
    if (!st)
        st = finish_with(o, ERASE, id, why);
    return outbox_db_commit(o, st, why);
}

/* ---- the interface ---- */

static enum status sqlite_put(struct outbox *base, const struct outbox_record *r, struct why *why)
{
    struct outbox_sqlite *o = sqlite_of(base);
    enum status st = outbox_db_write(o, PUT, r, why);

    if (!st && outbox_state_final(r->state) && ++o->finals >= PRUNE_EVERY) {
        if (!outbox_sqlite_prune(o, r->finished_wall_s, NULL)) /* else with the next one */
            o->finals = 0;
    }
    return st;
}

/* Damaged rows are moved one by one after the walk has passed them: a row behind the cursor may
 * change, the rows before it do not. */
static enum status sqlite_each(struct outbox *base, outbox_visit *visit, void *context,
                               struct why *why)
{
    struct outbox_sqlite *o = sqlite_of(base);
    struct sqlite3_stmt *s = o->statements[EACH];
    int64_t *aside = NULL;
    size_t aside_count = 0;
    enum status st = ST_OK;
    int code = SQLITE_DONE;

    o->damaged = 0;
    o->damaged_names[0] = '\0';
    while (!st && (code = sqlite3_step(s)) == SQLITE_ROW) {
        struct outbox_record record = {0};
        int64_t *more;

        st = read_row(o, s, &record, why);
        if (!st) {
            st = visit(context, &record, why);
            if (st)
                outbox_record_fini(&record);
        } else if (st == ST_INPUT) {
            outbox_db_note_damaged(o, sqlite3_column_int64(s, 0));
            more = realloc(aside, (aside_count + 1) * sizeof *aside);
            st = more ? ST_OK : outbox_db_no_memory(o, why);
            if (more) {
                aside = more;
                aside[aside_count++] = sqlite3_column_int64(s, 0);
            }
        }
    }
    if (!st && code != SQLITE_DONE)
        st = outbox_db_failed(o, code, why);
    sqlite3_reset(s);
    for (size_t i = 0; !st && !o->read_only && i < aside_count; i++)
        st = set_aside(o, aside[i], why);
    free(aside);
    return st;
}

static enum status sqlite_erase(struct outbox *base, uint64_t id, struct why *why)
{
    struct outbox_sqlite *o = sqlite_of(base);
    enum status st = finish_with(o, ERASE, (int64_t)id, why);

    if (!st && sqlite3_changes(o->db) == 0)
        st = fail(why, ST_NOT_FOUND, "outbox '%s': no record %" PRIu64, o->path, id);
    return st;
}

void outbox_db_disconnect(struct outbox_sqlite *o)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(o->statements[i]);
        o->statements[i] = NULL;
    }
    sqlite3_close(o->db); /* moves the log into the database; if that fails, the next opening does */
    o->db = NULL;
}

static void sqlite_free(struct outbox *base)
{
    struct outbox_sqlite *o = sqlite_of(base);

    outbox_db_disconnect(o);
    if (o->lock_fd >= 0)
        close(o->lock_fd);
    free(o->kept);
    free(o->path);
    free(o);
}

const struct outbox_ops outbox_db_ops = {
    .put = sqlite_put, .each = sqlite_each, .erase = sqlite_erase, .free = sqlite_free};

/* ---- more than the interface ---- */

enum status outbox_sqlite_get(struct outbox_sqlite *o, uint64_t id, struct outbox_record *out,
                              struct why *why)
{
    struct sqlite3_stmt *s = o->statements[GET];
    enum status st;
    int code;

    if (id > INT64_MAX)
        return fail(why, ST_NOT_FOUND, "outbox '%s': no record %" PRIu64, o->path, id);
    sqlite3_bind_int64(s, 1, (int64_t)id);
    code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        st = read_row(o, s, out, why);
    else if (code == SQLITE_DONE)
        st = fail(why, ST_NOT_FOUND, "outbox '%s': no record %" PRIu64, o->path, id);
    else
        st = outbox_db_failed(o, code, why);
    sqlite3_reset(s);
    return st;
}

static bool sendable(const struct outbox_record *r)
{
    bool all = r->input_count > 0 && r->proof_hash[0];

    for (size_t i = 0; i < r->input_count; i++)
        all = all && r->proofs[i].data;
    return all;
}

enum status outbox_sqlite_retry(struct outbox_sqlite *o, uint64_t id, struct why *why)
{
    struct outbox_record r = {0};
    enum status st = outbox_sqlite_get(o, id, &r, why);

    if (st)
        return st;
    if (r.state < OUTBOX_REFUSED)
        st = fail(why, ST_INPUT, "record %" PRIu64 " is %s: there is nothing to retry", id,
                  outbox_state_name(r.state));
    else if (!sendable(&r))
        st = fail(why, ST_INPUT, "record %" PRIu64 " has no signed proof (any more)", id);
    if (!st) {
        r.state = OUTBOX_PROVED;
        r.finished_wall_s = 0;
        st = outbox_db_write(o, RETRY, &r, why);
    }
    outbox_record_fini(&r);
    return st;
}

/* Takes the proof from the newest final record beyond those that keep theirs; *found: there was one. */
static enum status strip_one(struct outbox_sqlite *o, bool *found, struct why *why)
{
    struct sqlite3_stmt *s = o->statements[BULKY];
    struct outbox_record r = {0};
    enum status st = ST_OK;
    int64_t id = 0;
    int code;

    sqlite3_bind_int(s, 1, OUTBOX_SQLITE_KEEP_PROOFS);
    code = sqlite3_step(s);
    *found = code == SQLITE_ROW;
    if (*found) {
        id = sqlite3_column_int64(s, 0);
        st = read_row(o, s, &r, why);
    } else if (code != SQLITE_DONE) {
        st = outbox_db_failed(o, code, why);
    }
    sqlite3_reset(s);
    if (*found && !st) {
        outbox_record_drop_proofs(&r);
        st = outbox_db_write(o, PUT, &r, why);
    } else if (st == ST_INPUT) { /* history that cannot be read */
        st = finish_with(o, ASIDE, id, why);
        if (!st)
            st = finish_with(o, ERASE, id, why);
    }
    outbox_record_fini(&r);
    return st;
}

enum status outbox_sqlite_prune(struct outbox_sqlite *o, int64_t now_wall_s, struct why *why)
{
    enum status st = outbox_db_execute(o, "BEGIN IMMEDIATE", why);
    bool found = true;

    if (!st)
        st = finish_with(o, OLD, now_wall_s - OUTBOX_SQLITE_KEEP_S, why);
    if (!st)
        st = finish_with(o, MANY, OUTBOX_SQLITE_KEEP_RECORDS, why);
    if (!st)
        st = outbox_db_finish(o, o->statements[FORGET], why);
    while (!st && found)
        st = strip_one(o, &found, why);
    return outbox_db_commit(o, st, why);
}

enum status outbox_sqlite_hold(struct outbox_sqlite *o, const char *server, const char *route,
                               int64_t until_wall_ns, struct why *why)
{
    struct sqlite3_stmt *s = o->statements[HOLD];

    sqlite3_bind_text(s, 1, server, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, route, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, until_wall_ns);
    return outbox_db_finish(o, s, why);
}

enum status outbox_sqlite_held(struct outbox_sqlite *o, const char *server, const char *route,
                               int64_t *until_wall_ns, struct why *why)
{
    struct sqlite3_stmt *s = o->statements[HELD];
    int code;

    sqlite3_bind_text(s, 1, server, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, route, -1, SQLITE_STATIC);
    code = sqlite3_step(s);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        *until_wall_ns = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return code == SQLITE_ROW || code == SQLITE_DONE ? ST_OK : outbox_db_failed(o, code, why);
}

enum status outbox_sqlite_learn(struct outbox_sqlite *o, const char *server, struct bytes learnt,
                                struct why *why)
{
    struct sqlite3_stmt *s = o->statements[LEARN];

    sqlite3_bind_text(s, 1, server, -1, SQLITE_STATIC);
    sqlite3_bind_blob64(s, 2, learnt.data, learnt.size, SQLITE_STATIC);
    return outbox_db_finish(o, s, why);
}

enum status outbox_sqlite_learnt(struct outbox_sqlite *o, const char *server, struct buffer *out,
                                 struct why *why)
{
    struct sqlite3_stmt *s = o->statements[LEARNT];
    enum status st = ST_OK;
    int code;

    sqlite3_bind_text(s, 1, server, -1, SQLITE_STATIC);
    code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        buffer_put(out, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
        if (!buffer_ok(out))
            st = outbox_db_no_memory(o, why);
    } else if (code != SQLITE_DONE) {
        st = outbox_db_failed(o, code, why);
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return st;
}
