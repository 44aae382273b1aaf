/* SPDX-License-Identifier: Apache-2.0 */
/* How to prove: --threads, --kernel, --max-steps, --max-log-rows, --max-memory. */
#pragma once
#include <argp.h>

#include "prover/nxp.h"

struct prover_option {
    unsigned threads; /* 0: all CPUs */
    const char *kernel;
    struct nxp_limits limits;
};

/* A child of a command's argp, with a struct prover_option as input. */
extern const struct argp prover_option_argp;

unsigned prover_option_threads(const struct prover_option *o);
