/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/reference.h"

#include <assert.h>
#include <string.h>

#include "client/core/problem.h"

void reference_init(struct reference *r, const struct reference_options *o,
                    const struct profile *profile)
{
    assert(strlen(o->node_id) < sizeof r->node_id);
    r->profile = profile;
    r->o = *o;
    if (!r->o.proofs_at_once)
        r->o.proofs_at_once = r->o.workers;
    strcpy(r->node_id, o->node_id);
    buffer_init(&r->body, WIRE_MAX_SUBMISSION);
    signing_key_public(o->key, r->public_key);
}

void reference_fini(struct reference *r)
{
    buffer_fini(&r->body);
}

uint64_t reference_request(struct reference *r, struct action *out, enum http_method method,
                           const char *path)
{
    *out = (struct action){.type = ACT_REQUEST, .id = ++r->last_id};
    profile_request(r->profile, &out->request, method, path, buffer_bytes(&r->body));
    return out->id;
}

enum status reference_forget(struct runtime *r, struct outbox_record *record, struct why *why)
{
    (void)r;
    (void)why;
    outbox_record_fini(record);
    return ST_OK;
}

const struct stats *reference_stats(const struct runtime *r)
{
    return &((const struct reference *)r)->stats; /* first member */
}

void reference_snapshot(const struct reference *r, struct snapshot *out, const char *phase)
{
    *out = (struct snapshot){
        .phase = phase,
        .profile = r->profile->name,
        .stats = r->stats,
        .node_count = 1,
        .nodes = {{.id = r->node_id,
                   .standing = "known",
                   .fetch_requests = r->stats.fetch_requests,
                   .fetched = r->stats.fetched,
                   .accepted = r->stats.accepted}},
    };
}

/* An unsigned 32-bit decimal; one leading plus and leading zeros pass. */
static bool decimal_u32(uint32_t *out, const char *text)
{
    uint64_t value = 0;

    if (*text == '+')
        text++;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = 10 * value + (uint64_t)(*text - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool reference_advice_s(uint32_t *seconds, const struct http_response *response)
{
    const char *text = http_header_of(response->headers, response->header_count, "retry-after");

    if (response->status >= 500) {
        *seconds = 30;
        return true;
    }
    return text && decimal_u32(seconds, text);
}

bool reference_repeats(unsigned status)
{
    return status == 0 || (status >= 400 && status != 429);
}
