/* SPDX-License-Identifier: Apache-2.0 */
/* Folders, configuration, keys, guests and the outbox on a real disk. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/shell/config.h"
#include "client/shell/guest_store.h"
#include "client/shell/hardware.h"
#include "client/shell/home.h"
#include "client/shell/keystore.h"
#include "prover/nxp.h"
#include "tests/client/shell/scratch.h"

/* ---- home ---- */

static void folders_are_where_the_documents_say(void **state)
{
    struct home h;

    (void)state;
    assert_int_equal(home_init(&h, NULL, "/home/u", NULL), ST_OK);
    assert_string_equal(h.config, "/home/u/.nexus/config.json");
    assert_string_equal(h.outbox, "/home/u/.nexus/nxp/outbox.db");
    assert_string_equal(h.keys, "/home/u/.nexus/nxp/keys");
    home_fini(&h);
    assert_int_equal(home_init(&h, "/srv/p", "/home/u", NULL), ST_OK);
    assert_string_equal(h.config, "/srv/p/config.json");
    assert_string_equal(h.guests, "/srv/p/guests");
    home_fini(&h);
    assert_int_equal(home_init(&h, "", "", NULL), ST_NOT_FOUND);
    assert_int_equal(home_init(&h, NULL, NULL, NULL), ST_NOT_FOUND);
}

static void our_folders_are_private(void **state)
{
    struct scratch s;
    struct home h;

    (void)state;
    scratch_init(&s);
    assert_int_equal(home_init(&h, scratch_path(&s, "a/b"), NULL, NULL), ST_OK);
    assert_int_equal(home_prepare(&h, NULL), ST_OK);
    assert_int_equal(scratch_mode(h.root), 0700);
    assert_int_equal(scratch_mode(h.keys), 0700);
    chmod(h.keys, 0755);
    assert_int_equal(home_prepare(&h, NULL), ST_OK); /* again, and repaired */
    assert_int_equal(scratch_mode(h.keys), 0700);
    home_fini(&h);
    scratch_fini(&s);
}

static void folders_that_cannot_be_made_are_reported(void **state)
{
    struct scratch s;
    struct home h;
    struct why why;

    (void)state;
    scratch_init(&s);
    scratch_write(scratch_path(&s, "file"), "x");
    assert_int_equal(home_init(&h, scratch_path(&s, "file/below"), NULL, NULL), ST_OK);
    assert_int_equal(home_prepare(&h, &why), ST_IO);
    assert_int_equal(home_lock(&h, &why), ST_IO);
    home_fini(&h);
    scratch_fini(&s);
}

static void one_client_at_a_time(void **state)
{
    struct scratch s;
    struct home a, b;
    struct why why;

    (void)state;
    scratch_init(&s);
    assert_int_equal(home_init(&a, s.path, NULL, NULL), ST_OK);
    assert_int_equal(home_init(&b, s.path, NULL, NULL), ST_OK);
    assert_int_equal(home_lock(&a, NULL), ST_OK);
    assert_int_equal(home_lock(&b, &why), ST_EXISTS);
    assert_non_null(strstr(why.text, "NXP_HOME"));
    home_fini(&a);
    assert_int_equal(home_lock(&b, NULL), ST_OK);
    home_fini(&b);
    scratch_fini(&s);
}

/* ---- config ---- */

static void the_configuration_has_the_other_client_s_bytes(void **state)
{
    static const char text[] = "{\n  \"environment\": \"Production\",\n"
                               "  \"user_id\": \"11111111-2222-4333-8444-555555555555\",\n"
                               "  \"wallet_address\": \"0xab\",\n"
                               "  \"node_id\": \"5880437\"\n}";
    struct config c;
    struct buffer out;

    (void)state;
    assert_int_equal(config_parse(&c, bytes_of_text(text), NULL), ST_OK);
    assert_string_equal(c.node_id, "5880437");
    buffer_init(&out, 0);
    assert_int_equal(config_format(&out, &c, NULL), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&out), bytes_of_text(text)));
    buffer_fini(&out);
    config_fini(&c);
}

static void what_is_missing_is_empty_and_what_is_unknown_is_skipped(void **state)
{
    struct config c;

    (void)state;
    assert_int_equal(config_parse(&c, bytes_of_text("{\"node_id\":\"1\",\"x\":[1]}"), NULL), ST_OK);
    assert_string_equal(c.node_id, "1");
    assert_string_equal(c.user_id, "");
    assert_string_equal(c.environment, "");
    config_fini(&c);
    assert_int_equal(config_parse(&c, bytes_of_text("{}"), NULL), ST_OK);
    config_fini(&c);
}

