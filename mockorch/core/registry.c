/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/registry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "proto/keccak256.h"

#define HEX_DIGITS "0123456789abcdefABCDEF"

void registry_init(struct registry *r)
{
    *r = (struct registry){.next_node = 1};
}

void registry_fini(struct registry *r)
{
    for (uint32_t i = 0; i < r->user_count; i++) {
        free(r->users[i].nodes);
        quota_fini(&r->users[i].fetches);
        quota_fini(&r->users[i].submissions);
        quota_fini(&r->users[i].refusals);
        quota_fini(&r->users[i].registrations);
    }
    for (uint32_t i = 0; i < r->node_count; i++)
        free(r->nodes[i].open);
    free(r->users);
    free(r->nodes);
    lookup_fini(&r->by_uuid);
    lookup_fini(&r->by_wallet);
    lookup_fini(&r->by_node);
    *r = (struct registry){0};
}

/* ---- forms ---- */

bool registry_is_wallet(const char *text)
{
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
           strspn(text + 2, HEX_DIGITS) == 40 && text[42] == 0;
}

bool registry_is_uuid(const char *text)
{
    static const size_t parts[] = {8, 4, 4, 4, 12};

    for (size_t i = 0; i < 5; i++) {
        if (strspn(text, HEX_DIGITS) != parts[i])
            return false;
        text += parts[i];
        if (*text++ != (i < 4 ? '-' : 0))
            return false;
    }
    return true;
}

bool registry_is_node_id(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits < REGISTRY_NODE_SIZE && text[digits] == 0;
}

static void lower_wallet(char out[static REGISTRY_WALLET_SIZE], const char *wallet)
{
    for (size_t i = 0; i < REGISTRY_WALLET_SIZE; i++)
        out[i] = wallet[i] >= 'A' && wallet[i] <= 'Z' ? (char)(wallet[i] | 0x20) : wallet[i];
}

/* ---- finding ---- */

struct user *registry_user_of_wallet(const struct registry *r, const char *wallet)
{
    char lower[REGISTRY_WALLET_SIZE];
    uint32_t at;

    if (!registry_is_wallet(wallet))
        return NULL;
    lower_wallet(lower, wallet);
    return lookup_find(&r->by_wallet, &at, lower) ? &r->users[at] : NULL;
}

struct user *registry_user_of_uuid(const struct registry *r, const char *uuid)
{
    uint32_t at;

    return lookup_find(&r->by_uuid, &at, uuid) ? &r->users[at] : NULL;
}

struct node *registry_node(const struct registry *r, const char *id)
{
    uint32_t at;

    return lookup_find(&r->by_node, &at, id) ? &r->nodes[at] : NULL;
}

/* ---- adding ---- */

