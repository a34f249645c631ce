/* SPDX-License-Identifier: MIT */
#include <nnrun/optimizer.h>

/* Adam with Nesterov's look ahead.  The momentum mu grows towards beta1 with time; the product of
 * all of them so far, which corrects for the start, is a number of the whole network. */
struct nadam {
    double rate, beta1, beta2, epsilon, momentum_decay;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct nadam, rate, 2e-3, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG,
                  "per step", "Step size."),
    NN_PARAM_REAL(struct nadam, beta1, 0.9, 0, 1, NN_OPEN_MAX, "", "Share of the old mean kept."),
    NN_PARAM_REAL(struct nadam, beta2, 0.999, 0, 1, NN_OPEN_MAX, "",
                  "Share of the old mean square kept."),
    NN_PARAM_REAL(struct nadam, epsilon, 1e-8, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG, "",
                  "Keeps the denominator from 0."),
    NN_PARAM_REAL(struct nadam, momentum_decay, 0.004, 0, INFINITY, NN_OPEN_MAX, "",
                  "How fast the momentum grows from beta1 / 2 to beta1; 0: it stays at beta1 / 2."),
    NN_PARAM_END,
};

static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    (void)self;
    names[0] = "mean";
    names[1] = "mean_square";
    return 2;
}

static size_t scalars(const void *self, const char *names[NN_SCALARS_MAX])
{
    (void)self;
    names[0] = "momentum_product";
    return 1;
}

static double momentum(const struct nadam *p, double t)
{
    return p->beta1 * (1 - 0.5 * pow(0.96, t * p->momentum_decay));
}

static void begin(const void *self, const nn_step *step)
{
    const double before = step->t == 1 ? 1 : step->scalars[0];
    step->scalars[0] = before * momentum(self, (double)step->t);
}

static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    const struct nadam *p = self;
    const double t = (double)step->t;
    const double mu = momentum(p, t), next = momentum(p, t + 1), product = step->scalars[0];
    const nn_real beta1 = (nn_real)p->beta1, rest1 = (nn_real)(1 - p->beta1);
    const nn_real beta2 = (nn_real)p->beta2, rest2 = (nn_real)(1 - p->beta2);
    const nn_real of_g = (nn_real)(step->rate * (1 - mu) / (1 - product));
    const nn_real of_m = (nn_real)(step->rate * next / (1 - product * next));
    const nn_real scale = (nn_real)(1 / sqrt(1 - pow(p->beta2, t)));
    const nn_real epsilon = (nn_real)p->epsilon;
    nn_real *m = slot[0], *v = slot[1];
    NN_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        m[i] = beta1 * m[i] + rest1 * g[i];
        v[i] = beta2 * v[i] + rest2 * (g[i] * g[i]);
        w[i] -= (of_g * g[i] + of_m * m[i]) / (nn_sqrt(v[i]) * scale + epsilon);
    }
}

static double rate(const void *self)
{
    return ((const struct nadam *)self)->rate;
}

NN_OPTIMIZER {
    .name = "nadam",
    .summary = "Adam with Nesterov momentum.",
    .formula = "mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2), M_t = mu_1 ... mu_t;  m', v' as "
               "in adam;  w' = w - rate ((1 - mu_t) g / (1 - M_t) + mu_{t+1} m' / (1 - M_{t+1})) "
               "/ (sqrt(v'/(1 - beta2^t)) + epsilon)",
    .reference = "Dozat 2016, Incorporating Nesterov momentum into Adam, alg. 2",
    .params = params,
    .self_size = sizeof(struct nadam),
    .slots = slots,
    .scalars = scalars,
    .begin = begin,
    .update = update,
    .rate = rate,
};
