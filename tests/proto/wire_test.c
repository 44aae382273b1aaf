/* SPDX-License-Identifier: Apache-2.0 */
/* The messages against the vectors of client.md 18, both ways. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "tests/proto/wire_json.h"
#include "tests/support/support.h"

static struct buffer hex_bytes(const char *hex)
{
    struct buffer out;
    size_t size = strlen(hex) / 2;
    uint8_t *data = malloc(size + 1);

    assert_true(hex_decode(data, size, hex));
    buffer_init(&out, 0);
    buffer_put(&out, data, size);
    free(data);
    return out;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* NodeTelemetry has no call of its own: its bytes are wrapped as field 4 of a submission. */
static json_t *telemetry_decode(struct bytes body, struct buffer *again, struct why *why)
{
    struct buffer wrapped, wrapped_again;
    json_t *submission, *telemetry;

    buffer_init(&wrapped, 0);
    buffer_init(&wrapped_again, 0);
    assert_true(body.size < 128);
    buffer_put_u8(&wrapped, 4 << 3 | 2);
    buffer_put_u8(&wrapped, (uint8_t)body.size);
    buffer_put(&wrapped, body.data, body.size);
    submission =
        wire_json_decode("SubmitProofRequest", buffer_bytes(&wrapped), &wrapped_again, why);
    assert_non_null(submission);
    buffer_put(again, wrapped_again.data + 2, wrapped_again.size - 2);
    telemetry = json_incref(json_object_get(submission, "node_telemetry"));
    json_decref(submission);
    buffer_fini(&wrapped);
    buffer_fini(&wrapped_again);
    return telemetry;
}

static void every_vector_decodes_to_its_fields_and_encodes_to_its_bytes(void **state)
{
    json_t *all = golden_json("client/messages.json"), *vector;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(all, "messages"), i, vector)
    {
        const char *message = text_of(vector, "message");
        struct buffer body = hex_bytes(text_of(vector, "hex")), again;
        struct why why = {""};
        json_t *decoded;

        buffer_init(&again, 0);
        decoded = strcmp(message, "NodeTelemetry") == 0
                      ? telemetry_decode(buffer_bytes(&body), &again, &why)
                      : wire_json_decode(message, buffer_bytes(&body), &again, &why);
        if (!decoded)
            fail_msg("%s: %s", text_of(vector, "name"), why.text);
        if (!json_equal(decoded, json_object_get(vector, "json")))
            fail_msg("%s: decoded to %s", text_of(vector, "name"), json_dumps(decoded, 0));
        if (!bytes_equal(buffer_bytes(&body), buffer_bytes(&again)))
            fail_msg("%s: other bytes when encoded again", text_of(vector, "name"));
        json_decref(decoded);
        buffer_fini(&body);
        buffer_fini(&again);
    }
    assert_int_equal(i, 24);
    json_decref(all);
}

static void public_inputs_are_three_words_and_the_rest_is_ignored(void **state)
{
    json_t *all = golden_json("client/public-inputs.json"), *vector;
    size_t i;

    (void)state;
    json_array_foreach(all, i, vector)
    {
        struct buffer input = hex_bytes(text_of(vector, "hex"));
        uint32_t triple[3] = {1, 2, 3};
        struct why why;
        enum status st = wire_task_input(triple, buffer_bytes(&input), &why);

        if (json_object_get(vector, "error")) {
            assert_int_equal(st, ST_INPUT);
            assert_int_equal(triple[0], 1); /* untouched */
        } else {
            assert_int_equal(st, ST_OK);
            assert_int_equal(triple[0], json_integer_value(json_object_get(vector, "n")));
            assert_int_equal(triple[1], json_integer_value(json_object_get(vector, "init_a")));
            assert_int_equal(triple[2], json_integer_value(json_object_get(vector, "init_b")));
        }
        buffer_fini(&input);
    }
    assert_int_equal(i, 11);
    json_decref(all);
}

static void null_texts_and_empty_lists_are_left_out(void **state)
{
    struct wire_submission submission = {0};
    struct wire_tasks tasks = {0};
    struct wire_user user = {0};
    struct buffer out;

    (void)state;
    buffer_init(&out, 0);
    wire_encode_submission(&out, &submission);
    wire_encode_tasks(&out, &tasks);
    wire_encode_user(&out, &user);
    assert_true(buffer_ok(&out));
    assert_int_equal(out.size, 0);
    buffer_fini(&out);
}

static void an_encoding_beyond_the_buffers_limit_fails_the_buffer(void **state)
{
    struct wire_node node = {.wallet_address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"};
    struct buffer out;

    (void)state;
    buffer_init(&out, 43); /* one byte short */
    wire_encode_node(&out, &node);
    assert_false(buffer_ok(&out));
    buffer_fini(&out);
}

static void difficulties_go_up_and_down_by_one_bucket(void **state)
{
    static const enum difficulty order[] = {0, 3, 5, 10, 15, 16, 17, 18, 19};

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(difficulty_up(order[i]), order[i < 8 ? i + 1 : 8]);
        assert_int_equal(difficulty_down(order[i]), order[i > 0 ? i - 1 : 0]);
        assert_true(difficulty_known((int)order[i]));
    }
    assert_false(difficulty_known(4));
    assert_false(difficulty_known(-1));
    assert_null(difficulty_name((enum difficulty)1));
    assert_int_equal(difficulty_up((enum difficulty)1), 1);
    assert_int_equal(difficulty_down((enum difficulty)1), 1);
}

static void difficulty_names_are_read_in_any_case(void **state)
{
    static const struct {
        const char *text;
        int number; /* -1: refused */
    } table[] = {
        {"SMALL", 0},          {"small_medium", 3},   {"Medium", 5}, {" large\t", 10},
        {"EXTRA_LARGE", 15},   {"extra_large_5", 19}, {"", -1},      {"EXTRA_LARGE_1", -1},
        {"EXTRA_LARGE_6", -1}, {"EXTRA LARGE", -1},   {"SMAL", -1},  {"SMALLER", -1},
        {"SMALL\nMEDIUM", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        enum difficulty d = (enum difficulty)99;
        struct why why;
        enum status st = difficulty_parse(&d, table[i].text, &why);

        assert_int_equal(st, table[i].number < 0 ? ST_INPUT : ST_OK);
        assert_int_equal(d, table[i].number < 0 ? 99 : table[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_decodes_to_its_fields_and_encodes_to_its_bytes),
        cmocka_unit_test(public_inputs_are_three_words_and_the_rest_is_ignored),
        cmocka_unit_test(null_texts_and_empty_lists_are_left_out),
        cmocka_unit_test(an_encoding_beyond_the_buffers_limit_fails_the_buffer),
        cmocka_unit_test(difficulties_go_up_and_down_by_one_bucket),
        cmocka_unit_test(difficulty_names_are_read_in_any_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
