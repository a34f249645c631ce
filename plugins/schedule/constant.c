/* SPDX-License-Identifier: MIT */
#include "warmup.h"

struct constant {
    double warmup;
};

static const nn_param params[] = {
    WARMUP_PARAM(struct constant),
    NN_PARAM_END,
};

static double factor(const void *self, const nn_moment *moment)
{
    return warmup_ramp(((const struct constant *)self)->warmup, moment);
}

NN_SCHEDULE {
    .name = "constant",
    .summary = "The rate as it is.",
    .formula = "factor = 1",
    .reference = "Robbins and Monro 1951, A stochastic approximation method; warm-up: Goyal et "
                 "al. 2017, Accurate, large minibatch SGD, section 2.2",
    .params = params,
    .self_size = sizeof(struct constant),
    .flags = NN_PER_STEP,
    .factor = factor,
};
