/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic versions and their order.
 *
 * The order is that of the reference's library, with build metadata as the last tie-break:
 * 1.0.0-rc.1 < 1.0.0 < 1.0.0+b.
 *
 * Owner:   a plain value that borrows its text.
 * Source:  client.md 7.1; semver.org 2.0.0.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

struct version {
    uint64_t number[3];      /* major, minor, patch */
    struct bytes pre, build; /* "rc.1", "b5"; empty when there is none */
};

/* One leading v is allowed: tags have it. false: no semantic version. */
bool version_parse(struct version *out, const char *text);
/* Below 0, 0, above 0. */
int version_compare(const struct version *a, const struct version *b);
/* Unparsable texts are not newer. */
bool version_newer(const char *a, const char *than);
