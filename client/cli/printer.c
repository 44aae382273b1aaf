/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/printer.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "client/cli/stamp.h"
#include "client/cli/words.h"
#include "proto/keccak256.h"

/* ---- where lines go ---- */

static void print(const struct printer *p, enum line_level level, const char *text)
{
    FILE *to = p->quiet ? stderr : p->out;

    if (p->quiet && level < LINE_ERROR_LEVEL)
        return;
    fputs(text, to);
    fflush(to);
}

static void keep(const struct printer *p, const char *text)
{
    struct why why;

    if (p->log && log_file_write(p->log, bytes_of_text(text), &why))
        words_warn("the log file: %s; going on", why.text);
}

/* ---- JSON ---- */

/* The members that every line has. */
static json_t *json_line(const struct line *line, const char *type, int64_t wall_ns)
{
    char when[STAMP_SIZE];
    json_t *root = json_pack("{s:s, s:s, s:s, s:s}", "time", stamp_utc(when, wall_ns), "type", type,
                             "level", line_level_name(line->level), "event", line->event);

    if (line->task_id[0])
        json_object_set_new(root, "task_id", json_string(line->task_id));
    if (line->status)
        json_object_set_new(root, "status", json_integer(line->status));
    if (line->wait_ns > 0)
        json_object_set_new(root, "until", json_string(stamp_utc(when, wall_ns + line->wait_ns)));
    json_object_set_new(root, "message", json_string(line->text));
    return root;
}

static void tell_object(const struct printer *p, enum line_level level, json_t *root)
{
    struct buffer text;
    char *dumped = json_dumps(root, JSON_COMPACT);

    buffer_init(&text, 0);
    buffer_put_text(&text, dumped ? dumped : "{}");
    buffer_put(&text, "\n", 2);
    if (buffer_ok(&text)) {
        print(p, level, (const char *)text.data);
        keep(p, (const char *)text.data);
    }
    buffer_fini(&text);
    free(dumped);
    json_decref(root);
}

/* ---- lines ---- */

static bool wanted(const struct printer *p, enum line_level level, bool success)
{
    return success || level >= p->least;
}

void printer_line(const struct printer *p, const struct line *line, int64_t wall_ns)
{
    char when[STAMP_SIZE], then[STAMP_SIZE], until[STAMP_SIZE + 16] = "";
    char text[sizeof line->text + 160];
    size_t size;

    if (!wanted(p, line->level, line->type == LINE_SUCCESS))
        return;
    if (p->json) {
        tell_object(p, line->level, json_line(line, line_type_name(line->type), wall_ns));
        return;
    }
    if (line->wait_ns > 0)
        snprintf(until, sizeof until, " (until %s)",
                 stamp_clock(then, wall_ns + line->wait_ns, wall_ns));
    size = (size_t)snprintf(text, sizeof text, "%s [%s] %s%s\n", line_type_name(line->type),
                            stamp_local(when, wall_ns), line->text, until);
    keep(p, text);
    if (strcmp(line->event, "submitted") == 0)
        strcpy(text + size, "\n"); /* an empty line, as the reference */
    print(p, line->level, text);
}

void printer_proof(const struct printer *p, const struct prover_outcome *outcome, int64_t wall_ns)
{
    const struct prover_facts *f = &outcome->facts;
    struct line line = {.type = LINE_SUCCESS, .level = LINE_INFO, .event = "input_proved"};
    char hash[KECCAK256_HEX];
    json_t *root;

    if (!p->json)
        return;
    snprintf(line.task_id, sizeof line.task_id, "%s", f->task_id);
    snprintf(line.text, sizeof line.text, "Input (%u, %u, %u) proved and verified", f->input[0],
             f->input[1], f->input[2]);
    keccak256_hex(hash, outcome->proof);
    root = json_line(&line, line_type_name(line.type), wall_ns);
    json_object_update_new(root, json_pack("{s:[I,I,I], s:I, s:i, s:f, s:I, s:s}", "input",
                                           (json_int_t)f->input[0], (json_int_t)f->input[1],
                                           (json_int_t)f->input[2], "steps", (json_int_t)f->steps,
                                           "log_size", (int)f->log_rows, "seconds",
                                           (double)f->time_ns / (double)NS_PER_S, "proof_bytes",
                                           (json_int_t)outcome->proof.size, "keccak256", hash));
    tell_object(p, line.level, root);
}

void printer_note(const struct printer *p, const char *tag, const char *event, int64_t wall_ns,
                  const char *format, ...)
{
    struct line line = {.level = LINE_INFO, .event = event};
    char when[STAMP_SIZE], text[sizeof line.text + 80];
    va_list args;

    if (!wanted(p, LINE_INFO, strcmp(tag, "SUCCESS") == 0))
        return;
    va_start(args, format);
    vsnprintf(line.text, sizeof line.text, format, args);
    va_end(args);
    if (p->json) {
        tell_object(p, LINE_INFO, json_line(&line, "Program", wall_ns));
        return;
    }
    snprintf(text, sizeof text, "[%s] %s\n", tag, line.text);
    print(p, LINE_INFO, text);
    snprintf(text, sizeof text, "Program [%s] %s\n", stamp_local(when, wall_ns), line.text);
    keep(p, text);
}

/* ---- levels ---- */

bool printer_level_parse(enum line_level *out, const char *name)
{
    static const struct {
        const char *name;
        enum line_level level;
    } names[] = {{"trace", LINE_DEBUG}, {"debug", LINE_DEBUG},  {"info", LINE_INFO},
                 {"warn", LINE_WARN},   {"warning", LINE_WARN}, {"error", LINE_ERROR_LEVEL}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i].name, name) == 0) {
            *out = names[i].level;
            return true;
        }
    return false;
}

enum line_level printer_level_of_rust_log(const char *value)
{
    enum line_level level = LINE_DEBUG;
    char item[64];
    const char *name;

    if (!value)
        return LINE_DEBUG;
    snprintf(item, sizeof item, "%.*s", (int)strcspn(value, ","), value);
    name = strrchr(item, '=');
    return printer_level_parse(&level, name ? name + 1 : item) ? level : LINE_DEBUG;
}
