/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = nn_clamp((z[i] + 3) / 6, 0, 1);
    }
}

static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)a;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        const nn_real d = da[i] / 6;
        dz[i] = nn_fabs(z[i]) < 3 ? d : 0;
    }
}

static const double kinks[] = {-3, 3};

NN_ACTIVATION {
    .name = "hard_sigmoid",
    .summary = "Sigmoid of three straight pieces.",
    .formula = "a = max(0, min(1, (z + 3) / 6))",
    .reference = "Courbariaux, Bengio and David 2015, BinaryConnect, eq. 3; slope of Howard et "
                 "al. 2019, Searching for MobileNetV3, section 5.2",
    .flags = NN_ELEMENTWISE | NN_NEEDS_Z | NN_HAS_RANGE,
    .forward = forward,
    .backward = backward,
    .least = 0,
    .most = 1,
    .kinks = kinks,
    .kink_count = 2,
};
