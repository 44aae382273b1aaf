/* SPDX-License-Identifier: Apache-2.0 */
/* An outbox.db that is damaged, and those that older versions have left. */
#include "tests/support/test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/shell/outbox_rescue.h"
#include "client/shell/outbox_sqlite.h"
#include "tests/client/shell/faulty_vfs.h"
#include "tests/client/shell/scratch.h"

#define RECORDS    300
#define PROOF_SIZE 1500

static struct faulty_vfs disk;

/* ---- helpers ---- */

static void put(struct outbox_sqlite *o, uint64_t id, enum outbox_state state)
{
    struct outbox_record r;
    char task[32];

    snprintf(task, sizeof task, "task-%u", (unsigned)id);
    assert_true(outbox_record_init(&r, "1", task, "fib", 1));
    r.id = id;
    r.state = state;
    r.proofs[0].data = malloc(PROOF_SIZE);
    r.proofs[0].size = PROOF_SIZE;
    memset(r.proofs[0].data, (int)id, PROOF_SIZE);
    assert_int_equal(outbox_put(&o->base, &r, NULL), ST_OK);
    outbox_record_fini(&r);
}

static struct outbox_sqlite *open_in(const struct scratch *s)
{
    struct outbox_sqlite *o = NULL;
    struct why why = {""};

    if (outbox_sqlite_open(&o, scratch_path(s, "outbox.db"), scratch_path(s, "outbox"), &why))
        fail_msg("%s", why.text);
    return o;
}

