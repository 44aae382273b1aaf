/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdarg.h>

#include "base/print.h"

enum status fail(struct why *why, enum status st, const char *format, ...)
{
    if (why) {
        va_list args;

        va_start(args, format);
        print_list(why->text, sizeof why->text, format, args);
        va_end(args);
    }
    return st;
}

enum status fail_within(struct why *why, enum status st, const char *format, ...)
{
    if (why) {
        struct why inner = *why;
        va_list args;
        size_t used;

        va_start(args, format);
        used = print_list(why->text, sizeof why->text, format, args);
        va_end(args);
        print_text(why->text + used, sizeof why->text - used, ": %s", inner.text);
    }
    return st;
}

const char *status_name(enum status st)
{
    switch (st) {
    case ST_OK:
        return "ok";
    case ST_INPUT:
        return "input";
    case ST_INVALID:
        return "invalid";
    case ST_GUEST:
        return "guest";
    case ST_LIMIT:
        return "limit";
    case ST_NO_MEMORY:
        return "no_memory";
    case ST_IO:
        return "io";
    case ST_NOT_FOUND:
        return "not_found";
    case ST_EXISTS:
        return "exists";
    case ST_CANCELLED:
        return "cancelled";
    }
    return "unknown";
}
