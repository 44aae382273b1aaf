/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a finished proof, whatever the server, the network and the disk do. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/prng.h"
#include "tests/client/core/story.h"
#include "tests/support/support.h"

#define SUBMIT "/v3/tasks/submit"
#define NODE   "/v3/nodes/5880437"

/* A story that stands where the proof of task A has just been sent. */
static void to_submission(struct story *s)
{
    story_begin(s);
    story_start(s);
    story_to_task(s, "A");
    story_prove(s, "first stand-in proof");
    story_expect(s, HTTP_POST, SUBMIT);
}

/* Lets fetches fail until the next submission is on its way. */
static void until_submission(struct story *s, double limit)
{
    story_until_request(s, limit);
    while (strcmp(s->path, SUBMIT) != 0) {
        story_answer(s, 429, NULL, NULL);
        story_until_request(s, limit);
    }
}

/* ---- what is sent ---- */

static void the_payload_of_each_task_type_is_the_network_s(void **state)
{
    static const char *const stand_in[2] = {"first stand-in proof", "second stand-in proof"};
    json_t *root = golden_json("client/combined-hashes.json");
    json_t *c;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(root, "payload"), i, c)
    {
        json_t *hashes = json_object_get(c, "individual_hashes");
        json_t *all = json_object_get(c, "field_9_all_proof_hashes");
        const char *type = json_string_value(json_object_get(c, "task_type"));
        const char *field_5 = json_string_value(json_object_get(c, "field_5_proof"));
        struct wire_memory memory = {0};
        struct wire_submission m;
        struct story s;

        story_begin(&s);
        story_start(&s);
        story_answer(&s, 200, NULL, NULL);
        story_give(&s, (struct story_task){
                           "A", "fib",
                           strcmp(type, "PROOF_REQUIRED") == 0 ? TASK_PROOF_REQUIRED
                           : strcmp(type, "PROOF_HASH") == 0   ? TASK_PROOF_HASH
                                                               : TASK_ALL_PROOF_HASHES,
                           DIFFICULTY_SMALL, json_array_size(hashes), 0});
        for (size_t j = 0; j < json_array_size(hashes); j++)
            story_prove(&s, stand_in[j]);
        story_expect(&s, HTTP_POST, SUBMIT);
        assert_int_equal(wire_decode_submission(&m, &memory, buffer_bytes(&s.body),
                                                WIRE_MAX_SUBMISSION, NULL),
                         ST_OK);
        assert_int_equal(m.node_type, NODE_CLI_PROVER);
        assert_string_equal(m.task_id, "A");
        assert_string_equal(m.proof_hash, json_string_value(json_object_get(c, "proof_hash")));
        assert_int_equal(m.proof_count,
                         json_integer_value(json_object_get(c, "field_10_proofs_count")));
        assert_true(bytes_equal(m.proof, strcmp(field_5, "absent") == 0
                                             ? bytes_of(NULL, 0)
                                             : bytes_of_text(stand_in[0])));
        for (size_t j = 0; j < m.proof_count; j++)
            assert_true(bytes_equal(m.proofs[j], bytes_of_text(stand_in[j])));
        assert_int_equal(m.all_proof_hash_count, json_array_size(all));
        for (size_t j = 0; j < m.all_proof_hash_count; j++)
            assert_string_equal(m.all_proof_hashes[j],
                                json_string_value(json_array_get(all, j)));
        assert_true(signing_verify(NULL, m.public_key, m.signature, "A", m.proof_hash));
        assert_true(m.has_telemetry && m.telemetry.has_flops && m.telemetry.has_memory_used);
        assert_int_equal(m.telemetry.memory_capacity, 16384000);
        assert_string_equal(m.telemetry.location, "US");
        wire_memory_fini(&memory);
        story_end(&s);
    }
    assert_int_equal(i, 6);
    json_decref(root);
}

/* ---- waiting ---- */

