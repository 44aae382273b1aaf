/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/resources.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 4096

/* The names of one cgroup version. */
struct hierarchy {
    const char *controllers[2]; /* as /proc/self/cgroup lists them; "" is version 2 */
    const char *mounts[2];
};

static const struct hierarchy unified = {.controllers = {"", ""},
                                         .mounts = {"sys/fs/cgroup", "sys/fs/cgroup/unified"}};
static const struct hierarchy memory_v1 = {.controllers = {"memory", "memory"},
                                           .mounts = {"sys/fs/cgroup/memory", NULL}};
static const struct hierarchy cpu_v1 = {
    .controllers = {"cpu", "cpu,cpuacct"},
    .mounts = {"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"}};

static FILE *open_file(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);

    return n < (int)sizeof path ? fopen(path, "re") : NULL;
}

/* ---- single values ---- */

/* The number in a file of one number; false also for "max". */
static bool read_number(uint64_t *out, const char *folder, const char *name)
{
    FILE *f = open_file(folder, name);
    unsigned long long value;
    bool ok = f && fscanf(f, "%llu", &value) == 1;

    if (f)
        fclose(f);
    if (ok)
        *out = value;
    return ok;
}

/* The number after a word that starts a line ("MemAvailable:", "oom_kill"). */
static bool read_field(uint64_t *out, const char *folder, const char *name, const char *word)
{
    FILE *f = open_file(folder, name);
    char line[256], first[128];
    unsigned long long value;
    bool ok = false;

    if (!f)
        return false;
    while (!ok && fgets(line, sizeof line, f))
        ok = sscanf(line, "%127s %llu", first, &value) == 2 && strcmp(first, word) == 0;
    fclose(f);
    if (ok)
        *out = value;
    return ok;
}

/* ---- control groups ---- */

/* Our group of a hierarchy, as /proc/self/cgroup says it: "4:memory:/a/b". false: none. */
static bool find_group(char out[static PATH_SIZE], const char *root, const char *controller)
{
    FILE *f;
    char line[PATH_SIZE];
    bool found = false;

    snprintf(line, sizeof line, "%s/proc/self", root);
    f = open_file(line, "cgroup");
    if (!f)
        return false;
    while (!found && fgets(line, sizeof line, f)) {
        char *name = strchr(line, ':');
        char *path = name ? strchr(name + 1, ':') : NULL;

        if (!path)
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        found = strcmp(name + 1, controller) == 0;
        if (found)
            memcpy(out, path, strlen(path) + 1);
    }
    fclose(f);
    return found;
}

/* Calls visit for our group's folder and each one above it. In a container the path may be that of
 * the host, of which only the top is mounted: levels that do not exist have no files, and no say.
 */
static void each_level(const char *root, const struct hierarchy *h,
                       void (*visit)(void *context, const char *folder), void *context)
{
    for (int i = 0; i < 2 && h->mounts[i]; i++) {
        char group[PATH_SIZE], folder[3 * PATH_SIZE];
        size_t top;

        if (!find_group(group, root, h->controllers[i]))
            continue;
        top = (size_t)snprintf(folder, sizeof folder, "%s/%s", root, h->mounts[i]);
        assert(top < PATH_SIZE);
        strcpy(folder + top, group);
        for (char *slash; (slash = strrchr(folder + top, '/'));) {
            if (slash[1])
                visit(context, folder);
            *slash = '\0';
        }
        visit(context, folder);
    }
}

static void take_smaller(uint64_t *least, uint64_t limit, uint64_t used, uint64_t reclaimable)
{
    uint64_t real = used > reclaimable ? used - reclaimable : 0;
    uint64_t left = limit > real ? limit - real : 0;

    if (left < *least)
        *least = left;
}

/* Pages of files that nobody has used lately are counted as used, but given up first. */
static void memory_level_v2(void *context, const char *folder)
{
    uint64_t limit, used, reclaimable = 0;

    if (!read_number(&limit, folder, "memory.max") || !read_number(&used, folder, "memory.current"))
        return;
    (void)read_field(&reclaimable, folder, "memory.stat", "inactive_file");
    take_smaller(context, limit, used, reclaimable);
}

static void memory_level_v1(void *context, const char *folder)
{
    uint64_t limit, used, reclaimable = 0;

    if (!read_number(&limit, folder, "memory.limit_in_bytes") ||
        !read_number(&used, folder, "memory.usage_in_bytes"))
        return;
    (void)read_field(&reclaimable, folder, "memory.stat", "total_inactive_file");
    take_smaller(context, limit, used, reclaimable);
}

/* A quota of one and a half cores is used up by two threads. */
static void take_fewer(unsigned *least, uint64_t quota, uint64_t period)
{
    uint64_t cores = period ? (quota + period - 1) / period : UINT64_MAX;

    if (cores < *least)
        *least = cores ? (unsigned)cores : 1;
}

static void cpu_level_v2(void *context, const char *folder)
{
    FILE *f = open_file(folder, "cpu.max");
    unsigned long long quota, period;

    if (!f)
        return;
    if (fscanf(f, "%llu %llu", &quota, &period) == 2)
        take_fewer(context, quota, period);
    fclose(f);
}

/* No quota is -1, which is no unsigned number that a quota can be. */
static void cpu_level_v1(void *context, const char *folder)
{
    uint64_t quota, period;

    if (read_number(&quota, folder, "cpu.cfs_quota_us") && quota <= INT64_MAX &&
        read_number(&period, folder, "cpu.cfs_period_us"))
        take_fewer(context, quota, period);
}

struct resources resources_read(const char *root, unsigned cpus)
{
    struct resources r = {.cores = cpus, .memory_bytes = UINT64_MAX, .memory_limit = "the machine"};
    uint64_t machine_kib, groups = UINT64_MAX;
    char proc[PATH_SIZE];

    assert(cpus >= 1);
    snprintf(proc, sizeof proc, "%s/proc", root);
    if (read_field(&machine_kib, proc, "meminfo", "MemAvailable:") &&
        machine_kib < UINT64_MAX / 1024)
        r.memory_bytes = machine_kib * 1024;
    each_level(root, &unified, memory_level_v2, &groups);
    each_level(root, &memory_v1, memory_level_v1, &groups);
    if (groups < r.memory_bytes) {
        r.memory_bytes = groups;
        r.memory_limit = "its control group";
    }
    each_level(root, &unified, cpu_level_v2, &r.cores);
    each_level(root, &cpu_v1, cpu_level_v1, &r.cores);
    return r;
}

/* ---- kills ---- */

struct kills {
    uint64_t count;
    bool told;
};

/* Version 2 counts in each group above as well, version 1 does not: the largest is ours. */
static void take_kills(struct kills *k, const char *folder, const char *name)
{
    uint64_t count;

    if (!read_field(&count, folder, name, "oom_kill"))
        return;
    k->told = true;
    if (count > k->count)
        k->count = count;
}

static void kills_level_v2(void *context, const char *folder)
{
    take_kills(context, folder, "memory.events");
}

static void kills_level_v1(void *context, const char *folder)
{
    take_kills(context, folder, "memory.oom_control");
}

uint64_t resources_oom_kills(const char *root)
{
    struct kills k = {0};

    each_level(root, &unified, kills_level_v2, &k);
    each_level(root, &memory_v1, kills_level_v1, &k);
    if (!k.told) {
        char proc[PATH_SIZE];

        snprintf(proc, sizeof proc, "%s/proc", root);
        take_kills(&k, proc, "vmstat");
    }
    return k.count;
}
