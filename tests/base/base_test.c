/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/pool.h"
#include "base/mix.h"
#include "base/prng.h"

static void a_buffer_beyond_its_limit_fails_and_keeps_what_it_had(void **state)
{
    struct buffer b;

    (void)state;
    buffer_init(&b, 4);
    buffer_put_text(&b, "abc");
    assert_true(buffer_ok(&b));
    buffer_put_text(&b, "de");
    assert_false(buffer_ok(&b));
    assert_int_equal(b.size, 3);
    buffer_reset(&b);
    buffer_put_format(&b, "%d", 42);
    assert_false(buffer_ok(&b) && b.size != 2); /* the end of the text needs room too */
    buffer_fini(&b);
}

static void formatted_text_grows_the_buffer(void **state)
{
    struct buffer b;
    size_t size;
    uint8_t *taken;

    (void)state;
    buffer_init(&b, 0);
    for (int i = 0; i < 100; i++)
        buffer_put_format(&b, "%d,", i);
    assert_true(buffer_ok(&b));
    assert_int_equal(b.size, 10 * 2 + 90 * 3);
    taken = buffer_take(&b, &size);
    assert_int_equal(size, 290);
    assert_null(b.data);
    free(taken);
}

static void hex_is_exact(void **state)
{
    uint8_t out[2];
    char text[5];

    (void)state;
    assert_true(hex_decode(out, 2, "aB09"));
    assert_int_equal(out[0], 0xab);
    hex_encode(text, out, 2);
    assert_string_equal(text, "ab09");
    assert_false(hex_decode(out, 2, "ab0"));
    assert_false(hex_decode(out, 2, "ab0g"));
    assert_false(hex_decode(out, 2, "ab09x"));
    assert_false(hex_decode(out, 2, ""));
}

static void a_written_file_is_read_back_with_its_mode(void **state)
{
    char path[] = "/tmp/nxp_file_XXXXXX";
    struct buffer in;
    struct why why;
    struct stat info;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_write(path, bytes_of_text("hello"), 0600, &why), ST_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    buffer_init(&in, 0);
    assert_int_equal(file_read(&in, path, 5, &why), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&in), bytes_of_text("hello")));
    buffer_reset(&in);
    assert_int_equal(file_read(&in, path, 4, &why), ST_INPUT);
    assert_non_null(strstr(why.text, path));
    buffer_fini(&in);
    unlink(path);
    assert_int_equal(file_read(&in, path, 4, &why), ST_NOT_FOUND);
    assert_int_equal(file_read(&in, "/tmp", 4, &why), ST_IO);
    assert_int_equal(file_write("/nonexistent/x", bytes_of_text(""), 0600, &why), ST_IO);
    assert_int_equal(file_write("/dev/null", bytes_of_text("x"), 0600, &why), ST_OK);
}

static void an_arena_gives_back_like_a_stack_and_its_plan_agrees(void **state)
{
    void *memory = aligned_alloc(64, 4096);
    struct arena a = arena_of(memory, 4096);
    struct arena_plan p = {0};
    struct arena_mark mark, plan_mark;
    struct why why;
    size_t bytes;

    (void)state;
    arena_take(&a, 1);
    arena_plan_take(&p, 1, 1);
    mark = arena_mark(&a);
    plan_mark = arena_plan_mark(&p);
    arena_take_zeroed(&a, 1000);
    arena_plan_take(&p, 10, 100);
    arena_rewind(&a, mark);
    arena_plan_rewind(&p, plan_mark);
    arena_take(&a, 64);
    arena_plan_take(&p, 64, 1);
    assert_int_equal(arena_plan_bytes(&p, &bytes, &why), ST_OK);
    assert_int_equal(bytes, a.peak);
    assert_int_equal(a.used, 128);
    arena_plan_take(&p, SIZE_MAX / 2, 3);
    assert_int_equal(arena_plan_bytes(&p, &bytes, &why), ST_LIMIT);
    free(memory);
}

static void mark_index(void *context, size_t index)
{
    ((uint8_t *)context)[index]++;
}

static void mark_range(void *context, size_t begin, size_t end)
{
    assert_int_equal(begin % 16, 0);
    for (size_t i = begin; i < end; i++)
        ((uint8_t *)context)[i]++;
}

