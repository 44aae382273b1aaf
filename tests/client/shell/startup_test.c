/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked before the start, against pages on loopback that answer, fail, or hang. */
#include "tests/support/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/core/constraint.h"
#include "client/shell/release_watch.h"
#include "client/shell/startup.h"
#include "tests/client/shell/scratch.h"
#include "tests/client/shell/tiny_server.h"

#define RULES(rules, countries)                                                                    \
    "{\"version_constraints\":[" rules "],\"ofac_country_names\":{" countries "}}"
#define BELOW(version, type)                                                                       \
    "{\"version\":\"" version "\",\"type\":\"" type "\",\"message\":\"{current} < {version}\"}"

struct world {
    struct scratch scratch;
    struct tiny_server *server;
    const char *versions[3]; /* what each page answers; NULL: 404 */
    const char *countries[2];
    char asked[400]; /* the paths, with blanks between */
    char agent[100]; /* of the last request */
    int stop_fd;     /* written to when a page is asked that hangs */
    struct startup_pages version_pages, country_pages;
    char urls[5][80];
    char said[2000];
    struct startup startup;
    char country[COUNTRY_CODE];
    struct why why;
};

static bool answer(void *context, const struct tiny_request *r)
{
    struct world *w = context;
    const char *agent = strcasestr(r->head, "user-agent: ");
    unsigned number = (unsigned)(r->path[2] - '0');
    const char *body = r->path[1] == 'v' ? w->versions[number] : w->countries[number];

    snprintf(w->asked + strlen(w->asked), sizeof w->asked - strlen(w->asked), "%s ", r->path);
    snprintf(w->agent, sizeof w->agent, "%.*s", agent ? (int)strcspn(agent + 12, "\r") : 0,
             agent ? agent + 12 : "");
    if (body && strcmp(body, "hang") == 0)
        return write(w->stop_fd, "x", 1) == 1;
    if (body)
        tiny_reply(r->fd, r->path[1] == 'c' ? 503 : 200, "", body, strlen(body));
    else
        tiny_reply(r->fd, 404, "", "{}", 2);
    return true;
}

static void say(void *context, enum line_level level, const char *event, const char *text)
{
    struct world *w = context;

    snprintf(w->said + strlen(w->said), sizeof w->said - strlen(w->said), "%s %s: %s\n",
             line_level_name(level), event, text);
}

static void set_up(struct world *w)
{
    *w = (struct world){.stop_fd = -1};
    scratch_init(&w->scratch);
    w->server = tiny_server_new(answer, w);
    for (int i = 0; i < 5; i++)
        snprintf(w->urls[i], sizeof w->urls[i], "%s/%c%d", tiny_server_url(w->server),
                 i < 3 ? 'v' : 'c', i % 3);
    for (size_t i = 0; i < 3; i++)
        w->version_pages.url[w->version_pages.count++] = w->urls[i];
    for (size_t i = 3; i < 5; i++)
        w->country_pages.url[w->country_pages.count++] = w->urls[i];
    w->startup = (struct startup){.versions = &w->version_pages,
                                  .countries = &w->country_pages,
                                  .version = "0.10.18",
                                  .copy = scratch_path(&w->scratch, "version.json"),
                                  .telemetry = true,
                                  .stop_fd = -1,
                                  .wall_ns = (int64_t)1760000000 * NS_PER_S,
                                  .say = say,
                                  .context = w};
    w->countries[0] = "loc=DE\n";
}

static void tear_down(struct world *w)
{
    tiny_server_free(w->server);
    scratch_fini(&w->scratch);
}

static enum status start(struct world *w)
{
    enum status st;

    w->asked[0] = w->said[0] = w->why.text[0] = '\0';
    strcpy(w->country, "--");
    tiny_server_sync();
    st = startup_run(&w->startup, w->country, &w->why);
    tiny_server_sync();
    return st;
}

/* ---- the network's own pages ---- */

