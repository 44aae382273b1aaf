/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "prover/vm/vm.h"

static uint64_t round_up(uint64_t value, uint64_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

enum status vm_layout(struct memory_layout *out, const struct vm_sizes *sizes, struct why *why)
{
    /* Each summand is below 2^32, so no sum of 64 bits wraps. */
    uint64_t public_input = (uint64_t)VM_PROGRAM_START + sizes->program;
    uint64_t exit_code = round_up(public_input + sizes->input + 4, 4);
    uint64_t public_output = exit_code + 4;
    uint64_t heap = round_up(public_output + sizes->output, 4);
    uint64_t stack_bottom = round_up(heap + sizes->heap, 4);
    uint64_t stack_top = round_up(stack_bottom + sizes->stack, 16);
    uint64_t end = stack_top + sizes->associated;

    if (public_input % 4)
        return fail(why, ST_GUEST, "UnalignedLayout: %" PRIu32 " program bytes are no whole words",
                    sizes->program);
    if (end > UINT32_MAX)
        return fail(why, ST_GUEST,
                    "LayoutOverflow: input %" PRIu32 ", output %" PRIu32 ", heap %" PRIu32
                    " and stack %" PRIu32 " bytes do not fit into 32-bit addresses",
                    sizes->input, sizes->output, sizes->heap, sizes->stack);
    *out = (struct memory_layout){
        .public_input = (uint32_t)public_input,
        .exit_code = (uint32_t)exit_code,
        .public_output = (uint32_t)public_output,
        .heap = (uint32_t)heap,
        .stack_bottom = (uint32_t)stack_bottom,
        .stack_top = (uint32_t)stack_top,
        .end = (uint32_t)end,
    };
    return ST_OK;
}
