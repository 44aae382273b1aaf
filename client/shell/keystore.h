/* SPDX-License-Identifier: Apache-2.0 */
/* The session's signing key on disk, for as long as there is work that needs it.
 *
 * The reference makes a key at every start and keeps none, so a task of a killed run is lost
 * (client.md 4.5, 17.4). Here the seed lies in keys/session.key (0600); a run that finds unfinished
 * tasks, or may be shown some of a former run (profile seed), takes the same key, any other a new one.
 *
 * Errors:  ST_IO, ST_NO_MEMORY. A key file that cannot be read as one is replaced.
 */
#pragma once
#include "proto/signing.h"

/* keep: there are such tasks. *kept: the key of the former run was taken. */
enum status MUST_USE keystore_session(struct signing_key **out, bool *kept, const char *folder,
                                      bool keep, struct why *why);
