/* SPDX-License-Identifier: Apache-2.0 */
/* Values of polynomials at a secure point as inner products.
 *
 * Source:  stark.md 3.1, 3.4, 14.2 (8).
 *
 * With the basis values b_k(P), a polynomial of coefficients c has f(P) = sum c_k b_k(P). A prover
 * that keeps only values v on a run can do without c: interpolation is linear, c = M v, so
 *
 *   f(P) = b^T M v = (M^T b)^T v,
 *
 * and the weights M^T b serve all columns of one length. M is the product of the butterfly layers
 * of the run, so M^T is one more transform (circle_transpose_run): four of them per point, against
 * one interpolation per column saved.
 */
#pragma once
#include "prover/circle/fft.h"

/* Four columns of 2^log_rows: coordinates of b_0(P) … . */
void basis_values(const struct exec *exec, struct matrix out, struct secure_point p);

/* Four columns: sum over rows of weight * value is f(p) for every f with 2^run.log coefficients
 * whose values on the run are given. */
void basis_weights(const struct exec *exec, struct matrix out, struct secure_point p,
                   struct circle_run run, const struct twiddles *tw);
