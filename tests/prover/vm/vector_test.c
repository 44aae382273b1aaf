/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of tests/golden/vm: decoder, single instructions, encodings, layouts. */
#include "tests/support/test.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prover/vm/machine.h"
#include "tests/prover/vm/guest.h"

static uint32_t number(const struct csv *c, size_t row, const char *column)
{
    return (uint32_t)strtoul(csv_cell(c, row, column), NULL, 0);
}

/* ---- decoder.csv ---- */

static void words_decode_encode_and_are_rewritten_like_the_table(void **state)
{
    static const char *const types[] = {"R", "I", "Shamt", "S", "B", "U", "J", "Unimpl"};
    struct csv *c = golden_csv("vm/decoder.csv");

    (void)state;
    assert_true(c->rows > 200);
    for (size_t row = 0; row < c->rows; row++) {
        uint32_t word = number(c, row, "word"), second;
        struct instruction i = instruction_decode(word);

        assert_string_equal(mnemonic_name((enum mnemonic)i.mnemonic), csv_cell(c, row, "mnemonic"));
        assert_string_equal(types[i.type], csv_cell(c, row, "type"));
        assert_int_equal(i.a, number(c, row, "a"));
        assert_int_equal(i.b, number(c, row, "b"));
        assert_int_equal(i.c, number(c, row, "c"));
        second = instruction_rewrite(word);
        assert_int_equal(second, number(c, row, "second_pass_word"));
        if (*csv_cell(c, row, "record_word"))
            assert_int_equal(instruction_encode(instruction_decode(second)),
                             number(c, row, "record_word"));
    }
    csv_free(c);
}

static void what_is_never_executed_encodes_to_nothing(void **state)
{
    (void)state;
    assert_int_equal(instruction_encode(instruction_decode(0)), 0);
    assert_int_equal(instruction_encode(instruction_decode(0x0000000B)), 0);
    assert_int_equal(instruction_encode(instruction_decode(0x0000102B)), 0);
    assert_int_equal(instruction_encode(instruction_decode(0x00100073)), 0x00000073); /* EBREAK */
}

/* Every word comes back from the encoder but for bits that the decoder does not look at. */
static void any_word_survives_decoding_and_encoding(void **state)
{
    uint32_t word = 0x12345678;

    (void)state;
    for (size_t i = 0; i < 200000; i++) {
        struct instruction d;
        uint32_t expect;

        word = word * 1664525 + 1013904223;
        expect = i % 2 ? word : word | 3; /* half of them with a 32-bit opcode for sure */
        d = instruction_decode(expect);
        if (d.mnemonic == OP_UNIMPL || d.mnemonic == OP_CUSTOM || d.mnemonic == OP_EBREAK)
            continue;
        if (d.mnemonic == OP_SLLI)
            expect &= 0x01FFFFFF;
        if (d.mnemonic == OP_JALR)
            expect &= ~UINT32_C(0x7000);
        assert_int_equal(instruction_encode(d), expect);
    }
}

/* ---- semantics.csv: one instruction in a memory of zeros ---- */

static void assert_effect(const struct csv *c, size_t row, const struct machine *m,
                          const struct step *s)
{
    char ours[80] = "";

    if (*csv_cell(c, row, "result")) {
        assert_true(s->has_result);
        assert_int_equal(s->result, number(c, row, "result"));
    } else {
        assert_false(s->has_result);
    }
    assert_int_equal(m->x[5], number(c, row, "x5"));
    assert_int_equal(m->pc, number(c, row, "next_pc"));
    assert_int_equal(m->x[0], 0);
    if (s->memory == MEMORY_LOAD)
        sprintf(ours, "L %u 0x%08x 0x%x", s->size, s->address, s->value);
    else if (s->memory == MEMORY_STORE)
        sprintf(ours, "S %u 0x%08x 0x%x 0x%x", s->size, s->address, s->value, s->previous);
    assert_string_equal(ours, csv_cell(c, row, "mem"));
}

