/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "prover/kernel/kernel.h"

static const char *const names[KERNEL_COUNT] = {"portable", "avx2", "avx512"};

const char *kernel_name(enum kernel_id id)
{
    return names[id];
}

bool kernel_supported(enum kernel_id id)
{
#if NXP_KERNEL_X86
    /* __builtin_cpu_supports also asks whether the system saves the registers (XGETBV). */
    switch (id) {
    case KERNEL_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    case KERNEL_AVX512:
        return kernel_supported(KERNEL_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq");
    default:
        break;
    }
#endif
    return id == KERNEL_PORTABLE;
}

enum kernel_id kernel_best(void)
{
    int id = KERNEL_COUNT - 1;

    while (!kernel_supported((enum kernel_id)id))
        id--;
    return (enum kernel_id)id;
}

enum status kernel_by_name(enum kernel_id *out, const char *name, struct why *why)
{
    char known[64] = "";

    if (strcmp(name, "auto") == 0) {
        *out = kernel_best();
        return ST_OK;
    }
    for (int id = 0; id < KERNEL_COUNT; id++) {
        if (strcmp(name, names[id]) == 0 && kernel_supported((enum kernel_id)id)) {
            *out = (enum kernel_id)id;
            return ST_OK;
        }
        if (kernel_supported((enum kernel_id)id)) {
            strcat(known, " ");
            strcat(known, names[id]);
        }
    }
    for (int id = 0; id < KERNEL_COUNT; id++)
        if (strcmp(name, names[id]) == 0)
            return fail(why, ST_NOT_FOUND, "kernel '%s' does not run on this machine; known: auto%s",
                        name, known);
    return fail(why, ST_INPUT, "no kernel is called '%s'; known: auto%s", name, known);
}