static void a_proof_waits_and_is_sent_with_the_same_bytes_until_accepted(void **state)
{
    static const struct {
        unsigned status; /* 0: the connection broke before anything was sent */
        const char *retry_after;
        double at_least;
    } table[] = {
        {429, "60", 60}, {429, NULL, 0}, {503, "120", 120}, {500, NULL, 0}, {0, NULL, 0},
        {502, NULL, 0},  {408, NULL, 0}, {425, "5", 5},     {302, NULL, 0}, {504, NULL, 0},
    };
    struct story s;
    struct buffer first;

    (void)state;
    to_submission(&s);
    buffer_init(&first, 0);
    buffer_put(&first, s.body.data, s.body.size);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        double before = story_time(&s);

        if (table[i].status)
            story_answer(&s, table[i].status, table[i].retry_after, NULL);
        else
            story_break(&s, false);
        until_submission(&s, 1e5);
        assert_true(story_time(&s) - before >= table[i].at_least);
        assert_true(story_time(&s) - before >= 1);
        assert_true(bytes_equal(buffer_bytes(&s.body), buffer_bytes(&first)));
    }
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
    assert_int_equal(core_stats(s.core)->submit_requests, 11);
    assert_int_equal(core_stats(s.core)->submit_waits, 10);
    assert_int_equal(core_stats(s.core)->accepted, 1);
    buffer_fini(&first);
    story_end(&s);
}

static void work_goes_on_while_proofs_wait_but_not_without_end(void **state)
{
    struct story s;
    char id[2] = "B";

    (void)state;
    to_submission(&s);
    story_answer(&s, 429, "5000", NULL);
    for (int i = 0; i < 3; i++, id[0]++) {
        story_until_request(&s, 1000);
        story_give(&s, (struct story_task){id, "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
        story_prove(&s, id);
    }
    assert_int_equal(core_open_tasks(s.core), 4);
    /* No fifth task, and no submission of any before the user's allowance is back. */
    story_until_request(&s, 6000);
    story_expect(&s, HTTP_POST, SUBMIT);
    assert_true(story_time(&s) >= 5000);
    for (int i = 0; i < 4; i++) { /* one at a time, oldest first, a second apart */
        double before = story_time(&s);

        story_answer(&s, 200, NULL, NULL);
        if (i < 3) {
            until_submission(&s, 7000);
            assert_true(story_time(&s) - before >= 1);
        }
    }
    assert_int_equal(core_stats(s.core)->accepted, 4);
    story_end(&s);
}

/* ---- definite answers ---- */

static void a_definite_no_stops_at_once(void **state)
{
    static const unsigned statuses[] = {400, 401, 403, 413, 422};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct story s;

        to_submission(&s);
        story_answer(&s, statuses[i], "60", "{\"message\":\"Invalid proof\"}");
        assert_int_equal(story_state(&s, "A"), OUTBOX_REFUSED);
        assert_int_equal(story_line(&s, "refused")->status, statuses[i]);
        assert_non_null(strstr(story_line(&s, "refused")->text, "Invalid proof"));
        story_until_request(&s, 130);
        assert_int_equal(story_asked(&s), DIFFICULTY_SMALL_MEDIUM);
        assert_int_equal(core_stats(s.core)->submit_requests, 1);
        assert_int_equal(core_stats(s.core)->refused, 1);
        story_end(&s);
    }
}

static void an_expired_task_lowers_the_difficulty(void **state)
{
    static const unsigned statuses[] = {404, 410};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct story s;

        to_submission(&s);
        story_answer(&s, statuses[i], NULL, "{\"message\":\"Task not found\"}");
        assert_int_equal(story_state(&s, "A"), OUTBOX_REFUSED);
        assert_true(story_said(&s, "expired"));
        story_until_request(&s, 130);
        assert_int_equal(story_asked(&s), DIFFICULTY_SMALL);
        story_end(&s);
    }
}

static void a_lost_answer_then_404_is_probably_credited(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct story s;

        to_submission(&s);
        if (how == 0)
            story_break(&s, true);
        else
            story_answer(&s, how == 1 ? 502 : 504, NULL, "<html>");
        until_submission(&s, 200);
        story_answer(&s, 404, NULL, NULL);
        assert_int_equal(story_state(&s, "A"), OUTBOX_UNKNOWN);
        assert_non_null(strstr(story_line(&s, "unknown")->text, "probably credited"));
        assert_int_equal(core_stats(s.core)->unknown, 1);
        assert_int_equal(core_stats(s.core)->refused, 0);
        story_end(&s);
    }
}

