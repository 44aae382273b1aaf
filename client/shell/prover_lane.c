/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/prover_lane.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum phase { IDLE, QUEUED, WORKING, DONE, QUIT };

struct prover_lane {
    struct prover_lane_options options;
    pthread_t thread;
    atomic_bool cancelled;

    pthread_mutex_t lock; /* over phase */
    pthread_cond_t change;
    enum phase phase;

    /* Of the thread while QUEUED and WORKING, else of the owner. */
    struct prover_lane_work work;
    struct nxp_prover *prover; /* NULL: gave its memory back */
    enum status status;
    struct why why;
    struct nxp_result result;
    int64_t time_ns;
};

/* ---- the thread ---- */

static bool stop_wanted(void *context, enum nxp_stage stage)
{
    struct prover_lane *l = context;

    (void)stage;
    return atomic_load(&l->cancelled);
}

static enum status prepare(struct prover_lane *l, struct why *why)
{
    const struct nxp_prover_options o = {.threads = l->work.threads,
                                         .kernel = l->options.kernel,
                                         .limits = l->options.limits,
                                         .progress = stop_wanted,
                                         .context = l};

    return l->prover ? nxp_prover_set_threads(l->prover, l->work.threads, why)
                     : nxp_prover_new(&l->prover, &o, why);
}

static enum status check(const struct prover_lane *l, const struct nxp_result *result,
                         struct bytes public_input, struct why *why)
{
    const struct nxp_statement statement = {
        .public_input = public_input, .output = bytes_of(result->output, result->output_size)};
    enum status st;

    if (result->exit_code != 0)
        return fail(why, ST_GUEST, "the guest ended with exit code %u", result->exit_code);
    if (l->work.want_no_output && result->output_size != 0)
        return fail(why, ST_GUEST, "the guest wrote %zu bytes where the network expects none",
                    result->output_size);
    st = nxp_verify(l->work.program, &statement, bytes_of(result->proof, result->proof_size),
                    &l->options.limits, why);
    return st ? fail_within(why, st, "our own proof did not verify") : ST_OK;
}

static enum status prove(struct prover_lane *l, struct why *why)
{
    struct buffer encoded;
    enum status st;

    buffer_init(&encoded, 0);
    nxp_encode_u32s(&encoded, l->work.input, l->work.input_words);
    st = buffer_ok(&encoded) ? prepare(l, why)
                             : fail(why, ST_NO_MEMORY, "out of memory for the input");
    if (!st)
        st = nxp_prove(l->prover, &l->result, l->work.program,
                       &(struct nxp_input){.public_input = buffer_bytes(&encoded)}, why);
    if (!st)
        st = check(l, &l->result, buffer_bytes(&encoded), why);
    buffer_fini(&encoded);
    return st;
}

static void *run(void *context)
{
    struct prover_lane *l = context;
    const uint64_t one = 1;

    pthread_mutex_lock(&l->lock);
    for (;;) {
        int64_t start_ns;
        ssize_t written;

        while (l->phase != QUEUED && l->phase != QUIT)
            pthread_cond_wait(&l->change, &l->lock);
        if (l->phase == QUIT)
            break;
        l->phase = WORKING;
        pthread_mutex_unlock(&l->lock);
        start_ns = clock_now_ns(clock_system());
        l->status = prove(l, &l->why);
        l->time_ns = clock_now_ns(clock_system()) - start_ns;
        pthread_mutex_lock(&l->lock);
        l->phase = DONE;
        written = write(l->options.event_fd, &one, sizeof one);
        assert(written == sizeof one);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* ---- the owner ---- */

static void set_phase(struct prover_lane *l, enum phase from, enum phase to)
{
    pthread_mutex_lock(&l->lock);
    assert(l->phase == from);
    l->phase = to;
    pthread_cond_signal(&l->change);
    pthread_mutex_unlock(&l->lock);
}

void prover_lane_begin(struct prover_lane *l, const struct prover_lane_work *work)
{
    nxp_result_fini(&l->result);
    l->result = (struct nxp_result){0};
    l->work = *work;
    atomic_store(&l->cancelled, false);
    set_phase(l, IDLE, QUEUED);
}

void prover_lane_cancel(struct prover_lane *l)
{
    atomic_store(&l->cancelled, true);
}

bool prover_lane_take(struct prover_lane *l, struct prover_lane_result *out)
{
    bool done;

    pthread_mutex_lock(&l->lock);
    done = l->phase == DONE;
    pthread_mutex_unlock(&l->lock);
    if (!done)
        return false;
    set_phase(l, DONE, IDLE);
    *out = (struct prover_lane_result){
        .status = l->status, .text = l->why.text, .result = &l->result, .time_ns = l->time_ns};
    return true;
}

void prover_lane_release(struct prover_lane *l)
{
    nxp_result_fini(&l->result);
    nxp_prover_free(l->prover);
    l->prover = NULL;
}

void prover_lane_free(struct prover_lane *l)
{
    set_phase(l, IDLE, QUIT);
    pthread_join(l->thread, NULL);
    prover_lane_release(l);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->change);
    free(l);
}

enum status prover_lane_new(struct prover_lane **out, const struct prover_lane_options *o,
                            struct why *why)
{
    struct prover_lane *l = calloc(1, sizeof *l);
    int error;

    if (!l)
        return fail(why, ST_NO_MEMORY, "prover: out of memory");
    l->options = *o;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->change, NULL);
    error = pthread_create(&l->thread, NULL, run, l);
    if (error) {
        free(l);
        return fail(why, ST_IO, "prover: no thread: %s", strerror(error));
    }
    *out = l;
    return ST_OK;
}
