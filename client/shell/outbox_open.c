/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an outbox: its lock, its files, its version, and what to do when it is damaged. */
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

#include "client/shell/outbox_db.h"
#include "client/shell/outbox_legacy.h"
#include "client/shell/outbox_rescue.h"

#define VERSION  3
#define READABLE 2    /* older ones are not read without being made newer */
#define BUSY_MS  5000 /* a reader that recovers the log holds us up this long at most */

static int64_t integer_of(struct sqlite3 *db, const char *text, int *code)
{
    struct sqlite3_stmt *s = NULL;
    int64_t value = 0;

    *code = sqlite3_prepare_v2(db, text, -1, &s, NULL);
    if (*code == SQLITE_OK && (*code = sqlite3_step(s)) == SQLITE_ROW) {
        value = sqlite3_column_int64(s, 0);
        *code = SQLITE_OK;
    }
    sqlite3_finalize(s);
    return value;
}

static enum status lock(struct outbox_sqlite *o, struct why *why)
{
    enum status st = ST_OK;
    char *path;

    if (asprintf(&path, "%s-lock", o->path) < 0)
        return outbox_db_no_memory(o, why);
    o->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (o->lock_fd < 0)
        st = fail(why, ST_IO, "%s: %s", path, strerror(errno));
    else if (flock(o->lock_fd, LOCK_EX | LOCK_NB) < 0)
        st = errno == EWOULDBLOCK
                 ? fail(why, ST_EXISTS, "outbox '%s': another nxp is writing to it", o->path)
                 : fail(why, ST_IO, "%s: %s", path, strerror(errno));
    free(path);
    return st;
}

/* The database is never empty when its log is not: SQLite writes its first page before it makes the
 * log. An empty one would lose what the log holds without a word. */
static bool beheaded(const struct outbox_sqlite *o, int fd)
{
    struct stat main_file, log_file;
    char *log = NULL;
    bool is = asprintf(&log, "%s-wal", o->path) >= 0 && fstat(fd, &main_file) == 0 &&
              main_file.st_size == 0 && stat(log, &log_file) == 0 && log_file.st_size > 0;

    free(log);
    return is;
}

/* Private before SQLite writes a byte: its log and shared memory take the mode of the database. */
static enum status make_private(struct outbox_sqlite *o, struct why *why)
{
    bool made = access(o->path, F_OK) != 0;
    int fd = open(o->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum status st = ST_OK;

    if (fd < 0 || fchmod(fd, 0600) < 0)
        st = fail(why, ST_IO, "outbox '%s': %s", o->path, strerror(errno));
    else if (beheaded(o, fd))
        st = outbox_db_broken(o, "the file is empty although its log is not", why);
    else if (made)
        st = file_sync_folder(o->path, why);
    if (fd >= 0)
        close(fd);
    return st;
}

/* Pages that are damaged are found now, not on the day when they are needed. */
static enum status check(struct outbox_sqlite *o, struct why *why)
{
    struct sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(o->db, "PRAGMA quick_check(1)", -1, &s, NULL);
    enum status st = ST_OK;

