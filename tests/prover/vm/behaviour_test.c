/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest may do wrong, and what comes of it (vm.md 15, behaviour.md 2). */
#include "tests/support/test.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#include "tests/prover/vm/assemble.h"
#include "tests/prover/vm/guest.h"

#define TEXT(...) (const uint32_t[]){__VA_ARGS__}, sizeof(const uint32_t[]){__VA_ARGS__} / 4

static const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static struct program load(const struct assembly *a)
{
    struct buffer elf = assemble(a);
    struct program program;
    struct why why = {.text = ""};

    guest_assert_ok(program_load(&program, buffer_bytes(&elf), &why), "load", &why);
    buffer_fini(&elf);
    return program;
}

static struct program load_text(const uint32_t *text, size_t count)
{
    return load(&(struct assembly){.text = text, .count = count});
}

static void assert_begins(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0)
        print_error("'%s' instead of '%s'\n", text, start);
    assert_memory_equal(text, start, strlen(start));
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_error("'%s' lacks '%s'\n", text, part);
    assert_non_null(strstr(text, part));
}

/* ---- a table of guests ---- */

struct guest_case {
    const char *name;
    const uint32_t *text;
    size_t count;
    const char *failure;    /* start of the words when the run fails */
    const char *where;      /* a part of them */
    const char *unprovable; /* start of the words when only proving fails */
};

static const struct guest_case cases[] = {
    {"reads input before its start",
     TEXT(START, LW(T1, 0, 0x80), ADDI(T1, T1, -4), RIN(T2, T1, 0), EXIT),
     "InvalidMemoryAccess: reading word at offset 4294967292", "first", NULL},
    {"reads input past its padding", TEXT(START, LW(T1, 0, 0x80), RIN(T2, T1, 12), EXIT),
     "InvalidMemoryAccess: reading word at offset 12", "step 5 of the first", NULL},
    {"reads the last input word", TEXT(START, LW(T1, 0, 0x80), RIN(T2, T1, 8), EXIT), NULL, NULL,
     NULL},
    {"unaligned input read", TEXT(START, LW(T1, 0, 0x80), RIN(T2, T1, 5), EXIT),
     "UnalignedMemoryRead: input offset 0x5", "first", NULL},
    {"unaligned output write", TEXT(START, LW(T0, 0, 0x84), WOU(T0, 0, 2), EXIT),
     "UnalignedMemoryWrite: output offset 0x2", "first", NULL},
    {"output write below the output",
     TEXT(START, LW(T0, 0, 0x84), ADDI(T0, T0, -4), WOU(T0, 0, 0), EXIT),
     "AddressCalculationOverflow: output offset 0xfffffffc", "first", NULL},
    {"negative immediate in an output write counts upwards in the first pass",
     TEXT(START, LW(T0, 0, 0x84), ADDI(T0, T0, 8), WOU(T0, 0, -4), EXIT), NULL, NULL,
     "NotProvable: byte 8 of the output"},
    {"negative immediate below the output, as the second pass has it",
     TEXT(START, LW(T0, 0, 0x84), WOU(T0, 0, -4), EXIT), "UnauthorizedWrite",
     "the public input, at pc 0x98, step 5 of the second", NULL},
    {"unaligned load", TEXT(START, LW(T2, SP, -2), EXIT), "UnalignedMemoryRead: 4 bytes",
     "0x803ffffe", NULL},
    {"unaligned store", TEXT(START, SW(SP, T2, -1), EXIT), "UnalignedMemoryWrite: 4 bytes",
     "0x803fffff", NULL},
    {"stores to words that hold the input",
     TEXT(START, LW(T1, 0, 0x80), SW(T1, T1, 4), EXIT), "UnauthorizedWrite", "second", NULL},
    {"plain load through the input base: the length, in the second pass only",
     TEXT(START, LW(T1, 0, 0x80), LW(T2, T1, 0), EXIT), NULL, NULL, NULL},
    {"loads a stack word never written",
     TEXT(START, ADDI(SP, SP, -16), LW(T2, SP, 0), ADDI(SP, SP, 16), EXIT), NULL, NULL, NULL},
    {"output write that leaves a gap", TEXT(START, OUTPUT(16, T1), EXIT), NULL, NULL,
     "NotProvable: byte 4 of the output"},
    {"store to an address that belongs to nothing",
     TEXT(START, LUI(T1, 0x500), SW(T1, T1, 0), EXIT), "InvalidMemoryAccess: writing 0x500000",
     "second", NULL},
    {"load from an address that belongs to nothing",
     TEXT(START, LUI(T1, 0x500), LW(T2, T1, 0), EXIT), "InvalidMemoryAccess: reading 0x500000",
     "second", NULL},
    {"store to the last word of the first pass",
     TEXT(START, ADDI(T1, 0, -4), SB(T1, T1, 1), EXIT),
     "AddressCalculationOverflow: writing address 0xfffffffd", "first", NULL},
    {"load from the last word of the first pass",
     TEXT(START, ADDI(T1, 0, -4), LW(T2, T1, 0), EXIT), "InvalidMemoryAccess", "second", NULL},
    {"never stores the exit code", TEXT(START, OUTPUT(1, T1), ADDI(A0, 0, 5), CALL(0x201)), NULL,
     NULL, "NotProvable: byte 0 of the output"},
    {"writes no output", TEXT(START, ADDI(A0, 0, 5), CALL(0x201)), "NoOutputWritten", "word 0",
     NULL},
    {"unknown call 0x999", TEXT(START, LI(A7, 0x999), ECALL), "UnimplementedSyscall: code 0x999",
     "pc 0x9c", NULL},
    {"multiplies", TEXT(START, MUL(T1, T1, T1), EXIT), NULL, NULL, "NotProvable: MUL at pc 0x94"},
    {"permutes its stack",
     TEXT(START, ADDI(SP, SP, -208), KECCAKF(SP), ADDI(SP, SP, 208), EXIT), NULL, NULL,
     "NotProvable: keccak at pc 0x98 needs components that this prover does not have"},
    {"permutes where nothing is", TEXT(START, LUI(T1, 0x500), KECCAKF(T1), EXIT),
     "InvalidMemoryAccess: reading 0x500000", "second", NULL},
    {"permutes what it may not write", TEXT(START, ADDI(T1, 0, 0x80), KECCAKF(T1), EXIT),
     "UnauthorizedWrite: address 0x80", "first", NULL},
    {"permutes at an odd address", TEXT(START, ADDI(T1, 0, 0x101), KECCAKF(T1), EXIT),
     "UnalignedMemoryRead", "first", NULL},
};

