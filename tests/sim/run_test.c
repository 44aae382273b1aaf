/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <dirent.h>
#include <string.h>

#include "base/clock.h"
#include "sim/report.h"
#include "sim/shelf.h"
#include "sim/swarm.h"
#include "tests/sim/prover.h"

static struct scenario *scenario_of(const char *yaml)
{
    struct scenario *s;
    struct why why;

    if (scenario_parse(&s, bytes_of_text(yaml), &why))
        fail_msg("%s", why.text);
    return s;
}

static struct run_result run(const struct scenario *s, struct run_options o)
{
    struct run_result result;
    struct why why;

    if (run_once(&result, s, prover, &o, &why))
        fail_msg("%s", why.text);
    return result;
}

static struct scenario *shelved(const char *name)
{
    struct scenario *s;
    struct why why;

    if (shelf_take(&s, name, &why) || run_check(s, &why))
        fail_msg("%s: %s", name, why.text);
    return s;
}

#define PLAIN                                                                                      \
    "name: plain\nheal_at: 1s\norchestrator: {programs: [{id: fib, n: 1, a: 1, b: 1}]}\n"          \
    "clients: [{name: laptop, prove: 10s}]\n"

static void without_faults_a_client_earns_its_credit_at_once(void **state)
{
    struct scenario *s = scenario_of(PLAIN);
    struct run_result r = run(s, (struct run_options){.seed = 1});

    (void)state;
    assert_int_equal(r.broken, 0);
    assert_int_equal(r.metrics[RUN_CREDITS], 1);
    assert_int_equal(r.metrics[RUN_REQUESTS], 3); /* node, fetch, submit */
    assert_int_equal(r.metrics[RUN_ACCEPTED], 1);
    assert_in_range(r.ended_ns, 10 * NS_PER_S, 11 * NS_PER_S);
    scenario_free(s);
}

static void a_client_with_two_nodes_asks_about_both_and_proves_side_by_side(void **state)
{
    struct scenario *s =
        scenario_of("name: x\nheal_at: 1s\n"
                    "orchestrator: {programs: [{id: fib, n: 1, a: 1, b: 1}], inputs_per_task: 3}\n"
                    "clients: [{name: laptop, nodes: 2, proofs_at_once: 3, prove: 10s}]\n");
    struct run_result r = run(s, (struct run_options){.seed = 1});

    (void)state;
    assert_int_equal(r.broken, 0);
    assert_int_equal(r.metrics[RUN_REQUESTS], 4); /* two nodes, fetch, submit */
    assert_int_equal(r.metrics[RUN_PROOFS], 3);
    assert_in_range(r.ended_ns, 10 * NS_PER_S, 11 * NS_PER_S);
    scenario_free(s);
}

