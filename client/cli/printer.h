/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a run, on stdout and in the log file: the reference's text form, or one JSON object
 * a line.
 *
 *   Success [2026-11-24 08:41:17] Step 4 of 4: Proof submitted successfully for task ID
 *   {"time": "2026-11-24T08:41:17.123Z", "type": "Success", "level": "info", "event":
 *    "submitted", "task_id": "ID", "status": 200, "message": "Step 4 of 4: …"}
 *
 * A line that tells of a wait says until when: " (until 08:43:17)", or a member "until".
 *
 * Lines below `least` are left out, but what succeeded is always told, as the reference does
 * (client.md 9.3). A log file that cannot be written is told once on stderr, and the run goes on.
 *
 * Source:  client.md 9.1. docs/output.md lists texts, events and members.
 */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "client/core/line.h"
#include "client/shell/log_file.h"
#include "client/shell/prover.h"

struct printer {
    FILE *out;
    bool quiet; /* errors only, and those on stderr */
    bool json;
    enum line_level least;
    struct log_file *log; /* NULL: none */
};

void printer_line(const struct printer *p, const struct line *line, int64_t wall_ns);

/* What a verified proof was, as a JSON line of event "input_proved"; the text form has no such
 * line. {…, "input": [9,1,1], "steps": 207, "log_size": 8, "seconds": 0.012, "proof_bytes": 49142,
 *    "keccak256": "9d7d…"} */
void printer_proof(const struct printer *p, const struct prover_outcome *outcome, int64_t wall_ns);

/* A message of the program itself: "[INFO] text" ("Program [time] text" in the log file), or a JSON
 * line of that event. tag: INFO or SUCCESS. */
void printer_note(const struct printer *p, const char *tag, const char *event, int64_t wall_ns,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "debug", "info", "warn", "error", and the names that RUST_LOG knows besides ("trace", "warning"),
 * in any case. */
bool printer_level_parse(enum line_level *out, const char *name);
/* The level in a value of RUST_LOG: its first item, behind the last '='; debug when there is none,
 * for the headless reference prints all levels. */
enum line_level printer_level_of_rust_log(const char *value);
