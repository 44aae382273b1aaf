/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/prove.h"

#include <assert.h>

#include "base/clock.h"
#include "prover/circle/fft.h"
#include "prover/machine/compose.h"
#include "prover/machine/oods.h"
#include "prover/machine/openings.h"
#include "prover/machine/sample_points.h"
#include "prover/stark/fri.h"
#include "prover/stark/quotients.h"
#include "prover/stark/samples.h"

/* All that lives as long as one proof. */
struct proving {
    const struct exec *exec;
    const struct run *run;
    struct stage_sink *sink;
    struct arena *arena;
    struct buffer *out;
    struct shape shape;
    struct twiddles twiddles;
    struct channel channel;

    struct columns columns;
    struct matrix composition; /* four columns of 2^lambda */
    struct merkle trees[SHAPE_TREES];
    struct relations relations;
    qm31 alpha; /* composition coefficient */

    struct secure_point points[SHAPE_MAX_POINTS];
    struct opening opening;
    qm31 *samples;
    struct matrix quotients[SHAPE_MAX_SIZES];
    struct fri fri;
    struct proof proof;
};

/* ---- the plan: what the stages below take, in their order ---- */

static enum status plan_bytes(size_t *bytes, const struct shape *shape, size_t ram_entries,
                              struct why *why)
{
    struct opening_column columns[SHAPE_COLUMNS];
    struct opening opening = openings_of(columns, shape, NULL, NULL, NULL);
    struct arena_plan plan = {0};
    struct arena_mark mark;

    twiddles_plan(&plan, shape->lambda);
    columns_plan(&plan, shape);
    mark = arena_plan_mark(&plan);
    columns_fill_plan(&plan, shape, ram_entries);
    arena_plan_rewind(&plan, mark);
    merkle_plan(&plan, openings_tree_log(shape, TREE_PREPROCESSED));
    merkle_plan(&plan, openings_tree_log(shape, TREE_TRACE));
    columns_interact_plan(&plan, shape);
    merkle_plan(&plan, openings_tree_log(shape, TREE_INTERACTION));
    matrix_plan(&plan, 4, shape->lambda);
    compose_plan(&plan, shape);
    merkle_plan(&plan, openings_tree_log(shape, SHAPE_COMPOSITION));
    arena_plan_take(&plan, SHAPE_COLUMNS, sizeof(struct opening_column));
    arena_plan_take(&plan, SHAPE_SAMPLES, sizeof(qm31));
    samples_plan(&plan, &opening);
    for (unsigned i = 0; i < shape->size_count; i++) {
        matrix_plan(&plan, 4, shape->sizes[i]);
        quotients_plan(&plan, &opening, shape->sizes[i]);
    }
    fri_plan(&plan, shape->lambda);
    openings_plan(&plan, shape);
    fri_open_plan(&plan, shape->sizes, shape->size_count);
    return arena_plan_bytes(&plan, bytes, why);
}

/* ---- stages ---- */

static enum status trace(struct proving *p, struct why *why)
{
    struct arena_mark mark;
    enum status st;

    twiddles_fill(p->exec, &p->twiddles, p->arena, p->shape.lambda);
    columns_take(&p->columns, &p->shape, p->arena);
    mark = arena_mark(p->arena);
    st = columns_fill(p->exec, &p->columns, &p->shape, p->run, p->arena, why);
    arena_rewind(p->arena, mark);
    return st;
}

/* Associated data byte by byte, then the log sizes (components.md 3.3, steps 7 and 8). */
static void start_channel(struct proving *p)
{
    const struct bytes associated = p->run->view.associated_data;

    p->channel = channel_start();
    for (size_t i = 0; i < associated.size; i++)
        channel_mix_u64(&p->channel, associated.data[i]);
    for (int id = 0; id < COMPONENT_COUNT; id++)
        channel_mix_u64(&p->channel, p->shape.log_rows[id]);
    if (p->sink)
        p->sink->ops->log_sizes(p->sink, p->run->step_count, p->shape.log_rows, COMPONENT_COUNT,
                                &p->channel.digest);
}

static void commit_tree(struct proving *p, unsigned tree)
{
    struct matrix matrices[COMPONENT_COUNT];
    size_t count = openings_tree_matrices(matrices, &p->columns, p->composition, tree);
    struct hash root;

    p->trees[tree] = merkle_take(p->arena, openings_tree_log(&p->shape, tree));
    merkle_commit(p->exec, &p->trees[tree], matrices, count);
    root = merkle_root(&p->trees[tree]);
    channel_mix_root(&p->channel, &root);
    if (p->sink) {
        struct stage_context context = {.exec = p->exec, .twiddles = &p->twiddles};

        p->sink->ops->tree(p->sink, &context, tree, matrices, count, &root, &p->channel.digest);
    }
}

