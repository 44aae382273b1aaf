/* SPDX-License-Identifier: Apache-2.0 */
/* The report of nxp status in the text form of Prometheus, for its textfile collector. */
#include "client/cli/status_report.h"

static double value_of(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void head(FILE *to, const char *name, const char *type, const char *help)
{
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(FILE *to, const char *name, const char *type, const char *help, double value)
{
    head(to, name, type, help);
    fprintf(to, "%s %.15g\n", name, value);
}

/* A label's text: quotes, backslashes and line ends are escaped. */
static void labelled(FILE *to, const char *name, const char *label, const char *text, double value)
{
    fprintf(to, "%s{%s=\"", name, label);
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", to);
        else if (*text == '"' || *text == '\\')
            fprintf(to, "\\%c", *text);
        else
            fputc(*text, to);
    }
    fprintf(to, "\"} %.15g\n", value);
}

static void print_tasks(FILE *to, const json_t *totals)
{
    static const char *const ends[] = {"credited", "probably_credited", "refused", "abandoned"};

    head(to, "nxp_tasks_total", "counter", "Tasks of this run by how they ended.");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        labelled(to, "nxp_tasks_total", "end", ends[i], value_of(totals, ends[i]));
    head(to, "nxp_requests_total", "counter", "Requests of this run.");
    labelled(to, "nxp_requests_total", "route", "fetch", value_of(totals, "fetch_requests"));
    labelled(to, "nxp_requests_total", "route", "submit", value_of(totals, "submit_requests"));
    single(to, "nxp_tasks_fetched_total", "counter", "Tasks fetched in this run.",
           value_of(totals, "fetched"));
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static void print_waits(FILE *to, const json_t *waits)
{
    const json_t *wait;
    size_t i;

    head(to, "nxp_wait_seconds", "gauge", "Until the next request to a route may go.");
    json_array_foreach(waits, i, wait)
        labelled(to, "nxp_wait_seconds", "route", text_of(wait, "route"), value_of(wait, "seconds"));
}

static void print_nodes(FILE *to, const json_t *nodes)
{
    const json_t *node;
    size_t i;

    head(to, "nxp_node_credited_total", "counter", "Credited tasks of this run by node.");
    json_array_foreach(nodes, i, node)
        labelled(to, "nxp_node_credited_total", "node", text_of(node, "node_id"),
                 value_of(node, "credited"));
}

static void print_prover(FILE *to, const json_t *prover)
{
    single(to, "nxp_proofs_total", "counter", "Inputs proved and verified in this run.",
           value_of(prover, "proofs"));
    single(to, "nxp_steps_per_second", "gauge", "Guest steps a second while proving.",
           value_of(prover, "steps_per_second"));
    head(to, "nxp_resident_bytes", "gauge", "Memory of the client and of its worker.");
    labelled(to, "nxp_resident_bytes", "process", "client", value_of(prover, "resident_bytes"));
    labelled(to, "nxp_resident_bytes", "process", "worker", value_of(prover, "worker_bytes"));
}

void status_report_metrics(FILE *to, const json_t *report)
{
    bool running = json_is_true(json_object_get(report, "running"));
    const char *state;
    json_t *count;

    single(to, "nxp_up", "gauge", "1 when a client runs on this home.", running);
    if (running) {
        single(to, "nxp_tasks_open", "gauge", "Tasks without a definite answer.",
               value_of(report, "open"));
        print_tasks(to, json_object_get(report, "totals"));
        print_waits(to, json_object_get(report, "waits"));
        print_nodes(to, json_object_get(report, "nodes"));
        print_prover(to, json_object_get(report, "prover"));
    }
    head(to, "nxp_outbox_records", "gauge", "Records on disk by state.");
    json_object_foreach(json_object_get(report, "outbox"), state, count)
        labelled(to, "nxp_outbox_records", "state", state, json_number_value(count));
    fflush(to);
}
