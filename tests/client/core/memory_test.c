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
#include "tests/prover/proof/heap.h"

#define SHORTAGE 40  /* events without memory */
#define EVENTS   400 /* until it must have gone well */

/* GetProofTaskResponse{task{task_id "T0", program_id "fib", two inputs, ALL_PROOF_HASHES}} */
static char task_bytes[] = "\x22\x27\x0a\x02T0\x12\x03"
                           "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0"
                           "\x2a\x0c\x0a\0\0\0\1\0\0\0\1\0\0\0\x30\x02";

/* A signature takes a few bytes for its text and does not refuse: the shortage pauses for it, and
 * begins anew behind it with so many allocations. */
static long allowed_after_signing;

void __real_signing_sign(const struct signing_key *k, uint8_t *out, const char *task_id,
                         const char *proof_hash);
void __wrap_signing_sign(const struct signing_key *k, uint8_t *out, const char *task_id,
                         const char *proof_hash);

void __wrap_signing_sign(const struct signing_key *k, uint8_t *out, const char *task_id,
                         const char *proof_hash)
{
    heap_fail_after(-1);
    __real_signing_sign(k, out, task_id, proof_hash);
    heap_fail_after(allowed_after_signing);
}

struct tale {
    struct core *core;
    struct signing_key *key;
    int64_t now_ns;
    unsigned events;
};

static void tell(struct tale *t, struct event *ev)
{
    if (++t->events == SHORTAGE) {
        heap_fail_after(-1);
        allowed_after_signing = -1;
    }
    ev->wall_ns = t->now_ns;
    core_handle(t->core, ev, t->now_ns);
}

static void answer(struct tale *t, const struct action *act)
{
    struct http_response r = {.status = 200};

    if (strcmp(act->request.path, "/v3/tasks") == 0) {
        task_bytes[5] = (char)('0' + act->id % 70); /* always another task */
        r.body = bytes_of(task_bytes, sizeof task_bytes - 1);
    }
    tell(t, &(struct event){.type = EV_RESPONSE, .id = act->id, .response = &r});
}

static void perform(struct tale *t, const struct action *act)
{
    static const uint8_t proof[100] = {1};

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
static bool story(const struct signing_key *key, long allocations)
{
    struct core_options o = {.profile = &profile_current, .node_ids = (const char *const[]){"1"}, .node_count = 1, .key = key, .max_tasks = 1};
    struct tale t = {.now_ns = 1};
    struct action act;
    bool smooth;

    heap_fail_after(allocations);
    if (core_new(&t.core, &o, NULL)) {
        heap_fail_after(-1);
        return false;
    }
    tell(&t, &(struct event){.type = EV_START});
    while (core_stats(t.core)->accepted == 0) {
        assert_true(t.events < EVENTS);
        if (core_poll(t.core, &act, t.now_ns)) {
            perform(&t, &act);
        } else {
            t.now_ns = core_deadline_ns(t.core);
            tell(&t, &(struct event){.type = EV_TICK});
        }
    }
    heap_fail_after(-1);
    core_free(NULL);
    smooth = core_stats(t.core)->fetch_errors + core_stats(t.core)->abandoned +
                 core_stats(t.core)->submit_waits ==
             0;
    core_free(t.core);
    return smooth;
}

static void a_shortage_of_memory_is_survived_wherever_it_strikes(void **state)
{
    static const uint8_t seed[SIGNING_SEED_SIZE] = {7};
    struct signing_key *key;
    long n = 0;

    (void)state;
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_of_seed(&key, seed, NULL), ST_OK);
    heap_watch_start();
    allowed_after_signing = -1;
    while (!story(key, n))
        assert_true(++n < 1000);
    assert_true(n >= 8);
    for (n = 0; allowed_after_signing = n, !story(key, -1); n++)
        assert_true(n < 1000);
    assert_true(n > 2);
    assert_int_equal(heap_watch_held(), 0);
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
    struct core_options o = {.profile = &profile_current, .node_ids = (const char *const[]){"1"}, .node_count = 1};
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
