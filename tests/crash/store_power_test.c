/* SPDX-License-Identifier: Apache-2.0 */
/* An orchestrator whose disk fails or loses its power at every single write: what was answered is
 * still there, every task is credited once, and journal and counters say what happened. */
#include "tests/support/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/prng.h"
#include "mockorch/core/admin.h"
#include "mockorch/store/store_sqlite.h"
#include "tests/client/shell/scratch.h"
#include "tests/crash/power_disk.h"
#include "tests/mockorch/bench.h"

#define TASKS  5
#define STRIDE (NXP_INSTRUMENTED ? 7 : 1) /* from one call that is struck to the next */

static struct scratch folder;
static unsigned seeds = 1; /* of each power cut; the first argument of the program */

enum ending { DONE, DOWN }; /* down: the orchestrator has stopped answering, or did not start */

/* What a client knows of a task. */
struct client_task {
    bool given;  /* it was told of it */
    bool doubt;  /* it has submitted and got no answer */
    bool done;   /* it was told 200, or 404 after a doubt */
    enum { NOTHING, FETCHED, SUBMITTED } waiting; /* for the commit of this turn */
    unsigned status;                              /* … and then it gets this */
    struct bench_task task, coming;
};

struct world {
    struct bench b;
    struct prng prng;
    char path[300];
    char about[120];
    struct client_task tasks[TASKS];
    struct why why;
    unsigned doubts; /* that had been credited */
};

static void begin(struct world *w, uint64_t seed, const char *about)
{
    memset(w, 0, sizeof *w);
    disk_wipe(seed);
    bench_init(&w->b);
    w->b.settings.fetches_per_window = 0;
    w->b.settings.requests_saved = true;
    w->b.settings.task_expiry_ns = 86400 * SECOND;
    w->prng = prng_of(seed);
    snprintf(w->path, sizeof w->path, "%s", scratch_path(&folder, "mock.db"));
    snprintf(w->about, sizeof w->about, "%s", about);
}

static void end(struct world *w)
{
    bench_fini(&w->b);
    w->b.o = NULL;
}

static void stop(struct world *w)
{
    orchestrator_free(w->b.o);
    store_free(w->b.store);
    w->b.o = NULL;
    w->b.store = NULL;
}

/* ---- what must be true after each start ---- */

static size_t lines_of(struct world *w, const char *filter)
{
    struct admin_reply reply;
    struct admin_request request = {.method = "GET"};
    char path[100];
    json_t *page;
    size_t total;

    snprintf(path, sizeof path, "/admin/requests?limit=1000&%s", filter);
    request.path = path;
    admin_reply_init(&reply);
    admin_answer(w->b.o, &reply, &request, w->b.now_ns);
    page = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    admin_reply_fini(&reply);
    total = json_array_size(json_object_get(page, "items"));
    json_decref(page);
    return total;
}

static void expect_books_in_order(struct world *w)
{
    const struct orchestrator_metrics *m = orchestrator_metrics(w->b.o);
    const uint64_t credits = orchestrator_credits(w->b.o, BENCH_WALLET);
    uint64_t done = 0, doubts = 0;

    for (int i = 0; i < TASKS; i++) {
        const struct client_task *t = &w->tasks[i];

        if (t->done && !orchestrator_accepted(w->b.o, t->task.task_id))
            fail_msg("%s: the credit of task %d is lost", w->about, i);
        done += t->done;
        doubts += t->doubt && !t->done;
    }
    if (credits < done || credits > done + doubts || credits != m->tasks_accepted)
        fail_msg("%s: %u credits, %u accepted, %u told, %u in doubt", w->about, (unsigned)credits,
                 (unsigned)m->tasks_accepted, (unsigned)done, (unsigned)doubts);
    if (lines_of(w, "call=submit&status=200") != credits ||
        lines_of(w, "call=fetch&status=200") != m->tasks_made ||
        lines_of(w, "call=submit") != m->requests[CALL_SUBMIT] ||
        lines_of(w, "failed=proof") != m->refused[CHECK_PROOF])
        fail_msg("%s: the journal does not say what happened", w->about);
}

