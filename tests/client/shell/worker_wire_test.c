/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/shell/worker_wire.h"

static const struct worker_message messages[] = {
    {.type = WORKER_HELLO,
     .hello = {.version = WORKER_WIRE_VERSION,
               .cores = 3,
               .slots = 6,
               .idle_ms = 500,
               .limits = {.max_steps = 1ull << 40, .max_log_rows = 20, .max_memory_bytes = 77},
               .kernel = "auto",
               .guests = "/a folder",
               .root = ""}},
    {.type = WORKER_JOB,
     .id = 0x0102030405060708,
     .job = {.alone = true, .input = {9, 1, 0xffffffff}, .program = "fib"}},
    {.type = WORKER_CANCEL, .id = 1},
    {.type = WORKER_READY},
    {.type = WORKER_REFUSED, .failed = {.status = ST_INPUT, .text = "no"}},
    {.type = WORKER_MEASURING, .id = 2},
    {.type = WORKER_MEASURED, .id = 2, .need_bytes = 1ull << 33},
    {.type = WORKER_STARTED, .id = 2, .free_bytes = UINT64_MAX},
    {.type = WORKER_PROVED,
     .id = 3,
     .proved = {.steps = 207, .time_ns = 5, .log_rows = 8, .proof = {(const uint8_t *)"abc", 3}}},
    {.type = WORKER_FAILED, .id = 4, .failed = {.status = ST_CANCELLED, .text = ""}},
};

#define MESSAGES (sizeof messages / sizeof *messages)

static struct buffer written(void)
{
    struct buffer all;

    buffer_init(&all, 0);
    for (size_t i = 0; i < MESSAGES; i++)
        worker_wire_put(&all, &messages[i]);
    return all;
}

static void check_fields(const struct worker_message *m, size_t i)
{
    struct buffer a, b;

    buffer_init(&a, 0);
    buffer_init(&b, 0);
    worker_wire_put(&a, m);
    worker_wire_put(&b, &messages[i]);
    assert_int_equal(m->type, messages[i].type);
    assert_int_equal(m->id, messages[i].id);
    assert_true(bytes_equal(buffer_bytes(&a), buffer_bytes(&b)));
    buffer_fini(&a);
    buffer_fini(&b);
}

static void messages_arrive_as_they_were_sent_in_pieces_of_any_size(void **state)
{
    struct buffer all = written();

    (void)state;
    for (size_t piece = 1; piece <= all.size; piece = piece < 20 ? piece + 1 : 2 * piece) {
        struct worker_stream s;
        size_t heard = 0;

        worker_stream_init(&s);
        for (size_t at = 0; at < all.size; at += piece) {
            struct worker_message m;
            bool got = true;

            worker_stream_put(
                &s, bytes_of(all.data + at, all.size - at < piece ? all.size - at : piece));
            while (got) {
                assert_int_equal(worker_stream_next(&s, &m, &got, NULL), ST_OK);
                if (got)
                    check_fields(&m, heard++);
            }
        }
        assert_int_equal(heard, MESSAGES);
        worker_stream_fini(&s);
    }
    buffer_fini(&all);
}