static void the_network_s_pages_are_those_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(startup_versions.count, 3);
    assert_string_equal(startup_versions.url[0], "https://cli.nexus.xyz/version.json");
    assert_string_equal(startup_versions.url[1],
                        "https://us-central1-nexus-cli.cloudfunctions.net/version");
    assert_string_equal(startup_versions.url[2],
                        "https://raw.githubusercontent.com/nexus-xyz/nexus-cli/refs/heads/main/"
                        "public/version.json");
    assert_int_equal(startup_countries.count, 2);
    assert_string_equal(startup_countries.url[0], "https://cloudflare.com/cdn-cgi/trace");
    assert_string_equal(startup_countries.url[1], "https://ipinfo.io/country");
    assert_string_equal(RELEASE_WATCH_URL,
                        "https://api.github.com/repos/nexus-xyz/nexus-cli/releases/latest");
}

/* ---- versions ---- */

static void the_first_page_with_constraints_counts_and_is_kept(void **state)
{
    static const char rules[] = RULES(BELOW("0.10.0", "blocking"), "");
    struct buffer copy;
    struct world w;

    (void)state;
    set_up(&w);
    w.versions[0] = rules;
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.asked, "/v0 /c0 ");
    assert_string_equal(w.country, "DE");
    assert_string_equal(w.said, "");
    buffer_init(&copy, 0);
    assert_int_equal(file_read(&copy, w.startup.copy, 10000, NULL), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&copy), bytes_of_text(rules)));
    assert_int_equal(scratch_mode(w.startup.copy), 0600);
    buffer_fini(&copy);
    w.startup.telemetry = false;
    w.startup.countries = &(struct startup_pages){.count = 0};
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.agent, "nexus-cli/version-checker");
    tear_down(&w);
}

static void pages_are_asked_in_turn_until_one_is_good(void **state)
{
    static const char good[] = RULES("", "");
    static const char *const bad[] = {NULL, "<html>", "{}", RULES(BELOW("1", "blocking"), "")};
    struct world w;

    (void)state;
    set_up(&w);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        w.versions[0] = w.versions[1] = bad[i];
        w.versions[2] = good;
        assert_int_equal(start(&w), ST_OK);
        assert_string_equal(w.asked, "/v0 /v1 /v2 /c0 ");
        assert_string_equal(w.said, "");
    }
    tear_down(&w);
}

static void with_no_page_the_copy_counts_and_else_what_is_built_in(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.asked, "/v0 /v1 /v2 /c0 ");
    assert_non_null(strstr(w.said, "warn version_unknown: "));
    assert_non_null(strstr(w.said, "/v2: HTTP 404)\n"));
    assert_non_null(strstr(w.said, "info version_built_in: What the network said in March 2026"));
    w.countries[0] = "loc=KP\n";
    assert_int_equal(start(&w), ST_INVALID);
    assert_non_null(strstr(w.why.text, "not available in North Korea"));

    scratch_write(w.startup.copy, "torn");
    assert_int_equal(start(&w), ST_INVALID);
    assert_non_null(strstr(w.said, "version_built_in"));

    scratch_write(w.startup.copy, RULES(BELOW("9.0.0", "blocking"), ""));
    assert_int_equal(start(&w), ST_INVALID);
    assert_non_null(strstr(w.said, "info version_copy: What the network said on 20"));
    assert_non_null(strstr(w.why.text, "does not take version 0.10.18 any more: 0.10.18 < 9.0.0"));
    tear_down(&w);
}

static void each_verdict_has_its_outcome(void **state)
{
    static const struct {
        const char *rules, *said;
        enum status status;
    } table[] = {
        {RULES(BELOW("0.10.18", "blocking"), ""), "", ST_OK},
        {RULES(BELOW("0.10.19", "notice"), ""),
         "info version_verdict: The network says: 0.10.18 < 0.10.19\n", ST_OK},
        {RULES(BELOW("0.10.19", "warning"), ""),
         "warn version_verdict: The network says: 0.10.18 < 0.10.19\n", ST_OK},
        {RULES(BELOW("0.10.19", "blocking"), ""), "", ST_INVALID},
    };
    struct world w;

    (void)state;
    set_up(&w);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        w.versions[0] = table[i].rules;
        assert_int_equal(start(&w), table[i].status);
        assert_string_equal(w.said, table[i].said);
        assert_string_equal(w.country, table[i].status ? "--" : "DE");
    }
    assert_non_null(strstr(w.why.text, "https://github.com/nexus-xyz/nexus-cli/releases"));
    tear_down(&w);
}

