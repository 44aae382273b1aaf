/* SPDX-License-Identifier: Apache-2.0 */
/* Whose case a judge takes next: parties take turns, those with a clean record first.
 *
 *   1  a user with fewer strikes goes before one with more;
 *   2  of equal users, a node with fewer strikes;
 *   3  a user who has had nothing accepted yet counts with the strikes of his address;
 *   4  then whose user was served longest ago, then who came first.
 *
 * A case that is refused is a strike for its user, node and address; one that holds takes half of
 * their strikes away. So a flood of bad proofs waits behind every honest one, also when it
 * comes from ever new users; one of honest proofs waits behind nobody but itself; and who has a
 * record of his own does not pay for a neighbour.
 *
 * Owner:   plain value of some 40 KiB; turns_init.
 * Threads: one owner at a time.
 * Errors:  none. Of too many parties the one that was served longest ago is forgotten.
 */
#pragma once
#include "mockorch/core/judge.h"

#define TURNS_MOST_STRIKES 8
#define TURNS_SETS         256
#define TURNS_WAYS         4

enum turns_kind { TURNS_USER, TURNS_NODE, TURNS_ADDRESS, TURNS_KINDS };

struct turns {
    uint64_t turn;
    struct turns_party {
        uint64_t id;
        uint64_t served; /* the turn it was served last, counted from 1; 0: the place is free */
        uint32_t strikes;
        uint32_t kind;
    } parties[TURNS_SETS][TURNS_WAYS];
};

void turns_init(struct turns *t);

/* Where a case stands now. number: in the order of arrival. */
struct turns_rank {
    uint32_t strikes[TURNS_KINDS];
    uint64_t served, number;
};

struct turns_rank turns_rank(const struct turns *t, const struct judge_case *c, uint64_t number);
bool turns_before(const struct turns_rank *x, const struct turns_rank *y);
/* May x, which comes, take the place of y, which waits, when there is no other? */
bool turns_displaces(const struct turns_rank *x, const struct turns_rank *y);

/* It is being judged from now on, and what came of it. */
void turns_serve(struct turns *t, const struct judge_case *c);
void turns_judged(struct turns *t, const struct judge_case *c, enum status verdict);
