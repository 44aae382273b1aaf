/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own for one test, gone afterwards. */
#pragma once
#include <stddef.h>

struct scratch {
    char path[256];
};

void scratch_init(struct scratch *s);
void scratch_fini(struct scratch *s);
/* "FOLDER/name"; one of a few texts used in turn. */
const char *scratch_path(const struct scratch *s, const char *name);
void scratch_write(const char *path, const char *content);
unsigned scratch_mode(const char *path); /* 0 when there is no such file */
