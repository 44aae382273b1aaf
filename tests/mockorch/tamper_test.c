/* SPDX-License-Identifier: Apache-2.0 */
/* Ten thousand submissions whose bytes were changed on the way: each is refused at a check that says
 * why, unless all that counts is as it was; nothing is credited wrongly, and the honest one still is. */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "base/prng.h"
#include "tests/mockorch/bench.h"

#define REFUSALS (NXP_INSTRUMENTED ? 1000u : 10000u)

/* Changes, inserts, removes or cuts off a few bytes. */
static void tamper(struct buffer *out, struct bytes honest, struct prng *prng)
{
    size_t at = (size_t)prng_below(prng, honest.size);
    uint8_t noise[4];

    prng_fill(prng, noise, sizeof noise);
    buffer_reset(out);
    buffer_put(out, honest.data, honest.size);
    switch (prng_below(prng, 5)) {
    case 0:
        out->data[at] ^= (uint8_t)(1u << prng_below(prng, 8));
        break;
    case 1:
        out->data[at] = noise[0];
        break;
    case 2: /* somewhere else, too */
        out->data[at] ^= noise[0] | 1;
        out->data[prng_below(prng, honest.size)] ^= noise[1] | 1;
        break;
    case 3:
        out->size = at;
        break;
    default:
        out->size = at;
        buffer_put(out, noise, 1 + noise[3] % 3);
        buffer_put(out, honest.data + at, honest.size - at);
        break;
    }
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_proofs(const struct wire_submission *a, const struct wire_submission *b)
{
    bool same = a->proof_count == b->proof_count && bytes_equal(a->proof, b->proof) &&
                a->all_proof_hash_count == b->all_proof_hash_count;

    for (size_t i = 0; same && i < a->proof_count; i++)
        same = bytes_equal(a->proofs[i], b->proofs[i]);
    for (size_t i = 0; same && i < a->all_proof_hash_count; i++)
        same = same_text(a->all_proof_hashes[i], b->all_proof_hashes[i]);
    return same;
}

/* An older client's form of the same proof: field 5 alone, or field 10 alone (client.md 14.1). */
static bool same_single_proof(const struct wire_submission *a, const struct wire_submission *b)
{
    struct bytes proof = a->proof_count == 1 ? a->proofs[0] : a->proof;

    return b->proof_count == 1 && proof.size > 0 && a->proof_count <= 1 &&
           (a->proof.size == 0 || bytes_equal(a->proof, proof)) &&
           bytes_equal(proof, b->proofs[0]) && a->all_proof_hash_count == 0;
}

/* Is everything that the network looks at as the honest client wrote it? */
static bool is_the_same_claim(struct bytes body, const struct wire_submission *honest)
{
    struct wire_memory memory = {0};
    struct wire_submission m;
    bool same;

    if (wire_decode_submission(&m, &memory, body, WIRE_MAX_SUBMISSION, NULL))
        return false;
    same = same_text(m.task_id, honest->task_id) && same_text(m.proof_hash, honest->proof_hash) &&
           bytes_equal(m.public_key, honest->public_key) &&
           bytes_equal(m.signature, honest->signature) &&
           (same_proofs(&m, honest) || same_single_proof(&m, honest));
    wire_memory_fini(&memory);
    return same;
}

static void see_refusal(const struct bench *b)
{
    const struct verdict *v = &b->verdict;

    assert_true(v->failed < CHECK_LIMIT);
    assert_int_equal(v->status, check_status(v->failed));
    assert_false(v->passed & 1u << v->failed);
    for (int check = CHECK_SIZES; check < (int)v->failed; check++)
        if (check != CHECK_PROOF && check != CHECK_CONSENSUS)
            assert_true(v->passed & 1u << check); /* everything before it held */
    assert_true(strlen(v->why.text) > 10);
    if (v->failed != CHECK_BODY) /* which names the field instead */
        assert_int_equal(strncmp(v->why.text, check_name(v->failed), strlen(check_name(v->failed))),
                         0);
    assert_true(b->response.body.size > 0);
}

static void nothing_that_was_changed_is_credited(void **state)
{
    struct bench_submission s;
    struct bench_task t;
    struct prng prng = prng_of(20260101);
    unsigned refused = 0, harmless = 0, by_check[CHECK_NONE + 1] = {0};
    struct buffer honest, changed;
    uint64_t credits = 0;
    struct bench b;

    (void)state;
    bench_init(&b);
    b.settings.fetches_per_window = 0;
    b.settings.submissions_per_window = 0;
    b.settings.refusals_per_window = 0;
    for (int type = 0; type < 3; type++)
        b.settings.type_weights[type] = 1;
    b.settings.inputs_per_task = (struct settings_range){1, 4};
    bench_start(&b);
    buffer_init(&honest, 0);
    buffer_init(&changed, 0);
    while (refused < REFUSALS) {
        assert_int_equal(bench_fetch(&b), 200);
        t = bench_task(&b);
        bench_prove(&b, &s, &t);
        buffer_reset(&honest);
        wire_encode_submission(&honest, &s.message);
        for (int i = 0; i < 25; i++) {
            tamper(&changed, buffer_bytes(&honest), &prng);
            if (is_the_same_claim(buffer_bytes(&changed), &s.message)) {
                harmless++;
                continue;
            }
            bench_send(&b, HTTP_POST, "/v3/tasks/submit", buffer_bytes(&changed));
            see_refusal(&b);
            by_check[b.verdict.failed]++;
            refused++;
        }
        assert_true(orchestrator_credits(b.o, BENCH_WALLET) == credits);
        assert_int_equal(bench_submit(&b, &s), 200); /* its task is still open */
        assert_true(orchestrator_credits(b.o, BENCH_WALLET) == ++credits);
        bench_submission_fini(&s);
    }
    /* the changes reached every check that bytes can reach */
    for (int check = CHECK_BODY; check <= CHECK_HASH; check++)
        if (check != CHECK_FORM && check != CHECK_REFUSALS) /* the signature covers the hash; no limit */
            assert_true(by_check[check] > 0);
    print_message("%u refused, %u harmless\n", refused, harmless);
    buffer_fini(&honest);
    buffer_fini(&changed);
    bench_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_changed_is_credited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