/* A closed outbox of many records, and a hold. */
static void fill(const struct scratch *s)
{
    struct outbox_sqlite *o = open_in(s);

    assert_int_equal(sqlite3_exec(o->db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    for (uint64_t id = 1; id <= RECORDS; id++)
        put(o, id, OUTBOX_PROVED);
    assert_int_equal(outbox_sqlite_hold(o, "mock", "fetch", 77, NULL), ST_OK);
    assert_int_equal(outbox_sqlite_learn(o, "mock", bytes_of_text("wisdom"), NULL), ST_OK);
    assert_int_equal(sqlite3_exec(o->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    outbox_free(&o->base);
}

static void overwrite(const struct scratch *s, const char *name, long at, size_t size)
{
    int fd = open(scratch_path(s, name), O_WRONLY);
    char noise[4096];

    memset(noise, 0xa5, sizeof noise);
    assert_true(fd >= 0 && size <= sizeof noise);
    assert_int_equal(pwrite(fd, noise, size, at), size);
    close(fd);
}

static long size_of(const struct scratch *s, const char *name)
{
    struct stat info;

    return stat(scratch_path(s, name), &info) == 0 ? (long)info.st_size : -1;
}

struct seen {
    unsigned count;
    bool ids[RECORDS + 1];
};

static enum status collect(void *context, struct outbox_record *r, struct why *why)
{
    struct seen *seen = context;

    (void)why;
    assert_true(r->id <= RECORDS && !seen->ids[r->id]);
    assert_int_equal(r->proofs[0].data[PROOF_SIZE - 1], (uint8_t)r->id);
    seen->ids[r->id] = true;
    seen->count++;
    outbox_record_fini(r);
    return ST_OK;
}

static unsigned count(struct outbox_sqlite *o)
{
    struct seen seen = {0};

    assert_int_equal(outbox_each(&o->base, collect, &seen, NULL), ST_OK);
    return seen.count;
}

/* ---- damage ---- */

static void a_damaged_page_costs_only_the_records_on_it(void **state)
{
    unsigned runs = 0, most_lost = 0;
    long pages;

    (void)state;
    for (long page = 1, all = 2; page < all; page += 7, runs++) {
        struct outbox_sqlite *o;
        struct scratch s;
        unsigned found;

        scratch_init(&s);
        fill(&s);
        pages = size_of(&s, "outbox.db") / 4096;
        all = pages;
        overwrite(&s, "outbox.db", page * 4096, 4096);
        o = open_in(&s);
        if (o->kept) { /* else the damage is in a page of a proof: its record says so itself */
            assert_string_equal(o->kept, scratch_path(&s, "outbox.db.damaged-1"));
            assert_int_equal(size_of(&s, "outbox.db.damaged-1"), pages * 4096);
            assert_int_equal(size_of(&s, "outbox.db.rescued"), -1);
            assert_int_equal(size_of(&s, "outbox.db.rescue"), -1);
            assert_int_equal(size_of(&s, "outbox.db.rescue-lock"), -1);
            assert_int_equal(scratch_mode(scratch_path(&s, "outbox.db")), 0600);
        }
        found = count(o);
        if (page > 20) /* the first ones hold the tables themselves and their roots */
            most_lost = RECORDS - found > most_lost ? RECORDS - found : most_lost;
        put(o, 1000, OUTBOX_PROVED);
        outbox_free(&o->base);

        o = open_in(&s); /* once and for all */
        assert_null(o->kept);
        outbox_free(&o->base);
        scratch_fini(&s);
    }
    assert_true(runs > 10);
    assert_in_range(most_lost, 1, 10);
}

static void what_cannot_be_read_at_all_is_kept_and_told(void **state)
{
    static const struct {
        long at;
        size_t size;
    } damage[] = {{0, 16}, {0, 4096}, {100, 200}};

    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        struct outbox_sqlite *o;
        struct scratch s;

        scratch_init(&s);
        fill(&s);
        overwrite(&s, "outbox.db", damage[i].at, damage[i].size);
        o = open_in(&s);
        assert_non_null(o->kept);
        assert_int_equal(o->rescued, 0);
        assert_int_equal(count(o), 0);
        assert_true(size_of(&s, "outbox.db.damaged-1") > 100000);
        outbox_free(&o->base);
        scratch_fini(&s);
    }
}

/* The first page of that table. */
static void overwrite_root(const struct scratch *s, const char *table)
{
    sqlite3_stmt *root = NULL;
    sqlite3 *db;
    long page;

    assert_int_equal(sqlite3_open(scratch_path(s, "outbox.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?1",
                                        -1, &root, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(root, 1, table, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(root), SQLITE_ROW);
    page = (long)sqlite3_column_int64(root, 0) - 1;
    sqlite3_finalize(root);
    sqlite3_close(db);
    overwrite(s, "outbox.db", page * 4096, 100);
}

static void run_sql(const struct scratch *s, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(scratch_path(s, "outbox.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void rows_that_are_no_records_stay_with_the_damaged_ones(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;

    (void)state;
    scratch_init(&s);
    fill(&s);
    run_sql(&s,
            "UPDATE record SET bytes = x'0102' WHERE id = 5; UPDATE record SET bytes = x'' WHERE "
            "id = 6; UPDATE record SET id = 1000 WHERE id = 7");
    overwrite_root(&s, "damaged");
    o = open_in(&s);
    assert_non_null(o->kept);
    assert_int_equal(o->rescued, RECORDS - 3);
    assert_int_equal(count(o), RECORDS - 3);
    outbox_free(&o->base);
    run_sql(&s, "CREATE TABLE checked(ok INTEGER NOT NULL); INSERT INTO checked "
                "SELECT CASE WHEN count(*) = 3 THEN 1 END FROM damaged");
    scratch_fini(&s);
}

static void expect_learnt(struct outbox_sqlite *o, const char *server, const char *text)
{
    struct buffer learnt;

    buffer_init(&learnt, 0);
    assert_int_equal(outbox_sqlite_learnt(o, server, &learnt, NULL), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&learnt), bytes_of_text(text)));
    buffer_fini(&learnt);
}

static void holds_and_what_was_learnt_are_rescued_too(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;
    int64_t until;

    (void)state;
    scratch_init(&s);
    fill(&s);
    overwrite_root(&s, "record");
    o = open_in(&s);
    assert_non_null(o->kept);
    assert_int_equal(outbox_sqlite_held(o, "mock", "fetch", &until, NULL), ST_OK);
    assert_int_equal(until, 77);
    expect_learnt(o, "mock", "wisdom");
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void a_database_without_its_first_page_does_not_begin_anew_silently(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    put(o, 1, OUTBOX_PROVED);
    assert_int_equal(sqlite3_db_config(o->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL),
                     SQLITE_OK);
    outbox_free(&o->base);
    assert_true(size_of(&s, "outbox.db-wal") > 0);
    assert_int_equal(truncate(scratch_path(&s, "outbox.db"), 0), 0);
    o = open_in(&s);
    assert_non_null(o->kept);
    assert_true(size_of(&s, "outbox.db.damaged-1-wal") > 0);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void each_damaged_file_has_a_name_of_its_own(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (int i = 0; i < 2; i++) {
        fill(&s);
        overwrite(&s, "outbox.db", 0, 16);
        o = open_in(&s);
        assert_non_null(o->kept);
        outbox_free(&o->base);
    }
    assert_true(size_of(&s, "outbox.db.damaged-1") > 0);
    assert_true(size_of(&s, "outbox.db.damaged-2") > 0);
    scratch_fini(&s);
}

/* Killed between any two steps of the exchange, the next start ends it. */
static void a_rescue_that_was_cut_off_is_ended_by_the_next_start(void **state)
{
    (void)state;
    for (int step = 0; step < 4; step++) {
        struct outbox_sqlite *o;
        struct scratch s;
        size_t records;

        scratch_init(&s);
        fill(&s);
        scratch_write(scratch_path(&s, "outbox.db.rescue"), "of a rescue that was killed early");
        assert_int_equal(outbox_rescue(&records, scratch_path(&s, "outbox.db"), NULL), ST_OK);
        assert_int_equal(records, RECORDS);
        scratch_write(scratch_path(&s, "outbox.db-wal"), "the log of the damaged one");
        if (step >= 1)
            rename(scratch_path(&s, "outbox.db-wal"), scratch_path(&s, "outbox.db.damaged-1-wal"));
        if (step >= 2)
            rename(scratch_path(&s, "outbox.db"), scratch_path(&s, "outbox.db.damaged-1"));
        if (step >= 3)
            rename(scratch_path(&s, "outbox.db.rescued"), scratch_path(&s, "outbox.db"));
        o = open_in(&s);
        assert_int_equal(o->kept != NULL, step < 3);
        assert_int_equal(count(o), RECORDS);
        assert_true(size_of(&s, "outbox.db.damaged-1-wal") > 0);
        assert_true(size_of(&s, "outbox.db.damaged-1") > 0);
        outbox_free(&o->base);
        scratch_fini(&s);
    }
}

static void a_log_that_cannot_be_moved_is_told_and_tried_again(void **state)
{
    struct outbox_sqlite *o = NULL;
    struct scratch s;
    size_t records;
    struct why why;

    (void)state;
    scratch_init(&s);
    fill(&s);
    assert_int_equal(outbox_rescue(&records, scratch_path(&s, "outbox.db"), NULL), ST_OK);
    scratch_write(scratch_path(&s, "outbox.db-wal"), "the log of the damaged one");
    assert_int_equal(mkdir(scratch_path(&s, "outbox.db.damaged-1-wal"), 0700), 0);
    assert_int_equal(outbox_sqlite_open(&o, scratch_path(&s, "outbox.db"), "none", &why), ST_IO);
    assert_non_null(strstr(why.text, "cannot become"));
    assert_int_equal(rmdir(scratch_path(&s, "outbox.db.damaged-1-wal")), 0);
    o = open_in(&s);
    assert_int_equal(count(o), RECORDS);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void a_disk_that_is_full_during_a_rescue_loses_nothing(void **state)
{
    bool failed = true;
    unsigned runs = 0;

    (void)state;
    for (unsigned n = 1; failed; n += n < 40 ? 1 : 37, runs++) {
        struct outbox_sqlite *o = NULL;
        struct scratch s;

        scratch_init(&s);
        fill(&s);
        overwrite_root(&s, "damaged");
        disk = (struct faulty_vfs){.fail_at = n, .code = SQLITE_FULL, .forever = true};
        if (outbox_sqlite_open(&o, scratch_path(&s, "outbox.db"), "none", NULL) == ST_OK)
            outbox_free(&o->base);
        failed = disk.failures > 0;
        disk = (struct faulty_vfs){0};
        o = open_in(&s);
        assert_int_equal(count(o), RECORDS);
        outbox_free(&o->base);
        scratch_fini(&s);
    }
    assert_true(runs > 10);
}

static void where_nothing_can_be_written_the_damaged_database_stays(void **state)
{
    struct outbox_sqlite *o = NULL;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    fill(&s);
    overwrite(&s, "outbox.db", 0, 16);
    assert_int_equal(mkdir(scratch_path(&s, "outbox.db.rescue"), 0700), 0); /* in the way */
    assert_int_equal(outbox_sqlite_open(&o, scratch_path(&s, "outbox.db"), "none", &why), ST_IO);
    assert_non_null(strstr(why.text, "outbox.db.rescue"));
    assert_int_equal(rmdir(scratch_path(&s, "outbox.db.rescue")), 0);
    assert_true(size_of(&s, "outbox.db") > 100000);
    o = open_in(&s);
    assert_non_null(o->kept);
    outbox_free(&o->base);
    scratch_fini(&s);
}

/* ---- older versions ---- */

/* The text of a database as that version made it. */
static void restore(const struct scratch *s, const char *name)
{
    char path[600];
    struct buffer sql;
    sqlite3 *db;

    snprintf(path, sizeof path, "%s/client/outbox/%s.sql", NXP_GOLDEN, name);
    buffer_init(&sql, 0);
    assert_int_equal(file_read(&sql, path, 1 << 20, NULL), ST_OK);
    buffer_put_u8(&sql, 0);
    assert_int_equal(sqlite3_open(scratch_path(s, "outbox.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, (const char *)sql.data, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    buffer_fini(&sql);
}

static enum status list(void *context, struct outbox_record *r, struct why *why)
{
    char *text = context;

    (void)why;
    snprintf(text + strlen(text), 200, "%u %s %s %s %zu bytes; ", (unsigned)r->id,
             outbox_state_name(r->state), r->task_id, r->proof_hash[0] ? "signed" : "unsigned",
             r->proofs[0].size);
    outbox_record_fini(r);
    return ST_OK;
}

static void databases_of_every_version_are_taken_over(void **state)
{
    static const char *const versions[] = {"version-1", "version-2", "version-3"};

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct outbox_sqlite *o;
        struct scratch s;
        char text[2000] = "";
        int64_t until;

        scratch_init(&s);
        restore(&s, versions[i]);
        o = open_in(&s);
        assert_null(o->kept);
        assert_int_equal(outbox_each(&o->base, list, text, NULL), ST_OK);
        assert_string_equal(
            text, "1 accepted task-1 signed 0 bytes; 2 proved task-2 signed 40 bytes; "
                  "3 fetched task-3 unsigned 0 bytes; 4 refused task-4 signed 40 bytes; ");
        assert_int_equal(outbox_sqlite_held(o, "production", "submit", &until, NULL), ST_OK);
        assert_int_equal(until, 1760000000000000000);
        expect_learnt(o, "production", i < 2 ? "" : "wisdom");
        assert_int_equal(outbox_sqlite_retry(o, 4, NULL), ST_OK);
        outbox_free(&o->base);
        o = open_in(&s);
        outbox_free(&o->base);
        scratch_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_page_costs_only_the_records_on_it),
        cmocka_unit_test(what_cannot_be_read_at_all_is_kept_and_told),
        cmocka_unit_test(rows_that_are_no_records_stay_with_the_damaged_ones),
        cmocka_unit_test(a_log_that_cannot_be_moved_is_told_and_tried_again),
        cmocka_unit_test(a_disk_that_is_full_during_a_rescue_loses_nothing),
        cmocka_unit_test(holds_and_what_was_learnt_are_rescued_too),
        cmocka_unit_test(a_database_without_its_first_page_does_not_begin_anew_silently),
        cmocka_unit_test(each_damaged_file_has_a_name_of_its_own),
        cmocka_unit_test(a_rescue_that_was_cut_off_is_ended_by_the_next_start),
        cmocka_unit_test(where_nothing_can_be_written_the_damaged_database_stays),
        cmocka_unit_test(databases_of_every_version_are_taken_over),
    };

    faulty_vfs_install(&disk);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
