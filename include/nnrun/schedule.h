/* SPDX-License-Identifier: MIT */
/* Schedules: a factor on the optimizer's rate, from where training stands.  Since ABI 1.1.
 *
 * A schedule has no hidden state: the same moment gives the same factor, so that a resumed run
 * needs nothing saved but its metrics.
 */
#ifndef NNRUN_SCHEDULE_H
#define NNRUN_SCHEDULE_H

#include <nnrun/plugin.h>

typedef struct nn_moment {
    uint32_t size;           /* of this struct */
    uint64_t epoch;          /* 0 during the first */
    uint64_t epochs;         /* training.epochs */
    uint64_t step;           /* 0 for the first step of the run */
    uint64_t steps_per_epoch;
    double epoch_fraction;   /* epoch + share of it done, in [0, epochs] */
    size_t history_count;    /* epochs completed */
    const double *train_cost;          /* [history_count] */
    const double *validation_cost;     /* the same, NULL without validation */
    const double *train_accuracy;      /* NULL without classes */
    const double *validation_accuracy; /* NULL without validation or classes */
} nn_moment;

enum { NN_PER_STEP = 1u << 0 /* the factor changes within an epoch */ };

typedef struct nn_schedule {
    NN_ABOUT_FIELDS

    /* The factor, finite and >= 0.  [main] */
    double (*factor)(const void *self, const nn_moment *moment);
} nn_schedule;

#define NN_SCHEDULE NN_PLUGIN(NN_KIND_SCHEDULE, nn_schedule)

#endif
