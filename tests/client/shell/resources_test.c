/* SPDX-License-Identifier: Apache-2.0 */
/* Machines as folders: what is read from proc/ and sys/ of each. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/shell/hardware.h"
#include "client/shell/resources.h"
#include "tests/client/shell/scratch.h"

#define MIB       ((uint64_t)1 << 20)
#define MAX_FILES 12

struct file {
    const char *path, *content;
};

/* Writes files with all folders above them. */
static void build(const struct scratch *s, const struct file *files)
{
    for (; files->path; files++) {
        char path[512];

        snprintf(path, sizeof path, "%s", scratch_path(s, files->path));
        for (char *slash = path + strlen(s->path) + 1; (slash = strchr(slash, '/')); slash++) {
            *slash = '\0';
            (void)mkdir(path, 0755);
            *slash = '/';
        }
        scratch_write(path, files->content);
    }
}

#define MEMINFO "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 4194304 kB\n"
#define V2      "sys/fs/cgroup/"
#define V1M     "sys/fs/cgroup/memory/"
#define V1C     "sys/fs/cgroup/cpu,cpuacct/"

static const struct {
    const char *name;
    struct file files[MAX_FILES];
    uint64_t memory_bytes;
    unsigned cores; /* of 8 */
    const char *limit;
} machines[] = {
    {"nothing can be read", {{0}}, UINT64_MAX, 8, "the machine"},
    {"no control groups", {{"proc/meminfo", MEMINFO}}, 4096 * MIB, 8, "the machine"},
    {"an old kernel does not know what is available",
     {{"proc/meminfo", "MemTotal: 8388608 kB\n"}},
     UINT64_MAX,
     8,
     "the machine"},
    {"a figure out of this world",
     {{"proc/meminfo", "MemAvailable: 18446744073709551615 kB\n"}},
     UINT64_MAX,
     8,
     "the machine"},
    {"version 2, no limit",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "0::/user/nxp\n"},
      {V2 "user/nxp/memory.max", "max\n"},
      {V2 "user/nxp/memory.current", "1048576\n"},
      {V2 "user/nxp/cpu.max", "max 100000\n"}},
     4096 * MIB,
     8,
     "the machine"},
    {"version 2, our own group is the narrowest",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "0::/user/nxp\n"},
      {V2 "user/nxp/memory.max", "1073741824\n"},
      {V2 "user/nxp/memory.current", "268435456\n"},
      {V2 "user/memory.max", "2147483648\n"},
      {V2 "user/memory.current", "0\n"},
      {V2 "user/nxp/cpu.max", "150000 100000\n"}},
     768 * MIB,
     2,
     "its control group"},
    {"version 2, the group above is nearly full",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "0::/user/nxp\n"},
      {V2 "user/nxp/memory.max", "1073741824\n"},
      {V2 "user/nxp/memory.current", "0\n"},
      {V2 "user/memory.max", "2147483648\n"},
      {V2 "user/memory.current", "2013265920\n"},
      {V2 "user/cpu.max", "10000 100000\n"}},
     128 * MIB,
     1,
     "its control group"},
    {"version 2, idle file pages are as good as free",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "0::/nxp\n"},
      {V2 "nxp/memory.max", "1073741824\n"},
      {V2 "nxp/memory.current", "1073741824\n"},
      {V2 "nxp/memory.stat", "anon 5\nfile 268435456\ninactive_file 536870912\nactive_file 3\n"}},
     512 * MIB,
     8,
     "its control group"},
    {"more used than allowed, after the limit was lowered",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "0::/nxp\n"},
      {V2 "nxp/memory.max", "1048576\n"},
      {V2 "nxp/memory.current", "2097152\n"},
      {V2 "nxp/memory.stat", "inactive_file 99\n"}},
     0,
     8,
     "its control group"},
    {"version 1 in a container: the path is the host's, only its top is there",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "11:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n"},
      {V1M "memory.limit_in_bytes", "1073741824\n"},
      {V1M "memory.usage_in_bytes", "536870912\n"},
      {V1M "memory.stat", "inactive_file 1\ntotal_inactive_file 268435456\n"},
      {V1C "cpu.cfs_quota_us", "400000\n"},
      {V1C "cpu.cfs_period_us", "100000\n"}},
     768 * MIB,
     4,
     "its control group"},
    {"version 1 without limits",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "11:memory:/\n4:cpu,cpuacct:/\n"},
      {V1M "memory.limit_in_bytes", "9223372036854771712\n"},
      {V1M "memory.usage_in_bytes", "536870912\n"},
      {V1C "cpu.cfs_quota_us", "-1\n"},
      {V1C "cpu.cfs_period_us", "100000\n"}},
     4096 * MIB,
     8,
     "the machine"},
    {"both versions mounted",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "11:memory:/a\n0::/b\n"},
      {V1M "a/memory.limit_in_bytes", "1073741824\n"},
      {V1M "a/memory.usage_in_bytes", "0\n"},
      {V2 "unified/b/cpu.max", "300000 100000\n"}},
     1024 * MIB,
     3,
     "its control group"},
    {"files that make no sense",
     {{"proc/meminfo", MEMINFO},
      {"proc/self/cgroup", "nonsense\n7\n11:memory\n0::/b\n"},
      {V2 "b/memory.max", "much\n"},
      {V2 "b/memory.current", "\n"},
      {V2 "b/cpu.max", "100000 0\n"}},
     4096 * MIB,
     8,
     "the machine"},
};

static void a_machine_is_as_large_as_its_narrowest_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        struct resources r;
        struct scratch s;

        scratch_init(&s);
        build(&s, machines[i].files);
        r = resources_read(s.path, 8);
        if (r.memory_bytes != machines[i].memory_bytes || r.cores != machines[i].cores ||
            strcmp(r.memory_limit, machines[i].limit) != 0)
            fail_msg("%s: %llu bytes of %s, %u cores", machines[i].name,
                     (unsigned long long)r.memory_bytes, r.memory_limit, r.cores);
        scratch_fini(&s);
    }
}

static const struct {
    struct file files[MAX_FILES];
    uint64_t kills;
} killers[] = {
    {{{0}}, 0},
    {{{"proc/vmstat", "nr_free_pages 7\noom_kill 3\n"}}, 3},
    {{{"proc/vmstat", "oom_kill 3\n"}, /* of other containers, perhaps */
      {"proc/self/cgroup", "0::/nxp\n"},
      {V2 "nxp/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n"},
      {V2 "memory.events", "oom_kill 0\n"}},
     1},
    {{{"proc/self/cgroup", "9:memory:/nxp\n"},
      {V1M "nxp/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"},
      {V1M "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n"}},
     5},
};

static void kills_are_counted_where_the_kernel_tells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof killers / sizeof *killers; i++) {
        struct scratch s;

        scratch_init(&s);
        build(&s, killers[i].files);
        assert_int_equal(resources_oom_kills(s.path), killers[i].kills);
        scratch_fini(&s);
    }
}

static void this_machine_has_some_of_everything(void **state)
{
    struct resources r = resources_read("", hardware_cpus());

    (void)state;
    assert_in_range(r.cores, 1, hardware_cpus());
    assert_true(r.memory_bytes > MIB);
    (void)resources_oom_kills("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_is_as_large_as_its_narrowest_limit),
        cmocka_unit_test(kills_are_counted_where_the_kernel_tells),
        cmocka_unit_test(this_machine_has_some_of_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
