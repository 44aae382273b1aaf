/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "mockorch/core/fault.h"

struct fault_rule *fault_plan_find(const struct fault_plan *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->rules[i].name, name) == 0)
            return &p->rules[i];
    return NULL;
}

enum status fault_plan_write(struct fault_plan *p, const char *json, struct why *why)
{
    struct fault_rule rule;
    enum status st;
    char *copy;

    if (!p->read)
        return fail(why, ST_INPUT, "rules cannot be added here");
    st = p->read(&rule, bytes_of_text(json), why);
    if (st)
        return st;
    if (rule.name[0] && fault_plan_find(p, rule.name))
        return fail(why, ST_EXISTS, "a rule '%s' exists", rule.name);
    copy = malloc(strlen(json) + 1);
    if (!copy)
        return fail(why, ST_NO_MEMORY, "fault rules: out of memory");
    strcpy(copy, json);
    st = fault_plan_add(p, &rule, why);
    if (st)
        free(copy);
    else
        p->rules[p->count - 1].written = copy;
    return st;
}

void fault_plan_remove(struct fault_plan *p, struct fault_rule *rule)
{
    size_t behind = p->count - 1 - (size_t)(rule - p->rules);

    p->touched = true;
    if (!rule->written) {
        rule->disabled = true;
        return;
    }
    free(rule->written);
    memmove(rule, rule + 1, behind * sizeof *rule);
    p->count--;
}

enum status fault_plan_again(struct fault_plan *out, const struct fault_plan *p, uint64_t seed,
                             struct why *why)
{
    struct fault_plan again = {
        .prng = prng_of(seed), .heal_ns = p->heal_ns, .by_header = p->by_header, .read = p->read};
    enum status st = ST_OK;

    for (size_t i = 0; i < p->count && !st; i++)
        if (!p->rules[i].written)
            st = fault_plan_add(&again, &p->rules[i], why);
    if (st) {
        fault_plan_fini(&again);
        return st;
    }
    again.touched = true;
    *out = again;
    return ST_OK;
}
