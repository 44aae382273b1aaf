/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/shrink.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/memory.h"
#include "sim/outline.h"

struct shrink {
    const struct shrink_options *o;
    struct prover_sim *prover;
    json_t *best;
    struct run_result run; /* of the best */
    struct shrink_size size;
    int broken;
    uint64_t runs;
};

/* ---- one try ---- */

static uint64_t count_choices(const struct choice_tape *tape)
{
    uint64_t count = 0;

    for (size_t i = 0; i < tape->count; i++) {
        const struct choice_note *n = &tape->notes[i];
        const char *lane = choice_lane_name(tape, n);
        bool struck = n->most == 1 && strncmp(lane, "fault ", 6) == 0; /* counted by its rule */

        count += n->value && !struck && strcmp(lane, "kill") != 0;
    }
    return count;
}

static struct shrink_size size_of(const struct scenario *s, const struct run_result *r,
                                  const struct choice_tape *tape)
{
    struct shrink_size size = {.events = r->broken_events,
                               .schedule = count_choices(tape) + r->metrics[RUN_KILLS],
                               .rules = s->rule_count,
                               .happenings = s->event_count,
                               .choices = s->choice_count};

    for (size_t i = 0; i < s->rule_count; i++)
        size.schedule += r->struck[i];
    for (size_t i = 0; i < s->event_count; i++)
        size.schedule += strcmp(s->events[i].event, "kill") != 0;
    return size;
}

static struct run_options options_of(const struct shrink *sh)
{
    struct run_options o = sh->o->run;

    o.trace = NULL;
    if (sh->run.events) { /* a smaller scenario that takes far longer is none */
        o.most_events = 4 * sh->run.events + 1000;
        o.until_ns = 4 * sh->run.ended_ns + 3600 * NS_PER_S;
    }
    return o;
}

/* Runs a text. False: it is no scenario, or nothing starts. */
static bool run_text(struct shrink *sh, struct bytes yaml, struct run_result *result,
                     struct choice_tape *tape, struct shrink_size *size, struct why *why)
{
    struct run_options o = options_of(sh);
    struct scenario *s = NULL;
    enum status st = scenario_parse(&s, yaml, why);

    o.tape = tape;
    if (!st)
        st = run_check(s, why);
    if (!st) {
        sh->runs++;
        st = run_once(result, s, sh->prover, &o, why);
    }
    if (!st && size)
        *size = size_of(s, result, tape);
    scenario_free(s);
    return !st;
}

/* Takes the tree. True: it still fails, and is the best from here on. */
static bool attempt(struct shrink *sh, json_t *takes)
{
    struct choice_tape tape = {.count = 0};
    struct run_result result;
    struct shrink_size size;
    struct buffer yaml;
    struct why why;
    bool fails = false;

    buffer_init(&yaml, 0);
    if (sh->runs < sh->o->most_runs) {
        outline_write(&yaml, takes);
        fails = run_text(sh, buffer_bytes(&yaml), &result, &tape, &size, &why) &&
                result.broken == sh->broken;
    }
    if (fails) {
        json_decref(sh->best);
        sh->best = takes;
        sh->run = result;
        sh->size = size;
    } else {
        json_decref(takes);
    }
    choice_tape_fini(&tape);
    buffer_fini(&yaml);
    return fails;
}

static bool is_over(const struct shrink *sh)
{
    return sh->runs >= sh->o->most_runs;
}

/* ---- lists ---- */

static const char *const lists[][2] = {
    {"choices", NULL},
    {"events", NULL},
    {"faults", NULL},
    {"clients", NULL},
    {"expect", NULL},
    {"orchestrator", "programs"},
    {"orchestrator", "nodes"},
};

static json_t *list_at(json_t *tree, const char *const path[2])
{
    json_t *at = json_object_get(tree, path[0]);

    return path[1] ? json_object_get(at, path[1]) : at;
}

/* Without `count` entries from `first` on; NULL: the list would be empty and must not. */
static json_t *without(const struct shrink *sh, const char *const path[2], size_t first,
                       size_t count)
{
    json_t *tree = json_deep_copy(sh->best), *list = list_at(tree, path);

    for (size_t i = 0; i < count && first < json_array_size(list); i++)
        json_array_remove(list, first);
    if (json_array_size(list) == 0) {
        if (path[1])
            json_object_del(json_object_get(tree, path[0]), path[1]);
        else
            json_object_del(tree, path[0]);
    }
    return tree;
}

