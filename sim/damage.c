/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/damage.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"

/* ---- one value of a document ---- */

#define LONG_TEXT 700 /* longer than any text of a record */

static json_t *long_text(void)
{
    char text[LONG_TEXT + 1];

    memset(text, 'a', LONG_TEXT);
    text[LONG_TEXT] = 0;
    return json_string(text);
}

static json_t *wrong_number(struct prng *prng, const json_t *old)
{
    const json_int_t was = json_integer_value(old);

    switch (prng_below(prng, 12)) {
    case 0:
        return json_integer(INT64_MAX);
    case 1:
        return json_integer(INT64_MIN);
    case 2:
        return json_integer(-1);
    case 3:
        return json_integer(0);
    case 4:
        return json_integer((json_int_t)UINT32_MAX + 1);
    case 5:
        return json_integer(was == INT64_MAX ? was : was + 1);
    case 6:
        return json_integer(was == INT64_MIN ? was : was - 1);
    case 7:
        return json_integer((json_int_t)prng_below(prng, 20));
    case 8:
        return json_integer(was == INT64_MIN ? was : -was);
    default:
        return json_integer((json_int_t)(UINT64_C(1) << prng_below(prng, 63)));
    }
}

static json_t *wrong_text(struct prng *prng, const json_t *old)
{
    const char *was = json_string_value(old);
    size_t length = strlen(was);
    char *text = memory_text(was);
    json_t *out;

    switch (prng_below(prng, 7)) {
    case 0:
        out = long_text();
        break;
    case 1:
        out = json_string("");
        break;
    case 2: /* one letter is another */
        if (length) {
            size_t place = prng_below(prng, length);

            text[place] ^= (char)(1 + prng_below(prng, 15));
        }
        out = json_string(text);
        break;
    case 3:
        text[length / 2] = 0;
        out = json_string(text);
        break;
    case 4:
        out = json_string("\xc3\xa4 \" \\ \n");
        break;
    case 5:
        out = json_string("0");
        break;
    default:
        out = json_sprintf("%sx", was);
        break;
    }
    free(text);
    return out ? out : json_string("");
}

static json_t *of_another_type(struct prng *prng)
{
    static const char *const others[] = {"null", "true", "false", "1.5",  "\"1\"",
                                         "7",    "[]",   "{}",    "[{}]", "[null]"};

    return json_loads(others[prng_below(prng, sizeof others / sizeof *others)], JSON_DECODE_ANY,
                      NULL);
}

static json_t *wrong_value(struct prng *prng, const json_t *old)
{
    uint64_t mild = prng_below(prng, 4); /* in three of four cases it is of the type that it was */

    if (mild && json_is_integer(old))
        return wrong_number(prng, old);
    if (mild && json_is_string(old))
        return wrong_text(prng, old);
    if (mild == 1 && json_is_boolean(old))
        return json_boolean(!json_is_true(old));
    return of_another_type(prng);
}

/* In an object or a list: one member is damaged, left out, there twice, or looked into. */
static void damage_inside(struct prng *prng, json_t *whole)
{
    const bool list = json_is_array(whole);
    const size_t count = list ? json_array_size(whole) : json_object_size(whole);
    size_t which = count ? prng_below(prng, count) : 0;
    const char *key = "";
    json_t *part;
    uint64_t how;

    if (!count) {
        if (list)
            json_array_append_new(whole, of_another_type(prng));
        else
            json_object_set_new(whole, "x", of_another_type(prng));
        return;
    }
    if (!list) {
        void *at = json_object_iter(whole);

        while (which--)
            at = json_object_iter_next(whole, at);
        key = json_object_iter_key(at);
    }
    part = list ? json_array_get(whole, which) : json_object_get(whole, key);
    if ((json_object_size(part) || json_array_size(part)) && prng_below(prng, 8)) {
        damage_inside(prng, part);
        return;
    }
    how = prng_below(prng, 8);
    if (how == 0 && list)
        json_array_remove(whole, which);
    else if (how == 0)
        json_object_del(whole, key);
    else if (how <= 2 && list)
        json_array_append(whole, part);
    else if (list)
        json_array_set_new(whole, which, wrong_value(prng, part));
    else
        json_object_set_new(whole, key, wrong_value(prng, part));
}

