/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/scenario/scalar.h"
#include "mockorch/scenario/written.h"

/* Room for count values; ST_OK with NULL for none. */
static void *take(struct scalar_reader *r, size_t count, size_t size)
{
    void *taken = NULL;

    if (r->st == ST_OK && count) {
        taken = calloc(count, size);
        if (!taken)
            r->st = fail(r->why, ST_NO_MEMORY, "scenario: out of memory");
    }
    return taken;
}

/* A reader of one list entry; it goes on with the complaint of the one above. */
static struct scalar_reader entry_of(const struct scalar_reader *r, const char *part, size_t i)
{
    return (struct scalar_reader){
        .st = r->st, .why = r->why, .part = part, .number = i + 1, .yaml = r->yaml};
}

/* ---- orchestrator ---- */

static void read_difficulty(struct scalar_reader *r, const char *key, const char *text, int *out)
{
    enum difficulty d;

    if (!text)
        return;
    if (difficulty_parse(&d, text, NULL))
        scalar_complain(r, key, text, "a difficulty, SMALL to EXTRA_LARGE_5");
    else
        *out = (int)d;
}

static const char *n_of(const struct written_program *p, size_t bucket)
{
    const char *const all[SETTINGS_BUCKETS] = {
        p->n_small,         p->n_small_medium,  p->n_medium,
        p->n_large,         p->n_extra_large,   p->n_extra_large_2,
        p->n_extra_large_3, p->n_extra_large_4, p->n_extra_large_5};

    return all[bucket];
}

static void read_programs(struct scalar_reader *r, struct settings *s,
                          const struct written_orchestrator *w)
{
    if (w->programs_count)
        s->program_count = 0; /* the list replaces the default */
    for (unsigned i = 0; i < w->programs_count; i++) {
        const struct written_program *p = &w->programs[i];
        struct scalar_reader e = entry_of(r, "programs", i);
        struct settings_program *to;

        if (!e.st)
            e.st = settings_add_program(s, p->id, r->why);
        if (!e.st) {
            to = &s->programs[s->program_count - 1];
            scalar_u32(&e, "weight", p->weight, &to->weight);
            scalar_range(&e, "n", p->n, &to->n);
            for (size_t bucket = 0; bucket < SETTINGS_BUCKETS; bucket++)
                scalar_range(&e, "n of a difficulty", n_of(p, bucket), &to->n_of[bucket]);
            scalar_range(&e, "a", p->a, &to->a);
            scalar_range(&e, "b", p->b, &to->b);
        }
        r->st = e.st;
    }
}

static void read_nodes(struct scalar_reader *r, struct scenario *s,
                       const struct written_orchestrator *w)
{
    s->nodes = take(r, w->nodes_count, sizeof *s->nodes);
    s->node_count = s->nodes ? w->nodes_count : 0;
    for (size_t i = 0; i < s->node_count; i++) {
        struct scalar_reader e = entry_of(r, "nodes", i);

        scalar_text(&e, "id", w->nodes[i].id, s->nodes[i].id, sizeof s->nodes[i].id);
        scalar_text(&e, "wallet", w->nodes[i].wallet, s->nodes[i].wallet,
                    sizeof s->nodes[i].wallet);
        r->st = e.st;
    }
}

static void read_allowances(struct scalar_reader *r, struct settings *to,
                            const struct written_orchestrator *w)
{
    static const char *const shapes[] = {"window", "bucket", NULL};
    static const char *const retries[] = {"seconds", "date", NULL};
    static const char *const fields[] = {"none", "new", "old", "both", NULL};
    int shape = (int)to->allowance, date = to->retry_after_date;
    int field = (int)to->rate_limit_fields;

    scalar_word(r, "allowance", w->allowance, shapes, &shape);
    scalar_u32(r, "node_fetches", w->node_fetches, &to->fetches_per_node.limit);
    scalar_span(r, "node_window", w->node_window, &to->fetches_per_node.window_ns);
    scalar_u32(r, "key_fetches", w->key_fetches, &to->fetches_per_key.limit);
    scalar_span(r, "key_window", w->key_window, &to->fetches_per_key.window_ns);
    scalar_u32(r, "address_fetches", w->address_fetches, &to->fetches_per_address.limit);
    scalar_span(r, "address_window", w->address_window, &to->fetches_per_address.window_ns);
    scalar_word(r, "retry_after", w->retry_after, retries, &date);
    scalar_word(r, "rate_limit_fields", w->rate_limit_fields, fields, &field);
    to->allowance = (enum quota_shape)shape;
    to->retry_after_date = date;
    to->rate_limit_fields = (enum settings_fields)field;
}

