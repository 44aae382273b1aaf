/* SPDX-License-Identifier: Apache-2.0 */
/* Every fault that has a name, byte by byte on a loopback socket, against golden text.
 *
 * The orchestrator's clock stands still and its seed is fixed, so the same bytes come each time.
 * Real waits are shortened: the drawn delay is compared as a number, then divided.
 */
#include "tests/support/test.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "proto/keccak256.h"
#include "tests/mockorch/served.h"

#define GOLDEN   NXP_GOLDEN "/mockorch/faults.txt"
#define ACTUAL   NXP_BUILD "/tests/mockorch/faults.txt"
#define SHORTER  10000 /* real waits are so many times shorter */
#define SHOWN    1500  /* longer answers are shown as a hash */

/* ---- a clock that stands ---- */

static int64_t standing_now(const struct clock *c)
{
    (void)c;
    return 0;
}

static int64_t standing_wall(const struct clock *c)
{
    (void)c;
    return INT64_C(1760000000) * NS_PER_S;
}

static const struct clock standing = {.now = standing_now, .wall = standing_wall};

/* ---- bytes as text ---- */

static void put_escaped(struct buffer *out, struct bytes bytes)
{
    buffer_put_text(out, "  ");
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];

        if (byte == '\n' && i > 0 && bytes.data[i - 1] == '\r')
            buffer_put_text(out, i + 1 < bytes.size ? "\\n\n  " : "\\n");
        else if (byte == '\r')
            buffer_put_text(out, "\\r");
        else if (byte == '\\' || !isprint(byte))
            buffer_put_format(out, "\\x%02x", byte);
        else
            buffer_put_u8(out, byte);
    }
    buffer_put_u8(out, '\n');
}

static void put_answer(struct buffer *out, struct bytes bytes)
{
    char hash[KECCAK256_HEX];

    if (bytes.size <= SHOWN) {
        put_escaped(out, bytes);
        return;
    }
    keccak256_hex(hash, bytes);
    buffer_put_format(out, "  %zu bytes, Keccak-256 %s\n", bytes.size, hash);
}

/* ---- one exchange ---- */

struct wire {
    struct served *f;
    const struct fault_named *named;
    int64_t delay_ns;
    char names[2 * FAULT_TEXT];
};

/* Called by the server's thread before the answer goes out; read after it has come. */
static void note(void *context, const struct server_record *record)
{
    struct wire *w = context;

    w->delay_ns = record->verdict->carriage.delay_ns;
    memcpy(w->names, record->verdict->faults, sizeof w->names);
}

/* Is the answer so far all that will come on a connection that stays open? */
static bool is_whole(struct bytes got, const struct fault_what *what)
{
    const char *text = (const char *)got.data, *end, *length;

    if (what->effects & FAULT_HEAD || got.size == 0)
        return false; /* heads that are wrong end with the connection */
    end = memmem(text, got.size, "\r\n\r\n", 4);
    if (!end)
        return false;
    if (what->effects & FAULT_TRUNCATE)
        return what->cut == FAULT_CUT_SILENCE &&
               got.size == (size_t)(end + 4 - text) + what->truncate;
    if (what->effects & FAULT_DRIBBLE)
        return false;
    length = memmem(text, got.size, "Content-Length: ", 16);
    return length && got.size == (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10);
}

static const char *receive(struct buffer *got, int fd, const struct fault_what *what)
{
    uint8_t piece[65536];

    while (!is_whole(buffer_bytes(got), what)) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);

        if (n < 0 && errno == ECONNRESET)
            return "reset";
        if (n < 0)
            fail_msg("nothing comes: %s", strerror(errno));
        if (n == 0)
            return "closed";
        buffer_put(got, piece, (size_t)n);
    }
    return what->effects & FAULT_TRUNCATE ? "silence" : "open";
}

/* Nothing at all is to come: the server says so by having answered somebody else since. */
static const char *receive_silence(struct wire *w, int fd)
{
    int other = dial(server_port(w->f->server));

    assert_int_equal(served_call(w->f, other, "GET", "/healthz", bytes_of(NULL, 0)), 200);
    close(other);
    assert_true(dial_is_quiet(fd));
    return "silence";
}

