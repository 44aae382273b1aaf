/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a client share among themselves; nobody else includes it.
 *
 *   host.c       its process: start, death, the loop, requests
 *   host_disk.c  writes, and what becomes of them
 *   host_work.c  proofs
 *   host_enrol.c the network's pages, and registering
 *   host_memory.c  memory that runs out
 *   host_rot.c     what a process finds damaged on its disk
 */
#pragma once
#include "client/core/country.h"
#include "client/core/enrol.h"
#include "sim/clockwork.h"
#include "sim/host.h"
#include "sim/keyring.h"

struct host_job {
    uint64_t id; /* 0: a free place */
    bool cancelled;
    int64_t begun_ns;
    char *task_id;
    char program_id[SETTINGS_PROGRAM_SIZE];
    uint32_t input[3];
};

enum host_enrol {
    HOST_WORKS,
    HOST_LOOK_UP,
    HOST_MAKE_USER,
    HOST_MAKE_NODE,
    HOST_LOOK_AGAIN,
    HOST_TRY_AGAIN
};

struct host {
    struct host_options o;
    struct prng prng;
    struct choice_listener ear, core_ear;
    struct signing_key *key;
    struct disk disk;
    struct clockwork clocks;
    struct network_link link;

    struct runtime *runtime; /* NULL: no process */
    uint64_t life;           /* counts processes; what belongs to a former one is void */
    bool over;
    int64_t stopped_ns; /* the user has stopped it, for so long; 0: no */
    uint64_t stops;
    enum host_enrol enrol; /* HOST_WORKS: it does, or has not been started */
    char wallet[SCENARIO_TEXT], user_id[ENROL_ID_SIZE], node_id[ENROL_ID_SIZE]; /* its configuration */
    const char *node_ids[1];
    char country[COUNTRY_CODE]; /* "": not known */
    bool tried_before;          /* to register, and it failed */
    struct enrol_nodes *nodes;  /* of its user, when it asked for one; NULL: not known */
    bool turned_away;           /* before it ever worked */
    int64_t tick_ns; /* of the world: a tick is planned for then */
    uint64_t tick;
    unsigned requests_under_way;
    uint64_t requests;

    uint8_t *wrong; /* the last proof that is none; or NULL */
    struct host_job *jobs;             /* plan->proofs_at_once of them */
    unsigned disks_full, disks_broken; /* events in force: writes are refused */
    bool cut_writing;                  /* by a power cut */
    int64_t killed_writing_ns;         /* down for so long; 0: it is not to be */
    uint64_t kills;
    unsigned slow;                     /* events in force: proofs take slow_times as long */
    uint64_t slow_times;
    int64_t hold_wall_ns[CORE_ROUTES]; /* on disk */
    struct learnt learnt;              /* on disk */
    bool has_learnt;
    struct stats former;               /* of processes that are gone */
    uint64_t refused_instances;
    bool scarce;    /* between host_memory_begin and _end */
    bool was_short; /* an allocation was refused to its core since it last slept */
    uint64_t shortages;
};

void host_note(struct host *h, const char *what, uint64_t id);
void host_handle(struct host *h, struct event *ev);
/* All wishes of the core, then sleep until its deadline. */
void host_live(struct host *h);
/* An event of this process comes to pass after a while; host_mine tells in it whether the process
 * is still the same. */
void host_plan(struct host *h, int64_t delay_ns, world_fire *fire, uint64_t id);
bool host_mine(const struct host *h, const void *payload);
/* Another process is started after a while. */
void host_come_back(struct host *h, int64_t down_ns);

/* A chance of the scenario strikes, unless faults have stopped. place: what it is about. */
bool host_strikes(struct host *h, double chance, const char *place);

/* A request that is none of the core's. */
void host_send_plain(struct host *h, uint64_t id, const struct http_request *request);

/* host_enrol.c */
void host_turn_away(struct host *h);
bool host_welcome(struct host *h); /* this version, and here */
void host_enrol(struct host *h);   /* begins; in the end it is host_start */
void host_enrolled(struct host *h, struct packet *takes);

/* host_disk.c */
void host_save(struct host *h, const struct action *act);

/* host_memory.c: between these two an allocation may be refused. */
void host_memory_begin(struct host *h);
bool host_memory_end(struct host *h); /* true: one was */
/* The same for a start, which asks for more of them. */
void host_memory_begin_start(struct host *h);

/* host_rot.c: before a new process reads its disk. */
void host_rot(struct host *h);

/* host_work.c */
void host_prove(struct host *h, const struct action *act);
void host_cancel(struct host *h, uint64_t id);
void host_drop_jobs(struct host *h);
