/* SPDX-License-Identifier: MIT */
/* Without a reference, and with more than one exported symbol. */
#include <nnrun/schedule.h>

NN_EXPORT double undocumented_helper(double x);
NN_EXPORT double undocumented_helper(double x)
{
    return x;
}

static double factor(const void *self, const nn_moment *moment)
{
    (void)self;
    (void)moment;
    return undocumented_helper(1);
}

NN_SCHEDULE {
    .name = "undocumented",
    .self_size = 8, /* and no .params */
    .summary = "Says nothing of where it comes from.",
    .factor = factor,
};
