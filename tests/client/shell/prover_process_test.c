/* SPDX-License-Identifier: Apache-2.0 */
/* The prover process with workers that go wrong, each in its way. */
#include "tests/support/test.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/client/shell/fake_worker.h"
#include "tests/client/shell/scratch.h"

#define PATIENCE_MS 100
/* Here a worker that is being started must be up within the time that the mute one is given. */
#define MUTE_MS (TEST_SANITIZED ? 3000 : 600)

static struct prover *open_fake(const char *command, const char *root)
{
    struct prover_process_options o = {.guests = "/nowhere",
                                       .cores = 2,
                                       .command = command,
                                       .root = root,
                                       .cancel_ms = PATIENCE_MS};
    struct prover *p = NULL;
    struct why why;

    if (strncmp(command, "mute", 4) == 0)
        o.answer_ms = MUTE_MS;
    if (prover_process_new(&p, &o, &why))
        fail_msg("%s", why.text);
    return p;
}

static void a_worker_that_does_not_come_up_is_an_error_with_words(void **state)
{
    static const struct {
        const char *command, *file;
        enum status status;
        const char *words;
    } table[] = {
        {"silent", NULL, ST_IO, "did not answer"},
        {"babble", NULL, ST_IO, "spoke nonsense (a message of"},
        {"early", NULL, ST_IO, "spoke nonsense (message 3 out of turn)"},
        {"unwilling", NULL, ST_LIMIT, "not today"},
        {"stillborn", NULL, ST_IO, "ended with exit status 7: no such luck"},
        {"silent", "/nowhere/nxp", ST_IO, "does not start: No such file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool silent = strcmp(table[i].command, "silent") == 0; /* the others do answer */
        struct prover *p;
        struct why why;
        enum status st =
            prover_process_new(&p,
                               &(struct prover_process_options){.guests = "/nowhere",
                                                                .cores = 1,
                                                                .command = table[i].command,
                                                                .file = table[i].file,
                                                                .answer_ms =
                                                                    silent ? PATIENCE_MS : 0},
                               &why);

        if (st != table[i].status || !strstr(why.text, table[i].words))
            fail_msg("%s: %s, %s", table[i].command, status_name(st), why.text);
    }
}

/* Wrong once: the job is tried again with nothing beside it. Wrong always: it is given up. */
static void a_job_is_tried_twice(void **state)
{
    static const struct {
        const char *command;
        enum status status;
        const char *words;
    } table[] = {
        {"crash", ST_OK, ""},
        {"crash!", ST_IO, "ended with SIGABRT (Aborted): "},
        {"crash!", ST_IO, "my last words"},
        {"kill", ST_OK, ""},
        {"kill!", ST_NO_MEMORY,
         "was killed, probably out of memory (needed about 900 MiB, 1000 available)"},
        {"poor", ST_OK, ""},
        {"poor!", ST_NO_MEMORY, "too poor"},
        {"huge", ST_OK, ""},
        {"huge!", ST_IO, "spoke nonsense (a message of 4294967295 bytes)"},
        {"forger", ST_OK, ""},
        {"forger!", ST_IO, "spoke nonsense (message 9 out of turn)"},
        {"mute", ST_OK, ""},
        {"mute!", ST_IO, "did not answer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct prover *p = open_fake(table[i].command, NULL);
        struct prover_outcome out;

        fake_worker_begin(p, 1, 9);
        out = fake_worker_outcome(p);
        if (out.id != 1 || out.status != table[i].status || !strstr(out.text, table[i].words))
            fail_msg("%s: %s, %s", table[i].command, status_name(out.status), out.text);
        assert_int_equal(out.proof.size, out.status ? 0 : 5);
        if (!out.status)
            assert_int_equal(out.facts.steps, 1); /* it was alone */
        prover_free(p);
    }
}

/* Each of these workers counts one up before it dies. */
static void a_kill_that_the_kernel_counted_is_certain(void **state)
{
    struct prover_outcome out;
    struct scratch s;
    struct prover *p;

    (void)state;
    scratch_init(&s);
    assert_int_equal(mkdir(scratch_path(&s, "proc"), 0755), 0);
    scratch_write(scratch_path(&s, "proc/vmstat"), "oom_kill 41\n");
    p = open_fake("counted!", s.path);
    fake_worker_begin(p, 1, 9);
    out = fake_worker_outcome(p);
    assert_int_equal(out.status, ST_NO_MEMORY);
    assert_non_null(strstr(out.text, "was killed, out of memory (needed about"));
    prover_free(p);
    scratch_fini(&s);
}

static void a_first_worker_that_is_killed_on_its_way_has_a_second_chance(void **state)
{
    struct scratch s;
    struct prover *p;

    (void)state;
    scratch_init(&s);
    assert_int_equal(mkdir(scratch_path(&s, "proc"), 0755), 0);
    scratch_write(scratch_path(&s, "proc/vmstat"), "oom_kill 0\n");
    p = open_fake("stumble", s.path);
    fake_worker_begin(p, 1, 9);
    assert_int_equal(fake_worker_outcome(p).status, ST_OK);
    prover_free(p);
    scratch_fini(&s);
}

static void jobs_after_a_kill_run_one_at_a_time_for_a_while(void **state)
{
    struct prover *p = open_fake("kill", NULL);

    (void)state;
    for (uint64_t id = 1; id <= 1 + PROVER_PROCESS_CAREFUL_JOBS; id++) {
        pid_t before = prover_process_pid(p);

        fake_worker_begin(p, id, 9);
        assert_int_equal(fake_worker_outcome(p).facts.steps, 1);
        if (id > 1)
            assert_int_equal(prover_process_pid(p), before); /* was alone, so nothing went wrong */
    }
    prover_free(p);
}

static void a_job_that_only_waited_has_no_part_in_a_death(void **state)
{
    struct prover *p = open_fake("crash!", NULL);
    unsigned ended = 0;

    (void)state;
    /* The fake dies of the first that it reads; each dies twice, nobody for another. */
    fake_worker_begin(p, 1, 9);
    fake_worker_begin(p, 2, 9);
    fake_worker_begin(p, 3, 9);
    for (; ended < 3; ended++) {
        struct prover_outcome out = fake_worker_outcome(p);

        assert_int_equal(out.status, ST_IO);
        assert_int_equal(out.id, ended + 1);
    }
    prover_free(p);
}

static void a_proof_that_does_not_stop_is_stopped(void **state)
{
    struct prover *p = open_fake("deaf!", NULL);
    struct prover_outcome out;

    (void)state;
    fake_worker_begin(p, 1, 9);
    fake_worker_begin(p, 2, 9);
    p->ops->cancel(p, 1);
    p->ops->cancel(p, 1);
    p->ops->cancel(p, 77); /* nobody */
    p->ops->cancel(p, 2);
    out = fake_worker_outcome(p);
    assert_int_equal(out.status, ST_CANCELLED);
    out = fake_worker_outcome(p);
    assert_int_equal(out.status, ST_CANCELLED);
    fake_worker_begin(p, 3, 9);
    prover_free(p); /* busy: killed at once */
}

static void a_job_cancelled_while_it_waited_does_not_come_back(void **state)
{
    struct prover *p = open_fake("crash", NULL);

    (void)state;
    fake_worker_begin(p, 1, 9);
    fake_worker_begin(p, 2, 9);
    p->ops->cancel(p, 2); /* the worker dies of the first before it reads of this */
    for (int i = 0; i < 2; i++) {
        struct prover_outcome out = fake_worker_outcome(p);

        assert_int_equal(out.status, out.id == 1 ? ST_OK : ST_CANCELLED);
    }
    prover_free(p);
}

/* Its death is there to be seen, and nobody has looked. */
static void let_it_die(const struct prover *p)
{
    struct pollfd fd = {.fd = p->ops->fd(p), .events = POLLIN};

    assert_int_equal(kill(prover_process_pid(p), SIGKILL), 0);
    assert_int_equal(poll(&fd, 1, 60000), 1);
}

static void a_worker_that_died_idle_is_replaced_by_the_next_job(void **state)
{
    struct prover *p = open_fake("kill", NULL);
    pid_t first = prover_process_pid(p);

    (void)state;
    let_it_die(p);
    fake_worker_begin(p, 1, 9);
    assert_int_equal(fake_worker_outcome(p).status, ST_OK);
    assert_int_not_equal(prover_process_pid(p), first);
    prover_free(p);
}

static void a_job_is_cancelled_while_no_worker_is_up(void **state)
{
    struct prover *p = open_fake("proper", NULL);
    struct prover_outcome out;

    (void)state;
    do {
        let_it_die(p);
        assert_false(p->ops->take(p, &out));
    } while (prover_process_pid(p)); /* its descriptors close one after the other */
    fake_worker_begin(p, 1, 9);
    p->ops->cancel(p, 1);
    assert_int_equal(fake_worker_outcome(p).status, ST_CANCELLED);
    fake_worker_begin(p, 2, 9);
    p->ops->cancel(p, 1); /* not any more */
    prover_free(p);
}

static void jobs_fail_when_no_worker_can_be_started_any_more(void **state)
{
    struct prover_outcome out;
    struct scratch s;
    struct prover *p;
    const char *link;
    char self[512];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    (void)state;
    assert_true(n > 0);
    self[n] = '\0';
    scratch_init(&s);
    link = scratch_path(&s, "nxp");
    assert_int_equal(symlink(self, link), 0);
    assert_int_equal(
        prover_process_new(&p,
                           &(struct prover_process_options){
                               .guests = "/nowhere", .cores = 2, .file = link, .command = "crash"},
                           NULL),
        ST_OK);
    assert_int_equal(unlink(link), 0);
    fake_worker_begin(p, 1, 9);
    fake_worker_begin(p, 2, 9);
    for (int i = 0; i < 2; i++) {
        out = fake_worker_outcome(p);
        assert_int_equal(out.status, ST_IO);
        assert_non_null(strstr(out.text, "does not start"));
    }
    assert_int_equal(symlink(self, link), 0);
    fake_worker_begin(p, 3, 9);
    assert_int_equal(fake_worker_outcome(p).status, ST_OK); /* another chance */
    prover_free(p);
    prover_free(NULL);
    scratch_fini(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_that_does_not_come_up_is_an_error_with_words),
        cmocka_unit_test(a_job_is_tried_twice),
        cmocka_unit_test(a_kill_that_the_kernel_counted_is_certain),
        cmocka_unit_test(a_first_worker_that_is_killed_on_its_way_has_a_second_chance),
        cmocka_unit_test(jobs_after_a_kill_run_one_at_a_time_for_a_while),
        cmocka_unit_test(a_job_that_only_waited_has_no_part_in_a_death),
        cmocka_unit_test(a_proof_that_does_not_stop_is_stopped),
        cmocka_unit_test(a_job_cancelled_while_it_waited_does_not_come_back),
        cmocka_unit_test(a_job_is_cancelled_while_no_worker_is_up),
        cmocka_unit_test(a_worker_that_died_idle_is_replaced_by_the_next_job),
        cmocka_unit_test(jobs_fail_when_no_worker_can_be_started_any_more),
    };

    fake_worker_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
