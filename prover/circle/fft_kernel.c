/* SPDX-License-Identifier: Apache-2.0 */
/* Layers are done in groups: two or three at a time across whole vectors (radix 4 and 8, one load
 * and one store of each value per group), and the last VEC_LOG + 1 inside pairs of vectors.
 *
 * A block is 2^log consecutive values, number b of its size in the domain. Its layer j uses the
 * twiddles T_j[b 2^(log-1-j)] onwards, so blocks of blocks need no further bookkeeping. Blocks
 * beyond the cache are cut by one radix-8 group and their parts finished one after the other.
 */
#include "prover/circle/fft_kernel.h"

#include "prover/kernel/vec.h"

/* 2^15 values are 128 KiB: well inside the second-level cache with the twiddles. */
#define CACHED_LOG 15

#define INNER_LAYERS (VEC_LOG + 1)

struct transform {
    const struct twiddle_table *table;
    unsigned domain;
};

static inline const m31 *twiddles_of(const struct transform *f, unsigned layer, unsigned log,
                                     size_t block)
{
    return twiddle_layer(f->table, f->domain, layer) + (block << (log - 1 - layer));
}

static inline void forward(vec *a, vec *b, vec_factor t)
{
    vec p = vec_mul_factor(*b, t);

    *b = vec_sub(*a, p);
    *a = vec_add(*a, p);
}

static inline void backward(vec *a, vec *b, vec_factor t)
{
    vec d = vec_sub(*a, *b);

    *a = vec_add(*a, *b);
    *b = vec_mul_factor(d, t);
}

/* ---- layers across vectors: step is the distance of the values that meet in the lowest ---- */

static void forward2(m31 *out, const m31 *in, size_t step, const m31 *t0)
{
    vec_factor t = vec_factor_splat(t0[0]);

    for (size_t i = 0; i < step; i += VEC_LANES) {
        vec a = vec_load(in + i), b = vec_load(in + step + i);

        forward(&a, &b, t);
        vec_store(out + i, a);
        vec_store(out + step + i, b);
    }
}

/* t1: one twiddle of the upper layer; t0: two of the lower. */
static void forward4(m31 *out, const m31 *in, size_t step, const m31 *t1, const m31 *t0)
{
    vec_factor u = vec_factor_splat(t1[0]), t = vec_factor_splat(t0[0]),
               s = vec_factor_splat(t0[1]);

    for (size_t i = 0; i < step; i += VEC_LANES) {
        vec a = vec_load(in + i), b = vec_load(in + step + i), c = vec_load(in + 2 * step + i),
            d = vec_load(in + 3 * step + i);

        forward(&a, &c, u);
        forward(&b, &d, u);
        forward(&a, &b, t);
        forward(&c, &d, s);
        vec_store(out + i, a);
        vec_store(out + step + i, b);
        vec_store(out + 2 * step + i, c);
        vec_store(out + 3 * step + i, d);
    }
}

static void forward8(m31 *out, const m31 *in, size_t step, const m31 *t2, const m31 *t1,
                     const m31 *t0)
{
    vec_factor u = vec_factor_splat(t2[0]), t[2], s[4];

    for (int k = 0; k < 2; k++)
        t[k] = vec_factor_splat(t1[k]);
    for (int k = 0; k < 4; k++)
        s[k] = vec_factor_splat(t0[k]);
    for (size_t i = 0; i < step; i += VEC_LANES) {
        const m31 *from = in + i;
        m31 *to = out + i;
        vec a = vec_load(from), b = vec_load(from + step), c = vec_load(from + 2 * step),
            d = vec_load(from + 3 * step), e = vec_load(from + 4 * step),
            f = vec_load(from + 5 * step), g = vec_load(from + 6 * step),
            h = vec_load(from + 7 * step);

        forward(&a, &e, u);
        forward(&b, &f, u);
        forward(&c, &g, u);
        forward(&d, &h, u);
        forward(&a, &c, t[0]);
        forward(&b, &d, t[0]);
        forward(&e, &g, t[1]);
        forward(&f, &h, t[1]);
        forward(&a, &b, s[0]);
        vec_store(to, a);
        vec_store(to + step, b);
        forward(&c, &d, s[1]);
        vec_store(to + 2 * step, c);
        vec_store(to + 3 * step, d);
        forward(&e, &f, s[2]);
        vec_store(to + 4 * step, e);
        vec_store(to + 5 * step, f);
        forward(&g, &h, s[3]);
        vec_store(to + 6 * step, g);
        vec_store(to + 7 * step, h);
    }
}

/* The last layer of an interpolation also multiplies by 2^scale: the twiddle brings the factor to
 * the differences, the sums are turned by scale bits. Other layers have scale = 0. */
static inline vec_factor scaled_splat(m31 t, unsigned scale)
{
    return vec_factor_splat(m31_mul(t, (m31){(uint32_t)1 << scale}));
}

