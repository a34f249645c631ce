/* SPDX-License-Identifier: MIT */
#include "moments.h"

static const nn_param params[] = {
    MOMENTS_PARAMS(struct moments, 1e-3),
    NN_PARAM_BOOL(struct moments, amsgrad, false, 0, "Divide by the largest mean square so far."),
    NN_PARAM_END,
};

static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    return moments_slots(((const struct moments *)self)->amsgrad, names);
}

static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    moments_update(self, step, 1, n, w, g, slot);
}

static double rate(const void *self)
{
    return ((const struct moments *)self)->rate;
}

NN_OPTIMIZER {
    .name = "adam",
    .summary = "Steps of the gradient's running mean over the root of its mean square.",
    .formula = "m' = beta1 m + (1 - beta1) g;  v' = beta2 v + (1 - beta2) g^2;  "
               "w' = w - rate m'/(1 - beta1^t) / (sqrt(v'/(1 - beta2^t)) + epsilon)",
    .reference = "Kingma and Ba 2015, Adam: a method for stochastic optimization, alg. 1; "
                 "amsgrad: Reddi, Kale and Kumar 2018, On the convergence of Adam and beyond, "
                 "alg. 2",
    .params = params,
    .self_size = sizeof(struct moments),
    .slots = slots,
    .update = update,
    .rate = rate,
};
