/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/conduct.h"

bool conduct_route(enum route *out, enum call call)
{
    switch (call) {
    case CALL_NODE:
        *out = ROUTE_NODE;
        return true;
    case CALL_LIST_BODY:
    case CALL_FETCH:
        *out = ROUTE_FETCH;
        return true;
    case CALL_SUBMIT:
        *out = ROUTE_SUBMIT;
        return true;
    default:
        return false;
    }
}

const char *conduct_route_name(enum route route)
{
    static const char *const names[ROUTES] = {"node", "fetch", "submit"};

    return names[route];
}

bool conduct_definite(unsigned status)
{
    return (status >= 200 && status < 300) ||
           (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429);
}

bool conduct_works(unsigned status)
{
    return conduct_definite(status) || status == 429;
}

int64_t conduct_ring_add(struct conduct_ring *r, unsigned most, int64_t now_ns)
{
    const unsigned size = CONDUCT_PER_MINUTE_BATCH;
    int64_t oldest_ns = r->at_ns[(r->count + size - most) % size];
    bool has_so_many = r->count >= most;

    r->at_ns[r->count++ % size] = now_ns;
    return has_so_many ? now_ns - oldest_ns : INT64_MAX;
}