/* It answers the second copy, and the first may have counted. */
static void any_other_no_after_a_lost_answer_leaves_the_fate_unknown(void **state)
{
    static const unsigned statuses[] = {400, 401, 403, 413, 422};

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct story s;

        to_submission(&s);
        story_break(&s, true);
        until_submission(&s, 200);
        story_answer(&s, statuses[i], NULL, NULL);
        assert_int_equal(story_state(&s, "A"), OUTBOX_UNKNOWN);
        assert_non_null(strstr(story_line(&s, "unknown")->text, "may have been credited"));
        assert_false(story_said(&s, "refused"));
        assert_int_equal(core_stats(s.core)->unknown, 1);
        assert_int_equal(core_stats(s.core)->refused, 0);
        story_end(&s);
    }
}

static void a_submission_that_never_left_is_not_called_credited(void **state)
{
    struct story s;

    (void)state;
    to_submission(&s);
    story_break(&s, false);
    until_submission(&s, 200);
    story_answer(&s, 404, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_REFUSED);
    story_end(&s);
}

static void a_conflict_means_that_the_server_has_it(void **state)
{
    struct story s;

    (void)state;
    to_submission(&s);
    story_break(&s, true);
    until_submission(&s, 200);
    story_answer(&s, 409, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
    story_end(&s);
}

/* Any 5xx may come from somebody between us and an orchestrator that has counted the proof. */
static void a_task_that_is_gone_after_a_5xx_is_unknown_not_refused(void **state)
{
    static const unsigned answers[] = {500, 502, 503, 504, 599};

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct story s;

        to_submission(&s);
        story_answer(&s, answers[i], NULL, NULL);
        until_submission(&s, 200);
        story_answer(&s, 404, NULL, NULL);
        assert_int_equal(story_state(&s, "A"), OUTBOX_UNKNOWN);
        story_end(&s);
    }
}

static void a_proof_is_given_up_when_no_task_can_be_that_old(void **state)
{
    struct story s;

    (void)state;
    to_submission(&s);
    for (int i = 0; !story_said(&s, "expired"); i++) {
        assert_true(i < 5000);
        story_answer(&s, 429, NULL, NULL);
        while (!s.request && !story_said(&s, "expired"))
            story_until(&s, story_time(&s) + 10);
    }
    assert_true(story_time(&s) > 86400 && story_time(&s) < 86400 + 1300);
    assert_int_equal(story_state(&s, "A"), OUTBOX_REFUSED);
    story_end(&s);
}

/* In a process the monotonic clock counts, and a new one believes half a day of what the wall clock
 * says. */
static void a_wall_clock_that_is_set_gives_no_finished_proof_up(void **state)
{
    static const int64_t days[] = {3, -3, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        struct story s;

        to_submission(&s);
        story_answer(&s, 429, "60", NULL);
        s.wall_set_ns = days[i] * 86400 * NS_PER_S;
        until_submission(&s, 600);
        story_answer(&s, 429, "60", NULL);
        story_crash(&s);
        s.wall_set_ns *= 2;
        s.now_ns += 60 * NS_PER_S;
        story_start(&s);
        until_submission(&s, 600);
        story_answer(&s, 200, NULL, NULL);
        assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
        story_end(&s);
    }
}

/* … but for no more than that: twelve hours of this process are the rest of its life. */
static void a_former_run_s_proof_is_given_up_too_in_the_end(void **state)
{
    struct story s;
    double from_s;

    (void)state;
    to_submission(&s);
    story_answer(&s, 429, NULL, NULL);
    story_crash(&s);
    s.wall_set_ns = 3 * 86400 * NS_PER_S;
    story_start(&s);
    from_s = story_time(&s);
    until_submission(&s, 600); /* the look-up of the node stays without an answer */
    for (int i = 0; !story_said(&s, "expired"); i++) {
        assert_true(i < 5000);
        story_answer(&s, 429, NULL, NULL);
        while (!s.request && !story_said(&s, "expired"))
            story_until(&s, story_time(&s) + 10);
    }
    assert_true(story_time(&s) - from_s > 43200 && story_time(&s) - from_s < 43200 + 1300);
    story_end(&s);
}

/* ---- crashes ---- */

