/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* A loop is published under the lock with a new number; each worker takes part in each number
 * exactly once, so `busy` can only fall to zero when nobody touches the loop any more. */
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t start;
    pthread_cond_t done;
    pthread_t *workers;
    unsigned worker_count; /* without the caller */
    uint64_t loop;
    unsigned busy;
    bool stop;

    size_t count;
    void (*body)(void *context, size_t index);
    void *context;
    atomic_size_t next;
};

static void take_part(struct pool *p)
{
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);

        if (i >= p->count)
            return;
        p->body(p->context, i);
    }
}

static void *worker_main(void *argument)
{
    struct pool *p = argument;
    uint64_t seen = 0;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->loop == seen && !p->stop)
            pthread_cond_wait(&p->start, &p->lock);
        if (p->stop)
            break;
        seen = p->loop;
        pthread_mutex_unlock(&p->lock);
        take_part(p);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0)
            pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum status pool_new(struct pool **out, unsigned threads, struct why *why)
{
    struct pool *p = calloc(1, sizeof *p);

    assert(threads >= 1);
    if (!p)
        return fail(why, ST_NO_MEMORY, "thread pool: out of memory");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->done, NULL);
    p->workers = calloc(threads, sizeof *p->workers);
    if (!p->workers) {
        pool_free(p);
        return fail(why, ST_NO_MEMORY, "thread pool: out of memory");
    }
    while (p->worker_count + 1 < threads) {
        if (pthread_create(&p->workers[p->worker_count], NULL, worker_main, p) != 0)
            break; /* fewer threads, same bytes */
        p->worker_count++;
    }
    *out = p;
    return ST_OK;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->worker_count; i++)
        pthread_join(p->workers[i], NULL);
    pthread_cond_destroy(&p->start);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p);
}

unsigned pool_threads(const struct pool *p)
{
    return p->worker_count + 1;
}

void pool_each(struct pool *p, size_t count, void (*body)(void *context, size_t index),
               void *context)
{
    if (p->worker_count == 0 || count <= 1) {
        for (size_t i = 0; i < count; i++)
            body(context, i);
        return;
    }
    pthread_mutex_lock(&p->lock);
    assert(p->busy == 0);
    p->count = count;
    p->body = body;
    p->context = context;
    atomic_store_explicit(&p->next, 0, memory_order_relaxed);
    p->busy = p->worker_count;
    p->loop++;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);

    take_part(p);

    pthread_mutex_lock(&p->lock);
    while (p->busy > 0)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

struct ranges {
    size_t count;
    size_t step;
    void (*body)(void *context, size_t begin, size_t end);
    void *context;
};

static void one_range(void *context, size_t index)
{
    const struct ranges *r = context;
    size_t begin = index * r->step;
    size_t end = r->count - begin < r->step ? r->count : begin + r->step;

    r->body(r->context, begin, end);
}

void pool_ranges(struct pool *p, size_t count, size_t grain,
                 void (*body)(void *context, size_t begin, size_t end), void *context)
{
    /* Four pieces a thread even out cores of unequal speed; one thread gets one piece. */
    size_t pieces = p->worker_count == 0 ? 1 : ((size_t)p->worker_count + 1) * 4;
    size_t grains, step;
    struct ranges r;

    assert(grain >= 1);
    if (count == 0)
        return;
    grains = (count + grain - 1) / grain;
    step = (grains + pieces - 1) / pieces * grain;
    r = (struct ranges){.count = count, .step = step, .body = body, .context = context};
    pool_each(p, (count + step - 1) / step, one_range, &r);
}
