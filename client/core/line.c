/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/line.h"

const char *line_type_name(enum line_type t)
{
    static const char *const names[] = {
        [LINE_SUCCESS] = "Success",
        [LINE_ERROR] = "Error",
        [LINE_REFRESH] = "Refresh",
        [LINE_WAITING] = "Waiting",
        [LINE_STATE_CHANGE] = "StateChange",
        [LINE_SHUTDOWN] = "Shutdown",
    };

    return names[t];
}

const char *line_level_name(enum line_level l)
{
    static const char *const names[] = {
        [LINE_DEBUG] = "debug",
        [LINE_INFO] = "info",
        [LINE_WARN] = "warn",
        [LINE_ERROR_LEVEL] = "error",
    };

    return names[l];
}
