/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: what goes on a tape comes off it, is answered from it, compared with it, and shown as an
 * HTTP Archive. */
#include "tests/support/test.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "mockorch/server/har.h"
#include "mockorch/server/replay.h"
#include "tests/mockorch/served.h"

struct heard { /* what the recorder complained of */
    char words[2048];
    unsigned count;
};

static void hear(void *context, const char *words)
{
    struct heard *h = context;

    strncat(h->words, words, sizeof h->words - strlen(h->words) - 1);
    strncat(h->words, "\n", sizeof h->words - strlen(h->words) - 1);
    h->count++;
}

/* A path in /tmp that nothing stands at. */
static void unused_path(char out[static 64])
{
    int fd;

    strcpy(out, "/tmp/tape_test.XXXXXX");
    fd = mkstemp(out);
    assert_true(fd >= 0);
    close(fd);
    unlink(out);
}

static const struct tape_exchange exchange = {
    .at_ns = 12 * NS_PER_S + 500 * NS_PER_MS,
    .took_ns = NS_PER_MS,
    .method = "POST",
    .path = "/v3/tasks?x=\"1\"",
    .request_headers = {{"user-agent", "nexus-cli/0.10.18"}, {"Authorization", "Bearer secret"}},
    .request_header_count = 2,
    .request = {(const uint8_t *)"\0\1\xff", 3},
    .response = {.status = 429,
                 .headers = {{"retry-after", "60"}, {"content-type", "application/json"}},
                 .header_count = 2,
                 .body = {(const uint8_t *)"{\"a\": 1}", 8}},
    .fault = "fetch_429",
};

static void what_goes_on_a_tape_comes_off_it(void **state)
{
    struct tape_writer *w;
    struct tape *t;
    struct tape_exchange lost = exchange;
    char path[64];
    struct stat st;

    (void)state;
    lost.response = (struct http_response){.status = 0};
    unused_path(path);
    assert_int_equal(tape_writer_new(&w, path, NULL), ST_OK);
    assert_int_equal(tape_write(w, &exchange, NULL), ST_OK);
    tape_writer_free(w);
    assert_int_equal(tape_writer_new(&w, path, NULL), ST_OK); /* a second run goes on */
    assert_int_equal(tape_write(w, &lost, NULL), ST_OK);
    tape_writer_free(w);
    tape_writer_free(NULL);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    assert_int_equal(tape_load(&t, path, NULL), ST_OK);
    assert_int_equal(t->count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct tape_exchange *x = &t->exchanges[i];

        assert_true(x->at_ns == exchange.at_ns && x->took_ns == exchange.took_ns);
        assert_string_equal(x->method, "POST");
        assert_string_equal(x->path, exchange.path);
        assert_true(bytes_equal(x->request, exchange.request));
        assert_int_equal(x->request_header_count, 2);
        assert_string_equal(x->request_headers[0].value, "nexus-cli/0.10.18");
        assert_string_equal(x->request_headers[1].value, "REDACTED");
        assert_string_equal(x->fault, "fetch_429");
    }
    assert_int_equal(t->exchanges[0].response.status, 429);
    assert_true(bytes_equal(t->exchanges[0].response.body, exchange.response.body));
    assert_string_equal(t->exchanges[0].response.headers[0].value, "60");
    assert_int_equal(t->exchanges[1].response.status, 0);
    assert_int_equal(t->exchanges[1].response.body.size, 0);
    tape_free(t);
    tape_free(NULL);
    unlink(path);
}

