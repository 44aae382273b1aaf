/* SPDX-License-Identifier: Apache-2.0 */
/* The signing key of a run is in keys/ and in one locked page of memory, and nowhere else: not in
 * what the run prints, not in its other files, not in what /proc shows, not in what a dump would
 * hold. */
#include "tests/support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "proto/signing.h"
#include "tests/client/cli/run.h"
#include "tests/client/shell/scratch.h"
#include "tests/client/shell/tiny_server.h"

static struct run r, look; /* large */

static bool serve(void *context, const struct tiny_request *q)
{
    static const char task[] = "\x22\x17\x0a\x02T0\x12\x03"
                               "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0";
    unsigned *fetches = context;

    if (strcmp(q->path, "/v3/tasks") == 0 && (*fetches)++ > 0)
        tiny_reply(q->fd, 429, "Retry-After: 3600\r\n", "", 0);
    else if (strcmp(q->path, "/v3/tasks") == 0)
        tiny_reply(q->fd, 200, "", task, sizeof task - 1);
    else
        tiny_reply(q->fd, 200, "", "", 0);
    return true;
}

static const char *args_of(const struct tiny_server *server, const char *more)
{
    static char args[900];

    snprintf(args, sizeof args,
             "start --node-id 5880437 --orchestrator-url %s --fetch-interval 1 --json-log %s",
             tiny_server_url(server), more);
    return args;
}

/* ---- the key, in every form that it could be written in ---- */

struct secret {
    uint8_t raw[SIGNING_SEED_SIZE];
    char text[6][2 * SIGNING_SEED_SIZE + 1];
};

/* Base64 as it would stand in a longer text: what follows may change the last digits, so they are
 * left out; the seed may begin at each of three places in a group. */
