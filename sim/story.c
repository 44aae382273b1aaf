/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/buggify.h"
#include "sim/memory.h"

#define SILENCE_NS (10 * NS_PER_S) /* is worth a line */

const char *story_kind_name(enum story_kind k)
{
    static const char *const names[STORY_KINDS] = {
        [STORY_WORLD] = "world",   [STORY_LIFE] = "life",     [STORY_REQUEST] = "request",
        [STORY_ANSWER] = "answer", [STORY_SERVER] = "server", [STORY_FAULT] = "fault",
        [STORY_DISK] = "disk",     [STORY_PROVER] = "prover", [STORY_LINE] = "line",
    };

    return names[k];
}

void story_fini(struct story *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->entries[i].text);
    free(s->entries);
    *s = (struct story){.count = 0};
}

static struct story_entry *add(struct story *s)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 256;
        s->entries = memory_grown(s->entries, s->capacity, sizeof *s->entries);
    }
    s->entries[s->count] = (struct story_entry){.client = STORY_NO_CLIENT, .began_ns = -1};
    return &s->entries[s->count++];
}

/* ---- reading notes ---- */

/* Behind the word, or NULL: the text begins otherwise. */
static const char *behind(const char *text, const char *word)
{
    size_t length = strlen(word);

    return strncmp(text, word, length) == 0 ? text + length : NULL;
}

static void put(struct story_entry *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct story_entry *e, const char *format, ...)
{
    char text[640];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    e->text = memory_text(text);
}

/* The last entry of that kind and number of the same client. */
static int64_t began_ns(const struct story *s, const struct story_entry *e, enum story_kind kind)
{
    for (size_t i = s->count - 1; i-- > 0;) {
        const struct story_entry *former = &s->entries[i];

        if (former->client == e->client && former->kind == kind && former->id == e->id)
            return former->at_ns;
        if (former->client == e->client && former->kind == STORY_LIFE)
            break; /* another process numbers anew */
    }
    return -1;
}

static void read_request(struct story_entry *e, const char *text)
{
    unsigned long long id = 0, size = 0;
    char method[16] = "", path[256] = "";

    sscanf(text, "%llu %15s %255s %llu bytes", &id, method, path, &size);
    e->kind = STORY_REQUEST;
    e->id = id;
    put(e, "\u2192 %s %s, %llu bytes", method, path, size);
}

static void read_answer(const struct story *s, struct story_entry *e, const char *text)
{
    unsigned long long id = 0;
    unsigned status = 0;
    int used = 0;
    char took[48] = "";

    sscanf(text, "%llu %u %n", &id, &status, &used);
    e->kind = STORY_ANSWER;
    e->id = id;
    e->status = status;
    e->began_ns = began_ns(s, e, STORY_REQUEST);
    if (e->began_ns >= 0)
        snprintf(took, sizeof took, " after %.3f s",
                 (double)(e->at_ns - e->began_ns) / (double)NS_PER_S);
    if (status)
        put(e, "\u2190 %u%s", status, took);
    else
        put(e, "\u2190 no answer: %s%s", text + used, took);
}

/* "… next try in 120 s", "… ready for next task (82) seconds" */
static int64_t wait_ns(const char *text)
{
    int64_t found_s = 0, s;
    int used;

    for (; *text; text++) {
        used = 0;
        if (sscanf(text, " in %" SCNd64 " s%n", &s, &used) == 1 && used && !text[used])
            found_s = s;
        if (sscanf(text, "(%" SCNd64 ") seconds%n", &s, &used) == 1 && used)
            found_s = s;
    }
    return found_s > 0 && found_s < 1000000000 ? found_s * NS_PER_S : 0;
}

/* "fetch_limited TASK: words" */
static void read_line(struct story_entry *e, const char *text)
{
    const char *words = strstr(text, ": ");

    e->kind = STORY_LINE;
    e->wait_ns = wait_ns(text);
    put(e, "\u201c%s\u201d", words ? words + 2 : text);
}

static void read_deed(const struct story *s, struct story_entry *e, const char *text)
{
    static const struct {
        const char *begins, *before, *after;
        enum story_kind kind;
    } deeds[] = {
        {"starts, life ", "starts, process ", "", STORY_LIFE},
        {"is killed, life ", "is killed, process ", "", STORY_LIFE},
        {"has no power, life ", "has no power, process ", "", STORY_LIFE},
        {"is not started twice on one store, life ", "refuses to start twice beside process ", "",
         STORY_LIFE},
        {"exits ", "ends by itself, reason ", "", STORY_LIFE},
        {"saved ", "record ", " is on disk", STORY_DISK},
        {"could not save ", "record ", " could not be written", STORY_DISK},
        {"proves ", "begins proof ", "", STORY_PROVER},
        {"proved ", "has proof ", "", STORY_PROVER},
        {"loses proof ", "loses proof ", "", STORY_PROVER},
    };

    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        const char *number = behind(text, deeds[i].begins);

        if (!number)
            continue;
        e->kind = deeds[i].kind;
        e->id = strtoull(number, NULL, 10);
        if (strcmp(deeds[i].begins, "proved ") == 0)
            e->began_ns = began_ns(s, e, STORY_PROVER);
        put(e, "%s%" PRIu64 "%s", deeds[i].before, e->id, deeds[i].after);
        return;
    }
    put(e, "%s", text);
}

