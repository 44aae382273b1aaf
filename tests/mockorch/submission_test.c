/* SPDX-License-Identifier: Apache-2.0 */
/* A submission is accepted when it is honest and refused at the first check that something breaks.
 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/mockorch/bench.h"

static int setup(void **state)
{
    static struct bench b;

    bench_init(&b);
    b.settings.fetches_per_window = 0;
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_fini(*state);
    return 0;
}

static void only_type(struct bench *b, enum task_type type)
{
    memset(b->settings.type_weights, 0, sizeof b->settings.type_weights);
    b->settings.type_weights[type] = 1;
}

static void honest_work_of_every_type_is_credited(void **state)
{
    static const struct {
        enum task_type type;
        uint32_t inputs;
    } table[] = {
        {TASK_PROOF_REQUIRED, 1}, {TASK_PROOF_REQUIRED, 3},   {TASK_PROOF_HASH, 1},
        {TASK_PROOF_HASH, 4},     {TASK_ALL_PROOF_HASHES, 1}, {TASK_ALL_PROOF_HASHES, 100},
    };
    static const enum judging modes[] = {JUDGING_FULL, JUDGING_HASH, JUDGING_NONE};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t m = 0; m < 3; m++) {
            struct bench b;

            bench_init(&b);
            only_type(&b, table[i].type);
            b.settings.inputs_per_task = (struct settings_range){table[i].inputs, table[i].inputs};
            b.settings.judging = modes[m];
            bench_start(&b);
            assert_int_equal(bench_work(&b), 200);
            assert_int_equal(b.response.body.size, 0);
            assert_int_equal(b.verdict.failed, CHECK_NONE);
            assert_true(orchestrator_credits(b.o, BENCH_WALLET) == 1);
            bench_fini(&b);
        }
}

static void the_seed_profile_sends_field_5_only(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    s.message.proof_count = 0;
    assert_int_equal(bench_submit(b, &s), 200);
    bench_submission_fini(&s);
}

/* ---- tampering: each row changes one thing of an honest submission ---- */

static void short_key(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.public_key.size = 31;
}

static void long_signature(struct bench *b, struct bench_submission *s)
{
    static const uint8_t longer[65];

    (void)b;
    s->message.signature = bytes_of(longer, sizeof longer);
}

static void no_key(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.public_key.size = 0;
}

static void other_task(struct bench *b, struct bench_submission *s)
{
    s->message.task_id = "37-01K2R6Q58D925S6BZDQ7CFK8KY";
    bench_sign(b, s);
}

static void other_key(struct bench *b, struct bench_submission *s)
{
    static uint8_t foreign[SIGNING_PUBLIC_SIZE];
    static const uint8_t seed[SIGNING_SEED_SIZE] = {9};
    struct signing_key *key;

    (void)b;
    assert_int_equal(signing_key_of_seed(&key, seed, NULL), ST_OK);
    signing_key_public(key, foreign);
    signing_sign(key, s->signature, s->message.task_id, s->message.proof_hash);
    s->message.public_key = bytes_of(foreign, sizeof foreign);
    signing_key_free(key);
}

static void bent_signature(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->signature[10] ^= 1;
}

static void unsigned_hash(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->proof_hash[0] = s->proof_hash[0] == '0' ? '1' : '0';
}

static void upper_case_hash(struct bench *b, struct bench_submission *s)
{
    for (char *c = s->proof_hash; *c; c++)
        if (*c >= 'a')
            *c -= 0x20;
    s->proof_hash[0] = 'F';
    bench_sign(b, s);
}

static void no_hash(struct bench *b, struct bench_submission *s)
{
    s->message.proof_hash = "";
    bench_sign(b, s);
}

static void wrong_hash(struct bench *b, struct bench_submission *s)
{
    s->proof_hash[0] = s->proof_hash[0] == '0' ? '1' : '0';
    bench_sign(b, s);
}

static void no_proof(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.proof.size = s->message.proof_count = 0;
}

static void empty_proof(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->proof_bytes[s->message.proof_count - 1].size = 0;
}

static void one_proof_too_few(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.proof_count--;
}

static void two_different_proofs(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.proof = bytes_of_text("something else");
}

static void hashes_nobody_asked_for(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.all_proof_hashes = s->hash_texts;
    s->message.all_proof_hash_count = 1;
}

