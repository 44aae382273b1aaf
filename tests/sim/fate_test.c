/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/invariant_inside.h"

static void put_record(struct disk *d, enum outbox_state state, bool proved)
{
    struct outbox_record r;

    assert_true(outbox_record_init(&r, "7", "A", "fib", 2));
    r.id = 1;
    r.state = state;
    for (size_t i = 0; i < (proved ? 2 : 1); i++) {
        r.proofs[i].data = calloc(1, 1);
        r.proofs[i].size = 1;
    }
    disk_begin(d, &r);
    disk_end(d, 1);
    outbox_record_fini(&r);
}

#define NONE OUTBOX_STATES /* no record */

static void each_task_is_in_one_place(void **state)
{
    static const struct {
        const char *what;
        struct invariant_task task;
        enum outbox_state state;
        bool proved, settled;
        size_t place; /* in struct invariant_fates */
        bool votes;   /* of nodes, about hashes */
    } table[] = {
#define PLACE(name) (offsetof(struct invariant_fates, name) / sizeof(uint64_t))
        {"credited", {.credits = 1, .sent = true}, OUTBOX_ACKED, true, true, PLACE(credited), false},
        {"credited, and the second copy was refused", {.credits = 1, .definite = 404}, OUTBOX_REFUSED, true, true, PLACE(credited), false},
        {"refused for its content", {.sent = true, .definite = 422}, OUTBOX_REFUSED, true, true, PLACE(refused), false},
        {"gone", {.sent = true, .definite = 404}, OUTBOX_UNKNOWN, true, true, PLACE(refused), false},
        {"a proof of it failed", {.failed = true}, OUTBOX_ABANDONED, false, true, PLACE(abandoned), false},
        {"killed before its record", {.lost = true}, NONE, false, true, PLACE(excused), false},
        {"the disk lied", {.excused = true}, OUTBOX_FETCHED, false, true, PLACE(excused), false},
        {"taken with the process that had no disk, and failed the second time", {.sent = true, .taken = true, .failed = true}, OUTBOX_ABANDONED, false, true, PLACE(excused), false},
        {"taken with the process that had no disk, and not come again", {.sent = true, .taken = true, .lost = true}, NONE, false, true, PLACE(excused), false},
        {"taken, proved again, and left open", {.sent = true, .taken = true}, OUTBOX_PROVED, true, true, PLACE(finished_lost), false},
        {"taken back by the disk, written again, and left open", {.excused = true}, OUTBOX_PROVED, true, true, PLACE(finished_lost), false},
        {"taken back by the disk, and on its way again", {.excused = true}, OUTBOX_PROVED, true, false, PLACE(open), false},
        {"killed before its record, though there was a disk", {.lost = true, .sent = true}, NONE, false, true, PLACE(finished_lost), false},
        {"older than any task lives", {.ended_ns = INVARIANT_LIFE_S * NS_PER_S}, OUTBOX_REFUSED, true, true, PLACE(refused), false},
        {"given up at that age", {.ended_ns = INVARIANT_LIFE_S * NS_PER_S}, OUTBOX_ABANDONED, true, true, PLACE(finished_lost), false},
        {"called too old, an hour too early", {.ended_ns = (INVARIANT_LIFE_S * 9 / 10 - 3600) * NS_PER_S}, OUTBOX_REFUSED, true, true, PLACE(finished_lost), false},
        {"still being proved", {0}, OUTBOX_FETCHED, false, false, PLACE(open), false},
        {"just arrived", {0}, NONE, false, false, PLACE(open), false},
        {"on its way", {.sent = true}, OUTBOX_SENDING, true, false, PLACE(open), false},
        {"left open", {0}, OUTBOX_FETCHED, false, true, PLACE(unaccounted), false},
        {"nowhere", {0}, NONE, false, true, PLACE(unaccounted), false},
        {"left open with all proofs", {0}, OUTBOX_PROVED, true, true, PLACE(finished_lost), false},
        {"given up with all proofs", {0}, OUTBOX_ABANDONED, true, true, PLACE(finished_lost), false},
        {"given up early, with all proofs", {0}, OUTBOX_ABANDONED, true, false, PLACE(finished_lost), false},
        {"sent and forgotten", {.sent = true}, NONE, false, true, PLACE(finished_lost), false},
        {"called accepted, without a credit", {.sent = true, .definite = 200}, OUTBOX_ACKED, true, true, PLACE(finished_lost), false},
        {"accepted and outvoted", {.sent = true, .definite = 200}, OUTBOX_ACKED, true, true, PLACE(refused), true},
        {"outvoted behind a lost answer", {.sent = true, .unanswered = true}, OUTBOX_UNKNOWN, true, true, PLACE(refused), true},
        {"given up where nodes vote", {0}, OUTBOX_ABANDONED, true, true, PLACE(finished_lost), true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world world;
        struct invariant v;
        struct disk disk = {0};
        struct invariant_fates fates = {0}, others = {0};
        struct invariant_task *t;
        char *id;

        world_init(&world, 1, NULL);
        invariant_init(&v, &world, &profile_current, 2);
        v.votes = table[i].votes;
        t = invariant_add(&v, "A");
        id = t->task_id;
        *t = table[i].task;
        t->task_id = id;
        t->host = 1;
        if (table[i].state != NONE)
            put_record(&disk, table[i].state, table[i].proved);
        invariant_fates(&v, &fates, 1, &disk, table[i].settled);
        invariant_fates(&v, &others, 0, &disk, table[i].settled);
        for (size_t place = 0; place < sizeof fates / sizeof(uint64_t); place++) {
            uint64_t tasks = ((const uint64_t *)&fates)[place];

            if (tasks != (place == PLACE(arrived) || place == table[i].place))
                fail_msg("%s: place %zu has %d tasks", table[i].what, place, (int)tasks);
        }
        assert_int_equal(others.arrived, 0);
        invariant_fini(&v);
        disk_fini(&disk);
        world_fini(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_is_in_one_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
