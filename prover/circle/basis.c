/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/circle/basis.h"

#include "prover/circle/fft_kernel.h"

/* b_(2^j + k) = m_j b_k with m_0 = y, m_1 = x, m_j = pi(m_(j-1)). */
void basis_values(const struct exec *exec, struct matrix out, struct secure_point p)
{
    m31 *to[4] = {matrix_column(&out, 0), matrix_column(&out, 1), matrix_column(&out, 2),
                  matrix_column(&out, 3)};
    qm31 m = p.y;

    assert(out.columns == 4);
    for (int i = 0; i < 4; i++)
        to[i][0] = QM31_ONE.c[i];
    for (unsigned j = 0; j < out.log_rows; j++) {
        size_t n = (size_t)1 << j;

        if (n >= 16)
            KERNEL_PICK(exec->kernel, fft_kernel)->grow(to, n, m);
        else
            for (size_t k = 0; k < n; k++) {
                qm31 b = qm31_mul(m, (qm31){{to[0][k], to[1][k], to[2][k], to[3][k]}});

                for (int i = 0; i < 4; i++)
                    to[i][n + k] = b.c[i];
            }
        m = j == 0 ? p.x : secure_double_x(m);
    }
}

struct weights {
    const struct exec *exec;
    struct matrix out;
    struct circle_run run;
    const struct twiddles *tw;
};

static void transpose_one(void *context, size_t column)
{
    const struct weights *w = context;
    m31 *v = matrix_column(&w->out, column);

    circle_transpose_run(w->exec, v, v, w->run, w->tw);
}

void basis_weights(const struct exec *exec, struct matrix out, struct secure_point p,
                   struct circle_run run, const struct twiddles *tw)
{
    struct weights w = {.exec = exec, .out = out, .run = run, .tw = tw};

    assert(out.log_rows == run.log);
    basis_values(exec, out, p);
    pool_each(exec->pool, 4, transpose_one, &w);
}
