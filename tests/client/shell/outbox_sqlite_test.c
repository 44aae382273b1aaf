/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox on disk: what it keeps, what it refuses, and a disk that fails at every write. */
#include "tests/support/test.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/shell/outbox_sqlite.h"
#include "client/shell/outbox_survey.h"
#include "tests/client/shell/faulty_vfs.h"
#include "tests/client/shell/scratch.h"

static struct faulty_vfs disk;

#define PROOF_SIZE 9000 /* spans pages */

/* ---- helpers ---- */

static struct outbox_record record_of(uint64_t id, enum outbox_state state)
{
    struct outbox_record r;
    char task[32];

    snprintf(task, sizeof task, "task-%u", (unsigned)id);
    assert_true(outbox_record_init(&r, "1", task, "fib", 1));
    r.id = id;
    r.state = state;
    r.finished_wall_s = outbox_state_final(state) ? 1000 : 0;
    if (state != OUTBOX_FETCHED && state != OUTBOX_ACKED) {
        r.proofs[0].data = malloc(PROOF_SIZE);
        r.proofs[0].size = PROOF_SIZE;
        memset(r.proofs[0].data, (int)id, PROOF_SIZE);
        snprintf(r.proof_hash, sizeof r.proof_hash, "%064u", (unsigned)id);
    }
    return r;
}

static enum status put(struct outbox_sqlite *o, uint64_t id, enum outbox_state state)
{
    struct outbox_record r = record_of(id, state);
    struct why why;
    enum status st = outbox_put(&o->base, &r, &why);

    outbox_record_fini(&r);
    return st;
}

struct seen {
    char text[2000];
    unsigned count;
};

static enum status collect(void *context, struct outbox_record *r, struct why *why)
{
    struct seen *seen = context;

    if (r->id == 0xdead)
        return fail(why, ST_LIMIT, "stop");
    if (seen->count++ < 50)
        snprintf(seen->text + strlen(seen->text), 40, "%u%s ", (unsigned)r->id,
                 outbox_state_name(r->state));
    if (r->state == OUTBOX_PROVED || r->state == OUTBOX_SENDING) {
        assert_int_equal(r->proofs[0].size, PROOF_SIZE);
        assert_int_equal(r->proofs[0].data[PROOF_SIZE - 1], (uint8_t)r->id);
    }
    outbox_record_fini(r);
    return ST_OK;
}

static void expect(struct outbox_sqlite *o, const char *text)
{
    struct seen seen = {0};

    assert_int_equal(outbox_each(&o->base, collect, &seen, NULL), ST_OK);
    assert_string_equal(seen.text, text);
}

static struct outbox_sqlite *open_in(const struct scratch *s)
{
    struct outbox_sqlite *o = NULL;
    struct why why = {""};

    if (outbox_sqlite_open(&o, scratch_path(s, "outbox.db"), scratch_path(s, "outbox"), &why))
        fail_msg("%s", why.text);
    return o;
}

