/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/constraint.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/core/problem.h"
#include "client/core/version.h"

#define RELEASES "https://github.com/nexus-xyz/nexus-cli/releases"

/* ---- the document ---- */

struct constraint {
    struct version least; /* borrows from the document */
    const char *version, *message;
    enum constraint_verdict verdict;
    int64_t start_s;
};

struct constraints {
    json_t *document;
    const json_t *countries[2]; /* under either name; NULL: none */
    size_t count;
    struct constraint constraints[];
};

static bool read_verdict(enum constraint_verdict *out, const char *type)
{
    static const char *const names[] = {
        [VERSION_NOTICE] = "notice", [VERSION_WARNING] = "warning", [VERSION_BLOCKED] = "blocking"};

    for (int i = VERSION_NOTICE; i <= VERSION_BLOCKED; i++) {
        if (strcmp(type, names[i]) == 0) {
            *out = (enum constraint_verdict)i;
            return true;
        }
    }
    return false;
}

static enum status read_constraint(struct constraint *out, const json_t *entry, struct why *why)
{
    const char *type = json_string_value(json_object_get(entry, "type"));
    const json_t *start = json_object_get(entry, "start_date");

    out->version = json_string_value(json_object_get(entry, "version"));
    out->message = json_string_value(json_object_get(entry, "message"));
    if (!type || !out->version || !out->message)
        return fail(why, ST_INPUT, "a constraint has no version, type or message");
    if (!version_parse(&out->least, out->version))
        return fail(why, ST_INPUT, "'%.40s' is no version", out->version);
    if (!read_verdict(&out->verdict, type))
        return fail(why, ST_INPUT, "'%.40s' is no type of a constraint", type);
    if (start && !json_is_integer(start) && !json_is_null(start))
        return fail(why, ST_INPUT, "a start date is no number of seconds");
    out->start_s = json_is_integer(start) ? json_integer_value(start) : INT64_MIN;
    return ST_OK;
}

/* Code -> name or null. */
static enum status read_countries(const json_t **out, const json_t *root, const char *name,
                                  struct why *why)
{
    json_t *map = json_object_get(root, name), *value;
    const char *code;

    if (!map || json_is_null(map))
        return ST_OK;
    if (!json_is_object(map))
        return fail(why, ST_INPUT, "%s is no map", name);
    json_object_foreach(
        map, code,
        value) if (!json_is_string(value) &&
                   !json_is_null(value)) return fail(why, ST_INPUT,
                                                     "%s: the name of '%.10s' is no text", name,
                                                     code);
    *out = map;
    return ST_OK;
}

static enum status read_document(struct constraints *r, const json_t *list, struct why *why)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < r->count && !st; i++)
        st = read_constraint(&r->constraints[i], json_array_get(list, i), why);
    if (!st)
        st = read_countries(&r->countries[0], r->document, "ofac_country_names", why);
    if (!st)
        st = read_countries(&r->countries[1], r->document, "ofac_restricted_map", why);
    return st;
}

enum status constraint_parse(struct constraints **out, struct bytes json, struct why *why)
{
    json_t *root = json.size > 0 && json.size <= CONSTRAINT_MAX_BYTES
                       ? json_loadb((const char *)json.data, json.size, 0, NULL)
                       : NULL;
    const json_t *list = json_object_get(root, "version_constraints");
    size_t count = json_array_size(list);
    struct constraints *r = NULL;
    enum status st;

    if (!json_is_array(list) || count > CONSTRAINT_MAX) {
        st = fail(why, ST_INPUT, "this is no document of version constraints");
        goto out;
    }
    r = calloc(1, sizeof *r + count * sizeof r->constraints[0]);
    if (!r) {
        st = fail(why, ST_NO_MEMORY, "version constraints: out of memory");
        goto out;
    }
    r->document = root;
    root = NULL;
    r->count = count;
    st = read_document(r, list, why);
    if (st)
        goto out;
    *out = r;
    r = NULL;
out:
    constraint_free(r);
    json_decref(root);
    return st;
}

