/* SPDX-License-Identifier: MIT */
#include <nnrun/optimizer.h>

struct adagrad {
    double rate, rate_decay, initial, epsilon;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct adagrad, rate, 0.01, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG,
                  "per step", "Step size."),
    NN_PARAM_REAL(struct adagrad, rate_decay, 0, 0, INFINITY, NN_OPEN_MAX, "per step",
                  "The rate is divided by 1 + rate_decay (t - 1)."),
    NN_PARAM_REAL(struct adagrad, initial, 0, 0, INFINITY, NN_OPEN_MAX, "",
                  "What the sum of squares starts from."),
    NN_PARAM_REAL(struct adagrad, epsilon, 1e-10, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG,
                  "", "Keeps the denominator from 0."),
    NN_PARAM_END,
};

static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    (void)self;
    names[0] = "sum_of_squares";
    return 1;
}

static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    const struct adagrad *p = self;
    const nn_real rate = (nn_real)(step->rate / (1 + p->rate_decay * (double)(step->t - 1)));
    const nn_real start = step->t == 1 ? (nn_real)p->initial : 0;
    const nn_real epsilon = (nn_real)p->epsilon;
    nn_real *sum = slot[0];
    NN_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        sum[i] = (start + sum[i]) + g[i] * g[i];
        w[i] -= rate * (g[i] / (nn_sqrt(sum[i]) + epsilon));
    }
}

static double rate(const void *self)
{
    return ((const struct adagrad *)self)->rate;
}

NN_OPTIMIZER {
    .name = "adagrad",
    .summary = "Steps of the gradient over the root of the sum of all its squares.",
    .formula = "s' = s + g^2;  w' = w - rate / (1 + rate_decay (t - 1)) g / (sqrt(s') + epsilon)",
    .reference = "Duchi, Hazan and Singer 2011, Adaptive subgradient methods for online learning "
                 "and stochastic optimization, fig. 1",
    .params = params,
    .self_size = sizeof(struct adagrad),
    .slots = slots,
    .update = update,
    .rate = rate,
};
