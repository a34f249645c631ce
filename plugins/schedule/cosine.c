/* SPDX-License-Identifier: MIT */
#include "warmup.h"

struct cosine {
    double end, period, growth, warmup;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct cosine, end, 0, 0, 1, 0, "", "Factor at the end of a cycle."),
    NN_PARAM_REAL(
        struct cosine, period, 0, 0, INFINITY, NN_OPEN_MAX, "epochs",
        "Length of the first cycle, at whose end the rate restarts; 0: one cycle, all epochs "
        "after the warm-up."),
    NN_PARAM_REAL(struct cosine, growth, 1, 1, INFINITY, NN_OPEN_MAX, "",
                  "How many times longer each cycle is than the one before."),
    WARMUP_PARAM(struct cosine),
    NN_PARAM_END,
};

/* The share done of the cycle that epoch t falls into.  Cycle k starts after
 * period (growth^k - 1) / (growth - 1) epochs and lasts period growth^k. */
static double share_of_cycle(const struct cosine *p, double t)
{
    double length = p->period;
    while (t >= length && length < INFINITY) {
        if (p->growth == 1) {
            return fmod(t, length) / length;
        }
        t -= length;
        length *= p->growth;
    }
    return t / length;
}

static double factor(const void *self, const nn_moment *moment)
{
    static const double pi = 3.14159265358979323846;
    const struct cosine *p = self;
    const double share = p->period > 0 ? share_of_cycle(p, epochs_since(p->warmup, moment))
                                       : share_since(p->warmup, 0, moment);
    return warmup_ramp(p->warmup, moment) * (p->end + (1 - p->end) * (1 + cos(pi * share)) / 2);
}

NN_SCHEDULE {
    .name = "cosine",
    .summary = "Half a cosine down, step by step, with warm restarts if wanted.",
    .formula = "factor = end + (1 - end) (1 + cos(pi share of the cycle)) / 2",
    .reference = "Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm "
                 "restarts, eq. 5",
    .params = params,
    .self_size = sizeof(struct cosine),
    .flags = NN_PER_STEP,
    .factor = factor,
};
