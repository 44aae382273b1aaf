/* SPDX-License-Identifier: Apache-2.0 */
/* The real worker with real proofs: through the prover process, and spoken to by hand. */
#include "tests/support/test.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/shell/guest_store.h"
#include "client/shell/worker_child.h"
#include "client/shell/worker_wire.h"
#include "tests/client/shell/fake_worker.h"
#include "tests/client/shell/scratch.h"
#include "tests/support/support.h"

#define LONG_RUN 2000 /* 2^14 rows, a third of a second */

static struct prover *open_prover(const struct prover_process_options *o)
{
    struct prover *p;
    struct why why;

    if (prover_process_new(&p, o, &why))
        fail_msg("%s", why.text);
    return p;
}

static struct prover *open_plain(unsigned cores)
{
    return open_prover(&(struct prover_process_options){.guests = "/nowhere", .cores = cores});
}

/* ---- proofs ---- */

static void proofs_have_the_golden_bytes_with_any_number_of_neighbours(void **state)
{
    struct buffer golden = golden_read("proofs/fib_9_1_1.proof");
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(guest_store_install(s.path, "mine", nxp_builtin_guest("fib"), NULL), ST_OK);
    for (unsigned cores = 1; cores <= 3; cores++) {
        struct prover *p =
            open_prover(&(struct prover_process_options){.guests = s.path, .cores = cores});
        pid_t worker = prover_process_pid(p);
        bool seen[7] = {false};

        assert_int_equal(p->slots, 2 * cores);
        for (unsigned begun = 0, ended = 0; ended < 6; ended++) {
            struct prover_outcome out;

            for (; begun < 6 && begun - ended < p->slots; begun++)
                p->ops->begin(p, &(struct prover_job){.id = begun + 1,
                                                      .task_id = "T",
                                                      .program_id = begun % 2 ? "mine" : "fib",
                                                      .input = {9, 1, 1}});
            out = fake_worker_outcome(p);
            assert_int_equal(out.status, ST_OK);
            assert_true(bytes_equal(out.proof, buffer_bytes(&golden)));
            assert_string_equal(out.facts.task_id, "T");
            assert_int_equal(out.facts.input[0], 9);
            assert_int_equal(out.facts.steps, 207);
            assert_int_equal(out.facts.log_rows, 8);
            assert_true(out.facts.time_ns > 0);
            assert_in_range(out.id, 1, 6);
            assert_false(seen[out.id]);
            seen[out.id] = true;
        }
        assert_int_equal(prover_process_pid(p), worker); /* one for all */
        prover_free(p);
    }
    buffer_fini(&golden);
    scratch_fini(&s);
}

static struct prover_outcome prove(struct prover *p, uint64_t id, const char *program, uint32_t n)
{
    p->ops->begin(p, &(struct prover_job){
                         .id = id, .task_id = "T", .program_id = program, .input = {n, 1, 1}});
    return fake_worker_outcome(p);
}

static void what_cannot_be_proved_has_its_status_and_words(void **state)
{
    struct prover_outcome out;
    struct prover *p = open_prover(&(struct prover_process_options){
        .guests = "/nowhere", .cores = 1, .limits = {.max_steps = 1000}});
    char name[200];

    (void)state;
    out = prove(p, 1, "fib_input_initial", 9);
    assert_int_equal(out.status, ST_NOT_FOUND);
    assert_non_null(strstr(out.text, "nxp guest install"));
    out = prove(p, 2, "fib", 100000);
    assert_int_equal(out.status, ST_LIMIT);
    assert_int_equal(out.proof.size, 0);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(prove(p, 3, name, 9).status, ST_INPUT);
    assert_int_equal(prove(p, 4, "fib", 9).status, ST_OK); /* and goes on */
    prover_free(p);
}

static void a_kernel_that_does_not_exist_is_refused(void **state)
{
    struct prover *p;
    struct why why;

    (void)state;
    assert_int_equal(prover_process_new(&p,
                                        &(struct prover_process_options){
                                            .guests = "/nowhere", .cores = 1, .kernel = "abacus"},
                                        &why),
                     ST_INPUT);
    assert_non_null(strstr(why.text, "abacus"));
}

