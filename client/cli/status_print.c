/* SPDX-License-Identifier: Apache-2.0 */
/* The report of nxp status for people. The client that wrote it may be of another version. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "client/cli/stamp.h"
#include "client/cli/status_report.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "?";
}

static long long number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static double real_of(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

/* 0: none */
static int64_t moment_of(const json_t *object, const char *name)
{
    struct tm utc = {0};
    const char *text = text_of(object, name);

    return strptime(text, "%Y-%m-%dT%H:%M:%S", &utc) ? (int64_t)timegm(&utc) * NS_PER_S : 0;
}

static void print_head(FILE *to, const json_t *report, int64_t now_ns)
{
    char when[STAMP_SIZE];

    fprintf(to, "nxp %s runs since %s (pid %lld), phase %s\n", text_of(report, "version"),
            stamp_clock(when, moment_of(report, "started"), now_ns), number_of(report, "pid"),
            text_of(report, "phase"));
    fprintf(to, "server      %s, profile %s\nasks for    %s\n", text_of(report, "server"),
            text_of(report, "profile"), text_of(report, "asks"));
}

static void print_nodes(FILE *to, const json_t *nodes)
{
    const json_t *node;
    size_t i;

    json_array_foreach(nodes, i, node)
        fprintf(to, "%s%s  %s, %lld fetched, %lld credited, %lld open\n",
                i == 0 ? "nodes       " : "            ", text_of(node, "node_id"),
                text_of(node, "standing"), number_of(node, "fetched"), number_of(node, "credited"),
                number_of(node, "open"));
}

static void print_waits(FILE *to, const json_t *waits, int64_t now_ns)
{
    const json_t *wait;
    char when[STAMP_SIZE];
    size_t i;

    json_array_foreach(waits, i, wait)
    {
        int64_t until_ns = moment_of(wait, "until");

        fprintf(to, "%s%s", i == 0 ? "waits       " : "            ", text_of(wait, "route"));
        if (json_object_get(wait, "server"))
            fprintf(to, " (%s)", text_of(wait, "server"));
        if (until_ns > now_ns)
            fprintf(to, " until %s (%lld s)", stamp_clock(when, until_ns, now_ns),
                    (long long)((until_ns - now_ns + NS_PER_S - 1) / NS_PER_S));
        fprintf(to, ": %s\n", text_of(wait, "why"));
    }
    if (json_array_size(waits) == 0)
        fputs("waits       for nothing\n", to);
}

static void print_task(FILE *to, const json_t *task, int64_t now_ns)
{
    int64_t fetched_ns = moment_of(task, "fetched"), try_ns = moment_of(task, "next_try"),
            expires_ns = moment_of(task, "expires");
    char when[STAMP_SIZE];

    fprintf(to, "  %s  %s  %lld of %lld proved  %s", text_of(task, "task_id"),
            text_of(task, "state"), number_of(task, "inputs_proved"), number_of(task, "inputs"),
            text_of(task, "difficulty"));
    if (fetched_ns)
        fprintf(to, "  fetched %s", stamp_clock(when, fetched_ns, now_ns));
    if (expires_ns)
        fprintf(to, "  expires %s", stamp_clock(when, expires_ns, now_ns));
    if (number_of(task, "attempts") > 0)
        fprintf(to, "  sent %lld times, last answer %lld", number_of(task, "attempts"),
                number_of(task, "last_status"));
    if (try_ns)
        fprintf(to, "  again at %s", stamp_clock(when, try_ns, now_ns));
    if (json_is_false(json_object_get(task, "on_disk")))
        fputs("  NOT ON DISK", to);
    fputc('\n', to);
}

static void print_tasks(FILE *to, const json_t *report, int64_t now_ns)
{
    const json_t *tasks = json_object_get(report, "tasks"), *task;
    size_t i;

    fprintf(to, "open tasks  %lld\n", number_of(report, "open"));
    json_array_foreach(tasks, i, task) print_task(to, task, now_ns);
}

static void print_work(FILE *to, const json_t *report)
{
    const json_t *t = json_object_get(report, "totals"), *p = json_object_get(report, "prover");

    fprintf(to, "credited    %lld, probably %lld more\n", number_of(t, "credited"),
            number_of(t, "probably_credited"));
    fprintf(to, "lost        %lld refused or expired, %lld given up\n", number_of(t, "refused"),
            number_of(t, "abandoned"));
    fprintf(to, "speed       %.1f proofs an hour, the last took %.3f s, %.0f steps/s\n",
            real_of(p, "proofs_per_hour"), real_of(p, "last_proof_seconds"),
            real_of(p, "steps_per_second"));
    fprintf(to, "prover      %lld core%s, %lld input%s at once, %lld proof%s so far\n",
            number_of(p, "threads"), number_of(p, "threads") == 1 ? "" : "s",
            number_of(p, "inputs_at_once"), number_of(p, "inputs_at_once") == 1 ? "" : "s",
            number_of(p, "proofs"), number_of(p, "proofs") == 1 ? "" : "s");
    fprintf(to, "memory      client %lld MiB, worker %lld MiB%s\n",
            number_of(p, "resident_bytes") >> 20, number_of(p, "worker_bytes") >> 20,
            json_is_null(json_object_get(p, "worker_pid")) ? " (asleep)" : "");
}

static void print_disk(FILE *to, const json_t *outbox)
{
    const char *name;
    json_t *count;
    const char *before = "outbox      ";

    if (!outbox) {
        fputs("outbox      empty\n", to);
        return;
    }
    json_object_foreach((json_t *)outbox, name, count)
    {
        fprintf(to, "%s%lld %s", before, (long long)json_integer_value(count), name);
        before = ", ";
    }
    fputc('\n', to);
}

void status_report_print(FILE *to, const json_t *report, int64_t now_wall_ns)
{
    if (json_is_true(json_object_get(report, "running"))) {
        print_head(to, report, now_wall_ns);
        print_nodes(to, json_object_get(report, "nodes"));
        print_waits(to, json_object_get(report, "waits"), now_wall_ns);
        print_tasks(to, report, now_wall_ns);
        print_work(to, report);
    } else {
        fprintf(to, "no nxp runs on %s\n", text_of(report, "home"));
        if (json_array_size(json_object_get(report, "holds")) > 0)
            print_waits(to, json_object_get(report, "holds"), now_wall_ns);
    }
    print_disk(to, json_object_get(report, "outbox"));
    fflush(to);
}
