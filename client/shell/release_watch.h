/* SPDX-License-Identifier: Apache-2.0 */
/* Asks once, beside the run, whether the network has released a newer client; every failure is
 * silent (client.md 7.4).
 *
 *   begin --> its descriptor becomes readable --> release_watch_newer
 *
 * Owner:   heap; its thread ends with it, in the middle of the request if need be.
 * Threads: one owner; a thread of its own waits for the page.
 * Errors:  ST_INPUT, ST_IO, ST_NO_MEMORY: there will be no answer then.
 */
#pragma once
#include "client/core/constraint.h"

#define RELEASE_WATCH_URL "https://api.github.com/repos/nexus-xyz/nexus-cli/releases/latest"

struct release_watch;

/* version: as which we appear. */
enum status MUST_USE release_watch_begin(struct release_watch **out, const char *url,
                                         const char *user_agent, const char *version,
                                         const char *ca_file, struct why *why);
void release_watch_free(struct release_watch *w);

/* Readable once, when there is an answer or none will come. */
int release_watch_fd(const struct release_watch *w);
/* To be asked then. tag: the newer version. */
bool release_watch_newer(struct release_watch *w, char tag[static CONSTRAINT_TAG]);
