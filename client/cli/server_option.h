/* SPDX-License-Identifier: Apache-2.0 */
/* Which orchestrator: --orchestrator-url, --cacert. */
#pragma once
#include <argp.h>

#include "client/core/profile.h"
#include "client/shell/transport_curl.h"

struct server_option {
    const char *url; /* NULL: production */
    const char *ca_file;
};

/* A child of a command's argp, with a struct server_option as input. */
extern const struct argp server_option_argp;

enum status MUST_USE server_option_connect(struct transport_curl **out,
                                           const struct server_option *o,
                                           const struct profile *profile, struct why *why);