static void a_skipped_check_asks_no_version_page_and_keeps_the_countries(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.startup.skip_versions = true;
    scratch_write(w.startup.copy, RULES(BELOW("9.0.0", "blocking"), "\"DE\":\"Germany\""));
    w.countries[0] = "loc=FR";
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.asked, "/c0 ");
    assert_non_null(strstr(w.said, "warn version_skipped: The version check is left out"));
    w.countries[0] = "loc=DE";
    assert_int_equal(start(&w), ST_INVALID);
    tear_down(&w);
}

static void a_copy_that_cannot_be_kept_is_told(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.versions[0] = RULES("", "");
    w.startup.copy = scratch_path(&w.scratch, "no/version.json");
    assert_int_equal(start(&w), ST_OK);
    assert_non_null(strstr(w.said, "warn version_unsaved: "));
    tear_down(&w);
}

static void a_page_that_is_too_large_or_no_address_is_passed_over(void **state)
{
    static char large[CONSTRAINT_MAX_BYTES + 2];
    struct world w;

    (void)state;
    set_up(&w);
    memset(large, ' ', sizeof large - 1);
    memcpy(large, RULES("", ""), strlen(RULES("", "")));
    w.versions[0] = large;
    w.version_pages.url[1] = "gopher://nowhere";
    w.versions[2] = RULES("", "");
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.asked, "/v0 /v2 /c0 ");
    tear_down(&w);
}

/* ---- countries ---- */

static void the_country_is_found_on_the_second_page_or_is_us(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.versions[0] = RULES("", "\"US\":null");
    w.countries[0] = "<html>";
    w.countries[1] = " fr\n";
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.asked, "/v0 /c0 /c1 ");
    assert_string_equal(w.country, "FR");
    assert_string_equal(w.agent, "");
    w.countries[1] = NULL;
    w.versions[0] = RULES("", "");
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.country, "US");
    assert_non_null(strstr(w.said, "warn country_unknown: "));
    assert_non_null(strstr(w.said, "the network is told US"));
    w.startup.telemetry = false;
    w.versions[0] = RULES("", "\"IR\":null");
    assert_int_equal(start(&w), ST_OK);
    assert_non_null(strstr(w.said, "it counts as US"));
    tear_down(&w);
}

static void a_restricted_country_comes_before_the_verdict(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.versions[0] = RULES(BELOW("9.0.0", "blocking"), "\"de\":\"Germany\"");
    assert_int_equal(start(&w), ST_INVALID);
    assert_non_null(strstr(w.why.text, "not available in Germany, for regulatory reasons"));
    tear_down(&w);
}

static void the_country_is_asked_for_only_when_somebody_needs_it(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.startup.telemetry = false;
    w.versions[0] = RULES("", "");
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.asked, "/v0 ");
    assert_string_equal(w.country, "");
    w.versions[0] = RULES("", "\"IR\":\"Iran\"");
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.asked, "/v0 /c0 ");
    tear_down(&w);
}

static void with_no_pages_nobody_is_asked(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.version_pages.count = w.country_pages.count = 0;
    assert_int_equal(start(&w), ST_OK);
    assert_string_equal(w.asked, "");
    assert_string_equal(w.said, "");
    assert_string_equal(w.country, "");
    assert_int_equal(scratch_mode(w.startup.copy), 0);
    tear_down(&w);
}

/* ---- stopping ---- */

