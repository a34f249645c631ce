/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

#include "draw.h"

/* Rows of N(0, 1) made orthonormal one after the other by modified Gram and Schmidt, in double
 * precision and twice, which leaves them orthogonal to rounding (Giraud, Langou and Rozloznik
 * 2005). Each row keeps its own direction's sign, so the matrix is uniform over all orthogonal ones
 * (Mezzadri 2007).  Where there are more outputs than inputs the columns are orthonormal. */
struct orthogonal {
    double gain;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct orthogonal, gain, 1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Factor for the activation that follows (sqrt(2) for relu)."),
    NN_PARAM_END,
};

enum {
    BLOCK =
        16,   /* rows worked on together: they stay in the cache while the finished ones pass by */
    LANES = 8 /* running sums of a dot product */
};

static double dot(size_t n, const double *x, const double *y)
{
    double lane[LANES] = {0, 0, 0, 0, 0, 0, 0, 0};
    const size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            lane[k] += x[i + k] * y[i + k];
        }
    }
    for (size_t k = 0; whole + k < n; k++) {
        lane[k] += x[whole + k] * y[whole + k];
    }
    return ((lane[0] + lane[4]) + (lane[2] + lane[6]))
           + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* Takes the part along the unit vector q out of x. */
static void project_out(size_t n, const double *q, double *x)
{
    const double share = dot(n, q, x);
    NN_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        x[i] -= share * q[i];
    }
}

static void normalise(size_t n, double *x)
{
    const double length = sqrt(dot(n, x, x));
    for (size_t i = 0; i < n; i++) {
        x[i] /= length;
    }
}

/* q: count x n, count <= n. */
static void orthonormalise(size_t count, size_t n, double *q)
{
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t end = count - first < BLOCK ? count : first + BLOCK;
        for (int pass = 0; pass < 2; pass++) {
            for (size_t done = 0; done < first; done++) {
                for (size_t row = first; row < end; row++) {
                    project_out(n, q + done * n, q + row * n);
                }
            }
            for (size_t row = first; row < end; row++) {
                for (size_t done = first; done < row; done++) {
                    project_out(n, q + done * n, q + row * n);
                }
                normalise(n, q + row * n);
            }
        }
    }
}

static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream,
                      size_t outputs, size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    (void)fan_in;
    (void)fan_out;
    const double gain = ((const struct orthogonal *)self)->gain;
    const bool wide = outputs <= inputs;
    const size_t count = wide ? outputs : inputs;
    const size_t n = wide ? inputs : outputs;
    double *q = host->alloc(host, count * n * sizeof *q);
    if (!q) {
        return host->fail(host, NN_ERR_MEMORY, "orthogonal: no memory for %zu x %zu doubles",
                          outputs, inputs);
    }
    host->normal(host, stream, 0, count * n, q);
    orthonormalise(count, n, q);
    for (size_t row = 0; row < outputs; row++) {
        for (size_t col = 0; col < inputs; col++) {
            w[row * inputs + col] = (nn_real)(gain * (wide ? q[row * n + col] : q[col * n + row]));
        }
    }
    host->free(host, q);
    return NN_OK;
}

/* Orthonormal rows of n numbers each have squares that sum to 1. */
static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    *mean = 0;
    *sd = ((const struct orthogonal *)self)->gain
          / sqrt((double)(fan_in > fan_out ? fan_in : fan_out));
}

NN_INITIALIZER {
    .name = "orthogonal",
    .summary = "A random orthogonal matrix: lengths pass unchanged.",
    .formula = "w w' = gain^2 I, or w' w where outputs exceed inputs",
    .reference = "Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
                 "learning in deep linear neural networks, section 3",
    .params = params,
    .self_size = sizeof(struct orthogonal),
    .fill = fill,
    .moments = moments,
};
