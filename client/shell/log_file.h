/* SPDX-License-Identifier: Apache-2.0 */
/* A log file that is a whole number of lines, does not grow without end, and is no reason to stop.
 *
 *   FILE is the newest; when a line would make it larger than `rotate_bytes`, FILE.1 becomes FILE.2
 *   and so on, `keep` of them stay, and FILE becomes FILE.1. keep 0: FILE begins anew.
 *
 * Who moves the file away (logrotate) calls log_file_reopen then (SIGHUP). What is no regular file
 * (a terminal, a pipe) is written to and never rotated. A line that a full disk cut off is ended
 * before the next one is written.
 *
 * Owner:   heap; log_file_free.
 * Threads: one owner.
 * Errors:  ST_IO, ST_NO_MEMORY. A failure to write is returned once: as long as writing goes on to
 *          fail, log_file_write returns ST_OK, so that one trouble is one message.
 * Made with mode 0600; the mode of a file that exists is its owner's business.
 */
#pragma once
#include "base/bytes.h"

struct log_file;

enum status MUST_USE log_file_open(struct log_file **out, const char *path, uint64_t rotate_bytes,
                                   unsigned keep, struct why *why); /* rotate_bytes 0: never */
void log_file_free(struct log_file *l);
/* line: with its end. */
enum status MUST_USE log_file_write(struct log_file *l, struct bytes line, struct why *why);
/* On failure the file that was open stays in use. */
enum status MUST_USE log_file_reopen(struct log_file *l, struct why *why);
