/* SPDX-License-Identifier: Apache-2.0 */
/* nxp verify: does this proof hold for this program, input, exit code and output? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/command.h"
#include "client/cli/guest_option.h"
#include "client/cli/prover_option.h"
#include "client/cli/words.h"

#define PROOF_MAX_BYTES ((size_t)1 << 30)

enum { KEY_EXIT = 0x300, KEY_OUTPUT, KEY_ROWS };

struct verify {
    struct guest_option guest;
    const char *proof;
    const char *output_hex;
    uint64_t exit_code;
    struct nxp_limits limits;
};

static const struct argp_option options[] = {
    {"exit-code", KEY_EXIT, "E", 0, "Exit code that the proof must show (0)", 0},
    {"output-hex", KEY_OUTPUT, "HEX", 0,
     "Public output that the proof must show, without the exit code word. When left out, the "
     "program is run (not proved) to learn it, so the private input must be given too",
     0},
    {"max-log-rows", KEY_ROWS, "L", 0, "Refuse proofs with more than 2^L rows (24)", 0},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct verify *v = state->input;
    uint64_t value;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &v->guest;
        return 0;
    case KEY_EXIT:
        if (!parse_u64(&v->exit_code, arg, 0, UINT32_MAX))
            argp_error(state, "--exit-code: '%s' is no 32-bit number", arg);
        return 0;
    case KEY_OUTPUT:
        v->output_hex = arg;
        return 0;
    case KEY_ROWS:
        if (!parse_u64(&value, arg, 1, 30))
            argp_error(state, "--max-log-rows: '%s' is no number from 1 to 30", arg);
        v->limits.max_log_rows = (unsigned)value;
        return 0;
    case ARGP_KEY_ARG:
        if (v->proof)
            argp_error(state, "one proof at a time");
        v->proof = arg;
        return 0;
    case ARGP_KEY_END:
        if (!v->proof)
            argp_error(state, "name the PROOF");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static enum status output_of_hex(struct buffer *out, const char *hex, struct why *why)
{
    size_t size = strlen(hex) / 2;
    uint8_t *bytes = malloc(size + 1);
    enum status st = ST_OK;

    if (!bytes)
        return fail(why, ST_NO_MEMORY, "--output-hex: out of memory");
    if (strlen(hex) % 2 || (size && !hex_decode(bytes, size, hex)))
        st = fail(why, ST_INPUT, "--output-hex: not an even number of hex digits");
    else
        buffer_put(out, bytes, size);
    free(bytes);
    return st;
}

static enum status output_of_run(struct buffer *out, const struct verify *v,
                                 const struct guest_loaded *guest, struct why *why)
{
    struct nxp_input input = guest_loaded_input(guest);
    struct nxp_prover *prover = NULL;
    struct nxp_result run = {0};
    enum status st =
        nxp_prover_new(&prover, &(struct nxp_prover_options){.limits = v->limits}, why);

    if (!st)
        st = nxp_estimate(prover, &run, guest->program, &input, why);
    if (!st)
        buffer_put(out, run.output, run.output_size);
    nxp_result_fini(&run);
    nxp_prover_free(prover);
    return st;
}

static enum status verify(const struct verify *v, const struct guest_loaded *guest,
                          struct why *why)
{
    struct buffer proof, output;
    struct nxp_statement statement;
    enum status st;

    buffer_init(&proof, 0);
    buffer_init(&output, 0);
    st = file_read(&proof, v->proof, PROOF_MAX_BYTES, why);
    if (!st)
        st = v->output_hex ? output_of_hex(&output, v->output_hex, why)
                           : output_of_run(&output, v, guest, why);
    if (!st) {
        statement = (struct nxp_statement){.public_input = buffer_bytes(&guest->public_input),
                                           .exit_code = (uint32_t)v->exit_code,
                                           .output = buffer_bytes(&output)};
        st = nxp_verify(guest->program, &statement, buffer_bytes(&proof), &v->limits, why);
    }
    buffer_fini(&proof);
    buffer_fini(&output);
    return st;
}

int command_verify(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&guest_option_argp, 0, "Program and input:", 1},
        {0},
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "PROOF",
        .doc = "Checks a proof. Exits with 0 when it is valid, 1 when it is not (the reason is on "
               "stderr), 2 when it or the program cannot be read.\v" WORDS_EXIT_CODES,
        .children = children,
    };
    struct verify v = {0};
    struct guest_loaded guest = {0};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &v);
    st = guest_option_load(&guest, &v.guest, &why);
    if (!st)
        st = verify(&v, &guest, &why);
    guest_loaded_fini(&guest);
    if (st == ST_OK) {
        puts("valid");
        return EXIT_OK;
    }
    if (st == ST_INVALID) {
        puts("invalid");
        return words_failed(st, &why, "invalid");
    }
    words_failed(st, &why, "not verified");
    return st == ST_IO ? EXIT_USAGE : words_exit(st); /* unreadable is 2 here, whatever the cause */
}
