/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/fri.h"

#include <assert.h>

#include "prover/stark/fold_kernel.h"

#define FOLD_GRAIN 1024 /* values that a thread folds at least */

void fri_plan(struct arena_plan *plan, unsigned largest_log)
{
    merkle_plan(plan, largest_log);
    for (unsigned log = largest_log - 1; log >= 1; log--) {
        matrix_plan(plan, 4, log);
        if (log > 1)
            merkle_plan(plan, log);
    }
}

struct fold_job {
    void (*fold)(m31 *const out[static 4], const m31 *const in[static 4], const m31 *inverse,
                 qm31 alpha, size_t begin, size_t end);
    m31 *out[4];
    const m31 *in[4];
    const m31 *inverse;
    qm31 alpha;
};

static void fold_body(void *context, size_t begin, size_t end)
{
    const struct fold_job *job = context;

    job->fold(job->out, job->in, job->inverse, job->alpha, begin, end);
}

/* out is half as long as in; inverse belongs to the pairs of in. */
static void fold_into(const struct exec *exec, struct matrix out, struct matrix in,
                      const m31 *inverse, qm31 alpha, bool join)
{
    const struct fold_kernel *kernel = fold_kernel(exec->kernel);
    struct fold_job job = {
        .fold = join ? kernel->join : kernel->fold, .inverse = inverse, .alpha = alpha};

    for (size_t i = 0; i < 4; i++) {
        job.out[i] = matrix_column(&out, i);
        job.in[i] = matrix_column(&in, i);
    }
    pool_ranges(exec->pool, matrix_rows(&out), FOLD_GRAIN, fold_body, &job);
}

static const m31 *circle_inverses(const struct twiddles *tw, unsigned log_size)
{
    return twiddle_layer(&tw->inverse, log_size, 0);
}

/* x of L_m is layer 1 of D_(m+1). */
static const m31 *line_inverses(const struct twiddles *tw, unsigned log_size)
{
    return twiddle_layer(&tw->inverse, log_size + 1, 1);
}

static qm31 value_at(const struct matrix *m, size_t row)
{
    return (qm31){{matrix_column(m, 0)[row], matrix_column(m, 1)[row], matrix_column(m, 2)[row],
                   matrix_column(m, 3)[row]}};
}

/* Commits to the columns and draws the value that folds them. */
static qm31 commit_layer(const struct exec *exec, struct merkle *tree, struct channel *channel,
                         const struct matrix *columns, size_t count, struct arena *arena)
{
    struct hash root;

    *tree = merkle_take(arena, columns[0].log_rows);
    merkle_commit(exec, tree, columns, count);
    root = merkle_root(tree);
    channel_mix_root(channel, &root);
    return channel_draw_felt(channel);
}

static void show_first(struct stage_sink *sink, const struct fri_input *input,
                       const struct merkle *tree, const struct channel *channel, qm31 alpha)
{
    struct hash root = merkle_root(tree);

    for (size_t i = 0; i < input->count; i++) {
        const struct matrix *q = &input->columns[i];
        const m31 *const coordinates[4] = {matrix_column(q, 0), matrix_column(q, 1),
                                           matrix_column(q, 2), matrix_column(q, 3)};

        sink->ops->quotients(sink, q->log_rows, coordinates);
    }
    sink->ops->fri_first(sink, &root, &channel->digest);
    sink->ops->felt(sink, STAGE_FRI_CIRCLE_ALPHA, alpha);
}

static void show_inner(struct stage_sink *sink, const struct fri_layer *layer, qm31 alpha)
{
    const struct matrix *v = &layer->values;
    struct stage_fri_layer shown = {
        .log_size = v->log_rows, .root = merkle_root(&layer->tree), .alpha = alpha};

    for (size_t i = 0; i < 4; i++)
        shown.coordinates[i] = matrix_column(v, i);
    sink->ops->fri_inner(sink, &shown);
}

void fri_commit(const struct exec *exec, struct fri *out, struct channel *channel,
                struct fri_input input, const struct twiddles *twiddles, struct stage_sink *sink,
                struct arena *arena)
{
    unsigned log = input.columns[0].log_rows;
    size_t next = 1; /* the next column to join */
    struct matrix values;
    qm31 alpha;

