/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of field elements: the words in which every loop over a column is written.
 *
 * A file that includes this is compiled once per instruction set (cmake/kernel.cmake). The build
 * names the vector header and the suffix of every exported function:
 *
 *   void KERNEL(column_add)(m31 *out, const m31 *a, const m31 *b, size_t n)
 *
 * Values are canonical M31 (0 .. p-1) in and out of every operation.
 *
 *   VEC_LANES                      elements of one vec, 2^VEC_LOG
 *   vec vec_load(const m31 *)      any alignment            void vec_store(m31 *, vec)
 *   vec vec_splat(m31)             one value in all lanes   vec vec_zero(void)
 *   vec vec_add(vec, vec)  vec_sub  vec_mul  vec vec_neg(vec)  vec vec_double(vec)
 *   vec vec_gather(const m31 *table, vec index)             table[index[lane]]
 *
 * Sums of products without reduction (stark.md 1.1; 4 p^2 < 2^64):
 *   wide wide_zero(void)
 *   wide wide_madd(wide sum, vec a, vec b)                  sum + a b
 *   wide wide_fold(wide sum)       same value mod p, below 2^34
 *   vec  wide_reduce(wide sum)     canonical
 *   vec  wide_reduce_two(wide sum) the same for the sum of at most two products, cheaper
 * At most 4 products may be added to zero, at most 3 to a folded sum, before the next fold.
 *
 * A multiplier that serves many products is prepared once (13 operations become 9 or 11):
 *   vec_factor vec_factor_splat(m31)      vec_factor vec_factor_of(vec)
 *   vec vec_mul_factor(vec, vec_factor)
 *   vec vec_rotate(vec, unsigned k)                         times 2^k, k <= 31
 *
 * Lanes as plain 32-bit words, for hashing (modulo 2^32; vec_load and vec_store have m31 pointers,
 * words_load and words_store uint32_t):
 *   words_splat(uint32_t)  words_add(vec, vec)  words_xor(vec, vec)
 *   words_ror16(vec)  words_ror12  words_ror8  words_ror7   rotate to the right
 *   words_split(vec *a, vec *b)    even elements of the array a, b to a, odd ones to b
 *
 * Layers of a transform inside two vectors a, b, read as one array of 2 VEC_LANES elements
 * (prover/circle/fft_kernel.c):
 *   vec_unzip(vec *a, vec *b, step)       step = 0, 1, … VEC_LOG in turn. After step s, equal lanes
 *                                         of a and b hold elements whose numbers differ in bit s
 *                                         only, that of a having 0 there. After the last step the
 *                                         array is in its own order again.
 *   vec_zip(vec *a, vec *b, step)         undoes vec_unzip of that step
 *   vec vec_spread(const m31 *t, step)    lane: t[e >> (s + 1)], e = number of the element there
 *
 * qvec is a vector of secure values, one vec per coordinate:
 *   qvec_splat, qvec_zero, qvec_add, qvec_sub, qvec_mul, qvec_mul_vec, qvec_load, qvec_store
 */
#pragma once
#include "prover/field/qm31.h"

#define KERNEL_PASTE2(name, variant) name##_##variant
#define KERNEL_PASTE(name, variant)  KERNEL_PASTE2(name, variant)
#define KERNEL(name)                 KERNEL_PASTE(name, NXP_KERNEL_VARIANT)

#include VEC_HEADER
#include "prover/kernel/qvec.h"
