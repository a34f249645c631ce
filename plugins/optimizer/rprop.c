/* SPDX-License-Identifier: MIT */
#include <nnrun/optimizer.h>

/* Steps by the sign of the gradient alone; for whole-data batches, since a mini-batch's sign is
 * noise. */
struct rprop {
    double rate, grow, shrink, least, most;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct rprop, rate, 0.01, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG,
                  "per step", "First step of every weight; a schedule scales all steps."),
    NN_PARAM_REAL(struct rprop, grow, 1.2, 1, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Factor on the step where the sign stays."),
    NN_PARAM_REAL(struct rprop, shrink, 0.5, 0, 1, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Factor on the step where the sign turns."),
    NN_PARAM_REAL(struct rprop, least, 1e-6, 0, INFINITY, NN_OPEN_MAX | NN_LOG, "per step",
                  "Smallest step."),
    NN_PARAM_REAL(struct rprop, most, 50, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG,
                  "per step", "Largest step."),
    NN_PARAM_END,
};

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    const struct rprop *p = self;
    if (p->least > p->most) {
        return host->fail(host, NN_ERR_PARAM, "rprop: least (%g) is larger than most (%g)",
                          p->least, p->most);
    }
    return NN_OK;
}

static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    (void)self;
    names[0] = "previous_gradient";
    names[1] = "step_size";
    return 2;
}

/* Where the sign turned the weight rests for one step, and the gradient counts as 0 for the
 * next. */
static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    const struct rprop *p = self;
    const nn_real factor = (nn_real)(step->rate / p->rate);
    const nn_real first = step->t == 1 ? (nn_real)p->rate : 0; /* slots are 0 before step 1 */
    const nn_real grow = (nn_real)p->grow, shrink = (nn_real)p->shrink;
    const nn_real least = (nn_real)p->least, most = (nn_real)p->most;
    nn_real *before = slot[0], *size = slot[1];
    NN_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const nn_real agree = nn_sign(g[i]) * nn_sign(before[i]);
        const nn_real change = agree > 0 ? grow : agree < 0 ? shrink : 1;
        const nn_real now = agree < 0 ? 0 : g[i];
        size[i] = nn_clamp((first + size[i]) * change, least, most);
        w[i] -= factor * (nn_sign(now) * size[i]);
        before[i] = now;
    }
}

static double rate(const void *self)
{
    return ((const struct rprop *)self)->rate;
}

NN_OPTIMIZER {
    .name = "rprop",
    .summary = "A step size for each weight, by the sign of the gradient alone; for full batches.",
    .formula = "s' = clamp(s grow) where g g_before > 0, clamp(s shrink) and g = 0 where < 0;  "
               "w' = w - sign(g) s'",
    .reference = "Riedmiller and Braun 1993, A direct adaptive method for faster backpropagation "
                 "learning; Igel and Huesken 2000, Improving the Rprop learning algorithm, Rprop-",
    .params = params,
    .self_size = sizeof(struct rprop),
    .create = create,
    .slots = slots,
    .update = update,
    .rate = rate,
};
