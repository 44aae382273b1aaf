/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "prover/machine/workspace.h"

static void a_workspace_keeps_its_memory_and_grows_when_it_must(void **state)
{
    struct workspace w;
    struct arena a;
    void *kept;

    (void)state;
    for (int huge = 0; huge < 2; huge++) {
        workspace_init(&w, huge);
        assert_int_equal(workspace_reserve(&w, 100, &a, NULL), ST_OK);
        assert_int_equal(a.size, 100);
        kept = w.memory;
        memset(arena_take(&a, 64), 7, 64);
        assert_int_equal(workspace_reserve(&w, 5000, &a, NULL), ST_OK);
        assert_ptr_equal(w.memory, kept);
        assert_int_equal(workspace_reserve(&w, (size_t)3 << 21, &a, NULL), ST_OK);
        assert_int_equal(a.used, 0);
        memset(arena_take(&a, a.size), 7, a.size);
        workspace_fini(&w);
        workspace_fini(&w);
    }
}

static void memory_that_the_system_refuses_is_a_status(void **state)
{
    struct workspace w;
    struct arena a;
    struct why why;

    (void)state;
    workspace_init(&w, true);
    assert_int_equal(workspace_reserve(&w, SIZE_MAX / 2, &a, &why), ST_NO_MEMORY);
    assert_non_null(strstr(why.text, "workspace of "));
    assert_int_equal(workspace_reserve(&w, SIZE_MAX - 64, &a, &why), ST_NO_MEMORY);
    assert_int_equal(workspace_reserve(&w, 100, &a, &why), ST_OK);
    workspace_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_workspace_keeps_its_memory_and_grows_when_it_must),
        cmocka_unit_test(memory_that_the_system_refuses_is_a_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
