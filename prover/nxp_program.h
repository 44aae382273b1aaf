/* SPDX-License-Identifier: Apache-2.0 */
/* What is behind struct nxp_program, for the two halves of nxp.h: proving and verifying. */
#pragma once
#include "prover/nxp.h"
#include "prover/vm/vm.h"

struct nxp_program {
    struct program program;
};