static void bad_configurations_are_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "\"text\"",
        "{\"node_id\": 5880437}",
        "{\"user_id\": null}",
        "{\"wallet_address\": {}}",
        "{\"environment\": true}",
        "{\"node_id\": \"1\", \"node_id\": \"2\"}",
        "{\"node_id\": \"\xff\"}",
        "{} x",
    };
    struct config c;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct why why = {""};

        assert_int_equal(config_parse(&c, bytes_of_text(bad[i]), &why), ST_INPUT);
        assert_true(strlen(why.text) > 10);
    }
    assert_int_equal(config_parse(&c, bytes_of(NULL, 0), NULL), ST_INPUT);
}

static void the_configuration_file_is_private_and_whole(void **state)
{
    struct scratch s;
    struct config c;
    struct why why;
    const char *path;
    bool existed;

    (void)state;
    scratch_init(&s);
    path = scratch_path(&s, "config.json");
    assert_int_equal(config_load(&c, path, &why), ST_NOT_FOUND);
    assert_int_equal(config_init(&c, NULL), ST_OK);
    assert_int_equal(config_set(&c.user_id, "u", NULL), ST_OK);
    assert_int_equal(config_save(&c, path, NULL), ST_OK);
    config_fini(&c);
    assert_int_equal(scratch_mode(path), 0600);
    assert_int_equal(config_load(&c, path, NULL), ST_OK);
    assert_string_equal(c.user_id, "u");
    assert_int_equal(config_set(&c.user_id, "\xff", NULL), ST_OK);
    assert_int_equal(config_save(&c, path, &why), ST_INPUT);
    config_fini(&c);
    scratch_write(path, "{\"node_id\": 1}");
    assert_int_equal(config_load(&c, path, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "config.json"));
    assert_int_equal(config_remove(path, &existed, NULL), ST_OK);
    assert_true(existed);
    assert_int_equal(config_remove(path, &existed, NULL), ST_OK);
    assert_false(existed);
    assert_int_equal(config_remove(s.path, &existed, &why), ST_IO);
    scratch_fini(&s);
}

/* ---- keystore ---- */

static void the_key_is_kept_only_while_there_is_work_for_it(void **state)
{
    uint8_t first[32], next[32];
    struct signing_key *key;
    struct scratch s;
    const char *path;
    struct why why;
    bool kept;

    (void)state;
    scratch_init(&s);
    path = scratch_path(&s, "session.key");
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(keystore_session(&key, &kept, s.path, true, NULL), ST_OK);
    assert_false(kept); /* there was none */
    assert_int_equal(scratch_mode(path), 0600);
    signing_key_public(key, first);
    signing_key_free(key);

    assert_int_equal(keystore_session(&key, &kept, s.path, true, NULL), ST_OK);
    assert_true(kept);
    signing_key_public(key, next);
    assert_memory_equal(first, next, 32);
    signing_key_free(key);

    assert_int_equal(keystore_session(&key, &kept, s.path, false, NULL), ST_OK);
    assert_false(kept);
    signing_key_public(key, next);
    assert_memory_not_equal(first, next, 32);
    signing_key_free(key);

    scratch_write(path, "not a key");
    assert_int_equal(keystore_session(&key, &kept, s.path, true, NULL), ST_OK);
    assert_false(kept);
    signing_key_free(key);
    scratch_write(path, "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    assert_int_equal(keystore_session(&key, &kept, s.path, true, NULL), ST_OK);
    assert_false(kept);
    signing_key_free(key);
    assert_int_equal(keystore_session(&key, &kept, scratch_path(&s, "none"), false, &why), ST_IO);
    unlink(path);
    mkdir(path, 0700);
    assert_int_equal(keystore_session(&key, &kept, s.path, true, &why), ST_IO);
    scratch_fini(&s);
}

/* ---- guests ---- */

struct seen {
    char names[300];
};

static void note_guest(void *context, const struct guest_info *info)
{
    struct seen *seen = context;

    snprintf(seen->names + strlen(seen->names), sizeof seen->names - strlen(seen->names),
             "%s%s%s ", info->name, info->built_in ? "*" : "", info->official ? "!" : "");
}

static void guests_are_built_in_or_installed(void **state)
{
    struct bytes fib = nxp_builtin_guest("fib");
    struct seen seen = {""};
    struct buffer elf;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    buffer_init(&elf, 0);
    assert_int_equal(guest_store_input_words("fib"), 3);
    assert_int_equal(guest_store_input_words("fast-fib"), 1);
    assert_int_equal(guest_store_find(&elf, s.path, "fib", NULL), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&elf), fib));
    buffer_reset(&elf);

    assert_int_equal(guest_store_find(&elf, s.path, "other", &why), ST_NOT_FOUND);
    assert_non_null(strstr(why.text, "nxp guest install other"));
    assert_int_equal(guest_store_install(s.path, "other", fib, NULL), ST_OK);
    assert_int_equal(guest_store_find(&elf, s.path, "other", NULL), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&elf), fib));
    assert_int_equal(guest_store_install(s.path, "fib", fib, &why), ST_EXISTS);
    assert_int_equal(guest_store_install(s.path, "bad", bytes_of_text("no ELF"), &why), ST_INPUT);
    assert_int_equal(guest_store_install(s.path, "large", bytes_of(fib.data, GUEST_MAX_BYTES + 1),
                                         &why),
                     ST_INPUT);
    assert_int_equal(guest_store_each(s.path, note_guest, &seen, NULL), ST_OK);
    assert_string_equal(seen.names, "fib* other ");
    assert_int_equal(guest_store_each(scratch_path(&s, "none"), note_guest, &seen, NULL), ST_OK);
    buffer_fini(&elf);
    scratch_fini(&s);
}

