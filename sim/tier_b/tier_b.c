/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_b/tier_b.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/core/core.h"
#include "mockorch/server/server.h"
#include "sim/memory.h"
#include "sim/tier_b/tier_b_time.h"
#include "sim/tier_b/tier_b_vault.h"
#include "sim/tier_b/tier_b_wire.h"

#define MOST_CLIENTS 100 /* each has a handful of files and sockets open */

#define CERTIFICATE_S ((int64_t)20 * 365 * 24 * 3600) /* longer than any run */

struct tier_b {
    struct tier base;   /* first, so that a cast back is valid */
    struct clock clock; /* second: clock_of */
    struct tier_options o;
    struct prng judge_prng;
    char folder[64], socket[96], listen[104], certificate[96];
    struct tls *tls;
    struct server *server;
    struct tier_b_wire *wire;
    struct tier_b_vault **vaults;
    size_t vault_count;
    struct sigaction broken_pipe; /* as it was */
    int64_t wake_ns;              /* an event is planned for then; INT64_MAX: none */
    int64_t turn_ns;              /* the first timer of libcurl or libevent */
};

static const struct tier_b *clock_of(const struct clock *c)
{
    return (const struct tier_b *)((const char *)c - offsetof(struct tier_b, clock));
}

static int64_t clock_now(const struct clock *c)
{
    return clock_of(c)->o.world->now_ns;
}

static int64_t clock_wall(const struct clock *c)
{
    return clock_of(c)->o.wall_at_zero_ns + clock_of(c)->o.world->now_ns;
}

/* ---- turns ---- */

static void fire_wake(void *context, uint64_t id, void *payload)
{
    struct tier_b *t = context;

    (void)id;
    (void)payload;
    if (t->wake_ns <= t->o.world->now_ns)
        t->wake_ns = INT64_MAX; /* the turn follows, as behind every event */
}

static void plan_wake(struct tier_b *t, int64_t wait_ns)
{
    int64_t at_ns = wait_ns == INT64_MAX ? INT64_MAX : t->o.world->now_ns + wait_ns;

    t->turn_ns = at_ns;
    if (at_ns >= t->wake_ns)
        return;
    t->wake_ns = at_ns;
    world_plan(t->o.world, &(struct world_event){.at_ns = at_ns, .fire = fire_wake, .context = t});
}

/* Everything that can happen at this moment of the world happens; then whoever has a timer is
 * remembered. What one side sends the other finds in its next turn, so it is over when nobody has
 * found anything; but a timer that rings sends without having found, hence the second round. */
static void settle(void *context)
{
    struct tier_b *t = context;
    int64_t client_ns, server_ns;
    uint64_t found;
    int round = 0;

    if (tier_b_wire_is_quiet(t->wire) && t->o.world->now_ns < t->turn_ns)
        return;
    do {
        found = tier_b_time_found();
        server_ns = t->server ? server_turn(t->server) : INT64_MAX;
        client_ns = tier_b_wire_turn(t->wire);
        round++;
    } while (round < 2 || tier_b_time_found() != found || client_ns == 0 || server_ns == 0);
    plan_wake(t, client_ns < server_ns ? client_ns : server_ns);
}

/* ---- the orchestrator ---- */

static void arrive(void *context, struct packet *p)
{
    struct tier_b *t = context;

    if (!t->o.turns_away(t->o.service, p))
        tier_b_wire_arrive(t->wire, p);
}

static int64_t judge_takes_ns(void *context)
{
    struct tier_b *t = context;

    return t->o.judge_ns + prng_between(&t->judge_prng, 0, t->o.judge_jitter_ns);
}

static void answered(void *context, const struct server_record *record)
{
    struct tier_b *t = context;
    const struct verdict *v = record->verdict;

    world_note(t->o.world, "server %s task=%s node=%s -> %u [%s]", call_name(v->call), v->task_id,
               v->node_id, v->status, v->faults);
    if (t->o.voted) {
        if (v->call == CALL_SUBMIT)
            t->o.voted(t->o.service, v->task_id);
    } else if (v->credited && !orchestrator_broken(t->o.orchestrator)) {
        bool twice;
        const char *task_id = tier_b_wire_task(t->wire, v->task_id, &twice);

        t->o.accepted(t->o.context, task_id, twice);
    }
}

static enum status open_tls(struct tier_b *t, struct why *why)
{
    snprintf(t->certificate, sizeof t->certificate, "%s/certificate.pem", t->folder);
    return tls_new(&t->tls,
                   &(struct tls_options){.certificate = "self",
                                         .certificate_out = t->certificate,
                                         .wall_s = t->o.wall_at_zero_ns / NS_PER_S,
                                         .valid_s = CERTIFICATE_S},
                   why);
}

static enum status open_server(struct tier_b *t, struct why *why)
{
    snprintf(t->socket, sizeof t->socket, "%s/socket", t->folder);
    snprintf(t->listen, sizeof t->listen, "unix:%s", t->socket);
    return server_new(&t->server,
                      &(struct server_options){
                          .listen = t->listen,
                          .tls = t->tls,
                          .orchestrator = t->o.orchestrator,
                          .judge = t->o.judge,
                          .judge_takes_ns = judge_takes_ns,
                          .judge_context = t,
                          .clock = &t->clock,
                          .log = answered,
                          .log_context = t,
                      },
                      why);
}

/* ---- life ---- */