static void guests_end_as_the_reference_ends_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct guest_case *c = &cases[i];
        struct program program = load_text(c->text, c->count);
        struct why why = {.text = ""};
        struct run run;
        enum status st = vm_run(&run, &program,
                                &(struct run_input){.public_input = bytes_of(eight, 8)}, NULL,
                                &why);

        print_message("  %s\n", c->name);
        if (c->failure) {
            assert_int_equal(st, ST_GUEST);
            assert_begins(why.text, c->failure);
            assert_contains(why.text, c->where);
        } else {
            guest_assert_ok(st, c->name, &why);
            st = vm_check_provable(&run, &program, &why);
            assert_int_equal(st, c->unprovable ? ST_GUEST : ST_OK);
            if (c->unprovable)
                assert_begins(why.text, c->unprovable);
            run_fini(&run);
        }
        program_fini(&program);
    }
}

static void words_that_are_no_instructions_fail_when_executed_only(void **state)
{
    static const uint32_t words[] = {
        0x00000000, 0xFFFFFFFF, 0x0FF0000F /* fence */, 0x0000100F /* fence.i */,
        0xC0002573 /* rdcycle */, 0x30200073 /* mret */, 0x10500073 /* wfi */,
        0xC0001073 /* unimp */, 0x1005252F /* lr.w */, 0x00052007 /* flw */,
        0x0000003B /* addw */, 0x00008082 /* c.ret */,
    };

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const uint32_t executed[] = {START, words[i], EXIT};
        const uint32_t skipped[] = {START, JAL(0, 8), words[i], EXIT};
        struct program program = load_text(executed, sizeof executed / 4);
        struct why why;
        struct run run;

        assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), ST_GUEST);
        assert_begins(why.text, "UnimplementedInstruction: word 0x");
        program_fini(&program);

        program = load_text(skipped, sizeof skipped / 4);
        assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), ST_OK);
        assert_int_equal(vm_check_provable(&run, &program, &why), ST_OK);
        assert_int_equal(run.view.words[4], words[i]); /* it stands in the listing */
        run_fini(&run);
        program_fini(&program);
    }
}

