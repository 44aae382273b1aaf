/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on demand: where they strike, what they do, and what the network has to do about it.
 *
 * A plan is a list of rules; a rule has a `where` and a `what`. Each request is shown to every rule.
 * All rules that strike add their effects; where two want the same effect the earlier rule wins. The
 * orchestrator carries out what concerns the answer (status, body, task), and hands the rest as
 * struct carriage to whoever moves bytes: the evhttp server and the simulated network alike.
 *
 * Source:  client.md 13; simulation.md 1; docs/faults.md describes every effect and every name.
 * Units:   nanoseconds on the orchestrator's clock.
 * Owner:   a plan owns its rules (fault_plan_fini). Orders are plain values.
 * Errors:  fault_plan_add: ST_INPUT with the key in the words, ST_NO_MEMORY.
 *
 * One seed repeats a run: chance and jitter come from the plan's own generator, drawn only for
 * requests that match the rest of the rule.
 */
#pragma once
#include "base/prng.h"
#include "mockorch/core/call.h"

#define FAULT_TEXT 64

/* ---- where ---- */

#define FAULT_ANY_CALL (-1)

struct fault_where {
    int call;                 /* enum call, or FAULT_ANY_CALL */
    char node_id[24];         /* "": any */
    int64_t from_ns, until_ns; /* from <= now < until; until 0: no end */
    /* Requests that match so far are numbered 1, 2, …; of them strike: */
    uint64_t nth;        /* this one only */
    uint64_t after;      /* those above this number */
    uint64_t first;      /* of these, the first so many */
    uint64_t every;      /* of these, each so many-th */
    uint64_t at_most;    /* and never more often than this */
    double probability;  /* 0 counts as 1 */
};

/* ---- what ---- */

enum fault_effect { /* bits of fault_what.effects: which members below count */
    FAULT_STATUS = 1 << 0,      /* answer with this status and body */
    FAULT_RETRY_AFTER = 1 << 1, /* with or without FAULT_STATUS */
    FAULT_LOCATION = 1 << 2,    /* header of a redirect */
    FAULT_DELAY = 1 << 3,
    FAULT_LOSE = 1 << 4,
    FAULT_TRUNCATE = 1 << 5,
    FAULT_DRIBBLE = 1 << 6,
    FAULT_CORRUPT = 1 << 7,
    FAULT_TWICE = 1 << 8,
    FAULT_TASK = 1 << 9,
    FAULT_HEAD = 1 << 10,
    FAULT_MUTATE = 1 << 11,
    FAULT_DATE = 1 << 12,
};

/* How a delay is drawn from delay and jitter (mockorch/core/spread.h). */
enum fault_spread {
    FAULT_SPREAD_UNIFORM,   /* delay + U(0, jitter) */
    FAULT_SPREAD_LOGNORMAL, /* delay + jitter * exp(N(0, 1)): jitter is the median on top */
    FAULT_SPREAD_PARETO,    /* delay + jitter * ((1 / U)^(1 / 1.5) - 1): a heavy tail */
};
#define FAULT_SPREAD_MOST 100 /* no draw adds more than so many times the jitter */

enum fault_body { FAULT_JSON, FAULT_HTML, FAULT_PLAIN, FAULT_GARBAGE, FAULT_EMPTY };

enum fault_lose {
    FAULT_LOSE_REQUEST, /* it is never processed */
    FAULT_LOSE_ANSWER,  /* it is processed, the answer does not arrive */
};

enum fault_cut { /* how a connection ends before its time */
    FAULT_CUT_NONE,
    FAULT_CUT_RESET,   /* TCP RST */
    FAULT_CUT_CLOSE,   /* FIN */
    FAULT_CUT_SILENCE, /* nothing more comes, the connection stays open */
};

