/* SPDX-License-Identifier: MIT */
#include <nnrun/optimizer.h>

/* The parameters of a spec, filled from the table below. */
struct my_optimizer {
    double rate, beta1, beta2;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct my_optimizer, rate, 1e-3, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG, "per step",
                  "Step size: every weight moves by it."),
    NN_PARAM_REAL(struct my_optimizer, beta1, 0.9, 0, 1, NN_OPEN_MAX, "", "Share of the momentum in a step."),
    NN_PARAM_REAL(struct my_optimizer, beta2, 0.99, 0, 1, NN_OPEN_MAX, "", "Share of the momentum kept."),
    NN_PARAM_END,
};

/* The host allocates the slots, zeroes them, and saves them in checkpoints. */
static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    (void)self;
    names[0] = "momentum";
    return 1;
}

static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    const struct my_optimizer *p = self;
    const nn_real rate = (nn_real)step->rate, b1 = (nn_real)p->beta1, b2 = (nn_real)p->beta2;
    nn_real *m = slot[0];
    for (size_t i = 0; i < n; i++) {
        w[i] -= rate * nn_sign(b1 * m[i] + (1 - b1) * g[i]);
        m[i] = b2 * m[i] + (1 - b2) * g[i];
    }
}

static double rate(const void *self)
{
    return ((const struct my_optimizer *)self)->rate;
}

NN_OPTIMIZER {
    .name = "my_optimizer",
    .summary = "Lion: steps of one size in the direction of a momentum's sign.",
    .formula = "w' = w - rate sign(beta1 m + (1 - beta1) g);  m' = beta2 m + (1 - beta2) g",
    .reference = "Chen et al. 2023, Symbolic discovery of optimization algorithms, program 1",
    .params = params,
    .self_size = sizeof(struct my_optimizer),
    .slots = slots,
    .update = update,
    .rate = rate,
};
