/* SPDX-License-Identifier: Apache-2.0 */
/* What a run on the production network asks before it begins (client.md 7):
 *
 *   version constraints --> country --> restricted? --> verdict on the version
 *
 * The constraints come from the first page that gives some; they are kept on disk. When no page
 * answers, the kept ones count, else those of March 2026 that are built in, and a warning says so
 * (client.md 17.11; the reference cannot start then). The country is asked for only when somebody
 * needs it: the constraints name restricted ones, or telemetry tells it.
 *
 * With a custom orchestrator the caller gives no pages, and nobody is asked.
 *
 * Errors:  ST_INVALID when this version or this place is not served, with the words for the user;
 *          ST_CANCELLED when stop_fd becomes readable; ST_NO_MEMORY. No failure of a page is one.
 * Source:  client.md 7.1, 7.2, 7.3, 17.11; users-want.md 5.
 */
#pragma once
#include <stddef.h>

#include "client/core/country.h"
#include "client/core/line.h"

#define STARTUP_MAX_PAGES 3

struct startup_pages {
    const char *url[STARTUP_MAX_PAGES]; /* asked in turn */
    size_t count;
};

/* The network's own. */
extern const struct startup_pages startup_versions;
extern const struct startup_pages startup_countries;

struct startup {
    const struct startup_pages *versions;  /* none: constraints are not asked for */
    const struct startup_pages *countries; /* none: the country is not asked for */
    const char *version;                   /* as which we appear */
    const char *copy;                      /* path of the constraints kept on disk */
    bool skip_versions; /* ask no page, apply no verdict; the copy still names restricted countries
                         */
    bool telemetry;     /* wants the country */
    const char *ca_file;
    int stop_fd;
    int64_t wall_ns;
    void (*say)(void *context, enum line_level level, const char *event, const char *text);
    void *context;
};

/* country: where we are, "US" when no page knows (as the reference says it); "" when it was not
 * asked for. */
enum status MUST_USE startup_run(const struct startup *s, char country[static COUNTRY_CODE],
                                 struct why *why);