/* Ways to write the head of an answer. Those that a client must be able to read come first. */
enum fault_head {
    FAULT_HEAD_RIGHT,
    FAULT_HEAD_NO_LENGTH,    /* the body ends with the connection */
    FAULT_HEAD_CHUNKED,      /* two chunks and a trailer */
    FAULT_HEAD_TYPE,         /* content-type text/html on whatever it is */
    FAULT_HEAD_ENCODED,      /* content-encoding gzip, on a body that is not */
    FAULT_HEAD_CONTINUES,    /* twenty times 100 Continue before it */
    FAULT_HEAD_LENGTH_SHORT, /* content-length is half of the body's */
    FAULT_HEAD_UNREADABLE,   /* a client gives up on these: */
    FAULT_HEAD_LENGTH_LONG = FAULT_HEAD_UNREADABLE, /* 100 bytes more than come */
    FAULT_HEAD_LENGTH_NEGATIVE,
    FAULT_HEAD_CHUNKED_BAD,  /* a chunk size that is no number */
    FAULT_HEAD_CHUNKED_CUT,  /* the last chunk never comes */
    FAULT_HEAD_FLOOD,        /* 20 000 header lines */
    FAULT_HEAD_LONG_LINE,    /* a header of 1 MiB */
    FAULT_HEAD_HALF,         /* FIN in the middle of the head */
    FAULT_HEAD_GARBAGE,      /* no HTTP at all */
    FAULT_HEADS,
};

/* Damage to the protobuf message of an answer (2xx with a body; others are left alone). */
enum fault_mutation {
    FAULT_MUTATE_WIRE_TYPE,      /* the last field again, with another wire type */
    FAULT_MUTATE_GIANT_LENGTH,   /* a field that says it is 2 GiB long */
    FAULT_MUTATE_DEEP,           /* a field of 10 000 messages in each other */
    FAULT_MUTATE_ENDLESS_VARINT, /* a number of more than ten bytes */
    FAULT_MUTATE_FIELD_ZERO,     /* field number 0 does not exist */
    FAULT_MUTATE_GROUP,          /* the deprecated wire types 3 and 4: to be skipped */
    FAULT_MUTATE_MERGED,         /* the whole message twice: one after the rules of proto3 */
    FAULT_MUTATIONS,
};

enum fault_task {
    /* how the task is made */
    FAULT_TASK_DUPLICATE,          /* an open task of the node once more; in lists: each one twice */
    FAULT_TASK_UNKNOWN_PROGRAM,
    FAULT_TASK_NO_INPUTS,
    FAULT_TASK_SHORT_INPUT,        /* 11 bytes */
    FAULT_TASK_LONG_INPUT,         /* 13 bytes; the last one does not count */
    FAULT_TASK_MANY_INPUTS,        /* 100 */
    FAULT_TASK_EXPIRED,            /* its time is over when it is assigned */
    FAULT_TASK_HARDER,             /* one bucket above what was asked for */
    FAULT_TASK_EASIER,             /* SMALL, whatever was asked for: as reputation does it */
    FAULT_TASK_EMPTY_ID,
    FAULT_TASK_LONG_ID,            /* 500 characters */
    FAULT_TASK_STRANGE_ID,         /* blanks, bars, UTF-8: all that the signed text could trip over */
    /* how it is written */
    FAULT_TASK_ABSENT,             /* fields 1 to 3, no field 4 */
    FAULT_TASK_WITHOUT_OLD_FIELDS, /* field 4 only */
    FAULT_TASK_UNKNOWN_TYPE,
    FAULT_TASK_UNKNOWN_DIFFICULTY,
    FAULT_TASK_UNKNOWN_FIELDS,     /* fields of a later schema */
    FAULT_TASK_FROM_TOMORROW,      /* created_at lies ahead */
};

enum fault_twice {
    FAULT_TWICE_FIRST,  /* the request is processed twice, the client sees the first answer */
    FAULT_TWICE_SECOND, /* … the second: an accepted submission answers 404 */
};

struct fault_what {
    unsigned effects; /* enum fault_effect */
    unsigned status;
    enum fault_body body;
    bool processed;               /* FAULT_STATUS: the request takes effect all the same */
    char retry_after[FAULT_TEXT]; /* "none", "date+30", "date-30", or sent as it is written */
    char location[FAULT_TEXT];
    int64_t delay_ns, jitter_ns;  /* before the first byte of the answer, by spread */
    enum fault_spread spread;
    enum fault_lose lose;
    enum fault_cut cut;           /* FAULT_LOSE, FAULT_TRUNCATE: how; NONE counts as RESET, CLOSE */
    uint64_t truncate;            /* bytes of the body that go out */
    uint64_t dribble_bytes;       /* at a time, … */
    int64_t dribble_gap_ns;       /* … with this pause between */
    uint64_t corrupt;             /* a bit of this byte of the body (modulo its size) is turned */
    enum fault_twice twice;
    enum fault_task task;
    enum fault_head head;
    enum fault_mutation mutation;
    int64_t date_offset_s;        /* the server's clock is off by so much: Date, Retry-After dates */
};

