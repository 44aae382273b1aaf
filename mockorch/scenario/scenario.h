/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios: one YAML file that says how the world behaves, read by the mock server and by the
 * simulator alike. The server takes the parts that concern it (orchestrator, faults, seed, heal_at)
 * and leaves the rest; the simulator takes all of it.
 *
 *     name: submit_answer_lost
 *     about: an accepted submission whose answer is lost is not lost, and not done twice
 *     seed: 81723
 *     duration: 2h
 *     heal_at: 1h
 *     orchestrator: {fetches_per_window: 3, window: 180s, task_expiry: 10m, inputs_per_task: 1..3}
 *     network: {latency: 40ms, jitter: 20ms, loss: 0.01}
 *     clients:
 *       - {name: laptop, count: 2, nodes: 1, prove: 30s, prove_jitter: 10s}
 *     faults:
 *       - {fault: submit_answer_lost, first: 1}
 *     events:
 *       - {at: 30m, event: kill, who: laptop, for: 10s}
 *     proofs: model
 *     expect:
 *       - {metric: proofs_lost, at_most: 0}
 *       - {metric: accepted, at_least: 40}
 *
 * An unknown key is an error with its line. Spans are "250ms", "30s", "5m", "2h", "1d" or "0";
 * ranges "3" or "1..40"; chances 0 to 1. docs/faults.md describes the keys of a fault.
 *
 * Units:   nanoseconds; times count from the start of the run.
 * Owner:   heap (scenario_free accepts NULL).
 * Errors:  ST_INPUT with line or key in the words; ST_NOT_FOUND, ST_IO (file), ST_NO_MEMORY.
 */
#pragma once
#include "mockorch/core/fault.h"
#include "mockorch/core/settings.h"

#define SCENARIO_TEXT       64
#define SCENARIO_ABOUT      512
#define SCENARIO_CALL       192
#define SCENARIO_BODY       768
#define SCENARIO_PAGE       2048
#define SCENARIO_MAX_CLIENT 10000 /* of one group */
#define SCENARIO_MAX_BYTES  ((size_t)1 << 20)

/* A node that exists before the first request. */
struct scenario_node {
    char id[24];
    char wallet[48];
};

/* Between each client and the orchestrator; both directions alike, but for the bytes per second. */
struct scenario_network {
    int64_t latency_ns, jitter_ns; /* one way: latency plus a part of jitter, drawn by spread */
    enum fault_spread spread;
    double loss;                   /* chance that a message never arrives (a timeout for its sender) */
    double retransmit;             /* chance that it is lost and sent again after 1, 2, 4 … s */
    double reset;                  /* chance that the connection breaks while a message is under way */
    double duplicate;              /* chance that a request is delivered twice */
    uint64_t up_bytes_per_s, down_bytes_per_s; /* 0: no limit */
};

/* count clients of one kind. */
struct scenario_client {
    char name[SCENARIO_TEXT]; /* events name it; client i of several is "name/i" */
    uint32_t count;           /* 1 */
    uint32_t nodes;           /* node ids that one client serves, of one user; 1 */
    uint32_t proofs_at_once;  /* inputs that the prover takes side by side, each as fast as alone; 1 */
    char profile[SCENARIO_TEXT]; /* "current", "seed", "reference"; "" : current */
    uint64_t max_tasks;       /* 0: no limit */
    int max_difficulty;       /* enum difficulty, or -1: adaptive */
    int64_t start_ns, start_spread_ns; /* starts at start plus 0 … spread */
    /* the prover: a cost model */
    int64_t prove_ns, prove_jitter_ns; /* one input: prove plus 0 … jitter */
    bool prove_grows;                  /* doubles with each bucket above SMALL */
    double prove_fails;                /* chance that a proof fails */
    double prove_dies;                 /* chance that the system kills the worker for its memory */
    double prove_wrong;                /* chance that what it calls a proof is none */
    /* the disk: chances per write */
    double disk_stalls;                /* it takes many seconds */
    double disk_full, disk_error;      /* it is refused, at once and after a while */
    double disk_lost;                  /* it is called durable and is not, until the next one is */
    double disk_torn;                  /* a power cut leaves the half of it */
    double disk_rot;                   /* per open record and start: it is found damaged */
    double memory_short;               /* chance per event, and per start, that an allocation is refused */
    double clock_drift_ppm;            /* of the client's monotonic clock */
    int64_t wall_skew_ns;              /* of the client's wall clock; negative: it is late */
    /* before it works */
    bool registers;                    /* it has no node: user and node are registered first */
    char wallet[SCENARIO_TEXT];        /* as the user types it; "": one of its own */
    char version[SCENARIO_TEXT];       /* what it is; "": it asks no pages */
    char version_page[SCENARIO_PAGE];  /* what these answer; "": nobody answers */
    char country_page[SCENARIO_BODY];
    char release_page[SCENARIO_BODY];
};

