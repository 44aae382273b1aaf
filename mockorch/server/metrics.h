/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the orchestrator in Prometheus' text format 0.0.4.
 *
 * Names begin with nx_mock_, units are base units, no label holds an id.
 *
 * Source:  simulation.md 5; prometheus.io, "Exposition formats" and "Metric and label naming".
 */
#pragma once
#include "base/bytes.h"
#include "mockorch/core/orchestrator.h"

#define METRICS_TYPE    "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_BUCKETS 12

/* How long answers took, judge and delay included. Plain value, zeroed at the start. */
struct metrics_times {
    uint64_t buckets[METRICS_BUCKETS]; /* by metrics_bound_ns, not cumulative; the last: longer */
    uint64_t count;
    int64_t sum_ns;
};

void metrics_took(struct metrics_times *t, int64_t ns);

void metrics_write(struct buffer *out, const struct orchestrator *o,
                   const struct metrics_times *times);
