/* SPDX-License-Identifier: Apache-2.0 */
/* The steps are those of components.md 8.2 and stark.md 12.1, in the order in which the reference
 * finds errors (behaviour.md 3.4).
 */
#include "prover/machine/verify.h"

#include <assert.h>

#include "prover/machine/oods.h"
#include "prover/machine/preprocessed.h"
#include "prover/machine/sample_points.h"
#include "prover/machine/shape.h"
#include "prover/stark/fri_verify.h"
#include "prover/stark/merkle_verify.h"
#include "prover/stark/quotient_verify.h"

#define DEFAULT_MAX_LOG 24

struct transcript { /* what was drawn */
    struct channel channel;
    struct relations relations;
    qm31 composition_coefficient, quotient_coefficient;
    struct secure_point points[SHAPE_MAX_POINTS]; /* of the shape's points */
    struct fri_challenges fri;
    struct positions queries;
};

/* ---- before anything is computed ---- */

static enum status check_claimed_sums(const struct proof *proof, struct why *why)
{
    qm31 sum = QM31_ZERO;

    for (int i = 0; i < PROOF_COMPONENTS; i++)
        sum = qm31_add(sum, proof->claimed_sums[i]);
    if (!qm31_is_zero(sum))
        return fail(why, ST_INVALID, "InvalidStructure: claimed logup sum is not zero");
    return ST_OK;
}

/* Sizes that no proof has are invalid; those beyond the caller's limit may be proven ones. */
static enum status check_log_sizes(struct machine_logs *out, const struct proof *proof,
                                   unsigned max_log_rows, struct why *why)
{
    unsigned limit = max_log_rows ? max_log_rows : DEFAULT_MAX_LOG;
    enum status st = machine_claimed_logs(out, proof->log_sizes, SHAPE_MAX_LOG, why);

    if (!st && (out->main > limit || out->ram > limit))
        st = fail(why, ST_LIMIT,
                  "the proof claims 2^%u rows, and 2^%u of memory, but --max-log-rows is %u",
                  out->main, out->ram, limit);
    return st;
}

/* Program and public bytes have a row each (stark.md 12.2, B17). */
static enum status check_capacity(const struct view *view, const struct machine_logs *logs,
                                  struct why *why)
{
    size_t public_bytes = view->initial_count + view->output_count;

    if (view->word_count > (size_t)1 << logs->main)
        return fail(why, ST_INVALID,
                    "InvalidStructure: log_size[0] is %u, too small for %zu instruction words",
                    logs->main, view->word_count);
    if (public_bytes > (size_t)1 << logs->ram)
        return fail(why, ST_INVALID,
                    "InvalidStructure: log_size[3] is %u, too small for %zu public bytes",
                    logs->ram, public_bytes);
    return ST_OK;
}

/* The view that the statement and the proof's layout give. */
static enum status expected_view(struct run *out, const struct program *program,
                                 const struct machine_statement *statement,
                                 const struct memory_layout *layout, struct why *why)
{
    struct memory_layout stated = *layout;
    uint64_t output_end = (uint64_t)layout->public_output + (statement->output.size + 3) / 4 * 4;
    uint64_t end = output_end + statement->associated_data.size;
    enum status st;

    if (layout->end % 4 != statement->associated_data.size % 4)
        return fail(why, ST_INVALID,
                    "InvalidStructure: memory_layout.end is not a whole number of words and %zu "
                    "bytes of associated data",
                    statement->associated_data.size);
    if (statement->output.size > UINT32_MAX || statement->associated_data.size > UINT32_MAX ||
        end > UINT32_MAX)
        return fail(why, ST_INVALID,
                    "InvalidStructure: output and associated data do not fit into memory");
    /* Nothing that is committed depends on the other four words: those that the public bytes fit
     * into stand for any that the proof may have. */
    stated.heap = stated.stack_bottom = stated.stack_top = (uint32_t)output_end;
    stated.end = (uint32_t)end;
    st = vm_expected_view(out, program, &stated, statement->public_input, statement->exit_code,
                          statement->output, statement->associated_data, why);
    return st == ST_INVALID ? fail_within(why, st, "InvalidStructure") : st;
}

