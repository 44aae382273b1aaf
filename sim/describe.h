/* SPDX-License-Identifier: Apache-2.0 */
/* Clients and orchestrator of a run as they are at one moment, for people: processes, disks, waits,
 * and what the orchestrator knows.
 */
#pragma once
#include <stdio.h>

#include "sim/host.h"
#include "sim/service.h"

void describe_host(FILE *out, const struct host *h, unsigned number);
void describe_server(FILE *out, struct service *s, int64_t now_ns);
