/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_c/tier_c.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/memory.h"
#include "sim/outline.h"
#include "sim/shelf.h"
#include "sim/tier_c/tier_c_inside.h"
#include "sim/tier_c/timescale.h"

#define TICK_NS (10 * NS_PER_MS)
#define CLOCK_LOOKS 8
#define TELL_NS (5 * NS_PER_S) /* between two lines of progress, when nothing happens */

int64_t tier_c_now_ns(const struct tier_c_run *r)
{
    return clock_now_ns(clock_system()) - r->zero_ns;
}

void tier_c_path(char out[TIER_C_PATH], const struct tier_c_run *r, const char *format, ...)
{
    size_t used = (size_t)snprintf(out, TIER_C_PATH, "%s/", r->folder);
    va_list list;

    va_start(list, format);
    vsnprintf(out + used, TIER_C_PATH - used, format, list);
    va_end(list);
}

void tier_c_find(struct tier_c_run *r, int number, int64_t at_ns, const char *format, ...)
{
    struct tier_c_finding *f = &r->findings[r->finding_count];
    va_list list;

    if (r->finding_count == TIER_C_FINDINGS)
        return;
    for (size_t i = 0; i < r->finding_count && number != RUN_EXPECT; i++)
        if (r->findings[i].number == number)
            return;
    f->number = number;
    f->at_ns = at_ns > 0 ? at_ns : 0;
    va_start(list, format);
    vsnprintf(f->text, sizeof f->text, format, list);
    va_end(list);
    r->finding_count++;
}

void tier_c_tell(const struct tier_c_run *r, const char *format, ...)
{
    va_list list;

    if (!r->o->progress)
        return;
    fprintf(r->o->progress, "%8.1f s  ", (double)tier_c_now_ns(r) / (double)NS_PER_S);
    va_start(list, format);
    vfprintf(r->o->progress, format, list);
    va_end(list);
    fprintf(r->o->progress, "\n");
}

/* ---- the folder ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static enum status make_folder(struct tier_c_run *r, struct why *why)
{
    const char *above = getenv("TMPDIR");

    if (r->o->keep) {
        snprintf(r->folder, sizeof r->folder, "%s", r->o->keep);
        return mkdir(r->folder, 0700) ? fail(why, ST_IO, "%s: %s", r->folder, strerror(errno))
                                      : ST_OK;
    }
    snprintf(r->folder, sizeof r->folder, "%s/nxp-sim-XXXXXX", above && *above ? above : "/tmp");
    if (mkdtemp(r->folder))
        return ST_OK;
    fail(why, ST_IO, "%s: %s", r->folder, strerror(errno));
    r->folder[0] = 0;
    return ST_IO;
}

static void remove_folder(const struct tier_c_run *r)
{
    if (r->folder[0] && !r->o->keep)
        nftw(r->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- programs ---- */

/* Beside this one, as they are built and installed. */
static enum status find_program(char out[TIER_C_PATH], const char *given, const char *name,
                                const char *option, struct why *why)
{
    char self[TIER_C_PATH];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    self[size > 0 ? size : 0] = 0;
    slash = strrchr(self, '/');
    if (given)
        snprintf(out, TIER_C_PATH, "%s", given);
    else
        snprintf(out, TIER_C_PATH, "%.*s/%s", slash ? (int)(slash - self) : 0, self, name);
    return access(out, X_OK) ? fail(why, ST_NOT_FOUND, "%s: %s; %s names another", out,
                                    strerror(errno), option)
                             : ST_OK;
}

/* ---- the scenario ---- */

static enum status take_scenario(struct tier_c_run *r, struct why *why)
{
    struct buffer text;
    enum status st;

    buffer_init(&text, 0);
    st = shelf_text(&text, r->o->name, why);
    if (!st)
        st = outline_read(&r->tree, buffer_bytes(&text), why);
    if (!st) /* what is forgotten could not be judged */
        json_object_del(json_object_get(r->tree, "orchestrator"), "closed_tasks_kept");
    if (!st)
        st = timescale_divide(r->tree, r->o->time_scale, why);
    if (!st) {
        buffer_reset(&text);
        outline_write(&text, r->tree);
        st = scenario_parse(&r->s, buffer_bytes(&text), why);
    }
    if (!st)
        st = run_check(r->s, why);
    if (!st)
        st = tier_c_check(r->s, r->o, why);
    buffer_fini(&text);
    return st;
}

/* ---- the loop ---- */

static void tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context; /* it only ends the wait */
}

static void interrupted(evutil_socket_t fd, short what, void *context)
{
    struct tier_c_run *r = context;

    (void)fd;
    (void)what;
    r->cancelled = true;
}

void tier_c_turn(struct tier_c_run *r)
{
    event_base_loop(r->loop, EVLOOP_ONCE);
}

static enum status open_loop(struct tier_c_run *r, struct why *why)
{
    const struct timeval every = {.tv_usec = TICK_NS / 1000};

    r->loop = event_base_new();
    if (!r->loop)
        return fail(why, ST_NO_MEMORY, "event loop: out of memory");
    r->tick = event_new(r->loop, -1, EV_PERSIST, tick, r);
    r->interrupt = evsignal_new(r->loop, SIGINT, interrupted, r);
    r->terminate = evsignal_new(r->loop, SIGTERM, interrupted, r);
    if (!r->tick || !r->interrupt || !r->terminate || event_add(r->tick, &every) ||
        event_add(r->interrupt, NULL) || event_add(r->terminate, NULL))
        return fail(why, ST_NO_MEMORY, "event loop: out of memory");
    return ST_OK;
}

static void close_loop(struct tier_c_run *r)
{
    if (r->tick)
        event_free(r->tick);
    if (r->interrupt)
        event_free(r->interrupt);
    if (r->terminate)
        event_free(r->terminate);
    if (r->loop)
        event_base_free(r->loop);
}

