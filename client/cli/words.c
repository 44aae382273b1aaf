/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum exit_code words_exit(enum status st)
{
    switch (st) {
    case ST_OK:
        return EXIT_OK;
    case ST_INVALID:
    case ST_EXISTS:
        return EXIT_NO;
    case ST_INPUT:
    case ST_NOT_FOUND:
        return EXIT_USAGE;
    case ST_GUEST:
        return EXIT_GUEST;
    case ST_LIMIT:
        return EXIT_LIMIT;
    case ST_NO_MEMORY:
    case ST_IO:
        return EXIT_SYSTEM;
    case ST_CANCELLED:
        return EXIT_INTERRUPTED;
    }
    return EXIT_SYSTEM;
}

__attribute__((format(printf, 4, 0))) static void speak(FILE *to, const char *colour,
                                                        const char *tag, const char *format,
                                                        va_list args)
{
    bool coloured = isatty(fileno(to));

    fprintf(to, "%s[%s]%s ", coloured ? colour : "", tag, coloured ? "\033[0m" : "");
    vfprintf(to, format, args);
    fputc('\n', to);
    fflush(to);
}

void words_info(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    speak(stdout, "\033[33m", "INFO", format, args);
    va_end(args);
}

void words_success(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    speak(stdout, "\033[32m", "SUCCESS", format, args);
    va_end(args);
}

void words_warn(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    speak(stderr, "\033[91m", "WARN", format, args);
    va_end(args);
}

void words_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    speak(stderr, "\033[31m", "ERROR", format, args);
    va_end(args);
}

enum exit_code words_failed(enum status st, const struct why *why, const char *what)
{
    words_error("%s: %s", what, why->text);
    return words_exit(st);
}

void words_rescued(const char *kept, size_t records)
{
    if (kept)
        words_warn("the outbox was damaged: %zu record%s could be read and kept. The damaged file is "
                   "now %s; keep it until you have looked at nxp outbox list. A disk that damages "
                   "files should be replaced",
                   records, records == 1 ? "" : "s", kept);
}
