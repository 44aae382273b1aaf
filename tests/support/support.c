/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void give_up(const char *what, const char *name)
{
    fprintf(stderr, "tests: %s: %s\n", what, name);
    abort();
}

struct buffer golden_read(const char *name)
{
    char path[1024];
    uint8_t chunk[65536];
    struct buffer out;
    gzFile file;
    int n;

    snprintf(path, sizeof path, "%s/%s", NXP_GOLDEN, name);
    buffer_init(&out, 0);
    file = gzopen(path, "rb"); /* reads plain files as they are */
    if (!file)
        give_up("cannot open", path);
    while ((n = gzread(file, chunk, sizeof chunk)) > 0)
        buffer_put(&out, chunk, (size_t)n);
    if (n < 0 || !buffer_ok(&out))
        give_up("cannot read", path);
    gzclose(file);
    return out;
}

json_t *golden_json(const char *name)
{
    struct buffer text = golden_read(name);
    json_error_t error;
    json_t *json = json_loadb((const char *)text.data, text.size, 0, &error);

    if (!json)
        give_up(error.text, name);
    buffer_fini(&text);
    return json;
}

/* Cuts one field in place; *at moves behind it and its separator. Returns whether the line goes on. */
static bool csv_field(char **at, char **field)
{
    char *in = *at, *out = in;
    bool quoted = *in == '"', more;

    *field = in;
    if (quoted)
        in++;
    while (*in) {
        if (quoted && *in == '"') {
            if (in[1] != '"') {
                quoted = false;
                in++;
                continue;
            }
            in++;
        } else if (!quoted && (*in == ',' || *in == '\n' || *in == '\r')) {
            break;
        }
        *out++ = *in++;
    }
    more = *in == ',';
    if (*in == '\r')
        in++;
    if (*in)
        in++;
    *out = 0;
    *at = in;
    return more;
}

struct csv *golden_csv(const char *name)
{
    struct buffer text = golden_read(name);
    struct csv *c = calloc(1, sizeof *c);
    char *at, *fields[512];
    size_t line_count = 0;

    buffer_put_u8(&text, 0);
    if (!c || !buffer_ok(&text))
        give_up("out of memory", name);
    c->storage = text.data;
    for (size_t i = 0; i < text.size; i++)
        line_count += text.data[i] == '\n' || text.data[i] == 0;
    c->cells = calloc(line_count + 1, sizeof *c->cells);
    at = (char *)text.data;
    while (*at) {
        char **row;
        size_t n = 0;
        bool more = true;

        while (more && n < 512)
            more = csv_field(&at, &fields[n++]);
        if (!c->names)
            c->columns = n;
        row = calloc(c->columns, sizeof *row);
        if (!row || !c->cells)
            give_up("out of memory", name);
        for (size_t i = 0; i < c->columns; i++)
            row[i] = i < n ? fields[i] : (char *)"";
        if (!c->names)
            c->names = row;
        else
            c->cells[c->rows++] = row;
    }
    return c;
}

void csv_free(struct csv *c)
{
    for (size_t i = 0; i < c->rows; i++)
        free(c->cells[i]);
    free(c->cells);
    free(c->names);
    free(c->storage);
    free(c);
}

const char *csv_cell(const struct csv *c, size_t row, const char *column)
{
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(c->names[i], column) == 0)
            return c->cells[row][i];
    give_up("no such column", column);
    return NULL;
}
