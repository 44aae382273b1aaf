/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/quotient_verify.h"

#include <assert.h>

void answers_start(struct answers *a, unsigned log_size, const struct positions *positions,
                   qm31 coefficient)
{
    assert(positions->count <= POSITIONS_QUERIES);
    *a = (struct answers){.coefficient = coefficient, .positions = *positions};
    for (unsigned k = 0; k < positions->count; k++)
        a->domain[k] = circle_point_of(circle_domain_index(log_size, positions->at[k]));
}

static struct answer_batch *batch_of(struct answers *a, const struct secure_point *point)
{
    for (unsigned i = 0; i < a->batch_count; i++)
        if (qm31_eq(a->batches[i].point.x, point->x) && qm31_eq(a->batches[i].point.y, point->y))
            return &a->batches[i];
    assert(a->batch_count < ANSWERS_MAX_BATCHES);
    a->batches[a->batch_count] = (struct answer_batch){.point = *point, .power = QM31_ONE};
    return &a->batches[a->batch_count++];
}

void answers_add(struct answers *a, const struct secure_point *point, qm31 sample,
                 const m31 *opened, size_t stride)
{
    struct answer_batch *b = batch_of(a, point);
    qm31 conj = qm31_sub(qm31_conj(sample), sample);

    b->power = qm31_mul(b->power, a->coefficient);
    b->conj_sum = qm31_add(b->conj_sum, qm31_mul(b->power, conj));
    b->sample_sum = qm31_add(b->sample_sum, qm31_mul(b->power, sample));
    for (unsigned k = 0; k < a->positions.count; k++)
        b->column_sum[k] = qm31_add(b->column_sum[k], qm31_mul_m31(b->power, opened[k * stride]));
}

static int compare_points(const struct secure_point *p, const struct secure_point *q)
{
    int by_x = qm31_compare(p->x, q->x);

    return by_x ? by_x : qm31_compare(p->y, q->y);
}

static void sort_batches(struct answers *a)
{
    for (unsigned i = 1; i < a->batch_count; i++) {
        for (unsigned k = i; k > 0; k--) {
            struct answer_batch *low = &a->batches[k - 1], *high = &a->batches[k];
            struct answer_batch swap = *low;

            if (compare_points(&low->point, &high->point) < 0)
                break;
            *low = *high;
            *high = swap;
        }
    }
}

/* The line through a point and its conjugate, at (x, y): zero where it meets the circle. */
static cm31 line_at(const struct secure_point *p, struct circle_point at)
{
    cm31 dx = qm31_low(p->x), dy = qm31_low(p->y);

    dx.re = m31_sub(dx.re, at.x);
    dy.re = m31_sub(dy.re, at.y);
    return cm31_sub(cm31_mul(dx, qm31_high(p->y)), cm31_mul(dy, qm31_high(p->x)));
}

/* sum_j power_j (c f_j - a_j y - b_j) with b_j = v_j c - a_j py, so c (F - V) + A (py - y). */
static qm31 numerator(const struct answer_batch *b, unsigned k, m31 y)
{
    qm31 c = qm31_sub(qm31_conj(b->point.y), b->point.y);
    qm31 above = qm31_sub(b->point.y, qm31_of_m31(y));

    return qm31_add(qm31_mul(c, qm31_sub(b->column_sum[k], b->sample_sum)),
                    qm31_mul(b->conj_sum, above));
}

static bool cm31_is_zero(cm31 a)
{
    return (a.re.v | a.im.v) == 0;
}

enum status answers_finish(struct answers *a, qm31 out[static POSITIONS_QUERIES], struct why *why)
{
    qm31 rows[POSITIONS_QUERIES] = {QM31_ZERO};

    sort_batches(a);
    for (unsigned i = 0; i < a->batch_count; i++) {
        const struct answer_batch *b = &a->batches[i];

        if (qm31_eq(b->point.y, qm31_conj(b->point.y)))
            return fail(why, ST_INVALID, "InvalidStructure: a sample point is its own conjugate");
        for (unsigned k = 0; k < a->positions.count; k++) {
            cm31 line = line_at(&b->point, a->domain[k]);

            if (cm31_is_zero(line))
                return fail(why, ST_INVALID,
                            "InvalidStructure: a quotient has no value at an opened position");
            rows[k] = qm31_add(qm31_mul(rows[k], b->power),
                               qm31_mul_cm31(numerator(b, k, a->domain[k].y), cm31_inv(line)));
        }
    }
    for (unsigned k = 0; k < a->positions.count; k++)
        out[k] = rows[k];
    return ST_OK;
}
