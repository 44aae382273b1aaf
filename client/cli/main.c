/* SPDX-License-Identifier: Apache-2.0 */
/* nxp: finds the command and calls it. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/command.h"
#include "client/cli/words.h"
#include "client/core/profile.h"
#include "client/shell/prover_process.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text; /* NULL: not for people; such are last */
} commands[] = {
    {"start", command_start, "fetch tasks, prove them, submit the proofs"},
    {"prove", command_prove, "prove the run of a program"},
    {"verify", command_verify, "check a proof"},
    {"bench", command_bench, "measure this machine"},
    {"register-user", command_register_user, "find or make the user of a wallet"},
    {"register-node", command_register_node, "register a node, or take one that exists"},
    {"logout", command_logout, "delete the configuration"},
    {"guest", command_guest, "show or add guest programs"},
    {"status", command_status, "what the running client is doing"},
    {"outbox", command_outbox, "what has become of every task"},
    {PROVER_PROCESS_COMMAND, command_prover_worker, NULL},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void print_version(FILE *to)
{
    fprintf(to, "nxp %s (as nexus-cli %s, build %s)\n", NXP_VERSION,
            profile_current.network_version, profile_current.build_timestamp);
}

static void print_help(FILE *to)
{
    fputs("Usage: nxp COMMAND [OPTION...]\n"
          "A prover for the Nexus network: never loses a finished proof.\n\n",
          to);
    for (size_t i = 0; i < COMMANDS && commands[i].text; i++)
        fprintf(to, "  %-14s %s\n", commands[i].name, commands[i].text);
    fputs("\n"
          "  help [COMMAND] this text, or that of a command\n"
          "  --version      version of nxp and of the network's client that it appears as\n"
          "\n"
          "Files are in ~/.nexus/nxp, or in $NXP_HOME; the configuration is ~/.nexus/config.json.\n"
          "Exit status: 0 ok; 1 the answer is no or the work failed; 2 bad usage or bad input;\n"
          "3 the guest program failed; 4 a limit was reached; 5 file, network or memory;\n"
          "6 the network refuses this place or address; 130 interrupted.\n",
          to);
}

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
           strcmp(word, "-?") == 0;
}

/* Runs the command with "nxp COMMAND" as its name, which argp shows. The reference knows -h, where
 * argp has -?. */
static int run(const struct command *c, int argc, char **argv)
{
    static char help[] = "--help";
    char name[40];

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-h") == 0)
            argv[i] = help;
    snprintf(name, sizeof name, "nxp %s", c->name);
    argv[0] = name;
    return c->run(argc, argv);
}

static int help_of(const char *name, char *program)
{
    char help[] = "--help";
    char *argv[] = {program, help, NULL};
    const struct command *c = find(name);

    if (c)
        return run(c, 2, argv);
    fprintf(stderr, "nxp: there is no command '%s'; see nxp help\n", name);
    return EXIT_USAGE;
}

/* An answer that nobody got is none: a full disk shows only now, or earlier in the stream. Also behind
 * the exit() that argp calls for --help. */
static void check_output(int code, void *context)
{
    (void)context;
    if ((fflush(stdout) || ferror(stdout)) && code == EXIT_OK) {
        words_error("the output could not be written");
        _exit(EXIT_SYSTEM);
    }
}

int main(int argc, char **argv)
{
    const struct command *c;

    argp_err_exit_status = EXIT_USAGE;
    on_exit(check_output, NULL);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (is_help(argv[1])) {
        if (argc > 2)
            return help_of(argv[2], argv[0]);
        print_help(stdout);
        return EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        print_version(stdout);
        return EXIT_OK;
    }
    c = find(argv[1]);
    if (!c) {
        fprintf(stderr, "nxp: there is no command '%s'; see nxp help\n", argv[1]);
        return EXIT_USAGE;
    }
    return run(c, argc - 1, argv + 1);
}
