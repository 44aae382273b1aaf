/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockorch/core/admin_call.h"

#define USUAL_ON_A_PAGE 100

void admin_reply_init(struct admin_reply *r)
{
    r->status = 0;
    buffer_init(&r->body, 0);
}

void admin_reply_fini(struct admin_reply *r)
{
    buffer_fini(&r->body);
}

/* ---- errors ---- */

json_t *admin_error(struct admin_call *c, unsigned status, const char *format, ...)
{
    char text[512];
    json_t *words;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->status = status;
    words = json_string(text);
    /* a name from outside, cut in the middle of a letter */
    return json_pack("{so}", "error", words ? words : json_string("not UTF-8"));
}

json_t *admin_failed(struct admin_call *c, enum status st, const struct why *why)
{
    unsigned status = st == ST_INPUT ? 400 : st == ST_NOT_FOUND ? 404 : st == ST_EXISTS ? 409 : 500;

    return admin_error(c, status, "%s", why->text);
}

/* ---- queries ---- */

/* false: it does not fit, or is no encoding. */
static bool decode(char *out, size_t size, const char *text, size_t length)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        char c = text[i], digits[3] = {0};
        uint8_t byte;

        if (used + 1 >= size)
            return false;
        if (c == '%') {
            if (length - i < 3)
                return false;
            memcpy(digits, text + i + 1, 2);
            if (!hex_decode(&byte, 1, digits) || byte == 0)
                return false;
            c = (char)byte;
            i += 2;
        }
        out[used++] = c;
    }
    out[used] = 0;
    return true;
}

bool admin_query(const struct admin_call *c, const char *key, char *out, size_t size)
{
    size_t length = strlen(key);

    out[0] = 0;
    for (const char *at = c->query; *at; at += strcspn(at, "&"), at += *at == '&')
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            const char *value = at + length + 1;

            if (decode(out, size, value, strcspn(value, "&#")))
                return true;
            snprintf(out, size, "?"); /* fits nothing */
            return true;
        }
    return false;
}

/* ---- pages ---- */

bool admin_query_number(const struct admin_call *c, const char *key, uint64_t most, uint64_t *out)
{
    char text[32];
    size_t digits;

    if (!admin_query(c, key, text, sizeof text))
        return true;
    digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits])
        return false;
    *out = strtoull(text, NULL, 10);
    return *out <= most;
}

json_t *admin_page_start(struct admin_page *p, struct admin_call *c)
{
    *p = (struct admin_page){.limit = USUAL_ON_A_PAGE};
    if (!admin_query_number(c, "offset", INT64_MAX, &p->offset))
        return admin_error(c, 400, "offset: a whole number is needed");
    if (!admin_query_number(c, "limit", MOST_ON_A_PAGE, &p->limit))
        return admin_error(c, 400, "limit: 0 to %d are possible", MOST_ON_A_PAGE);
    p->items = json_array();
    return NULL;
}

bool admin_page_wants(struct admin_page *p)
{
    uint64_t at = p->total++;

    return at >= p->offset && at - p->offset < p->limit;
}

json_t *admin_page_end(struct admin_page *p)
{
    return json_pack("{so so so}", "total", state_counter(p->total), "offset",
                     state_counter(p->offset), "items", p->items);
}

/* ---- bodies ---- */

int admin_text(const struct admin_call *c, const char *key, const char **out)
{
    const json_t *value = json_object_get(c->body, key);

    if (!value)
        return 0;
    if (!json_is_string(value))
        return -1;
    *out = json_string_value(value);
    return 1;
}

int admin_integer(const struct admin_call *c, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(c->body, key);

    if (!value)
        return 0;
    if (!json_is_integer(value))
        return -1;
    *out = json_integer_value(value);
    return 1;
}

/* ---- routes ---- */

