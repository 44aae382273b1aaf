/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts of the client's core against their tables and the network's vectors. */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "client/core/backoff.h"
#include "client/core/enrol.h"
#include "client/core/ladder.h"
#include "client/core/line.h"
#include "client/core/pace.h"
#include "client/core/problem.h"
#include "client/core/profile.h"
#include "client/core/submit.h"
#include "client/core/telemetry.h"
#include "client/core/wallet.h"
#include "tests/support/support.h"

/* ---- pace ---- */

static void a_burst_is_free_then_one_per_gap_and_retry_after_beats_both(void **state)
{
    static const struct {
        int64_t at, hold, wait;
    } table[] = {
        {.at = 0, .hold = 0, .wait = 0}, /* a burst of two is free */
        {.at = 0, .hold = 0, .wait = 0},
        {.at = 0, .hold = 0, .wait = 100},     /* then one per 100 ns */
        {.at = 100, .hold = 500, .wait = 400}, /* 429: silence until 500 */
        {.at = 400, .hold = 450, .wait = 100}, /* a shorter hold changes nothing */
        {.at = 500, .hold = 0, .wait = 0},
    };
    struct pace p = {.gap_ns = 100, .burst_ns = 100};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        pace_hold(&p, table[i].hold);
        assert_int_equal(pace_wait_ns(&p, table[i].at), table[i].wait);
        if (table[i].wait == 0)
            pace_spend(&p, table[i].at);
    }
}

static void time_unused_is_not_saved_up(void **state)
{
    struct pace p = {.gap_ns = 100};

    (void)state;
    pace_spend(&p, 1000);
    assert_int_equal(pace_wait_ns(&p, 1000), 100);
    assert_int_equal(pace_due_ns(&p), 1100);
}

/* ---- backoff ---- */

static void waits_are_spread_under_a_doubling_ceiling(void **state)
{
    static const int64_t ceilings[] = {2, 4, 8, 16, 32, 60, 60};
    int64_t seen[7] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct backoff b = {.base_ns = 2 * NS_PER_S, .cap_ns = 60 * NS_PER_S};
        struct prng rng = prng_of(seed);

        for (size_t i = 0; i < 7; i++) {
            int64_t wait = backoff_fail_ns(&b, &rng, BACKOFF_NO_ADVICE);

            assert_in_range(wait, 0, ceilings[i] * NS_PER_S);
            if (wait > seen[i])
                seen[i] = wait;
        }
        backoff_reset(&b);
        assert_in_range(backoff_fail_ns(&b, &rng, BACKOFF_NO_ADVICE), 0, 2 * NS_PER_S);
    }
    for (size_t i = 0; i < 7; i++) /* the whole range is used */
        assert_true(seen[i] > ceilings[i] * NS_PER_S * 9 / 10);
}

static void never_before_retry_after_and_not_all_at_once(void **state)
{
    static const int64_t advice_s[] = {1, 60, 300, 3600};
    int64_t most_s[] = {2, 66, 330, 3630}; /* 2: its own ceiling is larger than 1.1 */

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        int64_t least = INT64_MAX, most = 0;

        for (uint64_t seed = 0; seed < 200; seed++) {
            struct backoff b = {.base_ns = 2 * NS_PER_S, .cap_ns = 60 * NS_PER_S};
            struct prng rng = prng_of(seed);
            int64_t wait = backoff_fail_ns(&b, &rng, advice_s[i] * NS_PER_S);

            least = wait < least ? wait : least;
            most = wait > most ? wait : most;
        }
        assert_true(least >= advice_s[i] * NS_PER_S);
        assert_true(most <= most_s[i] * NS_PER_S);
        assert_true(most > least);
    }
}

static int64_t advice_of(const char *retry_after, const char *date)
{
    struct http_response r = {.status = 429};

    if (retry_after)
        r.headers[r.header_count++] = (struct http_header){"retry-after", retry_after};
    if (date)
        r.headers[r.header_count++] = (struct http_header){"date", date};
    return backoff_advice_ns(&r, 1792567680 /* Wed, 21 Oct 2026 07:28:00 GMT */);
}

