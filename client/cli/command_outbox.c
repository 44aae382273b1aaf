/* SPDX-License-Identifier: Apache-2.0 */
/* nxp outbox: what has become of every task, and what can still be done for it. Looking is safe
 * beside a running client. */
#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/command.h"
#include "client/cli/parse.h"
#include "client/cli/words.h"
#include "client/core/problem.h"
#include "client/shell/home.h"
#include "client/shell/outbox_sqlite.h"

enum { KEY_JSON = 0x300 };

struct verb;

struct request {
    const struct verb *verb;
    bool json;
    uint64_t id;
    const char *file;

    struct home home;
    unsigned count;
    json_t *array;
};

struct verb {
    const char *name;
    unsigned args; /* after the name */
    bool writes;
    enum status (*perform)(struct request *q, struct outbox_sqlite *o, struct why *why);
};

/* ---- one record ---- */

static json_t *json_of(const struct outbox_record *r)
{
    json_t *hashes = json_array();
    size_t proofs = 0;

    for (size_t i = 0; i < r->input_count; i++) {
        if (r->proofs[i].hash[0])
            json_array_append_new(hashes, json_string(r->proofs[i].hash));
        proofs += r->proofs[i].data != NULL;
    }
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:i, s:b, s:s, s:o}",
                     "id", (json_int_t)r->id, "state", outbox_state_name(r->state), "task_id",
                     r->task_id, "node_id", r->node_id, "program_id", r->program_id, "difficulty",
                     difficulty_name(r->difficulty), "fetched", (json_int_t)r->fetched_wall_s,
                     "finished", (json_int_t)r->finished_wall_s, "inputs", (int)r->input_count,
                     "proofs", (int)proofs, "attempts", (int)r->attempts, "last_status",
                     (int)r->last_status, "maybe_delivered", r->maybe_delivered, "proof_hash",
                     r->proof_hash, "hashes", hashes);
}

static void print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(value);
}

static const char *local_time(char out[static 32], int64_t wall_s)
{
    time_t seconds = (time_t)wall_s;
    struct tm local;

    localtime_r(&seconds, &local);
    strftime(out, 32, "%Y-%m-%d %H:%M:%S", &local);
    return out;
}

/* ---- list ---- */

static enum status list_one(void *context, struct outbox_record *r, struct why *why)
{
    struct request *q = context;
    char when[32];

    (void)why;
    if (q->json) {
        json_array_append_new(q->array, json_of(r));
    } else {
        if (q->count++ == 0)
            printf("%6s  %-9s  %-19s  %-12s  %8s  %6s  %s\n", "id", "state", "fetched",
                   "difficulty", "attempts", "status", "task");
        problem_clean(r->task_id);
        printf("%6llu  %-9s  %-19s  %-12s  %8u  %6u  %s\n", (unsigned long long)r->id,
               outbox_state_name(r->state), local_time(when, r->fetched_wall_s),
               difficulty_name(r->difficulty), r->attempts, r->last_status, r->task_id);
    }
    outbox_record_fini(r);
    return ST_OK;
}

static void warn_of_damage(const struct outbox_sqlite *o)
{
    if (o && o->damaged > 0)
        words_warn("%zu damaged record%s: %s", o->damaged, o->damaged == 1 ? "" : "s",
                   o->damaged_names);
}

/* o may be NULL: there has been no task yet. */
static enum status list(struct request *q, struct outbox_sqlite *o, struct why *why)
{
    enum status st = ST_OK;

    q->array = json_array();
    if (o)
        st = outbox_each(&o->base, list_one, q, why);
    if (!st && q->json)
        print_json(json_incref(q->array));
    else if (!st && q->count == 0)
        puts("no tasks yet");
    warn_of_damage(o);
    json_decref(q->array);
    return st;
}

/* ---- show, retry, export ---- */

static void print_record(struct outbox_record *r)
{
    char when[32];

    problem_clean(r->task_id);
    problem_clean(r->program_id);
    problem_clean(r->node_id);
    printf("record      %llu\nstate       %s\ntask        %s\nprogram     %s\nnode        %s\n"
           "difficulty  %s\nfetched     %s\n",
           (unsigned long long)r->id, outbox_state_name(r->state), r->task_id, r->program_id,
           r->node_id, difficulty_name(r->difficulty), local_time(when, r->fetched_wall_s));
    if (r->finished_wall_s)
        printf("finished    %s\n", local_time(when, r->finished_wall_s));
    printf("attempts    %u%s\nlast status %u\n", r->attempts,
           r->maybe_delivered ? ", one of them perhaps delivered" : "", r->last_status);
    if (r->proof_hash[0])
        printf("proof hash  %s\n", r->proof_hash);
    for (size_t i = 0; i < r->input_count; i++) {
        printf("input       %u,%u,%u", r->inputs[i][0], r->inputs[i][1], r->inputs[i][2]);
        if (r->proofs[i].hash[0])
            printf("  %s", r->proofs[i].hash);
        printf(r->proofs[i].data ? "  %zu bytes\n" : "\n", r->proofs[i].size);
    }
}

static enum status show(struct request *q, struct outbox_sqlite *o, struct why *why)
{
    struct outbox_record r = {0};
    enum status st = outbox_sqlite_get(o, q->id, &r, why);

    if (!st && q->json)
        print_json(json_of(&r));
    else if (!st)
        print_record(&r);
    outbox_record_fini(&r);
    return st;
}

static enum status retry(struct request *q, struct outbox_sqlite *o, struct why *why)
{
    enum status st = outbox_sqlite_retry(o, q->id, why);

