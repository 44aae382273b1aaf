/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/budget.h"

#include "base/clock.h"

#define FULL     (2 * BUDGET_TOKENS)
#define FLOOR_NS (BUDGET_FLOOR_S * NS_PER_S)

void budget_init(struct budget *b)
{
    *b = (struct budget){.halves = FULL};
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* A full budget gains nothing from time, so that its next token counts from the failure on. */
static void refill(struct budget *b, int64_t now_ns)
{
    while (b->halves < FULL && now_ns - b->from_ns >= FLOOR_NS) {
        b->halves = least(b->halves + 2, FULL);
        b->from_ns += FLOOR_NS;
    }
    if (b->halves == FULL)
        b->from_ns = now_ns;
}

int64_t budget_due_ns(const struct budget *b)
{
    return b->halves >= 2 ? INT64_MIN : b->from_ns + FLOOR_NS;
}

void budget_success(struct budget *b, int64_t now_ns)
{
    refill(b, now_ns);
    b->halves = least(b->halves + 1, FULL);
}

/* Answers that were on their way already may fail below nothing: the debt ends at one token. */
void budget_failure(struct budget *b, int64_t now_ns)
{
    refill(b, now_ns);
    b->halves = b->halves > 0 ? b->halves - 2 : -2;
}
