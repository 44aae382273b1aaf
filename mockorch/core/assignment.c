/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/assignment.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/print.h"
#include "mockorch/core/consensus.h"

const char *task_state_name(enum task_state s)
{
    static const char *const names[] = {"open", "accepted", "expired",
                                        "minted", "held", "refused"};

    return names[s];
}

const char *task_type_name(enum task_type t)
{
    static const char *const names[] = {"PROOF_REQUIRED", "PROOF_HASH", "ALL_PROOF_HASHES"};

    return names[t];
}

/* ---- the collection ---- */

void assignment_init(struct assignment *a, uint64_t seed)
{
    *a = (struct assignment){.prng = prng_of(seed)};
}

void assignment_fini(struct assignment *a)
{
    for (uint32_t place = a->first; place < a->count; place++)
        task_free(assignment_task(a, place));
    consensus_free_all(a);
    while (a->minted_first)
        assignment_withdraw(a, a->minted_first);
    free(a->tasks);
    lookup_fini(&a->by_id);
    *a = (struct assignment){0};
}

struct task *assignment_task(const struct assignment *a, uint32_t place)
{
    assert(place >= a->first && place < a->count);
    return a->tasks[place - a->first];
}

struct task *assignment_find(const struct assignment *a, uint32_t *at, const char *task_id)
{
    return lookup_find(&a->by_id, at, task_id) ? assignment_task(a, *at) : NULL;
}

struct task *task_new(const char *task_id, const size_t *input_sizes, size_t input_count)
{
    struct task *t = calloc(1, sizeof *t);
    size_t head = input_count * sizeof *t->inputs, size = head;
    uint8_t *at;

    for (size_t i = 0; i < input_count; i++)
        size += input_sizes[i]; /* at most WIRE_MAX_INPUTS small pieces */
    if (!t)
        return NULL;
    t->task_id = malloc(strlen(task_id) + 1);
    t->inputs = calloc(1, size + 1); /* + 1: never of size 0 */
    if (!t->task_id || !t->inputs) {
        task_free(t);
        return NULL;
    }
    strcpy(t->task_id, task_id);
    at = (uint8_t *)t->inputs + head;
    for (size_t i = 0; i < input_count; i++) {
        t->inputs[i] = bytes_of(at, input_sizes[i]);
        at += input_sizes[i];
    }
    t->input_count = input_count;
    return t;
}

void task_free(struct task *t)
{
    if (!t)
        return;
    free(t->task_id);
    free(t->inputs);
    free(t);
}

/* Room for one more. Places whose tasks were evicted are left behind when they are half of all. */
static enum status make_room(struct assignment *a, struct why *why)
{
    uint32_t used = a->count - a->first, gone = 0;
    uint32_t capacity = a->capacity ? 2 * a->capacity : 64;
    struct task **tasks;

    if (used < a->capacity)
        return ST_OK;
    while (gone < used && !a->tasks[gone])
        gone++;
    if (used && gone >= used / 2) {
        memmove(a->tasks, a->tasks + gone, (used - gone) * sizeof *a->tasks);
        a->first += gone;
        return ST_OK;
    }
    tasks = realloc(a->tasks, capacity * sizeof *tasks);
    if (!tasks)
        return fail(why, ST_NO_MEMORY, "tasks: out of memory");
    a->tasks = tasks;
    a->capacity = capacity;
    return ST_OK;
}

/* The task gets the next place. */
static enum status append(struct assignment *a, struct task *t, struct why *why)
{
    enum status st = make_room(a, why);

    if (!st)
        st = lookup_put(&a->by_id, t->task_id, a->count, why);
    if (st)
        return st;
    t->place = a->count++;
    a->tasks[t->place - a->first] = t;
    return ST_OK;
}

enum status assignment_restore(struct assignment *a, uint32_t *out, struct task *takes,
                               struct why *why)
{
    enum status st = append(a, takes, why);

    if (st)
        task_free(takes);
    else
        *out = takes->place;
    return st;
}

/* ---- closed ones ---- */

void assignment_close(struct assignment *a, struct task *t, enum task_state state, int64_t now_ns)
{
    t->state = state;
    t->closed_ns = now_ns;
    if (a->closed_last)
        a->closed_last->next = t;
    else
        a->closed_first = t;
    a->closed_last = t;
    a->closed_count++;
}