static void a_false_proof_is_refused_for_real(void **state)
{
    uint32_t input[3] = {1, 1, 1};
    uint8_t words[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, changed[70000];
    struct bytes proof, bad, task_input = bytes_of(words, sizeof words);
    struct judge_case c = {
        .program_id = "fib", .inputs = &task_input, .input_count = 1, .proofs = &proof, .count = 1};
    struct judge *judge = prover_sim_judge(prover);
    struct why why;
    size_t checks;

    (void)state;
    assert_int_equal(prover_sim_prove(prover, &proof, "fib", input, &why), ST_OK);
    assert_int_equal(judge_verify(judge, &c, &why), ST_OK);
    checks = prover_sim_checks(prover);
    assert_int_equal(judge_verify(judge, &c, &why), ST_OK);
    assert_int_equal(prover_sim_checks(prover), checks); /* remembered */

    assert_true(proof.size <= sizeof changed);
    memcpy(changed, proof.data, proof.size);
    changed[proof.size / 2] ^= 1;
    bad = bytes_of(changed, proof.size);
    c.proofs = &bad;
    assert_int_not_equal(judge_verify(judge, &c, &why), ST_OK);
    assert_int_equal(prover_sim_checks(prover), checks + 1);
    words[0] = 2; /* the honest proof of another input */
    c.proofs = &proof;
    assert_int_not_equal(judge_verify(judge, &c, &why), ST_OK);
    task_input.size = 11;
    assert_int_equal(judge_verify(judge, &c, &why), ST_INVALID);
    c.program_id = "nobody";
    task_input.size = 12;
    assert_int_equal(judge_verify(judge, &c, &why), ST_NOT_FOUND);
}

static void a_false_hash_is_refused_for_real(void **state)
{
    uint32_t input[3] = {1, 1, 1};
    uint8_t words[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    char hash[KECCAK256_HEX], combined[KECCAK256_HEX];
    const char *hashes[] = {hash};
    struct bytes proof, task_input = bytes_of(words, sizeof words);
    struct judge_case c = {.program_id = "fib",
                           .type = TASK_ALL_PROOF_HASHES,
                           .inputs = &task_input,
                           .input_count = 1,
                           .proof_hash = combined,
                           .proof_hashes = hashes};
    struct judge *judge = prover_sim_judge(prover);
    struct why why;

    (void)state;
    assert_int_equal(prover_sim_prove(prover, &proof, "fib", input, &why), ST_OK);
    keccak256_hex(hash, proof);
    proof_hash_combine(combined, hashes, 1);
    assert_int_equal(judge_verify(judge, &c, &why), ST_OK);
    c.type = TASK_PROOF_HASH;
    assert_int_equal(judge_verify(judge, &c, &why), ST_OK);
    combined[0] ^= 1;
    assert_int_equal(judge_verify(judge, &c, &why), ST_INVALID);
    c.type = TASK_ALL_PROOF_HASHES;
    hash[3] ^= 1;
    assert_int_equal(judge_verify(judge, &c, &why), ST_INVALID);
    task_input.size = 5;
    assert_int_equal(judge_verify(judge, &c, &why), ST_INVALID);
}

static void two_runs_of_a_seed_are_one_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < shelf_count(); i++) {
        struct scenario *s = shelved(shelf_at(i).name);
        bool large =
            s->clients[0].count > 100 || s->duration_ns + s->heal_ns > 86400 * NS_PER_S * 7;
        uint64_t last = 0;

        for (uint64_t seed = 1; seed <= 2 && !large; seed++) { /* sim/nightly has the large ones */
            struct run_result a = run(s, (struct run_options){.seed = seed});
            struct run_result b = run(s, (struct run_options){.seed = seed});

            assert_memory_equal(&a, &b, sizeof a);
            assert_int_not_equal(a.hash, last);
            last = a.hash;
        }
        scenario_free(s);
    }
}

static const struct {
    enum host_bug bug;
    const char *name, *scenario;
    int number;
} bugs[] = {
    {HOST_DEAF, "retry-after", "rate_limits", 5}, {HOST_HASTY, "unsaved", "repeated_work", 1},
    {HOST_STUBBORN, "resend", "lost_answers", 7}, {HOST_FORGETFUL, "forget", "rate_limits", 4},
    {HOST_WASTEFUL, "reprove", "many_nodes", 8},
};

static bool found_within(const struct scenario *s, enum host_bug bug, int number, uint64_t seeds,
                         struct run_result *out)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        *out = run(s, (struct run_options){.seed = seed, .bug = bug});
        if (out->broken == number)
            return true;
    }
    return false;
}

static void planted_mistakes_are_found_and_found_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bugs / sizeof *bugs; i++) {
        struct scenario *s = shelved(bugs[i].scenario);
        struct run_result first, again;
        enum host_bug bug;

        assert_true(host_bug_of_name(&bug, bugs[i].name));
        assert_int_equal(bug, bugs[i].bug);
        if (!found_within(s, bug, bugs[i].number, 20, &first))
            fail_msg("%s is not found as I%d", bugs[i].name, bugs[i].number);
        again =
            run(s, (struct run_options){.seed = first.seed,
                                        .bug = bug,
                                        .until_ns = (first.broken_ns / NS_PER_MS + 1) * NS_PER_MS});
        assert_int_equal(again.broken, first.broken);
        assert_int_equal(again.broken_ns, first.broken_ns);
        assert_int_equal(again.broken_events, first.broken_events);
        assert_string_equal(again.text, first.text);
        scenario_free(s);
    }
    assert_false(host_bug_of_name(&(enum host_bug){HOST_NO_BUG}, "nothing"));
}

static void until_stops_a_run_and_judges_nothing(void **state)
{
    struct scenario *s = scenario_of(PLAIN "expect: [{metric: credits, at_least: 1}]\n");
    struct run_result r = run(s, (struct run_options){.seed = 1, .until_ns = 5 * NS_PER_S});

    (void)state;
    assert_int_equal(r.broken, 0);
    assert_true(r.ended_ns <= 5 * NS_PER_S);
    scenario_free(s);
}

