/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a scenario to values. A reader remembers its first complaint and then only nods: read
 * everything, look at `st` once. A NULL text leaves the value as it is.
 */
#pragma once
#include "mockorch/core/settings.h"

struct scalar_reader {
    enum status st;
    struct why *why;
    const char *part; /* "faults" */
    size_t number;    /* of the list entry, from 1; 0: no list */
    struct bytes yaml; /* the text, so that complaints say where; empty: they do not */
};

/* Puts "line 3, column 7: " in front of the words, when that can be found out. */
void scalar_say_where(const struct scalar_reader *r, const char *key, const char *text);
void scalar_complain(struct scalar_reader *r, const char *key, const char *text,
                     const char *wanted);

void scalar_u64(struct scalar_reader *r, const char *key, const char *text, uint64_t *out);
void scalar_u32(struct scalar_reader *r, const char *key, const char *text, uint32_t *out);
void scalar_double(struct scalar_reader *r, const char *key, const char *text, double *out);
void scalar_chance(struct scalar_reader *r, const char *key, const char *text, double *out);
void scalar_bool(struct scalar_reader *r, const char *key, const char *text, bool *out);
/* "250ms", "1.5s", "2m", "3h", "1d", "0"; at most ten years. Signed: a minus sign may lead. */
void scalar_span(struct scalar_reader *r, const char *key, const char *text, int64_t *out);
void scalar_signed_span(struct scalar_reader *r, const char *key, const char *text, int64_t *out);
/* "3" or "1..40" */
void scalar_range(struct scalar_reader *r, const char *key, const char *text,
                  struct settings_range *out);
/* Into an array of size bytes; longer is an error. */
void scalar_text(struct scalar_reader *r, const char *key, const char *text, char *out,
                 size_t size);
/* One of the words, which end with NULL; its place goes to out. */
void scalar_word(struct scalar_reader *r, const char *key, const char *text,
                 const char *const *words, int *out);