/* "fetch task=… node=… -> 429 [fault,fault] body=…" */
static void read_server(struct story_entry *e, const char *text)
{
    const char *arrow = strstr(text, " -> ");
    const char *faults = arrow ? strchr(arrow, '[') : NULL;
    const char *end = faults ? strchr(faults, ']') : NULL;
    const char *nobody = end && strstr(end, "(nobody listens)") ? ", which nobody waits for" : "";
    int call = (int)strcspn(text, " ");
    const char *task = strstr(text, "task=");
    char answer[16];
    int task_size = task && arrow ? (int)strcspn(task + 5, " ") : 0;

    e->kind = STORY_SERVER;
    if (!end) {
        put(e, "%s", text);
        return;
    }
    e->status = (unsigned)strtoul(arrow + 4, NULL, 10);
    snprintf(answer, sizeof answer, "%u", e->status);
    if (end > faults + 1)
        e->kind = STORY_FAULT;
    put(e, "%.*s%s%.*s: %s%s%.*s%s", call, text, task_size ? " of task " : "", task_size,
        task_size ? task + 5 : "", e->status ? answer : "nothing goes out",
        e->kind == STORY_FAULT ? " by fault " : "", (int)(end - faults - 1), faults + 1, nobody);
}

static void read_client(const struct story *s, struct story_entry *e, const char *text)
{
    char *end;
    const char *rest;

    e->client = (int)strtol(text, &end, 10);
    text = *end ? end + 1 : end;
    if ((rest = behind(text, "sends ")))
        read_request(e, rest);
    else if ((rest = behind(text, "gets ")))
        read_answer(s, e, rest);
    else if ((rest = behind(text, "says ")))
        read_line(e, rest);
    else
        read_deed(s, e, text);
}

/* "LONGEST_BACKOFF" */
static void read_buggify(struct story_entry *e, const char *text)
{
    for (int site = 0; site < BUGGIFY_COUNT; site++)
        if (strcmp(text, buggify_name((enum buggify_site)site)) == 0)
            put(e, "by buggify: %s", buggify_words((enum buggify_site)site));
}

static void read_note(struct story *s, const char *line)
{
    struct story_entry *e = add(s);
    char *at;
    const char *rest;

    e->at_ns = strtoll(line, &at, 10) * NS_PER_S;
    if (*at == '.')
        e->at_ns += strtoll(at + 1, &at, 10);
    at += *at == ' ';
    if ((rest = behind(at, "client ")))
        read_client(s, e, rest);
    else if ((rest = behind(at, "server ")))
        read_server(e, rest);
    else if ((rest = behind(at, "buggify ")))
        read_buggify(e, rest);
    else
        put(e, "%s", at);
}

enum status story_of_run(struct story *out, const struct scenario *s, struct prover_sim *prover,
                         const struct run_options *o, struct why *why)
{
    struct run_options options = *o;
    char *notes = NULL, *line, *next;
    size_t size = 0;
    enum status st;

    *out = (struct story){.count = 0};
    options.trace = open_memstream(&notes, &size);
    if (!options.trace)
        return fail(why, ST_NO_MEMORY, "story: out of memory");
    st = run_once(&out->result, s, prover, &options, why);
    if (fclose(options.trace) && !st)
        st = fail(why, ST_NO_MEMORY, "story: out of memory");
    for (line = notes; !st && line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = 0;
        read_note(out, line);
    }
    free(notes);
    return st;
}

/* ---- telling ---- */

void story_time(char out[static 32], int64_t ns)
{
    int64_t s = ns / NS_PER_S;

    snprintf(out, 32, "%" PRId64 "d%02d:%02d:%02d.%03d", s / 86400, (int)(s / 3600 % 24),
             (int)(s / 60 % 60), (int)(s % 60), (int)(ns % NS_PER_S / NS_PER_MS));
}

void story_tell(const struct story *s, FILE *out)
{
    int64_t last_ns = 0;

    for (size_t i = 0; i < s->count; i++) {
        const struct story_entry *e = &s->entries[i];
        char time[32], who[24] = "";

        if (e->at_ns - last_ns >= SILENCE_NS)
            fprintf(out, "%14s             ... %.1f s pass\n", "",
                    (double)(e->at_ns - last_ns) / (double)NS_PER_S);
        last_ns = e->at_ns;
        story_time(time, e->at_ns);
        if (e->client != STORY_NO_CLIENT)
            snprintf(who, sizeof who, "client %d", e->client);
        else if (e->kind == STORY_SERVER || e->kind == STORY_FAULT)
            snprintf(who, sizeof who, "server");
        fprintf(out, "%-14s  %-9s  %s\n", time, who, e->text);
    }
}
