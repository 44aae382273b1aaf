/* SPDX-License-Identifier: Apache-2.0 */
/* Registering a wallet and a node: the requests' texts and what the answers mean.
 *
 *   register-user   GET /v3/users/{wallet}  -- known: its user id
 *                        | 404: new
 *                        v
 *                   POST /v3/users {uuid, wallet}  -- 2xx: the uuid is the user id
 *   register-node   GET /v3/users/{wallet}    -- the nodes that there are
 *                   POST /v3/nodes {user id}  -- the node id
 *                        | no answer, or none that can be read: it may have been made
 *                        v
 *                   GET /v3/users/{wallet}    -- the one that was not there before is ours
 *
 * The reference takes every failure of the first call for "new" (client.md 17.14); here only a 404
 * is, and anything else ends the command without touching the configuration.
 *
 * Source:  client.md 3, 8.5.
 */
#pragma once
#include "proto/http.h"

#define ENROL_ID_SIZE 128 /* texts of ids with their end */
#define ENROL_UUID    37

enum enrol_answer { ENROL_KNOWN, ENROL_NEW, ENROL_FAILED };

/* id: the user id, written on ENROL_KNOWN. why: on ENROL_FAILED. */
enum enrol_answer enrol_judge_lookup(char id[static ENROL_ID_SIZE],
                                     const struct http_response *r, struct why *why);
/* ST_INVALID with the server's words for a refusal. */
enum status MUST_USE enrol_judge_user(const struct http_response *r, struct why *why);
enum status MUST_USE enrol_judge_node(char id[static ENROL_ID_SIZE],
                                      const struct http_response *r, struct why *why);

/* ---- nodes of a user ---- */

#define ENROL_NODES     128
#define ENROL_NODE_SIZE 24 /* an id that is valid, with its end */
#define ENROL_LIST      200

struct enrol_nodes {
    char id[ENROL_NODES][ENROL_NODE_SIZE];
    size_t count;
};

/* From the answer to the look-up of a user: all of its nodes that prove on a command line. false: that
 * is not known (no user, more pages, ids that are none); then *out is empty. */
bool enrol_read_nodes(struct enrol_nodes *out, const struct http_response *r);
/* The one that is there now and was not before; NULL when there is none, or more than one. */
const char *enrol_new_node(const struct enrol_nodes *before, const struct enrol_nodes *now);
/* "1, 2, 3", and " and 7 more" when they are many. */
void enrol_list_nodes(char out[static ENROL_LIST], const struct enrol_nodes *nodes);

/* Version 4, lower case, from 16 random bytes. */
void enrol_uuid(char out[static ENROL_UUID], const uint8_t random[static 16]);

/* Decimal, at most 2^64 - 1; a leading + passes in the file of the reference, so here too. */
bool enrol_node_id_valid(const char *text);
