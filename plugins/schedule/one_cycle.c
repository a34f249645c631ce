/* SPDX-License-Identifier: MIT */
#include "warmup.h"

enum { COSINE, LINEAR };

struct one_cycle {
    double rise, start, end, warmup;
    int64_t shape;
};

static const char *const shapes[] = {"cosine", "linear", NULL};

static const nn_param params[] = {
    NN_PARAM_REAL(struct one_cycle, rise, 0.3, 0, 1, 0, "", "Share of the epochs spent rising."),
    NN_PARAM_REAL(struct one_cycle, start, 0.04, 0, 1, 0, "", "Factor at the beginning."),
    NN_PARAM_REAL(struct one_cycle, end, 4e-6, 0, 1, 0, "", "Factor at the end."),
    NN_PARAM_CHOICE(struct one_cycle, shape, shapes, COSINE, 0,
                    "How it goes from one to the other."),
    WARMUP_PARAM(struct one_cycle),
    NN_PARAM_END,
};

static double between(int64_t shape, double from, double to, double share)
{
    static const double pi = 3.14159265358979323846;
    const double way = shape == COSINE ? (1 - cos(pi * share)) / 2 : share;
    return from + (to - from) * way;
}

static double factor(const void *self, const nn_moment *moment)
{
    const struct one_cycle *p = self;
    const double share = share_since(p->warmup, 0, moment);
    const double cycle =
        share < p->rise
            ? between(p->shape, p->start, 1, share / p->rise)
            : between(p->shape, 1, p->end, p->rise < 1 ? (share - p->rise) / (1 - p->rise) : 0);
    return warmup_ramp(p->warmup, moment) * cycle;
}

NN_SCHEDULE {
    .name = "one_cycle",
    .summary = "Up to the full rate, then down to nearly nothing, step by step.",
    .formula = "factor: start to 1 over the first `rise` of the epochs, then 1 to end",
    .reference = "Smith and Topin 2019, Super-convergence: very fast training of neural networks "
                 "using large learning rates, section 3",
    .params = params,
    .self_size = sizeof(struct one_cycle),
    .flags = NN_PER_STEP,
    .factor = factor,
};
