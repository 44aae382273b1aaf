/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of v0.9.0 would say a line: its lines begin with that name (client.md 12.12). */
#pragma once
#include <stddef.h>

#define SPEAKER_NAME 32

/* "Task Fetcher", "Prover 0", "Proof Submitter"; "" for an event of none of them. worker: of the
 * task that it is about. */
void speaker_of(char out[static SPEAKER_NAME], const char *event, unsigned worker);
