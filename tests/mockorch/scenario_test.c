/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/scenario/scenario.h"

static const char whole[] =
    "name: whole\n"
    "about: every key once\n"
    "seed: 81723\n"
    "duration: 2h\n"
    "heal_at: 90m\n"
    "faults_by_header: true\n"
    "orchestrator:\n"
    "  fetches_per_window: 5\n"
    "  window: 1.5m\n"
    "  submissions_per_window: 7\n"
    "  refusals_per_window: 11\n  refusal_gap: 70ms\n"
    "  task_expiry: 1d\n"
    "  nodes_per_user: 8\n"
    "  nodes_per_day: 9\n"
    "  task_limit: 1000\n"
    "  idle_retry: 250ms\n"
    "  closed_tasks_kept: 7\n"
    "  allowance: bucket\n  node_fetches: 4\n  node_window: 5s\n  key_fetches: 6\n"
    "  key_window: 7s\n  address_fetches: 8\n  address_window: 9s\n  retry_after: date\n"
    "  rate_limit_fields: old\n  reputation_start: LARGE\n  reputation_raise: 2\n"
    "  reputation_lower: 3\n  credits_kept: 11\n  consensus: 5\n  requests_kept: 12\n"
    "  max_submission_bytes: 1048576\n"
    "  inputs_per_task: 1..3\n"
    "  difficulty_ceiling: large\n"
    "  difficulty_drop: 0.25\n"
    "  difficulty_grows: yes\n"
    "  judging: hash\n"
    "  task_types: {proof_required: 1, proof_hash: 2, all_proof_hashes: 3}\n"
    "  programs:\n"
    "    - {id: fib, weight: 2, n: 3, n_medium: 5..6, a: 1..2, b: 0}\n"
    "    - {id: other}\n"
    "  nodes:\n"
    "    - {id: 7, wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'}\n"
    "network: {latency: 40ms, jitter: 20ms, loss: 0.01, reset: 0.02, duplicate: 0.03,\n"
    "          bytes_per_second: 100000}\n"
    "clients:\n"
    "  - name: laptop\n"
    "    count: 3\n"
    "    nodes: 2\n"
    "    proofs_at_once: 4\n"
    "    profile: seed\n"
    "    max_tasks: 11\n"
    "    max_difficulty: MEDIUM\n"
    "    start: 1s\n"
    "    start_spread: 2s\n"
    "    prove: 30s\n"
    "    prove_jitter: 10s\n"
    "    prove_grows: no\n"
    "    prove_fails: 0.1\n"
    "    prove_dies: 0.2\n"
    "    prove_wrong: 0.6\n"
    "    disk_stalls: 0.7\n"
    "    disk_torn: 0.3\n"
    "    disk_rot: 0.8\n"
    "    memory_short: 0.9\n"
    "    disk_lost: 0.4\n"
    "    disk_full: 0.5\n"
    "    clock_drift_ppm: -20.5\n"
    "    wall_skew: -3h\n"
    "    registers: true\n"
    "    wallet: 0xAb\n"
    "    version: 0.10.18\n"
    "    version_page: '{}'\n"
    "    country_page: loc=DE\n"
    "    release_page: '[]'\n"
    "  - name: plain\n"
    "faults:\n"
    "  - {fault: submit_answer_lost, first: 1}\n"
    "  - {name: minute, call: submit, node: 7, from: 60s, until: 2m, probability: 0.5,\n"
    "     status: 503, body: html, processed: true, retry_after: date+30, location: /x,\n"
    "     delay: 1s, jitter: 2s, twice: second, task: short_input, corrupt: 5}\n"
    "  - {call: any, nth: 2, after: 3, every: 4, at_most: 5, lose: answer, cut: silence}\n"
    "  - {fault: fetch_503, call: any, delay: 3s}\n"
    "  - {truncate: 10, cut: reset, dribble: 1, dribble_gap: 5ms}\n"
    "  - {head: chunked_cut, mutate: deep, date_offset: -2h, jitter: 1s, spread: pareto}\n"
    "events:\n"
    "  - {at: 30m, event: kill, who: laptop/1, for: 10s, every: 1h, amount: 2.5}\n"
    "  - {at: 5s, event: admin, call: POST /admin/rules, body: '{}', answers: 400}\n"
    "expect:\n"
    "  - {metric: proofs_lost, at_most: 0}\n"
    "  - {metric: accepted, at_least: 40, at_most: 41.5}\n"
    "tape: written\n"
    "choices:\n"
    "  - {lane: tasks, number: 1, value: 2}\n"
    "  - {lane: fault submit_429, number: 7, value: 1}\n";

