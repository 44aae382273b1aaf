/* SPDX-License-Identifier: Apache-2.0 */
/* nxp prover-worker: the process that nxp start proves in (client/shell/prover_process.h). */
#include <sys/socket.h>
#include <unistd.h>

#include "client/cli/command.h"
#include "client/cli/words.h"
#include "client/shell/prover_worker.h"

int command_prover_worker(int argc, char **argv)
{
    int type = 0;
    socklen_t size = sizeof type;
    struct why why;
    enum status st;

    (void)argv;
    if (argc > 1 || getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) ||
        type != SOCK_STREAM) {
        words_error("this is a part of nxp start, which starts it by itself");
        return EXIT_USAGE;
    }
    st = prover_worker_run(STDIN_FILENO, &why);
    return st ? words_failed(st, &why, "prover worker") : EXIT_OK;
}
