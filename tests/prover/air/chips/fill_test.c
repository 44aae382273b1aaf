/* SPDX-License-Identifier: Apache-2.0 */
/* Filling the main trace against air-main.md 10.2, and what it refuses. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "prover/air/chips/columns.h"
#include "prover/air/chips/ram_map.h"
#include "prover/circle/order.h"
#include "tests/prover/air/chips/example.h"

/* ---- columns.csv ---- */

struct name {
    const char *name;
    unsigned first, limbs;
};

#define NAME(NAME_, name_, limbs_) {#name_, NAME_, limbs_},
static const struct name preprocessed_names[] = {PREPROCESSED_COLUMNS(NAME)};
static const struct name trace_names[] = {TRACE_COLUMNS(NAME)};

static void every_column_has_the_name_and_number_of_the_specification(void **state)
{
    struct csv *c = golden_csv("air-main/columns.csv");
    size_t seen[2] = {0, 0};

    (void)state;
    for (size_t i = 0; i < c->rows; i++) {
        uint32_t tree = csv_u32(c, i, "tree");
        const struct name *n;

        if (tree > 1)
            continue;
        n = (tree ? trace_names : preprocessed_names) + seen[tree]++;
        assert_string_equal(n->name, csv_cell(c, i, "name"));
        assert_int_equal(n->first, csv_u32(c, i, "first_index"));
        assert_int_equal(n->limbs, csv_u32(c, i, "limbs"));
    }
    assert_int_equal(seen[0], sizeof preprocessed_names / sizeof *preprocessed_names);
    assert_int_equal(seen[1], sizeof trace_names / sizeof *trace_names);
    csv_free(c);
}

/* ---- the example trace ---- */

static void the_example_trace_is_filled_cell_by_cell(void **state)
{
    struct csv *c = golden_csv("air-main/rows.csv");
    uint32_t *want = calloc(EXAMPLE_ROWS * MAIN_TRACE, sizeof *want);
    struct pool *pool = test_pool(1);
    struct example e;

    (void)state;
    for (size_t i = 0; i < c->rows; i++)
        want[csv_u32(c, i, "row") * MAIN_TRACE + csv_u32(c, i, "index")] = csv_u32(c, i, "value");
    example_init(&e);
    assert_int_equal(example_fill(&e, pool, NULL), ST_OK);
    for (size_t i = 0; i < EXAMPLE_ROWS; i++) {
        size_t row = order_row(EXAMPLE_LOG, i);

        for (size_t k = 0; k < MAIN_TRACE; k++)
            if (matrix_column(&e.trace, k)[i].v != want[row * MAIN_TRACE + k])
                test_fail("row %zu column %zu: %u instead of %u", row, k,
                         matrix_column(&e.trace, k)[i].v, want[row * MAIN_TRACE + k]);
    }
    example_fini(&e);
    pool_free(pool);
    free(want);
    csv_free(c);
}

static void the_example_has_the_digests_of_the_specification_with_any_number_of_threads(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct pool *pool = test_pool(threads);
        struct example e;
        char hex[65];

        example_init(&e);
        assert_int_equal(example_fill(&e, pool, NULL), ST_OK);
        columns_sha256(hex, e.preprocessed);
        assert_string_equal(hex,
                            "0b941493373005b5d61e376c203190db9feea0b80b37a547e23ca2fcb067410b");
        columns_sha256(hex, e.trace);
        assert_string_equal(hex,
                            "7900b942410972ab5ceb5d6faab7a7112ab1997d2e7d1db167c44fb059c85acd");
        example_fini(&e);
        pool_free(pool);
    }
}

static void check_count(const struct csv *c, const char *name, const uint32_t *table, size_t size)
{
    uint32_t want[256] = {0};

    for (size_t i = 0; i < c->rows; i++)
        if (strcmp(csv_cell(c, i, "table"), name) == 0)
            want[csv_u32(c, i, "key")] = csv_u32(c, i, "count_or_timestamp");
    for (size_t i = 0; i < size; i++)
        if (table[i] != want[i])
            test_fail("%s %zu: %u instead of %u", name, i, table[i], want[i]);
}

