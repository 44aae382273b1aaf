/* SPDX-License-Identifier: Apache-2.0 */
/* The loop with a real socket, a real folder and a prover that needs no time. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/core/core.h"
#include "client/shell/outbox_sqlite.h"
#include "client/shell/shell.h"
#include "tests/client/shell/scratch.h"
#include "tests/client/shell/tiny_server.h"

/* ---- a prover that hands out what it is told ---- */

struct prover_fake {
    struct prover base; /* first, so that a cast back is valid */
    int fd;
    uint64_t id;
    bool stubborn; /* ends only when it is cancelled */
    enum status status;
    bool done;
    char proof[64];
    unsigned begun;
};

static struct prover_fake *fake_of(struct prover *p)
{
    return (struct prover_fake *)p;
}

static void ring(struct prover_fake *f)
{
    const uint64_t one = 1;

    f->done = true;
    assert_int_equal(write(f->fd, &one, sizeof one), sizeof one);
}

static void fake_begin(struct prover *p, const struct prover_job *job)
{
    struct prover_fake *f = fake_of(p);

    f->id = job->id;
    f->begun++;
    snprintf(f->proof, sizeof f->proof, "proof of %s %u", job->program_id, job->input[0]);
    if (!f->stubborn)
        ring(f);
}

static void fake_cancel(struct prover *p, uint64_t id)
{
    struct prover_fake *f = fake_of(p);

    assert_int_equal(id, f->id);
    f->status = ST_CANCELLED;
    ring(f);
}

static int fake_fd(const struct prover *p)
{
    return ((const struct prover_fake *)p)->fd;
}

static bool fake_take(struct prover *p, struct prover_outcome *out)
{
    struct prover_fake *f = fake_of(p);
    uint64_t count;

    if (!f->done)
        return false;
    f->done = false;
    assert_int_equal(read(f->fd, &count, sizeof count), sizeof count);
    *out = (struct prover_outcome){
        .id = f->id, .status = f->status, .proof = bytes_of_text(f->proof), .text = "cancelled"};
    return true;
}

static const struct prover_ops fake_ops = {
    .begin = fake_begin, .cancel = fake_cancel, .fd = fake_fd, .take = fake_take};

/* ---- a mini orchestrator ---- */

struct world {
    struct profile profile; /* the current one, in a hurry */
    struct tiny_server *server;
    struct scratch scratch;
    struct outbox_sqlite *outbox;
    struct signing_key *key;
    struct prover_fake prover;
    struct shell shell;
    int stop[2];
    const char *stop_at; /* this event */
    bool limited, resets; /* the first submission */
    bool denies;          /* the second one */
    unsigned submissions, fetches;
    char submitted[2][4096];
    size_t submitted_size[2];
    char said[4096];
    bool hold_fails, keep_fails;
    struct learnt learnt;
    int64_t held[CORE_ROUTES];
};

static bool answer(void *context, const struct tiny_request *r)
{
    struct world *w = context;
    /* GetProofTaskResponse{task{task_id "T<n>", program_id "fib", inputs [9,1,1]}} */
    char task[] = "\x22\x17\x0a\x02T0\x12\x03" "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0";

    if (strncmp(r->path, "/v3/nodes/", 10) == 0) {
        tiny_reply(r->fd, 200, "", "", 0);
    } else if (strcmp(r->path, "/v3/tasks") == 0) {
        task[5] = (char)('0' + w->fetches++);
        tiny_reply(r->fd, 200, "", task, sizeof task - 1);
    } else {
        unsigned n = w->submissions++;

        if (n < 2 && r->body_size <= sizeof w->submitted[0]) {
            memcpy(w->submitted[n], r->body, r->body_size);
            w->submitted_size[n] = r->body_size;
        }
        if (w->resets && n == 0) {
            tiny_reset(r->fd);
            return false;
        }
        if (w->denies && n == 1)
            tiny_reply(r->fd, 404, "", "", 0);
        else if (w->limited && n == 0)
            tiny_reply(r->fd, 429, "Retry-After: 0\r\n", "", 0);
        else
            tiny_reply(r->fd, 200, "", "", 0);
    }
    return true;
}

static void tell(void *context, const struct line *line, int64_t wall_ns)
{
    struct world *w = context;

    (void)wall_ns;
    snprintf(w->said + strlen(w->said), sizeof w->said - strlen(w->said), "%s ", line->event);
    if (w->stop_at && strcmp(w->stop_at, line->event) == 0)
        assert_int_equal(write(w->stop[1], "x", 1), 1);
}

