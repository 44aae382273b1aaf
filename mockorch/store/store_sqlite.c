/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/store/store_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION     1
#define APPLICATION 0x6e78506d /* "nxPm": so that no other program's file is taken for ours */
#define BUSY_MS     5000       /* a reader that recovers the log holds us up this long at most */

enum { PUT, REMOVE, EACH, STATEMENTS };

static const char *const sql[STATEMENTS] = {
    [PUT] = ("INSERT INTO record(kind, key, value) VALUES(?1, ?2, ?3) "
             "ON CONFLICT(kind, key) DO UPDATE SET value = ?3"),
    [REMOVE] = "DELETE FROM record WHERE kind = ?1 AND key = ?2",
    [EACH] = "SELECT key, value FROM record WHERE kind = ?1 ORDER BY seq",
};

/* AUTOINCREMENT: the place of a removed last record is not given away again. */
static const char table[] =
    "CREATE TABLE record(seq INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, "
    "  key TEXT NOT NULL, value BLOB NOT NULL, UNIQUE(kind, key)) STRICT;";

struct store_sqlite {
    struct store base; /* first, so that a cast back is valid */
    char *path;
    struct sqlite3 *db;
    struct sqlite3_stmt *statements[STATEMENTS];
    int lock_fd;
    bool writing; /* a transaction is open */
};

static struct store_sqlite *sqlite_of(struct store *s)
{
    return (struct store_sqlite *)s;
}

/* ---- words and statements ---- */

static enum status no_memory(const struct store_sqlite *s, struct why *why)
{
    return fail(why, ST_NO_MEMORY, "store '%s': out of memory", s->path);
}

static enum status failed(const struct store_sqlite *s, int code, struct why *why)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return no_memory(s, why);
    case SQLITE_CORRUPT:
        return fail(why, ST_INPUT, "store '%s' is damaged: %s", s->path, sqlite3_errstr(code));
    case SQLITE_NOTADB:
        return fail(why, ST_INPUT, "store '%s' is not an SQLite database", s->path);
    default:
        return fail(why, ST_IO, "store '%s': %s", s->path, sqlite3_errstr(code));
    }
}

static enum status execute(struct store_sqlite *s, const char *text, struct why *why)
{
    int code = sqlite3_exec(s->db, text, NULL, NULL, NULL);

    return code ? failed(s, code, why) : ST_OK;
}

/* The first value of the first row, as text of at most 99 characters. */
static enum status ask(struct store_sqlite *s, char out[static 100], const char *question,
                       struct why *why)
{
    struct sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(s->db, question, -1, &st, NULL);

    if (!code)
        code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        snprintf(out, 100, "%s", (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return code == SQLITE_ROW ? ST_OK : failed(s, code, why);
}

static enum status ask_number(struct store_sqlite *s, int64_t *out, const char *question,
                              struct why *why)
{
    char text[100];
    enum status st = ask(s, text, question, why);

    if (!st)
        *out = strtoll(text, NULL, 10);
    return st;
}

/* ---- the interface ---- */

static enum status begin(struct store_sqlite *s, struct why *why)
{
    enum status st = ST_OK;

    if (!s->writing)
        st = execute(s, "BEGIN IMMEDIATE", why);
    s->writing |= st == ST_OK;
    return st;
}

static enum status change(struct store_sqlite *s, int which, enum store_kind kind, const char *key,
                          struct bytes value, struct why *why)
{
    struct sqlite3_stmt *statement = s->statements[which];
    enum status st = begin(s, why);
    int code;

    if (st)
        return st;
    sqlite3_bind_int(statement, 1, (int)kind);
    sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
    if (which == PUT)
        sqlite3_bind_blob64(statement, 3, value.size ? (const void *)value.data : "", value.size,
                            SQLITE_STATIC);
    code = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE ? ST_OK : failed(s, code, why);
}

static enum status sqlite_put(struct store *base, enum store_kind kind, const char *key,
                              struct bytes value, struct why *why)
{
    return change(sqlite_of(base), PUT, kind, key, value, why);
}

static enum status sqlite_remove(struct store *base, enum store_kind kind, const char *key,
                                 struct why *why)
{
    return change(sqlite_of(base), REMOVE, kind, key, bytes_of(NULL, 0), why);
}

static enum status sqlite_commit(struct store *base, struct why *why)
{
    struct store_sqlite *s = sqlite_of(base);

    if (!s->writing)
        return ST_OK;
    s->writing = false;
    return execute(s, "COMMIT", why);
}

static enum status sqlite_each(struct store *base, enum store_kind kind, store_visit *visit,
                               void *context, struct why *why)
{
    struct store_sqlite *s = sqlite_of(base);
    struct sqlite3_stmt *statement = s->statements[EACH];
    enum status st = ST_OK;
    int code = SQLITE_DONE;

    sqlite3_bind_int(statement, 1, (int)kind);
    while (!st && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct bytes value = bytes_of(sqlite3_column_blob(statement, 1),
                                      (size_t)sqlite3_column_bytes(statement, 1));

        st = visit(context, (const char *)sqlite3_column_text(statement, 0), value, why);
    }
    sqlite3_reset(statement);
    return st || code == SQLITE_DONE ? st : failed(s, code, why);
}

static void sqlite_free(struct store *base)
{
    struct store_sqlite *s = sqlite_of(base);

    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db); /* rolls back; moves the log into the database, or the next opening does */
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    free(s->path);
    free(s);
}

/* ---- opening ---- */

static enum status lock(struct store_sqlite *s, struct why *why)
{
    enum status st = ST_OK;
    char *path;

