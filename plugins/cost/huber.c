/* SPDX-License-Identifier: MIT */
#include <nnrun/cost.h>

struct huber {
    double delta;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct huber, delta, 1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX,
                  "unit of the target", "Distance at which the parabola becomes a line."),
    NN_PARAM_END,
};

enum { BLOCK = 256 }; /* terms are summed a block at a time */

/* With c = min(|d|, delta) both pieces are c (|d| - c / 2). */
static double value(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                    const int32_t *labels)
{
    (void)labels;
    const nn_real delta = (nn_real)((const struct huber *)self)->delta;
    nn_real terms[BLOCK];
    double sum = 0;
    for (size_t first = 0, total = rows * cols; first < total; first += BLOCK) {
        const size_t n = total - first < BLOCK ? total - first : BLOCK;
        for (size_t i = 0; i < n; i++) {
            const nn_real distance = nn_fabs(a[first + i] - y[first + i]);
            const nn_real c = nn_min(delta, distance);
            terms[i] = c * (distance - NN_R(0.5) * c);
        }
        sum += nn_sum(n, terms);
    }
    return sum;
}

static void gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da)
{
    (void)labels;
    const nn_real delta = (nn_real)((const struct huber *)self)->delta;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        da[i] = nn_clamp(a[i] - y[i], -delta, delta);
    }
}

/* The gradient bends there, which finite differences notice. */
static size_t find_kinks(const void *self, double y, int32_t label, size_t col, size_t room,
                         double *kinks)
{
    (void)label;
    (void)col;
    const double delta = ((const struct huber *)self)->delta;
    if (room < 2) {
        return 0;
    }
    kinks[0] = y - delta;
    kinks[1] = y + delta;
    return 2;
}

NN_COST {
    .name = "huber",
    .summary = "Quadratic near the target, linear far away: outliers pull less.",
    .formula = "C = sum d^2 / 2 where |d| <= delta, delta (|d| - delta / 2) elsewhere; d = a - y",
    .reference = "Huber 1964, Robust estimation of a location parameter, eq. 2.9",
    .params = params,
    .self_size = sizeof(struct huber),
    .flags = NN_TAKES_REALS,
    .value = value,
    .gradient = gradient,
    .find_kinks = find_kinks,
};
