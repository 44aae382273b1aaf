/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/prover_thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/shell/guest_store.h"

enum phase { IDLE, QUEUED, WORKING, DONE, QUIT };

struct prover_thread {
    struct prover base; /* first, so that a cast back is valid */
    pthread_t thread;
    int event_fd;
    char *guests;
    struct nxp_limits limits;
    struct nxp_prover *prover;
    atomic_bool cancelled;

    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t change;
    enum phase phase;
    struct prover_job job;
    char program_id[128];
    char task_id[72]; /* longer ids are cut */
    int64_t time_ns;

    /* Of the thread while WORKING, of the owner when DONE. */
    enum status status;
    struct why why;
    struct nxp_result result;

    /* Of the thread: the program used last. */
    struct nxp_program *program;
    char program_name[128];
};

static struct prover_thread *thread_of(struct prover *p)
{
    return (struct prover_thread *)p;
}

/* ---- the thread ---- */

enum status prover_thread_prove(struct nxp_prover *prover, struct nxp_result *out,
                                const struct nxp_program *program,
                                const uint32_t input[static 3], bool want_no_output,
                                const struct nxp_limits *limits, struct why *why)
{
    struct nxp_result result = {0};
    struct buffer encoded;
    struct nxp_statement statement;
    enum status st;

    buffer_init(&encoded, 0);
    nxp_encode_u32s(&encoded, input, 3);
    if (!buffer_ok(&encoded)) {
        st = fail(why, ST_NO_MEMORY, "out of memory for the input");
        goto out;
    }
    st = nxp_prove(prover, &result, program,
                   &(struct nxp_input){.public_input = buffer_bytes(&encoded)}, why);
    if (st)
        goto out;
    if (result.exit_code != 0) {
        st = fail(why, ST_GUEST, "the guest ended with exit code %u", result.exit_code);
        goto out;
    }
    if (want_no_output && result.output_size != 0) {
        st = fail(why, ST_GUEST, "the guest wrote %zu bytes where the network expects none",
                  result.output_size);
        goto out;
    }
    statement = (struct nxp_statement){
        .public_input = buffer_bytes(&encoded),
        .output = bytes_of(result.output, result.output_size),
    };
    st = nxp_verify(program, &statement, bytes_of(result.proof, result.proof_size), limits, why);
    if (st) {
        st = fail_within(why, st, "our own proof did not verify");
        goto out;
    }
    *out = result;
    result = (struct nxp_result){0};
out:
    nxp_result_fini(&result);
    buffer_fini(&encoded);
    return st;
}

static enum status load_program(struct prover_thread *t, struct why *why)
{
    struct nxp_program *program = NULL;
    struct buffer elf;
    enum status st;

    if (t->program && strcmp(t->program_name, t->program_id) == 0)
        return ST_OK;
    buffer_init(&elf, 0);
    st = guest_store_find(&elf, t->guests, t->program_id, why);
    if (!st)
        st = nxp_program_new(&program, buffer_bytes(&elf), why);
    buffer_fini(&elf);
    if (st)
        return st;
    nxp_program_free(t->program);
    t->program = program;
    memcpy(t->program_name, t->program_id, sizeof t->program_name);
    return ST_OK;
}

static enum status work(struct prover_thread *t, struct why *why)
{
    enum status st = load_program(t, why);

    if (st)
        return st;
    return prover_thread_prove(t->prover, &t->result, t->program, t->job.input,
                               guest_store_sha256(t->program_id) != NULL, &t->limits, why);
}

