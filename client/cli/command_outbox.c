/* SPDX-License-Identifier: Apache-2.0 */
/* nxp outbox list: what has become of every task. Safe beside a running client. */
#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/command.h"
#include "client/cli/words.h"
#include "client/core/problem.h"
#include "client/shell/home.h"
#include "client/shell/outbox_file.h"

enum { KEY_JSON = 0x300 };

struct list {
    bool json;
    unsigned count;
    json_t *array;
};

static const struct argp_option options[] = {
    {"json", KEY_JSON, 0, 0, "Print a JSON array", 0},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct list *l = state->input;

    switch (key) {
    case KEY_JSON:
        l->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0 || strcmp(arg, "list") != 0)
            argp_error(state, "say 'list'");
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "say 'list'");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static json_t *json_of(const struct outbox_record *r)
{
    json_t *hashes = json_array();

    for (size_t i = 0; i < r->input_count; i++)
        if (r->proofs[i].hash[0])
            json_array_append_new(hashes, json_string(r->proofs[i].hash));
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:b, s:s, s:o}", "id",
                     (json_int_t)r->id, "state", outbox_state_name(r->state), "task_id",
                     r->task_id, "node_id", r->node_id, "program_id", r->program_id, "difficulty",
                     difficulty_name(r->difficulty), "fetched", (json_int_t)r->fetched_wall_s,
                     "finished", (json_int_t)r->finished_wall_s, "inputs", (int)r->input_count,
                     "attempts", (int)r->attempts, "last_status", (int)r->last_status,
                     "maybe_delivered", r->maybe_delivered, "proof_hash", r->proof_hash,
                     "hashes", hashes);
}

static enum status show(void *context, struct outbox_record *r, struct why *why)
{
    struct list *l = context;
    time_t seconds = (time_t)r->fetched_wall_s;
    char when[32];
    struct tm local;

    (void)why;
    if (l->json) {
        json_array_append_new(l->array, json_of(r));
    } else {
        if (l->count++ == 0)
            printf("%-9s  %-19s  %-12s  %8s  %6s  %s\n", "state", "fetched", "difficulty",
                   "attempts", "status", "task");
        problem_clean(r->task_id);
        localtime_r(&seconds, &local);
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
        printf("%-9s  %-19s  %-12s  %8u  %6u  %s\n", outbox_state_name(r->state), when,
               difficulty_name(r->difficulty), r->attempts, r->last_status, r->task_id);
    }
    outbox_record_fini(r);
    return ST_OK;
}

static enum status list(struct list *l, const struct home *home, struct why *why)
{
    struct outbox_file *outbox = NULL;
    enum status st = outbox_file_new(&outbox, home->outbox, why);

    if (st)
        return st;
    outbox->read_only = true;
    l->array = json_array();
    st = outbox_each(&outbox->base, show, l, why);
    if (st == ST_NOT_FOUND)
        st = ST_OK; /* no folder yet: no tasks */
    if (!st && l->json) {
        json_dumpf(l->array, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (!st && l->count == 0) {
        puts("no tasks yet");
    }
    if (outbox->damaged > 0)
        words_warn("%zu damaged record%s", outbox->damaged, outbox->damaged == 1 ? "" : "s");
    json_decref(l->array);
    outbox_free(&outbox->base);
    return st;
}

int command_outbox(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "list",
        .doc = "Shows the record of every task: its state, when it was fetched, how often its proof was "
               "sent and the status of the last answer. States: fetched, proved, sending; accepted, "
               "refused, unknown (probably credited: the answer was lost and the task is closed), "
               "abandoned (malformed, or not provable here).\v" WORDS_EXIT_CODES,
    };
    struct list l = {0};
    struct home home = {0};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &l);
    st = home_init(&home, getenv("NXP_HOME"), getenv("HOME"), &why);
    if (!st)
        st = list(&l, &home, &why);
    home_fini(&home);
    return st ? (int)words_failed(st, &why, "outbox") : EXIT_OK;
}
