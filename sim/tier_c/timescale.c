/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_c/timescale.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/fault.h"
#include "mockorch/core/settings.h"
#include "mockorch/scenario/scalar.h"

/* Which keys are spans of the world, part by part. */
static const char *const of_scenario[] = {"duration", "heal_at", NULL};
static const char *const of_orchestrator[] = {"window",     "idle_retry",     "node_window",
                                              "key_window", "address_window", NULL};
static const char *const of_client[] = {"start", "start_spread", "prove", "prove_jitter", NULL};
static const char *const of_fault[] = {"from", "until", NULL};
static const char *const of_event[] = {"at", "for", "every", NULL};

static enum status read_span(int64_t *out, const char *part, const char *key, const json_t *text,
                             struct why *why)
{
    struct scalar_reader reader = {.why = why, .part = part};

    *out = 0;
    scalar_span(&reader, key, json_string_value(text), out);
    return reader.st;
}

/* Whole milliseconds, upwards: what is there stays there. */
static void write_span(json_t *in, const char *key, int64_t ns)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64 "ms", (ns + NS_PER_MS - 1) / NS_PER_MS);
    json_object_set_new(in, key, json_string(text));
}

static enum status divide(json_t *in, const char *part, const char *const *keys, unsigned by,
                          struct why *why)
{
    for (; *keys; keys++) {
        json_t *text = json_object_get(in, *keys);
        int64_t ns;
        enum status st;

        if (!text)
            continue;
        st = read_span(&ns, part, *keys, text, why);
        if (st)
            return st;
        if (ns)
            write_span(in, *keys, (ns + by - 1) / by);
    }
    return ST_OK;
}

static enum status divide_each(json_t *tree, const char *part, const char *const *keys, unsigned by,
                               struct why *why)
{
    enum status st = ST_OK;
    json_t *entry;
    size_t i;

    json_array_foreach(json_object_get(tree, part), i, entry)
    {
        if (!st)
            st = divide(entry, part, keys, by, why);
    }
    return st;
}

/* What is not written has a value, too, and that is to be divided as well. */
static void write_defaults(json_t *tree)
{
    json_t *orchestrator = json_object_get(tree, "orchestrator");
    struct settings usual;

    settings_init(&usual);
    if (!orchestrator) {
        orchestrator = json_object();
        json_object_set_new(tree, "orchestrator", orchestrator);
    }
    if (!json_object_get(orchestrator, "window"))
        write_span(orchestrator, "window", usual.window_ns);
    if (!json_object_get(orchestrator, "idle_retry"))
        write_span(orchestrator, "idle_retry", usual.idle_retry_ns);
}

/* "30" and "date+30"; everything else is not meant to be understood. */
static void divide_retry_after(json_t *fault, unsigned by)
{
    const char *name = json_string_value(json_object_get(fault, "fault"));
    const char *text = json_string_value(json_object_get(fault, "retry_after"));
    const struct fault_named *named = name ? fault_of_name(name) : NULL;
    unsigned long long seconds;
    const char *digits;
    char *end, out[FAULT_TEXT];

    if (!text && named && named->what.effects & FAULT_RETRY_AFTER)
        text = named->what.retry_after;
    if (!text)
        return;
    digits = strncmp(text, "date+", 5) == 0 ? text + 5 : text;
    seconds = strtoull(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end || !seconds)
        return;
    snprintf(out, sizeof out, "%.*s%llu", (int)(digits - text), text, (seconds + by - 1) / by);
    json_object_set_new(fault, "retry_after", json_string(out));
}

enum status timescale_divide(json_t *tree, unsigned by, struct why *why)
{
    json_t *fault;
    enum status st;
    size_t i;

    if (by <= 1)
        return ST_OK;
    write_defaults(tree);
    st = divide(tree, "scenario", of_scenario, by, why);
    if (!st)
        st = divide(json_object_get(tree, "orchestrator"), "orchestrator", of_orchestrator, by, why);
    if (!st)
        st = divide_each(tree, "clients", of_client, by, why);
    if (!st)
        st = divide_each(tree, "faults", of_fault, by, why);
    if (!st)
        st = divide_each(tree, "events", of_event, by, why);
    json_array_foreach(json_object_get(tree, "faults"), i, fault) divide_retry_after(fault, by);
    return st;
}
