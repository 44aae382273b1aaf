/* SPDX-License-Identifier: Apache-2.0 */
/* Runs against what the reference recorded: golden guests, golden proofs' views, random guests. */
#include "tests/support/test.h"
#include "tests/support/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prover/hash/blake2s.h"
#include "tests/prover/vm/guest.h"

static uint64_t number(const struct csv *c, size_t row, const char *column)
{
    return strtoull(csv_cell(c, row, column), NULL, 0);
}

static const struct memory_layout *assert_layout(const struct memory_layout *l, const char *numbers)
{
    const uint32_t words[] = {l->public_input, l->exit_code,    l->public_output,
                              l->heap,         l->stack_bottom, l->stack_top,
                              l->end};
    char text[128] = "", *at = text;

    for (size_t i = 0; i < 7; i++)
        at += sprintf(at, "%s%u", i ? " " : "", words[i]);
    assert_string_equal(text, numbers);
    return l;
}

/* ---- runs.csv ---- */

static void put_word(struct blake2s *s, uint32_t word)
{
    uint8_t bytes[4];

    store_le32(bytes, word);
    blake2s_update(s, bytes, sizeof bytes);
}

/* The canonical text of all step records (vm.md 17). */
static struct hash hash_steps(const struct run *run)
{
    struct blake2s s;
    uint32_t x[32] = {0};

    blake2s_init(&s);
    for (size_t i = 0; i < run->step_count; i++) {
        const struct step *step = &run->steps[i];

        put_word(&s, (uint32_t)i + 1);
        put_word(&s, step->pc);
        put_word(&s, step->next_pc);
        put_word(&s, step->word);
        put_word(&s, step->has_result);
        put_word(&s, step->result);
        for (size_t r = 0; r < 32; r++)
            put_word(&s, x[r]);
        put_word(&s, step->memory != MEMORY_NONE);
        if (step->memory != MEMORY_NONE) {
            put_word(&s, step->memory == MEMORY_STORE);
            put_word(&s, step->size);
            put_word(&s, step->address);
            put_word(&s, step->value);
            put_word(&s, step->previous);
        }
        guest_replay_registers(x, step);
    }
    assert_memory_equal(x, run->final_registers, sizeof x);
    return blake2s_final(&s);
}

static void assert_image(const struct image *image, const char *text)
{
    char ours[64];

    sprintf(ours, "0x%x+%u", image->base, image->size);
    assert_string_equal(ours, text);
}

static void assert_output(const struct run *run, const char *exit_code, const char *output)
{
    char hex[256] = "";

    assert_true(run->view.output_count < 100);
    for (size_t i = 0; i < run->view.output_count; i++) {
        sprintf(hex + 2 * i, "%02x", run->view.output[i].value);
        assert_int_equal(run->view.output[i].address, run->view.layout.exit_code + i);
    }
    assert_memory_equal(hex, exit_code, 8);
    assert_string_equal(hex + 8, output);
}

static void golden_guests_run_like_the_reference(void **state)
{
    struct csv *c = golden_csv("vm/runs.csv");

    (void)state;
    assert_true(c->rows >= 8);
    for (size_t row = 0; row < c->rows; row++) {
        char name[64], hex[65];
        struct program program;
        struct run run;
        struct why why;
        struct hash hash;

        snprintf(name, sizeof name, "guest/%s.elf", csv_cell(c, row, "guest"));
        program = guest_load(name);
        run = guest_run(&program, csv_cell(c, row, "input"));
        assert_int_equal(program.entry, number(c, row, "entry"));
        assert_int_equal(program.base, number(c, row, "base"));
        assert_int_equal(program.word_count, number(c, row, "words"));
        assert_image(&program.rom, csv_cell(c, row, "rom"));
        assert_image(&program.ram, csv_cell(c, row, "ram"));
        assert_int_equal(run.first_pass_steps, number(c, row, "first_pass_steps"));
        assert_int_equal(run.sizes.program, number(c, row, "P"));
        assert_int_equal(run.sizes.input, number(c, row, "I"));
        assert_int_equal(run.sizes.output, number(c, row, "O"));
        assert_int_equal(run.sizes.heap, number(c, row, "H"));
        assert_int_equal(run.sizes.stack, number(c, row, "S"));
        assert_layout(&run.view.layout, csv_cell(c, row, "layout"));
        assert_int_equal(run.step_count, number(c, row, "num_steps"));
        assert_int_equal(run.view.initial_count, number(c, row, "initial_entries"));
        assert_int_equal(run.ram_entries, number(c, row, "ram_entries"));
        assert_output(&run, csv_cell(c, row, "exit_code"), csv_cell(c, row, "public_output"));
        hash = hash_steps(&run);
        hex_encode(hex, hash.b, sizeof hash.b);
        assert_string_equal(hex, csv_cell(c, row, "steps_blake2s"));
        assert_int_equal(vm_check_provable(&run, &program, &why), ST_OK);
        run_fini(&run);
        program_fini(&program);
    }
    csv_free(c);
}

