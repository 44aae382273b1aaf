/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule as stories of requests: one that breaks it, and what is just no breach. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sim/tier_c/journal_judge.h"

/* A request. Zero stands for the usual: an answer with 200 that leaves at once and gets through. */
struct row {
    double at, took;
    enum { FETCH, SUBMIT, NODE, REGISTER } call;
    unsigned status;
    const char *task;
    char bytes; /* of a submission */
    double retry;
    enum { HEARD, BROKEN, GONE, OPEN } fate;
    enum { NOTHING, CREDIT, HOLD } outcome;
    bool faulty, content, of_another;
};

#define MOST_ROWS 12

struct story {
    const char *name;
    int broken;     /* number of the rule; 0: none */
    unsigned times; /* 0: once */
    struct row rows[MOST_ROWS];
    double kill; /* of the client; 0: none */
};

static int64_t ns(double s)
{
    return (int64_t)(s * (double)NS_PER_S);
}

static struct journal_record record_of(const struct row *row, uint64_t number)
{
    static const enum call calls[] = {CALL_FETCH, CALL_SUBMIT, CALL_NODE, CALL_REGISTER_NODE};
    static const enum journal_delivery deliveries[] = {JOURNAL_OUT, JOURNAL_BROKEN, JOURNAL_GONE,
                                                       JOURNAL_OPEN};
    struct journal_record r = {
        .number = number,
        .at_ns = ns(row->at),
        .out_ns = ns(row->at + (row->took > 0 ? row->took : 0.001)),
        .call = calls[row->call],
        .delivery = deliveries[row->fate],
        .port = (unsigned)number,
        .status = row->status ? row->status : 200,
        .retry_after_ns = row->retry > 0 ? ns(row->retry) : -1,
        .credited = row->outcome == CREDIT,
        .held = row->outcome == HOLD,
        .faulty = row->faulty,
        .content = row->content,
    };

    strcpy(r.node_id, row->of_another ? "2" : "1");
    strcpy(r.task_id, row->task ? row->task : "");
    if (row->call == SUBMIT)
        snprintf(r.body_hash, sizeof r.body_hash, "%c", row->bytes ? row->bytes : 'p');
    return r;
}

static void judge(struct journal_verdict *out, const struct story *s)
{
    static const struct journal_client clients[] = {{"1", 0}, {"2", 1}};
    struct journal_record records[MOST_ROWS];
    const struct journal_kill kill = {.client = 0, .at_ns = ns(s->kill)};
    struct journal_case c = {.records = records, .clients = clients, .client_count = 2};

    while (c.record_count < MOST_ROWS && s->rows[c.record_count].at > 0) {
        records[c.record_count] = record_of(&s->rows[c.record_count], c.record_count + 1);
        c.record_count++;
    }
    if (s->kill > 0) {
        c.kills = &kill;
        c.kill_count = 1;
    }
    assert_int_equal(journal_judge(out, &c, NULL), ST_OK);
}

static void tell(const struct story *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct story *s = &table[i];
        unsigned times = s->broken ? s->times ? s->times : 1 : 0;
        struct journal_verdict v;

        judge(&v, s);
        if (v.broken != times || (times && v.broken_of[s->broken] != times))
            fail_msg("%s: %u breaches of I%d, not %u: %s", s->name, (unsigned)v.broken, s->broken,
                     times, v.count ? v.violations[0].text : "none");
        for (size_t k = 0; k < v.count; k++) {
            assert_int_equal(v.violations[k].number, s->broken);
            assert_true(v.violations[k].text[0] && v.violations[k].record > 0);
        }
        journal_verdict_fini(&v);
    }
}

#define TELL(table) tell(table, sizeof(table) / sizeof *(table))

/* ---- I3 ---- */

