/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over the bytes, made twice: first it checks and counts, then it stores into a block of
 * exactly the counted size. A third use of the same walk names the field at an offset.
 *
 * Once a field is refused the reader is failed for good: every later read gives 0 and every loop
 * ends, so the walk reads like the grammar of components.md 9.2.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "prover/proof/reader.h"

#define MAX_SIZES  7                      /* distinct LDE log sizes (components.md 9.4) */
#define MAX_HASHES (3 * PROOF_MAX_LAMBDA) /* a tree of that height and three queries, B9 */
#define MIN_LOG    4
#define MAIN_LOG   8
#define MAX_LOG    27 /* B16: then no LDE log size exceeds PROOF_MAX_LAMBDA */

const uint16_t proof_columns[PROOF_TREES] = {46, 299, 912, 4};

const struct proof_sample_run proof_sample_runs[] = {
    {46, 1},                                               /* tree 0 */
    {4, 2},   {78, 1}, {1, 2}, {216, 1},                   /* tree 1: Pc and IsPadding */
    {828, 1}, {8, 2},  {8, 1}, {4, 2},   {40, 1}, {24, 2}, /* tree 2: running sums */
    {4, 1},                                                /* tree 3 */
};

/* Log sizes that never change; 0 where they do (components.md 4.1). */
static const uint8_t fixed_log_sizes[PROOF_COMPONENTS] = {0, 5, 8, 0, 4, 4, 5, 7, 8};

static const char *const layout_names[7] = {
    "public_input", "exit_code", "public_output", "heap", "stack_bottom", "stack_top", "end"};

static struct reader_bound exactly(size_t count, const char *noun)
{
    return (struct reader_bound){"InvalidStructure", count, count, noun};
}

/* ---- the grammar ---- */

static void read_config(struct reader *r)
{
    reader_enter(r, "config");
    reader_expect(r, "pow_bits", "InvalidStructure", PROOF_POW_BITS);
    reader_expect(r, "log_blowup_factor", "InvalidStructure", PROOF_LOG_BLOWUP);
    reader_expect(r, "log_last_layer_degree_bound", "InvalidStructure", PROOF_LOG_LAST_LAYER);
    reader_expect(r, "n_queries", "InvalidStructure", PROOF_QUERIES);
    reader_leave(r);
}

static size_t read_tree_count(struct reader *r)
{
    return reader_count(r, exactly(PROOF_TREES, "trees"));
}

static void read_commitments(struct reader *r, struct proof *p)
{
    size_t trees;

    reader_enter(r, "commitments");
    trees = read_tree_count(r);
    for (size_t tree = 0; tree < trees && reader_going(r); tree++) {
        reader_enter_element(r, tree);
        p->roots[tree] = reader_hash(r);
        reader_leave(r);
    }
    reader_leave(r);
}

static void read_sampled_column(struct reader *r, size_t column, size_t values)
{
    reader_enter_element(r, column);
    reader_qm31s(r, reader_count(r, exactly(values, "values")));
    reader_leave(r);
}

static void read_samples(struct reader *r, struct proof *p)
{
    const struct proof_sample_run *run = proof_sample_runs;
    size_t trees;

    reader_enter(r, "sampled_values");
    p->samples = reader_secure_values(r);
    trees = read_tree_count(r);
    for (size_t tree = 0; tree < trees && reader_going(r); tree++) {
        size_t columns = proof_columns[tree];

        reader_enter_element(r, tree);
        reader_count(r, exactly(columns, "columns"));
        for (size_t column = 0; column < columns; run++) {
            for (size_t i = 0; i < run->columns && reader_going(r); i++)
                read_sampled_column(r, column + i, run->values);
            column += run->columns;
        }
        reader_leave(r);
    }
    reader_leave(r);
}

static struct decommitment read_decommitment(struct reader *r, const char *too_long)
{
    struct decommitment d = {.hash_count = 0};

    reader_enter(r, "hash_witness");
    d.hash_count = reader_count(r, (struct reader_bound){too_long, 0, MAX_HASHES, "hashes"});
    if (r->hashes)
        d.hashes = r->hashes + r->hash_count;
    reader_hashes(r, d.hash_count);
    reader_leave(r);
    reader_enter(r, "column_witness");
    reader_count(r, (struct reader_bound){too_long, 0, 0, "values"});
    reader_leave(r);
    return d;
}

static void read_decommitments(struct reader *r, struct proof *p)
{
    size_t trees;

    reader_enter(r, "decommitments");
    trees = read_tree_count(r);
    for (size_t tree = 0; tree < trees && reader_going(r); tree++) {
        reader_enter_element(r, tree);
        p->decommitments[tree] = read_decommitment(r, "Merkle(WitnessTooLong)");
        reader_leave(r);
    }
    reader_leave(r);
}

