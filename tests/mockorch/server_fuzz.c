/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes into a server on a unix socket, driven turn by turn in this process: whatever they are, the
 * server goes on serving. A byte 0xff in the input is a pause: the server works on what it has.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "mockorch/server/server.h"

#define LIVES 5000 /* inputs that one server gets */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    struct settings settings;
    struct fault_plan plan;
    struct orchestrator *o;
    struct server *server;
    char path[64], listen[80];
    unsigned inputs;
} world;

static void need(bool holds)
{
    if (!holds)
        abort();
}

static enum status believe(struct judge *j, const struct judge_case *c, struct why *why)
{
    (void)j;
    (void)c;
    (void)why;
    return ST_OK;
}

static void stop(void)
{
    if (!world.server)
        return;
    server_free(world.server);
    orchestrator_free(world.o);
    fault_plan_fini(&world.plan);
    world.server = NULL;
}

static void start(void)
{
    static const struct judge_ops ops = {.verify = believe};
    static struct judge judge = {.ops = &ops};
    struct server_options options = {
        .listen = world.listen, .judge = &judge, .max_body_bytes = 4096};

    settings_init(&world.settings);
    world.settings.judging = JUDGING_HASH;
    world.settings.task_limit = 1000;
    fault_plan_init(&world.plan, 1);
    world.plan.by_header = true;
    need(!orchestrator_new(&world.o, &world.settings, &world.plan, NULL, 0, NULL));
    need(!orchestrator_add_node(world.o, "7", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", NULL));
    snprintf(world.path, sizeof world.path, "/tmp/nxp_server_fuzz_%d", (int)getpid());
    snprintf(world.listen, sizeof world.listen, "unix:%s", world.path);
    options.orchestrator = world.o;
    need(!server_new(&world.server, &options, NULL));
    if (!world.inputs) {
        signal(SIGPIPE, SIG_IGN); /* as the program does */
        atexit(stop);
    }
    world.inputs = 0;
}

static int dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    strcpy(to.sun_path, world.path);
    need(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

/* Some turns; of what it says, the first bytes are kept. false: it has hung up. */
static bool turns(int fd, int count, char first[static 16])
{
    char answer[4096];

    for (int i = 0; i < count; i++) {
        ssize_t n;

        (void)server_turn(world.server);
        n = recv(fd, answer, sizeof answer, 0);
        if (n == 0)
            return false;
        if (n > 0 && !first[0])
            memcpy(first, answer, n < 15 ? (size_t)n : 15);
    }
    return true;
}

static void see_it_serve(void)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    char first[16] = "";
    int fd = dial();

    need(send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1);
    turns(fd, 6, first);
    need(strncmp(first, "HTTP/1.1 200", 12) == 0);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char first[16] = "";
    bool open = true;
    int fd;

    if (world.server && world.inputs == LIVES)
        stop();
    if (!world.server)
        start();
    world.inputs++;
    fd = dial();
    while (size && open) {
        const uint8_t *pause = memchr(data, 0xff, size);
        size_t part = pause ? (size_t)(pause - data) : size;

        if (part)
            open = send(fd, data, part, MSG_NOSIGNAL) >= 0;
        open = open && turns(fd, 2, first);
        part += pause != NULL;
        data += part;
        size -= part;
    }
    turns(fd, 4, first);
    close(fd);
    see_it_serve();
    return 0;
}
