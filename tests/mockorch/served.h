/* SPDX-License-Identifier: Apache-2.0 */
/* An orchestrator behind a real server on a thread of its own, for tests of the server's room. The
 * orchestrator is looked at after the server has stopped.
 */
#pragma once
#include <pthread.h>

#include "mockorch/server/server.h"
#include "tests/mockorch/bench.h"
#include "tests/mockorch/dial.h"

/* A judge that waits at a gate, so that a test decides what happens meanwhile. */
struct gate_judge {
    struct judge base;
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    unsigned arrived;
    bool open;
};

void gate_wait(struct gate_judge *g, unsigned arrived);
void gate_open(struct gate_judge *g);

struct served {
    struct bench b;
    struct gate_judge gate;
    struct server_options options;
    struct server *server;
    pthread_t thread;
    bool running;
    struct dial_answer answer;
    unsigned logged;
    unsigned statuses[8]; /* for a log of the test's own */
};

/* For cmocka; *state is the struct served. Options may be changed before served_start. */
int served_setup(void **state);
int served_teardown(void **state);

unsigned served_start(struct served *f); /* returns the port; 0: a unix socket */
void served_stop(struct served *f);
/* One request and its answer, in f->answer; returns the status. */
unsigned served_call(struct served *f, int fd, const char *method, const char *path,
                     struct bytes body);
/* Of BENCH_NODE; the body is valid until the next one is made. */
struct bytes served_fetch_body(struct served *f);
unsigned served_fetch(struct served *f, int fd);
/* An honest submission for the task in f->answer. */
struct bytes served_submission_body(struct served *f);
