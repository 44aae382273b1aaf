/* SPDX-License-Identifier: Apache-2.0 */
/* Several inputs at a time: which, what happens to the others when one fails, and what a crash
 * costs. */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "client/core/snapshot.h"
#include "tests/client/core/story.h"

#define FETCH  "/v3/tasks"
#define SUBMIT "/v3/tasks/submit"

static void give(struct story *s, const char *id, size_t inputs)
{
    story_until_path(s, FETCH, 1e6);
    story_give(s, (struct story_task){id, "fib", TASK_ALL_PROOF_HASHES, DIFFICULTY_SMALL_MEDIUM,
                                      inputs, 0});
}

/* A task of so many inputs, and a prover that takes three. */
static void begin(struct story *s, size_t inputs)
{
    story_begin(s);
    s->options.proofs_at_once = 3;
    story_start(s);
    story_answer(s, 200, NULL, NULL);
    give(s, "A", inputs);
}

struct found {
    const char *task_id;
    bool found;
    size_t count;
    char proofs[8][32]; /* "": none */
};

static enum status find_proofs(void *context, struct outbox_record *r, struct why *why)
{
    struct found *f = context;

    (void)why;
    if (strcmp(r->task_id, f->task_id) == 0) {
        f->found = true;
        f->count = 0;
        for (size_t i = 0; i < r->input_count; i++) {
            f->count += r->proofs[i].data != NULL;
            memcpy(f->proofs[i], r->proofs[i].data ? r->proofs[i].data : (const uint8_t *)"",
                   r->proofs[i].size);
            f->proofs[i][r->proofs[i].size] = '\0';
        }
    }
    outbox_record_fini(r);
    return ST_OK;
}

/* What is on disk. */
static struct found proofs_of(struct story *s, const char *task_id)
{
    struct found f = {.task_id = task_id};

    assert_int_equal(outbox_each(&s->disk->base, find_proofs, &f, NULL), ST_OK);
    assert_true(f.found);
    return f;
}

static void expect_proofs(struct story *s, const char *task, const char *const *proofs,
                          size_t count)
{
    struct wire_memory memory = {0};
    struct wire_submission m;

    story_expect(s, HTTP_POST, SUBMIT);
    assert_int_equal(
        wire_decode_submission(&m, &memory, buffer_bytes(&s->body), WIRE_MAX_SUBMISSION, NULL),
        ST_OK);
    assert_string_equal(m.task_id, task);
    assert_int_equal(m.all_proof_hash_count, count);
    for (size_t i = 0; i < count; i++) {
        char hash[KECCAK256_HEX];

        keccak256_hex(hash, bytes_of_text(proofs[i]));
        assert_string_equal(m.all_proof_hashes[i], hash);
    }
    wire_memory_fini(&memory);
}

static void inputs_are_proved_side_by_side_and_end_in_any_order(void **state)
{
    static const char *const proofs[] = {"p0", "p1", "p2", "p3", "p4"};
    struct snapshot snapshot;
    struct story s;

    (void)state;
    begin(&s, 5);
    assert_int_equal(s.proof_count, 3);
    core_snapshot(s.core, &snapshot, s.now_ns);
    assert_int_equal(snapshot.proving, 3);
    assert_int_equal(snapshot.proofs_at_once, 3);
    story_pick(&s, "A", 1);
    story_prove(&s, "p1");
    story_pick(&s, "A", 3);
    story_prove(&s, "p3");
    story_pick(&s, "A", 4);
    story_prove(&s, "p4");
    assert_int_equal(s.proof_count, 2); /* nothing is left to begin */
    core_snapshot(s.core, &snapshot, s.now_ns);
    assert_int_equal(snapshot.tasks[0].inputs, 5);
    assert_int_equal(snapshot.tasks[0].inputs_proved, 3);
    assert_int_equal(snapshot.tasks[0].inputs_proving, 2);
    story_pick(&s, "A", 2);
    story_prove(&s, "p2");
    assert_false(story_waits(&s, SUBMIT));
    story_prove(&s, "p0");
    expect_proofs(&s, "A", proofs, 5);
    assert_int_equal(core_stats(s.core)->proofs, 5);
    story_answer(&s, 200, NULL, NULL);
    story_end(&s);
}

