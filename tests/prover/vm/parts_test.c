/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of the machine on their own: UTF-8, cycle counter names, pages, regions, Keccak. */
#include "tests/support/test.h"

#include <string.h>

#include "prover/vm/cycles.h"
#include "prover/vm/keccakf.h"
#include "prover/vm/memory.h"
#include "prover/vm/utf8.h"

/* ---- UTF-8 ---- */

static void ill_formed_text_is_replaced_part_by_part(void **state)
{
    /* Tables 3-8 to 3-11 of the Unicode Standard, and the borders of each row of table 3-7. */
    static const struct {
        const char *text, *lossy; /* NULL: valid */
    } table[] = {
        {"", NULL},
        {"plain", NULL},
        {"\xC2\x80\xDF\xBF", NULL},
        {"\xE0\xA0\x80\xEF\xBF\xBF\xED\x9F\xBF", NULL},
        {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", NULL},
        {"a\x80", "a\xEF\xBF\xBD"},
        {"\xC1\xBFz", "\xEF\xBF\xBD\xEF\xBF\xBDz"},
        {"\xE0\x9F\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xF5", "\xEF\xBF\xBD"},
        {"\xF0\x90\x80", "\xEF\xBF\xBD"},   /* one maximal part, cut by the end */
        {"\xF0\x90\x80g", "\xEF\xBF\xBDg"}, /* … by another character */
        {"\xE2\x82\xC3\xA9", "\xEF\xBF\xBD\xC3\xA9"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bytes text = bytes_of_text(table[i].text);
        struct buffer out;

        assert_int_equal(utf8_is_valid(text), table[i].lossy == NULL);
        buffer_init(&out, 0);
        utf8_put_lossy(&out, text);
        assert_true(bytes_equal(buffer_bytes(&out),
                                bytes_of_text(table[i].lossy ? table[i].lossy : table[i].text)));
        buffer_fini(&out);
    }
}

/* ---- cycle counter ---- */

static bool mark(struct cycles *c, const char *label, uint64_t clock)
{
    struct why why = {.text = ""};
    bool known;

    assert_int_equal(cycles_mark(c, &known, bytes_of_text(label), clock, &why), ST_OK);
    return known;
}

static void an_end_is_known_once_its_name_was_started(void **state)
{
    struct cycles c;

    (void)state;
    cycles_init(&c);
    assert_false(mark(&c, "$#a", 1));
    assert_true(mark(&c, "^#a", 2));
    assert_true(mark(&c, "^#a", 3)); /* deeper */
    assert_true(mark(&c, "$#a", 4));
    assert_true(mark(&c, "$#a", 5));
    assert_true(mark(&c, "$#a", 6)); /* the depth wraps, the name stays known */
    assert_false(mark(&c, "$#b", 7));
    assert_true(mark(&c, "^#", 8)); /* the empty name */
    assert_true(mark(&c, "$#", 9));
    assert_true(mark(&c, "^#x#y", 10)); /* only the first # parts */
    assert_true(mark(&c, "$#x#y", 11));
    /* Two ill-formed names become one. */
    assert_true(mark(&c, "^#\xFF", 12));
    assert_true(mark(&c, "$#\xFE", 13));
    cycles_fini(&c);
}

static void many_names_are_kept_apart(void **state)
{
    struct cycles c;
    struct buffer label;

    (void)state;
    cycles_init(&c);
    buffer_init(&label, 0);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < 200; i++) {
            buffer_reset(&label);
            buffer_put_format(&label, "%c#name %u", pass ? '$' : '^', i);
            buffer_put_u8(&label, 0);
            assert_true(mark(&c, (const char *)label.data, i));
        }
    }
    assert_int_equal(c.entry_count, 200);
    buffer_fini(&label);
    cycles_fini(&c);
}

static void a_label_without_mark_is_refused(void **state)
{
    static const char *const labels[] = {"", "^", "x#f", "^f", "f", "#f"};
    struct cycles c;

    (void)state;
    cycles_init(&c);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct why why;
        bool known = true;

        assert_int_equal(cycles_mark(&c, &known, bytes_of_text(labels[i]), 1, &why), ST_GUEST);
        assert_memory_equal(why.text, "InvalidProfileLabel", 19);
        assert_non_null(strstr(why.text, labels[i]));
    }
    cycles_fini(&c);
}

