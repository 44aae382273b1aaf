/* SPDX-License-Identifier: Apache-2.0 */
/* Records as bytes, and the outbox in memory. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "client/core/outbox_memory.h"

static struct outbox_record a_record(uint64_t id)
{
    struct outbox_record r;

    assert_true(outbox_record_init(&r, "5880437", "08-01K2R6Q58D925S6BZDQ7CFK8KY", "fib", 2));
    r.id = id;
    r.state = OUTBOX_SENDING;
    r.task_type = TASK_ALL_PROOF_HASHES;
    r.difficulty = DIFFICULTY_LARGE;
    r.fetched_wall_s = 1760000000;
    r.attempts = 3;
    r.last_status = 429;
    r.maybe_delivered = true;
    memset(r.public_key, 0xaa, sizeof r.public_key);
    memset(r.signature, 0xbb, sizeof r.signature);
    memset(r.proof_hash, 'c', 64);
    r.telemetry = (struct telemetry){true, 12, 150000, 16384000, "DE"};
    for (size_t i = 0; i < 2; i++) {
        r.inputs[i][0] = 9 + (uint32_t)i;
        r.inputs[i][2] = 0xffffffff;
        r.proofs[i].data = malloc(5);
        r.proofs[i].size = 5;
        memcpy(r.proofs[i].data, "proof", 5);
        memset(r.proofs[i].hash, 'd', 64);
    }
    return r;
}

static struct buffer bytes_of_record(const struct outbox_record *r)
{
    struct buffer b;

    buffer_init(&b, 0);
    outbox_encode(&b, r);
    assert_true(buffer_ok(&b));
    return b;
}

static void a_record_survives_its_bytes(void **state)
{
    struct outbox_record r = a_record(7), back;
    struct buffer b = bytes_of_record(&r), again;

    (void)state;
    assert_int_equal(outbox_decode(&back, buffer_bytes(&b), NULL), ST_OK);
    assert_int_equal(back.id, 7);
    assert_int_equal(back.state, OUTBOX_SENDING);
    assert_string_equal(back.task_id, r.task_id);
    assert_int_equal(back.input_count, 2);
    assert_int_equal(back.inputs[1][0], 10);
    assert_memory_equal(back.proofs[1].data, "proof", 5);
    assert_string_equal(back.telemetry.location, "DE");
    assert_true(back.maybe_delivered);
    again = bytes_of_record(&back);
    assert_true(bytes_equal(buffer_bytes(&b), buffer_bytes(&again)));
    outbox_record_fini(&r);
    outbox_record_fini(&back);
    buffer_fini(&b);
    buffer_fini(&again);
}

static void every_torn_or_flipped_record_is_refused(void **state)
{
    struct outbox_record r = a_record(7), back;
    struct buffer b = bytes_of_record(&r);
    struct why why;

    (void)state;
    for (size_t size = 0; size < b.size; size++)
        assert_int_equal(outbox_decode(&back, bytes_of(b.data, size), &why), ST_INPUT);
    for (size_t i = 0; i < b.size; i++) {
        b.data[i] ^= 0x40;
        assert_int_equal(outbox_decode(&back, buffer_bytes(&b), &why), ST_INPUT);
        b.data[i] ^= 0x40;
    }
    outbox_record_fini(&r);
    buffer_fini(&b);
}

/* A record with one byte changed and the hash made right again, as another version might write. */
static enum status decode_changed(const struct outbox_record *r, size_t at, uint8_t value)
{
    struct buffer b = bytes_of_record(r);
    struct outbox_record back;
    enum status st;

    b.data[at] = value;
    keccak256(b.data + b.size - 32, bytes_of(b.data, b.size - 32));
    st = outbox_decode(&back, buffer_bytes(&b), NULL);
    if (!st)
        outbox_record_fini(&back);
    buffer_fini(&b);
    return st;
}