/* ---- a life ---- */

static enum ending start(struct world *w)
{
    struct bench *b = &w->b;
    enum status st = store_sqlite_new(&b->store, w->path, &w->why);

    if (!st) {
        b->settings.wall_at_zero_ns += b->now_ns;
        b->now_ns = 0;
        st = orchestrator_new(&b->o, &b->settings, &b->plan, b->store, 0, &w->why);
    }
    if (!st)
        st = orchestrator_add_node(b->o, BENCH_NODE, BENCH_WALLET, &w->why);
    if (st && st != ST_EXISTS) {
        if (st == ST_INPUT)
            fail_msg("%s: the file cannot be read: %s", w->about, w->why.text);
        stop(w);
        return DOWN;
    }
    orchestrator_group_commits(b->o);
    expect_books_in_order(w);
    return DONE;
}

static void submit(struct world *w, struct client_task *t)
{
    struct bench_submission s;

    bench_prove(&w->b, &s, &t->task);
    if (prng_below(&w->prng, 4) == 0) { /* a bad one comes first */
        w->b.judge.broken = ST_INVALID;
        bench_submit(&w->b, &s);
        w->b.judge.broken = ST_OK;
    }
    t->status = bench_submit(&w->b, &s);
    t->waiting = SUBMITTED;
    bench_submission_fini(&s);
}

static void act(struct world *w, struct client_task *t)
{
    if (t->given) {
        submit(w, t);
    } else if (bench_fetch(&w->b) == 200) {
        t->coming = bench_task(&w->b);
        t->waiting = FETCHED;
    }
    if (prng_below(&w->prng, 3) == 0)
        bench_send(&w->b, HTTP_GET, "/v3/nodes/1", bytes_of(NULL, 0));
}

/* The answers of this turn go out, or nobody knows. */
static void hear(struct world *w, struct client_task *t, bool committed)
{
    if (t->waiting == FETCHED && committed) {
        t->task = t->coming;
        t->given = true;
    } else if (t->waiting == SUBMITTED && !committed) {
        t->doubt = true;
    } else if (t->waiting == SUBMITTED && t->status == 200) {
        t->done = true;
    } else if (t->waiting == SUBMITTED && t->status == 404 && t->doubt) {
        t->done = true;
        w->doubts++;
    } else if (t->waiting == SUBMITTED && t->status != 500) {
        fail_msg("%s: an open task is answered %u", w->about, t->status);
    }
    t->waiting = NOTHING;
}

static enum ending live(struct world *w)
{
    unsigned left = 1;

    if (start(w) == DOWN)
        return DOWN;
    while (left) {
        bool committed;

        left = 0;
        w->b.now_ns += SECOND;
        for (int i = 0; i < TASKS; i++) {
            left += !w->tasks[i].done;
            if (!w->tasks[i].done && prng_below(&w->prng, 2))
                act(w, &w->tasks[i]);
        }
        committed = orchestrator_commit(w->b.o, &w->why) == ST_OK;
        for (int i = 0; i < TASKS; i++)
            hear(w, &w->tasks[i], committed);
        if (!committed) {
            stop(w);
            return DOWN;
        }
        orchestrator_tick(w->b.o, w->b.now_ns);
    }
    expect_books_in_order(w);
    if (orchestrator_credits(w->b.o, BENCH_WALLET) != TASKS)
        fail_msg("%s: not every task is credited once", w->about);
    if (orchestrator_save(w->b.o, &w->why)) {
        stop(w);
        return DOWN;
    }
    stop(w);
    return DONE;
}

/* It was down: the disk works again, and what is left is taken up until all is done. */
static void finish(struct world *w)
{
    disk_trouble(DISK_WORKS, 0);
    if (live(w) != DONE)
        fail_msg("%s: does not start again: %s", w->about, w->why.text);
    if (live(w) != DONE) /* and reads its own end */
        fail_msg("%s: does not start a last time: %s", w->about, w->why.text);
}