static void read_reputation(struct scalar_reader *r, struct settings_reputation *to,
                            const struct written_orchestrator *w)
{
    int start = (int)to->start;

    read_difficulty(r, "reputation_start", w->reputation_start, &start);
    scalar_u32(r, "reputation_raise", w->reputation_raise, &to->raise);
    scalar_u32(r, "reputation_lower", w->reputation_lower, &to->lower);
    to->start = (enum difficulty)start;
}

static void read_orchestrator(struct scalar_reader *r, struct scenario *s,
                              const struct written_orchestrator *w)
{
    static const char *const judgings[] = {"full", "hash", "none", NULL};
    struct settings *to = &s->orchestrator;
    int judging = (int)to->judging, ceiling = (int)to->difficulty_ceiling;

    if (!w)
        return;
    r->part = "orchestrator";
    scalar_u32(r, "fetches_per_window", w->fetches_per_window, &to->fetches_per_window);
    scalar_span(r, "window", w->window, &to->window_ns);
    scalar_u32(r, "submissions_per_window", w->submissions_per_window, &to->submissions_per_window);
    scalar_u32(r, "refusals_per_window", w->refusals_per_window, &to->refusals_per_window);
    scalar_span(r, "refusal_gap", w->refusal_gap, &to->refusal_gap_ns);
    scalar_span(r, "task_expiry", w->task_expiry, &to->task_expiry_ns);
    scalar_u32(r, "nodes_per_user", w->nodes_per_user, &to->nodes_per_user);
    scalar_u32(r, "nodes_per_day", w->nodes_per_day, &to->nodes_per_day);
    scalar_u64(r, "task_limit", w->task_limit, &to->task_limit);
    scalar_u32(r, "closed_tasks_kept", w->closed_tasks_kept, &to->closed_tasks_kept);
    scalar_u32(r, "consensus", w->consensus, &to->consensus);
    scalar_u32(r, "credits_kept", w->credits_kept, &to->credits_kept);
    scalar_u32(r, "requests_kept", w->requests_kept, &to->requests_kept);
    scalar_span(r, "idle_retry", w->idle_retry, &to->idle_retry_ns);
    scalar_u64(r, "max_submission_bytes", w->max_submission_bytes, &to->max_submission_bytes);
    scalar_range(r, "inputs_per_task", w->inputs_per_task, &to->inputs_per_task);
    read_difficulty(r, "difficulty_ceiling", w->difficulty_ceiling, &ceiling);
    scalar_chance(r, "difficulty_drop", w->difficulty_drop, &to->difficulty_drop);
    scalar_bool(r, "difficulty_grows", w->difficulty_grows, &to->difficulty_grows);
    scalar_word(r, "judging", w->judging, judgings, &judging);
    to->judging = (enum judging)judging;
    to->difficulty_ceiling = (enum difficulty)ceiling;
    if (w->task_types) {
        memset(to->type_weights, 0, sizeof to->type_weights);
        scalar_u32(r, "proof_required", w->task_types->proof_required, &to->type_weights[0]);
        scalar_u32(r, "proof_hash", w->task_types->proof_hash, &to->type_weights[1]);
        scalar_u32(r, "all_proof_hashes", w->task_types->all_proof_hashes, &to->type_weights[2]);
    }
    read_allowances(r, to, w);
    read_reputation(r, &to->reputation, w);
    read_programs(r, to, w);
    read_nodes(r, s, w);
}

/* ---- faults ---- */