static void retry_after_is_read_in_both_forms(void **state)
{
    (void)state;
    assert_int_equal(advice_of(NULL, NULL), BACKOFF_NO_ADVICE);
    assert_int_equal(advice_of("abc", NULL), BACKOFF_NO_ADVICE);
    assert_int_equal(advice_of("-1", NULL), BACKOFF_NO_ADVICE);
    assert_int_equal(advice_of("60", NULL), 60 * NS_PER_S);
    assert_int_equal(advice_of("0", NULL), 0);
    assert_int_equal(advice_of("4294967295", NULL), BACKOFF_RETRY_AFTER_CEILING_S * NS_PER_S);
    assert_int_equal(advice_of("Wed, 21 Oct 2026 07:29:30 GMT", NULL), 90 * NS_PER_S);
    /* The server's own clock counts, not ours. */
    assert_int_equal(
        advice_of("Wed, 21 Oct 2026 09:00:30 GMT", "Wed, 21 Oct 2026 09:00:00 GMT"),
        30 * NS_PER_S);
    assert_int_equal(advice_of("Wed, 21 Oct 2026 07:27:00 GMT", NULL), 0);
    assert_string_equal(backoff_advice_words(BACKOFF_NO_ADVICE), "the server named no time");
    assert_string_equal(backoff_advice_words(0), "the server named the time");
    assert_non_null(strstr(backoff_advice_words(advice_of("4294967295", NULL)), "cut to a day"));
}

/* ---- ladder ---- */

static enum difficulty parsed(const char *name)
{
    enum difficulty d;

    assert_int_equal(difficulty_parse(&d, name, NULL), ST_OK);
    return d;
}

static void the_network_s_promotion_table_holds(void **state)
{
    json_t *root = golden_json("client/difficulty.json");
    json_t *c;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(root, "promotion"), i, c)
    {
        const char *last = json_string_value(json_object_get(c, "last_success"));
        struct ladder l = {0};

        if (last)
            ladder_success(&l, parsed(last), json_integer_value(json_object_get(c, "seconds")));
        assert_int_equal(ladder_ask(&l),
                         parsed(json_string_value(json_object_get(c, "ask"))));
    }
    assert_int_equal(i, 46);
    json_array_foreach(json_object_get(root, "argument"), i, c)
    {
        const char *value = json_string_value(json_object_get(c, "value"));
        const char *text = json_string_value(json_object_get(c, "argument"));
        enum difficulty d;

        assert_int_equal(difficulty_parse(&d, text, NULL), value ? ST_OK : ST_INPUT);
        if (value)
            assert_string_equal(difficulty_name(d), value);
    }
    json_decref(root);
}

/* Two tasks are fetched ahead; the easier one fails first. */
static void a_failure_above_the_bar_does_not_raise_it(void **state)
{
    struct ladder l = {0}, before;

    (void)state;
    ladder_success(&l, DIFFICULTY_MEDIUM, 1);
    ladder_failure(&l, DIFFICULTY_SMALL_MEDIUM);
    before = l;
    ladder_failure(&l, DIFFICULTY_MEDIUM);
    assert_memory_equal(&l, &before, sizeof l);
    assert_int_equal(ladder_ask(&l), DIFFICULTY_SMALL);
    ladder_failure(&l, DIFFICULTY_SMALL_MEDIUM); /* at the bar it counts */
    assert_int_equal(l.bar_height, 2 * before.bar_height);
}

static void a_failure_bars_its_bucket_for_longer_each_time(void **state)
{
    static const struct {
        enum difficulty at; /* of the task that ends */
        bool fails;
        int64_t seconds;
        enum difficulty ask; /* then */
    } table[] = {
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_EXTRA_LARGE},
        {DIFFICULTY_EXTRA_LARGE, true, 0, DIFFICULTY_LARGE},
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_LARGE}, /* two successes below */
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_EXTRA_LARGE},
        {DIFFICULTY_EXTRA_LARGE, true, 0, DIFFICULTY_LARGE}, /* then four */
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_LARGE},
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_LARGE},
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_LARGE},
        {DIFFICULTY_LARGE, false, 500, DIFFICULTY_LARGE}, /* slow: the bar fell, but no step up */
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_EXTRA_LARGE},
        {DIFFICULTY_EXTRA_LARGE, false, 100, DIFFICULTY_EXTRA_LARGE_2}, /* forgiven */
        {DIFFICULTY_EXTRA_LARGE, true, 0, DIFFICULTY_LARGE},
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_LARGE},
        {DIFFICULTY_LARGE, false, 100, DIFFICULTY_EXTRA_LARGE},
    };
    struct ladder l = {0};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].fails)
            ladder_failure(&l, table[i].at);
        else
            ladder_success(&l, table[i].at, table[i].seconds);
        assert_int_equal(ladder_ask(&l), table[i].ask);
    }
    for (int i = 0; i < 10; i++)
        ladder_failure(&l, DIFFICULTY_SMALL);
    assert_int_equal(ladder_ask(&l), DIFFICULTY_SMALL);
    assert_int_equal(l.bar_height, LADDER_BAR_LARGEST);
}