static void unused_custom_opcodes_are_undefined(void **state)
{
    static const uint32_t words[] = {0x0B, 0x102B, 0x105B, 0x105A};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const uint32_t text[] = {START, words[i], EXIT};
        struct program program = load_text(text, sizeof text / 4);
        struct why why;
        struct run run;

        assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), ST_GUEST);
        assert_begins(why.text, "UndefinedInstruction: custom opcode 0x");
        program_fini(&program);
    }
}

/* ---- exit code and output ---- */

static void the_exit_code_is_output_word_0_and_not_the_argument(void **state)
{
    static const uint32_t codes[] = {0, 5, 127, 128, 200, 256, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const uint32_t text[] = {START, LI(T1, codes[i]), OUTPUT(0, T1), ADDI(A0, 0, 9),
                                 CALL(0x201)};
        struct program program = load_text(text, sizeof text / 4);
        struct why why;
        struct run run;

        assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), ST_OK);
        assert_int_equal(run.exit_code, codes[i]);
        assert_int_equal(run.exit_argument, 9);
        assert_int_equal(run.steps[run.step_count - 1].result, 9);
        assert_int_equal(run.steps[run.step_count - 1].next_pc,
                         run.steps[run.step_count - 1].pc);
        assert_int_equal(vm_check_provable(&run, &program, &why), ST_OK);
        run_fini(&run);
        program_fini(&program);
    }
}

static void fib_exits_with_2_when_a_number_is_missing(void **state)
{
    static const char *const inputs[] = {"", "1", "1 2"};
    struct program program = guest_load("guest/fib.elf");

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct run run = guest_run(&program, inputs[i]);

        assert_int_equal(run.exit_code, 2);
        run_fini(&run);
    }
    program_fini(&program);
}

static void heap_that_was_never_announced_needs_stack_to_lie_in(void **state)
{
    struct program program = guest_load("guest/calls.elf");
    struct buffer input = guest_input("32 1 1");
    struct why why;
    struct run run;

    (void)state;
    assert_int_equal(vm_run(&run, &program,
                            &(struct run_input){.public_input = buffer_bytes(&input)}, NULL,
                            &why),
                     ST_GUEST);
    assert_begins(why.text, "InvalidMemoryAccess: writing 0x4b0"); /* 1200 */
    buffer_fini(&input);
    run = guest_run(&program, "33 1 1");
    run_fini(&run);
    program_fini(&program);
}

/* ---- system calls ---- */

static void private_input_ends_with_all_ones(void **state)
{
    static const uint32_t text[] = {START, CALL(0x400), OUTPUT(1, A0), EXIT};
    static const uint8_t seven[] = {7};
    struct program program = load_text(text, sizeof text / 4);
    struct why why;
    struct run run;

    (void)state;
    assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), ST_OK);
    assert_int_equal(run.view.output[4].value, 0xFF);
    assert_int_equal(run.view.output[7].value, 0xFF);
    assert_int_equal(vm_check_provable(&run, &program, &why), ST_OK);
    run_fini(&run);
    assert_int_equal(vm_run(&run, &program,
                            &(struct run_input){.private_input = bytes_of(seven, 1)}, NULL, &why),
                     ST_OK);
    assert_int_equal(run.view.output[4].value, 7);
    run_fini(&run);
    program_fini(&program);
}

