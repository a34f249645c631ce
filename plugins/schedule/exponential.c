/* SPDX-License-Identifier: MIT */
#include "warmup.h"

struct exponential {
    double gamma, warmup;
    bool staircase;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct exponential, gamma, 0.95, 0, 1, NN_OPEN_MIN, "per epoch",
                  "What an epoch leaves of the rate."),
    NN_PARAM_BOOL(struct exponential, staircase, true, 0,
                  "Change between epochs alone, instead of at every step."),
    WARMUP_PARAM(struct exponential),
    NN_PARAM_END,
};

static double factor(const void *self, const nn_moment *moment)
{
    const struct exponential *p = self;
    const double t =
        p->staircase ? whole_epochs_since(p->warmup, moment) : epochs_since(p->warmup, moment);
    return warmup_ramp(p->warmup, moment) * pow(p->gamma, t);
}

NN_SCHEDULE {
    .name = "exponential",
    .summary = "Down by the same factor each epoch.",
    .formula = "factor = gamma^epoch",
    .reference = "Bottou 2012, Stochastic gradient descent tricks, section 5.2; Senior et al. "
                 "2013, An empirical study of learning rates in deep neural networks, section 2",
    .params = params,
    .self_size = sizeof(struct exponential),
    .flags = NN_PER_STEP,
    .factor = factor,
};