static void every_submission_of_a_task_has_the_same_bytes(void **state)
{
    static const struct story table[] = {
        {.name = "other bytes", .broken = 3, .rows =
          {{.at = 1, .task = "a"},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 503},
          {.at = 9, .call = SUBMIT, .task = "a", .bytes = 'q', .outcome = CREDIT}}},
        {.name = "by another process too", .broken = 3, .rows =
          {{.at = 1, .task = "a"},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 503},
          {.at = 9, .call = SUBMIT, .task = "a", .bytes = 'q', .outcome = CREDIT}},
         .kill = 5},
        {.name = "even if nobody heard of the first", .broken = 3, .rows =
          {{.at = 1, .task = "a"},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 503, .fate = GONE},
          {.at = 9, .call = SUBMIT, .task = "a", .bytes = 'q', .outcome = CREDIT}}},
        {.name = "the same bytes", .rows =
          {{.at = 1, .task = "a"},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 503},
          {.at = 9, .call = SUBMIT, .task = "a", .outcome = CREDIT}}},
        {.name = "another task", .rows =
          {{.at = 1, .task = "a"},
          {.at = 2, .task = "b"},
          {.at = 3, .call = SUBMIT, .task = "a", .outcome = CREDIT},
          {.at = 4, .call = SUBMIT, .task = "b", .bytes = 'q', .outcome = CREDIT}}},
    };

    (void)state;
    TELL(table);
}

/* ---- I5 ---- */

static void no_request_is_early(void **state)
{
    static const struct story table[] = {
        {.name = "a fetch", .broken = 5, .rows =
          {{.at = 1, .status = 429, .retry = 60}, {.at = 60.9, .task = "a"}}},
        {.name = "to the second", .rows = {{.at = 1, .status = 429, .retry = 60}, {.at = 61.001, .task = "a"}}},
        {.name = "clocks may differ by ten milliseconds", .rows =
          {{.at = 1, .status = 429, .retry = 60}, {.at = 60.992, .task = "a"}}},
        {.name = "it counts from the answer, not from the request", .broken = 5, .rows =
          {{.at = 1, .took = 10, .status = 503, .retry = 60}, {.at = 65, .task = "a"}}},
        {.name = "a shorter one later does not shorten it", .broken = 5, .times = 2, .rows =
          {{.at = 1, .status = 429, .retry = 600},
          {.at = 2, .status = 429, .retry = 1},
          {.at = 100, .task = "a"}}},
        {.name = "another route", .rows =
          {{.at = 1, .status = 429, .retry = 60},
          {.at = 2, .call = NODE},
          {.at = 3, .call = SUBMIT, .task = "a", .outcome = CREDIT}}},
        {.name = "another client", .rows =
          {{.at = 1, .status = 429, .retry = 60}, {.at = 2, .of_another = true}}},
        {.name = "a submission that waits", .broken = 5, .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .status = 429, .retry = 60},
          {.at = 2, .call = SUBMIT, .task = "b", .outcome = CREDIT}}},
        {.name = "a definite answer names no time for the next submission", .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .retry = 60, .outcome = CREDIT},
          {.at = 2, .call = SUBMIT, .task = "b", .outcome = CREDIT}}},
        {.name = "a task that arrived names none for the next fetch", .rows =
          {{.at = 1, .task = "a", .retry = 60}, {.at = 2, .task = "b"}}},
        {.name = "who did not get the answer does not know", .rows =
          {{.at = 1, .status = 429, .retry = 60, .fate = BROKEN}, {.at = 2, .task = "a"}}},
        {.name = "who had left does not know", .rows =
          {{.at = 1, .status = 429, .retry = 60, .fate = GONE}, {.at = 2, .task = "a"}}},
        {.name = "who has left may have asked before", .rows =
          {{.at = 1, .status = 429, .retry = 60},
          {.at = 2, .status = 429, .retry = 60, .fate = GONE}}},
        {.name = "killed before it was on disk", .rows =
          {{.at = 1, .status = 429, .retry = 60}, {.at = 5, .task = "a"}}, .kill = 1.9},
        {.name = "killed before it was out", .rows =
          {{.at = 1, .took = 10, .status = 429, .retry = 60}, {.at = 15, .task = "a"}}, .kill = 5},
        {.name = "killed when it was on disk", .broken = 5, .rows =
          {{.at = 1, .status = 429, .retry = 60}, {.at = 5, .task = "a"}}, .kill = 2.1},
        {.name = "a day is the most that anybody waits", .rows =
          {{.at = 1, .status = 429, .retry = 1e6}, {.at = 86402, .task = "a"}}},
        {.name = "a day is not less", .broken = 5, .rows =
          {{.at = 1, .status = 429, .retry = 1e6}, {.at = 86400, .task = "a"}}},
    };

    (void)state;
    TELL(table);
}

