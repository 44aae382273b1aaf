/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/server_option.h"

#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "client/cli/words.h"
#include "proto/wire.h"

enum { KEY_URL = 0x400, KEY_CACERT };

static const struct argp_option options[] = {
    {"orchestrator-url", KEY_URL, "URL", 0, "Another orchestrator than the network's own", 3},
    {"cacert", KEY_CACERT, "FILE", 0, "Trust these certificates (PEM) and no others", 3},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct server_option *o = state->input;

    switch (key) {
    case KEY_URL:
        o->url = arg;
        return 0;
    case KEY_CACERT:
        o->ca_file = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp server_option_argp = {.options = options, .parser = parse_option};

/* The network had others once, and the reference takes production for them without a word. */
static void mention_environment(void)
{
    const char *name = getenv("NEXUS_ENVIRONMENT");

    if (name && *name && strcasecmp(name, "production") != 0)
        words_warn(
            "NEXUS_ENVIRONMENT=%s: there is only production; --orchestrator-url names another "
            "orchestrator",
            name);
}

enum status server_option_connect(struct transport_curl **out, const struct server_option *o,
                                  const struct profile *profile, struct why *why)
{
    if (!o->url && profile == &profile_current)
        mention_environment();
    return transport_curl_new(out,
                              &(struct transport_options){
                                  .base_url = o->url ? o->url : profile->base_url,
                                  .ca_file = o->ca_file,
                                  .response_limit = WIRE_MAX_RESPONSE,
                              },
                              why);
}
