/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/progress.h"

#include <inttypes.h>
#include <unistd.h>

FILE *progress_terminal(void)
{
    return isatty(STDERR_FILENO) ? stderr : NULL;
}

void progress_begin(struct progress *p, FILE *out, const struct clock *clock, const char *what,
                    uint64_t all)
{
    *p = (struct progress){.out = out, .clock = clock, .what = what, .all = all};
    p->started_ns = p->told_ns = clock_now_ns(clock);
}

static void show(struct progress *p, int64_t now_ns)
{
    double passed_s = (double)(now_ns - p->started_ns) / (double)NS_PER_S;

    progress_wipe(p);
    fprintf(p->out, "%s: %" PRIu64, p->what, p->done);
    if (p->all)
        fprintf(p->out, " of %" PRIu64, p->all);
    fprintf(p->out, " runs, %" PRIu64 " failed", p->failed);
    if (p->all)
        fprintf(p->out, ", %.0f s left", passed_s * (double)(p->all - p->done) / (double)p->done);
    fflush(p->out);
    p->shown = true;
    p->told_ns = now_ns;
}

void progress_step(struct progress *p, bool failed)
{
    int64_t now_ns;

    if (!p || !p->out)
        return;
    p->done++;
    p->failed += failed;
    now_ns = clock_now_ns(p->clock);
    if (now_ns - p->told_ns >= NS_PER_S)
        show(p, now_ns);
}

void progress_wipe(struct progress *p)
{
    if (!p->shown)
        return;
    fprintf(p->out, "\r\033[K");
    fflush(p->out);
    p->shown = false;
}