static void forms_of(struct secret *s, const char *hex)
{
    assert_true(hex_decode(s->raw, sizeof s->raw, hex));
    snprintf(s->text[0], sizeof s->text[0], "%s", hex);
    for (int i = 0; hex[i]; i++)
        s->text[1][i] = (char)(hex[i] >= 'a' ? hex[i] - 'a' + 'A' : hex[i]);
    for (int shift = 0; shift < 3; shift++) {
        char base64[80];

        sodium_bin2base64(base64, sizeof base64, s->raw + shift, (sizeof s->raw - 2) / 3 * 3,
                          sodium_base64_VARIANT_ORIGINAL);
        snprintf(s->text[2 + shift], sizeof s->text[0], "%.38s", base64);
    }
    sodium_bin2base64(s->text[5], sizeof s->text[5], s->raw, sizeof s->raw,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* The form that is there, or NULL. */
static const char *form_in(const struct secret *s, struct bytes place)
{
    if (place.size == 0)
        return NULL;
    if (memmem(place.data, place.size, s->raw, sizeof s->raw))
        return "raw bytes";
    for (size_t i = 0; i < 6; i++)
        if (memmem(place.data, place.size, s->text[i], strlen(s->text[i])))
            return s->text[i];
    return NULL;
}

static void check_absent(const struct secret *s, struct bytes place, const char *name)
{
    const char *form = form_in(s, place);

    if (form)
        fail_msg("the key is in %s, as %s", name, form);
}

static void check_file_absent(const struct secret *s, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char block[4096];
    struct buffer content;
    ssize_t n;

    if (fd < 0) /* what nobody may read holds nothing */
        return;
    buffer_init(&content, 0);
    while ((n = read(fd, block, sizeof block)) > 0)
        buffer_put(&content, block, (size_t)n);
    close(fd);
    check_absent(s, buffer_bytes(&content), path);
    buffer_fini(&content);
}

/* ---- files ---- */

static const struct secret *looked_for;
static unsigned files_seen;

static int check_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    unsigned mode = info->st_mode & 0777;

    (void)ftw;
    if (mode & 077)
        fail_msg("%s has mode %o", path, mode);
    if (type == FTW_F && S_ISREG(info->st_mode)) {
        files_seen++;
        if (!strstr(path, "/keys/"))
            check_file_absent(looked_for, path);
    }
    return 0;
}

static void check_files(const struct secret *s, const struct scratch *home)
{
    looked_for = s;
    files_seen = 0;
    assert_int_equal(nftw(home->path, check_one, 16, FTW_PHYS), 0);
    assert_true(files_seen >= 3); /* key, outbox, lock */
}

/* ---- the process ---- */

static const char *proc_path(pid_t pid, const char *name)
{
    static char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return path;
}

/* Is the key in a part of memory? What has no memory behind it reads as zeros or not at all. */
static bool in_memory(const struct secret *s, int memory, unsigned long from, unsigned long to)
{
    size_t room = (size_t)1 << 20;
    uint8_t *block = malloc(room + 2 * SIGNING_SEED_SIZE);
    bool found = false;

    assert_non_null(block);
    for (unsigned long at = from; at < to && !found; at += room) {
        size_t size =
            to - at < room + 2 * SIGNING_SEED_SIZE ? to - at : room + 2 * SIGNING_SEED_SIZE;
        ssize_t n = pread(memory, block, size, (off_t)at);

        found = n > 0 && form_in(s, bytes_of(block, (size_t)n));
    }
    free(block);
    return found;
}

/* Counts the mappings with the key: those that a dump leaves out, and the others. */
static void count_in_memory(const struct secret *s, pid_t pid, unsigned *left_out, unsigned *dumped)
{
    FILE *maps = fopen(proc_path(pid, "smaps"), "re");
    int memory = open(proc_path(pid, "mem"), O_RDONLY | O_CLOEXEC);
    unsigned long from = 0, to = 0, a, b;
    char line[600], permissions[8];
    bool found = false;

    *left_out = *dumped = 0;
    assert_true(maps && memory >= 0);
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx %4s", &a, &b, permissions) == 3) {
            from = a;
            to = b;
        } else if (strncmp(line, "VmFlags:", 8) == 0) {
            found = to - from < (1ul << 30) && in_memory(s, memory, from, to);
            if (found && strstr(line, " dd"))
                ++*left_out;
            else if (found)
                ++*dumped;
        }
    }
    fclose(maps);
    close(memory);
}

/* Only who may look past the mark that the process set can look into its memory: root. */
static void check_memory(const struct secret *s, pid_t pid, unsigned pages)
{
    unsigned left_out, dumped;

    if (geteuid() != 0) {
        if (pages > 0) /* the client itself */
            assert_int_equal(open(proc_path(pid, "mem"), O_RDONLY | O_CLOEXEC), -1);
        return;
    }
    count_in_memory(s, pid, &left_out, &dumped);
    assert_int_equal(left_out, pages);
    assert_int_equal(dumped, 0);
}

/* The processes that it has begun know nothing of the key. Returns how many there are. */
static unsigned check_children(const struct secret *s, pid_t pid)
{
    char name[64];
    unsigned count = 0;
    FILE *children;
    int child;

    snprintf(name, sizeof name, "task/%d/children", (int)pid);
    children = fopen(proc_path(pid, name), "re");
    assert_non_null(children);
    while (fscanf(children, "%d", &child) == 1) {
        check_file_absent(s, proc_path(child, "environ"));
        check_file_absent(s, proc_path(child, "cmdline"));
        check_memory(s, child, 0);
        count++;
    }
    fclose(children);
    return count;
}

static void check_no_core(pid_t pid)
{
    FILE *limits = fopen(proc_path(pid, "limits"), "re");
    char line[200];
    bool seen = false;

    assert_non_null(limits);
    while (fgets(line, sizeof line, limits))
        if (strncmp(line, "Max core file size", 18) == 0)
            seen = strtol(line + 18, NULL, 10) == 0 && strstr(line + 18, "unlimited") == NULL;
    fclose(limits);
    assert_true(seen);
}