static unsigned calls_of_a_quiet_life(void)
{
    struct world *w = calloc(1, sizeof *w);
    unsigned calls;

    assert_non_null(w);
    begin(w, 1, "no trouble");
    disk_trouble(DISK_WORKS, 0);
    assert_int_equal(live(w), DONE);
    calls = disk_calls();
    end(w);
    free(w);
    return calls;
}

static void a_life_without_trouble_ends_well(void **state)
{
    (void)state;
    assert_true(calls_of_a_quiet_life() > 50);
}

static unsigned credited_in_doubt;

static void power_cut(unsigned call, enum disk_luck luck, uint64_t seed, unsigned *cuts)
{
    struct world *w = calloc(1, sizeof *w);
    struct prng p = prng_of(seed);
    char about[120];

    assert_non_null(w);
    snprintf(about, sizeof about, "power cut at call %u, luck %d, seed %u", call, luck,
             (unsigned)seed);
    begin(w, seed, about);
    disk_trouble(DISK_CUT, call);
    for (int lives = 0; lives < 4 && live(w) == DOWN; lives++) {
        assert_true(disk_dead());
        ++*cuts;
        disk_power_on(luck, prng_u64(&p));
        if (lives < 2) /* what is left may be cut again while it is taken up */
            disk_trouble(DISK_CUT, 1 + (unsigned)prng_below(&p, 40));
    }
    finish(w);
    credited_in_doubt += w->doubts;
    end(w);
    free(w);
}

static void a_power_cut_at_any_write_takes_back_no_answer(void **state)
{
    unsigned calls = calls_of_a_quiet_life(), runs = 0, cuts = 0;

    (void)state;
    for (unsigned call = 1; call <= calls; call += STRIDE)
        for (int luck = 0; luck < DISK_LUCKS; luck++)
            for (unsigned seed = 0; seed < (luck < LUCK_HALF ? 1 : seeds); seed++, runs++)
                power_cut(call, (enum disk_luck)luck, 1000 * call + seed, &cuts);
    printf("%u writes, truncations and syncs of a run; %u runs with %u power cuts; %u answers were lost "
           "whose credit was not\n",
           calls, runs, cuts, credited_in_doubt);
    assert_true(cuts > runs);
    assert_true(credited_in_doubt > 0); /* so that the doubt was met at all */
}

static void a_disk_that_fails_or_is_full_takes_back_no_answer(void **state)
{
    static const enum disk_trouble kinds[] = {DISK_ERROR, DISK_SHORT_WRITE, DISK_FULL, DISK_BROKEN};
    unsigned calls = calls_of_a_quiet_life(), runs = 0, down = 0;

    (void)state;
    for (unsigned call = 1; call <= calls; call += STRIDE)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++, runs++) {
            struct world *w = calloc(1, sizeof *w);
            char about[120];

            assert_non_null(w);
            snprintf(about, sizeof about, "trouble %d at call %u", kinds[i], call);
            begin(w, call, about);
            disk_trouble(kinds[i], call);
            if (live(w) == DOWN) {
                down++;
                if (!w->why.text[0])
                    fail_msg("%s: no words", about);
            }
            finish(w);
            end(w);
            free(w);
        }
    printf("%u runs, %u stopped answering\n", runs, down);
    assert_true(down > runs / 2);
}

static int make_folder(void **state)
{
    (void)state;
    scratch_init(&folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    scratch_fini(&folder);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life_without_trouble_ends_well),
        cmocka_unit_test(a_power_cut_at_any_write_takes_back_no_answer),
        cmocka_unit_test(a_disk_that_fails_or_is_full_takes_back_no_answer),
    };

    if (argc > 1)
        seeds = (unsigned)atoi(argv[1]);
    disk_install();
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
