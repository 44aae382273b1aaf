/* SPDX-License-Identifier: Apache-2.0 */
/* What the answer to a submission means.
 *
 *   2xx, 409             ACCEPTED    the server has the proof (409: has it already)
 *   404, 410             GONE        expired; or, when an earlier answer was lost, credited then
 *   408, 425, 429, 5xx   LATER       the same bytes again after a wait
 *   other 4xx            REFUSED     the same bytes would fail again
 *   1xx, 3xx             LATER       not the orchestrator's own words
 *
 * Source:  simulation.md 3, rule 3; client.md 5.5, 13.1, 17.1 - 17.3.
 */
#pragma once
#include <stdbool.h>

enum submit_verdict { SUBMIT_ACCEPTED, SUBMIT_GONE, SUBMIT_LATER, SUBMIT_REFUSED };

enum submit_verdict submit_judge(unsigned status);

/* Any 5xx: somebody on the way failed, and the submission may have counted all the same. A 404 that
 * follows is then no proof of an expiry. */
bool submit_maybe_delivered(unsigned status);
