/* SPDX-License-Identifier: MIT */
/* Components made by hand, of the precision this program is compiled for: what the tests of the engine
 * need, independent of the plugins. */
#ifndef NN_TEST_PARTS_H
#define NN_TEST_PARTS_H

#include "base/random.h"
#include "net/topology.h"

#include <nnrun/activation.h>
#include <nnrun/cost.h>
#include <nnrun/initializer.h>
#include <nnrun/optimizer.h>

#include <math.h>
#include <string.h>

static void sigmoid_forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = (nn_real)(1 / (1 + exp(-(double)z[i])));
    }
}

static void sigmoid_backward(const void *self, size_t rows, size_t cols, const nn_real *z,
                             const nn_real *a, const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = da[i] * a[i] * (1 - a[i]);
    }
}

static const nn_activation sigmoid_ops = {
    .name = "sigmoid",
    .flags = NN_ELEMENTWISE | NN_NEEDS_A | NN_LINK_SIGMOID,
    .forward = sigmoid_forward,
    .backward = sigmoid_backward,
};

/* z times its sigmoid: needs z, and a must not be z. */
static void silu_forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = z[i] / (1 + (nn_real)exp(-(double)z[i]));
    }
}

static void silu_backward(const void *self, size_t rows, size_t cols, const nn_real *z,
                          const nn_real *a, const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)a;
    for (size_t i = 0; i < rows * cols; i++) {
        nn_real s = (nn_real)(1 / (1 + exp(-(double)z[i])));
        dz[i] = da[i] * (s + z[i] * s * (1 - s));
    }
}

static const nn_activation silu_ops = {
    .name = "silu",
    .flags = NN_ELEMENTWISE | NN_NEEDS_Z,
    .forward = silu_forward,
    .backward = silu_backward,
};

static void softmax_forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    for (size_t r = 0; r < rows; r++, z += cols, a += cols) {
        nn_real most = z[0], sum = 0;
        for (size_t j = 1; j < cols; j++) {
            most = z[j] > most ? z[j] : most;
        }
        for (size_t j = 0; j < cols; j++) {
            a[j] = (nn_real)exp((double)(z[j] - most));
            sum += a[j];
        }
        for (size_t j = 0; j < cols; j++) {
            a[j] /= sum;
        }
    }
}

static void softmax_backward(const void *self, size_t rows, size_t cols, const nn_real *z,
                             const nn_real *a, const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    for (size_t r = 0; r < rows; r++, a += cols, da += cols, dz += cols) {
        nn_real dot = 0;
        for (size_t j = 0; j < cols; j++) {
            dot += da[j] * a[j];
        }
        for (size_t j = 0; j < cols; j++) {
            dz[j] = a[j] * (da[j] - dot);
        }
    }
}

static const nn_activation softmax_ops = {
    .name = "softmax",
    .flags = NN_NEEDS_A | NN_LINK_SOFTMAX,
    .forward = softmax_forward,
    .backward = softmax_backward,
};

static double quadratic_value(const void *self, size_t rows, size_t cols, const nn_real *a,
                              const nn_real *y, const int32_t *labels)
{
    double sum = 0;
    (void)self;
    (void)labels;
    for (size_t i = 0; i < rows * cols; i++) {
        sum += ((double)a[i] - (double)y[i]) * ((double)a[i] - (double)y[i]) / 2;
    }
    return sum;
}

static void quadratic_gradient(const void *self, size_t rows, size_t cols, const nn_real *a,
                               const nn_real *y, const int32_t *labels, nn_real *da)
{
    (void)self;
    (void)labels;
    for (size_t i = 0; i < rows * cols; i++) {
        da[i] = a[i] - y[i];
    }
}

static const nn_cost quadratic_ops = {
    .name = "quadratic",
    .flags = NN_TAKES_REALS,
    .value = quadratic_value,
    .gradient = quadratic_gradient,
};

static double cross_value(const void *self, size_t rows, size_t cols, const nn_real *a,
                          const nn_real *y, const int32_t *labels)
{
    double sum = 0;
    (void)self;
    (void)y;
    for (size_t r = 0; r < rows; r++) {
        sum -= log((double)a[r * cols + (size_t)labels[r]]);
    }
    return sum;
}

static void cross_gradient(const void *self, size_t rows, size_t cols, const nn_real *a,
                           const nn_real *y, const int32_t *labels, nn_real *da)
{
    (void)self;
    (void)y;
    memset(da, 0, rows * cols * sizeof *da);
    for (size_t r = 0; r < rows; r++) {
        size_t at = r * cols + (size_t)labels[r];
        da[at] = -1 / a[at];
    }
}

