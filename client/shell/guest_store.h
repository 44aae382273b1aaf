/* SPDX-License-Identifier: Apache-2.0 */
/* Guest programs by the network's name for them: built in, or installed as guests/NAME.elf.
 *
 * The network's own guest is not part of this program. Installing and using it demand the SHA-256
 * that the network's client carries (client.md 4.2), so a proof is never made for another program.
 *
 * Errors:  ST_NOT_FOUND with advice; ST_INVALID wrong SHA-256; ST_INPUT bad name, size or ELF.
 */
#pragma once
#include "base/bytes.h"

#define GUEST_MAX_BYTES ((size_t)64 << 20)

/* The SHA-256 in hex that a program of that name must have; NULL: any. */
const char *guest_store_sha256(const char *name);

/* How many of a job's three numbers are the program's input: one for fast-fib (client.md 12.8). */
unsigned guest_store_input_words(const char *name);

/* Lower-case letters, digits, '_', '-', '.', not first; at most 64 of them. */
bool guest_store_name_valid(const char *name);

/* Appends the ELF. */
enum status MUST_USE guest_store_find(struct buffer *elf, const char *folder, const char *name,
                                      struct why *why);
/* Checks name, SHA-256 and that the ELF loads, then writes it. */
enum status MUST_USE guest_store_install(const char *folder, const char *name, struct bytes elf,
                                         struct why *why);

struct guest_info {
    char name[72];
    size_t size;
    char sha256[65];
    bool built_in;
    bool official; /* has the network's SHA-256 */
};

/* Built-in ones first, then by name. */
enum status MUST_USE guest_store_each(const char *folder,
                                      void (*visit)(void *context, const struct guest_info *info),
                                      void *context, struct why *why);
