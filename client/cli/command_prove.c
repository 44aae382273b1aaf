/* SPDX-License-Identifier: Apache-2.0 */
/* nxp prove: a program and its input become a proof in a file. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/cli/command.h"
#include "client/cli/guest_option.h"
#include "client/cli/interrupt.h"
#include "client/cli/prover_option.h"
#include "client/cli/words.h"
#include "proto/keccak256.h"

enum { KEY_JSON = 0x300, KEY_STAGES };

struct prove {
    struct guest_option guest;
    struct prover_option prover;
    const char *out;
    const char *stages;
    bool json;
    int stop_fd;
    bool progress; /* stderr is a terminal */
};

static const struct argp_option options[] = {
    {"output", 'o', "PROOF", 0, "Where the proof goes; a file is replaced only by a whole proof", 0},
    {"json", KEY_JSON, 0, 0, "Print one JSON object", 0},
    {"stages", KEY_STAGES, "FOLDER", 0, "Write the values of every stage there, for comparison", 0},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct prove *p = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &p->guest;
        state->child_inputs[1] = &p->prover;
        return 0;
    case 'o':
        p->out = arg;
        return 0;
    case KEY_JSON:
        p->json = true;
        return 0;
    case KEY_STAGES:
        p->stages = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    case ARGP_KEY_END:
        if (!p->out)
            argp_error(state, "say where the proof goes: -o PROOF");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool on_stage(void *context, enum nxp_stage stage)
{
    struct prove *p = context;

    if (p->progress)
        fprintf(stderr, "\r\033[K%d/%d %s", (int)stage + 1, (int)NXP_STAGE_COUNT,
                nxp_stage_name(stage));
    return interrupt_pending(p->stop_fd);
}

static uint32_t largest_log(const struct nxp_result *r)
{
    uint32_t log = 0;

    for (size_t i = 0; i < NXP_LOG_SIZES; i++)
        if (r->log_sizes[i] > log)
            log = r->log_sizes[i];
    return log;
}

static void print_text(const struct nxp_result *r, const struct nxp_prover *prover,
                       const char *hash, double seconds)
{
    printf("steps          %llu\n", (unsigned long long)r->steps);
    printf("log size       %u (largest component %u)\n", r->log_sizes[0], largest_log(r));
    printf("planned bytes  %zu\n", r->planned_bytes);
    printf("time           %.3f s, %u thread%s, kernel %s\n", seconds,
           nxp_prover_threads(prover), nxp_prover_threads(prover) == 1 ? "" : "s",
           nxp_prover_kernel(prover));
    printf("proof bytes    %zu\n", r->proof_size);
    printf("keccak-256     %s\n", hash);
    printf("exit code      %u\n", r->exit_code);
    if (r->output_size > 0) {
        printf("output         ");
        for (size_t i = 0; i < r->output_size; i++)
            printf("%02x", r->output[i]);
        printf("\n");
    }
}

static void print_json(const struct nxp_result *r, const struct nxp_prover *prover,
                       const char *hash, double seconds)
{
    json_t *logs = json_array(), *stages = json_object(), *root;
    char *output = calloc(r->output_size + 1, 2);

    for (size_t i = 0; i < NXP_LOG_SIZES; i++)
        json_array_append_new(logs, json_integer(r->log_sizes[i]));
    for (int i = 0; i < NXP_STAGE_COUNT; i++)
        json_object_set_new(stages, nxp_stage_name((enum nxp_stage)i),
                            json_real((double)r->stage_ns[i] / NS_PER_S));
    if (output)
        hex_encode(output, r->output, r->output_size);
    root = json_pack("{s:I, s:i, s:o, s:I, s:f, s:o, s:i, s:s, s:I, s:s, s:I, s:s}", "steps",
                     (json_int_t)r->steps, "log_size", (int)r->log_sizes[0], "log_sizes", logs,
                     "planned_bytes", (json_int_t)r->planned_bytes, "seconds", seconds, "stages",
                     stages, "threads", (int)nxp_prover_threads(prover), "kernel",
                     nxp_prover_kernel(prover), "proof_bytes", (json_int_t)r->proof_size,
                     "keccak256", hash, "exit_code", (json_int_t)r->exit_code, "output_hex",
                     output ? output : "");
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
    free(output);
}

static enum status prove(struct prove *p, const struct guest_loaded *guest, struct why *why)
{
    struct nxp_input input = guest_loaded_input(guest);
    struct nxp_prover *prover = NULL;
    struct nxp_result result = {0};
    char hash[KECCAK256_HEX];
    int64_t start_ns = clock_now_ns(clock_system());
    double seconds;
    enum status st;

    st = nxp_prover_new(&prover,
                        &(struct nxp_prover_options){.threads = prover_option_threads(&p->prover),
                                                     .kernel = p->prover.kernel,
                                                     .limits = p->prover.limits,
                                                     .progress = on_stage,
                                                     .context = p,
                                                     .stages_folder = p->stages},
                        why);
    if (!st)
        st = nxp_prove(prover, &result, guest->program, &input, why);
    if (p->progress)
        fprintf(stderr, "\r\033[K");
    seconds = (double)(clock_now_ns(clock_system()) - start_ns) / NS_PER_S;
    if (!st)
        st = file_write(p->out, bytes_of(result.proof, result.proof_size), 0644, why);
    if (!st) {
        keccak256_hex(hash, bytes_of(result.proof, result.proof_size));
        (p->json ? print_json : print_text)(&result, prover, hash, seconds);
    }
    nxp_result_fini(&result);
    nxp_prover_free(prover);
    return st;
}

int command_prove(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&guest_option_argp, 0, "Program and input:", 1},
        {&prover_option_argp, 0, "Proving:", 2},
        {0},
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "-o PROOF",
        .doc = "Runs a guest program and writes a proof of the run.\v" WORDS_EXIT_CODES,
        .children = children,
    };
    struct prove p = {.progress = isatty(STDERR_FILENO)};
    struct guest_loaded guest = {0};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &p);
    st = interrupt_open(&p.stop_fd, &why);
    if (!st)
        st = guest_option_load(&guest, &p.guest, &why);
    if (!st)
        st = prove(&p, &guest, &why);
    guest_loaded_fini(&guest);
    return st ? (int)words_failed(st, &why, "not proved") : EXIT_OK;
}
