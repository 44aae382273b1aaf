/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/profile.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"

/* Where we differ from the reference of that version, and why:
 *
 *   subject                 reference                    here
 *   429 on submission       proof dropped                kept; Retry-After, then the same bytes
 *   other failures          5 requests without a pause,  spread by full jitter up to 10 min, until
 *     of a submission       then dropped                 a definite answer or 24 h
 *   400 401 403 404 422     5 requests without a pause   stop at once, say why
 *   fetch error             2 requests without a pause   1 request, growing waits
 *   Retry-After             + 10 s, below 110 no effect, obeyed exactly, both forms, jitter on
 *                           cut at 600 s, 30 for 5xx     top, ceiling 24 h
 *   GET /v3/nodes fails     exit                         exit on 4xx; else tried again
 *   odd answer to a fetch   exit                         an error like others
 *   one thing at a time     fetch, prove, submit         side by side; one task waits
 *   killed                  work lost                    task, proof, key and fate are on disk
 *   difficulty              up only                      down after expiry or failure, and no more than
 *                                                        fits into a task's life
 *   what a run learns       forgotten                    kept for the next run
 *   429 again and again     the same pace                half the rate each time, creeping back
 *   outage                  the same pace                single probes, up to 10 min apart
 *   proofs refused          the same pace                after three in a row: a task in 1 to 24 h
 */
const struct profile profile_current = {
    .name = "current",
    .network_version = "0.10.18",
    .user_agent = "nexus-cli/0.10.18",
    .build_timestamp = "1770077994000",
    .base_url = "https://production.orchestrator.nexus.xyz",
    .start_checks = true,
    .fetch_gap_ns = 120 * NS_PER_S,
    .fetch_base_ns = 2 * NS_PER_S,
    .fetch_cap_ns = 600 * NS_PER_S,
    .submit_gap_ns = 1 * NS_PER_S,
    .submit_base_ns = 2 * NS_PER_S,
    .submit_cap_ns = 600 * NS_PER_S,
    .start_base_ns = 2 * NS_PER_S,
    .start_cap_ns = 60 * NS_PER_S,
    .start_gap_ns = 2 * NS_PER_S,
    .queue_tasks = 1,
    .open_tasks = 4,
    .stale_fetch_ns = 1800 * NS_PER_S,
    .submit_life_ns = (int64_t)24 * 3600 * NS_PER_S,
    .save_work_ns = 60 * NS_PER_S,
    .save_retry_ns = 5 * NS_PER_S,
    .save_attempts = 3,
    .shutdown_grace_ns = 5 * NS_PER_S,
};

/* v0.9.0. Here, too, the differences of the table above hold. */
const struct profile profile_seed = {
    .name = "seed",
    .network_version = "0.9.0",
    .content_type_on_get = true,
    .batch = true,
    .asks_no_node = true,
    .names_speakers = true,
    .proof_once = true,
    .statistics_ns = 60 * NS_PER_S,
    .base_url = "https://beta.orchestrator.nexus.xyz",
    .others = {{"staging", "https://staging.orchestrator.nexus.xyz"},
               {"local", "http://localhost:50505"}},
    .fetch_gap_ns = 30 * NS_PER_S,
    .fetch_base_ns = 30 * NS_PER_S,
    .fetch_cap_ns = 60 * NS_PER_S,
    .submit_gap_ns = 1 * NS_PER_S,
    .submit_base_ns = 2 * NS_PER_S,
    .submit_cap_ns = 600 * NS_PER_S,
    .start_base_ns = 2 * NS_PER_S,
    .start_cap_ns = 60 * NS_PER_S,
    .start_gap_ns = 2 * NS_PER_S,
    .queue_tasks = 25, /* the low-water mark */
    .open_tasks = 100,
    .stale_fetch_ns = 1800 * NS_PER_S,
    .submit_life_ns = (int64_t)24 * 3600 * NS_PER_S,
    .save_work_ns = 60 * NS_PER_S,
    .save_retry_ns = 5 * NS_PER_S,
    .save_attempts = 3,
    .shutdown_grace_ns = 5 * NS_PER_S,
};

const struct profile *profile_of_name(const char *name)
{
    return strcmp(name, "current") == 0 ? &profile_current
           : strcmp(name, "seed") == 0  ? &profile_seed
                                        : NULL;
}

const char *profile_base_url(const struct profile *p, const char *environment)
{
    for (size_t i = 0; i < sizeof p->others / sizeof *p->others && environment; i++)
        if (p->others[i].environment && strcasecmp(p->others[i].environment, environment) == 0)
            return p->others[i].base_url;
    return p->base_url;
}

void profile_request(const struct profile *p, struct http_request *out, enum http_method method,
                     const char *path, struct bytes body)
{
    struct http_header *h = out->headers;

    *out = (struct http_request){.method = method, .path = path, .body = body};
    if (method == HTTP_POST || p->content_type_on_get)
        *h++ = (struct http_header){"content-type", "application/octet-stream"};
    if (p->user_agent)
        *h++ = (struct http_header){"user-agent", p->user_agent};
    if (p->build_timestamp)
        *h++ = (struct http_header){"x-build-timestamp", p->build_timestamp};
    *h++ = (struct http_header){"accept", "*/*"};
    out->header_count = (size_t)(h - out->headers);
}
