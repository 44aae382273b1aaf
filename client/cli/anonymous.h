/* SPDX-License-Identifier: Apache-2.0 */
/* start --anonymous: the reference's old guest mode (client.md 12.10), only when asked for by name.
 * Proves the run of (9, 1, 1) again and again; no orchestrator, no credit.
 */
#pragma once
#include "client/cli/printer.h"

/* Ends after max proofs (0: none) or when stop_fd becomes readable; returns the exit code. */
int anonymous_run(const struct printer *printer, const char *guests, unsigned cores,
                  const char *kernel, uint64_t max, int stop_fd);