static bool reduce_list(struct shrink *sh, const char *const path[2])
{
    bool any = false;

    for (size_t chunk = json_array_size(list_at(sh->best, path)); chunk > 0; chunk /= 2) {
        size_t first = 0;

        while (first < json_array_size(list_at(sh->best, path)) && !is_over(sh)) {
            if (attempt(sh, without(sh, path, first, chunk)))
                any = true;
            else
                first += chunk;
        }
    }
    return any;
}

/* ---- choices that are amounts: mostly of no account, and many ---- */

static bool drop_amounts(struct shrink *sh)
{
    json_t *tree = json_deep_copy(sh->best), *list = json_object_get(tree, "choices");
    size_t had = json_array_size(list);

    for (size_t i = had; i-- > 0;) {
        const char *value = json_string_value(json_object_get(json_array_get(list, i), "value"));

        if (value && strcmp(value, "1") != 0)
            json_array_remove(list, i);
    }
    if (json_array_size(list) == had) {
        json_decref(tree);
        return false;
    }
    return attempt(sh, tree);
}

/* ---- keys ---- */

/* The n-th key of all mappings; its mapping, or NULL. What must stay is not counted. */
static json_t *key_at(json_t *node, size_t *n, const char **key)
{
    static const char *const stays[] = {"name",    "seed", "tape",   "choices", "metric",
                                        "programs", "lane", "number", "value",  "judging"};
    const char *k;
    json_t *value, *found = NULL;
    size_t i;

    if (json_is_array(node)) {
        json_array_foreach (node, i, value)
            if ((found = key_at(value, n, key)))
                return found;
        return NULL;
    }
    json_object_foreach (node, k, value) {
        bool keep = false;

        for (i = 0; i < sizeof stays / sizeof *stays; i++)
            keep = keep || strcmp(k, stays[i]) == 0;
        if (!keep && (*n)-- == 0) {
            *key = k;
            return node;
        }
        if (!keep && (found = key_at(value, n, key)))
            return found;
    }
    return NULL;
}

static bool drop_keys(struct shrink *sh)
{
    bool any = false;

    for (size_t n = 0; !is_over(sh);) {
        json_t *tree = json_deep_copy(sh->best), *mapping;
        const char *key = NULL;
        size_t left = n;

        mapping = key_at(tree, &left, &key);
        if (!mapping) {
            json_decref(tree);
            break;
        }
        json_object_del(mapping, key);
        if (attempt(sh, tree))
            any = true;
        else
            n++;
    }
    return any;
}

/* ---- amounts ---- */

/* A smaller text of the same form, or false: "90s" to "45s", "1..5" to "1", "0.3" stays. */
static bool lower(char out[static SCENARIO_TEXT], const char *text, bool least)
{
    char *unit;
    unsigned long long value;

    if (!isdigit((unsigned char)text[0]) || strlen(text) >= SCENARIO_TEXT - 1)
        return false;
    value = strtoull(text, &unit, 10);
    if (strncmp(unit, "..", 2) == 0) {
        snprintf(out, SCENARIO_TEXT, "%llu", value);
        return true;
    }
    if (*unit == '.' || value == 0)
        return false;
    snprintf(out, SCENARIO_TEXT, "%llu%s", least ? 0 : value / 2, unit);
    return value > 1 || least;
}

static bool lower_amounts_of(struct shrink *sh, bool least)
{
    bool any = false;

    for (size_t n = 0; !is_over(sh);) {
        json_t *tree = json_deep_copy(sh->best), *mapping;
        char smaller[SCENARIO_TEXT];
        const char *key = NULL, *text;
        size_t left = n;

        mapping = key_at(tree, &left, &key);
        if (!mapping) {
            json_decref(tree);
            break;
        }
        text = json_string_value(json_object_get(mapping, key));
        if (text && lower(smaller, text, least)) {
            json_object_set_new(mapping, key, json_string(smaller));
            if (attempt(sh, tree)) {
                any = true;
                n += least;
                continue;
            }
        } else {
            json_decref(tree);
        }
        n++;
    }
    return any;
}

static bool lower_choices(struct shrink *sh)
{
    bool any = false;

    for (size_t i = 0; i < json_array_size(json_object_get(sh->best, "choices"));) {
        json_t *tree = json_deep_copy(sh->best);
        json_t *choice = json_array_get(json_object_get(tree, "choices"), i);
        uint64_t value = strtoull(json_string_value(json_object_get(choice, "value")), NULL, 10);
        char text[24];

        snprintf(text, sizeof text, "%" PRIu64, value / 2);
        json_object_set_new(choice, "value", json_string(text));
        if (value < 2 || is_over(sh)) {
            json_decref(tree);
            i++;
        } else if (attempt(sh, tree)) {
            any = true;
        } else {
            i++;
        }
    }
    return any;
}

/* ---- a rule that strikes once says so itself ---- */

