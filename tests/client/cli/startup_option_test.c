/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages are asked, by profile, orchestrator and options. Whoever asks a page here has to go
 * through a proxy that counts. */
#include "tests/support/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/server_option.h"
#include "client/cli/startup_option.h"
#include "client/shell/release_watch.h"
#include "tests/client/shell/scratch.h"
#include "tests/client/shell/tiny_server.h"

static bool refuse(void *context, const struct tiny_request *q)
{
    unsigned *asked = context;

    (void)q;
    ++*asked;
    tiny_reply(q->fd, 502, "", "", 0);
    return true;
}

static unsigned asked_by_watch(const struct startup_context *c, const unsigned *asked)
{
    struct release_watch *w = startup_option_watch(c);
    struct pollfd p = {.events = POLLIN};
    unsigned before;

    tiny_server_sync();
    before = *asked;
    if (!w)
        return 0;
    p.fd = release_watch_fd(w);
    assert_int_equal(poll(&p, 1, -1), 1);
    release_watch_free(w);
    tiny_server_sync();
    return before == *asked ? 1 : *asked - before; /* it may have been quicker than we */
}

static void a_profile_an_orchestrator_and_options_decide_who_is_asked(void **state)
{
    static const struct {
        const char *server, *version_url, *country_url, *release_url;
        bool start_checks, telemetry;
        unsigned asked, asked_beside;
    } table[] = {
        {.start_checks = true, .telemetry = true, .asked = 3 + 2, .asked_beside = 1},
        {.start_checks = true, .asked = 3 + 2, .asked_beside = 1}, /* for the restricted ones */
        {.telemetry = true, .asked = 2}, /* an older client has no checks, but a country */
        {.asked = 0},
        {.server = "http://127.0.0.1:1", .start_checks = true, .telemetry = true, .asked = 0},
        {.server = "http://127.0.0.1:1", .version_url = "http://page.invalid/", .asked = 1},
        {.server = "http://127.0.0.1:1",
         .country_url = "http://page.invalid",
         .telemetry = true,
         .asked = 1},
        {.server = "http://127.0.0.1:1",
         .release_url = "http://page.invalid/",
         .asked = 0,
         .asked_beside = 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned asked = 0;
        struct tiny_server *proxy = tiny_server_new(refuse, &asked);
        struct startup_option option = {.release_url = table[i].release_url};
        struct server_option server = {.url = table[i].server};
        struct profile profile = profile_current;
        struct printer printer = {.out = stderr};
        struct scratch s;
        char country[COUNTRY_CODE];
        struct startup_context c = {.option = &option,
                                    .server = &server,
                                    .profile = &profile,
                                    .printer = &printer,
                                    .telemetry = table[i].telemetry,
                                    .stop_fd = -1};

        if (table[i].version_url)
            option.versions.url[option.versions.count++] = table[i].version_url;
        if (table[i].country_url)
            option.countries.url[option.countries.count++] = table[i].country_url;
        profile.start_checks = table[i].start_checks;
        scratch_init(&s);
        c.copy = scratch_path(&s, "version.json");
        setenv("HTTPS_PROXY", tiny_server_url(proxy), 1);
        setenv("http_proxy", tiny_server_url(proxy), 1);
        assert_int_equal(startup_option_run(&c, country, NULL), ST_OK);
        tiny_server_sync();
        if (asked != table[i].asked)
            fail_msg("case %zu: %u pages asked", i, asked);
        assert_int_equal(asked_by_watch(&c, &asked), table[i].asked_beside);
        tiny_server_free(proxy);
        scratch_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_an_orchestrator_and_options_decide_who_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
