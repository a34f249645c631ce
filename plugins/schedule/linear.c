/* SPDX-License-Identifier: MIT */
#include "warmup.h"

struct linear {
    double start, end, epochs, warmup;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct linear, start, 1, 0, INFINITY, NN_OPEN_MAX, "",
                  "Factor at the beginning."),
    NN_PARAM_REAL(struct linear, end, 0, 0, INFINITY, NN_OPEN_MAX, "",
                  "Factor at the end and after it."),
    NN_PARAM_REAL(struct linear, epochs, 0, 0, INFINITY, NN_OPEN_MAX, "epochs",
                  "How long it takes; 0: all epochs after the warm-up."),
    WARMUP_PARAM(struct linear),
    NN_PARAM_END,
};

static double factor(const void *self, const nn_moment *moment)
{
    const struct linear *p = self;
    const double share = share_since(p->warmup, p->epochs, moment);
    return warmup_ramp(p->warmup, moment) * (p->start + (p->end - p->start) * share);
}

NN_SCHEDULE {
    .name = "linear",
    .summary = "A straight line from one factor to another, step by step.",
    .formula = "factor = start + (end - start) share of the way",
    .reference = "Goodfellow, Bengio and Courville 2016, Deep Learning, eq. 8.14",
    .params = params,
    .self_size = sizeof(struct linear),
    .flags = NN_PER_STEP,
    .factor = factor,
};
