/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/client/core/story.h"

#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define START_NS (1000 * NS_PER_S)

void story_begin(struct story *s)
{
    static const uint8_t seed[SIGNING_SEED_SIZE] = {7};
    static const char *const node[] = {"5880437"};

    *s = (struct story){.now_ns = START_NS};
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_of_seed(&s->key, seed, NULL), ST_OK);
    assert_int_equal(outbox_memory_new(&s->disk, NULL), ST_OK);
    for (int i = 0; i < STORY_REQUESTS; i++)
        buffer_init(&s->waiting[i].body, 0);
    s->options = (struct core_options){
        .profile = &profile_current, .node_ids = node, .node_count = 1, .key = s->key, .seed = 1};
}

void story_end(struct story *s)
{
    core_free(s->core);
    outbox_free(&s->disk->base);
    signing_key_free(s->key);
    for (int i = 0; i < STORY_REQUESTS; i++)
        buffer_fini(&s->waiting[i].body);
}

double story_time(const struct story *s)
{
    return (double)(s->now_ns - START_NS) / NS_PER_S;
}

static int64_t time_ns(double seconds)
{
    return START_NS + llround(seconds * NS_PER_S);
}

static void handle(struct story *s, struct event *ev)
{
    ev->wall_ns = STORY_WALL_S * NS_PER_S + (s->now_ns - START_NS) + s->wall_set_ns;
    core_handle(s->core, ev, s->now_ns);
}

static void perform_save(struct story *s, const struct action *act)
{
    struct why why;
    struct event ev = {.type = EV_SAVED, .id = act->id};

    if (outbox_put(&s->disk->base, act->record, &why)) {
        ev.type = EV_UNSAVED;
        ev.unsaved = why.text;
    } else if (s->slow_disk) {
        assert_in_range(s->saving_count, 0, 15);
        s->saving[s->saving_count++] = act->id;
        return;
    }
    handle(s, &ev);
}

void story_saved(struct story *s)
{
    uint64_t id = s->saving[0];

    assert_int_not_equal(s->saving_count, 0);
    memmove(s->saving, s->saving + 1, --s->saving_count * sizeof *s->saving);
    handle(s, &(struct event){.type = EV_SAVED, .id = id});
    story_settle(s);
}

/* ---- what is waiting, and what of it is looked at ---- */

static void look_at_request(struct story *s, unsigned i)
{
    const struct story_request *r = &s->waiting[i];

    s->request = 0;
    if (i >= s->waiting_count)
        return;
    s->request = r->id;
    s->method = r->method;
    snprintf(s->path, sizeof s->path, "%s", r->path);
    s->body = r->body; /* borrowed */
    s->headers = r->headers;
}

static void perform_request(struct story *s, const struct action *act)
{
    struct story_request *r = &s->waiting[s->waiting_count];

    assert_false(story_waits(s, act->request.path)); /* I6 */
    assert_true(s->waiting_count < STORY_REQUESTS);
    r->id = act->id;
    r->method = act->request.method;
    snprintf(r->path, sizeof r->path, "%s", act->request.path);
    r->headers = act->request;
    buffer_reset(&r->body);
    buffer_put(&r->body, act->request.body.data, act->request.body.size);
    s->waiting_count++;
    s->requests++;
    if (!s->request)
        look_at_request(s, s->waiting_count - 1);
}

/* The id of the request looked at, which waits no more. */
static uint64_t end_request(struct story *s)
{
    uint64_t id = s->request;
    unsigned i = 0;
    struct buffer body;

    assert_int_not_equal(id, 0);
    while (s->waiting[i].id != id)
        i++;
    body = s->waiting[i].body;
    s->waiting_count--;
    memmove(s->waiting + i, s->waiting + i + 1, (s->waiting_count - i) * sizeof *s->waiting);
    s->waiting[s->waiting_count].body = body;
    look_at_request(s, 0);
    return id;
}

static void look_at_proof(struct story *s, unsigned i)
{
    const struct story_proof *p = &s->proofs[i];

    s->proof = 0;
    if (i >= s->proof_count)
        return;
    s->proof = p->id;
    memcpy(s->program, p->program, sizeof s->program);
    memcpy(s->input, p->input, sizeof s->input);
}

static void perform_prove(struct story *s, const struct action *act)
{
    struct story_proof *p = &s->proofs[s->proof_count];
    unsigned most = s->options.proofs_at_once ? s->options.proofs_at_once : 1;

    assert_true(s->proof_count < most); /* I6 */
    *p = (struct story_proof){.id = act->id};
    snprintf(p->task, sizeof p->task, "%s", act->prove.task_id);
    snprintf(p->program, sizeof p->program, "%s", act->prove.program_id);
    memcpy(p->input, act->prove.input, sizeof p->input);
    s->proof_count++;
    if (!s->proof)
        look_at_proof(s, s->proof_count - 1);
}

