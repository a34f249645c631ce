/* SPDX-License-Identifier: MIT */
/* Statistics of bytes are exact integers; those of reals are two passes in double, in the order of
 * the indices.  Neither depends on threads. */
#include "data/normalize.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

/* Rows whose squares of bytes fit a 32 bit sum: 255 * 255 * 65536 < 2^32. */
enum { ROWS_AT_ONCE = 65536 };

struct moments {
    double *mean, *deviation; /* one a group */
    size_t groups;
};

static void add_row(const uint8_t *row, size_t features, uint32_t *sum, uint32_t *squares)
{
    for (size_t f = 0; f < features; f++) {
        uint32_t v = row[f];
        sum[f] += v;
        squares[f] += v * v;
    }
}

/* Feature f belongs to group f % groups. */
static nn_status moments_of_bytes(const nn_samples *samples, const uint32_t *indices, size_t count,
                                  struct moments *out)
{
    size_t features = samples->features;
    uint32_t *sum = NULL, *squares = NULL;
    uint64_t *totals = NULL;
    nn_status status = NN_OK;
    NN_TRY_DONE(NN_ALLOC(&sum, features, "data statistics"));
    NN_TRY_DONE(NN_ALLOC(&squares, features, "data statistics"));
    NN_TRY_DONE(NN_ALLOC(&totals, 2 * out->groups, "data statistics"));
    for (size_t first = 0; first < count; first += ROWS_AT_ONCE) {
        size_t end = count - first < ROWS_AT_ONCE ? count : first + ROWS_AT_ONCE;
        memset(sum, 0, features * sizeof *sum);
        memset(squares, 0, features * sizeof *squares);
        for (size_t i = first; i < end; i++) {
            add_row(samples->bytes + (size_t)indices[i] * features, features, sum, squares);
        }
        for (size_t f = 0; f < features; f++) {
            totals[2 * (f % out->groups)] += sum[f];
            totals[2 * (f % out->groups) + 1] += squares[f];
        }
    }
    double n = (double)count * (double)(features / out->groups);
    for (size_t g = 0; g < out->groups; g++) {
        double mean = (double)totals[2 * g] / n;
        double variance = (double)totals[2 * g + 1] / n - mean * mean;
        out->mean[g] = mean;
        out->deviation[g] = sqrt(variance > 0 ? variance : 0);
    }
done:
    nn_free(totals);
    nn_free(squares);
    nn_free(sum);
    return status;
}

static double real_at(const nn_samples *samples, size_t at)
{
    return samples->bits == 32 ? (double)((const float *)samples->reals)[at]
                               : ((const double *)samples->reals)[at];
}

static void moments_of_reals(const nn_samples *samples, const uint32_t *indices, size_t count,
                             struct moments *out)
{
    size_t features = samples->features, groups = out->groups;
    double n = (double)count * (double)(features / groups);
    for (size_t i = 0; i < count; i++) {
        size_t row = (size_t)indices[i] * features;
        for (size_t f = 0; f < features; f++) {
            out->mean[f % groups] += real_at(samples, row + f);
        }
    }
    for (size_t g = 0; g < groups; g++) {
        out->mean[g] /= n;
    }
    for (size_t i = 0; i < count; i++) {
        size_t row = (size_t)indices[i] * features;
        for (size_t f = 0; f < features; f++) {
            double d = real_at(samples, row + f) - out->mean[f % groups];
            out->deviation[f % groups] += d * d;
        }
    }
    for (size_t g = 0; g < groups; g++) {
        out->deviation[g] = sqrt(out->deviation[g] / n);
    }
}

/* A deviation that is rounding alone: the group is constant. */
static bool is_constant(double mean, double deviation)
{
    return deviation <= 1e-7 * fabs(mean) || deviation == 0;
}

static nn_status standardize(const nn_samples *samples, const uint32_t *indices, size_t count,
                             double *scale, double *shift, size_t groups)
{
    struct moments m = {.groups = groups};
    nn_status status = NN_OK;
    NN_TRY_DONE(NN_ALLOC(&m.mean, groups, "data statistics"));
    NN_TRY_DONE(NN_ALLOC(&m.deviation, groups, "data statistics"));
    if (samples->bytes != NULL) {
        NN_TRY_DONE(moments_of_bytes(samples, indices, count, &m));
    } else {
        moments_of_reals(samples, indices, count, &m);
    }
    for (size_t g = 0; g < groups; g++) {
        scale[g] = is_constant(m.mean[g], m.deviation[g]) ? 1 : 1 / m.deviation[g];
        shift[g] = -m.mean[g] * scale[g];
    }
done:
    nn_free(m.deviation);
    nn_free(m.mean);
    return status;
}

nn_status nn_normalize_fit(nn_normalize method, const nn_samples *samples, const uint32_t *indices,
                           size_t count, nn_arena *arena, nn_affine_input *out)
{
    bool fitted = method == NN_NORMALIZE_STANDARDIZE;
    if (fitted && count == 0) {
        return nn_fail(NN_ERR_DATA, "normalize: standardize needs training samples; there are none");
    }
    size_t groups = !fitted ? 1 : samples->image ? samples->channels : samples->features;
    double *scale, *shift;
    NN_TRY(NN_ARENA_ALLOC(arena, &scale, groups));
    NN_TRY(NN_ARENA_ALLOC(arena, &shift, groups));
    if (fitted) {
        NN_TRY(standardize(samples, indices, count, scale, shift, groups));
    } else {
        scale[0] = method == NN_NORMALIZE_UNIT && samples->bytes != NULL ? 1.0 / 255 : 1;
    }
    *out = (nn_affine_input){.scale = scale, .shift = shift, .count = groups};
    return NN_OK;
}
