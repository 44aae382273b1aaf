/* SPDX-License-Identifier: Apache-2.0 */
/* What the world tells the core.
 *
 * Owner:   an event is borrowed for core_handle; the core copies what it keeps.
 * Source:  style.md 6.
 */
#pragma once
#include <stdbool.h>

#include "base/status.h"
#include "client/core/telemetry.h"
#include "proto/http.h"

enum event_type {
    EV_TICK,      /* time has passed */
    EV_START,     /* all records are restored: begin */
    EV_RESPONSE,  /* an answer to a request */
    EV_TRANSPORT, /* a request got no answer */
    EV_PROVED,    /* an input is proved and verified */
    EV_UNPROVED,  /* it is not */
    EV_SAVED,     /* a record is on disk */
    EV_UNSAVED,   /* it is not */
    EV_SHUTDOWN,  /* the user wants us to stop; the second one: at once */
};

struct event {
    enum event_type type;
    int64_t wall_ns; /* always set: since 1970, for the age of tasks and dates in answers */
    uint64_t id;     /* of the request, proof or record (as the action had it) */
    union {
        const struct http_response *response; /* EV_RESPONSE */
        struct {
            bool maybe_delivered; /* bytes of the request may have arrived */
            const char *text;
        } transport; /* EV_TRANSPORT */
        struct {
            struct bytes proof;
            struct telemetry telemetry; /* measured now */
        } proved; /* EV_PROVED */
        struct {
            enum status status; /* ST_LIMIT, ST_NO_MEMORY: too much for this machine */
            const char *text;
        } unproved;         /* EV_UNPROVED */
        const char *unsaved; /* EV_UNSAVED: why */
    };
};
