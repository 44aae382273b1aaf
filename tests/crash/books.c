/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/books.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/shell/outbox_sqlite.h"

void books_fini(struct books *b)
{
    free(b->tasks);
    *b = (struct books){0};
}

static struct book *book_of(struct books *b, const char *task_id)
{
    struct book *more;

    for (size_t i = b->count; i-- > 0;)
        if (strcmp(b->tasks[i].task_id, task_id) == 0)
            return &b->tasks[i];
    more = realloc(b->tasks, (b->count + 1) * sizeof *more);
    if (!more)
        abort();
    b->tasks = more;
    more = &b->tasks[b->count++];
    *more = (struct book){.state = -1, .state_before = -1};
    snprintf(more->task_id, sizeof more->task_id, "%s", task_id);
    return more;
}

/* ---- the outbox ---- */

struct look {
    struct books *b;
    size_t found;
};

static enum status look_at(void *context, struct outbox_record *r, struct why *why)
{
    struct look *l = context;
    struct book *k = book_of(l->b, r->task_id);

    (void)why;
    if (k->state != (int)r->state) {
        l->b->seen[r->state]++;
        l->b->turned_back += k->state >= OUTBOX_ACKED;
        l->b->lost += k->state >= OUTBOX_PROVED && r->state == OUTBOX_FETCHED;
    }
    k->state = (int)r->state;
    l->found++;
    outbox_record_fini(r);
    return ST_OK;
}

static size_t on_disk(const struct books *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->count; i++)
        n += b->tasks[i].state >= 0;
    return n;
}

/* A copy is opened: looking at the outbox itself would change what the next life finds. */
static enum status read_outbox(struct books *b, const char *home, struct why *why)
{
    struct look look = {.b = b};
    struct outbox_sqlite *o = NULL;
    size_t before = on_disk(b);
    char command[2000], copy[600];
    enum status st = ST_OK;

    snprintf(copy, sizeof copy, "%s/outbox.db", home);
    if (access(copy, F_OK) != 0) /* killed before it was made */
        return before ? fail(why, ST_IO, "the outbox is gone") : ST_OK;
    snprintf(command, sizeof command,
             "rm -rf '%s.copy' && mkdir '%s.copy' && cp '%s'/outbox.db* '%s.copy/'", home, home,
             home, home);
    if (system(command) != 0)
        return fail(why, ST_IO, "the outbox cannot be copied");
    snprintf(copy, sizeof copy, "%s.copy/outbox.db", home);
    st = outbox_sqlite_open(&o, copy, "none", why);
    if (!st)
        st = outbox_each(&o->base, look_at, &look, why);
    if (o) {
        b->damaged += (unsigned)o->damaged;
        outbox_free(&o->base);
    }
    if (!st && look.found < before)
        b->lost += (unsigned)(before - look.found);
    return st;
}

/* ---- the client's log ---- */

static void read_line(struct books *b, const json_t *line, unsigned *unsaved)
{
    static const char *const ends[] = {"submitted", "unknown", "refused", "expired"};
    const char *event = json_string_value(json_object_get(line, "event"));
    const char *task = json_string_value(json_object_get(line, "task_id"));
    struct book *k;

    if (!event || !task || !*task)
        return;
    k = book_of(b, task);
    if (strcmp(event, "proved") == 0)
        k->proved = true;
    if (strcmp(event, "submitting") == 0)
        b->unjustified += k->ended;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(event, ends[i]) == 0) {
            k->ended = true;
            k->refused |= i >= 2;
            *unsaved += k->state < OUTBOX_ACKED;
        }
}

static void read_log(struct books *b, const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    unsigned unsaved = 0;

    for (size_t i = 0; i < b->count; i++)
        b->tasks[i].ended = false;
    while (f && fseek(f, b->log_read, SEEK_SET) == 0 && getline(&text, &room, f) > 0) {
        json_t *line = json_loads(text, 0, NULL); /* the last one may be torn */

        b->log_read = ftell(f);
        if (line)
            read_line(b, line, &unsaved);
        json_decref(line);
    }
    /* One submission is under way at a time, and its end is written before the next one leaves. */
    b->unsaved_ends += unsaved > 1 ? unsaved - 1 : 0;
    free(text);
    if (f)
        fclose(f);
}

/* ---- the orchestrator ---- */

static void read_state(struct books *b, const json_t *state)
{
    const json_t *users = json_object_get(state, "users"), *value;
    size_t i, accepted = 0;

    b->credits = 0;
    json_array_foreach(users, i, value) b->credits +=
        (unsigned)json_integer_value(json_object_get(value, "credits"));
    json_array_foreach(json_object_get(state, "tasks"), i, value)
    {
        struct book *k = book_of(b, json_string_value(json_object_get(value, "task_id")));
        unsigned n = (unsigned)json_integer_value(json_object_get(value, "submissions"));
        const char *name = json_string_value(json_object_get(value, "state"));

        k->credited = strcmp(name, "accepted") == 0;
        accepted += k->credited;
        if (n > k->submissions && k->state_before >= OUTBOX_ACKED)
            b->unjustified += n - k->submissions;
        if (n > 1)
            b->resent += n - (k->submissions ? k->submissions : 1);
        k->submissions = n;
    }
    b->twice += b->credits > accepted ? b->credits - (unsigned)accepted : 0;
}

bool books_audit(struct books *b, const char *home, const char *log, const json_t *state,
                 struct why *why)
{
    for (size_t i = 0; i < b->count; i++)
        b->tasks[i].state_before = b->tasks[i].state;
    b->audits++;
    if (read_outbox(b, home, why))
        return false;
    read_log(b, log);
    read_state(b, state);
    return true;
}

void books_new_home(struct books *b)
{
    for (size_t i = 0; i < b->count; i++)
        b->tasks[i].state = b->tasks[i].state_before = -1;
}

static enum status count_open(void *context, struct outbox_record *r, struct why *why)
{
    (void)why;
    *(int *)context += !outbox_state_final(r->state);
    outbox_record_fini(r);
    return ST_OK;
}

int books_open_now(const char *home)
{
    struct outbox_sqlite *o = NULL;
    char path[600];
    int open = 0;
    enum status st;

    snprintf(path, sizeof path, "%s/outbox.db", home);
    st = outbox_sqlite_read(&o, path, NULL);
    if (!st)
        st = outbox_each(&o->base, count_open, &open, NULL);
    if (o)
        outbox_free(&o->base);
    return st ? -1 : open;
}

size_t books_open(const struct books *b)
{
    size_t open = 0;

    for (size_t i = 0; i < b->count; i++)
        open += b->tasks[i].state >= 0 && b->tasks[i].state < OUTBOX_ACKED;
    return open;
}

void books_close(struct books *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct book *k = &b->tasks[i];

        b->lost += (k->proved || k->state >= OUTBOX_PROVED) && k->state != OUTBOX_ABANDONED &&
                   !k->credited && !k->refused;
        b->lost += k->proved && k->state == OUTBOX_ABANDONED;
    }
}

bool books_well(const struct books *b)
{
    return !b->lost && !b->turned_back && !b->damaged && !b->unjustified && !b->unsaved_ends &&
           !b->twice;
}