struct task *assignment_evictable(const struct assignment *a, uint32_t keep, int64_t until_ns)
{
    struct task *t = a->closed_first;

    /* a second submission of a task may still be before the judge */
    return a->closed_count > keep && t->closed_ns <= until_ns && !t->judging && !t->group ? t
                                                                                          : NULL;
}

void assignment_evict(struct assignment *a)
{
    struct task *t = a->closed_first;

    a->closed_first = t->next;
    assert(a->closed_first); /* at least one is kept */
    a->closed_count--;
    lookup_remove(&a->by_id, t->task_id);
    a->tasks[t->place - a->first] = NULL;
    task_free(t);
}

/* ---- life ---- */

void assignment_release(struct assignment *a, struct task *t)
{
    a->tasks[t->place - a->first] = NULL;
    t->group = NULL;
}

static bool can_expire(const struct task *t)
{
    return t && (t->state == TASK_OPEN || t->state == TASK_HELD) && !t->judging;
}

/* All tasks live equally long, so they end in the order in which they were made. */
struct task *assignment_overdue(struct assignment *a, uint32_t *at, int64_t now_ns)
{
    assert(a->oldest_open >= a->first); /* what was evicted had been passed over */
    for (; a->oldest_open < a->count; a->oldest_open++) {
        struct task *t = assignment_task(a, a->oldest_open);

        if (!can_expire(t))
            continue;
        if (t->expires_ns > now_ns)
            return NULL;
        *at = a->oldest_open;
        return t;
    }
    return NULL;
}

int64_t assignment_deadline_ns(const struct assignment *a)
{
    for (uint32_t place = a->oldest_open; place < a->count; place++)
        if (can_expire(assignment_task(a, place)))
            return assignment_task(a, place)->expires_ns;
    return INT64_MAX;
}

/* ---- making ---- */

/* Two digits, a bar and a ULID: 48 bits of milliseconds, 80 random bits, five to a letter of
 * Crockford's alphabet (client.md 13.4). */
static void mint_id(char out[static 32], struct prng *prng, int64_t wall_ns)
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t ms = (uint64_t)(wall_ns / NS_PER_MS);
    uint64_t high = prng_u64(prng), low = prng_u64(prng);

    print_text(out, 32, "%02u-", (unsigned)prng_below(prng, 100));
    for (int i = 0; i < 10; i++)
        out[3 + i] = letters[ms >> (5 * (9 - i)) & 31];
    for (int i = 0; i < 8; i++) {
        out[13 + i] = letters[high >> (5 * i) & 31];
        out[21 + i] = letters[low >> (5 * i) & 31];
    }
    out[29] = 0;
}

static uint64_t draw(struct prng *prng, struct settings_range range)
{
    return (uint64_t)prng_between(prng, range.low, range.high);
}

/* The place that a weight drawn from the sum falls on. */
static uint32_t draw_weighted(struct prng *prng, const uint32_t *weights, uint32_t count)
{
    uint64_t sum = 0, drawn;
    uint32_t i = 0;

    for (uint32_t w = 0; w < count; w++)
        sum += weights[w];
    drawn = prng_below(prng, sum); /* settings_check: the sum is not 0 */
    while (drawn >= weights[i])
        drawn -= weights[i++];
    return i;
}

static bool ordered(const struct assignment_order *order, enum fault_task odd)
{
    return order->faults && order->faults->what.effects & FAULT_TASK &&
           order->faults->what.task == odd;
}

static enum difficulty draw_difficulty(struct prng *prng, const struct settings *s,
                                       const struct assignment_order *order)
{
    enum difficulty d = order->max_difficulty;

    if (d > s->difficulty_ceiling) /* the numbers rise with the size */
        d = s->difficulty_ceiling;
    if (prng_chance(prng, s->difficulty_drop))
        d = difficulty_down(d);
    if (ordered(order, FAULT_TASK_HARDER))
        d = difficulty_up(order->max_difficulty);
    return ordered(order, FAULT_TASK_EASIER) ? DIFFICULTY_SMALL : d;
}

static const struct settings_program *draw_program(struct prng *prng, const struct settings *s)
{
    uint32_t weights[SETTINGS_MAX_PROGRAMS];

    for (uint32_t i = 0; i < s->program_count; i++)
        weights[i] = s->programs[i].weight;
    return &s->programs[draw_weighted(prng, weights, s->program_count)];
}

