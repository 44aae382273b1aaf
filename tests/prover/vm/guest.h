/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the machine share. */
#pragma once
#include "prover/vm/vm.h"

/* Ends the case with the reason unless st is ST_OK; what names the object. */
void guest_assert_ok(enum status st, const char *what, const struct why *why);

/* Loads "guest/fib.elf" or dies with the reason. */
struct program guest_load(const char *name);

/* The raw input of up to eight numbers, separated by one kind of character ("9 1 1", "9_1_1"). */
struct buffer guest_input(const char *numbers);

/* Runs with the public input given as numbers; dies with the reason when the run fails. */
struct run guest_run(const struct program *program, const char *numbers);

/* The 32 registers before each step, from the records alone: put the effect of one step in. */
void guest_replay_registers(uint32_t x[static 32], const struct step *step);

/* Byte for byte the same view. */
void guest_assert_same_view(const struct view *a, const struct view *b);

/* Unpacks hex text of any length. */
struct buffer guest_hex(const char *text);
