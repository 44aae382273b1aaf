/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a run on stdout: the reference's text form, or one JSON object a line.
 *
 *   Success [2026-11-24 08:41:17] Step 4 of 4: Proof submitted successfully for task ID
 *   {"time": "2026-11-24T08:41:17.123Z", "type": "Success", "level": "info", "event":
 *    "submitted", "task_id": "ID", "status": 200, "message": "Step 4 of 4: …"}
 *
 * Source:  client.md 9.1.
 */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "client/core/line.h"
#include "client/shell/prover.h"

struct printer {
    FILE *out;
    bool json;
};

void printer_line(const struct printer *p, const struct line *line, int64_t wall_ns);

/* What a verified proof was, as a JSON line of event "input_proved"; the text form has no such line.
 *   {…, "input": [9,1,1], "steps": 207, "log_size": 8, "seconds": 0.012, "proof_bytes": 49142,
 *    "keccak256": "9d7d…"} */
void printer_proof(const struct printer *p, const struct prover_outcome *outcome, int64_t wall_ns);

/* A message of the program itself: "[INFO] text", or a JSON line of that event. */
void printer_note(const struct printer *p, const char *tag, const char *event, int64_t wall_ns,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
