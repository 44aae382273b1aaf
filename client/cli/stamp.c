/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/stamp.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

static struct tm local_of(int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    struct tm local;

    localtime_r(&seconds, &local);
    return local;
}

const char *stamp_utc(char out[static STAMP_SIZE], int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    struct tm utc;
    size_t size;

    gmtime_r(&seconds, &utc);
    size = strftime(out, STAMP_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + size, STAMP_SIZE - size, ".%03dZ", (int)(wall_ns % NS_PER_S / NS_PER_MS));
    return out;
}

const char *stamp_local(char out[static STAMP_SIZE], int64_t wall_ns)
{
    struct tm local = local_of(wall_ns);

    strftime(out, STAMP_SIZE, "%Y-%m-%d %H:%M:%S", &local);
    return out;
}

const char *stamp_clock(char out[static STAMP_SIZE], int64_t wall_ns, int64_t now_ns)
{
    struct tm then = local_of(wall_ns), now = local_of(now_ns);

    if (then.tm_year != now.tm_year || then.tm_yday != now.tm_yday)
        return stamp_local(out, wall_ns);
    strftime(out, STAMP_SIZE, "%H:%M:%S", &then);
    return out;
}