static void a_fixed_difficulty_is_always_asked_for(void **state)
{
    struct ladder l = {.fixed = true, .wanted = DIFFICULTY_LARGE};

    (void)state;
    assert_int_equal(ladder_ask(&l), DIFFICULTY_LARGE);
    ladder_success(&l, DIFFICULTY_SMALL, 1);
    ladder_failure(&l, DIFFICULTY_LARGE);
    assert_int_equal(ladder_ask(&l), DIFFICULTY_LARGE);
}

/* ---- telemetry, wallet ---- */

static void telemetry_has_the_network_s_units(void **state)
{
    json_t *root = golden_json("client/telemetry.json");
    json_t *c;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(root, "memory"), i, c)
        assert_int_equal(
            telemetry_memory((uint64_t)json_integer_value(json_object_get(c, "bytes"))),
            json_integer_value(json_object_get(c, "field")));
    assert_int_equal(i, 10);
    json_array_foreach(json_object_get(root, "flops"), i, c)
        assert_int_equal(
            telemetry_flops((unsigned)json_integer_value(json_object_get(c, "provers")),
                            json_number_value(json_object_get(c, "mhz")),
                            (unsigned)json_integer_value(json_object_get(c, "flops_per_cycle"))),
            json_integer_value(json_object_get(c, "field")));
    assert_int_equal(i, 7);
    assert_int_equal(telemetry_flops(1000, 1e12, 16), INT32_MAX);
    json_decref(root);
}

static void wallets_are_checked_as_eip_55_says(void **state)
{
    json_t *root = golden_json("client/eip55.json");
    json_t *c;
    size_t i;

    (void)state;
    json_array_foreach(root, i, c)
    {
        const char *address = json_string_value(json_object_get(c, "address"));
        bool valid = json_is_true(json_object_get(c, "valid_newest"));
        struct why why = {""};

        assert_int_equal(wallet_check(address, &why), valid ? ST_OK : ST_INPUT);
        assert_true(valid || strlen(why.text) > 10);
    }
    assert_int_equal(i, 22);
    json_decref(root);
}

/* ---- problem, submit, line ---- */

static void error_answers_become_one_clean_line(void **state)
{
    static const struct {
        unsigned status;
        const char *body, *text;
    } table[] = {
        {404, "{\"name\":\"NotFoundError\",\"message\":\"Task not found\",\"httpCode\":404}",
         "HTTP 404: Task not found"},
        {422, "{\"message\":\"Invalid proof\"}", "HTTP 422: Invalid proof"},
        {403, "RBAC: access denied", "HTTP 403: RBAC: access denied"},
        {502, "<html>\r\n<head>", "HTTP 502 (a web page, not the orchestrator's own answer)"},
        {504, "\n  <!doctype html>", "HTTP 504 (a web page, not the orchestrator's own answer)"},
        {503, "", "HTTP 503"},
        {500, "first\nsecond", "HTTP 500: first"},
        {500, "a\x1b[31mb\tc\x7f", "HTTP 500: a?[31mb?c?"},
        {500, "{\"message\":12}", "HTTP 500: {\"message\":12}"},
        {500, "[1]", "HTTP 500: [1]"},
        {500, " \n ", "HTTP 500:  "},
    };
    char text[PROBLEM_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        problem_describe(text, &(struct http_response){.status = table[i].status,
                                                       .body = bytes_of_text(table[i].body)});
        assert_string_equal(text, table[i].text);
    }
}

static void a_redirect_that_is_not_followed_is_named(void **state)
{
    struct http_response r = {.status = 302,
                              .headers = {{"location", "https://else.where/\x1b"}},
                              .header_count = 1,
                              .body = bytes_of_text("<html>")};
    char text[PROBLEM_TEXT];

    (void)state;
    problem_describe(text, &r);
    assert_non_null(strstr(text, "HTTP 302: it sends us to 'https://else.where/?', which is not"));
    assert_non_null(strstr(text, "by 307 or 308)"));
    r.status = 404; /* a header of that name says nothing there */
    problem_describe(text, &r);
    assert_string_equal(text, "HTTP 404 (a web page, not the orchestrator's own answer)");
    r.status = 304;
    r.header_count = 0;
    r.body = bytes_of(NULL, 0);
    problem_describe(text, &r);
    assert_string_equal(text, "HTTP 304");
}