static void a_damaged_tape_is_refused_by_its_line(void **state)
{
#define REST "\"request_headers\":[],\"request\":\"\",\"headers\":[],\"answer\":\"\""
    static const struct {
        const char *text, *words;
    } table[] = {
        {"{\"method\":\"GET\",\"path\":\"/\",\"status\":200," REST "}\n{", "line 2"},
        {"[]\n", "method and path"},
        {"{\"method\":\"GET\",\"status\":200," REST "}", "method and path"},
        {"{\"method\":\"GET\",\"path\":\"/\",\"status\":99," REST "}", "status 99"},
        {"{\"method\":\"GET\",\"path\":\"/\",\"status\":600," REST "}", "status 600"},
        {"{\"method\":\"GET\",\"path\":\"/\",\"status\":200,\"request_headers\":[],\"request\":\"*\","
         "\"headers\":[],\"answer\":\"\"}",
         "base64"},
        {"{\"method\":\"GET\",\"path\":\"/\",\"status\":200,\"request_headers\":[],\"request\":\"\","
         "\"headers\":[],\"answer\":5}",
         "no text"},
        {"{\"method\":\"GET\",\"path\":\"/\",\"status\":200,\"request_headers\":5,\"request\":\"\","
         "\"headers\":[],\"answer\":\"\"}",
         "no list"},
        {"{\"method\":\"GET\",\"path\":\"/\",\"status\":200,\"request_headers\":[],\"request\":\"\","
         "\"headers\":[[\"a\"]],\"answer\":\"\"}",
         "header 1"},
        {"{\"t\":1e15,\"method\":\"GET\",\"path\":\"/\",\"status\":200," REST "}", "t is not 0 to"},
        {"{\"took\":-1,\"method\":\"GET\",\"path\":\"/\",\"status\":200," REST "}", "took is not"},
    };
#undef REST

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct why why = {""};
        struct tape *t = NULL;

        assert_int_equal(tape_read(&t, bytes_of_text(table[i].text), &why), ST_INPUT);
        assert_null(t);
        if (!strstr(why.text, table[i].words))
            fail_msg("row %zu: %s", i, why.text);
    }
}

static void files_that_are_not_there_are_named(void **state)
{
    struct why why = {""};
    struct tape *t = NULL;
    struct tape_writer *w = NULL;
    struct recorder *r = NULL;

    (void)state;
    assert_int_not_equal(tape_load(&t, "/nowhere/tape", &why), ST_OK);
    assert_non_null(strstr(why.text, "/nowhere/tape"));
    assert_int_equal(tape_writer_new(&w, "/nowhere/tape", &why), ST_IO);
    assert_int_equal(recorder_new(&r, &(struct recorder_options){.record = "/nowhere/tape"}, &why),
                     ST_IO);
    assert_int_not_equal(
        recorder_new(&r, &(struct recorder_options){.replay = "/nowhere/tape"}, &why), ST_OK);
    assert_null(r);
}

static void blank_lines_and_no_lines_are_an_empty_tape(void **state)
{
    struct tape *t;

    (void)state;
    assert_int_equal(tape_read(&t, bytes_of_text("\n\n"), NULL), ST_OK);
    assert_int_equal(t->count, 0);
    tape_free(t);
    assert_int_equal(tape_read(&t, bytes_of_text(""), NULL), ST_OK);
    tape_free(t);
}

/* ---- replay ---- */

static void the_kth_request_gets_the_kth_answer(void **state)
{
    struct tape_exchange list[] = {exchange, exchange, exchange};
    struct tape tape = {.exchanges = list, .count = 3};
    struct http_response out;
    struct replay *r;

    (void)state;
    list[0].path = list[2].path = "/a";
    list[1].path = "/b";
    list[2].response.status = 200;
    assert_int_equal(replay_new(&r, &tape, NULL), ST_OK);
    replay_answer(r, &out, "POST", "/a");
    assert_int_equal(out.status, 429);
    replay_answer(r, &out, "GET", "/b");
    assert_int_equal(out.status, 404); /* another method */
    assert_non_null(strstr((const char *)out.body.data, "recording"));
    replay_answer(r, &out, "POST", "/a");
    assert_int_equal(out.status, 200);
    replay_answer(r, &out, "POST", "/a");
    assert_int_equal(out.status, 404);
    replay_answer(r, &out, "POST", "/b");
    assert_int_equal(out.status, 429);
    replay_free(r);
    replay_free(NULL);
}

