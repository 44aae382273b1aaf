/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/enrol.h"

#include <stdio.h>
#include <string.h>

#include "client/core/problem.h"
#include "proto/wire.h"

static bool is_success(const struct http_response *r)
{
    return r->status >= 200 && r->status < 300;
}

static enum status refusal(const struct http_response *r, struct why *why)
{
    char text[PROBLEM_TEXT];

    problem_describe(text, r);
    return fail(why, ST_INVALID, "%s", text);
}

/* An id goes into a file and into later requests: printable, and short enough. */
static bool keep_id(char out[static ENROL_ID_SIZE], const char *id)
{
    size_t length = strlen(id);

    if (length == 0 || length >= ENROL_ID_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if (id[i] <= ' ' || id[i] > '~')
            return false;
    memcpy(out, id, length + 1);
    return true;
}

enum enrol_answer enrol_judge_lookup(char id[static ENROL_ID_SIZE],
                                     const struct http_response *r, struct why *why)
{
    struct wire_memory memory = {0};
    struct wire_user user;
    enum enrol_answer answer = ENROL_KNOWN;

    if (r->status == 404)
        return ENROL_NEW;
    if (!is_success(r)) {
        (void)refusal(r, why);
        return ENROL_FAILED;
    }
    if (wire_decode_user(&user, &memory, r->body, WIRE_MAX_RESPONSE, why)) {
        answer = ENROL_FAILED;
    } else if (!keep_id(id, user.user_id)) {
        fail(why, ST_INPUT, "the answer holds no usable user id");
        answer = ENROL_FAILED;
    }
    wire_memory_fini(&memory);
    return answer;
}

enum status enrol_judge_user(const struct http_response *r, struct why *why)
{
    return is_success(r) ? ST_OK : refusal(r, why);
}

enum status enrol_judge_node(char id[static ENROL_ID_SIZE], const struct http_response *r,
                             struct why *why)
{
    struct wire_memory memory = {0};
    struct wire_node_registered node;
    enum status st;

    if (!is_success(r))
        return refusal(r, why);
    st = wire_decode_node_registered(&node, &memory, r->body, WIRE_MAX_RESPONSE, why);
    if (!st && (!enrol_node_id_valid(node.node_id) || !keep_id(id, node.node_id)))
        st = fail(why, ST_INPUT, "the answer holds no usable node id");
    wire_memory_fini(&memory);
    return st;
}

/* ---- nodes of a user ---- */

static bool keep_nodes(struct enrol_nodes *out, const struct wire_user *user)
{
    if (*user->nodes_next_cursor) /* which the network's clients never send back */
        return false;
    for (size_t i = 0; i < user->node_count; i++) {
        const char *id = user->nodes[i].node_id;

        if (user->nodes[i].node_type != NODE_CLI_PROVER)
            continue;
        if (out->count == ENROL_NODES || !enrol_node_id_valid(id) || strlen(id) >= ENROL_NODE_SIZE)
            return false;
        strcpy(out->id[out->count++], id);
    }
    return true;
}

bool enrol_read_nodes(struct enrol_nodes *out, const struct http_response *r)
{
    struct wire_memory memory = {0};
    struct wire_user user;
    bool known;

    out->count = 0;
    known = is_success(r) &&
            wire_decode_user(&user, &memory, r->body, WIRE_MAX_RESPONSE, NULL) == ST_OK &&
            keep_nodes(out, &user);
    if (!known)
        out->count = 0;
    wire_memory_fini(&memory);
    return known;
}

static bool has_node(const struct enrol_nodes *nodes, const char *id)
{
    for (size_t i = 0; i < nodes->count; i++)
        if (strcmp(nodes->id[i], id) == 0)
            return true;
    return false;
}

const char *enrol_new_node(const struct enrol_nodes *before, const struct enrol_nodes *now)
{
    const char *found = NULL;

    for (size_t i = 0; i < now->count; i++) {
        if (has_node(before, now->id[i]))
            continue;
        if (found)
            return NULL;
        found = now->id[i];
    }
    return found;
}

void enrol_list_nodes(char out[static ENROL_LIST], const struct enrol_nodes *nodes)
{
    const size_t shown = 6;
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < nodes->count && i < shown; i++)
        at += (size_t)snprintf(out + at, ENROL_LIST - at, "%s%s", i ? ", " : "", nodes->id[i]);
    if (nodes->count > shown)
        snprintf(out + at, ENROL_LIST - at, " and %zu more", nodes->count - shown);
}

void enrol_uuid(char out[static ENROL_UUID], const uint8_t random[static 16])
{
    uint8_t b[16];
    char hex[33];

    memcpy(b, random, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    hex_encode(hex, b, sizeof b);
    snprintf(out, ENROL_UUID, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

bool enrol_node_id_valid(const char *text)
{
    uint64_t value = 0;

    if (*text == '+')
        text++;
    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (*text < '0' || *text > '9' || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    return true;
}
