/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

enum { NONE, TANH };

struct gelu {
    int64_t approximate;
};

static const char *const forms[] = {"none", "tanh", NULL};

static const nn_param params[] = {
    NN_PARAM_CHOICE(
        struct gelu, approximate, forms, NONE, 0,
        "none: the normal distribution itself; tanh: its approximation in older models."),
    NN_PARAM_END,
};

#define SQRT_HALF NN_R(0.70710678118654752440084436210485)
#define DENSITY_AT_0 NN_R(0.39894228040143267793994605993438) /* 1 / sqrt(2 pi) */
#define SQRT_8_OVER_PI NN_R(1.5957691216057307117597842397375)
#define CUBIC NN_R(0.044715)

/* Phi, the normal distribution function: by erfc, so that its left tail keeps its digits. */
NN_INLINE nn_real phi(nn_real z)
{
    return NN_R(0.5) * nn_erfc(-SQRT_HALF * z);
}

/* 2 u of (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)), u = sqrt(2 / pi) (z + 0.044715 z^3). */
NN_INLINE nn_real doubled(nn_real z)
{
    return SQRT_8_OVER_PI * (z + CUBIC * z * z * z);
}

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    if (((const struct gelu *)self)->approximate == NONE) {
        NN_INDEPENDENT
        for (size_t i = 0; i < rows * cols; i++) {
            a[i] = z[i] * phi(z[i]);
        }
    } else {
        NN_INDEPENDENT
        for (size_t i = 0; i < rows * cols; i++) {
            a[i] = z[i] * nn_sigmoid(doubled(z[i]));
        }
    }
}

/* f' = Phi(z) + z Phi'(z);  with s the sigmoid of 2u: f' = s + z s (1 - s) (2u)'. */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)a;
    if (((const struct gelu *)self)->approximate == NONE) {
        NN_INDEPENDENT
        for (size_t i = 0; i < rows * cols; i++) {
            const nn_real density = DENSITY_AT_0 * nn_exp(NN_R(-0.5) * z[i] * z[i]);
            dz[i] = da[i] * (phi(z[i]) + z[i] * density);
        }
    } else {
        NN_INDEPENDENT
        for (size_t i = 0; i < rows * cols; i++) {
            const nn_real s = nn_sigmoid(doubled(z[i]));
            const nn_real slope = SQRT_8_OVER_PI * (1 + 3 * CUBIC * z[i] * z[i]);
            dz[i] = da[i] * (s + z[i] * (s * (1 - s)) * slope);
        }
    }
}

NN_ACTIVATION {
    .name = "gelu",
    .summary = "Gaussian error linear unit.",
    .formula = "a = z Phi(z), Phi the distribution function of N(0, 1); with tanh: "
               "a = z / 2 (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3)))",
    .reference = "Hendrycks and Gimpel 2016, Gaussian error linear units (GELUs), section 2",
    .params = params,
    .self_size = sizeof(struct gelu),
    .flags = NN_ELEMENTWISE | NN_NEEDS_Z,
    .forward = forward,
    .backward = backward,
};
