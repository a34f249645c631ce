/* SPDX-License-Identifier: MIT */
#include <nnrun/cost.h>

/* Targets are labels; with smoothing s the distribution aimed at is 1 - s on the label, plus s
 * spread evenly over all outputs. */
struct categorical_cross_entropy {
    double label_smoothing;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct categorical_cross_entropy, label_smoothing, 0, 0, 1, NN_OPEN_MAX, "",
                  "Share of the target spread evenly over all classes."),
    NN_PARAM_END,
};

enum { BLOCK = 256 }; /* terms are summed a block at a time */

/* Logarithms stop at -100: a sure and wrong output costs 100 and does not end the run. */
NN_INLINE nn_real clamped_log(nn_real x)
{
    return nn_max(-100, nn_log(x));
}

static double sum_of_logs(size_t total, const nn_real *a)
{
    nn_real terms[BLOCK];
    double sum = 0;
    for (size_t first = 0; first < total; first += BLOCK) {
        const size_t n = total - first < BLOCK ? total - first : BLOCK;
        for (size_t i = 0; i < n; i++) {
            terms[i] = clamped_log(a[first + i]);
        }
        sum += nn_sum(n, terms);
    }
    return sum;
}

static double value(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                    const int32_t *labels)
{
    const struct categorical_cross_entropy *p = self;
    (void)y;
    double sum = 0;
    for (size_t row = 0; row < rows; row++) {
        sum -= (double)clamped_log(a[row * cols + (size_t)labels[row]]);
    }
    const double s = p->label_smoothing;
    return s > 0 ? (1 - s) * sum - s / (double)cols * sum_of_logs(rows * cols, a) : sum;
}

/* What a row's targets are: `rest` everywhere, `rest` + `own` at the label. */
static void aims(const struct categorical_cross_entropy *p, size_t cols, nn_real *own,
                 nn_real *rest)
{
    *own = (nn_real)(1 - p->label_smoothing);
    *rest = (nn_real)(p->label_smoothing / (double)cols);
}

/* -y / a, the denominator kept from 0. */
static void gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da)
{
    (void)y;
    const nn_real least = NN_R(1e-12);
    nn_real own, rest;
    aims(self, cols, &own, &rest);
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        da[i] = -rest / nn_max(least, a[i]);
    }
    for (size_t row = 0; row < rows; row++) {
        const size_t at = row * cols + (size_t)labels[row];
        da[at] -= own / nn_max(least, a[at]);
    }
}

/* Through the softmax, sum_k -y_k/a_k a_k ([j = k] - a_j) = a_j - y_j since the y of a row sum to
 * 1. */
static void link_gradient(const void *self, size_t rows, size_t cols, const nn_real *a,
                          const nn_real *y, const int32_t *labels, nn_real *dz)
{
    (void)y;
    nn_real own, rest;
    aims(self, cols, &own, &rest);
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = a[i] - rest;
    }
    for (size_t row = 0; row < rows; row++) {
        dz[row * cols + (size_t)labels[row]] -= own;
    }
}

NN_COST {
    .name = "categorical_cross_entropy",
    .summary = "Cross-entropy of a distribution over classes, in nats.",
    .formula = "C = -sum_k q_k ln a_k, q = (1 - s) [k = y] + s / K, ln >= -100",
    .reference = "Bishop 2006, Pattern Recognition and Machine Learning, eq. 4.108; smoothing: "
                 "Szegedy et al. 2016, Rethinking the Inception architecture, section 7",
    .params = params,
    .self_size = sizeof(struct categorical_cross_entropy),
    .flags = NN_TAKES_CLASSES | NN_HAS_RANGE | NN_LINK_SOFTMAX,
    .value = value,
    .gradient = gradient,
    .link_gradient = link_gradient,
    .least = 0,
    .most = 1,
};
