/* SPDX-License-Identifier: Apache-2.0 */
/* What comes before the work: the network's pages say whether this version and this place are
 * welcome (client/shell/startup.c, at every start), and a newcomer registers its wallet and a node
 * (client/cli/command_register.c, once).
 *
 *   LOOK_UP --404--> MAKE_USER --2xx--> MAKE_NODE --2xx--> it starts to work
 *      |    <--409--------+                ^
 *      +-------- known: its user id -------+--no answer--> LOOK_AGAIN: the node that was not there before
 *
 * A user of flesh and blood who is told of a failure tries again a minute later; one who is told
 * that the network does not serve this place (403) gives up, and who may have no more nodes takes the
 * newest that he has. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/constraint.h"
#include "client/core/country.h"
#include "client/core/wallet.h"
#include "sim/host_inside.h"
#include "sim/memory.h"

#define TRY_AGAIN_NS (60 * NS_PER_S)

void host_turn_away(struct host *h)
{
    h->over = true;
    h->turned_away = true;
    invariant_mark(h->o.invariant, MARK_TURNED_AWAY);
}

/* ---- the pages ---- */

/* What the pages say, or what is built in. */
static struct constraints *constraints_of(const char *page)
{
    struct constraints *c = NULL;
    struct why why;

    if (constraint_parse(&c, bytes_of_text(page), &why) != ST_OK &&
        constraint_parse(&c, constraint_built_in(), &why) != ST_OK)
        abort(); /* out of memory: as memory.h */
    return c;
}

static bool is_welcome(struct host *h, const struct constraints *c)
{
    const struct scenario_client *plan = h->o.plan;
    char text[CONSTRAINT_TEXT], country[CONSTRAINT_COUNTRY];
    enum constraint_verdict verdict;

    if (!country_read(h->country, bytes_of_text(plan->country_page)))
        strcpy(h->country, "US");
    if (constraint_restricts_any(c) && constraint_restricts(c, country, h->country)) {
        world_note(h->o.world, "client %u is in %s", h->o.number, country);
        return false;
    }
    verdict = constraint_judge(c, text, plan->version, host_wall_ns(h) / NS_PER_S);
    if (verdict != VERSION_FINE)
        world_note(h->o.world, "client %u is told %d: %s", h->o.number, (int)verdict, text);
    return verdict != VERSION_BLOCKED;
}

bool host_welcome(struct host *h)
{
    const struct scenario_client *plan = h->o.plan;
    char tag[CONSTRAINT_TAG];
    struct constraints *c;
    bool welcome;

    if (!plan->version[0])
        return true;
    c = constraints_of(plan->version_page);
    welcome = is_welcome(h, c);
    constraint_free(c);
    if (constraint_update(tag, bytes_of_text(plan->release_page), plan->version))
        world_note(h->o.world, "client %u hears of version %s", h->o.number, tag);
    return welcome;
}

/* ---- registering ---- */

static void ask(struct host *h, enum http_method method, const char *path, struct bytes body)
{
    struct http_request request = {.method = method,
                                   .path = path,
                                   .headers = {{"user-agent", h->o.profile->user_agent},
                                               {"content-type", "application/octet-stream"}},
                                   .header_count = method == HTTP_POST ? 2 : 1,
                                   .body = body};

    host_send_plain(h, (uint64_t)h->enrol, &request);
}

static void look_up(struct host *h, enum host_enrol step)
{
    char path[8 + 2 * SCENARIO_TEXT];

    h->enrol = step;
    snprintf(path, sizeof path, "/v3/users/%s", h->wallet);
    ask(h, HTTP_GET, path, bytes_of(NULL, 0));
}

static void make_user(struct host *h)
{
    const struct wire_register_user user = {.uuid = h->user_id, .wallet_address = h->wallet};
    uint8_t random[16];
    struct buffer body;

    h->enrol = HOST_MAKE_USER;
    prng_place(&h->prng, "uuid");
    prng_fill(&h->prng, random, sizeof random);
    enrol_uuid(h->user_id, random);
    buffer_init(&body, 0);
    wire_encode_register_user(&body, &user);
    ask(h, HTTP_POST, "/v3/users", buffer_bytes(&body));
    buffer_fini(&body);
}

static void make_node(struct host *h)
{
    const struct wire_register_node node = {.node_type = NODE_CLI_PROVER, .user_id = h->user_id};
    struct buffer body;

    h->enrol = HOST_MAKE_NODE;
    buffer_init(&body, 0);
    wire_encode_register_node(&body, &node);
    ask(h, HTTP_POST, "/v3/nodes", buffer_bytes(&body));
    buffer_fini(&body);
}

static void fire_again(void *context, uint64_t id, void *payload)
{
    struct host *h = context;

    (void)id;
    if ((uintptr_t)payload == h->life && h->enrol == HOST_TRY_AGAIN)
        look_up(h, HOST_LOOK_UP);
}

