/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/reputation.h"

void reputation_start(struct node *n, const struct settings_reputation *r)
{
    n->standing = r->start;
    n->streak = n->strikes = 0;
}

void reputation_accepted(struct node *n, const struct settings_reputation *r)
{
    if (r->raise == 0 || ++n->streak < r->raise)
        return;
    n->standing = difficulty_up(n->standing);
    n->streak = n->strikes = 0;
}

void reputation_refused(struct node *n, const struct settings_reputation *r)
{
    n->refused++;
    n->streak = 0;
    if (r->lower == 0 || ++n->strikes < r->lower)
        return;
    n->standing = difficulty_down(n->standing);
    n->strikes = 0;
}

enum difficulty reputation_cap(const struct node *n, const struct settings_reputation *r,
                               enum difficulty asked)
{
    bool gated = r->raise || r->lower;

    return gated && n->standing < asked ? n->standing : asked; /* the numbers rise with the size */
}