/* ---- plans ---- */

struct fault_rule {
    char name[FAULT_TEXT]; /* for logs; "" is replaced by "rule N" */
    struct fault_where where;
    struct fault_what what;
    uint64_t seen, struck; /* state */
    bool disabled;         /* taken away while the orchestrator runs */
    char *written;         /* the plan's: JSON of a rule that came while it runs; NULL: a first one */
};

struct fault_plan {
    struct fault_rule *rules;
    size_t count;
    struct prng prng;
    int64_t heal_ns;  /* from here on nothing strikes; 0: never */
    bool by_header;   /* a request may name a fault of the catalogue in x-mock-fault */
    uint64_t struck;  /* all rules together */
    /* What makes a rule of its JSON, written as in a scenario; NULL: none can be added that way. */
    enum status (*read)(struct fault_rule *out, struct bytes json, struct why *why);
    bool touched;     /* counters or chance have moved since the owner last looked */
};

void fault_plan_init(struct fault_plan *p, uint64_t seed);
void fault_plan_fini(struct fault_plan *p);
/* Takes a copy; checks it. */
enum status MUST_USE fault_plan_add(struct fault_plan *p, const struct fault_rule *rule,
                                    struct why *why);

/* ---- plans while they are carried out (fault_plan.c) ---- */

/* NULL: no rule is called so. */
struct fault_rule *fault_plan_find(const struct fault_plan *p, const char *name);
/* A rule as JSON. ST_INPUT; ST_EXISTS: the name is taken; ST_NO_MEMORY. */
enum status MUST_USE fault_plan_write(struct fault_plan *p, const char *json, struct why *why);
/* A written rule goes, a first one is disabled; places of the others may change. */
void fault_plan_remove(struct fault_plan *p, struct fault_rule *rule);
/* The first rules, as they were before the first request. */
enum status MUST_USE fault_plan_again(struct fault_plan *out, const struct fault_plan *p,
                                      uint64_t seed, struct why *why);

/* ---- decisions ---- */

struct fault_subject {
    enum call call;
    const char *node_id; /* "" when unknown */
    const char *named;   /* value of x-mock-fault, or NULL */
};

struct fault_orders {
    struct fault_what what; /* effects 0: pass. delay_ns has the jitter in it */
    char names[2 * FAULT_TEXT]; /* of the rules that struck, with commas */
};

void fault_decide(struct fault_plan *p, struct fault_orders *out,
                  const struct fault_subject *subject, int64_t now_ns);

/* What the network does with the answer. Zeroed: deliver it. */
struct carriage {
    int64_t delay_ns;        /* before the first byte */
    enum fault_cut cut;
    bool cut_head;           /* nothing of the answer goes out, not even the status line */
    uint64_t cut_at;         /* otherwise: head, then so many bytes of the body, then the cut */
    uint64_t dribble_bytes;  /* 0: as fast as it goes */
    int64_t dribble_gap_ns;
    enum fault_head head;
};

struct carriage fault_carriage(const struct fault_orders *orders);

/* ---- names: effects that deserve one (fault_catalogue.c) ---- */

struct fault_named {
    const char *name;
    int call; /* that it makes sense for, or FAULT_ANY_CALL */
    struct fault_what what;
    const char *about; /* what happens */
    const char *good;  /* what a good client does */
};

size_t fault_catalogue(const struct fault_named **out);
const struct fault_named *fault_of_name(const char *name); /* NULL: none */
const char *fault_task_name(enum fault_task t);            /* "duplicate"; NULL past the last */
const char *fault_head_name(enum fault_head h);            /* "chunked_cut"; NULL past the last */
const char *fault_mutation_name(enum fault_mutation m);    /* "giant_length"; NULL past the last */

/* ---- damage (fault_mutate.c) ---- */

void fault_mutate(struct buffer *message, enum fault_mutation m);