static void run_sql(const struct scratch *s, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(scratch_path(s, "outbox.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* ---- keeping ---- */

static void records_outlive_the_process_in_every_state(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    for (int i = 0; i < OUTBOX_STATES; i++)
        assert_int_equal(put(o, (uint64_t)(20 - i), (enum outbox_state)i), ST_OK);
    assert_int_equal(put(o, 20, OUTBOX_PROVED), ST_OK);
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox.db")), 0600);
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox.db-wal")), 0600);
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox.db-lock")), 0600);
    outbox_free(&o->base);
    chmod(scratch_path(&s, "outbox.db"), 0644);
    o = open_in(&s);
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox.db")), 0600);
    expect(o, "14abandoned 15unknown 16refused 17accepted 18sending 19proved 20proved ");
    assert_int_equal(o->damaged, 0);
    assert_int_equal(outbox_erase(&o->base, 14, NULL), ST_OK);
    assert_int_equal(outbox_erase(&o->base, 14, &why), ST_NOT_FOUND);
    assert_int_equal(put(o, 0xdead, OUTBOX_FETCHED), ST_OK);
    assert_int_equal(outbox_each(&o->base, collect, &(struct seen){0}, &why), ST_LIMIT);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void every_state_survives_kill_9(void **state)
{
    (void)state;
    for (int i = 0; i < OUTBOX_STATES; i++) {
        struct outbox_sqlite *o;
        struct scratch s;
        char text[60];
        int status;
        pid_t pid;

        scratch_init(&s);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            if (outbox_sqlite_open(&o, scratch_path(&s, "outbox.db"), scratch_path(&s, "outbox"),
                                   NULL) == ST_OK &&
                put(o, 1, OUTBOX_FETCHED) == ST_OK && put(o, 1, (enum outbox_state)i) == ST_OK)
                kill(getpid(), SIGKILL);
            _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        o = open_in(&s);
        snprintf(text, sizeof text, "1%s ", outbox_state_name((enum outbox_state)i));
        expect(o, text);
        outbox_free(&o->base);
        scratch_fini(&s);
    }
}

static enum status check_part(void *context, struct outbox_record *r, struct why *why)
{
    unsigned *count = context;

    (void)why;
    (*count)++;
    assert_int_equal(r->state, OUTBOX_FETCHED);
    assert_int_equal(r->input_count, 3);
    assert_null(r->proofs[0].data);
    assert_int_equal(r->proofs[1].size, PROOF_SIZE);
    assert_int_equal(r->proofs[1].data[PROOF_SIZE - 1], 0x5a);
    assert_int_equal(strlen(r->proofs[1].hash), 64);
    assert_null(r->proofs[2].data);
    outbox_record_fini(r);
    return ST_OK;
}

static void proofs_of_some_inputs_survive_with_a_task_that_is_not_done(void **state)
{
    struct outbox_record r;
    struct outbox_sqlite *o;
    struct scratch s;
    unsigned count = 0;

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    assert_true(outbox_record_init(&r, "1", "T", "fib", 3));
    r.id = 1;
    assert_int_equal(outbox_put(&o->base, &r, NULL), ST_OK);
    r.proofs[1].data = malloc(PROOF_SIZE);
    r.proofs[1].size = PROOF_SIZE;
    memset(r.proofs[1].data, 0x5a, PROOF_SIZE);
    keccak256_hex(r.proofs[1].hash, bytes_of(r.proofs[1].data, PROOF_SIZE));
    assert_int_equal(outbox_put(&o->base, &r, NULL), ST_OK);
    outbox_record_fini(&r);
    outbox_free(&o->base);
    o = open_in(&s);
    assert_int_equal(outbox_each(&o->base, check_part, &count, NULL), ST_OK);
    assert_int_equal(count, 1);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void a_final_record_is_not_turned_back(void **state)
{
    struct outbox_sqlite *o;
    struct outbox_record r = {0};
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    for (int i = OUTBOX_ACKED; i < OUTBOX_STATES; i++) {
        assert_int_equal(put(o, (uint64_t)i, (enum outbox_state)i), ST_OK);
        assert_int_equal(put(o, (uint64_t)i, (enum outbox_state)i), ST_OK);
        assert_int_equal(put(o, (uint64_t)i, OUTBOX_PROVED), ST_INPUT);
    }
    assert_int_equal(put(o, 9, OUTBOX_PROVED), ST_OK);
    expect(o, "3accepted 4refused 5unknown 6abandoned 9proved ");

    assert_int_equal(outbox_sqlite_retry(o, 3, &why), ST_INPUT);
    assert_int_equal(outbox_sqlite_retry(o, 9, &why), ST_INPUT);
    assert_int_equal(outbox_sqlite_retry(o, 77, &why), ST_NOT_FOUND);
    assert_int_equal(outbox_sqlite_retry(o, UINT64_MAX, &why), ST_NOT_FOUND);
    for (uint64_t id = 4; id <= 6; id++)
        assert_int_equal(outbox_sqlite_retry(o, id, NULL), ST_OK);
    expect(o, "3accepted 4proved 5proved 6proved 9proved ");
    assert_int_equal(outbox_sqlite_get(o, 4, &r, NULL), ST_OK);
    assert_int_equal(r.finished_wall_s, 0);
    outbox_record_drop_proofs(&r);
    r.state = OUTBOX_REFUSED;
    assert_int_equal(outbox_put(&o->base, &r, NULL), ST_OK);
    assert_int_equal(outbox_sqlite_retry(o, 4, &why), ST_INPUT); /* it has lost its proof */
    outbox_record_fini(&r);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void history_is_bounded(void **state)
{
    struct outbox_record r = {0};
    struct outbox_sqlite *o;
    struct scratch s;
    struct seen seen = {0};

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    assert_int_equal(put(o, 1, OUTBOX_PROVED), ST_OK);
    for (uint64_t id = 2; id < 2 + OUTBOX_SQLITE_KEEP_PROOFS + 3; id++)
        assert_int_equal(put(o, id, OUTBOX_REFUSED), ST_OK);
    assert_int_equal(outbox_sqlite_prune(o, 1000 + OUTBOX_SQLITE_KEEP_S, NULL), ST_OK);
    for (uint64_t id = 2; id <= 5; id++) {
        assert_int_equal(outbox_sqlite_get(o, id, &r, NULL), ST_OK);
        assert_int_equal(r.proofs[0].data != NULL, id == 5); /* the oldest three have lost theirs */
        outbox_record_fini(&r);
    }
    assert_int_equal(outbox_sqlite_prune(o, 1001 + OUTBOX_SQLITE_KEEP_S, NULL), ST_OK);
    expect(o, "1proved ");
    outbox_free(&o->base);

    /* Rows in bulk: of their contents only the count matters here. */
    run_sql(&s, "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10101) "
                "INSERT INTO record SELECT i, 3, 0, 0, x'00' FROM n");
    o = open_in(&s);
    assert_int_equal(outbox_sqlite_prune(o, 5000, NULL), ST_OK);
    o->read_only = true; /* nothing is set aside */
    assert_int_equal(outbox_each(&o->base, collect, &seen, NULL), ST_OK);
    assert_int_equal(o->damaged, OUTBOX_SQLITE_KEEP_RECORDS);
    assert_string_equal(seen.text, "1proved ");
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void a_long_run_prunes_its_history_itself(void **state)
{
    struct outbox_record r = record_of(1, OUTBOX_REFUSED);
    struct outbox_sqlite *o;
    struct scratch s;
    struct seen seen = {0};

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    for (uint64_t id = 1; id <= 500; id++) {
        outbox_record_drop_proofs(&r);
        r.id = id;
        r.finished_wall_s = id < 500 ? 1000 : 1001 + OUTBOX_SQLITE_KEEP_S;
        assert_int_equal(outbox_put(&o->base, &r, NULL), ST_OK);
    }
    assert_int_equal(outbox_each(&o->base, collect, &seen, NULL), ST_OK);
    assert_string_equal(seen.text, "500refused ");
    outbox_record_fini(&r);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void holds_outlive_the_process(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;
    int64_t until;

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    assert_int_equal(outbox_sqlite_held(o, "a", "fetch", &until, NULL), ST_OK);
    assert_int_equal(until, 0);
    assert_int_equal(outbox_sqlite_hold(o, "a", "fetch", 5, NULL), ST_OK);
    assert_int_equal(outbox_sqlite_hold(o, "a", "fetch", 7, NULL), ST_OK);
    assert_int_equal(outbox_sqlite_hold(o, "b", "fetch", 9, NULL), ST_OK);
    outbox_free(&o->base);
    o = open_in(&s);
    assert_int_equal(outbox_sqlite_held(o, "a", "fetch", &until, NULL), ST_OK);
    assert_int_equal(until, 7);
    assert_int_equal(outbox_sqlite_held(o, "a", "submit", &until, NULL), ST_OK);
    assert_int_equal(until, 0);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void expect_learnt(struct outbox_sqlite *o, const char *server, const char *text)
{
    struct buffer out;

    buffer_init(&out, 0);
    assert_int_equal(outbox_sqlite_learnt(o, server, &out, NULL), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&out), bytes_of_text(text)));
    buffer_fini(&out);
}

static void what_was_learnt_outlives_the_process(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;
    struct buffer small;
    struct why why;

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    expect_learnt(o, "a", "");
    assert_int_equal(outbox_sqlite_learn(o, "a", bytes_of_text("slow"), NULL), ST_OK);
    assert_int_equal(outbox_sqlite_learn(o, "a", bytes_of_text("fast"), NULL), ST_OK);
    assert_int_equal(outbox_sqlite_learn(o, "b", bytes_of_text("other"), NULL), ST_OK);
    outbox_free(&o->base);
    o = open_in(&s);
    expect_learnt(o, "a", "fast");
    expect_learnt(o, "b", "other");
    expect_learnt(o, "c", "");
    buffer_init(&small, 2);
    assert_int_equal(outbox_sqlite_learnt(o, "a", &small, &why), ST_NO_MEMORY);
    buffer_fini(&small);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void version_2_is_read_as_it_is_and_becomes_version_3_when_it_is_written(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;
    int64_t until;

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    assert_int_equal(put(o, 7, OUTBOX_PROVED), ST_OK);
    assert_int_equal(outbox_sqlite_hold(o, "a", "fetch", 5, NULL), ST_OK);
    outbox_free(&o->base);
    run_sql(&s, "DROP TABLE learnt; PRAGMA user_version=2");
    assert_int_equal(outbox_sqlite_read(&o, scratch_path(&s, "outbox.db"), NULL), ST_OK);
    expect(o, "7proved ");
    outbox_free(&o->base);
    o = open_in(&s);
    expect(o, "7proved ");
    assert_int_equal(outbox_sqlite_held(o, "a", "fetch", &until, NULL), ST_OK);
    assert_int_equal(until, 5);
    assert_int_equal(outbox_sqlite_learn(o, "a", bytes_of_text("fast"), NULL), ST_OK);
    expect_learnt(o, "a", "fast");
    outbox_free(&o->base);
    scratch_fini(&s);
}

/* ---- refusing ---- */

static void a_survey_counts_without_reading_and_says_who_is_held(void **state)
{
    struct outbox_sqlite *o, *reader;
    struct outbox_survey survey;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    assert_int_equal(outbox_sqlite_open(&o, scratch_path(&s, "outbox.db"), "none", &why), ST_OK);
    for (uint64_t id = 1; id <= 5; id++)
        assert_int_equal(put(o, id, id < 4 ? OUTBOX_PROVED : OUTBOX_ACKED), ST_OK);
    for (int i = 0; i < SURVEY_HOLDS + 3; i++) {
        char server[32];

        snprintf(server, sizeof server, "server %02d", i);
        assert_int_equal(outbox_sqlite_hold(o, server, "fetch", 1000 + i, &why), ST_OK);
    }
    run_sql(&s, "INSERT INTO damaged(id, bytes) VALUES(9, x'00')");
    run_sql(&s, "INSERT INTO record(id, state, finished, proof_size, bytes) "
                "VALUES(99, 77, 0, 0, x'00')");
    assert_int_equal(outbox_sqlite_read(&reader, scratch_path(&s, "outbox.db"), &why), ST_OK);
    assert_int_equal(outbox_survey(&survey, reader, 1001, &why), ST_OK);
    assert_int_equal(survey.counts[OUTBOX_PROVED], 3);
    assert_int_equal(survey.counts[OUTBOX_ACKED], 2);
    assert_int_equal(survey.counts[OUTBOX_FETCHED], 0);
    assert_int_equal(survey.damaged, 1);
    assert_int_equal(survey.hold_count, SURVEY_HOLDS);
    assert_string_equal(survey.holds[0].server, "server 02"); /* what has passed is not told */
    assert_string_equal(survey.holds[0].route, "fetch");
    assert_int_equal(survey.holds[0].until_wall_ns, 1002);
    run_sql(&s, "DROP TABLE hold");
    survey.damaged = 77;
    assert_int_equal(outbox_survey(&survey, reader, 0, &why), ST_IO);
    assert_int_equal(survey.damaged, 77);
    outbox_free(&reader->base);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void a_second_writer_is_refused_and_a_reader_is_not(void **state)
{
    struct outbox_sqlite *o, *other = NULL;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    assert_int_equal(outbox_sqlite_read(&other, scratch_path(&s, "outbox.db"), &why), ST_NOT_FOUND);
    o = open_in(&s);
    assert_int_equal(put(o, 1, OUTBOX_PROVED), ST_OK);
    assert_int_equal(outbox_sqlite_open(&other, scratch_path(&s, "outbox.db"), "none", &why),
                     ST_EXISTS);
    assert_non_null(strstr(why.text, "another nxp"));
    assert_int_equal(outbox_sqlite_read(&other, scratch_path(&s, "outbox.db"), &why), ST_OK);
    expect(other, "1proved ");
    assert_int_equal(put(other, 2, OUTBOX_FETCHED), ST_IO);
    assert_int_equal(put(o, 1, OUTBOX_ACKED), ST_OK);
    expect(other, "1accepted ");
    outbox_free(&other->base);
    outbox_free(&o->base);
    scratch_fini(&s);
}

static void damaged_rows_are_named_and_set_aside(void **state)
{
    struct outbox_record r;
    struct outbox_sqlite *o;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    o = open_in(&s);
    for (uint64_t id = 1; id <= 6; id++)
        assert_int_equal(put(o, id, OUTBOX_PROVED), ST_OK);
    outbox_free(&o->base);
    run_sql(&s, "UPDATE record SET bytes = x'' WHERE id = 2;"
                "UPDATE record SET state = 4 WHERE id = 3;"
                "UPDATE record SET id = 44 WHERE id = 4;"
                "UPDATE record SET bytes = substr(bytes, 1, 100) WHERE id = 5;");
    o = open_in(&s);
    assert_int_equal(outbox_sqlite_get(o, 3, &r, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "record 3"));
    o->read_only = true;
    expect(o, "1proved 6proved ");
    assert_string_equal(o->damaged_names, "2, 3, 5, 44");
    o->read_only = false;
    expect(o, "1proved 6proved ");
    assert_int_equal(o->damaged, 4);
    expect(o, "1proved 6proved ");
    assert_int_equal(o->damaged, 0);
    outbox_free(&o->base);
    run_sql(&s, "CREATE TABLE kept AS SELECT 1 / (count(*) = 4) AS ok FROM damaged;"
                "CREATE TABLE checked(ok INTEGER NOT NULL); INSERT INTO checked SELECT ok FROM kept");
    scratch_fini(&s);
}

static void what_is_no_outbox_of_ours_is_refused_with_words(void **state)
{
    struct outbox_sqlite *o = NULL;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    outbox_free(&open_in(&s)->base);
    run_sql(&s, "PRAGMA user_version=4");
    assert_int_equal(outbox_sqlite_open(&o, scratch_path(&s, "outbox.db"), "none", &why), ST_INPUT);
    assert_non_null(strstr(why.text, "newer nxp"));
    assert_int_equal(outbox_sqlite_read(&o, scratch_path(&s, "outbox.db"), &why), ST_INPUT);
    run_sql(&s, "DROP TABLE learnt; PRAGMA user_version=1");
    assert_int_equal(outbox_sqlite_read(&o, scratch_path(&s, "outbox.db"), &why), ST_NOT_FOUND);
    outbox_free(&open_in(&s)->base); /* version 1 becomes the newest */
    assert_int_equal(outbox_sqlite_read(&o, scratch_path(&s, "outbox.db"), &why), ST_OK);
    outbox_free(&o->base);

    scratch_write(scratch_path(&s, "text"), "this is a text that is no database at all, is it?");
    assert_int_equal(outbox_sqlite_read(&o, scratch_path(&s, "text"), &why), ST_IO);
    assert_non_null(strstr(why.text, "is damaged: file is not a database; nxp start keeps"));
    assert_int_equal(outbox_sqlite_open(&o, scratch_path(&s, "no/x.db"), "none", &why), ST_IO);
    assert_int_equal(outbox_sqlite_read(&o, scratch_path(&s, "text/x.db"), &why), ST_IO);
    scratch_fini(&s);
}

/* ---- record files of older versions ---- */

static void write_file(const struct scratch *s, uint64_t id, const struct outbox_record *r)
{
    struct buffer bytes;
    char name[60];

    buffer_init(&bytes, 0);
    outbox_encode(&bytes, r);
    snprintf(name, sizeof name, "outbox/%016llx.record", (unsigned long long)id);
    assert_int_equal(file_write(scratch_path(s, name), buffer_bytes(&bytes), 0600, NULL), ST_OK);
    buffer_fini(&bytes);
}

static void write_files(const struct scratch *s)
{
    mkdir(scratch_path(s, "outbox"), 0700);
    for (uint64_t id = 1; id <= 18; id += 17) {
        struct outbox_record r = record_of(id, id == 1 ? OUTBOX_PROVED : OUTBOX_ACKED);

        write_file(s, id, &r);
        if (id == 1)
            write_file(s, 3, &r); /* not the name that it says */
        outbox_record_fini(&r);
    }
    scratch_write(scratch_path(s, "outbox/0000000000000004.record"), "nxprec1\nzeros");
    scratch_write(scratch_path(s, "outbox/0000000000000005.record"), "");
    scratch_write(scratch_path(s, "outbox/0000000000000011.record.99.tmp"), "torn by a crash");
}

static void record_files_are_taken_over_once(void **state)
{
    struct outbox_sqlite *o;
    struct scratch s;

    (void)state;
    scratch_init(&s);
    write_files(&s);
    o = open_in(&s);
    assert_int_equal(o->damaged, 3);
    expect(o, "1proved 18accepted ");
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox/0000000000000001.record")), 0);
    assert_int_not_equal(scratch_mode(scratch_path(&s, "outbox/0000000000000011.record.99.tmp")), 0);
    assert_int_equal(put(o, 1, OUTBOX_ACKED), ST_OK);
    outbox_free(&o->base);

    write_files(&s); /* as if we had died before they were removed */
    o = open_in(&s);
    expect(o, "1accepted 18accepted ");
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox/0000000000000001.record")), 0);
    outbox_free(&o->base);
    remove(scratch_path(&s, "outbox/0000000000000011.record.99.tmp"));
    outbox_free(&open_in(&s)->base);
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox")), 0);

    remove(scratch_path(&s, "outbox.db"));
    scratch_write(scratch_path(&s, "outbox"), "no folder");
    assert_int_equal(outbox_sqlite_open(&o, scratch_path(&s, "outbox.db"),
                                        scratch_path(&s, "outbox"), NULL),
                     ST_IO);
    scratch_fini(&s);
}

/* ---- a disk that fails ---- */

#define TASKS 3

struct promise { /* per task: what the store has said */
    int written;  /* the state of the last put that was ST_OK; -1: none */
    int wanted;   /* of a put after it that was not */
};

static void try_put(struct outbox_sqlite *o, struct promise *p, uint64_t id, enum outbox_state st)
{
    enum status got = ST_IO;

    for (int tries = 0; tries < 2 && got; tries++) /* the core tries again too */
        got = put(o, id, st);
    assert_true(got == ST_OK || got == ST_IO);
    if (got) {
        p->wanted = (int)st;
    } else {
        p->written = p->wanted = (int)st;
    }
}

/* One life of a client: each step goes on from what the last one could write. */
static void live(const struct scratch *s, struct promise promises[TASKS])
{
    static const enum outbox_state path[] = {OUTBOX_FETCHED, OUTBOX_PROVED, OUTBOX_SENDING,
                                             OUTBOX_PROVED,  OUTBOX_SENDING, OUTBOX_ACKED};
    struct outbox_sqlite *o;
    enum status st;
    struct why why;
    struct buffer learnt;

    for (int i = 0; i < TASKS; i++)
        promises[i] = (struct promise){-1, -1};
    st = outbox_sqlite_open(&o, scratch_path(s, "outbox.db"), scratch_path(s, "outbox"), &why);
    assert_true(st == ST_OK || st == ST_IO);
    if (st)
        return;
    for (size_t step = 0; step < sizeof path / sizeof *path; step++)
        for (uint64_t id = 1; id <= TASKS; id++)
            if (promises[id - 1].written == (step == 0 ? -1 : (int)path[step - 1]) &&
                !(id == TASKS && step > 1)) /* the last one stays proved */
                try_put(o, &promises[id - 1], id, path[step]);
    st = outbox_sqlite_prune(o, 5000, &why);
    assert_true(st == ST_OK || st == ST_IO);
    st = outbox_sqlite_hold(o, "a", "fetch", 5, &why);
    assert_true(st == ST_OK || st == ST_IO);
    st = outbox_sqlite_learn(o, "a", bytes_of_text("fast"), &why);
    assert_true(st == ST_OK || st == ST_IO);
    buffer_init(&learnt, 0);
    st = outbox_sqlite_learnt(o, "a", &learnt, &why);
    assert_true(st == ST_OK || st == ST_IO);
    buffer_fini(&learnt);
    outbox_free(&o->base);
}

static void check_promises(const struct scratch *s, const struct promise promises[TASKS])
{
    struct outbox_sqlite *o;

    disk.fail_at = 0;
    o = open_in(s);
    for (uint64_t id = 1; id <= TASKS; id++) {
        const struct promise *p = &promises[id - 1];
        struct outbox_record r = {0};
        enum status st = outbox_sqlite_get(o, id, &r, NULL);

        if (st == ST_NOT_FOUND) {
            assert_int_equal(p->written, -1);
            continue;
        }
        assert_int_equal(st, ST_OK);
        assert_true((int)r.state == p->written || (int)r.state == p->wanted);
        if (r.state == OUTBOX_PROVED || r.state == OUTBOX_SENDING)
            assert_int_equal(r.proofs[0].data[PROOF_SIZE - 1], id);
        outbox_record_fini(&r);
    }
    assert_int_equal(outbox_each(&o->base, collect, &(struct seen){0}, NULL), ST_OK);
    assert_int_equal(o->damaged, 0);
    outbox_free(&o->base);
}

static void a_disk_that_fails_at_any_call_leaves_the_old_or_the_new(void **state)
{
    static const int codes[] = {SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_IOERR_FSYNC};
    unsigned runs = 0;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof codes / sizeof *codes; i++) {
        bool failed = true;

        for (unsigned n = 1; failed; n++, runs++) {
            struct promise promises[TASKS];
            struct scratch s;

            scratch_init(&s);
            disk = (struct faulty_vfs){
                .fail_at = n, .code = codes[i / 2], .forever = i % 2 != 0};
            live(&s, promises);
            failed = disk.failures > 0;
            if (!failed) { /* n is beyond the last call: all is as wanted */
                assert_int_equal(promises[0].written, OUTBOX_ACKED);
                assert_int_equal(promises[TASKS - 1].written, OUTBOX_PROVED);
            }
            check_promises(&s, promises);
            scratch_fini(&s);
        }
    }
    assert_true(runs > 200);
}

static void files_are_taken_over_whole_or_not_at_all(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned n = 1; failed; n++) {
        struct outbox_sqlite *o = NULL;
        struct scratch s;

        scratch_init(&s);
        write_files(&s);
        disk = (struct faulty_vfs){.fail_at = n, .code = SQLITE_FULL, .forever = true};
        if (outbox_sqlite_open(&o, scratch_path(&s, "outbox.db"), scratch_path(&s, "outbox"), NULL))
            assert_int_not_equal(scratch_mode(scratch_path(&s, "outbox/0000000000000001.record")), 0);
        else
            outbox_free(&o->base);
        failed = disk.failures > 0;
        disk.fail_at = 0;
        o = open_in(&s);
        expect(o, "1proved 18accepted ");
        outbox_free(&o->base);
        scratch_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_outlive_the_process_in_every_state),
        cmocka_unit_test(every_state_survives_kill_9),
        cmocka_unit_test(proofs_of_some_inputs_survive_with_a_task_that_is_not_done),
        cmocka_unit_test(a_final_record_is_not_turned_back),
        cmocka_unit_test(history_is_bounded),
        cmocka_unit_test(a_long_run_prunes_its_history_itself),
        cmocka_unit_test(holds_outlive_the_process),
        cmocka_unit_test(what_was_learnt_outlives_the_process),
        cmocka_unit_test(version_2_is_read_as_it_is_and_becomes_version_3_when_it_is_written),
        cmocka_unit_test(a_survey_counts_without_reading_and_says_who_is_held),
        cmocka_unit_test(a_second_writer_is_refused_and_a_reader_is_not),
        cmocka_unit_test(damaged_rows_are_named_and_set_aside),
        cmocka_unit_test(what_is_no_outbox_of_ours_is_refused_with_words),
        cmocka_unit_test(record_files_are_taken_over_once),
        cmocka_unit_test(a_disk_that_fails_at_any_call_leaves_the_old_or_the_new),
        cmocka_unit_test(files_are_taken_over_whole_or_not_at_all),
    };

    faulty_vfs_install(&disk);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
