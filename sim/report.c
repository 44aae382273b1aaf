/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/buggify.h"
#include "sim/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/memory.h"

void report_fini(struct report *r)
{
    free(r->scenarios);
    r->scenarios = NULL;
    r->count = 0;
}

struct report_scenario *report_begin(struct report *r, const struct scenario *s, const char *given)
{
    struct report_scenario *entry;

    r->scenarios = memory_grown(r->scenarios, r->count + 1, sizeof *r->scenarios);
    entry = &r->scenarios[r->count++];
    *entry = (struct report_scenario){.sum.silent_rule = -1};
    memcpy(entry->name, s->name, sizeof entry->name);
    snprintf(entry->given, sizeof entry->given, "%s", given);
    return entry;
}

/* ---- lines ---- */

static void put_number(struct buffer *out, int broken)
{
    if (broken == RUN_EXPECT)
        buffer_put_text(out, "expect");
    else if (broken == RUN_ASSERT)
        buffer_put_text(out, "assert");
    else
        buffer_put_format(out, "I%d", broken);
}

static void put_time(struct buffer *out, int64_t ns)
{
    int64_t s = ns / NS_PER_S;

    buffer_put_format(out, "%" PRId64 "d%02d:%02d:%02d.%03d", s / 86400, (int)(s / 3600 % 24),
                      (int)(s / 60 % 60), (int)(s % 60), (int)(ns % NS_PER_S / NS_PER_MS));
}

void report_replay(struct buffer *out, const struct report *r, const struct report_scenario *s,
                   const struct run_result *f)
{
    buffer_put_format(out, "nxp-sim %s %s --seed 0x%" PRIx64, r->command ? r->command : "run",
                      s->given, f->seed);
    if (f->broken && f->broken != RUN_EXPECT && !r->live) /* up to the end of that millisecond */
        buffer_put_format(out, " --until %" PRId64 "ms", f->broken_ns / NS_PER_MS + 1);
    buffer_put_text(out, r->extra);
}

void report_line(struct buffer *out, const struct report *r, const struct report_scenario *s,
                 const struct run_result *f)
{
    buffer_put_text(out, "FAIL inv=");
    put_number(out, f->broken);
    buffer_put_format(out, " seed=0x%" PRIx64 " scenario=%s t=", f->seed, s->name);
    put_time(out, f->broken_ns);
    buffer_put_format(out, " events=%" PRIu64 " | replay: ", f->broken_events);
    report_replay(out, r, s, f);
}

const char *report_rule(int broken)
{
    return broken == RUN_ASSERT ? "an assertion of the code"
           : broken > 0         ? invariant_name(broken)
                                : "an expectation of the scenario";
}

static void print_failure(const struct report *r, const struct report_scenario *s,
                          const struct run_result *f)
{
    struct buffer line;

    buffer_init(&line, 0);
    report_line(&line, r, s, f);
    printf("%.*s\n     %s: %s\n", (int)line.size, (const char *)line.data, report_rule(f->broken), f->text);
    buffer_fini(&line);
}

/* Bytes of the letter that begins there, UTF-8 without control characters; 0: it is none. Ids are cut
 * anywhere, and some are strange on purpose; neither JSON nor XML takes the halves of a letter. */
