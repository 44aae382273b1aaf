/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/outside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "client/cli/words.h"
#include "client/shell/hardware.h"
#include "client/shell/prover_process.h"

/* ---- questions ---- */

static json_t *report(struct outside *o)
{
    const struct outside_options *about = &o->about;

    runtime_snapshot(about->runtime, &o->snapshot, clock_now_ns(about->clock));
    return status_report_running(&(struct status_facts){
        .snapshot = &o->snapshot,
        .meter = &o->meter,
        .now_wall_ns = clock_wall_ns(about->clock),
        .started_wall_ns = o->started_wall_ns,
        .server = about->server,
        .pid = getpid(),
        .threads = about->threads,
        .slots = about->prover->slots,
        .worker_pid = prover_process_pid(about->prover),
        .worker_bytes = hardware_resident_bytes_of(prover_process_pid(about->prover)),
        .resident_bytes = hardware_resident_bytes(),
        .peak_bytes = hardware_peak_bytes(),
    });
}

static void answer(void *context, struct buffer *out, const char *question)
{
    json_t *said = strcmp(question, "status") == 0
                       ? report(context)
                       : json_pack("{s:s}", "error", "the only question is: status");
    char *text = json_dumps(said, JSON_COMPACT);

    if (text) {
        buffer_put_text(out, text);
        buffer_put_u8(out, '\n');
    }
    free(text);
    json_decref(said);
}

static void serve(void *context)
{
    control_serve(context);
}

/* ---- hangups ---- */

static void reopen(void *context)
{
    const struct outside *o = context;
    struct signalfd_siginfo info;
    struct why why;

    if (read(o->about.hangup_fd, &info, sizeof info) > 0 && log_file_reopen(o->about.log, &why))
        words_warn("the log file: %s; going on with the one that is open", why.text);
}

/* ---- the service manager ---- */

static void tick(void *context)
{
    notify_alive(context);
}

void outside_told(struct outside *o, const struct line *line)
{
    notify_status(&o->notify, line->text);
}

void outside_stopping(struct outside *o)
{
    notify_stopping(&o->notify);
}

/* ---- life ---- */

void outside_watch(struct outside *o, int fd, void (*ready)(void *context), void *context)
{
    o->watches[o->watch_count++] = (struct shell_watch){fd, ready, context};
}

void outside_init(struct outside *o, const struct outside_options *options)
{
    struct why why;

    *o = (struct outside){.about = *options, .started_wall_ns = clock_wall_ns(options->clock)};
    if (control_new(&o->control, options->control_path, answer, o, &why))
        words_warn("nxp status will not find this run: %s", why.text);
    else
        outside_watch(o, control_fd(o->control), serve, o->control);
    if (options->log)
        outside_watch(o, options->hangup_fd, reopen, o);
    notify_init(&o->notify);
    if (o->notify.watchdog_fd > 0)
        outside_watch(o, o->notify.watchdog_fd, tick, &o->notify);
    notify_ready(&o->notify);
}

void outside_fini(struct outside *o)
{
    control_free(o->control);
    notify_fini(&o->notify);
    *o = (struct outside){0};
}

void outside_proved(struct outside *o, const struct prover_facts *facts)
{
    o->meter.proofs++;
    o->meter.steps += facts->steps;
    o->meter.busy_ns += facts->time_ns;
    o->meter.last_ns = facts->time_ns;
}