static void well_hashed_nonsense_is_refused(void **state)
{
    struct outbox_record r = a_record(7);
    /* magic 8, id 8, state 4, type 4, difficulty 4, two times 8, three numbers 4, node length */
    static const struct {
        size_t at;
        uint8_t value;
    } bad[] = {{16, OUTBOX_STATES}, {20, 3}, {24, 1}, {56, 0xff}, {59, 0xff}, {60, 0}};

    (void)state;
    assert_int_equal(decode_changed(&r, 16, OUTBOX_PROVED), ST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(decode_changed(&r, bad[i].at, bad[i].value), ST_INPUT);
    outbox_record_drop_proofs(&r);
    for (int s = 0; s < OUTBOX_STATES; s++) { /* a finished proof must have its bytes */
        bool needs = s == OUTBOX_PROVED || s == OUTBOX_SENDING;

        assert_int_equal(decode_changed(&r, 16, (uint8_t)s), needs ? ST_INPUT : ST_OK);
    }
    outbox_record_fini(&r);
}

/* The text lies at the last of these bytes in the record; with its length it becomes longer than
 * its place. */
static void a_text_that_is_longer_than_its_place_is_refused(void **state)
{
    static const char location[] = {2, 0, 0, 0, 'D', 'E'};
    struct outbox_record r = a_record(7);
    struct buffer b = bytes_of_record(&r), longer;
    const uint8_t *at = memmem(b.data, b.size, location, sizeof location);
    size_t before = (size_t)(at - b.data);
    struct outbox_record back;
    uint8_t digest[32];

    (void)state;
    assert_non_null(at);
    buffer_init(&longer, 0);
    buffer_put(&longer, b.data, before);
    buffer_put(&longer, "\3\0\0\0DEU", 7);
    buffer_put(&longer, at + sizeof location, b.size - before - sizeof location - sizeof digest);
    keccak256(digest, buffer_bytes(&longer));
    buffer_put(&longer, digest, sizeof digest);
    assert_int_equal(outbox_decode(&back, buffer_bytes(&longer), NULL), ST_INPUT);
    buffer_fini(&longer);
    buffer_fini(&b);
    outbox_record_fini(&r);
}

static void the_arrows_of_the_diagram_are_the_only_ones(void **state)
{
    unsigned arrows = 0;

    (void)state;
    for (int from = 0; from < OUTBOX_STATES; from++) {
        assert_true(outbox_state_may((enum outbox_state)from, (enum outbox_state)from));
        for (int to = 0; to < OUTBOX_STATES; to++)
            arrows += from != to && outbox_state_may((enum outbox_state)from,
                                                     (enum outbox_state)to);
    }
    assert_int_equal(arrows, 9);
    assert_true(outbox_state_may(OUTBOX_SENDING, OUTBOX_PROVED));
    assert_false(outbox_state_may(OUTBOX_FETCHED, OUTBOX_SENDING));
    assert_false(outbox_state_may(OUTBOX_ACKED, OUTBOX_SENDING));
    assert_false(outbox_state_final(OUTBOX_SENDING));
    assert_true(outbox_state_final(OUTBOX_ABANDONED));
    assert_string_equal(outbox_state_name(OUTBOX_ACKED), "accepted");
}

static enum status collect(void *context, struct outbox_record *record, struct why *why)
{
    uint64_t *sum = context;

    if (record->id == 99)
        return fail(why, ST_IO, "stop");
    *sum = *sum * 10 + record->id;
    outbox_record_fini(record);
    return ST_OK;
}

static void the_outbox_in_memory_keeps_the_order_of_ids(void **state)
{
    struct outbox_memory *m;
    uint64_t sum = 0;
    struct why why;

    (void)state;
    assert_int_equal(outbox_memory_new(&m, NULL), ST_OK);
    for (int i = 0; i < 40; i++) { /* 3 1 2, 3 again, … */
        struct outbox_record r = a_record((uint64_t)(i * 2 % 3 + 1));

        assert_int_equal(outbox_put(&m->base, &r, NULL), ST_OK);
        outbox_record_fini(&r);
    }
    assert_int_equal(outbox_each(&m->base, collect, &sum, NULL), ST_OK);
    assert_int_equal(sum, 123);
    assert_int_equal(outbox_erase(&m->base, 2, NULL), ST_OK);
    assert_int_equal(outbox_erase(&m->base, 2, NULL), ST_NOT_FOUND);
    sum = 0;
    assert_int_equal(outbox_each(&m->base, collect, &sum, NULL), ST_OK);
    assert_int_equal(sum, 13);
    for (uint64_t id = 50; id < 100; id++) {
        struct outbox_record r = a_record(id);

        m->refuse = 1;
        assert_int_equal(outbox_put(&m->base, &r, &why), ST_IO);
        assert_int_equal(outbox_put(&m->base, &r, &why), ST_OK);
        outbox_record_fini(&r);
    }
    assert_int_equal(outbox_each(&m->base, collect, &sum, &why), ST_IO);
    m->cells[0].bytes.data[20] ^= 1;
    assert_int_equal(outbox_each(&m->base, collect, &sum, &why), ST_INPUT);
    outbox_free(&m->base);
    outbox_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_survives_its_bytes),
        cmocka_unit_test(every_torn_or_flipped_record_is_refused),
        cmocka_unit_test(well_hashed_nonsense_is_refused),
        cmocka_unit_test(a_text_that_is_longer_than_its_place_is_refused),
        cmocka_unit_test(the_arrows_of_the_diagram_are_the_only_ones),
        cmocka_unit_test(the_outbox_in_memory_keeps_the_order_of_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
