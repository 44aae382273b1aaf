/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>

#include "client/core/known.h"

static const char *id_of(size_t number)
{
    static char id[32];

    snprintf(id, sizeof id, "57-01K742SJ%zu", number);
    return id;
}

static void nothing_is_known_at_first(void **state)
{
    struct known k;

    (void)state;
    assert_true(known_init(&k));
    assert_false(known_has(&k, ""));
    assert_false(known_has(&k, id_of(0)));
    known_fini(&k);
}

static void the_last_4096_are_known_and_no_older_one(void **state)
{
    struct known k;

    (void)state;
    assert_true(known_init(&k));
    for (size_t i = 0; i < 3 * KNOWN_TASKS + 5; i++) {
        assert_false(known_has(&k, id_of(i)));
        known_put(&k, id_of(i));
        assert_true(known_has(&k, id_of(i)));
        assert_true(known_has(&k, id_of(i < KNOWN_TASKS ? 0 : i - KNOWN_TASKS + 1)));
        if (i >= KNOWN_TASKS)
            assert_false(known_has(&k, id_of(i - KNOWN_TASKS)));
    }
    for (size_t i = 0; i < 3 * KNOWN_TASKS + 5; i++)
        assert_int_equal(known_has(&k, id_of(i)), i >= 2 * KNOWN_TASKS + 5);
    known_fini(&k);
}

static void a_task_that_is_put_twice_is_forgotten_with_its_last_place(void **state)
{
    struct known k;

    (void)state;
    assert_true(known_init(&k));
    known_put(&k, id_of(0));
    for (size_t i = 1; i < KNOWN_TASKS; i++)
        known_put(&k, id_of(i));
    known_put(&k, id_of(0)); /* the first place falls out */
    assert_true(known_has(&k, id_of(0)));
    for (size_t i = 1; i < KNOWN_TASKS; i++)
        known_put(&k, id_of(KNOWN_TASKS + i));
    assert_true(known_has(&k, id_of(0)));
    known_put(&k, id_of(2 * KNOWN_TASKS));
    assert_false(known_has(&k, id_of(0)));
    known_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(the_last_4096_are_known_and_no_older_one),
        cmocka_unit_test(a_task_that_is_put_twice_is_forgotten_with_its_last_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
