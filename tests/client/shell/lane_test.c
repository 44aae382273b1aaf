/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes with real proofs, in this process. */
#include "tests/support/test.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/shell/lane_set.h"
#include "client/shell/program_cache.h"
#include "tests/support/support.h"

static struct nxp_program *load(const char *golden)
{
    struct buffer elf = golden_read(golden);
    struct nxp_program *p;

    assert_int_equal(nxp_program_new(&p, buffer_bytes(&elf), NULL), ST_OK);
    buffer_fini(&elf);
    return p;
}

static void open_lanes(struct lane_set *s, unsigned count)
{
    struct prover_lane_options o = {.event_fd = eventfd(0, EFD_NONBLOCK)};

    assert_true(o.event_fd >= 0);
    assert_int_equal(lane_set_init(s, count, &o, NULL), ST_OK);
}

static void close_lanes(struct lane_set *s)
{
    lane_set_fini(s);
    close(s->options.event_fd);
}

static struct prover_lane_result result_of(struct lane_set *s, uint64_t id)
{
    struct pollfd fd = {.fd = s->options.event_fd, .events = POLLIN};
    struct prover_lane_result result;
    uint64_t count, ended;

    while (!lane_set_take(s, &ended, &result)) {
        assert_int_equal(poll(&fd, 1, 120000), 1);
        assert_int_equal(read(fd.fd, &count, sizeof count), sizeof count);
    }
    assert_int_equal(ended, id);
    return result;
}

static void what_the_network_would_not_take_is_refused(void **state)
{
    struct nxp_program *fib = load("guest/fib.elf");
    struct prover_lane_work work = {
        .program = fib, .input = {9, 1, 1}, .input_words = 3, .want_no_output = true, .threads = 1};
    struct prover_lane_result result;
    struct lane_set s;

    (void)state;
    open_lanes(&s, 1);
    assert_false(lane_set_busy(&s));
    assert_int_equal(lane_set_start(&s, 1, 10, 100, &work, NULL), ST_OK);
    result = result_of(&s, 1);
    assert_int_equal(result.status, ST_GUEST);
    if (!strstr(result.text, "expects none"))
        fail_msg("%s", result.text);
    work.want_no_output = false;
    assert_int_equal(lane_set_start(&s, 2, 10, 100, &work, NULL), ST_OK);
    assert_int_equal(result_of(&s, 2).status, ST_OK);
    close_lanes(&s);
    nxp_program_free(fib);
}

static void the_number_of_threads_changes_no_byte(void **state)
{
    struct buffer golden = golden_read("proofs/fib_9_1_1.proof");
    struct nxp_program *fib = load("guest/fib.elf");
    struct lane_set s;

    (void)state;
    open_lanes(&s, 1);
    for (unsigned threads = 3; threads >= 1; threads--) {
        struct prover_lane_work work = {
            .program = fib, .input = {9, 1, 1}, .input_words = 3, .threads = threads};
        struct prover_lane_result result;

        assert_int_equal(lane_set_start(&s, threads, 10, 100, &work, NULL), ST_OK);
        result = result_of(&s, threads);
        assert_int_equal(result.status, ST_OK);
        assert_true(bytes_equal(bytes_of(result.result->proof, result.result->proof_size),
                                buffer_bytes(&golden)));
    }
    close_lanes(&s);
    nxp_program_free(fib);
    buffer_fini(&golden);
}

static void memory_is_kept_until_another_proof_needs_it(void **state)
{
    struct nxp_program *fib = load("guest/fib.elf");
    struct prover_lane_work work = {
        .program = fib, .input = {9, 1, 1}, .input_words = 3, .threads = 1};
    struct lane_plan_input in = {.cores = 2};
    struct lane_set s;

    (void)state;
    open_lanes(&s, 2);
    assert_false(lane_set_keeps(&s));
    assert_int_equal(lane_set_start(&s, 1, 400, 1000, &work, NULL), ST_OK);
    lane_set_count(&s, &in);
    assert_int_equal(in.running.inputs, 1);
    assert_int_equal(in.running.threads, 1);
    assert_int_equal(in.running.bytes, 400);
    assert_int_equal(lane_set_start(&s, 2, 500, 1000, &work, NULL), ST_OK); /* beside it */
    while (lane_set_busy(&s)) {
        struct prover_lane_result result;
        uint64_t id;

        (void)lane_set_take(&s, &id, &result);
    }
    assert_true(lane_set_keeps(&s));
    /* 500 in its own lane and 400 in the other are kept; 700 does not fit beside 400 */
    assert_int_equal(lane_set_start(&s, 3, 700, 1000, &work, NULL), ST_OK);
    assert_int_equal(result_of(&s, 3).status, ST_OK);
    assert_int_equal(lane_set_start(&s, 4, 300, 1000, &work, NULL), ST_OK); /* where 700 are kept */
    assert_int_equal(result_of(&s, 4).status, ST_OK);
    lane_set_release(&s);
    assert_false(lane_set_keeps(&s));
    close_lanes(&s);
    nxp_program_free(fib);
}

static void a_cancelled_proof_ends_at_its_next_stage(void **state)
{
    struct nxp_program *fib = load("guest/fib.elf");
    struct prover_lane_work work = {
        .program = fib, .input = {8000, 1, 1}, .input_words = 3, .threads = 1};
    struct lane_set s;

    (void)state;
    open_lanes(&s, 2);
    assert_int_equal(lane_set_start(&s, 1, 10, 100, &work, NULL), ST_OK);
    lane_set_cancel(&s, 2); /* nobody */
    lane_set_cancel(&s, 1);
    assert_int_equal(result_of(&s, 1).status, ST_CANCELLED);
    close_lanes(&s);
    nxp_program_free(fib);
}

static void a_program_is_loaded_once(void **state)
{
    struct program_cache c = {NULL};
    const struct nxp_program *first, *again;

    (void)state;
    assert_int_equal(program_cache_find(&c, &first, "/nowhere", "fib", NULL), ST_OK);
    assert_int_equal(program_cache_find(&c, &again, "/nowhere", "fib", NULL), ST_OK);
    assert_ptr_equal(first, again);
    assert_int_equal(program_cache_find(&c, &again, "/nowhere", "other", NULL), ST_NOT_FOUND);
    program_cache_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_network_would_not_take_is_refused),
        cmocka_unit_test(the_number_of_threads_changes_no_byte),
        cmocka_unit_test(memory_is_kept_until_another_proof_needs_it),
        cmocka_unit_test(a_cancelled_proof_ends_at_its_next_stage),
        cmocka_unit_test(a_program_is_loaded_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
