/* SPDX-License-Identifier: Apache-2.0 */
/* What every store must do, told to each of them; and what only a file can suffer. */
#include "tests/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mockorch/store/store_sqlite.h"

struct place {
    char folder[32];
    char path[64];
    struct store *store;
};

static int setup(void **state)
{
    static struct place p;

    p = (struct place){.folder = "/tmp/store-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    snprintf(p.path, sizeof p.path, "%s/mock.db", p.folder);
    *state = &p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    char command[80];

    store_free(p->store);
    snprintf(command, sizeof command, "rm -rf %s", p->folder);
    return system(command);
}

static void open_file(struct place *p)
{
    struct why why = {""};

    store_free(p->store);
    p->store = NULL;
    if (store_sqlite_new(&p->store, p->path, &why))
        fail_msg("%s", why.text);
}

static void put(struct store *s, enum store_kind kind, const char *key, const char *value)
{
    assert_int_equal(store_put(s, kind, key, bytes_of_text(value), NULL), ST_OK);
}

/* "key=value key=value " in the order of the store. */
struct listing {
    char text[256];
    int stop_at; /* 0: never */
};

static enum status list_one(void *context, const char *key, struct bytes value, struct why *why)
{
    struct listing *l = context;
    size_t used = strlen(l->text);

    snprintf(l->text + used, sizeof l->text - used, "%s=%.*s ", key, (int)value.size,
             (const char *)value.data);
    return l->stop_at && --l->stop_at == 0 ? fail(why, ST_INPUT, "enough") : ST_OK;
}

static void expect(struct store *s, enum store_kind kind, const char *text)
{
    struct listing l = {.stop_at = 0};

    assert_int_equal(store_each(s, kind, list_one, &l, NULL), ST_OK);
    assert_string_equal(l.text, text);
}

static void check_a_store(struct store *s)
{
    struct listing l = {.stop_at = 2};
    struct why why = {""};

    expect(s, STORE_USER, "");
    assert_int_equal(store_remove(s, STORE_USER, "nobody", NULL), ST_OK);
    put(s, STORE_USER, "b", "1");
    put(s, STORE_USER, "a", "2");
    put(s, STORE_USER, "", "none");
    put(s, STORE_NODE, "a", "other");
    put(s, STORE_USER, "b", "3"); /* keeps its place */
    assert_int_equal(store_commit(s, NULL), ST_OK);
    expect(s, STORE_USER, "b=3 a=2 =none ");
    assert_int_equal(store_each(s, STORE_USER, list_one, &l, &why), ST_INPUT);
    assert_string_equal(l.text, "b=3 a=2 ");
    assert_string_equal(why.text, "enough");

    assert_int_equal(store_remove(s, STORE_USER, "a", NULL), ST_OK); /* in the middle */
    expect(s, STORE_USER, "b=3 =none ");
    put(s, STORE_USER, "a", "4"); /* new: at the end */
    assert_int_equal(store_remove(s, STORE_USER, "b", NULL), ST_OK); /* first */
    expect(s, STORE_USER, "=none a=4 ");
    assert_int_equal(store_remove(s, STORE_USER, "a", NULL), ST_OK); /* last */
    put(s, STORE_USER, "c", "");
    expect(s, STORE_USER, "=none c= ");
    assert_int_equal(store_remove(s, STORE_USER, "", NULL), ST_OK);
    assert_int_equal(store_remove(s, STORE_USER, "c", NULL), ST_OK);
    expect(s, STORE_USER, "");
    expect(s, STORE_NODE, "a=other ");
    assert_int_equal(store_commit(s, NULL), ST_OK);
    assert_int_equal(store_commit(s, NULL), ST_OK); /* nothing to do */
}

static void memory_keeps_the_rules(void **state)
{
    struct place *p = *state;

    assert_int_equal(store_memory_new(&p->store, NULL), ST_OK);
    check_a_store(p->store);
}

static void a_file_keeps_the_rules(void **state)
{
    struct place *p = *state;

    open_file(p);
    check_a_store(p->store);
    open_file(p);
    expect(p->store, STORE_NODE, "a=other ");
}

static void only_what_was_committed_is_there_again(void **state)
{
    struct place *p = *state;
    struct stat st;

    open_file(p);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    put(p->store, STORE_TASK, "1", "a");
    put(p->store, STORE_TASK, "2", "b");
    assert_int_equal(store_commit(p->store, NULL), ST_OK);
    put(p->store, STORE_TASK, "1", "changed");
    assert_int_equal(store_remove(p->store, STORE_TASK, "2", NULL), ST_OK);
    open_file(p);
    expect(p->store, STORE_TASK, "1=a 2=b ");
}

static void a_process_that_is_killed_leaves_what_it_committed(void **state)
{
    struct place *p = *state;
    int status;
    pid_t child = fork();

    if (child == 0) {
        open_file(p);
        put(p->store, STORE_TASK, "1", "a");
        (void)!store_commit(p->store, NULL);
        put(p->store, STORE_TASK, "2", "b");
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    open_file(p);
    expect(p->store, STORE_TASK, "1=a ");
}

static void a_second_orchestrator_is_locked_out(void **state)
{
    struct place *p = *state;
    struct store *second = NULL;
    struct why why = {""};

    open_file(p);
    assert_int_equal(store_sqlite_new(&second, p->path, &why), ST_EXISTS);
    assert_non_null(strstr(why.text, "another orchestrator is using it"));
    assert_null(second);
}

/* ---- files that are none of ours ---- */

static void refuse(const struct place *p, enum status expected, const char *words)
{
    struct store *store = NULL;
    struct why why = {""};

    assert_int_equal(store_sqlite_new(&store, p->path, &why), expected);
    if (!strstr(why.text, words))
        fail_msg("'%s' does not say '%s'", why.text, words);
    assert_null(store);
}

static void run_sql(const struct place *p, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void other_files_are_refused_with_words(void **state)
{
    struct place *p = *state;
    const char *path = p->path;
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fprintf(f, "%01000d", 7);
    fclose(f);
    refuse(p, ST_INPUT, "is not an SQLite database");
    unlink(path);

    run_sql(p, "CREATE TABLE bookmark(url TEXT)");
    refuse(p, ST_INPUT, "belongs to another program");
    unlink(path);

    open_file(p);
    store_free(p->store);
    p->store = NULL;
    run_sql(p, "PRAGMA user_version=2");
    refuse(p, ST_INPUT, "is of version 2; this orchestrator reads 1");

    snprintf(p->path, sizeof p->path, "%s/no/such/folder", p->folder);
    refuse(p, ST_IO, "No such file or directory");
    snprintf(p->path, sizeof p->path, "%s", p->folder);
    refuse(p, ST_IO, "Is a directory");
}

static void a_damaged_file_is_refused_with_words(void **state)
{
    struct place *p = *state;
    char name[16], value[512], junk[4096];
    int fd;

    open_file(p);
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = 0;
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "%d", i);
        put(p->store, STORE_TASK, name, value);
    }
    assert_int_equal(store_commit(p->store, NULL), ST_OK);
    store_free(p->store); /* moves the log into the file */
    p->store = NULL;
    memset(junk, 0x5a, sizeof junk);
    fd = open(p->path, O_WRONLY);
    assert_true(fd >= 0);
    for (int page = 2; page < 10; page++)
        assert_int_equal(pwrite(fd, junk, sizeof junk, page * 4096), sizeof junk);
    close(fd);
    refuse(p, ST_INPUT, "is damaged");
}

/* Beyond SQLite's cache, so that it has to read the pages again. */
static void damage_under_a_running_orchestrator_is_told(void **state)
{
    struct place *p = *state;
    char name[16], value[1024], junk[4096];
    struct listing l = {.stop_at = 0};
    struct why why = {""};
    int fd;

    open_file(p);
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = 0;
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%d", i);
        put(p->store, STORE_TASK, name, value);
    }
    assert_int_equal(store_commit(p->store, NULL), ST_OK);
    open_file(p); /* moves the log into the file */
    memset(junk, 0x5a, sizeof junk);
    fd = open(p->path, O_WRONLY);
    assert_true(fd >= 0);
    for (int page = 2; page < 1000; page++)
        assert_int_equal(pwrite(fd, junk, sizeof junk, page * 4096), sizeof junk);
    close(fd);
    assert_int_equal(store_each(p->store, STORE_TASK, list_one, &l, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "is damaged"));
    assert_int_equal(store_put(p->store, STORE_TASK, "9999", bytes_of_text("x"), &why), ST_INPUT);
}