static void the_network_s_guest_is_taken_only_with_its_sha_256(void **state)
{
    struct buffer elf;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    buffer_init(&elf, 0);
    assert_int_equal(
        guest_store_install(s.path, "fib_input_initial", nxp_builtin_guest("fib"), &why),
        ST_INVALID);
    assert_non_null(strstr(why.text, "69f1c40224ec9627"));
    scratch_write(scratch_path(&s, "fib_input_initial.elf"), "smuggled in");
    assert_int_equal(guest_store_find(&elf, s.path, "fib_input_initial", &why), ST_INVALID);
    buffer_fini(&elf);
    scratch_fini(&s);
}

static void names_cannot_leave_the_folder(void **state)
{
    static const char *const bad[] = {"", ".", "..", "../x", "a/b", "-x", "A", "a b", "a\n",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                      "aaaaaaa"};
    struct buffer elf;
    struct why why;

    (void)state;
    buffer_init(&elf, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(guest_store_name_valid(bad[i]));
        assert_int_equal(guest_store_find(&elf, "/tmp", bad[i], &why), ST_INPUT);
        assert_int_equal(guest_store_install("/tmp", bad[i], bytes_of_text("x"), &why), ST_INPUT);
    }
    assert_true(guest_store_name_valid("fib_input-2.initial"));
    buffer_fini(&elf);
}

/* ---- hardware ---- */

static void the_machine_has_plausible_figures(void **state)
{
    struct telemetry t = hardware_telemetry("DE");
    uint8_t a[300], b[300];

    (void)state;
    assert_in_range(hardware_cpus(), 1, 4096);
    assert_true(hardware_memory_bytes() > hardware_resident_bytes());
    assert_true(hardware_resident_bytes() > 1 << 16);
    assert_true(hardware_resident_bytes_of(getpid()) > 1 << 16);
    assert_int_equal(hardware_resident_bytes_of(0), 0);
    assert_int_equal(hardware_resident_bytes_of(999999999), 0);
    assert_true(hardware_peak_bytes() > 1 << 16);
    assert_true(t.present && t.memory_capacity > t.memory_used && t.memory_used > 0);
    assert_true(t.flops_per_sec >= 0);
    assert_string_equal(t.location, "DE");
    hardware_random(a, sizeof a);
    hardware_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_where_the_documents_say),
        cmocka_unit_test(our_folders_are_private),
        cmocka_unit_test(folders_that_cannot_be_made_are_reported),
        cmocka_unit_test(one_client_at_a_time),
        cmocka_unit_test(the_configuration_has_the_other_client_s_bytes),
        cmocka_unit_test(what_is_missing_is_empty_and_what_is_unknown_is_skipped),
        cmocka_unit_test(bad_configurations_are_refused_with_a_reason),
        cmocka_unit_test(the_configuration_file_is_private_and_whole),
        cmocka_unit_test(the_key_is_kept_only_while_there_is_work_for_it),
        cmocka_unit_test(guests_are_built_in_or_installed),
        cmocka_unit_test(the_network_s_guest_is_taken_only_with_its_sha_256),
        cmocka_unit_test(names_cannot_leave_the_folder),
        cmocka_unit_test(the_machine_has_plausible_figures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
