/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/anonymous.h"

#include <poll.h>

#include "base/clock.h"
#include "client/cli/words.h"
#include "client/shell/guest_store.h"
#include "client/shell/prover_process.h"
#include "prover/nxp.h"

#define PAUSE_MS 300

/* The program, and what its run of (9, 1, 1) must say: our guest F(9), the network's own nothing.
 */
struct claim {
    const char *name;
    struct nxp_program *program;
    struct bytes output;
};

static const uint32_t input[3] = {9, 1, 1};
static const uint8_t fib_of_9[4] = {55, 0, 0, 0};

static enum status claim_init(struct claim *c, const char *guests, struct why *why)
{
    struct buffer elf;
    enum status st;

    *c = (struct claim){.name = "fib_input_initial"};
    buffer_init(&elf, 0);
    if (guest_store_find(&elf, guests, c->name, NULL)) {
        c->name = "fib";
        c->output = bytes_of(fib_of_9, sizeof fib_of_9);
        buffer_reset(&elf);
        st = guest_store_find(&elf, guests, c->name, why);
    } else {
        st = ST_OK;
    }
    if (!st)
        st = nxp_program_new(&c->program, buffer_bytes(&elf), why);
    buffer_fini(&elf);
    return st;
}

/* The worker has verified that the proof is one of what the guest said; is that the right thing? */
static enum status claim_check(const struct claim *c, struct bytes proof, struct why *why)
{
    struct nxp_statement statement = {.output = c->output};
    struct buffer encoded;
    enum status st;

    buffer_init(&encoded, 0);
    nxp_encode_u32s(&encoded, input, 3);
    statement.public_input = buffer_bytes(&encoded);
    st = buffer_ok(&encoded) ? nxp_verify(c->program, &statement, proof, NULL, why)
                             : fail(why, ST_NO_MEMORY, "out of memory");
    buffer_fini(&encoded);
    return st ? fail_within(why, st, "the proof does not say that F(9) is 55") : ST_OK;
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

static int prove_on(const struct printer *printer, struct prover *p, const struct claim *claim,
                    uint64_t max, int stop_fd)
{
    struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
    struct prover_outcome outcome;
    struct why why;

    for (uint64_t done = 0; max == 0 || done < max;) {
        if (poll(&stop, 1, done ? PAUSE_MS : 0) > 0)
            break;
        p->ops->begin(
            p, &(struct prover_job){
                   .id = done + 1, .task_id = "", .program_id = claim->name, .input = {9, 1, 1}});
        if (!wait_outcome(p, &outcome, stop_fd))
            break;
        done++;
        if (outcome.status) {
            words_error("%s", outcome.text);
            return words_exit(outcome.status);
        }
        if (claim_check(claim, outcome.proof, &why)) {
            words_error("%s", why.text);
            return EXIT_NO;
        }
        printer_note(printer, "SUCCESS", "anonymous_proof", clock_wall_ns(clock_system()),
                     "Anonymous proof %llu completed (%s, %zu bytes)", (unsigned long long)done,
                     claim->name, outcome.proof.size);
    }
    return EXIT_OK;
}

int anonymous_run(const struct printer *printer, const char *guests, unsigned cores,
                  const char *kernel, uint64_t max, int stop_fd)
{
    struct prover *p = NULL;
    struct claim claim;
    struct why why;
    enum status st = claim_init(&claim, guests, &why);
    int code;

    if (!st)
        st = prover_process_new(
            &p,
            &(struct prover_process_options){.guests = guests, .cores = cores, .kernel = kernel},
            &why);
    if (st) {
        nxp_program_free(claim.program);
        return words_failed(st, &why, "not started");
    }
    printer_note(printer, "INFO", "start", clock_wall_ns(clock_system()),
                 "Anonymous mode: proofs for nobody, nothing is sent");
    code = prove_on(printer, p, &claim, max, stop_fd);
    prover_free(p);
    nxp_program_free(claim.program);
    return code;
}
