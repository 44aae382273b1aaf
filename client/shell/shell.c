/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/shell.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void handle(struct shell *s, struct event *ev)
{
    ev->wall_ns = clock_wall_ns(s->clock);
    runtime_handle(s->runtime, ev, clock_now_ns(s->clock));
}

/* ---- actions ---- */

static void save(struct shell *s, const struct action *act)
{
    struct why why;
    struct event ev = {.type = EV_SAVED, .id = act->id};

    if (outbox_put(s->outbox, act->record, &why)) {
        ev.type = EV_UNSAVED;
        ev.unsaved = why.text;
    }
    handle(s, &ev);
}

static void hold(struct shell *s, const struct action *act)
{
    int64_t wall_ns = clock_wall_ns(s->clock);
    int64_t left_ns = act->hold.until_ns - clock_now_ns(s->clock);
    struct line line = {.type = LINE_ERROR, .level = LINE_WARN, .event = "unsaved"};
    struct why why;

    if (!s->hold(s->context, act->hold.route, wall_ns + left_ns, &why))
        return;
    snprintf(line.text, sizeof line.text,
             "The outbox cannot be written: %s; a restart would not know how long to wait",
             why.text);
    s->tell(s->context, &line, wall_ns);
}

static void keep(struct shell *s, const struct action *act)
{
    struct line line = {.type = LINE_ERROR, .level = LINE_WARN, .event = "unsaved"};
    struct why why;

    if (!s->keep || !s->keep(s->context, act->learnt, &why))
        return;
    snprintf(line.text, sizeof line.text,
             "The outbox cannot be written: %s; a restart would not know how fast this machine is",
             why.text);
    s->tell(s->context, &line, clock_wall_ns(s->clock));
}

static void request(struct shell *s, const struct action *act)
{
    bool once = strcmp(act->request.path, "/v3/tasks/submit") == 0;
    struct why why;

    if (transport_curl_send(s->transport, act->id, &act->request, once, &why))
        handle(s, &(struct event){
                      .type = EV_TRANSPORT, .id = act->id, .transport = {.text = why.text}});
}

static void prove(struct shell *s, const struct action *act)
{
    struct prover_job job = {
        .id = act->id, .task_id = act->prove.task_id, .program_id = act->prove.program_id};

    memcpy(job.input, act->prove.input, sizeof job.input);
    s->prover->ops->begin(s->prover, &job);
}

/* true: the run is over. */
static bool perform(struct shell *s, const struct action *act)
{
    switch (act->type) {
    case ACT_LINE:
        s->tell(s->context, &act->line, clock_wall_ns(s->clock));
        break;
    case ACT_HOLD:
        hold(s, act);
        break;
    case ACT_LEARNT:
        keep(s, act);
        break;
    case ACT_SAVE:
        save(s, act);
        break;
    case ACT_REQUEST:
        request(s, act);
        break;
    case ACT_PROVE:
        prove(s, act);
        break;
    case ACT_CANCEL:
        s->prover->ops->cancel(s->prover, act->id);
        break;
    case ACT_EXIT:
        return true;
    }
    return false;
}

/* ---- events ---- */

static bool take_reply(struct shell *s)
{
    struct transport_reply reply;
    struct event ev;

    if (!transport_curl_take(s->transport, &reply))
        return false;
    ev = (struct event){.id = reply.id};
    if (reply.answered) {
        ev.type = EV_RESPONSE;
        ev.response = &reply.response;
    } else {
        ev.type = EV_TRANSPORT;
        ev.transport.maybe_delivered = reply.maybe_delivered;
        ev.transport.text = reply.text;
    }
    handle(s, &ev);
    return true;
}

static bool take_proof(struct shell *s)
{
    struct prover_outcome outcome;
    struct event ev;

    if (!s->prover->ops->take(s->prover, &outcome))
        return false;
    ev = (struct event){.id = outcome.id};
    if (outcome.status) {
        ev.type = EV_UNPROVED;
        ev.unproved.status = outcome.status;
        ev.unproved.text = outcome.text;
    } else {
        s->proved(s->context, &outcome, clock_wall_ns(s->clock));
        ev.type = EV_PROVED;
        ev.proved.proof = outcome.proof;
        ev.proved.telemetry = s->measure(s->context);
    }
    handle(s, &ev);
    return true;
}

static int timeout_ms(int64_t wait_ns)
{
    int64_t ms = (wait_ns + NS_PER_MS - 1) / NS_PER_MS; /* up, or the core is asked too early */

    return wait_ns <= 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

static void wait_for_events(struct shell *s)
{
    struct pollfd fds[2 + SHELL_MAX_WATCHES] = {{.fd = s->stop_fd},
                                                {.fd = s->prover->ops->fd(s->prover)}};
    int64_t now_ns = clock_now_ns(s->clock), deadline_ns = runtime_deadline_ns(s->runtime);
    char signal[sizeof(struct signalfd_siginfo)];
    bool happened = false;

    for (size_t i = 0; i < s->watch_count; i++)
        fds[2 + i].fd = s->watches[i].fd;
    transport_curl_wait(s->transport, fds, 2 + (unsigned)s->watch_count,
                        deadline_ns == INT64_MAX ? 60000 : timeout_ms(deadline_ns - now_ns));
    if (fds[0].revents && read(s->stop_fd, signal, sizeof signal) > 0) {
        if (s->stopping)
            s->stopping(s->context);
        handle(s, &(struct event){.type = EV_SHUTDOWN});
        happened = true;
    }
    for (size_t i = 0; i < s->watch_count; i++)
        if (fds[2 + i].revents)
            s->watches[i].ready(s->watches[i].context);
    while (take_proof(s))
        happened = true;
    happened |= take_reply(s);
    if (!happened)
        handle(s, &(struct event){.type = EV_TICK});
}

enum core_end shell_run(struct shell *s)
{
    struct action act;

    assert(s->watch_count <= SHELL_MAX_WATCHES);
    handle(s, &(struct event){.type = EV_START});
    for (;;) {
        while (runtime_poll(s->runtime, &act, clock_now_ns(s->clock)))
            if (perform(s, &act))
                return act.end;
        wait_for_events(s);
    }
}