/* ---- I6 ---- */

static void one_of_each_kind_is_under_way(void **state)
{
    static const struct story table[] = {
        {.name = "two submissions of a task", .broken = 6, .rows =
          {{.at = 1, .took = 5, .call = SUBMIT, .task = "a", .outcome = CREDIT},
          {.at = 2, .took = 9, .call = SUBMIT, .task = "a", .status = 503}}},
        {.name = "two submissions of two tasks", .broken = 6, .rows =
          {{.at = 1, .took = 5, .call = SUBMIT, .task = "a", .outcome = CREDIT},
          {.at = 2, .call = SUBMIT, .task = "b", .outcome = CREDIT}}},
        {.name = "two fetches", .broken = 6, .rows = {{.at = 1, .took = 5, .task = "a"}, {.at = 5.9, .task = "b"}}},
        {.name = "one behind the other", .rows =
          {{.at = 1, .took = 5, .task = "a"}, {.at = 6, .task = "b"}}},
        {.name = "one of each kind", .rows =
          {{.at = 1, .took = 5, .task = "a"},
          {.at = 2, .took = 5, .call = NODE},
          {.at = 3, .took = 5, .call = SUBMIT, .task = "b", .outcome = CREDIT}}},
        {.name = "one of each client", .rows =
          {{.at = 1, .took = 5, .task = "a"}, {.at = 2, .task = "b", .of_another = true}}},
        {.name = "the first one's client had lost patience", .rows =
          {{.at = 1, .took = 5, .task = "a", .fate = GONE}, {.at = 2, .task = "b"}}},
        {.name = "the first one's answer was cut", .rows =
          {{.at = 1, .took = 5, .task = "a", .fate = BROKEN}, {.at = 2, .task = "b"}}},
        {.name = "the first one gets no answer", .rows =
          {{.at = 1, .task = "a", .fate = OPEN}, {.at = 2, .task = "b"}}},
        {.name = "the second one came late", .rows =
          {{.at = 1, .took = 5, .task = "a"}, {.at = 2, .task = "b", .fate = GONE}}},
        {.name = "the first one's process was killed", .rows =
          {{.at = 1, .took = 5, .task = "a"}, {.at = 3, .task = "b"}}, .kill = 2},
    };

    (void)state;
    TELL(table);
}

/* ---- I7 ---- */

static void nothing_follows_a_definite_answer(void **state)
{
    static const struct story table[] = {
        {.name = "after a credit", .broken = 7, .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .outcome = CREDIT},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 404}}},
        {.name = "after a refusal", .broken = 7, .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .status = 422},
          {.at = 2, .call = SUBMIT, .task = "a", .outcome = CREDIT}}},
        {.name = "after an expiry", .broken = 7, .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .status = 404},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 404}}},
        {.name = "after 408, 425, 429 and 5xx", .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .status = 408},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 425},
          {.at = 3, .call = SUBMIT, .task = "a", .status = 429},
          {.at = 4, .call = SUBMIT, .task = "a", .status = 500},
          {.at = 5, .call = SUBMIT, .task = "a", .outcome = CREDIT}}},
        {.name = "after an answer that did not get through", .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .outcome = CREDIT, .fate = BROKEN},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 404}}},
        {.name = "after a client that left", .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .outcome = CREDIT, .fate = GONE},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 404}}},
        {.name = "by a request that came late", .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .outcome = CREDIT},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 404, .fate = GONE}}},
        {.name = "killed before it was on disk", .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .outcome = CREDIT},
          {.at = 5, .call = SUBMIT, .task = "a", .status = 404}},
         .kill = 1.5},
        {.name = "killed when it was on disk", .broken = 7, .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .outcome = CREDIT},
          {.at = 5, .call = SUBMIT, .task = "a", .status = 404}},
         .kill = 2.5},
    };

    (void)state;
    TELL(table);
}