    if (!st && q->json)
        print_json(json_pack("{s:I, s:s}", "id", (json_int_t)q->id, "state",
                             outbox_state_name(OUTBOX_PROVED)));
    else if (!st)
        printf("record %llu will be sent again by the next nxp start\n", (unsigned long long)q->id);
    return st;
}

/* FILE for the only input; FILE.1, FILE.2 … when there are several. */
static enum status export_proofs(struct request *q, const struct outbox_record *r, json_t *files,
                                 struct why *why)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < r->input_count && !st; i++) {
        const struct outbox_proof *p = &r->proofs[i];
        char *path = NULL;

        if (!p->data)
            return fail(why, ST_NOT_FOUND, "record %llu holds no proof of its input %zu",
                        (unsigned long long)r->id, i + 1);
        if ((r->input_count == 1 ? asprintf(&path, "%s", q->file)
                                 : asprintf(&path, "%s.%zu", q->file, i + 1)) < 0)
            return fail(why, ST_NO_MEMORY, "outbox: out of memory");
        st = file_write(path, bytes_of(p->data, p->size), 0644, why);
        if (!st)
            json_array_append_new(files, json_string(path));
        if (!st && !q->json)
            printf("%s: %zu bytes\n", path, p->size);
        free(path);
    }
    return st;
}

static enum status export(struct request *q, struct outbox_sqlite *o, struct why *why)
{
    json_t *files = json_array();
    struct outbox_record r = {0};
    enum status st = outbox_sqlite_get(o, q->id, &r, why);

    if (!st && r.input_count == 0)
        st = fail(why, ST_NOT_FOUND, "record %llu has no inputs", (unsigned long long)q->id);
    if (!st)
        st = export_proofs(q, &r, files, why);
    if (!st && q->json)
        print_json(json_pack("{s:I, s:O}", "id", (json_int_t)q->id, "files", files));
    json_decref(files);
    outbox_record_fini(&r);
    return st;
}

static const struct verb verbs[] = {
    {"list", 0, false, list},
    {"show", 1, false, show},
    {"retry", 1, true, retry},
    {"export", 2, false, export},
};

/* ---- the command ---- */

static const struct argp_option options[] = {
    {"json", KEY_JSON, 0, 0, "Print JSON", 0},
    {0},
};

static void take_arg(struct request *q, char *arg, struct argp_state *state)
{
    if (state->arg_num == 0) {
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
            if (strcmp(arg, verbs[i].name) == 0)
                q->verb = &verbs[i];
        if (!q->verb)
            argp_error(state, "say 'list', 'show ID', 'retry ID' or 'export ID FILE'");
    } else if (state->arg_num > q->verb->args) {
        argp_error(state, "unexpected argument '%s'", arg);
    } else if (state->arg_num == 1) {
        if (!parse_u64(&q->id, arg, 1, INT64_MAX))
            argp_error(state, "'%s' is no id of a record: nxp outbox list shows them", arg);
    } else {
        q->file = arg;
    }
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct request *q = state->input;

    switch (key) {
    case KEY_JSON:
        q->json = true;
        return 0;
    case ARGP_KEY_ARG:
        take_arg(q, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!q->verb || state->arg_num != q->verb->args + 1)
            argp_error(state, "say 'list', 'show ID', 'retry ID' or 'export ID FILE'");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Opening for writing takes the files of an older version over, which reading cannot do. */
static enum status open_outbox(struct outbox_sqlite **out, struct request *q, struct why *why)
{
    bool old = access(q->home.outbox, F_OK) < 0 && access(q->home.old_outbox, F_OK) == 0;
    enum status st = ST_OK;

    if (!q->verb->writes && !old)
        return outbox_sqlite_read(out, q->home.outbox, why);
    st = home_prepare(&q->home, why);
    if (!st)
        st = home_lock(&q->home, why);
    return st ? st : outbox_sqlite_open(out, q->home.outbox, q->home.old_outbox, why);
}

static enum status perform(struct request *q, struct why *why)
{
    struct outbox_sqlite *outbox = NULL;
    enum status st = open_outbox(&outbox, q, why);

    if (outbox)
        words_rescued(outbox->kept, outbox->rescued);
    warn_of_damage(outbox); /* in the files of an older version */
    if (!st || (st == ST_NOT_FOUND && q->verb->perform == list))
        st = q->verb->perform(q, outbox, why);
    else if (st == ST_NOT_FOUND)
        st = fail(why, ST_NOT_FOUND, "there is no record %llu: no task has been fetched yet",
                  (unsigned long long)q->id);
    if (outbox)
        outbox_free(&outbox->base);
    return st;
}

int command_outbox(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "list\nshow ID\nretry ID\nexport ID FILE",
        .doc = "list: the record of every task: its state, when it was fetched, how often its proof "
               "was sent and the status of the last answer. show: all about one. retry: a record that "
               "is refused, unknown or abandoned and still has its proof is sent again by the next "
               "nxp start (not while one runs). export: writes the proof to FILE (FILE.1, FILE.2 … "
               "for several inputs). States: fetched, proved, sending; accepted, refused, unknown "
               "(probably credited: the answer was lost and the task is closed), abandoned "
               "(malformed, or not provable here). History is kept for 30 days.\v" WORDS_EXIT_CODES,
    };
    struct request q = {0};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &q);
    st = home_init(&q.home, getenv("NXP_HOME"), getenv("HOME"), &why);
    if (!st)
        st = perform(&q, &why);
    home_fini(&q.home);
    return st ? (int)words_failed(st, &why, "outbox") : EXIT_OK;
}