static void read_where(struct scalar_reader *r, struct fault_where *to,
                       const struct written_fault *w)
{
    enum call call;

    if (w->call && strcmp(w->call, "any") == 0)
        to->call = FAULT_ANY_CALL;
    else if (w->call && call_of_name(&call, w->call))
        to->call = (int)call;
    else if (w->call)
        scalar_complain(r, "call", w->call, "a call like fetch, submit, node, any");
    scalar_text(r, "node", w->node, to->node_id, sizeof to->node_id);
    scalar_span(r, "from", w->from, &to->from_ns);
    scalar_span(r, "until", w->until, &to->until_ns);
    scalar_u64(r, "nth", w->nth, &to->nth);
    scalar_u64(r, "after", w->after, &to->after);
    scalar_u64(r, "first", w->first, &to->first);
    scalar_u64(r, "every", w->every, &to->every);
    scalar_u64(r, "at_most", w->at_most, &to->at_most);
    scalar_chance(r, "probability", w->probability, &to->probability);
}

#define MOST_NAMES 32

/* A word out of those that name(0), name(1), … give. */
static void read_named(struct scalar_reader *r, const char *key, const char *text,
                       const char *(*name)(int), int *out)
{
    const char *names[MOST_NAMES + 1] = {0};

    for (int i = 0; i < MOST_NAMES && name(i); i++)
        names[i] = name(i);
    scalar_word(r, key, text, names, out);
}

static const char *task_name(int i)
{
    return fault_task_name((enum fault_task)i);
}

static const char *head_name(int i)
{
    return fault_head_name((enum fault_head)i);
}

static const char *mutation_name(int i)
{
    return fault_mutation_name((enum fault_mutation)i);
}

static void read_odd(struct scalar_reader *r, struct fault_what *to, const struct written_fault *w)
{
    static const char *const spreads[] = {"uniform", "lognormal", "pareto", NULL};
    int task = (int)to->task, head = (int)to->head, mutation = (int)to->mutation;
    int spread = (int)to->spread;
    int64_t offset_ns = to->date_offset_s * NS_PER_S;

    read_named(r, "task", w->task, task_name, &task);
    read_named(r, "head", w->head, head_name, &head);
    read_named(r, "mutate", w->mutate, mutation_name, &mutation);
    scalar_word(r, "spread", w->spread, spreads, &spread);
    scalar_signed_span(r, "date_offset", w->date_offset, &offset_ns);
    to->task = (enum fault_task)task;
    to->head = (enum fault_head)head;
    to->mutation = (enum fault_mutation)mutation;
    to->spread = (enum fault_spread)spread;
    to->date_offset_s = offset_ns / NS_PER_S;
    if (w->spread && !(to->effects & FAULT_DELAY))
        scalar_complain(r, "spread", w->spread, "possible without delay or jitter");
}

/* Which effects a rule has follows from the keys that are there. */
static unsigned effects_of(const struct written_fault *w)
{
    return (w->status ? FAULT_STATUS : 0) | (w->retry_after ? FAULT_RETRY_AFTER : 0) |
           (w->location ? FAULT_LOCATION : 0) | (w->delay || w->jitter ? FAULT_DELAY : 0) |
           (w->lose ? FAULT_LOSE : 0) | (w->truncate ? FAULT_TRUNCATE : 0) |
           (w->dribble || w->dribble_gap ? FAULT_DRIBBLE : 0) | (w->corrupt ? FAULT_CORRUPT : 0) |
           (w->twice ? FAULT_TWICE : 0) | (w->task ? FAULT_TASK : 0) |
           (w->head ? FAULT_HEAD : 0) | (w->mutate ? FAULT_MUTATE : 0) |
           (w->date_offset ? FAULT_DATE : 0);
}

