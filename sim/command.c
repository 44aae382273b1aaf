/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "sim/shelf.h"

uint64_t command_number(struct argp_state *state, const char *what, const char *text,
                        uint64_t least, uint64_t most)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 0);
    if (errno || end == text || *end || *text == '-' || value < least || value > most)
        argp_error(state, "%s: '%s' is no number from %" PRIu64 " to %" PRIu64, what, text, least,
                   most);
    return value;
}

enum { KEY_SWARM = 0x500, KEY_BUGGIFY };

static error_t parse_ways(int key, char *arg, struct argp_state *state)
{
    struct run_options *o = state->input;

    (void)arg;
    switch (key) {
    case KEY_SWARM:
        o->swarm = true;
        return 0;
    case KEY_BUGGIFY:
        o->buggify = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp command_ways_argp = {
    .options =
        (const struct argp_option[]){
            {"swarm", KEY_SWARM, 0, 0,
             "Each seed draws a part of the faults and happenings, and all parameters; "
             "expectations rest",
             1},
            {"buggify", KEY_BUGGIFY, 0, 0,
             "Client and orchestrator take rare but legal ways of their own: longest waits, a "
             "full judge, no memory",
             1},
            {0},
        },
    .parser = parse_ways,
};

void command_ways_repeat(struct buffer *out, const struct run_options *o)
{
    buffer_put_text(out, o->swarm ? " --swarm" : "");
    buffer_put_text(out, o->buggify ? " --buggify" : "");
}

enum status command_take(struct scenario **s, struct prover_sim **prover, const char *name,
                         struct why *why)
{
    enum status st = shelf_take(s, name, why);

    if (!st)
        st = run_check(*s, why);
    if (!st)
        st = prover_sim_new(prover, why);
    if (!st)
        st = prover_sim_ahead(*prover, &(*s)->orchestrator, why);
    return st;
}
