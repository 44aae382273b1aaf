/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is changed in a proof is refused with a status, unless it is one of the four layout
 * words that nothing binds. Every change follows from the seed. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/machine/preprocessed.h"
#include "tests/prover/machine/verify_fixture.h"
#include "tests/prover/proof/heap.h"

/* Most changes are made in the small proofs. */
static const struct {
    const char *name;
    int bytes, structures;
} shares[] = {
    {"fib_0_0_0", 3600, 800},  {"fib_9_1_1", 3600, 700}, {"fib_1_1_1", 2000, 300},
    {"fib_160_2_3", 400, 100}, {"calls_1_0_0", 300, 80}, {"isa_9_1_1", 60, 10},
    {"fib_1000_7_13", 40, 10},
};

/* Instrumented builds make every twentieth of the changes. */
#define SHARE (NXP_INSTRUMENTED ? 20 : 1)

static unsigned accepted, refused;

static void try_change(const struct verify_fixture *f, struct bytes changed, const char *what,
                       uint64_t number)
{
    bool expected = differs_in_free_words_only(f, changed);
    struct why why = {""};
    enum status st;

    if (bytes_equal(changed, buffer_bytes(&f->golden.proof)))
        return;
    st = verify_bytes(f, changed, &why);
    if (st != (expected ? ST_OK : ST_INVALID) || (st && !why.text[0]))
        fail_msg("%s %llu: status %s, words '%s'", what, (unsigned long long)number,
                 status_name(st), why.text);
    accepted += expected;
    refused += !expected;
}

static void changed_bytes_are_refused(void **state)
{
    struct prng prng = prng_of(90210);
    struct buffer changed;

    (void)state;
    accepted = refused = 0;
    buffer_init(&changed, 0);
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        struct verify_fixture *f = verify_fixture_new(shares[s].name);
        size_t size = f->golden.proof.size;

        for (int i = 0; i < shares[s].bytes / SHARE; i++) {
            size_t at = prng_below(&prng, size);
            uint8_t bits = i % 2 ? (uint8_t)(1 << prng_below(&prng, 8))
                                 : (uint8_t)(1 + prng_below(&prng, 255));

            buffer_reset(&changed);
            buffer_put(&changed, f->golden.proof.data, size);
            changed.data[at] ^= bits;
            try_change(f, buffer_bytes(&changed), shares[s].name, at);
        }
        verify_fixture_free(f);
    }
    assert_int_equal(accepted + refused, 10000 / SHARE);
    buffer_fini(&changed);
}

/* Every value of every byte of the layout: here some are accepted, and exactly those that should.
 */
static void the_four_free_words_are_bound_by_order_and_alignment_only(void **state)
{
    struct verify_fixture *f = verify_fixture_new("fib_9_1_1");
    size_t layout = f->cut.parts[f->cut.layout].at, size = f->golden.proof.size;
    struct buffer changed;

    (void)state;
    accepted = refused = 0;
    buffer_init(&changed, 0);
    for (size_t at = layout; at < size; at++) {
        for (unsigned value = 0; value < 256; value += 1) {
            buffer_reset(&changed);
            buffer_put(&changed, f->golden.proof.data, size);
            changed.data[at] = (uint8_t)value;
            try_change(f, buffer_bytes(&changed), "layout byte", at);
        }
    }
    assert_true(accepted > 50);
    assert_int_equal(accepted + refused, 255 * (size - layout));
    buffer_fini(&changed);
    verify_fixture_free(f);
}

/* ---- structure ---- */

static void cut_or_insert(struct buffer *out, struct bytes proof, struct prng *prng)
{
    size_t at = prng_below(prng, proof.size);
    size_t room = proof.size - at, length = 1 + prng_below(prng, room < 64 ? room : 64);
    uint8_t noise[64];

    prng_fill(prng, noise, sizeof noise);
    switch (prng_below(prng, 4)) {
    case 0: /* cut off */
        replace(out, proof, at, room, bytes_of(noise, 0));
        break;
    case 1: /* a piece is missing */
        replace(out, proof, at, length, bytes_of(noise, 0));
        break;
    case 2: /* a piece too many */
        replace(out, proof, at, 0, bytes_of(noise, length));
        break;
    default: /* bytes after the end */
        replace(out, proof, proof.size, 0, bytes_of(noise, length));
        break;
    }
}

