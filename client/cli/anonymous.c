/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/anonymous.h"

#include <poll.h>

#include "base/clock.h"
#include "client/cli/words.h"
#include "client/shell/guest_store.h"
#include "client/shell/prover_process.h"

#define PAUSE_MS 300

static const char *program_of(const char *guests)
{
    struct buffer elf;
    bool official;

    buffer_init(&elf, 0);
    official = guest_store_find(&elf, guests, "fib_input_initial", NULL) == ST_OK;
    buffer_fini(&elf);
    return official ? "fib_input_initial" : "fib";
}

/* Waits for the outcome, or for the wish to stop. */
static bool wait_outcome(struct prover *p, struct prover_outcome *out, int stop_fd)
{
    struct pollfd fds[] = {{.fd = stop_fd, .events = POLLIN},
                           {.fd = p->ops->fd(p), .events = POLLIN}};

    while (!p->ops->take(p, out)) {
        poll(fds, 2, -1);
        if (fds[0].revents)
            return false;
    }
    return true;
}

static int prove_on(const struct printer *printer, struct prover *p, const char *program,
                    uint64_t max, int stop_fd)
{
    struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
    struct prover_outcome outcome;

    for (uint64_t done = 0; max == 0 || done < max;) {
        if (poll(&stop, 1, done ? PAUSE_MS : 0) > 0)
            break;
        p->ops->begin(p, &(struct prover_job){
                             .id = done + 1, .task_id = "", .program_id = program,
                             .input = {9, 1, 1}});
        if (!wait_outcome(p, &outcome, stop_fd))
            break;
        done++;
        if (outcome.status) {
            words_error("%s", outcome.text);
            return words_exit(outcome.status);
        }
        printer_note(printer, "SUCCESS", "anonymous_proof", clock_wall_ns(clock_system()),
                     "Anonymous proof %llu completed (%s, %zu bytes)", (unsigned long long)done,
                     program, outcome.proof.size);
    }
    return EXIT_OK;
}

int anonymous_run(const struct printer *printer, const char *guests, unsigned cores,
                  const char *kernel, uint64_t max, int stop_fd)
{
    struct prover *p;
    struct why why;
    enum status st;
    int code;

    st = prover_process_new(
        &p, &(struct prover_process_options){.guests = guests, .cores = cores, .kernel = kernel},
        &why);
    if (st)
        return words_failed(st, &why, "not started");
    printer_note(printer, "INFO", "start", clock_wall_ns(clock_system()),
                 "Anonymous mode: proofs for nobody, nothing is sent");
    code = prove_on(printer, p, program_of(guests), max, stop_fd);
    prover_free(p);
    return code;
}