static void the_example_leaves_the_side_note_of_the_specification(void **state)
{
    struct csv *c = golden_csv("air-main/side.csv");
    struct pool *pool = test_pool(2);
    struct example e;
    size_t ram = 0, registers = 0;

    (void)state;
    example_init(&e);
    assert_int_equal(example_fill(&e, pool, NULL), ST_OK);
    check_count(c, "Range8", e.note.range8, 8);
    check_count(c, "Range16", e.note.range16, 16);
    check_count(c, "Range32", e.note.range32, 32);
    check_count(c, "Range128", e.note.range128, 128);
    check_count(c, "Range256", e.note.range256, 256);
    check_count(c, "BitOpAnd", e.note.bit_op[0], 256);
    check_count(c, "BitOpOr", e.note.bit_op[1], 256);
    check_count(c, "BitOpXor", e.note.bit_op[2], 256);
    for (size_t i = 0; i < c->rows; i++) {
        const char *table = csv_cell(c, i, "table");
        uint32_t key = csv_u32(c, i, "key"), ts = csv_u32(c, i, "count_or_timestamp");

        if (strcmp(table, "Register") == 0) {
            assert_int_equal(e.note.register_timestamp[key], ts);
            assert_int_equal(e.note.register_value[key], csv_u32(c, i, "value"));
            registers++;
        } else if (strcmp(table, "Ram") == 0) {
            assert_true(ram < e.note.ram_count);
            assert_int_equal(e.note.ram[ram].address, key);
            assert_int_equal(e.note.ram[ram].counter, ts);
            assert_int_equal(e.note.ram[ram].value, csv_u32(c, i, "value"));
            ram++;
        }
    }
    assert_int_equal(registers, 32);
    assert_int_equal(ram, e.note.ram_count);
    example_fini(&e);
    pool_free(pool);
    csv_free(c);
}

/* ---- golden main traces of the reference ---- */

struct guest_run {
    struct buffer elf, input;
    struct program program;
    struct run run;
};

static void guest_run_init(struct guest_run *g, const char *elf)
{
    static const uint32_t input[] = {9, 1, 1};
    struct run_input in;
    struct why why = {""};

    memset(g, 0, sizeof *g);
    g->elf = golden_read(elf);
    buffer_init(&g->input, 0);
    vm_encode_u32s(&g->input, input, 3);
    in = (struct run_input){.public_input = buffer_bytes(&g->input)};
    if (program_load(&g->program, buffer_bytes(&g->elf), &why) ||
        vm_run(&g->run, &g->program, &in, NULL, &why))
        test_fail("%s: %s", elf, why.text);
}

static void guest_run_fini(struct guest_run *g)
{
    run_fini(&g->run);
    program_fini(&g->program);
    buffer_fini(&g->input);
    buffer_fini(&g->elf);
}

/* Words stand where the machine puts them (components.md 5.2); the rest is the example's affair. */
static void check_listing(const struct matrix *preprocessed, const struct view *view)
{
    for (size_t row = 0; row < matrix_rows(preprocessed); row++) {
        size_t i = order_stored(preprocessed->log_rows, row);
        bool listed = row < view->word_count;
        uint32_t pc = listed ? VM_PROGRAM_START + 4 * (uint32_t)row : 0;
        uint32_t word = listed ? view->words[row] : 0;

        assert_int_equal(matrix_column(preprocessed, PRG_MEMORY_FLAG)[i].v, listed);
        assert_int_equal(matrix_column(preprocessed, PRG_MEMORY_PC)[i].v, pc & 0xffff);
        assert_int_equal(matrix_column(preprocessed, PRG_MEMORY_PC + 1)[i].v, pc >> 16);
        assert_int_equal(matrix_column(preprocessed, PRG_MEMORY_WORD)[i].v, word & 0xffff);
        assert_int_equal(matrix_column(preprocessed, PRG_MEMORY_WORD + 1)[i].v, word >> 16);
        assert_int_equal(matrix_column(preprocessed, PRG_INITIAL_PC)[i].v,
                         row ? 0 : VM_PROGRAM_START);
    }
}

