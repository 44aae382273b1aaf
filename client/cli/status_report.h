/* SPDX-License-Identifier: Apache-2.0 */
/* What nxp status tells, as JSON and as text. docs/output.md has the members; scripts read them, so
 * they keep their names and meanings, and new ones may come.
 *
 * Owner:   a report is a new reference (json_decref).
 * Errors:  none; where memory is missing jansson leaves members out.
 */
#pragma once
#include <jansson.h>
#include <stdio.h>

#include "client/core/snapshot.h"
#include "client/shell/outbox_survey.h"

/* What has been proved in this run. */
struct status_meter {
    uint64_t proofs, steps;
    int64_t busy_ns; /* of all proofs together */
    int64_t last_ns;
};

struct status_facts {
    const struct snapshot *snapshot;
    const struct status_meter *meter;
    int64_t now_wall_ns, started_wall_ns;
    const char *server;
    int pid;
    unsigned threads, slots;
    int worker_pid;                      /* 0: none runs */
    uint64_t worker_bytes;               /* resident; this and the next 0: unknown */
    uint64_t resident_bytes, peak_bytes; /* of the client itself */
};

/* Of the running client. */
json_t *status_report_running(const struct status_facts *f);
/* Of a home where none runs. */
json_t *status_report_idle(const char *home, int64_t now_wall_ns);
/* "outbox", and "holds" when no client runs that would say its waits itself. */
void status_report_add_disk(json_t *report, const struct outbox_survey *survey,
                            int64_t now_wall_ns);

/* For people, by the local clock. A report that lacks members, or has others, is printed as far as
 * it goes. */
void status_report_print(FILE *to, const json_t *report, int64_t now_wall_ns);
/* For Prometheus. */
void status_report_metrics(FILE *to, const json_t *report);
