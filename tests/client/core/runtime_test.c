/* SPDX-License-Identifier: Apache-2.0 */
/* What shell and simulator see of a client: the table of runtime.h. */
#include "tests/support/test.h"

#include "client/core/core.h"
#include "tests/support/support.h"

static void our_core_is_driven_through_the_table(void **state)
{
    static const uint8_t seed[SIGNING_SEED_SIZE] = {7};
    const char *node = "5880437";
    struct core_options o = {.profile = &profile_current, .node_ids = &node, .node_count = 1, .seed = 1};
    struct outbox_record record;
    struct signing_key *key;
    struct runtime *r;
    struct snapshot seen;
    struct action act;
    struct core *core;

    (void)state;
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_of_seed(&key, seed, NULL), ST_OK);
    o.key = key;
    assert_int_equal(core_new(&core, &o, NULL), ST_OK);
    r = core_runtime(core);
    assert_ptr_equal(r, core);

    assert_true(outbox_record_init(&record, "5880437", "A", "fib", 1));
    record.id = 4;
    assert_int_equal(runtime_restore(r, &record, NULL), ST_OK);
    assert_int_equal(runtime_open_tasks(r), 1);
    assert_int_equal(runtime_deadline_ns(r), INT64_MAX);
    runtime_handle(r, &(struct event){.type = EV_START}, 5);
    assert_int_equal(runtime_stats(r)->restored, 1);
    assert_true(runtime_deadline_ns(r) <= 5);
    assert_true(runtime_poll(r, &act, 5));
    assert_int_equal(act.type, ACT_LINE);
    runtime_snapshot(r, &seen, 5);
    assert_string_equal(seen.profile, "current");
    assert_int_equal(seen.open, 1);
    runtime_free(r);
    runtime_free(NULL);
    signing_key_free(key);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_core_is_driven_through_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
