/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/shrink_inside.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/scenario/scalar.h"

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
    json_array_foreach(choices, i, choice)
    {
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
    return shrink_attempt(sh, tree);
}

static bool name_the_requests(struct shrink *sh)
{
    bool any = false;

    for (size_t i = 0; i < json_array_size(json_object_get(sh->best, "faults")); i++)
        any = name_the_request(sh, i) || any;
    return any;
}

/* ---- a rule that strikes always strikes a few times ---- */

static bool set_key(struct shrink *sh, const char *list, size_t entry, const char *key,
                    uint64_t value)
{
    json_t *tree = json_deep_copy(sh->best);
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    json_object_set_new(json_array_get(json_object_get(tree, list), entry), key, json_string(text));
    return shrink_attempt(sh, tree);
}

static bool strike_less_often(struct shrink *sh)
{
    bool any = false;

    for (size_t i = 0; i < json_array_size(json_object_get(sh->best, "faults")); i++) {
        const json_t *fault = json_array_get(json_object_get(sh->best, "faults"), i);
        uint64_t struck = i < RUN_MAX_RULES ? sh->run.struck[i] : 0;
        bool done = struck <= 1 || json_object_get(fault, "nth");

        for (uint64_t nth = 1; nth <= 8 && !done && !shrink_is_over(sh); nth++)
            done = set_key(sh, "faults", i, "nth", nth);
        any = any || (done && struck > 1 && sh->run.struck[i] <= 1);
        for (uint64_t most = 1; most < struck && !done && !shrink_is_over(sh); most *= 2)
            done = set_key(sh, "faults", i, "at_most", most);
    }
    return any;
}

/* ---- an answer that names a time is not given so often ---- */

static bool hold_for(struct shrink *sh, size_t rule, const char *seconds)
{
    json_t *before = json_incref(sh->best), *tree = json_deep_copy(sh->best);
    struct run_result run = sh->run;
    struct shrink_size size = sh->size;
    bool fewer;

    json_object_set_new(json_array_get(json_object_get(tree, "faults"), rule), "retry_after",
                        json_string(seconds));
    fewer = shrink_attempt(sh, tree) && sh->size.schedule < size.schedule;
    if (!fewer && sh->best != before) {
        json_decref(sh->best);
        sh->best = json_incref(before);
        sh->run = run;
        sh->size = size;
    }
    json_decref(before);
    return fewer;
}

static bool hold_longer(struct shrink *sh)
{
    static const char *const seconds[] = {"3600", "600"};
    bool any = false;

    for (size_t i = 0; i < json_array_size(json_object_get(sh->best, "faults")); i++) {
        const json_t *fault = json_array_get(json_object_get(sh->best, "faults"), i);
        bool done =
            i >= RUN_MAX_RULES || sh->run.struck[i] <= 1 || !json_object_get(fault, "status");

        for (size_t k = 0; k < sizeof seconds / sizeof *seconds && !done && !shrink_is_over(sh);
             k++)
            done = hold_for(sh, i, seconds[k]) && (any = true);
    }
    return any;
}

/* ---- kills: what matters is behind which event, not the hour ---- */

static bool is_kill(const json_t *event)
{
    const char *word = json_string_value(json_object_get(event, "event"));

    return word && strcmp(word, "kill") == 0;
}

static bool is_kill_choice(const json_t *choice)
{
    return strcmp(json_string_value(json_object_get(choice, "lane")), "kill") == 0;
}

/* Without the kills that have an hour and, when asked for, without all amounts. */
static json_t *without_kills(const struct shrink *sh, bool amounts)
{
    json_t *tree = json_deep_copy(sh->best), *events = json_object_get(tree, "events");
    json_t *choices = json_object_get(tree, "choices");

    for (size_t i = json_array_size(events); i-- > 0;)
        if (is_kill(json_array_get(events, i)))
            json_array_remove(events, i);
    if (json_array_size(events) == 0)
        json_object_del(tree, "events");
    for (size_t i = json_array_size(choices); amounts && i-- > 0;) {
        const json_t *choice = json_array_get(choices, i);
        const char *value = json_string_value(json_object_get(choice, "value"));

        if (strlen(value) > 2 && !is_kill_choice(choice))
            json_array_remove(choices, i);
    }
    if (!choices)
        json_object_set_new(tree, "choices", json_array());
    return tree;
}

#define KILLS_TRIED 400

static bool kill_once(struct shrink *sh, bool amounts)
{
    json_t *base = without_kills(sh, amounts);
    bool found = false;

    for (uint64_t at = 1; at < sh->run.events && at <= KILLS_TRIED && !found && !shrink_is_over(sh);
         at++) {
        json_t *tree = json_deep_copy(base);
        char number[24];

        snprintf(number, sizeof number, "%" PRIu64, at);
        json_array_append_new(
            json_object_get(tree, "choices"),
            json_pack("{s:s, s:s, s:s}", "lane", "kill", "number", number, "value", "1"));
        found = shrink_attempt(sh, tree);
    }
    json_decref(base);
    return found;
}

static bool kill_behind_events(struct shrink *sh)
{
    const json_t *events = json_object_get(sh->best, "events");
    bool kills = false;

    for (size_t i = 0; i < json_array_size(events); i++)
        kills = kills || is_kill(json_array_get(events, i));
    return kills && (kill_once(sh, true) || kill_once(sh, false));
}

/* ---- happenings that repeat: each time is one of its own ---- */

static int64_t span_ns(const char *text)
{
    struct why why;
    struct scalar_reader r = {.why = &why, .part = "shrink"};
    int64_t ns = 0;

    scalar_span(&r, "span", text, &ns);
    return ns;
}

static bool unroll(struct shrink *sh, size_t event)
{
    json_t *tree = json_deep_copy(sh->best), *events = json_object_get(tree, "events");
    json_t *repeated = json_incref(json_array_get(events, event));
    const char *every = json_string_value(json_object_get(repeated, "every"));
    int64_t gap_ns = span_ns(every);
    int64_t at_ns = span_ns(json_string_value(json_object_get(repeated, "at")));
    bool done = false;

    if (gap_ns && (sh->run.ended_ns - at_ns) / gap_ns < 64) {
        json_object_del(repeated, "every");
        json_array_remove(events, event);
        for (; at_ns <= sh->run.ended_ns; at_ns += gap_ns) {
            json_t *one = json_copy(repeated);
            char at[32];

            snprintf(at, sizeof at, "%" PRId64 "ms", at_ns / NS_PER_MS);
            json_object_set_new(one, "at", json_string(at));
            json_array_append_new(events, one);
        }
        done = shrink_attempt(sh, json_incref(tree));
    }
    json_decref(repeated);
    json_decref(tree);
    return done;
}

static bool unroll_all(struct shrink *sh)
{
    bool any = false;

    for (size_t i = 0; i < json_array_size(json_object_get(sh->best, "events"));) {
        const json_t *event = json_array_get(json_object_get(sh->best, "events"), i);

        if (json_object_get(event, "every") && unroll(sh, i))
            any = true;
        else
            i++;
    }
    return any;
}

/* ---- all of them ---- */

bool shrink_faults(struct shrink *sh)
{
    bool any = name_the_requests(sh);

    any = strike_less_often(sh) || any;
    any = hold_longer(sh) || any;
    return kill_behind_events(sh) || unroll_all(sh) || any;
}