static void every_index_is_visited_once_with_any_number_of_threads(void **state)
{
    static const unsigned counts[] = {1, 2, 7};
    static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 1000};

    (void)state;
    for (size_t t = 0; t < 3; t++) {
        struct pool *pool;
        uint8_t seen[1000];

        assert_int_equal(pool_new(&pool, counts[t], NULL), ST_OK);
        assert_int_equal(pool_threads(pool), counts[t]);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            memset(seen, 0, sizeof seen);
            pool_each(pool, sizes[s], mark_index, seen);
            pool_ranges(pool, sizes[s], 16, mark_range, seen);
            for (size_t i = 0; i < sizes[s]; i++)
                assert_int_equal(seen[i], 2);
        }
        pool_free(pool);
    }
    pool_free(NULL);
}

static void one_seed_gives_one_sequence_and_forks_are_their_own(void **state)
{
    struct prng a = prng_of(1), b = prng_of(1), c = prng_of(2), fork;
    uint8_t bytes[11];

    (void)state;
    assert_true(prng_u64(&a) == prng_u64(&b));
    assert_true(prng_u64(&a) != prng_u64(&c));
    fork = prng_fork(&a, 7);
    assert_true(prng_u64(&fork) != prng_u64(&a));
    for (int i = 0; i < 1000; i++) {
        double unit = prng_unit(&a);
        int64_t between = prng_between(&a, -3, 3);

        assert_true(prng_below(&a, 7) < 7);
        assert_true(unit >= 0 && unit < 1);
        assert_true(between >= -3 && between <= 3);
    }
    prng_between(&a, INT64_MIN, INT64_MAX);
    assert_false(prng_chance(&a, 0));
    assert_true(prng_chance(&a, 1));
    prng_fill(&a, bytes, sizeof bytes);
}

static void words_go_in_front_of_words(void **state)
{
    struct why why;

    (void)state;
    assert_int_equal(fail(&why, ST_IO, "disk %d", 3), ST_IO);
    assert_int_equal(fail_within(&why, ST_INPUT, "journal"), ST_INPUT);
    assert_string_equal(why.text, "journal: disk 3");
    assert_int_equal(fail(NULL, ST_IO, "x"), ST_IO);
    assert_int_equal(fail_within(NULL, ST_IO, "x"), ST_IO);
    for (int s = ST_OK; s <= ST_CANCELLED; s++)
        assert_string_not_equal(status_name((enum status)s), "unknown");
    assert_string_equal(status_name((enum status)99), "unknown");
}

static void the_machine_clock_does_not_go_back(void **state)
{
    const struct clock *c = clock_system();
    int64_t first = clock_now_ns(c);

    (void)state;
    assert_true(clock_now_ns(c) >= first);
    assert_true(clock_wall_ns(c) > (int64_t)1700000000 * NS_PER_S);
}

/* ---- mix ---- */

static void equal_bytes_have_equal_hashes_and_a_changed_bit_another_one(void **state)
{
    uint8_t a[40] = {0}, b[40] = {0};

    (void)state;
    for (size_t size = 0; size <= sizeof a; size++) {
        assert_true(mix_bytes(1, bytes_of(a, size)) == mix_bytes(1, bytes_of(b, size)));
        assert_true(mix_bytes(1, bytes_of(a, size)) != mix_bytes(2, bytes_of(b, size)));
        for (size_t bit = 0; bit < 8 * size; bit++) {
            b[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_true(mix_bytes(1, bytes_of(a, size)) != mix_bytes(1, bytes_of(b, size)));
            b[bit / 8] = 0;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bytes_have_equal_hashes_and_a_changed_bit_another_one),
        cmocka_unit_test(a_buffer_beyond_its_limit_fails_and_keeps_what_it_had),
        cmocka_unit_test(formatted_text_grows_the_buffer),
        cmocka_unit_test(hex_is_exact),
        cmocka_unit_test(a_written_file_is_read_back_with_its_mode),
        cmocka_unit_test(an_arena_gives_back_like_a_stack_and_its_plan_agrees),
        cmocka_unit_test(every_index_is_visited_once_with_any_number_of_threads),
        cmocka_unit_test(one_seed_gives_one_sequence_and_forks_are_their_own),
        cmocka_unit_test(words_go_in_front_of_words),
        cmocka_unit_test(the_machine_clock_does_not_go_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
