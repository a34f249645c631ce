/* SPDX-License-Identifier: MIT */
/* Are the gradients right?  Back-propagation against differences of the cost, on a real batch.
 *
 * The batch is taken from the first one of the run, in float64, with its dropout mask held; penalties
 * are included on both sides.  For each weight or bias looked at
 *
 *   numeric = (8 (C(+h) - C(-h)) - (C(+2h) - C(-2h))) / 12h,  error O(h^4)
 *             Abramowitz and Stegun 1964, 25.3.6
 *
 * is held against what nn_engine_gradient() gives.  Two things would spoil the difference without
 * the gradient being wrong, and are left out and counted: points at which some z (or an output, for
 * costs with a kink) crosses a kink between -2h and +2h, and samples whose outputs are so saturated
 * that rounding alone moves the cost by more than the tolerance allows.
 */
#ifndef NN_RUN_GRADCHECK_H
#define NN_RUN_GRADCHECK_H

#include "run/session.h"

#include <stdbool.h>
#include <stddef.h>

/* A gradient is right when |analytic - numeric| <= NN_GRADCHECK_ALLOWED max(1, |analytic|). */
#define NN_GRADCHECK_ALLOWED 1e-7

typedef struct nn_gradcheck_options {
    size_t samples; /* at most so many of the batch; 0: 16 */
    size_t points;  /* of each array, spread over it; 0: every element */
    double step;    /* h; 0: 1e-4 */
} nn_gradcheck_options;

/* The weights or the biases of one layer. */
typedef struct nn_gradcheck_array {
    size_t layer; /* from 0 */
    bool bias;
    size_t outputs, inputs; /* shape; inputs is 1 for biases */
    size_t checked, kinked; /* points held against each other; left out at kinks */
    double error;           /* the largest |analytic - numeric| / max(1, |analytic|) */
    size_t row, column;     /* where that was */
    double analytic, numeric;
} nn_gradcheck_array;

typedef struct nn_gradcheck {
    nn_gradcheck_array *arrays; /* weights and biases of each layer in turn */
    size_t array_count;
    size_t samples, saturated; /* in the batch; left out before it was full */
    double step;
    double cost;       /* mean cost of the batch with penalties */
    double cost_error; /* of nn_engine_gradient()'s cost against cost and penalties summed here */
    size_t worst;      /* the array with the largest error */
    bool right;
} nn_gradcheck;

/* Checks a session of precision float64 that nothing has been run in.  Memory from the session.
 * NN_ERR_CHECK: nothing could be measured.  A wrong gradient is no failure: out->right tells. */
nn_status nn_gradcheck_run(nn_session *session, const nn_gradcheck_options *options,
                           nn_gradcheck *out);

#endif
