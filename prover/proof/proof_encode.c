/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/proof/proof.h"

static void put_varint(struct buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buffer_put_u8(out, (uint8_t)(value | 0x80));
    buffer_put_u8(out, (uint8_t)value);
}

static void put_m31s(struct buffer *out, const m31 *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_varint(out, values[i].v);
}

static void put_qm31s(struct buffer *out, const qm31 *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_m31s(out, values[i].c, 4);
}

static void put_hash(struct buffer *out, const struct hash *hash)
{
    buffer_put(out, hash->b, sizeof hash->b);
}

static void put_samples(struct buffer *out, const qm31 *samples)
{
    const struct proof_sample_run *run = proof_sample_runs;

    put_varint(out, PROOF_TREES);
    for (unsigned tree = 0; tree < PROOF_TREES; tree++) {
        put_varint(out, proof_columns[tree]);
        for (unsigned column = 0; column < proof_columns[tree]; run++) {
            for (unsigned i = 0; i < run->columns; i++) {
                put_varint(out, run->values);
                put_qm31s(out, samples, run->values);
                samples += run->values;
            }
            column += run->columns;
        }
    }
}

static void put_decommitment(struct buffer *out, const struct decommitment *d)
{
    put_varint(out, d->hash_count);
    for (size_t i = 0; i < d->hash_count; i++)
        put_hash(out, &d->hashes[i]);
    put_varint(out, 0); /* column witness */
}

static void put_fri_layer(struct buffer *out, const struct fri_layer_proof *layer)
{
    put_varint(out, layer->witness_count);
    put_qm31s(out, layer->witness, layer->witness_count);
    put_decommitment(out, &layer->decommitment);
    put_hash(out, &layer->root);
}

static void put_fri(struct buffer *out, const struct proof *proof)
{
    put_fri_layer(out, &proof->first_layer);
    put_varint(out, proof->inner_count);
    for (size_t i = 0; i < proof->inner_count; i++)
        put_fri_layer(out, &proof->inner_layers[i]);
    put_varint(out, 1);
    put_qm31s(out, &proof->last_coefficient, 1);
    put_varint(out, PROOF_LOG_LAST_LAYER);
}

static void put_layout(struct buffer *out, const struct memory_layout *l)
{
    const uint32_t words[] = {l->public_input, l->exit_code,    l->public_output,
                              l->heap,         l->stack_bottom, l->stack_top,
                              l->end};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        put_varint(out, words[i]);
}

void proof_encode(struct buffer *out, const struct proof *proof)
{
    put_varint(out, PROOF_POW_BITS);
    put_varint(out, PROOF_LOG_BLOWUP);
    put_varint(out, PROOF_LOG_LAST_LAYER);
    put_varint(out, PROOF_QUERIES);
    put_varint(out, PROOF_TREES);
    for (int tree = 0; tree < PROOF_TREES; tree++)
        put_hash(out, &proof->roots[tree]);
    put_samples(out, proof->samples);
    put_varint(out, PROOF_TREES);
    for (int tree = 0; tree < PROOF_TREES; tree++)
        put_decommitment(out, &proof->decommitments[tree]);
    put_varint(out, PROOF_TREES);
    for (int tree = 0; tree < PROOF_TREES; tree++) {
        put_varint(out, proof->queried_count[tree]);
        put_m31s(out, proof->queried[tree], proof->queried_count[tree]);
    }
    put_varint(out, proof->nonce);
    put_fri(out, proof);
    put_varint(out, PROOF_COMPONENTS);
    put_qm31s(out, proof->claimed_sums, PROOF_COMPONENTS);
    put_varint(out, PROOF_COMPONENTS);
    for (int i = 0; i < PROOF_COMPONENTS; i++)
        put_varint(out, proof->log_sizes[i]);
    put_layout(out, &proof->layout);
}
