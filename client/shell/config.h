/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file, in the form that the network's own client reads and writes.
 *
 * Owner:   the struct owns its texts, none is NULL after config_init (config_fini).
 * Errors:  ST_NOT_FOUND no file; ST_INPUT no such JSON; ST_IO, ST_NO_MEMORY.
 * Source:  client.md 8.1.
 */
#pragma once
#include "base/bytes.h"

struct config {
    char *environment; /* written, never read back by either client */
    char *user_id;
    char *wallet_address;
    char *node_id;
};

enum status MUST_USE config_init(struct config *c, struct why *why); /* four empty texts */
void config_fini(struct config *c);

/* Replaces one text of a config. */
enum status MUST_USE config_set(char **member, const char *text, struct why *why);

enum status MUST_USE config_parse(struct config *out, struct bytes json, struct why *why);
/* JSON with two blanks of indentation, this order, no end of line. */
enum status MUST_USE config_format(struct buffer *out, const struct config *c, struct why *why);

enum status MUST_USE config_load(struct config *out, const char *path, struct why *why);
/* The folder must exist. A reader sees the old file or the new one; mode 0600. */
enum status MUST_USE config_save(const struct config *c, const char *path, struct why *why);
/* No file is no error; *existed tells. */
enum status MUST_USE config_remove(const char *path, bool *existed, struct why *why);