static void read_what(struct scalar_reader *r, struct fault_what *to, const struct written_fault *w)
{
    static const char *const bodies[] = {"json", "html", "plain", "garbage", "empty", NULL};
    static const char *const loses[] = {"request", "answer", NULL};
    static const char *const cuts[] = {"none", "reset", "close", "silence", NULL};
    static const char *const twices[] = {"first", "second", NULL};
    int body = (int)to->body, lose = (int)to->lose, cut = (int)to->cut, twice = (int)to->twice;

    to->effects |= effects_of(w);
    scalar_u32(r, "status", w->status, &to->status);
    scalar_word(r, "body", w->body, bodies, &body);
    scalar_bool(r, "processed", w->processed, &to->processed);
    scalar_text(r, "retry_after", w->retry_after, to->retry_after, sizeof to->retry_after);
    scalar_text(r, "location", w->location, to->location, sizeof to->location);
    scalar_span(r, "delay", w->delay, &to->delay_ns);
    scalar_span(r, "jitter", w->jitter, &to->jitter_ns);
    scalar_word(r, "lose", w->lose, loses, &lose);
    scalar_word(r, "cut", w->cut, cuts, &cut);
    scalar_u64(r, "truncate", w->truncate, &to->truncate);
    scalar_u64(r, "dribble", w->dribble, &to->dribble_bytes);
    scalar_span(r, "dribble_gap", w->dribble_gap, &to->dribble_gap_ns);
    scalar_u64(r, "corrupt", w->corrupt, &to->corrupt);
    scalar_word(r, "twice", w->twice, twices, &twice);
    read_odd(r, to, w);
    to->body = (enum fault_body)body;
    to->lose = (enum fault_lose)lose;
    to->cut = (enum fault_cut)cut;
    to->twice = (enum fault_twice)twice;
    if (w->body && !(to->effects & FAULT_STATUS))
        scalar_complain(r, "body", w->body, "possible without a status");
    if (w->processed && !(to->effects & FAULT_STATUS))
        scalar_complain(r, "processed", w->processed, "possible without a status");
    if (w->cut && !(to->effects & (FAULT_LOSE | FAULT_TRUNCATE)))
        scalar_complain(r, "cut", w->cut, "possible without lose or truncate");
}

static void read_fault(struct scalar_reader *r, struct fault_rule *to,
                       const struct written_fault *w, struct fault_plan *checker)
{
    to->where.call = FAULT_ANY_CALL;
    if (w->fault) {
        const struct fault_named *named = fault_of_name(w->fault);

        if (!named) {
            scalar_complain(r, "fault", w->fault, "a fault with a name (--list-faults)");
            return;
        }
        to->what = named->what;
        to->where.call = named->call;
        scalar_text(r, "fault", w->fault, to->name, sizeof to->name);
    }
    scalar_text(r, "name", w->name, to->name, sizeof to->name);
    read_where(r, &to->where, w);
    read_what(r, &to->what, w);
    if (r->st == ST_OK) {
        r->st = fault_plan_add(checker, to, r->why);
        if (r->st) {
            fail_within(r->why, r->st, "%s, number %zu", r->part, r->number);
            scalar_say_where(r, NULL, NULL);
        }
    }
}

static void read_faults(struct scalar_reader *r, struct scenario *s, const struct written *w)
{
    struct fault_plan checker;

    s->rules = take(r, w->faults_count, sizeof *s->rules);
    s->rule_count = s->rules ? w->faults_count : 0;
    fault_plan_init(&checker, 0);
    for (size_t i = 0; i < s->rule_count && !r->st; i++) {
        struct scalar_reader e = entry_of(r, "faults", i);

        read_fault(&e, &s->rules[i], &w->faults[i], &checker);
        r->st = e.st;
    }
    fault_plan_fini(&checker);
}

/* ---- the simulator's parts ---- */

static void read_network(struct scalar_reader *r, struct scenario_network *to,
                         const struct written_network *w)
{
    static const char *const spreads[] = {"uniform", "lognormal", "pareto", NULL};
    int spread = 0;

    if (!w)
        return;
    r->part = "network";
    scalar_span(r, "latency", w->latency, &to->latency_ns);
    scalar_span(r, "jitter", w->jitter, &to->jitter_ns);
    scalar_chance(r, "loss", w->loss, &to->loss);
    scalar_chance(r, "reset", w->reset, &to->reset);
    scalar_chance(r, "duplicate", w->duplicate, &to->duplicate);
    scalar_word(r, "spread", w->spread, spreads, &spread);
    scalar_chance(r, "retransmit", w->retransmit, &to->retransmit);
    scalar_u64(r, "bytes_per_second", w->bytes_per_second, &to->up_bytes_per_s);
    to->down_bytes_per_s = to->up_bytes_per_s;
    scalar_u64(r, "up_bytes_per_second", w->up_bytes_per_second, &to->up_bytes_per_s);
    scalar_u64(r, "down_bytes_per_second", w->down_bytes_per_second, &to->down_bytes_per_s);
    to->spread = (enum fault_spread)spread;
}

