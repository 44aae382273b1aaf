/* SPDX-License-Identifier: Apache-2.0 */
/* Versions, the network's constraints on them, and countries against the network's vectors. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/core/constraint.h"
#include "client/core/country.h"
#include "client/core/profile.h"
#include "client/core/version.h"
#include "tests/support/support.h"

/* ---- versions ---- */

static void versions_are_ordered_as_the_reference_s_library_orders_them(void **state)
{
    /* Each before the next: semver.org 11, then build metadata. */
    static const char *const line[] = {
        "0.0.0",         "0.9.18446744073709551615",
        "0.10.0",        "1.0.0-0",
        "1.0.0-1",       "1.0.0-2",
        "1.0.0-10",      "1.0.0-alpha",
        "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-beta",    "1.0.0-beta.2",
        "1.0.0-beta.11", "1.0.0-rc.1",
        "1.0.0",         "1.0.0+0",
        "1.0.0+00",      "1.0.0+1",
        "1.0.0+01",      "1.0.0+2",
        "1.0.0+b",       "1.0.0+b.0",
        "1.0.0+b.a",     "1.0.0+ba",
        "1.0.1-rc.1+b",  "1.0.1",
        "10.0.0",
    };
    size_t count = sizeof line / sizeof *line;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            struct version a, b;
            int order;

            assert_true(version_parse(&a, line[i]));
            assert_true(version_parse(&b, line[j]));
            order = version_compare(&a, &b);
            if (i < j ? order >= 0 : i > j ? order <= 0 : order != 0)
                fail_msg("%s and %s: %d", line[i], line[j], order);
            assert_int_equal(version_newer(line[i], line[j]), i > j);
        }
    }
    assert_true(version_newer("1.0.0--", "1.0.0-10")); /* a word of one hyphen */
    assert_true(version_newer("1.0.0-a", "1.0.0--"));
}

static void what_is_no_semantic_version_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "1",
                                      "1.2",
                                      "1.2.",
                                      "1.2.3.4",
                                      "01.2.3",
                                      "1.02.3",
                                      "a.b.c",
                                      "-1.2.3",
                                      "1.2.3-",
                                      "1.2.3-a.",
                                      "1.2.3-01",
                                      "1.2.3+",
                                      "1.2.3+a..b",
                                      "1.2.3 ",
                                      " 1.2.3",
                                      "vv1.2.3",
                                      "1.2.3-ä",
                                      "1,2.3",
                                      "1.2.3+a+b",
                                      "1.2.18446744073709551616",
                                      "1.2.99999999999999999999"};
    struct version v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (version_parse(&v, bad[i]))
            fail_msg("'%s' was taken", bad[i]);
        assert_false(version_newer(bad[i], "0.0.1"));
        assert_false(version_newer("9.9.9", bad[i]));
    }
    assert_true(version_parse(&v, "v1.2.3-0a.b-c+007"));
    assert_int_equal(v.number[2], 3);
    assert_true(bytes_equal(v.pre, bytes_of_text("0a.b-c")));
    assert_true(bytes_equal(v.build, bytes_of_text("007")));
}

/* ---- constraints ---- */

static struct constraints *parse(const char *text)
{
    struct constraints *c;
    struct why why;

    if (constraint_parse(&c, bytes_of_text(text), &why))
        fail_msg("%s: %s", text, why.text);
    return c;
}

static void the_network_s_verdicts_hold(void **state)
{
    static const char *const names[] = {NULL, "notice", "warning", "blocking"};
    json_t *root = golden_json("client/versions.json"), *one;
    size_t i, seen = 0;

    (void)state;
    json_array_foreach(root, i, one)
    {
        const char *current = json_string_value(json_object_get(one, "current"));
        const char *wanted = json_string_value(json_object_get(one, "result"));
        json_t *entry, *list = json_deep_copy(json_object_get(one, "constraints"));
        char *text, said[CONSTRAINT_TEXT];
        struct constraints *c;
        enum constraint_verdict verdict;
        size_t j;

        json_array_foreach(list, j, entry) json_object_set_new(entry, "message", json_string("m"));
        list = json_pack("{s:o}", "version_constraints", list);
        text = json_dumps(list, 0);
        c = parse(text);
        verdict =
            constraint_judge(c, said, current, json_integer_value(json_object_get(one, "now")));
        if (wanted)
            assert_string_equal(names[verdict], wanted);
        else
            assert_int_equal(verdict, VERSION_FINE);
        assert_string_equal(said, wanted ? "m" : "");
        constraint_free(c);
        free(text);
        json_decref(list);
        seen++;
    }
    assert_int_equal(seen, 13);
    json_decref(root);
}

