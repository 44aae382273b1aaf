/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/memory_check.h"

#include "client/shell/lane_plan.h"
#include "prover/nxp.h"

#define MIB ((double)(1 << 20))

/* Terms of the Fibonacci sequence: four times the rows each time, up to 2^20 or so. */
static const uint32_t terms[] = {9, 100, 500, 2000, 8000, 30000, 120000};

#define SIZES (sizeof terms / sizeof *terms)

struct fitting {
    unsigned log_rows;
    uint64_t need_bytes;
};

static enum status estimate(struct fitting *out, const struct nxp_prover *prover,
                            const struct nxp_program *program, uint32_t n, struct why *why)
{
    const uint32_t input[3] = {n, 1, 1};
    struct nxp_result r = {0};
    struct buffer bytes;
    enum status st;

    buffer_init(&bytes, 0);
    nxp_encode_u32s(&bytes, input, 3);
    st = nxp_estimate(prover, &r, program,
                      &(struct nxp_input){.public_input = buffer_bytes(&bytes)}, why);
    if (!st)
        *out = (struct fitting){r.log_sizes[0], lane_plan_need_bytes(r.planned_bytes)};
    nxp_result_fini(&r);
    buffer_fini(&bytes);
    return st;
}

static void describe(struct buffer *words, const struct resources *r, uint64_t share_bytes,
                     const struct fitting *least, const struct fitting *most)
{
    buffer_put_format(words, "Memory: %.0f MiB are free (bounded by %s)",
                      (double)r->memory_bytes / MIB, r->memory_limit);
    buffer_put_format(words, ", a proof of 2^%u rows takes %.0f MiB", least->log_rows,
                      (double)least->need_bytes / MIB);
    buffer_put_format(words,
                      ", the largest that was tried and fits has 2^%u rows and takes %.0f MiB",
                      most->log_rows, (double)most->need_bytes / MIB);
    buffer_put_format(words, "; of those %llu fit side by side",
                      (unsigned long long)(share_bytes / most->need_bytes));
}

static enum status compare(struct buffer *words, const struct resources *r,
                           const struct nxp_prover *prover, const struct nxp_program *program,
                           struct why *why)
{
    uint64_t share_bytes = lane_plan_share_bytes(r->memory_bytes);
    struct fitting found[SIZES];
    size_t count = 0;
    enum status st = ST_OK;

    while (!st && count < SIZES) {
        st = estimate(&found[count], prover, program, terms[count], why);
        if (!st && found[count].need_bytes > share_bytes)
            break;
        count += !st;
    }
    if (!st && count == 0)
        st =
            fail(why, ST_LIMIT,
                 "%.0f MiB of memory are free (bounded by %s); the smallest proof takes "
                 "%.0f MiB",
                 (double)r->memory_bytes / MIB, r->memory_limit, (double)found[0].need_bytes / MIB);
    if (!st)
        describe(words, r, share_bytes, &found[0], &found[count - 1]);
    return st;
}

enum status memory_check(struct buffer *words, const struct resources *r, struct why *why)
{
    struct nxp_program *program = NULL;
    struct nxp_prover *prover = NULL;
    enum status st = ST_OK;

    if (r->memory_bytes == UINT64_MAX) {
        buffer_put_text(words, "Memory: how much is free cannot be known here");
        return ST_OK;
    }
    st = nxp_program_new(&program, nxp_builtin_guest("fib"), why);
    if (!st)
        st = nxp_prover_new(&prover, &(struct nxp_prover_options){.threads = 1}, why);
    if (!st)
        st = compare(words, r, prover, program, why);
    nxp_prover_free(prover);
    nxp_program_free(program);
    return st;
}
