/* SPDX-License-Identifier: Apache-2.0 */
/* Each invariant is broken once, by hand, and must be the one that is reported. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/invariant_inside.h"

static struct signing_key *key; /* cores borrow it */

static int make_key(void **state)
{
    static const uint8_t seed[SIGNING_SEED_SIZE] = {1};

    (void)state;
    return signing_start(NULL) || signing_key_of_seed(&key, seed, NULL);
}

static int free_key(void **state)
{
    (void)state;
    signing_key_free(key);
    return 0;
}

struct stage {
    struct world world;
    struct invariant v;
    struct disk disk;
    uint64_t id;
    struct buffer body;
};

static void stage_init(struct stage *s)
{
    *s = (struct stage){.id = 1};
    world_init(&s->world, 1, NULL);
    invariant_init(&s->v, &s->world, &profile_current, 1);
    invariant_started(&s->v, 0, 1);
    buffer_init(&s->body, 0);
}

static void stage_fini(struct stage *s)
{
    invariant_fini(&s->v);
    disk_fini(&s->disk);
    buffer_fini(&s->body);
    world_fini(&s->world);
}

static struct bytes submission(struct stage *s, const char *task_id, const char *hash)
{
    buffer_reset(&s->body);
    wire_encode_submission(&s->body,
                           &(struct wire_submission){.task_id = task_id, .proof_hash = hash});
    return buffer_bytes(&s->body);
}

static void sent(struct stage *s, const char *path, struct bytes body)
{
    invariant_sent(&s->v, 0, &s->disk, s->id++,
                   &(struct http_request){.method = HTTP_POST, .path = path, .body = body});
}

/* retry_after NULL: none; status 0: nothing came. */
static void answered(struct stage *s, const char *path, struct bytes request, unsigned status,
                     const char *retry_after, struct bytes body)
{
    struct packet p = {.request = {.method = HTTP_POST, .path = path, .body = request},
                       .answered = status != 0,
                       .response = {.status = status, .body = body}};

    if (retry_after)
        p.response.headers[p.response.header_count++] =
            (struct http_header){"retry-after", retry_after};
    invariant_delivered(&s->v, 0, &p, 1760000000);
}

static void fetch_answered(struct stage *s, unsigned status, const char *retry_after)
{
    sent(s, "/v3/tasks", bytes_of("", 0));
    answered(s, "/v3/tasks", bytes_of("", 0), status, retry_after, bytes_of("", 0));
}

/* A task arrives, of one input unless it is one that nobody can prove. */
static void arrive_with(struct stage *s, const char *task_id, enum difficulty d, struct bytes input)
{
    struct wire_fetched m = {.has_task = true,
                             .task = {.task_id = task_id,
                                      .program_id = "fib",
                                      .difficulty = d,
                                      .inputs = &input,
                                      .input_count = 1}};
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_fetched(&body, &m);
    sent(s, "/v3/tasks", bytes_of("", 0));
    answered(s, "/v3/tasks", bytes_of("", 0), 200, NULL, buffer_bytes(&body));
    buffer_fini(&body);
}

static void arrive_as_hard(struct stage *s, const char *task_id, enum difficulty d)
{
    s->v.hosts[0].fetched_ns = -1;
    arrive_with(s, task_id, d, bytes_of("123456789012", 12));
}

static void arrive(struct stage *s, const char *task_id)
{
    arrive_as_hard(s, task_id, DIFFICULTY_SMALL);
}

/* proved: with the proof of its only input. */
static void save_record(struct stage *s, uint64_t id, const char *task_id, enum outbox_state state,
                        bool proved)
{
    struct outbox_record r;

    assert_true(outbox_record_init(&r, "7", task_id, "fib", 1));
    r.id = id;
    r.state = state;
    r.inputs[0][0] = 9;
    if (proved) {
        r.proofs[0].data = calloc(1, 1);
        r.proofs[0].size = 1;
    }
    disk_begin(&s->disk, &r);
    invariant_saved(&s->v, 0, &s->disk, disk_end(&s->disk, id));
    outbox_record_fini(&r);
}

/* By the way that a record takes. */
static void save_as(struct stage *s, uint64_t id, const char *task_id, enum outbox_state state)
{
    static const enum outbox_state way[] = {OUTBOX_PROVED, OUTBOX_SENDING};
    const struct disk_cell *cell = disk_of_task(&s->disk, task_id);

    for (size_t i = 0; i < 2 && cell && cell->id == id && cell->state < way[i] &&
                       !outbox_state_may(cell->state, state);
         i++) {
        save_record(s, id, task_id, way[i], true);
        cell = disk_of_task(&s->disk, task_id);
    }
    save_record(s, id, task_id, state, state != OUTBOX_FETCHED && state != OUTBOX_ABANDONED);
}

/* A task that has arrived, is on disk, and is sent. */
static void to_submission(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    save_as(s, 1, "A", OUTBOX_SENDING);
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G",
                                    "H", "I", "J", "K", "L", "M"};

/* Another one each time: it arrives with a fetch that does well. */
static void to_submission_of(struct stage *s, unsigned i)
{
    s->v.hosts[0].fetched_ns = -1;
    arrive(s, names[i]);
    save_as(s, i + 1, names[i], OUTBOX_FETCHED);
    save_as(s, i + 1, names[i], OUTBOX_SENDING);
    sent(s, "/v3/tasks/submit", submission(s, names[i], "h"));
}

static void submitted(struct stage *s, unsigned status)
{
    s->world.now_ns += NS_PER_S;
    answered(s, "/v3/tasks/submit", submission(s, "A", "h"), status, NULL, bytes_of("", 0));
}

static void to_credit(struct stage *s)
{
    to_submission(s);
    invariant_credited(&s->v, "A", false);
}

/* ---- the ways to break each ---- */

static const uint32_t nine[3] = {9, 0, 0}, ten[3] = {10, 0, 0};

static void prove_without_record(struct stage *s)
{
    arrive(s, "A");
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", nine);
}

static void prove_another_input(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", ten);
}