static void log_text_is_what_lies_in_the_first_pass_s_data(void **state)
{
    static const uint32_t text[] = {
        START, LUI(T1, 0x46454), ADDI(T1, T1, 0x342), /* "BCEF" */
        ADDI(SP, SP, -16), SW(SP, T1, 0), /* "BCEF" on the stack */
        ADDI(A0, 0, 1), ADDI(A1, SP, 0), ADDI(A2, 0, 4), CALL(0x200), OUTPUT(1, A0),
        ADDI(A0, 0, 1), ADDI(A1, 0, 0x88), ADDI(A2, 0, 3), ECALL, /* the text: zeros */
        ADDI(A0, 0, 1), ADDI(A1, 0, -2), ADDI(A2, 0, 4), ECALL, /* wraps */
        ADDI(A0, 0, 1), ADDI(A2, 0, 0), ECALL, /* nothing is an entry, too */
        ADDI(A0, 0, 2), ECALL, OUTPUT(2, A0), /* another stream is none */
        ADDI(SP, SP, 16), EXIT};
    static const char zeros[4] = {0};
    struct program program = load_text(text, sizeof text / 4);
    struct why why = {.text = ""};
    struct run run;

    (void)state;
    guest_assert_ok(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), "run", &why);
    assert_int_equal(run.log_count, 4);
    assert_int_equal(run.logs[0].size, 4);
    assert_memory_equal(run.logs[0].data, "BCEF", 4);
    assert_int_equal(run.logs[1].size, 3);
    assert_memory_equal(run.logs[1].data, zeros, 3);
    assert_int_equal(run.logs[2].size, 4);
    assert_memory_equal(run.logs[2].data, zeros, 4);
    assert_int_equal(run.logs[3].size, 0);
    /* In the second pass the call does nothing: x10 keeps its argument. */
    assert_int_equal(run.view.output[4].value, 1);
    assert_int_equal(run.view.output[8].value, 2);
    run_fini(&run);
    program_fini(&program);
}

static void many_log_entries_keep_their_order(void **state)
{
    /* a number on the stack from 40 down to 1 */
    static const uint32_t text[] = {START,
                                    ADDI(SP, SP, -16),
                                    ADDI(T1, 0, 40),
                                    ADDI(A1, SP, 0),
                                    ADDI(A2, 0, 1),
                                    ADDI(A7, 0, 0x200),
                                    SB(SP, T1, 0),
                                    ADDI(A0, 0, 1),
                                    ECALL,
                                    ADDI(T1, T1, -1),
                                    BNE(T1, 0, -16),
                                    ADDI(SP, SP, 16),
                                    EXIT};
    struct program program = load_text(text, sizeof text / 4);
    struct why why = {.text = ""};
    struct run run;

    (void)state;
    guest_assert_ok(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), "run", &why);
    assert_int_equal(run.log_count, 40);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(run.logs[i].data[0], 40 - i);
    run_fini(&run);
    program_fini(&program);
}

static void an_end_mark_without_start_gives_all_ones_in_the_first_pass(void **state)
{
    /* x10 steers the heap size, which is all that can be seen of the first pass from outside. */
    static const uint32_t text[] = {
        START,           ADDI(SP, SP, -16), LI(T1, UINT32_C(0x66232400)), /* "$#f" from byte 1 */
        SW(SP, T1, 0),   ADDI(A0, SP, 1),   ADDI(A1, 0, 3),
        CALL(0x401),     ADDI(S0, A0, 1), /* 0 when it failed */
        LI(T1, UINT32_C(0x66235E00)), /* "^#f" */
        SW(SP, T1, 0),   ADDI(A0, SP, 1),   ECALL,
        LI(T1, UINT32_C(0x66232400)), SW(SP, T1, 0), ADDI(A0, SP, 1), ECALL,
        ADDI(S1, A0, 0), ADDI(A0, S0, 0x700), ADDI(A1, 0, 0), CALL(0x405),
        ADDI(SP, SP, 16), EXIT};
    struct program program = load_text(text, sizeof text / 4);
    struct why why = {.text = ""};
    struct run run;

    (void)state;
    guest_assert_ok(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), "run", &why);
    assert_int_equal(run.sizes.heap, 0x700); /* no images: the heap starts at 0 */
    assert_int_equal(run.final_registers[S1], run.view.layout.stack_top - 16 + 1);
    run_fini(&run);
    program_fini(&program);
}

