/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/startup_option.h"

#include "base/clock.h"
#include "client/cli/server_option.h"
#include "client/cli/words.h"
#include "client/shell/release_watch.h"

enum { KEY_VERSIONS = 0x500, KEY_COUNTRIES, KEY_RELEASE, KEY_SKIP };

static const struct argp_option options[] = {
    {"skip-version-check", KEY_SKIP, 0, 0,
     "Start also when the network would not take this version any more, and do not ask it", 4},
    {"version-url", KEY_VERSIONS, "URL", 0,
     "Ask this page for the versions that are served, not the network's three (up to three "
     "times); also with --orchestrator-url",
     4},
    {"country-url", KEY_COUNTRIES, "URL", 0,
     "Ask this page where this machine is, not the usual two (up to three times); also with "
     "--orchestrator-url",
     4},
    {"release-url", KEY_RELEASE, "URL", 0,
     "Ask this page for the newest release; also with --orchestrator-url", 4},
    {0},
};

static void add_page(struct startup_pages *pages, const char *url, struct argp_state *state)
{
    if (pages->count == STARTUP_MAX_PAGES)
        argp_error(state, "more than %d pages of one kind", STARTUP_MAX_PAGES);
    pages->url[pages->count++] = url;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct startup_option *o = state->input;

    switch (key) {
    case KEY_SKIP:
        o->skip_versions = true;
        return 0;
    case KEY_VERSIONS:
        add_page(&o->versions, arg, state);
        return 0;
    case KEY_COUNTRIES:
        add_page(&o->countries, arg, state);
        return 0;
    case KEY_RELEASE:
        o->release_url = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp startup_option_argp = {.options = options, .parser = parse_option};

static void say(void *context, enum line_level level, const char *event, const char *text)
{
    const struct startup_context *c = context;

    if (level >= LINE_WARN)
        words_warn("%s", text);
    else
        printer_note(c->printer, "INFO", event, clock_wall_ns(clock_system()), "%s", text);
}

/* Named ones, else the network's own when they are wanted and it is the network. */
static const struct startup_pages *pages_of(const struct startup_context *c,
                                            const struct startup_pages *named,
                                            const struct startup_pages *own, bool wanted)
{
    return named->count > 0 || c->server->url || !wanted ? named : own;
}

enum status startup_option_run(const struct startup_context *c, char country[static COUNTRY_CODE],
                               struct why *why)
{
    const struct startup s = {
        .versions = pages_of(c, &c->option->versions, &startup_versions, c->profile->start_checks),
        .countries = pages_of(c, &c->option->countries, &startup_countries, true),
        .version = c->profile->network_version,
        .copy = c->copy,
        .skip_versions = c->option->skip_versions,
        .telemetry = c->telemetry,
        .ca_file = c->server->ca_file,
        .stop_fd = c->stop_fd,
        .wall_ns = clock_wall_ns(clock_system()),
        .say = say,
        .context = (void *)c,
    };

    return startup_run(&s, country, why);
}

struct release_watch *startup_option_watch(const struct startup_context *c)
{
    const char *url = c->option->release_url                        ? c->option->release_url
                      : c->server->url || !c->profile->start_checks ? NULL
                                                                    : RELEASE_WATCH_URL;
    struct release_watch *w;

    if (!url || release_watch_begin(&w, url, c->profile->user_agent, c->profile->network_version,
                                    c->server->ca_file, NULL))
        return NULL;
    return w;
}
