/* SPDX-License-Identifier: Apache-2.0 */
/* A real outbox behind the model of a disk: whatever happens to the machine, SQLite finds what the
 * model has. tier_b_vault ends the program when it does not, hence the processes. */
#include "tests/support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/memory.h"
#include "sim/tier_b/tier_b_vault.h"

struct machine {
    char folder[64];
    struct tier_b_vault *vault;
    struct disk disk;
    struct prng prng;
    uint64_t life;
    unsigned gone; /* processes, as the vault has told */
    int64_t hold_wall_ns[CORE_ROUTES];
    struct learnt learnt;
    bool has_learnt;
};

static void is_gone(void *context, const void *host, uint64_t life)
{
    struct machine *m = context;

    assert_ptr_equal(host, m);
    assert_int_equal(life, m->life);
    m->gone++;
}

static void make_folder(struct machine *m)
{
    /* In memory: thousands of real syncs would show nothing more. */
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    *m = (struct machine){.life = 1};
    snprintf(m->folder, sizeof m->folder, "%s/nxp-vault-XXXXXX", place);
    assert_non_null(mkdtemp(m->folder));
}

static void remove_folder(const struct machine *m)
{
    DIR *folder = opendir(m->folder);
    const struct dirent *entry;

    while ((entry = readdir(folder)))
        unlinkat(dirfd(folder), entry->d_name, 0); /* . and .. stay */
    closedir(folder);
    assert_int_equal(rmdir(m->folder), 0);
}

static void open_vault(struct machine *m)
{
    struct why why;

    if (tier_b_vault_new(&m->vault, m->folder, 0, is_gone, m, &why))
        fail_msg("%s", why.text);
    m->disk.vault = tier_b_vault_base(m->vault);
}

static void begin_machine(struct machine *m, uint64_t seed)
{
    make_folder(m);
    m->prng = prng_of(seed);
    open_vault(m);
}

static void end_machine(struct machine *m)
{
    disk_fini(&m->disk);
    tier_b_vault_free(m->vault);
    assert_int_equal(rmdir(m->folder), 0); /* no file is left behind */
}

static void begin(struct machine *m, uint64_t id, enum outbox_state state)
{
    struct outbox_record r;
    char task_id[32];

    snprintf(task_id, sizeof task_id, "task-%llu", (unsigned long long)id);
    assert_true(outbox_record_init(&r, "7", task_id, "fib", 1));
    r.id = id;
    r.state = state;
    if (state == OUTBOX_PROVED || state == OUTBOX_SENDING) {
        r.proofs[0].data = memory_bytes(bytes_of_text("a proof"));
        r.proofs[0].size = strlen("a proof");
    }
    disk_begin(&m->disk, &r);
    outbox_record_fini(&r);
}

static void save(struct machine *m, uint64_t id, enum outbox_state state)
{
    begin(m, id, state);
    disk_end(&m->disk, id);
}

static void save_in_cache(struct machine *m, uint64_t id, enum outbox_state state)
{
    begin(m, id, state);
    disk_end_in_cache(&m->disk, id);
}

/* The vault compares. */
static void find(struct machine *m)
{
    vault_crash(m->disk.vault, &(struct vault_find){.host = m,
                                                    .life = m->life,
                                                    .disk = &m->disk,
                                                    .hold_wall_ns = m->hold_wall_ns,
                                                    .learnt = &m->learnt,
                                                    .has_learnt = &m->has_learnt});
    m->life++;
}

static void kill_process(struct machine *m)
{
    disk_crash(&m->disk, &m->prng);
    find(m);
}

static void cut_power(struct machine *m, bool torn)
{
    disk_power_cut(&m->disk, &m->prng, torn);
    find(m);
}

static enum outbox_state state_of(const struct machine *m, uint64_t id)
{
    const struct disk_cell *cell = disk_of(&m->disk, id);

    assert_non_null(cell);
    return cell->state;
}

static void a_killed_process_leaves_what_it_called_saved(void **state)
{
    struct machine m;

    (void)state;
    begin_machine(&m, 1);
    save(&m, 1, OUTBOX_FETCHED);
    save(&m, 2, OUTBOX_FETCHED);
    save(&m, 1, OUTBOX_PROVED);
    save_in_cache(&m, 3, OUTBOX_FETCHED); /* the kernel has it */
    kill_process(&m);
    assert_int_equal(disk_open(&m.disk), 3);
    assert_int_equal(state_of(&m, 1), OUTBOX_PROVED);
    assert_int_equal(m.gone, 1);
    end_machine(&m);
}

static void a_power_cut_takes_what_a_lying_disk_has_in_its_cache(void **state)
{
    struct machine m;

    (void)state;
    begin_machine(&m, 1);
    save(&m, 1, OUTBOX_FETCHED);
    save_in_cache(&m, 1, OUTBOX_PROVED);
    save_in_cache(&m, 2, OUTBOX_FETCHED);
    kill_process(&m); /* which changes nothing in the disk */
    save_in_cache(&m, 2, OUTBOX_ABANDONED);
    cut_power(&m, false);
    assert_int_equal(disk_open(&m.disk), 1);
    assert_int_equal(state_of(&m, 1), OUTBOX_FETCHED);
    assert_false(disk_has(&m.disk, 2));
    save_in_cache(&m, 2, OUTBOX_FETCHED);
    save(&m, 1, OUTBOX_ABANDONED); /* the sync of which is one for all */
    cut_power(&m, false);
    assert_int_equal(state_of(&m, 1), OUTBOX_ABANDONED);
    assert_int_equal(state_of(&m, 2), OUTBOX_FETCHED);
    end_machine(&m);
}

