/* SPDX-License-Identifier: Apache-2.0 */
/* A world around the client's core for tests: a clock that only moves when told, a disk in memory,
 * and the last request and proof that the core asked for. Every function ends the test when the
 * core did not do what the story says.
 *
 * Times are seconds since the story's start; the story starts at 1000 s of the monotonic clock.
 */
#pragma once
#include "client/core/core.h"
#include "client/core/outbox_memory.h"

#define STORY_LINES 256
#define STORY_WALL_S ((int64_t)1760000000)

struct story {
    struct core *core;
    struct outbox_memory *disk;
    struct signing_key *key;
    struct core_options options;
    int64_t now_ns;

    int64_t hold_until_ns[CORE_ROUTES]; /* on disk */

    uint64_t request; /* 0: none is waiting for an answer */
    char path[160];
    enum http_method method;
    struct buffer body;
    struct http_request headers;
    int64_t request_ns;
    unsigned requests;

    uint64_t proof;
    char program[64];
    uint32_t input[3];
    unsigned cancels;

    bool over;
    enum core_end end;

    struct line lines[STORY_LINES];
    size_t line_count;
};

void story_begin(struct story *s);  /* profile current, node 5880437, no limits */
void story_start(struct story *s);  /* EV_START after options may have been changed */
void story_crash(struct story *s);  /* kill -9: the disk stays; story_start begins anew */
void story_end(struct story *s);

double story_time(const struct story *s);
void story_settle(struct story *s); /* polls until the core has no more wishes */
/* Lets time pass, waking the core at each of its deadlines. */
void story_until(struct story *s, double seconds);
/* Lets time pass until a request is made; limit in seconds since the start. */
void story_until_request(struct story *s, double limit);

void story_expect(struct story *s, enum http_method method, const char *path);
void story_answer(struct story *s, unsigned status, const char *retry_after, const char *body);
void story_answer_bytes(struct story *s, unsigned status, struct bytes body);
void story_break(struct story *s, bool maybe_delivered);
void story_prove(struct story *s, const char *proof);
void story_fail_proof(struct story *s, enum status status, const char *text);
void story_event(struct story *s, enum event_type type);

struct story_task {
    const char *id; /* NULL: the answer holds no task */
    const char *program;
    enum task_type type;
    enum difficulty difficulty;
    size_t inputs;
    size_t input_size; /* 0: 12 */
};
/* Answers the fetch that is waiting. Input i is (9 + i, 1, 1). */
void story_give(struct story *s, struct story_task task);
/* Greets, and gives one task of one input. */
void story_to_task(struct story *s, const char *id);

bool story_said(const struct story *s, const char *event);
const struct line *story_line(const struct story *s, const char *event); /* the last of that kind */
enum difficulty story_asked(struct story *s);                             /* of a waiting fetch */
enum outbox_state story_state(struct story *s, const char *task_id);      /* on disk */
