/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/prover_process.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/shell/job_table.h"
#include "client/shell/resources.h"
#include "client/shell/worker_child.h"
#include "client/shell/worker_wire.h"

#define MOST_STARTS 2
#define GRACE_MS    1000 /* for the last steps of a process that is ending anyway */

enum worker_state { WORKER_DOWN, WORKER_STARTING, WORKER_UP };

struct prover_process {
    struct prover base; /* first, so that a cast back is valid */
    struct prover_process_options options;
    int epoll_fd;
    int timer_fd; /* the next moment at which patience ends */

    enum worker_state state;
    struct worker_child child;
    struct worker_stream stream;
    uint64_t oom_kills; /* before it was started */
    int64_t heard_ns;   /* something from it, or it was given something to answer */
    unsigned failed_starts;
    enum status start_status; /* of the last failed one */
    struct why start_why;
    unsigned careful; /* jobs that still run one at a time */
    struct buffer frame;

    struct job_table jobs;
};

static struct prover_process *process_of(struct prover *p)
{
    return (struct prover_process *)p;
}

static int64_t now_ns(void)
{
    return clock_now_ns(clock_system());
}

/* ---- the worker's life ---- */

static void watch(struct prover_process *p, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    int error = epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &event);

    assert(!error);
}

/* Never more than a few thousand bytes: a worker that does not take them does not work. */
static void send_message(struct prover_process *p, const struct worker_message *m)
{
    ssize_t n;

    buffer_reset(&p->frame);
    worker_wire_put(&p->frame, m);
    assert(buffer_ok(&p->frame));
    n = send(p->child.fd, p->frame.data, p->frame.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n != (ssize_t)p->frame.size)
        (void)shutdown(p->child.fd, SHUT_RDWR); /* which we shall read as its end */
}

static struct worker_message hello_of(const struct prover_process *p)
{
    return (struct worker_message){.type = WORKER_HELLO,
                                   .hello = {.version = WORKER_WIRE_VERSION,
                                             .cores = p->options.cores,
                                             .slots = p->base.slots,
                                             .idle_ms = p->options.idle_ms,
                                             .limits = p->options.limits,
                                             .kernel = p->options.kernel,
                                             .guests = p->options.guests,
                                             .root = p->options.root}};
}

/* Memory for any message, so that none can fail: a hello is the longest, or else a job is. */
static enum status reserve_frame(struct prover_process *p, struct why *why)
{
    static const uint8_t job[sizeof(struct job_entry)];
    struct worker_message hello = hello_of(p);

    worker_wire_put(&p->frame, &hello);
    buffer_put(&p->frame, job, sizeof job);
    return buffer_ok(&p->frame) ? ST_OK : fail(why, ST_NO_MEMORY, "prover: out of memory");
}

static enum status start_worker(struct prover_process *p, struct why *why)
{
    struct worker_message hello = hello_of(p);
    enum status st;

    p->oom_kills = resources_oom_kills(p->options.root);
    st = worker_child_start(&p->child, p->options.file, p->options.command, why);
    if (st)
        return st;
    worker_stream_init(&p->stream);
    watch(p, p->child.fd);
    watch(p, p->child.stderr_fd);
    p->state = WORKER_STARTING;
    p->heard_ns = now_ns();
    send_message(p, &hello);
    return ST_OK;
}

static void send_jobs(struct prover_process *p)
{
    struct job_entry *j;

    while (p->state == WORKER_UP && (j = job_table_next_queued(&p->jobs))) {
        struct worker_message m = {
            .type = WORKER_JOB, .id = j->id, .job = {.alone = j->alone, .program = j->program}};

        memcpy(m.job.input, j->input, sizeof m.job.input);
        j->state = JOB_SENT;
        p->heard_ns = now_ns();
        send_message(p, &m);
    }
}

static void start_failed(struct prover_process *p, enum status st, const char *text)
{
    p->failed_starts++;
    p->start_status = st;
    snprintf(p->start_why.text, sizeof p->start_why.text, "%s", text);
}

/* Starts the worker when there is work and none. After two that did not come up, the jobs have
 * failed, and later ones have another chance. */
static void keep_working(struct prover_process *p)
{
    struct job_entry *j;

    while (p->state == WORKER_DOWN && job_table_next_queued(&p->jobs) &&
           p->failed_starts < MOST_STARTS) {
        struct why why;
        enum status st = start_worker(p, &why);

        if (st)
            start_failed(p, st, why.text);
    }
    if (p->state == WORKER_DOWN) {
        while ((j = job_table_next_queued(&p->jobs)))
            job_table_end(&p->jobs, j, p->start_status, p->start_why.text);
        p->failed_starts = 0;
    }
    send_jobs(p);
}