static void read_client(struct scalar_reader *r, struct scenario_client *to,
                        const struct written_client *w)
{
    static const char *const profiles[] = {"current", "seed", "reference", NULL};
    int profile = 0;

    *to = (struct scenario_client){.count = 1, .nodes = 1, .proofs_at_once = 1, .max_difficulty = -1};
    scalar_text(r, "name", w->name, to->name, sizeof to->name);
    scalar_u32(r, "count", w->count, &to->count);
    scalar_u32(r, "nodes", w->nodes, &to->nodes);
    scalar_u32(r, "proofs_at_once", w->proofs_at_once, &to->proofs_at_once);
    scalar_word(r, "profile", w->profile, profiles, &profile);
    scalar_text(r, "profile", profiles[profile], to->profile, sizeof to->profile);
    scalar_u64(r, "max_tasks", w->max_tasks, &to->max_tasks);
    read_difficulty(r, "max_difficulty", w->max_difficulty, &to->max_difficulty);
    scalar_span(r, "start", w->start, &to->start_ns);
    scalar_span(r, "start_spread", w->start_spread, &to->start_spread_ns);
    scalar_span(r, "prove", w->prove, &to->prove_ns);
    scalar_span(r, "prove_jitter", w->prove_jitter, &to->prove_jitter_ns);
    scalar_bool(r, "prove_grows", w->prove_grows, &to->prove_grows);
    scalar_chance(r, "prove_fails", w->prove_fails, &to->prove_fails);
    scalar_chance(r, "prove_dies", w->prove_dies, &to->prove_dies);
    scalar_chance(r, "prove_wrong", w->prove_wrong, &to->prove_wrong);
    scalar_chance(r, "disk_stalls", w->disk_stalls, &to->disk_stalls);
    scalar_chance(r, "disk_torn", w->disk_torn, &to->disk_torn);
    scalar_chance(r, "disk_rot", w->disk_rot, &to->disk_rot);
    scalar_chance(r, "memory_short", w->memory_short, &to->memory_short);
    scalar_chance(r, "disk_lost", w->disk_lost, &to->disk_lost);
    scalar_chance(r, "disk_full", w->disk_full, &to->disk_full);
    scalar_chance(r, "disk_error", w->disk_error, &to->disk_error);
    scalar_double(r, "clock_drift_ppm", w->clock_drift_ppm, &to->clock_drift_ppm);
    scalar_signed_span(r, "wall_skew", w->wall_skew, &to->wall_skew_ns);
    scalar_bool(r, "registers", w->registers, &to->registers);
    scalar_text(r, "wallet", w->wallet, to->wallet, sizeof to->wallet);
    scalar_text(r, "version", w->version, to->version, sizeof to->version);
    scalar_text(r, "version_page", w->version_page, to->version_page, sizeof to->version_page);
    scalar_text(r, "country_page", w->country_page, to->country_page, sizeof to->country_page);
    scalar_text(r, "release_page", w->release_page, to->release_page, sizeof to->release_page);
    if (to->count == 0 || to->count > SCENARIO_MAX_CLIENT)
        scalar_complain(r, "count", w->count, "within 1 to 10000");
    if (to->nodes == 0 || to->nodes > 100)
        scalar_complain(r, "nodes", w->nodes, "within 1 to 100");
    if (to->proofs_at_once == 0 || to->proofs_at_once > 100)
        scalar_complain(r, "proofs_at_once", w->proofs_at_once, "within 1 to 100");
}

static void read_clients(struct scalar_reader *r, struct scenario *s, const struct written *w)
{
    s->clients = take(r, w->clients_count, sizeof *s->clients);
    s->client_count = s->clients ? w->clients_count : 0;
    for (size_t i = 0; i < s->client_count; i++) {
        struct scalar_reader e = entry_of(r, "clients", i);

        read_client(&e, &s->clients[i], &w->clients[i]);
        for (size_t other = 0; other < i; other++)
            if (strcmp(s->clients[other].name, s->clients[i].name) == 0)
                scalar_complain(&e, "name", s->clients[i].name, "given once only");
        r->st = e.st;
    }
}