static void check_main_trace(const char *elf, const char *trace_name, unsigned threads)
{
    struct buffer want = golden_read(trace_name);
    struct pool *pool = test_pool(threads);
    struct exec exec = {.kernel = KERNEL_PORTABLE, .pool = pool};
    size_t rows = want.size / 4 / MAIN_TRACE, bytes;
    unsigned log_rows = (unsigned)__builtin_ctzll(rows);
    struct arena_plan plan = {0};
    struct side_note note;
    struct guest_run g;
    struct matrix preprocessed, trace;
    struct arena arena;
    void *memory;

    assert_int_equal(want.size, (size_t)4 * MAIN_TRACE << log_rows);
    guest_run_init(&g, elf);
    matrix_plan(&plan, MAIN_PREPROCESSED, log_rows);
    matrix_plan(&plan, MAIN_TRACE, log_rows);
    main_fill_plan(&plan, log_rows, g.run.ram_entries);
    assert_int_equal(arena_plan_bytes(&plan, &bytes, NULL), ST_OK);
    memory = aligned_alloc(ARENA_ALIGN, bytes);
    arena = arena_of(memory, bytes);
    trace = matrix_take(&arena, MAIN_TRACE, log_rows);
    assert_int_equal(main_fill(&exec, trace, log_rows, &g.run, &note, &arena, NULL), ST_OK);
    assert_int_equal(note.ram_count, g.run.ram_entries);
    preprocessed = matrix_take(&arena, MAIN_PREPROCESSED, log_rows);
    main_preprocess(&exec, preprocessed, log_rows, &g.run.view);
    check_listing(&preprocessed, &g.run.view);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < MAIN_TRACE; k++) {
            size_t row = order_row(log_rows, i);
            uint32_t cell = load_le32(want.data + 4 * (row * MAIN_TRACE + k));

            if (matrix_column(&trace, k)[i].v != cell)
                test_fail("%s row %zu column %zu: %u instead of %u", elf, row, k,
                          matrix_column(&trace, k)[i].v, cell);
        }
    free(memory);
    guest_run_fini(&g);
    pool_free(pool);
    buffer_fini(&want);
}

static void a_run_of_the_machine_fills_the_trace_of_the_reference(void **state)
{
    (void)state;
    check_main_trace("guest/fib.elf", "proofs/fib_9_1_1.main_trace.u32le.gz", 1);
    check_main_trace("guest/calls.elf", "proofs/calls_9_1_1.main_trace.u32le.gz", 2);
}

/* ---- refusals ---- */

static void break_mnemonic(struct example *e)
{
    e->run.steps[3].instruction.mnemonic = OP_MUL;
}

static void break_keccak(struct example *e)
{
    e->run.steps[3].instruction.mnemonic = OP_KECCAKF;
}

static void break_ebreak(struct example *e)
{
    e->run.steps[174].instruction.mnemonic = OP_EBREAK;
}

static void break_call(struct example *e)
{
    e->run.steps[174].value_b = 0x404;
}

static void break_call_result(struct example *e)
{
    e->run.steps[162].has_result = 1;
}

static void break_call_no_result(struct example *e)
{
    e->run.steps[164].has_result = 0;
}

static void break_pc(struct example *e)
{
    e->run.steps[5].pc += 2;
}

static void break_pc_far(struct example *e)
{
    e->run.steps[5].pc = 0x1000 + 4 * (uint32_t)e->listing.count;
}

static void break_load(struct example *e)
{
    e->run.steps[160].value ^= 0x100;
}

static void break_address(struct example *e)
{
    e->run.steps[160].address += 4;
}

static void break_alignment(struct example *e)
{
    e->run.steps[160].value_b += 2;
    e->run.steps[160].address += 2;
}

static void break_zero(struct example *e) /* ADDI x17, x0, 512 */
{
    e->run.steps[161].value_b = 1;
}

static void break_initial(struct example *e)
{
    e->run.view.initial[1].address = e->run.view.initial[0].address;
}