/* ---- I9, I24 ---- */

static void a_task_is_credited_once(void **state)
{
    static const struct story table[] = {
        {.name = "twice", .broken = 9, .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .outcome = CREDIT, .fate = BROKEN},
          {.at = 2, .call = SUBMIT, .task = "a", .outcome = CREDIT}}},
        {.name = "two tasks", .rows =
          {{.at = 1, .call = SUBMIT, .task = "a", .outcome = CREDIT},
          {.at = 2, .call = SUBMIT, .task = "b", .outcome = CREDIT}}},
    };

    (void)state;
    TELL(table);
}

static void nothing_is_refused_for_what_is_in_it(void **state)
{
    static const struct story table[] = {
        {.name = "a wrong proof", .broken = 24, .rows =
          {{.at = 1, .task = "a"},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 422, .content = true}}},
        {.name = "by a fault", .rows =
          {{.at = 1, .task = "a"},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 422, .content = true, .faulty = true}}},
        {.name = "of a task that a fault has spoilt", .rows =
          {{.at = 1, .task = "a", .faulty = true},
          {.at = 2, .call = SUBMIT, .task = "a", .status = 422, .content = true}}},
        {.name = "too late", .rows =
          {{.at = 1, .task = "a"}, {.at = 2, .call = SUBMIT, .task = "a", .status = 404}}},
    };

    (void)state;
    TELL(table);
}

/* ---- I10, I17 ---- */

static uint64_t breaches(int number, struct journal_record *records, size_t count,
                         const struct journal_kill *kill, int64_t jitter_ns)
{
    const struct journal_case c = {.records = records,
                                   .record_count = count,
                                   .kills = kill,
                                   .kill_count = kill ? 1 : 0,
                                   .jitter_ns = jitter_ns};
    struct journal_verdict v;
    uint64_t broken;

    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    broken = v.broken_of[number];
    assert_int_equal(v.broken, broken);
    journal_verdict_fini(&v);
    return broken;
}

/* count requests, gap_s apart. */
static size_t series(struct journal_record *out, size_t count, double gap_s, struct row like)
{
    for (size_t i = 0; i < count; i++) {
        like.at = 1 + (double)i * gap_s;
        out[i] = record_of(&like, i + 1);
    }
    return count;
}

static void a_minute_has_forty_requests(void **state)
{
    const struct row node = {.call = NODE}, other = {.call = REGISTER};
    struct journal_record r[100];

    (void)state;
    assert_int_equal(breaches(10, r, series(r, 40, 0.1, node), NULL, 0), 0);
    assert_int_equal(breaches(10, r, series(r, 41, 0.1, node), NULL, 0), 1);
    assert_int_equal(breaches(10, r, series(r, 41, 0.1, other), NULL, 0), 1);
    assert_int_equal(breaches(10, r, series(r, 80, 1.49, node), NULL, 0), 40);
    assert_int_equal(breaches(10, r, series(r, 80, 1.51, node), NULL, 0), 0);
    /* The way may have brought them closer to each other. */
    assert_int_equal(breaches(10, r, series(r, 80, 1.49, node), NULL, NS_PER_S), 0);
    /* Of two clients each has his own minute. */
    series(r, 41, 0.1, node);
    strcpy(r[20].node_id, "2");
    assert_int_equal(breaches(10, r, 41, NULL, 0), 0);
    /* One that came late is not counted. */
    series(r, 41, 0.1, node);
    r[20].delivery = JOURNAL_GONE;
    assert_int_equal(breaches(10, r, 41, NULL, 0), 0);
}

