/* SPDX-License-Identifier: Apache-2.0 */
/* One story told again and again, each time with one allocation more before memory is refused for a
 * while: the core never dies of it, and a task is accepted once memory is back. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/constraint.h"
#include "client/core/core.h"
#include "client/core/outbox_memory.h"
#include "client/core/reference.h"
#include "tests/prover/proof/heap.h"

#define SHORTAGE 40  /* events without memory */
#define EVENTS   400 /* until it must have gone well */

/* GetProofTaskResponse{program_id "fib", public_inputs, task_id "T0", task{task_id "T0", program_id
 * "fib", two inputs, ALL_PROOF_HASHES}} */
static char task_bytes[] = "\x0a\x03"
                           "fib\x12\x0c\x09\0\0\0\1\0\0\0\1\0\0\0\x1a\x02T0"
                           "\x22\x27\x0a\x02T0\x12\x03"
                           "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0"
                           "\x2a\x0c\x0a\0\0\0\1\0\0\0\1\0\0\0\x30\x02";
#define OLD_NAME 22 /* where the digit of the task's name lies */
#define NAME     28

/* GetTasksResponse{task{task_id "T0", program_id "fib", public_inputs}} */
#define LIST_SIZE 25

static const char *list_bytes(void)
{
    static char bytes[] = "\x0a\x17\x0a\x02T0\x12\x03"
                          "fib\x1a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0";

    bytes[5] = task_bytes[NAME];
    return bytes;
}

/* Whoever decides. */
typedef enum status opener(struct runtime **out, const struct signing_key *key);

static enum status open_core(struct runtime **out, const struct signing_key *key,
                             const struct profile *profile)
{
    const struct core_options o = {.profile = profile,
                                   .node_ids = (const char *const[]){"1"},
                                   .node_count = 1,
                                   .key = key,
                                   .max_tasks = 1};
    struct core *core;
    enum status st = core_new(&core, &o, NULL);

    if (!st)
        *out = core_runtime(core);
    return st;
}

static enum status open_current(struct runtime **out, const struct signing_key *key)
{
    return open_core(out, key, &profile_current);
}

static enum status open_seed(struct runtime **out, const struct signing_key *key)
{
    return open_core(out, key, &profile_seed);
}

static enum status open_reference_current(struct runtime **out, const struct signing_key *key)
{
    return reference_current_new(
        out, &(struct reference_options){.node_id = "1", .key = key, .workers = 1}, NULL);
}

static enum status open_reference_seed(struct runtime **out, const struct signing_key *key)
{
    return reference_seed_new(
        out, &(struct reference_options){.node_id = "1", .key = key, .workers = 1}, NULL);
}

static unsigned postponed; /* stories in which a finished proof waited for its signature */

struct tale {
    struct runtime *runtime;
    int64_t now_ns;
    unsigned events, given;
    bool postponed; /* a signature */
};

static void tell(struct tale *t, struct event *ev)
{
    if (++t->events == SHORTAGE)
        heap_fail_after(-1);
    ev->wall_ns = t->now_ns;
    runtime_handle(t->runtime, ev, t->now_ns);
}

/* Now and then there is no task yet; lists are empty or hold one that is new. */
static void answer(struct tale *t, const struct action *act)
{
    const struct http_request *request = &act->request;
    struct http_response r = {.status = 200};
    bool list = request->method == HTTP_GET;

    task_bytes[OLD_NAME] = task_bytes[NAME] = (char)('0' + act->id % 70); /* always another task */
    if (strcmp(request->path, "/v3/tasks") == 0) {
        t->given++;
        if (!list && t->given % 5 == 4)
            r.status = 429;
        else if (!list)
            r.body = bytes_of(task_bytes, sizeof task_bytes - 1);
        else if (t->given % 3 == 0) /* GetTasksResponse{task}: the same bytes but for the tag */
            r.body = bytes_of(list_bytes(), LIST_SIZE);
    }
    tell(t, &(struct event){.type = EV_RESPONSE, .id = act->id, .response = &r});
}

static void perform(struct tale *t, const struct action *act)
{
    static const uint8_t proof[100] = {1};

    if (act->type == ACT_LINE && strcmp(act->line.event, "unsigned") == 0)
        t->postponed = true;
    if (act->type == ACT_SAVE)
        tell(t, &(struct event){.type = EV_SAVED, .id = act->id});
    else if (act->type == ACT_REQUEST)
        answer(t, act);
    else if (act->type == ACT_PROVE)
        tell(t, &(struct event){.type = EV_PROVED,
                                .id = act->id,
                                .proved.proof = bytes_of(proof, sizeof proof)});
}

