/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"
#include "tests/support/support.h"

#include "tests/prover/vm/guest.h"

#include <stdlib.h>
#include <string.h>

void guest_assert_ok(enum status st, const char *what, const struct why *why)
{
    if (st)
        print_error("%s: %s\n", what, why->text);
    assert_int_equal(st, ST_OK);
}

struct program guest_load(const char *name)
{
    struct buffer elf = golden_read(name);
    struct program program;
    struct why why = {.text = ""};

    guest_assert_ok(program_load(&program, buffer_bytes(&elf), &why), name, &why);
    buffer_fini(&elf);
    return program;
}

struct buffer guest_input(const char *numbers)
{
    uint32_t values[8];
    size_t count = 0;
    struct buffer input;

    for (const char *at = numbers; *at;) {
        char *end;

        assert_true(count < 8);
        values[count++] = (uint32_t)strtoul(at, &end, 10);
        at = *end ? end + 1 : end;
    }
    buffer_init(&input, 0);
    vm_encode_u32s(&input, values, count);
    assert_true(buffer_ok(&input));
    return input;
}

struct run guest_run(const struct program *program, const char *numbers)
{
    struct buffer input = guest_input(numbers);
    struct run run;
    struct why why = {.text = ""};

    guest_assert_ok(vm_run(&run, program, &(struct run_input){.public_input = buffer_bytes(&input)},
                           NULL, &why),
                    numbers, &why);
    buffer_fini(&input);
    return run;
}

void guest_replay_registers(uint32_t x[static 32], const struct step *step)
{
    const struct instruction i = step->instruction;
    unsigned target = i.a;

    if (!step->has_result || i.type == TYPE_S || i.type == TYPE_B)
        return;
    if (i.mnemonic == OP_ECALL) {
        switch (step->value_b) {
        case SYSTEM_CALL_PRIVATE_INPUT:
        case SYSTEM_CALL_HEAP_POINTER:
            target = 10;
            break;
        case SYSTEM_CALL_STACK_POINTER:
            target = 2;
            break;
        default:
            target = 0;
        }
    }
    if (target)
        x[target] = step->result;
}

struct buffer guest_hex(const char *text)
{
    struct buffer out;
    size_t size = strlen(text) / 2;
    uint8_t *data = malloc(size + 1);

    assert_non_null(data);
    assert_true(hex_decode(data, size, text));
    buffer_init(&out, 0);
    buffer_put(&out, data, size);
    free(data);
    assert_true(buffer_ok(&out));
    return out;
}

void guest_assert_same_view(const struct view *a, const struct view *b)
{
    assert_memory_equal(&a->layout, &b->layout, sizeof a->layout);
    assert_int_equal(a->word_count, b->word_count);
    assert_memory_equal(a->words, b->words, a->word_count * sizeof *a->words);
    assert_int_equal(a->initial_count, b->initial_count);
    assert_int_equal(a->output_count, b->output_count);
    for (size_t i = 0; i < a->initial_count; i++) {
        assert_int_equal(a->initial[i].address, b->initial[i].address);
        assert_int_equal(a->initial[i].value, b->initial[i].value);
    }
    for (size_t i = 0; i < a->output_count; i++) {
        assert_int_equal(a->output[i].address, b->output[i].address);
        assert_int_equal(a->output[i].value, b->output[i].value);
    }
    assert_true(bytes_equal(a->associated_data, b->associated_data));
    assert_int_equal(a->tracked_ram_size, b->tracked_ram_size);
}
