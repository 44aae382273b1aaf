/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/run_inside.h"
#include "sim/upkeep.h"

#define DOWN_NS NS_PER_S /* of what is killed or restarted, when the scenario does not say */

bool run_event_of_name(enum run_event *out, const char *name)
{
    static const char *const names[RUN_EVENTS] = {
        [RUN_KILL] = "kill",
        [RUN_KILL_WRITING] = "kill_writing",
        [RUN_POWER_CUT] = "power_cut",
        [RUN_POWER_CUT_WRITING] = "power_cut_writing",
        [RUN_SECOND_INSTANCE] = "second_instance",
        [RUN_STOP] = "stop",
        [RUN_STATUS] = "status",
        [RUN_WORKER_CRASH] = "worker_crash",
        [RUN_OUT_OF_MEMORY] = "out_of_memory",
        [RUN_SLOW] = "slow",
        [RUN_CLOCK_STEP] = "clock_step",
        [RUN_DISK_FULL] = "disk_full",
        [RUN_DISK_BROKEN] = "disk_broken",
        [RUN_PARTITION] = "partition",
        [RUN_PARTITION_UP] = "partition_up",
        [RUN_PARTITION_DOWN] = "partition_down",
        [RUN_CLOG] = "clog",
        [RUN_RESTART] = "restart",
        [RUN_DAMAGED_STORE] = "damaged_store",
        [RUN_BAD_SETTINGS] = "bad_settings",
        [RUN_DAMAGED_BACKUP] = "damaged_backup",
        [RUN_ADMIN] = "admin",
        [RUN_VISIT] = "visit",
        [RUN_STRANGER] = "stranger",
    };

    for (int i = 0; i < RUN_EVENTS; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum run_event)i;
            return true;
        }
    }
    return false;
}

bool run_event_restarts(enum run_event event)
{
    return event == RUN_RESTART || event == RUN_DAMAGED_STORE || event == RUN_BAD_SETTINGS;
}

bool run_event_troubles(enum run_event event, const struct scenario_event *e)
{
    return strcmp(e->who, "orchestrator") == 0 &&
           (event == RUN_OUT_OF_MEMORY || event == RUN_DISK_FULL || event == RUN_DISK_BROKEN);
}

bool run_means(const char *who, const char *name, uint32_t number)
{
    size_t length = strlen(name);
    char *end;

    if (!who[0] || strcmp(who, "one") == 0 || strcmp(who, name) == 0)
        return true;
    return strncmp(who, name, length) == 0 && who[length] == '/' && who[length + 1] &&
           strtoul(who + length + 1, &end, 10) == number && !*end;
}

static void plan_at(struct run *r, int64_t at_ns, world_fire *fire, uint64_t id)
{
    world_plan(&r->world,
               &(struct world_event){.at_ns = at_ns, .fire = fire, .context = r, .id = id});
}

/* ---- clients ---- */

static void fire_start(void *context, uint64_t host, void *payload)
{
    struct run *r = context;

    (void)payload;
    host_start(r->hosts[host]);
}

static void adjust(unsigned *count, bool begins)
{
    *count = begins ? *count + 1 : *count - 1;
}

static void go_down(struct run *r, unsigned host, void (*how)(struct host *h), int64_t until_ns)
{
    if (host_over(r->hosts[host]))
        return;
    r->kills++;
    how(r->hosts[host]);
    plan_at(r, until_ns, fire_start, host);
}

void run_maybe_kill(struct run *r)
{
    uint64_t who;

    if (r->scenario->heal_ns && r->world.now_ns >= r->scenario->heal_ns)
        return;
    who = choice_ask(r->tape, "kill", 0, r->host_count);
    if (who)
        go_down(r, (unsigned)who - 1, host_kill, r->world.now_ns + DOWN_NS);
}

static int64_t step_ns(const struct scenario_event *e)
{
    return (int64_t)e->amount * NS_PER_S;
}

