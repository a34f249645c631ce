/* SPDX-License-Identifier: MIT */
#include <nnrun/schedule.h>

/* The parameters of a spec, filled from the table below. */
struct my_schedule {
    double power;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct my_schedule, power, 2, 0, 10, NN_OPEN_MIN, "", "1: a straight line to zero."),
    NN_PARAM_END,
};

/* A factor on the optimizer's rate, from the moment alone: no state, so a resumed run agrees. */
static double factor(const void *self, const nn_moment *moment)
{
    double done = moment->epochs > 0 ? moment->epoch_fraction / (double)moment->epochs : 0;
    return pow(fmax(0, 1 - done), ((const struct my_schedule *)self)->power);
}

NN_SCHEDULE {
    .name = "my_schedule",
    .summary = "Polynomial decay to zero at the last step.",
    .formula = "factor = (1 - epoch / epochs)^power",
    .reference = "Chen et al. 2018, DeepLab, section 4.1.1",
    .params = params,
    .self_size = sizeof(struct my_schedule),
    .flags = NN_PER_STEP,
    .factor = factor,
};