    if (asprintf(&path, "%s-lock", s->path) < 0)
        return no_memory(s, why);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        st = fail(why, ST_IO, "%s: %s", path, strerror(errno));
    else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
        st = fail(why, ST_EXISTS, "store '%s': another orchestrator is using it", s->path);
    free(path);
    return st;
}

/* Private before SQLite writes a byte: log and shared memory take the mode of the database. */
static enum status make_private(const struct store_sqlite *s, struct why *why)
{
    int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail(why, ST_IO, "store '%s': %s", s->path, strerror(errno));
    close(fd);
    return ST_OK;
}

static enum status connect_to(struct store_sqlite *s, struct why *why)
{
    int code =
        sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code)
        return failed(s, code, why);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    return execute(s, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;", why);
}

/* What the check of the whole file says. A page that it could not get is no damage: then it names the
 * reason by its number. */
static enum status judge_check(const struct store_sqlite *s, const char *word, struct why *why)
{
    static const char reason[] = "error code=";
    const char *at = strstr(word, reason);
    int code = at ? (int)strtol(at + strlen(reason), NULL, 10) : SQLITE_CORRUPT;

    if (strcmp(word, "ok") == 0)
        return ST_OK;
    if ((code & 0xff) != SQLITE_CORRUPT)
        return failed(s, code, why);
    return fail(why, ST_INPUT, "store '%s' is damaged: %s", s->path, word);
}

/* ST_OK with *fresh: nothing is in it yet. */
static enum status look_through(struct store_sqlite *s, bool *fresh, struct why *why)
{
    int64_t version = 0, application = 0, things = 0;
    char word[100];
    enum status st = ask_number(s, &things, "SELECT count(*) FROM sqlite_schema", why);

    if (!st)
        st = ask_number(s, &application, "PRAGMA application_id", why);
    if (!st)
        st = ask_number(s, &version, "PRAGMA user_version", why);
    if (st)
        return st;
    *fresh = things == 0 && application == 0 && version == 0;
    if (*fresh)
        return ST_OK;
    if (application != APPLICATION)
        return fail(why, ST_INPUT, "store '%s' belongs to another program", s->path);
    if (version != VERSION)
        return fail(why, ST_INPUT,
                    "store '%s' is of version %" PRId64 "; this orchestrator reads %d", s->path,
                    version, VERSION);
    st = ask(s, word, "PRAGMA quick_check(1)", why);
    return st ? st : judge_check(s, word, why);
}

static enum status use_log(struct store_sqlite *s, struct why *why)
{
    char mode[100];
    enum status st = ask(s, mode, "PRAGMA journal_mode=WAL", why);

    if (!st && strcmp(mode, "wal") != 0)
        st = fail(why, ST_IO, "store '%s': this file system cannot hold a write-ahead log",
                  s->path);
    return st ? st : execute(s, "PRAGMA synchronous=FULL", why);
}

static enum status make_table(struct store_sqlite *s, struct why *why)
{
    char marks[100];
    enum status st = begin(s, why);

    snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION,
             VERSION);
    if (!st)
        st = execute(s, table, why);
    if (!st)
        st = execute(s, marks, why);
    return st ? st : sqlite_commit(&s->base, why);
}

static enum status prepare(struct store_sqlite *s, struct why *why)
{
    int code = SQLITE_OK;

    for (int i = 0; i < STATEMENTS && !code; i++)
        code = sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statements[i],
                                  NULL);
    return code ? failed(s, code, why) : ST_OK;
}

enum status store_sqlite_new(struct store **out, const char *path, struct why *why)
{
    static const struct store_ops ops = {.put = sqlite_put,
                                         .remove = sqlite_remove,
                                         .commit = sqlite_commit,
                                         .each = sqlite_each,
                                         .free = sqlite_free};
    struct store_sqlite *s = calloc(1, sizeof *s);
    bool fresh = false;
    enum status st;

    if (!s)
        return fail(why, ST_NO_MEMORY, "store '%s': out of memory", path);
    *s = (struct store_sqlite){.base.ops = &ops, .lock_fd = -1, .path = strdup(path)};
    if (!s->path) {
        st = fail(why, ST_NO_MEMORY, "store '%s': out of memory", path);
        goto out;
    }
    st = lock(s, why);
    if (!st)
        st = make_private(s, why);
    if (!st)
        st = connect_to(s, why);
    if (!st)
        st = look_through(s, &fresh, why);
    if (!st)
        st = use_log(s, why);
    if (!st && fresh)
        st = make_table(s, why);
    if (!st)
        st = prepare(s, why);
    if (st)
        goto out;

    *out = &s->base;
    s = NULL;
out:
    if (s)
        sqlite_free(&s->base);
    return st;
}