static void memory_advice_wraps(void **state)
{
    static const uint32_t text[] = {START,          ADDI(A0, 0, -16), ADDI(A1, 0, 0x20),
                                    CALL(0x405),    EXIT};
    struct program program = load_text(text, sizeof text / 4);
    struct why why = {.text = ""};
    struct run run;

    (void)state;
    guest_assert_ok(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), "run", &why);
    assert_int_equal(run.sizes.heap, 0x10);
    run_fini(&run);
    program_fini(&program);
}

/* ---- entry and base ---- */

static void any_base_runs_at_0x88(void **state)
{
    static const uint32_t text[] = {START, EXIT};
    static const uint32_t bases[] = {0x88, 0x1000, 0x80000000};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct program program =
            load(&(struct assembly){.text = text, .count = sizeof text / 4, .base = bases[i]});
        struct why why = {.text = ""};
        struct run run;

        guest_assert_ok(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), "run", &why);
        assert_int_equal(run.steps[0].pc, VM_PROGRAM_START);
        assert_int_equal(vm_check_provable(&run, &program, &why), ST_OK);
        run_fini(&run);
        program_fini(&program);
    }
}

static void an_entry_outside_the_program_is_refused(void **state)
{
    static const uint32_t text[] = {START, EXIT};
    static const struct {
        uint32_t entry;
        const char *words;
    } table[] = {
        {0x8A, "UnalignedProgramCounter"},
        {0x84, "JumpOutsideProgram: below the program at 0x88"},
        {0x8000, "JumpOutsideProgram: beyond the end"},
        {0x88 + sizeof text, "VMOutOfInstructions"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct program program = load(
            &(struct assembly){.text = text, .count = sizeof text / 4, .entry = table[i].entry});
        struct why why;
        struct run run;

        assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), ST_GUEST);
        assert_begins(why.text, table[i].words);
        assert_contains(why.text, "step 1 of the first pass");
        program_fini(&program);
    }
}

/* ---- images ---- */

static void read_only_data_over_the_locations_is_refused(void **state)
{
    static const uint32_t text[] = {START, EXIT};
    struct program program = load(&(struct assembly){
        .text = text,
        .count = sizeof text / 4,
        .rodata = bytes_of_text("read"),
        .rodata_address = 0x84,
    });
    struct why why;
    struct run run;

    (void)state;
    assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), ST_GUEST);
    assert_begins(why.text, "MemoryOverlap");
    program_fini(&program);
}

static void data_right_behind_the_text_is_public_and_provable(void **state)
{
    static const uint32_t text[] = {START,           LW(T1, 0, 0xBC), LB(T2, 0, 0xC0),
                                    SB(0, T2, 0xC1), OUTPUT(1, T1),   EXIT};
    struct program program = load(&(struct assembly){
        .text = text,
        .count = sizeof text / 4,
        .rodata = bytes_of_text("read"),
        .data = bytes_of_text("datum"),
    });
    struct why why = {.text = ""};
    struct run run;

    (void)state;
    assert_int_equal(program.rom.base, 0xBC);
    assert_int_equal(program.ram.base, 0xC0);
    assert_int_equal(program.ram.size, 8);
    guest_assert_ok(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), "run", &why);
    guest_assert_ok(vm_check_provable(&run, &program, &why), "provable", &why);
    assert_int_equal(run.view.output[4].value, 'r');
    /* initial, not final content */
    assert_int_equal(run.view.initial[8 + 4 + 1].address, 0xC1);
    assert_int_equal(run.view.initial[8 + 4 + 1].value, 'a');
    /* 8 + 4 + 8 + 4 of the input region, and the output's 8 */
    assert_int_equal(run.ram_entries, 32);
    run_fini(&run);
    program_fini(&program);
}