static void proof_nobody_asked_for(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.proof = bytes_of_text("proof");
}

static void proofs_nobody_asked_for(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.proofs = s->proof_bytes;
    s->message.proof_count = 1;
}

static void one_hash_too_few(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->message.all_proof_hash_count--;
}

static void malformed_hash_in_list(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->hashes[1][5] = 'G';
}

static void other_hash_in_list(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->hashes[1][5] = s->hashes[1][5] == '0' ? '1' : '0';
}

/* Hash and signature fit, but nobody proved anything. */
static void forged_proof(struct bench *b, struct bench_submission *s)
{
    s->proof_bytes[0] = bytes_of_text("forged");
    if (s->message.proof.size)
        s->message.proof = s->proof_bytes[0];
    keccak256_hex(s->proof_hash, s->proof_bytes[0]);
    bench_sign(b, s);
}

/* Only the first proof is hashed when there are several; the judge sees all. */
static void forged_second_proof(struct bench *b, struct bench_submission *s)
{
    (void)b;
    s->proof_bytes[1] = bytes_of_text("forged");
}

typedef void tamper(struct bench *b, struct bench_submission *s);

static const struct {
    const char *name;
    enum task_type type;
    uint32_t inputs;
    tamper *tamper;
    enum check failed;
    unsigned status;
} tampered[] = {
    {"short key", TASK_PROOF_REQUIRED, 1, short_key, CHECK_SIZES, 400},
    {"no key", TASK_PROOF_REQUIRED, 1, no_key, CHECK_SIZES, 400},
    {"long signature", TASK_PROOF_REQUIRED, 1, long_signature, CHECK_SIZES, 400},
    {"other task", TASK_PROOF_REQUIRED, 1, other_task, CHECK_TASK, 404},
    {"other key", TASK_PROOF_REQUIRED, 1, other_key, CHECK_KEY, 403},
    {"bent signature", TASK_PROOF_REQUIRED, 1, bent_signature, CHECK_SIGNATURE, 403},
    {"hash changed after signing", TASK_PROOF_HASH, 1, unsigned_hash, CHECK_SIGNATURE, 403},
    {"upper-case hash", TASK_PROOF_HASH, 1, upper_case_hash, CHECK_FORM, 400},
    {"no hash", TASK_PROOF_REQUIRED, 1, no_hash, CHECK_FORM, 400},
    {"wrong hash", TASK_PROOF_REQUIRED, 1, wrong_hash, CHECK_HASH, 422},
    {"wrong hash of several", TASK_PROOF_REQUIRED, 2, wrong_hash, CHECK_HASH, 422},
    {"no proof", TASK_PROOF_REQUIRED, 1, no_proof, CHECK_FIELDS, 400},
    {"empty proof", TASK_PROOF_REQUIRED, 2, empty_proof, CHECK_FIELDS, 400},
    {"one proof too few", TASK_PROOF_REQUIRED, 3, one_proof_too_few, CHECK_FIELDS, 400},
    {"two different proofs", TASK_PROOF_REQUIRED, 1, two_different_proofs, CHECK_FIELDS, 400},
    {"field 5 with several", TASK_PROOF_REQUIRED, 2, proof_nobody_asked_for, CHECK_FIELDS, 400},
    {"hashes with proofs", TASK_PROOF_REQUIRED, 1, hashes_nobody_asked_for, CHECK_FIELDS, 400},
    {"proof with hash", TASK_PROOF_HASH, 1, proof_nobody_asked_for, CHECK_FIELDS, 400},
    {"proofs with hash", TASK_PROOF_HASH, 1, proofs_nobody_asked_for, CHECK_FIELDS, 400},
    {"hashes with hash", TASK_PROOF_HASH, 1, hashes_nobody_asked_for, CHECK_FIELDS, 400},
    {"one hash too few", TASK_ALL_PROOF_HASHES, 3, one_hash_too_few, CHECK_FIELDS, 400},
    {"malformed hash", TASK_ALL_PROOF_HASHES, 3, malformed_hash_in_list, CHECK_FIELDS, 400},
    {"other hash", TASK_ALL_PROOF_HASHES, 3, other_hash_in_list, CHECK_HASH, 422},
    {"forged proof", TASK_PROOF_REQUIRED, 1, forged_proof, CHECK_PROOF, 422},
    {"forged first of two", TASK_PROOF_REQUIRED, 2, forged_proof, CHECK_PROOF, 422},
    {"forged second of two", TASK_PROOF_REQUIRED, 2, forged_second_proof, CHECK_PROOF, 422},
};

