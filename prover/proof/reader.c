/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/proof/reader.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- names ---- */

void reader_enter(struct reader *r, const char *member)
{
    assert(r->depth < READER_MAX_PLACES);
    r->places[r->depth++] = (struct reader_place){.member = member};
}

void reader_enter_element(struct reader *r, size_t element)
{
    assert(r->depth < READER_MAX_PLACES);
    r->places[r->depth++] = (struct reader_place){.element = element};
}

void reader_leave(struct reader *r)
{
    r->depth--;
}

static void write_name(const struct reader *r, char *out, size_t size)
{
    size_t used = 0;

    out[0] = 0;
    for (unsigned i = 0; i < r->depth && used < size; i++) {
        const struct reader_place *p = &r->places[i];
        int written = p->member ? snprintf(out + used, size - used, "%s%s", i ? "." : "", p->member)
                                : snprintf(out + used, size - used, "[%zu]", p->element);

        used += (size_t)written;
    }
}

/* The field here is the wanted one if reading it moved beyond the wanted offset. */
static void answer_name(struct reader *r)
{
    if (r->name && r->name[0] == 0 && r->wanted < r->at)
        write_name(r, r->name, r->name_size);
}

void reader_refuse(struct reader *r, const char *error, const char *words)
{
    char name[80];

    write_name(r, name, sizeof name);
    r->st = fail(r->why, ST_INVALID, "%s: %s %s", error, name, words);
    r->at = r->in.size; /* whatever follows has no field of its own */
    answer_name(r);
}

/* ---- integers ---- */

/* At most ten bytes; the tenth has room for one bit. Returns what is wrong, or NULL. */
static const char *scan_varint(struct reader *r, uint64_t *value, const char **error)
{
    uint8_t byte = 0x80;

    *value = 0;
    for (unsigned i = 0; byte & 0x80; i++) {
        *error = "DeserializeUnexpectedEnd";
        if (r->at == r->in.size)
            return "is cut off";
        byte = r->in.data[r->at++];
        *error = "DeserializeBadVarint";
        if (i == 9 && byte > 1)
            return "is longer than its type";
        *value |= (uint64_t)(byte & 0x7f) << 7 * i;
        *error = "InvalidStructure";
        if (byte == 0 && i > 0)
            return "is not encoded in the fewest bytes";
    }
    return NULL;
}

uint64_t reader_varint(struct reader *r, uint64_t limit)
{
    const char *error = NULL, *wrong;
    uint64_t value;

    if (!reader_going(r))
        return 0;
    wrong = scan_varint(r, &value, &error);
    if (!wrong && value > limit)
        wrong = limit == M31_P - 1 ? "is not below p" : "is out of range";
    if (wrong) {
        reader_refuse(r, error, wrong);
        return 0;
    }
    answer_name(r);
    return value;
}

size_t reader_count(struct reader *r, struct reader_bound bound)
{
    char words[96];
    uint64_t count = reader_varint(r, UINT64_MAX);

    if (!reader_going(r))
        return 0;
    if (count >= bound.low && count <= bound.high)
        return (size_t)count;
    snprintf(words, sizeof words, "has %llu %s, expected %s%zu", (unsigned long long)count,
             bound.noun, bound.low == bound.high ? "" : "at most ", bound.high);
    reader_refuse(r, bound.error, words);
    return 0;
}

void reader_expect(struct reader *r, const char *member, const char *error, uint64_t constant)
{
    char words[64];
    uint64_t value;

    reader_enter(r, member);
    value = reader_varint(r, UINT64_MAX);
    if (reader_going(r) && value != constant) {
        snprintf(words, sizeof words, "is %llu, expected %llu", (unsigned long long)value,
                 (unsigned long long)constant);
        reader_refuse(r, error, words);
    }
    reader_leave(r);
}

/* ---- field elements ---- */

static m31 read_m31(struct reader *r)
{
    m31 value = {(uint32_t)reader_varint(r, M31_P - 1)};

    if (r->values)
        r->values[r->value_count] = value;
    r->value_count++;
    return value;
}

void reader_m31s(struct reader *r, size_t count)
{
    for (size_t i = 0; i < count && reader_going(r); i++) {
        reader_enter_element(r, i);
        read_m31(r);
        reader_leave(r);
    }
}

qm31 reader_qm31(struct reader *r, size_t element)
{
    static const char *const coordinates[4] = {"c0", "c1", "c2", "c3"};
    qm31 value;

    reader_enter_element(r, element);
    for (int k = 0; k < 4; k++) {
        reader_enter(r, coordinates[k]);
        value.c[k] = read_m31(r);
        reader_leave(r);
    }
    reader_leave(r);
    return value;
}

void reader_qm31s(struct reader *r, size_t count)
{
    for (size_t i = 0; i < count && reader_going(r); i++)
        reader_qm31(r, i);
}

/* ---- hashes ---- */

struct hash reader_hash(struct reader *r)
{
    struct hash hash = {{0}};

    if (!reader_going(r))
        return hash;
    if (r->in.size - r->at < sizeof hash.b) {
        reader_refuse(r, "DeserializeUnexpectedEnd", "is cut off");
        return hash;
    }
    memcpy(hash.b, r->in.data + r->at, sizeof hash.b);
    r->at += sizeof hash.b;
    answer_name(r);
    return hash;
}

void reader_hashes(struct reader *r, size_t count)
{
    for (size_t i = 0; i < count && reader_going(r); i++) {
        struct hash hash;

        reader_enter_element(r, i);
        hash = reader_hash(r);
        if (r->hashes)
            r->hashes[r->hash_count] = hash;
        r->hash_count++;
        reader_leave(r);
    }
}

/* ---- arrays ---- */

const m31 *reader_values(const struct reader *r)
{
    return r->values ? r->values + r->value_count : NULL;
}

const qm31 *reader_secure_values(const struct reader *r)
{
    return (const qm31 *)reader_values(r); /* four words each, as they were stored */
}
