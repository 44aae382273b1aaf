/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/stages.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "prover/air/component.h"
#include "prover/circle/fft.h"

struct stages {
    struct stage_sink base; /* first, so that a cast back is valid */
    json_t *root;
    m31 *scratch; /* one column, grown to the largest */
    size_t scratch_rows;
    bool failed;
};

static const char *const relation_names[RELATION_COUNT] = {
    "BitOpLookupElements",         "LoadStoreLookupElements", "ProgramCheckLookupElements",
    "RegisterCheckLookupElements", "Range8LookupElements",    "Range16LookupElements",
    "Range32LookupElements",       "Range128LookupElements",  "Range256LookupElements"};

static struct stages *stages_of(struct stage_sink *s)
{
    return (struct stages *)s;
}

/* json_*_new fail by giving NULL, and so do the setters that take it: one flag remembers. */
static void put(struct stages *s, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        s->failed = true;
}

static void append(struct stages *s, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        s->failed = true;
}

/* The object or array under a key, made at its first use. */
static json_t *member(struct stages *s, const char *key, json_t *(*make)(void))
{
    json_t *found = json_object_get(s->root, key);

    if (!found) {
        put(s, s->root, key, make());
        found = json_object_get(s->root, key);
    }
    return found;
}

static json_t *felt_json(struct stages *s, qm31 value)
{
    json_t *array = json_array();

    for (int i = 0; i < 4; i++)
        append(s, array, json_integer((json_int_t)value.c[i].v));
    return array;
}

static json_t *hash_json(const struct hash *h)
{
    char text[2 * sizeof h->b + 1];

    hex_encode(text, h->b, sizeof h->b);
    return json_string(text);
}

/* Digest of a column as little-endian words. */
static json_t *column_json(const m31 *values, size_t count)
{
    struct blake2s state;
    struct hash digest;

    blake2s_init(&state);
    for (size_t i = 0; i < count; i++) {
        uint8_t word[4];

        store_le32(word, values[i].v);
        blake2s_update(&state, word, sizeof word);
    }
    digest = blake2s_final(&state);
    return hash_json(&digest);
}

static json_t *coordinates_json(struct stages *s, const m31 *const coordinates[4],
                                unsigned log_size)
{
    json_t *array = json_array();

    for (int i = 0; i < 4; i++)
        append(s, array, column_json(coordinates[i], (size_t)1 << log_size));
    return array;
}

static void on_log_sizes(struct stage_sink *sink, uint64_t steps, const unsigned *log_sizes,
                         size_t count, const struct hash *channel)
{
    struct stages *s = stages_of(sink);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        append(s, list, json_integer(log_sizes[i]));
    put(s, s->root, "num_steps", json_integer((json_int_t)steps));
    put(s, s->root, "component_log_sizes", list);
    put(s, s->root, "channel_after_log_sizes", hash_json(channel));
}

/* Room for one trace column; NULL when there is no memory. */
static m31 *scratch(struct stages *s, size_t rows)
{
    if (rows > s->scratch_rows) {
        free(s->scratch);
        s->scratch = aligned_alloc(ARENA_ALIGN, rows * sizeof(m31) + ARENA_ALIGN);
        s->scratch_rows = s->scratch ? rows : 0;
        s->failed |= !s->scratch;
    }
    return s->scratch;
}

static json_t *committed_json(struct stages *s, const struct stage_context *context,
                              const m31 *committed, unsigned log_rows, bool with_values)
{
    struct circle_run first_run = {.log = log_rows, .domain = log_rows + 1, .number = 0};
    struct circle_run trace = {.log = log_rows, .domain = log_rows, .number = 0};
    size_t rows = (size_t)1 << log_rows;
    m31 *column = scratch(s, rows);
    json_t *object = json_object();

    put(s, object, "log_size", json_integer(log_rows));
    put(s, object, "extended", column_json(committed, 2 * rows));
    if (!column)
        return object;
    circle_interpolate_run(context->exec, column, committed, first_run, context->twiddles);
    put(s, object, "coefficients", column_json(column, rows));
    if (with_values) {
        circle_evaluate_run(context->exec, column, column, trace, context->twiddles);
        put(s, object, "values", column_json(column, rows));
    }
    return object;
}

static void on_tree(struct stage_sink *sink, const struct stage_context *context, unsigned tree,
                    const struct matrix *committed, size_t count, const struct hash *root,
                    const struct hash *channel)
{
    struct stages *s = stages_of(sink);
    json_t *object = json_object(), *columns = json_array();

    for (size_t m = 0; m < count; m++)
        for (size_t i = 0; i < committed[m].columns; i++)
            append(s, columns,
                   committed_json(s, context, matrix_column(&committed[m], i),
                                  committed[m].log_rows - 1, tree < TREE_COUNT));
    put(s, object, "root", hash_json(root));
    put(s, object, "channel_after", hash_json(channel));
    put(s, object, "columns", columns);
    append(s, member(s, "trees", json_array), object);
}

static void on_relation(struct stage_sink *sink, unsigned relation, qm31 z, qm31 alpha)
{
    struct stages *s = stages_of(sink);
    json_t *object = json_object();

    put(s, object, "z", felt_json(s, z));
    put(s, object, "alpha", felt_json(s, alpha));
    put(s, member(s, "lookup_elements", json_object), relation_names[relation], object);
}

