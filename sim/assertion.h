/* SPDX-License-Identifier: Apache-2.0 */
/* An assertion of a core that fails in a run is what the run has found, not the end of the
 * simulator:
 *
 *     assertion_catch(&a);
 *     if (setjmp(a.jump) == 0)
 *         …
 *     assertion_catch(NULL);
 *
 * What was under way is void after the jump; nobody may touch it again. Elsewhere a failed
 * assertion ends the program as always.
 *
 * Threads: one.
 */
#pragma once
#include <setjmp.h>

struct assertion {
    jmp_buf jump;
    char text[400]; /* "client/core/submit.c:240: submit_poll: work_inputs_of(…) == 0" */
};

void assertion_catch(struct assertion *a);
