/* SPDX-License-Identifier: Apache-2.0 */
/* One input of a task as the numbers that its program takes: fast-fib one, in one byte; every other
 * program three, in twelve bytes (client.md 4.1, 12.8).
 */
#pragma once
#include "proto/wire.h"

/* ST_INPUT: malformed. Numbers that the program does not take are 0. */
enum status MUST_USE task_input(uint32_t out[static 3], const char *program_id, struct bytes input,
                                struct why *why);