static void an_outage_gets_twenty_requests_in_an_hour(void **state)
{
    const struct row fails = {.status = 503}, cut = {.fate = BROKEN};
    const struct journal_kill kill = {.client = 0, .at_ns = ns(1000)};
    struct journal_record r[60];

    (void)state;
    assert_int_equal(breaches(17, r, series(r, 20, 100, fails), NULL, 0), 0);
    assert_int_equal(breaches(17, r, series(r, 21, 100, fails), NULL, 0), 1);
    assert_int_equal(breaches(17, r, series(r, 21, 100, cut), NULL, 0), 1);
    assert_int_equal(breaches(17, r, series(r, 60, 181, fails), NULL, 0), 0);
    assert_int_equal(breaches(17, r, series(r, 21, 179.9, fails), NULL, 0), 1);
    assert_int_equal(breaches(17, r, series(r, 21, 179.9, fails), NULL, 5 * NS_PER_S), 0);
    /* An answer in between, even a refusal: no outage. */
    for (unsigned status = 200; status <= 429; status += 229) {
        series(r, 21, 100, fails);
        r[10].status = status;
        assert_int_equal(breaches(17, r, 21, NULL, 0), 0);
        r[10].delivery = JOURNAL_BROKEN; /* nobody heard it */
        assert_int_equal(breaches(17, r, 21, NULL, 0), 1);
    }
    /* Another route, another process. */
    series(r, 21, 100, fails);
    r[10].call = CALL_NODE;
    assert_int_equal(breaches(17, r, 21, NULL, 0), 0);
    assert_int_equal(breaches(17, r, series(r, 21, 100, fails), &kill, 0), 0);
}

/* ---- I11 ---- */

struct books {
    const char *name;
    int broken;
    struct row rows[4];
    struct journal_task tasks[4];
    struct journal_credit credits[4];
    bool has_gaps;
};

static void judge_books(struct journal_verdict *out, const struct books *b)
{
    struct journal_record records[4];
    struct journal_case c = {.records = records,
                             .has_books = true,
                             .has_gaps = b->has_gaps,
                             .tasks = b->tasks,
                             .credits = b->credits};

    while (c.record_count < 4 && b->rows[c.record_count].at > 0) {
        records[c.record_count] = record_of(&b->rows[c.record_count], c.record_count + 1);
        c.record_count++;
    }
    while (c.task_count < 4 && b->tasks[c.task_count].task_id[0])
        c.task_count++;
    while (c.credit_count < 4 && b->credits[c.credit_count].amount)
        c.credit_count++;
    assert_int_equal(journal_judge(out, &c, NULL), ST_OK);
}

