/* SPDX-License-Identifier: Apache-2.0 */
/* Which instruction set the column loops run on, and what every stage of a proof is handed.
 *
 * A room with kernels has a table of functions of its own, one per variant, and finds it with
 * KERNEL_PICK. All variants give the same bytes.
 *
 * Threads: constant after the first call.
 */
#pragma once
#include <stdbool.h>

#include "base/arena.h"
#include "base/pool.h"
#include "base/status.h"

enum kernel_id { KERNEL_PORTABLE, KERNEL_AVX2, KERNEL_AVX512, KERNEL_COUNT };

/* "portable", "avx2", "avx512". */
const char *kernel_name(enum kernel_id id);

/* Compiled in, and this processor and system can run it. */
bool kernel_supported(enum kernel_id id);

/* The fastest supported one. */
enum kernel_id kernel_best(void);

/* By name; "auto" is kernel_best(). ST_INPUT for an unknown name, ST_NOT_FOUND for one that this
 * machine cannot run; the words list those that it can. */
enum status MUST_USE kernel_by_name(enum kernel_id *out, const char *name, struct why *why);

/* The context of a run, first parameter of every stage. Threads and kernel change the speed, never
 * a byte. */
struct exec {
    enum kernel_id kernel;
    struct pool *pool;
};

#if NXP_KERNEL_X86
#define KERNEL_PICK(id, name)                                                                      \
    ((id) == KERNEL_AVX512 ? &name##_avx512 : (id) == KERNEL_AVX2 ? &name##_avx2 : &name##_portable)
#else
#define KERNEL_PICK(id, name) ((void)(id), &name##_portable)
#endif
