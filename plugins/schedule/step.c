/* SPDX-License-Identifier: MIT */
#include "warmup.h"

struct step {
    double gamma, warmup;
    int64_t every;
    nn_list at;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct step, gamma, 0.1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG, "",
                  "Factor of one step."),
    NN_PARAM_INT(struct step, every, 10, 1, 1e9, 0, "epochs", "Epochs from step to step."),
    NN_PARAM_INTS(struct step, at, "[]", 1, 1e9, 0, 0, 0, "epochs",
                  "Steps after these numbers of epochs, instead of `every`."),
    WARMUP_PARAM(struct step),
    NN_PARAM_END,
};

static double factor(const void *self, const nn_moment *moment)
{
    const struct step *p = self;
    const double epoch = whole_epochs_since(p->warmup, moment);
    double steps = floor(epoch / (double)p->every);
    if (p->at.count > 0) {
        const int64_t *at = p->at.items;
        steps = 0;
        for (size_t k = 0; k < p->at.count; k++) {
            steps += epoch >= (double)at[k] ? 1 : 0;
        }
    }
    return warmup_ramp(p->warmup, moment) * pow(p->gamma, steps);
}

NN_SCHEDULE {
    .name = "step",
    .summary = "Down by a factor every so many epochs, or after those listed.",
    .formula = "factor = gamma^floor(epoch / every), or gamma^(number of `at` reached)",
    .reference = "Goodfellow, Bengio and Courville 2016, Deep Learning, section 8.3.1; He et al. "
                 "2016, Deep residual learning, section 3.4",
    .params = params,
    .self_size = sizeof(struct step),
    .flags = NN_PER_STEP,
    .factor = factor,
};