/* The event begins, or ends, for one client. until_ns: when it ends; 0: never. */
static void strike(struct run *r, enum run_event event, const struct scenario_event *e,
                   unsigned host, bool begins, int64_t until_ns)
{
    struct host *h = r->hosts[host];
    struct network_link *link = host_link(h);

    switch (event) {
    case RUN_KILL:
        go_down(r, host, host_kill, until_ns);
        break;
    case RUN_POWER_CUT:
        go_down(r, host, host_power_cut, until_ns);
        break;
    case RUN_KILL_WRITING:
        host_kill_writing(h, until_ns - r->world.now_ns, false);
        break;
    case RUN_POWER_CUT_WRITING:
        host_kill_writing(h, until_ns - r->world.now_ns, true);
        break;
    case RUN_SECOND_INSTANCE:
        host_start(h);
        break;
    case RUN_STOP:
        host_stop(h, until_ns - r->world.now_ns);
        break;
    case RUN_STATUS:
        operator_look(r, host);
        break;
    case RUN_WORKER_CRASH:
        host_kill_worker(h, false);
        break;
    case RUN_OUT_OF_MEMORY:
        host_kill_worker(h, true);
        break;
    case RUN_SLOW:
        host_slow_down(h, begins ? (uint64_t)e->amount : 0);
        break;
    case RUN_CLOCK_STEP:
        host_step_clock(h, step_ns(e));
        break;
    case RUN_DISK_FULL:
        host_fill_disk(h, begins);
        break;
    case RUN_DISK_BROKEN:
        host_break_disk(h, begins);
        break;
    case RUN_PARTITION:
        adjust(&link->up_cut, begins);
        adjust(&link->down_cut, begins);
        break;
    case RUN_PARTITION_UP:
        adjust(&link->up_cut, begins);
        break;
    case RUN_PARTITION_DOWN:
        adjust(&link->down_cut, begins);
        break;
    case RUN_CLOG:
        if (until_ns > link->clogged_until_ns)
            link->clogged_until_ns = until_ns;
        break;
    case RUN_RESTART:
    case RUN_DAMAGED_STORE:
    case RUN_BAD_SETTINGS:
    case RUN_DAMAGED_BACKUP:
    case RUN_ADMIN:
    case RUN_VISIT:
    case RUN_STRANGER:
    case RUN_EVENTS:
        break;
    }
}

/* ---- events ---- */

/* Those that last: until `for` is over, or for good. The others happen at once, or are down for
 * `for`. */
static bool lasts(enum run_event event)
{
    switch (event) {
    case RUN_SLOW:
    case RUN_DISK_FULL:
    case RUN_DISK_BROKEN:
    case RUN_PARTITION:
    case RUN_PARTITION_UP:
    case RUN_PARTITION_DOWN:
    case RUN_CLOG:
        return true;
    default:
        return false;
    }
}

static int64_t end_ns(const struct run *r, enum run_event event, const struct scenario_event *e)
{
    int64_t heal_ns = r->scenario->heal_ns, now_ns = r->world.now_ns;
    int64_t until_ns = now_ns + (e->for_ns ? e->for_ns : DOWN_NS);

    if (lasts(event) && !e->for_ns)
        return heal_ns;
    return heal_ns && until_ns > heal_ns ? heal_ns : until_ns;
}

/* "one" is one of them, another one each time: id has the event, and above it who is meant. */
#define EVENT_OF(id)   ((size_t)((id)&0xffffffff))
#define WHO_OF(id)     ((unsigned)((id) >> 32))
#define EVERYBODY      UINT32_MAX
#define ID_OF(e, host) ((uint64_t)(host) << 32 | (e))

static void strike_all(struct run *r, uint64_t id, bool begins, int64_t until_ns)
{
    const struct scenario *s = r->scenario;
    const struct scenario_event *e = &s->events[EVENT_OF(id)];
    enum run_event event = RUN_EVENTS;
    unsigned host = 0;

    (void)run_event_of_name(&event, e->event); /* run_check */
    if (WHO_OF(id) != EVERYBODY) {
        strike(r, event, e, WHO_OF(id), begins, until_ns);
        return;
    }
    for (size_t i = 0; i < s->client_count; i++)
        for (uint32_t k = 0; k < s->clients[i].count; k++, host++)
            if (run_means(e->who, s->clients[i].name, k))
                strike(r, event, e, host, begins, until_ns);
}

static void fire_server_up(void *context, uint64_t id, void *payload)
{
    struct run *r = context;
    enum status st;
    struct why why;

    (void)id;
    (void)payload;
    world_note(&r->world, "orchestrator starts");
    st = service_start(r->service, &why);
    if (st && service_is_in_trouble(r->service)) { /* it has no room to read in: once more */
        world_note(&r->world, "orchestrator does not start: %s", why.text);
        plan_at(r, r->world.now_ns + DOWN_NS, fire_server_up, 0);
        return;
    }
    if (!st && r->tier)
        st = r->tier->kind->start(r->tier, service_core(r->service), &why);
    if (st)
        invariant_unreadable(&r->invariant, why.text);
}

