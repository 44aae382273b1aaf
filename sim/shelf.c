/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/shelf.h"

#include <string.h>

/* CMakeLists.txt embeds each file of sim/scenarios and writes X(name) for it. */
#define X(name)                                                                                    \
    extern const unsigned char shelf_##name[];                                                     \
    extern const size_t shelf_##name##_size;
#include "sim/shelf_names.h"
#undef X

static const struct {
    const char *name;
    const unsigned char *data;
    const size_t *size;
} embedded[] = {
#define X(name) {#name, shelf_##name, &shelf_##name##_size},
#include "sim/shelf_names.h"
#undef X
};

#define SHELVED (sizeof embedded / sizeof *embedded)

size_t shelf_count(void)
{
    return SHELVED;
}

struct shelf_entry shelf_at(size_t i)
{
    return (struct shelf_entry){embedded[i].name, bytes_of(embedded[i].data, *embedded[i].size)};
}

enum status shelf_text(struct buffer *out, const char *name, struct why *why)
{
    enum status st;

    for (size_t i = 0; i < SHELVED; i++) {
        if (strcmp(embedded[i].name, name) == 0) {
            buffer_put(out, embedded[i].data, *embedded[i].size);
            return ST_OK;
        }
    }
    st = file_read(out, name, SCENARIO_MAX_BYTES, why);
    if (st == ST_NOT_FOUND)
        return fail(why, st, "neither a built-in scenario (nxp-sim list shows them) nor a file");
    return st;
}

enum status shelf_take(struct scenario **out, const char *name, struct why *why)
{
    struct buffer yaml;
    enum status st;

    buffer_init(&yaml, 0);
    st = shelf_text(&yaml, name, why);
    if (!st)
        st = buffer_ok(&yaml) ? scenario_parse(out, buffer_bytes(&yaml), why)
                              : fail(why, ST_NO_MEMORY, "out of memory");
    buffer_fini(&yaml);
    return st;
}