/* ---- its death ---- */

static enum status judge_death(struct prover_process *p, const struct worker_death *death,
                               const char *reason, struct buffer *words)
{
    bool counted = resources_oom_kills(p->options.root) > p->oom_kills;

    if (reason) {
        buffer_put_format(words, "the prover worker %s; it %s", reason, death->text);
        return ST_IO;
    }
    if (!death->killed) {
        buffer_put_format(words, "the prover worker %s", death->text);
        return ST_IO;
    }
    p->careful = PROVER_PROCESS_CAREFUL_JOBS;
    buffer_put_format(words, "the prover worker was killed, %sout of memory",
                      counted ? "" : "probably ");
    return ST_NO_MEMORY;
}

static void blame(struct prover_process *p, struct job_entry *j, enum status st, const char *words)
{
    char text[WORKER_CHILD_TAIL + 400];
    int n = snprintf(text, sizeof text, "%s", words);

    if (st == ST_NO_MEMORY && j->need_bytes && j->free_bytes)
        snprintf(text + n, sizeof text - (size_t)n, " (needed about %llu MiB, %llu available)",
                 (unsigned long long)j->need_bytes >> 20, (unsigned long long)j->free_bytes >> 20);
    job_table_try_again(&p->jobs, j, st, text);
}

/* Those that the worker was busy with are to blame; when it was not busy, all that it had. */
static void share_blame(struct prover_process *p, enum status st, const char *words)
{
    bool suspects = false;

    for (struct job_entry *j = p->jobs.entries; j < p->jobs.entries + p->jobs.slots; j++)
        suspects |= job_suspect(j);
    for (struct job_entry *j = p->jobs.entries; j < p->jobs.entries + p->jobs.slots; j++) {
        if (!job_with_worker(j))
            continue;
        if (job_suspect(j) || !suspects)
            blame(p, j, st, words);
        else if (j->cancelled_ns)
            job_table_end_cancelled(&p->jobs, j);
        else
            j->state = JOB_QUEUED;
    }
}

/* reason: why it is of no use any more; NULL: it has ended. */
static void lose_worker(struct prover_process *p, const char *reason, int patience_ms)
{
    struct worker_death death;
    struct buffer words;
    const char *text;
    enum status st;

    worker_child_end(&p->child, patience_ms, &death);
    worker_stream_fini(&p->stream);
    buffer_init(&words, 0);
    st = judge_death(p, &death, reason, &words);
    buffer_put_u8(&words, 0);
    text = buffer_ok(&words) ? (char *)words.data : "the prover worker died";
    if (p->state == WORKER_STARTING)
        start_failed(p, st, text);
    else
        share_blame(p, st, text);
    p->state = WORKER_DOWN;
    buffer_fini(&words);
}

/* ---- its messages ---- */

/* It knows what it is asked for and will not do it: another one would not either. */
static void refused(struct prover_process *p, const struct worker_message *m)
{
    struct worker_death death;

    start_failed(p, m->failed.status, m->failed.text);
    p->failed_starts = MOST_STARTS;
    worker_child_end(&p->child, GRACE_MS, &death);
    worker_stream_fini(&p->stream);
    p->state = WORKER_DOWN;
}

static void proved(struct prover_process *p, struct job_entry *j, const struct worker_message *m)
{
    buffer_put(&j->proof, m->proved.proof.data, m->proved.proof.size);
    j->facts.steps = m->proved.steps;
    j->facts.log_rows = m->proved.log_rows;
    j->facts.time_ns = (int64_t)m->proved.time_ns;
    if (buffer_ok(&j->proof))
        job_table_end(&p->jobs, j, ST_OK, NULL);
    else
        job_table_end(&p->jobs, j, ST_NO_MEMORY, "out of memory for the finished proof");
}

/* false: a message that has no place here. */
static bool about_job(struct prover_process *p, const struct worker_message *m)
{
    struct job_entry *j = job_table_find(&p->jobs, m->id);

    if (!j || !job_with_worker(j))
        return false;
    switch (m->type) {
    case WORKER_MEASURING:
        j->state = JOB_MEASURING;
        return true;
    case WORKER_MEASURED:
        j->state = JOB_MEASURED;
        j->need_bytes = m->need_bytes;
        return true;
    case WORKER_STARTED:
        j->state = JOB_STARTED;
        j->free_bytes = m->free_bytes;
        return true;
    case WORKER_PROVED:
        proved(p, j, m);
        return true;
    case WORKER_FAILED:
        if (m->failed.status == ST_NO_MEMORY)
            job_table_try_again(&p->jobs, j, ST_NO_MEMORY, m->failed.text);
        else
            job_table_end(&p->jobs, j, m->failed.status, m->failed.text);
        return true;
    default:
        return false;
    }
}