static void what_cannot_be_proved_is_refused_with_the_step(void **state)
{
    static const struct {
        void (*break_it)(struct example *e);
        const char *words;
    } table[] = {
        {break_mnemonic, "step 4 at pc 0x100c cannot be proved: no chip for its instruction"},
        {break_keccak, "step 4 at pc 0x100c cannot be proved: no chip for its instruction"},
        {break_ebreak, "step 175 at pc 0x1304 cannot be proved: no chip for its instruction"},
        {break_call, "step 175 at pc 0x1304 cannot be proved: unknown system call"},
        {break_call_result, "cannot be proved: system call with a wrong result"},
        {break_call_no_result, "cannot be proved: system call with a wrong result"},
        {break_pc, "outside the program listing"},
        {break_pc_far, "outside the program listing"},
        {break_load, "a load that differs from the tracked memory"},
        {break_address, "at another address than its operands say"},
        {break_alignment, "unaligned access"},
        {break_zero, "register 0 is not 0"},
        {break_initial, "initial memory has address 0x11fe0 twice"},
    };
    struct pool *pool = test_pool(1);

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct why why = {""};
        struct example e;

        example_init(&e);
        table[i].break_it(&e);
        e.note.ram_count = 12345;
        assert_int_equal(example_fill(&e, pool, &why), ST_GUEST);
        if (!strstr(why.text, table[i].words))
            test_fail("case %zu: '%s' does not say '%s'", i, why.text, table[i].words);
        assert_int_equal(e.note.ram_count, 12345); /* outputs only on success */
        example_fini(&e);
    }
    pool_free(pool);
}

static void a_halt_may_have_a_result(void **state)
{
    struct pool *pool = test_pool(1);
    struct example e;
    char hex[65];

    (void)state;
    example_init(&e);
    e.run.steps[174].has_result = 1; /* air-main.md 4.29: it does not matter */
    e.run.steps[174].result = 77;
    assert_int_equal(example_fill(&e, pool, NULL), ST_OK);
    columns_sha256(hex, e.trace);
    assert_string_equal(hex, "7900b942410972ab5ceb5d6faab7a7112ab1997d2e7d1db167c44fb059c85acd");
    example_fini(&e);
    pool_free(pool);
}

/* ---- the RAM map ---- */

static void the_ram_map_lists_scattered_bytes_in_order(void **state)
{
    enum { COUNT = 5000 };
    struct ram_entry *list = calloc(COUNT, sizeof *list);
    struct arena_plan plan = {0};
    struct ram_map map;
    struct arena arena;
    size_t bytes;
    void *memory;

    (void)state;
    ram_map_plan(&plan, COUNT);
    assert_int_equal(arena_plan_bytes(&plan, &bytes, NULL), ST_OK);
    memory = aligned_alloc(ARENA_ALIGN, bytes);
    arena = arena_of(memory, bytes);
    ram_map_init(&map, &arena, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) { /* 2654435761 is odd: all different */
        uint32_t address = i * 2654435761u;
        struct ram_word *w = ram_map_word(&map, address);

        ram_map_set(&map, w, address % 4, i, (uint8_t)i);
        ram_map_set(&map, w, address % 4, i + 1, (uint8_t)(i + 1)); /* the last one counts */
    }
    assert_int_equal(map.entries, COUNT);
    ram_map_list(&map, list, &arena);
    for (size_t i = 0; i < COUNT; i++) {
        uint32_t number = list[i].counter - 1;

        assert_true(i == 0 || list[i - 1].address < list[i].address);
        assert_int_equal(list[i].address, number * 2654435761u);
        assert_int_equal(list[i].value, (uint8_t)list[i].counter);
    }
    free(memory);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_column_has_the_name_and_number_of_the_specification),
        cmocka_unit_test(the_example_trace_is_filled_cell_by_cell),
        cmocka_unit_test(the_example_has_the_digests_of_the_specification_with_any_number_of_threads),
        cmocka_unit_test(the_example_leaves_the_side_note_of_the_specification),
        cmocka_unit_test(a_run_of_the_machine_fills_the_trace_of_the_reference),
        cmocka_unit_test(what_cannot_be_proved_is_refused_with_the_step),
        cmocka_unit_test(a_halt_may_have_a_result),
        cmocka_unit_test(the_ram_map_lists_scattered_bytes_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
