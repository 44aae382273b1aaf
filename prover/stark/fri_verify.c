/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/fri_verify.h"

#include <assert.h>
#include <string.h>

#include "prover/circle/point.h"
#include "prover/stark/merkle_verify.h"

#define MAX_COLUMNS 8

struct pairs { /* a layer's values at both members of each pair that has a query */
    struct positions positions;
    qm31 value[POSITIONS_MAX];
};

struct witness { /* values that the proof gives, in the order in which they are needed */
    const qm31 *next;
    size_t left;
};

/* ---- commitments ---- */

enum status fri_commitments_verify(struct fri_challenges *out, struct channel *c,
                                   const struct proof *proof, unsigned lambda, struct why *why)
{
    struct fri_challenges challenges = {.lambda = lambda};

    assert(lambda >= 3 && lambda <= PROOF_MAX_LAMBDA);
    channel_mix_root(c, &proof->first_layer.root);
    challenges.first = channel_draw_felt(c);
    if (proof->inner_count != lambda - 2)
        return fail(why, ST_INVALID, "Fri(InvalidNumFriLayers): %zu inner layers, expected %u",
                    proof->inner_count, lambda - 2);
    for (size_t i = 0; i < proof->inner_count; i++) {
        channel_mix_root(c, &proof->inner_layers[i].root);
        challenges.inner[i] = channel_draw_felt(c);
    }
    channel_mix_felts(c, &proof->last_coefficient, 1);
    *out = challenges;
    return ST_OK;
}

/* ---- pairs ---- */

/* False when the witness is too short. */
static bool complete_pairs(struct pairs *out, const struct positions *positions, const qm31 *values,
                           struct witness *witness)
{
    unsigned known = 0;

    out->positions = positions_pairs(positions);
    for (unsigned i = 0; i < out->positions.count; i++) {
        if (known < positions->count && positions->at[known] == out->positions.at[i]) {
            out->value[i] = values[known++];
        } else if (witness->left > 0) {
            out->value[i] = *witness->next++;
            witness->left--;
        } else {
            return false;
        }
    }
    return true;
}

/* (f0 + f1) + alpha (f0 - f1) / twiddle */
static qm31 fold(const qm31 pair[2], qm31 alpha, m31 twiddle)
{
    qm31 difference = qm31_mul_m31(qm31_sub(pair[0], pair[1]), m31_inv(twiddle));

    return qm31_add(qm31_add(pair[0], pair[1]), qm31_mul(alpha, difference));
}

/* Both give a value for each pair. Twiddles are coordinates of points of order above 4: not 0. */
static void fold_circle(qm31 *out, const struct pairs *p, unsigned log_size, qm31 alpha)
{
    for (unsigned i = 0; i < p->positions.count; i += 2)
        out[i / 2] = fold(&p->value[i], alpha,
                          circle_point_of(circle_domain_index(log_size, p->positions.at[i])).y);
}

static void fold_line(qm31 *out, const struct pairs *p, unsigned log_size, qm31 alpha)
{
    for (unsigned i = 0; i < p->positions.count; i += 2)
        out[i / 2] = fold(&p->value[i], alpha, circle_line_x(log_size, p->positions.at[i]));
}

static enum merkle_verdict check_tree(const struct fri_layer_proof *layer,
                                      const struct pairs *pairs, const unsigned *log_sizes,
                                      unsigned count)
{
    struct merkle_level levels[MAX_COLUMNS];
    m31 values[MAX_COLUMNS * POSITIONS_MAX * 4];
    struct merkle_opening opening = {.levels = levels,
                                     .level_count = count,
                                     .values = values,
                                     .hashes = layer->decommitment.hashes,
                                     .hash_count = layer->decommitment.hash_count};

    for (unsigned i = 0; i < count; i++) {
        levels[i] = (struct merkle_level){
            .log_size = log_sizes[i], .columns = 4, .positions = pairs[i].positions};
        for (unsigned k = 0; k < pairs[i].positions.count; k++) {
            memcpy(values + opening.value_count, pairs[i].value[k].c, 4 * sizeof *values);
            opening.value_count += 4;
        }
    }
    return merkle_verify(&layer->root, &opening);
}

/* ---- layers ---- */