static void of_several_verdicts_the_sharpest_wins(void **state)
{
#define ONE(version, type, message)                                                                \
    "{\"version\":\"" version "\",\"type\":\"" type "\",\"message\":\"" message "\"},"
#define END ONE("0.0.1", "blocking", "never")
    static const struct {
        const char *list, *text;
        enum constraint_verdict verdict;
    } table[] = {
        {ONE("2.0.0", "notice", "a") ONE("2.0.0", "notice", "b"), "b", VERSION_NOTICE},
        {ONE("2.0.0", "warning", "a") ONE("3.0.0", "warning", "b"), "a", VERSION_WARNING},
        {ONE("2.0.0", "blocking", "a") ONE("3.0.0", "blocking", "b"), "b", VERSION_BLOCKED},
        {ONE("2.0.0", "notice", "a") ONE("3.0.0", "warning", "b"), "b", VERSION_WARNING},
        {ONE("2.0.0", "warning", "a") ONE("3.0.0", "notice", "b"), "a", VERSION_WARNING},
        {ONE("2.0.0", "blocking", "a") ONE("3.0.0", "warning", "b"), "a", VERSION_BLOCKED},
        {ONE("1.0.0", "blocking", "a") ONE("1.0.0", "warning", "b"), "", VERSION_FINE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[1000], said[CONSTRAINT_TEXT];
        struct constraints *c;

        snprintf(text, sizeof text, "{\"version_constraints\":[%s" END, table[i].list);
        text[strlen(text) - 1] = ']';
        strcat(text, "}");
        c = parse(text);
        assert_int_equal(constraint_judge(c, said, "v1.0.0", 0), table[i].verdict);
        assert_string_equal(said, table[i].text);
        constraint_free(c);
    }
}

static void a_message_is_filled_in_and_kept_to_one_clean_line(void **state)
{
    static const struct {
        const char *message, *said;
    } table[] = {
        {"have {current}, need {version}; {latest}", "have v0.9.7, need 0.10.0; unknown"},
        {"see {release_url}!", "see https://github.com/nexus-xyz/nexus-cli/releases!"},
        {"{current}{current} {odd} {", "v0.9.7v0.9.7 {odd} {"},
        {"two\\nlines\\u001b[31m\\n \\n", "two lines?[31m"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[1000], said[CONSTRAINT_TEXT];
        struct constraints *c;

        snprintf(text, sizeof text,
                 "{\"version_constraints\":[{\"version\":\"0.10.0\",\"type\":\"warning\","
                 "\"message\":\"%s\"}]}",
                 table[i].message);
        c = parse(text);
        assert_int_equal(constraint_judge(c, said, "v0.9.7", 0), VERSION_WARNING);
        assert_string_equal(said, table[i].said);
        constraint_free(c);
    }
}

static void a_message_without_end_is_cut(void **state)
{
    char message[2001], text[2200], said[CONSTRAINT_TEXT];
    struct constraints *c;

    (void)state;
    for (size_t i = 0; i < 2000; i += 10)
        memcpy(message + i, "{current}x", 11);
    snprintf(text, sizeof text,
             "{\"version_constraints\":[{\"version\":\"2.0.0\",\"type\":\"blocking\","
             "\"message\":\"%s\"}]}",
             message);
    c = parse(text);
    assert_int_equal(constraint_judge(c, said, "1.0.0", 0), VERSION_BLOCKED);
    assert_int_equal(strlen(said), CONSTRAINT_TEXT - 1);
    constraint_free(c);
}

static void a_document_that_breaks_a_rule_is_refused(void **state)
{
#define DOCUMENT(entry) "{\"version_constraints\":[" entry "]}"
    static const char *const bad[] = {
        "",
        "no JSON",
        "[]",
        "{}",
        "{\"version_constraints\":{}}",
        DOCUMENT("1"),
        DOCUMENT("{}"),
        DOCUMENT("{\"version\":\"1.0.0\",\"type\":\"blocking\"}"),
        DOCUMENT("{\"version\":\"1.0.0\",\"message\":\"m\"}"),
        DOCUMENT("{\"type\":\"blocking\",\"message\":\"m\"}"),
        DOCUMENT("{\"version\":1,\"type\":\"blocking\",\"message\":\"m\"}"),
        DOCUMENT("{\"version\":\"1.0\",\"type\":\"blocking\",\"message\":\"m\"}"),
        DOCUMENT("{\"version\":\"1.0.0\",\"type\":\"Blocking\",\"message\":\"m\"}"),
        DOCUMENT("{\"version\":\"1.0.0\",\"type\":\"blocking\",\"message\":\"m\","
                 "\"start_date\":\"soon\"}"),
        "{\"version_constraints\":[],\"ofac_country_names\":[]}",
        "{\"version_constraints\":[],\"ofac_restricted_map\":{\"IR\":1}}",
        "{\"version_constraints\":[]} trailing",
    };
    struct constraints *c = NULL;
    struct why why;
    struct buffer large;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why.text[0] = '\0';
        if (constraint_parse(&c, bytes_of_text(bad[i]), &why) != ST_INPUT)
            fail_msg("'%s' was taken", bad[i]);
        assert_true(strlen(why.text) > 5);
    }
    buffer_init(&large, 0);
    buffer_put_text(&large, "{\"version_constraints\":[");
    for (int i = 0; i <= CONSTRAINT_MAX; i++)
        buffer_put_format(&large,
                          "%s"
                          "{\"version\":\"1.0.0\",\"type\":\"notice\",\"message\":\"\"}",
                          i ? "," : "");
    buffer_put_text(&large, "]}");
    assert_int_equal(constraint_parse(&c, buffer_bytes(&large), &why), ST_INPUT);
    buffer_reset(&large);
    buffer_put_text(&large, "{\"version_constraints\":[]}");
    while (large.size < CONSTRAINT_MAX_BYTES)
        buffer_put_text(&large, " ");
    assert_int_equal(constraint_parse(&c, buffer_bytes(&large), &why), ST_OK);
    constraint_free(c);
    buffer_put_text(&large, " ");
    assert_int_equal(constraint_parse(&c, buffer_bytes(&large), &why), ST_INPUT);
    buffer_fini(&large);
    constraint_free(NULL);
}

static void a_start_date_may_be_null(void **state)
{
    char said[CONSTRAINT_TEXT];
    struct constraints *c = parse(DOCUMENT(
        "{\"version\":\"2.0.0\",\"type\":\"notice\",\"message\":\"m\",\"start_date\":null}"));

    (void)state;
    assert_int_equal(constraint_judge(c, said, "1.0.0", 0), VERSION_NOTICE);
    constraint_free(c);
}

static void restricted_countries_are_found_under_either_name(void **state)
{
    static const struct {
        const char *country, *name;
    } table[] = {{"IR", "Iran"},  {"ir", "Iran"}, {"XX", "XX"}, {"US", NULL},
                 {"CU", "Cuba?"}, {"UA", NULL},   {"", NULL}};
    struct constraints *c = parse("{\"version_constraints\":[],\"ofac_country_names\":{\"IR\":"
                                  "\"Iran\",\"xx\":null,\"UA-43\":\"Crimea\"},"
                                  "\"ofac_restricted_map\":{\"CU\":\"Cuba\\u0007\"}}");
    struct constraints *none = parse("{\"version_constraints\":[],\"ofac_country_names\":null}");
    char name[CONSTRAINT_COUNTRY];

    (void)state;
    assert_true(constraint_restricts_any(c));
    assert_false(constraint_restricts_any(none));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        name[0] = '\0';
        assert_int_equal(constraint_restricts(c, name, table[i].country), table[i].name != NULL);
        if (table[i].name)
            assert_int_equal(strcasecmp(name, table[i].name), 0);
        assert_false(constraint_restricts(none, name, table[i].country));
    }
    constraint_free(c);
    constraint_free(none);
}