static void single_instructions_do_what_the_table_says(void **state)
{
    struct csv *c = golden_csv("vm/semantics.csv");

    (void)state;
    assert_true(c->rows > 900);
    for (size_t row = 0; row < c->rows; row++) {
        uint32_t word = number(c, row, "word"), pc = number(c, row, "pc"), previous;
        struct budget budget = {1 << 20, 1 << 20};
        const struct machine_setup setup = {
            .pass = "only",
            .words = &word,
            .word_count = 1,
            .base = pc,
            .entry = pc,
            .budget = &budget,
            .open_memory = true,
        };
        const char *memory = csv_cell(c, row, "memory"), *error = csv_cell(c, row, "error");
        struct machine m;
        struct step step;
        struct why why = {.text = ""};
        enum status st;

        assert_int_equal(machine_init(&m, &setup, &why), ST_OK);
        m.x[6] = number(c, row, "x6");
        m.x[7] = number(c, row, "x7");
        if (*memory)
            assert_int_equal(memory_store(&m.memory, &previous, (uint32_t)strtoul(memory, NULL, 0),
                                          4, (uint32_t)strtoul(strchr(memory, ':') + 1, NULL, 0),
                                          &why),
                             ST_OK);
        st = machine_step(&m, &step, &why);
        if (*error) {
            assert_int_equal(st, ST_GUEST);
            assert_memory_equal(why.text, error, strlen(error));
        } else {
            assert_int_equal(st, ST_OK);
            assert_effect(c, row, &m, &step);
        }
        machine_fini(&m);
        assert_int_equal(budget.left, budget.limit);
    }
    csv_free(c);
}

/* ---- encodings ---- */

static void inputs_are_encoded_like_the_sdk_does(void **state)
{
    struct csv *c = golden_csv("vm/input-encoding.csv");
    size_t tuples = 0;

    (void)state;
    assert_true(c->rows > 70);
    for (size_t row = 0; row < c->rows; row++) {
        struct buffer postcard = guest_hex(csv_cell(c, row, "postcard"));
        struct buffer expect = guest_hex(csv_cell(c, row, "segment")), ours;
        const char *kind = csv_cell(c, row, "kind");

        buffer_init(&ours, 0);
        vm_encode_input(&ours, buffer_bytes(&postcard));
        assert_true(bytes_equal(buffer_bytes(&ours), buffer_bytes(&expect)));
        buffer_fini(&ours);
        if (strcmp(kind, "u32") == 0 || strcmp(kind, "u32x3") == 0) {
            ours = guest_input(csv_cell(c, row, "value"));
            assert_true(bytes_equal(buffer_bytes(&ours), buffer_bytes(&expect)));
            buffer_fini(&ours);
            tuples++;
        }
        buffer_fini(&postcard);
        buffer_fini(&expect);
    }
    assert_true(tuples > 20);
    csv_free(c);
}

static void an_encoder_that_gets_no_room_says_so(void **state)
{
    const uint32_t values[] = {1, 2, 3};
    struct buffer out;

    (void)state;
    buffer_init(&out, 4);
    vm_encode_u32s(&out, values, 3);
    assert_false(buffer_ok(&out));
    buffer_fini(&out);
}

/* "Ok(300)" or "Err(DeserializeBadVarint)" */
static void put_error(char *text, const struct why *why)
{
    sprintf(text, "Err(%.*s)", (int)strcspn(why->text, ":"), why->text);
}

static void put_decoded(char *text, const char *kind, struct bytes postcard)
{
    struct why why;
    uint32_t value;
    size_t used;

    if (strcmp(kind, "decobs_unit") == 0) {
        sprintf(text, "Ok(())");
    } else if (vm_decode_u32(&value, &used, postcard, &why)) {
        put_error(text, &why);
    } else if (strcmp(kind, "decobs_bytes") == 0) {
        assert_true(used + value <= postcard.size);
        text += sprintf(text, "Ok(\"");
        hex_encode(text, postcard.data + used, value);
        strcat(text, "\")");
    } else {
        sprintf(text, "Ok(%u)", value);
    }
}