static bool hear(struct prover_process *p, const struct worker_message *m)
{
    if (p->state == WORKER_UP)
        return about_job(p, m);
    if (m->type == WORKER_READY) {
        p->state = WORKER_UP;
        p->failed_starts = 0;
        return true;
    }
    return false;
}

static void read_worker(struct prover_process *p)
{
    struct worker_message m;
    bool open, got = true;
    struct why why;
    enum status st = worker_stream_read(&p->stream, p->child.fd, &open, &why);

    p->heard_ns = now_ns();
    while (!st && got) {
        st = worker_stream_next(&p->stream, &m, &got, &why);
        if (!st && got && p->state == WORKER_STARTING && m.type == WORKER_REFUSED) {
            refused(p, &m);
            return;
        }
        if (!st && got && !hear(p, &m))
            st = fail(&why, ST_INPUT, "message %d out of turn", (int)m.type);
    }
    if (st) {
        char reason[sizeof why.text + 40];

        snprintf(reason, sizeof reason, "spoke nonsense (%s)", why.text);
        lose_worker(p, reason, 0);
    } else if (!open) {
        lose_worker(p, NULL, GRACE_MS);
    }
}

/* ---- patience ---- */

/* When the oldest cancelled job should have ended; INT64_MAX: none waits. */
static int64_t cancel_due_ns(struct prover_process *p)
{
    int64_t due = INT64_MAX;

    for (struct job_entry *j = p->jobs.entries; j < p->jobs.entries + p->jobs.slots; j++)
        if (job_open(j) && j->cancelled_ns) {
            int64_t mine = j->cancelled_ns + (int64_t)p->options.cancel_ms * NS_PER_MS;

            due = mine < due ? mine : due;
        }
    return due;
}

static bool others_at_work(struct prover_process *p)
{
    for (struct job_entry *j = p->jobs.entries; j < p->jobs.entries + p->jobs.slots; j++)
        if (job_suspect(j) && !j->cancelled_ns)
            return true;
    return false;
}

/* A worker says at once that it begins to measure, and that takes a second at most. */
static bool answer_due(struct prover_process *p)
{
    bool due = p->state == WORKER_STARTING;

    for (struct job_entry *j = p->jobs.entries; j < p->jobs.entries + p->jobs.slots; j++)
        due |= j->state == JOB_SENT || j->state == JOB_MEASURING;
    return due;
}

static int64_t answer_due_ns(struct prover_process *p)
{
    return answer_due(p) ? p->heard_ns + (int64_t)p->options.answer_ms * NS_PER_MS : INT64_MAX;
}

static int64_t due_ns(struct prover_process *p)
{
    int64_t answer = answer_due_ns(p), cancel = others_at_work(p) ? INT64_MAX : cancel_due_ns(p);

    if (p->state == WORKER_DOWN)
        return INT64_MAX;
    return answer < cancel ? answer : cancel;
}

static void lose_patience(struct prover_process *p)
{
    if (now_ns() < due_ns(p))
        return;
    lose_worker(p, now_ns() >= answer_due_ns(p) ? "did not answer" : "did not stop when asked to",
                0);
}