/* n doubles with each bucket; it stops where 32 bits end. */
static uint32_t grown(uint64_t n, enum difficulty d)
{
    while (d != DIFFICULTY_SMALL) {
        d = difficulty_down(d);
        n = n > UINT32_MAX / 2 ? UINT32_MAX : 2 * n;
    }
    return (uint32_t)n;
}

static size_t input_size(const struct assignment_order *order)
{
    if (ordered(order, FAULT_TASK_SHORT_INPUT))
        return 11;
    return ordered(order, FAULT_TASK_LONG_INPUT) ? 13 : 12;
}

static size_t draw_input_count(struct prng *prng, const struct settings *s,
                               const struct assignment_order *order)
{
    size_t count = (size_t)draw(prng, s->inputs_per_task);

    if (ordered(order, FAULT_TASK_NO_INPUTS))
        return 0;
    return ordered(order, FAULT_TASK_MANY_INPUTS) ? 100 : count;
}

static void fill_inputs(struct task *t, struct prng *prng, const struct settings *s,
                        const struct settings_program *program)
{
    for (size_t i = 0; i < t->input_count; i++) {
        const struct settings_range *own = &program->n_of[settings_bucket(t->difficulty)];
        uint64_t n = draw(prng, own->high ? *own : program->n);
        uint8_t words[13];

        if (s->difficulty_grows && !own->high)
            n = grown(n, t->difficulty);
        store_le32(words, (uint32_t)n);
        store_le32(words + 4, (uint32_t)draw(prng, program->a));
        store_le32(words + 8, (uint32_t)draw(prng, program->b));
        words[12] = 0x99;
        memcpy((uint8_t *)t->inputs[i].data, words, t->inputs[i].size);
    }
}

/* "" can be given only once and the strange id must stay unique too: the ULID goes with it where
 * there is room. */
static void odd_id(char out[static 512], const struct assignment_order *order,
                   const struct lookup *taken, const char *id)
{
    uint32_t at;

    if (ordered(order, FAULT_TASK_EMPTY_ID) && !lookup_find(taken, &at, ""))
        print_text(out, 512, "%s", "");
    else if (ordered(order, FAULT_TASK_LONG_ID))
        snprintf(out, 512, "%s%0471d", id, 0);
    else if (ordered(order, FAULT_TASK_STRANGE_ID))
        snprintf(out, 512,
                 "0 | t\xc3\xa2"
                 "che \xe2\x86\x92 %%s \"%s\" | ",
                 id);
    else
        print_text(out, 512, "%s", id);
}

static void open_for(struct task *t, const struct settings *settings,
                     const struct assignment_order *order, int64_t now_ns)
{
    t->state = TASK_OPEN;
    t->node = order->node;
    memcpy(t->public_key, order->public_key, sizeof t->public_key);
    print_text(t->peer, sizeof t->peer, "%s", order->peer ? order->peer : "");
    t->assigned_ns = now_ns;
    t->expires_ns = now_ns + settings->task_expiry_ns;
    if (ordered(order, FAULT_TASK_EXPIRED))
        t->expires_ns = now_ns;
}

enum status assignment_make(struct assignment *a, uint32_t *out, const struct settings *settings,
                            const struct assignment_order *order, int64_t now_ns, struct why *why)
{
    const struct settings_program *program = draw_program(&a->prng, settings);
    enum difficulty difficulty = draw_difficulty(&a->prng, settings, order);
    size_t count = draw_input_count(&a->prng, settings, order), sizes[WIRE_MAX_INPUTS];
    enum task_type type = (enum task_type)draw_weighted(&a->prng, settings->type_weights, 3);
    char ulid[32], id[512];
    struct task *t;

    for (size_t i = 0; i < count; i++)
        sizes[i] = input_size(order);
    mint_id(ulid, &a->prng, settings->wall_at_zero_ns + now_ns);
    odd_id(id, order, &a->by_id, ulid);
    t = task_new(id, sizes, count);
    if (!t)
        return fail(why, ST_NO_MEMORY, "task: out of memory");
    t->type = type;
    t->difficulty = difficulty;
    memcpy(t->program_id, program->id, sizeof t->program_id);
    if (ordered(order, FAULT_TASK_UNKNOWN_PROGRAM))
        snprintf(t->program_id, sizeof t->program_id, "program_of_tomorrow");
    fill_inputs(t, &a->prng, settings, program);
    open_for(t, settings, order, now_ns);
    return assignment_restore(a, out, t, why);
}

