/* SPDX-License-Identifier: Apache-2.0 */
/* Many BLAKE2s messages at once, one per lane. Private to prover/hash. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "prover/kernel/matrix.h"

#define MERKLE_TILE_LOG   4
#define MERKLE_TILE_NODES 16
#define MERKLE_TILE_WORDS 128

/* Nodes of one layer. Rows are read straight from the columns: 16 columns are one block. */
struct merkle_layer {
    uint32_t *tiles;
    const uint32_t *children; /* tiles of the layer above, or NULL */
    const struct matrix *matrices;
    size_t matrix_count;
    unsigned log;   /* columns of 2^log rows take part */
    size_t columns; /* how many there are */
    size_t before;  /* columns hashed by earlier calls: the tiles hold running states; else 0 */
    bool last;      /* the messages end here */
};

struct merkle_kernel {
    /* Tiles begin … end - 1. */
    void (*hash)(const struct merkle_layer *layer, size_t begin, size_t end);
};

extern const struct merkle_kernel merkle_kernel_portable, merkle_kernel_avx2, merkle_kernel_avx512;