/* ---- steps-fib_9_1_1.csv ---- */

static const char *type_name(enum instruction_type type)
{
    static const char *const names[] = {"R", "I", "Shamt", "S", "B", "U", "J", "Unimpl"};

    return names[type];
}

static void assert_access(const struct step *s, const char *text)
{
    char ours[80] = "";

    if (s->memory == MEMORY_LOAD)
        sprintf(ours, "L %u 0x%x %u", s->size, s->address, s->value);
    else if (s->memory == MEMORY_STORE)
        sprintf(ours, "S %u 0x%x %u %u", s->size, s->address, s->value, s->previous);
    assert_string_equal(ours, text);
}

static void every_step_of_fib_9_1_1_is_the_recorded_one(void **state)
{
    struct csv *c = golden_csv("vm/steps-fib_9_1_1.csv");
    struct program program = guest_load("guest/fib.elf");
    struct run run = guest_run(&program, "9 1 1");

    (void)state;
    assert_int_equal(run.step_count, c->rows);
    for (size_t i = 0; i < c->rows; i++) {
        const struct step *s = &run.steps[i];
        const char *result = csv_cell(c, i, "result");

        assert_int_equal(number(c, i, "timestamp"), i + 1);
        assert_int_equal(s->pc, number(c, i, "pc"));
        assert_int_equal(s->next_pc, number(c, i, "next_pc"));
        assert_int_equal(s->word, number(c, i, "word"));
        assert_string_equal(mnemonic_name((enum mnemonic)s->instruction.mnemonic),
                            csv_cell(c, i, "mnemonic"));
        assert_string_equal(type_name((enum instruction_type)s->instruction.type),
                            csv_cell(c, i, "type"));
        assert_int_equal(s->instruction.a, number(c, i, "a"));
        assert_int_equal(s->instruction.b, number(c, i, "b"));
        assert_int_equal(s->instruction.c, number(c, i, "c"));
        assert_int_equal(s->value_a, number(c, i, "reg_a"));
        if (s->instruction.mnemonic != OP_ECALL) /* there it is x17 instead */
            assert_int_equal(s->value_b, number(c, i, "reg_b"));
        assert_int_equal(s->has_result, *result != 0);
        assert_int_equal(s->result, strtoul(result, NULL, 10));
        assert_access(s, csv_cell(c, i, "mem"));
    }
    run_fini(&run);
    program_fini(&program);
    csv_free(c);
}

/* ---- views of the golden proofs ---- */

/* "[1, 2, 3]" as the reference prints it. */
static void put_list(struct buffer *out, const struct public_byte *bytes, size_t count)
{
    buffer_put_text(out, "[");
    for (size_t i = 0; i < count; i++)
        buffer_put_format(out, "%s%u", i ? ", " : "", bytes[i].value);
    buffer_put_text(out, "]");
}

static void put_view(struct buffer *out, const struct run *run)
{
    const struct view *v = &run->view;
    const struct memory_layout *l = &v->layout;
    size_t input = l->exit_code - l->public_input - 4;

    buffer_put_text(out, "public_input Some(");
    put_list(out, v->initial + v->initial_count - input, input);
    buffer_put_text(out, ")\nexit_code Some(");
    put_list(out, v->output, 4);
    buffer_put_text(out, ")\npublic_output Some(");
    put_list(out, v->output + 4, v->output_count - 4);
    buffer_put_format(out,
                      ")\ntracked_ram_size %u\nmemory_layout Some(LinearMemoryLayout { "
                      "public_input: %u, exit_code: %u, public_output: %u, heap: %u, "
                      "stack_bottom: %u, stack_top: %u, end: %u })\ndebug_logs Some([",
                      v->tracked_ram_size, l->public_input, l->exit_code, l->public_output, l->heap,
                      l->stack_bottom, l->stack_top, l->end);
    for (size_t i = 0; i < run->log_count; i++) {
        buffer_put_text(out, i ? ", [" : "[");
        for (size_t k = 0; k < run->logs[i].size; k++)
            buffer_put_format(out, "%s%u", k ? ", " : "", run->logs[i].data[k]);
        buffer_put_text(out, "]");
    }
    buffer_put_text(out, "])\n");
    buffer_put_u8(out, 0);
}