/* The log hears of each proof, with the task and the input it is for. */
static void proved(void *context, const struct prover_outcome *outcome, int64_t wall_ns)
{
    (void)context;
    (void)wall_ns;
    assert_int_equal(outcome->status, ST_OK);
    assert_true(outcome->proof.size > 0);
}

static enum status hold(void *context, enum core_route route, int64_t until_wall_ns,
                        struct why *why)
{
    struct world *w = context;

    if (w->hold_fails)
        return fail(why, ST_IO, "no space left");
    w->held[route] = until_wall_ns;
    return ST_OK;
}

static enum status keep(void *context, const struct learnt *learnt, struct why *why)
{
    struct world *w = context;

    if (w->keep_fails)
        return fail(why, ST_IO, "no space left");
    w->learnt = *learnt;
    return ST_OK;
}

static struct telemetry measure(void *context)
{
    (void)context;
    return (struct telemetry){.present = true, .flops_per_sec = 9};
}

static void open_world(struct world *w, uint64_t max_tasks)
{
    struct core_options o = {.profile = &w->profile,
                             .node_ids = (const char *const[]){"1"}, .node_count = 1,
                             .seed = 1,
                             .max_tasks = max_tasks,
                             .fetch_gap_ns = 1};
    struct core *core;

    *w = (struct world){.prover = {.base = {.ops = &fake_ops, .slots = 1}, .fd = eventfd(0, EFD_NONBLOCK)}};
    w->profile = profile_current;
    w->profile.shutdown_grace_ns = 50 * NS_PER_MS;
    w->profile.submit_gap_ns = w->profile.submit_base_ns = NS_PER_MS;
    scratch_init(&w->scratch);
    w->server = tiny_server_new(answer, w);
    assert_int_equal(pipe(w->stop), 0);
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_random(&w->key, NULL), ST_OK);
    o.key = w->key;
    assert_int_equal(outbox_sqlite_open(&w->outbox, scratch_path(&w->scratch, "outbox.db"),
                                        scratch_path(&w->scratch, "outbox"), NULL),
                     ST_OK);
    assert_int_equal(core_new(&core, &o, NULL), ST_OK);
    w->shell.runtime = core_runtime(core);
    assert_int_equal(
        transport_curl_new(&w->shell.transport,
                           &(struct transport_options){.base_url = tiny_server_url(w->server),
                                                       .response_limit = 4096},
                           NULL),
        ST_OK);
    w->shell.clock = clock_system();
    w->shell.prover = &w->prover.base;
    w->shell.outbox = &w->outbox->base;
    w->shell.stop_fd = w->stop[0];
    w->shell.tell = tell;
    w->shell.proved = proved;
    w->shell.measure = measure;
    w->shell.hold = hold;
    w->shell.keep = keep;
    w->shell.context = w;
}

static enum core_end run(struct world *w)
{
    enum core_end end = shell_run(&w->shell);

    tiny_server_sync();
    return end;
}

static void close_world(struct world *w)
{
    runtime_free(w->shell.runtime);
    transport_curl_free(w->shell.transport);
    tiny_server_free(w->server);
    signing_key_free(w->key);
    if (w->outbox)
        outbox_free(&w->outbox->base);
    close(w->prover.fd);
    close(w->stop[0]);
    close(w->stop[1]);
    scratch_fini(&w->scratch);
}

static enum status count_states(void *context, struct outbox_record *r, struct why *why)
{
    unsigned *counts = context;

    (void)why;
    counts[r->state]++;
    outbox_record_fini(r);
    return ST_OK;
}

static void count(struct world *w, unsigned counts[static OUTBOX_STATES])
{
    memset(counts, 0, OUTBOX_STATES * sizeof *counts);
    assert_int_equal(outbox_each(&w->outbox->base, count_states, counts, NULL), ST_OK);
}

/* ---- cases ---- */