static void perform_cancel(struct story *s, const struct action *act)
{
    unsigned i = 0;

    while (i < s->proof_count && s->proofs[i].id != act->id)
        i++;
    assert_true(i < s->proof_count); /* it is under way … */
    assert_false(s->proofs[i].cancelled);
    s->proofs[i].cancelled = true;
    s->cancels++;
}

static uint64_t end_proof(struct story *s)
{
    uint64_t id = s->proof;
    unsigned i = 0;

    assert_int_not_equal(id, 0);
    while (s->proofs[i].id != id)
        i++;
    s->proof_count--;
    memmove(s->proofs + i, s->proofs + i + 1, (s->proof_count - i) * sizeof *s->proofs);
    look_at_proof(s, 0);
    return id;
}

void story_pick(struct story *s, const char *task, unsigned i)
{
    for (unsigned k = 0; k < s->proof_count; k++)
        if (strcmp(s->proofs[k].task, task) == 0 && s->proofs[k].input[0] == 9 + i) {
            look_at_proof(s, k);
            return;
        }
    fail_msg("input %u of task %s is not being proved", i, task);
}

static void perform(struct story *s, const struct action *act)
{
    assert_false(s->over);
    switch (act->type) {
    case ACT_LINE:
        if (s->line_count == STORY_LINES) /* a long story forgets its beginning */
            memmove(s->lines, s->lines + 1, --s->line_count * sizeof *s->lines);
        s->lines[s->line_count++] = act->line;
        break;
    case ACT_LEARNT:
        s->learnt = *act->learnt;
        s->options.learnt = &s->learnt;
        s->learnt_count++;
        break;
    case ACT_HOLD:
        s->hold_until_ns[act->hold.route] = act->hold.until_ns;
        break;
    case ACT_SAVE:
        perform_save(s, act);
        break;
    case ACT_REQUEST:
        perform_request(s, act);
        break;
    case ACT_PROVE:
        perform_prove(s, act);
        break;
    case ACT_CANCEL:
        perform_cancel(s, act);
        break;
    case ACT_EXIT:
        s->over = true;
        s->end = act->end;
        break;
    }
}

void story_settle(struct story *s)
{
    struct action act;

    for (int i = 0; core_poll(s->core, &act, s->now_ns); i++) {
        assert_true(i < 1000); /* a core that never rests */
        perform(s, &act);
    }
}

void story_event(struct story *s, enum event_type type)
{
    handle(s, &(struct event){.type = type});
    story_settle(s);
}

static enum status restore(void *context, struct outbox_record *record, struct why *why)
{
    struct story *s = context;

    return core_restore(s->core, record, why);
}

void story_start(struct story *s)
{
    assert_int_equal(core_new(&s->core, &s->options, NULL), ST_OK);
    assert_int_equal(outbox_each(&s->disk->base, restore, s, NULL), ST_OK);
    story_event(s, EV_START);
}

void story_crash(struct story *s)
{
    core_free(s->core);
    s->core = NULL;
    s->request = s->waiting_count = 0;
    s->proof = s->proof_count = 0;
    s->saving_count = 0;
    s->over = false;
}

void story_until(struct story *s, double seconds)
{
    int64_t until = time_ns(seconds);

    assert_true(until >= s->now_ns);
    for (;;) {
        int64_t due = core_deadline_ns(s->core);

        if (s->over || due > until)
            break;
        /* A deadline that is not in the future means that polling had left something undone. */
        assert_true(due > s->now_ns);
        s->now_ns = due;
        story_event(s, EV_TICK);
    }
    s->now_ns = until;
    if (!s->over)
        story_event(s, EV_TICK);
}

static void until(struct story *s, const char *path, double limit)
{
    while (path ? !story_waits(s, path) : !s->request) {
        int64_t due = core_deadline_ns(s->core);

        if (s->over || due > time_ns(limit))
            fail_msg("no request until %f", limit);
        assert_true(due > s->now_ns);
        s->now_ns = due;
        story_event(s, EV_TICK);
    }
}

void story_until_request(struct story *s, double limit)
{
    until(s, NULL, limit);
}

bool story_waits(const struct story *s, const char *path)
{
    for (unsigned i = 0; i < s->waiting_count; i++)
        if (strcmp(s->waiting[i].path, path) == 0)
            return true;
    return false;
}

void story_expect(struct story *s, enum http_method method, const char *path)
{
    for (unsigned i = 0; i < s->waiting_count; i++)
        if (strcmp(s->waiting[i].path, path) == 0) {
            look_at_request(s, i);
            assert_int_equal(s->method, method);
            return;
        }
    fail_msg("no %s is waiting; looking at '%s'", path, s->request ? s->path : "nothing");
}

void story_until_path(struct story *s, const char *path, double limit)
{
    bool list = s->options.profile->batch && strcmp(path, "/v3/tasks") == 0; /* begins a batch */

    until(s, path, limit);
    story_expect(s, list || strncmp(path, "/v3/nodes", 9) == 0 ? HTTP_GET : HTTP_POST, path);
}