static void server_down(struct run *r, int64_t until_ns)
{
    service_stop(r->service);
    if (r->tier)
        r->tier->kind->stop(r->tier);
    plan_at(r, until_ns, fire_server_up, 0);
}

/* The orchestrator has no room; when it has some again, whoever runs it starts it once more if it has
 * stopped working. */
static void trouble(struct run *r, enum run_event event, bool begins)
{
    if (event == RUN_OUT_OF_MEMORY)
        service_scarce(r->service, begins);
    else
        service_disk(r->service, !begins                  ? CABINET_SOUND
                                 : event == RUN_DISK_FULL ? CABINET_FULL
                                                          : CABINET_BROKEN);
    if (!begins && service_is_broken(r->service))
        server_down(r, r->world.now_ns + DOWN_NS);
}

static void fire_end(void *context, uint64_t id, void *payload)
{
    struct run *r = context;
    const struct scenario_event *e = &r->scenario->events[EVENT_OF(id)];
    enum run_event event = RUN_EVENTS;

    (void)payload;
    world_note(&r->world, "%s ends", e->event);
    if (run_event_of_name(&event, e->event) && run_event_troubles(event, e)) {
        trouble(r, event, false);
        return;
    }
    strike_all(r, id, false, 0);
}

static void restart(struct run *r, enum run_event event, const struct scenario_event *e,
                    int64_t until_ns)
{
    server_down(r, until_ns);
    if (event == RUN_DAMAGED_STORE)
        upkeep_damaged_store(r, e);
    if (event == RUN_BAD_SETTINGS)
        upkeep_bad_settings(r, e);
}

static void fire_event(void *context, uint64_t index, void *payload)
{
    struct run *r = context;
    const struct scenario_event *e = &r->scenario->events[index];
    int64_t now_ns = r->world.now_ns, until_ns;
    bool one = strcmp(e->who, "one") == 0;
    uint32_t who = EVERYBODY;
    enum run_event event = RUN_EVENTS;

    (void)payload;
    (void)run_event_of_name(&event, e->event);
    if (r->scenario->heal_ns && now_ns >= r->scenario->heal_ns)
        return;
    prng_place(&r->prng, "who");
    if (one)
        who = (uint32_t)prng_below(&r->prng, r->host_count);
    until_ns = end_ns(r, event, e);
    world_note(&r->world, "%s begins", e->event);
    r->happened++;
    if (run_event_restarts(event)) {
        restart(r, event, e, until_ns);
    } else if (run_event_troubles(event, e)) {
        trouble(r, event, true);
        plan_at(r, until_ns, fire_end, ID_OF(index, who));
    } else if (event == RUN_ADMIN) {
        operator_call(r, e);
    } else if (event == RUN_VISIT) {
        operator_visit(r, e);
    } else if (event == RUN_STRANGER) {
        stranger_visit(r, e);
    } else if (event == RUN_DAMAGED_BACKUP) {
        upkeep_restore(r, e);
    } else {
        strike_all(r, ID_OF(index, who), true, until_ns);
        if (lasts(event) && event != RUN_CLOG && until_ns)
            plan_at(r, until_ns, fire_end, ID_OF(index, who));
    }
    if (e->every_ns)
        plan_at(r, now_ns + e->every_ns, fire_event, index);
}

static void fire_heal(void *context, uint64_t id, void *payload)
{
    struct run *r = context;

    (void)id;
    (void)payload;
    world_note(&r->world, "faults stop");
    operator_heal(r);
}

void run_plan(struct run *r)
{
    const struct scenario *s = r->scenario;
    struct prng prng = world_prng(&r->world, 3);
    unsigned host = 0;

    prng.listener = choice_listen(&r->ear, r->tape, "start");
    for (size_t i = 0; i < s->client_count; i++) {
        const struct scenario_client *c = &s->clients[i];

        for (uint32_t k = 0; k < c->count; k++, host++)
            plan_at(r, c->start_ns + prng_between(&prng, 0, c->start_spread_ns), fire_start, host);
    }
    r->prng = prng;
    for (size_t i = 0; i < s->event_count; i++)
        plan_at(r, s->events[i].at_ns, fire_event, i);
    if (s->heal_ns)
        plan_at(r, s->heal_ns, fire_heal, 0);
}