static void a_failed_input_cancels_the_rest_and_the_task_is_closed_once(void **state)
{
    struct story s;

    (void)state;
    begin(&s, 5);
    story_prove(&s, "p0"); /* thrown away */
    story_pick(&s, "A", 2);
    story_fail_proof(&s, ST_LIMIT, "too many steps");
    assert_int_equal(s.cancels, 2);
    assert_int_equal(s.proof_count, 2); /* no further input was begun */
    assert_int_equal(story_state(&s, "A"), OUTBOX_ABANDONED);
    assert_int_equal(proofs_of(&s, "A").count, 0);
    story_pick(&s, "A", 1);
    story_prove(&s, "it was done just then");
    story_fail_proof(&s, ST_LIMIT, "this one is too large too");
    assert_int_equal(core_stats(s.core)->abandoned, 1);
    assert_int_equal(core_stats(s.core)->proofs, 1);
    assert_non_null(strstr(story_line(&s, "abandoned")->text, "too many steps"));
    assert_int_equal(story_state(&s, "A"), OUTBOX_ABANDONED);
    story_until_path(&s, FETCH, 200);
    assert_int_equal(story_asked(&s), DIFFICULTY_SMALL); /* one step down, not three */
    story_end(&s);
}

static void a_cancelled_input_keeps_its_place_until_its_outcome_arrives(void **state)
{
    struct story s;

    (void)state;
    begin(&s, 3);
    story_fail_proof(&s, ST_GUEST, "it trapped");
    assert_int_equal(s.proof_count, 2);
    give(&s, "B", 3);
    assert_int_equal(s.proof_count, 3);
    story_pick(&s, "B", 0);
    story_pick(&s, "A", 1);
    story_fail_proof(&s, ST_CANCELLED, "cancelled");
    story_pick(&s, "B", 1);
    story_pick(&s, "A", 2);
    story_fail_proof(&s, ST_CANCELLED, "cancelled");
    for (unsigned i = 3; i-- > 0;) {
        story_pick(&s, "B", i);
        story_prove(&s, "p");
    }
    story_expect(&s, HTTP_POST, SUBMIT);
    assert_int_equal(core_stats(s.core)->abandoned, 1);
    story_end(&s);
}

static void proofs_are_saved_when_a_crash_would_lose_a_minute_of_work(void **state)
{
    static const char *const proofs[] = {"p0", "p1", "p2", "p3", "p4"};
    struct story s;

    (void)state;
    begin(&s, 5);
    story_until(&s, 59.9);
    story_prove(&s, "p0");
    assert_int_equal(proofs_of(&s, "A").count, 0);
    story_pick(&s, "A", 2);
    story_prove(&s, "p2");
    assert_int_equal(proofs_of(&s, "A").count, 2);
    assert_int_equal(story_state(&s, "A"), OUTBOX_FETCHED);
    story_pick(&s, "A", 3);
    story_prove(&s, "lost");
    story_crash(&s);

    s.options.proofs_at_once = 8;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(s.proof_count, 3); /* the missing ones only */
    assert_string_equal(proofs_of(&s, "A").proofs[2], "p2");
    story_pick(&s, "A", 1);
    story_prove(&s, "p1");
    story_pick(&s, "A", 4);
    story_prove(&s, "p4");
    story_pick(&s, "A", 3);
    story_prove(&s, "p3");
    expect_proofs(&s, "A", proofs, 5);
    assert_int_equal(core_stats(s.core)->proofs, 3);
    story_end(&s);
}