/* ---- the transcript ---- */

static void start_transcript(struct transcript *t, const struct proof *proof,
                             const struct view *view)
{
    struct channel *c = &t->channel;

    *c = channel_start();
    for (size_t i = 0; i < view->associated_data.size; i++)
        channel_mix_u64(c, view->associated_data.data[i]);
    for (int i = 0; i < PROOF_COMPONENTS; i++)
        channel_mix_u64(c, proof->log_sizes[i]);
    channel_mix_root(c, &proof->roots[TREE_PREPROCESSED]);
    channel_mix_root(c, &proof->roots[TREE_TRACE]);
    for (int i = 0; i < RELATION_COUNT; i++) {
        qm31 drawn[2];

        channel_draw_felts(c, drawn, 2);
        t->relations.of[i] = relation_of(drawn[0], drawn[1]);
    }
    channel_mix_root(c, &proof->roots[TREE_INTERACTION]);
    t->composition_coefficient = channel_draw_felt(c);
    channel_mix_root(c, &proof->roots[SHAPE_COMPOSITION]);
}

static enum status check_composition(const struct transcript *t, const struct shape *shape,
                                     const struct proof *proof, struct why *why)
{
    const struct oods_input input = {
        .shape = shape,
        .samples = proof->samples,
        .relations = &t->relations,
        .claimed_sums = proof->claimed_sums,
        .alpha = t->composition_coefficient,
        .point = t->points[0],
    };

    return oods_holds(&input) ? ST_OK : fail(why, ST_INVALID, "OodsNotMatching");
}

/* From the samples to the queries. */
static enum status finish_transcript(struct transcript *t, const struct shape *shape,
                                     const struct proof *proof, struct why *why)
{
    struct channel *c = &t->channel;
    enum status st;

    channel_mix_felts(c, proof->samples, PROOF_SAMPLES);
    t->quotient_coefficient = channel_draw_felt(c);
    st = fri_commitments_verify(&t->fri, c, proof, shape->lambda, why);
    if (st)
        return st;
    channel_mix_u64(c, proof->nonce);
    if (channel_trailing_zeros(c) < PROOF_POW_BITS)
        return fail(why, ST_INVALID, "ProofOfWork");
    t->queries = positions_draw(c, shape->lambda);
    return ST_OK;
}

/* ---- openings ---- */

static unsigned columns_of_size(const struct shape *shape, unsigned tree, unsigned size)
{
    unsigned count = 0;

    for (unsigned i = 0; i < shape_tree_columns(shape, tree); i++)
        count += shape_tree(shape, tree)[i].log_rows + 1u == size;
    return count;
}

static enum status check_tree(const struct transcript *t, const struct shape *shape,
                              const struct proof *proof, unsigned tree, struct why *why)
{
    struct merkle_level levels[SHAPE_MAX_SIZES];
    struct merkle_opening opening = {
        .levels = levels,
        .values = proof->queried[tree],
        .value_count = proof->queried_count[tree],
        .hashes = proof->decommitments[tree].hashes,
        .hash_count = proof->decommitments[tree].hash_count,
    };
    enum merkle_verdict verdict;

    for (unsigned i = 0; i < shape->size_count; i++) {
        unsigned size = shape->sizes[i], columns = columns_of_size(shape, tree, size);

        if (columns > 0)
            levels[opening.level_count++] = (struct merkle_level){
                .log_size = size,
                .columns = columns,
                .positions = positions_fold(&t->queries, shape->lambda - size)};
    }
    verdict = merkle_verify(&proof->roots[tree], &opening);
    if (verdict)
        return fail(why, ST_INVALID, "Merkle(%s): tree %u", merkle_verdict_name(verdict), tree);
    return ST_OK;
}

/* Where the opened values of each tree go on: size after size, position by position. */
struct opened {
    const m31 *next[SHAPE_TREES];
};