static void tampering_is_refused_where_it_shows_and_the_task_stays_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tampered / sizeof *tampered; i++) {
        struct bench_submission s;
        struct bench_task t;
        struct bench b;

        bench_init(&b);
        only_type(&b, tampered[i].type);
        b.settings.inputs_per_task =
            (struct settings_range){tampered[i].inputs, tampered[i].inputs};
        bench_start(&b);
        assert_int_equal(bench_fetch(&b), 200);
        t = bench_task(&b);
        bench_prove(&b, &s, &t);
        tampered[i].tamper(&b, &s);
        bench_submit(&b, &s);
        if (b.verdict.failed != tampered[i].failed || b.verdict.status != tampered[i].status)
            fail_msg("%s: %u, %s", tampered[i].name, b.verdict.status, b.verdict.why.text);
        assert_int_equal(b.verdict.passed, (1u << tampered[i].failed) - 1);
        assert_memory_equal(b.verdict.why.text, check_name(tampered[i].failed),
                            strlen(check_name(tampered[i].failed)));
        assert_int_equal(orchestrator_metrics(b.o)->refused[tampered[i].failed], 1);
        assert_true(orchestrator_credits(b.o, BENCH_WALLET) == 0);
        bench_submission_fini(&s);

        bench_prove(&b, &s, &t);
        assert_int_equal(bench_submit(&b, &s), 200);
        bench_submission_fini(&s);
        bench_fini(&b);
    }
}

static void trust_goes_as_far_as_the_setting(void **state)
{
    static const struct {
        enum judging judging;
        tamper *tamper;
        unsigned status;
    } table[] = {
        {JUDGING_FULL, forged_proof, 422}, {JUDGING_HASH, forged_proof, 200},
        {JUDGING_NONE, forged_proof, 200}, {JUDGING_FULL, wrong_hash, 422},
        {JUDGING_HASH, wrong_hash, 422},   {JUDGING_NONE, wrong_hash, 200},
        {JUDGING_NONE, no_hash, 400},      {JUDGING_NONE, bent_signature, 403},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench_submission s;
        struct bench_task t;
        struct bench b;

        bench_init(&b);
        b.settings.judging = table[i].judging;
        bench_start(&b);
        assert_int_equal(bench_fetch(&b), 200);
        t = bench_task(&b);
        bench_prove(&b, &s, &t);
        table[i].tamper(&b, &s);
        assert_int_equal(bench_submit(&b, &s), table[i].status);
        bench_submission_fini(&s);
        bench_fini(&b);
    }
}

static void the_second_submission_of_a_task_is_404(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    assert_int_equal(bench_submit(b, &s), 200);
    assert_true(orchestrator_accepted(b->o, t.task_id));
    assert_int_equal(bench_submit(b, &s), 404);
    assert_int_equal(b->verdict.failed, CHECK_TASK);
    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 1);
    bench_submission_fini(&s);
}

static void a_judge_that_cannot_work_is_a_500_not_a_refusal_of_the_proof(void **state)
{
    static const enum status broken[] = {ST_IO, ST_NOT_FOUND, ST_NO_MEMORY};
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    for (size_t i = 0; i < 3; i++) {
        b->judge.broken = broken[i];
        assert_int_equal(bench_submit(b, &s), 500);
        assert_true(bench_body_says(b, "Unable to connect to verifier."));
    }
    b->judge.broken = ST_OK;
    assert_int_equal(bench_submit(b, &s), 200);
    bench_submission_fini(&s);
}

static void accepted_submissions_have_an_allowance_too(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    b->settings.submissions_per_window = 1;
    bench_start(b);
    assert_int_equal(bench_work(b), 200);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    b->now_ns = 30 * SECOND;
    assert_int_equal(bench_submit(b, &s), 429);
    assert_int_equal(b->verdict.failed, CHECK_LIMIT);
    assert_string_equal(bench_header(b, "retry-after"), "150");
    assert_true(bench_body_says(
        b, "User's proof submission limit exceeded for user. Please try again later."));
    b->now_ns = 180 * SECOND;
    assert_int_equal(bench_submit(b, &s), 200);
    bench_submission_fini(&s);
}