struct bytes constraint_built_in(void)
{
    return bytes_of_text(
        "{\"version_constraints\": ["
        "{\"version\": \"0.10.0\", \"type\": \"blocking\","
        " \"message\": \"version {current} is too old, at least {version} is needed\"},"
        "{\"version\": \"0.10.14\", \"type\": \"warning\","
        " \"message\": \"version {current} is old, at least {version} is wanted\"}],"
        " \"ofac_country_names\": {"
        "\"BY\": \"Belarus\", \"CD\": \"the Democratic Republic of the Congo\","
        "\"CF\": \"the Central African Republic\", \"ET\": \"Ethiopia\", \"IR\": \"Iran\","
        "\"KP\": \"North Korea\", \"LB\": \"Lebanon\", \"ML\": \"Mali\", \"MM\": \"Myanmar\","
        "\"RU\": \"Russia\", \"SD\": \"Sudan\", \"SO\": \"Somalia\","
        "\"SS\": \"South Sudan\", \"SY\": \"Syria\", \"VE\": \"Venezuela\","
        "\"YE\": \"Yemen\", \"UA-43\": \"Crimea\", \"UA-14\": \"Donetsk\","
        "\"UA-09\": \"Luhansk\"}}");
}

void constraint_free(struct constraints *r)
{
    if (!r)
        return;
    json_decref(r->document);
    free(r);
}

/* ---- the verdict ---- */

/* {current} and its like; what has no name here stays as it is. */
static void fill_in(char *out, const struct constraint *c, const char *own)
{
    const struct {
        const char *name, *value;
    } table[] = {{"{current}", own},
                 {"{version}", c->version},
                 {"{latest}", "unknown"},
                 {"{release_url}", RELEASES}};
    size_t size = 0;

    for (const char *at = c->message; *at && size < CONSTRAINT_TEXT - 1;) {
        size_t taken = 1, given = 1;
        const char *from = at;

        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
            if (strncmp(at, table[i].name, strlen(table[i].name)) == 0) {
                taken = strlen(table[i].name);
                from = table[i].value;
                given = strlen(from);
            }
        }
        if (given > CONSTRAINT_TEXT - 1 - size)
            given = CONSTRAINT_TEXT - 1 - size;
        memcpy(out + size, from, given);
        size += given;
        at += taken;
    }
    while (size > 0 && strchr(" \r\n", out[size - 1]))
        size--;
    out[size] = '\0';
    for (size_t i = 0; i < size; i++)
        if (out[i] == '\n')
            out[i] = ' ';
    problem_clean(out);
}

/* The last blocking one, else the first warning, else the last notice (client.md 7.1). */
static bool takes_over(enum constraint_verdict next, enum constraint_verdict now)
{
    return next > now || (next == now && next != VERSION_WARNING);
}

enum constraint_verdict constraint_judge(const struct constraints *r,
                                         char text[static CONSTRAINT_TEXT], const char *own,
                                         int64_t now_s)
{
    const struct constraint *found = NULL;
    enum constraint_verdict verdict = VERSION_FINE;
    struct version v;
    bool parsed = version_parse(&v, own);

    assert(parsed);
    for (size_t i = 0; i < r->count; i++) {
        const struct constraint *c = &r->constraints[i];

        if (now_s >= c->start_s && version_compare(&v, &c->least) < 0 &&
            takes_over(c->verdict, verdict)) {
            found = c;
            verdict = c->verdict;
        }
    }
    text[0] = '\0';
    if (found)
        fill_in(text, found, own);
    return verdict;
}

bool constraint_restricts(const struct constraints *r, char name[static CONSTRAINT_COUNTRY],
                          const char *country)
{
    for (int i = 0; i < 2; i++) {
        json_t *value;
        const char *code;

        json_object_foreach((json_t *)r->countries[i], code, value)
        {
            if (strcasecmp(code, country) == 0) {
                const char *called = json_string_value(value);

                snprintf(name, CONSTRAINT_COUNTRY, "%s", called ? called : code);
                problem_clean(name);
                return true;
            }
        }
    }
    return false;
}

bool constraint_restricts_any(const struct constraints *c)
{
    return json_object_size(c->countries[0]) + json_object_size(c->countries[1]) > 0;
}

bool constraint_update(char tag[static CONSTRAINT_TAG], struct bytes json, const char *own)
{
    json_t *root = json.size > 0 ? json_loadb((const char *)json.data, json.size, 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(root, "tag_name"));
    bool newer = name && strlen(name) < CONSTRAINT_TAG && version_newer(name, own);

    if (newer)
        snprintf(tag, CONSTRAINT_TAG, "%s", name + (*name == 'v'));
    json_decref(root);
    return newer;
}
