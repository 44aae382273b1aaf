/* SPDX-License-Identifier: Apache-2.0 */
/* What prove, verify and bench have in common: which program, with which input.
 *
 *   --elf FILE | --guest NAME    --public-input N,A,B    --private-input-hex HEX
 */
#pragma once
#include <argp.h>

#include "base/bytes.h"
#include "client/cli/parse.h"
#include "prover/nxp.h"

struct guest_option {
    const char *elf, *guest;
    uint32_t values[PARSE_MAX_VALUES];
    size_t value_count;
    const char *private_hex;
};

/* To be named as a child of a command's argp, with a struct guest_option as input. */
extern const struct argp guest_option_argp;

struct guest_loaded {
    struct nxp_program *program;
    struct buffer public_input, private_input;
};

/* Loads what the options name. The words are for the user. */
enum status MUST_USE guest_option_load(struct guest_loaded *out, const struct guest_option *o,
                                       struct why *why);
void guest_loaded_fini(struct guest_loaded *g);
struct nxp_input guest_loaded_input(const struct guest_loaded *g);
