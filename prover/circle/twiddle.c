/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/circle/twiddle.h"

#include "prover/circle/twiddle_kernel.h"

static size_t x_count(unsigned log)
{
    return (size_t)1 << (log - 1);
}

static size_t y_count(unsigned log)
{
    return (size_t)1 << log;
}

void twiddles_plan(struct arena_plan *plan, unsigned log)
{
    for (int table = 0; table < 2; table++) {
        arena_plan_take(plan, x_count(log), sizeof(m31));
        arena_plan_take(plan, y_count(log), sizeof(m31));
    }
}

static struct twiddle_table take_table(struct arena *arena, unsigned log)
{
    struct twiddle_table t;

    t.x = arena_take(arena, x_count(log) * sizeof(m31));
    t.y = arena_take(arena, y_count(log) * sizeof(m31));
    return t;
}

/* The first half of H_d in bit-reversed order. Bit s of a position is bit d - 3 - s of the point's
 * number k, and k counts steps of 2^(32-d), so that bit adds the index 2^(29-s) for every d. */
static void fill_points(const struct exec *exec, m31 *x, m31 *y, unsigned d)
{
    const struct twiddle_kernel *kernel = KERNEL_PICK(exec->kernel, twiddle_kernel);
    struct circle_point first = circle_point_of(circle_domain_index(d, 0));

    x[0] = first.x;
    y[0] = first.y;
    for (unsigned s = 0; s + 2 < d; s++) {
        size_t n = (size_t)1 << s;
        struct circle_point step = circle_point_of((uint32_t)1 << (29 - s));

        if (n >= TWIDDLE_LANES) {
            kernel->extend(x, y, n, step);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            struct circle_point p = circle_add((struct circle_point){x[i], y[i]}, step);

            x[n + i] = p.x;
            y[n + i] = p.y;
        }
    }
}

/* T_0 of D_d, d >= 3: every pair (x, y) of T_1 gives y, -y, -x, x. */
static void fill_y(m31 *y, const m31 *x, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        m31 a = x[2 * i], b = x[2 * i + 1];

        y[4 * i] = b;
        y[4 * i + 1] = m31_neg(b);
        y[4 * i + 2] = m31_neg(a);
        y[4 * i + 3] = a;
    }
}

static void fill_ys(const struct twiddle_table *t, unsigned log)
{
    for (unsigned d = 3; d <= log; d++)
        fill_y(t->y + ((size_t)1 << (d - 1)), t->x + ((size_t)1 << (d - 2)), (size_t)1 << (d - 3));
}

struct inversion {
    const struct twiddle_kernel *kernel;
    m31 *out;
    const m31 *in;
};

static void invert_range(void *context, size_t begin, size_t end)
{
    const struct inversion *v = context;

    v->kernel->invert(v->out + begin, v->in + begin, end - begin);
}

static void invert_x(const struct exec *exec, m31 *out, const m31 *in, size_t count)
{
    struct inversion v = {KERNEL_PICK(exec->kernel, twiddle_kernel), out, in};

    for (size_t i = 0; i < count && i < TWIDDLE_LANES; i++)
        out[i] = m31_inv(in[i]);
    if (count > TWIDDLE_LANES) {
        v.out += TWIDDLE_LANES;
        v.in += TWIDDLE_LANES;
        pool_ranges(exec->pool, count - TWIDDLE_LANES, 1024, invert_range, &v);
    }
}

void twiddles_fill(const struct exec *exec, struct twiddles *out, struct arena *arena,
                   unsigned log)
{
    struct twiddle_table f = take_table(arena, log), v = take_table(arena, log);

    assert(log >= 2 && log <= CIRCLE_LOG_MAX);
    /* The y of the points are of no further use; T_0 of D_log overwrites them. */
    fill_points(exec, f.x + ((size_t)1 << (log - 2)), f.y + ((size_t)1 << (log - 1)), log);
    /* T_1 of D_(d-1) at h is the double of T_1 of D_d at 2h. */
    for (unsigned d = log; d > 2; d--) {
        m31 *from = f.x + ((size_t)1 << (d - 2)), *to = f.x + ((size_t)1 << (d - 3));

        for (size_t h = 0; h < (size_t)1 << (d - 3); h++)
            to[h] = circle_double_x(from[2 * h]);
    }
    f.x[0] = M31_ONE;
    fill_ys(&f, log);
    f.y[0] = M31_ONE;
    for (unsigned d = 1; d <= 2; d++)
        for (size_t h = 0; h < (size_t)1 << (d - 1); h++)
            f.y[((size_t)1 << (d - 1)) + h] = circle_point_of(circle_domain_index(d, 2 * h)).y;

    invert_x(exec, v.x, f.x, x_count(log));
    fill_ys(&v, log);
    for (size_t i = 0; i < 4; i++)
        v.y[i] = m31_inv(f.y[i]);
    *out = (struct twiddles){.log = log, .forward = f, .inverse = v};
}
