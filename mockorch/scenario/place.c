/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/scenario/place.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEEPEST 16 /* schema: at most five */
#define NAME    64

struct level {
    bool list;
    bool value_comes; /* a map's key has been read */
    size_t entry;     /* of a list: the one that comes, from 1 */
    char key[NAME];   /* of a map: the last one */
};

struct walk {
    const struct place_wish *wish;
    struct level levels[DEEPEST];
    size_t depth;
};

/* Are we inside the part, and in the right entry of its list? */
static bool inside(const struct walk *w)
{
    if (strcmp(w->wish->part, "scenario") == 0)
        return true;
    for (size_t i = 0; i < w->depth; i++)
        if (!w->levels[i].list && strcmp(w->levels[i].key, w->wish->part) == 0)
            return w->wish->number == 0 || (i + 1 < w->depth && w->levels[i + 1].list &&
                                            w->levels[i + 1].entry == w->wish->number);
    return false;
}

/* A node begins: is it the one? */
static bool is_it(const struct walk *w, const char *scalar)
{
    const struct level *at = w->depth ? &w->levels[w->depth - 1] : NULL;

    if (!at || !inside(w))
        return false;
    if (!w->wish->key)
        return at->list && at->entry == w->wish->number;
    return !at->list && at->value_comes && strcmp(at->key, w->wish->key) == 0 &&
           (!w->wish->text || (scalar && strcmp(scalar, w->wish->text) == 0));
}

/* … and is over: the next one is another entry, or a key. */
static void pass(struct walk *w)
{
    if (!w->depth)
        return;
    if (w->levels[w->depth - 1].list)
        w->levels[w->depth - 1].entry++;
    else
        w->levels[w->depth - 1].value_comes = false;
}

/* true: found. */
static bool step(struct walk *w, const yaml_event_t *e)
{
    const char *scalar = e->type == YAML_SCALAR_EVENT ? (const char *)e->data.scalar.value : NULL;
    const bool list = e->type == YAML_SEQUENCE_START_EVENT;
    struct level *at = w->depth ? &w->levels[w->depth - 1] : NULL;

    if (e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT) {
        w->depth--;
        pass(w);
    } else if (scalar && at && !at->list && !at->value_comes) {
        snprintf(at->key, sizeof at->key, "%s", scalar);
        at->value_comes = true;
    } else if (is_it(w, scalar)) {
        return true;
    } else if (scalar) {
        pass(w);
    } else if (list || e->type == YAML_MAPPING_START_EVENT) {
        w->levels[w->depth++] = (struct level){.list = list, .entry = 1};
    }
    return false;
}

struct place place_of(struct bytes yaml, const struct place_wish *wish)
{
    struct walk w = {.wish = wish};
    struct place found = {.line = 0};
    yaml_parser_t parser;
    bool over = false;

    if (!yaml_parser_initialize(&parser))
        return found;
    yaml_parser_set_input_string(&parser, yaml.data, yaml.size);
    while (!over && w.depth < DEEPEST) {
        yaml_event_t e;

        if (!yaml_parser_parse(&parser, &e))
            break;
        if (step(&w, &e)) {
            found =
                (struct place){.line = e.start_mark.line + 1, .column = e.start_mark.column + 1};
            over = true;
        }
        over |= e.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&parser);
    return found;
}