static void a_proof_survives_a_crash_and_is_sent_with_the_same_bytes(void **state)
{
    struct story s;
    struct buffer first;

    (void)state;
    to_submission(&s);
    buffer_init(&first, 0);
    buffer_put(&first, s.body.data, s.body.size);
    story_answer(&s, 429, "60", NULL);
    story_crash(&s);
    s.options.seed = 99;
    story_start(&s);
    assert_true(story_waits(&s, NODE)); /* what is finished does not wait for its answer */
    story_expect(&s, HTTP_POST, SUBMIT);
    assert_true(bytes_equal(buffer_bytes(&s.body), buffer_bytes(&first)));
    story_answer(&s, 404, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_REFUSED); /* 429 had been a definite answer */
    buffer_fini(&first);
    story_end(&s);
}

/* A new process after a while, with what is left of the holds. wall_step: what the wall clock has
 * been set forward by in between. */
static void restart_after(struct story *s, double seconds, double wall_step)
{
    story_crash(s);
    s->now_ns += (int64_t)(seconds * NS_PER_S);
    for (int i = 0; i < CORE_ROUTES; i++)
        s->options.hold_ns[i] =
            s->hold_until_ns[i]
                ? s->hold_until_ns[i] - s->now_ns - (int64_t)(wall_step * NS_PER_S)
                : 0;
    story_start(s);
}

static void a_new_process_does_not_come_before_a_retry_after(void **state)
{
    struct story s;
    double answered;

    (void)state;
    to_submission(&s);
    story_answer(&s, 429, "600", NULL);
    answered = story_time(&s);
    restart_after(&s, 100, 0);
    story_answer(&s, 200, NULL, NULL); /* the node was not held */
    until_submission(&s, answered + 700);
    assert_true(story_time(&s) >= answered + 600);
    story_answer(&s, 200, NULL, NULL);
    story_until_request(&s, answered + 3000);
    story_expect(&s, HTTP_POST, "/v3/tasks");
    story_answer(&s, 429, "3600", NULL);
    answered = story_time(&s);
    restart_after(&s, 3000, 0);
    story_answer(&s, 503, "900", NULL); /* the node asks too */
    restart_after(&s, 100, 0);
    assert_true(story_said(&s, "held"));
    answered = story_time(&s) - 100;
    story_until_request(&s, answered + 2000);
    assert_true(story_time(&s) >= answered + 900);
    story_end(&s);
}

static void a_fetch_that_was_under_way_counts_for_the_next_process(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_expect(&s, HTTP_POST, "/v3/tasks");
    restart_after(&s, 1, 0);
    story_answer(&s, 200, NULL, NULL);
    story_until_request(&s, 300);
    assert_true(story_time(&s) >= 120); /* profile: two minutes between fetches */
    story_end(&s);
}

static void a_wall_clock_that_is_set_holds_nobody_for_more_than_a_day(void **state)
{
    struct story s;

    (void)state;
    for (int forward = 0; forward < 2; forward++) {
        story_begin(&s);
        story_start(&s);
        story_answer(&s, 503, "600", NULL); /* the node */
        restart_after(&s, 1, forward ? 1e6 : -1e6);
        story_until_request(&s, 86500);
        if (forward) /* the time is over as far as anybody can tell */
            assert_true(story_time(&s) == 1);
        else
            assert_true(story_time(&s) >= 86401 && story_time(&s) < 86402);
        story_end(&s);
    }
}

static void a_crash_while_sending_leaves_the_fate_unknown(void **state)
{
    struct story s;

    (void)state;
    to_submission(&s);
    story_crash(&s);
    story_start(&s);
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 404, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_UNKNOWN);
    story_end(&s);
}

/* No node is needed to hand in what is finished: neither one that answers nor one that is known. */
static void a_finished_proof_goes_out_while_no_node_can_be_asked(void **state)
{
    struct story s;

    (void)state;
    to_submission(&s);
    story_answer(&s, 503, NULL, NULL);
    story_crash(&s);
    s.options.max_tasks = 1;
    story_start(&s);
    story_expect(&s, HTTP_GET, NODE);
    story_answer(&s, 503, NULL, NULL);
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 429, "60", NULL);
    story_until_path(&s, SUBMIT, 200); /* among the look-ups that fail */
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
    story_until(&s, story_time(&s) + 10);
    assert_true(s.over); /* that was the one task that was wanted */
    story_end(&s);
}