static void answer(struct story *s, const struct http_response *r)
{
    uint64_t id = end_request(s);

    handle(s, &(struct event){.type = EV_RESPONSE, .id = id, .response = r});
    story_settle(s);
}

void story_answer(struct story *s, unsigned status, const char *retry_after, const char *body)
{
    struct http_response r = {.status = status};

    if (body)
        r.body = bytes_of_text(body);
    if (retry_after)
        r.headers[r.header_count++] = (struct http_header){"retry-after", retry_after};
    answer(s, &r);
}

void story_answer_bytes(struct story *s, unsigned status, struct bytes body)
{
    answer(s, &(struct http_response){.status = status, .body = body});
}

void story_break(struct story *s, bool maybe_delivered)
{
    uint64_t id = end_request(s);

    handle(s, &(struct event){.type = EV_TRANSPORT,
                              .id = id,
                              .transport = {.maybe_delivered = maybe_delivered,
                                            .text = "connection reset"}});
    story_settle(s);
}

void story_prove(struct story *s, const char *proof)
{
    uint64_t id = end_proof(s);

    handle(s, &(struct event){.type = EV_PROVED,
                              .id = id,
                              .proved = {.proof = bytes_of_text(proof),
                                         .telemetry = {.present = true,
                                                       .flops_per_sec = 12,
                                                       .memory_used = 150000,
                                                       .memory_capacity = 16384000,
                                                       .location = "US"}}});
    story_settle(s);
}

void story_fail_proof(struct story *s, enum status status, const char *text)
{
    uint64_t id = end_proof(s);

    handle(s, &(struct event){
                  .type = EV_UNPROVED, .id = id, .unproved = {.status = status, .text = text}});
    story_settle(s);
}

/* ---- a server's answer: GetProofTaskResponse by hand, for the decoder is not our oracle ---- */

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

void story_give(struct story *s, struct story_task task)
{
    size_t input_size = task.input_size ? task.input_size : 12;
    struct buffer inner, outer;

    buffer_init(&inner, 0);
    buffer_init(&outer, 0);
    if (task.id) {
        put_field(&inner, 1, task.id, strlen(task.id));
        put_field(&inner, 2, task.program, strlen(task.program));
        for (size_t i = 0; i < task.inputs; i++) {
            uint8_t input[16] = {(uint8_t)(9 + i), 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};

            put_field(&inner, 5, input, input_size);
        }
        put_varint(&inner, 6 << 3);
        put_varint(&inner, task.type);
        put_varint(&inner, 7 << 3);
        put_varint(&inner, task.difficulty);
        put_field(&outer, 4, inner.data, inner.size);
    }
    story_expect(s, HTTP_POST, "/v3/tasks");
    story_answer_bytes(s, 200, buffer_bytes(&outer));
    buffer_fini(&inner);
    buffer_fini(&outer);
}

void story_to_task(struct story *s, const char *id)
{
    story_expect(s, HTTP_GET, "/v3/nodes/5880437");
    story_answer(s, 200, NULL, NULL);
    story_give(s, (struct story_task){
                      .id = id, .program = "fib", .difficulty = DIFFICULTY_SMALL_MEDIUM, .inputs = 1});
}

const struct line *story_line(const struct story *s, const char *event)
{
    for (size_t i = s->line_count; i-- > 0;)
        if (strcmp(s->lines[i].event, event) == 0)
            return &s->lines[i];
    return NULL;
}

bool story_said(const struct story *s, const char *event)
{
    return story_line(s, event) != NULL;
}

enum difficulty story_asked(struct story *s)
{
    struct wire_memory memory = {0};
    struct wire_fetch m;
    enum difficulty asked;

    story_expect(s, HTTP_POST, "/v3/tasks");
    assert_int_equal(
        wire_decode_fetch(&m, &memory, buffer_bytes(&s->body), WIRE_MAX_RESPONSE, NULL), ST_OK);
    if (s->options.node_count == 1)
        assert_string_equal(m.node_id, s->options.node_ids[0]);
    snprintf(s->asked_for, sizeof s->asked_for, "%s", m.node_id);
    asked = m.max_difficulty;
    wire_memory_fini(&memory);
    return asked;
}

struct look {
    const char *task_id;
    enum outbox_state state;
    bool found;
};

static enum status look_at(void *context, struct outbox_record *record, struct why *why)
{
    struct look *look = context;

    (void)why;
    if (strcmp(record->task_id, look->task_id) == 0) {
        look->state = record->state;
        look->found = true;
    }
    outbox_record_fini(record);
    return ST_OK;
}

enum outbox_state story_state(struct story *s, const char *task_id)
{
    struct look look = {.task_id = task_id};

    assert_int_equal(outbox_each(&s->disk->base, look_at, &look, NULL), ST_OK);
    if (!look.found)
        fail_msg("no record of task %s", task_id);
    return look.state;
}
