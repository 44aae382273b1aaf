/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/job_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum status job_table_init(struct job_table *t, unsigned slots, struct why *why)
{
    assert(slots >= 1 && slots <= JOB_TABLE_MAX);
    *t = (struct job_table){.slots = slots, .done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    return t->done_fd < 0 ? fail(why, ST_IO, "prover: %s", strerror(errno)) : ST_OK;
}

void job_table_fini(struct job_table *t)
{
    for (struct job_entry *j = t->entries; j < t->entries + t->slots; j++) {
        buffer_fini(&j->proof);
        free(j->text);
    }
    buffer_fini(&t->taken_proof);
    free(t->taken_text);
    if (t->done_fd >= 0)
        close(t->done_fd);
}

struct job_entry *job_table_begin(struct job_table *t, const struct prover_job *job)
{
    struct job_entry *j = NULL;

    for (struct job_entry *each = t->entries; each < t->entries + t->slots; each++)
        if (each->state == JOB_FREE)
            j = each;
    assert(j);
    *j = (struct job_entry){.state = JOB_QUEUED, .id = job->id, .order = t->order++};
    memcpy(j->input, job->input, sizeof j->input);
    /* Names in the guest store have at most 64 characters; a longer one will not be found. */
    strncpy(j->program, job->program_id, sizeof j->program - 1);
    strncpy(j->task_id, job->task_id, sizeof j->task_id - 1);
    return j;
}

struct job_entry *job_table_find(struct job_table *t, uint64_t id)
{
    for (struct job_entry *j = t->entries; j < t->entries + t->slots; j++)
        if (j->state != JOB_FREE && j->id == id)
            return j;
    return NULL;
}

static struct job_entry *first_of(struct job_table *t, enum job_state state)
{
    struct job_entry *first = NULL;

    for (struct job_entry *j = t->entries; j < t->entries + t->slots; j++)
        if (j->state == state && (!first || j->order < first->order))
            first = j;
    return first;
}

struct job_entry *job_table_next_queued(struct job_table *t)
{
    return first_of(t, JOB_QUEUED);
}

bool job_table_busy(struct job_table *t)
{
    for (struct job_entry *j = t->entries; j < t->entries + t->slots; j++)
        if (job_open(j))
            return true;
    return false;
}

void job_table_end(struct job_table *t, struct job_entry *j, enum status st, const char *text)
{
    const uint64_t one = 1;
    ssize_t written;

    assert(job_open(j));
    j->state = JOB_DONE;
    j->order = t->order++;
    j->status = st;
    j->text = text ? strdup(text) : NULL;
    written = write(t->done_fd, &one, sizeof one);
    assert(written == sizeof one);
}

void job_table_end_cancelled(struct job_table *t, struct job_entry *j)
{
    job_table_end(t, j, ST_CANCELLED, "the proof was stopped on request");
}

void job_table_try_again(struct job_table *t, struct job_entry *j, enum status st, const char *text)
{
    if (j->cancelled_ns) {
        job_table_end_cancelled(t, j);
    } else if (++j->tries < JOB_TABLE_TRIES) {
        j->alone = true;
        j->state = JOB_QUEUED;
    } else {
        job_table_end(t, j, st, text);
    }
}

bool job_table_take(struct job_table *t, struct prover_outcome *out)
{
    struct job_entry *j = first_of(t, JOB_DONE);
    uint64_t count;

    if (!j)
        return false;
    buffer_fini(&t->taken_proof);
    free(t->taken_text);
    t->taken_proof = j->proof;
    t->taken_text = j->text;
    memcpy(t->taken_task, j->task_id, sizeof t->taken_task);
    *out = (struct prover_outcome){.id = j->id,
                                   .status = j->status,
                                   .proof = j->status ? (struct bytes){0}
                                                      : buffer_bytes(&t->taken_proof),
                                   .text = t->taken_text ? t->taken_text : "",
                                   .facts = j->facts};
    out->facts.task_id = t->taken_task;
    memcpy(out->facts.input, j->input, sizeof j->input);
    *j = (struct job_entry){.state = JOB_FREE};
    if (!first_of(t, JOB_DONE))
        (void)!read(t->done_fd, &count, sizeof count); /* not readable any more */
    return true;
}