static void proving_does_not_wait_while_a_part_is_written(void **state)
{
    struct story s;

    (void)state;
    begin(&s, 5);
    story_until(&s, 100);
    s.disk->refuse = 2;
    story_prove(&s, "p0");
    assert_int_equal(s.proof_count, 3);
    assert_int_equal(proofs_of(&s, "A").count, 0);
    story_until(&s, 111);
    assert_int_equal(proofs_of(&s, "A").count, 1);
    story_end(&s);
}

static void a_stop_cancels_all_inputs_and_keeps_what_is_proved(void **state)
{
    struct story s;

    (void)state;
    begin(&s, 5);
    story_until(&s, 1);
    story_prove(&s, "p0");
    story_event(&s, EV_SHUTDOWN);
    assert_int_equal(s.cancels, 3);
    assert_int_equal(proofs_of(&s, "A").count, 1);
    story_pick(&s, "A", 2);
    story_prove(&s, "p2"); /* it was done just then */
    story_fail_proof(&s, ST_CANCELLED, "cancelled");
    assert_false(s.over);
    story_fail_proof(&s, ST_IO, "the worker has got the signal too");
    assert_true(s.over);
    assert_int_equal(story_state(&s, "A"), OUTBOX_FETCHED);
    assert_int_equal(proofs_of(&s, "A").count, 2);
    assert_int_equal(core_stats(s.core)->abandoned, 0);
    story_end(&s);
}

static void a_stop_does_not_wait_for_provers_without_end(void **state)
{
    struct story s;

    (void)state;
    begin(&s, 3);
    story_event(&s, EV_SHUTDOWN);
    story_until(&s, 4.9);
    assert_false(s.over);
    story_until(&s, 5);
    assert_true(s.over);
    assert_int_equal(s.proof_count, 3);
    story_end(&s);
}

static void a_record_whose_proofs_are_all_there_only_needs_its_signature(void **state)
{
    static const char *const proofs[] = {"p0", "p1"};
    struct outbox_record r;
    struct story s;

    (void)state;
    story_begin(&s);
    assert_true(outbox_record_init(&r, "5880437", "A", "fib", 2));
    r.id = 1;
    r.task_type = TASK_ALL_PROOF_HASHES;
    r.fetched_wall_s = STORY_WALL_S;
    signing_key_public(s.key, r.public_key);
    for (size_t i = 0; i < 2; i++) {
        r.proofs[i].data = (uint8_t *)strdup(proofs[i]);
        r.proofs[i].size = 2;
        keccak256_hex(r.proofs[i].hash, bytes_of_text(proofs[i]));
    }
    assert_int_equal(outbox_put(&s.disk->base, &r, NULL), ST_OK);
    outbox_record_fini(&r);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(s.proof_count, 0);
    expect_proofs(&s, "A", proofs, 2);
    story_end(&s);
}

static void a_record_without_inputs_is_given_up(void **state)
{
    struct outbox_record r;
    struct story s;

    (void)state;
    story_begin(&s);
    assert_true(outbox_record_init(&r, "5880437", "A", "fib", 0));
    r.id = 1;
    r.fetched_wall_s = STORY_WALL_S;
    signing_key_public(s.key, r.public_key);
    assert_int_equal(outbox_put(&s.disk->base, &r, NULL), ST_OK);
    outbox_record_fini(&r);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ABANDONED);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_are_proved_side_by_side_and_end_in_any_order),
        cmocka_unit_test(a_failed_input_cancels_the_rest_and_the_task_is_closed_once),
        cmocka_unit_test(a_cancelled_input_keeps_its_place_until_its_outcome_arrives),
        cmocka_unit_test(proofs_are_saved_when_a_crash_would_lose_a_minute_of_work),
        cmocka_unit_test(proving_does_not_wait_while_a_part_is_written),
        cmocka_unit_test(a_stop_cancels_all_inputs_and_keeps_what_is_proved),
        cmocka_unit_test(a_stop_does_not_wait_for_provers_without_end),
        cmocka_unit_test(a_record_whose_proofs_are_all_there_only_needs_its_signature),
        cmocka_unit_test(a_record_without_inputs_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
