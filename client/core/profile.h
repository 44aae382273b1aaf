/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between the client versions that we can appear as, as constant tables.
 *
 * Source:  client.md 1.2, 5.3, 12; users-want.md; simulation.md 3.
 * Units:   as the names say.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/http.h"

struct profile {
    const char *name;
    const char *network_version; /* of the client whose behaviour this is */
    const char *user_agent;      /* NULL: none is sent */
    const char *build_timestamp; /* X-Build-Timestamp, ms since 1970; NULL as well */
    bool content_type_on_get;
    bool batch;           /* fetches by GET /v3/tasks, then up to 20 POST /v3/tasks (12.4) */
    bool asks_no_node;    /* no GET /v3/nodes */
    bool names_speakers;  /* lines begin with the part that speaks (12.12) */
    bool proof_once;      /* fields 2 to 8 only, when they say all (12.9) */
    int64_t statistics_ns; /* a line of statistics so often; 0: none */
    const char *base_url; /* unless the environment selects another */
    struct {
        const char *environment, *base_url;
    } others[2];
    bool start_checks; /* asks for versions, restricted countries, releases (client.md 7) */

    int64_t fetch_gap_ns; /* from the end of one fetch to the next */
    int64_t fetch_base_ns, fetch_cap_ns;
    int64_t submit_gap_ns; /* between two submissions */
    int64_t submit_base_ns, submit_cap_ns;
    int64_t start_base_ns, start_cap_ns; /* GET /v3/nodes */
    int64_t start_gap_ns;                /* between the look-ups of two nodes */

    size_t queue_tasks;       /* fetch no more while so many are behind the one that is proved */
    size_t open_tasks;        /* fetch no more while so many wait for a definite answer */
    int64_t stale_fetch_ns;   /* an unproved task of a former run older than this is given up */
    int64_t submit_life_ns;   /* a proof older than this is given up (core.c: age_at_start_s) */
    int64_t save_work_ns;     /* proofs of some inputs are saved when so much time would be lost */
    int64_t save_retry_ns;    /* after the disk refused */
    unsigned save_attempts;   /* then go on without the disk, and say so */
    int64_t shutdown_grace_ns;
};

/* The newest network client, 0.10.18. */
extern const struct profile profile_current;
/* v0.9.0 of July 2025. */
extern const struct profile profile_seed;

/* "current" or "seed"; NULL: none of that name. */
const struct profile *profile_of_name(const char *name);

/* The orchestrator that NEXUS_ENVIRONMENT (NULL: not set) selects, in any case; an unknown word is
 * silently the default (client.md 1.1). */
const char *profile_base_url(const struct profile *p, const char *environment);

/* A request with the headers of that version (client.md 1.2). body: of a POST, and of the seed's
 * GET /v3/tasks; empty otherwise. */
void profile_request(const struct profile *p, struct http_request *out, enum http_method method,
                     const char *path, struct bytes body);
