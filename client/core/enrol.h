/* SPDX-License-Identifier: Apache-2.0 */
/* Registering a wallet and a node: the requests' texts and what the answers mean.
 *
 *   register-user   GET /v3/users/{wallet}  -- known: its user id
 *                        | 404: new
 *                        v
 *                   POST /v3/users {uuid, wallet}  -- 2xx: the uuid is the user id
 *   register-node   POST /v3/nodes {user id}  -- the node id
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

/* Version 4, lower case, from 16 random bytes. */
void enrol_uuid(char out[static ENROL_UUID], const uint8_t random[static 16]);

/* Decimal, at most 2^64 - 1; a leading + passes in the file of the reference, so here too. */
bool enrol_node_id_valid(const char *text);