static void a_task_of_a_former_run_is_proved_unless_it_is_stale(void **state)
{
    (void)state;
    for (int stale = 0; stale < 2; stale++) {
        struct story s;

        story_begin(&s);
        story_start(&s);
        story_to_task(&s, "A");
        story_crash(&s);
        s.now_ns += (stale ? 1801 : 1799) * NS_PER_S;
        story_start(&s);
        story_answer(&s, 200, NULL, NULL);
        if (stale) {
            assert_int_equal(s.proof, 0);
            assert_int_equal(story_state(&s, "A"), OUTBOX_ABANDONED);
            story_expect(&s, HTTP_POST, "/v3/tasks");
        } else {
            story_prove(&s, "p");
            story_expect(&s, HTTP_POST, SUBMIT);
            story_answer(&s, 200, NULL, NULL);
            assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
            assert_false(story_said(&s, "done")); /* its duration is not known */
            assert_int_equal(core_stats(s.core)->restored, 1);
        }
        story_end(&s);
    }
}

static void a_task_whose_key_is_lost_is_not_proved(void **state)
{
    static const uint8_t other[SIGNING_SEED_SIZE] = {8};
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    story_crash(&s);
    signing_key_free(s.key);
    assert_int_equal(signing_key_of_seed(&s.key, other, NULL), ST_OK);
    s.options.key = s.key;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(s.proof, 0);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ABANDONED);
    assert_non_null(strstr(story_line(&s, "abandoned")->text, "key"));
    story_end(&s);
}

