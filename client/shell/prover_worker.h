/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's side of proving in a process of its own: answers worker_wire.h on one socket.
 *
 * The main thread reads jobs, runs each guest once to learn what its proof needs, and starts proofs
 * in lanes as lane_plan.h says, with the memory and the cores that are free at that moment. Programs,
 * threads, tables and touched memory stay from proof to proof; after a while without work all but
 * the programs is given back. Between events it sleeps without a clock.
 *
 * The process ends when the client closes its end, or dies: then also in the middle of a proof.
 */
#pragma once
#include "base/status.h"

/* For the whole life of the worker process. ST_OK: the client has closed, and nothing was under way.
 * fd is a stream socket, and stays open. */
enum status MUST_USE prover_worker_run(int fd, struct why *why);
