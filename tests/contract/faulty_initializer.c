/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

#include "faulty.h"

enum { NONE, PURE, MEAN, SPREAD, FINITE, BOUNDS, PRECISION, CONCURRENT, FILL, UNWRITTEN };
static const char *const faults[] = {
    "none", "pure", "mean", "spread", "finite", "bounds", "precision", "concurrent", "fill", "unwritten", 0,
};
FAULTY_PARAMS(faults);

static uint64_t calls; /* what a plugin must not have */
static volatile unsigned turns;

static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream, size_t outputs,
                      size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    (void)fan_in;
    (void)fan_out;
    const int64_t fault = fault_of(self);
    const unsigned turn = fault == CONCURRENT ? turns++ : 0; /* what a call gives hangs on those before */
    uint64_t from = fault == PURE ? ++calls : 0;
    if (fault == FILL) {
        return host->fail(host, NN_ERR_PARAM, "it is too small");
    }
    for (size_t i = fault == UNWRITTEN; i < outputs * inputs; i++) {
        double x;
        host->normal(host, stream, i + from, 1, &x);
        x += fault == CONCURRENT && turn % 3 == 0 ? NN_R(0.01) : 0;
        x = fault == SPREAD ? 1.1 * x : fault == MEAN ? x + 0.1 : x;
        x += fault == PRECISION && NN_REAL_BITS == 32 ? 0.01 : 0;
        w[i] = (nn_real)x;
    }
    if (fault == FINITE) {
        w[0] = (nn_real)NAN;
    }
    if (fault == BOUNDS) {
        w[outputs * inputs] = 0;
    }
    return NN_OK;
}

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    (void)self;
    (void)fan_in;
    (void)fan_out;
    *mean = 0;
    *sd = 1;
}

NN_INITIALIZER {
    FAULTY_ABOUT,
    .fill = fill,
    .moments = moments,
};
