/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "sim/host_inside.h"

/* A write that ends in a sync takes this long, at least and at most. */
#define WRITE_LEAST_NS (NS_PER_MS / 2)
#define WRITE_MOST_NS  (20 * NS_PER_MS)
/* One that other programs keep busy. */
#define STALL_LEAST_NS (5 * NS_PER_S)
#define STALL_MOST_NS  (30 * NS_PER_S)
/* A disk that breaks takes longer to say so. */
#define ERROR_NS (2 * NS_PER_S)

static void fire_saved(void *context, uint64_t id, void *payload)
{
    struct host *h = context;
    const struct disk_cell *cell;
    bool lies;

    if (!host_mine(h, payload))
        return;
    lies = host_strikes(h, h->o.plan->disk_lost, "disk_lost");
    cell = lies ? disk_end_in_cache(&h->disk, id) : disk_end(&h->disk, id);
    host_note(h, lies ? "saved, says its disk," : "saved", id);
    invariant_saved(h->o.invariant, h->o.number, &h->disk, cell);
    if (h->o.bug != HOST_HASTY)
        host_handle(h, &(struct event){.type = EV_SAVED, .id = id});
    host_live(h);
}

static void unsaved(struct host *h, uint64_t id, const char *text)
{
    host_note(h, "could not save", id);
    invariant_unsaved(h->o.invariant, h->o.number);
    host_handle(h, &(struct event){.type = EV_UNSAVED, .id = id, .unsaved = text});
    host_live(h);
}

static void fire_full(void *context, uint64_t id, void *payload)
{
    struct host *h = context;

    if (host_mine(h, payload))
        unsaved(h, id, "no space left on the model of a disk");
}

static void fire_broken(void *context, uint64_t id, void *payload)
{
    struct host *h = context;

    if (host_mine(h, payload))
        unsaved(h, id, "input/output error of the model of a disk");
}

static void fire_killed(void *context, uint64_t id, void *payload)
{
    struct host *h = context;
    int64_t down_ns = h->killed_writing_ns;

    (void)id;
    if (!host_mine(h, payload) || !down_ns)
        return;
    h->killed_writing_ns = 0;
    h->kills++;
    if (h->cut_writing)
        host_power_cut(h);
    else
        host_kill(h);
    host_come_back(h, down_ns);
}

void host_save(struct host *h, const struct action *act)
{
    const struct scenario_client *c = h->o.plan;
    bool full, broken;
    int64_t took_ns;

    prng_place(&h->prng, "write");
    took_ns = prng_between(&h->prng, WRITE_LEAST_NS, WRITE_MOST_NS);
    if (c->disk_stalls > 0 && host_strikes(h, c->disk_stalls, "disk_stalls"))
        took_ns += prng_between(&h->prng, STALL_LEAST_NS, STALL_MOST_NS);
    full = host_strikes(h, c->disk_full, "disk_full");
    broken = host_strikes(h, c->disk_error, "disk_error");
    if (full || h->disks_full) {
        invariant_doomed(h->o.invariant, h->o.number);
        host_plan(h, took_ns, fire_full, act->id);
        return;
    }
    if (broken || h->disks_broken) {
        invariant_doomed(h->o.invariant, h->o.number);
        host_plan(h, took_ns + ERROR_NS, fire_broken, act->id);
        return;
    }
    if (h->o.bug == HOST_FORGETFUL && outbox_state_final(act->record->state)) {
        host_handle(h, &(struct event){.type = EV_SAVED, .id = act->id});
        return;
    }
    if (act->record->state == OUTBOX_SENDING)
        invariant_choosing(h->o.invariant, h->o.number, &h->disk, act->record->task_id);
    disk_begin(&h->disk, act->record);
    invariant_saving(h->o.invariant, act->record->task_id);
    host_plan(h, took_ns, fire_saved, act->id);
    prng_place(&h->prng, "kill_writing");
    if (h->killed_writing_ns)
        host_plan(h, prng_between(&h->prng, 0, took_ns - 1), fire_killed, 0);
    if (h->o.bug == HOST_HASTY)
        host_handle(h, &(struct event){.type = EV_SAVED, .id = act->id});
}
