/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/campaign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sim/memory.h"

#define NS_PER_H (3600.0 * (double)NS_PER_S)

static void add(struct campaign_sum *sum, const struct run_result *r)
{
    sum->runs++;
    sum->failed += r->broken != 0;
    sum->marks |= r->marks;
    sum->buggify |= r->buggify;
    sum->buggified |= r->buggified;
    sum->events += r->events;
    sum->virtual_h += (double)r->ended_ns / NS_PER_H;
    sum->hash = (sum->hash ^ r->hash) * 0x100000001b3u;
    for (int m = 0; m < RUN_METRICS; m++)
        sum->metrics[m] += r->metrics[m];
    for (int i = 0; i < RUN_MAX_RULES; i++)
        sum->struck[i] += r->struck[i];
}

static void find_silent_rule(struct campaign_sum *sum, const struct scenario *s)
{
    sum->silent_rule = -1;
    for (size_t i = 0; i < s->rule_count && sum->runs >= CAMPAIGN_MARKS; i++)
        if (!sum->struck[i] && sum->silent_rule < 0)
            sum->silent_rule = (int)i;
}

/* ---- workers ---- */

struct worker {
    pid_t pid; /* 0: none */
    int fd;
};

struct answer { /* of a worker, for each of its seeds */
    enum status status;
    struct why why;
    struct run_result result;
};

static void answer_of(struct answer *out, const struct scenario *s, struct prover_sim *prover,
                      const struct campaign_options *o, uint64_t seed)
{
    struct run_options run = o->run;

    memset(out, 0, sizeof *out);
    run.seed = seed;
    out->status = run_once(&out->result, s, prover, &run, &out->why);
}

static bool write_all(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size) {
        ssize_t n = write(fd, at, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool read_all(int fd, void *data, size_t size)
{
    char *at = data;

    while (size) {
        ssize_t n = read(fd, at, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static void work(int fd, unsigned number, const struct scenario *s, struct prover_sim *prover,
                 const struct campaign_options *o)
{
    struct answer answer;

    for (uint64_t i = number; i < o->seeds; i += o->jobs) {
        answer_of(&answer, s, prover, o, o->first_seed + i);
        if (!write_all(fd, &answer, sizeof answer))
            break;
    }
    fflush(NULL);
    _exit(0);
}

static enum status start(struct worker *w, unsigned number, const struct scenario *s,
                         struct prover_sim *prover, const struct campaign_options *o,
                         struct why *why)
{
    int fds[2];

    fflush(NULL); /* or the child would print it once more */
    if (pipe(fds))
        return fail(why, ST_IO, "pipe: %s", strerror(errno));
    w->pid = fork();
    if (w->pid < 0) {
        enum status st = fail(why, ST_IO, "fork: %s", strerror(errno));

        w->pid = 0;
        close(fds[0]);
        close(fds[1]);
        return st;
    }
    if (w->pid == 0) {
        close(fds[0]);
        work(fds[1], number, s, prover, o);
    }
    close(fds[1]);
    w->fd = fds[0];
    return ST_OK;
}

static void stop(struct worker *w)
{
    if (!w->pid)
        return;
    close(w->fd); /* a worker with more to tell ends at SIGPIPE */
    waitpid(w->pid, NULL, 0);
}

static enum status collect(struct campaign_sum *sum, struct worker *workers,
                           const struct campaign_options *o, campaign_tell *tell, void *context,
                           struct why *why)
{
    struct answer answer;

    for (uint64_t i = 0; i < o->seeds; i++) {
        if (!read_all(workers[i % o->jobs].fd, &answer, sizeof answer))
            return fail(why, ST_IO, "the process that runs seed %llu has died",
                        (unsigned long long)(o->first_seed + i));
        if (answer.status) {
            *why = answer.why;
            return answer.status;
        }
        add(sum, &answer.result);
        tell(context, &answer.result);
    }
    return ST_OK;
}

static enum status run_in_workers(struct campaign_sum *sum, const struct scenario *s,
                                  struct prover_sim *prover, const struct campaign_options *o,
                                  campaign_tell *tell, void *context, struct why *why)
{
    struct worker *workers = memory_new(o->jobs * sizeof *workers);
    enum status st = ST_OK;

    for (unsigned i = 0; i < o->jobs && !st; i++)
        st = start(&workers[i], i, s, prover, o, why);
    if (!st)
        st = collect(sum, workers, o, tell, context, why);
    for (unsigned i = 0; i < o->jobs; i++)
        stop(&workers[i]);
    free(workers);
    return st;
}

static enum status run_here(struct campaign_sum *sum, const struct scenario *s,
                            struct prover_sim *prover, const struct campaign_options *o,
                            campaign_tell *tell, void *context, struct why *why)
{
    struct answer answer;

    for (uint64_t i = 0; i < o->seeds; i++) {
        answer_of(&answer, s, prover, o, o->first_seed + i);
        if (answer.status) {
            *why = answer.why;
            return answer.status;
        }
        add(sum, &answer.result);
        tell(context, &answer.result);
    }
    return ST_OK;
}

enum status campaign_run(struct campaign_sum *out, const struct scenario *s,
                         struct prover_sim *prover, const struct campaign_options *o,
                         campaign_tell *tell, void *context, struct why *why)
{
    struct campaign_sum sum = {0};
    enum status st;

    prover_sim_stand_in(prover, s->model_proofs);
    st = prover_sim_ahead(prover, &s->orchestrator, why);

    if (!st)
        st = (o->jobs > 1 ? run_in_workers : run_here)(&sum, s, prover, o, tell, context, why);
    if (st)
        return st;
    find_silent_rule(&sum, s);
    *out = sum;
    return ST_OK;
}