static void submit_without_record(struct stage *s)
{
    arrive(s, "A");
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void submit_before_the_disk_knows(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_PROVED);
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void submit_other_bytes(struct stage *s)
{
    to_submission(s);
    submitted(s, 503);
    sent(s, "/v3/tasks/submit", submission(s, "A", "i"));
}

static void submit_nonsense(struct stage *s)
{
    sent(s, "/v3/tasks/submit", bytes_of_text("\xff\xff\xff"));
}

static void lose_a_task(struct stage *s)
{
    arrive(s, "A");
    invariant_final(&s->v, 0, &s->disk);
}

static void leave_a_task_open(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    invariant_final(&s->v, 0, &s->disk);
}

/* A proof is sent by a process whose disk refuses, so often that it goes on without it. */
static void to_submission_without_disk(struct stage *s)
{
    arrive(s, "A");
    for (unsigned i = 0; i < profile_current.save_attempts; i++)
        invariant_unsaved(&s->v, 0);
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
    submitted(s, 429);
}

static void killed(struct stage *s)
{
    invariant_killed(&s->v, 0, &s->disk);
    invariant_started(&s->v, 0, 1);
    s->world.now_ns += 120 * NS_PER_S;
}

/* It comes again, and cannot be proved this time. */
static void to_a_failure(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    invariant_failed(&s->v, "A");
    save_as(s, 1, "A", OUTBOX_ABANDONED);
}

static void lose_a_proof_that_was_sent(struct stage *s)
{
    to_submission_without_disk(s);
    to_a_failure(s);
    invariant_final(&s->v, 0, &s->disk);
}

/* The disk refuses once only: that is no reason to send what is not on it. */
static void lose_a_proof_in_a_kill(struct stage *s)
{
    arrive(s, "A");
    invariant_unsaved(&s->v, 0);
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
    killed(s);
    invariant_final(&s->v, 0, &s->disk);
}

static void lose_the_proof_made_anew(struct stage *s)
{
    to_submission_without_disk(s);
    killed(s);
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    save_as(s, 1, "A", OUTBOX_SENDING);
    sent(s, "/v3/tasks/submit", submission(s, "A", "i"));
    s->v.tasks[0].excused = true; /* of what was written since, nothing is */
    invariant_final(&s->v, 0, &s->disk);
}

/* ---- what is put off ---- */

/* Two finished proofs on disk, the first one so much older. */
static void to_two_proofs(struct stage *s, int64_t apart_ns)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_PROVED);
    s->world.now_ns += apart_ns;
    arrive(s, "B");
    save_as(s, 2, "B", OUTBOX_PROVED);
    assert_int_equal(s->v.broken, 0);
}

static void choose_the_newer_proof(struct stage *s)
{
    to_two_proofs(s, 200 * NS_PER_S);
    invariant_choosing(&s->v, 0, &s->disk, "A");
    assert_int_equal(s->v.broken, 0);
    invariant_choosing(&s->v, 0, &s->disk, "B");
}

static void rest(struct stage *s, int64_t for_ns, size_t open)
{
    s->world.now_ns += for_ns;
    invariant_idle(&s->v, &s->v.hosts[0], open);
}

static void know_a_node(struct stage *s)
{
    invariant_known(&s->v, 0, "7");
    rest(s, 0, 0);
}

static void do_nothing(struct stage *s)
{
    know_a_node(s);
    rest(s, INVARIANT_IDLE_S * NS_PER_S, 0);
    assert_int_equal(s->v.broken, 0);
    rest(s, NS_PER_S, 0);
}

static void do_nothing_behind_a_hold(struct stage *s)
{
    fetch_answered(s, 429, "1000");
    know_a_node(s);
    rest(s, (1000 + 250 + 30 + INVARIANT_IDLE_S) * NS_PER_S, 0);
    assert_int_equal(s->v.broken, 0);
    rest(s, NS_PER_S, 0);
}

static void do_nothing_behind_a_doubt(struct stage *s)
{
    for (unsigned i = 0; i < DOUBT_REFUSALS; i++) {
        to_submission_of(s, i);
        s->world.now_ns += 120 * NS_PER_S;
        answered(s, "/v3/tasks/submit", submission(s, names[i], "h"), 422, NULL, bytes_of("", 0));
    }
    s->v.broken = 0; /* nobody refuses good proofs: not the rule that is meant */
    know_a_node(s);
    rest(s, (int64_t)40000 * NS_PER_S, 0); /* it may doubt for long */
    assert_int_equal(s->v.broken, 0);
    to_submission_of(s, DOUBT_REFUSALS);
    answered(s, "/v3/tasks/submit", submission(s, names[DOUBT_REFUSALS], "h"), 200, NULL, bytes_of("", 0));
    s->v.broken = 0;
    know_a_node(s);
    rest(s, (INVARIANT_IDLE_S + 1) * NS_PER_S, 0);
}

static void keep_a_proof(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    rest(s, 0, 1);
    rest(s, 3600 * NS_PER_S, 1); /* being proved */
    save_as(s, 1, "A", OUTBOX_PROVED);
    rest(s, 0, 1);
    rest(s, INVARIANT_IDLE_S * NS_PER_S, 1);
    assert_int_equal(s->v.broken, 0);
    rest(s, NS_PER_S, 1);
}