static void backward2(m31 *out, const m31 *in, size_t step, unsigned scale, const m31 *t0)
{
    vec_factor t = scaled_splat(t0[0], scale);

    for (size_t i = 0; i < step; i += VEC_LANES) {
        vec a = vec_load(in + i), b = vec_load(in + step + i);

        backward(&a, &b, t);
        vec_store(out + i, scale ? vec_rotate(a, scale) : a);
        vec_store(out + step + i, b);
    }
}

static void backward4(m31 *out, const m31 *in, size_t step, unsigned scale, const m31 *t1,
                      const m31 *t0)
{
    vec_factor u = scaled_splat(t1[0], scale), t = vec_factor_splat(t0[0]),
               s = vec_factor_splat(t0[1]);

    for (size_t i = 0; i < step; i += VEC_LANES) {
        vec a = vec_load(in + i), b = vec_load(in + step + i), c = vec_load(in + 2 * step + i),
            d = vec_load(in + 3 * step + i);

        backward(&a, &b, t);
        backward(&c, &d, s);
        backward(&a, &c, u);
        backward(&b, &d, u);
        vec_store(out + i, scale ? vec_rotate(a, scale) : a);
        vec_store(out + step + i, scale ? vec_rotate(b, scale) : b);
        vec_store(out + 2 * step + i, c);
        vec_store(out + 3 * step + i, d);
    }
}

static void backward8(m31 *out, const m31 *in, size_t step, unsigned scale, const m31 *t2,
                      const m31 *t1, const m31 *t0)
{
    vec_factor u = scaled_splat(t2[0], scale), t[2], s[4];

    for (int k = 0; k < 2; k++)
        t[k] = vec_factor_splat(t1[k]);
    for (int k = 0; k < 4; k++)
        s[k] = vec_factor_splat(t0[k]);
    for (size_t i = 0; i < step; i += VEC_LANES) {
        const m31 *from = in + i;
        m31 *to = out + i;
        vec a = vec_load(from), b = vec_load(from + step), c = vec_load(from + 2 * step),
            d = vec_load(from + 3 * step), e = vec_load(from + 4 * step),
            f = vec_load(from + 5 * step), g = vec_load(from + 6 * step),
            h = vec_load(from + 7 * step);

        backward(&a, &b, s[0]);
        backward(&c, &d, s[1]);
        backward(&e, &f, s[2]);
        backward(&g, &h, s[3]);
        backward(&a, &c, t[0]);
        backward(&b, &d, t[0]);
        backward(&e, &g, t[1]);
        backward(&f, &h, t[1]);
        backward(&a, &e, u);
        vec_store(to, scale ? vec_rotate(a, scale) : a);
        vec_store(to + 4 * step, e);
        backward(&b, &f, u);
        vec_store(to + step, scale ? vec_rotate(b, scale) : b);
        vec_store(to + 5 * step, f);
        backward(&c, &g, u);
        vec_store(to + 2 * step, scale ? vec_rotate(c, scale) : c);
        vec_store(to + 6 * step, g);
        backward(&d, &h, u);
        vec_store(to + 3 * step, scale ? vec_rotate(d, scale) : d);
        vec_store(to + 7 * step, h);
    }
}

/* ---- the lowest INNER_LAYERS layers, inside two vectors ---- */

static inline vec_factor spread(const m31 *const t[], size_t pair, unsigned layer)
{
    return vec_factor_of(vec_spread(t[layer] + pair * (VEC_LANES >> layer), layer));
}

static inline void forward_pair(m31 *out, const m31 *in, const m31 *const t[], size_t pair)
{
    vec a = vec_load(in), b = vec_load(in + VEC_LANES);

#pragma GCC unroll 8
    for (unsigned layer = VEC_LOG + 1; layer-- > 0;) {
        forward(&a, &b, spread(t, pair, layer));
        vec_zip(&a, &b, layer);
    }
    vec_store(out, a);
    vec_store(out + VEC_LANES, b);
}

static inline void backward_pair(m31 *out, const m31 *in, const m31 *const t[], size_t pair,
                                 unsigned scale)
{
    vec a = vec_load(in), b = vec_load(in + VEC_LANES);

#pragma GCC unroll 8
    for (unsigned layer = 0; layer <= VEC_LOG; layer++) {
        vec_unzip(&a, &b, layer);
        backward(&a, &b, spread(t, pair, layer));
    }
    vec_store(out, scale ? vec_rotate(a, scale) : a);
    vec_store(out + VEC_LANES, scale ? vec_rotate(b, scale) : b);
}

static void inner_twiddles(const m31 *t[static INNER_LAYERS], const struct transform *f,
                           unsigned log, size_t block)
{
    for (unsigned layer = 0; layer < INNER_LAYERS; layer++)
        t[layer] = twiddles_of(f, layer, log, block);
}

static void forward_inner(const struct transform *f, m31 *out, const m31 *in, unsigned log,
                          size_t block)
{
    const m31 *t[INNER_LAYERS];
    size_t pairs = (size_t)1 << (log - INNER_LAYERS);

    inner_twiddles(t, f, log, block);
    for (size_t i = 0; i < pairs; i++)
        forward_pair(out + i * 2 * VEC_LANES, in + i * 2 * VEC_LANES, t, i);
}