static void half_a_write_is_none_wherever_it_ends(void **state)
{
    struct machine m;

    (void)state;
    begin_machine(&m, 1);
    save(&m, 1, OUTBOX_FETCHED);
    for (uint64_t i = 2; i < 60; i++) {
        begin(&m, 1, OUTBOX_PROVED);
        begin(&m, i, OUTBOX_FETCHED);
        if (i % 3 == 0)
            save_in_cache(&m, 100, OUTBOX_FETCHED);
        cut_power(&m, true);
        assert_int_equal(state_of(&m, 1), OUTBOX_FETCHED);
        assert_false(disk_has(&m.disk, i));
        assert_false(disk_has(&m.disk, 100));
        save(&m, i, OUTBOX_FETCHED);
    }
    assert_int_equal(m.disk.torn, 58);
    assert_int_equal(disk_open(&m.disk), 59);
    end_machine(&m);
}

static void whatever_happens_the_store_has_what_the_model_has(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < (NXP_INSTRUMENTED ? 3 : 20); seed++) {
        struct machine m;

        begin_machine(&m, seed);
        for (int i = 0; i < 300; i++) {
            uint64_t id = 1 + prng_below(&m.prng, 20);
            enum outbox_state to = (enum outbox_state)prng_below(&m.prng, OUTBOX_ACKED);

            begin(&m, id, to);
            switch (prng_below(&m.prng, 8)) {
            case 0:
                begin(&m, 30, to);
                kill_process(&m);
                break;
            case 1:
                begin(&m, 30, to);
                cut_power(&m, prng_chance(&m.prng, 0.5));
                break;
            case 2:
            case 3:
                disk_end_in_cache(&m.disk, id);
                break;
            default:
                disk_end(&m.disk, id);
            }
        }
        kill_process(&m);
        end_machine(&m);
    }
}

/* In the model a process knows them whatever its disk does. */
static void silences_and_what_was_learnt_outlast_a_power_cut(void **state)
{
    struct learnt learnt = {0};
    struct machine m;

    (void)state;
    begin_machine(&m, 1);
    cut_power(&m, false);
    assert_false(m.has_learnt);
    assert_int_equal(m.hold_wall_ns[0], 0);
    save_in_cache(&m, 1, OUTBOX_FETCHED);
    vault_hold(m.disk.vault, (enum core_route)1, 12345678);
    vault_learn(m.disk.vault, &learnt);
    cut_power(&m, false);
    assert_int_equal(disk_open(&m.disk), 0);
    assert_int_equal(m.hold_wall_ns[1], 12345678);
    assert_true(m.has_learnt);
    end_machine(&m);
}

/* ---- a store that does not have what the model has ---- */

static void forget_a_record(struct machine *m)
{
    m->disk.vault = NULL;
    save(m, 1, OUTBOX_PROVED);
    m->disk.vault = tier_b_vault_base(m->vault);
}

static void lose_a_record(struct machine *m)
{
    m->disk.vault = NULL;
    save(m, 2, OUTBOX_FETCHED);
    m->disk.vault = tier_b_vault_base(m->vault);
}

static void keep_what_was_in_the_cache(struct machine *m)
{
    begin(m, 2, OUTBOX_FETCHED);
    vault_put(m->disk.vault, &m->disk.begun[0], false);
    m->disk.vault = NULL;
    disk_end_in_cache(&m->disk, 2);
    m->disk.vault = tier_b_vault_base(m->vault);
}

static void a_store_that_has_something_else_ends_the_simulation(void **state)
{
    static void (*const mistakes[])(struct machine * m) = {NULL, forget_a_record, lose_a_record,
                                                           keep_what_was_in_the_cache};

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct machine m;
        int status = 0;
        pid_t pid;

        make_folder(&m);
        pid = fork();
        if (pid == 0) {
            dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
            open_vault(&m);
            save(&m, 1, OUTBOX_FETCHED);
            if (mistakes[i])
                mistakes[i](&m);
            cut_power(&m, false);
            _exit(0);
        }
        waitpid(pid, &status, 0);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), mistakes[i] ? 3 : 0);
        remove_folder(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_process_leaves_what_it_called_saved),
        cmocka_unit_test(a_power_cut_takes_what_a_lying_disk_has_in_its_cache),
        cmocka_unit_test(half_a_write_is_none_wherever_it_ends),
        cmocka_unit_test(whatever_happens_the_store_has_what_the_model_has),
        cmocka_unit_test(silences_and_what_was_learnt_outlast_a_power_cut),
        cmocka_unit_test(a_store_that_has_something_else_ends_the_simulation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
