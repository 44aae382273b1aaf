/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a proof's grammar: integers, counts, field elements, hashes, and where we are.
 *
 * Source:  components.md 9.1.
 * Owner:   borrows the bytes and, when storing, the two arrays.
 * Errors:  the first refusal fails the reader for good: every later read gives 0 without moving.
 *          Refusals are ST_INVALID and name the field.
 */
#pragma once
#include "prover/proof/proof.h"

#define READER_MAX_PLACES 6

struct reader {
    struct bytes in;
    size_t at;
    enum status st;
    struct why *why;

    struct reader_place { /* one step of a field's name: a member or an element */
        const char *member;
        size_t element;
    } places[READER_MAX_PLACES];
    unsigned depth;

    m31 *values; /* where elements go; NULL while counting */
    struct hash *hashes;
    size_t value_count, hash_count;

    size_t wanted; /* the offset whose field is asked for */
    char *name;    /* gets it, empty until found; NULL when nothing is asked */
    size_t name_size;
};

struct reader_bound { /* of a count */
    const char *error; /* what the reference calls a breach */
    size_t low, high;
    const char *noun;
};

static inline bool reader_going(const struct reader *r)
{
    return r->st == ST_OK;
}

/* The name grows by a member or an element, and shrinks again. */
void reader_enter(struct reader *r, const char *member);
void reader_enter_element(struct reader *r, size_t element);
void reader_leave(struct reader *r);

/* "error: name words". */
void reader_refuse(struct reader *r, const char *error, const char *words);

/* Minimal LEB128 of at most 64 bits, 0 .. limit. */
uint64_t reader_varint(struct reader *r, uint64_t limit);
size_t reader_count(struct reader *r, struct reader_bound bound);
/* An integer that has one possible value. */
void reader_expect(struct reader *r, const char *member, const char *error, uint64_t constant);

void reader_m31s(struct reader *r, size_t count);
qm31 reader_qm31(struct reader *r, size_t element);
void reader_qm31s(struct reader *r, size_t count);
struct hash reader_hash(struct reader *r);
void reader_hashes(struct reader *r, size_t count);

/* Where the next array will lie; NULL while counting. */
const m31 *reader_values(const struct reader *r);
const qm31 *reader_secure_values(const struct reader *r);
