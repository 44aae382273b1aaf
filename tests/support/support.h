/* SPDX-License-Identifier: Apache-2.0 */
/* What tests share: golden files, CSV, JSON. Every function ends the test when the file is missing.
 *
 * Owner:   what is returned belongs to the caller (free, json_decref, csv_free).
 */
#pragma once
#include <jansson.h>

#include "base/bytes.h"

/* "vm/decoder.csv" -> the bytes of that file below tests/golden; *.gz are unpacked. */
struct buffer golden_read(const char *name);
json_t *golden_json(const char *name);

struct csv {
    char **names; /* of the columns, from the first line */
    size_t columns;
    char ***cells; /* cells[row][column] */
    size_t rows;
    void *storage;
};

/* Fields may be quoted; a doubled quote is one. Short lines are filled with "". */
struct csv *golden_csv(const char *name);
void csv_free(struct csv *c);
/* The cell under a column's name; a wrong name ends the test. */
const char *csv_cell(const struct csv *c, size_t row, const char *column);