/* ---- limits ---- */

static void assert_limit(const uint32_t *text, size_t count, const struct run_limits *limits,
                         const char *words)
{
    struct program program = load_text(text, count);
    struct why why = {.text = ""};
    struct run run = {.step_count = 77};

    assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, limits, &why), ST_LIMIT);
    assert_begins(why.text, words);
    assert_int_equal(run.step_count, 77); /* outputs only on success */
    program_fini(&program);
}

static void an_endless_guest_stops_at_the_step_limit(void **state)
{
    static const uint32_t endless[] = {JAL(0, 0)};
    /* endless in the second pass only, where there is a heap */
    static const uint32_t second[] = {START,       ADDI(T1, 0, 0), OUTPUT(1, T1), CALL(0x403),
                                      BNE(A0, 0, 0), EXIT};

    (void)state;
    assert_limit(endless, 1, &(struct run_limits){.max_steps = 1000},
                 "StepLimit: no end after 1000 steps");
    assert_limit(second, sizeof second / 4, &(struct run_limits){.max_steps = 1000},
                 "StepLimit: the second pass has no end after 1000 steps");
}

static void the_step_limit_counts_the_exit(void **state)
{
    static const uint32_t text[] = {EXIT};
    struct program program = load_text(text, sizeof text / 4);
    struct why why;
    struct run run;

    (void)state;
    assert_limit(text, sizeof text / 4, &(struct run_limits){.max_steps = 4}, "StepLimit");
    assert_int_equal(vm_run(&run, &program, &(struct run_input){0},
                            &(struct run_limits){.max_steps = 5}, &why),
                     ST_OK);
    assert_int_equal(run.step_count, 5);
    run_fini(&run);
    program_fini(&program);
}

static void touched_pages_count_against_the_memory_limit(void **state)
{
    /* one store a page, downwards from the top of the stack */
    static const uint32_t text[] = {START,           LUI(T1, 1),   ADDI(S0, 0, 100),
                                    ADDI(T2, SP, -4), SW(T2, T2, 0), WORD_I(0x13, 0, T2, T2, -2048),
                                    ADDI(T2, T2, -2048), ADDI(S0, S0, -1), BNE(S0, 0, -16), EXIT};

    (void)state;
    assert_limit(text, sizeof text / 4, &(struct run_limits){.max_memory = 100 * 4096},
                 "MemoryLimit: the guest needs more than 409600 bytes");
}

static void log_text_counts_against_the_memory_limit(void **state)
{
    static const uint32_t text[] = {START,        ADDI(A0, 0, 1), ADDI(A1, 0, 0),
                                    LUI(A2, 0x100), CALL(0x200),  JAL(0, -20)};

    (void)state;
    /* 1 MiB an entry, for ever */
    assert_limit(text, sizeof text / 4, &(struct run_limits){.max_memory = 5 << 20},
                 "MemoryLimit");
}

static void a_huge_output_counts_against_the_memory_limit(void **state)
{
    static const uint32_t text[] = {START, LUI(T1, 0x10000), LW(T0, 0, 0x84), ADD(T0, T0, T1),
                                    WOU(T0, T1, 0), EXIT};

    (void)state;
    assert_limit(text, sizeof text / 4, &(struct run_limits){.max_memory = 128 << 20},
                 "MemoryLimit"); /* 256 MiB of output */
    assert_limit(text, sizeof text / 4, NULL, "MemoryLimit"); /* listed: 2 GiB */
}