static void one_of_several_is_cancelled_and_the_others_go_on(void **state)
{
    struct prover *p = open_plain(2);
    unsigned cancelled = 0;

    (void)state;
    for (uint64_t id = 1; id <= 4; id++)
        fake_worker_begin(p, id, id == 2 || id == 4 ? LONG_RUN : 9);
    p->ops->cancel(p, 2);
    p->ops->cancel(p, 4);
    for (int i = 0; i < 4; i++) {
        struct prover_outcome out = fake_worker_outcome(p);

        assert_int_equal(out.status, out.id % 2 ? ST_OK : ST_CANCELLED);
        cancelled += out.status == ST_CANCELLED;
    }
    assert_int_equal(cancelled, 2);
    prover_free(p);
}

/* ---- memory ---- */

/* A folder with the files of a control group of a GiB. */
static void build_group(const struct scratch *s, const char *limit)
{
    static const char *const folders[] = {"proc",   "proc/self",     "sys",
                                          "sys/fs", "sys/fs/cgroup", "sys/fs/cgroup/nxp"};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdir(scratch_path(s, folders[i]), 0755), 0);
    scratch_write(scratch_path(s, "proc/self/cgroup"), "0::/nxp\n");
    scratch_write(scratch_path(s, "sys/fs/cgroup/nxp/memory.max"), limit);
    scratch_write(scratch_path(s, "sys/fs/cgroup/nxp/memory.current"), "10485760\n");
}

static uint64_t resident_bytes(pid_t pid)
{
    char path[64];
    unsigned long long total, resident = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%llu %llu", &total, &resident), 2);
    fclose(f);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* What the group leaves to proofs, whatever the worker itself takes: an instrumented one takes more.
 * The other summands are memory.current of build_group and what is left to others (lane_plan.h). */
static void leave_to_proofs(const struct scratch *s, struct prover *p, uint64_t mib)
{
    char limit[32];

    snprintf(limit, sizeof limit, "%llu\n",
             (unsigned long long)(((mib + 64 + 10) << 20) - resident_bytes(prover_process_pid(p))));
    scratch_write(scratch_path(s, "sys/fs/cgroup/nxp/memory.max"), limit);
}

static void what_does_not_fit_into_memory_is_refused_with_its_need(void **state)
{
    struct prover_outcome out;
    struct scratch s;
    struct prover *p;

    (void)state;
    scratch_init(&s);
    build_group(&s, "536870912\n");
    p = open_prover(
        &(struct prover_process_options){.guests = "/nowhere", .cores = 2, .root = s.path});
    leave_to_proofs(&s, p, 128);
    out = prove(p, 1, "fib", LONG_RUN); /* 180 MiB, and the rest of lane_plan_need_bytes */
    assert_int_equal(out.status, ST_LIMIT);
    assert_non_null(strstr(out.text, "needs about"));
    assert_non_null(strstr(out.text, "its control group has free"));
    out = prove(p, 2, "fib", 100000);
    assert_int_equal(out.status, ST_LIMIT);
    assert_non_null(strstr(out.text, "steps needs more memory than"));
    assert_int_equal(prove(p, 3, "fib", 9).status, ST_OK);
    leave_to_proofs(&s, p, 512);
    assert_int_equal(prove(p, 4, "fib", LONG_RUN).status, ST_OK); /* it is looked at each time */
    prover_free(p);
    scratch_fini(&s);
}

static void an_idle_worker_gives_its_memory_back(void **state)
{
    struct prover *p = open_prover(
        &(struct prover_process_options){.guests = "/nowhere", .cores = 1, .idle_ms = 1});
    int64_t until_ns = clock_now_ns(clock_system()) + 60 * NS_PER_S;
    uint64_t before = resident_bytes(prover_process_pid(p));

    (void)state;
    assert_int_equal(prove(p, 1, "fib", LONG_RUN).status, ST_OK);
    while (resident_bytes(prover_process_pid(p)) > before + ((uint64_t)32 << 20)) {
        assert_true(clock_now_ns(clock_system()) < until_ns);
        sched_yield();
    }
    assert_int_equal(prove(p, 2, "fib", 9).status, ST_OK);
    prover_free(p);
}

/* Kept memory of one lane is given back when another needs it. */
static void kept_memory_makes_room_for_the_next_proof(void **state)
{
    struct scratch s;
    struct prover *p;

    (void)state;
    scratch_init(&s);
    build_group(&s, "536870912\n"); /* 512 MiB: two of the long runs would not fit */
    p = open_prover(
        &(struct prover_process_options){.guests = "/nowhere", .cores = 2, .root = s.path});
    assert_int_equal(prove(p, 1, "fib", LONG_RUN).status, ST_OK);
    fake_worker_begin(p, 2, 9);
    fake_worker_begin(p, 3, LONG_RUN);
    fake_worker_begin(p, 4, LONG_RUN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fake_worker_outcome(p).status, ST_OK);
    prover_free(p);
    scratch_fini(&s);
}

/* ---- the process ---- */

static size_t read_file(char *out, size_t room, pid_t pid, const char *name)
{
    char path[64];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    f = fopen(path, "r");
    assert_non_null(f);
    n = fread(out, 1, room - 1, f);
    out[n] = '\0';
    fclose(f);
    return n;
}

static void a_worker_inherits_no_secret(void **state)
{
    struct prover *p;
    char text[8192], path[64];
    unsigned fds = 0;
    DIR *folder;

    (void)state;
    assert_int_equal(setenv("NXP_TEST_SECRET", "hush", 1), 0);
    assert_int_equal(setenv("LD_LIBRARY_PATH", "/somewhere", 1), 0);
    assert_true(dup(STDOUT_FILENO) >= 0); /* a descriptor that is not closed on exec */
    p = open_plain(1);
    read_file(text, sizeof text, prover_process_pid(p), "environ");
    assert_string_equal(text, "LD_LIBRARY_PATH=/somewhere"); /* and nothing else */
    assert_int_equal(unsetenv("LD_LIBRARY_PATH"), 0);
    read_file(text, sizeof text, prover_process_pid(p), "limits");
    assert_non_null(strstr(text, "Max core file size        0"));
    snprintf(path, sizeof path, "/proc/%d/fd", prover_process_pid(p));
    folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));)
        fds += e->d_name[0] != '.';
    closedir(folder);
    assert_int_equal(fds, 4); /* the socket, /dev/null, the pipe, its own eventfd */
    prover_free(p);
}

