/* SPDX-License-Identifier: Apache-2.0 */
/* Who is known: users with their wallets, their nodes, and what each has used up and earned.
 *
 * Users and nodes are named by their place (0, 1, …), which never changes.
 *
 * Source:  client.md 13.2, 13.5.
 * Owner:   heap inside (registry_fini, safe on a zeroed value). Pointers to users and nodes hold
 *          until the next one is added.
 * Errors:  ST_NO_MEMORY; ST_INPUT and ST_EXISTS where said.
 */
#pragma once
#include "mockorch/core/lookup.h"
#include "mockorch/core/quota.h"
#include "mockorch/core/settings.h"

#define REGISTRY_UUID_SIZE   37
#define REGISTRY_WALLET_SIZE 43
#define REGISTRY_NODE_SIZE   21 /* decimal digits of 64 bits, and the end */

struct user {
    char uuid[REGISTRY_UUID_SIZE];
    char wallet[REGISTRY_WALLET_SIZE]; /* as it was registered */
    uint32_t *nodes;
    uint32_t node_count;
    struct quota fetches, submissions, refusals, registrations;
    uint64_t credits; /* accepted submissions */
};

struct node {
    char id[REGISTRY_NODE_SIZE];
    enum node_type type;
    uint32_t user;
    uint32_t *open; /* tasks assigned and not closed, oldest first */
    uint32_t open_count, open_capacity;
    uint64_t assigned, credited, expired; /* tasks */
    uint64_t unsettled;        /* tasks that were read back open or held */
    uint64_t refused;          /* proofs that did not hold */
    enum difficulty standing;  /* reputation: no harder tasks */
    uint32_t streak, strikes;  /* accepted in a row and refused since it last changed */
    bool from_start; /* and will be there after a reset */
    bool registered; /* by a call, which counts in the allowance */
    int64_t registered_ns;
};

struct registry {
    struct user *users;
    uint32_t user_count, user_capacity;
    struct node *nodes;
    uint32_t node_count, node_capacity;
    struct lookup by_uuid, by_wallet, by_node; /* wallets in lower case */
    uint64_t next_node;                        /* the next id to be minted */
};

void registry_init(struct registry *r);
void registry_fini(struct registry *r);

/* 0x and 40 hex digits of any case; 8-4-4-4-12 hex digits; decimal digits. */
bool registry_is_wallet(const char *text);
bool registry_is_uuid(const char *text);
bool registry_is_node_id(const char *text);

/* The uuid of a user who never registered: made of his wallet, so that it is the same in each run. */
void registry_uuid_of_wallet(char out[static REGISTRY_UUID_SIZE], const char *wallet);

struct user *registry_user_of_wallet(const struct registry *r, const char *wallet); /* any case */
struct user *registry_user_of_uuid(const struct registry *r, const char *uuid);
struct node *registry_node(const struct registry *r, const char *id);

/* ST_INPUT: malformed; ST_EXISTS: the wallet or the uuid is taken. */
enum status MUST_USE registry_add_user(struct registry *r, uint32_t *out,
                                       const struct settings *settings, const char *uuid,
                                       const char *wallet, struct why *why);
/* id NULL: the next free number. ST_INPUT: malformed; ST_EXISTS: taken. */
enum status MUST_USE registry_add_node(struct registry *r, uint32_t *out, uint32_t user,
                                       enum node_type type, const char *id, struct why *why);

/* The node's list of open tasks. */
enum status MUST_USE registry_open_task(struct node *n, uint32_t task, struct why *why);
void registry_close_task(struct node *n, uint32_t task);
