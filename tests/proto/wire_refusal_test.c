/* SPDX-License-Identifier: Apache-2.0 */
/* What the decoders refuse, and in which words. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "proto/unpack.h"
#include "proto/utf8.h"
#include "proto/wire.h"

#define BYTES(text) bytes_of(text, sizeof(text) - 1)

/* Field 4 of the answer is the task; these are answers with one strange thing each. */
static void malformed_answers_are_refused_with_the_field(void **state)
{
    static const struct {
        const char *words;
        struct bytes body;
    } table[] = {
        {"GetProofTaskResponse: bad field number at byte 0", {(const uint8_t *)"\x00", 1}},
        {"bad field number at byte 0", {(const uint8_t *)"\x80\x80\x80\x80\x80\x01", 6}},
        {"bad field number", {(const uint8_t *)"\xf8\xff\xff\xff\x7f\x01", 6}},
        {"field 1 at byte 0 is cut off",
         {(const uint8_t *)"\x0a\x05"
                           "ab",
          4}},
        {"field 1 at byte 0 is cut off", {(const uint8_t *)"\x0a", 1}},
        {"field 1 at byte 0 is cut off", {(const uint8_t *)"\x0a\xff\xff\xff\xff\x0f", 6}},
        {"field 9 at byte 0 is cut off", {(const uint8_t *)"\x49\x01\x02\x03", 4}},
        {"field 9 at byte 0 is cut off", {(const uint8_t *)"\x4d\x01\x02\x03", 4}},
        {"field 9 at byte 0 is cut off", {(const uint8_t *)"\x48\x80", 2}},
        {"field 9 at byte 0 is cut off", {(const uint8_t *)"\x4b\x4c", 2}}, /* a group */
        {"GetProofTaskResponse.program_id has wire type 0", {(const uint8_t *)"\x08\x01", 2}},
        {"GetProofTaskResponse.task: Task.task_type has wire type 2",
         {(const uint8_t *)"\x22\x02\x32\x00", 4}},
        {"GetProofTaskResponse.task_id is not UTF-8", {(const uint8_t *)"\x1a\x01\xff", 3}},
        {"GetProofTaskResponse.task_id holds a NUL",
         {(const uint8_t *)"\x1a\x03"
                           "a\0b",
          5}},
        {"GetProofTaskResponse.task: Task.created_at: Timestamp: bad field number",
         {(const uint8_t *)"\x22\x03\x22\x01\x00", 5}},
        {"Task.task_type: unknown value 7", {(const uint8_t *)"\x22\x02\x30\x07", 4}},
        {"Task.task_type: unknown value -1",
         {(const uint8_t *)"\x22\x0b\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct wire_fetched out = {.program_id = "untouched"};
        struct wire_memory memory = {0};
        struct why why = {""};

        assert_int_equal(wire_decode_fetched(&out, &memory, table[i].body, 1000, &why), ST_INPUT);
        if (!strstr(why.text, table[i].words))
            fail_msg("row %zu says '%s'", i, why.text);
        assert_string_equal(out.program_id, "untouched");
        assert_null(memory.block);
    }
}

static void unknown_fields_of_every_wire_type_are_skipped(void **state)
{
    struct bytes body = BYTES("\x98\x06\x80\x01" /* 99: varint */
                              "\x99\x06"
                              "12345678" /* 99: 64 bits */
                              "\x9a\x06\x03"
                              "abc" /* 99: bytes */
                              "\x9d\x06"
                              "1234" /* 99: 32 bits */
                              "\x0a\x01"
                              "w");
    struct wire_node node;
    struct wire_memory memory = {0};

    (void)state;
    assert_int_equal(wire_decode_node(&node, &memory, body, 1000, NULL), ST_OK);
    assert_string_equal(node.wallet_address, "w");
    wire_memory_fini(&memory);
    wire_memory_fini(&memory);
}

static void of_a_repeated_single_field_the_last_value_counts(void **state)
{
    struct bytes body = BYTES("\x0a\x01"
                              "a"
                              "\x0a\x02"
                              "bc");
    struct wire_node node;
    struct wire_memory memory = {0};

    (void)state;
    assert_int_equal(wire_decode_node(&node, &memory, body, 1000, NULL), ST_OK);
    assert_string_equal(node.wallet_address, "bc");
    wire_memory_fini(&memory);
}

static void an_unknown_difficulty_reads_as_small(void **state)
{
    struct bytes body = BYTES("\x22\x02\x38\x04"); /* task.difficulty = 4, reserved */
    struct wire_fetched fetched;
    struct wire_memory memory = {0};

    (void)state;
    assert_int_equal(wire_decode_fetched(&fetched, &memory, body, 1000, NULL), ST_OK);
    assert_true(fetched.has_task);
    assert_int_equal(fetched.task.difficulty, DIFFICULTY_SMALL);
    wire_memory_fini(&memory);
}

static void an_unknown_node_type_is_refused(void **state)
{
    struct bytes number = BYTES("\x10\x05"), first = BYTES("\x08\x05");
    struct bytes node = BYTES("\x0a\x02\x10\x05");
    struct wire_memory memory = {0};
    struct wire_fetch fetch;
    struct wire_submission submission;
    struct wire_register_node register_node;
    struct wire_user user;
    struct why why;

    (void)state;
    assert_int_equal(wire_decode_fetch(&fetch, &memory, number, 9, &why), ST_INPUT);
    assert_string_equal(why.text, "node_type: unknown value 5");
    assert_int_equal(wire_decode_submission(&submission, &memory, number, 9, &why), ST_INPUT);
    assert_int_equal(wire_decode_register_node(&register_node, &memory, first, 9, &why), ST_INPUT);
    assert_int_equal(wire_decode_user(&user, &memory, node, 9, &why), ST_INPUT);
    assert_null(memory.block);
}

static void a_body_above_the_limit_is_refused_unread(void **state)
{
    struct bytes lie = bytes_of("x", WIRE_MAX_RESPONSE + 1); /* would crash if it were read */
    struct why why;

    (void)state;
#define REFUSED(name)                                                                              \
    do {                                                                                           \
        struct wire_##name out;                                                                    \
        struct wire_memory memory = {0};                                                           \
                                                                                                   \
        assert_int_equal(wire_decode_##name(&out, &memory, lie, WIRE_MAX_RESPONSE, &why),          \
                         ST_INPUT);                                                                \
        assert_non_null(strstr(why.text, "at most 4194304 are allowed"));                          \
    } while (0);
    WIRE_MESSAGES(REFUSED)
#undef REFUSED
}

static void a_small_body_cannot_ask_for_much_memory(void **state)
{
    struct buffer body;
    struct wire_tasks tasks;
    struct wire_memory memory = {0};
    struct why why;

    (void)state;
    buffer_init(&body, 0);
    for (int i = 0; i < 100000; i++) {
        buffer_put_u8(&body, 1 << 3 | 2); /* an empty task: two bytes that ask for over a hundred */
        buffer_put_u8(&body, 0);
    }
    assert_int_equal(
        wire_decode_tasks(&tasks, &memory, buffer_bytes(&body), WIRE_MAX_RESPONSE, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "needs more than 3204096 bytes"));
    buffer_fini(&body);
}

static struct buffer task_with_inputs(size_t count)
{
    static const uint8_t input[12];
    struct bytes *inputs = calloc(count, sizeof *inputs);
    struct wire_fetched message = {.has_task = true};
    struct buffer out;

    for (size_t i = 0; i < count; i++)
        inputs[i] = bytes_of(input, sizeof input);
    message.task.inputs = inputs;
    message.task.input_count = count;
    buffer_init(&out, 0);
    wire_encode_fetched(&out, &message);
    assert_true(buffer_ok(&out));
    free(inputs);
    return out;
}

static void a_task_may_have_1024_inputs_and_no_more(void **state)
{
    static const size_t counts[] = {100, WIRE_MAX_INPUTS, WIRE_MAX_INPUTS + 1};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buffer body = task_with_inputs(counts[i]);
        struct wire_fetched out;
        struct wire_memory memory = {0};
        struct why why;
        enum status st =
            wire_decode_fetched(&out, &memory, buffer_bytes(&body), WIRE_MAX_RESPONSE, &why);

        assert_int_equal(st, counts[i] > WIRE_MAX_INPUTS ? ST_INPUT : ST_OK);
        if (st)
            assert_non_null(strstr(why.text, "1025 inputs, at most 1024"));
        else
            assert_int_equal(out.task.input_count, counts[i]);
        wire_memory_fini(&memory);
        buffer_fini(&body);
    }
}

/* The scan recurses into messages of the schema; no message may contain itself, and none of the
 * schema may be deeper than the scan. */
static unsigned depth_of(const ProtobufCMessageDescriptor *message, unsigned above)
{
    unsigned deepest = above;

    assert_true(above < UNPACK_MAX_DEPTH);
    for (unsigned i = 0; i < message->n_fields; i++)
        if (message->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            unsigned d = depth_of(message->fields[i].descriptor, above + 1);

            deepest = d > deepest ? d : deepest;
        }
    return deepest;
}

extern const ProtobufCMessageDescriptor nexus__orchestrator__get_proof_task_response__descriptor;
extern const ProtobufCMessageDescriptor nexus__orchestrator__get_tasks_response__descriptor;
extern const ProtobufCMessageDescriptor nexus__orchestrator__submit_proof_request__descriptor;
extern const ProtobufCMessageDescriptor nexus__orchestrator__user_response__descriptor;

static void the_schema_is_three_deep(void **state)
{
    (void)state;
    assert_int_equal(depth_of(&nexus__orchestrator__get_proof_task_response__descriptor, 0), 2);
    assert_int_equal(depth_of(&nexus__orchestrator__get_tasks_response__descriptor, 0), 2);
    assert_int_equal(depth_of(&nexus__orchestrator__submit_proof_request__descriptor, 0), 1);
    assert_int_equal(depth_of(&nexus__orchestrator__user_response__descriptor, 0), 1);
}

static void text_is_utf8_by_the_book(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } table[] = {
        {"", true},
        {"plain", true},
        {"t\xc3\xa2"
         "che \xe2\x86\x92 1",
         true},
        {"\xf0\x9f\x98\x80", true},
        {"\xf4\x8f\xbf\xbf", true}, /* U+10FFFF */
        {"\xed\x9f\xbf", true},     /* the last before the surrogates */
        {"\xee\x80\x80", true},
        {"\x80", false},     /* a lone continuation */
        {"\xc0\x80", false}, /* overlong NUL */
        {"\xc1\xbf", false},
        {"\xe0\x9f\xbf", false},     /* overlong */
        {"\xed\xa0\x80", false},     /* a surrogate */
        {"\xf0\x8f\xbf\xbf", false}, /* overlong */
        {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", false},
        {"\xe2\x86", false}, /* cut off */
        {"\xe2\x28\xa1", false},
        {"\xe2\x86\xc0", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(utf8_valid(bytes_of_text(table[i].text)), table[i].valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_answers_are_refused_with_the_field),
        cmocka_unit_test(unknown_fields_of_every_wire_type_are_skipped),
        cmocka_unit_test(of_a_repeated_single_field_the_last_value_counts),
        cmocka_unit_test(an_unknown_difficulty_reads_as_small),
        cmocka_unit_test(an_unknown_node_type_is_refused),
        cmocka_unit_test(a_body_above_the_limit_is_refused_unread),
        cmocka_unit_test(a_small_body_cannot_ask_for_much_memory),
        cmocka_unit_test(a_task_may_have_1024_inputs_and_no_more),
        cmocka_unit_test(the_schema_is_three_deep),
        cmocka_unit_test(text_is_utf8_by_the_book),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
