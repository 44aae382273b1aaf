/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of the machine may fail: loading, running and viewing then end with
 * ST_NO_MEMORY, leave their outputs alone, and lose nothing (a leak checker sees the rest). */
#include "tests/support/test.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#include "tests/prover/vm/assemble.h"
#include "tests/prover/vm/guest.h"

/* The linker sends every allocation of this program here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* The allocation that fails, counted from 1; 0: none. */
static size_t failing, seen;

static bool fails(void)
{
    return failing && ++seen == failing;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

static void fail_at(size_t number)
{
    failing = number;
    seen = 0;
}

/* Uses what allocates: both images, a log, a label, stack, heap, output. */
static const uint32_t text[] = {
    START,
    ADDI(SP, SP, -16),
    LI(T1, UINT32_C(0x66235E00)), /* "^#f" from byte 1 */
    SW(SP, T1, 0),
    ADDI(A0, SP, 1),
    ADDI(A1, 0, 3),
    CALL(0x401),
    ADDI(A0, 0, 1),
    ADDI(A1, SP, 0),
    ADDI(A2, 0, 4),
    CALL(0x200),
    ADDI(SP, SP, 16),
    OUTPUT(1, T1),
    EXIT,
};

struct work {
    struct buffer elf;
    struct buffer input;
};

static enum status do_all(const struct work *w, struct why *why)
{
    struct program program = {0};
    struct run run = {.step_count = 7}, expected = {.step_count = 7};
    struct bytes three = bytes_of_text("abc");
    const struct run_input input = {buffer_bytes(&w->input), three, three};
    enum status st = program_load(&program, buffer_bytes(&w->elf), why);

    if (st) {
        assert_null(program.words);
        return st;
    }
    st = vm_run(&run, &program, &input, NULL, why);
    if (st) {
        assert_int_equal(run.step_count, 7);
        goto out;
    }
    st = vm_check_provable(&run, &program, why);
    if (!st) {
        st = vm_expected_view(&expected, &program, &run.view.layout, input.public_input, 0,
                              bytes_of(w->elf.data, 4), three, why);
        if (st)
            assert_int_equal(expected.step_count, 7);
        else
            run_fini(&expected);
    }
    run_fini(&run);
out:
    program_fini(&program);
    return st;
}

static void each_failing_allocation_is_reported(void **state)
{
    struct work work = {
        .elf = assemble(&(struct assembly){
            .text = text,
            .count = sizeof text / 4,
            .rodata = bytes_of_text("read"),
            .data = bytes_of_text("data"),
        }),
        .input = guest_input("1 2 3"),
    };
    struct why why = {.text = ""};
    enum status st = ST_NO_MEMORY;
    size_t number = 0;

    (void)state;
    guest_assert_ok(do_all(&work, &why), "without failures", &why);
    while (st) {
        why.text[0] = 0;
        fail_at(++number);
        st = do_all(&work, &why);
        fail_at(0);
        if (st) {
            assert_int_equal(st, ST_NO_MEMORY);
            assert_non_null(strstr(why.text, "out of memory"));
        }
        assert_true(number < 1000);
    }
    assert_true(number > 20); /* there is something to fail */
    buffer_fini(&work.elf);
    buffer_fini(&work.input);
}

static void encoders_without_memory_say_so(void **state)
{
    static const uint32_t values[] = {1, 2, 3};

    (void)state;
    for (size_t number = 1; number < 3; number++) {
        struct buffer out;

        buffer_init(&out, 0);
        fail_at(number);
        vm_encode_u32s(&out, values, 3);
        fail_at(0);
        assert_false(buffer_ok(&out));
        buffer_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failing_allocation_is_reported),
        cmocka_unit_test(encoders_without_memory_say_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