static void the_wish_to_stop_ends_it_at_each_page(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w;
        int stop[2];

        set_up(&w);
        assert_int_equal(pipe(stop), 0);
        w.stop_fd = stop[1];
        w.startup.stop_fd = stop[0];
        w.versions[0] = i == 0 ? "hang" : RULES("", "");
        w.countries[0] = "hang";
        assert_int_equal(start(&w), ST_CANCELLED);
        assert_string_equal(w.asked, i == 0 ? "/v0 " : "/v0 /c0 ");
        close(stop[0]);
        close(stop[1]);
        tear_down(&w);
    }
}

/* ---- releases ---- */

static bool watch(struct world *w, char tag[static CONSTRAINT_TAG])
{
    struct release_watch *r;
    struct pollfd p = {.events = POLLIN};
    bool newer;

    tiny_server_sync();
    assert_int_equal(
        release_watch_begin(&r, w->urls[0], "nexus-cli/0.10.18", "0.10.18", NULL, NULL), ST_OK);
    p.fd = release_watch_fd(r);
    assert_int_equal(poll(&p, 1, -1), 1);
    newer = release_watch_newer(r, tag);
    assert_int_equal(poll(&p, 1, 0), 0); /* once */
    assert_int_equal(release_watch_newer(r, tag), newer);
    release_watch_free(r);
    tiny_server_sync();
    return newer;
}

static void a_newer_release_is_found_beside_the_run_and_failures_are_silent(void **state)
{
    char tag[CONSTRAINT_TAG];
    struct release_watch *r;
    struct world w;

    (void)state;
    set_up(&w);
    w.versions[0] = "{\"tag_name\":\"v0.11.0\"}";
    assert_true(watch(&w, tag));
    assert_string_equal(tag, "0.11.0");
    assert_string_equal(w.agent, "nexus-cli/0.10.18");
    w.versions[0] = "{\"tag_name\":\"v0.10.18\"}";
    assert_false(watch(&w, tag));
    w.versions[0] = NULL;
    assert_false(watch(&w, tag));
    snprintf(w.urls[0], sizeof w.urls[0], "http://127.0.0.1:1/");
    assert_false(watch(&w, tag));
    assert_int_equal(release_watch_begin(&r, "nowhere", "x", "1.0.0", NULL, NULL), ST_INPUT);
    release_watch_free(NULL);
    tear_down(&w);
}

static void a_watch_ends_in_the_middle_of_its_request(void **state)
{
    struct release_watch *r;
    char byte;
    struct world w;
    int asked[2];

    (void)state;
    set_up(&w);
    assert_int_equal(pipe(asked), 0);
    w.stop_fd = asked[1];
    w.versions[0] = "hang";
    tiny_server_sync();
    assert_int_equal(release_watch_begin(&r, w.urls[0], "x", "1.0.0", NULL, NULL), ST_OK);
    assert_int_equal(read(asked[0], &byte, 1), 1);
    release_watch_free(r);
    close(asked[0]);
    close(asked[1]);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_network_s_pages_are_those_of_the_specification),
        cmocka_unit_test(the_first_page_with_constraints_counts_and_is_kept),
        cmocka_unit_test(pages_are_asked_in_turn_until_one_is_good),
        cmocka_unit_test(with_no_page_the_copy_counts_and_else_what_is_built_in),
        cmocka_unit_test(each_verdict_has_its_outcome),
        cmocka_unit_test(a_skipped_check_asks_no_version_page_and_keeps_the_countries),
        cmocka_unit_test(a_copy_that_cannot_be_kept_is_told),
        cmocka_unit_test(a_page_that_is_too_large_or_no_address_is_passed_over),
        cmocka_unit_test(the_country_is_found_on_the_second_page_or_is_us),
        cmocka_unit_test(a_restricted_country_comes_before_the_verdict),
        cmocka_unit_test(the_country_is_asked_for_only_when_somebody_needs_it),
        cmocka_unit_test(with_no_pages_nobody_is_asked),
        cmocka_unit_test(the_wish_to_stop_ends_it_at_each_page),
        cmocka_unit_test(a_newer_release_is_found_beside_the_run_and_failures_are_silent),
        cmocka_unit_test(a_watch_ends_in_the_middle_of_its_request),
    };

    setenv("NO_PROXY", "127.0.0.1", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
