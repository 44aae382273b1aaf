/* SPDX-License-Identifier: Apache-2.0 */
/* nxp status: what the running client is doing, or what a client that does not run left behind. */
#include <argp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/cli/command.h"
#include "client/cli/interrupt.h"
#include "client/cli/parse.h"
#include "client/cli/status_report.h"
#include "client/cli/words.h"
#include "client/shell/control.h"
#include "client/shell/home.h"

enum { KEY_JSON = 0x300, KEY_WATCH, KEY_METRICS };

struct look {
    bool json, metrics, watch;
    uint64_t every_s;
    struct home home;
};

static const struct argp_option options[] = {
    {"json", KEY_JSON, 0, 0, "Print JSON; with --watch one object a line", 0},
    {"metrics", KEY_METRICS, 0, 0, "Print metrics in the text form of Prometheus", 0},
    {"watch", KEY_WATCH, "SECONDS", OPTION_ARG_OPTIONAL, "Look again and again (every 2 s)", 0},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct look *k = state->input;

    switch (key) {
    case KEY_JSON:
        k->json = true;
        return 0;
    case KEY_METRICS:
        k->metrics = true;
        return 0;
    case KEY_WATCH:
        k->watch = true;
        if (arg && !parse_u64(&k->every_s, arg, 1, 3600))
            argp_error(state, "--watch: '%s' is no number from 1 to 3600", arg);
        return 0;
    case ARGP_KEY_END:
        if (k->metrics && (k->json || k->watch))
            argp_error(state, "--metrics goes with neither --json nor --watch");
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ST_NOT_FOUND: none runs. */
static enum status ask(json_t **out, const char *socket, struct why *why)
{
    struct buffer answer;
    json_error_t error;
    enum status st;

    buffer_init(&answer, CONTROL_MAX_ANSWER);
    st = control_ask(&answer, socket, "status", why);
    if (!st) {
        *out = json_loadb((const char *)answer.data, answer.size, 0, &error);
        if (!*out)
            st = fail(why, ST_IO, "%s: the answer is no JSON: %s", socket, error.text);
    }
    buffer_fini(&answer);
    return st;
}

static enum status add_disk(json_t *report, const struct look *k, int64_t now_ns, struct why *why)
{
    struct outbox_sqlite *outbox;
    struct outbox_survey survey;
    enum status st = outbox_sqlite_read(&outbox, k->home.outbox, why);

    if (st)
        return st == ST_NOT_FOUND ? ST_OK : st; /* no task has been fetched yet */
    st = outbox_survey(&survey, outbox, now_ns, why);
    if (!st)
        status_report_add_disk(report, &survey, now_ns);
    outbox_free(&outbox->base);
    return st;
}

static void print(const struct look *k, const json_t *report, int64_t now_ns)
{
    if (k->metrics) {
        status_report_metrics(stdout, report);
        return;
    }
    if (!k->json) {
        if (k->watch && isatty(STDOUT_FILENO))
            fputs("\033[H\033[2J", stdout);
        status_report_print(stdout, report, now_ns);
        return;
    }
    json_dumpf(report, stdout, k->watch ? JSON_COMPACT : JSON_INDENT(2));
    putchar('\n');
    fflush(stdout);
}

static enum status look_once(const struct look *k, bool *running, struct why *why)
{
    int64_t now_ns = clock_wall_ns(clock_system());
    json_t *report = NULL;
    enum status st = ask(&report, k->home.control, why);

    if (st == ST_NOT_FOUND) {
        report = status_report_idle(k->home.root, now_ns);
        st = ST_OK;
    }
    if (!st)
        st = add_disk(report, k, now_ns, why);
    if (!st) {
        *running = json_is_true(json_object_get(report, "running"));
        print(k, report, now_ns);
    }
    json_decref(report);
    return st;
}

static enum status look_on(const struct look *k, bool *running, struct why *why)
{
    struct pollfd stop = {.events = POLLIN};
    enum status st = interrupt_open(&stop.fd, why);

    while (!st) {
        st = look_once(k, running, why);
        if (st || ferror(stdout) || poll(&stop, 1, (int)k->every_s * 1000) > 0)
            break;
    }
    return st;
}

int command_status(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc =
            "Asks the nxp that runs on this home what it does: open tasks, waits with until when "
            "and why, what was credited and lost, speed, memory, and what is in the outbox. When "
            "none "
            "runs, shows what is on disk and ends with 1.\v" WORDS_EXIT_CODES
            " Here: 0 one runs, 1 none runs, 5 it does not answer.",
    };
    struct look k = {.every_s = 2};
    struct why why = {""};
    bool running = false;
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &k);
    st = home_init(&k.home, getenv("NXP_HOME"), getenv("HOME"), &why);
    if (!st)
        st = k.watch ? look_on(&k, &running, &why) : look_once(&k, &running, &why);
    home_fini(&k.home);
    if (st)
        return words_failed(st, &why, "status");
    return running ? EXIT_OK : EXIT_NO;
}