/* ---- pages ---- */

static void bytes_written_across_pages_and_the_end_come_back(void **state)
{
    struct budget budget = {1 << 20, 1 << 20};
    struct space s;
    uint8_t out[10000], in[10000];
    struct why why;

    (void)state;
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 7);
    space_init(&s, &budget);
    assert_int_equal(space_write(&s, UINT32_MAX - 4999, bytes_of(in, sizeof in), &why), ST_OK);
    space_read(&s, out, UINT32_MAX - 4999, sizeof out);
    assert_memory_equal(in, out, sizeof in);
    space_read(&s, out, 4990, 20); /* the last ten bytes, and then nothing yet */
    assert_memory_equal(in + 9990, out, 10);
    assert_int_equal(out[15], 0);
    assert_null(space_find(&s, 0x10000));
    assert_false(space_is_marked(&s, 0x10000));
    assert_int_equal(budget.limit - budget.left, 4 * PAGE_BYTES);
    space_fini(&s);
    assert_int_equal(budget.left, budget.limit);
}

static void marks_are_counted_once_a_byte(void **state)
{
    struct budget budget = {1 << 20, 1 << 20};
    struct space s;
    struct why why;

    (void)state;
    space_init(&s, &budget);
    assert_int_equal(space_mark(&s, 4090, 20, &why), ST_OK);
    assert_int_equal(space_mark(&s, 4095, 2, &why), ST_OK);
    page_mark(space_find(&s, 60), 60, 4);
    assert_int_equal(space_count_marks(&s), 24);
    assert_true(space_is_marked(&s, 4109));
    assert_false(space_is_marked(&s, 4110));
    assert_false(space_is_marked(&s, 64));
    space_fini(&s);
}

/* ---- regions (vm.md 6.2) ---- */

static void modes_decide_before_alignment(void **state)
{
    static const struct {
        enum region_mode mode;
        const char *load, *store, *odd_load, *odd_store; /* NULL: allowed */
    } table[] = {
        {REGION_READ_WRITE, NULL, NULL, "UnalignedMemoryRead", "UnalignedMemoryWrite"},
        {REGION_READ_ONLY, NULL, "UnauthorizedWrite", "UnalignedMemoryRead", "UnauthorizedWrite"},
        {REGION_WRITE_ONLY, "UnauthorizedRead", NULL, "UnauthorizedRead", "UnalignedMemoryWrite"},
        {REGION_NO_ACCESS, "UnauthorizedRead", "UnauthorizedWrite", "UnauthorizedRead",
         "UnauthorizedWrite"},
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct budget budget = {1 << 20, 1 << 20};
        const struct region region = {0x100, 8, table[i].mode, "the region"};
        const char *const expect[] = {table[i].load, table[i].store, table[i].odd_load,
                                      table[i].odd_store};
        struct memory m;

        memory_init(&m, &budget, i % 2);
        assert_int_equal(memory_add(&m, region, bytes_of_text("abcdefgh"), NULL), ST_OK);
        for (size_t k = 0; k < 4; k++) {
            uint32_t value = 0, address = 0x104 + (uint32_t)(k / 2);
            struct why why = {.text = ""};
            enum status st = k % 2 ? memory_store(&m, &value, address, 2, 7, &why)
                                   : memory_load(&m, &value, address, 2, &why);

            assert_int_equal(st, expect[k] ? ST_GUEST : ST_OK);
            if (expect[k])
                assert_memory_equal(why.text, expect[k], strlen(expect[k]));
            else
                assert_int_equal(value, 'e' | 'f' << 8);
        }
        memory_fini(&m);
    }
}