static void *run(void *context)
{
    struct prover_thread *t = context;
    const uint64_t one = 1;
    int64_t start_ns;

    pthread_mutex_lock(&t->lock);
    for (;;) {
        while (t->phase != QUEUED && t->phase != QUIT)
            pthread_cond_wait(&t->change, &t->lock);
        if (t->phase == QUIT)
            break;
        t->phase = WORKING;
        pthread_mutex_unlock(&t->lock);
        start_ns = clock_now_ns(clock_system());
        t->status = work(t, &t->why);
        t->time_ns = clock_now_ns(clock_system()) - start_ns;
        pthread_mutex_lock(&t->lock);
        if (t->phase == WORKING) {
            ssize_t written;

            t->phase = DONE;
            written = write(t->event_fd, &one, sizeof one);
            assert(written == sizeof one);
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static bool stop_wanted(void *context, enum nxp_stage stage)
{
    struct prover_thread *t = context;

    (void)stage;
    return atomic_load(&t->cancelled);
}

/* ---- the owner ---- */

static void thread_begin(struct prover *p, const struct prover_job *job)
{
    struct prover_thread *t = thread_of(p);

    pthread_mutex_lock(&t->lock);
    assert(t->phase == IDLE);
    nxp_result_fini(&t->result);
    t->result = (struct nxp_result){0};
    t->job = *job;
    /* Names in the guest store have at most 64 characters; a longer one will not be found. */
    strncpy(t->program_id, job->program_id, sizeof t->program_id - 1);
    strncpy(t->task_id, job->task_id, sizeof t->task_id - 1);
    atomic_store(&t->cancelled, false);
    t->phase = QUEUED;
    pthread_cond_signal(&t->change);
    pthread_mutex_unlock(&t->lock);
}

static void thread_cancel(struct prover *p, uint64_t id)
{
    struct prover_thread *t = thread_of(p);

    if (t->job.id == id)
        atomic_store(&t->cancelled, true);
}

static int thread_fd(const struct prover *p)
{
    return ((const struct prover_thread *)p)->event_fd;
}

static bool thread_take(struct prover *p, struct prover_outcome *out)
{
    struct prover_thread *t = thread_of(p);
    uint64_t count;
    bool done;

    pthread_mutex_lock(&t->lock);
    done = t->phase == DONE;
    if (done)
        t->phase = IDLE;
    pthread_mutex_unlock(&t->lock);
    if (!done)
        return false;
    (void)!read(t->event_fd, &count, sizeof count); /* not readable any more */
    *out = (struct prover_outcome){
        .id = t->job.id,
        .status = t->status,
        .proof = bytes_of(t->result.proof, t->status ? 0 : t->result.proof_size),
        .text = t->why.text,
        .facts = {.task_id = t->task_id,
                  .steps = t->result.steps,
                  .log_rows = t->result.log_sizes[0],
                  .time_ns = t->time_ns},
    };
    memcpy(out->facts.input, t->job.input, sizeof out->facts.input);
    return true;
}

static void release(struct prover_thread *t)
{
    nxp_result_fini(&t->result);
    nxp_program_free(t->program);
    nxp_prover_free(t->prover);
    if (t->event_fd >= 0)
        close(t->event_fd);
    free(t->guests);
    free(t);
}

static void thread_free(struct prover *p)
{
    struct prover_thread *t = thread_of(p);
    struct timespec until;

    atomic_store(&t->cancelled, true);
    pthread_mutex_lock(&t->lock);
    t->phase = QUIT;
    pthread_cond_signal(&t->change);
    pthread_mutex_unlock(&t->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PROVER_THREAD_GRACE_S;
    if (pthread_timedjoin_np(t->thread, NULL, &until) == 0)
        release(t);
    else
        pthread_detach(t->thread);
}

enum status prover_thread_new(struct prover **out, const struct prover_thread_options *o,
                              struct why *why)
{
    static const struct prover_ops ops = {.begin = thread_begin,
                                          .cancel = thread_cancel,
                                          .fd = thread_fd,
                                          .take = thread_take,
                                          .free = thread_free};
    struct prover_thread *t = calloc(1, sizeof *t);
    enum status st = ST_OK;
    int error;

    if (!t)
        return fail(why, ST_NO_MEMORY, "prover: out of memory");
    t->base.ops = &ops;
    t->base.slots = 1;
    t->limits = o->limits;
    t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->guests = strdup(o->guests);
    if (t->event_fd < 0 || !t->guests) {
        st = fail(why, ST_IO, "prover: %s", strerror(errno));
        goto out;
    }
    st = nxp_prover_new(&t->prover,
                        &(struct nxp_prover_options){.threads = o->threads,
                                                     .kernel = o->kernel,
                                                     .limits = o->limits,
                                                     .progress = stop_wanted,
                                                     .context = t},
                        why);
    if (st)
        goto out;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->change, NULL);
    error = pthread_create(&t->thread, NULL, run, t);
    if (error) {
        st = fail(why, ST_IO, "prover: no thread: %s", strerror(error));
        goto out;
    }
    *out = &t->base;
    t = NULL;
out:
    if (t)
        release(t);
    return st;
}