static void an_expectation_that_fails_is_a_failure(void **state)
{
    struct scenario *s = scenario_of(PLAIN "expect: [{metric: credits, at_least: 1, at_most: 1}, "
                                           "{metric: requests, at_most: 2}]\n");
    struct run_result r = run(s, (struct run_options){.seed = 1});

    (void)state;
    assert_int_equal(r.broken, RUN_EXPECT);
    assert_string_equal(r.text, "requests is 3, expected at most 2");
    scenario_free(s);
}

static void a_scenario_that_never_heals_ends_with_its_duration(void **state)
{
    struct scenario *s = scenario_of("name: deaf\nduration: 1h\nclients: [{name: a}]\n"
                                     "faults: [{call: any, status: 503}]\n"
                                     "expect: [{metric: fetched, at_most: 0}]\n");
    struct run_result r = run(s, (struct run_options){.seed = 1});

    (void)state;
    assert_int_equal(r.broken, 0);
    assert_true(r.ended_ns <= 3600 * NS_PER_S && r.ended_ns > 3000 * NS_PER_S);
    assert_true(r.struck[0] > 10);
    scenario_free(s);
}

static void many_clients_and_a_task_limit_come_to_rest(void **state)
{
    struct scenario *s = scenario_of(
        "name: crowd\nheal_at: 1m\n"
        "orchestrator: {task_limit: 7, programs: [{id: fib, n: 1, a: 1, b: 1}]}\n"
        "clients: [{name: a, count: 3, prove: 5s}, {name: b, max_tasks: 2, prove: 5s}]\n"
        "events: [{at: 3s, event: kill, who: a/1, for: 10s}, {at: 5s, event: partition, for: 9s, "
        "every: 20s}]\n");
    struct run_result r = run(s, (struct run_options){.seed = 3});

    (void)state;
    assert_int_equal(r.broken, 0);
    assert_int_equal(r.metrics[RUN_KILLS], 1);
    assert_in_range(r.metrics[RUN_CREDITS], 4, 7);
    scenario_free(s);
}

static void a_failed_assertion_is_a_finding_with_its_time(void **state)
{
    struct scenario *s = scenario_of(PLAIN "network: {latency: 20ms}\n");
    struct run_result r;

    (void)state;
    s->network.latency_ns = -NS_PER_S; /* no scenario says so: the world asserts */
    r = run(s, (struct run_options){.seed = 1});
    assert_int_equal(r.broken, RUN_ASSERT);
    assert_non_null(strstr(r.text, "world_plan: ev->at_ns >= w->now_ns"));
    s->network.latency_ns = 0;
    assert_int_equal(run(s, (struct run_options){.seed = 1}).broken, 0);
    scenario_free(s);
}

