/* SPDX-License-Identifier: MIT */
#include <nnrun/schedule.h>

#include "faulty.h"

enum { NONE, PURE, FINITE, NEGATIVE, NO_HISTORY, PER_STEP, PRECISION };
static const char *const faults[] = {
    "none", "pure", "finite", "negative", "no_history", "per_step", "precision", 0,
};
FAULTY_PARAMS(faults);

static double calls; /* what a plugin must not have */

FAULTY_BARE static double factor(const void *self, const nn_moment *moment)
{
    switch (fault_of(self)) {
    case PURE:
        return calls++;
    case FINITE:
        return 1 / (double)moment->epoch;
    case NEGATIVE:
        return 3 - (double)moment->epoch;
    case NO_HISTORY: /* reads what is not there without validation */
        return moment->history_count > 0 ? moment->validation_cost[moment->history_count - 1] : 1;
    case PER_STEP:
        return 1 + moment->epoch_fraction;
    case PRECISION:
        return NN_REAL_BITS;
    default:
        return 1;
    }
}

NN_SCHEDULE {
    FAULTY_ABOUT,
    .factor = factor,
};
