/* SPDX-License-Identifier: Apache-2.0 */
/* The small programs of tests/golden/vm/guests.json: one hard case each (vm.md 15). */
#include "tests/support/test.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/prover/vm/guest.h"

/* The oracle's words for what kills the reference, and our names. */
static const struct {
    const char *theirs, *ours;
} names[] = {
    {"segment runs past the end of the file", "SegmentOutsideFile"},
    {"pc not word-aligned", "UnalignedProgramCounter"},
    {"pc past the program", "JumpOutsideProgram"},
    {"pc below the program", "JumpOutsideProgram"},
    {"no output written", "NoOutputWritten"},
    {"fatal: keccak", "NotProvable: keccak"},
    {"fatal: M extension", "NotProvable: MUL"},
    {"fatal: pc 0x", "NotProvable: pc 0x"},
    {"fatal: ('load differs", "NotProvable: access to 0x88 in the program text"},
    {"constraints: first pc", "NotProvable: the entry"},
    {"constraints: re-encoded", "NotProvable: word"},
};

static const char *our_name(const char *theirs)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(theirs, names[i].theirs, strlen(names[i].theirs)) == 0)
            return names[i].ours;
    return theirs; /* error values keep their names */
}

static void assert_begins(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0) {
        print_error("'%s' does not begin with '%s'\n", text, start);
        assert_true(0);
    }
}

/* Addresses, codes and labels that belong to an error are in its words. */
static void assert_info(const char *text, const json_t *info)
{
    size_t i;
    json_t *value;

    json_array_foreach(info, i, value)
    {
        char hex[32], decimal[32];

        if (json_is_string(value) && strcmp(json_string_value(value), "unimpl") != 0 &&
            strcmp(json_string_value(value), "dynamic") != 0)
            assert_non_null(strstr(text, json_string_value(value)));
        if (!json_is_integer(value))
            continue;
        snprintf(hex, sizeof hex, "0x%llx", (unsigned long long)json_integer_value(value));
        snprintf(decimal, sizeof decimal, " %lld", (long long)json_integer_value(value));
        if (!strstr(text, hex) && !strstr(text, decimal)) {
            print_error("'%s' lacks %s\n", text, hex);
            assert_true(0);
        }
    }
}

/* expect describes a failed pass: the words must say the same. */
static void assert_failure(const char *text, const json_t *expect, const char *pass)
{
    const char *error = json_string_value(json_object_get(expect, "error"));
    const char *fatal = json_string_value(json_object_get(expect, "fatal"));
    const json_t *after = json_object_get(expect, "after_steps");
    char where[64];

    assert_begins(text, our_name(error ? error : fatal));
    assert_info(text, json_object_get(expect, "info"));
    if (after) {
        snprintf(where, sizeof where, "step %lld of the %s pass",
                 (long long)json_integer_value(after) + 1, pass);
        assert_non_null(strstr(text, where));
    }
}

static bool failed(const json_t *pass)
{
    return json_object_get(pass, "error") || json_object_get(pass, "fatal");
}

static void assert_number(uint64_t ours, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    assert_non_null(value);
    assert_int_equal(ours, json_integer_value(value));
}

static void assert_hex(const uint8_t *ours, size_t size, const char *hex)
{
    struct buffer expect = guest_hex(hex);

    assert_true(bytes_equal(bytes_of(ours, size), buffer_bytes(&expect)));
    buffer_fini(&expect);
}

static void assert_image(const struct image *image, const json_t *pair)
{
    assert_int_equal(image->base, json_integer_value(json_array_get(pair, 0)));
    assert_hex(image->data, image->size, json_string_value(json_array_get(pair, 1)));
}

static void assert_loaded(const struct program *p, const json_t *expect)
{
    assert_number(p->entry, expect, "entry");
    assert_number(p->base, expect, "base");
    assert_number(p->word_count, expect, "instructions");
    assert_image(&p->rom, json_object_get(expect, "rom"));
    assert_image(&p->ram, json_object_get(expect, "ram"));
}

static void assert_first_pass(const struct run *run, const json_t *expect)
{
    const json_t *logs = json_object_get(expect, "logs");
    const json_t *written = json_object_get(expect, "output_words");
    uint32_t low = UINT32_MAX, high = 0;
    const char *key;
    json_t *value;

    assert_number(run->first_pass_steps, expect, "steps");
    assert_number(run->sizes.heap, expect, "heap_size");
    assert_number(run->sizes.stack, expect, "stack_size");
    json_object_foreach((json_t *)written, key, value)
    {
        uint32_t address = (uint32_t)strtoul(key, NULL, 10);

        low = address < low ? address : low;
        high = address > high ? address : high;
    }
    assert_int_equal(run->sizes.output, high - low);
    assert_int_equal(run->log_count, json_array_size(logs));
    for (size_t i = 0; i < run->log_count; i++)
        assert_hex(run->logs[i].data, run->logs[i].size,
                   json_string_value(json_array_get(logs, i)));
}

static void assert_values(const struct public_byte *bytes, size_t count, const json_t *object,
                          const char *key)
{
    uint8_t values[256];

    assert_true(count <= sizeof values);
    for (size_t i = 0; i < count; i++)
        values[i] = bytes[i].value;
    assert_hex(values, count, json_string_value(json_object_get(object, key)));
}

