/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/hardware.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

/* The published Linux programs are built for the oldest CPU of each kind, and the network expects
 * their figures (client.md 4.6). */
#if defined(__x86_64__)
#define FLOPS_PER_CYCLE 4
#else
#define FLOPS_PER_CYCLE 1
#endif

unsigned hardware_cpus(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;

    return count > 0 ? (unsigned)count : 1;
}

uint64_t hardware_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

static uint64_t resident_of(const char *path)
{
    unsigned long long total, resident = 0;
    FILE *f = fopen(path, "re");

    if (!f)
        return 0;
    if (fscanf(f, "%llu %llu", &total, &resident) != 2)
        resident = 0;
    fclose(f);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t hardware_resident_bytes(void)
{
    return resident_of("/proc/self/statm");
}

uint64_t hardware_resident_bytes_of(int pid)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    return pid > 0 ? resident_of(path) : 0;
}

uint64_t hardware_peak_bytes(void)
{
    struct rusage use;

    return getrusage(RUSAGE_SELF, &use) == 0 ? (uint64_t)use.ru_maxrss * 1024 : 0;
}

static double mhz_of_sysfs(void)
{
    FILE *f = fopen("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "re");
    double khz = 0;

    if (!f)
        return 0;
    if (fscanf(f, "%lf", &khz) != 1)
        khz = 0;
    fclose(f);
    return khz / 1000;
}

double hardware_cpu_mhz(void)
{
    double mhz = mhz_of_sysfs();
    FILE *f = mhz > 0 ? NULL : fopen("/proc/cpuinfo", "re");
    char line[256];

    if (!f)
        return mhz;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "cpu MHz : %lf", &mhz) == 1)
            break;
    fclose(f);
    return mhz;
}

struct telemetry hardware_telemetry(const char *location)
{
    struct telemetry t = {
        .present = true,
        .flops_per_sec = telemetry_flops(1, hardware_cpu_mhz(), FLOPS_PER_CYCLE),
        .memory_used = telemetry_memory(hardware_resident_bytes()),
        .memory_capacity = telemetry_memory(hardware_memory_bytes()),
    };

    snprintf(t.location, sizeof t.location, "%s", location);
    return t;
}

void hardware_random(void *out, size_t size)
{
    uint8_t *at = out;

    while (size > 0) {
        ssize_t n = getrandom(at, size, 0);

        assert(n > 0 || errno == EINTR);
        if (n > 0) {
            at += n;
            size -= (size_t)n;
        }
    }
}
