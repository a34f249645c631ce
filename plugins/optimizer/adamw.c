/* SPDX-License-Identifier: MIT */
#include "moments.h"

struct adamw {
    double rate, beta1, beta2, epsilon, decay;
    bool amsgrad;
};

static const nn_param params[] = {
    MOMENTS_PARAMS(struct adamw, 1e-3),
    NN_PARAM_REAL(struct adamw, decay, 0.01, 0, INFINITY, NN_OPEN_MAX | NN_LOG, "per unit of rate",
                  "Share of weights and biases taken away each step, times the rate."),
    NN_PARAM_BOOL(struct adamw, amsgrad, false, 0, "Divide by the largest mean square so far."),
    NN_PARAM_END,
};

static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    return moments_slots(((const struct adamw *)self)->amsgrad, names);
}

static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    const struct adamw *p = self;
    const struct moments moments = {p->rate, p->beta1, p->beta2, p->epsilon, p->amsgrad};
    moments_update(&moments, step, (nn_real)(1 - step->rate * p->decay), n, w, g, slot);
}

static double rate(const void *self)
{
    return ((const struct adamw *)self)->rate;
}

NN_OPTIMIZER {
    .name = "adamw",
    .summary = "Adam whose weight decay bypasses the moments.",
    .formula = "w' = (1 - rate decay) w - rate m'/(1 - beta1^t) / (sqrt(v'/(1 - beta2^t)) + "
               "epsilon), m' and v' as in adam",
    .reference = "Loshchilov and Hutter 2019, Decoupled weight decay regularization, alg. 2",
    .params = params,
    .self_size = sizeof(struct adamw),
    .slots = slots,
    .update = update,
    .rate = rate,
};