static void outputs_are_decoded_like_the_sdk_does(void **state)
{
    struct csv *c = golden_csv("vm/output-decoding.csv");

    (void)state;
    assert_true(c->rows > 30);
    for (size_t row = 0; row < c->rows; row++) {
        struct buffer bytes = guest_hex(csv_cell(c, row, "bytes")), postcard;
        const char *kind = csv_cell(c, row, "kind");
        char ours[2048];
        struct why why;

        buffer_init(&postcard, 0);
        if (strcmp(kind, "deu32") == 0)
            put_decoded(ours, kind, buffer_bytes(&bytes));
        else if (vm_decode_output(&postcard, buffer_bytes(&bytes), &why))
            put_error(ours, &why);
        else
            put_decoded(ours, kind, buffer_bytes(&postcard));
        assert_string_equal(ours, csv_cell(c, row, "result"));
        buffer_fini(&bytes);
        buffer_fini(&postcard);
    }
    csv_free(c);
}

static void a_number_of_five_full_bytes_is_no_u32(void **state)
{
    static const uint8_t long_number[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    static const uint8_t output[] = {3, 1, 2};
    struct buffer out;
    struct why why;
    uint32_t value = 7;
    size_t used;

    (void)state;
    assert_int_equal(vm_decode_u32(&value, &used, bytes_of(long_number, 6), &why), ST_INPUT);
    assert_int_equal(value, 7);
    buffer_init(&out, 1);
    assert_int_equal(vm_decode_output(&out, bytes_of(output, 3), &why), ST_NO_MEMORY);
    buffer_fini(&out);
}

/* ---- layout.csv ---- */

static void layouts_are_those_of_the_table_or_refused(void **state)
{
    static const char *const columns[] = {
        "public_input", "exit_code", "public_output", "heap", "stack_bottom", "stack_top", "end"};
    struct csv *c = golden_csv("vm/layout.csv");

    (void)state;
    assert_int_equal(c->rows, 16);
    for (size_t row = 0; row < c->rows; row++) {
        const struct vm_sizes sizes = {
            .program = number(c, row, "program_size"),
            .input = number(c, row, "input_size"),
            .output = number(c, row, "output_size"),
            .heap = number(c, row, "heap_size"),
            .stack = number(c, row, "stack_size"),
            .associated = number(c, row, "ad_size"),
        };
        struct memory_layout l = {0};
        struct why why;
        enum status st = vm_layout(&l, &sizes, &why);
        const uint32_t words[] = {l.public_input, l.exit_code,    l.public_output,
                                  l.heap,         l.stack_bottom, l.stack_top,
                                  l.end};

        if (strcmp(csv_cell(c, row, "end"), "fatal") == 0) {
            assert_int_equal(st, ST_GUEST);
            assert_int_equal(l.end, 0);
            continue;
        }
        assert_int_equal(st, ST_OK);
        for (size_t i = 0; i < 7; i++)
            assert_int_equal(words[i], number(c, row, columns[i]));
    }
    csv_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_decode_encode_and_are_rewritten_like_the_table),
        cmocka_unit_test(what_is_never_executed_encodes_to_nothing),
        cmocka_unit_test(any_word_survives_decoding_and_encoding),
        cmocka_unit_test(single_instructions_do_what_the_table_says),
        cmocka_unit_test(inputs_are_encoded_like_the_sdk_does),
        cmocka_unit_test(an_encoder_that_gets_no_room_says_so),
        cmocka_unit_test(outputs_are_decoded_like_the_sdk_does),
        cmocka_unit_test(a_number_of_five_full_bytes_is_no_u32),
        cmocka_unit_test(layouts_are_those_of_the_table_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