static void cross_link(const void *self, size_t rows, size_t cols, const nn_real *a,
                       const nn_real *y, const int32_t *labels, nn_real *dz)
{
    (void)self;
    (void)y;
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < cols; j++) {
            dz[r * cols + j] = a[r * cols + j] - (nn_real)(j == (size_t)labels[r]);
        }
    }
}

static const nn_cost cross_ops = {
    .name = "cross",
    .flags = NN_TAKES_CLASSES | NN_LINK_SOFTMAX,
    .value = cross_value,
    .gradient = cross_gradient,
    .link_gradient = cross_link,
};

struct sgd {
    double rate, momentum;
    bool called; /* no affine form */
};

static size_t sgd_slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    names[0] = "momentum";
    return ((const struct sgd *)self)->momentum > 0;
}

static void sgd_update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                       nn_real *const *slot)
{
    const struct sgd *sgd = self;
    nn_real rate = (nn_real)step->rate, keep = (nn_real)sgd->momentum;
    for (size_t i = 0; i < n; i++) {
        if (sgd->momentum > 0) {
            slot[0][i] = keep * slot[0][i] + g[i];
            w[i] -= rate * slot[0][i];
        } else {
            w[i] -= rate * g[i];
        }
    }
}

static bool sgd_affine(const void *self, const nn_step *step, nn_affine *out)
{
    const struct sgd *sgd = self;
    if (sgd->momentum > 0) {
        out->a[0][0] = 1;
        out->a[0][1] = -step->rate * sgd->momentum;
        out->a[1][1] = sgd->momentum;
        out->b[0] = -step->rate;
        out->b[1] = 1;
    } else {
        out->a[0][0] = 1;
        out->b[0] = -step->rate;
    }
    return !sgd->called;
}

static const nn_optimizer sgd_ops = {
    .name = "sgd",
    .slots = sgd_slots,
    .update = sgd_update,
    .affine = sgd_affine,
};

/* Adam (Kingma and Ba 2015, algorithm 1); its powers of beta live in two scalars. */
static size_t adam_slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    (void)self;
    names[0] = "m";
    names[1] = "v";
    return 2;
}

static size_t adam_scalars(const void *self, const char *names[NN_SCALARS_MAX])
{
    (void)self;
    names[0] = "power1";
    names[1] = "power2";
    return 2;
}

static void adam_begin(const void *self, const nn_step *step)
{
    (void)self;
    step->scalars[0] = (step->t == 1 ? 1 : step->scalars[0]) * 0.9;
    step->scalars[1] = (step->t == 1 ? 1 : step->scalars[1]) * 0.999;
}

static void adam_update(const void *self, const nn_step *step, size_t n, nn_real *w,
                        const nn_real *g, nn_real *const *slot)
{
    (void)self;
    nn_real rate = (nn_real)(step->rate / (1 - step->scalars[0]));
    nn_real correct = (nn_real)(1 / sqrt(1 - step->scalars[1]));
    for (size_t i = 0; i < n; i++) {
        slot[0][i] = (nn_real)0.9 * slot[0][i] + (nn_real)0.1 * g[i];
        slot[1][i] = (nn_real)0.999 * slot[1][i] + (nn_real)0.001 * g[i] * g[i];
        w[i] -= rate * slot[0][i] / ((nn_real)sqrt((double)slot[1][i]) * correct + (nn_real)1e-8);
    }
}

static const nn_optimizer adam_ops = {
    .name = "adam",
    .slots = adam_slots,
    .scalars = adam_scalars,
    .begin = adam_begin,
    .update = adam_update,
};

static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream, size_t outputs,
                      size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    (void)self;
    (void)host;
    (void)fan_out;
    for (size_t i = 0; i < outputs * inputs; i++) {
        double u;
        nn_random_uniform(stream, i, 1, &u);
        w[i] = (nn_real)((2 * u - 1) * sqrt(3.0 / (double)fan_in));
    }
    return NN_OK;
}

static const nn_initializer uniform_ops = {.name = "uniform", .fill = fill};

static nn_component sigmoid __attribute__((unused)) = {.kind = NN_KIND_ACTIVATION, .name = "sigmoid", .ops = &sigmoid_ops};
static nn_component silu __attribute__((unused)) = {.kind = NN_KIND_ACTIVATION, .name = "silu", .ops = &silu_ops};
static nn_component softmax __attribute__((unused)) = {.kind = NN_KIND_ACTIVATION, .name = "softmax", .ops = &softmax_ops};
static nn_component quadratic __attribute__((unused)) = {.kind = NN_KIND_COST, .name = "quadratic", .ops = &quadratic_ops};
static nn_component cross __attribute__((unused)) = {.kind = NN_KIND_COST, .name = "cross", .ops = &cross_ops};
static nn_component uniform __attribute__((unused)) = {.kind = NN_KIND_INITIALIZER, .name = "uniform", .ops = &uniform_ops};

#endif
