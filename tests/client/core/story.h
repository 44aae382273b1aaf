/* SPDX-License-Identifier: Apache-2.0 */
/* A world around the client's core for tests: a clock that only moves when told, a disk in memory,
 * and the requests and proofs that wait for an outcome. One of each is looked at, the oldest unless
 * the story picks another. Every function ends the test when the core did not do what the story
 * says.
 *
 * Times are seconds since the story's start; the story starts at 1000 s of the monotonic clock.
 */
#pragma once
#include "client/core/core.h"
#include "client/core/outbox_memory.h"

#define STORY_LINES 256
#define STORY_WALL_S ((int64_t)1760000000)

#define STORY_REQUESTS 3 /* one to each route */
#define STORY_PROOFS   8

struct story_request {
    uint64_t id;
    char path[160];
    enum http_method method;
    struct buffer body;
    struct http_request headers;
};

struct story_proof {
    uint64_t id;
    char task[64], program[64];
    uint32_t input[3];
    bool cancelled;
};

struct story {
    struct core *core;
    struct outbox_memory *disk;
    struct signing_key *key;
    struct core_options options;
    int64_t now_ns;
    int64_t wall_set_ns; /* somebody has set the wall clock by so much */

    bool slow_disk; /* what it has written is told by story_saved only */
    uint64_t saving[16];
    unsigned saving_count;
    int64_t hold_until_ns[CORE_ROUTES]; /* on disk */
    struct learnt learnt;               /* on disk, for the next start */
    unsigned learnt_count;

    struct story_request waiting[STORY_REQUESTS]; /* in the order of sending */
    unsigned waiting_count;
    /* The one looked at; id 0: none is waiting for an answer. */
    uint64_t request;
    char path[160];
    enum http_method method;
    struct buffer body;
    struct http_request headers;
    unsigned requests;

    char asked_for[24]; /* the node of story_asked */

    struct story_proof proofs[STORY_PROOFS]; /* in the order of asking */
    unsigned proof_count;
    /* The one looked at. */
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

/* The same for a request to that path, which is looked at then. */
void story_until_path(struct story *s, const char *path, double limit);

/* Such a request is waiting, and is looked at from here. */
void story_expect(struct story *s, enum http_method method, const char *path);
bool story_waits(const struct story *s, const char *path);
void story_answer(struct story *s, unsigned status, const char *retry_after, const char *body);
void story_answer_bytes(struct story *s, unsigned status, struct bytes body);
void story_break(struct story *s, bool maybe_delivered);
/* Looks at the proof of that task's input number i (story_give says which inputs they are). */
void story_pick(struct story *s, const char *task, unsigned i);
void story_prove(struct story *s, const char *proof);
void story_fail_proof(struct story *s, enum status status, const char *text);
void story_event(struct story *s, enum event_type type);
void story_saved(struct story *s); /* the oldest write that is under way */

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
enum difficulty story_asked(struct story *s); /* of a waiting fetch; sets asked_for */
enum outbox_state story_state(struct story *s, const char *task_id);      /* on disk */