static void draw_relations(struct proving *p)
{
    for (int r = 0; r < RELATION_COUNT; r++) {
        qm31 drawn[2]; /* z, alpha */

        channel_draw_felts(&p->channel, drawn, 2);
        p->relations.of[r] = relation_of(drawn[0], drawn[1]);
        if (p->sink)
            p->sink->ops->relation(p->sink, (unsigned)r, drawn[0], drawn[1]);
    }
}

static enum status commit(struct proving *p, struct why *why)
{
    (void)why;
    start_channel(p);
    for (int tree = TREE_PREPROCESSED; tree <= TREE_TRACE; tree++) {
        columns_extend(p->exec, &p->columns, (enum component_tree)tree, &p->twiddles);
        commit_tree(p, (unsigned)tree);
    }
    draw_relations(p);
    return ST_OK;
}

static enum status interaction(struct proving *p, struct why *why)
{
    (void)why;
    columns_interact(p->exec, &p->columns, &p->shape, &p->relations, p->proof.claimed_sums,
                     p->arena);
    if (p->sink)
        p->sink->ops->claimed_sums(p->sink, p->proof.claimed_sums, COMPONENT_COUNT);
    return ST_OK;
}

static qm31 draw_felt(struct proving *p, enum stage_felt which)
{
    qm31 drawn = channel_draw_felt(&p->channel);

    if (p->sink)
        p->sink->ops->felt(p->sink, which, drawn);
    return drawn;
}

static enum status commit2(struct proving *p, struct why *why)
{
    (void)why;
    columns_extend(p->exec, &p->columns, TREE_INTERACTION, &p->twiddles);
    commit_tree(p, TREE_INTERACTION);
    p->alpha = draw_felt(p, STAGE_COMPOSITION_COEFFICIENT);
    return ST_OK;
}

/* The second half of the extension from the coefficients in the first, then the first in place. */
static void extend_polynomial(void *context, size_t coordinate)
{
    const struct proving *p = context;
    struct circle_run run = {.log = p->shape.composition_log, .domain = p->shape.lambda};
    m31 *column = matrix_column(&p->composition, coordinate);

    run.number = 1;
    circle_evaluate_run(p->exec, column + ((size_t)1 << run.log), column, run, &p->twiddles);
    run.number = 0;
    circle_evaluate_run(p->exec, column, column, run, &p->twiddles);
}

static enum status composition(struct proving *p, struct why *why)
{
    struct compose_input input = {.columns = &p->columns,
                                  .relations = &p->relations,
                                  .claimed_sums = p->proof.claimed_sums,
                                  .alpha = p->alpha};
    enum status st;

    p->composition = matrix_take(p->arena, 4, p->shape.lambda);
    compose_polynomial(p->exec, p->composition, &p->shape, &input, &p->twiddles, p->arena);
    pool_each(p->exec->pool, 4, extend_polynomial, p);
    commit_tree(p, SHAPE_COMPOSITION);
    st = sample_points(p->points, &p->shape, channel_draw_felt(&p->channel), why);
    if (!st && p->sink) {
        p->sink->ops->felt(p->sink, STAGE_POINT_X, p->points[0].x);
        p->sink->ops->felt(p->sink, STAGE_POINT_Y, p->points[0].y);
    }
    return st;
}

static enum status opening(struct proving *p, struct why *why)
{
    struct opening_column *columns = arena_take(p->arena, SHAPE_COLUMNS * sizeof *columns);
    struct oods_input check = {.shape = &p->shape,
                               .relations = &p->relations,
                               .claimed_sums = p->proof.claimed_sums,
                               .alpha = p->alpha,
                               .point = p->points[0]};
    qm31 gamma;

    p->opening = openings_of(columns, &p->shape, &p->columns, &p->composition, p->points);
    p->samples = arena_take(p->arena, SHAPE_SAMPLES * sizeof *p->samples);
    samples_take(p->exec, p->samples, &p->opening, &p->twiddles, p->arena);
    p->proof.samples = p->samples;
    check.samples = p->samples;
    if (!oods_holds(&check))
        return fail(why, ST_GUEST,
                    "ConstraintsNotSatisfied: the run of this guest cannot be proved");
    channel_mix_felts(&p->channel, p->samples, SHAPE_SAMPLES);
    if (p->sink)
        p->sink->ops->samples(p->sink, p->samples, SHAPE_SAMPLES, &p->channel.digest);
    gamma = draw_felt(p, STAGE_QUOTIENT_COEFFICIENT);
    for (unsigned i = 0; i < p->shape.size_count; i++) {
        p->quotients[i] = matrix_take(p->arena, 4, p->shape.sizes[i]);
        quotients_take(p->exec, p->quotients[i], &p->opening, p->samples, gamma, p->shape.sizes[i],
                       &p->twiddles, p->arena);
    }
    return ST_OK;
}

