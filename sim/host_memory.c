/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/host_inside.h"
#include "sim/scarcity.h"

/* One event asks for so few pieces of memory at most that each of them is drawn now and then; a
 * start asks for a few, and for some more with each record that it finds. */
#define OF_AN_EVENT 12
#define OF_A_START  6
#define OF_A_RECORD 12

static void begin(struct host *h, uint64_t allocations)
{
    if (h->o.plan->memory_short <= 0 || !host_strikes(h, h->o.plan->memory_short, "memory_short"))
        return;
    prng_place(&h->prng, "allocation");
    scarcity_begin_once(&h->prng, allocations);
    h->scarce = true;
}

void host_memory_begin(struct host *h)
{
    begin(h, OF_AN_EVENT);
}

void host_memory_begin_start(struct host *h)
{
    begin(h, OF_A_START + OF_A_RECORD * disk_open(&h->disk));
}

bool host_memory_end(struct host *h)
{
    bool struck = h->scarce && scarcity_struck();

    if (h->scarce)
        scarcity_end();
    h->scarce = false;
    if (!struck)
        return false;
    h->was_short = true;
    h->shortages++;
    host_note(h, "is refused memory, time", h->shortages);
    return true;
}
