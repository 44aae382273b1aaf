/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/assertion.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct assertion *catcher;

void assertion_catch(struct assertion *a)
{
    catcher = a;
}

/* The C library's place for failed assertions, taken over. */
void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    struct assertion *a = catcher;

    if (!a) {
        fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function, assertion);
        abort();
    }
    catcher = NULL;
    snprintf(a->text, sizeof a->text, "%s:%u: %s: %s", file, line, function, assertion);
    longjmp(a->jump, 1);
}
