/* SPDX-License-Identifier: Apache-2.0 */
/* A client's outbox on a disk that takes its time: a write is begun, and is durable only when it is
 * ended. Whoever is killed in between finds the old version or the new one, never half of one
 * (client/shell/outbox_sqlite.c commits a row).
 *
 * A disk may lie: what it calls written is in its cache, until the next honest write. A power cut
 * takes the cache away, and may leave the half of a record: its checksum tells, and the version
 * before counts.
 *
 * Owner:   heap inside (disk_fini, safe on a zeroed value).
 */
#pragma once
#include "base/prng.h"
#include "client/core/outbox.h"
#include "mockorch/core/lookup.h"

struct disk_cell { /* one record, as it is durable */
    uint64_t id;
    enum outbox_state state;
    enum difficulty difficulty;
    char *task_id, *program_id;
    uint32_t (*inputs)[3];
    size_t input_count, proved; /* inputs, and those of them with a proof */
    struct buffer bytes; /* what a new process reads, without its hash (outbox_decode_bare) */
};

struct disk_shadow { /* what a power cut brings back */
    uint64_t id;
    bool existed;
    struct disk_cell old;
};

struct disk {
    struct disk_cell *cells; /* in the order of ids */
    size_t count, capacity, open;
    struct lookup by_task; /* id of the newest record of a task; ids stay below 2^32 */
    struct disk_cell *begun; /* in the order of writing */
    size_t begun_count, begun_capacity;
    struct disk_shadow *shadows; /* of writes that are in the cache only, in their order */
    size_t shadow_count, shadow_capacity;
    uint64_t torn; /* halves of records that were found and dropped */
    uint64_t aside; /* damaged records that were found and set aside */
    struct vault *vault; /* a real store that gets what is durable; NULL: none */
};

void disk_fini(struct disk *d);

void disk_begin(struct disk *d, const struct outbox_record *r);
/* The oldest write of that record is durable now. */
const struct disk_cell *disk_end(struct disk *d, uint64_t id);
/* The same, with a disk that lies. */
const struct disk_cell *disk_end_in_cache(struct disk *d, uint64_t id);
/* Power is gone: the cache is empty; with torn, the first write that has not happened is there by
 * half. Then it is a crash like others. */
void disk_power_cut(struct disk *d, struct prng *prng, bool torn);
/* The process is gone: of what was begun, a first part has happened and the rest has not. */
void disk_crash(struct disk *d, struct prng *prng);

/* A store has this record: it is durable, and nobody need be told. Nothing is begun. */
void disk_found(struct disk *d, const struct outbox_record *r);

const struct disk_cell *disk_of(const struct disk *d, uint64_t id); /* NULL: none */
const struct disk_cell *disk_of_task(const struct disk *d, const char *task_id); /* NULL: none */
/* The reader has found that this record is none, and has set it aside. Nothing is begun. */
void disk_set_aside(struct disk *d, uint64_t id);
bool disk_has(const struct disk *d, uint64_t id);
size_t disk_open(const struct disk *d); /* records that are not final */
