/* SPDX-License-Identifier: Apache-2.0 */
/* snprintf for the lines of a trace, of which a run writes millions: %s, %u, %llu, %lld, %zu, %016llx
 * and %% are put together here, several times as fast; a format with anything else goes to
 * vsnprintf.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf, but that it returns how much there is in out: at most size - 1. size > 0. */
size_t note_format(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
