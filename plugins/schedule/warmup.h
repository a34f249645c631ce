/* SPDX-License-Identifier: MIT */
/* The warm-up every schedule takes: over the first `warmup` epochs the factor rises in equal steps
 * from (nearly) 0 to where the schedule begins, and the schedule's own clock starts after them.
 * Goyal et al. 2017, Accurate, large minibatch SGD, section 2.2. */
#ifndef WARMUP_H
#define WARMUP_H

#include <nnrun/schedule.h>

#define WARMUP_PARAM(type)                                                                         \
    NN_PARAM_REAL(type, warmup, 0, 0, INFINITY, NN_OPEN_MAX, "epochs",                             \
                  "Epochs over which the factor first rises from 0.")

/* In (0, 1]: the first step already moves, the last of the warm-up has factor 1. */
static inline double warmup_ramp(double warmup, const nn_moment *moment)
{
    const double steps = warmup * (double)moment->steps_per_epoch;
    const double done = (double)moment->step + 1;
    return done < steps ? done / steps : 1;
}

/* Epochs since the warm-up ended, with their fraction; 0 during it. */
static inline double epochs_since(double warmup, const nn_moment *moment)
{
    const double t = moment->epoch_fraction - warmup;
    return t > 0 ? t : 0;
}

/* The same in whole epochs, taken from the epoch's number so that no rounding can move a
 * boundary. */
static inline double whole_epochs_since(double warmup, const nn_moment *moment)
{
    const double t = (double)moment->epoch - warmup;
    return t > 0 ? floor(t) : 0;
}

/* The share in [0, 1] done of `span` epochs after the warm-up; span 0: of all that are left. */
static inline double share_since(double warmup, double span, const nn_moment *moment)
{
    const double whole = span > 0 ? span : (double)moment->epochs - warmup;
    const double t = epochs_since(warmup, moment);
    return t < whole ? t / whole : 1;
}

#endif