static void a_long_error_is_cut_between_characters(void **state)
{
    char body[400] = "", text[PROBLEM_TEXT];

    (void)state;
    strcpy(body, "x"); /* odd, so that the limit falls inside a two-byte character */
    while (strlen(body) < 300)
        strcat(body, "\xc3\xa9");
    problem_describe(text, &(struct http_response){.status = 500, .body = bytes_of_text(body)});
    assert_in_range(strlen(text), 150, 175);
    assert_int_equal((unsigned char)text[strlen(text) - 1], 0xa9);
}

static void each_status_of_a_submission_has_one_meaning(void **state)
{
    static const struct {
        unsigned status;
        enum submit_verdict verdict;
    } table[] = {
        {200, SUBMIT_ACCEPTED}, {204, SUBMIT_ACCEPTED}, {299, SUBMIT_ACCEPTED},
        {409, SUBMIT_ACCEPTED}, {404, SUBMIT_GONE},     {410, SUBMIT_GONE},
        {408, SUBMIT_LATER},    {425, SUBMIT_LATER},    {429, SUBMIT_LATER},
        {500, SUBMIT_LATER},    {502, SUBMIT_LATER},    {503, SUBMIT_LATER},
        {599, SUBMIT_LATER},    {100, SUBMIT_LATER},    {302, SUBMIT_LATER},
        {400, SUBMIT_REFUSED},  {401, SUBMIT_REFUSED},  {403, SUBMIT_REFUSED},
        {413, SUBMIT_REFUSED},  {422, SUBMIT_REFUSED},  {499, SUBMIT_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(submit_judge(table[i].status), table[i].verdict);
    assert_true(submit_maybe_delivered(502));
    assert_true(submit_maybe_delivered(504));
    assert_true(submit_maybe_delivered(500));
    assert_true(submit_maybe_delivered(503));
    assert_false(submit_maybe_delivered(429));
}

/* ---- enrol ---- */

static void node_ids_are_64_bit_decimals(void **state)
{
    static const char *const good[] = {"0", "5880437", "+5", "18446744073709551615"};
    static const char *const bad[] = {"", "+", "-1", "1 ", "x", "0x1", "18446744073709551616",
                                      "99999999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(enrol_node_id_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(enrol_node_id_valid(bad[i]));
}

static void uuids_are_of_version_4(void **state)
{
    uint8_t random[16];
    char text[ENROL_UUID];

    (void)state;
    memset(random, 0xff, sizeof random);
    enrol_uuid(text, random);
    assert_string_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    memset(random, 0, sizeof random);
    enrol_uuid(text, random);
    assert_string_equal(text, "00000000-0000-4000-8000-000000000000");
}

static void answers_to_a_registration_are_judged(void **state)
{
    static const uint8_t node[] = {0x0a, 2, '4', '2'}, user[] = {0x1a, 2, 'u', '1'};
    static const uint8_t torn[] = {0x0a, 9, '4'}, empty[] = {0};
    char id[ENROL_ID_SIZE];
    struct why why;

    (void)state;
#define ANSWER(code, bytes)                                                                        \
    &(struct http_response){.status = code, .body = bytes_of(bytes, sizeof bytes)}
    assert_int_equal(enrol_judge_node(id, ANSWER(200, node), &why), ST_OK);
    assert_string_equal(id, "42");
    assert_int_equal(enrol_judge_node(id, ANSWER(200, torn), &why), ST_INPUT);
    assert_int_equal(enrol_judge_node(id, ANSWER(201, user), &why), ST_INPUT);
    assert_int_equal(enrol_judge_node(id, ANSWER(404, empty), &why), ST_INVALID);
    assert_int_equal(enrol_judge_lookup(id, ANSWER(200, user), &why), ENROL_KNOWN);
    assert_string_equal(id, "u1");
    assert_int_equal(enrol_judge_lookup(id, ANSWER(200, torn), &why), ENROL_FAILED);
    assert_int_equal(enrol_judge_lookup(id, ANSWER(404, empty), &why), ENROL_NEW);
    assert_int_equal(enrol_judge_lookup(id, ANSWER(302, empty), &why), ENROL_FAILED);
    assert_int_equal(enrol_judge_user(ANSWER(204, empty), &why), ST_OK);
    assert_int_equal(enrol_judge_user(ANSWER(100, empty), &why), ST_INVALID);
#undef ANSWER
}

/* It goes into a file and into later requests. */
static void an_id_that_cannot_be_kept_is_no_answer(void **state)
{
    static const char *const bad[] = {"", "u 1", "u\x7f", "u\n", "\xc3\xa4"};
    char id[ENROL_ID_SIZE] = "as before", longest[ENROL_ID_SIZE + 1];
    struct wire_user user = {.user_id = longest, .wallet_address = ""};
    struct why why;

    (void)state;
    memset(longest, 'u', sizeof longest);
    for (size_t i = 0; i < 7; i++) {
        bool fits = i == 5;
        struct buffer body;

        longest[fits ? ENROL_ID_SIZE - 1 : ENROL_ID_SIZE] = '\0';
        user.user_id = i < 5 ? bad[i] : longest;
        buffer_init(&body, 0);
        wire_encode_user(&body, &user);
        assert_int_equal(enrol_judge_lookup(
                             id, &(struct http_response){.status = 200, .body = buffer_bytes(&body)},
                             &why),
                         fits ? ENROL_KNOWN : ENROL_FAILED);
        if (!fits)
            assert_non_null(strstr(why.text, "no usable user id"));
        assert_int_equal(strlen(id), i < 5 ? strlen("as before") : ENROL_ID_SIZE - 1);
        longest[ENROL_ID_SIZE - 1] = 'u';
        buffer_fini(&body);
    }
}

/* Ids "1" … of a user, as a look-up answers. */
static void put_user_with(struct buffer *body, const char *const *ids, size_t count, enum node_type type,
                          const char *cursor)
{
    struct wire_user_node nodes[ENROL_NODES + 2];
    struct wire_user user = {.user_id = "u", .wallet_address = "", .nodes = nodes, .node_count = count,
                             .nodes_next_cursor = cursor};

    for (size_t i = 0; i < count; i++)
        nodes[i] = (struct wire_user_node){.node_id = ids ? ids[i] : "7", .node_type = type};
    buffer_reset(body);
    wire_encode_user(body, &user);
}

static void nodes_of_a_user_are_read_whole_or_not_at_all(void **state)
{
    static const char *const three[] = {"7", "8", "18446744073709551615"}, *const odd[] = {"7", "x"},
                             *const zeros[] = {"000000000000000000000007"};
    static const struct {
        const char *const *ids;
        size_t count;
        enum node_type type;
        const char *cursor;
        unsigned status;
        bool known;
        size_t nodes;
    } table[] = {
        {three, 3, NODE_CLI_PROVER, "", 200, true, 3}, {three, 3, NODE_WEB_PROVER, "", 200, true, 0},
        {three, 0, NODE_CLI_PROVER, "", 200, true, 0}, {three, 3, NODE_CLI_PROVER, "next", 200, false, 0},
        {three, 3, NODE_CLI_PROVER, "", 404, false, 0}, {odd, 2, NODE_CLI_PROVER, "", 200, false, 0},
        {zeros, 1, NODE_CLI_PROVER, "", 200, false, 0},
        {NULL, ENROL_NODES, NODE_CLI_PROVER, "", 200, true, ENROL_NODES},
        {NULL, ENROL_NODES + 1, NODE_CLI_PROVER, "", 200, false, 0},
    };
    struct enrol_nodes nodes = {.count = 5};
    struct buffer body;

    (void)state;
    buffer_init(&body, 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        put_user_with(&body, table[i].ids, table[i].count, table[i].type, table[i].cursor);
        if (enrol_read_nodes(&nodes, &(struct http_response){.status = table[i].status,
                                                             .body = buffer_bytes(&body)}) != table[i].known ||
            nodes.count != table[i].nodes)
            fail_msg("row %zu: %zu nodes", i, nodes.count);
    }
    assert_false(enrol_read_nodes(&nodes, &(struct http_response){.status = 200, .body = bytes_of("\x0a\x09", 2)}));
    buffer_fini(&body);
}

static void the_node_that_was_not_there_before_is_ours(void **state)
{
    struct enrol_nodes before = {{"1", "2"}, 2}, now = {{"2", "3", "1"}, 3}, more = {{"4", "5"}, 2};
    char list[ENROL_LIST];

    (void)state;
    assert_string_equal(enrol_new_node(&before, &now), "3");
    assert_null(enrol_new_node(&before, &before));
    assert_null(enrol_new_node(&before, &more)); /* which of them? */
    enrol_list_nodes(list, &now);
    assert_string_equal(list, "2, 3, 1");
    memset(&now, 0, sizeof now);
    enrol_list_nodes(list, &now);
    assert_string_equal(list, "");
    for (now.count = 0; now.count < ENROL_NODES; now.count++)
        strcpy(now.id[now.count], "18446744073709551615");
    enrol_list_nodes(list, &now);
    assert_non_null(strstr(list, "18446744073709551615 and 122 more"));
}

static void a_node_id_of_many_zeros_is_not_kept(void **state)
{
    char zeros[ENROL_ID_SIZE + 1], id[ENROL_ID_SIZE];
    struct buffer body;
    struct why why;

    (void)state;
    memset(zeros, '0', sizeof zeros);
    zeros[ENROL_ID_SIZE] = '\0';
    buffer_init(&body, 0);
    wire_encode_node_registered(&body, &(struct wire_node_registered){.node_id = zeros});
    assert_int_equal(
        enrol_judge_node(
            id, &(struct http_response){.status = 200, .body = buffer_bytes(&body)}, &why),
        ST_INPUT);
    buffer_fini(&body);
}

static void profiles_are_found_by_name_and_know_their_orchestrators(void **state)
{
    (void)state;
    assert_ptr_equal(profile_of_name("current"), &profile_current);
    assert_ptr_equal(profile_of_name("seed"), &profile_seed);
    assert_null(profile_of_name("Seed"));
    assert_string_equal(profile_base_url(&profile_seed, "STAGING"),
                        "https://staging.orchestrator.nexus.xyz");
    assert_string_equal(profile_base_url(&profile_seed, "local"), "http://localhost:50505");
    assert_string_equal(profile_base_url(&profile_seed, "moon"), profile_seed.base_url);
    assert_string_equal(profile_base_url(&profile_seed, NULL), profile_seed.base_url);
    assert_string_equal(profile_base_url(&profile_current, "local"), profile_current.base_url);
}

static void lines_have_the_reference_s_type_names(void **state)
{
    (void)state;
    assert_string_equal(line_type_name(LINE_SUCCESS), "Success");
    assert_string_equal(line_type_name(LINE_ERROR), "Error");
    assert_string_equal(line_type_name(LINE_REFRESH), "Refresh");
    assert_string_equal(line_type_name(LINE_WAITING), "Waiting");
    assert_string_equal(line_type_name(LINE_STATE_CHANGE), "StateChange");
    assert_string_equal(line_level_name(LINE_DEBUG), "debug");
    assert_string_equal(line_level_name(LINE_ERROR_LEVEL), "error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_free_then_one_per_gap_and_retry_after_beats_both),
        cmocka_unit_test(time_unused_is_not_saved_up),
        cmocka_unit_test(waits_are_spread_under_a_doubling_ceiling),
        cmocka_unit_test(never_before_retry_after_and_not_all_at_once),
        cmocka_unit_test(retry_after_is_read_in_both_forms),
        cmocka_unit_test(the_network_s_promotion_table_holds),
        cmocka_unit_test(a_failure_above_the_bar_does_not_raise_it),
        cmocka_unit_test(a_failure_bars_its_bucket_for_longer_each_time),
        cmocka_unit_test(a_fixed_difficulty_is_always_asked_for),
        cmocka_unit_test(telemetry_has_the_network_s_units),
        cmocka_unit_test(wallets_are_checked_as_eip_55_says),
        cmocka_unit_test(error_answers_become_one_clean_line),
        cmocka_unit_test(a_redirect_that_is_not_followed_is_named),
        cmocka_unit_test(a_long_error_is_cut_between_characters),
        cmocka_unit_test(each_status_of_a_submission_has_one_meaning),
        cmocka_unit_test(node_ids_are_64_bit_decimals),
        cmocka_unit_test(uuids_are_of_version_4),
        cmocka_unit_test(answers_to_a_registration_are_judged),
        cmocka_unit_test(an_id_that_cannot_be_kept_is_no_answer),
        cmocka_unit_test(nodes_of_a_user_are_read_whole_or_not_at_all),
        cmocka_unit_test(the_node_that_was_not_there_before_is_ours),
        cmocka_unit_test(a_node_id_of_many_zeros_is_not_kept),
        cmocka_unit_test(profiles_are_found_by_name_and_know_their_orchestrators),
        cmocka_unit_test(lines_have_the_reference_s_type_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