static void signals_to_the_whole_group_do_not_end_it(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct prover *p = open_plain(1);
    pid_t worker = prover_process_pid(p);

    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        assert_int_equal(kill(worker, signals[i]), 0);
    assert_int_equal(prove(p, 1, "fib", 9).status, ST_OK);
    assert_int_equal(prover_process_pid(p), worker);
    prover_free(p);
}

static void a_proof_survives_the_kill_of_its_worker(void **state)
{
    struct prover *p = open_plain(2);
    pid_t worker = prover_process_pid(p);

    (void)state;
    fake_worker_begin(p, 1, LONG_RUN);
    fake_worker_begin(p, 2, 9);
    assert_int_equal(kill(worker, SIGKILL), 0);
    assert_int_equal(fake_worker_outcome(p).status, ST_OK);
    assert_int_equal(fake_worker_outcome(p).status, ST_OK);
    assert_int_not_equal(prover_process_pid(p), worker);
    prover_free(p);
}

/* In a child: a client with a busy or an idle worker, which dies when told to. */
static void be_a_client(bool busy, int out_fd, int go_fd)
{
    struct prover *p = open_plain(1);
    pid_t worker = prover_process_pid(p);
    char go;

    if (busy)
        fake_worker_begin(p, 1, LONG_RUN);
    (void)!write(out_fd, &worker, sizeof worker);
    (void)!read(go_fd, &go, 1);
    kill(getpid(), SIGKILL);
}

