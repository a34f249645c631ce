/* SPDX-License-Identifier: MIT */
/* Initializers fill one weight matrix (or bias vector) from a stream of random numbers. */
#ifndef NNRUN_INITIALIZER_H
#define NNRUN_INITIALIZER_H

#include <nnrun/plugin.h>

typedef struct nn_initializer {
    NN_ABOUT_FIELDS

    /* w: outputs x inputs, row-major.  For biases inputs is 1.  fan_in and fan_out are those of the
     * layer in both cases.  Pure in (self, stream, shape).  [main] */
    nn_status (*fill)(const void *self, const nn_host *host, const nn_stream *stream,
                      size_t outputs, size_t inputs, size_t fan_in, size_t fan_out, nn_real *w);

    /* Optional: the stated mean and standard deviation, for the checks. */
    void (*moments)(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd);
} nn_initializer;

#define NN_INITIALIZER NN_PLUGIN(NN_KIND_INITIALIZER, nn_initializer)

#endif
