/* SPDX-License-Identifier: Apache-2.0 */
/* The proving half of the public door. */
#include "prover/nxp.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "prover/machine/prove.h"
#include "prover/machine/stages.h"
#include "prover/nxp_program.h"

_Static_assert((int)NXP_STAGE_TRACE == MACHINE_TRACE + 1 && (int)NXP_STAGE_FRI == MACHINE_FRI + 1 &&
                   (int)NXP_STAGE_COUNT == MACHINE_STAGE_COUNT + 1,
               "the machine's stages follow the run");
_Static_assert(NXP_LOG_SIZES == COMPONENT_COUNT, "one log size per component");

struct nxp_prover {
    struct nxp_prover_options options;
    struct exec exec;
    struct workspace workspace;
    char *stages_path;
};

static enum status prover_init(struct nxp_prover *p, const struct nxp_prover_options *options,
                               struct why *why)
{
    static const char file[] = "/stages.json";
    enum status st;

    p->options = *options;
    /* Huge pages: a first proof of 2^16 rows took 4.1 s with them and 1.9 s without (pages that the
     * host had to clear), later ones 1.35 s and 1.4 s. Most processes prove few sizes. */
    workspace_init(&p->workspace, false);
    st = kernel_by_name(&p->exec.kernel, options->kernel ? options->kernel : "auto", why);
    if (st)
        return st;
    if (options->stages_folder) {
        size_t size = strlen(options->stages_folder) + sizeof file;

        p->stages_path = malloc(size);
        if (!p->stages_path)
            return fail(why, ST_NO_MEMORY, "prover: out of memory");
        strcpy(p->stages_path, options->stages_folder);
        strcat(p->stages_path, file);
    }
    return pool_new(&p->exec.pool, options->threads ? options->threads : 1, why);
}

enum status nxp_prover_new(struct nxp_prover **out, const struct nxp_prover_options *options,
                           struct why *why)
{
    struct nxp_prover *p = calloc(1, sizeof *p);
    enum status st;

    if (!p)
        return fail(why, ST_NO_MEMORY, "prover: out of memory");
    st = prover_init(p, options, why);
    if (st) {
        nxp_prover_free(p);
        return st;
    }
    *out = p;
    return ST_OK;
}

void nxp_prover_free(struct nxp_prover *p)
{
    if (!p)
        return;
    workspace_fini(&p->workspace);
    pool_free(p->exec.pool);
    free(p->stages_path);
    free(p);
}

const char *nxp_prover_kernel(const struct nxp_prover *p)
{
    return kernel_name(p->exec.kernel);
}

unsigned nxp_prover_threads(const struct nxp_prover *p)
{
    return pool_threads(p->exec.pool);
}

enum status nxp_prover_set_threads(struct nxp_prover *p, unsigned threads, struct why *why)
{
    struct pool *pool;
    enum status st;

    if (threads == pool_threads(p->exec.pool))
        return ST_OK;
    st = pool_new(&pool, threads, why);
    if (st)
        return st;
    pool_free(p->exec.pool);
    p->exec.pool = pool;
    return ST_OK;
}

/* ---- results ---- */

void nxp_result_fini(struct nxp_result *r)
{
    free(r->proof);
    free(r->output);
    free(r->logs);
    r->proof = r->output = NULL;
    r->logs = NULL;
}

static bool copy_output(struct nxp_result *r, const struct view *view)
{
    const size_t exit_code = 4; /* entries in front of the output's */
    struct buffer output;

    buffer_init(&output, 0);
    for (size_t i = exit_code; i < view->output_count; i++)
        buffer_put_u8(&output, view->output[i].value);
    if (!buffer_ok(&output)) {
        buffer_fini(&output);
        return false;
    }
    r->output = buffer_take(&output, &r->output_size);
    return true;
}

static bool copy_logs(struct nxp_result *r, const struct run *run)
{
    struct buffer logs;
    size_t size;

    buffer_init(&logs, 0);
    for (size_t i = 0; i < run->log_count; i++)
        buffer_put(&logs, run->logs[i].data, run->logs[i].size);
    buffer_put_u8(&logs, 0);
    if (!buffer_ok(&logs)) {
        buffer_fini(&logs);
        return false;
    }
    r->logs = (char *)buffer_take(&logs, &size);
    return true;
}

