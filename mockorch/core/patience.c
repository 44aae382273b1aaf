/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/patience.h"

#include <stdlib.h>

#define SETS 64 /* a power of two, of each kind */
#define WAYS 4

void patience_init(struct patience *p, int64_t gap_ns)
{
    *p = (struct patience){.gap_ns = gap_ns};
}

void patience_fini(struct patience *p)
{
    free(p->places);
    *p = (struct patience){.gap_ns = 0};
}

/* FNV-1a, and a last mixing for the low bits. */
uint64_t patience_party(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 32;
    return h ? h : 1;
}

static struct patience_place *place_of(struct patience *p, enum patience_kind kind, uint64_t party)
{
    struct patience_place *set = &p->places[((size_t)kind * SETS + party % SETS) * WAYS];
    struct patience_place *least = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].party == party)
            return &set[i];
        if (set[i].full_ns < least->full_ns)
            least = &set[i];
    }
    *least = (struct patience_place){.party = party, .full_ns = INT64_MIN};
    return least;
}

/* A bucket that may be overdrawn: what lacks beyond its size is waited for. */
static int64_t draw(struct patience_place *at, int64_t gap_ns, int64_t at_once, int64_t longest_ns,
                    int64_t now_ns)
{
    int64_t full_ns = at->full_ns > now_ns ? at->full_ns : now_ns;
    int64_t wait_ns = full_ns + gap_ns - now_ns - at_once * gap_ns;

    if (wait_ns > longest_ns) /* and this one costs nothing more */
        return longest_ns;
    at->full_ns = full_ns + gap_ns;
    return wait_ns > 0 ? wait_ns : 0;
}

int64_t patience_refused(struct patience *p, const uint64_t parties[static PATIENCE_KINDS],
                         int64_t now_ns)
{
    int64_t longest_ns = 0;

    if (!p->gap_ns)
        return 0;
    if (!p->places)
        p->places = calloc((size_t)PATIENCE_KINDS * SETS * WAYS, sizeof *p->places);
    for (int kind = 0; p->places && kind < PATIENCE_KINDS; kind++) {
        const int64_t times = kind == PATIENCE_ADDRESS ? PATIENCE_OF_ADDRESS : 1;
        int64_t wait_ns;

        if (!parties[kind])
            continue;
        wait_ns = draw(place_of(p, (enum patience_kind)kind, parties[kind]), p->gap_ns / times,
                       PATIENCE_AT_ONCE * times, PATIENCE_LONGEST * p->gap_ns, now_ns);
        longest_ns = wait_ns > longest_ns ? wait_ns : longest_ns;
    }
    return longest_ns;
}
