/* SPDX-License-Identifier: Apache-2.0 */
/* nxp bench: how fast is this machine? Times of every stage, median over runs.
 *
 *   kHz           steps of the guest a second
 *   padded rows/s rows of the main component a second (a power of two)
 */
#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/cli/command.h"
#include "client/cli/interrupt.h"
#include "client/cli/parse.h"
#include "client/cli/prover_option.h"
#include "client/cli/words.h"
#include "client/shell/hardware.h"

#define MAX_RUNS 101

enum { KEY_JSON = 0x300, KEY_SIZES, KEY_RUNS };

struct bench {
    struct prover_option prover;
    uint32_t sizes[PARSE_MAX_VALUES];
    size_t size_count;
    uint64_t runs;
    bool json;
    int stop_fd;
};

static const struct argp_option options[] = {
    {"sizes", KEY_SIZES, "N,N,…", 0, "Terms of the Fibonacci sequence to prove (10,1000,10000)", 0},
    {"runs", KEY_RUNS, "R", 0, "Proofs of each size, after one to warm up (3)", 0},
    {"json", KEY_JSON, 0, 0, "One JSON object a line for each figure", 0},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct bench *b = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &b->prover;
        return 0;
    case KEY_SIZES:
        if (!parse_values(b->sizes, &b->size_count, arg))
            argp_error(state, "--sizes: '%s' is no list of numbers like 10,1000", arg);
        return 0;
    case KEY_RUNS:
        if (!parse_u64(&b->runs, arg, 1, MAX_RUNS))
            argp_error(state, "--runs: '%s' is no number from 1 to %d", arg, MAX_RUNS);
        return 0;
    case KEY_JSON:
        b->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool on_stage(void *context, enum nxp_stage stage)
{
    struct bench *b = context;

    (void)stage;
    return interrupt_pending(b->stop_fd);
}

static void figure(const struct bench *b, uint32_t n, const char *name, double value,
                   const char *unit)
{
    if (b->json)
        printf("{\"n\": %u, \"figure\": \"%s\", \"value\": %.9g, \"unit\": \"%s\"}\n", n, name,
               value, unit);
    else
        printf("  %-22s %14.6g %s\n", name, value, unit);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double median_s(int64_t *ns, size_t count)
{
    qsort(ns, count, sizeof *ns, compare);
    return (double)ns[count / 2] / NS_PER_S;
}

struct samples {
    int64_t total_ns[MAX_RUNS];
    int64_t verify_ns[MAX_RUNS];
    int64_t stage_ns[NXP_STAGE_COUNT][MAX_RUNS];
    struct nxp_result last; /* without its heap parts */
};

/* One proof and its verification; sample i of s, or a warm-up for i < 0. */
static enum status measure(const struct bench *b, struct samples *s, int i,
                           struct nxp_prover *prover, const struct nxp_program *program,
                           struct bytes input, struct why *why)
{
    const struct clock *clock = clock_system();
    struct nxp_result r = {0};
    int64_t start_ns = clock_now_ns(clock), proved_ns;
    enum status st =
        nxp_prove(prover, &r, program, &(struct nxp_input){.public_input = input}, why);

    proved_ns = clock_now_ns(clock);
    if (!st)
        st = nxp_verify(program,
                        &(struct nxp_statement){.public_input = input,
                                                .exit_code = r.exit_code,
                                                .output = bytes_of(r.output, r.output_size)},
                        bytes_of(r.proof, r.proof_size), &b->prover.limits, why);
    if (!st && i >= 0) {
        s->total_ns[i] = proved_ns - start_ns;
        s->verify_ns[i] = clock_now_ns(clock) - proved_ns;
        for (int j = 0; j < NXP_STAGE_COUNT; j++)
            s->stage_ns[j][i] = r.stage_ns[j];
        s->last = r;
        s->last.proof = s->last.output = NULL;
        s->last.logs = NULL;
    }
    nxp_result_fini(&r);
    return st;
}

static void report(const struct bench *b, struct samples *s, uint32_t n)
{
    double seconds = median_s(s->total_ns, b->runs);
    double rows = (double)((uint64_t)1 << s->last.log_sizes[0]);

    for (int j = 0; j < NXP_STAGE_COUNT; j++) {
        char name[40];

        snprintf(name, sizeof name, "stage_%s", nxp_stage_name((enum nxp_stage)j));
        figure(b, n, name, median_s(s->stage_ns[j], b->runs), "s");
    }
    figure(b, n, "prove", seconds, "s");
    figure(b, n, "verify", median_s(s->verify_ns, b->runs), "s");
    figure(b, n, "steps", (double)s->last.steps, "steps");
    figure(b, n, "log_rows", s->last.log_sizes[0], "log2");
    figure(b, n, "speed", (double)s->last.steps / seconds / 1000, "kHz");
    figure(b, n, "padded_rows_per_second", rows / seconds, "rows/s");
    figure(b, n, "proof_size", (double)s->last.proof_size, "bytes");
    figure(b, n, "planned_memory", (double)s->last.planned_bytes, "bytes");
    figure(b, n, "peak_memory", (double)hardware_peak_bytes(), "bytes");
}

static enum status bench_size(const struct bench *b, struct nxp_prover *prover,
                              const struct nxp_program *program, uint32_t n, struct why *why)
{
    const uint32_t values[3] = {n, 1, 1};
    struct samples *s = calloc(1, sizeof *s);
    struct buffer input;
    enum status st = ST_OK;

    if (!s)
        return fail(why, ST_NO_MEMORY, "out of memory");
    buffer_init(&input, 0);
    nxp_encode_u32s(&input, values, 3);
    for (int i = -1; i < (int)b->runs && !st; i++)
        st = measure(b, s, i, prover, program, buffer_bytes(&input), why);
    if (!st)
        report(b, s, n);
    buffer_fini(&input);
    free(s);
    return st;
}

static enum status bench(struct bench *b, struct why *why)
{
    struct nxp_program *program = NULL;
    struct nxp_prover *prover = NULL;
    enum status st = nxp_program_new(&program, nxp_builtin_guest("fib"), why);

    if (!st)
        st = nxp_prover_new(&prover,
                            &(struct nxp_prover_options){.threads =
                                                             prover_option_threads(&b->prover),
                                                         .kernel = b->prover.kernel,
                                                         .limits = b->prover.limits,
                                                         .progress = on_stage,
                                                         .context = b},
                            why);
    for (size_t i = 0; i < b->size_count && !st; i++) {
        if (b->json)
            printf("{\"n\": %u, \"figure\": \"kernel\", \"value\": \"%s\", \"threads\": %u}\n",
                   b->sizes[i], nxp_prover_kernel(prover), nxp_prover_threads(prover));
        else
            printf("fib %u: kernel %s, %u threads, median of %llu\n", b->sizes[i],
                   nxp_prover_kernel(prover), nxp_prover_threads(prover),
                   (unsigned long long)b->runs);
        st = bench_size(b, prover, program, b->sizes[i], why);
        fflush(stdout);
    }
    nxp_prover_free(prover);
    nxp_program_free(program);
    return st;
}

int command_bench(int argc, char **argv)
{
    static const struct argp_child children[] = {{&prover_option_argp, 0, "Proving:", 2}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Measures this machine with the built-in guest.\v"
               "kHz counts steps of the guest, padded rows are the power of two that is proved; memory "
               "is the peak of the whole process so far. " WORDS_EXIT_CODES,
        .children = children,
    };
    struct bench b = {.sizes = {10, 1000, 10000}, .size_count = 3, .runs = 3};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &b);
    st = interrupt_open(&b.stop_fd, &why);
    if (!st)
        st = bench(&b, &why);
    return st ? (int)words_failed(st, &why, "not measured") : EXIT_OK;
}