/* Something that happens at a time. The simulator knows what the words mean: kill, power_cut,
 * partition, restart, clock_step, disk_full, ... */
struct scenario_event {
    int64_t at_ns;
    char event[SCENARIO_TEXT];
    char who[SCENARIO_TEXT]; /* a client's name, "orchestrator", or "": all */
    int64_t for_ns;          /* 0: for good, or at once */
    int64_t every_ns;        /* 0: once; otherwise again each so much later */
    double amount;
    char call[SCENARIO_CALL]; /* admin, visit: "POST /admin/tasks" */
    char body[SCENARIO_BODY]; /* of that */
    uint32_t answers;         /* the status that it gets; 0: any success */
};

/* A metric of the run lies within these bounds at its end. The simulator knows the names. */
struct scenario_expect {
    char metric[SCENARIO_TEXT];
    bool has_at_least, has_at_most;
    double at_least, at_most;
};

/* One choice that chance would make otherwise (sim/choice.h). */
struct scenario_choice {
    char lane[SCENARIO_TEXT]; /* what it is about: "fault submit_429" */
    uint64_t number;          /* which of those, from 1 */
    uint64_t value;
};

struct scenario {
    char name[SCENARIO_TEXT];
    char about[SCENARIO_ABOUT];
    bool has_seed; /* false: the caller chooses */
    uint64_t seed;
    int64_t duration_ns; /* 0: not said */
    int64_t heal_ns;     /* 0: never */
    bool model_proofs;   /* proofs and signatures are stand-ins, compared instead of verified */
    bool swarm;          /* each seed draws a part of the faults, and all parameters anew */
    bool buggify;        /* both cores take rare ways of their own (base/buggify.h) */
    struct settings orchestrator; /* checked; its seed is the scenario's, 1 when not said */
    struct scenario_node *nodes;
    size_t node_count;
    struct fault_rule *rules; /* checked; a named fault is resolved */
    size_t rule_count;
    bool faults_by_header;
    struct scenario_network network;
    struct scenario_client *clients;
    size_t client_count;
    struct scenario_event *events; /* as written, not sorted */
    size_t event_count;
    struct scenario_expect *expects;
    size_t expect_count;
    bool tape_written; /* the choices below are made so, and all others are 0; no chance is left */
    struct scenario_choice *choices;
    size_t choice_count;
};

enum status MUST_USE scenario_parse(struct scenario **out, struct bytes yaml, struct why *why);
enum status MUST_USE scenario_read(struct scenario **out, const char *path, struct why *why);
void scenario_free(struct scenario *s);

/* One rule from JSON (which is YAML), written as under `faults`: fault_plan.read. */
enum status MUST_USE scenario_rule(struct fault_rule *out, struct bytes json, struct why *why);

/* A plan with the rules, the healing and x-mock-fault of the scenario. ST_NO_MEMORY. */
enum status MUST_USE scenario_plan(struct fault_plan *out, const struct scenario *s, uint64_t seed,
                                   struct why *why);