/* One to three positions at every size, so between one and three values of each column (B10). */
static size_t read_queried_count(struct reader *r, size_t columns)
{
    uint64_t count = reader_count(r, (struct reader_bound){"Merkle(TooManyQueriedValues)", 0,
                                                           PROOF_QUERIES * columns, "values"});

    if (reader_going(r) && count < columns)
        reader_refuse(r, "Merkle(TooFewQueriedValues)", "has less than one value of each column");
    return (size_t)count;
}

static void read_queried(struct reader *r, struct proof *p)
{
    size_t trees;

    reader_enter(r, "queried_values");
    trees = read_tree_count(r);
    for (size_t tree = 0; tree < trees && reader_going(r); tree++) {
        reader_enter_element(r, tree);
        p->queried_count[tree] = read_queried_count(r, proof_columns[tree]);
        p->queried[tree] = reader_values(r);
        reader_m31s(r, p->queried_count[tree]);
        reader_leave(r);
    }
    reader_leave(r);
}

struct fri_layer_errors {
    const char *evaluations, *commitment;
};

static struct fri_layer_proof read_fri_layer(struct reader *r, size_t most_values,
                                             struct fri_layer_errors errors)
{
    struct fri_layer_proof layer = {.witness_count = 0};

    reader_enter(r, "fri_witness");
    layer.witness_count =
        reader_count(r, (struct reader_bound){errors.evaluations, 0, most_values, "values"});
    layer.witness = reader_secure_values(r);
    reader_qm31s(r, layer.witness_count);
    reader_leave(r);
    layer.decommitment = read_decommitment(r, errors.commitment);
    reader_enter(r, "commitment");
    layer.root = reader_hash(r);
    reader_leave(r);
    return layer;
}

static void read_inner_layers(struct reader *r, struct proof *p)
{
    reader_enter(r, "inner_layers");
    p->inner_count = reader_count(
        r, (struct reader_bound){"Fri(InvalidNumFriLayers)", 0, PROOF_MAX_LAMBDA - 2, "layers"});
    for (size_t i = 0; i < p->inner_count && reader_going(r); i++) {
        char evaluations[64], commitment[80];

        snprintf(evaluations, sizeof evaluations, "Fri(InnerLayerEvaluationsInvalid{%zu})", i);
        snprintf(commitment, sizeof commitment,
                 "Fri(InnerLayerCommitmentInvalid{%zu, WitnessTooLong})", i);
        reader_enter_element(r, i);
        p->inner_layers[i] =
            read_fri_layer(r, PROOF_QUERIES, (struct fri_layer_errors){evaluations, commitment});
        reader_leave(r);
    }
    reader_leave(r);
}

static void read_last_layer(struct reader *r, struct proof *p)
{
    reader_enter(r, "last_layer_poly");
    reader_enter(r, "coeffs");
    reader_count(r, exactly(1, "coefficients"));
    p->last_coefficient = reader_qm31(r, 0);
    reader_leave(r);
    reader_expect(r, "log_size", "Fri(LastLayerDegreeInvalid)", PROOF_LOG_LAST_LAYER);
    reader_leave(r);
}

static void read_fri(struct reader *r, struct proof *p)
{
    reader_enter(r, "fri");
    reader_enter(r, "first_layer");
    p->first_layer = read_fri_layer(
        r, PROOF_QUERIES * MAX_SIZES,
        (struct fri_layer_errors){"Fri(FirstLayerEvaluationsInvalid)",
                                  "Fri(FirstLayerCommitmentInvalid{WitnessTooLong})"});
    reader_leave(r);
    read_inner_layers(r, p);
    read_last_layer(r, p);
    reader_leave(r);
}

static void read_claimed_sums(struct reader *r, struct proof *p)
{
    reader_enter(r, "claimed_sum");
    reader_count(r, (struct reader_bound){"InvalidStructure: claimed sum len mismatch",
                                          PROOF_COMPONENTS, PROOF_COMPONENTS, "values"});
    for (size_t i = 0; i < PROOF_COMPONENTS; i++)
        p->claimed_sums[i] = reader_qm31(r, i);
    reader_leave(r);
}

static void check_log_size(struct reader *r, unsigned component, uint32_t log_size)
{
    unsigned fixed = fixed_log_sizes[component];
    unsigned low = fixed ? fixed : component == 0 ? MAIN_LOG : MIN_LOG;
    unsigned high = fixed ? fixed : MAX_LOG;
    char words[64];

    if (log_size >= low && log_size <= high)
        return;
    if (fixed)
        snprintf(words, sizeof words, "is %u, expected %u", log_size, fixed);
    else
        snprintf(words, sizeof words, "is %u, expected %u to %u", log_size, low, high);
    reader_refuse(r, "InvalidStructure", words);
}

