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
