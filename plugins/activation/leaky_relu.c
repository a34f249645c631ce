/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

struct leaky_relu {
    double slope;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct leaky_relu, slope, 0.01, 0, 1, 0, "", "Slope left of 0."),
    NN_PARAM_END,
};

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    const nn_real slope = (nn_real)((const struct leaky_relu *)self)->slope;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = z[i] > 0 ? z[i] : slope * z[i];
    }
}

/* a has the sign of z.  f' at 0 is the slope. */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    const nn_real slope = (nn_real)((const struct leaky_relu *)self)->slope;
    (void)z;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = a[i] > 0 ? da[i] : slope * da[i];
    }
}

static const double kinks[] = {0};

NN_ACTIVATION {
    .name = "leaky_relu",
    .summary = "Rectified linear unit that lets a little through on the left.",
    .formula = "a = z for z > 0, slope z otherwise",
    .reference = "Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network "
                 "acoustic models, eq. 2",
    .params = params,
    .self_size = sizeof(struct leaky_relu),
    .flags = NN_ELEMENTWISE | NN_NEEDS_A,
    .forward = forward,
    .backward = backward,
    .kinks = kinks,
    .kink_count = 1,
};