static void the_books_balance(void **state)
{
#define FETCHED {{.at = 1, .task = "a"}}
#define LIFE    {{.at = 1, .task = "a"}, {.at = 2, .call = SUBMIT, .task = "a", .outcome = CREDIT}}
#define HELD    {{.at = 1, .task = "a"}, {.at = 2, .call = SUBMIT, .task = "a", .outcome = HOLD}}
    static const struct books table[] = {
        {.name = "they do",
         .rows = LIFE,
         .tasks = {{"a", "1", JOURNAL_TASK_ACCEPTED}},
         .credits = {{"a", 1}}},
        {.name = "minted tasks and gifts are nobody's affair",
         .rows = LIFE,
         .tasks = {{"a", "1", JOURNAL_TASK_ACCEPTED}, {"m", "", JOURNAL_TASK_MINTED}},
         .credits = {{"a", 1}, {"", -5}}},
        {.name = "held, and then accepted",
         .rows = HELD,
         .tasks = {{"a", "1", JOURNAL_TASK_ACCEPTED}},
         .credits = {{"a", 1}}},
        {.name = "open",
         .rows = FETCHED,
         .tasks = {{"a", "1", JOURNAL_TASK_OPEN}}},
        {.name = "its answer is under way",
         .rows = {{.at = 1, .task = "a", .fate = OPEN}},
         .tasks = {{"a", "1", JOURNAL_TASK_OPEN}}},
        {.name = "a task is missing",
         .broken = 11,
         .rows = FETCHED},
        {.name = "a task that was handed out is called minted",
         .broken = 11,
         .rows = FETCHED,
         .tasks = {{"a", "", JOURNAL_TASK_MINTED}}},
        {.name = "a task is there twice",
         .broken = 11,
         .rows = FETCHED,
         .tasks = {{"a", "1", JOURNAL_TASK_OPEN}, {"a", "1", JOURNAL_TASK_EXPIRED}}},
        {.name = "a task from nowhere",
         .broken = 11,
         .tasks = {{"a", "1", JOURNAL_TASK_OPEN}}},
        {.name = "… or from a gap",
         .tasks = {{"a", "1", JOURNAL_TASK_OPEN}},
         .has_gaps = true},
        {.name = "accepted without a submission",
         .broken = 11,
         .rows = FETCHED,
         .tasks = {{"a", "1", JOURNAL_TASK_ACCEPTED}},
         .credits = {{"a", 1}}},
        {.name = "… or with one in a gap",
         .rows = FETCHED,
         .tasks = {{"a", "1", JOURNAL_TASK_ACCEPTED}},
         .credits = {{"a", 1}},
         .has_gaps = true},
        {.name = "accepted, and no credit",
         .broken = 11,
         .rows = HELD,
         .tasks = {{"a", "1", JOURNAL_TASK_ACCEPTED}}},
        {.name = "a credit, and expired",
         .broken = 11,
         .rows = HELD,
         .tasks = {{"a", "1", JOURNAL_TASK_EXPIRED}},
         .credits = {{"a", 1}}},
        {.name = "a credit too much",
         .broken = 11,
         .rows = LIFE,
         .tasks = {{"a", "1", JOURNAL_TASK_ACCEPTED}},
         .credits = {{"a", 2}}},
        {.name = "two credits",
         .broken = 9,
         .rows = LIFE,
         .tasks = {{"a", "1", JOURNAL_TASK_ACCEPTED}},
         .credits = {{"a", 1}, {"a", 1}}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct journal_verdict v;

        judge_books(&v, &table[i]);
        if (v.broken != (table[i].broken != 0) || v.broken_of[table[i].broken] != v.broken)
            fail_msg("%s: %u breaches, %s", table[i].name, (unsigned)v.broken,
                     v.count ? v.violations[0].text : "");
        journal_verdict_fini(&v);
    }
}

static void a_credit_that_no_list_knows_is_missed_by_both(void **state)
{
    const struct books b = {.rows = LIFE, .tasks = {{"a", "1", JOURNAL_TASK_OPEN}}};
    struct journal_verdict v;

    (void)state;
    judge_books(&v, &b);
    assert_int_equal(v.broken_of[11], 1);
    assert_non_null(strstr(v.violations[0].text, "the ledger knows nothing"));
    assert_int_equal(v.violations[0].record, 0);
    journal_verdict_fini(&v);
}

/* ---- figures ---- */

static void figures_are_those_of_the_tasks(void **state)
{
    static const struct story s = {
        .rows = {
            {.at = 1, .task = "credited"},
            {.at = 2, .task = "expired"},
            {.at = 3, .task = "refused", .faulty = true},
            {.at = 4, .task = "open"},
            {.at = 5, .task = "unheard", .fate = BROKEN},
            {.at = 6, .call = SUBMIT, .task = "credited", .status = 500},
            {.at = 7, .call = SUBMIT, .task = "credited", .outcome = CREDIT},
            {.at = 8, .call = SUBMIT, .task = "expired", .status = 404},
            {.at = 9, .call = SUBMIT, .task = "refused", .status = 422},
            {.at = 10, .status = 429, .retry = 60},
            {.at = 20, .status = 429, .retry = 50},
            {.at = 30, .call = SUBMIT, .task = "credited", .status = 404},
        }};
    const struct journal_figures *f;
    struct journal_verdict v;

    (void)state;
    judge(&v, &s);
    f = &v.figures;
    assert_int_equal(f->requests, 12);
    assert_int_equal(f->fetches, 7);
    assert_int_equal(f->submissions, 5);
    assert_int_equal(f->handed_out, 4);
    assert_int_equal(f->unheard, 1);
    assert_int_equal(f->credited, 1);
    assert_int_equal(f->expired, 1);
    assert_int_equal(f->refused, 1);
    assert_int_equal(f->open, 2);
    assert_int_equal(f->tasks_lost, 2);
    assert_int_equal(f->proofs_lost, 2);
    assert_int_equal(f->after_expiry, 1);
    assert_int_equal(f->early, 1);
    assert_int_equal(f->resent, 2);
    assert_int_equal(f->duplicates, 1);
    assert_true(f->requests_per_credit == 12);
    assert_int_equal(f->handed_out + f->unheard,
                     f->credited + f->refused + f->expired + f->open);
    assert_int_equal(v.broken_of[5], 1);
    assert_int_equal(v.broken_of[7], 1);
    journal_verdict_fini(&v);
}

static void books_know_what_expired_unseen(void **state)
{
    const struct books b = {
        .rows = {{.at = 1, .task = "a"}, {.at = 2, .task = "b"}},
        .tasks = {{"a", "1", JOURNAL_TASK_EXPIRED}, {"b", "1", JOURNAL_TASK_REFUSED}}};
    struct journal_verdict v;

    (void)state;
    judge_books(&v, &b);
    assert_int_equal(v.broken, 0);
    assert_int_equal(v.figures.expired, 1);
    assert_int_equal(v.figures.refused, 1);
    assert_int_equal(v.figures.tasks_lost, 2);
    assert_int_equal(v.figures.proofs_lost, 0);
    assert_true(v.figures.requests_per_credit == 0);
    journal_verdict_fini(&v);
}

/* ---- who is who ---- */

static void clients_are_known_by_their_nodes_and_keys(void **state)
{
    static const struct journal_client clients[] = {{"1", 0}, {"2", 0}};
    struct row a = {.at = 1, .took = 5}, b = {.at = 2};
    struct journal_record r[3] = {record_of(&a, 1), record_of(&b, 2)};
    struct journal_case c = {.records = r, .record_count = 2, .clients = clients, .client_count = 2};
    struct row unknown[2] = {{.at = 3, .took = 5, .call = SUBMIT, .task = "x", .status = 404},
                             {.at = 4, .call = SUBMIT, .task = "y", .status = 404}};
    struct journal_verdict v;

    (void)state;
    strcpy(r[1].node_id, "2"); /* two nodes of one client: a second fetch at once */
    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    assert_int_equal(v.broken_of[6], 1);
    assert_int_equal(v.violations[0].client, 0);
    journal_verdict_fini(&v);
    c.client_count = 0; /* nodes of nobody are clients of their own */
    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    assert_int_equal(v.broken, 0);
    journal_verdict_fini(&v);

    a.took = 0; /* tasks that the orchestrator does not know have no node: their keys have */
    r[0] = record_of(&a, 1);
    r[1] = record_of(&unknown[0], 2);
    r[2] = record_of(&unknown[1], 3);
    r[1].node_id[0] = r[2].node_id[0] = 0;
    for (int i = 0; i < 3; i++)
        strcpy(r[i].key, "feed");
    c.record_count = 3;
    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    assert_int_equal(v.broken_of[6], 1);
    journal_verdict_fini(&v);
    r[1].key[0] = r[2].key[0] = 0;
    r[1].task_id[0] = 0; /* and when not even that can be read, nobody is to blame */
    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    assert_int_equal(v.broken, 0);
    assert_int_equal(v.figures.submissions, 2);
    journal_verdict_fini(&v);
}

static void records_may_come_in_any_order(void **state)
{
    struct row rows[3] = {{.at = 3, .task = "b"},
                          {.at = 1, .status = 429, .retry = 60},
                          {.at = 1, .status = 429, .retry = 60}};
    struct journal_record r[3] = {record_of(&rows[0], 9), record_of(&rows[1], 8),
                                  record_of(&rows[2], 7)};
    const struct journal_case c = {.records = r, .record_count = 3};
    struct journal_verdict v;

    (void)state;
    r[2].life = 1;
    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    assert_int_equal(v.violations[v.count - 1].record, 9);
    assert_int_equal(r[0].number, 8); /* sorted: by time, then by life and number */
    assert_int_equal(r[1].number, 7);
    journal_verdict_fini(&v);
}

static void a_loss_is_that_of_the_last_request_of_its_port(void **state)
{
    struct row rows[3] = {{.at = 1}, {.at = 2, .fate = OPEN}, {.at = 3}};
    struct journal_record r[3] = {record_of(&rows[0], 1), record_of(&rows[1], 2),
                                  record_of(&rows[2], 3)};

    (void)state;
    r[0].port = r[1].port = r[2].port = 7;
    assert_false(journal_judge_lost(r, 3, 8, ns(5), false));
    assert_false(journal_judge_lost(r, 3, 7, ns(0.5), false));
    assert_true(journal_judge_lost(r, 3, 7, ns(2.5), false));
    assert_int_equal(r[0].delivery, JOURNAL_OUT);
    assert_int_equal(r[1].delivery, JOURNAL_BROKEN);
    assert_true(r[1].out_ns == ns(2.5));
    assert_int_equal(r[2].delivery, JOURNAL_OUT);
    assert_true(journal_judge_lost(r, 3, 7, ns(5), true));
    assert_int_equal(r[2].delivery, JOURNAL_GONE);
}

static void violations_beyond_the_list_are_counted(void **state)
{
    struct journal_record r[JOURNAL_VIOLATIONS + 20];
    struct journal_case c = {.records = r, .record_count = JOURNAL_VIOLATIONS + 20};
    struct journal_verdict v;
    const struct row row = {.call = SUBMIT, .task = "a"};

    (void)state;
    series(r, c.record_count, 100, row);
    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    assert_int_equal(v.broken, JOURNAL_VIOLATIONS + 19);
    assert_int_equal(v.count, JOURNAL_VIOLATIONS);
    journal_verdict_fini(&v);
    journal_verdict_fini(&v);
}

static void a_kill_of_somebody_unseen_is_nothing(void **state)
{
    const struct journal_kill kill = {.client = 5, .at_ns = 1};
    const struct journal_case c = {.kills = &kill, .kill_count = 1};
    struct journal_verdict v;

    (void)state;
    assert_int_equal(journal_judge(&v, &c, NULL), ST_OK);
    assert_int_equal(v.broken, 0);
    journal_verdict_fini(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_submission_of_a_task_has_the_same_bytes),
        cmocka_unit_test(no_request_is_early),
        cmocka_unit_test(one_of_each_kind_is_under_way),
        cmocka_unit_test(nothing_follows_a_definite_answer),
        cmocka_unit_test(a_task_is_credited_once),
        cmocka_unit_test(nothing_is_refused_for_what_is_in_it),
        cmocka_unit_test(a_minute_has_forty_requests),
        cmocka_unit_test(an_outage_gets_twenty_requests_in_an_hour),
        cmocka_unit_test(the_books_balance),
        cmocka_unit_test(a_credit_that_no_list_knows_is_missed_by_both),
        cmocka_unit_test(figures_are_those_of_the_tasks),
        cmocka_unit_test(books_know_what_expired_unseen),
        cmocka_unit_test(clients_are_known_by_their_nodes_and_keys),
        cmocka_unit_test(records_may_come_in_any_order),
        cmocka_unit_test(a_loss_is_that_of_the_last_request_of_its_port),
        cmocka_unit_test(violations_beyond_the_list_are_counted),
        cmocka_unit_test(a_kill_of_somebody_unseen_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
