/* SPDX-License-Identifier: Apache-2.0 */
/* What the core wants done.
 *
 * Owner:   what an action points at belongs to the core and is valid until the next call of
 *          core_poll or core_handle; whoever performs it later takes a copy.
 * Source:  style.md 6.
 */
#pragma once
#include "client/core/line.h"
#include "client/core/outbox.h"
#include "proto/http.h"

enum action_type {
    ACT_LINE,    /* tell the user */
    ACT_HOLD,    /* remember across runs: no request to this route before then */
    ACT_LEARNT,  /* keep for the next run, if possible */
    ACT_SAVE,    /* make a record durable -> EV_SAVED or EV_UNSAVED with its id */
    ACT_REQUEST, /* send -> EV_RESPONSE or EV_TRANSPORT with its id */
    ACT_PROVE,   /* prove and verify one input -> EV_PROVED or EV_UNPROVED with its id */
    ACT_CANCEL,  /* stop that proof -> EV_UNPROVED (ST_CANCELLED), or EV_PROVED when it was done */
    ACT_EXIT,    /* the run is over */
};

/* The endpoints, each with its own pace and its own Retry-After. */
enum core_route { CORE_ROUTE_NODE, CORE_ROUTE_FETCH, CORE_ROUTE_SUBMIT, CORE_ROUTES };

const char *core_route_name(enum core_route route); /* "fetch" */

#define CORE_NODES 64 /* that one client can serve */

/* Why a run is over. */
enum core_end {
    CORE_DONE,        /* --max-tasks reached */
    CORE_INTERRUPTED, /* EV_SHUTDOWN */
    CORE_NO_NODE,     /* the orchestrator knows none of our nodes */
    CORE_NOT_SERVED,  /* the same, and the last no was 403: this place or address is not served */
    CORE_BROKEN,      /* a reference client ends on an answer that it does not expect */
};

struct learnt;

struct action {
    enum action_type type;
    uint64_t id;
    union {
        struct line line;
        const struct outbox_record *record;
        const struct learnt *learnt;
        struct {
            enum core_route route;
            int64_t until_ns; /* on the clock of core_poll */
        } hold;
        struct http_request request;
        struct {
            const char *task_id;
            const char *program_id;
            uint32_t input[3];
        } prove;
        enum core_end end;
    };
};
