/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/prover_worker.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
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
#include "client/shell/lane_plan.h"
#include "client/shell/prover_lane.h"
#include "client/shell/resources.h"
#include "client/shell/worker_wire.h"

#define MAX_SLOTS  1024
#define MIB(bytes) ((unsigned long long)((bytes) >> 20))

struct program { /* loaded once; as many as there are guests installed */
    struct program *next;
    char name[WORKER_WIRE_NAME_SIZE];
    struct nxp_program *loaded;
};

struct lane {
    struct prover_lane *thread; /* NULL: not made yet */
    bool busy;
    uint64_t job;
    uint64_t held_bytes; /* largest need since it gave its memory back */
    uint64_t need_bytes; /* of what runs */
    unsigned threads;
};

struct job {
    uint64_t id;
    bool alone, measured, running;
    uint32_t input[3];
    const struct program *program;
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

    struct program *programs;
    struct lane *lanes; /* hello.cores */
    struct job *jobs;   /* hello.slots, in the order of their coming */
    size_t job_count;
};

/* ---- speaking ---- */

/* The client may be slow to read, but a worker has nothing better to do. One that is gone is found
 * out by the next read. */
static void say(struct worker *w, const struct worker_message *m)
{
    size_t sent = 0;

    buffer_reset(&w->out);
    worker_wire_put(&w->out, m);
    assert(buffer_ok(&w->out)); /* the process ends, and the client starts another */
    while (sent < w->out.size) {
        ssize_t n = send(w->fd, w->out.data + sent, w->out.size - sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return;
        sent += n > 0 ? (size_t)n : 0;
    }
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

static enum status find_program(struct worker *w, const struct program **out, const char *name,
                                struct why *why)
{
    struct program *p = w->programs;
    struct buffer elf;
    enum status st;

    while (p && strcmp(p->name, name) != 0)
        p = p->next;
    if (p) {
        *out = p;
        return ST_OK;
    }
    p = calloc(1, sizeof *p);
    if (!p)
        return fail(why, ST_NO_MEMORY, "out of memory for the program");
    buffer_init(&elf, 0);
    strcpy(p->name, name);
    st = guest_store_find(&elf, w->hello.guests, name, why);
    if (!st)
        st = nxp_program_new(&p->loaded, buffer_bytes(&elf), why);
    buffer_fini(&elf);
    if (st) {
        free(p);
        return st;
    }
    p->next = w->programs;
    w->programs = p;
    *out = p;
    return ST_OK;
}

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
    nxp_encode_u32s(&encoded, j->input, 3);
    o.limits.max_steps = max_steps;
    st = buffer_ok(&encoded) ? nxp_prover_new(&prover, &o, why)
                             : fail(why, ST_NO_MEMORY, "out of memory for the input");
    if (!st)
        st = nxp_estimate(prover, out, j->program->loaded,
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
    enum status st = find_program(w, &j->program, j->name, why);

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

/* ---- lanes ---- */

static void release_idle(struct worker *w)
{
    for (unsigned i = 0; i < w->hello.cores; i++) {
        struct lane *l = &w->lanes[i];

        if (!l->busy && l->held_bytes) {
            prover_lane_release(l->thread);
            l->held_bytes = 0;
        }
    }
    malloc_trim(0);
}

static struct lane_plan_input running(const struct worker *w, const struct resources *r)
{
    unsigned cores = r->cores < w->hello.cores ? r->cores : w->hello.cores;
    struct lane_plan_input in = {.cores = cores, .memory_bytes = r->memory_bytes};

    for (unsigned i = 0; i < w->hello.cores; i++) {
        const struct lane *l = &w->lanes[i];

        if (l->busy) {
            in.running.inputs++;
            in.running.threads += l->threads;
            in.running.bytes += l->need_bytes;
        }
    }
    for (size_t i = 0; i < w->job_count; i++)
        in.running_alone |= w->jobs[i].running && w->jobs[i].alone;
    return in;
}

/* The idle lane that has kept the most. */
static struct lane *idle_lane(struct worker *w)
{
    struct lane *best = NULL;

    for (unsigned i = 0; i < w->hello.cores; i++) {
        struct lane *l = &w->lanes[i];

        if (!l->busy && (!best || l->held_bytes > best->held_bytes))
            best = l;
    }
    assert(best); /* each uses a core at least */
    return best;
}

static uint64_t held_bytes(const struct worker *w)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < w->hello.cores; i++) {
        const struct lane *l = &w->lanes[i];

        sum += l->busy && l->need_bytes > l->held_bytes ? l->need_bytes : l->held_bytes;
    }
    return sum;
}

static enum status start_job(struct worker *w, struct job *j, unsigned threads,
                             const struct resources *r, struct why *why)
{
    struct lane *l = idle_lane(w);
    struct prover_lane_work work = {.program = j->program->loaded,
                                    .want_no_output = guest_store_sha256(j->name) != NULL,
                                    .threads = threads};
    uint64_t grows = j->need_bytes > l->held_bytes ? j->need_bytes - l->held_bytes : 0;

    /* What is kept for later proofs makes room for this one. */
    if (held_bytes(w) + grows > r->memory_bytes)
        release_idle(w);
    if (!l->thread) {
        enum status st = prover_lane_new(&l->thread,
                                         &(struct prover_lane_options){.kernel = w->hello.kernel,
                                                                       .limits = w->hello.limits,
                                                                       .event_fd = w->event_fd},
                                         why);
        if (st)
            return st;
    }
    memcpy(work.input, j->input, sizeof work.input);
    l->busy = j->running = true;
    l->job = j->id;
    l->threads = threads;
    l->need_bytes = j->need_bytes;
    if (j->need_bytes > l->held_bytes)
        l->held_bytes = j->need_bytes;
    say(w, &(struct worker_message){
               .type = WORKER_STARTED, .id = j->id, .free_bytes = r->memory_bytes});
    prover_lane_begin(l->thread, &work);
    return ST_OK;
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

static void start_jobs(struct worker *w)
{
    struct resources r = look(w);
    struct lane_plan_input in = running(w, &r);
    struct lane_plan_wish wishes[64];
    uint64_t ids[64];
    unsigned threads[64];
    size_t count = 0, starts;

    if (in.running.threads >= in.cores)
        return;
    refuse_too_large(w, &in, &r);
    for (size_t i = 0; i < w->job_count && count < 64; i++)
        if (!w->jobs[i].running && w->jobs[i].measured) {
            wishes[count] = (struct lane_plan_wish){w->jobs[i].need_bytes, w->jobs[i].alone};
            ids[count++] = w->jobs[i].id;
        }
    starts = lane_plan(threads, &in, wishes, count);
    for (size_t i = 0; i < starts; i++) {
        struct job *j = find_job(w, ids[i]);
        struct why why;
        enum status st = start_job(w, j, threads[i], &r, &why);

        if (st)
            fail_job(w, j, st, why.text);
    }
}

static void finish(struct worker *w, struct lane *l, const struct prover_lane_result *result)
{
    struct job *j = find_job(w, l->job);

    l->busy = false;
    if (result->status) {
        fail_job(w, j, result->status, result->text);
        return;
    }
    say(w, &(struct worker_message){
               .type = WORKER_PROVED,
               .id = j->id,
               .proved = {.steps = result->result->steps,
                          .time_ns = (uint64_t)result->time_ns,
                          .log_rows = result->result->log_sizes[0],
                          .proof = bytes_of(result->result->proof, result->result->proof_size)}});
    drop_job(w, j);
}

static void take_results(struct worker *w)
{
    uint64_t count;

    (void)!read(w->event_fd, &count, sizeof count); /* not readable any more */
    for (unsigned i = 0; i < w->hello.cores; i++) {
        struct prover_lane_result result;

        if (w->lanes[i].busy && prover_lane_take(w->lanes[i].thread, &result))
            finish(w, &w->lanes[i], &result);
    }
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
    w->lanes = calloc(h->cores, sizeof *w->lanes);
    w->jobs = calloc(h->slots, sizeof *w->jobs);
    if (!w->hello.kernel || !w->hello.guests || !w->hello.root || !w->lanes || !w->jobs)
        return fail(why, ST_NO_MEMORY, "out of memory");
    w->greeted = true;
    return ST_OK;
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
    for (unsigned i = 0; i < w->hello.cores; i++)
        if (w->lanes[i].busy && w->lanes[i].job == id)
            prover_lane_cancel(w->lanes[i].thread);
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

static bool busy(const struct worker *w)
{
    for (unsigned i = 0; w->greeted && i < w->hello.cores; i++)
        if (w->lanes[i].busy)
            return true;
    return false;
}

static bool holds_memory(const struct worker *w)
{
    return w->greeted && held_bytes(w) > 0;
}

/* New messages are looked for between two measurements, so that a job that comes with others is
 * planned with them, and a cancelled one is not measured. */
static enum status step(struct worker *w, struct why *why)
{
    struct pollfd fds[] = {{.fd = w->fd, .events = POLLIN}, {.fd = w->event_fd, .events = POLLIN}};
    bool idle = !busy(w) && holds_memory(w);
    enum status st;
    struct job *j;

    if (poll(fds, 2, idle ? (int)w->hello.idle_ms : -1) == 0)
        release_idle(w);
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
    for (unsigned i = 0; w->lanes && i < w->hello.cores; i++)
        if (w->lanes[i].thread)
            prover_lane_free(w->lanes[i].thread);
    while (w->programs) {
        struct program *next = w->programs->next;

        nxp_program_free(w->programs->loaded);
        free(w->programs);
        w->programs = next;
    }
    free((char *)w->hello.kernel);
    free((char *)w->hello.guests);
    free((char *)w->hello.root);
    free(w->lanes);
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
    while (!st && !w.closed)
        st = step(&w, why);
    if (busy(&w))
        _exit(1); /* nobody waits for these proofs any more */
    worker_fini(&w);
    return st;
}