    if (!code)
        code = sqlite3_step(s);
    if (code != SQLITE_ROW)
        st = outbox_db_failed(o, code, why);
    else if (strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
        st = outbox_db_broken(o, (const char *)sqlite3_column_text(s, 0), why);
    sqlite3_finalize(s);
    return st;
}

static enum status connect_to(struct outbox_sqlite *o, struct why *why)
{
    int flags = o->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(o->path, &o->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (code)
        return outbox_db_failed(o, code, why);
    sqlite3_extended_result_codes(o->db, 1);
    sqlite3_busy_timeout(o->db, BUSY_MS);
    return outbox_db_execute(o, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;", why);
}

/* Those that the tables of that version are for. */
static enum status prepare_all(struct outbox_sqlite *o, int64_t version, struct why *why)
{
    int count = version < VERSION ? LEARN : STATEMENTS;
    int code = SQLITE_OK;

    for (int i = 0; i < count && !code; i++)
        code = sqlite3_prepare_v3(o->db, outbox_db_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &o->statements[i], NULL);
    return code ? outbox_db_failed(o, code, why) : ST_OK;
}

static enum status read_version(struct outbox_sqlite *o, int64_t *version, struct why *why)
{
    int code;

    *version = integer_of(o->db, "PRAGMA user_version", &code);
    if (code)
        return outbox_db_failed(o, code, why);
    if (*version < 0 || *version > VERSION)
        return fail(why, ST_INPUT,
                    "outbox '%s' is of version %" PRId64 ", made by a newer nxp; this one reads %d",
                    o->path, *version, VERSION);
    return ST_OK;
}

static enum status take_over(void *context, uint64_t id, struct bytes bytes, struct why *why)
{
    struct outbox_sqlite *o = context;
    struct outbox_record r = {0};
    enum status st = outbox_decode(&r, bytes, NULL);

    if (!st && r.id == id && id > 0 && id <= INT64_MAX) {
        st = outbox_db_write(o, PUT, &r, why);
    } else if (!st || st == ST_INPUT) {
        outbox_db_note_damaged(o, (int64_t)id);
        st = outbox_db_put_damaged(o, (int64_t)id, bytes, why);
    } else {
        st = outbox_db_no_memory(o, why);
    }
    outbox_record_fini(&r);
    return st;
}

static const char tables[] =
    "CREATE TABLE record(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, "
    "  finished INTEGER NOT NULL, proof_size INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE damaged(place INTEGER PRIMARY KEY, id INTEGER NOT NULL, bytes BLOB) STRICT;"
    "CREATE TABLE hold(server TEXT NOT NULL, route TEXT NOT NULL, until INTEGER NOT NULL, "
    "  PRIMARY KEY(server, route)) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version=1;";

static const char tables_3[] =
    "CREATE TABLE learnt(server TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version=3;";

static enum status upgrade(struct outbox_sqlite *o, const char *legacy, struct why *why)
{
    enum status st = outbox_db_execute(o, "BEGIN IMMEDIATE", why);
    int64_t version = 0;

    if (!st)
        st = read_version(o, &version, why);
    if (!st && version < 1)
        st = outbox_db_execute(o, tables, why);
    if (!st && version < 3)
        st = outbox_db_execute(o, tables_3, why);
    if (!st)
        st = prepare_all(o, VERSION, why);
    if (!st && version < 2)
        st = outbox_legacy_each(legacy, take_over, o, why);
    st = outbox_db_commit(o, st, why);
    if (!st) /* also what a crash after that commit has left */
        outbox_legacy_remove(legacy);
    return st;
}

static enum status use_log(struct outbox_sqlite *o, struct why *why)
{
    struct sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(o->db, "PRAGMA journal_mode=WAL", -1, &s, NULL);
    enum status st = ST_OK;

    if (!code)
        code = sqlite3_step(s);
    if (code != SQLITE_ROW)
        st = outbox_db_failed(o, code, why);
    else if (strcmp((const char *)sqlite3_column_text(s, 0), "wal") != 0)
        st = fail(why, ST_IO, "outbox '%s': this file system cannot hold a write-ahead log",
                  o->path);
    sqlite3_finalize(s);
    return st ? st : outbox_db_execute(o, "PRAGMA synchronous=FULL", why);
}

static struct outbox_sqlite *allocate(const char *path)
{
    struct outbox_sqlite *o = calloc(1, sizeof *o);

    if (o)
        *o =
            (struct outbox_sqlite){.base.ops = &outbox_db_ops, .lock_fd = -1, .path = strdup(path)};
    if (o && o->path)
        return o;
    free(o);
    return NULL;
}

static enum status open_files(struct outbox_sqlite *o, const char *legacy, struct why *why)
{
    enum status st = make_private(o, why);

    if (!st)
        st = connect_to(o, why);
    if (!st)
        st = use_log(o, why);
    if (!st)
        st = check(o, why);
    return st ? st : upgrade(o, legacy, why);
}

static enum status rescue(struct outbox_sqlite *o, struct why *why)
{
    enum status st = outbox_rescue(&o->rescued, o->path, why);

    free(o->kept);
    o->kept = NULL;
    return st ? st : outbox_rescue_finish(&o->kept, o->path, why);
}

enum status outbox_sqlite_open(struct outbox_sqlite **out, const char *path, const char *legacy,
                               struct why *why)
{
    struct outbox_sqlite *o = allocate(path);
    enum status st;

    if (!o)
        return fail(why, ST_NO_MEMORY, "outbox '%s': out of memory", path);
    st = lock(o, why);
    if (!st)
        st = outbox_rescue_finish(&o->kept, path, why); /* which a crash has cut off */
    if (!st)
        st = open_files(o, legacy, why);
    if (st && o->broken) {
        outbox_db_disconnect(o);
        st = rescue(o, why);
        if (!st)
            st = open_files(o, legacy, why);
    }
    if (st)
        outbox_free(&o->base);
    else
        *out = o;
    return st;
}

enum status outbox_sqlite_read(struct outbox_sqlite **out, const char *path, struct why *why)
{
    struct outbox_sqlite *o = allocate(path);
    struct stat info;
    int64_t version;
    enum status st = ST_OK;

    if (!o)
        return fail(why, ST_NO_MEMORY, "outbox '%s': out of memory", path);
    o->read_only = true;
    if (stat(path, &info) < 0)
        st = fail(why, errno == ENOENT ? ST_NOT_FOUND : ST_IO, "outbox '%s': %s", path,
                  strerror(errno));
    if (!st)
        st = connect_to(o, why);
    if (!st)
        st = read_version(o, &version, why);
    if (!st && version < READABLE) /* made a moment ago, or its maker died while making it */
        st = fail(why, ST_NOT_FOUND, "outbox '%s' is not set up yet", path);
    if (!st)
        st = prepare_all(o, version, why);
    if (st)
        outbox_free(&o->base);
    else
        *out = o;
    return st;
}