    *out = (struct fri){.input = input};
    alpha = commit_layer(exec, &out->first, channel, input.columns, input.count, arena);
    if (sink)
        show_first(sink, &input, &out->first, channel, alpha);
    values = matrix_take(arena, 4, log - 1);
    fold_into(exec, values, input.columns[0], circle_inverses(twiddles, log), alpha, false);
    for (log--; log >= 2; log--) {
        struct fri_layer *layer = &out->inner[out->inner_count++];

        layer->values = values;
        alpha = commit_layer(exec, &layer->tree, channel, &layer->values, 1, arena);
        if (sink)
            show_inner(sink, layer, alpha);
        values = matrix_take(arena, 4, log - 1);
        fold_into(exec, values, layer->values, line_inverses(twiddles, log), alpha, false);
        if (next < input.count && input.columns[next].log_rows == log) {
            fold_into(exec, values, input.columns[next], circle_inverses(twiddles, log), alpha,
                      true);
            next++;
        }
    }
    assert(next == input.count);
    /* The constraints were checked at the out-of-domain point, so the degree is what it must be. */
    assert(qm31_eq(value_at(&values, 0), value_at(&values, 1)));
    out->last = value_at(&values, 0);
    channel_mix_felts(channel, &out->last, 1);
    if (sink)
        sink->ops->fri_last(sink, out->last, &channel->digest);
}

/* ---- openings ---- */

/* Of one size at most three pairs are opened, of each at most one member was not queried. */
static size_t witness_bound(size_t count)
{
    return POSITIONS_QUERIES * count;
}

static size_t hash_bound(unsigned log)
{
    return (size_t)POSITIONS_MAX * (log + 2);
}

void fri_open_plan(struct arena_plan *plan, const unsigned *log_sizes, size_t count)
{
    size_t hashes = 0;

    for (size_t i = 0; i < count; i++)
        hashes += hash_bound(log_sizes[i]);
    arena_plan_take(plan, witness_bound(count), sizeof(qm31));
    arena_plan_take(plan, hashes, sizeof(struct hash));
    for (unsigned log = log_sizes[0] - 1; log >= 2; log--) {
        arena_plan_take(plan, witness_bound(1), sizeof(qm31));
        arena_plan_take(plan, hash_bound(log), sizeof(struct hash));
    }
}

static bool is_position(const struct positions *p, uint32_t at)
{
    for (unsigned i = 0; i < p->count; i++)
        if (p->at[i] == at)
            return true;
    return false;
}

/* One committed layer: columns of descending sizes under one tree, opened at the pairs of the
 * queries' positions (9.2). */
static struct fri_layer_proof open_layer(const struct merkle *tree, const struct matrix *columns,
                                         size_t count, const struct positions *queries,
                                         unsigned queries_log, struct arena *arena)
{
    m31 queried[FRI_MAX_COLUMNS * POSITIONS_MAX * 4]; /* the verifier computes them */
    struct positions pairs[FRI_MAX_COLUMNS];
    struct merkle_query openings[FRI_MAX_COLUMNS];
    struct merkle_witness out = {.queried = queried};
    struct fri_layer_proof proof = {.root = merkle_root(tree)};
    qm31 *witness = arena_take(arena, witness_bound(count) * sizeof *witness);
    size_t hashes = 0;

    assert(count <= FRI_MAX_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        unsigned log = columns[i].log_rows;
        struct positions at = positions_fold(queries, queries_log - log);

        hashes += hash_bound(log);
        pairs[i] = positions_pairs(&at);
        openings[i] =
            (struct merkle_query){.log = log, .positions = pairs[i].at, .count = pairs[i].count};
        for (unsigned k = 0; k < pairs[i].count; k++)
            if (!is_position(&at, pairs[i].at[k]))
                witness[proof.witness_count++] = value_at(&columns[i], pairs[i].at[k]);
    }
    out.hashes = arena_take(arena, hashes * sizeof *out.hashes);
    merkle_open(&out, tree, columns, count, openings, count);
    proof.witness = witness;
    proof.decommitment = (struct decommitment){.hashes = out.hashes, .hash_count = out.hash_count};
    return proof;
}

void fri_open(const struct fri *f, const struct positions *queries, struct proof *proof,
              struct arena *arena)
{
    unsigned log = f->input.columns[0].log_rows;

    proof->first_layer =
        open_layer(&f->first, f->input.columns, f->input.count, queries, log, arena);
    proof->inner_count = f->inner_count;
    for (unsigned i = 0; i < f->inner_count; i++)
        proof->inner_layers[i] =
            open_layer(&f->inner[i].tree, &f->inner[i].values, 1, queries, log, arena);
    proof->last_coefficient = f->last;
}
