/* SPDX-License-Identifier: Apache-2.0 */
/* Moments as texts: for machines in UTC, for people by the clock on their wall.
 *
 * Units:   wall time in nanoseconds since 1970.
 */
#pragma once
#include <stdint.h>

#define STAMP_SIZE 40

const char *stamp_utc(char out[static STAMP_SIZE], int64_t wall_ns); /* 2026-11-24T08:41:17.123Z */
const char *stamp_local(char out[static STAMP_SIZE], int64_t wall_ns); /* 2026-11-24 09:41:17 */
/* As short as it can be understood at now_ns: "09:41:17", or with the date on another day. */
const char *stamp_clock(char out[static STAMP_SIZE], int64_t wall_ns, int64_t now_ns);
