/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/scenario/written.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the tables ---- */

#define LONGEST  512
#define LONGEST_PAGE 2047
#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define NEEDED   CYAML_FLAG_POINTER

#define TEXT_AS(key, type, member) CYAML_FIELD_STRING_PTR(key, OPTIONAL, type, member, 0, LONGEST)
#define TEXT(type, member)         TEXT_AS(#member, type, member)
#define PAGE(type, member)                                                                         \
    CYAML_FIELD_STRING_PTR(#member, OPTIONAL, type, member, 0, LONGEST_PAGE)
#define NEEDED_TEXT(type, member)  CYAML_FIELD_STRING_PTR(#member, NEEDED, type, member, 1, LONGEST)
#define LIST(type, member, entry)                                                                  \
    CYAML_FIELD_SEQUENCE(#member, OPTIONAL, type, member, &(entry), 0, 10000)
#define OBJECT(type, member, fields)                                                               \
    CYAML_FIELD_MAPPING_PTR(#member, OPTIONAL, type, member, fields)
#define VALUE(type, fields)                                                                        \
    {                                                                                              \
        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, type, fields)                                      \
    }

static const cyaml_schema_field_t program_fields[] = {
    NEEDED_TEXT(struct written_program, id), TEXT(struct written_program, weight),
    TEXT(struct written_program, n),         TEXT(struct written_program, a),
    TEXT(struct written_program, b),
    TEXT(struct written_program, n_small),
    TEXT(struct written_program, n_small_medium),
    TEXT(struct written_program, n_medium),
    TEXT(struct written_program, n_large),
    TEXT(struct written_program, n_extra_large),
    TEXT(struct written_program, n_extra_large_2),
    TEXT(struct written_program, n_extra_large_3),
    TEXT(struct written_program, n_extra_large_4),
    TEXT(struct written_program, n_extra_large_5),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t program_value = VALUE(struct written_program, program_fields);

static const cyaml_schema_field_t types_fields[] = {
    TEXT(struct written_types, proof_required),
    TEXT(struct written_types, proof_hash),
    TEXT(struct written_types, all_proof_hashes),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t node_fields[] = {
    NEEDED_TEXT(struct written_node, id),
    NEEDED_TEXT(struct written_node, wallet),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t node_value = VALUE(struct written_node, node_fields);

static const cyaml_schema_field_t orchestrator_fields[] = {
    TEXT(struct written_orchestrator, fetches_per_window),
    TEXT(struct written_orchestrator, window),
    TEXT(struct written_orchestrator, submissions_per_window),
    TEXT(struct written_orchestrator, refusals_per_window),
    TEXT(struct written_orchestrator, refusal_gap),
    TEXT(struct written_orchestrator, task_expiry),
    TEXT(struct written_orchestrator, nodes_per_user),
    TEXT(struct written_orchestrator, nodes_per_day),
    TEXT(struct written_orchestrator, task_limit),
    TEXT(struct written_orchestrator, idle_retry),
    TEXT(struct written_orchestrator, closed_tasks_kept),
    TEXT(struct written_orchestrator, allowance),
    TEXT(struct written_orchestrator, node_fetches),
    TEXT(struct written_orchestrator, node_window),
    TEXT(struct written_orchestrator, key_fetches),
    TEXT(struct written_orchestrator, key_window),
    TEXT(struct written_orchestrator, address_fetches),
    TEXT(struct written_orchestrator, address_window),
    TEXT(struct written_orchestrator, retry_after),
    TEXT(struct written_orchestrator, rate_limit_fields),
    TEXT(struct written_orchestrator, reputation_start),
    TEXT(struct written_orchestrator, reputation_raise),
    TEXT(struct written_orchestrator, reputation_lower),
    TEXT(struct written_orchestrator, consensus),
    TEXT(struct written_orchestrator, credits_kept),
    TEXT(struct written_orchestrator, requests_kept),
    TEXT(struct written_orchestrator, max_submission_bytes),
    TEXT(struct written_orchestrator, inputs_per_task),
    TEXT(struct written_orchestrator, difficulty_ceiling),
    TEXT(struct written_orchestrator, difficulty_drop),
    TEXT(struct written_orchestrator, difficulty_grows),
    TEXT(struct written_orchestrator, judging),
    OBJECT(struct written_orchestrator, task_types, types_fields),
    LIST(struct written_orchestrator, programs, program_value),
    LIST(struct written_orchestrator, nodes, node_value),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t network_fields[] = {
    TEXT(struct written_network, latency),
    TEXT(struct written_network, jitter),
    TEXT(struct written_network, spread),
    TEXT(struct written_network, loss),
    TEXT(struct written_network, retransmit),
    TEXT(struct written_network, reset),
    TEXT(struct written_network, duplicate),
    TEXT(struct written_network, bytes_per_second),
    TEXT(struct written_network, up_bytes_per_second),
    TEXT(struct written_network, down_bytes_per_second),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t client_fields[] = {
    NEEDED_TEXT(struct written_client, name),
    TEXT(struct written_client, count),
    TEXT(struct written_client, nodes),
    TEXT(struct written_client, profile),
    TEXT(struct written_client, proofs_at_once),
    TEXT(struct written_client, max_tasks),
    TEXT(struct written_client, max_difficulty),
    TEXT(struct written_client, start),
    TEXT(struct written_client, start_spread),
    TEXT(struct written_client, prove),
    TEXT(struct written_client, prove_jitter),
    TEXT(struct written_client, prove_grows),
    TEXT(struct written_client, prove_fails),
    TEXT(struct written_client, prove_dies),
    TEXT(struct written_client, prove_wrong),
    TEXT(struct written_client, disk_stalls),
    TEXT(struct written_client, disk_torn),
    TEXT(struct written_client, disk_rot),
    TEXT(struct written_client, memory_short),
    TEXT(struct written_client, disk_lost),
    TEXT(struct written_client, disk_full),
    TEXT(struct written_client, disk_error),
    TEXT(struct written_client, clock_drift_ppm),
    TEXT(struct written_client, wall_skew),
    TEXT(struct written_client, registers),
    TEXT(struct written_client, wallet),
    TEXT(struct written_client, version),
    PAGE(struct written_client, version_page),
    PAGE(struct written_client, country_page),
    PAGE(struct written_client, release_page),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t client_value = VALUE(struct written_client, client_fields);

static const cyaml_schema_field_t fault_fields[] = {
    TEXT(struct written_fault, name),      TEXT(struct written_fault, fault),
    TEXT(struct written_fault, call),      TEXT(struct written_fault, node),
    TEXT(struct written_fault, from),      TEXT(struct written_fault, until),
    TEXT(struct written_fault, nth),       TEXT(struct written_fault, after),
    TEXT(struct written_fault, first),     TEXT(struct written_fault, every),
    TEXT(struct written_fault, at_most),   TEXT(struct written_fault, probability),
    TEXT(struct written_fault, status),    TEXT(struct written_fault, body),
    TEXT(struct written_fault, processed), TEXT(struct written_fault, retry_after),
    TEXT(struct written_fault, location),  TEXT(struct written_fault, delay),
    TEXT(struct written_fault, jitter),    TEXT(struct written_fault, lose),
    TEXT(struct written_fault, cut),       TEXT(struct written_fault, truncate),
    TEXT(struct written_fault, dribble),   TEXT(struct written_fault, dribble_gap),
    TEXT(struct written_fault, corrupt),   TEXT(struct written_fault, twice),
    TEXT(struct written_fault, task),      TEXT(struct written_fault, head),
    TEXT(struct written_fault, mutate),    TEXT(struct written_fault, date_offset),
    TEXT(struct written_fault, spread),    CYAML_FIELD_END,
};
static const cyaml_schema_value_t fault_value = VALUE(struct written_fault, fault_fields);

static const cyaml_schema_field_t event_fields[] = {
    NEEDED_TEXT(struct written_event, at),
    NEEDED_TEXT(struct written_event, event),
    TEXT(struct written_event, who),
    TEXT_AS("for", struct written_event, for_),
    TEXT(struct written_event, every),
    TEXT(struct written_event, amount),
    TEXT(struct written_event, call),
    PAGE(struct written_event, body),
    TEXT(struct written_event, answers),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t event_value = VALUE(struct written_event, event_fields);

static const cyaml_schema_field_t expect_fields[] = {
    NEEDED_TEXT(struct written_expect, metric),
    TEXT(struct written_expect, at_least),
    TEXT(struct written_expect, at_most),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t expect_value = VALUE(struct written_expect, expect_fields);

static const cyaml_schema_field_t choice_fields[] = {
    NEEDED_TEXT(struct written_choice, lane),
    NEEDED_TEXT(struct written_choice, number),
    NEEDED_TEXT(struct written_choice, value),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t choice_value = VALUE(struct written_choice, choice_fields);

static const cyaml_schema_field_t top_fields[] = {
    NEEDED_TEXT(struct written, name),
    TEXT(struct written, about),
    TEXT(struct written, seed),
    TEXT(struct written, duration),
    TEXT(struct written, heal_at),
    TEXT(struct written, faults_by_header),
    TEXT(struct written, proofs),
    TEXT(struct written, swarm),
    TEXT(struct written, buggify),
    OBJECT(struct written, orchestrator, orchestrator_fields),
    OBJECT(struct written, network, network_fields),
    LIST(struct written, clients, client_value),
    LIST(struct written, faults, fault_value),
    LIST(struct written, events, event_value),
    LIST(struct written, expect, expect_value),
    TEXT(struct written, tape),
    LIST(struct written, choices, choice_value),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t top_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct written, top_fields)};

/* ---- what libcyaml says ---- */

struct complaint {
    char first[256]; /* "Unexpected key: coll" */
    char where[256]; /* the innermost place with a line */
    bool second_document;
};

static void listen(cyaml_log_t level, void *context, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void listen(cyaml_log_t level, void *context, const char *format, va_list args)
{
    struct complaint *c = context;
    char line[256];
    char *end;

    vsnprintf(line, sizeof line, format, args);
    end = strchr(line, '\n');
    if (end)
        *end = 0;
    if (level == CYAML_LOG_WARNING) {
        c->second_document = true; /* its only warning */
    } else if (strncmp(line, "  in ", 5) == 0) {
        if (!c->where[0])
            memcpy(c->where, line + 5, strlen(line + 5) + 1);
    } else if (strncmp(line, "Load: ", 6) == 0 && !c->first[0] && !strstr(line, "Backtrace")) {
        memcpy(c->first, line + 6, strlen(line + 6) + 1);
    }
}

/* libcyaml names the place where it stood before it read an unexpected key: the key itself is the
 * next one of that name. Lines count from 1. */
static size_t line_of_key(struct bytes yaml, const char *key, size_t from_line)
{
    size_t line = 1, length = strlen(key);

    for (size_t i = 0; i + length < yaml.size; i++) {
        if (line >= from_line && memcmp(yaml.data + i, key, length) == 0 &&
            (yaml.data[i + length] == ':' || yaml.data[i + length] == ' '))
            return line;
        line += yaml.data[i] == '\n';
    }
    return from_line;
}

static enum status explain(const struct complaint *c, cyaml_err_t error, struct bytes yaml,
                           struct why *why)
{
    static const char unexpected[] = "Unexpected key: ";
    const char *at = strstr(c->where, "line: ");
    size_t line = at ? strtoul(at + 6, NULL, 10) : 0;

    if (error == CYAML_ERR_OOM)
        return fail(why, ST_NO_MEMORY, "scenario: out of memory");
    if (strncmp(c->first, unexpected, sizeof unexpected - 1) == 0)
        return fail(why, ST_INPUT, "line %zu: unknown key '%s'",
                    line_of_key(yaml, c->first + sizeof unexpected - 1, line),
                    c->first + sizeof unexpected - 1);
    if (line)
        return fail(why, ST_INPUT, "line %zu: %s", line,
                    c->first[0] ? c->first : cyaml_strerror(error));
    return fail(why, ST_INPUT, "%s", c->first[0] ? c->first : cyaml_strerror(error));
}

static cyaml_config_t config_of(struct complaint *c)
{
    return (cyaml_config_t){
        .log_fn = listen,
        .log_ctx = c,
        .log_level = CYAML_LOG_WARNING,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_NO_ALIAS, /* an alias could make a small file huge */
    };
}

enum status written_load(struct written **out, struct bytes yaml, struct why *why)
{
    struct complaint complaint = {.second_document = false};
    cyaml_config_t config = config_of(&complaint);
    struct written *w = NULL;
    cyaml_err_t error;

    if (yaml.size == 0)
        return fail(why, ST_INPUT, "the scenario is empty");
    error = cyaml_load_data(yaml.data, yaml.size, &config, &top_value, (cyaml_data_t **)&w, NULL);
    if (error != CYAML_OK)
        return explain(&complaint, error, yaml, why);
    if (!w)
        return fail(why, ST_INPUT, "the scenario is empty");
    if (complaint.second_document) {
        written_free(w);
        return fail(why, ST_INPUT, "a second document begins behind the scenario");
    }
    *out = w;
    return ST_OK;
}

void written_free(struct written *w)
{
    struct complaint complaint = {.second_document = false};
    cyaml_config_t config = config_of(&complaint);

    if (w)
        cyaml_free(&config, &top_value, w, 0);
}
