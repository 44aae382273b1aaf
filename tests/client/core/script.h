/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted world around any client behind runtime.h, for time lines: answers come in the order of
 * a table, proofs take a fixed time, and what happened is a list of times and words that a test
 * compares with the specification's.
 *
 * Times are seconds since EV_START.
 */
#pragma once
#include "client/core/reference.h"

#define SCRIPT_NOTES 256

struct script_answer {
    const char *request; /* "POST /v3/tasks" as it must be */
    double takes_s;
    unsigned status; /* 0: no answer at all */
    const char *retry_after;
    const char *tasks; /* "A C": their ids; "A:SMALL" with a difficulty; NULL: an empty body */
    const char *body;  /* instead */
};

struct script_note {
    double at;
    const char *text;
};

struct script {
    struct runtime *runtime;
    struct signing_key *key;
    int64_t now_ns;

    const struct script_answer *answers;
    size_t answer_count, answered;
    double prove_s;
    unsigned slots;      /* proofs at once; more end the test */
    enum status failure; /* how proofs fail; 0: ST_GUEST */
    bool silent;         /* no telemetry */
    const char *fails;   /* proofs for this task fail */
    const char *events;  /* lines that are noted: " waiting lost " */
    const char *program; /* of the tasks */
    unsigned inputs;
    enum task_type task_type;

    struct {
        uint64_t id;
        int64_t due_ns;
        const struct script_answer *answer; /* NULL: a proof */
        char task[64];
    } due[160]; /* under way */
    size_t due_count;
    unsigned proving, most_proving;
    struct buffer last_submission;
    uint32_t last_input[3];

    struct {
        double at;
        char text[560];
    } notes[SCRIPT_NOTES];
    size_t note_count;
    bool over;
    enum core_end end;
    unsigned shutdowns;
};

void script_init(struct script *s); /* node 5880437; nothing else set */
struct reference_options script_options(const struct script *s);
void script_fini(struct script *s);
void script_start(struct script *s);
void script_until(struct script *s, double at);
void script_shutdown(struct script *s);
/* All that was noted, no more and no less, each within a twentieth of a second; the notes are
 * forgotten. */
void script_expect(struct script *s, const struct script_note *notes, size_t count);
