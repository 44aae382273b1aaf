/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/client/core/script.h"

#include "tests/support/test.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define START_NS    (5000 * NS_PER_S)
#define TOLERANCE_S 0.05001

void script_init(struct script *s)
{
    static const uint8_t seed[SIGNING_SEED_SIZE] = {7};

    *s = (struct script){.now_ns = START_NS,
                         .program = "fib_input_initial",
                         .inputs = 1,
                         .slots = 1,
                         .prove_s = 1,
                         .events = " "};
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_of_seed(&s->key, seed, NULL), ST_OK);
    buffer_init(&s->last_submission, 0);
}

struct reference_options script_options(const struct script *s)
{
    return (struct reference_options){.node_id = "5880437", .key = s->key, .workers = 1};
}

void script_fini(struct script *s)
{
    runtime_free(s->runtime);
    signing_key_free(s->key);
    buffer_fini(&s->last_submission);
}

static void note(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct script *s, const char *format, ...)
{
    va_list args;

    assert_true(s->note_count < SCRIPT_NOTES);
    s->notes[s->note_count].at = (double)(s->now_ns - START_NS) / NS_PER_S;
    va_start(args, format);
    vsnprintf(s->notes[s->note_count].text, sizeof s->notes[0].text, format, args);
    va_end(args);
    s->note_count++;
}

/* ---- the client's wishes ---- */

static void expect_later(struct script *s, uint64_t id, double takes_s,
                         const struct script_answer *answer, const char *task)
{
    assert_true(s->due_count < sizeof s->due / sizeof *s->due);
    s->due[s->due_count].id = id;
    s->due[s->due_count].due_ns = s->now_ns + llround(takes_s * NS_PER_S);
    s->due[s->due_count].answer = answer;
    snprintf(s->due[s->due_count].task, sizeof s->due[0].task, "%s", task);
    s->due_count++;
}

/* What a request says beyond its path. */
static void describe(struct script *s, const struct http_request *r, char *text, size_t size)
{
    struct wire_memory memory = {0};

    text[0] = '\0';
    if (r->method == HTTP_POST && strcmp(r->path, "/v3/tasks") == 0) {
        struct wire_fetch m;

        assert_int_equal(wire_decode_fetch(&m, &memory, r->body, WIRE_MAX_RESPONSE, NULL), ST_OK);
        assert_string_equal(m.node_id, "5880437");
        if (m.max_difficulty)
            snprintf(text, size, " %s", difficulty_name(m.max_difficulty));
    } else if (r->method == HTTP_POST) {
        struct wire_submission m;

        assert_int_equal(wire_decode_submission(&m, &memory, r->body, WIRE_MAX_SUBMISSION, NULL),
                         ST_OK);
        snprintf(text, size, " of %s", m.task_id);
        buffer_reset(&s->last_submission);
        buffer_put(&s->last_submission, r->body.data, r->body.size);
    } else if (strcmp(r->path, "/v3/tasks") == 0) {
        struct wire_list m;

        assert_int_equal(wire_decode_list(&m, &memory, r->body, WIRE_MAX_RESPONSE, NULL), ST_OK);
        assert_string_equal(m.node_id, "5880437");
    }
    wire_memory_fini(&memory);
}

static void take_request(struct script *s, const struct action *act)
{
    const struct script_answer *answer;
    char what[100], more[120];

    snprintf(what, sizeof what, "%s %s", http_method_name(act->request.method), act->request.path);
    describe(s, &act->request, more, sizeof more);
    note(s, "%s%s", what, more);
    if (s->answered == s->answer_count)
        fail_msg("the script has no answer for %s", what);
    answer = &s->answers[s->answered++];
    assert_string_equal(what, answer->request);
    expect_later(s, act->id, answer->takes_s, answer, "");
}

static void perform(struct script *s, const struct action *act)
{
    char event[64];

    assert_false(s->over);
    switch (act->type) {
    case ACT_LINE:
        snprintf(event, sizeof event, " %s ", act->line.event);
        if (strstr(s->events, event))
            note(s, "%s", act->line.text);
        break;
    case ACT_REQUEST:
        take_request(s, act);
        break;
    case ACT_PROVE:
        assert_true(++s->proving <= s->slots);
        s->most_proving = s->proving > s->most_proving ? s->proving : s->most_proving;
        memcpy(s->last_input, act->prove.input, sizeof s->last_input);
        expect_later(s, act->id, s->prove_s, NULL, act->prove.task_id);
        break;
    case ACT_EXIT:
        s->over = true;
        s->end = act->end;
        break;
    case ACT_HOLD:
    case ACT_LEARNT:
    case ACT_SAVE:
    case ACT_CANCEL:
        fail_msg("a reference client keeps nothing");
    }
}

static void handle(struct script *s, struct event *ev)
{
    struct action act;

    ev->wall_ns = INT64_C(1760000000) * NS_PER_S + s->now_ns;
    runtime_handle(s->runtime, ev, s->now_ns);
    for (int i = 0; runtime_poll(s->runtime, &act, s->now_ns); i++) {
        assert_true(i < 1000);
        perform(s, &act);
    }
}

/* ---- the world's answers ---- */

static void put_varint(struct buffer *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buffer_put_u8(b, (uint8_t)(v | 0x80));
    buffer_put_u8(b, (uint8_t)v);
}

static void put_field(struct buffer *b, unsigned number, const void *data, size_t size)
{
    put_varint(b, number << 3 | 2);
    put_varint(b, size);
    buffer_put(b, data, size);
}