static void read_events(struct scalar_reader *r, struct scenario *s, const struct written *w)
{
    s->events = take(r, w->events_count, sizeof *s->events);
    s->event_count = s->events ? w->events_count : 0;
    for (size_t i = 0; i < s->event_count; i++) {
        struct scalar_reader e = entry_of(r, "events", i);
        struct scenario_event *to = &s->events[i];

        scalar_span(&e, "at", w->events[i].at, &to->at_ns);
        scalar_text(&e, "event", w->events[i].event, to->event, sizeof to->event);
        scalar_text(&e, "who", w->events[i].who, to->who, sizeof to->who);
        scalar_span(&e, "for", w->events[i].for_, &to->for_ns);
        scalar_span(&e, "every", w->events[i].every, &to->every_ns);
        scalar_double(&e, "amount", w->events[i].amount, &to->amount);
        scalar_text(&e, "call", w->events[i].call, to->call, sizeof to->call);
        scalar_text(&e, "body", w->events[i].body, to->body, sizeof to->body);
        scalar_u32(&e, "answers", w->events[i].answers, &to->answers);
        r->st = e.st;
    }
}

static void read_expects(struct scalar_reader *r, struct scenario *s, const struct written *w)
{
    s->expects = take(r, w->expect_count, sizeof *s->expects);
    s->expect_count = s->expects ? w->expect_count : 0;
    for (size_t i = 0; i < s->expect_count; i++) {
        struct scalar_reader e = entry_of(r, "expect", i);
        struct scenario_expect *to = &s->expects[i];

        scalar_text(&e, "metric", w->expect[i].metric, to->metric, sizeof to->metric);
        scalar_double(&e, "at_least", w->expect[i].at_least, &to->at_least);
        scalar_double(&e, "at_most", w->expect[i].at_most, &to->at_most);
        to->has_at_least = w->expect[i].at_least != NULL;
        to->has_at_most = w->expect[i].at_most != NULL;
        if (!to->has_at_least && !to->has_at_most)
            scalar_complain(&e, "metric", to->metric, "bounded: at_least or at_most is missing");
        r->st = e.st;
    }
}

static void read_choices(struct scalar_reader *r, struct scenario *s, const struct written *w)
{
    static const char *const tapes[] = {"drawn", "written", NULL};
    int tape = 0;

    scalar_word(r, "tape", w->tape, tapes, &tape);
    s->tape_written = tape;
    s->choices = take(r, w->choices_count, sizeof *s->choices);
    s->choice_count = s->choices ? w->choices_count : 0;
    for (size_t i = 0; i < s->choice_count; i++) {
        struct scalar_reader e = entry_of(r, "choices", i);
        struct scenario_choice *to = &s->choices[i];

        scalar_text(&e, "lane", w->choices[i].lane, to->lane, sizeof to->lane);
        scalar_u64(&e, "number", w->choices[i].number, &to->number);
        scalar_u64(&e, "value", w->choices[i].value, &to->value);
        r->st = e.st;
    }
    if (s->choice_count && !s->tape_written)
        scalar_complain(r, "choices", "given", "possible without tape: written");
}

/* ---- the whole ---- */

/* The words begin with the setting's name. */
static void say_where_setting(struct scalar_reader *r, const char *words)
{
    char key[64];

    snprintf(key, sizeof key, "%.*s", (int)strcspn(words, ":"), words);
    r->part = "orchestrator";
    fail_within(r->why, r->st, "orchestrator");
    scalar_say_where(r, key, NULL);
}

static enum status read_all(struct scenario *s, const struct written *w, struct bytes yaml,
                            struct why *why)
{
    static const char *const proofs[] = {"real", "model", NULL};
    struct scalar_reader r = {.st = ST_OK, .why = why, .part = "scenario", .yaml = yaml};
    int model = 0;