static void without_memory_the_store_says_so_and_is_left_as_it_was(void **state)
{
    struct place *p = *state;
    unsigned refused = 0;
    enum status st = ST_NO_MEMORY;

    open_file(p);
    put(p->store, STORE_USER, "a", "1");
    assert_int_equal(store_commit(p->store, NULL), ST_OK);
    store_free(p->store);
    p->store = NULL;
    for (sqlite3_int64 more = 1024; st == ST_NO_MEMORY; more += 2048) {
        struct why why = {""};

        sqlite3_hard_heap_limit64(sqlite3_memory_used() + more);
        st = store_sqlite_new(&p->store, p->path, &why);
        sqlite3_hard_heap_limit64(0);
        if (st && (st != ST_NO_MEMORY || !strstr(why.text, "out of memory")))
            fail_msg("%d more: %d, '%s'", (int)more, st, why.text);
        refused += st != ST_OK;
    }
    assert_true(refused > 5);
    expect(p->store, STORE_USER, "a=1 ");
}

/* As on a network drive: no memory can be shared over it. */
static void a_file_system_without_a_log_is_refused_with_words(void **state)
{
    struct place *p = *state;
    sqlite3_vfs *usual = sqlite3_vfs_find(NULL);

    sqlite3_vfs_register(sqlite3_vfs_find("unix-dotfile"), 1);
    refuse(p, ST_IO, "this file system cannot hold a write-ahead log");
    sqlite3_vfs_register(usual, 1);
}

/* The limit of this process on the size of a file stands in for a full disk. */
static void a_full_disk_is_an_error_of_the_commit(void **state)
{
    struct place *p = *state;
    struct rlimit old, tight;
    char value[4096], name[16];
    enum status st = ST_OK;
    struct why why = {""};

    open_file(p);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = (struct rlimit){.rlim_cur = 65536, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = 0;
    for (int i = 0; i < 100 && !st; i++) {
        snprintf(name, sizeof name, "%d", i);
        st = store_put(p->store, STORE_TASK, name, bytes_of_text(value), &why);
        if (!st)
            st = store_commit(p->store, &why);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(st, ST_IO);
    assert_non_null(strstr(why.text, p->path));
    open_file(p); /* what was committed before is there */
    expect(p->store, STORE_USER, "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(memory_keeps_the_rules),
        CASE(a_file_keeps_the_rules),
        CASE(only_what_was_committed_is_there_again),
        CASE(a_process_that_is_killed_leaves_what_it_committed),
        CASE(a_second_orchestrator_is_locked_out),
        CASE(other_files_are_refused_with_words),
        CASE(a_damaged_file_is_refused_with_words),
        CASE(damage_under_a_running_orchestrator_is_told),
        CASE(without_memory_the_store_says_so_and_is_left_as_it_was),
        CASE(a_file_system_without_a_log_is_refused_with_words),
        CASE(a_full_disk_is_an_error_of_the_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
