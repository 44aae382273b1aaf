/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox as a model: a disk in memory that keeps encoded records and can be told to fail. Tests
 * and simulation restart a core on it.
 *
 * Owner:   heap; outbox_free(&m->base).
 */
#pragma once
#include "client/core/outbox.h"

struct outbox_memory {
    struct outbox base; /* first, so that a cast back is valid */
    struct outbox_memory_cell {
        uint64_t id;
        struct buffer bytes;
    } *cells; /* in the order of ids */
    size_t count, capacity;
    unsigned refuse;  /* so many puts fail with ST_IO */
    unsigned puts;    /* that succeeded */
};

enum status MUST_USE outbox_memory_new(struct outbox_memory **out, struct why *why);