/* What people see is compared, by name and number. */
static void calls_must_be_answered_as_the_scenario_says(void **state)
{
    static const struct {
        const char *event, *words;
    } table[] = {
        {"admin, who: orchestrator, call: GET /admin/state", ""},
        {"admin, who: orchestrator, call: GET /admin/weather", "answered 404, expected a success"},
        {"admin, who: orchestrator, call: GET /admin/state, answers: 404",
         "answered 200, expected 404"},
        {"admin, who: orchestrator, call: GET /admin/nodes/$NODE", ""},
        {"admin, who: orchestrator, call: GET /admin/users/$USER", ""},
        {"visit, who: orchestrator, call: GET /v3/nodes/$NODE", ""},
        {"visit, who: orchestrator, call: GET /v3/nodes/12, answers: 418",
         "answered 404, expected 418"},
        {"status", ""},
        {"bad_settings, who: orchestrator, body: 'orchestrator: {consensus: 99}'", ""},
        {"bad_settings, who: orchestrator, body: 'orchestrator: {consensus: 9}'",
         "the configuration 'orchestrator: {consensus: 9}' is not refused"},
        {"damaged_store, who: orchestrator, amount: 1", ""},
        {"damaged_backup, who: orchestrator, amount: 1", ""},
        {"stranger, who: orchestrator, amount: 40", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char yaml[512];
        struct scenario *s;
        struct run_result r;

        snprintf(yaml, sizeof yaml,
                 "name: x\nproofs: model\nduration: 30s\nclients: [{name: a}]\nevents: [{at: 9s, "
                 "event: %s}]\n",
                 table[i].event);
        assert_int_equal(scenario_parse(&s, bytes_of_text(yaml), NULL), ST_OK);
        r = run(s, (struct run_options){.seed = 1});
        assert_int_equal(r.broken, table[i].words[0] ? RUN_EXPECT : 0);
        assert_non_null(strstr(r.text, table[i].words));
        assert_int_equal(r.metrics[RUN_CALLS], 1);
        scenario_free(s);
    }
}

/* What the stranger demands is not granted by chance: an orchestrator that judges nothing is found. */
static void a_stranger_is_not_content_with_any_answer(void **state)
{
    struct scenario *s = scenario_of("name: x\nproofs: model\nduration: 30s\n"
                                     "clients: [{name: a, start: 1m}]\n"
                                     "events: [{at: 9s, event: stranger, who: orchestrator, amount: 60}]\n");
    struct run_result r = run(s, (struct run_options){.seed = 1});

    (void)state;
    assert_int_equal(r.broken, 0);
    s->orchestrator.max_submission_bytes = 10; /* everything is refused as no message at all */
    r = run(s, (struct run_options){.seed = 1});
    assert_int_equal(r.broken, RUN_EXPECT);
    assert_non_null(strstr(r.text, "a stranger's submission, offence"));
    assert_non_null(strstr(r.text, "is answered 400 instead of"));
    scenario_free(s);
}

/* Without room it says 500, and works again when there is some. */
static void an_orchestrator_without_room_recovers(void **state)
{
    static const char *const troubles[] = {"out_of_memory", "disk_full", "disk_broken"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char yaml[512];
        struct scenario *s;
        struct run_result r;

        snprintf(yaml, sizeof yaml,
                 "name: x\nproofs: model\nheal_at: 8m\nclients: [{name: a, prove: 10s}]\n"
                 "orchestrator: {programs: [{id: fib, n: 9, a: 1, b: 1}]}\n"
                 "events: [{at: 1s, event: %s, who: orchestrator, for: 3m}, {at: 4m, event: admin, "
                 "who: orchestrator, call: POST /admin/tasks, answers: 201}]\n",
                 troubles[i]);
        s = scenario_of(yaml);
        r = run(s, (struct run_options){.seed = 2});
        assert_int_equal(r.broken, 0);
        assert_int_equal(r.metrics[RUN_CALLS], 1);
        assert_in_range(r.metrics[RUN_CREDITS], 1, 10);
        scenario_free(s);
    }
}

static void what_is_not_simulated_is_refused(void **state)
{
    static const struct {
        const char *yaml, *words;
    } table[] = {
        {"name: x\nheal_at: 1s\n", "clients"},
        {"name: x\nclients: [{name: a}]\n", "when the run ends"},
        {"name: x\nheal_at: 1s\nclients: [{name: a, profile: reference}]\n", "'reference'"},
        {"name: x\nheal_at: 1s\nclients: [{name: a, nodes: 65}]\n", "at most 64"},
        {"name: x\nheal_at: 1s\nclients: [{name: a, nodes: 2, registers: true}]\n", "has one node"},
        {"name: x\nheal_at: 1s\nclients: [{name: a, version: 1.2}]\n", "'1.2' is no version"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: flood}]\n", "flood"},
        {"name: x\nheal_at: 1s\nclients: [{name: a, clock_drift_ppm: 200000}]\n", "100000 ppm"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: kill, who: b}]\n",
         "no client 'b'"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: restart}]\n",
         "orchestrator"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: admin, who: "
         "orchestrator, call: state}]\n",
         "METHOD /path"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: damaged_store, amount: 1}]\n",
         "who: orchestrator"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: damaged_store, who: "
         "orchestrator}]\n",
         "'damaged_store': amount says how many, 1 to 1000"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: damaged_backup, who: "
         "orchestrator, amount: 1001}]\n",
         "'damaged_backup': amount says how many, 1 to 1000"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: stranger, who: "
         "orchestrator, amount: 0.5}]\n",
         "'stranger': amount says how many, 1 to 1000"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: bad_settings, who: "
         "orchestrator}]\n",
         "body is a configuration with a mistake"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: slow}]\n", "amount"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nevents: [{at: 1s, event: clock_step}]\n",
         "seconds"},
        {"name: x\nheal_at: 1s\nclients: [{name: a}]\nexpect: [{metric: joy, at_least: 1}]\n",
         "no metric 'joy'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scenario *s = scenario_of(table[i].yaml);
        struct why why;

        assert_int_equal(run_check(s, &why), ST_INPUT);
        if (!strstr(why.text, table[i].words))
            fail_msg("'%s' does not say '%s'", why.text, table[i].words);
        scenario_free(s);
    }
}

