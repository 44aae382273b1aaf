/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-sim run --exhaustive K */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "sim/command.h"
#include "sim/exhaustive.h"
#include "sim/report.h"

static void tell_failure(const char *name, const char *extra, const struct scenario *s,
                         const struct exhaustive_failure *f)
{
    struct report report = {.extra = ""};
    struct report_scenario entry = {.failure_count = 0};
    struct buffer choices;

    buffer_init(&choices, 0);
    buffer_put_text(&choices, extra);
    if (f->count == 0)
        buffer_put_text(&choices, " --choose none");
    for (unsigned i = 0; i < f->count; i++)
        buffer_put_format(&choices, " --choose '%s:%" PRIu64 "'", f->choices[i].lane,
                          f->choices[i].number);
    buffer_put_u8(&choices, 0);
    report.extra = buffer_ok(&choices) ? (const char *)choices.data : "";
    snprintf(entry.name, sizeof entry.name, "%s", s->name);
    snprintf(entry.given, sizeof entry.given, "%s", name);
    report_failure(&report, &entry, &f->run);
    buffer_fini(&choices);
}

static void tell(const char *name, const char *extra, const struct scenario *s, unsigned most,
                 const struct exhaustive_result *r, double seconds)
{
    for (size_t i = 0; i < r->failure_count; i++)
        tell_failure(name, extra, s, &r->failures[i]);
    if (r->failed > r->failure_count)
        printf("     and %" PRIu64 " more that fail\n", r->failed - r->failure_count);
    printf("%s %s: %" PRIu64 " of %" PRIu64 " placements of up to %u fault%s hold; %" PRIu64
           " places for the first, %" PRIu64 " events, %.2f s\n",
           r->failed ? "FAIL" : "PASS", s->name, r->runs - r->failed, r->runs, most,
           most == 1 ? "" : "s", r->places, r->events, seconds);
}

enum status command_exhaustive(const char *name, const char *extra, struct run_options *run,
                               unsigned most, bool *held, struct why *why)
{
    int64_t started_ns = clock_now_ns(clock_system());
    struct prover_sim *prover = NULL;
    struct exhaustive_result result;
    struct progress progress;
    struct scenario *s = NULL;
    enum status st = command_take(&s, &prover, name, why);

    if (st)
        goto out;
    if (!run->seed)
        run->seed = s->has_seed ? s->seed : 1;
    progress_begin(&progress, progress_terminal(), clock_system(), s->name, 0);
    st = exhaustive_run(&result, s, prover, run, most, &progress, why);
    progress_wipe(&progress);
    if (st)
        goto out;
    tell(name, extra, s, most, &result,
         (double)(clock_now_ns(clock_system()) - started_ns) / (double)NS_PER_S);
    *held = !result.failed;
out:
    scenario_free(s);
    prover_sim_free(prover);
    return st;
}