static void on_claimed_sums(struct stage_sink *sink, const qm31 *sums, size_t count)
{
    struct stages *s = stages_of(sink);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        append(s, list, felt_json(s, sums[i]));
    put(s, s->root, "claimed_sums", list);
}

static void on_felt(struct stage_sink *sink, enum stage_felt which, qm31 value)
{
    struct stages *s = stages_of(sink);
    json_t *v = felt_json(s, value);

    switch (which) {
    case STAGE_COMPOSITION_COEFFICIENT:
        put(s, s->root, "composition_random_coeff", v);
        break;
    case STAGE_POINT_X:
        put(s, member(s, "oods_point", json_object), "x", v);
        break;
    case STAGE_POINT_Y:
        put(s, member(s, "oods_point", json_object), "y", v);
        break;
    case STAGE_QUOTIENT_COEFFICIENT:
        put(s, s->root, "quotient_random_coeff", v);
        break;
    case STAGE_FRI_CIRCLE_ALPHA:
        put(s, s->root, "fri_circle_alpha", v);
        break;
    }
}

static void on_samples(struct stage_sink *sink, const qm31 *samples, size_t count,
                       const struct hash *channel)
{
    struct stages *s = stages_of(sink);

    (void)samples; /* the golden dumps know them by the channel only */
    (void)count;
    put(s, s->root, "channel_after_sampled_values", hash_json(channel));
}

static void on_quotients(struct stage_sink *sink, unsigned log_size,
                         const m31 *const coordinates[4])
{
    struct stages *s = stages_of(sink);
    json_t *object = json_object();

    put(s, object, "log_size", json_integer(log_size));
    put(s, object, "coordinates", coordinates_json(s, coordinates, log_size));
    append(s, member(s, "quotients", json_array), object);
}

static void on_fri_first(struct stage_sink *sink, const struct hash *root,
                         const struct hash *channel)
{
    struct stages *s = stages_of(sink);
    json_t *object = json_object();

    put(s, object, "root", hash_json(root));
    put(s, object, "channel_after", hash_json(channel));
    put(s, s->root, "fri_first_layer", object);
}

static void on_fri_inner(struct stage_sink *sink, const struct stage_fri_layer *layer)
{
    struct stages *s = stages_of(sink);
    json_t *object = json_object();

    put(s, object, "log_size", json_integer(layer->log_size));
    put(s, object, "root", hash_json(&layer->root));
    put(s, object, "coordinates", coordinates_json(s, layer->coordinates, layer->log_size));
    put(s, object, "alpha", felt_json(s, layer->alpha));
    append(s, member(s, "fri_inner_layers", json_array), object);
}

static void on_fri_last(struct stage_sink *sink, qm31 coefficient, const struct hash *channel)
{
    struct stages *s = stages_of(sink);
    json_t *object = json_object(), *list = json_array();

    append(s, list, felt_json(s, coefficient));
    put(s, object, "coefficients", list);
    put(s, object, "channel_after", hash_json(channel));
    put(s, s->root, "fri_last_layer", object);
}

static void on_proof_of_work(struct stage_sink *sink, uint64_t nonce, const struct hash *channel)
{
    struct stages *s = stages_of(sink);
    json_t *object = json_object();

    put(s, object, "nonce", json_integer((json_int_t)nonce));
    put(s, object, "channel_after", hash_json(channel));
    put(s, s->root, "proof_of_work", object);
}

static void on_queries(struct stage_sink *sink, unsigned log_size,
                       const struct positions *positions)
{
    struct stages *s = stages_of(sink);
    json_t *list = json_array();
    char key[16];

    for (unsigned i = 0; i < positions->count; i++)
        append(s, list, json_integer(positions->at[i]));
    snprintf(key, sizeof key, "%u", log_size);
    put(s, member(s, "query_positions", json_object), key, list);
}

static const struct stage_sink_ops ops = {
    .log_sizes = on_log_sizes,
    .tree = on_tree,
    .relation = on_relation,
    .claimed_sums = on_claimed_sums,
    .felt = on_felt,
    .samples = on_samples,
    .quotients = on_quotients,
    .fri_first = on_fri_first,
    .fri_inner = on_fri_inner,
    .fri_last = on_fri_last,
    .proof_of_work = on_proof_of_work,
    .queries = on_queries,
};

enum status stages_new(struct stages **out, struct why *why)
{
    struct stages *s = calloc(1, sizeof *s);

    if (!s || !(s->root = json_object())) {
        free(s);
        return fail(why, ST_NO_MEMORY, "stage dump: out of memory");
    }
    s->base.ops = &ops;
    *out = s;
    return ST_OK;
}

void stages_free(struct stages *s)
{
    if (!s)
        return;
    json_decref(s->root);
    free(s->scratch);
    free(s);
}

struct stage_sink *stages_sink(struct stages *s)
{
    return &s->base;
}

enum status stages_write(const struct stages *s, struct buffer *out, struct why *why)
{
    char *text = s->failed ? NULL : json_dumps(s->root, JSON_COMPACT | JSON_SORT_KEYS);

    if (!text)
        return fail(why, ST_NO_MEMORY, "stage dump: out of memory");
    buffer_put_text(out, text);
    buffer_put_u8(out, '\n');
    free(text);
    return ST_OK;
}