static void read_log_sizes(struct reader *r, struct proof *p)
{
    reader_enter(r, "log_size");
    reader_count(r, (struct reader_bound){"InvalidStructure: log size len mismatch",
                                          PROOF_COMPONENTS, PROOF_COMPONENTS, "values"});
    for (unsigned i = 0; i < PROOF_COMPONENTS && reader_going(r); i++) {
        reader_enter_element(r, i);
        p->log_sizes[i] = (uint32_t)reader_varint(r, UINT32_MAX);
        if (reader_going(r))
            check_log_size(r, i, p->log_sizes[i]);
        reader_leave(r);
    }
    reader_leave(r);
}

/* No prover emits regions out of order or off a word. The end may be odd: it lies behind the bytes
 * of the associated data (vm.md 9). */
static void read_layout(struct reader *r, struct proof *p)
{
    struct memory_layout *l = &p->layout;
    uint32_t *const words[7] = {&l->public_input, &l->exit_code,    &l->public_output,
                                &l->heap,         &l->stack_bottom, &l->stack_top,
                                &l->end};

    reader_enter(r, "memory_layout");
    for (int i = 0; i < 7 && reader_going(r); i++) {
        reader_enter(r, layout_names[i]);
        *words[i] = (uint32_t)reader_varint(r, UINT32_MAX);
        if (reader_going(r) && i > 0 && *words[i] < *words[i - 1])
            reader_refuse(r, "InvalidStructure", "lies below the word before it");
        if (reader_going(r) && i < 6 && *words[i] % 4)
            reader_refuse(r, "InvalidStructure", "is not a multiple of 4");
        reader_leave(r);
    }
    reader_leave(r);
}

unsigned proof_lambda(const uint32_t log_sizes[static PROOF_COMPONENTS])
{
    uint32_t longest = log_sizes[0] + 1; /* the main component's degree bound is one higher */

    for (int i = 1; i < PROOF_COMPONENTS; i++)
        longest = log_sizes[i] > longest ? log_sizes[i] : longest;
    return longest + 2; /* the composition's log size + the blowup */
}

/* Only now are the sizes known that say how many layers there must be. */
static void check_layer_count(struct reader *r, const struct proof *p)
{
    size_t expected = proof_lambda(p->log_sizes) - 2;

    if (p->inner_count != expected)
        r->st = fail(r->why, ST_INVALID,
                     "Fri(InvalidNumFriLayers): fri.inner_layers has %zu layers, expected %zu",
                     p->inner_count, expected);
}

static void read_proof(struct reader *r, struct proof *p)
{
    read_config(r);
    read_commitments(r, p);
    read_samples(r, p);
    read_decommitments(r, p);
    read_queried(r, p);
    reader_enter(r, "proof_of_work");
    p->nonce = reader_varint(r, UINT64_MAX);
    reader_leave(r);
    read_fri(r, p);
    read_claimed_sums(r, p);
    read_log_sizes(r, p);
    read_layout(r, p);
    if (reader_going(r) && r->at != r->in.size)
        r->st = fail(r->why, ST_INVALID, "InvalidStructure: %zu bytes after the end of the proof",
                     r->in.size - r->at);
    if (reader_going(r))
        check_layer_count(r, p);
}

/* ---- the door ---- */

static struct reader reader_of(struct bytes encoded, struct why *why)
{
    return (struct reader){.in = encoded, .why = why};
}

enum status proof_decode(struct proof *out, struct bytes encoded, struct why *why)
{
    struct proof counted = {.nonce = 0}, stored = {.nonce = 0};
    struct reader counting = reader_of(encoded, why), storing = reader_of(encoded, why);

    if (encoded.size > PROOF_MAX_SIZE)
        return fail(why, ST_INVALID, "InvalidStructure: the proof has %zu bytes, at most %zu",
                    encoded.size, PROOF_MAX_SIZE);
    read_proof(&counting, &counted);
    if (counting.st)
        return counting.st;

    /* A value takes at least one byte of the input and four here, a hash 32 and 32. */
    stored.storage =
        malloc(counting.value_count * sizeof(m31) + counting.hash_count * sizeof(struct hash));
    if (!stored.storage)
        return fail(why, ST_NO_MEMORY, "proof: out of memory");
    storing.values = stored.storage;
    storing.hashes = (struct hash *)(storing.values + counting.value_count);
    read_proof(&storing, &stored);
    assert(!storing.st); /* the same bytes again */
    *out = stored;
    return ST_OK;
}

void proof_fini(struct proof *p)
{
    free(p->storage);
    *p = (struct proof){.nonce = 0};
}

void proof_field_at(char *out, size_t size, struct bytes encoded, size_t offset)
{
    struct proof ignored = {.nonce = 0};
    struct reader r = reader_of(encoded, NULL);

    out[0] = 0;
    r.wanted = offset;
    r.name = out;
    r.name_size = size;
    read_proof(&r, &ignored);
    if (out[0] == 0)
        snprintf(out, size, "%s", "end");
}