static void many_stale_tasks_are_cleared_away(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    for (uint64_t id = 1; id <= 40; id++) {
        struct outbox_record r;
        char task[8];

        snprintf(task, sizeof task, "T%u", (unsigned)id);
        assert_true(outbox_record_init(&r, "5880437", task, "fib", 1));
        r.id = id;
        r.fetched_wall_s = STORY_WALL_S - 3600;
        signing_key_public(s.key, r.public_key);
        assert_int_equal(outbox_put(&s.disk->base, &r, NULL), ST_OK);
        outbox_record_fini(&r);
    }
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(core_stats(s.core)->abandoned, 40);
    story_give(&s, (struct story_task){"new", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    assert_int_equal(s.disk->cells[s.disk->count - 1].id, 41);
    story_end(&s);
}

/* ---- the disk ---- */

static void nothing_is_proved_or_sent_before_the_disk_has_it(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    s.disk->refuse = 2;
    story_give(&s, (struct story_task){"A", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    assert_int_equal(s.proof, 0); /* I1 */
    story_until(&s, 9.9);
    assert_int_equal(s.proof, 0);
    story_until(&s, 10);
    assert_int_not_equal(s.proof, 0);
    s.disk->refuse = 1;
    story_prove(&s, "p");
    assert_int_equal(s.request, 0); /* I2 */
    story_until(&s, 15);
    story_expect(&s, HTTP_POST, SUBMIT);
    story_end(&s);
}

static void a_disk_that_is_full_for_good_is_reported_and_lived_with(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    s.disk->refuse = 1000;
    story_give(&s, (struct story_task){"A", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    story_until(&s, 15);
    assert_non_null(strstr(story_line(&s, "unsaved")->text, "a crash would now lose work"));
    story_prove(&s, "p");
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(core_stats(s.core)->accepted, 1);
    story_until(&s, 100);
    assert_int_equal(core_open_tasks(s.core), 0);
    story_event(&s, EV_SHUTDOWN);
    assert_true(s.over);
    story_end(&s);
}

/* Otherwise the next process would send what was accepted. */
static void a_final_state_is_written_as_soon_as_the_disk_works_again(void **state)
{
    struct story s;

    (void)state;
    to_submission(&s);
    s.disk->refuse = 5; /* more than save_attempts */
    story_answer(&s, 200, NULL, NULL);
    story_until(&s, story_time(&s) + 40);
    assert_int_equal(s.disk->refuse, 0);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
    story_end(&s);
}

static void shutdown_takes_back_a_submission_that_waits_for_the_disk(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    story_prove(&s, "p");
    story_answer(&s, 429, NULL, NULL);
    s.disk->refuse = 1;
    story_until(&s, 3);
    if (s.request == 0) { /* SENDING was refused by the disk */
        story_event(&s, EV_SHUTDOWN);
        story_until(&s, 9);
        assert_true(s.over);
        assert_int_equal(story_state(&s, "A"), OUTBOX_PROVED);
        story_crash(&s);
        story_start(&s);
        story_expect(&s, HTTP_POST, SUBMIT);
        story_answer(&s, 404, NULL, NULL);
        assert_int_equal(story_state(&s, "A"), OUTBOX_REFUSED); /* it never left */
    } else {
        fail_msg("the disk did not refuse");
    }
    story_end(&s);
}

static void the_books_balance(void **state)
{
    struct story s;
    const struct stats *t;

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        static const unsigned answers[] = {200, 429, 503, 404, 422, 502, 409};
        struct prng rng = prng_of(seed);

        story_begin(&s);
        s.options.seed = seed;
        story_start(&s);
        story_answer(&s, 200, NULL, NULL);
        for (int i = 0; i < 60; i++) {
            char id[8];

            snprintf(id, sizeof id, "T%d", i % 50);
            if (s.proof && prng_chance(&rng, 0.9))
                story_prove(&s, "p");
            else if (s.proof)
                story_fail_proof(&s, ST_LIMIT, "too large");
            else if (!s.request)
                story_until_request(&s, 1e9);
            else if (strcmp(s.path, "/v3/tasks") == 0)
                story_give(&s, (struct story_task){id, "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL,
                                                   prng_below(&rng, 3), 0});
            else if (prng_chance(&rng, 0.2))
                story_break(&s, prng_chance(&rng, 0.5));
            else
                story_answer(&s, answers[prng_below(&rng, 7)], NULL, NULL);
        }
        t = core_stats(s.core);
        assert_int_equal(t->fetched, t->accepted + t->refused + t->unknown + t->abandoned +
                                         core_open_tasks(s.core));
        story_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_payload_of_each_task_type_is_the_network_s),
        cmocka_unit_test(a_proof_waits_and_is_sent_with_the_same_bytes_until_accepted),
        cmocka_unit_test(work_goes_on_while_proofs_wait_but_not_without_end),
        cmocka_unit_test(a_definite_no_stops_at_once),
        cmocka_unit_test(an_expired_task_lowers_the_difficulty),
        cmocka_unit_test(a_lost_answer_then_404_is_probably_credited),
        cmocka_unit_test(any_other_no_after_a_lost_answer_leaves_the_fate_unknown),
        cmocka_unit_test(a_submission_that_never_left_is_not_called_credited),
        cmocka_unit_test(a_wall_clock_that_is_set_gives_no_finished_proof_up),
        cmocka_unit_test(a_former_run_s_proof_is_given_up_too_in_the_end),
        cmocka_unit_test(a_conflict_means_that_the_server_has_it),
        cmocka_unit_test(a_task_that_is_gone_after_a_5xx_is_unknown_not_refused),
        cmocka_unit_test(a_proof_is_given_up_when_no_task_can_be_that_old),
        cmocka_unit_test(a_proof_survives_a_crash_and_is_sent_with_the_same_bytes),
        cmocka_unit_test(a_new_process_does_not_come_before_a_retry_after),
        cmocka_unit_test(a_fetch_that_was_under_way_counts_for_the_next_process),
        cmocka_unit_test(a_wall_clock_that_is_set_holds_nobody_for_more_than_a_day),
        cmocka_unit_test(a_crash_while_sending_leaves_the_fate_unknown),
        cmocka_unit_test(a_finished_proof_goes_out_while_no_node_can_be_asked),
        cmocka_unit_test(a_task_of_a_former_run_is_proved_unless_it_is_stale),
        cmocka_unit_test(a_task_whose_key_is_lost_is_not_proved),
        cmocka_unit_test(many_stale_tasks_are_cleared_away),
        cmocka_unit_test(nothing_is_proved_or_sent_before_the_disk_has_it),
        cmocka_unit_test(a_disk_that_is_full_for_good_is_reported_and_lived_with),
        cmocka_unit_test(a_final_state_is_written_as_soon_as_the_disk_works_again),
        cmocka_unit_test(shutdown_takes_back_a_submission_that_waits_for_the_disk),
        cmocka_unit_test(the_books_balance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
