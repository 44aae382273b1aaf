/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/config.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_MAX_BYTES ((size_t)1 << 20)

void config_fini(struct config *c)
{
    free(c->environment);
    free(c->user_id);
    free(c->wallet_address);
    free(c->node_id);
    *c = (struct config){0};
}

enum status config_init(struct config *c, struct why *why)
{
    struct config made = {strdup(""), strdup(""), strdup(""), strdup("")};

    if (!made.environment || !made.user_id || !made.wallet_address || !made.node_id) {
        config_fini(&made);
        return fail(why, ST_NO_MEMORY, "configuration: out of memory");
    }
    *c = made;
    return ST_OK;
}

enum status config_set(char **member, const char *text, struct why *why)
{
    char *copy = strdup(text);

    if (!copy)
        return fail(why, ST_NO_MEMORY, "configuration: out of memory");
    free(*member);
    *member = copy;
    return ST_OK;
}

/* Absent: empty. Anything but a text is an error, as it is for the other client. */
static enum status read_member(char **member, const json_t *root, const char *name,
                               struct why *why)
{
    const json_t *value = json_object_get(root, name);

    if (!value)
        return ST_OK;
    if (!json_is_string(value))
        return fail(why, ST_INPUT, "\"%s\" must be a text in quotes", name);
    return config_set(member, json_string_value(value), why);
}

enum status config_parse(struct config *out, struct bytes json, struct why *why)
{
    json_error_t error;
    json_t *root = json_loadb(json.size ? (const char *)json.data : "", json.size,
                              JSON_REJECT_DUPLICATES, &error);
    struct config c = {0};
    enum status st;

    if (!root) {
        st = fail(why, ST_INPUT, "line %d, column %d: %s", error.line, error.column, error.text);
        goto out;
    }
    if (!json_is_object(root)) {
        st = fail(why, ST_INPUT, "the configuration must be a JSON object");
        goto out;
    }
    st = config_init(&c, why);
    if (!st)
        st = read_member(&c.environment, root, "environment", why);
    if (!st)
        st = read_member(&c.user_id, root, "user_id", why);
    if (!st)
        st = read_member(&c.wallet_address, root, "wallet_address", why);
    if (!st)
        st = read_member(&c.node_id, root, "node_id", why);
    if (st)
        goto out;
    *out = c;
    c = (struct config){0};
out:
    config_fini(&c);
    json_decref(root);
    return st;
}

enum status config_format(struct buffer *out, const struct config *c, struct why *why)
{
    json_t *root = json_pack("{s:s, s:s, s:s, s:s}", "environment", c->environment, "user_id",
                             c->user_id, "wallet_address", c->wallet_address, "node_id",
                             c->node_id);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    enum status st = ST_OK;

    if (text)
        buffer_put_text(out, text);
    else
        st = fail(why, ST_INPUT, "configuration: a text is not UTF-8");
    free(text);
    json_decref(root);
    return st;
}

enum status config_load(struct config *out, const char *path, struct why *why)
{
    struct buffer content;
    enum status st;

    buffer_init(&content, 0);
    st = file_read(&content, path, CONFIG_MAX_BYTES, why);
    if (!st) {
        st = config_parse(out, buffer_bytes(&content), why);
        if (st)
            st = fail_within(why, st, "%s", path);
    }
    buffer_fini(&content);
    return st;
}

enum status config_save(const struct config *c, const char *path, struct why *why)
{
    struct buffer content;
    enum status st;

    buffer_init(&content, 0);
    st = config_format(&content, c, why);
    if (!st)
        st = file_write(path, buffer_bytes(&content), 0600, why);
    buffer_fini(&content);
    return st;
}

enum status config_remove(const char *path, bool *existed, struct why *why)
{
    if (unlink(path) == 0) {
        *existed = true;
        return ST_OK;
    }
    if (errno != ENOENT)
        return fail(why, ST_IO, "%s: %s", path, strerror(errno));
    *existed = false;
    return ST_OK;
}
