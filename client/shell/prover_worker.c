/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/prover_worker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/shell/guest_store.h"
#include "client/shell/hardware.h"
#include "client/shell/lane_set.h"
#include "client/shell/program_cache.h"
#include "client/shell/resources.h"
#include "client/shell/worker_wire.h"

#define MAX_SLOTS  1024
#define MAX_STARTS 64
#define MIB(bytes) ((unsigned long long)((bytes) >> 20))

struct job {
    uint64_t id;
    bool alone, measured, running;
    uint32_t input[3];
    const struct nxp_program *program;
    char name[WORKER_WIRE_NAME_SIZE];
    uint64_t need_bytes;
};

struct worker {
    int fd;
    int event_fd;
    struct worker_stream stream;
    struct buffer out;
    struct worker_hello hello; /* texts copied */
    bool greeted, closed;

    struct program_cache programs;
    struct lane_set lanes; /* hello.cores */
    struct job *jobs;      /* hello.slots, in the order of their coming */
    size_t job_count;
};

/* ---- speaking ---- */

/* Room for any message but a proof, so that none can fail. */
static enum status reserve_out(struct worker *w, struct why *why)
{
    static const uint8_t longest[64 + sizeof why->text];

    buffer_put(&w->out, longest, sizeof longest);
    return buffer_ok(&w->out) ? ST_OK : fail(why, ST_NO_MEMORY, "out of memory");
}

/* The client may be slow to read, but a worker has nothing better to do. One that is gone is found
 * out by the next read. */