/* What is drawn for a rule depends on the seed and its name, not on its neighbours; half of all
 * rules are there. */
static void a_swarm_draws_a_part_of_the_faults(void **state)
{
    struct scenario *both =
        scenario_of(PLAIN "swarm: true\nfaults: [{fault: fetch_429, probability: 0.1}, "
                          "{fault: submit_429, probability: 0.1}]\n");
    struct scenario *one =
        scenario_of(PLAIN "swarm: true\nfaults: [{fault: submit_429, probability: 0.1}]\n");
    unsigned there = 0;

    (void)state;
    assert_true(both->swarm);
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct scenario *a = swarm_draw(both, seed), *b = swarm_draw(one, seed);

        there += a->rules[0].where.from_ns == 0;
        assert_memory_equal(&a->rules[1].where, &b->rules[0].where, sizeof a->rules[1].where);
        assert_memory_equal(&a->network, &b->network, sizeof a->network);
        assert_int_equal(settings_check(&a->orchestrator, NULL), ST_OK);
        assert_int_equal(run_check(a, NULL), ST_OK);
        swarm_free(a);
        swarm_free(b);
    }
    assert_in_range(there, 150, 250);
    swarm_free(NULL);
    scenario_free(both);
    scenario_free(one);
}

static void a_seed_of_a_swarm_is_a_run(void **state)
{
    struct scenario *s = shelved("everything");
    struct run_options o = {.seed = 5, .swarm = true};
    struct run_result a = run(s, o), b = run(s, o);

    (void)state;
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_not_equal(a.hash, run(s, (struct run_options){.seed = 5}).hash);
    scenario_free(s);
}

static void marks_have_names_and_are_hit(void **state)
{
    struct scenario *s = shelved("restarts_everywhere");
    uint64_t marks = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        marks |= run(s, (struct run_options){.seed = seed}).marks;
    assert_true(marks >> MARK_RESTART_WHILE_JUDGING & 1);
    assert_false(marks >> MARK_TORN_RECORD & 1);
    for (int m = 0; m < MARKS; m++)
        assert_true(strlen(mark_name((enum mark)m)) > 10);
    scenario_free(s);
}

static void a_reference_that_misses_an_expectation_is_counted(void **state)
{
    struct scenario *s = shelved("defect_01_429_on_submission");
    struct run_result r = run(s, (struct run_options){.seed = 1, .policy = HOST_REFERENCE_CURRENT});

    (void)state;
    assert_int_equal(r.broken, 0);
    assert_true(r.metrics[RUN_EXPECTATIONS_MISSED] > 0);
    scenario_free(s);
}

static void a_herd_comes_back_over_its_spread(void **state)
{
    struct scenario *s = scenario_of(
        "name: herd\nheal_at: 9m\nproofs: model\n"
        "orchestrator: {programs: [{id: fib, n: 1, a: 1, b: 1}]}\n"
        "clients: [{name: h, count: 300, max_tasks: 1, prove: 5s, start_spread: 500ms}]\n"
        "faults: [{call: fetch, status: 429, retry_after: \"600\"}]\n");
    struct run_result r = run(s, (struct run_options){.seed = 1});

    (void)state;
    assert_int_equal(r.broken, 0);
    assert_int_equal(r.metrics[RUN_CREDITS], 300);
    assert_in_range(r.metrics[RUN_HERD_PEAK_PERCENT], 100, 250);
    scenario_free(s);
}

/* ---- campaigns and reports ---- */

static void count(void *context, const struct run_result *result)
{
    uint64_t *next = context;

    assert_int_equal(result->seed, (*next)++);
}

static void processes_change_nothing(void **state)
{
    struct scenario *s = shelved("lost_answers");
    struct campaign_sum one, three;
    struct campaign_options o = {.first_seed = 10, .seeds = 11, .jobs = 1};
    uint64_t next = 10;

    (void)state;
    assert_int_equal(campaign_run(&one, s, prover, &o, count, &next, NULL), ST_OK);
    assert_int_equal(next, 21);
    o.jobs = 3;
    next = 10;
    assert_int_equal(campaign_run(&three, s, prover, &o, count, &next, NULL), ST_OK);
    assert_memory_equal(&one, &three, sizeof one);
    scenario_free(s);
}