static void set_timer(struct prover_process *p)
{
    int64_t due = due_ns(p);
    struct itimerspec at = {0}; /* never */
    int error;

    if (due != INT64_MAX)
        at.it_value = (struct timespec){.tv_sec = due / NS_PER_S, .tv_nsec = due % NS_PER_S};
    error = timerfd_settime(p->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
    assert(!error);
}

/* ---- the owner's calls ---- */

static void look(struct prover_process *p)
{
    struct pollfd fds[] = {{.fd = p->child.fd, .events = POLLIN},
                           {.fd = p->child.stderr_fd, .events = POLLIN}};
    uint64_t count;

    (void)!read(p->timer_fd, &count, sizeof count); /* not readable any more */
    if (p->state != WORKER_DOWN && poll(fds, 2, 0) > 0) {
        if (fds[1].revents)
            worker_child_listen(&p->child);
        if (fds[0].revents)
            read_worker(p);
    }
    lose_patience(p);
    keep_working(p);
    set_timer(p);
}

static void process_begin(struct prover *base, const struct prover_job *job)
{
    struct prover_process *p = process_of(base);
    struct job_entry *j = job_table_begin(&p->jobs, job);

    if (p->careful) {
        p->careful--;
        j->alone = true;
    }
    keep_working(p);
    set_timer(p);
}

static void process_cancel(struct prover *base, uint64_t id)
{
    struct prover_process *p = process_of(base);
    struct job_entry *j = job_table_find(&p->jobs, id);

    if (!j || !job_open(j) || j->cancelled_ns)
        return;
    j->cancelled_ns = now_ns();
    if (j->state == JOB_QUEUED)
        job_table_end_cancelled(&p->jobs, j);
    else
        send_message(p, &(struct worker_message){.type = WORKER_CANCEL, .id = id});
    set_timer(p);
}

static int process_fd(const struct prover *base)
{
    return ((const struct prover_process *)base)->epoll_fd;
}

static bool process_take(struct prover *base, struct prover_outcome *out)
{
    struct prover_process *p = process_of(base);

    look(p);
    return job_table_take(&p->jobs, out);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void process_free(struct prover *base)
{
    struct prover_process *p = process_of(base);
    struct worker_death death;

    if (p->state != WORKER_DOWN) {
        worker_child_end(&p->child, job_table_busy(&p->jobs) ? 0 : GRACE_MS, &death);
        worker_stream_fini(&p->stream);
    }
    job_table_fini(&p->jobs);
    buffer_fini(&p->frame);
    close_fd(p->epoll_fd);
    close_fd(p->timer_fd);
    free((char *)p->options.kernel);
    free((char *)p->options.guests);
    free((char *)p->options.root);
    free((char *)p->options.file);
    free((char *)p->options.command);
    free(p);
}

int prover_process_pid(const struct prover *base)
{
    return ((const struct prover_process *)base)->child.pid;
}

/* ---- birth ---- */

/* false: out of memory. */
static bool copy_options(struct prover_process_options *copy,
                         const struct prover_process_options *o)
{
    *copy = *o;
    copy->kernel = strdup(o->kernel ? o->kernel : "auto");
    copy->guests = strdup(o->guests);
    copy->root = strdup(o->root ? o->root : "");
    copy->file = o->file ? strdup(o->file) : NULL;
    copy->command = strdup(o->command ? o->command : PROVER_PROCESS_COMMAND);
    copy->answer_ms = o->answer_ms ? o->answer_ms : 30000;
    copy->cancel_ms = o->cancel_ms ? o->cancel_ms : 2000;
    copy->idle_ms = o->idle_ms ? o->idle_ms : 150000;
    return copy->kernel && copy->guests && copy->root && copy->command && (copy->file || !o->file);
}

/* The first worker must come up, or the client does not. One that was killed on its way has a
 * second chance: a machine short of memory is no reason not to start. */
static enum status wait_for_worker(struct prover_process *p, struct why *why)
{
    struct pollfd fd = {.fd = p->epoll_fd, .events = POLLIN};

    for (unsigned starts = 0; starts < MOST_STARTS && p->state == WORKER_DOWN; starts++) {
        enum status st = start_worker(p, why);

        if (st)
            return st;
        while (p->state == WORKER_STARTING) {
            set_timer(p);
            (void)poll(&fd, 1, -1);
            look(p);
        }
        if (p->start_status != ST_NO_MEMORY) /* it was not killed */
            break;
    }
    return p->state == WORKER_UP ? ST_OK : fail(why, p->start_status, "%s", p->start_why.text);
}

static enum status open_fds(struct prover_process *p, struct why *why)
{
    p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    p->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (p->epoll_fd < 0 || p->timer_fd < 0)
        return fail(why, ST_IO, "prover: %s", strerror(errno));
    watch(p, p->jobs.done_fd);
    watch(p, p->timer_fd);
    return ST_OK;
}

/* As many again as can be under way, so that the worker knows what comes next. */
static unsigned slots_for(unsigned cores)
{
    return cores < JOB_TABLE_MAX / 2 ? 2 * cores : JOB_TABLE_MAX;
}

enum status prover_process_new(struct prover **out, const struct prover_process_options *o,
                               struct why *why)
{
    static const struct prover_ops ops = {.begin = process_begin,
                                          .cancel = process_cancel,
                                          .fd = process_fd,
                                          .take = process_take,
                                          .free = process_free};
    struct prover_process *p = calloc(1, sizeof *p);
    enum status st;

    assert(o->cores >= 1);
    if (!p)
        return fail(why, ST_NO_MEMORY, "prover: out of memory");
    p->base.ops = &ops;
    p->base.slots = slots_for(o->cores);
    p->epoll_fd = p->timer_fd = p->jobs.done_fd = -1;
    signal(SIGCHLD, SIG_DFL);
    st = copy_options(&p->options, o) ? job_table_init(&p->jobs, p->base.slots, why)
                                      : fail(why, ST_NO_MEMORY, "prover: out of memory");
    if (!st)
        st = open_fds(p, why);
    if (!st)
        st = reserve_frame(p, why);
    if (!st)
        st = wait_for_worker(p, why);
    if (st) {
        process_free(&p->base);
        return st;
    }
    *out = &p->base;
    return ST_OK;
}
