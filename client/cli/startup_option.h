/* SPDX-License-Identifier: Apache-2.0 */
/* What start asks before it begins, as options: --skip-version-check, and other pages than the
 * network's own. With --orchestrator-url only pages that are named here are asked.
 *
 * Source:  client.md 7.
 */
#pragma once
#include <argp.h>

#include "client/cli/printer.h"
#include "client/core/country.h"
#include "client/core/profile.h"
#include "client/shell/startup.h"

struct server_option;

struct startup_option {
    struct startup_pages versions, countries;
    const char *release_url;
    bool skip_versions;
};

/* A child of a command's argp, with a struct startup_option as input. */
extern const struct argp startup_option_argp;

struct startup_context {
    const struct startup_option *option;
    const struct server_option *server;
    const struct profile *profile;
    const struct printer *printer;
    const char *copy; /* path of the constraints kept on disk */
    bool telemetry;
    int stop_fd;
};

/* Asks, and says what there is to say. ST_INVALID: not served; ST_CANCELLED. */
enum status MUST_USE startup_option_run(const struct startup_context *c,
                                        char country[static COUNTRY_CODE], struct why *why);

struct release_watch;

/* Asks for a newer release beside the run; NULL when nobody is to be asked, or when it cannot be.
 */
struct release_watch *startup_option_watch(const struct startup_context *c);
