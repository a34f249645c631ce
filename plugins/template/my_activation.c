/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

/* The parameters of a spec, filled from the table below. */
struct my_activation {
    double width;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct my_activation, width, 1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "The z at which a is 1/2."),
    NN_PARAM_END,
};

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    const nn_real width = (nn_real)((const struct my_activation *)self)->width;
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = z[i] / (width + nn_fabs(z[i]));
    }
}

/* da/dz = width / (width + |z|)^2 = (1 - |a|)^2 / width */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    const nn_real width = (nn_real)((const struct my_activation *)self)->width;
    (void)z; /* not asked for: NN_NEEDS_Z is not among the flags */
    for (size_t i = 0; i < rows * cols; i++) {
        const nn_real rest = 1 - nn_fabs(a[i]);
        dz[i] = da[i] * rest * rest / width;
    }
}

NN_ACTIVATION {
    .name = "my_activation",
    .summary = "Softsign: bounded like tanh, with longer tails.",
    .formula = "a = z / (width + |z|)",
    .reference = "Bergstra et al. 2009, Quadratic polynomials learn better image features, section 2",
    .params = params,
    .self_size = sizeof(struct my_activation),
    .flags = NN_ELEMENTWISE | NN_NEEDS_A | NN_HAS_RANGE,
    .forward = forward,
    .backward = backward,
    .least = -1,
    .most = 1,
};