/* true: nothing was missing. */
static bool story(opener *open, const struct signing_key *key, unsigned given, long allocations)
{
    struct tale t = {.now_ns = 1, .given = given};
    const struct stats *stats;
    struct action act = {.type = ACT_LINE};
    bool smooth;

    heap_fail_after(allocations);
    if (open(&t.runtime, key)) {
        heap_fail_after(-1);
        return false;
    }
    stats = runtime_stats(t.runtime);
    tell(&t, &(struct event){.type = EV_START});
    /* A reference client may take it for a definite no, and end. */
    while (stats->accepted == 0 && act.type != ACT_EXIT) {
        assert_true(t.events < EVENTS);
        if (runtime_poll(t.runtime, &act, t.now_ns)) {
            perform(&t, &act);
        } else {
            t.now_ns = runtime_deadline_ns(t.runtime);
            tell(&t, &(struct event){.type = EV_TICK});
        }
    }
    heap_fail_after(-1);
    runtime_free(NULL);
    smooth = stats->fetch_errors + stats->abandoned + stats->submit_waits + stats->lost == 0 &&
             stats->accepted > 0 && !t.postponed;
    assert_true(!t.postponed || stats->abandoned == 0); /* no finished proof is given up for it */
    postponed += t.postponed;
    runtime_free(t.runtime);
    return smooth;
}

static void a_shortage_of_memory_is_survived_wherever_it_strikes(void **state)
{
    static const uint8_t seed[SIGNING_SEED_SIZE] = {7};
    static opener *const openers[] = {open_current, open_seed, open_reference_current,
                                      open_reference_seed};
    struct signing_key *key;

    (void)state;
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_of_seed(&key, seed, NULL), ST_OK);
    heap_watch_start();
    for (size_t i = 0; i < 2 * (sizeof openers / sizeof *openers); i++) {
        opener *open = openers[i / 2];
        unsigned given = i % 2 ? 2 : 0; /* the first list is empty, or not */
        long n = 0;

        while (!story(open, key, given, n))
            assert_true(++n < 1000);
        assert_true(n >= 4);
        assert_int_equal(heap_watch_held(), 0);
    }
    assert_true(postponed > 0);
    signing_key_free(key);
}

static void records_and_the_outbox_say_that_memory_is_missing(void **state)
{
    struct outbox_record r, back;
    struct outbox_memory *m;
    struct buffer bytes;
    long n;

    (void)state;
    for (n = 0; heap_fail_after(n), !outbox_record_init(&r, "1", "T", "fib", 3); n++)
        assert_true(n < 10);
    heap_fail_after(-1);
    r.proofs[1].data = malloc(1);
    r.proofs[1].data[0] = 7;
    r.proofs[1].size = 1;
    buffer_init(&bytes, 0);
    outbox_encode(&bytes, &r);
    for (n = 0; heap_fail_after(n), outbox_decode(&back, buffer_bytes(&bytes), NULL); n++)
        assert_true(n < 20);
    outbox_record_fini(&back);

    for (n = 0; heap_fail_after(n), outbox_memory_new(&m, NULL); n++)
        assert_true(n < 10);
    for (n = 0; heap_fail_after(n), outbox_put(&m->base, &r, NULL); n++)
        assert_true(n < 20);
    heap_fail_after(-1);
    outbox_free(&m->base);
    outbox_record_fini(&r);
    buffer_fini(&bytes);
}

static void a_record_that_cannot_be_restored_stays_with_the_caller(void **state)
{
    struct core_options o = {
        .profile = &profile_current, .node_ids = (const char *const[]){"1"}, .node_count = 1};
    struct outbox_record r;
    struct core *core;

    (void)state;
    assert_int_equal(signing_start(NULL), ST_OK);
    {
        struct signing_key *key;

        assert_int_equal(signing_key_random(&key, NULL), ST_OK);
        o.key = key;
        assert_int_equal(core_new(&core, &o, NULL), ST_OK);
        assert_true(outbox_record_init(&r, "1", "T", "fib", 1));
        for (long n = 0; n < 2; n++) {
            heap_fail_after(n);
            assert_int_equal(core_restore(core, &r, NULL), ST_NO_MEMORY);
            assert_non_null(r.task_id);
        }
        heap_fail_after(-1);
        assert_int_equal(core_restore(core, &r, NULL), ST_OK);
        core_free(core);
        signing_key_free(key);
    }
}

static void constraints_without_memory_are_refused(void **state)
{
    static const char page[] = "{\"version_constraints\":[]}";
    struct constraints *c;

    (void)state;
    heap_fail_after(0);
    assert_int_equal(constraint_parse(&c, bytes_of_text(page), NULL), ST_NO_MEMORY);
    heap_fail_after(-1);
    assert_int_equal(constraint_parse(&c, bytes_of_text(page), NULL), ST_OK);
    constraint_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shortage_of_memory_is_survived_wherever_it_strikes),
        cmocka_unit_test(records_and_the_outbox_say_that_memory_is_missing),
        cmocka_unit_test(a_record_that_cannot_be_restored_stays_with_the_caller),
        cmocka_unit_test(constraints_without_memory_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