static void regions_touch_but_never_overlap(void **state)
{
    static const struct {
        uint32_t base, size;
        enum status status;
    } table[] = {
        {0x100, 0x10, ST_OK},      {0x110, 4, ST_OK},
        {0xFC, 4, ST_OK},          {0x10C, 4, ST_GUEST},
        {0xF0, 0x100, ST_GUEST},   {0x104, 4, ST_GUEST},
        {0x104, 0, ST_OK},         {0xFFFFFFFC, 4, ST_OK},
        {0xFFFFFFF8, 8, ST_GUEST}, {0x80000000, 0x7FFFFFFC, ST_OK},
    };
    struct budget budget = {1 << 20, 1 << 20};
    struct memory m;
    uint32_t value;

    (void)state;
    memory_init(&m, &budget, false);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct region region = {table[i].base, table[i].size, REGION_READ_WRITE, "it"};

        assert_int_equal(memory_add(&m, region, bytes_of(NULL, 0), NULL), table[i].status);
    }
    assert_int_equal(m.region_count, 5);
    assert_int_equal(memory_store(&m, &value, 0xFFFFFFFC, 4, 0xA1B2C3D4, NULL), ST_OK);
    assert_int_equal(memory_load(&m, &value, 0xFFFFFFFE, 1, NULL), ST_OK);
    assert_int_equal(value, 0xB2);
    assert_int_equal(memory_load(&m, &value, 0xF8, 4, NULL), ST_GUEST);
    assert_int_equal(memory_load(&m, &value, 0x114, 4, NULL), ST_GUEST);
    memory_fini(&m);
}

static void a_spent_budget_refuses_pages(void **state)
{
    struct budget budget = {2 * PAGE_BYTES, 2 * PAGE_BYTES};
    const struct region region = {0x8000, 3 * PAGE_BYTES, REGION_READ_WRITE, "it"};
    struct memory m;
    struct why why;
    uint32_t value;

    (void)state;
    memory_init(&m, &budget, false);
    assert_int_equal(memory_add(&m, region, bytes_of(NULL, 0), &why), ST_OK);
    assert_int_equal(memory_load(&m, &value, 0x8000, 4, &why), ST_OK);
    assert_int_equal(memory_load(&m, &value, 0x9000, 4, &why), ST_OK);
    assert_int_equal(memory_load(&m, &value, 0xA000, 4, &why), ST_LIMIT);
    assert_int_equal(memory_store(&m, &value, 0xA000, 4, 1, &why), ST_LIMIT);
    assert_int_equal(space_mark(&m.space, 0xA000, 1, &why), ST_LIMIT);
    assert_int_equal(space_write(&m.space, 0xA000, bytes_of_text("x"), &why), ST_LIMIT);
    assert_memory_equal(why.text, "MemoryLimit", 11);
    memory_fini(&m);
}

/* ---- Keccak ---- */

static void keccak_of_the_zero_state_is_the_published_one(void **state)
{
    /* KeccakF-1600-IntermediateValues.txt of the Keccak team: once, and twice. */
    static const uint64_t once[] = {0xF1258F7940E1DDE7, 0x84D5CCF933C0478A, 0xD598261EA65AA9EE,
                                    0xBD1547306F80494D, 0x8B284E056253D057};
    static const uint64_t twice[] = {0x2D5C954DF96ECB3C, 0x6A332CD07057B56D, 0x093D8D1270D76B6C,
                                     0x8A20D9B25569D094, 0x4F9C4F99E5E7F156};
    uint64_t lanes[25] = {0};

    (void)state;
    keccakf(lanes);
    assert_memory_equal(lanes, once, sizeof once);
    keccakf(lanes);
    assert_memory_equal(lanes, twice, sizeof twice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ill_formed_text_is_replaced_part_by_part),
        cmocka_unit_test(an_end_is_known_once_its_name_was_started),
        cmocka_unit_test(many_names_are_kept_apart),
        cmocka_unit_test(a_label_without_mark_is_refused),
        cmocka_unit_test(bytes_written_across_pages_and_the_end_come_back),
        cmocka_unit_test(marks_are_counted_once_a_byte),
        cmocka_unit_test(modes_decide_before_alignment),
        cmocka_unit_test(regions_touch_but_never_overlap),
        cmocka_unit_test(a_spent_budget_refuses_pages),
        cmocka_unit_test(keccak_of_the_zero_state_is_the_published_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
