/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/bailiff.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mockorch/core/turns.h"

/* A slot goes from free to waiting (bring), to working (a thread), to done, to free (take). */
enum slot_state { SLOT_FREE, SLOT_WAITING, SLOT_WORKING, SLOT_DONE };

struct slot {
    enum slot_state state;
    uint64_t number;
    const struct judge_case *judge_case;
    struct bailiff_verdict verdict;
};

struct bailiff {
    struct judge *judge;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    pthread_t *threads;
    unsigned thread_count;
    struct slot *slots; /* two for each of limit: verdicts need some until they are taken */
    unsigned limit;
    uint64_t next_number;
    struct turns turns;
    bool closing;
    int fd;
};

static struct slot *first_in(struct bailiff *b, enum slot_state state)
{
    struct slot *first = NULL;

    for (unsigned i = 0; i < 2 * b->limit; i++) {
        struct slot *s = &b->slots[i];

        if (s->state == state && (!first || s->number < first->number))
            first = s;
    }
    return first;
}

/* ---- order ---- */

static struct slot *next_waiting(struct bailiff *b)
{
    struct slot *next = NULL;
    struct turns_rank best = {.number = 0};

    for (unsigned i = 0; i < 2 * b->limit; i++) {
        struct slot *s = &b->slots[i];
        struct turns_rank rank;

        if (s->state != SLOT_WAITING)
            continue;
        rank = turns_rank(&b->turns, s->judge_case, s->number);
        if (!next || turns_before(&rank, &best)) {
            next = s;
            best = rank;
        }
    }
    return next;
}

static bool has_too_many(const struct bailiff *b, uint64_t party)
{
    unsigned held = 0;

    for (unsigned i = 0; i < 2 * b->limit; i++)
        held += b->slots[i].state != SLOT_FREE && b->slots[i].judge_case->party == party;
    return held >= (b->limit + 1) / 2;
}

static void done(struct bailiff *b, struct slot *s)
{
    static const uint64_t one = 1;
    ssize_t written;

    s->state = SLOT_DONE;
    written = write(b->fd, &one, sizeof one);
    assert(written == sizeof one); /* an eventfd takes 2^64 - 2 of them */
}

/* Is there room for one more, if need be in place of one that stands worse? */
static bool make_way(struct bailiff *b, const struct judge_case *c)
{
    const struct turns_rank rank = turns_rank(&b->turns, c, b->next_number);
    struct turns_rank worst = {.number = 0};
    struct slot *last = NULL;
    unsigned under_way = 0;

    for (unsigned i = 0; i < 2 * b->limit; i++)
        under_way += b->slots[i].state == SLOT_WAITING || b->slots[i].state == SLOT_WORKING;
    if (under_way < b->limit)
        return true;
    for (unsigned i = 0; i < 2 * b->limit; i++) {
        struct slot *s = &b->slots[i];
        struct turns_rank of;

        if (s->state != SLOT_WAITING)
            continue;
        of = turns_rank(&b->turns, s->judge_case, s->number);
        if (!last || turns_before(&worst, &of)) {
            last = s;
            worst = of;
        }
    }
    if (!last || !turns_displaces(&rank, &worst))
        return false;
    last->verdict.st = fail(&last->verdict.why, ST_LIMIT, "the judge has too many cases of others");
    done(b, last);
    return true;
}

/* ---- threads ---- */

static void *work(void *context)
{
    struct bailiff *b = context;

    pthread_mutex_lock(&b->mutex);
    while (!b->closing) {
        struct slot *s = next_waiting(b);

        if (!s) {
            pthread_cond_wait(&b->work, &b->mutex);
            continue;
        }
        s->state = SLOT_WORKING;
        turns_serve(&b->turns, s->judge_case);
        pthread_mutex_unlock(&b->mutex);
        s->verdict.st = judge_verify(b->judge, s->judge_case, &s->verdict.why);
        pthread_mutex_lock(&b->mutex);
        turns_judged(&b->turns, s->judge_case, s->verdict.st);
        done(b, s);
    }
    pthread_mutex_unlock(&b->mutex);
    return NULL;
}

enum status bailiff_new(struct bailiff **out, struct judge *judge, unsigned threads, unsigned limit,
                        struct why *why)
{
    struct bailiff *b = calloc(1, sizeof *b);
    enum status st = ST_OK;

    assert(threads >= 1 && limit >= 1);
    if (!b)
        return fail(why, ST_NO_MEMORY, "judge: out of memory");
    b->judge = judge;
    b->limit = limit;
    b->fd = -1;
    turns_init(&b->turns);
    pthread_mutex_init(&b->mutex, NULL);
    pthread_cond_init(&b->work, NULL);
    b->slots = calloc(2 * (size_t)limit, sizeof *b->slots);
    b->threads = calloc(threads, sizeof *b->threads);
    if (!b->slots || !b->threads) {
        st = fail(why, ST_NO_MEMORY, "judge: out of memory");
        goto out;
    }
    b->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (b->fd < 0) {
        st = fail(why, ST_IO, "judge: %s", strerror(errno));
        goto out;
    }
    for (; b->thread_count < threads; b->thread_count++) {
        int error = pthread_create(&b->threads[b->thread_count], NULL, work, b);

        if (error) {
            st = fail(why, ST_IO, "judge: cannot start a thread: %s", strerror(error));
            goto out;
        }
    }

    *out = b;
    b = NULL;
out:
    bailiff_free(b);
    return st;
}

void bailiff_free(struct bailiff *b)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->mutex);
    b->closing = true;
    pthread_cond_broadcast(&b->work);
    pthread_mutex_unlock(&b->mutex);
    for (unsigned i = 0; i < b->thread_count; i++)
        pthread_join(b->threads[i], NULL);
    if (b->fd >= 0)
        close(b->fd);
    pthread_cond_destroy(&b->work);
    pthread_mutex_destroy(&b->mutex);
    free(b->threads);
    free(b->slots);
    free(b);
}

int bailiff_fd(const struct bailiff *b)
{
    return b->fd;
}

bool bailiff_bring(struct bailiff *b, uint64_t job, const struct judge_case *c)
{
    struct slot *s = NULL;

    pthread_mutex_lock(&b->mutex);
    if (!has_too_many(b, c->party) && make_way(b, c))
        s = first_in(b, SLOT_FREE);
    if (s) {
        *s = (struct slot){
            .state = SLOT_WAITING, .number = b->next_number++, .judge_case = c, .verdict.job = job};
        pthread_cond_signal(&b->work);
    }
    pthread_mutex_unlock(&b->mutex);
    return s != NULL;
}

bool bailiff_take(struct bailiff *b, struct bailiff_verdict *out)
{
    struct slot *s;

    pthread_mutex_lock(&b->mutex);
    s = first_in(b, SLOT_DONE);
    if (s) {
        *out = s->verdict;
        s->state = SLOT_FREE;
    } else {
        uint64_t count;
        ssize_t n = read(b->fd, &count, sizeof count); /* quiet until the next one is done */

        (void)n; /* nothing there: quiet already */
    }
    pthread_mutex_unlock(&b->mutex);
    return s != NULL;
}
