/* SPDX-License-Identifier: Apache-2.0 */
/* snprintf for texts that are written by the million: lines of a log or of a trace, reasons, ids and
 * header values. %s, %.*s, %.<digits>s, %c, %d, %u, %x, %lld, %llu, %ld, %lu, %zu, %016llx, %02x and %%
 * are put together here, several times as fast; a format with anything else goes to vsnprintf.
 *
 * Errors:  none. What does not fit is cut.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>

/* As snprintf, but that it returns how much there is in out: at most size - 1. size > 0. */
size_t print_text(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As vsnprintf, likewise. */
size_t print_list(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
