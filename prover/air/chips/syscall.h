/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that the main component knows.
 *
 * Source:  air-main.md 3 (ra), 4.29.
 */
#pragma once
#include <stddef.h>

#include "prover/air/chips/columns.h"

#define SYSCALL_HALT 0x201

struct syscall {
    uint32_t code;
    uint16_t flag;            /* its column */
    uint8_t result_register;  /* 0: it has no result */
};

/* NULL for an unknown code. */
static inline const struct syscall *syscall_find(uint32_t code)
{
    static const struct syscall table[] = {
        {0x200, IS_SYS_DEBUG, 0},        {SYSCALL_HALT, IS_SYS_HALT, 0},
        {0x400, IS_SYS_PRIV_INPUT, 10},  {0x401, IS_SYS_CYCLE_COUNT, 0},
        {0x402, IS_SYS_STACK_RESET, 2},  {0x403, IS_SYS_HEAP_RESET, 10},
        {0x405, IS_SYS_MEMORY_ADVISE, 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].code == code)
            return &table[i];
    return NULL;
}
