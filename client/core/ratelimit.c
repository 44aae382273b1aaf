/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/ratelimit.h"

#include <string.h>

#include "base/clock.h"

/* One member of a list: the numbers of its parameters, -1 where there is none. */
struct member {
    int64_t r, t, q, w;
};

#define NUMBER_MOST ((int64_t)1000000000000) /* a digit more than anybody means */

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

/* Digits; a larger number than NUMBER_MOST counts as that. */
static const char *number(int64_t *out, const char *p)
{
    int64_t value = 0;

    if (*p < '0' || *p > '9')
        return p;
    for (; *p >= '0' && *p <= '9'; p++)
        if (value < NUMBER_MOST)
            value = 10 * value + (*p - '0');
    *out = value < NUMBER_MOST ? value : NUMBER_MOST;
    return p;
}

static int64_t *place_of(struct member *m, const char *name, size_t size)
{
    static const struct {
        const char *name;
        char letter;
    } names[] = {{"r", 'r'},     {"remaining", 'r'}, {"t", 't'},
                 {"reset", 't'}, {"q", 'q'},         {"w", 'w'}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == size && memcmp(names[i].name, name, size) == 0)
            switch (names[i].letter) {
            case 'r':
                return &m->r;
            case 't':
                return &m->t;
            case 'q':
                return &m->q;
            default:
                return &m->w;
            }
    return NULL;
}

/* One item, up to a comma, semicolon or the end: a name, or name = number, or a quoted text. */
static const char *item(struct member *m, const char *p)
{
    const char *name = p = skip_blanks(p);
    int64_t *place;

    if (*p == '"')
        for (p++; *p && *p != '"'; p++)
            if (*p == '\\' && p[1])
                p++;
    p += strcspn(p, "=,;");
    if (*p == '=') {
        place = place_of(m, name, (size_t)(p - name));
        p = skip_blanks(p + 1);
        if (place)
            p = number(place, p);
        p += strcspn(p, ",;");
    }
    return p;
}

/* The next member; the older form is one member, whose parts stand between commas. */
static const char *member(struct member *m, const char *p, bool older)
{
    *m = (struct member){-1, -1, -1, -1};
    for (;;) {
        p = item(m, p);
        if (*p == '\0')
            return p;
        if (*p++ == ',' && !older)
            return p;
    }
}

/* The window of the policy, for a server that does not say when it starts anew. */
static int64_t window_of(const struct http_response *response)
{
    const char *p = http_header_of(response->headers, response->header_count, "ratelimit-policy");
    int64_t longest = -1;
    struct member m;

    while (p && *p) {
        p = member(&m, p, false);
        if (m.w > longest)
            longest = m.w;
    }
    return longest;
}

bool ratelimit_read(struct ratelimit *out, const struct http_response *response)
{
    const char *p = http_header_of(response->headers, response->header_count, "ratelimit");
    bool older = p && strstr(p, "remaining=");
    bool found = false;
    struct member m;

    while (p && *p) {
        struct ratelimit l;

        p = member(&m, p, older);
        if (m.t < 0)
            m.t = window_of(response);
        if (m.r < 0 || m.t < 0)
            continue;
        l.remaining = m.r;
        l.reset_s = m.t < RATELIMIT_LONGEST_S ? m.t : RATELIMIT_LONGEST_S;
        if (!found || ratelimit_wait_ns(&l) > ratelimit_wait_ns(out))
            *out = l;
        found = true;
    }
    return found;
}

int64_t ratelimit_wait_ns(const struct ratelimit *l)
{
    return l->reset_s * NS_PER_S / (l->remaining > 0 ? l->remaining : 1);
}
