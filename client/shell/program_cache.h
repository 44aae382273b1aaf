/* SPDX-License-Identifier: Apache-2.0 */
/* Programs by name, read from the guest store and decoded once.
 *
 * As many are kept as there are guests installed. A program that is installed anew while it is kept
 * is seen by the next process.
 *
 * Owner:   zeroed, then program_cache_fini. A program lives as long as the cache.
 * Threads: one owner; a program found may be read by any thread.
 * Errors:  as guest_store_find and nxp_program_new.
 */
#pragma once
#include "prover/nxp.h"

#define PROGRAM_CACHE_NAME_SIZE 128 /* longer names cannot be found */

struct program_cache {
    struct program *first;
};

/* name has fewer characters than PROGRAM_CACHE_NAME_SIZE. */
enum status MUST_USE program_cache_find(struct program_cache *c, const struct nxp_program **out,
                                        const char *guests, const char *name, struct why *why);
void program_cache_fini(struct program_cache *c);
