/* SPDX-License-Identifier: Apache-2.0 */
/* The prover in its thread, with real proofs. */
#include "tests/support/test.h"

#include <poll.h>
#include <string.h>

#include "client/shell/guest_store.h"
#include "client/shell/prover_thread.h"
#include "tests/client/shell/scratch.h"
#include "tests/support/support.h"

static struct prover *open_prover(const struct scratch *s, struct nxp_limits limits)
{
    struct prover *p;

    assert_int_equal(prover_thread_new(&p,
                                       &(struct prover_thread_options){
                                           .guests = s->path, .threads = 2, .limits = limits},
                                       NULL),
                     ST_OK);
    return p;
}

static struct prover_outcome outcome_of(struct prover *p)
{
    struct pollfd fd = {.fd = p->ops->fd(p), .events = POLLIN};
    struct prover_outcome out;

    assert_int_equal(poll(&fd, 1, 120000), 1);
    assert_true(p->ops->take(p, &out));
    assert_int_equal(poll(&fd, 1, 0), 0);
    assert_false(p->ops->take(p, &out));
    return out;
}

static struct prover_outcome prove(struct prover *p, uint64_t id, const char *program, uint32_t n)
{
    struct prover_outcome out;

    p->ops->begin(p, &(struct prover_job){.id = id, .task_id = "T", .program_id = program, .input = {n, 1, 1}});
    out = outcome_of(p);
    assert_int_equal(out.id, id);
    return out;
}

static void proofs_have_the_golden_bytes_one_after_the_other(void **state)
{
    struct buffer golden = golden_read("proofs/fib_9_1_1.proof");
    struct scratch s;
    struct prover *p;

    (void)state;
    scratch_init(&s);
    assert_int_equal(guest_store_install(s.path, "mine", nxp_builtin_guest("fib"), NULL), ST_OK);
    p = open_prover(&s, (struct nxp_limits){0});
    for (uint64_t id = 1; id <= 3; id++) {
        struct prover_outcome out = prove(p, id, id == 2 ? "mine" : "fib", 9);

        assert_int_equal(out.status, ST_OK);
        assert_true(bytes_equal(out.proof, buffer_bytes(&golden)));
        assert_string_equal(out.facts.task_id, "T");
        assert_int_equal(out.facts.input[0], 9);
        assert_int_equal(out.facts.steps, 207);
        assert_int_equal(out.facts.log_rows, 8);
        assert_true(out.facts.time_ns > 0);
    }
    prover_free(p);
    buffer_fini(&golden);
    scratch_fini(&s);
}

static void what_cannot_be_proved_has_its_status_and_words(void **state)
{
    struct prover_outcome out;
    struct scratch s;
    struct prover *p;
    char name[200];

    (void)state;
    scratch_init(&s);
    p = open_prover(&s, (struct nxp_limits){.max_steps = 1000});
    out = prove(p, 1, "fib_input_initial", 9);
    assert_int_equal(out.status, ST_NOT_FOUND);
    assert_non_null(strstr(out.text, "nxp guest install"));
    out = prove(p, 2, "fib", 100000);
    assert_int_equal(out.status, ST_LIMIT);
    assert_int_equal(out.proof.size, 0);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(prove(p, 3, name, 9).status, ST_INPUT);
    assert_int_equal(prove(p, 4, "fib", 9).status, ST_OK); /* and goes on */
    prover_free(p);
    scratch_fini(&s);
}

static void a_cancelled_proof_ends_at_its_next_stage(void **state)
{
    struct prover_outcome out;
    struct scratch s;
    struct prover *p;

    (void)state;
    scratch_init(&s);
    p = open_prover(&s, (struct nxp_limits){0});
    p->ops->begin(p, &(struct prover_job){.id = 5, .task_id = "T", .program_id = "fib", .input = {20000, 1, 1}});
    p->ops->cancel(p, 4); /* another job: nothing */
    p->ops->cancel(p, 5);
    out = outcome_of(p);
    assert_int_equal(out.status, ST_CANCELLED);
    p->ops->begin(p, &(struct prover_job){.id = 6, .task_id = "T", .program_id = "fib", .input = {20000, 1, 1}});
    prover_free(p); /* in the middle of it */
    prover_free(NULL);
    scratch_fini(&s);
}

static void output_where_the_network_expects_none_is_refused(void **state)
{
    static const uint32_t input[3] = {9, 1, 1};
    struct nxp_program *program;
    struct nxp_prover *prover;
    struct nxp_result result;
    struct why why;

    (void)state;
    assert_int_equal(nxp_program_new(&program, nxp_builtin_guest("fib"), NULL), ST_OK);
    assert_int_equal(nxp_prover_new(&prover, &(struct nxp_prover_options){0}, NULL), ST_OK);
    assert_int_equal(prover_thread_prove(prover, &result, program, input, true, NULL, &why),
                     ST_GUEST);
    assert_non_null(strstr(why.text, "expects none"));
    assert_int_equal(prover_thread_prove(prover, &result, program, input, false, NULL, &why), ST_OK);
    nxp_result_fini(&result);
    nxp_prover_free(prover);
    nxp_program_free(program);
}

static void a_kernel_that_does_not_exist_is_refused(void **state)
{
    struct prover *p;
    struct why why;

    (void)state;
    assert_int_equal(
        prover_thread_new(
            &p, &(struct prover_thread_options){.guests = "/nowhere", .kernel = "abacus"}, &why),
        ST_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_have_the_golden_bytes_one_after_the_other),
        cmocka_unit_test(what_cannot_be_proved_has_its_status_and_words),
        cmocka_unit_test(a_cancelled_proof_ends_at_its_next_stage),
        cmocka_unit_test(output_where_the_network_expects_none_is_refused),
        cmocka_unit_test(a_kernel_that_does_not_exist_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
