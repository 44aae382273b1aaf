/* SPDX-License-Identifier: Apache-2.0 */
/* What a campaign found, as lines for people, as JSON, and as JUnit XML for build servers.
 *
 * Owner:   heap inside (report_fini). Files are written by report_write.
 */
#pragma once
#include "sim/campaign.h"

#define REPORT_SHOWN 10 /* failures of one scenario in words */

struct report_scenario {
    char name[SCENARIO_TEXT];
    char given[256]; /* as the user named it: for the line that repeats */
    struct campaign_sum sum;
    double seconds;
    struct run_result failures[REPORT_SHOWN];
    size_t failure_count; /* shown ones */
    char silent[FAULT_TEXT]; /* name of the rule that never struck; "" */
};

struct report {
    bool json; /* instead of lines */
    const char *command; /* that a repetition needs; NULL: "run" */
    bool live; /* in real time: no moment to stop at, nothing to compare traces by (sim/live.h) */
    const char *policy; /* of a reference client: no verdict, but what it did; NULL: ours */
    const char *extra; /* options that a repetition needs, with a blank before; "" */
    bool demands_marks; /* every one of enum mark, and of the places that may strike */
    struct report_scenario *scenarios;
    size_t count;
};

void report_fini(struct report *r);
struct report_scenario *report_begin(struct report *r, const struct scenario *s,
                                     const char *given);
/* A failure, when there is room for it. Prints its line unless json. */
void report_failure(struct report *r, struct report_scenario *s, const struct run_result *result);
/* The scenario is done: prints its line unless json. */
void report_end(struct report *r, struct report_scenario *s);
/* Lines for the marks that nobody hit, when they are demanded, unless json. */
void report_marks(const struct report *r);
bool report_passed(const struct report *r);
/* JSON on stdout, when wanted. */
void report_json(const struct report *r);
enum status MUST_USE report_junit(const struct report *r, const char *path, struct why *why);

/* "nxp-sim run rate_limits --seed 0xc --until 138853ms" */
void report_replay(struct buffer *out, const struct report *r, const struct report_scenario *s,
                   const struct run_result *result);
/* For XML and HTML, within texts and attributes. */
void report_escape(struct buffer *out, const char *text);
/* What was broken, in words: "no request before its Retry-After". */
const char *report_rule(int broken);
/* "FAIL inv=I5 seed=0x2a scenario=… t=0d00:12:09.120 events=812 | replay: nxp-sim run …" */
void report_line(struct buffer *out, const struct report *r, const struct report_scenario *s,
                 const struct run_result *result);