static void assert_second_pass(const struct run *run, const json_t *expect)
{
    const json_t *registers = json_object_get(expect, "final_registers");
    const struct view *v = &run->view;
    size_t input = v->layout.exit_code - v->layout.public_input - 4;

    assert_number(run->step_count, expect, "steps");
    assert_number(run->exit_argument, expect, "exit_argument");
    assert_number(v->tracked_ram_size, expect, "tracked_ram_size");
    assert_values(v->output, 4, expect, "exit_code");
    assert_values(v->output + 4, v->output_count - 4, expect, "public_output");
    assert_values(v->initial + v->initial_count - input, input, expect, "public_input");
    for (unsigned r = 0; r < 32; r++) {
        char key[8];

        snprintf(key, sizeof key, "%u", r);
        assert_int_equal(run->final_registers[r],
                         json_integer_value(json_object_get(registers, key)));
    }
}

static void assert_layout(const struct memory_layout *l, const json_t *expect)
{
    const uint32_t words[] = {l->public_input, l->exit_code,    l->public_output,
                              l->heap,         l->stack_bottom, l->stack_top,
                              l->end};

    for (size_t i = 0; i < 7; i++)
        assert_int_equal(words[i], json_integer_value(json_array_get(expect, i)));
}

static void assert_provable(const struct run *run, const struct program *program,
                            const json_t *reason)
{
    struct why why = {.text = ""};
    enum status st = vm_check_provable(run, program, &why);

    if (json_is_null(reason)) {
        guest_assert_ok(st, "provable", &why);
        return;
    }
    assert_int_equal(st, ST_GUEST);
    assert_begins(why.text, "NotProvable");
    /* Out of order, or an output byte that is not there: for the oracle one reason. */
    if (strncmp(json_string_value(reason), "constraints: public", 19) == 0)
        assert_true(strstr(why.text, "public byte") || strstr(why.text, "never stored"));
    else
        assert_begins(why.text, our_name(json_string_value(reason)));
}

static struct buffer bytes_under(const json_t *guest, const char *key)
{
    return guest_hex(json_string_value(json_object_get(guest, key)));
}

static void run_guest(const json_t *guest, const struct program *program)
{
    const json_t *expect = json_object_get(guest, "expect");
    const json_t *first = json_object_get(expect, "first_pass");
    const json_t *second = json_object_get(expect, "second_pass");
    struct buffer public_input = bytes_under(guest, "public");
    struct buffer private_input = bytes_under(guest, "private");
    struct buffer associated = bytes_under(guest, "ad");
    const struct run_input input = {buffer_bytes(&public_input), buffer_bytes(&private_input),
                                    buffer_bytes(&associated)};
    struct why why = {.text = ""};
    struct run run;
    enum status st = vm_run(&run, program, &input, NULL, &why);

    if (failed(first) || failed(second)) {
        assert_int_equal(st, ST_GUEST);
        if (failed(first))
            assert_failure(why.text, first, "first");
        else
            assert_failure(why.text, second, "second");
    } else {
        guest_assert_ok(st, "run", &why);
        assert_first_pass(&run, first);
        assert_layout(&run.view.layout, json_object_get(expect, "layout"));
        assert_second_pass(&run, second);
        assert_true(bytes_equal(run.view.associated_data, buffer_bytes(&associated)));
        assert_provable(&run, program, json_object_get(expect, "not_provable"));
        run_fini(&run);
    }
    buffer_fini(&public_input);
    buffer_fini(&private_input);
    buffer_fini(&associated);
}

static void every_small_guest_ends_as_recorded(void **state)
{
    json_t *guests = golden_json("vm/guests.json"), *guest;
    size_t i;

    (void)state;
    assert_true(json_array_size(guests) >= 94);
    json_array_foreach(guests, i, guest)
    {
        const json_t *expect = json_object_get(guest, "expect");
        const char *error = json_string_value(json_object_get(expect, "elf_error"));
        const char *fatal = json_string_value(json_object_get(expect, "elf_fatal"));
        struct buffer elf = bytes_under(guest, "elf");
        struct program program = {0};
        struct why why = {.text = ""};
        enum status st;

        print_message("  %s\n", json_string_value(json_object_get(guest, "name")));
        st = program_load(&program, buffer_bytes(&elf), &why);
        if (error || fatal) {
            char name[80];

            /* "ELFError:BadMagic" */
            snprintf(name, sizeof name, "%s", our_name(error ? error : fatal));
            assert_int_equal(st, ST_INPUT);
            assert_begins(why.text, strtok(name, ":"));
            if (error && strchr(error, ':'))
                assert_non_null(strstr(why.text, strchr(error, ':') + 1));
            assert_null(program.words);
        } else {
            guest_assert_ok(st, "load", &why);
            assert_loaded(&program, json_object_get(expect, "elf"));
            run_guest(guest, &program);
            program_fini(&program);
        }
        buffer_fini(&elf);
    }
    json_decref(guests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_guest_ends_as_recorded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