static const char flooder_wallet[] = "0x00000000000000000000000000000000000000aB";

/* Of the node, changed by spoil, once; returns the status. */
static unsigned submit_spoilt(struct bench *b, const char *node, tamper *spoil)
{
    struct bench_submission s;
    struct bench_task t;
    unsigned status;

    assert_int_equal(bench_fetch_as(b, node, DIFFICULTY_SMALL), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    if (spoil) {
        spoil(b, &s);
        if (spoil != bent_signature)
            bench_sign(b, &s);
    }
    status = bench_submit(b, &s);
    bench_submission_fini(&s);
    return status;
}

static void forged_only_proof(struct bench *b, struct bench_submission *s)
{
    static const struct bytes forged = {(const uint8_t *)"forged", 6};

    (void)b;
    s->message.proofs = &forged;
    s->message.proof = forged;
    keccak256_hex(s->proof_hash, forged);
}

static void wrong_submissions_have_an_allowance_too(void **state)
{
    struct bench *b = *state;

    b->settings.refusals_per_window = 3; /* and one more each 60 s */
    b->settings.rate_limit_fields = SETTINGS_FIELDS_NEW;
    bench_start(b);
    assert_int_equal(orchestrator_add_node(b->o, "99", flooder_wallet, NULL), ST_OK);
    assert_int_equal(submit_spoilt(b, "99", bent_signature), 403); /* anybody could send that */
    assert_int_equal(submit_spoilt(b, "99", no_proof), 400);
    assert_int_equal(submit_spoilt(b, "99", wrong_hash), 422);
    assert_int_equal(submit_spoilt(b, "99", forged_only_proof), 422);
    assert_int_equal(b->verdict.failed, CHECK_PROOF);
    b->now_ns = 10 * SECOND;
    b->judge.broken = ST_IO; /* nobody asks it */
    assert_int_equal(submit_spoilt(b, "99", forged_only_proof), 429);
    assert_int_equal(b->verdict.failed, CHECK_REFUSALS);
    assert_string_equal(bench_header(b, "retry-after"), "50");
    assert_string_equal(bench_header(b, "ratelimit"), "\"refusals\";r=0;t=50");
    assert_int_equal(submit_spoilt(b, "99", NULL), 429);
    assert_int_equal(submit_spoilt(b, "99", bent_signature), 403);
    b->judge.broken = ST_OK;
    assert_int_equal(submit_spoilt(b, BENCH_NODE, NULL), 200); /* another user */
    b->now_ns = 60 * SECOND;
    assert_int_equal(submit_spoilt(b, "99", NULL), 200);
    assert_int_equal(submit_spoilt(b, "99", wrong_hash), 422);
    assert_int_equal(submit_spoilt(b, "99", NULL), 429);
}

static void a_judge_that_fails_is_nobodys_fault(void **state)
{
    struct bench *b = *state;

    b->settings.refusals_per_window = 1;
    bench_start(b);
    for (enum status st = ST_IO; st != ST_OK; st = st == ST_IO ? ST_LIMIT : ST_OK) {
        b->judge.broken = st;
        assert_int_equal(submit_spoilt(b, BENCH_NODE, NULL), st == ST_IO ? 500 : 503);
    }
    b->judge.broken = ST_OK;
    assert_int_equal(submit_spoilt(b, BENCH_NODE, NULL), 200);
}

static void without_that_limit_nothing_is_counted(void **state)
{
    struct bench *b = *state;

    b->settings.refusals_per_window = 0;
    bench_start(b);
    for (int i = 0; i < 200; i++)
        assert_int_equal(submit_spoilt(b, BENCH_NODE, wrong_hash), 422);
    assert_int_equal(submit_spoilt(b, BENCH_NODE, NULL), 200);
}

/* ---- while the judge is thinking ---- */

static uint64_t submit_pending(struct bench *b, struct bench_submission *s)
{
    struct http_request request = {.method = HTTP_POST, .path = "/v3/tasks/submit"};

    buffer_reset(&b->body);
    wire_encode_submission(&b->body, &s->message);
    request.body = buffer_bytes(&b->body);
    orchestrator_answer(b->o, &b->response, &b->verdict, &request, b->now_ns);
    assert_true(b->verdict.pending);
    assert_int_equal(b->response.status, 0);
    memset(b->body.data, 0, b->body.size); /* the job has its own copy */
    return b->verdict.job;
}

static unsigned judged(struct bench *b, uint64_t job, enum status st)
{
    struct why why = {"so it is"};

    orchestrator_judged(b->o, &b->response, &b->verdict, job, st, &why, b->now_ns);
    return b->verdict.status;
}

static void the_case_names_program_inputs_and_proofs(void **state)
{
    struct bench *b = *state;
    const struct judge_case *c;
    struct bench_submission s;
    struct bench_task t;
    uint64_t job;

    b->settings.inputs_per_task = (struct settings_range){2, 2};
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    job = submit_pending(b, &s);
    c = orchestrator_case(b->o, job);
    assert_string_equal(c->program_id, t.program_id);
    assert_int_equal(c->count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(bytes_equal(c->proofs[i], s.proof_bytes[i]));
        assert_true(bytes_equal(c->inputs[i], bytes_of(t.inputs[i], 12)));
    }
    assert_int_equal(judged(b, job, ST_OK), 200);
    bench_submission_fini(&s);
}

static void of_two_submissions_at_the_judge_the_first_to_return_wins(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;
    uint64_t first, second, third;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    first = submit_pending(b, &s);
    second = submit_pending(b, &s);
    third = submit_pending(b, &s);
    assert_int_equal(judged(b, third, ST_INVALID), 422);
    assert_int_equal(judged(b, second, ST_OK), 200);
    assert_int_equal(judged(b, first, ST_OK), 404);
    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 1);
    bench_submission_fini(&s);
}

