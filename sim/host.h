/* SPDX-License-Identifier: Apache-2.0 */
/* A client of a simulation: its production core in a process that can be killed, with a disk that
 * stays, a clock of its own, and a prover that is a cost model handing out real proofs.
 *
 * It is what client/shell/shell.c is in the product, in virtual time.
 *
 * Owner:   heap; everything in the options is borrowed.
 */
#pragma once
#include "sim/choice.h"
#include "sim/invariant.h"
#include "sim/network.h"
#include "sim/prover_sim.h"
#include "sim/vault.h"

/* Who decides in the client. */
enum host_policy {
    HOST_OURS,              /* "ours": client/core/core.h */
    HOST_REFERENCE_CURRENT, /* "reference-current": client.md 5, defects included */
    HOST_REFERENCE_SEED,    /* "reference-seed": client.md 12 */
};

/* false: no policy of that name. */
bool host_policy_of_name(enum host_policy *out, const char *name);

/* A mistake planted on purpose, to see that the invariants find it. */
enum host_bug {
    HOST_NO_BUG,
    HOST_DEAF,      /* "retry-after": the header never reaches the core */
    HOST_HASTY,     /* "unsaved": a write is called durable when it is begun */
    HOST_STUBBORN,  /* "resend": each submission is sent once more after its answer */
    HOST_FORGETFUL, /* "forget": a record that becomes final is not written */
    HOST_CANARY,    /* "canary": no mistake of a client; one seed in a hundred fails (run.c) */
    HOST_WASTEFUL,  /* "reprove": proofs of a task that is not done are lost in a restart */
};

/* false: no bug of that name. */
bool host_bug_of_name(enum host_bug *out, const char *name);

struct host_options {
    struct world *world;
    struct network *network;
    struct invariant *invariant;
    struct prover_sim *prover;
    const struct scenario_client *plan;
    const struct profile *profile;
    unsigned number;
    const char *const *node_ids;
    size_t node_count;
    int64_t wall_at_zero_ns;
    int64_t heal_ns; /* no chance strikes from here on; 0: never */
    enum host_policy policy;
    enum host_bug bug;
    struct choice_tape *tape; /* NULL: none */
    struct keyring *keyring; /* NULL: keys of Ed25519 */
    struct vault *vault; /* NULL: the model of a disk is all there is */
};

struct host;

enum status MUST_USE host_new(struct host **out, const struct host_options *o, struct why *why);
void host_free(struct host *h);

/* A new process, with what is on disk. If there is one, it is refused by the lock of the store. */
void host_start(struct host *h);
void host_kill(struct host *h);  /* kill -9 */
/* SIGTERM, once more if there was one before; when the process has ended, another one follows. */
void host_stop(struct host *h, int64_t down_ns);
/* In the middle of its next write; power: as host_power_cut. */
void host_kill_writing(struct host *h, int64_t down_ns, bool power);
void host_power_cut(struct host *h); /* of the machine: the disk's cache is gone too */
/* Of the prover, not of the client: all proofs under way fail. */
void host_kill_worker(struct host *h, bool by_the_system);
void host_step_clock(struct host *h, int64_t by_ns);
/* From now on, and not any more; may be nested. */
void host_fill_disk(struct host *h, bool full);
void host_break_disk(struct host *h, bool broken);
void host_slow_down(struct host *h, uint64_t times); /* 0: not any more */
struct network_link *host_link(struct host *h);
/* For struct network. */
void host_deliver(void *host, struct packet *takes);

unsigned host_number(const struct host *h);
bool host_settled(const struct host *h); /* nothing open, nothing under way */
bool host_over(const struct host *h);    /* it has ended by itself */
const struct disk *host_disk(const struct host *h);
const struct runtime *host_runtime(const struct host *h); /* NULL: no process */
int64_t host_wall_ns(const struct host *h); /* what its clocks show */
int64_t host_mono_ns(const struct host *h);
/* Of all its processes. */
struct stats host_stats(const struct host *h);
uint64_t host_requests(const struct host *h);
uint64_t host_refused_instances(const struct host *h);
uint64_t host_torn_records(const struct host *h);
void host_wallet(const struct host *h, char out[static SCENARIO_TEXT]); /* of its user */
bool host_turned_away(const struct host *h); /* it never worked: wallet, version or country */
uint64_t host_stops(const struct host *h); /* that came to an end */
uint64_t host_kills(const struct host *h); /* in the middle of a write */
