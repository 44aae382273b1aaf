/* SPDX-License-Identifier: Apache-2.0 */
/* What the network says about its clients: which versions are too old, where it does not serve, and
 * whether a newer one is out.
 *
 *   { "version_constraints": [ {"version": "0.10.0", "type": "blocking" | "warning" | "notice",
 *                               "message": "… {current} … {version} …", "start_date": 1760000000}
 * ], "ofac_country_names": {"IR": "Iran", "XX": null} }
 *
 * A document that breaks a rule is refused whole, as the reference does; then the next address or
 * the copy on disk is asked.
 *
 * Owner:   heap.
 * Errors:  ST_INPUT for a document that is none, ST_NO_MEMORY.
 * Source:  client.md 7.1, 7.3, 7.4.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

#define CONSTRAINT_MAX_BYTES ((size_t)64 << 10) /* of the document; today it has 2 KiB */
#define CONSTRAINT_MAX       256

struct constraints;

enum status MUST_USE constraint_parse(struct constraints **out, struct bytes json, struct why *why);
void constraint_free(struct constraints *c);

/* The network's document of March 2026, for when nothing newer is known: the verdict on a version of
 * today is no loss, the restricted countries stay. */
struct bytes constraint_built_in(void);

enum constraint_verdict { VERSION_FINE, VERSION_NOTICE, VERSION_WARNING, VERSION_BLOCKED };

#define CONSTRAINT_TEXT 480

/* The verdict on an own version at a Unix time; the version must be one. text: the network's
 * message for the user, its placeholders filled in, one line; "" when fine. */
enum constraint_verdict constraint_judge(const struct constraints *c,
                                         char text[static CONSTRAINT_TEXT], const char *own,
                                         int64_t now_s);

#define CONSTRAINT_COUNTRY 80

/* Is the country (two letters of any case) one that the network does not serve? name: what the
 * network calls it, or its code. */
bool constraint_restricts(const struct constraints *c, char name[static CONSTRAINT_COUNTRY],
                          const char *country);

/* Is there any country at all that it does not serve? */
bool constraint_restricts_any(const struct constraints *c);

#define CONSTRAINT_TAG 64

/* The answer of the release page: is the newest release newer than own? tag: its version, no v. */
bool constraint_update(char tag[static CONSTRAINT_TAG], struct bytes json, const char *own);