/* So many submissions that do well, one that fails, and again after so many seconds. */
static void fail_once(struct stage *s, unsigned good, unsigned status, int64_t again_s)
{
    for (unsigned i = 0; i < good; i++) {
        to_submission_of(s, i + 1);
        invariant_credited(&s->v, names[i + 1], false);
        answered(s, "/v3/tasks/submit", submission(s, names[i + 1], "h"), 200, NULL, bytes_of("", 0));
        s->world.now_ns += 120 * NS_PER_S;
    }
    to_submission_of(s, 0);
    answered(s, "/v3/tasks/submit", submission(s, "A", "h"), status, NULL, bytes_of("", 0));
    s->world.now_ns += again_s * NS_PER_S;
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void save_up(struct stage *s)
{
    fail_once(s, 4, 503, 70);
}

static void come_early(struct stage *s)
{
    fetch_answered(s, 429, "60");
    s->world.now_ns = 60 * NS_PER_S - 1;
    sent(s, "/v3/tasks", bytes_of("", 0));
}

static void come_early_after_a_restart(struct stage *s)
{
    fetch_answered(s, 429, "60");
    invariant_killed(&s->v, 0, &s->disk);
    s->world.now_ns = 60 * NS_PER_S - 1;
    invariant_started(&s->v, 0, 1);
    sent(s, "/v3/tasks", bytes_of("", 0));
}

static void come_early_after_a_503(struct stage *s)
{
    to_submission(s);
    answered(s, "/v3/tasks/submit", submission(s, "A", "h"), 503, "100", bytes_of("", 0));
    s->world.now_ns = 99 * NS_PER_S;
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void two_fetches(struct stage *s)
{
    sent(s, "/v3/tasks", bytes_of("", 0));
    sent(s, "/v3/tasks", bytes_of("", 0));
}

static void two_proofs(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", nine);
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", nine);
}

static void submit_what_is_being_proved(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", nine);
    save_as(s, 1, "A", OUTBOX_SENDING);
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void prove_again(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", nine);
    invariant_proved(&s->v, 0, "A", 0);
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", nine);
}

/* Two inputs, one of which has its proof on disk when the process is killed. */
static void prove_again_after_a_restart(struct stage *s)
{
    struct outbox_record r;

    arrive(s, "A");
    assert_true(outbox_record_init(&r, "7", "A", "fib", 2));
    r.id = 1;
    r.inputs[0][0] = r.inputs[1][0] = 9;
    r.proofs[1].data = malloc(1);
    r.proofs[1].data[0] = 1;
    r.proofs[1].size = 1;
    disk_begin(&s->disk, &r);
    invariant_saved(&s->v, 0, &s->disk, disk_end(&s->disk, 1));
    outbox_record_fini(&r);
    invariant_killed(&s->v, 0, &s->disk);
    invariant_started(&s->v, 0, 2);
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", nine);
    assert_int_equal(s->v.broken, 0);
    invariant_proving(&s->v, 0, &s->disk, "A", "fib", nine);
}

static void strange_request(struct stage *s)
{
    sent(s, "/v4/tasks", bytes_of("", 0));
}

static void submit_after_an_answer(struct stage *s)
{
    to_submission(s);
    submitted(s, 200);
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void submit_what_is_final(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_ACKED);
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void two_records(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    save_as(s, 2, "A", OUTBOX_FETCHED);
}

static void two_credits(struct stage *s)
{
    to_credit(s);
    invariant_credited(&s->v, "A", false);
}

static void hammer(struct stage *s)
{
    to_submission(s);
    for (int i = 0; i <= INVARIANT_PER_MINUTE; i++) {
        submitted(s, 429);
        sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
    }
}

/* Twenty in an hour are too many, however they are spread: here each probe fails twice. */
static void keep_probing_twice(struct stage *s)
{
    for (int i = 0; i <= 3 * INVARIANT_PER_OUTAGE; i++) {
        s->world.now_ns += 170 * NS_PER_S;
        s->v.hosts[0].failing[ROUTE_FETCH].failures = 0; /* as if there were no rule about probes */
        fetch_answered(s, i % 3 ? 503 : 408, NULL);
    }
}

/* Twice the least that the pace permits, at the third and fourth of four attempts. */
static void wait_for_nothing(struct stage *s)
{
    for (unsigned i = 0; i < INVARIANT_WAITS; i++) {
        struct invariant_task *t;

        assert_int_equal(s->v.broken, 0);
        if (i == 0)
            to_submission(s);
        t = invariant_find(&s->v, "A");
        answered(s, "/v3/tasks/submit", submission(s, "A", "h"), 503, NULL, bytes_of("", 0));
        t->tries = 2 + i % 3;
        s->v.hosts[0].failing[ROUTE_SUBMIT].failures = 0;
        s->v.hosts[0].failing[ROUTE_SUBMIT].sent.count = 0;
        s->world.now_ns += 2 * NS_PER_S;
        sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
    }
}

/* After the fifth failure 30 s, then twice as long each time, at most 600 s. */
static void probe_early(struct stage *s, unsigned failures, int64_t gap_ns)
{
    for (unsigned i = 0; i < failures; i++) {
        s->world.now_ns += 601 * NS_PER_S;
        to_submission_of(s, i);
        answered(s, "/v3/tasks/submit", submission(s, names[i], "h"), 503, NULL, bytes_of("", 0));
        save_as(s, i + 1, names[i], OUTBOX_REFUSED); /* to make room */
    }
    assert_int_equal(s->v.broken, 0);
    s->world.now_ns += gap_ns;
    to_submission_of(s, failures);
}

static void probe_after_five(struct stage *s)
{
    probe_early(s, 5, 30 * NS_PER_S - 1);
}

static void probe_after_seven(struct stage *s)
{
    probe_early(s, 7, 120 * NS_PER_S - 1);
}

static void probe_after_twelve(struct stage *s)
{
    probe_early(s, 12, 600 * NS_PER_S - 1);
}

static void fetch_too_soon(struct stage *s)
{
    fetch_answered(s, 500, NULL);
    s->world.now_ns += 120 * NS_PER_S;
    fetch_answered(s, 500, NULL);
    assert_int_equal(s->v.broken, 0);
    s->world.now_ns += 120 * NS_PER_S - 1;
    fetch_answered(s, 500, NULL);
}

static void list_too_soon(struct stage *s)
{
    struct http_request list = {.method = HTTP_GET, .path = "/v3/tasks"};
    struct packet p = {.request = list, .answered = true, .response = {.status = 404}};

    invariant_profile(&s->v, 0, &profile_seed);
    for (int i = 0; i < 2; i++) {
        invariant_sent(&s->v, 0, &s->disk, s->id++, &list);
        invariant_delivered(&s->v, 0, &p, 1760000000);
        fetch_answered(s, 404, NULL); /* a part of it */
        assert_int_equal(s->v.broken, 0);
        s->world.now_ns += 30 * NS_PER_S - i;
    }
    invariant_sent(&s->v, 0, &s->disk, s->id++, &list);
}

static void submit_too_soon(struct stage *s)
{
    to_submission(s);
    submitted(s, 429);
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
    submitted(s, 429);
    assert_int_equal(s->v.broken, 0);
    s->world.now_ns -= 1;
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void credit_without_submission(struct stage *s)
{
    invariant_credited(&s->v, "A", false);
}

static void submit_what_never_came(struct stage *s)
{
    sent(s, "/v3/tasks/submit", submission(s, "A", "h"));
}

static void believe_in_a_credit(struct stage *s)
{
    to_submission(s);
    submitted(s, 200);
    save_as(s, 1, "A", OUTBOX_ACKED);
    invariant_final(&s->v, 0, &s->disk);
}

static void call_a_credit_refused(struct stage *s)
{
    to_credit(s);
    submitted(s, 404);
    save_as(s, 1, "A", OUTBOX_REFUSED);
    invariant_final(&s->v, 0, &s->disk);
}

static void give_a_credit_up(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    invariant_credited(&s->v, "A", false);
    invariant_failed(&s->v, "A");
    save_as(s, 1, "A", OUTBOX_ABANDONED);
    invariant_final(&s->v, 0, &s->disk);
}

static void refuse_oneself(struct stage *s)
{
    to_submission(s);
    submitted(s, 429);
    save_as(s, 1, "A", OUTBOX_REFUSED);
    invariant_final(&s->v, 0, &s->disk);
}

static void not_know_for_no_reason(struct stage *s)
{
    to_submission(s);
    submitted(s, 404);
    save_as(s, 1, "A", OUTBOX_UNKNOWN);
    invariant_final(&s->v, 0, &s->disk);
}

static void lose_patience(struct stage *s)
{
    invariant_impatient(&s->v, "no credit", NS_PER_S);
}

static void never_sleep(struct stage *s)
{
    invariant_restless(&s->v);
}

static void start_from_a_store_that_is_none(struct stage *s)
{
    invariant_unreadable(&s->v, "x");
}

static void wake_all_the_time(struct stage *s)
{
    for (int i = 0; i <= INVARIANT_WAKES; i++) {
        assert_int_equal(s->v.broken, 0);
        invariant_woke(&s->v, 0);
        s->world.now_ns += 60 * NS_PER_S / INVARIANT_WAKES - 1;
    }
}

static void count_backwards(struct stage *s)
{
    invariant_counters(&s->v, 0, &(struct stats){.restored = 3});
    assert_int_equal(s->v.broken, 0);
    invariant_counters(&s->v, 0, &(struct stats){.restored = 2});
}

static void ask(struct stage *s, const char *node_id, enum difficulty d)
{
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_fetch(&body, &(struct wire_fetch){.node_id = node_id, .max_difficulty = d});
    s->world.now_ns += 3600 * NS_PER_S;
    sent(s, "/v3/tasks", buffer_bytes(&body));
    answered(s, "/v3/tasks", buffer_bytes(&body), 429, NULL, bytes_of("", 0));
    buffer_fini(&body);
}

static void ask_for_more_than_the_limit(struct stage *s)
{
    invariant_limited(&s->v, 0, DIFFICULTY_SMALL);
    ask(s, "7", DIFFICULTY_SMALL);
    assert_int_equal(s->v.broken, 0);
    ask(s, "7", DIFFICULTY_SMALL_MEDIUM);
}

static void ask_for_two_steps(struct stage *s)
{
    ask(s, "7", DIFFICULTY_SMALL_MEDIUM);
    assert_int_equal(s->v.broken, 0);
    ask(s, "7", DIFFICULTY_LARGE);
}

static void credit_on_trust(struct stage *s)
{
    invariant_unjudged(&s->v, "A");
}

static void look_up(struct stage *s, const char *path)
{
    struct packet p = {.request = {.method = HTTP_GET, .path = path},
                       .answered = true,
                       .response = {.status = 200}};

    invariant_delivered(&s->v, 0, &p, 1760000000);
}

static void favour_a_node(struct stage *s)
{
    look_up(s, "/v3/nodes/1");
    look_up(s, "/v3/nodes/2");
    look_up(s, "/v3/nodes/2"); /* once more is nothing new */
    ask(s, "1", DIFFICULTY_SMALL);
    ask(s, "2", DIFFICULTY_SMALL);
    ask(s, "1", DIFFICULTY_SMALL);
    assert_int_equal(s->v.broken, 0);
    ask(s, "1", DIFFICULTY_SMALL);
}

/* Its turn is over when it is refused; the n-th time in a row it leaves 2^(n-1) to the other, 32 at
 * most. */
static void forget_a_node(struct stage *s, unsigned troubles, unsigned passes)
{
    look_up(s, "/v3/nodes/1");
    look_up(s, "/v3/nodes/2");
    ask(s, "1", DIFFICULTY_SMALL);
    for (unsigned i = 0; i < troubles; i++)
        invariant_troubled(&s->v, 0, "1");
    for (unsigned i = 0; i <= passes; i++)
        ask(s, "2", DIFFICULTY_SMALL);
    assert_int_equal(s->v.broken, 0);
    ask(s, "2", DIFFICULTY_SMALL);
}

static void forget_a_node_that_was_refused(struct stage *s)
{
    forget_a_node(s, 3, 4);
}

static void forget_a_node_that_is_always_refused(struct stage *s)
{
    forget_a_node(s, 9, 32);
}

static void forget_a_node_that_serves_again(struct stage *s)
{
    invariant_troubled(&s->v, 0, "1");
    invariant_served(&s->v, 0, "1");
    forget_a_node(s, 0, 0);
}

static void ask_for_what_was_too_much(struct stage *s)
{
    for (int i = 0; i < 2; i++) { /* the first is too late, then one is accepted */
        arrive_as_hard(s, names[i], DIFFICULTY_SMALL_MEDIUM);
        save_as(s, (uint64_t)i + 1, names[i], OUTBOX_FETCHED);
        save_as(s, (uint64_t)i + 1, names[i], OUTBOX_SENDING);
        s->world.now_ns += 3600 * NS_PER_S;
        sent(s, "/v3/tasks/submit", submission(s, names[i], "h"));
        answered(s, "/v3/tasks/submit", submission(s, names[i], "h"), i ? 200 : 404, NULL,
                 bytes_of("", 0));
        ask(s, "7", i ? DIFFICULTY_SMALL_MEDIUM : DIFFICULTY_SMALL);
    }
    arrive_as_hard(s, "C", DIFFICULTY_MEDIUM);
    assert_int_equal(s->v.broken, 0);
    invariant_too_hard(&s->v.hosts[0], 2);
    invariant_too_hard(&s->v.hosts[0], 1);
    invariant_too_hard(&s->v.hosts[0], 2); /* the lower one stays */
    ask(s, "7", DIFFICULTY_SMALL_MEDIUM);
}

static void turn_a_record_back(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    save_as(s, 1, "A", OUTBOX_ACKED);
    assert_int_equal(s->v.broken, 0);
    save_record(s, 1, "A", OUTBOX_PROVED, true);
}

static void lose_a_proof_of_a_record(struct stage *s)
{
    arrive(s, "A");
    save_as(s, 1, "A", OUTBOX_FETCHED);
    save_record(s, 1, "A", OUTBOX_PROVED, false);
}

/* Five: four may be open, and one may have been closed that is on disk no longer. */
static void hoard(struct stage *s)
{
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(s->v.broken, 0);
        save_record(s, i + 1, names[i], OUTBOX_FETCHED, false);
    }
}

static void hoard_while_the_disk_refuses(struct stage *s)
{
    invariant_doomed(&s->v, 0);
    invariant_unsaved(&s->v, 0);
    for (unsigned i = 0; i < 9; i++) {
        assert_int_equal(s->v.broken, 0);
        save_record(s, i + 1, names[i], OUTBOX_FETCHED, false);
    }
}

/* ---- proofs that are at risk, and what is given up ---- */

static void prove(struct stage *s, const char *task_id, int64_t took_ns)
{
    s->v.hosts[0].proofs_at_once = 9;
    invariant_proving(&s->v, 0, &s->disk, task_id, "fib", nine);
    s->world.now_ns += took_ns;
    invariant_proved(&s->v, 0, task_id, took_ns);
    invariant_at_risk(&s->v, &s->v.hosts[0]);
}

static void arrive_and_save(struct stage *s, const char *task_id)
{
    arrive(s, task_id);
    save_as(s, 1, task_id, OUTBOX_FETCHED);
}

static void keep_proofs_in_memory(struct stage *s)
{
    arrive_and_save(s, "A");
    prove(s, "A", 66 * NS_PER_S);
    assert_int_equal(s->v.broken, 0);
    invariant_find(&s->v, "A")->begun = 0; /* of many inputs */
    prove(s, "A", 1);
}

/* A write that began before has not got it; it is looked at when that one ends. */
static void keep_proofs_behind_a_write(struct stage *s)
{
    arrive_and_save(s, "A");
    invariant_saving(&s->v, "A");
    prove(s, "A", 67 * NS_PER_S);
    invariant_at_risk(&s->v, &s->v.hosts[0]);
    assert_int_equal(s->v.broken, 0);
    save_as(s, 1, "A", OUTBOX_FETCHED);
    invariant_at_risk(&s->v, &s->v.hosts[0]);
}

static void give_up_for_nothing(struct stage *s)
{
    arrive_and_save(s, "A");
    save_as(s, 1, "A", OUTBOX_ABANDONED);
}

/* One came 400 s late, so tasks live 200 s at least; a proof takes 100 s at most. */
static void give_up_too_early(struct stage *s, int64_t age_ns)
{
    arrive_and_save(s, "A");
    s->v.hosts[0].longest_proof_ns = 100 * NS_PER_S;
    invariant_failed(&s->v, "A");
    save_as(s, 1, "A", OUTBOX_ABANDONED); /* a proof of it has failed */
    s->v.hosts[0].late_ns = 400 * NS_PER_S;
    arrive(s, "B");
    save_as(s, 2, "B", OUTBOX_FETCHED);
    s->world.now_ns += age_ns;
    assert_int_equal(s->v.broken, 0);
    save_as(s, 2, "B", OUTBOX_ABANDONED);
}

static void give_up_while_there_is_time(struct stage *s)
{
    give_up_too_early(s, 79 * NS_PER_S);
}

static void pay_twice(struct stage *s)
{
    to_submission(s);
    invariant_credited(&s->v, "A", false);
    invariant_balance(&s->v, 0, 1);
    assert_int_equal(s->v.broken, 0);
    invariant_balance(&s->v, 0, 2);
}

static void a_herd_that_comes_at_once_is_seen(void **state)
{
    struct herd h = {.from_ns = 0};

    (void)state;
    herd_sent(&h, 5); /* nobody was told anything */
    herd_told(&h, 0, 600 * NS_PER_S);
    herd_told(&h, NS_PER_S, 600 * NS_PER_S);
    assert_int_equal(h.from_ns, 600 * NS_PER_S);
    assert_int_equal(h.to_ns, 631 * NS_PER_S);
    for (int i = 0; i < 31 * 10; i++)
        herd_sent(&h, h.from_ns + i * NS_PER_S / 10);
    assert_int_equal(herd_peak_percent(&h), 100);
    for (int i = 0; i < 310; i++)
        herd_sent(&h, h.from_ns + 7 * NS_PER_S);
    herd_told(&h, h.from_ns + 1, NS_PER_S); /* too late to be of this wave */
    herd_sent(&h, h.to_ns + 1);
    assert_int_equal(herd_peak_percent(&h), 320 * 31 * 100 / 620);
    assert_int_equal(herd_peak_percent(&(struct herd){.all = 99}), 0);
}

static void each_invariant_is_found_when_it_is_broken(void **state)
{
    static const struct {
        void (*break_it)(struct stage *);
        int number;
        const char *words;
    } table[] = {
        {prove_without_record, 1, "no record on disk asks for it"},
        {prove_another_input, 1, "no record on disk asks for it"},
        {submit_without_record, 2, "no record on disk"},
        {submit_before_the_disk_knows, 2, "says proved"},
        {submit_other_bytes, 3, "other bytes"},
        {submit_nonsense, 3, "cannot be read"},
        {lose_a_task, 4, "is nowhere"},
        {leave_a_task_open, 4, "fetched in the end"},
        {lose_a_proof_that_was_sent, 37, "no disk took it: abandoned"},
        {lose_a_proof_in_a_kill, 37, "no disk took it: it is nowhere"},
        {lose_the_proof_made_anew, 37, "no disk took it: sending"},
        {choose_the_newer_proof, 38, "task B is sent before task A, which is 200 s older"},
        {do_nothing, 39, "nothing is done for 901 s, a fetch is due"},
        {do_nothing_behind_a_hold, 39, "nothing is done for 901 s, a fetch is due"},
        {do_nothing_behind_a_doubt, 39, "nothing is done for 901 s, a fetch is due"},
        {keep_a_proof, 39, "nothing is done for 901 s, a submit is due"},
        {save_up, 40, "waits 70 s behind its first failure, 69 s are the most"},
        {come_early, 5, "0.000 s before"},
        {come_early_after_a_restart, 5, "0.000 s before"},
        {come_early_after_a_503, 5, "1.000 s before the time that a 503"},
        {two_fetches, 6, "second fetch"},
        {two_proofs, 6, "2 proofs are under way"},
        {submit_what_is_being_proved, 16, "is being proved"},
        {prove_again, 8, "it has 1, 0 had a proof"},
        {prove_again_after_a_restart, 8, "it has 2, 1 had a proof"},
        {strange_request, 6, "/v4/tasks"},
        {submit_after_an_answer, 7, "after a 200"},
        {submit_what_is_final, 7, "says accepted"},
        {two_records, 8, "records 1 and 2"},
        {two_credits, 9, "2 times"},
        {hammer, 10, "41 requests within 39.000 s"},
        {wait_for_nothing, 36, "200 waits are 29 % of their bounds on average"},
        {keep_probing_twice, 17, "21 of fetch within 3400 s, all failing"},
        {probe_after_five, 17, "a submit 30.000 s after failure 5 in a row, 30 s are the least"},
        {probe_after_seven, 17, "failure 7 in a row, 120 s are the least"},
        {probe_after_twelve, 17, "failure 12 in a row, 600 s are the least"},
        {fetch_too_soon, 10, "a fetch 120.000 s after the last one, 120 s are the least"},
        {list_too_soon, 10, "a fetch 30.000 s after the last one, 30 s are the least"},
        {submit_too_soon, 10, "a submit 1.000 s after the last one, 1 s are the least"},
        {credit_without_submission, 12, "never arrived"},
        {submit_what_never_came, 12, "never arrived"},
        {believe_in_a_credit, 12, "has no credit"},
        {call_a_credit_refused, 12, "taken for refused"},
        {give_a_credit_up, 12, "given up"},
        {refuse_oneself, 12, "nobody refused it"},
        {not_know_for_no_reason, 12, "no answer was lost"},
        {lose_patience, 13, "no credit within 1 s"},
        {never_sleep, 15, "time stands still"},
        {start_from_a_store_that_is_none, 18, "cannot start again: x"},
        {wake_all_the_time, 19, "woke 241 times"},
        {count_backwards, 20, "counter 5 went from 3 to 2"},
        {ask_for_more_than_the_limit, 21, "SMALL_MEDIUM is asked for, SMALL is"},
        {ask_for_two_steps, 21, "LARGE is asked for"},
        {credit_on_trust, 23, "nobody verified"},
        {favour_a_node, 29, "node 1 has its turn number 2 since the last one of node 2"},
        {forget_a_node_that_was_refused, 29, "node 2 has its turn number 6"},
        {forget_a_node_that_is_always_refused, 29, "node 2 has its turn number 34"},
        {forget_a_node_that_serves_again, 29, "node 2 has its turn number 2"},
        {ask_for_what_was_too_much, 21, "SMALL_MEDIUM is asked for, and the last task as hard"},
        {turn_a_record_back, 28, "from accepted to proved"},
        {lose_a_proof_of_a_record, 26, "proved with 0 of 1"},
        {hoard, 27, "6 open records"},
        {hoard_while_the_disk_refuses, 27, "9 open records"},
        {keep_proofs_in_memory, 34, "would take 66 s of finished proofs of task A"},
        {keep_proofs_behind_a_write, 34, "would take 67 s of finished proofs of task A"},
        {give_up_for_nothing, 35, "at an age of 0 s, for no reason"},
        {give_up_while_there_is_time, 35, "at an age of 79 s, 100 s before its proof is due"},
        {pay_twice, 22, "client 0 has 2 credits, 1 were given"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        table[i].break_it(&s);
        if (s.v.broken != table[i].number || !strstr(s.v.text, table[i].words))
            fail_msg("number %zu: I%d '%s', not I%d '%s'", i, s.v.broken, s.v.text, table[i].number,
                     table[i].words);
        assert_true(strlen(invariant_name(s.v.broken)) > 10);
        stage_fini(&s);
    }
}

/* A core with so many tasks of a former process. */
static struct core *core_with(unsigned tasks)
{
    struct core_options o = {
        .profile = &profile_current, .node_ids = (const char *const[]){"7"}, .node_count = 1};
    struct core *core;

    o.key = key;
    assert_int_equal(core_new(&core, &o, NULL), ST_OK);
    for (unsigned i = 0; i < tasks; i++) {
        struct outbox_record r;
        char id[16];

        snprintf(id, sizeof id, "T%u", i);
        assert_true(outbox_record_init(&r, "7", id, "fib", 1));
        r.id = i + 1;
        assert_int_equal(core_restore(core, &r, NULL), ST_OK);
    }
    core_handle(core, &(struct event){.type = EV_START}, 0);
    return core;
}

static void books_and_queue_of_a_core_are_checked(void **state)
{
    static const struct {
        unsigned tasks;   /* restored */
        uint64_t fetched; /* of them, not restored */
        uint64_t forged;  /* tasks that the books have and nobody else */
        int number;
    } table[] = {{0, 0, 0, 0},  {4, 0, 0, 0},  {4, 4, 0, 0}, {5, 0, 0, 0},
                 {5, 1, 0, 14}, {0, 0, 1, 11}, {3, 0, 1, 11}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct core *core = core_with(table[i].tasks);
        struct stats *stats = (struct stats *)core_stats(core);
        struct stage s;

        stage_init(&s);
        stats->fetched += table[i].fetched + table[i].forged;
        stats->restored -= table[i].fetched;
        invariant_at_rest(&s.v, 0, core_runtime(core), &s.disk);
        assert_int_equal(s.v.broken, table[i].number);
        stage_fini(&s);
        core_free(core);
    }
}

/* ---- and what is right is let pass ---- */

static void an_honest_life_breaks_nothing(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    fetch_answered(&s, 429, "60");
    s.world.now_ns = 60 * NS_PER_S;
    arrive(&s, "A");
    save_as(&s, 1, "A", OUTBOX_FETCHED);
    invariant_proving(&s.v, 0, &s.disk, "A", "fib", nine);
    invariant_proved(&s.v, 0, "A", 0);
    save_as(&s, 1, "A", OUTBOX_SENDING);
    sent(&s, "/v3/tasks/submit", submission(&s, "A", "h"));
    submitted(&s, 0);
    invariant_credited(&s.v, "A", false);
    s.world.now_ns += NS_PER_S;
    sent(&s, "/v3/tasks/submit", submission(&s, "A", "h"));
    submitted(&s, 404);
    save_as(&s, 1, "A", OUTBOX_UNKNOWN);
    assert_true(invariant_credited_since(&s.v, 0, 60 * NS_PER_S));
    assert_false(invariant_credited_since(&s.v, 0, 62 * NS_PER_S));
    assert_int_equal(invariant_proofs_lost(&s.v), 0);
    invariant_final(&s.v, 0, &s.disk);
    assert_int_equal(s.v.broken, 0);
    stage_fini(&s);
}

static void a_killed_client_may_forget_what_was_not_on_disk(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    arrive(&s, "A"); /* never saved */
    s.world.now_ns += 120 * NS_PER_S;
    fetch_answered(&s, 429, "60");
    invariant_killed(&s.v, 0, &s.disk);
    invariant_started(&s.v, 0, 1);
    s.world.now_ns += 60 * NS_PER_S;
    arrive(&s, "B");
    invariant_failed(&s.v, "B");
    save_as(&s, 1, "B", OUTBOX_ABANDONED);
    invariant_final(&s.v, 0, &s.disk);
    assert_int_equal(s.v.broken, 0);
    stage_fini(&s);
}

static void whose_turn_it_is_may_be_unknown(void **state)
{
    static const struct {
        int64_t apart_ns;
        bool set, drifts, tried, doomed, dawdles;
        int broken;
    } table[] = {
        {200 * NS_PER_S, false, false, false, false, false, 38},
        {2 * NS_PER_S, false, false, false, false, false, 0},   /* in whole seconds: equally old */
        {200 * NS_PER_S, true, false, false, false, false, 0},  /* its clock was set */
        {200 * NS_PER_S, false, true, false, false, false, 38},
        {200 * NS_PER_S, false, false, true, false, false, 0},  /* it waits for a time of its own */
        {200 * NS_PER_S, false, false, false, true, false, 0},  /* nothing can be written */
        {200 * NS_PER_S, false, false, false, false, true, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        to_two_proofs(&s, table[i].apart_ns);
        s.v.hosts[0].was_set = table[i].set;
        s.v.hosts[0].drift_ppm = table[i].drifts ? 20000 : 0;
        s.v.hosts[0].doomed = table[i].doomed;
        s.v.dawdles = table[i].dawdles;
        s.v.tasks[0].sent = table[i].tried;
        s.v.tasks[0].sent_life = s.v.hosts[0].life;
        invariant_choosing(&s.v, 0, &s.disk, "B");
        if (s.v.broken != table[i].broken)
            fail_msg("row %zu: I%d", i, s.v.broken);
        stage_fini(&s);
    }
}

static void a_wait_behind_a_failure_may_have_a_cause(void **state)
{
    static const struct {
        unsigned good, status;
        int64_t again_s;
        bool dawdles;
    } table[] = {
        {4, 503, 69, false}, /* in time */
        {0, 503, 300, false}, /* the breaker may think that too few get through */
        {4, 429, 300, false}, /* the pace may be slowed down */
        {4, 503, 300, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;

        stage_init(&s);
        s.v.dawdles = table[i].dawdles;
        fail_once(&s, table[i].good, table[i].status, table[i].again_s);
        if (s.v.broken)
            fail_msg("row %zu: I%d %s", i, s.v.broken, s.v.text);
        stage_fini(&s);
    }
}

static void who_must_not_ask_is_not_idle(void **state)
{
    const struct settings fields = {.rate_limit_fields = SETTINGS_FIELDS_NEW};
    struct stage s;

    (void)state;
    for (int i = 0; i < 5; i++) {
        stage_init(&s);
        if (i != 0)
            invariant_known(&s.v, 0, "7"); /* no node has answered yet */
        if (i == 1)
            s.v.settings = &fields; /* they name times, too */
        if (i == 2)
            s.v.hosts[0].was_set = true;
        rest(&s, 0, i == 3); /* a task is open */
        if (i == 4)
            sent(&s, "/v3/tasks", bytes_of("", 0)); /* it has asked */
        rest(&s, 0, i == 3);
        rest(&s, 5000 * NS_PER_S, i == 3);
        assert_int_equal(s.v.broken, 0);
        s.v.settings = NULL;
        stage_fini(&s);
    }
}

static void a_kill_takes_the_proof_that_no_disk_wanted(void **state)
{
    struct invariant_fates fates = {0};
    struct stage s;

    (void)state;
    stage_init(&s);
    to_submission_without_disk(&s);
    killed(&s);
    invariant_fates(&s.v, &fates, 0, &s.disk, true);
    assert_int_equal(fates.excused, 1);
    to_a_failure(&s);
    killed(&s);
    invariant_final(&s.v, 0, &s.disk);
    assert_int_equal(s.v.broken, 0);
    memset(&fates, 0, sizeof fates);
    invariant_fates(&s.v, &fates, 0, &s.disk, true);
    assert_int_equal(fates.excused, 1);
    assert_int_equal(fates.finished_lost + fates.abandoned, 0);
    stage_fini(&s);
}

/* By a write that was under way when the process died. */
static void an_end_that_a_dying_process_wrote_has_its_time(void **state)
{
    struct stage s;
    struct outbox_record r;

    (void)state;
    stage_init(&s);
    to_submission(&s);
    submitted(&s, 0);
    s.world.now_ns += INVARIANT_LIFE_S * NS_PER_S;
    assert_true(outbox_record_init(&r, "7", "A", "fib", 1));
    r.id = 1;
    r.state = OUTBOX_REFUSED;
    disk_begin(&s.disk, &r);
    disk_end(&s.disk, 1);
    outbox_record_fini(&r);
    killed(&s);
    invariant_final(&s.v, 0, &s.disk);
    assert_int_equal(s.v.broken, 0);
    stage_fini(&s);
}

static void a_credit_of_a_second_copy_may_be_called_refused(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    to_submission(&s);
    invariant_credited(&s.v, "A", true);
    submitted(&s, 404);
    save_as(&s, 1, "A", OUTBOX_REFUSED);
    invariant_final(&s.v, 0, &s.disk);
    assert_int_equal(s.v.broken, 0);
    stage_fini(&s);
}

static void a_route_that_fails_now_and_then_is_not_an_outage(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    for (int i = 1; i <= 5 * INVARIANT_PER_OUTAGE; i++) {
        s.world.now_ns += 120 * NS_PER_S;
        fetch_answered(&s, i % INVARIANT_FAILURES ? 503 : 429, NULL);
    }
    assert_int_equal(s.v.broken, 0);
    stage_fini(&s);
}

static void rules_about_the_disk_rest_while_it_refuses(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    arrive(&s, "A");
    invariant_unsaved(&s.v, 0);
    invariant_proving(&s.v, 0, &s.disk, "A", "fib", nine);
    invariant_proved(&s.v, 0, "A", 0);
    sent(&s, "/v3/tasks/submit", submission(&s, "A", "h"));
    assert_int_equal(s.v.broken, 0);
    stage_fini(&s);
}

static void a_proof_that_went_with_its_process_may_be_another_one(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    arrive(&s, "A");
    invariant_unsaved(&s.v, 0);
    sent(&s, "/v3/tasks/submit", submission(&s, "A", "first"));
    invariant_killed(&s.v, 0, &s.disk);
    invariant_started(&s.v, 0, 1);
    s.world.now_ns += 120 * NS_PER_S;
    arrive(&s, "A");
    save_as(&s, 1, "A", OUTBOX_FETCHED);
    save_as(&s, 1, "A", OUTBOX_SENDING);
    sent(&s, "/v3/tasks/submit", submission(&s, "A", "second"));
    assert_int_equal(s.v.broken, 0);
    answered(&s, "/v3/tasks/submit", submission(&s, "A", "second"), 503, NULL, bytes_of("", 0));
    s.world.now_ns += 120 * NS_PER_S;
    sent(&s, "/v3/tasks/submit", submission(&s, "A", "third"));
    assert_int_equal(s.v.broken, 3);
    stage_fini(&s);
}

static void what_has_a_cause_is_given_up(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    give_up_too_early(&s, 80 * NS_PER_S); /* by then its proof would be late */
    s.v.hosts[0].fetched_ns = -1;
    arrive_with(&s, "C", DIFFICULTY_SMALL, bytes_of("short", 5));
    save_as(&s, 3, "C", OUTBOX_ABANDONED); /* nobody can prove it */
    s.v.hosts[0].late_ns = 0;
    arrive_as_hard(&s, "D", DIFFICULTY_SMALL);
    save_as(&s, 4, "D", OUTBOX_FETCHED);
    invariant_killed(&s.v, 0, &s.disk);
    invariant_started(&s.v, 0, 1);
    s.world.now_ns += 1800 * NS_PER_S;
    save_as(&s, 4, "D", OUTBOX_ABANDONED); /* of a former process, and old */
    arrive(&s, "E");
    invariant_stepped(&s.v, 0, NS_PER_S);
    save_as(&s, 5, "E", OUTBOX_ABANDONED); /* nobody knows how old it appears to be */
    assert_int_equal(s.v.broken, 0);
    stage_fini(&s);
}

static void an_end_that_is_forgotten_is_seen(void **state)
{
    static const struct {
        unsigned tasks, doomed, begun;
        int broken;
    } table[] = {{1, 0, 0, 0}, {0, 0, 0, 4}, {0, 1, 0, 0}, {0, 0, 1, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct core *core = core_with(table[i].tasks);
        struct stage s;

        stage_init(&s);
        s.v.hosts[0].doomed = table[i].doomed;
        save_record(&s, 1, "A", OUTBOX_FETCHED, false);
        s.disk.begun_count = table[i].begun;
        invariant_at_rest(&s.v, 0, core_runtime(core), &s.disk);
        s.disk.begun_count = 0;
        assert_int_equal(s.v.broken, table[i].broken);
        stage_fini(&s);
        core_free(core);
    }
}

static void chances_that_strike_after_the_healing_are_seen(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    invariant_struck(&s.v, 0, "disk_full"); /* it never heals */
    s.v.heal_ns = 5;
    s.world.now_ns = 4;
    invariant_struck(&s.v, 0, "disk_full");
    assert_int_equal(s.v.broken, 0);
    s.world.now_ns = 5;
    invariant_struck(&s.v, 0, "disk_full");
    assert_int_equal(s.v.broken, 31);
    stage_fini(&s);
}

static void the_first_violation_is_kept(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    s.world.now_ns = 5;
    two_fetches(&s);
    s.world.now_ns = 6;
    never_sleep(&s);
    assert_int_equal(s.v.broken, 6);
    assert_int_equal(s.v.broken_ns, 5);
    stage_fini(&s);
}

/* Every part of the sum counts. */
static void patience_covers_what_was_asked_for_and_a_whole_task(void **state)
{
    struct invariant_costs costs = {.fetch_gap_ns = 120 * NS_PER_S};
    struct stage s;
    int64_t before;

    (void)state;
    stage_init(&s);
    before = invariant_patience_ns(&s.v, &costs);
    assert_true(before >= profile_current.fetch_cap_ns + 2 * costs.fetch_gap_ns);
    costs.prove_ns = NS_PER_S;
    assert_int_equal(invariant_patience_ns(&s.v, &costs), before + 3 * NS_PER_S);
    fetch_answered(&s, 429, "3600");
    assert_true(invariant_patience_ns(&s.v, &costs) >= before + 2900 * NS_PER_S);
    before = invariant_patience_ns(&s.v, &costs);
    for (int i = 0; i < 3; i++)
        submitted(&s, 422); /* three in a row: nothing is fetched for an hour */
    assert_int_equal(invariant_patience_ns(&s.v, &costs), before + 3600 * NS_PER_S);
    submitted(&s, 200);
    submitted(&s, 422);
    assert_int_equal(invariant_patience_ns(&s.v, &costs), before + 3600 * NS_PER_S);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_invariant_is_found_when_it_is_broken),
        cmocka_unit_test(books_and_queue_of_a_core_are_checked),
        cmocka_unit_test(an_honest_life_breaks_nothing),
        cmocka_unit_test(a_killed_client_may_forget_what_was_not_on_disk),
        cmocka_unit_test(whose_turn_it_is_may_be_unknown),
        cmocka_unit_test(a_wait_behind_a_failure_may_have_a_cause),
        cmocka_unit_test(who_must_not_ask_is_not_idle),
        cmocka_unit_test(a_kill_takes_the_proof_that_no_disk_wanted),
        cmocka_unit_test(an_end_that_a_dying_process_wrote_has_its_time),
        cmocka_unit_test(a_credit_of_a_second_copy_may_be_called_refused),
        cmocka_unit_test(a_route_that_fails_now_and_then_is_not_an_outage),
        cmocka_unit_test(rules_about_the_disk_rest_while_it_refuses),
        cmocka_unit_test(a_proof_that_went_with_its_process_may_be_another_one),
        cmocka_unit_test(what_has_a_cause_is_given_up),
        cmocka_unit_test(an_end_that_is_forgotten_is_seen),
        cmocka_unit_test(chances_that_strike_after_the_healing_are_seen),
        cmocka_unit_test(the_first_violation_is_kept),
        cmocka_unit_test(patience_covers_what_was_asked_for_and_a_whole_task),
        cmocka_unit_test(a_herd_that_comes_at_once_is_seen),
    };

    return cmocka_run_group_tests(tests, make_key, free_key);
}
