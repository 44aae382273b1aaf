/* SPDX-License-Identifier: Apache-2.0 */
/* What the prover worker costs and gains: throughput, warm start, memory under a limit, idleness.
 *
 *   worker_bench rate [ROUNDS]     64 inputs with one core and with two, in turn
 *   worker_bench warm [ROUNDS]     first and later proofs of a new worker
 *   worker_bench memory            needs as planned and as seen; then inputs of all sizes in a
 *                                  control group of 1 GiB (as files say)
 *   worker_bench idle [SECONDS]    resident memory and CPU time of client and worker after a task
 *
 * bench/worker.sh runs all of them.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/shell/lane_plan.h"
#include "client/shell/prover_process.h"
#include "client/shell/prover_worker.h"

#define INPUTS 64

/* Terms of the Fibonacci sequence and the rows of their proofs. */
static const struct {
    uint32_t n;
    unsigned log_rows;
} sizes[] = {{9, 8}, {500, 12}, {2000, 14}, {8000, 16}, {15000, 17}, {120000, 20}};

static int64_t now_ns(void)
{
    return clock_now_ns(clock_system());
}

static struct prover *open_prover(unsigned cores, const char *root)
{
    struct prover *p;
    struct why why;

    if (prover_process_new(&p,
                           &(struct prover_process_options){
                               .guests = "/nonexistent", .cores = cores, .root = root},
                           &why)) {
        fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
    return p;
}

static void begin(struct prover *p, uint64_t id, uint32_t n)
{
    p->ops->begin(p,
                  &(struct prover_job){
                      .id = id, .task_id = "", .program_id = "fib", .input = {n, 1, (uint32_t)id}});
}

static struct prover_outcome take(struct prover *p)
{
    struct pollfd fd = {.fd = p->ops->fd(p), .events = POLLIN};
    struct prover_outcome out;

    while (!p->ops->take(p, &out))
        (void)poll(&fd, 1, -1);
    return out;
}

static struct prover_outcome must(struct prover_outcome out)
{
    if (out.status) {
        fprintf(stderr, "%s\n", out.text);
        exit(1);
    }
    return out;
}

/* A field of /proc/PID/status in kB. */
static double status_mib(pid_t pid, const char *field)
{
    char path[64], line[256];
    unsigned long long kib = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, field, strlen(field)) == 0)
            (void)sscanf(line + strlen(field), ": %llu", &kib);
    if (f)
        fclose(f);
    return (double)kib / 1024;
}

/* CPU time of a process so far, all its threads. */
static double cpu_s(pid_t pid)
{
    struct timespec t = {0};
    clockid_t id;

    if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &t))
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- throughput ---- */

struct rate {
    double wall_s, cpu_s;
};

static struct rate task(unsigned cores, uint32_t n)
{
    struct prover *p = open_prover(cores, NULL);
    pid_t worker = prover_process_pid(p);
    struct rate r;
    int64_t start;
    double cpu;
    unsigned begun = 0;

    for (unsigned i = 0; i < cores; i++) /* warm */
        begin(p, 1000 + i, n);
    for (unsigned i = 0; i < cores; i++)
        must(take(p));
    cpu = cpu_s(worker);
    start = now_ns();
    for (unsigned ended = 0; ended < INPUTS; ended++) {
        for (; begun < INPUTS && begun - ended < p->slots; begun++)
            begin(p, begun, n);
        must(take(p));
    }
    r.wall_s = (double)(now_ns() - start) / 1e9;
    r.cpu_s = cpu_s(worker) - cpu;
    prover_free(p);
    return r;
}

