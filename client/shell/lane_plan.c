/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/lane_plan.h"

size_t lane_plan(unsigned *threads, const struct lane_plan_input *in,
                 const struct lane_plan_wish *wishes, size_t count)
{
    unsigned free_cores = in->cores > in->running.threads ? in->cores - in->running.threads : 0;
    uint64_t bytes = in->running.bytes;
    size_t n = 0;

    if (in->running_alone)
        return 0;
    while (n < count && n < free_cores && bytes <= in->memory_bytes &&
           wishes[n].need_bytes <= in->memory_bytes - bytes) {
        if (wishes[n].alone && (n > 0 || in->running.inputs > 0))
            break;
        bytes += wishes[n].need_bytes;
        n++;
        if (wishes[0].alone) {
            threads[0] = (in->cores + 1) / 2;
            return 1;
        }
    }
    for (size_t i = 0; i < n; i++)
        threads[i] = free_cores / (unsigned)n + (i < free_cores % n);
    return n;
}