static void forms_differ_and_values_do_not(void **state)
{
    static const char json[] = "application/json", binary[] = "application/octet-stream";
    static const struct {
        const char *type, *body, *live_type, *live_body;
        bool waits;
        const char *words; /* NULL: no difference */
    } table[] = {
        {json, "{\"a\": 1, \"b\": \"x\"}", json, "{\"a\": 2, \"b\": \"y\"}", false, NULL},
        {json, "{\"a\": 1}", json, "{\"a\": \"1\"}", false, "a:text, recorded a:number"},
        {json, "{\"a\": 1}", json, "{\"a\": 1, \"b\": null}", false, "b:null"},
        {json, "{}", binary, "{}", false, "content-type application/octet-stream"},
        {json, "{}", json, "{}", true, "Retry-After is there, recorded not there"},
        {"text/html", "<a>", "text/html", "other", false, NULL},
        {binary, "\x0a\x01x\x10\x05", binary, "\x0a\x02yz\x10\x06", false, NULL},
        {binary, "\x0a\x01x\x0a\x01y", binary, "\x0a\x01x", false, NULL}, /* repeated */
        {binary, "\x0a\x01x", binary, "\x12\x01x", false, "has 2.2, recorded 1.2"},
        {binary, "\x0a\x01x", binary, "\x0a\x05x", false, "no protobuf message"},
        {binary, "\x0d" "abcd", binary, "\x0d" "abc", false, "no protobuf"},
        {binary, "\x09" "abcdefgh", binary, "\x0b", false, "no protobuf"},
        {binary, "\x08\x01", binary, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", false,
         "no protobuf"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_response recorded = {.status = 200,
                                         .headers = {{"Content-Type", table[i].type}},
                                         .header_count = 1,
                                         .body = bytes_of_text(table[i].body)};
        struct http_response live = {.status = 200,
                                     .headers = {{"content-type", table[i].live_type}, {"retry-after", "5"}},
                                     .header_count = table[i].waits ? 2 : 1,
                                     .body = bytes_of_text(table[i].live_body)};
        char words[REPLAY_WORDS];

        if (replay_differs(&recorded, &live, words) != (table[i].words != NULL) ||
            (table[i].words && !strstr(words, table[i].words)))
            fail_msg("row %zu: '%s'", i, words);
        live.status = 500;
        assert_true(replay_differs(&recorded, &live, words));
        assert_string_equal(words, "status 500, recorded 200");
    }
}

/* ---- with a server ---- */

static struct recorder *recorder_make(const struct recorder_options *o)
{
    struct why why = {""};
    struct recorder *r = NULL;

    if (recorder_new(&r, o, &why))
        fail_msg("%s", why.text);
    return r;
}

/* node, fetch, submit, against a server with that recorder. */
static void one_life(void **state, struct recorder *recorder, const char *tape,
                     unsigned statuses[static 3])
{
    struct served *f;
    int fd;

    served_setup(state);
    f = *state;
    f->options.recorder = recorder;
    f->options.tape = tape;
    fd = dial(served_start(f));
    statuses[0] = served_call(f, fd, "GET", "/v3/nodes/" BENCH_NODE, bytes_of(NULL, 0));
    statuses[1] = served_fetch(f, fd);
    statuses[2] = served_call(f, fd, "POST", "/v3/tasks/submit", served_submission_body(f));
    if (tape) {
        assert_int_equal(served_call(f, fd, "GET", "/admin/har", bytes_of(NULL, 0)), 200);
        f->answer.body[f->answer.size] = 0;
    }
    close(fd);
    served_stop(f);
}

static void a_run_is_recorded_replayed_and_compared(void **state)
{
    struct heard heard = {.count = 0};
    struct recorder *r;
    unsigned statuses[3];
    char path[64];
    json_t *har;

    unused_path(path);
    r = recorder_make(&(struct recorder_options){.record = path});
    one_life(state, r, path, statuses);
    har = json_loads((const char *)((struct served *)*state)->answer.body, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json_object_get(har, "log"), "entries")), 3);
    json_decref(har);
    served_teardown(state);
    recorder_free(r);

    r = recorder_make(&(struct recorder_options){.replay = path});
    one_life(state, r, NULL, statuses);
    assert_true(statuses[0] == 200 && statuses[1] == 200 && statuses[2] == 200);
    assert_true(orchestrator_credits(((struct served *)*state)->b.o, BENCH_WALLET) == 0);
    served_teardown(state);
    recorder_free(r);

    r = recorder_make(
        &(struct recorder_options){.diff = path, .complain = hear, .context = &heard});
    one_life(state, r, NULL, statuses);
    served_teardown(state);
    assert_int_equal(recorder_compared(r), 3);
    assert_int_equal(recorder_differed(r), 0);
    assert_int_equal(heard.count, 0);
    recorder_free(r);
    unlink(path);
}

