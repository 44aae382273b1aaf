/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/fault.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/print.h"
#include "mockorch/core/spread.h"

#define LONGEST_NS (INT64_C(3652) * 86400 * NS_PER_S)

void fault_plan_init(struct fault_plan *p, uint64_t seed)
{
    *p = (struct fault_plan){.prng = prng_of(seed)};
}

void fault_plan_fini(struct fault_plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->rules[i].written);
    free(p->rules);
    *p = (struct fault_plan){0};
}

/* ---- checks ---- */

static bool is_span(int64_t ns)
{
    return ns >= 0 && ns <= LONGEST_NS;
}

/* "date+30": the offset, at most nine digits. */
static bool date_offset(const char *text, int64_t *seconds)
{
    size_t digits;

    if (strncmp(text, "date", 4) != 0 || (text[4] != '+' && text[4] != '-'))
        return false;
    digits = strspn(text + 5, "0123456789");
    if (digits == 0 || digits > 9 || text[5 + digits])
        return false;
    *seconds = strtol(text + 4, NULL, 10);
    return true;
}

/* Header values of our own making must not break the head apart. */
static bool is_header_text(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static enum status check_what(const struct fault_what *w, struct why *why)
{
    int64_t offset;

    if (w->effects == 0)
        return fail(why, ST_INPUT, "what: no effect is given");
    if (w->effects & FAULT_STATUS && (w->status < 200 || w->status > 599))
        return fail(why, ST_INPUT, "status: %u is not within 200 to 599", w->status);
    if (w->effects & FAULT_RETRY_AFTER) {
        if (!is_header_text(w->retry_after))
            return fail(why, ST_INPUT, "retry_after: control characters are not possible");
        if (strncmp(w->retry_after, "date", 4) == 0 && !date_offset(w->retry_after, &offset))
            return fail(why, ST_INPUT, "retry_after: '%s' is not date+SECONDS or date-SECONDS",
                        w->retry_after);
    }
    if (w->effects & FAULT_LOCATION && !is_header_text(w->location))
        return fail(why, ST_INPUT, "location: control characters are not possible");
    if (!is_span(w->delay_ns) || !is_span(w->jitter_ns) || !is_span(w->dribble_gap_ns))
        return fail(why, ST_INPUT, "delay, jitter, dribble_gap: 0 to ten years are possible");
    if (w->effects & FAULT_DRIBBLE && w->dribble_bytes == 0)
        return fail(why, ST_INPUT, "dribble_bytes: at least 1");
    if (w->effects & FAULT_LOSE && w->effects & (FAULT_TRUNCATE | FAULT_DRIBBLE))
        return fail(why, ST_INPUT, "lose: nothing is left to truncate or dribble");
    if (w->effects & FAULT_HEAD && w->effects & (FAULT_LOSE | FAULT_TRUNCATE))
        return fail(why, ST_INPUT, "head: not with lose or truncate");
    if (w->date_offset_s < -LONGEST_NS / NS_PER_S || w->date_offset_s > LONGEST_NS / NS_PER_S)
        return fail(why, ST_INPUT, "date_offset: ten years to either side are possible");
    return ST_OK;
}

static enum status check_where(const struct fault_where *w, struct why *why)
{
    if (w->call != FAULT_ANY_CALL && (w->call < 0 || w->call >= CALL_COUNT))
        return fail(why, ST_INPUT, "call: %d does not exist", w->call);
    if (!(w->probability >= 0 && w->probability <= 1))
        return fail(why, ST_INPUT, "probability: 0 to 1 are possible");
    if (!is_span(w->from_ns) || !is_span(w->until_ns))
        return fail(why, ST_INPUT, "from, until: 0 to ten years are possible");
    if (w->until_ns && w->until_ns <= w->from_ns)
        return fail(why, ST_INPUT, "until: must come after from");
    return ST_OK;
}

enum status fault_plan_add(struct fault_plan *p, const struct fault_rule *rule, struct why *why)
{
    struct fault_rule *rules;
    enum status st = check_where(&rule->where, why);

    if (!st)
        st = check_what(&rule->what, why);
    if (st)
        return st;
    rules = realloc(p->rules, (p->count + 1) * sizeof *rules);
    if (!rules)
        return fail(why, ST_NO_MEMORY, "fault rules: out of memory");
    p->rules = rules;
    rules[p->count] = *rule;
    rules[p->count].seen = rules[p->count].struck = 0;
    rules[p->count].written = NULL;
    rules[p->count].disabled = false;
    if (!rule->name[0])
        snprintf(rules[p->count].name, sizeof rule->name, "rule %zu", p->count + 1);
    p->count++;
    return ST_OK;
}

/* ---- decisions ---- */

static bool matches(const struct fault_where *w, const struct fault_subject *s, int64_t now_ns)
{
    return (w->call == FAULT_ANY_CALL || w->call == (int)s->call) &&
           (!w->node_id[0] || strcmp(w->node_id, s->node_id) == 0) && now_ns >= w->from_ns &&
           (!w->until_ns || now_ns < w->until_ns);
}

/* seen is the number of this request among those that match. */
static bool strikes(struct fault_rule *r, struct prng *prng)
{
    const struct fault_where *w = &r->where;
    uint64_t number = r->seen;

    if (w->nth && number != w->nth)
        return false;
    if (number <= w->after)
        return false;
    number -= w->after;
    if (w->first && number > w->first)
        return false;
    if (w->every && number % w->every != 0)
        return false;
    if (w->at_most && r->struck >= w->at_most)
        return false;
    return w->probability == 0 || prng_chance(prng, w->probability);
}

static void add_effects(struct fault_what *to, const struct fault_what *from, struct prng *prng)
{
    unsigned fresh = from->effects & ~to->effects;

    if (fresh & FAULT_STATUS) {
        to->status = from->status;
        to->body = from->body;
        to->processed = from->processed;
    }
    if (fresh & FAULT_RETRY_AFTER)
        memcpy(to->retry_after, from->retry_after, sizeof to->retry_after);
    if (fresh & FAULT_LOCATION)
        memcpy(to->location, from->location, sizeof to->location);
    if (fresh & FAULT_DELAY)
        to->delay_ns = from->delay_ns + spread_ns(prng, from->spread, from->jitter_ns);
    if (fresh & (FAULT_LOSE | FAULT_TRUNCATE) && to->cut == FAULT_CUT_NONE)
        to->cut = from->cut;
    if (fresh & FAULT_LOSE)
        to->lose = from->lose;
    if (fresh & FAULT_TRUNCATE)
        to->truncate = from->truncate;
    if (fresh & FAULT_DRIBBLE) {
        to->dribble_bytes = from->dribble_bytes;
        to->dribble_gap_ns = from->dribble_gap_ns;
    }
    if (fresh & FAULT_CORRUPT)
        to->corrupt = from->corrupt;
    if (fresh & FAULT_TWICE)
        to->twice = from->twice;
    if (fresh & FAULT_TASK)
        to->task = from->task;
    if (fresh & FAULT_HEAD)
        to->head = from->head;
    if (fresh & FAULT_MUTATE)
        to->mutation = from->mutation;
    if (fresh & FAULT_DATE)
        to->date_offset_s = from->date_offset_s;
    to->effects |= fresh;
}

static void add_name(struct fault_orders *out, const char *name)
{
    size_t used = strlen(out->names);

    print_text(out->names + used, sizeof out->names - used, "%s%s", used ? "," : "", name);
}

void fault_decide(struct fault_plan *p, struct fault_orders *out,
                  const struct fault_subject *subject, int64_t now_ns)
{
    *out = (struct fault_orders){0};
    if (p->heal_ns && now_ns >= p->heal_ns)
        return;
    if (p->by_header && subject->named) {
        const struct fault_named *named = fault_of_name(subject->named);

        if (named) {
            add_effects(&out->what, &named->what, &p->prng);
            add_name(out, named->name);
            p->struck++;
            p->touched = true;
        }
    }
    for (size_t i = 0; i < p->count; i++) {
        struct fault_rule *r = &p->rules[i];

        if (r->disabled || !matches(&r->where, subject, now_ns))
            continue;
        r->seen++;
        p->touched = true;
        prng_place(&p->prng, r->name);
        if (!strikes(r, &p->prng))
            continue;
        r->struck++;
        p->struck++;
        add_effects(&out->what, &r->what, &p->prng);
        add_name(out, r->name);
    }
}

struct carriage fault_carriage(const struct fault_orders *orders)
{
    const struct fault_what *w = &orders->what;
    struct carriage c = {0};

    if (w->effects & FAULT_DELAY)
        c.delay_ns = w->delay_ns;
    if (w->effects & FAULT_DRIBBLE) {
        c.dribble_bytes = w->dribble_bytes;
        c.dribble_gap_ns = w->dribble_gap_ns;
    }
    if (w->effects & FAULT_LOSE) { /* of two rules one may lose and one truncate: losing is more */
        c.cut = w->cut == FAULT_CUT_NONE ? FAULT_CUT_RESET : w->cut;
        c.cut_head = true;
    } else if (w->effects & FAULT_TRUNCATE) {
        c.cut = w->cut == FAULT_CUT_NONE ? FAULT_CUT_CLOSE : w->cut;
        c.cut_at = w->truncate;
    } else if (w->effects & FAULT_HEAD) {
        c.head = w->head;
    }
    return c;
}
