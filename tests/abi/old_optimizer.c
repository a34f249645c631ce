/* SPDX-License-Identifier: MIT */
/* Gradient descent against ABI 1.0: its table ends before `affine`.  Built with the headers of those days, and with
 * today's by NN_ABI_MINOR_TARGET. */
#define NN_ABI_MINOR_TARGET 0
#include <nnrun/optimizer.h>

struct self {
    double rate;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct self, rate, 0.1, 0, INFINITY, NN_OPEN_MIN | NN_LOG, "per step", "Step size."),
    NN_PARAM_END,
};

static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    (void)self;
    (void)slot;
    for (size_t i = 0; i < n; i++) {
        w[i] -= NN_R(step->rate) * g[i];
    }
}

static double rate(const void *self)
{
    return ((const struct self *)self)->rate;
}

NN_OPTIMIZER {
    .name = "old_optimizer",
    .summary = "Gradient descent, built against ABI 1.0.",
    .formula = "w' = w - rate g",
    .reference = "Cauchy 1847, Methode generale pour la resolution des systemes d'equations simultanees",
    .params = params,
    .self_size = sizeof(struct self),
    .update = update,
    .rate = rate,
};
