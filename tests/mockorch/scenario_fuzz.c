/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a scenario. What is read makes a plan. */
#include <assert.h>

#include "mockorch/scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario *s;
    struct fault_plan p;
    struct why why;

    if (scenario_parse(&s, bytes_of(data, size), &why))
        return 0;
    assert(settings_check(&s->orchestrator, &why) == ST_OK);
    if (scenario_plan(&p, s, 1, &why) == ST_OK)
        fault_plan_fini(&p);
    scenario_free(s);
    return 0;
}
