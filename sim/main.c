/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-sim: the client and the orchestrator in virtual time. */
#include <argp.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command.h"

const char *argp_program_version = "nxp-sim " NXP_VERSION;

static const char doc[] =
    "Drives the client's and the orchestrator's own decisions through scenarios in virtual time, "
    "with faults from one seed, and checks at every event what must always hold: no request "
    "before its Retry-After, no task credited twice, no finished proof lost, and more.\v"
    "Commands:\n"
    "  run SCENARIO...   run scenarios; run --help tells more\n"
    "  list              the scenarios that are built in\n"
    "  shrink SCENARIO   make a run that fails small\n"
    "  explain SCENARIO  tell a run as a story\n"
    "  judge SCENARIO    run somebody else's client against the orchestrator, and judge it\n"
    "\n"
    "For a start:\n"
    "  nxp-sim list\n"
    "  nxp-sim run rate_limits --seeds 1000\n"
    "\n"
    "A failure prints the line that repeats it. " COMMAND_EXIT_CODES;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key == ARGP_KEY_ARG)
        argp_error(state, "there is no command '%s'", arg);
    if (key == ARGP_KEY_NO_ARGS)
        argp_usage(state);
    return key == ARGP_KEY_ARG || key == ARGP_KEY_NO_ARGS ? 0 : ARGP_ERR_UNKNOWN;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = parse, .args_doc = "COMMAND [OPTION...]", .doc = doc};
    static char run_name[] = "nxp-sim run", list_name[] = "nxp-sim list";
    static char shrink_name[] = "nxp-sim shrink", explain_name[] = "nxp-sim explain";
    static char judge_name[] = "nxp-sim judge";
    static const struct {
        const char *word;
        char *name;
        int (*command)(int argc, char **argv);
    } commands[] = {
        {"run", run_name, command_run},
        {"list", list_name, command_list},
        {"shrink", shrink_name, command_shrink},
        {"explain", explain_name, command_explain},
        {"judge", judge_name, command_judge},
    };

    argp_err_exit_status = EXIT_USAGE;
    /* Each seed makes a world and drops it: its memory is not to go back to the kernel in between. */
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].word) == 0) {
            argv[1] = commands[i].name;
            return commands[i].command(argc - 1, argv + 1);
        }
    }
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    return EXIT_USAGE;
}
