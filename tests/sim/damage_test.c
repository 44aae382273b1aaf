/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "sim/cabinet.h"
#include "sim/damage.h"

static struct bytes text(const char *t)
{
    return bytes_of_text(t);
}

static enum status count_records(void *context, const char *key, struct bytes value,
                                 struct why *why)
{
    (void)key;
    (void)value;
    (void)why;
    ++*(unsigned *)context;
    return ST_OK;
}

static unsigned records(struct store *s, enum store_kind kind)
{
    unsigned count = 0;

    assert_int_equal(store_each(s, kind, count_records, &count, NULL), ST_OK);
    return count;
}

static void what_is_not_committed_is_gone_with_the_process(void **state)
{
    struct store *s;

    (void)state;
    assert_int_equal(cabinet_new(&s, NULL), ST_OK);
    assert_int_equal(store_put(s, STORE_USER, "a", text("1"), NULL), ST_OK);
    cabinet_drop(s);
    assert_int_equal(store_commit(s, NULL), ST_OK);
    assert_int_equal(records(s, STORE_USER), 0);
    assert_int_equal(store_put(s, STORE_USER, "a", text("1"), NULL), ST_OK);
    assert_int_equal(store_put(s, STORE_USER, "b", text("2"), NULL), ST_OK);
    assert_int_equal(records(s, STORE_USER), 0);
    assert_int_equal(store_commit(s, NULL), ST_OK);
    assert_int_equal(records(s, STORE_USER), 2);
    assert_int_equal(store_remove(s, STORE_USER, "a", NULL), ST_OK);
    assert_int_equal(records(s, STORE_USER), 2);
    assert_int_equal(store_commit(s, NULL), ST_OK);
    assert_int_equal(records(s, STORE_USER), 1);
    store_free(s);
}

static void a_full_disk_takes_nothing_and_a_broken_one_keeps_nothing(void **state)
{
    struct store *s;

    (void)state;
    assert_int_equal(cabinet_new(&s, NULL), ST_OK);
    cabinet_trouble(s, CABINET_FULL);
    assert_int_equal(store_put(s, STORE_TASK, "a", text("1"), NULL), ST_IO);
    assert_int_equal(store_remove(s, STORE_TASK, "a", NULL), ST_IO);
    cabinet_trouble(s, CABINET_BROKEN);
    assert_int_equal(store_put(s, STORE_TASK, "a", text("1"), NULL), ST_OK);
    assert_int_equal(store_commit(s, NULL), ST_IO);
    assert_int_equal(records(s, STORE_TASK), 0);
    cabinet_drop(s);
    cabinet_trouble(s, CABINET_SOUND);
    assert_int_equal(store_commit(s, NULL), ST_OK);
    assert_int_equal(records(s, STORE_TASK), 0);
    store_free(s);
}

/* Most damages are other bytes, one seed is one damage, and of the same text come many. */
static void a_text_is_damaged_in_many_ways(void **state)
{
    static const char good[] =
        "{\"name\":\"a\",\"list\":[1,2,[3]],\"n\":7,\"yes\":true,\"none\":{},\"no\":[]}";
    unsigned other = 0, shorter = 0, json = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct prng one = prng_of(seed), two = prng_of(seed);
        struct buffer a, b;

        buffer_init(&a, 0);
        buffer_init(&b, 0);
        damage_text(&a, &one, text(good));
        damage_text(&b, &two, text(good));
        assert_true(bytes_equal(buffer_bytes(&a), buffer_bytes(&b)));
        other += !bytes_equal(buffer_bytes(&a), text(good));
        shorter += a.size < sizeof good - 1;
        json += a.size && a.data[0] == '{' && a.data[a.size - 1] == '}';
        buffer_fini(&a);
        buffer_fini(&b);
    }
    assert_in_range(other, 450, 500);
    assert_in_range(shorter, 100, 400);
    assert_in_range(json, 350, 480);
}

static void what_is_no_json_is_torn_or_has_another_bit(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct prng prng = prng_of(seed);
        struct buffer out;

        buffer_init(&out, 0);
        damage_text(&out, &prng, text("[[["));
        assert_in_range(out.size, 0, 3);
        buffer_reset(&out);
        damage_text(&out, &prng, text(""));
        assert_int_equal(out.size, 0);
        buffer_fini(&out);
    }
}

static enum status find(void *context, const char *key, struct bytes value, struct why *why)
{
    char *all = context;
    size_t used = strlen(all);

    (void)why;
    snprintf(all + used, 400 - used, "%s=%.*s ", key, (int)value.size, (const char *)value.data);
    return ST_OK;
}

/* Of one kind, in its value, its key, or two in each other's places. */
static void a_store_is_copied_with_one_damage(void **state)
{
    static const char good[] = "a={\"n\":1} b={\"n\":2} c={\"n\":3} ";
    unsigned untouched = 0, exchanged = 0, keys = 0;
    struct store *from;

    (void)state;
    assert_int_equal(store_memory_new(&from, NULL), ST_OK);
    for (int i = 0; i < 3; i++) {
        const char key[2] = {(char)('a' + i), 0};
        char value[16];

        snprintf(value, sizeof value, "{\"n\":%d}", i + 1);
        assert_int_equal(store_put(from, STORE_NODE, key, text(value), NULL), ST_OK);
    }
    for (uint64_t seed = 0; seed < 600; seed++) {
        struct prng prng = prng_of(seed);
        char all[400] = "";
        struct store *to;

        assert_int_equal(store_memory_new(&to, NULL), ST_OK);
        assert_int_equal(damage_store(to, from, &prng, NULL), ST_OK);
        assert_int_equal(store_each(to, STORE_NODE, find, all, NULL), ST_OK);
        untouched += strcmp(all, good) == 0;
        exchanged += strstr(all, "b={\"n\":3}") != NULL || strstr(all, "b={\"n\":1}") != NULL;
        keys += strstr(all, "7=") != NULL;
        store_free(to);
    }
    assert_in_range(untouched, 400, 560); /* five of six kinds have no record */
    assert_in_range(exchanged, 1, 60);
    assert_in_range(keys, 1, 60);
    store_free(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_committed_is_gone_with_the_process),
        cmocka_unit_test(a_full_disk_takes_nothing_and_a_broken_one_keeps_nothing),
        cmocka_unit_test(a_text_is_damaged_in_many_ways),
        cmocka_unit_test(what_is_no_json_is_torn_or_has_another_bit),
        cmocka_unit_test(a_store_is_copied_with_one_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