static void prove_work(struct proving *p)
{
    p->proof.nonce = channel_find_nonce(&p->channel, PROOF_POW_BITS);
    channel_mix_u64(&p->channel, p->proof.nonce);
    if (p->sink)
        p->sink->ops->proof_of_work(p->sink, p->proof.nonce, &p->channel.digest);
}

static struct positions draw_queries(struct proving *p)
{
    struct positions queries = positions_draw(&p->channel, p->shape.lambda);

    for (unsigned i = 0; i < p->shape.size_count && p->sink; i++) {
        struct positions at = positions_fold(&queries, p->shape.lambda - p->shape.sizes[i]);

        p->sink->ops->queries(p->sink, p->shape.sizes[i], &at);
    }
    return queries;
}

static enum status fri(struct proving *p, struct why *why)
{
    struct fri_input input = {.columns = p->quotients, .count = p->shape.size_count};
    struct positions queries;

    fri_commit(p->exec, &p->fri, &p->channel, input, &p->twiddles, p->sink, p->arena);
    prove_work(p);
    queries = draw_queries(p);
    for (unsigned tree = 0; tree < SHAPE_TREES; tree++) {
        struct matrix matrices[COMPONENT_COUNT];
        size_t count = openings_tree_matrices(matrices, &p->columns, p->composition, tree);

        openings_take(&p->proof, tree, &p->trees[tree], matrices, count, &queries, &p->shape,
                      p->arena);
    }
    fri_open(&p->fri, &queries, &p->proof, p->arena);
    p->proof.layout = p->run->view.layout;
    for (int id = 0; id < COMPONENT_COUNT; id++)
        p->proof.log_sizes[id] = p->shape.log_rows[id];
    proof_encode(p->out, &p->proof);
    if (!buffer_ok(p->out))
        return fail(why, ST_NO_MEMORY, "proof: out of memory");
    return ST_OK;
}

static enum status (*const stages[MACHINE_STAGE_COUNT])(struct proving *p, struct why *why) = {
    [MACHINE_TRACE] = trace,
    [MACHINE_COMMIT] = commit,
    [MACHINE_INTERACTION] = interaction,
    [MACHINE_COMMIT2] = commit2,
    [MACHINE_COMPOSITION] = composition,
    [MACHINE_OPENING] = opening,
    [MACHINE_FRI] = fri,
};

/* ---- entry ---- */

static enum status estimate(struct machine_result *out, struct shape *shape, const struct run *run,
                            const struct machine_options *options, struct why *why)
{
    struct machine_logs logs;
    enum status st = machine_log_sizes(&logs, run, options->max_log_rows, why);

    if (st)
        return st;
    *out = (struct machine_result){0};
    shape_of(shape, logs);
    for (int id = 0; id < COMPONENT_COUNT; id++)
        out->log_sizes[id] = shape->log_rows[id];
    st = plan_bytes(&out->planned_bytes, shape, run->ram_entries, why);
    if (!st && options->max_memory_bytes && out->planned_bytes > options->max_memory_bytes)
        st = fail(why, ST_LIMIT, "the proof needs %zu bytes of memory, but the limit is %zu",
                  out->planned_bytes, options->max_memory_bytes);
    return st;
}

enum status machine_estimate(struct machine_result *out, const struct run *run,
                             const struct machine_options *options, struct why *why)
{
    struct machine_result result;
    struct shape shape;
    enum status st = estimate(&result, &shape, run, options, why);

    if (!st)
        *out = result;
    return st;
}

enum status machine_prove(const struct exec *exec, struct workspace *workspace,
                          struct buffer *proof, struct machine_result *out, const struct run *run,
                          const struct machine_options *options, struct why *why)
{
    struct machine_result result;
    struct arena arena;
    struct proving p = {
        .exec = exec, .run = run, .sink = options->sink, .arena = &arena, .out = proof};
    enum status st = estimate(&result, &p.shape, run, options, why);

    if (!st)
        st = workspace_reserve(workspace, result.planned_bytes, &arena, why);
    for (int i = 0; i < MACHINE_STAGE_COUNT && !st; i++) {
        int64_t start = clock_now_ns(clock_system());

        if (options->progress && options->progress(options->context, (enum machine_stage)i))
            return fail(why, ST_CANCELLED, "the proof was stopped on request");
        st = stages[i](&p, why);
        result.stage_ns[i] = clock_now_ns(clock_system()) - start;
    }
    if (st)
        return st;
    result.used_bytes = arena.peak;
    *out = result;
    return ST_OK;
}
