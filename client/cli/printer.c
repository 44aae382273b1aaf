/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/printer.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/cli/stamp.h"
#include "proto/keccak256.h"

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
    json_object_set_new(root, "message", json_string(line->text));
    return root;
}

static void print_object(const struct printer *p, json_t *root)
{
    json_dumpf(root, p->out, JSON_COMPACT);
    fputc('\n', p->out);
    fflush(p->out);
    json_decref(root);
}

static void print_json(const struct printer *p, const struct line *line, const char *type,
                       int64_t wall_ns)
{
    print_object(p, json_line(line, type, wall_ns));
}

void printer_line(const struct printer *p, const struct line *line, int64_t wall_ns)
{
    char when[STAMP_SIZE];

    if (p->json) {
        print_json(p, line, line_type_name(line->type), wall_ns);
        return;
    }
    fprintf(p->out, "%s [%s] %s\n", line_type_name(line->type), stamp_local(when, wall_ns),
            line->text);
    if (strcmp(line->event, "submitted") == 0)
        fputc('\n', p->out);
    fflush(p->out);
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
    json_object_update_new(
        root, json_pack("{s:[I,I,I], s:I, s:i, s:f, s:I, s:s}", "input", (json_int_t)f->input[0],
                        (json_int_t)f->input[1], (json_int_t)f->input[2], "steps",
                        (json_int_t)f->steps, "log_size", (int)f->log_rows, "seconds",
                        (double)f->time_ns / (double)NS_PER_S, "proof_bytes",
                        (json_int_t)outcome->proof.size, "keccak256", hash));
    print_object(p, root);
}

void printer_note(const struct printer *p, const char *tag, const char *event, int64_t wall_ns,
                  const char *format, ...)
{
    struct line line = {.level = LINE_INFO, .event = event};
    va_list args;

    va_start(args, format);
    vsnprintf(line.text, sizeof line.text, format, args);
    va_end(args);
    if (p->json) {
        print_json(p, &line, "Program", wall_ns);
    } else {
        fprintf(p->out, "[%s] %s\n", tag, line.text);
        fflush(p->out);
    }
}
