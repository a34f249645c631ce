/* SPDX-License-Identifier: MIT */
/* Optimizers: how a gradient changes the weights.
 *
 * The host owns weights, gradients and slots, zeroes slots before step 1, splits them into tiles
 * over threads and saves them in checkpoints.  update() is elementwise: what becomes of element i
 * depends on element i alone.  All of state lives in slots and scalars, so that a resumed run
 * equals an unbroken one.
 */
#ifndef NNRUN_OPTIMIZER_H
#define NNRUN_OPTIMIZER_H

#include <nnrun/plugin.h>

enum { NN_SLOTS_MAX = 8, NN_SCALARS_MAX = 8 };

typedef struct nn_step {
    uint32_t size;   /* of this struct */
    uint32_t spare;
    uint64_t t;      /* 1 for the first step of a run */
    double rate;     /* the `rate` parameter times the schedule's factor */
    double *scalars; /* those the optimizer declared; written by begin() only */
} nn_step;

typedef struct nn_optimizer {
    NN_ABOUT_FIELDS

    /* Optional: writes the slots' names (lower case, as in files: "momentum") and returns how many,
     * at most NN_SLOTS_MAX; may depend on self.  Names live as long as the plugin.  [main] */
    size_t (*slots)(const void *self, const char *names[NN_SLOTS_MAX]);

    /* Optional: the same for numbers that belong to the whole network. */
    size_t (*scalars)(const void *self, const char *names[NN_SCALARS_MAX]);

    /* Optional: once a step before any update(), may change step->scalars.  [worker], one alone */
    void (*begin)(const void *self, const nn_step *step);

    /* w, slot[k]: n elements, changed in place; g: mean gradient, penalties included.  [worker] */
    void (*update)(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot);

    /* The base step size: the host reads it, multiplies by the schedule, hands it back as
     * step->rate. */
    double (*rate)(const void *self);

} nn_optimizer;

#define NN_OPTIMIZER NN_PLUGIN(NN_KIND_OPTIMIZER, nn_optimizer)

#endif