static void a_worker_dies_with_its_client(void **state)
{
    (void)state;
    for (int busy = 0; busy <= 1; busy++) {
        struct pollfd fd = {.events = POLLIN};
        int out[2], go[2], status;
        pid_t client, worker;

        assert_int_equal(pipe(out), 0);
        assert_int_equal(pipe(go), 0);
        client = fork();
        if (client == 0)
            be_a_client(busy, out[1], go[0]);
        assert_true(client > 0);
        assert_int_equal(read(out[0], &worker, sizeof worker), sizeof worker);
        fd.fd = (int)syscall(SYS_pidfd_open, worker, 0);
        assert_true(fd.fd >= 0);
        assert_int_equal(write(go[1], "!", 1), 1);
        assert_int_equal(waitpid(client, &status, 0), client);
        assert_int_equal(poll(&fd, 1, 60000), 1); /* it has ended */
        close(fd.fd);
        for (int i = 0; i < 2; i++) {
            close(out[i]);
            close(go[i]);
        }
    }
}

/* ---- by hand ---- */

static const struct worker_message good_hello = {.type = WORKER_HELLO,
                                                 .hello = {.version = WORKER_WIRE_VERSION,
                                                           .cores = 1,
                                                           .slots = 2,
                                                           .idle_ms = 1000,
                                                           .kernel = "auto",
                                                           .guests = "/nowhere",
                                                           .root = ""}};

static struct worker_message job_of(uint64_t id)
{
    return (struct worker_message){
        .type = WORKER_JOB, .id = id, .job = {.program = "fib", .input = {LONG_RUN, 1, 1}}};
}

static void put(const struct worker_child *c, const struct worker_message *m)
{
    struct buffer out;

    buffer_init(&out, 0);
    worker_wire_put(&out, m);
    assert_int_equal(write(c->fd, out.data, out.size), out.size);
    buffer_fini(&out);
}

static void open_worker(struct worker_child *c)
{
    struct why why;

    if (worker_child_start(c, NULL, PROVER_PROCESS_COMMAND, &why))
        fail_msg("%s", why.text);
}

/* Reads until its end; the last message's type, 0 for none. */
static int listen_to_the_end(const struct worker_child *c)
{
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};
    struct worker_stream stream;
    struct worker_message m;
    bool open = true, got;
    int last = 0;

    worker_stream_init(&stream);
    while (open) {
        assert_int_equal(poll(&fd, 1, 60000), 1);
        assert_int_equal(worker_stream_read(&stream, c->fd, &open, NULL), ST_OK);
        while (worker_stream_next(&stream, &m, &got, NULL) == ST_OK && got)
            last = m.type;
    }
    worker_stream_fini(&stream);
    return last;
}

