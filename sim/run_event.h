/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a scenario's events: what happens, and to whom.
 *
 * Source:  docs/simulator.md.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum run_event {
    RUN_KILL, RUN_KILL_WRITING, RUN_POWER_CUT, RUN_POWER_CUT_WRITING, RUN_SECOND_INSTANCE,
    RUN_STOP, RUN_STATUS, RUN_WORKER_CRASH, RUN_OUT_OF_MEMORY, RUN_SLOW, RUN_CLOCK_STEP,
    RUN_DISK_FULL, RUN_DISK_BROKEN,
    RUN_PARTITION, RUN_PARTITION_UP, RUN_PARTITION_DOWN, RUN_CLOG,
    RUN_RESTART, RUN_DAMAGED_STORE, RUN_BAD_SETTINGS, RUN_DAMAGED_BACKUP, RUN_ADMIN, RUN_VISIT,
    RUN_STRANGER,
    RUN_EVENTS,
};

/* false: no event of that name. */
bool run_event_of_name(enum run_event *out, const char *name);
struct scenario_event;
/* The orchestrator's memory or disk, not a client's. */
bool run_event_troubles(enum run_event event, const struct scenario_event *e);
/* The orchestrator is down for a while. */
bool run_event_restarts(enum run_event event);
/* "laptop" is every client of that name, "laptop/2" the third of them, "" and "one" may be each. */
bool run_means(const char *who, const char *name, uint32_t number);