static int rate(int rounds)
{
    struct rate best_one = {1e9, 1e9}, best_two = {1e9, 1e9};
    double best_pair = 0;

    printf("%d inputs of 2^12 rows: seconds (CPU seconds), proofs a second\n", INPUTS);
    for (int i = 0; i < rounds; i++) {
        struct rate one = task(1, 500), two = task(2, 500);
        double ratio = one.wall_s / two.wall_s;

        printf("round %d: one core %.2f (%.2f) %.1f/s, two cores %.2f (%.2f) %.1f/s: x %.2f\n",
               i + 1, one.wall_s, one.cpu_s, INPUTS / one.wall_s, two.wall_s, two.cpu_s,
               INPUTS / two.wall_s, ratio);
        best_pair = ratio > best_pair ? ratio : best_pair;
        best_one = one.wall_s < best_one.wall_s ? one : best_one;
        best_two = two.wall_s < best_two.wall_s ? two : best_two;
    }
    printf("best rounds of each: one core %.2f (%.2f), two cores %.2f (%.2f): x %.2f; best pair x "
           "%.2f\n",
           best_one.wall_s, best_one.cpu_s, best_two.wall_s, best_two.cpu_s,
           best_one.wall_s / best_two.wall_s, best_pair);
    return 0;
}

/* ---- warm start ---- */

static double prove_ms(struct prover *p, uint64_t id, uint32_t n)
{
    int64_t start = now_ns();

    begin(p, id, n);
    must(take(p));
    return (double)(now_ns() - start) / 1e6;
}

static int warm(int rounds)
{
    for (int size = 0; size < 4; size++) {
        double best_first = 1e9, best_second = 1e9, best_later = 1e9;

        for (int i = 0; i < rounds; i++) {
            struct prover *p = open_prover(1, NULL);
            double first = prove_ms(p, 1, sizes[size].n), second = prove_ms(p, 2, sizes[size].n);
            double later = prove_ms(p, 3, sizes[size].n);

            prover_free(p);
            best_first = first < best_first ? first : best_first;
            best_second = second < best_second ? second : best_second;
            best_later = later < best_later ? later : best_later;
        }
        printf("2^%u rows: first %.1f ms, second %.1f ms, third %.1f ms (best of %d each): "
               "second %.0f %% less\n",
               sizes[size].log_rows, best_first, best_second, best_later, rounds,
               100 * (1 - best_second / best_first));
    }
    return 0;
}

/* ---- memory ---- */

static void write_file(const char *folder, const char *name, const char *content)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    f = fopen(path, "we");
    if (!f || fputs(content, f) < 0 || fclose(f)) {
        perror(path);
        exit(1);
    }
}

static struct group { /* what the kernel would count */
    const char *folder;
    pid_t worker;
    atomic_bool over;
} group;

static void *count_use(void *context)
{
    char path[512], next[512], text[64];

    (void)context;
    snprintf(path, sizeof path, "%s/sys/fs/cgroup/nxp/memory.current", group.folder);
    snprintf(next, sizeof next, "%s/next", group.folder);
    while (!atomic_load(&group.over)) {
        double mib = status_mib(group.worker, "VmRSS") + status_mib(getpid(), "VmRSS");

        snprintf(text, sizeof text, "%.0f\n", mib * (1 << 20));
        write_file(group.folder, "next", text);
        if (rename(next, path))
            perror(path);
        (void)poll(NULL, 0, 1);
    }
    return NULL;
}

static int memory(void)
{
    pthread_t counter;
    char folder[] = "/tmp/worker-bench-XXXXXX";
    struct prover *p;
    pid_t worker;
    unsigned begun = 0, count = 0;
    uint32_t terms[64];

    if (!mkdtemp(folder))
        return 1;
    write_file(folder, "proc/self/cgroup", "0::/nxp\n");
    write_file(folder, "sys/fs/cgroup/nxp/memory.max", "1073741824\n");
    write_file(folder, "sys/fs/cgroup/nxp/memory.current", "20971520\n");
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int k = 0; k < 4; k++)
            terms[count++] = sizes[(i * 5 + (unsigned)k) % 6].n; /* large and small in turn */
    p = open_prover(4, folder);
    worker = prover_process_pid(p);
    group.folder = folder;
    group.worker = worker;
    if (pthread_create(&counter, NULL, count_use, NULL))
        return 1;
    for (unsigned ended = 0; ended < count; ended++) {
        struct prover_outcome out;

        for (; begun < count && begun - ended < p->slots; begun++)
            begin(p, begun, terms[begun]);
        out = take(p);
        printf("n = %6u: %s%s\n", terms[out.id], out.status ? out.text : "proved",
               prover_process_pid(p) == worker ? "" : " (BY ANOTHER WORKER)");
    }
    printf("peak resident: worker %.0f MiB, client %.0f MiB, of 1024\n",
           status_mib(worker, "VmHWM"), status_mib(getpid(), "VmHWM"));
    atomic_store(&group.over, true);
    pthread_join(counter, NULL);
    prover_free(p);
    return 0;
}

