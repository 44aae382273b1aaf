/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/bailiff.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MOST_STRIKES 8
#define PARTIES      1024 /* remembered; of more, the one that was served longest ago is forgotten */

/* A slot goes from free to waiting (bring), to working (a thread), to done, to free (take). */
enum slot_state { SLOT_FREE, SLOT_WAITING, SLOT_WORKING, SLOT_DONE };

struct slot {
    enum slot_state state;
    uint64_t number;
    const struct judge_case *judge_case;
    struct bailiff_verdict verdict;
};

struct party {
    uint64_t id;
    uint64_t served;   /* the turn it was served last, counted from 1; 0: the place is free */
    unsigned strikes;
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
    struct party parties[PARTIES];
    uint64_t turns;
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

/* ---- parties ---- */

static struct party *party_find(struct bailiff *b, uint64_t id)
{
    for (size_t i = 0; i < PARTIES; i++)
        if (b->parties[i].served && b->parties[i].id == id)
            return &b->parties[i];
    return NULL;
}

/* Remembers that it is served now. */
static void party_serve(struct bailiff *b, uint64_t id)
{
    struct party *p = party_find(b, id), *oldest = &b->parties[0];

    if (!p) {
        for (size_t i = 1; i < PARTIES; i++)
            if (b->parties[i].served < oldest->served)
                oldest = &b->parties[i];
        p = oldest;
        *p = (struct party){.id = id};
    }
    p->served = ++b->turns;
}

static void party_judged(struct bailiff *b, uint64_t id, enum status st)
{
    struct party *p = party_find(b, id);

    if (!p) /* forgotten meanwhile */
        return;
    if (st == ST_OK)
        p->strikes /= 2;
    else if ((st == ST_INVALID || st == ST_INPUT) && p->strikes < MOST_STRIKES)
        p->strikes++;
}

/* Is x the one to take, of two that wait? */
static bool goes_before(struct bailiff *b, const struct slot *x, const struct slot *y)
{
    static const struct party nobody;
    const struct party *p = party_find(b, x->judge_case->party);
    const struct party *q = party_find(b, y->judge_case->party);

    p = p ? p : &nobody;
    q = q ? q : &nobody;
    if (p->strikes != q->strikes)
        return p->strikes < q->strikes;
    return p->served != q->served ? p->served < q->served : x->number < y->number;
}

static struct slot *next_waiting(struct bailiff *b)
{
    struct slot *next = NULL;

    for (unsigned i = 0; i < 2 * b->limit; i++) {
        struct slot *s = &b->slots[i];

        if (s->state == SLOT_WAITING && (!next || goes_before(b, s, next)))
            next = s;
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

static unsigned strikes_of(struct bailiff *b, uint64_t party)
{
    const struct party *p = party_find(b, party);

    return p ? p->strikes : 0;
}

static void done(struct bailiff *b, struct slot *s)
{
    static const uint64_t one = 1;
    ssize_t written;

    s->state = SLOT_DONE;
    written = write(b->fd, &one, sizeof one);
    assert(written == sizeof one); /* an eventfd takes 2^64 - 2 of them */
}

/* Is there room for one more, if need be in place of one whose party has more strikes? */
static bool make_way(struct bailiff *b, uint64_t party)
{
    struct slot *last = NULL;
    unsigned under_way = 0;

    for (unsigned i = 0; i < 2 * b->limit; i++) {
        struct slot *s = &b->slots[i];

        under_way += s->state == SLOT_WAITING || s->state == SLOT_WORKING;
        if (s->state == SLOT_WAITING && (!last || goes_before(b, last, s)))
            last = s;
    }
    if (under_way < b->limit)
        return true;
    if (!last || strikes_of(b, last->judge_case->party) <= strikes_of(b, party))
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
        party_serve(b, s->judge_case->party);
        pthread_mutex_unlock(&b->mutex);
        s->verdict.st = judge_verify(b->judge, s->judge_case, &s->verdict.why);
        pthread_mutex_lock(&b->mutex);
        party_judged(b, s->judge_case->party, s->verdict.st);
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
    *b = (struct bailiff){.judge = judge, .limit = limit, .fd = -1};
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
    if (!has_too_many(b, c->party) && make_way(b, c->party))
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
