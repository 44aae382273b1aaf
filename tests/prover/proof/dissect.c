/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "tests/prover/proof/dissect.h"

#include <stdlib.h>

struct cutter {
    struct dissection *d;
    struct bytes in;
    size_t at;
};

static struct part *add(struct cutter *c, enum part_kind kind)
{
    struct dissection *d = c->d;

    if (d->count == d->capacity) {
        d->capacity = d->capacity ? 2 * d->capacity : 4096;
        d->parts = realloc(d->parts, d->capacity * sizeof *d->parts);
        assert_non_null(d->parts);
    }
    d->parts[d->count] = (struct part){.kind = kind, .at = c->at};
    return &d->parts[d->count++];
}

static uint64_t varint(struct cutter *c, struct part *part)
{
    unsigned shift = 0;
    uint8_t byte;

    do {
        assert_true(c->at < c->in.size && shift < 70);
        byte = c->in.data[c->at++];
        part->value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    part->size = c->at - part->at;
    return part->value;
}

static void integer(struct cutter *c)
{
    varint(c, add(c, PART_INTEGER));
}

static void element(struct cutter *c)
{
    struct part *p = add(c, PART_INTEGER);

    p->is_m31 = true;
    varint(c, p);
}

static void secure(struct cutter *c)
{
    for (int i = 0; i < 4; i++)
        element(c);
}

static void hash(struct cutter *c)
{
    add(c, PART_HASH)->size = 32;
    c->at += 32;
}

/* Returns the part number of the count. */
static size_t list(struct cutter *c, void (*one)(struct cutter *))
{
    size_t number = c->d->count;
    uint64_t n = varint(c, add(c, PART_COUNT));

    c->d->parts[number].last = c->at;
    for (uint64_t i = 0; i < n; i++) {
        c->d->parts[number].last = c->at;
        one(c);
    }
    c->d->parts[number].end = c->at;
    return number;
}

static void sampled_column(struct cutter *c)
{
    c->d->lists.sampled_column = list(c, secure);
}

static void sampled_tree(struct cutter *c)
{
    struct lists *l = &c->d->lists;
    int tree = 0;

    while (l->sampled_tree[tree])
        tree++;
    l->sampled_tree[tree] = 1; /* its place is taken; the number comes below */
    l->sampled_tree[tree] = list(c, sampled_column);
}

static void decommitment(struct cutter *c)
{
    struct lists *l = &c->d->lists;
    int tree = 0;

    while (l->hash_witness[tree])
        tree++;
    l->hash_witness[tree] = list(c, hash);
    l->column_witness[tree] = list(c, element);
}

static void queried_tree(struct cutter *c)
{
    struct lists *l = &c->d->lists;
    int tree = 0;

    while (l->queried_tree[tree])
        tree++;
    l->queried_tree[tree] = list(c, element);
}

static void inner_layer(struct cutter *c)
{
    struct lists *l = &c->d->lists;
    int i = 0;

    while (l->inner_witness[i])
        i++;
    l->inner_witness[i] = list(c, secure);
    l->inner_hashes[i] = list(c, hash);
    list(c, element);
    hash(c);
}

void dissect(struct dissection *d, struct bytes proof)
{
    struct cutter c = {.d = d, .in = proof};
    struct lists *l = &d->lists;

    *d = (struct dissection){.config = 0};
    for (int i = 0; i < 4; i++)
        integer(&c);
    l->commitments = list(&c, hash);
    l->sampled = list(&c, sampled_tree);
    l->decommitments = list(&c, decommitment);
    l->queried = list(&c, queried_tree);
    d->nonce = d->count;
    integer(&c);
    l->first_witness = list(&c, secure);
    l->first_hashes = list(&c, hash);
    l->first_columns = list(&c, element);
    d->first_root = d->count;
    hash(&c);
    l->inner_layers = list(&c, inner_layer);
    l->coefficients = list(&c, secure);
    d->last_log_size = d->count;
    integer(&c);
    l->claimed_sums = list(&c, secure);
    l->log_sizes = list(&c, integer);
    d->log_size = l->log_sizes + 1;
    d->layout = d->count;
    for (int i = 0; i < 7; i++)
        integer(&c);
    assert_int_equal(c.at, proof.size);
}

void dissection_fini(struct dissection *d)
{
    free(d->parts);
    *d = (struct dissection){.count = 0};
}

void replace(struct buffer *out, struct bytes proof, size_t at, size_t size, struct bytes by)
{
    buffer_reset(out);
    buffer_put(out, proof.data, at);
    buffer_put(out, by.data, by.size);
    buffer_put(out, proof.data + at + size, proof.size - at - size);
}

static size_t write_varint(uint8_t out[16], uint64_t value, unsigned extra)
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    for (; extra > 0; extra--) {
        out[n - 1] |= 0x80;
        out[n++] = 0;
    }
    return n;
}

void replace_integer(struct buffer *out, struct bytes proof, const struct part *part,
                     uint64_t value, unsigned extra)
{
    uint8_t bytes[16];

    replace(out, proof, part->at, part->size, bytes_of(bytes, write_varint(bytes, value, extra)));
}

/* Count and elements: [count][first .. last)[last .. end)rest. */
static void splice(struct buffer *out, struct bytes proof, const struct part *list, int change)
{
    size_t behind = list->at + list->size;
    uint8_t bytes[16];

    buffer_reset(out);
    buffer_put(out, proof.data, list->at);
    buffer_put(out, bytes, write_varint(bytes, list->value + (uint64_t)(int64_t)change, 0));
    buffer_put(out, proof.data + behind, (change < 0 ? list->last : list->end) - behind);
    if (change > 0)
        buffer_put(out, proof.data + list->last, list->end - list->last);
    buffer_put(out, proof.data + list->end, proof.size - list->end);
}

void drop_last(struct buffer *out, struct bytes proof, const struct part *list)
{
    assert_true(list->kind == PART_COUNT && list->value > 0);
    splice(out, proof, list, -1);
}

void double_last(struct buffer *out, struct bytes proof, const struct part *list)
{
    assert_true(list->kind == PART_COUNT && list->value > 0);
    splice(out, proof, list, 1);
}
