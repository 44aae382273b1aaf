/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/judge_memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define PLACES 4096 /* a power of two */

struct judge_memory {
    pthread_mutex_t mutex;
    struct place {
        bool taken;
        uint8_t question[32];
        struct judge_finding finding;
    } places[PLACES];
};

struct judge_memory *judge_memory_new(void)
{
    struct judge_memory *m = calloc(1, sizeof *m);

    if (m)
        pthread_mutex_init(&m->mutex, NULL);
    return m;
}

void judge_memory_free(struct judge_memory *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->mutex);
    free(m);
}

/* The questions are digests: any part of one is as good as another. */
static struct place *place_of(struct judge_memory *m, const uint8_t question[static 32])
{
    return &m->places[load_le32(question) & (PLACES - 1)];
}

bool judge_memory_recall(struct judge_memory *m, struct judge_finding *out,
                         const uint8_t question[static 32])
{
    const struct place *p = place_of(m, question);
    bool known;

    pthread_mutex_lock(&m->mutex);
    known = p->taken && memcmp(p->question, question, sizeof p->question) == 0;
    if (known)
        *out = p->finding;
    pthread_mutex_unlock(&m->mutex);
    return known;
}

void judge_memory_keep(struct judge_memory *m, const uint8_t question[static 32],
                       const struct judge_finding *finding)
{
    struct place *p = place_of(m, question);

    pthread_mutex_lock(&m->mutex);
    p->taken = true;
    memcpy(p->question, question, sizeof p->question);
    p->finding = *finding;
    pthread_mutex_unlock(&m->mutex);
}