void damage_text(struct buffer *out, struct prng *prng, struct bytes text)
{
    const uint64_t how = prng_below(prng, 12);
    json_t *whole = NULL;
    char *written;
    size_t at;

    if (how == 0) { /* torn, or nothing is left */
        buffer_put(out, text.data, text.size ? prng_below(prng, text.size) : 0);
        return;
    }
    if (how > 2)
        whole = json_loadb((const char *)text.data, text.size, 0, NULL);
    if (!whole) {
        at = out->size;
        buffer_put(out, text.data, text.size);
        if (text.size && buffer_ok(out)) { /* one draw after the other, in any compiler */
            at += prng_below(prng, text.size);
            out->data[at] ^= (uint8_t)(1u << prng_below(prng, 8));
        }
        return;
    }
    damage_inside(prng, whole);
    written = json_dumps(whole, JSON_COMPACT);
    if (written)
        buffer_put_text(out, written);
    free(written);
    json_decref(whole);
}

/* ---- one record of a store ---- */

struct copying {
    struct store *to;
    struct prng *prng;
    enum store_kind kind;
    uint64_t count; /* so far */
    uint64_t bad;   /* this one is damaged; UINT64_MAX: none */
    uint64_t how;   /* its value, its key, or it changes places with the next one */
    char *key;      /* of a record that waits for the next one's value */
    uint8_t *value;
    size_t size;
};

enum { ITS_KEY, ITS_PLACE, ITS_VALUE };

static enum status count_one(void *context, const char *key, struct bytes value, struct why *why)
{
    struct copying *c = context;

    (void)key;
    (void)value;
    (void)why;
    c->count++;
    return ST_OK;
}

static enum status put_damaged(struct copying *c, const char *key, struct bytes value,
                               struct why *why)
{
    char other[64];
    struct buffer text;
    enum status st;

    if (c->how == ITS_KEY) {
        const int length = (int)prng_below(c->prng, strlen(key) + 1);

        snprintf(other, sizeof other, "%.*s%s", length, key, prng_below(c->prng, 2) ? "" : "7");
        return store_put(c->to, c->kind, other, value, why);
    }
    buffer_init(&text, 0);
    damage_text(&text, c->prng, value);
    st = store_put(c->to, c->kind, key, buffer_bytes(&text), why);
    buffer_fini(&text);
    return st;
}

static enum status copy_one(void *context, const char *key, struct bytes value, struct why *why)
{
    struct copying *c = context;
    enum status st;

    if (c->count++ == c->bad) {
        if (c->how != ITS_PLACE)
            return put_damaged(c, key, value, why);
        c->key = memory_text(key);
        c->value = memory_bytes(value);
        c->size = value.size;
        return ST_OK; /* if it is the last one, it is lost */
    }
    if (!c->key)
        return store_put(c->to, c->kind, key, value, why);
    st = store_put(c->to, c->kind, c->key, value, why);
    if (!st)
        st = store_put(c->to, c->kind, key, bytes_of(c->value, c->size), why);
    free(c->key);
    c->key = NULL;
    return st;
}

enum status damage_store(struct store *to, struct store *from, struct prng *prng, struct why *why)
{
    const enum store_kind bad = (enum store_kind)prng_below(prng, STORE_KINDS);
    enum status st = ST_OK;

    for (int kind = 0; kind < STORE_KINDS && !st; kind++) {
        struct copying c = {
            .to = to, .prng = prng, .kind = (enum store_kind)kind, .bad = UINT64_MAX};

        if (c.kind == bad) {
            st = store_each(from, c.kind, count_one, &c, why);
            c.bad = c.count ? prng_below(prng, c.count) : UINT64_MAX;
            c.how = prng_below(prng, 10);
            c.count = 0;
        }
        if (!st)
            st = store_each(from, c.kind, copy_one, &c, why);
        free(c.key);
        free(c.value);
    }
    return st ? st : store_commit(to, why);
}