static void every_key_arrives(void **state)
{
    struct scenario *s;
    struct why why = {""};
    const struct scenario_client *c;
    const struct fault_rule *r;

    (void)state;
    if (scenario_parse(&s, bytes_of_text(whole), &why))
        fail_msg("%s", why.text);
    assert_string_equal(s->name, "whole");
    assert_string_equal(s->about, "every key once");
    assert_true(s->has_seed && s->seed == 81723 && s->orchestrator.seed == 81723);
    assert_true(s->duration_ns == 7200 * NS_PER_S);
    assert_true(s->heal_ns == 5400 * NS_PER_S);
    assert_true(s->faults_by_header);

    assert_int_equal(s->orchestrator.fetches_per_window, 5);
    assert_true(s->orchestrator.window_ns == 90 * NS_PER_S);
    assert_int_equal(s->orchestrator.submissions_per_window, 7);
    assert_int_equal(s->orchestrator.refusals_per_window, 11);
    assert_true(s->orchestrator.refusal_gap_ns == 70 * NS_PER_MS);
    assert_true(s->orchestrator.task_expiry_ns == 86400 * NS_PER_S);
    assert_int_equal(s->orchestrator.nodes_per_user, 8);
    assert_int_equal(s->orchestrator.nodes_per_day, 9);
    assert_int_equal(s->orchestrator.task_limit, 1000);
    assert_true(s->orchestrator.idle_retry_ns == 250 * NS_PER_MS);
    assert_int_equal(s->orchestrator.closed_tasks_kept, 7);
    assert_int_equal(s->orchestrator.credits_kept, 11);
    assert_int_equal(s->orchestrator.consensus, 5);
    assert_int_equal(s->orchestrator.requests_kept, 12);
    assert_int_equal(s->orchestrator.allowance, QUOTA_BUCKET);
    assert_int_equal(s->orchestrator.fetches_per_node.limit, 4);
    assert_true(s->orchestrator.fetches_per_node.window_ns == 5 * NS_PER_S);
    assert_int_equal(s->orchestrator.fetches_per_key.limit, 6);
    assert_true(s->orchestrator.fetches_per_key.window_ns == 7 * NS_PER_S);
    assert_int_equal(s->orchestrator.fetches_per_address.limit, 8);
    assert_true(s->orchestrator.fetches_per_address.window_ns == 9 * NS_PER_S);
    assert_true(s->orchestrator.retry_after_date);
    assert_int_equal(s->orchestrator.rate_limit_fields, SETTINGS_FIELDS_OLD);
    assert_int_equal(s->orchestrator.reputation.start, DIFFICULTY_LARGE);
    assert_int_equal(s->orchestrator.reputation.raise, 2);
    assert_int_equal(s->orchestrator.reputation.lower, 3);
    assert_int_equal(s->orchestrator.programs[0].n_of[2].low, 5);
    assert_int_equal(s->orchestrator.programs[0].n_of[1].high, 0);
    assert_int_equal(s->orchestrator.max_submission_bytes, 1048576);
    assert_int_equal(s->orchestrator.inputs_per_task.low, 1);
    assert_int_equal(s->orchestrator.inputs_per_task.high, 3);
    assert_int_equal(s->orchestrator.difficulty_ceiling, DIFFICULTY_LARGE);
    assert_true(s->orchestrator.difficulty_drop == 0.25);
    assert_true(s->orchestrator.difficulty_grows);
    assert_int_equal(s->orchestrator.judging, JUDGING_HASH);
    for (int i = 0; i < 3; i++)
        assert_int_equal(s->orchestrator.type_weights[i], i + 1);
    assert_int_equal(s->orchestrator.program_count, 2);
    assert_int_equal(s->orchestrator.programs[0].weight, 2);
    assert_int_equal(s->orchestrator.programs[0].n.high, 3);
    assert_int_equal(s->orchestrator.programs[0].a.high, 2);
    assert_int_equal(s->orchestrator.programs[0].b.high, 0);
    assert_string_equal(s->orchestrator.programs[1].id, "other");
    assert_int_equal(s->node_count, 1);
    assert_string_equal(s->nodes[0].id, "7");
    assert_string_equal(s->nodes[0].wallet, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");

    assert_true(s->network.latency_ns == 40 * NS_PER_MS);
    assert_true(s->network.jitter_ns == 20 * NS_PER_MS);
    assert_true(s->network.loss == 0.01 && s->network.reset == 0.02);
    assert_true(s->network.duplicate == 0.03 && s->network.up_bytes_per_s == 100000 &&
                s->network.down_bytes_per_s == 100000);

    assert_int_equal(s->client_count, 2);
    c = &s->clients[0];
    assert_string_equal(c->name, "laptop");
    assert_string_equal(c->profile, "seed");
    assert_true(c->count == 3 && c->nodes == 2 && c->proofs_at_once == 4 && c->max_tasks == 11);
    assert_int_equal(c->max_difficulty, DIFFICULTY_MEDIUM);
    assert_true(c->start_ns == NS_PER_S && c->start_spread_ns == 2 * NS_PER_S);
    assert_true(c->prove_ns == 30 * NS_PER_S && c->prove_jitter_ns == 10 * NS_PER_S);
    assert_true(!c->prove_grows && c->prove_fails == 0.1 && c->prove_dies == 0.2);
    assert_true(c->prove_wrong == 0.6 && c->disk_stalls == 0.7);
    assert_true(c->disk_torn == 0.3 && c->disk_lost == 0.4 && c->disk_full == 0.5);
    assert_true(c->disk_rot == 0.8 && c->memory_short == 0.9);
    assert_true(c->registers);
    assert_string_equal(c->wallet, "0xAb");
    assert_string_equal(c->version, "0.10.18");
    assert_string_equal(c->version_page, "{}");
    assert_string_equal(c->country_page, "loc=DE");
    assert_string_equal(c->release_page, "[]");
    assert_true(c->clock_drift_ppm == -20.5 && c->wall_skew_ns == -10800 * NS_PER_S);
    c = &s->clients[1];
    assert_string_equal(c->profile, "current");
    assert_true(c->count == 1 && c->nodes == 1 && c->proofs_at_once == 1 && c->max_difficulty == -1);

    assert_int_equal(s->rule_count, 6);
    r = &s->rules[0];
    assert_string_equal(r->name, "submit_answer_lost");
    assert_int_equal(r->where.call, CALL_SUBMIT);
    assert_int_equal(r->where.first, 1);
    assert_int_equal(r->what.effects, FAULT_LOSE);
    r = &s->rules[1];
    assert_string_equal(r->name, "minute");
    assert_string_equal(r->where.node_id, "7");
    assert_true(r->where.from_ns == 60 * NS_PER_S && r->where.until_ns == 120 * NS_PER_S);
    assert_true(r->where.probability == 0.5);
    assert_true(r->what.status == 503 && r->what.body == FAULT_HTML && r->what.processed);
    assert_string_equal(r->what.retry_after, "date+30");
    assert_string_equal(r->what.location, "/x");
    assert_true(r->what.delay_ns == NS_PER_S && r->what.jitter_ns == 2 * NS_PER_S);
    assert_int_equal(r->what.twice, FAULT_TWICE_SECOND);
    assert_int_equal(r->what.task, FAULT_TASK_SHORT_INPUT);
    assert_int_equal(r->what.corrupt, 5);
    assert_int_equal(r->what.effects, FAULT_STATUS | FAULT_RETRY_AFTER | FAULT_LOCATION |
                                          FAULT_DELAY | FAULT_TWICE | FAULT_TASK | FAULT_CORRUPT);
    r = &s->rules[2];
    assert_int_equal(r->where.call, FAULT_ANY_CALL);
    assert_true(r->where.nth == 2 && r->where.after == 3 && r->where.every == 4);
    assert_true(r->where.at_most == 5);
    assert_int_equal(r->what.lose, FAULT_LOSE_ANSWER);
    assert_int_equal(r->what.cut, FAULT_CUT_SILENCE);
    r = &s->rules[3];
    assert_int_equal(r->where.call, FAULT_ANY_CALL); /* widened */
    assert_int_equal(r->what.effects, FAULT_STATUS | FAULT_RETRY_AFTER | FAULT_DELAY);
    r = &s->rules[4];
    assert_int_equal(r->what.truncate, 10);
    assert_int_equal(r->what.dribble_bytes, 1);
    assert_true(r->what.dribble_gap_ns == 5 * NS_PER_MS);
    r = &s->rules[5];
    assert_int_equal(r->what.effects, FAULT_HEAD | FAULT_MUTATE | FAULT_DATE | FAULT_DELAY);
    assert_int_equal(r->what.head, FAULT_HEAD_CHUNKED_CUT);
    assert_int_equal(r->what.mutation, FAULT_MUTATE_DEEP);
    assert_true(r->what.date_offset_s == -7200);
    assert_int_equal(r->what.spread, FAULT_SPREAD_PARETO);

    assert_int_equal(s->event_count, 2);
    assert_true(s->events[0].at_ns == 1800 * NS_PER_S && s->events[0].amount == 2.5);
    assert_true(s->events[0].for_ns == 10 * NS_PER_S && s->events[0].every_ns == 3600 * NS_PER_S);
    assert_string_equal(s->events[0].event, "kill");
    assert_string_equal(s->events[0].who, "laptop/1");
    assert_string_equal(s->events[1].call, "POST /admin/rules");
    assert_string_equal(s->events[1].body, "{}");
    assert_int_equal(s->events[1].answers, 400);
    assert_int_equal(s->expect_count, 2);
    assert_true(s->expects[0].has_at_most && !s->expects[0].has_at_least);
    assert_true(s->expects[1].at_least == 40 && s->expects[1].at_most == 41.5);
    assert_true(s->tape_written);
    assert_int_equal(s->choice_count, 2);
    assert_string_equal(s->choices[1].lane, "fault submit_429");
    assert_true(s->choices[1].number == 7 && s->choices[1].value == 1);
    scenario_free(s);
}

static void a_name_is_enough(void **state)
{
    struct settings defaults;
    struct scenario *s;

    (void)state;
    settings_init(&defaults);
    assert_int_equal(scenario_parse(&s, bytes_of_text("name: small\n"), NULL), ST_OK);
    assert_false(s->has_seed);
    assert_true(s->orchestrator.window_ns == defaults.window_ns);
    assert_int_equal(s->orchestrator.program_count, 1);
    assert_int_equal(s->client_count + s->rule_count + s->event_count + s->expect_count, 0);
    scenario_free(s);
    scenario_free(NULL);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    static const struct {
        const char *yaml, *words;
    } table[] = {
        {"", "empty"},
        {"# nothing\n", "empty"},
        {"seed: 1\n", "Missing required mapping field: name"},
        {"name: x\nfoo: 1\n", "line 2: unknown key 'foo'"},
        {"name: x\nfaults:\n  - call: fetch\n    status: 500\n    coll: 1\n",
         "line 5: unknown key 'coll'"},
        {"name: x\nfaults: 5\n", "line 2: Expecting SEQUENCE"},
        {"name: x\nclients:\n - 5\n", "line 3: Expecting MAPPING"},
        {"name: x\nname: y\n", "Mapping field already seen: name"},
        {"name: [\n", "line 1: "},
        {"name: x\n\tseed: 1\n", "line 1: libyaml: found a tab"},
        {"name: \xff\n", "invalid leading UTF-8"},
        {"name: &a x\nclients:\n - &m {name: y}\n - *m\n", "line 3: YAML alias unsupported"},
        {"name: x\n---\nname: y\n", "second document"},
        {"- x\n", "Expecting MAPPING"},
        {"name: ''\n", "line 1: "},
        {"name: x\nseed: -1\n", "scenario: seed: '-1' is not a whole number"},
        {"name: x\nseed: 18446744073709551616\n", "seed"},
        {"name: x\nduration: 5\n", "duration: '5' is not a span"},
        {"name: x\nduration: s\n", "is not a span"},
        {"name: x\nduration: 5 s\n", "is not a span"},
        {"name: x\nduration: 4000d\n", "is not a span"},
        {"name: x\nduration: 1.2.3s\n", "is not a span"},
        {"name: x\nduration: .5s\n", "is not a span"},
        {"name: x\nfaults_by_header: maybe\n", "'maybe' is not true or false"},
        {"name: 1234567890123456789012345678901234567890123456789012345678901234\n",
         "is not short enough"},
        {"name: x\nseed: -1\n", "line 2, column 7: scenario: seed"},
        {"name: x\norchestrator:\n  window: 5s\n  task_expiry: soon\n",
         "line 4, column 16: orchestrator: task_expiry: 'soon'"},
        {"name: x\nclients: [{name: y}]\norchestrator:\n  refusal_gap: 2h\n",
         "line 4, column 16: orchestrator: refusal_gap: at most 1h"},
        {"name: x\nfaults:\n  - fault: slow\n    first: 1\n  - fault: slow\n    first: x\n",
         "line 6, column 12: faults, number 2: first: 'x'"},
        {"name: x\nfaults:\n  - fault: slow\n  - call: fetch\n", "line 4, column 5: faults, number 2"},
        {"name: x\norchestrator:\n  programs:\n    - {id: a}\n    - {id: b, n: 3..1}\n",
         "line 5, column 18: programs, number 2: n: '3..1'"},
        {"name: x\norchestrator: {task_types: {proof_hash: y}}\n",
         "line 2, column 41: orchestrator: proof_hash"},
        {"name: x\nclients:\n  - name: a\n    wall_skew: [now\n", "line "},
        {"name: x\norchestrator: {window: 0}\n", "orchestrator: window"},
        {"name: x\norchestrator: {fetches_per_window: 4294967296}\n", "below 2^32"},
        {"name: x\norchestrator: {inputs_per_task: 3..1}\n", "'3..1' is not a range"},
        {"name: x\norchestrator: {inputs_per_task: 1..}\n", "is not a range"},
        {"name: x\norchestrator: {inputs_per_task: 1..4294967296}\n", "is not a range"},
        {"name: x\norchestrator: {difficulty_ceiling: huge}\n", "'huge' is not a difficulty"},
        {"name: x\norchestrator: {difficulty_drop: 1.5}\n", "is not a chance"},
        {"name: x\norchestrator: {difficulty_drop: -0.5}\n", "is not a chance"},
        {"name: x\norchestrator: {difficulty_drop: 1e-3}\n", "is not a chance"},
        {"name: x\norchestrator: {judging: maybe}\n", "'maybe' is not one of: full hash none"},
        {"name: x\norchestrator: {task_types: {proof_hash: 0}}\n", "task_types"},
        {"name: x\norchestrator: {programs: [{id: a, n: x}]}\n", "programs, number 1: n: 'x'"},
        {"name: x\norchestrator: {programs: [{id: a},{id: a},{id: a},{id: a},{id: a},{id: a},"
         "{id: a},{id: a},{id: a}]}\n",
         "at most 8"},
        {"name: x\norchestrator: {nodes: [{id: 1234567890123456789012345, wallet: w}]}\n",
         "nodes, number 1: id"},
        {"name: x\nclients: [{name: a, count: 0}]\n", "within 1 to 10000"},
        {"name: x\nclients: [{name: a, nodes: 101}]\n", "within 1 to 100"},
        {"name: x\nclients: [{name: a, proofs_at_once: 0}]\n", "within 1 to 100"},
        {"name: x\nclients: [{name: a}, {name: a}]\n", "clients, number 2: name: 'a'"},
        {"name: x\nclients: [{name: a, profile: new}]\n", "one of: current seed reference"},
        {"name: x\nclients: [{name: a, clock_drift_ppm: fast}]\n", "is not a number"},
        {"name: x\nclients: [{name: a, wall_skew: --3s}]\n", "is not a span"},
        {"name: x\nclients: [{count: 1}]\n", "Missing required mapping field: name"},
        {"name: x\nfaults: [{fault: fetsch}]\n", "faults, number 1: fault: 'fetsch'"},
        {"name: x\nfaults: [{call: fetsch, status: 500}]\n", "call: 'fetsch'"},
        {"name: x\nfaults: [{call: fetch}]\n", "faults, number 1: what: no effect"},
        {"name: x\nfaults: [{status: 99}]\n", "faults, number 1: status: 99"},
        {"name: x\nfaults: [{delay: 1s, body: html}]\n", "body: 'html' is not possible"},
        {"name: x\nfaults: [{delay: 1s, processed: yes}]\n", "processed"},
        {"name: x\nfaults: [{delay: 1s, cut: reset}]\n", "cut: 'reset' is not possible"},
        {"name: x\nfaults: [{status: 500, spread: pareto}]\n", "spread: 'pareto' is not possible"},
        {"name: x\nfaults: [{head: headless}]\n", "head: 'headless'"},
        {"name: x\nfaults: [{mutate: it}]\n", "mutate: 'it'"},
        {"name: x\nfaults: [{date_offset: soon}]\n", "date_offset: 'soon'"},
        {"name: x\nfaults: [{status: 500}, {task: odd}]\n", "faults, number 2: task: 'odd'"},
        {"name: x\nevents: [{event: kill}]\n", "Missing required mapping field: at"},
        {"name: x\nevents: [{at: soon, event: kill}]\n", "events, number 1: at"},
        {"name: x\nexpect: [{metric: m}]\n", "expect, number 1: metric: 'm' is not bounded"},
        {"name: x\nexpect: [{metric: m, at_least: many}]\n", "is not a number"},
        {"name: x\ntape: torn\n", "scenario: tape: 'torn' is not one of: drawn written"},
        {"name: x\nchoices: [{lane: a, number: 1, value: 1}]\n", "without tape: written"},
        {"name: x\ntape: written\nchoices: [{lane: a, number: 1, value: x}]\n",
         "choices, number 1: value: 'x'"},
        {"name: x\nchoices: [{lane: a, number: 1}]\n", "Missing required mapping field: value"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scenario *s = NULL;
        struct why why = {""};

        assert_int_equal(scenario_parse(&s, bytes_of_text(table[i].yaml), &why), ST_INPUT);
        assert_null(s);
        if (!strstr(why.text, table[i].words))
            fail_msg("row %zu says '%s'", i, why.text);
    }
}

static void a_megabyte_is_enough(void **state)
{
    struct scenario *s = NULL;
    struct why why;
    void *big = calloc(1, SCENARIO_MAX_BYTES + 1);

    (void)state;
    assert_int_equal(scenario_parse(&s, bytes_of(big, SCENARIO_MAX_BYTES + 1), &why), ST_INPUT);
    assert_non_null(strstr(why.text, "more than"));
    free(big);
}

static void files_are_read_with_their_name_in_complaints(void **state)
{
    char path[] = "/tmp/nxp_scenario_XXXXXX";
    struct scenario *s = NULL;
    struct why why;
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    (void)state;
    fputs("name: x\nfoo: 1\n", file);
    fclose(file);
    assert_int_equal(scenario_read(&s, path, &why), ST_INPUT);
    assert_non_null(strstr(why.text, path));
    assert_non_null(strstr(why.text, "line 2"));
    file = fopen(path, "w");
    fputs("name: x\n", file);
    fclose(file);
    assert_int_equal(scenario_read(&s, path, &why), ST_OK);
    scenario_free(s);
    remove(path);
    assert_int_equal(scenario_read(&s, path, &why), ST_NOT_FOUND);
}

static void a_plan_has_the_rules_and_heals(void **state)
{
    struct scenario *s;
    struct fault_plan p;

    (void)state;
    assert_int_equal(scenario_parse(&s, bytes_of_text(whole), NULL), ST_OK);
    assert_int_equal(scenario_plan(&p, s, 9, NULL), ST_OK);
    assert_int_equal(p.count, 6);
    assert_true(p.heal_ns == s->heal_ns && p.by_header);
    assert_string_equal(p.rules[2].name, "rule 3");
    fault_plan_fini(&p);
    scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(a_name_is_enough),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(a_megabyte_is_enough),
        cmocka_unit_test(files_are_read_with_their_name_in_complaints),
        cmocka_unit_test(a_plan_has_the_rules_and_heals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
