/* SPDX-License-Identifier: Apache-2.0 */
/* One function per command. argv[0] is "nxp COMMAND"; the result is the exit code. */
#pragma once

int command_prove(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_start(int argc, char **argv);
int command_register_user(int argc, char **argv);
int command_register_node(int argc, char **argv);
int command_logout(int argc, char **argv);
int command_guest(int argc, char **argv);
int command_outbox(int argc, char **argv);
int command_prover_worker(int argc, char **argv); /* what nxp start starts for itself */
int command_status(int argc, char **argv);

