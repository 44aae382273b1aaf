/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/shelf.h"

#include <string.h>

/* One line for each file of sim/scenarios; CMakeLists.txt embeds them, a test counts them. */
#define SHELF(X)                                                                                   \
    X(rate_limits)                                                                                 \
    X(repeated_work)                                                                               \
    X(lost_answers)                                                                                \
    X(many_nodes)                                                                                  \
    X(outage)                                                                                      \
    X(seed_batches)

#define DECLARE(name)                                                                              \
    extern const unsigned char shelf_##name[];                                                     \
    extern const size_t shelf_##name##_size;
SHELF(DECLARE)

static const struct {
    const char *name;
    const unsigned char *data;
    const size_t *size;
} embedded[] = {
#define EMBEDDED(name) {#name, shelf_##name, &shelf_##name##_size},
    SHELF(EMBEDDED)};

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
    for (size_t i = 0; i < SHELVED; i++) {
        if (strcmp(embedded[i].name, name) == 0) {
            buffer_put(out, embedded[i].data, *embedded[i].size);
            return ST_OK;
        }
    }
    return file_read(out, name, SCENARIO_MAX_BYTES, why);
}

enum status shelf_take(struct scenario **out, const char *name, struct why *why)
{
    for (size_t i = 0; i < SHELVED; i++)
        if (strcmp(embedded[i].name, name) == 0)
            return scenario_parse(out, shelf_at(i).yaml, why);
    return scenario_read(out, name, why);
}