/* pairs[i] gets the values of columns[i]. */
static enum status open_first_layer(struct pairs *pairs, const struct proof *proof,
                                    const struct fri_challenges *challenges,
                                    const struct positions *queries,
                                    const struct fri_column *columns, unsigned count,
                                    struct why *why)
{
    const struct fri_layer_proof *layer = &proof->first_layer;
    struct witness witness = {layer->witness, layer->witness_count};
    unsigned log_sizes[MAX_COLUMNS];
    enum merkle_verdict verdict;
    bool enough = true;

    for (unsigned i = 0; i < count && enough; i++) {
        struct positions p = positions_fold(queries, challenges->lambda - columns[i].log_size);

        log_sizes[i] = columns[i].log_size;
        enough = complete_pairs(&pairs[i], &p, columns[i].at, &witness);
    }
    if (!enough || witness.left)
        return fail(why, ST_INVALID,
                    "Fri(FirstLayerEvaluationsInvalid): fri.first_layer.fri_witness has too %s "
                    "values",
                    enough ? "many" : "few");
    verdict = check_tree(layer, pairs, log_sizes, count);
    if (verdict)
        return fail(why, ST_INVALID, "Fri(FirstLayerCommitmentInvalid{%s})",
                    merkle_verdict_name(verdict));
    return ST_OK;
}

struct line { /* the values that are folded from layer to layer, at the folded queries */
    unsigned log_size;
    struct positions positions;
    qm31 value[POSITIONS_QUERIES];
};

/* e <- e alpha^2 + circle-fold of the column that is twice as long as the layer. The alpha is the
 * one that folded the layer before. */
static void join(struct line *line, const struct pairs *column, qm31 alpha)
{
    qm31 square = qm31_mul(alpha, alpha);
    qm31 folded[POSITIONS_QUERIES];

    fold_circle(folded, column, line->log_size + 1, alpha);
    for (unsigned k = 0; k < line->positions.count; k++)
        line->value[k] = qm31_add(qm31_mul(line->value[k], square), folded[k]);
}

static enum status open_inner_layer(struct line *line, const struct fri_layer_proof *layer,
                                    size_t number, qm31 alpha, struct why *why)
{
    struct witness witness = {layer->witness, layer->witness_count};
    enum merkle_verdict verdict;
    struct pairs pairs;
    bool enough = complete_pairs(&pairs, &line->positions, line->value, &witness);

    if (!enough || witness.left)
        return fail(why, ST_INVALID,
                    "Fri(InnerLayerEvaluationsInvalid{%zu}): fri.inner_layers[%zu].fri_witness "
                    "has too %s values",
                    number, number, enough ? "many" : "few");
    verdict = check_tree(layer, &pairs, &line->log_size, 1);
    if (verdict)
        return fail(why, ST_INVALID, "Fri(InnerLayerCommitmentInvalid{%zu, %s})", number,
                    merkle_verdict_name(verdict));
    fold_line(line->value, &pairs, line->log_size, alpha);
    line->positions = positions_fold(&line->positions, 1);
    line->log_size--;
    return ST_OK;
}

enum status fri_openings_verify(const struct proof *proof, const struct fri_challenges *challenges,
                                const struct positions *queries, const struct fri_column *columns,
                                unsigned column_count, struct why *why)
{
    struct pairs pairs[MAX_COLUMNS];
    struct line line = {.log_size = challenges->lambda - 1,
                        .positions = positions_fold(queries, 1)};
    qm31 alpha = challenges->first;
    unsigned joined = 0;
    enum status st;

    assert(column_count > 0 && column_count <= MAX_COLUMNS);
    assert(columns[0].log_size == challenges->lambda);
    st = open_first_layer(pairs, proof, challenges, queries, columns, column_count, why);
    for (size_t i = 0; i < proof->inner_count && !st; i++) {
        if (joined < column_count && columns[joined].log_size == line.log_size + 1)
            join(&line, &pairs[joined++], alpha);
        alpha = challenges->inner[i];
        st = open_inner_layer(&line, &proof->inner_layers[i], i, alpha, why);
    }
    if (st)
        return st;
    assert(joined == column_count && line.log_size == 1);
    for (unsigned k = 0; k < line.positions.count; k++)
        if (!qm31_eq(line.value[k], proof->last_coefficient))
            return fail(why, ST_INVALID, "Fri(LastLayerEvaluationsInvalid)");
    return ST_OK;
}
