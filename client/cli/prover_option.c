/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/prover_option.h"

#include <stdlib.h>
#include <string.h>

#include "client/cli/parse.h"
#include "client/shell/hardware.h"

enum { KEY_THREADS = 0x200, KEY_KERNEL, KEY_STEPS, KEY_ROWS, KEY_MEMORY };

static const struct argp_option options[] = {
    {"threads", KEY_THREADS, "T", 0, "Threads of one proof (all CPUs); never changes a byte", 2},
    {"kernel", KEY_KERNEL, "NAME", 0,
     "portable, avx2, avx512 or auto (the fastest that this CPU has)", 2},
    {"max-steps", KEY_STEPS, "N", 0, "Give up a run that takes more steps (16777216)", 2},
    {"max-log-rows", KEY_ROWS, "L", 0, "Give up when a table has more than 2^L rows (24)", 2},
    {"max-memory", KEY_MEMORY, "MIB", 0, "Give up when the proof needs more memory (no limit)", 2},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct prover_option *o = state->input;
    uint64_t value;

    switch (key) {
    case KEY_THREADS:
        if (!parse_u64(&value, arg, 1, 1024))
            argp_error(state, "--threads: '%s' is no number from 1 to 1024", arg);
        o->threads = (unsigned)value;
        return 0;
    case KEY_KERNEL:
        o->kernel = strcmp(arg, "auto") == 0 ? NULL : arg;
        return 0;
    case KEY_STEPS:
        if (!parse_u64(&o->limits.max_steps, arg, 1, UINT64_MAX))
            argp_error(state, "--max-steps: '%s' is no number above 0", arg);
        return 0;
    case KEY_ROWS:
        if (!parse_u64(&value, arg, 1, 30))
            argp_error(state, "--max-log-rows: '%s' is no number from 1 to 30", arg);
        o->limits.max_log_rows = (unsigned)value;
        return 0;
    case KEY_MEMORY:
        if (!parse_u64(&value, arg, 1, SIZE_MAX >> 20))
            argp_error(state, "--max-memory: '%s' is no number of MiB", arg);
        o->limits.max_memory_bytes = (size_t)value << 20;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp prover_option_argp = {.options = options, .parser = parse_option};

unsigned prover_option_threads(const struct prover_option *o)
{
    return o->threads ? o->threads : hardware_cpus();
}