    scalar_text(&r, "name", w->name, s->name, sizeof s->name);
    scalar_text(&r, "about", w->about, s->about, sizeof s->about);
    scalar_u64(&r, "seed", w->seed, &s->seed);
    scalar_span(&r, "duration", w->duration, &s->duration_ns);
    scalar_span(&r, "heal_at", w->heal_at, &s->heal_ns);
    scalar_bool(&r, "faults_by_header", w->faults_by_header, &s->faults_by_header);
    scalar_word(&r, "proofs", w->proofs, proofs, &model);
    scalar_bool(&r, "swarm", w->swarm, &s->swarm);
    scalar_bool(&r, "buggify", w->buggify, &s->buggify);
    s->model_proofs = model;
    s->has_seed = w->seed != NULL;
    read_orchestrator(&r, s, w->orchestrator);
    if (s->has_seed)
        s->orchestrator.seed = s->seed;
    if (r.st == ST_OK) {
        struct why words;

        r.st = settings_check(&s->orchestrator, &words);
        if (r.st) {
            fail(why, r.st, "%s", words.text);
            say_where_setting(&r, words.text);
        }
    }
    read_network(&r, &s->network, w->network);
    read_clients(&r, s, w);
    read_faults(&r, s, w);
    read_events(&r, s, w);
    read_expects(&r, s, w);
    r.part = "scenario";
    read_choices(&r, s, w);
    return r.st;
}

/* told: complaints say where in the text. */
static enum status parse(struct scenario **out, struct bytes yaml, bool told, struct why *why)
{
    struct scenario *s = NULL;
    struct written *w = NULL;
    enum status st;

    if (yaml.size > SCENARIO_MAX_BYTES)
        return fail(why, ST_INPUT, "the scenario has more than %zu bytes", SCENARIO_MAX_BYTES);
    st = written_load(&w, yaml, why);
    if (st)
        goto out;
    s = calloc(1, sizeof *s);
    if (!s) {
        st = fail(why, ST_NO_MEMORY, "scenario: out of memory");
        goto out;
    }
    settings_init(&s->orchestrator);
    st = read_all(s, w, told ? yaml : bytes_of(NULL, 0), why);
    if (st)
        goto out;

    *out = s;
    s = NULL;
out:
    written_free(w);
    scenario_free(s);
    return st;
}

enum status scenario_parse(struct scenario **out, struct bytes yaml, struct why *why)
{
    return parse(out, yaml, true, why);
}

enum status scenario_read(struct scenario **out, const char *path, struct why *why)
{
    struct buffer text;
    enum status st;

    buffer_init(&text, 0);
    st = file_read(&text, path, SCENARIO_MAX_BYTES, why);
    if (!st) {
        st = scenario_parse(out, buffer_bytes(&text), why);
        if (st)
            fail_within(why, st, "%s", path);
    }
    buffer_fini(&text);
    return st;
}

void scenario_free(struct scenario *s)
{
    if (!s)
        return;
    free(s->nodes);
    free(s->rules);
    free(s->clients);
    free(s->events);
    free(s->expects);
    free(s->choices);
    free(s);
}

enum status scenario_plan(struct fault_plan *out, const struct scenario *s, uint64_t seed,
                          struct why *why)
{
    struct fault_plan p;

    fault_plan_init(&p, seed);
    p.heal_ns = s->heal_ns;
    p.by_header = s->faults_by_header;
    for (size_t i = 0; i < s->rule_count; i++) {
        enum status st = fault_plan_add(&p, &s->rules[i], why);

        if (st) {
            fault_plan_fini(&p);
            return st;
        }
    }
    *out = p;
    return ST_OK;
}

enum status scenario_rule(struct fault_rule *out, struct bytes json, struct why *why)
{
    struct scenario *s = NULL;
    struct buffer yaml;
    enum status st;

    buffer_init(&yaml, 0);
    buffer_put_text(&yaml, "name: rule\nfaults:\n  - ");
    buffer_put(&yaml, json.data, json.size);
    if (buffer_ok(&yaml))
        st = parse(&s, buffer_bytes(&yaml), false, why); /* its lines are not the caller's */
    else
        st = fail(why, ST_NO_MEMORY, "rule: out of memory");
    if (!st)
        *out = s->rules[0];
    scenario_free(s);
    buffer_fini(&yaml);
    return st;
}
