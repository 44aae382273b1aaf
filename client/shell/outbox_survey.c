/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/outbox_survey.h"

#include <sqlite3.h>
#include <stdio.h>

typedef void take_row(struct outbox_survey *out, struct sqlite3_stmt *row);

static void take_state(struct outbox_survey *out, struct sqlite3_stmt *row)
{
    int64_t state = sqlite3_column_int64(row, 0);

    if (state >= 0 && state < OUTBOX_STATES)
        out->counts[state] = (uint64_t)sqlite3_column_int64(row, 1);
}

static void take_damaged(struct outbox_survey *out, struct sqlite3_stmt *row)
{
    out->damaged = (uint64_t)sqlite3_column_int64(row, 0);
}

static void take_hold(struct outbox_survey *out, struct sqlite3_stmt *row)
{
    size_t i = out->hold_count;
    const unsigned char *server = sqlite3_column_text(row, 0), *route = sqlite3_column_text(row, 1);

    if (i == SURVEY_HOLDS || !server || !route)
        return;
    snprintf(out->holds[i].server, sizeof out->holds[i].server, "%s", server);
    snprintf(out->holds[i].route, sizeof out->holds[i].route, "%s", route);
    out->holds[i].until_wall_ns = sqlite3_column_int64(row, 2);
    out->hold_count++;
}

static enum status read_rows(struct outbox_survey *out, const struct outbox_sqlite *o,
                             const char *text, int64_t value, take_row *take, struct why *why)
{
    struct sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(o->db, text, -1, &rows, NULL);

    if (code == SQLITE_OK && sqlite3_bind_parameter_count(rows) > 0)
        code = sqlite3_bind_int64(rows, 1, value);
    if (code == SQLITE_OK)
        while ((code = sqlite3_step(rows)) == SQLITE_ROW)
            take(out, rows);
    sqlite3_finalize(rows);
    return code == SQLITE_DONE ? ST_OK
                               : fail(why, ST_IO, "outbox '%s': %s", o->path, sqlite3_errstr(code));
}

enum status outbox_survey(struct outbox_survey *out, const struct outbox_sqlite *o,
                          int64_t now_wall_ns, struct why *why)
{
    struct outbox_survey made = {0};
    enum status st = read_rows(&made, o, "SELECT state, count(*) FROM record GROUP BY state", 0,
                               take_state, why);

    if (!st)
        st = read_rows(&made, o, "SELECT count(*) FROM damaged", 0, take_damaged, why);
    if (!st)
        st = read_rows(&made, o,
                       "SELECT server, route, until FROM hold WHERE until > ?1 ORDER BY until",
                       now_wall_ns, take_hold, why);
    if (!st)
        *out = made;
    return st;
}
