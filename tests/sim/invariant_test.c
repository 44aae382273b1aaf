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

/* A task arrives. */
static void arrive(struct stage *s, const char *task_id)
{
    struct wire_fetched m = {.has_task = true, .task = {.task_id = task_id, .program_id = "fib"}};
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_fetched(&body, &m);
    sent(s, "/v3/tasks", bytes_of("", 0));
    answered(s, "/v3/tasks", bytes_of("", 0), 200, NULL, buffer_bytes(&body));
    buffer_fini(&body);
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

static void submitted(struct stage *s, unsigned status)
{
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
    invariant_proved(&s->v, 0, "A");
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
    for (int i = 0; i <= INVARIANT_PER_MINUTE; i++) {
        s->world.now_ns += NS_PER_S;
        fetch_answered(s, 429, NULL);
    }
}

static void keep_asking_a_server_that_is_down(struct stage *s)
{
    for (int i = 0; i <= 3 * INVARIANT_PER_OUTAGE; i++) {
        s->world.now_ns += 170 * NS_PER_S;
        fetch_answered(s, i % 3 ? 503 : 408, NULL);
    }
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
    ask(s, "1", DIFFICULTY_SMALL);
    assert_int_equal(s->v.broken, 0);
    ask(s, "1", DIFFICULTY_SMALL);
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

static void hoard(struct stage *s)
{
    static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I"};

    for (unsigned i = 0; i < 9; i++) {
        assert_int_equal(s->v.broken, 0);
        save_record(s, i + 1, names[i], OUTBOX_FETCHED, false);
    }
}

static void pay_twice(struct stage *s)
{
    to_submission(s);
    invariant_credited(&s->v, "A", false);
    invariant_balances(&s->v, 1);
    assert_int_equal(s->v.broken, 0);
    invariant_balances(&s->v, 2);
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
        {hammer, 10, "41 requests within 40.000 s"},
        {keep_asking_a_server_that_is_down, 17, "21 of fetch within 3400 s, all failing"},
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
        {favour_a_node, 29, "node 1 had 3 turns, node 2 only 0"},
        {turn_a_record_back, 28, "from accepted to proved"},
        {lose_a_proof_of_a_record, 26, "proved with 0 of 1"},
        {hoard, 27, "9 open records"},
        {pay_twice, 22, "2 credits together, 1 were given"},
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
        invariant_at_rest(&s.v, 0, core_runtime(core));
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
    invariant_proved(&s.v, 0, "A");
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
    fetch_answered(&s, 429, "60");
    invariant_killed(&s.v, 0, &s.disk);
    invariant_started(&s.v, 0, 1);
    s.world.now_ns += 60 * NS_PER_S;
    arrive(&s, "B");
    save_as(&s, 1, "B", OUTBOX_ABANDONED);
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
        s.world.now_ns += 100 * NS_PER_S;
        fetch_answered(&s, i % INVARIANT_PER_OUTAGE ? 503 : 429, NULL);
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
    invariant_proved(&s.v, 0, "A");
    sent(&s, "/v3/tasks/submit", submission(&s, "A", "h"));
    assert_int_equal(s.v.broken, 0);
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
        cmocka_unit_test(a_credit_of_a_second_copy_may_be_called_refused),
        cmocka_unit_test(a_route_that_fails_now_and_then_is_not_an_outage),
        cmocka_unit_test(rules_about_the_disk_rest_while_it_refuses),
        cmocka_unit_test(the_first_violation_is_kept),
        cmocka_unit_test(patience_covers_what_was_asked_for_and_a_whole_task),
        cmocka_unit_test(a_herd_that_comes_at_once_is_seen),
    };

    return cmocka_run_group_tests(tests, make_key, free_key);
}