static const struct {
    const char *method, *path; /* an asterisk stands for one name */
    admin_handler *handler;
} routes[] = {
    {"GET", "state", admin_state},
    {"POST", "reset", admin_reset},
    {"GET", "snapshot", admin_snapshot},
    {"POST", "restore", admin_restore},
    {"GET", "users", admin_users},
    {"POST", "users", admin_add_user},
    {"GET", "users/*", admin_user},
    {"POST", "users/*/credits", admin_grant},
    {"GET", "nodes", admin_nodes},
    {"POST", "nodes", admin_add_node},
    {"GET", "nodes/*", admin_node},
    {"GET", "tasks", admin_tasks},
    {"POST", "tasks", admin_mint},
    {"GET", "tasks/*", admin_task},
    {"POST", "tasks/*/expire", admin_expire},
    {"GET", "credits", admin_credits},
    {"GET", "rules", admin_rules},
    {"POST", "rules", admin_add_rule},
    {"DELETE", "rules", admin_remove_rules},
    {"DELETE", "rules/*", admin_remove_rule},
    {"GET", "requests", admin_requests},
    {"DELETE", "requests", admin_forget_requests},
    {"POST", "verify", admin_verify},
    {"GET", "clock", admin_clock},
    {"POST", "clock", admin_set_clock},
};
#define ROUTES (sizeof routes / sizeof *routes)

/* The name at the asterisk goes to the call. */
static bool route_fits(struct admin_call *c, const char *pattern, const char *path, size_t length)
{
    const char *star = strchr(pattern, '*');
    size_t before = star ? (size_t)(star - pattern) : strlen(pattern);
    size_t after = star ? strlen(star + 1) : 0;

    if (length < before || memcmp(path, pattern, before) != 0)
        return false;
    if (!star)
        return length == before;
    if (length <= before + after || memcmp(path + length - after, star + 1, after) != 0 ||
        memchr(path + before, '/', length - before - after))
        return false;
    return decode(c->name, sizeof c->name, path + before, length - before - after);
}

static json_t *dispatch(struct admin_call *c, const struct admin_request *r)
{
    size_t prefix = strlen(ADMIN_PREFIX), length;
    const char *path = r->path;
    bool known = false;

    if (strncmp(path, ADMIN_PREFIX, prefix) != 0)
        return admin_error(c, 404, "no such page");
    path += prefix;
    length = strcspn(path, "?#");
    c->query = path[length] == '?' ? path + length + 1 : "";
    for (size_t i = 0; i < ROUTES; i++) {
        if (!route_fits(c, routes[i].path, path, length))
            continue;
        if (strcmp(routes[i].method, r->method) == 0)
            return routes[i].handler(c);
        known = true;
    }
    return known ? admin_error(c, 405, "this page has another method")
                 : admin_error(c, 404, "no such page");
}

/* An object, or nothing at all. */
static json_t *read_body(struct admin_call *c, struct bytes body)
{
    json_error_t error;

    if (body.size == 0)
        return NULL;
    c->body = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, &error);
    if (!c->body)
        return admin_error(c, 400, "line %d: %s", error.line, error.text);
    if (!json_is_object(c->body))
        return admin_error(c, 400, "the body is not an object");
    return NULL;
}

void admin_answer(struct orchestrator *o, struct admin_reply *reply,
                  const struct admin_request *request, int64_t now_ns)
{
    struct admin_call c = {.o = o,
                           .outside_ns = now_ns,
                           .now_ns = timeline_inside_ns(&o->timeline, now_ns),
                           .status = 200};
    json_t *answer;
    struct why why;
    char *text;

    calls_expire(o, c.now_ns);
    answer = read_body(&c, request->body);
    if (!answer)
        answer = dispatch(&c, request);
    if (orchestrator_commit(o, &why) && strcmp(request->method, "GET") != 0) { /* looking goes on */
        json_decref(answer);
        answer = admin_error(&c, 500, "%s", why.text);
    }
    text = answer ? record_text(answer, JSON_INDENT(1)) : NULL;
    buffer_reset(&reply->body);
    reply->status = text ? c.status : 500;
    if (text)
        buffer_put_text(&reply->body, text);
    if (!buffer_ok(&reply->body)) {
        buffer_reset(&reply->body);
        reply->status = 500;
    }
    free(text);
    json_decref(answer);
    json_decref(c.body);
}