static size_t report_letter(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t size = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;

    if (*at < 0x20 || *at == 0x7f)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
        (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
        return 0;
    return size;
}

static void clean(char *text)
{
    for (size_t size; *text; text += size) {
        size = report_letter(text);
        if (size == 0) {
            *text = '?';
            size = 1;
        }
    }
}

void report_failure(struct report *r, struct report_scenario *s, const struct run_result *f)
{
    if (s->failure_count == REPORT_SHOWN)
        return;
    s->failures[s->failure_count] = *f;
    clean(s->failures[s->failure_count].text);
    f = &s->failures[s->failure_count++];
    if (!r->json)
        print_failure(r, s, f);
    fflush(stdout);
}

static bool passed(const struct report_scenario *s)
{
    return !s->sum.failed && !s->silent[0];
}

/* A reference client has no verdict: what it made of the same seeds. */
static void print_baseline(const struct report *r, const struct report_scenario *s)
{
    const uint64_t *m = s->sum.metrics;

    printf("BASE %s %s: %" PRIu64 " seeds, %.0f h of virtual time; %" PRIu64 " tasks fetched, %" PRIu64
           " credited, %" PRIu64 " proofs sent and lost, %" PRIu64
           " requests, %.2f requests a credit, %" PRIu64 " rules broken, hash %016" PRIx64
           ", %.2f s\n",
           s->name, r->policy, s->sum.runs, s->sum.virtual_h, m[RUN_FETCHED], m[RUN_CREDITS],
           m[RUN_PROOFS_LOST], m[RUN_REQUESTS],
           m[RUN_CREDITS] ? (double)m[RUN_REQUESTS] / (double)m[RUN_CREDITS] : 0.0,
           m[RUN_VIOLATIONS], s->sum.hash, s->seconds);
    fflush(stdout);
}

/* Of a run in real time: what it came to, in as many words as its log has lines to look at. */
static void print_live(const struct report_scenario *s)
{
    const uint64_t *m = s->sum.metrics;

    printf("%s %s: %" PRIu64 " of %" PRIu64 " seeds hold; %.1f s of real time, %" PRIu64
           " requests, %" PRIu64 " tasks, %" PRIu64 " credits, %" PRIu64 " faults, %" PRIu64
           " proofs lost, %.2f requests a credit\n",
           passed(s) ? "PASS" : "FAIL", s->name, s->sum.runs - s->sum.failed, s->sum.runs,
           s->seconds, m[RUN_REQUESTS], m[RUN_FETCHED], m[RUN_CREDITS],
           m[RUN_FAULTS] + m[RUN_RESETS] + m[RUN_LOST_REQUESTS] + m[RUN_LOST_ANSWERS] + m[RUN_KILLS],
           m[RUN_PROOFS_LOST],
           m[RUN_CREDITS] ? (double)m[RUN_REQUESTS] / (double)m[RUN_CREDITS] : 0.0);
    fflush(stdout);
}

void report_end(struct report *r, struct report_scenario *s)
{
    const struct campaign_sum *sum = &s->sum;
    const uint64_t *m = sum->metrics;

    if (r->json)
        return;
    if (r->policy) {
        print_baseline(r, s);
        return;
    }
    if (r->live) {
        print_live(s);
        return;
    }
    if (sum->failed > s->failure_count)
        printf("     and %" PRIu64 " more seeds that fail\n", sum->failed - s->failure_count);
    if (s->silent[0])
        printf("FAIL scenario=%s: the rule '%s' never struck in %" PRIu64 " seeds\n", s->name,
               s->silent, sum->runs);
    printf("%s %s: %" PRIu64 " of %" PRIu64 " seeds hold; %.0f h of virtual time, %" PRIu64
           " events, %" PRIu64 " credits, %" PRIu64
           " faults, %.2f requests a credit, hash %016" PRIx64 ", %.2f s\n",
           passed(s) ? "PASS" : "FAIL", s->name, sum->runs - sum->failed, sum->runs,
           sum->virtual_h, sum->events, m[RUN_CREDITS],
           m[RUN_FAULTS] + m[RUN_RESETS] + m[RUN_LOST_REQUESTS] + m[RUN_LOST_ANSWERS] +
               m[RUN_REPEATED_REQUESTS] + m[RUN_KILLS],
           m[RUN_CREDITS] ? (double)m[RUN_REQUESTS] / (double)m[RUN_CREDITS] : 0.0, sum->hash,
           s->seconds);
    fflush(stdout);
}

/* Places of the cores that might have struck and never did, when somebody wants to know. */
static uint64_t tame_sites(const struct report *r)
{
    uint64_t struck = 0;
    bool any = false;

    for (size_t i = 0; i < r->count; i++) {
        any |= r->scenarios[i].sum.buggify;
        struck |= r->scenarios[i].sum.buggified;
    }
    return any && r->demands_marks ? ~struck & ((UINT64_C(1) << BUGGIFY_COUNT) - 1) : 0;
}

static uint64_t marks_of(const struct report *r)
{
    uint64_t marks = 0;

    for (size_t i = 0; i < r->count; i++)
        marks |= r->scenarios[i].sum.marks;
    return marks;
}

void report_marks(const struct report *r)
{
    uint64_t marks = marks_of(r);
    int hit = 0;

    if (!r->demands_marks || r->json)
        return;
    for (int m = 0; m < MARKS; m++) {
        hit += marks >> m & 1;
        if (!(marks >> m & 1))
            printf("FAIL mark: never hit: %s\n", mark_name((enum mark)m));
    }
    for (int site = 0; site < BUGGIFY_COUNT; site++)
        if (tame_sites(r) >> site & 1)
            printf("FAIL buggify: never struck: %s, %s\n", buggify_name((enum buggify_site)site),
                   buggify_words((enum buggify_site)site));
    printf("%s marks: %d of %d situations occurred\n", hit == MARKS ? "PASS" : "FAIL", hit, MARKS);
}

bool report_passed(const struct report *r)
{
    if (r->demands_marks && (marks_of(r) != (UINT64_C(1) << MARKS) - 1 || tame_sites(r)))
        return false;
    for (size_t i = 0; i < r->count; i++)
        if (!passed(&r->scenarios[i]))
            return false;
    return true;
}

/* ---- JSON ---- */

static json_t *text_of(const struct buffer *b)
{
    return json_stringn((const char *)b->data, b->size);
}

static json_t *json_failure(const struct report *r, const struct report_scenario *s,
                            const struct run_result *f)
{
    struct buffer number, seed, replay;
    json_t *out;

    buffer_init(&number, 0);
    buffer_init(&seed, 0);
    buffer_init(&replay, 0);
    put_number(&number, f->broken);
    buffer_put_format(&seed, "0x%" PRIx64, f->seed);
    report_replay(&replay, r, s, f);
    out = json_pack("{s:o, s:o, s:f, s:I, s:s, s:s, s:o}", "invariant", text_of(&number), "seed",
                    text_of(&seed), "time_s", (double)f->broken_ns / (double)NS_PER_S, "events",
                    (json_int_t)f->broken_events, "rule", report_rule(f->broken), "text", f->text, "replay",
                    text_of(&replay));
    buffer_fini(&number);
    buffer_fini(&seed);
    buffer_fini(&replay);
    return out;
}

static json_t *json_scenario(const struct report *r, const struct report_scenario *s)
{
    json_t *failures = json_array(), *metrics = json_object(), *marks = json_array();
    json_t *buggified = json_array();
    char hash[17];

    for (size_t i = 0; i < s->failure_count; i++)
        json_array_append_new(failures, json_failure(r, s, &s->failures[i]));
    for (int m = 0; m < RUN_METRICS; m++)
        json_object_set_new(metrics, run_metric_name((enum run_metric)m),
                            json_integer((json_int_t)s->sum.metrics[m]));
    for (int m = 0; m < MARKS; m++)
        if (s->sum.marks >> m & 1)
            json_array_append_new(marks, json_string(mark_name((enum mark)m)));
    for (int site = 0; site < BUGGIFY_COUNT; site++)
        if (s->sum.buggified >> site & 1)
            json_array_append_new(buggified, json_string(buggify_name((enum buggify_site)site)));
    snprintf(hash, sizeof hash, "%016" PRIx64, s->sum.hash);
    return json_pack("{s:s, s:s, s:b, s:I, s:I, s:f, s:I, s:s, s:f, s:s, s:o, s:o, s:o, s:o}", "scenario", s->name, "policy",
                     r->policy ? r->policy : "ours",
                     "passed", passed(s), "seeds", (json_int_t)s->sum.runs, "failed",
                     (json_int_t)s->sum.failed, "virtual_hours", s->sum.virtual_h, "events",
                     (json_int_t)s->sum.events, "trace_hash", hash, "seconds", s->seconds,
                     "silent_rule", s->silent, "metrics", metrics, "marks", marks, "buggified",
                     buggified, "failures", failures);
}

void report_json(const struct report *r)
{
    json_t *root;

    if (!r->json)
        return;
    root = json_array();
    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(root, json_scenario(r, &r->scenarios[i]));
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

/* ---- JUnit ---- */

void report_escape(struct buffer *out, const char *text)
{
    for (size_t size; *text; text += size) {
        size = report_letter(text);
        if (size == 0) {
            buffer_put_u8(out, '?');
            size = 1;
        } else if (*text == '<') {
            buffer_put_text(out, "&lt;");
        } else if (*text == '>') {
            buffer_put_text(out, "&gt;");
        } else if (*text == '&') {
            buffer_put_text(out, "&amp;");
        } else if (*text == '"') {
            buffer_put_text(out, "&quot;");
        } else {
            buffer_put(out, text, size);
        }
    }
}

static void junit_scenario(struct buffer *out, const struct report *r,
                           const struct report_scenario *s)
{
    buffer_put_text(out, "  <testcase classname=\"nxp-sim\" name=\"");
    report_escape(out, s->name);
    buffer_put_format(out, "\" time=\"%.3f\">\n", s->seconds);
    for (size_t i = 0; i < s->failure_count; i++) {
        struct buffer line;

        buffer_init(&line, 0);
        report_line(&line, r, s, &s->failures[i]);
        buffer_put_u8(&line, 0);
        buffer_put_text(out, "    <failure message=\"");
        report_escape(out, s->failures[i].text);
        buffer_put_text(out, "\">");
        report_escape(out, buffer_ok(&line) ? (const char *)line.data : "");
        buffer_put_text(out, "</failure>\n");
        buffer_fini(&line);
    }
    if (s->silent[0]) {
        buffer_put_text(out, "    <failure message=\"the rule '");
        report_escape(out, s->silent);
        buffer_put_text(out, "' never struck\"/>\n");
    }
    buffer_put_text(out, "  </testcase>\n");
}

enum status report_junit(const struct report *r, const char *path, struct why *why)
{
    struct buffer out;
    size_t failed = 0;
    enum status st;

    for (size_t i = 0; i < r->count; i++)
        failed += !passed(&r->scenarios[i]);
    buffer_init(&out, 0);
    buffer_put_format(&out,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<testsuite name=\"nxp-sim\" tests=\"%zu\" failures=\"%zu\">\n",
                      r->count, failed);
    for (size_t i = 0; i < r->count; i++)
        junit_scenario(&out, r, &r->scenarios[i]);
    buffer_put_text(&out, "</testsuite>\n");
    st = buffer_ok(&out) ? file_write(path, buffer_bytes(&out), 0644, why)
                         : fail(why, ST_NO_MEMORY, "report: out of memory");
    buffer_fini(&out);
    return st;
}