static void what_is_built_in_keeps_the_countries_and_lets_today_s_version_pass(void **state)
{
    static const char *const codes[] = {"BY", "CD", "CF", "ET", "IR", "KP", "LB", "ML", "MM", "RU",
                                        "SD", "SO", "SS", "SY", "VE", "YE", "UA-43", "UA-14",
                                        "UA-09"};
    char name[CONSTRAINT_COUNTRY], said[CONSTRAINT_TEXT];
    struct constraints *c;

    (void)state;
    assert_int_equal(constraint_parse(&c, constraint_built_in(), NULL), ST_OK);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_true(constraint_restricts(c, name, codes[i]));
    assert_false(constraint_restricts(c, name, "US"));
    assert_int_equal(constraint_judge(c, said, profile_current.network_version, 1760000000),
                     VERSION_FINE);
    assert_int_equal(constraint_judge(c, said, "0.10.13", 1760000000), VERSION_WARNING);
    assert_int_equal(constraint_judge(c, said, "0.9.99", 1760000000), VERSION_BLOCKED);
    assert_string_equal(said, "version 0.9.99 is too old, at least 0.10.0 is needed");
    constraint_free(c);
}

static void a_newer_release_is_seen_and_nothing_else(void **state)
{
    static const struct {
        const char *json, *tag;
    } table[] = {
        {"{\"tag_name\":\"v0.10.19\",\"name\":\"x\",\"prerelease\":false}", "0.10.19"},
        {"{\"tag_name\":\"1.0.0\"}", "1.0.0"},
        {"{\"tag_name\":\"v0.10.18\"}", NULL},
        {"{\"tag_name\":\"v0.10.17\"}", NULL},
        {"{\"tag_name\":\"next\"}", NULL},
        {"{\"tag_name\":9}", NULL},
        {"{\"tag_name\":\"9.9.9-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         NULL},
        {"{}", NULL},
        {"<html>", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char tag[CONSTRAINT_TAG] = "untouched";

        assert_int_equal(constraint_update(tag, bytes_of_text(table[i].json), "0.10.18"),
                         table[i].tag != NULL);
        assert_string_equal(tag, table[i].tag ? table[i].tag : "untouched");
    }
}

/* ---- countries ---- */

static void a_country_is_read_from_either_form(void **state)
{
    static const struct {
        const char *body, *code;
    } table[] = {
        {"fl=1\nloc=DE\nip=1.2.3.4\n", "DE"},
        {"loc= de \r\nx=1", "DE"},
        {"loc=ch", "CH"},
        {"DE\n", "DE"},
        {" us\t", "US"},
        {"x\nloc=USA\nloc=fr\n", "FR"},
        {"loc=USA\n", NULL},
        {"", NULL},
        {"\n", NULL},
        {"D", NULL},
        {"D1", NULL},
        {"1D", NULL},
        {"{D", NULL},
        {"D@", NULL},
        {"[`", NULL},
        {"<html>loc=DE</html>", NULL},
        {" loc=DE", NULL},
        {"loc", NULL},
        {"\xc3\x84", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char code[COUNTRY_CODE] = "--";

        if (country_read(code, bytes_of_text(table[i].body)) != (table[i].code != NULL))
            fail_msg("'%s'", table[i].body);
        assert_string_equal(code, table[i].code ? table[i].code : "--");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_ordered_as_the_reference_s_library_orders_them),
        cmocka_unit_test(what_is_no_semantic_version_is_refused),
        cmocka_unit_test(the_network_s_verdicts_hold),
        cmocka_unit_test(of_several_verdicts_the_sharpest_wins),
        cmocka_unit_test(a_message_is_filled_in_and_kept_to_one_clean_line),
        cmocka_unit_test(a_message_without_end_is_cut),
        cmocka_unit_test(a_document_that_breaks_a_rule_is_refused),
        cmocka_unit_test(a_start_date_may_be_null),
        cmocka_unit_test(restricted_countries_are_found_under_either_name),
        cmocka_unit_test(what_is_built_in_keeps_the_countries_and_lets_today_s_version_pass),
        cmocka_unit_test(a_newer_release_is_seen_and_nothing_else),
        cmocka_unit_test(a_country_is_read_from_either_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