static bool name_the_request(struct shrink *sh, size_t rule)
{
    json_t *tree = json_deep_copy(sh->best), *choices = json_object_get(tree, "choices");
    json_t *fault = json_array_get(json_object_get(tree, "faults"), rule), *choice, *found = NULL;
    const char *name = json_string_value(json_object_get(fault, "name"));
    char lane[SCENARIO_TEXT];
    size_t i, at = 0, count = 0;

    if (!name)
        name = json_string_value(json_object_get(fault, "fault"));
    snprintf(lane, sizeof lane, "fault %s", name ? name : "");
    json_array_foreach (choices, i, choice) {
        if (strcmp(json_string_value(json_object_get(choice, "lane")), lane) == 0) {
            found = choice;
            at = i;
            count++;
        }
    }
    if (count != 1 || !json_object_get(fault, "probability")) {
        json_decref(tree);
        return false;
    }
    json_object_set(fault, "nth", json_object_get(found, "number"));
    json_object_del(fault, "probability");
    json_array_remove(choices, at);
    if (json_array_size(choices) == 0)
        json_object_del(tree, "choices");
    return attempt(sh, tree);
}

static bool name_the_requests(struct shrink *sh)
{
    bool any = false;

    for (size_t i = 0; i < json_array_size(json_object_get(sh->best, "faults")); i++)
        any = name_the_request(sh, i) || any;
    return any;
}

/* ---- the whole ---- */

static json_t *choices_of(const struct choice_tape *tape)
{
    json_t *list = json_array();
    char number[24], value[24];

    for (size_t i = 0; i < tape->count; i++) {
        const struct choice_note *n = &tape->notes[i];

        if (!n->value)
            continue;
        snprintf(number, sizeof number, "%" PRIu64, n->number);
        snprintf(value, sizeof value, "%" PRIu64, n->value);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "lane", choice_lane_name(tape, n),
                                              "number", number, "value", value));
    }
    return list;
}

/* The run as it is, with its choices written down. */
static enum status pin(struct shrink *sh, struct bytes yaml, struct shrink_size *before,
                       struct why *why)
{
    struct choice_tape tape = {.count = 0};
    struct run_result result;
    enum status st = ST_OK;
    char seed[24];
    json_t *tree;

    if (!run_text(sh, yaml, &result, &tape, before, why)) {
        st = ST_INPUT;
        goto out;
    }
    if (!result.broken) {
        st = fail(why, ST_INPUT, "seed 0x%" PRIx64 " does not fail: there is nothing to shrink",
                  sh->o->run.seed);
        goto out;
    }
    sh->broken = result.broken;
    snprintf(seed, sizeof seed, "%" PRIu64, sh->o->run.seed);
    tree = json_deep_copy(sh->best);
    json_object_set_new(tree, "seed", json_string(seed));
    json_object_set_new(tree, "tape", json_string("written"));
    json_object_set_new(tree, "choices", choices_of(&tape));
    before->choices = json_array_size(json_object_get(tree, "choices"));
    if (!attempt(sh, tree))
        st = fail(why, ST_INPUT, "the run with its choices written down does not fail");
out:
    choice_tape_fini(&tape);
    return st;
}

static void reduce(struct shrink *sh)
{
    bool any = true;

    drop_amounts(sh);
    while (any && !is_over(sh)) {
        any = false;
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
            any = reduce_list(sh, lists[i]) || any;
        any = drop_keys(sh) || any;
        any = lower_amounts_of(sh, true) || any;
        any = lower_choices(sh) || any;
        any = name_the_requests(sh) || any;
    }
    lower_amounts_of(sh, false);
}

enum status shrink_scenario(struct shrink_result *out, struct bytes yaml,
                            struct prover_sim *prover, const struct shrink_options *o,
                            struct why *why)
{
    struct shrink sh = {.o = o, .prover = prover};
    struct shrink_size before;
    char about[SCENARIO_ABOUT];
    enum status st = outline_read(&sh.best, yaml, why);

    if (!st)
        st = pin(&sh, yaml, &before, why);
    if (st)
        goto out;
    reduce(&sh);
    snprintf(about, sizeof about, "Shrunk from seed 0x%" PRIx64 ": %.300s", o->run.seed,
             sh.run.text);
    json_object_set_new(sh.best, "about", json_string(about));
    *out = (struct shrink_result){
        .before = before, .after = sh.size, .run = sh.run, .runs = sh.runs};
    buffer_init(&out->yaml, 0);
    buffer_put_text(&out->yaml, "# SPDX-License-Identifier: Apache-2.0\n");
    outline_write(&out->yaml, sh.best);
out:
    json_decref(sh.best);
    return st;
}