static enum status describe(struct nxp_result *r, const struct run *run,
                            const struct machine_result *machine, struct why *why)
{
    r->steps = run->step_count;
    r->exit_code = run->exit_code;
    r->planned_bytes = machine->planned_bytes;
    memcpy(r->log_sizes, machine->log_sizes, sizeof r->log_sizes);
    memcpy(r->stage_ns + NXP_STAGE_TRACE, machine->stage_ns, sizeof machine->stage_ns);
    if (!copy_output(r, &run->view) || !copy_logs(r, run))
        return fail(why, ST_NO_MEMORY, "result: out of memory");
    return ST_OK;
}

/* ---- proving ---- */

static bool on_stage(void *context, enum machine_stage stage)
{
    const struct nxp_prover *p = context;

    return p->options.progress(p->options.context, (enum nxp_stage)((int)stage + 1));
}

static struct machine_options machine_options(const struct nxp_prover *p, struct stages *stages)
{
    return (struct machine_options){.max_log_rows = p->options.limits.max_log_rows,
                                    .max_memory_bytes = p->options.limits.max_memory_bytes,
                                    .progress = p->options.progress ? on_stage : NULL,
                                    .context = (void *)(uintptr_t)p,
                                    .sink = stages ? stages_sink(stages) : NULL};
}

/* Both passes of the guest, timed. */
static enum status run_guest(struct run *run, struct nxp_result *r, const struct nxp_prover *p,
                             const struct nxp_program *program, const struct nxp_input *input,
                             struct why *why)
{
    const struct run_input in = {.public_input = input->public_input,
                                 .private_input = input->private_input,
                                 .associated_data = input->associated_data};
    const struct run_limits limits = {.max_steps = p->options.limits.max_steps};
    int64_t start = clock_now_ns(clock_system());
    enum status st;

    if (p->options.progress && p->options.progress(p->options.context, NXP_STAGE_RUN))
        return fail(why, ST_CANCELLED, "the proof was stopped on request");
    st = vm_run(run, &program->program, &in, &limits, why);
    if (!st)
        st = vm_check_provable(run, &program->program, why);
    r->stage_ns[NXP_STAGE_RUN] = clock_now_ns(clock_system()) - start;
    return st;
}

static enum status write_stages(const struct nxp_prover *p, const struct stages *stages,
                                struct why *why)
{
    struct buffer text;
    enum status st;

    buffer_init(&text, 0);
    st = stages_write(stages, &text, why);
    if (!st && !buffer_ok(&text))
        st = fail(why, ST_NO_MEMORY, "stage dump: out of memory");
    if (!st)
        st = file_write(p->stages_path, buffer_bytes(&text), 0644, why);
    buffer_fini(&text);
    return st;
}

enum status nxp_prove(struct nxp_prover *prover, struct nxp_result *out,
                      const struct nxp_program *program, const struct nxp_input *input,
                      struct why *why)
{
    struct nxp_result result = {0};
    struct machine_result machine;
    struct machine_options options;
    struct stages *stages = NULL;
    struct buffer proof;
    struct run run = {0};
    enum status st;

    buffer_init(&proof, 0);
    st = run_guest(&run, &result, prover, program, input, why);
    if (!st && prover->stages_path)
        st = stages_new(&stages, why);
    if (st)
        goto out;
    options = machine_options(prover, stages);
    st = machine_prove(&prover->exec, &prover->workspace, &proof, &machine, &run, &options, why);
    if (!st && stages)
        st = write_stages(prover, stages, why);
    if (!st)
        st = describe(&result, &run, &machine, why);
    if (st)
        goto out;
    result.proof = buffer_take(&proof, &result.proof_size);
    *out = result;
    result = (struct nxp_result){0};
out:
    nxp_result_fini(&result);
    stages_free(stages);
    buffer_fini(&proof);
    run_fini(&run);
    return st;
}

enum status nxp_estimate(const struct nxp_prover *prover, struct nxp_result *out,
                         const struct nxp_program *program, const struct nxp_input *input,
                         struct why *why)
{
    struct nxp_result result = {0};
    struct machine_options options = machine_options(prover, NULL);
    struct machine_result machine;
    struct run run = {0};
    enum status st = run_guest(&run, &result, prover, program, input, why);

    if (!st)
        st = machine_estimate(&machine, &run, &options, why);
    if (!st)
        st = describe(&result, &run, &machine, why);
    if (!st) {
        *out = result;
        result = (struct nxp_result){0};
    }
    nxp_result_fini(&result);
    run_fini(&run);
    return st;
}