static void read_key(struct secret *s, const struct scratch *home)
{
    struct buffer content;
    char hex[2 * SIGNING_SEED_SIZE + 1] = "";

    buffer_init(&content, 0);
    assert_int_equal(file_read(&content, scratch_path(home, "keys/session.key"), 100, NULL), ST_OK);
    assert_true(content.size >= sizeof hex - 1);
    memcpy(hex, content.data, sizeof hex - 1);
    forms_of(s, hex);
    buffer_fini(&content);
}

static void check_everything(const struct secret *s, const struct scratch *home)
{
    check_file_absent(s, proc_path(r.pid, "environ"));
    check_file_absent(s, proc_path(r.pid, "cmdline"));
    check_no_core(r.pid);
    check_memory(s, r.pid, 1);
    assert_int_equal(check_children(s, r.pid), 1); /* the prover */
    check_files(s, home);
    assert_int_equal(run(&look, home->path, "status --json"), 0);
    check_absent(s, bytes_of(look.out, look.out_size), "nxp status");
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    check_absent(s, bytes_of(r.out, r.out_size), "stdout");
    check_absent(s, bytes_of(r.err, r.err_size), "stderr");
    check_files(s, home);
}

static void the_key_of_a_run_is_in_one_locked_page_and_one_private_file(void **state)
{
    unsigned fetches = 0;
    struct tiny_server *server = tiny_server_new(serve, &fetches);
    struct secret secret = {0};
    struct scratch home;
    char option[600];

    (void)state;
    umask(022); /* as usual: the client's files do not depend on it */
    scratch_init(&home);
    snprintf(option, sizeof option, "--log-file %s", scratch_path(&home, "log"));
    run_begin(&r, home.path, args_of(server, option));
    run_until(&r, "\"event\":\"submitted\"");
    run_until(&r, "next try in");
    read_key(&secret, &home);
    check_everything(&secret, &home);
    tiny_server_free(server);
    scratch_fini(&home);
}

static void the_key_of_a_former_run_is_kept_as_well(void **state)
{
    unsigned fetches = 0;
    struct tiny_server *server = tiny_server_new(serve, &fetches);
    struct secret secret = {0}, again = {0};
    struct scratch home;

    (void)state;
    scratch_init(&home);
    run_begin(&r, home.path, args_of(server, ""));
    run_until(&r, "\"event\":\"proving\""); /* open work: the next run takes the same key */
    kill(r.pid, SIGKILL);
    run_finish(&r);
    read_key(&secret, &home);
    run_begin(&r, home.path, args_of(server, ""));
    run_until(&r, "\"event\":\"submitted\"");
    read_key(&again, &home);
    assert_memory_equal(again.raw, secret.raw, sizeof secret.raw);
    check_everything(&secret, &home);
    tiny_server_free(server);
    scratch_fini(&home);
}

/* The last case: what is given up here does not come back. */
static void a_key_that_cannot_be_locked_is_told_once_and_the_run_goes_on(void **state)
{
    struct tiny_server *server;
    unsigned fetches = 0;
    struct scratch home;
    const char *said;

    (void)state;
    if (TEST_SANITIZED) /* its mlock does nothing and says it has */
        skip();
    server = tiny_server_new(serve, &fetches);
    scratch_init(&home);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}), 0);
    if (geteuid() == 0)
        assert_int_equal(prctl(PR_CAPBSET_DROP, 14 /* CAP_IPC_LOCK */, 0, 0, 0), 0);
    assert_int_equal(run(&r, home.path, args_of(server, "--max-tasks 1")), 0);
    said = strstr(r.err, "[WARN] the signing key cannot be locked in memory (");
    assert_non_null(said);
    assert_null(strstr(said + 40, "the signing key"));
    tiny_server_free(server);
    scratch_fini(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_of_a_run_is_in_one_locked_page_and_one_private_file),
        cmocka_unit_test(the_key_of_a_former_run_is_kept_as_well),
        cmocka_unit_test(a_key_that_cannot_be_locked_is_told_once_and_the_run_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
