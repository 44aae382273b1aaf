/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/shrink_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/memory.h"

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
    if (sh->broken)
        o.swarm = o.buggify = false; /* it is written in the scenario from then on */
    if (sh->run.events) /* a smaller scenario that takes far longer is none */
        o.most_events = 4 * sh->run.events + 1000;
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
    if (!st)
        progress_step(sh->o->progress, result->broken != 0);
    if (!st && size)
        *size = size_of(s, result, tape);
    scenario_free(s);
    return !st;
}

/* The next word that no number or id is in; NULL: there is none. */
static const char *next_word(const char **at, size_t *length)
{
    while (**at) {
        const char *word = *at + strspn(*at, " ");
        size_t digit;

        *length = strcspn(word, " ");
        digit = strcspn(word, "0123456789");
        *at = word + *length;
        if (*length && digit >= *length)
            return word;
    }
    return NULL;
}

/* One rule has several sentences, and each is a failure of its own. */
static bool same_sentence(const char *a, const char *b)
{
    size_t a_length, b_length;
    const char *a_word, *b_word;

    do {
        a_word = next_word(&a, &a_length);
        b_word = next_word(&b, &b_length);
        if (!a_word || !b_word)
            return !a_word && !b_word;
    } while (a_length == b_length && memcmp(a_word, b_word, a_length) == 0);
    return false;
}

static bool same_failure(const struct shrink *sh, const struct run_result *r)
{
    return r->broken == sh->broken && (r->broken == RUN_ASSERT ? strcmp(r->text, sh->text) == 0
                                                               : same_sentence(r->text, sh->text));
}

bool shrink_attempt(struct shrink *sh, json_t *takes)
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
                same_failure(sh, &result);
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

bool shrink_is_over(const struct shrink *sh)
{
    return sh->runs >= sh->o->most_runs;
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
    memcpy(sh->text, result.text, sizeof sh->text);
    snprintf(seed, sizeof seed, "%" PRIu64, sh->o->run.seed);
    tree = json_deep_copy(sh->best);
    json_object_set_new(tree, "seed", json_string(seed));
    json_object_set_new(tree, "tape", json_string("written"));
    if (sh->o->run.swarm)
        json_object_set_new(tree, "swarm", json_string("true"));
    if (sh->o->run.buggify)
        json_object_set_new(tree, "buggify", json_string("true"));
    json_object_set_new(tree, "choices", choices_of(&tape));
    before->choices = json_array_size(json_object_get(tree, "choices"));
    if (!shrink_attempt(sh, tree))
        st = fail(why, ST_INPUT, "the run with its choices written down does not fail");
out:
    choice_tape_fini(&tape);
    return st;
}

static void reduce(struct shrink *sh)
{
    bool any = true;

    shrink_drop_amounts(sh);
    while (any && !shrink_is_over(sh)) {
        any = shrink_cut(sh);
        any = shrink_faults(sh) || any;
    }
    shrink_halve_spans(sh);
}

enum status shrink_scenario(struct shrink_result *out, struct bytes yaml, struct prover_sim *prover,
                            const struct shrink_options *o, struct why *why)
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
    *out =
        (struct shrink_result){.before = before, .after = sh.size, .run = sh.run, .runs = sh.runs};
    buffer_init(&out->yaml, 0);
    buffer_put_text(&out->yaml, "# SPDX-License-Identifier: Apache-2.0\n");
    outline_write(&out->yaml, sh.best);
out:
    json_decref(sh.best);
    return st;
}