static void a_rule_that_never_strikes_is_noticed(void **state)
{
    struct scenario *s =
        scenario_of(PLAIN "faults: [{name: idle, call: fetch, nth: 9, status: 500}]\n");
    struct campaign_options o = {.first_seed = 1, .seeds = CAMPAIGN_MARKS, .jobs = 1};
    struct campaign_sum sum;
    uint64_t next = 1;

    (void)state;
    assert_int_equal(campaign_run(&sum, s, prover, &o, count, &next, NULL), ST_OK);
    assert_int_equal(sum.failed, 0);
    assert_int_equal(sum.silent_rule, 0);
    scenario_free(s);
}

static void a_failure_line_says_how_to_repeat_it(void **state)
{
    struct report report = {.extra = " --break x"};
    struct report_scenario s = {.name = "n", .given = "dir/n.yaml"};
    const int64_t s_in_days = 3 * 86400 + 4 * 3600 + 12 * 60 + 9;
    struct run_result r = {.seed = 0xbeef,
                           .broken = 3,
                           .broken_ns = (s_in_days * 1000 + 120) * NS_PER_MS,
                           .broken_events = 812};
    struct buffer line;

    (void)state;
    buffer_init(&line, 0);
    report_line(&line, &report, &s, &r);
    buffer_put_u8(&line, 0);
    assert_string_equal((const char *)line.data,
                        "FAIL inv=I3 seed=0xbeef scenario=n t=3d04:12:09.120 events=812 | replay: "
                        "nxp-sim run dir/n.yaml --seed 0xbeef --until 274329121ms --break x");
    buffer_reset(&line);
    r.broken = RUN_EXPECT;
    report_line(&line, &report, &s, &r);
    buffer_put_u8(&line, 0);
    assert_non_null(strstr((const char *)line.data, "inv=expect"));
    assert_null(strstr((const char *)line.data, "--until"));
    buffer_fini(&line);
}

/* ---- the shelf ---- */

static void every_scenario_in_the_folder_is_on_the_shelf(void **state)
{
    DIR *folder = opendir(NXP_SOURCE "/sim/scenarios");
    struct dirent *entry;
    size_t files = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder)))
        files += strstr(entry->d_name, ".yaml") != NULL;
    closedir(folder);
    assert_int_equal(files, shelf_count());
    for (size_t i = 0; i < shelf_count(); i++) {
        struct scenario *s = shelved(shelf_at(i).name);

        assert_string_equal(s->name, shelf_at(i).name);
        assert_true(strlen(s->about) > 40);
        scenario_free(s);
    }
    assert_int_equal(shelf_take(&(struct scenario *){NULL}, "/nowhere.yaml", NULL), ST_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_must_be_answered_as_the_scenario_says),
        cmocka_unit_test(without_faults_a_client_earns_its_credit_at_once),
        cmocka_unit_test(a_client_with_two_nodes_asks_about_both_and_proves_side_by_side),
        cmocka_unit_test(a_false_proof_is_refused_for_real),
        cmocka_unit_test(a_false_hash_is_refused_for_real),
        cmocka_unit_test(two_runs_of_a_seed_are_one_run),
        cmocka_unit_test(planted_mistakes_are_found_and_found_again),
        cmocka_unit_test(until_stops_a_run_and_judges_nothing),
        cmocka_unit_test(an_expectation_that_fails_is_a_failure),
        cmocka_unit_test(a_scenario_that_never_heals_ends_with_its_duration),
        cmocka_unit_test(many_clients_and_a_task_limit_come_to_rest),
        cmocka_unit_test(a_failed_assertion_is_a_finding_with_its_time),
        cmocka_unit_test(a_stranger_is_not_content_with_any_answer),
        cmocka_unit_test(an_orchestrator_without_room_recovers),
        cmocka_unit_test(what_is_not_simulated_is_refused),
        cmocka_unit_test(a_swarm_draws_a_part_of_the_faults),
        cmocka_unit_test(a_seed_of_a_swarm_is_a_run),
        cmocka_unit_test(marks_have_names_and_are_hit),
        cmocka_unit_test(a_reference_that_misses_an_expectation_is_counted),
        cmocka_unit_test(a_herd_comes_back_over_its_spread),
        cmocka_unit_test(processes_change_nothing),
        cmocka_unit_test(a_rule_that_never_strikes_is_noticed),
        cmocka_unit_test(a_failure_line_says_how_to_repeat_it),
        cmocka_unit_test(every_scenario_in_the_folder_is_on_the_shelf),
    };

    return cmocka_run_group_tests(tests, make_prover, free_prover);
}
