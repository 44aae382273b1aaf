/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an ELF: loading, both passes and the provability check end with a status. */
#include "prover/vm/vm.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t numbers[8] = {4, 9, 1, 1};
    const struct run_input input = {.public_input = bytes_of(numbers, sizeof numbers),
                                    .private_input = bytes_of(numbers, 3)};
    const struct run_limits limits = {.max_steps = 4096, .max_memory = 1 << 20};
    struct program program;
    struct run run;
    struct why why;

    if (program_load(&program, bytes_of(data, size), &why))
        return 0;
    if (vm_run(&run, &program, &input, &limits, &why) == ST_OK) {
        enum status st = vm_check_provable(&run, &program, &why);

        assert(st == ST_OK || st == ST_GUEST);
        assert(run.step_count > 0 && run.step_count <= limits.max_steps);
        assert(run.ram_entries >= run.view.initial_count);
        run_fini(&run);
    }
    program_fini(&program);
    return 0;
}