static void the_second_pass_pays_for_what_it_reads(void **state)
{
    /* one load a page: the first pass makes no page for it, the second must remember it */
    static const uint32_t text[] = {
        START, LUI(SP, 0x80300), CALL(0x402), ADDI(T2, SP, -4), ADDI(S0, 0, 100),
        LW(T1, T2, 0), ADDI(T2, T2, -2048), ADDI(T2, T2, -2048), ADDI(S0, S0, -1),
        BNE(S0, 0, -16), EXIT};

    (void)state;
    assert_limit(text, sizeof text / 4, &(struct run_limits){.max_memory = 40 * 4096},
                 "MemoryLimit");
}

static void each_part_of_the_second_pass_is_paid_for(void **state)
{
    static const uint32_t text[] = {EXIT};
    static uint8_t image[5 * 4096];
    const struct run_input input = {.public_input = bytes_of(image, sizeof image)};
    struct program program = load(&(struct assembly){
        .text = text,
        .count = sizeof text / 4,
        .rodata = bytes_of(image, sizeof image),
        .data = bytes_of(image, sizeof image),
    });
    struct why why;
    struct run run;
    enum status st = ST_LIMIT;

    (void)state;
    /* Whatever the limit, the run either fits or says so. */
    for (uint64_t pages = 1; st == ST_LIMIT; pages++) {
        assert_true(pages < 200);
        st = vm_run(&run, &program, &input, &(struct run_limits){.max_memory = pages * 4096},
                    &why);
        if (st)
            assert_begins(why.text, "MemoryLimit");
    }
    assert_int_equal(st, ST_OK);
    run_fini(&run);
    program_fini(&program);
}

static void a_long_cycle_counter_label_is_refused(void **state)
{
    static const uint32_t text[] = {START, LUI(A1, 0x10), CALL(0x401)};

    (void)state;
    assert_limit(text, sizeof text / 4, NULL, "LabelLimit");
}

static void inputs_of_impossible_size_are_refused_unread(void **state)
{
    static const uint32_t text[] = {EXIT};
    struct program program = load_text(text, sizeof text / 4);
    struct run_input input = {.public_input = bytes_of(eight, (size_t)0x80000001)};
    struct why why;
    struct run run;

    (void)state;
    assert_int_equal(vm_run(&run, &program, &input, NULL, &why), ST_INPUT);
    assert_begins(why.text, "InputTooLong");
    input = (struct run_input){.associated_data = bytes_of(eight, (size_t)0x100000000)};
    assert_int_equal(vm_run(&run, &program, &input, NULL, &why), ST_GUEST);
    assert_begins(why.text, "IntOverflowError");
    program_fini(&program);
}

/* ---- the verifier's view ---- */

static void a_layout_out_of_order_or_too_small_is_refused(void **state)
{
    static const struct {
        struct memory_layout layout;
        enum status status;
    } table[] = {
        {{0x100, 0x10C, 0x110, 0x114, 0x114, 0x120, 0x125}, ST_OK},
        {{0x100, 0x110, 0x114, 0x11C, 0x200, 0x300, 0x305}, ST_OK},
        {{0x102, 0x10C, 0x110, 0x114, 0x114, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10D, 0x110, 0x114, 0x114, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10C, 0x111, 0x114, 0x114, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10C, 0x110, 0x115, 0x118, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10C, 0x110, 0x114, 0x116, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10C, 0x110, 0x114, 0x114, 0x122, 0x127}, ST_INVALID},
        {{0x110, 0x10C, 0x110, 0x114, 0x114, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x114, 0x110, 0x114, 0x114, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10C, 0x118, 0x114, 0x114, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10C, 0x110, 0x118, 0x114, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10C, 0x110, 0x114, 0x124, 0x120, 0x125}, ST_INVALID},
        {{0x100, 0x10C, 0x110, 0x114, 0x114, 0x120, 0x110}, ST_INVALID},
        {{0x100, 0x10C, 0x110, 0x114, 0x114, 0x120, 0x120}, ST_INVALID}, /* associated data */
        {{0x100, 0x108, 0x10C, 0x110, 0x114, 0x120, 0x125}, ST_INVALID}, /* input */
        {{0x100, 0x10C, 0x114, 0x118, 0x118, 0x120, 0x125}, ST_INVALID}, /* exit code: 8 bytes */
        {{0x100, 0x10C, 0x110, 0x110, 0x114, 0x120, 0x125}, ST_INVALID}, /* output */
    };
    static const uint32_t text[] = {EXIT};
    struct program program = load_text(text, sizeof text / 4);

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run run = {0};
        struct why why = {.text = ""};
        enum status st = vm_expected_view(&run, &program, &table[i].layout, bytes_of(eight, 8), 3,
                                          bytes_of(eight, 4), bytes_of(eight, 5), &why);

        assert_int_equal(st, table[i].status);
        if (st) {
            assert_begins(why.text, "BadLayout");
            assert_null(run.view.initial);
            continue;
        }
        assert_int_equal(run.view.initial_count, 8 + 4 + 8);
        assert_int_equal(run.view.output_count, 8);
        assert_int_equal(run.view.output[0].value, 3);
        assert_int_equal(run.view.output[7].value, 4);
        assert_int_equal(run.view.output[7].address, table[i].layout.public_output + 3);
        assert_int_equal(run.view.associated_data.size, 5);
        assert_int_equal(run.view.word_count, sizeof text / 4);
        run_fini(&run);
    }
    program_fini(&program);
}