static void fail_for_now(struct host *h, const struct packet *p, const char *text)
{
    world_note(h->o.world, "client %u is not registered: %s", h->o.number, text);
    if (p->answered && p->response.status == 403) {
        h->enrol = HOST_WORKS;
        host_turn_away(h);
        return;
    }
    h->enrol = HOST_TRY_AGAIN;
    h->tried_before = true;
    host_plan(h, TRY_AGAIN_NS, fire_again, 0);
}

static void registered(struct host *h)
{
    h->enrol = HOST_WORKS;
    if (h->tried_before)
        invariant_mark(h->o.invariant, MARK_REGISTERED_AGAIN);
    h->node_ids[0] = h->node_id;
    h->o.node_ids = h->node_ids;
    world_note(h->o.world, "client %u is registered as node %s", h->o.number, h->node_id);
    host_start(h);
}

/* As client/cli/command_register.c: what is asked for may have happened. */
static void node_not_made(struct host *h, const struct packet *p, const char *text)
{
    unsigned status = p->answered ? p->response.status : 0;

    if (h->nodes && (status == 0 || status / 100 == 2 || status >= 500)) {
        h->tried_before = true;
        look_up(h, HOST_LOOK_AGAIN);
    } else if (h->nodes && h->nodes->count && status == 429) {
        snprintf(h->node_id, sizeof h->node_id, "%s", h->nodes->id[h->nodes->count - 1]);
        registered(h);
    } else {
        fail_for_now(h, p, text);
    }
}

static void find_lost_node(struct host *h, const struct packet *p)
{
    struct enrol_nodes now;
    const char *found =
        p->answered && enrol_read_nodes(&now, &p->response) ? enrol_new_node(h->nodes, &now) : NULL;

    if (!found) {
        fail_for_now(h, p, "the answer that names its node is lost");
        return;
    }
    snprintf(h->node_id, sizeof h->node_id, "%s", found);
    world_note(h->o.world, "client %u finds node %s, whose answer was lost", h->o.number, found);
    registered(h);
}

/* known: as the answer to a look-up says; otherwise there is none. */
static void keep_nodes(struct host *h, const struct http_response *known)
{
    if (!h->nodes)
        h->nodes = memory_new(sizeof *h->nodes);
    h->nodes->count = 0;
    if (known && !enrol_read_nodes(h->nodes, known)) {
        free(h->nodes);
        h->nodes = NULL;
    }
}

/* One step further. */
static void answered(struct host *h, const struct packet *p)
{
    const struct http_response *r = &p->response;
    struct why why = {""};

    switch (h->enrol) {
    case HOST_LOOK_UP:
        switch (enrol_judge_lookup(h->user_id, r, &why)) {
        case ENROL_KNOWN:
            keep_nodes(h, r);
            make_node(h);
            return;
        case ENROL_NEW:
            make_user(h);
            return;
        case ENROL_FAILED:
            fail_for_now(h, p, why.text);
            return;
        }
        return;
    case HOST_MAKE_USER:
        if (enrol_judge_user(r, &why) == ST_OK) {
            keep_nodes(h, NULL);
            make_node(h);
        } else if (r->status == 409) {
            look_up(h, HOST_LOOK_UP); /* known after all: made a moment ago */
        } else {
            fail_for_now(h, p, why.text);
        }
        return;
    case HOST_MAKE_NODE:
        if (enrol_judge_node(h->node_id, r, &why))
            node_not_made(h, p, why.text);
        else
            registered(h);
        return;
    case HOST_LOOK_AGAIN:
        find_lost_node(h, p);
        return;
    case HOST_WORKS:
    case HOST_TRY_AGAIN:
        return;
    }
}

void host_wallet(const struct host *h, char out[static SCENARIO_TEXT])
{
    if (h->o.plan->wallet[0])
        snprintf(out, SCENARIO_TEXT, "%s", h->o.plan->wallet);
    else
        snprintf(out, SCENARIO_TEXT, "0x%040x", h->o.number + 1);
}

void host_enrol(struct host *h)
{
    struct why why;

    h->life++;
    keepalive_begin(&h->link.kept, h->life);
    host_wallet(h, h->wallet);
    if (wallet_check(h->wallet, &why)) {
        world_note(h->o.world, "client %u: %s", h->o.number, why.text);
        host_turn_away(h);
        return;
    }
    look_up(h, HOST_LOOK_UP);
}

void host_enrolled(struct host *h, struct packet *p)
{
    if (p->answered)
        answered(h, p);
    else if (h->enrol == HOST_MAKE_NODE)
        node_not_made(h, p, p->text);
    else
        fail_for_now(h, p, p->text);
    packet_free(p);
}