static void change_list(struct buffer *out, struct bytes proof, const struct part *list,
                        struct prng *prng)
{
    switch (prng_below(prng, 4)) {
    case 0:
        replace_integer(out, proof, list, list->value + 1, 0);
        break;
    case 1:
        replace_integer(out, proof, list, prng_u64(prng) >> prng_below(prng, 64), 0);
        break;
    case 2:
        if (list->value > 0) {
            drop_last(out, proof, list);
            break;
        }
        replace_integer(out, proof, list, list->value, 1);
        break;
    default:
        if (list->value > 0) {
            double_last(out, proof, list);
            break;
        }
        replace_integer(out, proof, list, 1, 0); /* the next bytes become its element */
        break;
    }
}

static void change_part(struct buffer *out, struct bytes proof, const struct part *part,
                        struct prng *prng)
{
    static const uint8_t zeros[32];

    if (part->kind == PART_COUNT)
        change_list(out, proof, part, prng);
    else if (part->kind == PART_HASH)
        replace(out, proof, part->at, prng_chance(prng, 0.5) ? 0 : 32,
                bytes_of(zeros, prng_chance(prng, 0.5) ? 32 : 31));
    else if (part->is_m31 && prng_chance(prng, 0.5))
        replace_integer(out, proof, part, part->value + 0x7fffffff, 0); /* not reduced */
    else
        replace_integer(out, proof, part, part->value, 1 + (unsigned)prng_below(prng, 3));
}

/* Lists and hashes are few among the elements of a proof: half of the changes go to them. */
static const struct part *choose_part(const struct dissection *d, struct prng *prng)
{
    bool rare = prng_chance(prng, 0.5);
    const struct part *part;

    do {
        part = &d->parts[prng_below(prng, d->count)];
    } while (rare && part->is_m31);
    return part;
}

static void changed_structures_are_refused(void **state)
{
    struct prng prng = prng_of(1729);
    unsigned made = 0;
    struct buffer changed;

    (void)state;
    accepted = refused = 0;
    buffer_init(&changed, 0);
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        struct verify_fixture *f = verify_fixture_new(shares[s].name);
        struct bytes proof = buffer_bytes(&f->golden.proof);

        for (int i = 0; i < shares[s].structures / SHARE; i++, made++) {
            if (i % 3 == 0)
                cut_or_insert(&changed, proof, &prng);
            else
                change_part(&changed, proof, choose_part(&f->cut, &prng), &prng);
            assert_true(buffer_ok(&changed));
            try_change(f, buffer_bytes(&changed), shares[s].name, (uint64_t)i);
        }
        verify_fixture_free(f);
    }
    assert_true(NXP_INSTRUMENTED || made == 2000);
    assert_true(refused + 20 / SHARE >= made); /* a hash is rarely replaced by itself */
    buffer_fini(&changed);
}

/* ---- memory ---- */

static void memory_is_four_times_the_proof_and_the_first_tree(void **state)
{
    (void)state;
    for (int i = 0; i < GOLDEN_PROOFS; i++) {
        struct verify_fixture *f = verify_fixture_new(golden_proofs[i]);
        const struct part *log_sizes = &f->cut.parts[f->cut.log_size];
        static struct shape shape;
        size_t tree;

        shape_of(&shape, (struct machine_logs){.main = (unsigned)log_sizes[0].value,
                                               .ram = (unsigned)log_sizes[3].value});
        assert_int_equal(preprocessed_bytes(&tree, &shape, NULL), ST_OK);
        heap_watch_start();
        assert_int_equal(verify_bytes(f, buffer_bytes(&f->golden.proof), NULL), ST_OK);
        assert_in_range(heap_watch_peak(), tree, tree + 4 * f->golden.proof.size);
        assert_int_equal(heap_watch_held(), 0);
        verify_fixture_free(f);
    }
}

static void every_failing_allocation_is_a_status(void **state)
{
    struct verify_fixture *f = verify_fixture_new("fib_0_0_0");
    enum status st = ST_NO_MEMORY;
    long allowed;

    (void)state;
    for (allowed = 0; st == ST_NO_MEMORY && allowed < 100; allowed++) {
        heap_watch_start();
        heap_fail_after(allowed);
        st = verify_bytes(f, buffer_bytes(&f->golden.proof), NULL);
        heap_fail_after(-1);
        assert_int_equal(heap_watch_held(), 0);
    }
    assert_int_equal(st, ST_OK);
    assert_in_range(allowed, 3, 99);
    verify_fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_bytes_are_refused),
        cmocka_unit_test(the_four_free_words_are_bound_by_order_and_alignment_only),
        cmocka_unit_test(changed_structures_are_refused),
        cmocka_unit_test(memory_is_four_times_the_proof_and_the_first_tree),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