/* The Merkle check has counted the values. */
static enum status quotient_of_size(struct fri_column *out, struct opened *opened,
                                    const struct transcript *t, const struct shape *shape,
                                    const struct proof *proof, unsigned size, struct why *why)
{
    struct positions positions = positions_fold(&t->queries, shape->lambda - size);
    struct answers answers;

    answers_start(&answers, size, &positions, t->quotient_coefficient);
    for (unsigned tree = 0; tree < SHAPE_TREES; tree++) {
        const struct shape_column *columns = shape_tree(shape, tree);
        unsigned stride = columns_of_size(shape, tree, size);
        const m31 *values = opened->next[tree];

        for (unsigned i = 0; i < shape_tree_columns(shape, tree); i++) {
            const struct shape_column *column = &columns[i];

            if (column->log_rows + 1u != size)
                continue;
            for (unsigned k = 0; k < column->samples; k++)
                answers_add(&answers, &t->points[column->point[k]],
                            proof->samples[column->first_sample + k], values, stride);
            values++;
        }
        opened->next[tree] += (size_t)stride * positions.count;
    }
    out->log_size = size;
    return answers_finish(&answers, out->at, why);
}

static enum status check_openings(const struct transcript *t, const struct shape *shape,
                                  const struct proof *proof, struct why *why)
{
    struct fri_column columns[SHAPE_MAX_SIZES];
    struct opened opened;
    enum status st = ST_OK;

    for (unsigned tree = 0; tree < SHAPE_TREES && !st; tree++) {
        opened.next[tree] = proof->queried[tree];
        st = check_tree(t, shape, proof, tree, why);
    }
    for (unsigned i = 0; i < shape->size_count && !st; i++)
        st = quotient_of_size(&columns[i], &opened, t, shape, proof, shape->sizes[i], why);
    if (!st)
        st = fri_openings_verify(proof, &t->fri, &t->queries, columns, shape->size_count, why);
    return st;
}

/* ---- all of it ---- */

static enum status check_first_commitment(const struct exec *exec, const struct shape *shape,
                                          const struct view *view, const struct proof *proof,
                                          size_t max_memory_bytes, struct why *why)
{
    char expected[65], got[65];
    struct hash root;
    enum status st = preprocessed_root(exec, &root, shape, view, max_memory_bytes, why);

    if (st)
        return st;
    hex_encode(expected, root.b, sizeof root.b);
    hex_encode(got, proof->roots[TREE_PREPROCESSED].b, sizeof root.b);
    if (!bytes_equal(bytes_of(root.b, sizeof root.b),
                     bytes_of(proof->roots[TREE_PREPROCESSED].b, sizeof root.b)))
        return fail(why, ST_INVALID,
                    "InvalidStructure: invalid commitment to preprocessed trace: expected %s, "
                    "got %s",
                    expected, got);
    return ST_OK;
}

static enum status check_core(const struct shape *shape, const struct view *view,
                              const struct proof *proof, struct why *why)
{
    struct transcript t;
    enum status st;

    start_transcript(&t, proof, view);
    st = sample_points(t.points, shape, channel_draw_felt(&t.channel), why);
    if (!st)
        st = check_composition(&t, shape, proof, why);
    if (!st)
        st = finish_transcript(&t, shape, proof, why);
    if (!st)
        st = check_openings(&t, shape, proof, why);
    return st;
}

enum status machine_verify(const struct exec *exec, const struct program *program,
                           const struct machine_statement *statement, const struct proof *proof,
                           const struct machine_verify_limits *limits, struct why *why)
{
    const struct machine_verify_limits defaults = {.max_log_rows = 0};
    struct run run = {.steps = NULL};
    struct machine_logs logs;
    struct shape shape;
    enum status st = check_claimed_sums(proof, why);

    if (!limits)
        limits = &defaults;
    if (!st)
        st = check_log_sizes(&logs, proof, limits->max_log_rows, why);
    if (!st)
        st = expected_view(&run, program, statement, &proof->layout, why);
    if (!st)
        st = check_capacity(&run.view, &logs, why);
    if (st)
        goto out;
    shape_of(&shape, logs);
    st = check_first_commitment(exec, &shape, &run.view, proof, limits->max_memory_bytes, why);
    if (!st)
        st = check_core(&shape, &run.view, proof, why);
out:
    run_fini(&run);
    return st;
}
