/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/page.h"
#include "tests/sim/prover.h"

static const char busy[] =
    "name: busy\nabout: a <b> & \"c\"\nheal_at: 10m\n"
    "orchestrator: {programs: [{id: fib, n: 1, a: 1, b: 1}]}\n"
    "network: {latency: 50ms}\nclients: [{name: laptop, prove: 10s}, {name: desk, prove: 20s}]\n"
    "faults: [{fault: submit_429, first: 1}, {fault: fetch_answer_lost, nth: 2}, "
    "{fault: submit_answer_lost, nth: 2}]\n"
    "events: [{at: 30s, event: kill, who: laptop, for: 5s}, {at: 3m, event: partition, for: "
    "30s}]\n";

static struct scenario *told(struct story *story, const char *yaml, FILE *dump)
{
    const struct run_options o = {.seed = 1, .dump = dump};
    struct scenario *s;
    struct why why;

    if (scenario_parse(&s, bytes_of_text(yaml), &why))
        fail_msg("%s", why.text);
    assert_int_equal(story_of_run(story, s, prover, &o, &why), ST_OK);
    return s;
}

static const struct story_entry *find(const struct story *s, enum story_kind kind,
                                      const char *words)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].kind == kind && strstr(s->entries[i].text, words))
            return &s->entries[i];
    fail_msg("no %s '%s'", story_kind_name(kind), words);
    return NULL;
}

static void every_kind_of_event_is_told_in_words(void **state)
{
    struct story story;
    struct scenario *s = told(&story, busy, NULL);
    const struct story_entry *e;

    (void)state;
    assert_int_equal(story.result.broken, 0);
    find(&story, STORY_LIFE, "starts, process 1");
    find(&story, STORY_LIFE, "starts, process 2");
    e = find(&story, STORY_LIFE, "is killed, process 1");
    assert_true(e->at_ns == 30 * NS_PER_S && e->client == 0);
    find(&story, STORY_REQUEST, "POST /v3/tasks/submit");
    e = find(&story, STORY_ANSWER, "200 after 0.100 s");
    assert_true(e->at_ns - e->began_ns == 100 * NS_PER_MS);
    e = find(&story, STORY_ANSWER, "429 after");
    assert_int_equal(e->status, 429);
    e = find(&story, STORY_ANSWER, "no answer: connection reset");
    assert_int_equal(e->status, 0);
    find(&story, STORY_SERVER, "submit of task");
    e = find(&story, STORY_FAULT, ": 429 by fault submit_429");
    assert_int_equal(e->client, STORY_NO_CLIENT);
    find(&story, STORY_FAULT, "nothing goes out by fault fetch_answer_lost");
    find(&story, STORY_DISK, "record 1 is on disk");
    e = find(&story, STORY_PROVER, "has proof");
    assert_true(e->at_ns - e->began_ns >= 10 * NS_PER_S);
    find(&story, STORY_LINE, "Got task");
    e = find(&story, STORY_LINE, "ready for next task");
    assert_in_range(e->wait_ns / NS_PER_S, 1, 120);
    find(&story, STORY_WORLD, "partition begins");
    find(&story, STORY_WORLD, "faults stop");
    for (size_t i = 1; i < story.count; i++)
        assert_true(story.entries[i - 1].at_ns <= story.entries[i].at_ns);
    scenario_free(s);
    story_fini(&story);
}

static void a_story_is_told_with_times_and_silences(void **state)
{
    struct story story;
    struct scenario *s = told(&story, busy, NULL);
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    story_tell(&story, out);
    fclose(out);
    assert_non_null(strstr(text, "0d00:00:30.000  client 0   is killed, process 1\n"));
    assert_non_null(strstr(text, "s pass\n"));
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    assert_true(lines > story.count);
    free(text);
    scenario_free(s);
    story_fini(&story);
}

static void everybody_is_described_where_the_run_ends(void **state)
{
    static const char *const words[] = {
        "client 0: ",    "  process: working, ",  "disk: record 1 of task ",
        "client 1: ",    "no fetch request for ", "\"tasks_made\"",
        "inputs proved",
    };
    struct story story;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct scenario *s = told(&story, busy, out);

    (void)state;
    fclose(out);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strstr(text, words[i]))
            fail_msg("'%s' is missing in %s", words[i], text);
    free(text);
    scenario_free(s);
    story_fini(&story);
}

/* ---- pages ---- */

static char *page_of(const struct scenario *s, const struct story *story)
{
    struct buffer page;

    buffer_init(&page, 0);
    page_write(&page, s, story, "nxp-sim run busy --seed 0x1");
    buffer_put_u8(&page, 0);
    assert_true(buffer_ok(&page));
    return (char *)page.data;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (; (text = strstr(text, word)); text++)
        n++;
    return n;
}

static void a_page_has_all_rows_and_loads_nothing(void **state)
{
    static const char *const needs[] = {
        "<title>busy, seed 0x1</title>",
        "a &lt;b&gt; &amp; &quot;c&quot;",
        "<code>nxp-sim run busy --seed 0x1</code>",
        "Everything held.",
        "class=\"work\"",
        "class=\"kill\"",
        "client 1</text>",
        "default-src 'none'",
        "<span>credits</span>",
    };
    struct story story;
    struct scenario *s = told(&story, busy, NULL);
    char *page = page_of(s, &story);

    (void)state;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (!strstr(page, needs[i]))
            fail_msg("'%s' is missing", needs[i]);
    assert_int_equal(count(page, "<tr class="), story.count);
    assert_int_equal(count(page, "<table"), count(page, "</table>"));
    assert_int_equal(count(page, "<rect"), count(page, "</rect>"));
    assert_int_equal(count(page, "://"), 0);
    assert_int_equal(count(page, "src="), 0);
    assert_int_equal(count(page, "@import") + count(page, "url("), 0);
    free(page);
    scenario_free(s);
    story_fini(&story);
}

static void a_broken_rule_is_on_the_page(void **state)
{
    struct story_entry odd = {.at_ns = NS_PER_S,
                              .client = 50,
                              .began_ns = -1,
                              .text = (char *)"half a letter \xc3 <script>"};
    struct story story = {.entries = &odd,
                          .count = 1,
                          .result = {.broken = 5, .broken_ns = NS_PER_S, .text = "too < early"}};
    struct scenario s = {.name = "odd"};
    char *page = page_of(&s, &story);

    (void)state;
    assert_non_null(strstr(page, "I5, "));
    assert_non_null(strstr(page, "too &lt; early"));
    assert_non_null(strstr(page, "half a letter ? &lt;script&gt;"));
    assert_non_null(strstr(page, "The first 40 of 51 clients are drawn"));
    assert_non_null(strstr(page, "class=\"broken\""));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_event_is_told_in_words),
        cmocka_unit_test(a_story_is_told_with_times_and_silences),
        cmocka_unit_test(everybody_is_described_where_the_run_ends),
        cmocka_unit_test(a_page_has_all_rows_and_loads_nothing),
        cmocka_unit_test(a_broken_rule_is_on_the_page),
    };

    return cmocka_run_group_tests(tests, make_prover, free_prover);
}