static void a_task_does_not_expire_at_the_judge(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;
    uint64_t job;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    b->now_ns = 599 * SECOND;
    job = submit_pending(b, &s);
    assert_true(orchestrator_deadline_ns(b->o) == INT64_MAX);
    b->now_ns = 700 * SECOND;
    orchestrator_tick(b->o, b->now_ns);
    assert_int_equal(judged(b, job, ST_OK), 200);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_expired, 0);
    bench_submission_fini(&s);
}

static void a_refused_late_one_expires_right_then(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;
    uint64_t job;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    b->now_ns = 599 * SECOND;
    job = submit_pending(b, &s);
    b->now_ns = 700 * SECOND;
    orchestrator_tick(b->o, b->now_ns);
    assert_int_equal(judged(b, job, ST_INVALID), 422);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_expired, 1);
    assert_int_equal(bench_submit(b, &s), 404);
    bench_submission_fini(&s);
}

static void an_orchestrator_can_be_freed_with_jobs_at_the_judge(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    submit_pending(b, &s);
    submit_pending(b, &s);
    bench_submission_fini(&s);
}

static void a_submission_beyond_the_limit_is_refused(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    b->settings.max_submission_bytes = 100;
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    assert_int_equal(bench_submit(b, &s), 400);
    assert_int_equal(b->verdict.failed, CHECK_BODY);
    bench_submission_fini(&s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(honest_work_of_every_type_is_credited),
        CASE(the_seed_profile_sends_field_5_only),
        CASE(tampering_is_refused_where_it_shows_and_the_task_stays_open),
        CASE(trust_goes_as_far_as_the_setting),
        CASE(the_second_submission_of_a_task_is_404),
        CASE(a_judge_that_cannot_work_is_a_500_not_a_refusal_of_the_proof),
        CASE(accepted_submissions_have_an_allowance_too),
        CASE(wrong_submissions_have_an_allowance_too),
        CASE(a_judge_that_fails_is_nobodys_fault),
        CASE(without_that_limit_nothing_is_counted),
        CASE(the_case_names_program_inputs_and_proofs),
        CASE(of_two_submissions_at_the_judge_the_first_to_return_wins),
        CASE(a_task_does_not_expire_at_the_judge),
        CASE(a_refused_late_one_expires_right_then),
        CASE(an_orchestrator_can_be_freed_with_jobs_at_the_judge),
        CASE(a_submission_beyond_the_limit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