/* What makes the call of the fault, after what must come before it. */
static void ask(struct wire *w, int fd)
{
    static const char path[] = "/v3/nodes/" BENCH_NODE;
    struct wire_register_user user = {.uuid = BENCH_UUID,
                                      .wallet_address = "0x00000000000000000000000000000000000000aa"};

    switch (w->named->call) {
    case CALL_FETCH:
        dial_request(fd, "POST", "/v3/tasks", "", served_fetch_body(w->f));
        break;
    case CALL_SUBMIT:
        assert_int_equal(served_fetch(w->f, fd), 200);
        dial_request(fd, "POST", "/v3/tasks/submit", "", served_submission_body(w->f));
        break;
    case CALL_LIST:
        assert_int_equal(served_fetch(w->f, fd), 200);
        dial_request(fd, "GET", "/v3/tasks/" BENCH_NODE, "", bytes_of(NULL, 0));
        break;
    case CALL_REGISTER_USER:
        buffer_reset(&w->f->b.body);
        wire_encode_register_user(&w->f->b.body, &user);
        dial_request(fd, "POST", "/v3/users", "", buffer_bytes(&w->f->b.body));
        break;
    default:
        assert_int_equal(w->named->call, FAULT_ANY_CALL);
        dial_request(fd, "GET", path, "", bytes_of(NULL, 0));
        break;
    }
}

static void show(struct buffer *out, struct wire *w)
{
    const struct fault_what *what = &w->named->what;
    bool silent = what->effects & FAULT_LOSE && what->cut == FAULT_CUT_SILENCE;
    int fd = dial(server_port(w->f->server));
    struct buffer got;
    const char *end;

    buffer_init(&got, 0);
    if (what->effects & FAULT_TASK && what->task == FAULT_TASK_DUPLICATE) { /* of this one */
        ask(w, fd);
        assert_string_equal(receive(&got, fd, what), "open");
        buffer_reset(&got);
    }
    ask(w, fd);
    end = silent ? receive_silence(w, fd) : receive(&got, fd, what);
    close(fd);
    buffer_put_format(out, "== %s\n", w->named->name);
    put_answer(out, buffer_bytes(&got));
    buffer_put_format(out, "  -- %s", end);
    buffer_fini(&got);
}

/* The rule as the catalogue has it, with shorter waits. */
static void add_rule(const struct wire *w)
{
    struct fault_rule rule = {.where.call = w->named->call, .what = w->named->what};

    rule.what.delay_ns /= SHORTER;
    rule.what.jitter_ns /= SHORTER;
    rule.what.dribble_gap_ns /= SHORTER;
    snprintf(rule.name, sizeof rule.name, "%s", w->named->name);
    assert_int_equal(fault_plan_add(&w->f->b.plan, &rule, NULL), ST_OK);
}

static void show_fault(struct buffer *out, const struct fault_named *named)
{
    struct wire w = {.named = named};
    void *state;

    served_setup(&state);
    w.f = state;
    w.f->b.now_ns = 0;
    w.f->b.settings.wall_at_zero_ns = clock_wall_ns(&standing);
    w.f->options.clock = &standing;
    w.f->options.log = note;
    w.f->options.log_context = &w;
    add_rule(&w);
    served_start(w.f);
    show(out, &w);
    served_stop(w.f); /* before the note is read */
    if (w.delay_ns)
        buffer_put_format(out, ", %" PRId64 " ns late", w.delay_ns * SHORTER);
    buffer_put_u8(out, '\n');
    if (strcmp(w.names, named->name) != 0)
        fail_msg("%s did not strike", named->name);
    served_teardown(&state);
}

/* ---- against the golden text ---- */

static struct bytes line_at(struct bytes text, size_t at)
{
    const uint8_t *end = memchr(text.data + at, '\n', text.size - at);

    return bytes_of(text.data + at, end ? (size_t)(end - text.data) - at : text.size - at);
}

static void compare(struct bytes want, struct bytes got)
{
    char name[64] = "";

    for (size_t at = 0; at < want.size && at < got.size;) {
        struct bytes w = line_at(want, at), g = line_at(got, at);

        if (w.size > 3 && memcmp(w.data, "== ", 3) == 0)
            snprintf(name, sizeof name, "%.*s", (int)w.size - 3, (const char *)w.data + 3);
        if (!bytes_equal(w, g))
            fail_msg("%s:\n  is     '%.*s'\n  was    '%.*s'\nAll of it: " ACTUAL, name,
                     (int)g.size, (const char *)g.data, (int)w.size, (const char *)w.data);
        at += w.size + 1;
    }
    if (want.size != got.size)
        fail_msg("the texts differ in length; all of it: " ACTUAL);
}

static void every_named_fault_has_its_bytes(void **state)
{
    const struct fault_named *all;
    size_t count = fault_catalogue(&all);
    struct buffer got, want;

    (void)state;
    buffer_init(&got, 0);
    buffer_init(&want, 0);
    for (size_t i = 0; i < count; i++)
        show_fault(&got, &all[i]);
    assert_true(buffer_ok(&got));
    assert_int_equal(file_write(ACTUAL, buffer_bytes(&got), 0644, NULL), ST_OK);
    assert_int_equal(file_read(&want, GOLDEN, 1 << 24, NULL), ST_OK);
    compare(buffer_bytes(&want), buffer_bytes(&got));
    buffer_fini(&want);
    buffer_fini(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_named_fault_has_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
