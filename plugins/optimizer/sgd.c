/* SPDX-License-Identifier: MIT */
#include <nnrun/optimizer.h>

/* Stochastic gradient descent in the form of Sutskever et al. with PyTorch's placement of the rate:
 * v is a sum of gradients, and the rate of the moment multiplies it when the weights move. */
struct sgd {
    double rate, momentum;
    bool nesterov;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct sgd, rate, 0.01, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG,
                  "per step", "Step size."),
    NN_PARAM_REAL(struct sgd, momentum, 0, 0, 1, NN_OPEN_MAX, "", "Share of the last step kept."),
    NN_PARAM_BOOL(struct sgd, nesterov, false, 0,
                  "Look ahead along the momentum (needs momentum)."),
    NN_PARAM_END,
};

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    const struct sgd *p = self;
    if (p->nesterov && p->momentum == 0) {
        return host->fail(host, NN_ERR_PARAM,
                          "sgd: nesterov looks ahead along the momentum, and momentum is 0; set "
                          "momentum (0.9 is usual) or leave nesterov out");
    }
    return NN_OK;
}

static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    const struct sgd *p = self;
    if (p->momentum == 0) {
        return 0;
    }
    names[0] = "momentum";
    return 1;
}

static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    const struct sgd *p = self;
    const nn_real rate = (nn_real)step->rate;
    const nn_real momentum = (nn_real)p->momentum;
    if (p->momentum == 0) {
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            w[i] -= rate * g[i];
        }
        return;
    }
    nn_real *v = slot[0];
    if (p->nesterov) {
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            v[i] = momentum * v[i] + g[i];
            w[i] -= rate * (g[i] + momentum * v[i]);
        }
    } else {
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            v[i] = momentum * v[i] + g[i];
            w[i] -= rate * v[i];
        }
    }
}

static double rate(const void *self)
{
    return ((const struct sgd *)self)->rate;
}

#if NN_ABI_MINOR_TARGET >= 1
static bool affine(const void *self, const nn_step *step, nn_affine *out)
{
    const struct sgd *p = self;
    const double m = p->momentum;
    const double ahead = p->nesterov ? m : 1; /* w moves by rate (ahead v' + behind g) */
    const double behind = p->nesterov ? 1 : 0;
    *out = (nn_affine){
        .a = {{1, m > 0 ? -step->rate * ahead * m : 0}, {0, m}},
        .b = {-step->rate * (m > 0 ? ahead + behind : 1), m > 0 ? 1 : 0},
    };
    return true;
}
#endif

NN_OPTIMIZER {
    .name = "sgd",
    .summary = "Stochastic gradient descent, with momentum if wanted.",
    .formula = "v' = momentum v + g;  w' = w - rate v', with nesterov w' = w - rate (g + momentum "
               "v')",
    .reference = "Sutskever et al. 2013, On the importance of initialization and momentum in deep "
                 "learning, eqs. 1 to 4",
    .params = params,
    .self_size = sizeof(struct sgd),
    .create = create,
    .slots = slots,
    .update = update,
    .rate = rate,
#if NN_ABI_MINOR_TARGET >= 1
    .affine = affine,
#endif
};