/* In memory, when there is a place for it: durability is not what is asked here. */
static enum status make_folder(struct tier_b *t, struct why *why)
{
    const char *wish = getenv("TMPDIR");
    const char *place = wish ? wish : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    if (snprintf(t->folder, sizeof t->folder, "%s/nxp-sim-XXXXXX", place) >= (int)sizeof t->folder)
        return fail(why, ST_INPUT, "TMPDIR '%s' is too long for a socket", place);
    if (!mkdtemp(t->folder)) {
        enum status st = fail(why, ST_IO, "%s: %s", t->folder, strerror(errno));

        t->folder[0] = '\0';
        return st;
    }
    return ST_OK;
}

static void leave_time(const struct tier_b *t)
{
    tier_b_time_end();
    sigaction(SIGPIPE, &t->broken_pipe, NULL);
}

static void tier_b_close(struct tier *base)
{
    struct tier_b *t = (struct tier_b *)base;

    if (!t)
        return;
    t->o.world->settle = NULL;
    tier_b_wire_free(t->wire);
    for (size_t i = 0; i < t->vault_count; i++)
        tier_b_vault_free(t->vaults[i]);
    free(t->vaults);
    server_free(t->server);
    if (t->tls)
        unlink(t->certificate);
    tls_free(t->tls);
    if (t->folder[0])
        rmdir(t->folder);
    leave_time(t);
    free(t);
}

static void tier_b_leave(struct tier *base)
{
    const struct tier_b *t = (const struct tier_b *)base;
    DIR *folder = opendir(t->folder);
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        unlinkat(dirfd(folder), entry->d_name, 0); /* . and .. stay */
    if (folder)
        closedir(folder);
    rmdir(t->folder);
    leave_time(t);
}

static enum status tier_b_open(struct tier **out, const struct tier_options *o, struct why *why)
{
    struct tier_b *t = memory_new(sizeof *t);
    enum status st;

    *t = (struct tier_b){.base.kind = &tier_b,
                         .clock = {.now = clock_now, .wall = clock_wall},
                         .o = *o,
                         .judge_prng = world_prng(o->world, 0x5e),
                         .wake_ns = INT64_MAX};
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &t->broken_pipe);
    tier_b_time_begin(&o->world->now_ns, o->wall_at_zero_ns, o->seed);
    st = make_folder(t, why);
    if (!st && o->tls)
        st = open_tls(t, why);
    if (!st)
        st = open_server(t, why);
    if (!st)
        st = tier_b_wire_new(&t->wire,
                             &(struct tier_b_wire_options){
                                 .network = o->network,
                                 .base_url = o->tls ? "https://localhost" : "http://localhost",
                                 .unix_path = t->socket,
                                 .ca_file = o->tls ? t->certificate : NULL,
                                 .response_limit = WIRE_MAX_RESPONSE,
                             },
                             why);
    if (st) {
        tier_b_close(&t->base);
        return st;
    }
    o->network->real = true;
    o->network->arrive = arrive;
    o->network->orchestrator = t;
    o->world->settle = settle;
    o->world->settle_context = t;
    *out = &t->base;
    return ST_OK;
}

static enum status tier_b_vault_of(struct tier *base, struct vault **out, unsigned host,
                                   struct why *why)
{
    struct tier_b *t = (struct tier_b *)base;
    struct tier_b_vault *v;
    enum status st = tier_b_vault_new(&v, t->folder, host, tier_b_wire_gone, t->wire, why);

    if (st)
        return st;
    t->vaults = memory_grown(t->vaults, t->vault_count + 1, sizeof(struct tier_b_vault *));
    t->vaults[t->vault_count++] = v;
    *out = tier_b_vault_base(v);
    return ST_OK;
}

static enum status tier_b_check(const struct scenario *s, struct why *why)
{
    uint64_t clients = 0;

    for (size_t i = 0; i < s->client_count; i++)
        clients += s->clients[i].count;
    for (size_t i = 0; i < s->client_count; i++)
        if (s->clients[i].disk_rot > 0)
            return fail(why, ST_INPUT, "client '%s': disk_rot is simulated in tier A only",
                        s->clients[i].name);
    if (clients > MOST_CLIENTS)
        return fail(why, ST_INPUT, "tier B has at most %d clients", MOST_CLIENTS);
    for (size_t i = 0; i < s->event_count; i++)
        if (strcmp(s->events[i].event, "out_of_memory") == 0 &&
            strcmp(s->events[i].who, "orchestrator") == 0)
            return fail(why, ST_INPUT, "tier B cannot make the orchestrator's memory scarce alone");
    return ST_OK;
}

static void tier_b_stop(struct tier *base)
{
    struct tier_b *t = (struct tier_b *)base;

    server_free(t->server);
    t->server = NULL;
    tier_b_wire_down(t->wire, true);
}

static enum status tier_b_start(struct tier *base, struct orchestrator *o, struct why *why)
{
    struct tier_b *t = (struct tier_b *)base;

    if (t->server)
        return ST_OK;
    t->o.orchestrator = o;
    tier_b_wire_down(t->wire, false);
    return open_server(t, why);
}

const struct tier_kind tier_b = {.check = tier_b_check,
                                 .open = tier_b_open,
                                 .vault = tier_b_vault_of,
                                 .stop = tier_b_stop,
                                 .start = tier_b_start,
                                 .close = tier_b_close,
                                 .leave = tier_b_leave};
