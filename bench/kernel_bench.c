/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_bench [KERNEL ...]: what the column kernels cost on this machine, one thread, best of
 * several runs. performance.md 5 and 9 have figures to hold against. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/prng.h"
#include "bench/words_bench.h"
#include "prover/circle/fft.h"
#include "prover/circle/order.h"
#include "prover/hash/merkle.h"

struct bench {
    struct exec exec;
    struct twiddles tw;
    struct arena arena;
    m31 *a, *b, *out; /* CELLS each */
    unsigned log;     /* size of the measurement */
    size_t columns;
};

#define LOG   20
#define CELLS ((size_t)32 << LOG)

static double best_ns(void (*run)(struct bench *), struct bench *b, int64_t for_ns)
{
    int64_t until = clock_now_ns(clock_system()) + for_ns;
    double best = 1e30;

    for (int i = 0; i < 5 || clock_now_ns(clock_system()) < until; i++) {
        int64_t start = clock_now_ns(clock_system()), end;

        run(b);
        end = clock_now_ns(clock_system());
        if ((double)(end - start) < best)
            best = (double)(end - start);
    }
    return best;
}

#define WORDS(b) KERNEL_PICK((b)->exec.kernel, words_bench)
#define REPEAT   64 /* short loops, so that the clock does not show */

static void run_mul(struct bench *b)
{
    for (int i = 0; i < REPEAT; i++)
        WORDS(b)->mul(b->out, b->a, b->b, 1 << b->log);
}

static void run_qmul(struct bench *b)
{
    for (int i = 0; i < REPEAT; i++)
        WORDS(b)->qmul(b->out, b->a, b->b, 1 << b->log);
}

static void run_accumulate(struct bench *b)
{
    for (int i = 0; i < REPEAT; i++)
        WORDS(b)->accumulate(b->out, b->a, b->b, 1 << b->log);
}

static void run_evaluate(struct bench *b)
{
    circle_evaluate_run(&b->exec, b->out, b->out, (struct circle_run){b->log, b->log, 0}, &b->tw);
}

static void run_interpolate(struct bench *b)
{
    circle_interpolate_run(&b->exec, b->out, b->out, (struct circle_run){b->log, b->log, 0},
                           &b->tw);
}

static struct matrix columns_of(struct bench *b, unsigned log)
{
    return (struct matrix){
        .cells = b->a, .columns = b->columns, .stride = matrix_stride(log), .log_rows = log};
}

static void run_extend(struct bench *b)
{
    circle_extend_columns(&b->exec, columns_of(b, b->log), &b->tw);
}

static void run_merkle(struct bench *b)
{
    struct matrix m = columns_of(b, b->log);
    struct arena_mark mark = arena_mark(&b->arena);
    struct merkle tree = merkle_take(&b->arena, b->log);

    merkle_commit(&b->exec, &tree, &m, 1);
    arena_rewind(&b->arena, mark);
}

static void run_store_rows(struct bench *b)
{
    order_store_rows(b->out, b->a, b->log);
}

static void measure(struct bench *b)
{
    static const unsigned logs[] = {8, 12, 16, 20};
    static const struct {
        unsigned log;
        size_t columns;
    } trees[] = {{13, 4}, {13, 16}, {13, 280}, {10, 1132}, {15, 832}};
    const int64_t t = NS_PER_S / 4;

    printf("%s\n", kernel_name(b->exec.kernel));
    b->log = 10;
    printf("  product                     %8.3f ns\n", best_ns(run_mul, b, t) / (REPEAT << b->log));
    printf("  secure product              %8.3f ns\n",
           best_ns(run_qmul, b, t) / (REPEAT << b->log));
    printf("  secure += constant x base   %8.3f ns\n",
           best_ns(run_accumulate, b, t) / (12 * REPEAT << b->log));
    for (size_t i = 0; i < 4; i++) {
        double butterflies;

        b->log = logs[i];
        butterflies = b->log * (double)(1 << (b->log - 1));
        printf("  2^%-2u evaluate              %8.3f ns a butterfly\n", b->log,
               best_ns(run_evaluate, b, t) / butterflies);
        printf("  2^%-2u interpolate           %8.3f ns a butterfly\n", b->log,
               best_ns(run_interpolate, b, t) / butterflies);
    }
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        double blocks;

        b->log = trees[i].log;
        b->columns = trees[i].columns;
        blocks = (double)(1 << b->log) * (double)((b->columns + 15) / 16 + 1);
        printf("  2^%-2u rows of %4zu columns   %8.3f ns a compression\n", b->log, b->columns,
               best_ns(run_merkle, b, t) / blocks);
    }
    b->log = 13;
    b->columns = 256;
    printf("  extension 2^12 x 256        %8.3f ns a butterfly\n",
           best_ns(run_extend, b, t) / (3.0 * 256 * 12 * 2048));
    for (size_t i = 1; i < 4; i++) {
        b->log = logs[i];
        printf("  2^%-2u rows to stored order  %8.3f ns a row\n", b->log,
               best_ns(run_store_rows, b, t) / (1 << b->log));
    }
}

static struct arena arena_new(void)
{
    struct arena_plan plan = {0};
    size_t bytes = 0;

    twiddles_plan(&plan, LOG);
    for (int i = 0; i < 3; i++)
        arena_plan_take(&plan, CELLS, sizeof(m31));
    merkle_plan(&plan, LOG);
    if (arena_plan_bytes(&plan, &bytes, NULL) != ST_OK)
        abort();
    return arena_of(
        aligned_alloc(ARENA_ALIGN, (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN), bytes);
}

int main(int argc, char **argv)
{
    struct bench b = {.arena = arena_new()};
    struct prng r = prng_of(1);

    if (!b.arena.base || pool_new(&b.exec.pool, 1, NULL) != ST_OK)
        return 2;
    b.exec.kernel = kernel_best();
    twiddles_fill(&b.exec, &b.tw, &b.arena, LOG);
    b.a = arena_take(&b.arena, sizeof(m31) * CELLS);
    b.b = arena_take(&b.arena, sizeof(m31) * CELLS);
    b.out = arena_take(&b.arena, sizeof(m31) * CELLS);
    for (size_t i = 0; i < CELLS; i++)
        b.a[i].v = (uint32_t)prng_below(&r, M31_P), b.b[i] = b.out[i] = b.a[i];
    if (argc == 1)
        measure(&b);
    for (int i = 1; i < argc; i++) {
        struct why why;

        if (kernel_by_name(&b.exec.kernel, argv[i], &why) != ST_OK) {
            fprintf(stderr, "%s\n", why.text);
            return 2;
        }
        measure(&b);
    }
    pool_free(b.exec.pool);
    free(b.arena.base);
    return 0;
}