static void differences_are_told(void **state)
{
    struct heard heard = {.count = 0};
    struct tape_writer *w;
    struct tape_exchange x = {.method = "GET",
                              .path = "/v3/nodes/" BENCH_NODE,
                              .response = {.status = 404},
                              .fault = ""};
    struct recorder *r;
    unsigned statuses[3];
    char path[64];

    unused_path(path);
    assert_int_equal(tape_writer_new(&w, path, NULL), ST_OK);
    assert_int_equal(tape_write(w, &x, NULL), ST_OK);
    tape_writer_free(w);
    r = recorder_make(
        &(struct recorder_options){.diff = path, .complain = hear, .context = &heard});
    one_life(state, r, NULL, statuses);
    served_teardown(state);
    assert_int_equal(recorder_compared(r), 1);
    assert_int_equal(recorder_differed(r), 1);
    assert_string_equal(heard.words, "differs: GET /v3/nodes/" BENCH_NODE
                                     ": status 200, recorded 404\n");
    recorder_free(r);
    unlink(path);
}

static void a_full_disk_ends_the_recording_and_not_the_service(void **state)
{
    struct heard heard = {.count = 0};
    struct recorder *r = recorder_make(
        &(struct recorder_options){.record = "/dev/full", .complain = hear, .context = &heard});
    unsigned statuses[3];

    one_life(state, r, NULL, statuses);
    served_teardown(state);
    assert_true(statuses[0] == 200 && statuses[1] == 200 && statuses[2] == 200);
    assert_int_equal(heard.count, 1); /* once */
    assert_non_null(strstr(heard.words, "recording: "));
    recorder_free(r);
}

static void without_a_recording_there_is_no_archive(void **state)
{
    struct served *f;
    int fd;

    served_setup(state);
    f = *state;
    fd = dial(served_start(f));
    assert_int_equal(served_call(f, fd, "GET", "/admin/har", bytes_of(NULL, 0)), 404);
    close(fd);
    served_stop(f);
    served_teardown(state);

    served_setup(state);
    f = *state;
    f->options.tape = "/nowhere/tape";
    fd = dial(served_start(f));
    assert_int_equal(served_call(f, fd, "GET", "/admin/har", bytes_of(NULL, 0)), 500);
    close(fd);
    served_stop(f);
    served_teardown(state);
}

static void an_archive_has_what_its_readers_need(void **state)
{
    struct tape_exchange x = exchange;
    struct tape tape = {.exchanges = &x, .count = 1};
    const char *url, *began, *encoding;
    struct buffer text;
    double wait_ms;
    json_t *root;
    int status;

    (void)state;
    buffer_init(&text, 0);
    har_write(&text, &tape, "https://localhost:1", INT64_C(1760000000) * NS_PER_S);
    assert_true(buffer_ok(&text));
    root = json_loadb((const char *)text.data, text.size, 0, NULL);
    assert_non_null(root);
    assert_int_equal(
        json_unpack(root, "{s:{s:[{s:s, s:{s:s, s:{s:s}}, s:{s:i}, s:{s:f}}]}}", "log", "entries",
                    "startedDateTime", &began, "request", "url", &url, "postData", "encoding",
                    &encoding, "response", "status", &status, "timings", "wait", &wait_ms),
        0);
    assert_string_equal(began, "2025-10-09T08:53:32.500Z");
    assert_string_equal(url, "https://localhost:1/v3/tasks?x=\"1\"");
    assert_string_equal(encoding, "base64");
    assert_int_equal(status, 429);
    assert_true(wait_ms > 0.99 && wait_ms < 1.01);
    json_decref(root);
    buffer_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_on_a_tape_comes_off_it),
        cmocka_unit_test(a_damaged_tape_is_refused_by_its_line),
        cmocka_unit_test(files_that_are_not_there_are_named),
        cmocka_unit_test(blank_lines_and_no_lines_are_an_empty_tape),
        cmocka_unit_test(the_kth_request_gets_the_kth_answer),
        cmocka_unit_test(forms_differ_and_values_do_not),
        cmocka_unit_test(a_run_is_recorded_replayed_and_compared),
        cmocka_unit_test(differences_are_told),
        cmocka_unit_test(a_full_disk_ends_the_recording_and_not_the_service),
        cmocka_unit_test(without_a_recording_there_is_no_archive),
        cmocka_unit_test(an_archive_has_what_its_readers_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