/* Its clock, which counts from its first start, and ours: as the quickest of some answers has it,
 * for on a busy machine any one of them may be late. */
static enum status compare_clocks(struct tier_c_run *r, struct why *why)
{
    int64_t quickest_ns = INT64_MAX;
    struct buffer answer;
    enum status st = ST_OK;

    buffer_init(&answer, 0);
    for (int i = 0; i < CLOCK_LOOKS && !st; i++) {
        int64_t asked_ns = tier_c_now_ns(r), took_ns;
        json_t *clock;

        st = tier_c_mock_ask(r, &answer, "GET", "/admin/clock", NULL, why);
        took_ns = tier_c_now_ns(r) - asked_ns;
        if (st || took_ns >= quickest_ns)
            continue;
        quickest_ns = took_ns;
        clock = json_loadb((const char *)answer.data, answer.size, 0, NULL);
        r->mock.ahead_ns =
            (int64_t)(json_number_value(json_object_get(clock, "now_s")) * (double)NS_PER_S) -
            (asked_ns + took_ns / 2);
        json_decref(clock);
    }
    buffer_fini(&answer);
    return st;
}

static void progress(struct tier_c_run *r)
{
    int64_t now_ns = tier_c_now_ns(r);
    uint64_t submissions = 0;

    if (!r->o->progress || now_ns - r->told_ns < TELL_NS)
        return;
    r->told_ns = now_ns;
    for (size_t i = 0; i < r->journal.record_count; i++)
        submissions += r->journal.records[i].credited;
    tier_c_tell(r, "%zu requests, %" PRIu64 " credits", r->journal.record_count, submissions);
}

static enum status open_run(struct tier_c_run *r, struct why *why)
{
    enum status st = take_scenario(r, why);

    if (!st)
        st = find_program(r->mockorch, r->o->mockorch, "nxp-mockorch", "--mockorch", why);
    if (!st && !r->o->command)
        st = find_program(r->nxp, r->o->nxp, "nxp", "--nxp", why);
    if (!st)
        st = make_folder(r, why);
    if (!st)
        st = open_loop(r, why);
    if (st)
        return st;
    if (r->o->progress)
        fprintf(r->o->progress, "%s, seed %#" PRIx64 "\n", r->o->name, r->o->seed);
    r->prng = prng_of(r->o->seed);
    r->event_due_ns = memory_new((r->s->event_count + 1) * sizeof *r->event_due_ns);
    for (size_t i = 0; i < r->s->event_count; i++)
        r->event_due_ns[i] = r->s->events[i].at_ns;
    tier_c_clients_name(r);
    st = tier_c_mock_start(r, why);
    r->zero_ns = clock_now_ns(clock_system());
    if (!st)
        st = compare_clocks(r, why);
    return st ? st : tier_c_clients_new(r, why);
}

static enum status go(struct tier_c_run *r, struct why *why)
{
    while (!r->over && !r->cancelled && !r->st) {
        tier_c_events_look(r);
        tier_c_mock_look(r);
        tier_c_clients_look(r);
        tier_c_phase_look(r);
        progress(r);
        tier_c_turn(r);
    }
    if (r->cancelled)
        return fail(why, ST_CANCELLED, "interrupted");
    return r->st;
}

/* The clients are told to end while the orchestrator can still hear what they have to say. */
static enum status judge(struct tier_c_run *r, struct why *why)
{
    enum status st = ST_OK;

    if (r->o->command && !r->journal.record_count && tier_c_mock_await(r)) {
        tier_c_journal_look(r);
        if (!r->journal.record_count)
            return tier_c_clients_silent(r, why);
    }
    tier_c_clients_end(r);
    if (tier_c_mock_await(r))
        st = tier_c_journal_books(r, why);
    if (!st)
        st = tier_c_verdict(r, why);
    tier_c_mock_end(r);
    return st;
}

static void tell(const struct tier_c_run *r, struct run_result *out, live_tell *told, void *context)
{
    *out = (struct run_result){
        .seed = r->o->seed,
        .events = r->journal.record_count,
        .ended_ns = tier_c_now_ns(r),
    };
    memcpy(out->metrics, r->metrics, sizeof out->metrics);
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct tier_c_finding *f = &r->findings[i];
        struct run_result broken = *out;

        broken.broken = f->number;
        broken.broken_ns = f->at_ns;
        broken.broken_events = r->journal.record_count;
        memcpy(broken.text, f->text, sizeof broken.text);
        if (told)
            told(context, &broken);
    }
    if (r->finding_count)
        out->broken = r->findings[0].number;
}

static enum status run(struct run_result *out, const struct live_options *o, live_tell *told,
                       void *context, struct why *why)
{
    struct tier_c_run *r = memory_new(sizeof *r);
    void (*broken_pipe)(int) = signal(SIGPIPE, SIG_IGN); /* of the relays, whose ends may be gone */
    enum status st;

    *r = (struct tier_c_run){.o = o, .why = why, .mock.start_ns = TIER_C_NEVER};
    subprocess_adopt_orphans();
    st = open_run(r, why);
    if (!st)
        st = go(r, why);
    if (!st)
        st = judge(r, why);
    if (!st)
        tell(r, out, told, context);
    tier_c_clients_free(r);
    subprocess_kill(&r->mock.process);
    subprocess_end_all();
    journal_read_fini(&r->journal);
    close_loop(r);
    remove_folder(r);
    scenario_free(r->s);
    json_decref(r->tree);
    free(r->event_due_ns);
    free(r->kill_list);
    free(r);
    signal(SIGPIPE, broken_pipe);
    return st;
}

const struct live_kind tier_c = {.run = run};
