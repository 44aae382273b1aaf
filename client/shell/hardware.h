/* SPDX-License-Identifier: Apache-2.0 */
/* What the system says about this machine, and its randomness.
 *
 * Source:  client.md 4.6.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "client/core/telemetry.h"

unsigned hardware_cpus(void);           /* that this process may use; at least 1 */
uint64_t hardware_memory_bytes(void);   /* physical */
uint64_t hardware_resident_bytes(void); /* of this process; 0 unknown */
uint64_t hardware_resident_bytes_of(int pid); /* of a process; 0 none or unknown */
uint64_t hardware_peak_bytes(void);     /* largest resident size so far; 0 unknown */
double hardware_cpu_mhz(void);          /* of the first CPU; 0 unknown */

/* All of it as a submission tells it. location: two capital letters, or "". */
struct telemetry hardware_telemetry(const char *location);

/* From the system's source; cannot fail once the system has booted. */
void hardware_random(void *out, size_t size);
