/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/outline.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* ---- reading ---- */

static json_t *json_of(yaml_document_t *document, int number)
{
    yaml_node_t *node = yaml_document_get_node(document, number);
    json_t *out;

    if (node->type == YAML_SCALAR_NODE)
        return json_stringn((const char *)node->data.scalar.value, node->data.scalar.length);
    if (node->type == YAML_SEQUENCE_NODE) {
        out = json_array();
        for (yaml_node_item_t *i = node->data.sequence.items.start;
             i < node->data.sequence.items.top; i++)
            json_array_append_new(out, json_of(document, *i));
        return out;
    }
    out = json_object();
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
         p++) {
        yaml_node_t *key = yaml_document_get_node(document, p->key);

        if (key->type == YAML_SCALAR_NODE)
            json_object_set_new(out, (const char *)key->data.scalar.value,
                                json_of(document, p->value));
    }
    return out;
}

enum status outline_read(json_t **out, struct bytes yaml, struct why *why)
{
    yaml_parser_t parser;
    yaml_document_t document;
    yaml_node_t *root;
    enum status st = ST_OK;

    if (!yaml_parser_initialize(&parser))
        return fail(why, ST_NO_MEMORY, "scenario: out of memory");
    yaml_parser_set_input_string(&parser, yaml.data, yaml.size);
    if (!yaml_parser_load(&parser, &document)) {
        st = fail(why, ST_INPUT, "line %zu: %s", parser.problem_mark.line + 1,
                  parser.problem ? parser.problem : "no YAML");
        yaml_parser_delete(&parser);
        return st;
    }
    root = yaml_document_get_root_node(&document);
    if (root && root->type == YAML_MAPPING_NODE)
        *out = json_of(&document, 1);
    else
        st = fail(why, ST_INPUT, "line 1: a scenario is a mapping");
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return st;
}

/* ---- writing ---- */

static void put_scalar(struct buffer *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+";
    size_t length = strlen(text);
    json_t *value;
    char *quoted;

    if (length && (strspn(text, plain) == length ||
                   (text[0] == '-' && length > 1 && strspn(text + 1, plain) == length - 1))) {
        buffer_put_text(out, text);
        return;
    }
    value = json_string(text);
    quoted = json_dumps(value, JSON_ENCODE_ANY); /* a JSON text is a YAML text, but for DEL */
    for (const char *c = quoted ? quoted : "\"\""; *c; c++) {
        if (*c == 0x7f)
            buffer_put_text(out, "\\x7F");
        else
            buffer_put(out, c, 1);
    }
    free(quoted);
    json_decref(value);
}

static void put_flow(struct buffer *out, const json_t *node)
{
    const char *key, *between = "";
    json_t *value;
    size_t i;

    if (json_is_string(node)) {
        put_scalar(out, json_string_value(node));
        return;
    }
    buffer_put_text(out, json_is_array(node) ? "[" : "{");
    if (json_is_array(node))
        json_array_foreach(node, i, value)
        {
            buffer_put_text(out, i ? ", " : "");
            put_flow(out, value);
        }
    else
        json_object_foreach((json_t *)node, key, value)
        {
            buffer_put_format(out, "%s%s: ", between, key);
            put_flow(out, value);
            between = ", ";
        }
    buffer_put_text(out, json_is_array(node) ? "]" : "}");
}

static bool is_flat(const json_t *node)
{
    json_t *value;
    const char *key;

    json_object_foreach((json_t *)node, key, value) if (!json_is_string(value)) return false;
    return true;
}

static void put_block(struct buffer *out, const json_t *node, int indent)
{
    const char *key;
    json_t *value, *entry;
    size_t i;

    json_object_foreach((json_t *)node, key, value)
    {
        buffer_put_format(out, "%*s%s:", indent, "", key);
        if (json_is_array(value) && json_array_size(value)) {
            buffer_put_text(out, "\n");
            json_array_foreach(value, i, entry)
            {
                buffer_put_format(out, "%*s- ", indent + 2, "");
                put_flow(out, entry);
                buffer_put_text(out, "\n");
            }
        } else if (json_is_object(value) && !is_flat(value)) {
            buffer_put_text(out, "\n");
            put_block(out, value, indent + 2);
        } else {
            buffer_put_text(out, " ");
            put_flow(out, value);
            buffer_put_text(out, "\n");
        }
    }
}

void outline_write(struct buffer *out, const json_t *tree)
{
    put_block(out, tree, 0);
}