static void what_is_not_well_formed_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t size;
    } table[] = {
        {"nothing", "\0\0\0\0", 4},
        {"longer than any", "\1\0\0\4\x08", 5},
        {"no such type", "\1\0\0\0\0", 5},
        {"no such type", "\x0b\0\0\0\x0b\1\1\1\1\1\1\1\1\0\0", 15},
        {"too short", "\1\0\0\0\3", 5},
        {"too long", "\x0a\0\0\0\3\1\1\1\1\1\1\1\1\1", 14},
        {"a text without end", "\x12\0\0\0\x0a\1\1\1\1\1\1\1\1\1\0\0\0\1\0\0\0!", 22},
        {"a text with two ends", "\x13\0\0\0\x0a\1\1\1\1\1\1\1\1\1\0\0\0\2\0\0\0\0\0", 23},
        {"an empty text", "\x11\0\0\0\x0a\1\1\1\1\1\1\1\1\1\0\0\0\0\0\0\0", 21},
        {"a failure that is none", "\x12\0\0\0\x0a\1\1\1\1\1\1\1\1\0\0\0\0\1\0\0\0\0", 22},
        {"a failure of an unknown kind", "\x12\0\0\0\x0a\1\1\1\1\1\1\1\1\x0a\0\0\0\1\0\0\0\0", 22},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct worker_stream s;
        struct worker_message m;
        struct why why;
        bool got;

        worker_stream_init(&s);
        worker_stream_put(&s, bytes_of(table[i].bytes, table[i].size));
        if (worker_stream_next(&s, &m, &got, &why) != ST_INPUT)
            fail_msg("%s", table[i].why);
        worker_stream_fini(&s);
    }
}

static void a_job_has_a_name_of_some_length_and_is_alone_or_not(void **state)
{
    char name[WORKER_WIRE_NAME_SIZE + 1];
    struct worker_message m = {.type = WORKER_JOB, .job = {.program = name}};

    (void)state;
    for (size_t length = WORKER_WIRE_NAME_SIZE - 1; length <= WORKER_WIRE_NAME_SIZE; length++)
        for (int alone = 0; alone <= 2; alone++) {
            struct worker_stream s;
            struct worker_message heard;
            bool got;
            enum status st;

            memset(name, 'x', length);
            name[length] = '\0';
            worker_stream_init(&s);
            worker_wire_put(&s.in, &m);
            s.in.data[4 + 1 + 8] = (uint8_t)alone;
            st = worker_stream_next(&s, &heard, &got, NULL);
            if (st != (length < WORKER_WIRE_NAME_SIZE && alone < 2 ? ST_OK : ST_INPUT))
                fail_msg("%zu letters, alone %d: %s", length, alone, status_name(st));
            worker_stream_fini(&s);
        }
}

static void another_version_is_read_as_far_as_its_number(void **state)
{
    struct worker_stream s;
    struct worker_message m;
    bool got;

    (void)state;
    worker_stream_init(&s);
    worker_stream_put(&s, bytes_of("\x08\0\0\0\1\2\0\0\0abc", 12));
    assert_int_equal(worker_stream_next(&s, &m, &got, NULL), ST_OK);
    assert_true(got);
    assert_int_equal(m.type, WORKER_HELLO);
    assert_int_equal(m.hello.version, 2);
    worker_stream_fini(&s);
}

static void a_stream_is_open_until_the_other_side_closes(void **state)
{
    struct worker_stream s;
    int fds[2];
    bool open;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    worker_stream_init(&s);
    assert_int_equal(worker_stream_read(&s, fds[0], &open, NULL), ST_OK);
    assert_true(open);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    assert_int_equal(worker_stream_read(&s, fds[0], &open, NULL), ST_OK);
    assert_true(open);
    assert_int_equal(s.in.size, 3);
    close(fds[1]);
    assert_int_equal(worker_stream_read(&s, fds[0], &open, NULL), ST_OK);
    assert_false(open);
    close(fds[0]);
    s.in.failed = true; /* as without memory */
    assert_int_equal(worker_stream_read(&s, -1, &open, NULL), ST_NO_MEMORY);
    {
        struct worker_message m;
        bool got;

        assert_int_equal(worker_stream_next(&s, &m, &got, NULL), ST_NO_MEMORY);
    }
    worker_stream_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive_as_they_were_sent_in_pieces_of_any_size),
        cmocka_unit_test(what_is_not_well_formed_is_refused),
        cmocka_unit_test(a_job_has_a_name_of_some_length_and_is_alone_or_not),
        cmocka_unit_test(another_version_is_read_as_far_as_its_number),
        cmocka_unit_test(a_stream_is_open_until_the_other_side_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
