/* SPDX-License-Identifier: Apache-2.0 */
/* Pages come from another process: whatever is in them, reading says so, reading them again changes
 * nothing, and what was read can be judged. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sim/tier_c/journal_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal_read r = {.last = 0};
    struct bytes json = bytes_of(data, size);
    struct journal_verdict v;
    struct journal_case c;
    size_t count;
    bool more;

    if (!journal_read_requests(&r, json, &more, NULL)) {
        count = r.record_count;
        demand(journal_read_after(&r) <= r.last);
        demand(!journal_read_requests(&r, json, &more, NULL) && r.record_count == count);
        journal_read_restarted(&r);
        demand(!journal_read_requests(&r, json, &more, NULL) && r.record_count == count);
    }
    (void)!journal_read_tasks(&r, json, &more, NULL);
    (void)!journal_read_credits(&r, json, &more, NULL);
    c = journal_read_case(&r);
    c.has_books = true;
    if (!journal_judge(&v, &c, NULL)) {
        demand(v.count <= v.broken);
        demand(v.figures.handed_out + v.figures.unheard <=
               v.figures.credited + v.figures.refused + v.figures.expired + v.figures.open);
        journal_verdict_fini(&v);
    }
    journal_read_fini(&r);
    return 0;
}