static void a_worker_that_hears_nonsense_ends_with_words(void **state)
{
    const struct worker_message job1 = job_of(1), job2 = job_of(2), job3 = job_of(3);
    const struct worker_message ready = {.type = WORKER_READY};
    const struct {
        const struct worker_message *say[5];
        const char *words;
    } table[] = {
        {{&job1}, "message 2 out of turn"},
        {{&good_hello, &good_hello}, "message 1 out of turn"},
        {{&good_hello, &ready}, "message 4 is the worker's own"},
        {{&good_hello, &job1, &job1}, "job 1 is one too many"},
        {{&good_hello, &job1, &job2, &job3}, "job 3 is one too many"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct worker_child c;
        struct worker_death death;

        open_worker(&c);
        for (int k = 0; table[i].say[k]; k++)
            put(&c, table[i].say[k]);
        listen_to_the_end(&c);
        worker_child_end(&c, 60000, &death);
        assert_false(death.killed);
        if (!strstr(death.text, table[i].words))
            fail_msg("%s: %s", table[i].words, death.text);
    }
}

static void a_hello_that_it_cannot_follow_is_answered_with_no(void **state)
{
    struct worker_message hello[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        hello[i] = good_hello;
    hello[0].hello.version = 2;
    hello[1].hello.cores = 0;
    hello[2].hello.slots = 1 << 20;
    for (int i = 0; i < 3; i++) {
        struct pollfd fd = {.events = POLLIN};
        struct worker_child c;
        struct worker_death death;
        struct worker_stream stream;
        struct worker_message m;
        bool open, got;

        open_worker(&c);
        put(&c, &hello[i]);
        fd.fd = c.fd;
        worker_stream_init(&stream);
        assert_int_equal(poll(&fd, 1, 60000), 1);
        assert_int_equal(worker_stream_read(&stream, c.fd, &open, NULL), ST_OK);
        assert_int_equal(worker_stream_next(&stream, &m, &got, NULL), ST_OK);
        assert_true(got);
        assert_int_equal(m.type, WORKER_REFUSED);
        assert_int_equal(m.failed.status, ST_INPUT);
        worker_stream_fini(&stream);
        worker_child_end(&c, 60000, &death);
        assert_string_equal(death.text, "ended with exit status 0");
    }
}

static void cancelling_what_is_unknown_or_waits_is_no_nonsense(void **state)
{
    const struct worker_message job1 = job_of(1), job2 = job_of(2);
    struct worker_child c;
    struct worker_death death;

    (void)state;
    open_worker(&c);
    put(&c, &good_hello);
    put(&c, &(struct worker_message){.type = WORKER_CANCEL, .id = 5});
    put(&c, &job1);
    put(&c, &job2);
    put(&c, &(struct worker_message){.type = WORKER_CANCEL, .id = 2});
    put(&c, &(struct worker_message){.type = WORKER_CANCEL, .id = 1});
    shutdown(c.fd, SHUT_WR);
    assert_true(listen_to_the_end(&c) != 0);
    worker_child_end(&c, 60000, &death);
    assert_non_null(strstr(death.text, "ended with exit status"));
}

/* Reads up to the first message of that type. */
static struct worker_message wait_for(const struct worker_child *c, struct worker_stream *stream,
                                      enum worker_message_type type)
{
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};
    struct worker_message m = {.id = 0};
    bool open, got = false;

    while (!got || m.type != type) {
        assert_int_equal(worker_stream_next(stream, &m, &got, NULL), ST_OK);
        if (!got) {
            assert_int_equal(poll(&fd, 1, 60000), 1);
            assert_int_equal(worker_stream_read(stream, c->fd, &open, NULL), ST_OK);
            assert_true(open);
        }
    }
    return m;
}

static void a_running_proof_is_cancelled_or_left_in_the_middle(void **state)
{
    struct worker_message job = job_of(1);

    (void)state;
    job.job.input[0] = 8000; /* 2^16 rows: more than a second */
    for (int leave = 0; leave <= 1; leave++) {
        struct worker_stream stream;
        struct worker_child c;
        struct worker_death death;

        open_worker(&c);
        worker_stream_init(&stream);
        put(&c, &good_hello);
        put(&c, &job);
        wait_for(&c, &stream, WORKER_STARTED);
        if (!leave) {
            put(&c, &(struct worker_message){.type = WORKER_CANCEL, .id = 1});
            assert_int_equal(wait_for(&c, &stream, WORKER_FAILED).failed.status, ST_CANCELLED);
        }
        worker_stream_fini(&stream);
        worker_child_end(&c, 60000, &death);
        assert_string_equal(death.text,
                            leave ? "ended with exit status 1" : "ended with exit status 0");
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_have_the_golden_bytes_with_any_number_of_neighbours),
        cmocka_unit_test(what_cannot_be_proved_has_its_status_and_words),
        cmocka_unit_test(a_kernel_that_does_not_exist_is_refused),
        cmocka_unit_test(one_of_several_is_cancelled_and_the_others_go_on),
        cmocka_unit_test(what_does_not_fit_into_memory_is_refused_with_its_need),
        cmocka_unit_test(an_idle_worker_gives_its_memory_back),
        cmocka_unit_test(kept_memory_makes_room_for_the_next_proof),
        cmocka_unit_test(a_worker_inherits_no_secret),
        cmocka_unit_test(signals_to_the_whole_group_do_not_end_it),
        cmocka_unit_test(a_proof_survives_the_kill_of_its_worker),
        cmocka_unit_test(a_worker_dies_with_its_client),
        cmocka_unit_test(a_worker_that_hears_nonsense_ends_with_words),
        cmocka_unit_test(a_hello_that_it_cannot_follow_is_answered_with_no),
        cmocka_unit_test(a_running_proof_is_cancelled_or_left_in_the_middle),
        cmocka_unit_test(cancelling_what_is_unknown_or_waits_is_no_nonsense),
    };

    fake_worker_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
