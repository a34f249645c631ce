/* SPDX-License-Identifier: MIT */
#include <nnrun/optimizer.h>

struct rmsprop {
    double rate, alpha, epsilon, momentum;
    bool centered;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct rmsprop, rate, 0.01, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG,
                  "per step", "Step size."),
    NN_PARAM_REAL(struct rmsprop, alpha, 0.99, 0, 1, NN_OPEN_MAX, "",
                  "Share of the old mean square kept."),
    NN_PARAM_REAL(struct rmsprop, epsilon, 1e-8, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG,
                  "", "Keeps the denominator from 0."),
    NN_PARAM_REAL(struct rmsprop, momentum, 0, 0, 1, NN_OPEN_MAX, "",
                  "Share of the last step kept."),
    NN_PARAM_BOOL(struct rmsprop, centered, false, 0,
                  "Divide by the standard deviation instead of the root mean square."),
    NN_PARAM_END,
};

/* Which slot is where: mean_square, then mean if centered, then momentum if there is any. */
static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    const struct rmsprop *p = self;
    size_t count = 0;
    names[count++] = "mean_square";
    if (p->centered) {
        names[count++] = "mean";
    }
    if (p->momentum > 0) {
        names[count++] = "momentum";
    }
    return count;
}

/* Rounding may leave a variance a little below 0; NaN stays. */
NN_INLINE nn_real deviation(nn_real mean_square, nn_real mean)
{
    return nn_sqrt(nn_max(0, mean_square - mean * mean));
}

static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    const struct rmsprop *p = self;
    const nn_real rate = (nn_real)step->rate;
    const nn_real alpha = (nn_real)p->alpha, rest = (nn_real)(1 - p->alpha);
    const nn_real epsilon = (nn_real)p->epsilon;
    const nn_real momentum = (nn_real)p->momentum;
    nn_real *square = slot[0];
    nn_real *mean = p->centered ? slot[1] : NULL;
    nn_real *b = p->momentum > 0 ? slot[p->centered ? 2 : 1] : NULL;
    if (mean && b) {
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            square[i] = alpha * square[i] + rest * (g[i] * g[i]);
            mean[i] = alpha * mean[i] + rest * g[i];
            b[i] = momentum * b[i] + g[i] / (deviation(square[i], mean[i]) + epsilon);
            w[i] -= rate * b[i];
        }
    } else if (mean) {
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            square[i] = alpha * square[i] + rest * (g[i] * g[i]);
            mean[i] = alpha * mean[i] + rest * g[i];
            w[i] -= rate * (g[i] / (deviation(square[i], mean[i]) + epsilon));
        }
    } else if (b) {
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            square[i] = alpha * square[i] + rest * (g[i] * g[i]);
            b[i] = momentum * b[i] + g[i] / (nn_sqrt(square[i]) + epsilon);
            w[i] -= rate * b[i];
        }
    } else {
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            square[i] = alpha * square[i] + rest * (g[i] * g[i]);
            w[i] -= rate * (g[i] / (nn_sqrt(square[i]) + epsilon));
        }
    }
}

static double rate(const void *self)
{
    return ((const struct rmsprop *)self)->rate;
}

NN_OPTIMIZER {
    .name = "rmsprop",
    .summary = "Steps of the gradient over the root of its mean square.",
    .formula = "v' = alpha v + (1 - alpha) g^2;  w' = w - rate b',  b' = momentum b + "
               "g / (sqrt(v') + epsilon);  centered: v' - (mean of g)^2 under the root",
    .reference = "Tieleman and Hinton 2012, Lecture 6.5, rmsprop; centered: Graves 2013, "
                 "Generating sequences with recurrent neural networks, eqs. 38 to 41",
    .params = params,
    .self_size = sizeof(struct rmsprop),
    .slots = slots,
    .update = update,
    .rate = rate,
};
