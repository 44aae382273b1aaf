/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/shrink_inside.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

static const char *const lists[][2] = {
    {"events", NULL},
    {"clients", NULL},
    {"faults", NULL},
    {"expect", NULL},
    {"orchestrator", "programs"},
    {"orchestrator", "nodes"},
    {"choices", NULL}, /* last: most are about what is gone by then */
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

        while (first < json_array_size(list_at(sh->best, path)) && !shrink_is_over(sh)) {
            if (shrink_attempt(sh, without(sh, path, first, chunk)))
                any = true;
            else
                first += chunk;
        }
    }
    return any;
}

/* ---- choices that are amounts: mostly of no account, and many ---- */

bool shrink_drop_amounts(struct shrink *sh)
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
    return shrink_attempt(sh, tree);
}

/* ---- keys ---- */

/* The n-th key of all mappings; its mapping, or NULL. What must stay is not counted. */
static json_t *key_at(json_t *node, size_t *n, const char **key)
{
    /* nth and at_most make less happen, not more. */
    static const char *const stays[] = {"name", "seed",   "tape",  "choices", "metric", "programs",
                                        "lane", "number", "value", "judging", "nth",    "at_most"};
    const char *k;
    json_t *value, *found = NULL;
    size_t i;

    if (json_is_array(node)) {
        json_array_foreach(node, i, value) if ((found = key_at(value, n, key))) return found;
        return NULL;
    }
    json_object_foreach(node, k, value)
    {
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

    for (size_t n = 0; !shrink_is_over(sh);) {
        json_t *tree = json_deep_copy(sh->best), *mapping;
        const char *key = NULL;
        size_t left = n;

        mapping = key_at(tree, &left, &key);
        if (!mapping) {
            json_decref(tree);
            break;
        }
        json_object_del(mapping, key);
        if (shrink_attempt(sh, tree))
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

    for (size_t n = 0; !shrink_is_over(sh);) {
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
        if (text && strcmp(key, "status") != 0 && lower(smaller, text, least)) {
            json_object_set_new(mapping, key, json_string(smaller));
            if (shrink_attempt(sh, tree)) {
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
        if (value < 2 || shrink_is_over(sh)) {
            json_decref(tree);
            i++;
        } else if (shrink_attempt(sh, tree)) {
            any = true;
        } else {
            i++;
        }
    }
    return any;
}

/* ---- all of them ---- */

bool shrink_cut(struct shrink *sh)
{
    bool any = false;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        any = reduce_list(sh, lists[i]) || any;
    any = drop_keys(sh) || any;
    any = lower_amounts_of(sh, true) || any;
    return lower_choices(sh) || any;
}

void shrink_halve_spans(struct shrink *sh)
{
    lower_amounts_of(sh, false);
}
