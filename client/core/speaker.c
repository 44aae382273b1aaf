/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/speaker.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const fetcher[] = {
    "fetching",     "waiting",       "task",           "difficulty_adjusted",
    "fetch_failed", "fetch_limited", "fetch_too_fast", "queued",
    "duplicates",   "none",          "fetch_no_task",  "ready",
};
static const char *const prover[] = {"proving", "proved", "abandoned"};
static const char *const submitter[] = {"submitting", "submitted", "submit_later", "refused",
                                        "unknown",    "expired",   "done",         "statistics"};

static bool is_among(const char *event, const char *const *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(events[i], event) == 0)
            return true;
    return false;
}

#define IS_AMONG(event, events) is_among(event, events, sizeof(events) / sizeof *(events))

void speaker_of(char out[static SPEAKER_NAME], const char *event, unsigned worker)
{
    out[0] = '\0';
    if (IS_AMONG(event, fetcher))
        snprintf(out, SPEAKER_NAME, "Task Fetcher");
    else if (IS_AMONG(event, prover))
        snprintf(out, SPEAKER_NAME, "Prover %u", worker);
    else if (IS_AMONG(event, submitter))
        snprintf(out, SPEAKER_NAME, "Proof Submitter");
}