static void send_out(struct worker *w)
{
    size_t sent = 0;

    while (sent < w->out.size) {
        ssize_t n = send(w->fd, w->out.data + sent, w->out.size - sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return;
        sent += n > 0 ? (size_t)n : 0;
    }
}

static void say(struct worker *w, const struct worker_message *m)
{
    buffer_reset(&w->out);
    worker_wire_put(&w->out, m);
    assert(buffer_ok(&w->out));
    send_out(w);
}

static void drop_job(struct worker *w, struct job *j)
{
    size_t index = (size_t)(j - w->jobs);

    memmove(j, j + 1, (--w->job_count - index) * sizeof *j);
}

/* Says it and forgets the job. */
static void fail_job(struct worker *w, struct job *j, enum status st, const char *text)
{
    say(w, &(struct worker_message){
               .type = WORKER_FAILED, .id = j->id, .failed = {.status = st, .text = text}});
    drop_job(w, j);
}

static struct job *find_job(struct worker *w, uint64_t id)
{
    for (size_t i = 0; i < w->job_count; i++)
        if (w->jobs[i].id == id)
            return &w->jobs[i];
    return NULL;
}

/* ---- measuring ---- */

/* Memory for all proofs together, those that run and what is kept for the next ones included. What
 * is ours is read first: what a proof touches in between is then counted nowhere, not twice. */
static struct resources look(const struct worker *w)
{
    uint64_t ours = hardware_resident_bytes();
    struct resources r = resources_read(w->hello.root, hardware_cpus());

    if (r.memory_bytes != UINT64_MAX)
        r.memory_bytes = lane_plan_share_bytes(r.memory_bytes + ours);
    return r;
}

static enum status estimate(struct nxp_result *out, const struct worker *w, const struct job *j,
                            uint64_t max_steps, struct why *why)
{
    struct nxp_prover_options o = {.limits = w->hello.limits};
    struct nxp_prover *prover = NULL;
    struct buffer encoded;
    enum status st;

    buffer_init(&encoded, 0);
    nxp_encode_u32s(&encoded, j->input, guest_store_input_words(j->name));
    o.limits.max_steps = max_steps;
    st = buffer_ok(&encoded) ? nxp_prover_new(&prover, &o, why)
                             : fail(why, ST_NO_MEMORY, "out of memory for the input");
    if (!st)
        st = nxp_estimate(prover, out, j->program,
                          &(struct nxp_input){.public_input = buffer_bytes(&encoded)}, why);
    nxp_prover_free(prover);
    buffer_fini(&encoded);
    return st;
}

/* A run is followed only as far as its proof can fit: its records take memory, too. */
static enum status measure(struct worker *w, struct job *j, struct why *why)
{
    const uint64_t default_steps = (uint64_t)1 << 24;
    struct resources r = look(w);
    uint64_t allowed = w->hello.limits.max_steps ? w->hello.limits.max_steps : default_steps;
    uint64_t most = lane_plan_most_steps(r.memory_bytes);
    struct nxp_result result;
    enum status st = program_cache_find(&w->programs, &j->program, w->hello.guests, j->name, why);

    if (st)
        return st;
    st = estimate(&result, w, j, allowed < most ? allowed : most, why);
    if (st == ST_LIMIT && most < allowed)
        return fail(why, ST_LIMIT,
                    "the proof of more than %llu steps needs more memory than the %llu MiB that %s "
                    "has free",
                    (unsigned long long)most, MIB(r.memory_bytes), r.memory_limit);
    if (st)
        return st;
    j->need_bytes = lane_plan_need_bytes(result.planned_bytes);
    nxp_result_fini(&result);
    return ST_OK;
}

static void measure_next(struct worker *w, struct job *j)
{
    struct why why;
    enum status st;

    say(w, &(struct worker_message){.type = WORKER_MEASURING, .id = j->id});
    st = measure(w, j, &why);
    if (st) {
        fail_job(w, j, st, why.text);
        return;
    }
    j->measured = true;
    say(w, &(struct worker_message){
               .type = WORKER_MEASURED, .id = j->id, .need_bytes = j->need_bytes});
}

/* ---- proving ---- */

static struct lane_plan_input running(const struct worker *w, const struct resources *r)
{
    unsigned cores = r->cores < w->hello.cores ? r->cores : w->hello.cores;
    struct lane_plan_input in = {.cores = cores, .memory_bytes = r->memory_bytes};

    lane_set_count(&w->lanes, &in);
    for (size_t i = 0; i < w->job_count; i++)
        in.running_alone |= w->jobs[i].running && w->jobs[i].alone;
    return in;
}

static void start_job(struct worker *w, struct job *j, unsigned threads, const struct resources *r)
{
    struct prover_lane_work work = {.program = j->program,
                                    .input_words = guest_store_input_words(j->name),
                                    .want_no_output = guest_store_sha256(j->name) != NULL,
                                    .threads = threads};
    struct why why;
    enum status st;

    memcpy(work.input, j->input, sizeof work.input);
    j->running = true;
    say(w, &(struct worker_message){
               .type = WORKER_STARTED, .id = j->id, .free_bytes = r->memory_bytes});
    st = lane_set_start(&w->lanes, j->id, j->need_bytes, r->memory_bytes, &work, &why);
    if (st)
        fail_job(w, j, st, why.text);
}

static void refuse_too_large(struct worker *w, const struct lane_plan_input *in,
                             const struct resources *r)
{
    for (size_t i = 0; i < w->job_count;) {
        struct job *j = &w->jobs[i];
        char text[200];

        if (j->running || !j->measured || lane_plan_fits(in, j->need_bytes)) {
            i++;
            continue;
        }
        snprintf(
            text, sizeof text,
            "the proof needs about %llu MiB of memory, more than the %llu MiB that %s has free",
            MIB(j->need_bytes), MIB(in->memory_bytes), r->memory_limit);
        fail_job(w, j, ST_LIMIT, text);
    }
}

/* Measured jobs in their order: at most MAX_STARTS, as many as one round can start. */
static size_t list_waiting(const struct worker *w, struct lane_plan_wish wishes[static MAX_STARTS],
                           uint64_t ids[static MAX_STARTS])
{
    size_t count = 0;

    for (size_t i = 0; i < w->job_count && count < MAX_STARTS; i++) {
        const struct job *j = &w->jobs[i];

        if (!j->running && j->measured) {
            wishes[count] = (struct lane_plan_wish){j->need_bytes, j->alone};
            ids[count++] = j->id;
        }
    }
    return count;
}

static void start_jobs(struct worker *w)
{
    struct lane_plan_wish wishes[MAX_STARTS];
    uint64_t ids[MAX_STARTS];
    unsigned threads[MAX_STARTS];
    struct lane_plan_input in;
    struct resources r;
    size_t starts;

    if (list_waiting(w, wishes, ids) == 0)
        return; /* nothing to look for */
    r = look(w);
    in = running(w, &r);
    refuse_too_large(w, &in, &r);
    starts = lane_plan(threads, &in, wishes, list_waiting(w, wishes, ids));
    for (size_t i = 0; i < starts; i++)
        start_job(w, find_job(w, ids[i]), threads[i], &r);
}

static void finish(struct worker *w, struct job *j, const struct prover_lane_result *result)
{
    if (result->status) {
        fail_job(w, j, result->status, result->text);
        return;
    }
    buffer_reset(&w->out);
    worker_wire_put(&w->out, &(struct worker_message){
                                 .type = WORKER_PROVED,
                                 .id = j->id,
                                 .proved = {.steps = result->result->steps,
                                            .time_ns = (uint64_t)result->time_ns,
                                            .log_rows = result->result->log_sizes[0],
                                            .proof = bytes_of(result->result->proof,
                                                              result->result->proof_size)}});
    if (!buffer_ok(&w->out)) {
        fail_job(w, j, ST_NO_MEMORY, "out of memory for the finished proof");
        return;
    }
    send_out(w);
    drop_job(w, j);
}

static void take_results(struct worker *w)
{
    struct prover_lane_result result;
    uint64_t count, id;

    (void)!read(w->event_fd, &count, sizeof count); /* not readable any more */
    while (lane_set_take(&w->lanes, &id, &result))
        finish(w, find_job(w, id), &result);
}

/* ---- listening ---- */

static enum status greet(struct worker *w, const struct worker_hello *h, struct why *why)
{
    struct nxp_prover *probe;
    enum status st;

    if (h->version != WORKER_WIRE_VERSION)
        return fail(why, ST_INPUT, "the worker speaks version %u of its protocol, the client %u",
                    WORKER_WIRE_VERSION, h->version);
    if (h->cores < 1 || h->slots < 1 || h->cores > MAX_SLOTS || h->slots > MAX_SLOTS)
        return fail(why, ST_INPUT, "%u cores and %u slots", h->cores, h->slots);
    st = nxp_prover_new(&probe, &(struct nxp_prover_options){.kernel = h->kernel}, why);
    if (st)
        return st;
    nxp_prover_free(probe);
    w->hello = *h;
    w->hello.kernel = strdup(h->kernel);
    w->hello.guests = strdup(h->guests);
    w->hello.root = strdup(h->root);
    w->jobs = calloc(h->slots, sizeof *w->jobs);
    if (!w->hello.kernel || !w->hello.guests || !w->hello.root || !w->jobs)
        return fail(why, ST_NO_MEMORY, "out of memory");
    st = lane_set_init(&w->lanes, h->cores,
                       &(struct prover_lane_options){
                           .kernel = w->hello.kernel, .limits = h->limits, .event_fd = w->event_fd},
                       why);
    w->greeted = !st;
    return st;
}

static void answer_hello(struct worker *w, const struct worker_hello *h)
{
    struct why why;
    enum status st = greet(w, h, &why);

    say(w, st ? &(struct worker_message){.type = WORKER_REFUSED,
                                         .failed = {.status = st, .text = why.text}}
              : &(struct worker_message){.type = WORKER_READY});
}

static enum status add_job(struct worker *w, const struct worker_message *m, struct why *why)
{
    struct job *j;

    if (w->job_count == w->hello.slots || find_job(w, m->id))
        return fail(why, ST_INPUT, "job %llu is one too many", (unsigned long long)m->id);
    j = &w->jobs[w->job_count++];
    *j = (struct job){.id = m->id, .alone = m->job.alone};
    memcpy(j->input, m->job.input, sizeof j->input);
    strcpy(j->name, m->job.program);
    return ST_OK;
}

static void cancel_job(struct worker *w, uint64_t id)
{
    struct job *j = find_job(w, id);

    if (!j)
        return; /* it was done already */
    if (!j->running) {
        fail_job(w, j, ST_CANCELLED, "the proof was stopped on request");
        return;
    }
    lane_set_cancel(&w->lanes, id);
}

static enum status obey(struct worker *w, const struct worker_message *m, struct why *why)
{
    if ((m->type == WORKER_HELLO) == w->greeted)
        return fail(why, ST_INPUT, "message %d out of turn", (int)m->type);
    switch (m->type) {
    case WORKER_HELLO:
        answer_hello(w, &m->hello);
        return ST_OK;
    case WORKER_JOB:
        return add_job(w, m, why);
    case WORKER_CANCEL:
        cancel_job(w, m->id);
        return ST_OK;
    default:
        return fail(why, ST_INPUT, "message %d is the worker's own", (int)m->type);
    }
}

static enum status listen_to(struct worker *w, struct why *why)
{
    struct pollfd fd = {.fd = w->fd, .events = POLLIN};
    enum status st = ST_OK;

    while (!st && !w->closed && poll(&fd, 1, 0) == 1) {
        struct worker_message m;
        bool open, got = true;

        st = worker_stream_read(&w->stream, w->fd, &open, why);
        w->closed = !open;
        while (!st && got) {
            st = worker_stream_next(&w->stream, &m, &got, why);
            if (!st && got)
                st = obey(w, &m, why);
        }
    }
    return st;
}

/* ---- the process ---- */

static struct job *next_unmeasured(struct worker *w)
{
    for (size_t i = 0; i < w->job_count; i++)
        if (!w->jobs[i].measured)
            return &w->jobs[i];
    return NULL;
}

/* New messages are looked for between two measurements, so that a job that comes with others is
 * planned with them, and a cancelled one is not measured. */
static enum status step(struct worker *w, struct why *why)
{
    struct pollfd fds[] = {{.fd = w->fd, .events = POLLIN}, {.fd = w->event_fd, .events = POLLIN}};
    bool idle = !lane_set_busy(&w->lanes) && lane_set_keeps(&w->lanes);
    enum status st;
    struct job *j;

    if (poll(fds, 2, idle ? (int)w->hello.idle_ms : -1) == 0)
        lane_set_release(&w->lanes);
    st = listen_to(w, why);
    while (!st && !w->closed && (j = next_unmeasured(w))) {
        measure_next(w, j);
        st = listen_to(w, why);
    }
    if (!st && !w->closed && w->greeted) {
        take_results(w);
        start_jobs(w);
    }
    return st;
}

static void worker_fini(struct worker *w)
{
    lane_set_fini(&w->lanes);
    program_cache_fini(&w->programs);
    free((char *)w->hello.kernel);
    free((char *)w->hello.guests);
    free((char *)w->hello.root);
    free(w->jobs);
    buffer_fini(&w->out);
    worker_stream_fini(&w->stream);
    close(w->event_fd);
}

/* No core files (a proof's memory is large, and nobody asked), an end with the client's end, and
 * the first choice of a kernel that must kill: the client keeps what is finished. All of it is a
 * wish. */
static void settle(void)
{
    const struct rlimit none = {0};
    FILE *f;

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a client that died before this has closed its end */
    f = fopen("/proc/self/oom_score_adj", "we");
    if (f) {
        fputs("500", f);
        fclose(f);
    }
}

enum status prover_worker_run(int fd, struct why *why)
{
    struct worker w = {.fd = fd, .event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    enum status st = ST_OK;

    if (w.event_fd < 0)
        return fail(why, ST_IO, "prover worker: %s", strerror(errno));
    settle();
    worker_stream_init(&w.stream);
    buffer_init(&w.out, 0);
    st = reserve_out(&w, why);
    while (!st && !w.closed)
        st = step(&w, why);
    if (lane_set_busy(&w.lanes))
        _exit(1); /* nobody waits for these proofs any more */
    worker_fini(&w);
    return st;
}