enum status assignment_copy(struct assignment *a, uint32_t *out, const struct task *of,
                            const struct settings *settings, const struct assignment_order *order,
                            int64_t now_ns, struct why *why)
{
    size_t sizes[WIRE_MAX_INPUTS];
    char id[32];
    struct task *t;

    for (size_t i = 0; i < of->input_count; i++)
        sizes[i] = of->inputs[i].size;
    mint_id(id, &a->prng, settings->wall_at_zero_ns + now_ns);
    t = task_new(id, sizes, of->input_count);
    if (!t)
        return fail(why, ST_NO_MEMORY, "task: out of memory");
    for (size_t i = 0; i < of->input_count; i++)
        memcpy((uint8_t *)t->inputs[i].data, of->inputs[i].data, sizes[i]);
    t->type = of->type;
    t->difficulty = of->difficulty;
    memcpy(t->program_id, of->program_id, sizeof t->program_id);
    open_for(t, settings, order, now_ns);
    return assignment_restore(a, out, t, why);
}

/* ---- minting ---- */

void assignment_mint_again(struct assignment *a, struct task *takes)
{
    takes->state = TASK_MINTED;
    if (a->minted_last)
        a->minted_last->next = takes;
    else
        a->minted_first = takes;
    a->minted_last = takes;
}

enum status assignment_mint(struct assignment *a, struct task **out,
                            const struct settings *settings, const struct assignment_mint *mint,
                            int64_t now_ns, struct why *why)
{
    const struct assignment_order order = {.max_difficulty = settings->difficulty_ceiling};
    const struct settings_program *program = draw_program(&a->prng, settings);
    size_t sizes[WIRE_MAX_INPUTS], count = mint->input_count;
    char id[32];
    struct task *t;

    if (!mint->inputs)
        count = draw_input_count(&a->prng, settings, &order);
    assert(count <= WIRE_MAX_INPUTS);
    for (size_t i = 0; i < count; i++)
        sizes[i] = mint->inputs ? mint->inputs[i].size : input_size(&order);
    mint_id(id, &a->prng, settings->wall_at_zero_ns + now_ns);
    t = task_new(id, sizes, count);
    if (!t)
        return fail(why, ST_NO_MEMORY, "task: out of memory");
    t->type = mint->type < 0 ? (enum task_type)draw_weighted(&a->prng, settings->type_weights, 3)
                             : (enum task_type)mint->type;
    t->difficulty = mint->difficulty < 0 ? settings->difficulty_ceiling
                                         : (enum difficulty)mint->difficulty;
    print_text(t->program_id, sizeof t->program_id, "%s",
             mint->program_id ? mint->program_id : program->id);
    if (mint->inputs)
        for (size_t i = 0; i < count; i++)
            memcpy((uint8_t *)t->inputs[i].data, mint->inputs[i].data, sizes[i]);
    else
        fill_inputs(t, &a->prng, settings, program);
    t->node = mint->node;
    assignment_mint_again(a, t);
    *out = t;
    return ST_OK;
}

struct task *assignment_minted(const struct assignment *a, uint32_t node)
{
    struct task *t = a->minted_first;

    while (t && t->node != TASK_FOR_ANYBODY && t->node != node)
        t = t->next;
    return t;
}

static void unlink_minted(struct assignment *a, struct task *t)
{
    struct task **at = &a->minted_first, *before = NULL;

    for (; *at != t; at = &before->next)
        before = *at;
    *at = t->next;
    if (a->minted_last == t)
        a->minted_last = before;
    t->next = NULL;
}

enum status assignment_hand_out(struct assignment *a, struct task *t,
                                const struct settings *settings,
                                const struct assignment_order *order, int64_t now_ns,
                                struct why *why)
{
    enum status st = append(a, t, why);

    if (st)
        return st;
    unlink_minted(a, t);
    open_for(t, settings, order, now_ns);
    return ST_OK;
}

void assignment_withdraw(struct assignment *a, struct task *t)
{
    unlink_minted(a, t);
    task_free(t);
}
