/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory and how many cores this process may use: the least of what the machine has free
 * and what its control groups (cgroup v1 and v2, all levels) leave to it.
 *
 * Units:   bytes; cores are at least 1.
 * Source:  Linux cgroup-v2.rst, cgroup-v1/memory.rst; the defects 6 and 8 of client.md 17.
 * Errors:  none: a file that is missing or unreadable limits nothing.
 *
 * root is where proc/ and sys/ are, "" for the machine's own; tests bring folders.
 */
#pragma once
#include <stdint.h>

struct resources {
    unsigned cores;
    uint64_t memory_bytes;    /* free for use now; UINT64_MAX unknown */
    const char *memory_limit; /* what bounds it: "the machine", "its control group" */
};

/* cpus: of the affinity (hardware_cpus). */
struct resources resources_read(const char *root, unsigned cpus);

/* How often the kernel has killed a process of our control group for lack of memory (of the machine
 * where the group does not tell). Only differences mean something. */
uint64_t resources_oom_kills(const char *root);
