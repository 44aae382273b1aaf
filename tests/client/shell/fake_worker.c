/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/client/shell/fake_worker.h"

#include "tests/support/test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/shell/prover_worker.h"
#include "client/shell/resources.h"
#include "client/shell/worker_wire.h"

#define MIB ((uint64_t)1 << 20)

struct fake {
    char mode[32];
    bool always;
    char root[256];
};

static bool is(const struct fake *f, const char *mode)
{
    return strcmp(f->mode, mode) == 0;
}

static void put(const void *data, size_t size)
{
    (void)!send(STDIN_FILENO, data, size, MSG_NOSIGNAL);
}

static void say(const struct worker_message *m)
{
    struct buffer out;

    buffer_init(&out, 0);
    worker_wire_put(&out, m);
    put(out.data, out.size);
    buffer_fini(&out);
}

static void count_a_kill(const struct fake *f)
{
    uint64_t kills = resources_oom_kills(f->root);
    char path[300];
    FILE *file;

    snprintf(path, sizeof path, "%s/proc/vmstat", f->root);
    file = fopen(path, "w");
    fprintf(file, "oom_kill %llu\n", (unsigned long long)kills + 1);
    fclose(file);
}

static void hello(struct fake *f, const struct worker_message *m)
{
    snprintf(f->root, sizeof f->root, "%s", m->hello.root);
    if (is(f, "silent"))
        return;
    if (is(f, "stillborn")) {
        fputs("no such luck\n", stderr);
        exit(7);
    }
    if (is(f, "stumble") && resources_oom_kills(f->root) == 0) {
        count_a_kill(f);
        kill(getpid(), SIGKILL);
    }
    if (is(f, "babble"))
        put("what? what? what?", 17);
    else if (is(f, "early"))
        say(&(struct worker_message){.type = WORKER_CANCEL, .id = 1});
    else if (is(f, "unwilling"))
        say(&(struct worker_message){.type = WORKER_REFUSED,
                                     .failed = {.status = ST_LIMIT, .text = "not today"}});
    else
        say(&(struct worker_message){.type = WORKER_READY});
}

static void start(uint64_t id)
{
    say(&(struct worker_message){.type = WORKER_MEASURING, .id = id});
    say(&(struct worker_message){.type = WORKER_MEASURED, .id = id, .need_bytes = 900 * MIB});
    say(&(struct worker_message){.type = WORKER_STARTED, .id = id, .free_bytes = 1000 * MIB});
}

static void crash(void)
{
    for (int i = 0; i < 400; i++)
        fprintf(stderr, "step %d of very many\n", i);
    fputs("my last words\n\n", stderr);
    abort();
}

static void go_wrong(const struct fake *f, uint64_t id)
{
    if (is(f, "mute"))
        return;
    if (is(f, "poor")) {
        say(&(struct worker_message){.type = WORKER_FAILED,
                                     .id = id,
                                     .failed = {.status = ST_NO_MEMORY, .text = "too poor"}});
        return;
    }
    if (is(f, "forger")) {
        say(&(struct worker_message){
            .type = WORKER_PROVED, .id = id + 1000, .proved = {.proof = bytes_of_text("false")}});
        return;
    }
    if (is(f, "huge")) {
        put("\xff\xff\xff\xff\x08", 5);
        return;
    }
    start(id);
    if (is(f, "counted"))
        count_a_kill(f);
    if (is(f, "counted") || is(f, "kill"))
        kill(getpid(), SIGKILL);
    if (is(f, "crash"))
        crash();
}

static void job(const struct fake *f, const struct worker_message *m)
{
    if (f->always || !m->job.alone)
        go_wrong(f, m->id);
    else
        say(&(struct worker_message){
            .type = WORKER_PROVED,
            .id = m->id,
            .proved = {.steps = m->job.alone, .proof = bytes_of_text("proof")}});
}

static int run_fake(struct fake *f)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    struct worker_stream stream;
    struct worker_message m;
    bool open = true, got;

    worker_stream_init(&stream);
    while (open && poll(&fd, 1, -1) == 1) {
        if (worker_stream_read(&stream, STDIN_FILENO, &open, NULL))
            return 9;
        while (worker_stream_next(&stream, &m, &got, NULL) == ST_OK && got) {
            if (m.type == WORKER_HELLO)
                hello(f, &m);
            else if (m.type == WORKER_JOB)
                job(f, &m);
        }
    }
    worker_stream_fini(&stream);
    return 0;
}

void fake_worker_main(int argc, char **argv)
{
    struct fake f = {.always = false};
    char *mark;

    if (argc < 2)
        return;
    if (strcmp(argv[1], PROVER_PROCESS_COMMAND) == 0) {
        struct why why;
        enum status st = prover_worker_run(STDIN_FILENO, &why);

        if (st)
            fprintf(stderr, "%s: %s\n", status_name(st), why.text);
        exit(st ? 1 : 0);
    }
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    snprintf(f.mode, sizeof f.mode, "%s", argv[1]);
    mark = strchr(f.mode, '!');
    f.always = mark != NULL;
    if (mark)
        *mark = '\0';
    exit(run_fake(&f));
}

struct prover_outcome fake_worker_outcome(struct prover *p)
{
    struct pollfd fd = {.fd = p->ops->fd(p), .events = POLLIN};
    struct prover_outcome out;

    while (!p->ops->take(p, &out))
        assert_int_equal(poll(&fd, 1, 120000), 1);
    return out;
}
