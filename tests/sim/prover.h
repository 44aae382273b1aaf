/* SPDX-License-Identifier: Apache-2.0 */
/* The prover of all cases of a test: its proofs take a while. For cmocka_run_group_tests. */
#pragma once
#include "sim/prover_sim.h"

static struct prover_sim *prover;

static inline int make_prover(void **state)
{
    (void)state;
    return prover_sim_new(&prover, NULL);
}

static inline int free_prover(void **state)
{
    (void)state;
    prover_sim_free(prover);
    return 0;
}
