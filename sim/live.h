/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios in real time: what runs real programs for `nxp-sim run --tier c` and `nxp-sim judge`
 * (sim/tier_c).
 *
 * Owner:   everything in the options is borrowed.
 * Errors:  ST_INPUT: what real programs cannot carry out, by name; ST_NOT_FOUND: a program that is
 *          not there; ST_EXISTS: a port in use; ST_CANCELLED: by SIGINT or SIGTERM; ST_IO,
 *          ST_NO_MEMORY. What goes wrong in a run is its result.
 */
#pragma once
#include "sim/run.h"

struct live_options {
    const char *name; /* of the scenario: built in, or a file */
    uint64_t seed;
    unsigned time_scale; /* times of the world are divided by it; 1: as written */
    bool tls;
    bool leave_out; /* what cannot be carried out is left out and told, not refused */
    const char *mockorch, *nxp; /* programs; NULL: beside this one */
    const char *command;        /* of a foreign client, for sh -c; NULL: nxp start */
    unsigned port;              /* where the only client finds the orchestrator; 0: a free one */
    int64_t for_ns;             /* the run lasts so long at most; 0: until everything is settled */
    const char *keep;           /* logs and homes stay in this folder; NULL: they are removed */
    FILE *progress;             /* a line now and then; may be NULL */
};

/* One broken rule; several in a run, each once. */
typedef void live_tell(void *context, const struct run_result *result);

struct live_kind {
    /* broken of out is the number of the first rule that was told. */
    enum status (*run)(struct run_result *out, const struct live_options *o, live_tell *tell,
                       void *context, struct why *why);
};

extern const struct live_kind tier_c; /* of sim/tier_c, in a program that links that room */
