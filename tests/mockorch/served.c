/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "tests/mockorch/served.h"

static enum status gate_verify(struct judge *base, const struct judge_case *c, struct why *why)
{
    struct gate_judge *g = (struct gate_judge *)base;

    (void)c;
    (void)why;
    pthread_mutex_lock(&g->mutex);
    g->arrived++;
    pthread_cond_broadcast(&g->moved);
    while (!g->open)
        pthread_cond_wait(&g->moved, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
    return ST_OK;
}

void gate_wait(struct gate_judge *g, unsigned arrived)
{
    pthread_mutex_lock(&g->mutex);
    while (g->arrived < arrived)
        pthread_cond_wait(&g->moved, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
}

void gate_open(struct gate_judge *g)
{
    pthread_mutex_lock(&g->mutex);
    g->open = true;
    pthread_cond_broadcast(&g->moved);
    pthread_mutex_unlock(&g->mutex);
}

static void count_log(void *context, const struct server_record *record)
{
    struct served *f = context;

    assert_true(record->took_ns >= 0);
    f->logged++;
}

int served_setup(void **state)
{
    static const struct judge_ops gate_ops = {.verify = gate_verify};
    static struct served f;

    memset(&f, 0, sizeof f);
    bench_init(&f.b);
    f.b.now_ns = clock_now_ns(clock_system());
    f.b.settings.wall_at_zero_ns = clock_wall_ns(clock_system()) - f.b.now_ns;
    f.gate.base.ops = &gate_ops;
    pthread_mutex_init(&f.gate.mutex, NULL);
    pthread_cond_init(&f.gate.moved, NULL);
    f.options = (struct server_options){
        .listen = "127.0.0.1:0", .judge = &f.b.judge.base, .log = count_log, .log_context = &f};
    *state = &f;
    return 0;
}

static void *run(void *context)
{
    server_run(context);
    return NULL;
}

unsigned served_start(struct served *f)
{
    struct why why = {""};

    bench_start(&f->b);
    f->options.orchestrator = f->b.o;
    if (server_new(&f->server, &f->options, &why))
        fail_msg("%s", why.text);
    assert_int_equal(pthread_create(&f->thread, NULL, run, f->server), 0);
    f->running = true;
    return server_port(f->server);
}

void served_stop(struct served *f)
{
    if (!f->running)
        return;
    server_stop(f->server);
    pthread_join(f->thread, NULL);
    f->running = false;
}

int served_teardown(void **state)
{
    struct served *f = *state;

    gate_open(&f->gate);
    served_stop(f);
    server_free(f->server);
    bench_fini(&f->b);
    pthread_mutex_destroy(&f->gate.mutex);
    pthread_cond_destroy(&f->gate.moved);
    return 0;
}

unsigned served_call(struct served *f, int fd, const char *method, const char *path,
                     struct bytes body)
{
    dial_request(fd, method, path, "", body);
    dial_read(fd, &f->answer);
    return f->answer.status;
}

struct bytes served_fetch_body(struct served *f)
{
    struct wire_fetch m = {.node_id = BENCH_NODE,
                           .node_type = NODE_CLI_PROVER,
                           .public_key = bytes_of(f->b.public_key, sizeof f->b.public_key)};

    buffer_reset(&f->b.body);
    wire_encode_fetch(&f->b.body, &m);
    return buffer_bytes(&f->b.body);
}

unsigned served_fetch(struct served *f, int fd)
{
    return served_call(f, fd, "POST", "/v3/tasks", served_fetch_body(f));
}

/* An honest submission for the task in the last answer. */
struct bytes served_submission_body(struct served *f)
{
    struct bench_submission s;
    struct bench_task t;

    f->b.response = (struct http_response){.status = f->answer.status,
                                           .body = bytes_of(f->answer.body, f->answer.size)};
    t = bench_task(&f->b);
    bench_prove(&f->b, &s, &t);
    buffer_reset(&f->b.body);
    wire_encode_submission(&f->b.body, &s.message);
    bench_submission_fini(&s);
    return buffer_bytes(&f->b.body);
}
