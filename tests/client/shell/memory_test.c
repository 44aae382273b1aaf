/* SPDX-License-Identifier: Apache-2.0 */
/* Each call of the shell's files with its n-th allocation refused, for every n: a status, nothing
 * leaked, and success when nothing is refused. Texts are made inside libc, so those calls are
 * refused here by name. */
#include "tests/support/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/config.h"
#include "client/shell/guest_store.h"
#include "client/shell/home.h"
#include "client/shell/keystore.h"
#include "client/shell/outbox_sqlite.h"
#include "client/shell/release_watch.h"
#include "client/shell/startup.h"
#include "client/shell/transport_curl.h"
#include "prover/nxp.h"
#include "tests/client/shell/fake_worker.h"
#include "tests/client/shell/scratch.h"
#include "tests/prover/proof/heap.h"

char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **out, const char *format, ...);
int __wrap_vasprintf(char **out, const char *format, va_list args);
int __wrap___asprintf_chk(char **out, int flag, const char *format, ...);
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args);

char *__wrap_strdup(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    return copy ? strcpy(copy, text) : NULL;
}

__attribute__((format(printf, 2, 0))) int __wrap_vasprintf(char **out, const char *format,
                                                           va_list args)
{
    char *text = malloc(1024);

    if (!text)
        return -1;
    *out = text;
    return vsnprintf(text, 1024, format, args);
}

__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = __wrap_vasprintf(out, format, args);
    va_end(args);
    return n;
}

__attribute__((format(printf, 3, 4))) int __wrap___asprintf_chk(char **out, int flag,
                                                                const char *format, ...)
{
    va_list args;
    int n;

    (void)flag;
    va_start(args, format);
    n = __wrap_vasprintf(out, format, args);
    va_end(args);
    return n;
}

__attribute__((format(printf, 3, 0))) int __wrap___vasprintf_chk(char **out, int flag,
                                                                 const char *format, va_list args)
{
    (void)flag;
    return __wrap_vasprintf(out, format, args);
}

static struct scratch scratch;

/* ---- one call each ---- */

static enum status do_home(void)
{
    struct home h;
    enum status st = home_init(&h, scratch.path, NULL, NULL);

    if (!st) {
        st = home_prepare(&h, NULL);
        home_fini(&h);
    }
    return st;
}

static enum status do_config(void)
{
    struct config c;
    struct buffer out;
    enum status st = config_parse(
        &c, bytes_of_text("{\"environment\":\"e\",\"user_id\":\"u\",\"node_id\":\"1\"}"), NULL);

    if (st)
        return st;
    buffer_init(&out, 0);
    st = config_format(&out, &c, NULL);
    if (!st && !buffer_ok(&out))
        st = ST_NO_MEMORY;
    buffer_fini(&out);
    config_fini(&c);
    return st;
}

static enum status do_key(void)
{
    struct signing_key *key;
    bool kept;
    enum status st = keystore_session(&key, &kept, scratch.path, true, NULL);

    if (!st)
        signing_key_free(key);
    return st;
}

static enum status drop(void *context, struct outbox_record *r, struct why *why)
{
    (void)context;
    (void)why;
    outbox_record_fini(r);
    return ST_OK;
}

static enum status do_outbox(void)
{
    struct outbox_record r;
    struct outbox_sqlite *o;
    enum status st;

    if (!outbox_record_init(&r, "1", "T", "fib", 1))
        return ST_NO_MEMORY;
    r.id = 1;
    r.state = OUTBOX_REFUSED;
    st = outbox_sqlite_open(&o, scratch_path(&scratch, "outbox.db"),
                            scratch_path(&scratch, "outbox"), NULL);
    if (!st) {
        st = outbox_put(&o->base, &r, NULL);
        if (!st)
            st = outbox_each(&o->base, drop, NULL, NULL);
        assert_int_equal(o->damaged, 0); /* a record that there is no memory for is not damaged */
        if (!st)
            st = outbox_sqlite_prune(o, 0, NULL);
        outbox_free(&o->base);
    }
    outbox_record_fini(&r);
    return st;
}

static enum status do_guest(void)
{
    struct buffer elf;
    enum status st = guest_store_install(scratch.path, "mine", nxp_builtin_guest("fib"), NULL);

    buffer_init(&elf, 0);
    if (!st)
        st = guest_store_find(&elf, scratch.path, "mine", NULL);
    if (!st)
        st = guest_store_find(&elf, scratch.path, "fib", NULL);
    buffer_fini(&elf);
    return st;
}

static enum status do_transport(void)
{
    struct http_request r = {.method = HTTP_POST, .path = "/x", .body = bytes_of_text("body")};
    struct transport_curl *t;
    enum status st = transport_curl_new(
        &t, &(struct transport_options){.base_url = "http://127.0.0.1:1/", .ca_file = "x"}, NULL);

    if (st)
        return st;
    r.headers[r.header_count++] = (struct http_header){"a", "b"};
    st = transport_curl_send(t, 1, &r, true, NULL);
    transport_curl_free(t);
    return st;
}

static enum status do_release(void)
{
    struct release_watch *w;
    enum status st = release_watch_begin(&w, "http://127.0.0.1:1", "agent", "1.0.0", NULL, NULL);

    if (!st)
        release_watch_free(w);
    return st;
}

static void say(void *context, enum line_level level, const char *event, const char *text)
{
    (void)context;
    (void)level;
    (void)event;
    (void)text;
}

static enum status do_startup(void)
{
    static const struct startup_pages nowhere = {.url = {"http://127.0.0.1:1"}, .count = 1};
    struct startup s = {.versions = &nowhere,
                        .countries = &nowhere,
                        .version = "0.10.18",
                        .copy = scratch_path(&scratch, "version.json"),
                        .stop_fd = -1,
                        .say = say};
    char country[COUNTRY_CODE];

    return startup_run(&s, country, NULL);
}

/* A real worker with memory enough; the client's side has none. */
static enum status do_prover(void)
{
    struct prover *p;
    struct prover_outcome out;
    enum status st = prover_process_new(
        &p, &(struct prover_process_options){.guests = scratch.path, .cores = 1}, NULL);

    if (st)
        return st;
    fake_worker_begin(p, 1, 9);
    out = fake_worker_outcome(p);
    prover_free(p);
    return out.status;
}

/* ---- each with every allocation refused in turn ---- */

static void survive(enum status (*call)(void))
{
    enum status st;
    long n = 0;

    assert_int_equal(call(), ST_OK); /* what libraries make once is made */
    heap_watch_start();
    do {
        heap_fail_after(n);
        st = call();
        heap_fail_after(-1);
        assert_true(st == ST_OK || st == ST_NO_MEMORY || st == ST_IO);
        assert_int_equal(heap_watch_held(), 0);
        assert_true(++n < 500);
    } while (st);
    assert_true(n > 2);
}

static void refused_memory_is_a_status_everywhere(void **state)
{
    (void)state;
    assert_int_equal(signing_start(NULL), ST_OK);
    scratch_init(&scratch);
    survive(do_home);
    survive(do_config);
    survive(do_key);
    survive(do_outbox);
    survive(do_guest);
    survive(do_transport);
    survive(do_prover);
    survive(do_release);
    survive(do_startup);
    scratch_fini(&scratch);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_memory_is_a_status_everywhere),
    };

    fake_worker_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