/* Task, by hand; input i is (9 + i, 1, 1). */
static void put_task(struct buffer *out, const struct script *s, const char *name)
{
    static const uint8_t input[12] = {9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    const char *colon = strchr(name, ':');
    enum difficulty difficulty = DIFFICULTY_SMALL_MEDIUM;
    size_t id_size = colon ? (size_t)(colon - name) : strlen(name);

    if (colon)
        assert_int_equal(difficulty_parse(&difficulty, colon + 1, NULL), ST_OK);
    put_field(out, 1, name, id_size);
    put_field(out, 2, s->program, strlen(s->program));
    put_field(out, 3, input, sizeof input);
    for (unsigned i = 0; i < s->inputs; i++) {
        uint8_t one[12];

        memcpy(one, input, sizeof one);
        one[0] = (uint8_t)(9 + i);
        put_field(out, 5, one, sizeof one);
    }
    put_varint(out, 6 << 3);
    put_varint(out, s->task_type);
    put_varint(out, 7 << 3);
    put_varint(out, difficulty);
}

/* A list of tasks, or one task in all its places (client.md 14.2). */
static void put_tasks(struct buffer *out, const struct script *s, const struct script_answer *a)
{
    static const uint8_t input[12] = {9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    bool list = strncmp(a->request, "GET", 3) == 0;
    char text[1024], *rest = text, *name;

    snprintf(text, sizeof text, "%s", a->tasks);
    while ((name = strsep(&rest, " ")) != NULL) {
        struct buffer task;

        buffer_init(&task, 0);
        put_task(&task, s, name);
        if (!list) {
            put_field(out, 1, s->program, strlen(s->program));
            put_field(out, 2, input, sizeof input);
            put_field(out, 3, name, strcspn(name, ":"));
        }
        put_field(out, list ? 1 : 4, task.data, task.size);
        buffer_fini(&task);
    }
}

static void bring_answer(struct script *s, uint64_t id, const struct script_answer *a)
{
    struct http_response r = {.status = a->status};
    struct buffer body;

    if (a->status == 0) {
        handle(s, &(struct event){
                      .type = EV_TRANSPORT, .id = id, .transport = {.text = "connection reset"}});
        return;
    }
    buffer_init(&body, 0);
    if (a->body)
        buffer_put_text(&body, a->body);
    else if (a->tasks)
        put_tasks(&body, s, a);
    r.body = buffer_bytes(&body);
    if (a->retry_after)
        r.headers[r.header_count++] = (struct http_header){"retry-after", a->retry_after};
    handle(s, &(struct event){.type = EV_RESPONSE, .id = id, .response = &r});
    buffer_fini(&body);
}

static void bring_proof(struct script *s, uint64_t id, const char *task)
{
    struct event ev = {.type = EV_PROVED, .id = id};
    char proof[100];

    s->proving--;
    if (s->fails && strcmp(task, s->fails) == 0) {
        ev.type = EV_UNPROVED;
        ev.unproved.status = s->failure ? s->failure : ST_GUEST;
        ev.unproved.text = "the guest failed";
    } else {
        snprintf(proof, sizeof proof, "proof of %s, job %d", task, (int)id);
        ev.proved.proof = bytes_of_text(proof);
        ev.proved.telemetry =
            (struct telemetry){.present = !s->silent, .flops_per_sec = 12, .location = "US"};
    }
    handle(s, &ev);
}

static void bring_earliest(struct script *s, size_t i)
{
    uint64_t id = s->due[i].id;
    const struct script_answer *answer = s->due[i].answer;
    char task[64];

    snprintf(task, sizeof task, "%s", s->due[i].task);
    memmove(&s->due[i], &s->due[i + 1], (--s->due_count - i) * sizeof s->due[0]);
    if (answer)
        bring_answer(s, id, answer);
    else
        bring_proof(s, id, task);
}

void script_start(struct script *s)
{
    handle(s, &(struct event){.type = EV_START});
}

void script_shutdown(struct script *s)
{
    handle(s, &(struct event){.type = EV_SHUTDOWN});
}

void script_until(struct script *s, double at)
{
    int64_t until_ns = START_NS + llround(at * NS_PER_S);

    for (;;) {
        int64_t next_ns = s->over ? INT64_MAX : runtime_deadline_ns(s->runtime);
        size_t first = s->due_count;

        for (size_t i = 0; i < s->due_count && !s->over; i++) {
            if (s->due[i].due_ns <= next_ns &&
                (first == s->due_count || s->due[i].due_ns < next_ns)) {
                first = i;
                next_ns = s->due[i].due_ns;
            }
        }
        if (next_ns > until_ns)
            break;
        assert_true(next_ns > s->now_ns || first < s->due_count); /* a client that never rests */
        s->now_ns = next_ns;
        if (first < s->due_count)
            bring_earliest(s, first);
        else
            handle(s, &(struct event){.type = EV_TICK});
    }
    s->now_ns = until_ns;
}

void script_expect(struct script *s, const struct script_note *notes, size_t count)
{
    for (size_t i = 0; i < count || i < s->note_count; i++) {
        if (i >= s->note_count)
            fail_msg("missing: %.1f %s", notes[i].at, notes[i].text);
        if (i >= count)
            fail_msg("too much: %.2f %s", s->notes[i].at, s->notes[i].text);
        if (strcmp(s->notes[i].text, notes[i].text) != 0 ||
            fabs(s->notes[i].at - notes[i].at) > TOLERANCE_S)
            fail_msg("row %zu: %.2f %s, but the time line says %.1f %s", i, s->notes[i].at,
                     s->notes[i].text, notes[i].at, notes[i].text);
    }
    s->note_count = 0;
}