static void an_input_that_is_no_whole_word_is_padded_like_the_prover_s(void **state)
{
    static const uint32_t text[] = {EXIT};
    struct program program = load_text(text, sizeof text / 4);
    struct why why;
    struct run run, expected;

    (void)state;
    assert_int_equal(vm_run(&run, &program,
                            &(struct run_input){.public_input = bytes_of(eight, 5)}, NULL, &why),
                     ST_OK);
    assert_int_equal(vm_expected_view(&expected, &program, &run.view.layout, bytes_of(eight, 5),
                                      0, bytes_of(NULL, 0), bytes_of(NULL, 0), &why),
                     ST_OK);
    guest_assert_same_view(&expected.view, &run.view);
    run_fini(&run);
    run_fini(&expected);
    program_fini(&program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_end_as_the_reference_ends_them),
        cmocka_unit_test(words_that_are_no_instructions_fail_when_executed_only),
        cmocka_unit_test(unused_custom_opcodes_are_undefined),
        cmocka_unit_test(the_exit_code_is_output_word_0_and_not_the_argument),
        cmocka_unit_test(fib_exits_with_2_when_a_number_is_missing),
        cmocka_unit_test(heap_that_was_never_announced_needs_stack_to_lie_in),
        cmocka_unit_test(private_input_ends_with_all_ones),
        cmocka_unit_test(log_text_is_what_lies_in_the_first_pass_s_data),
        cmocka_unit_test(many_log_entries_keep_their_order),
        cmocka_unit_test(an_end_mark_without_start_gives_all_ones_in_the_first_pass),
        cmocka_unit_test(memory_advice_wraps),
        cmocka_unit_test(any_base_runs_at_0x88),
        cmocka_unit_test(an_entry_outside_the_program_is_refused),
        cmocka_unit_test(read_only_data_over_the_locations_is_refused),
        cmocka_unit_test(data_right_behind_the_text_is_public_and_provable),
        cmocka_unit_test(an_endless_guest_stops_at_the_step_limit),
        cmocka_unit_test(the_step_limit_counts_the_exit),
        cmocka_unit_test(touched_pages_count_against_the_memory_limit),
        cmocka_unit_test(log_text_counts_against_the_memory_limit),
        cmocka_unit_test(a_huge_output_counts_against_the_memory_limit),
        cmocka_unit_test(the_second_pass_pays_for_what_it_reads),
        cmocka_unit_test(each_part_of_the_second_pass_is_paid_for),
        cmocka_unit_test(a_long_cycle_counter_label_is_refused),
        cmocka_unit_test(inputs_of_impossible_size_are_refused_unread),
        cmocka_unit_test(a_layout_out_of_order_or_too_small_is_refused),
        cmocka_unit_test(an_input_that_is_no_whole_word_is_padded_like_the_prover_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
