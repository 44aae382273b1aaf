/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/buggify.h"

#include <stdio.h>

static struct buggify *current; /* NULL: nothing strikes */

const char *buggify_name(enum buggify_site site)
{
    static const char *const names[] = {
#define X(name, words) #name,
        BUGGIFY_SITES(X)
#undef X
    };

    return names[site];
}

const char *buggify_words(enum buggify_site site)
{
    static const char *const words[] = {
#define X(name, words) words,
        BUGGIFY_SITES(X)
#undef X
    };

    return words[site];
}

void buggify_begin(struct buggify *b, uint64_t seed)
{
    b->awake = b->struck = 0;
    for (int site = 0; site < BUGGIFY_COUNT; site++) {
        const char *name = buggify_name((enum buggify_site)site);

        b->prngs[site] = prng_of(seed ^ world_hash(bytes_of_text(name)));
        if (prng_below(&b->prngs[site], 4) == 0)
            b->awake |= UINT64_C(1) << site;
    }
    current = b;
}

void buggify_end(void)
{
    current = NULL;
}

/* Called by the cores, where they are compiled for it. */
bool buggify_strikes(enum buggify_site site)
{
    struct buggify *b = current;
    bool strikes;

    if (!b || (b->heal_ns && b->world->now_ns >= b->heal_ns))
        return false;
    strikes = b->awake >> site & 1 && prng_below(&b->prngs[site], 4) == 0;
    if (b->tape) {
        char lane[SCENARIO_TEXT];

        snprintf(lane, sizeof lane, "buggify %s", buggify_name(site));
        strikes = choice_ask(b->tape, lane, strikes, 1);
    }
    if (strikes) {
        b->struck |= UINT64_C(1) << site;
        world_note(b->world, "buggify %s", buggify_name(site));
    }
    return strikes;
}
