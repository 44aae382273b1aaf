/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/metrics.h"

#include <inttypes.h>

#include "base/clock.h"

/* 100 µs to 10 s: from a cached verdict to a judge under load. */
static const struct {
    int64_t ns;
    const char *seconds;
} bounds[METRICS_BUCKETS - 1] = {
    {NS_PER_MS / 10, "0.0001"}, {NS_PER_MS / 2, "0.0005"}, {NS_PER_MS, "0.001"},
    {5 * NS_PER_MS, "0.005"},   {10 * NS_PER_MS, "0.01"},  {50 * NS_PER_MS, "0.05"},
    {100 * NS_PER_MS, "0.1"},   {500 * NS_PER_MS, "0.5"},  {NS_PER_S, "1"},
    {5 * NS_PER_S, "5"},        {10 * NS_PER_S, "10"},
};

void metrics_took(struct metrics_times *t, int64_t ns)
{
    size_t i = 0;

    while (i < METRICS_BUCKETS - 1 && ns > bounds[i].ns)
        i++;
    t->buckets[i]++;
    t->count++;
    t->sum_ns += ns;
}

static void head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_put_format(out, "# HELP nx_mock_%s %s\n# TYPE nx_mock_%s %s\n", name, help, name, type);
}

static void labelled(struct buffer *out, const char *name, const char *label, const char *value,
                     uint64_t count)
{
    buffer_put_format(out, "nx_mock_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, count);
}

static void single(struct buffer *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    head(out, name, type, help);
    buffer_put_format(out, "nx_mock_%s %" PRIu64 "\n", name, value);
}

static void put_times(struct buffer *out, const struct metrics_times *t)
{
    uint64_t below = 0;

    head(out, "answer_seconds", "histogram", "From a request to its answer.");
    for (size_t i = 0; i < METRICS_BUCKETS - 1; i++) {
        below += t->buckets[i];
        labelled(out, "answer_seconds_bucket", "le", bounds[i].seconds, below);
    }
    labelled(out, "answer_seconds_bucket", "le", "+Inf", t->count);
    buffer_put_format(out, "nx_mock_answer_seconds_sum %" PRId64 ".%09" PRId64 "\n",
                      t->sum_ns / NS_PER_S, t->sum_ns % NS_PER_S);
    buffer_put_format(out, "nx_mock_answer_seconds_count %" PRIu64 "\n", t->count);
}

void metrics_write(struct buffer *out, const struct orchestrator *o,
                   const struct metrics_times *times)
{
    static const char *const classes[] = {"lost", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const struct orchestrator_metrics *m = orchestrator_metrics(o);

    head(out, "requests_total", "counter", "Requests, by call.");
    for (int c = 0; c < CALL_COUNT; c++)
        labelled(out, "requests_total", "call", call_name((enum call)c), m->requests[c]);
    head(out, "answers_total", "counter", "Answers, by class of status; lost: none went out.");
    for (int c = 0; c < 6; c++)
        labelled(out, "answers_total", "class", classes[c], m->answers[c]);
    head(out, "submissions_refused_total", "counter", "Submissions, by the check that failed.");
    for (int c = 0; c < CHECK_NONE; c++)
        labelled(out, "submissions_refused_total", "check", check_name((enum check)c),
                 m->refused[c]);
    single(out, "users", "gauge", "Registered users.", m->users);
    single(out, "nodes", "gauge", "Registered nodes.", m->nodes);
    single(out, "tasks_made_total", "counter", "Tasks assigned.", m->tasks_made);
    single(out, "tasks_accepted_total", "counter", "Tasks credited.", m->tasks_accepted);
    single(out, "tasks_expired_total", "counter", "Tasks that ended without a proof.",
           m->tasks_expired);
    single(out, "fetches_limited_total", "counter", "Fetches told to come later.",
           m->fetches_limited);
    single(out, "faults_total", "counter", "Faults that struck.", m->faults);
    put_times(out, times);
}