/* What a proof was planned to take, and the most that a new worker had resident after it. */
static int needs(void)
{
    struct nxp_program *program;
    struct nxp_prover *prover;

    if (nxp_program_new(&program, nxp_builtin_guest("fib"), NULL) ||
        nxp_prover_new(&prover, &(struct nxp_prover_options){.threads = 1}, NULL))
        return 1;
    for (int i = 0; i < 5; i++) {
        const uint32_t input[3] = {sizes[i].n, 1, 0};
        struct nxp_result result;
        struct buffer encoded;
        struct prover *p = open_prover(1, NULL);

        buffer_init(&encoded, 0);
        nxp_encode_u32s(&encoded, input, 3);
        if (nxp_estimate(prover, &result, program,
                         &(struct nxp_input){.public_input = buffer_bytes(&encoded)}, NULL))
            return 1;
        begin(p, 0, sizes[i].n);
        must(take(p));
        printf("2^%u rows: planned %.0f MiB, resident at most %.0f MiB\n", sizes[i].log_rows,
               (double)(lane_plan_need_bytes(result.planned_bytes) >> 10) / 1024,
               status_mib(prover_process_pid(p), "VmHWM"));
        nxp_result_fini(&result);
        buffer_fini(&encoded);
        prover_free(p);
    }
    nxp_prover_free(prover);
    nxp_program_free(program);
    return 0;
}

/* ---- idleness ---- */

static int idle(int seconds)
{
    struct prover *p = open_prover(2, NULL);
    pid_t worker = prover_process_pid(p);
    struct pollfd fd = {.fd = p->ops->fd(p), .events = POLLIN};
    double cpu;

    for (uint64_t id = 0; id < 4; id++)
        begin(p, id, 8000);
    for (int i = 0; i < 4; i++)
        must(take(p));
    printf("right after 4 proofs of 2^16 rows: worker %.1f MiB\n", status_mib(worker, "VmRSS"));
    cpu = cpu_s(worker) + cpu_s(getpid());
    (void)poll(&fd, 1, seconds * 1000);
    cpu = cpu_s(worker) + cpu_s(getpid()) - cpu;
    printf("after %d s without work: worker %.1f MiB, client %.1f MiB; CPU %.4f s, the release of "
           "memory included\n",
           seconds, status_mib(worker, "VmRSS"), status_mib(getpid(), "VmRSS"), cpu);
    prover_free(p);
    return 0;
}

int main(int argc, char **argv)
{
    int number = argc > 2 ? atoi(argv[2]) : 0;

    if (argc > 1 && strcmp(argv[1], PROVER_PROCESS_COMMAND) == 0)
        return prover_worker_run(STDIN_FILENO, NULL) ? 1 : 0;
    if (argc > 1 && strcmp(argv[1], "rate") == 0)
        return rate(number > 0 ? number : 5);
    if (argc > 1 && strcmp(argv[1], "warm") == 0)
        return warm(number > 0 ? number : 10);
    if (argc > 1 && strcmp(argv[1], "memory") == 0)
        return needs() || memory();
    if (argc > 1 && strcmp(argv[1], "idle") == 0)
        return idle(number > 0 ? number : 200);
    fputs("usage: worker_bench rate|warm [ROUNDS] | memory | idle [SECONDS]\n", stderr);
    return 2;
}
