/* SPDX-License-Identifier: Apache-2.0 */
/* What happened in one run, counted honestly: every fetched task ends in exactly one of accepted,
 * refused, unknown, abandoned, lost, or is still open.
 */
#pragma once
#include <stdint.h>

struct stats {
    uint64_t fetch_requests;
    uint64_t fetch_errors;
    uint64_t duplicates; /* tasks handed out again although we know them */
    uint64_t fetched;
    uint64_t restored; /* open tasks of a former run */
    uint64_t proofs;   /* inputs proved */
    uint64_t submit_requests;
    uint64_t submit_waits; /* answers that asked us to come again */
    uint64_t accepted;
    uint64_t refused;   /* by a definite answer, or too old */
    uint64_t unknown;   /* probably credited: the answer was lost, then the task was gone */
    uint64_t abandoned; /* malformed, or not provable here */
    uint64_t lost;      /* finished proofs that a reference client threw away */
};