static void tasks_are_fetched_proved_submitted_and_recorded(void **state)
{
    unsigned counts[OUTBOX_STATES];
    struct world w;

    (void)state;
    open_world(&w, 2);
    assert_int_equal(run(&w), CORE_DONE);
    assert_int_equal(w.submissions, 2);
    assert_int_equal(w.prover.begun, 2);
    assert_non_null(memmem(w.submitted[0], w.submitted_size[0], "proof of fib 9", 14));
    count(&w, counts);
    assert_int_equal(counts[OUTBOX_ACKED], 2);
    assert_non_null(strstr(w.said, "ready fetching "));
    assert_non_null(strstr(w.said, "submitted done "));
    assert_true(w.held[CORE_ROUTE_FETCH] > 0 && w.held[CORE_ROUTE_FETCH] <= clock_wall_ns(clock_system()));
    close_world(&w);
}

static void a_limited_submission_is_sent_again_with_the_same_bytes(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 1);
    w.limited = true;
    assert_int_equal(run(&w), CORE_DONE);
    assert_int_equal(w.submissions, 2);
    assert_int_equal(w.submitted_size[0], w.submitted_size[1]);
    assert_memory_equal(w.submitted[0], w.submitted[1], w.submitted_size[0]);
    close_world(&w);
}

static void what_is_learnt_is_kept_or_that_is_told(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 1);
    assert_int_equal(run(&w), CORE_DONE);
    assert_true(w.learnt.ladder.known);
    assert_null(strstr(w.said, "unsaved"));
    close_world(&w);
    open_world(&w, 1);
    w.keep_fails = true;
    assert_int_equal(run(&w), CORE_DONE);
    assert_non_null(strstr(w.said, "unsaved"));
    close_world(&w);
    open_world(&w, 1);
    w.shell.keep = NULL;
    assert_int_equal(run(&w), CORE_DONE);
    close_world(&w);
}

static void a_hold_that_cannot_be_kept_is_told(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 1);
    w.hold_fails = true;
    assert_int_equal(run(&w), CORE_DONE);
    assert_non_null(strstr(w.said, "unsaved"));
    close_world(&w);
}

/* The connection ends behind the whole submission: libcurl does not send it again, the core does
 * over another one, and when it is told then that there is no such task, it does not know. */
static void a_lost_answer_is_followed_by_the_same_bytes(void **state)
{
    (void)state;
    for (int denied = 0; denied < 2; denied++) {
        unsigned counts[OUTBOX_STATES];
        struct world w;

        open_world(&w, 1);
        w.resets = true;
        w.denies = denied;
        assert_int_equal(run(&w), CORE_DONE);
        assert_int_equal(w.submissions, denied ? 3 : 2); /* until one task is known to be credited */
        assert_memory_equal(w.submitted[0], w.submitted[1], w.submitted_size[0]);
        count(&w, counts);
        assert_int_equal(counts[OUTBOX_ACKED], 1);
        assert_int_equal(counts[OUTBOX_UNKNOWN], denied);
        close_world(&w);
    }
}

static void the_wish_to_stop_cancels_the_proof_and_keeps_the_task(void **state)
{
    unsigned counts[OUTBOX_STATES];
    struct world w;

    (void)state;
    open_world(&w, 0);
    w.prover.stubborn = true;
    w.stop_at = "proving";
    assert_int_equal(run(&w), CORE_INTERRUPTED);
    count(&w, counts);
    assert_int_equal(w.prover.begun, 1);
    assert_int_equal(counts[OUTBOX_FETCHED], 1);
    close_world(&w);
}

static void a_disk_that_refuses_is_told_before_work_is_begun(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 1);
    outbox_free(&w.outbox->base);
    assert_int_equal(
        outbox_sqlite_read(&w.outbox, scratch_path(&w.scratch, "outbox.db"), NULL), ST_OK);
    w.shell.outbox = &w.outbox->base;
    w.stop_at = "unsaved";
    assert_int_equal(run(&w), CORE_INTERRUPTED);
    assert_int_equal(w.prover.begun, 0);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_are_fetched_proved_submitted_and_recorded),
        cmocka_unit_test(a_limited_submission_is_sent_again_with_the_same_bytes),
        cmocka_unit_test(a_hold_that_cannot_be_kept_is_told),
        cmocka_unit_test(what_is_learnt_is_kept_or_that_is_told),
        cmocka_unit_test(a_lost_answer_is_followed_by_the_same_bytes),
        cmocka_unit_test(the_wish_to_stop_cancels_the_proof_and_keeps_the_task),
        cmocka_unit_test(a_disk_that_refuses_is_told_before_work_is_begun),
    };

    setenv("NO_PROXY", "127.0.0.1", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