/* What a verifier makes of the same statement is the prover's view. */
static void assert_expected_view(const struct program *program, const struct run *run,
                                 const char *numbers)
{
    struct buffer input = guest_input(numbers), output;
    struct run expected;
    struct why why;

    buffer_init(&output, 0);
    for (size_t i = 4; i < run->view.output_count; i++)
        buffer_put_u8(&output, run->view.output[i].value);
    assert_int_equal(vm_expected_view(&expected, program, &run->view.layout, buffer_bytes(&input),
                                      run->exit_code, buffer_bytes(&output), bytes_of(NULL, 0),
                                      &why),
                     ST_OK);
    guest_assert_same_view(&expected.view, &run->view);
    assert_int_equal(expected.exit_code, run->exit_code);
    assert_int_equal(expected.step_count, 0);
    run_fini(&expected);
    buffer_fini(&input);
    buffer_fini(&output);
}

static void golden_views_are_ours(void **state)
{
    DIR *folder = opendir(NXP_GOLDEN "/proofs");
    struct dirent *entry;
    size_t seen = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        char guest[32], numbers[64], name[512];
        struct program program;
        struct run run;
        struct buffer ours, theirs;
        size_t length = strlen(entry->d_name);

        if (length < 9 || strcmp(entry->d_name + length - 9, ".view.txt") != 0)
            continue;
        assert_int_equal(sscanf(entry->d_name, "%31[a-z]_%63[0-9_]", guest, numbers), 2);
        snprintf(name, sizeof name, "proofs/%s", entry->d_name);
        theirs = golden_read(name);
        buffer_put_u8(&theirs, 0);
        snprintf(name, sizeof name, "guest/%s.elf", guest);
        program = guest_load(name);
        run = guest_run(&program, numbers);
        buffer_init(&ours, 0);
        put_view(&ours, &run);
        assert_string_equal((char *)ours.data, (char *)theirs.data);
        assert_expected_view(&program, &run, numbers);
        run_fini(&run);
        program_fini(&program);
        buffer_fini(&ours);
        buffer_fini(&theirs);
        seen++;
    }
    closedir(folder);
    assert_true(seen >= 15);
}

/* ---- random guests ---- */

static void random_guests_take_the_recorded_steps_or_are_refused(void **state)
{
    struct csv *c = golden_csv("random/results.csv");
    size_t refused = 0;

    (void)state;
    assert_int_equal(c->rows, 170);
    for (size_t row = 0; row < c->rows; row++) {
        char name[64], numbers[64];
        struct program program;
        struct buffer input;
        struct run run;
        struct why why = {.text = ""};
        enum status st;

        snprintf(name, sizeof name, "random/%s.elf", csv_cell(c, row, "seed"));
        snprintf(numbers, sizeof numbers, "%s %s %s", csv_cell(c, row, "n"), csv_cell(c, row, "a"),
                 csv_cell(c, row, "b"));
        program = guest_load(name);
        input = guest_input(numbers);
        st = vm_run(&run, &program, &(struct run_input){.public_input = buffer_bytes(&input)}, NULL,
                    &why);
        if (strcmp(csv_cell(c, row, "result"), "none") == 0) {
            assert_int_equal(st, ST_GUEST);
            assert_non_null(strstr(why.text, "LayoutOverflow"));
            refused++;
        } else {
            guest_assert_ok(st, name, &why);
            assert_int_equal(run.step_count, number(c, row, "steps"));
            assert_int_equal(vm_check_provable(&run, &program, &why), ST_OK);
            run_fini(&run);
        }
        buffer_fini(&input);
        program_fini(&program);
    }
    assert_int_equal(refused, 17);
    csv_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_guests_run_like_the_reference),
        cmocka_unit_test(every_step_of_fib_9_1_1_is_the_recorded_one),
        cmocka_unit_test(golden_views_are_ours),
        cmocka_unit_test(random_guests_take_the_recorded_steps_or_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
