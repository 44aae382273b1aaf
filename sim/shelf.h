/* SPDX-License-Identifier: Apache-2.0 */
/* The scenarios that are built in (sim/scenarios), and those in files. */
#pragma once
#include "mockorch/scenario/scenario.h"

struct shelf_entry {
    const char *name;
    struct bytes yaml;
};

size_t shelf_count(void);
struct shelf_entry shelf_at(size_t i);
/* A built-in name, or the path of a file. Messages leave it to the caller to say which. */
enum status MUST_USE shelf_take(struct scenario **out, const char *name, struct why *why);
/* Its YAML, into a buffer that the caller has initialised. */
enum status MUST_USE shelf_text(struct buffer *out, const char *name, struct why *why);