static void backward_inner(const struct transform *f, m31 *out, const m31 *in, unsigned log,
                           size_t block, unsigned scale)
{
    const m31 *t[INNER_LAYERS];
    size_t pairs = (size_t)1 << (log - INNER_LAYERS);

    inner_twiddles(t, f, log, block);
    for (size_t i = 0; i < pairs; i++)
        backward_pair(out + i * 2 * VEC_LANES, in + i * 2 * VEC_LANES, t, i, scale);
}

/* ---- blocks ---- */

/* How many layers the next group takes when `left` remain: threes, and 4 as 2 + 2. */
static unsigned group_of(unsigned left)
{
    return left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3;
}

/* The top `group` layers of a block. */
static void forward_group(const struct transform *f, m31 *out, const m31 *in, unsigned group,
                          unsigned log, size_t block)
{
    size_t step = (size_t)1 << (log - group);
    const m31 *t2 = twiddles_of(f, log - 1, log, block);
    const m31 *t1 = group > 1 ? twiddles_of(f, log - 2, log, block) : NULL;

    if (group == 1)
        forward2(out, in, step, t2);
    else if (group == 2)
        forward4(out, in, step, t2, t1);
    else
        forward8(out, in, step, t2, t1, twiddles_of(f, log - 3, log, block));
}

static void backward_group(const struct transform *f, m31 *out, const m31 *in, unsigned group,
                           unsigned log, size_t block, unsigned scale)
{
    size_t step = (size_t)1 << (log - group);
    const m31 *t2 = twiddles_of(f, log - 1, log, block);
    const m31 *t1 = group > 1 ? twiddles_of(f, log - 2, log, block) : NULL;

    if (group == 1)
        backward2(out, in, step, scale, t2);
    else if (group == 2)
        backward4(out, in, step, scale, t2, t1);
    else
        backward8(out, in, step, scale, t2, t1, twiddles_of(f, log - 3, log, block));
}

static void forward_block(const struct transform *f, m31 *out, const m31 *in, unsigned log,
                          size_t block)
{
    unsigned left = log; /* layers still to do; blocks of that size are the next to be cut */

    if (log > CACHED_LOG) {
        size_t part = (size_t)1 << (log - 3);

        forward_group(f, out, in, 3, log, block);
        for (size_t i = 0; i < 8; i++)
            forward_block(f, out + i * part, out + i * part, log - 3, 8 * block + i);
        return;
    }
    while (left > INNER_LAYERS) {
        unsigned group = group_of(left - INNER_LAYERS);
        size_t count = (size_t)1 << (log - left);

        for (size_t i = 0; i < count; i++)
            forward_group(f, out + (i << left), in + (i << left), group, left,
                          block * count + i);
        in = out;
        left -= group;
    }
    forward_inner(f, out, in, log, block);
}

static void backward_block(const struct transform *f, m31 *out, const m31 *in, unsigned log,
                           size_t block, unsigned scale)
{
    unsigned done = INNER_LAYERS;

    if (log > CACHED_LOG) {
        size_t part = (size_t)1 << (log - 3);

        for (size_t i = 0; i < 8; i++)
            backward_block(f, out + i * part, in + i * part, log - 3, 8 * block + i, 0);
        backward_group(f, out, out, 3, log, block, scale);
        return;
    }
    backward_inner(f, out, in, log, block, done == log ? scale : 0);
    while (done < log) {
        unsigned group = group_of(log - done);
        size_t count;

        done += group;
        count = (size_t)1 << (log - done);
        for (size_t i = 0; i < count; i++)
            backward_group(f, out + (i << done), out + (i << done), group, done,
                           block * count + i, done == log ? scale : 0);
    }
}

static void evaluate(m31 *out, const m31 *in, unsigned log, unsigned domain, size_t run,
                     const struct twiddle_table *t)
{
    struct transform f = {.table = t, .domain = domain};

    forward_block(&f, out, in, log, run);
}

static void interpolate(m31 *out, const m31 *in, unsigned log, unsigned domain, size_t run,
                        const struct twiddle_table *t)
{
    struct transform f = {.table = t, .domain = domain};

    backward_block(&f, out, in, log, run, 31 - log); /* log >= 1: never 31 bits */
}

static void rotate(m31 *values, size_t n, unsigned k)
{
    for (size_t i = 0; i < n; i += VEC_LANES)
        vec_store(values + i, vec_rotate(vec_load(values + i), k));
}

static void grow(m31 *const to[4], size_t n, qm31 m)
{
    const m31 *const from[4] = {to[0], to[1], to[2], to[3]};
    qvec factor = qvec_splat(m);

    for (size_t i = 0; i < n; i += VEC_LANES)
        qvec_store(to, n + i, qvec_mul(factor, qvec_load(from, i)));
}

const struct fft_kernel KERNEL(fft_kernel) = {
    .evaluate = evaluate,
    .interpolate = interpolate,
    .rotate = rotate,
    .grow = grow,
};
