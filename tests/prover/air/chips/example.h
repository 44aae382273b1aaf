/* SPDX-License-Identifier: Apache-2.0 */
/* The example trace of air-main.md 10.2: its steps as a run, and its filled columns.
 *
 * Owner:   example_fini.
 */
#pragma once
#include "prover/air/chips/main_fill.h"
#include "tests/support/support.h"

#define EXAMPLE_LOG  8
#define EXAMPLE_ROWS ((size_t)1 << EXAMPLE_LOG)

struct example {
    struct run run;
    struct listing listing;
    void *memory;
    struct arena arena;
    struct matrix preprocessed, trace; /* empty before example_fill */
    struct side_note note;
};

void example_init(struct example *e);
void example_fini(struct example *e);

/* Fills both trees' columns; whatever main_fill_listing says. */
enum status example_fill(struct example *e, struct pool *pool, struct why *why);

/* A pool that ends the test when it cannot be made. */
struct pool *test_pool(unsigned threads);

/* Prints SHA-256 of columns in execution order, 4 bytes little endian a cell, into 65 characters. */
void columns_sha256(char *hex, struct matrix columns);

/* The number of a cell of the CSV, decimal or 0x. */
uint32_t csv_u32(const struct csv *c, size_t row, const char *column);

/* cmocka's fail_msg needs a macro that would hide base/status.h's fail. */
#define test_fail(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))