void registry_uuid_of_wallet(char out[static REGISTRY_UUID_SIZE], const char *wallet)
{
    uint8_t d[32];
    char hex[33];

    keccak256(d, bytes_of_text(wallet));
    d[6] = (uint8_t)((d[6] & 0x0f) | 0x40); /* version 4, variant 1, as a client would make it */
    d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
    hex_encode(hex, d, 16);
    snprintf(out, REGISTRY_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

/* Room for one more element; false without memory. */
static bool grow(void **array, uint32_t *capacity, uint32_t count, size_t size)
{
    uint32_t bigger = *capacity ? 2 * *capacity : 4;
    void *moved;

    if (count < *capacity)
        return true;
    moved = realloc(*array, bigger * size);
    if (!moved)
        return false;
    *array = moved;
    *capacity = bigger;
    return true;
}

enum status registry_add_user(struct registry *r, uint32_t *out, const struct settings *settings,
                              const char *uuid, const char *wallet, struct why *why)
{
    char lower[REGISTRY_WALLET_SIZE];
    struct user user = {.credits = 0};
    void *users = r->users;
    enum status st;

    if (!registry_is_uuid(uuid))
        return fail(why, ST_INPUT, "uuid: not a hyphenated UUID");
    if (!registry_is_wallet(wallet))
        return fail(why, ST_INPUT, "wallet_address: not 0x and 40 hex digits");
    if (registry_user_of_wallet(r, wallet))
        return fail(why, ST_EXISTS, "Wallet address already exists");
    if (registry_user_of_uuid(r, uuid))
        return fail(why, ST_EXISTS, "User already exists");
    lower_wallet(lower, wallet);
    memcpy(user.uuid, uuid, sizeof user.uuid);
    memcpy(user.wallet, wallet, sizeof user.wallet);

    if (!grow(&users, &r->user_capacity, r->user_count, sizeof user))
        return fail(why, ST_NO_MEMORY, "users: out of memory");
    r->users = users;
    st = quota_init(&user.fetches, settings->allowance, settings->fetches_per_window, settings->window_ns, why);
    if (st)
        goto out;
    st = quota_init(&user.submissions, QUOTA_WINDOW, settings->submissions_per_window, settings->window_ns, why);
    if (!st)
        st = quota_init(&user.refusals, QUOTA_BUCKET, settings->refusals_per_window,
                        settings->window_ns, why);
    if (st)
        goto out;
    st = quota_init(&user.registrations, QUOTA_WINDOW, settings->nodes_per_day, 86400 * NS_PER_S, why);
    if (st)
        goto out;
    st = lookup_put(&r->by_wallet, lower, r->user_count, why);
    if (st)
        goto out;
    st = lookup_put(&r->by_uuid, uuid, r->user_count, why);
    if (st) { /* or the wallet would lead to nobody */
        lookup_remove(&r->by_wallet, lower);
        goto out;
    }
    *out = r->user_count;
    r->users[r->user_count++] = user;
    user = (struct user){0};
out:
    quota_fini(&user.fetches);
    quota_fini(&user.submissions);
    quota_fini(&user.refusals);
    quota_fini(&user.registrations);
    return st;
}

static void mint_id(struct registry *r, char out[static REGISTRY_NODE_SIZE])
{
    do
        snprintf(out, REGISTRY_NODE_SIZE, "%" PRIu64, r->next_node++);
    while (registry_node(r, out));
}

enum status registry_add_node(struct registry *r, uint32_t *out, uint32_t user, enum node_type type,
                              const char *id, struct why *why)
{
    struct node node = {.type = type, .user = user, .standing = DIFFICULTY_SMALL};
    void *nodes = r->nodes;
    uint32_t *owned;
    enum status st;

    assert(user < r->user_count);
    if (id && !registry_is_node_id(id))
        return fail(why, ST_INPUT, "node '%s': not a decimal number", id);
    if (id && registry_node(r, id))
        return fail(why, ST_EXISTS, "node %s exists", id);
    if (id)
        memcpy(node.id, id, strlen(id) + 1);
    else
        mint_id(r, node.id);
    owned = realloc(r->users[user].nodes, (r->users[user].node_count + 1) * sizeof *owned);
    if (!owned)
        return fail(why, ST_NO_MEMORY, "nodes: out of memory");
    r->users[user].nodes = owned;
    if (!grow(&nodes, &r->node_capacity, r->node_count, sizeof node))
        return fail(why, ST_NO_MEMORY, "nodes: out of memory");
    r->nodes = nodes;
    st = lookup_put(&r->by_node, node.id, r->node_count, why);
    if (st)
        return st;
    owned[r->users[user].node_count++] = r->node_count;
    *out = r->node_count;
    r->nodes[r->node_count++] = node;
    return ST_OK;
}

/* ---- open tasks of a node ---- */

enum status registry_open_task(struct node *n, uint32_t task, struct why *why)
{
    void *open = n->open;

    if (!grow(&open, &n->open_capacity, n->open_count, sizeof *n->open))
        return fail(why, ST_NO_MEMORY, "node %s: out of memory", n->id);
    n->open = open;
    n->open[n->open_count++] = task;
    return ST_OK;
}

void registry_close_task(struct node *n, uint32_t task)
{
    uint32_t at = 0;

    while (n->open[at] != task)
        at++;
    memmove(n->open + at, n->open + at + 1, (n->open_count - at - 1) * sizeof *n->open);
    n->open_count--;
}
