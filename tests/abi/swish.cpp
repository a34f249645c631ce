// SPDX-License-Identifier: MIT
// A plugin in C++20, with the library's own parts inside (but nothing of them exported).
#include <nnrun/activation.h>

#include <array>
#include <cmath>
#include <span>

namespace {

struct swish {
    double beta;
};

template <typename real> real logistic(real x) { return 1 / (1 + std::exp(-x)); }

void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    const auto beta = static_cast<nn_real>(static_cast<const swish *>(self)->beta);
    std::span<const nn_real> in{z, rows * cols};
    for (size_t i = 0; i < in.size(); i++) {
        a[i] = in[i] * logistic(beta * in[i]);
    }
}

void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *,
              const nn_real *da, nn_real *dz)
{
    const auto beta = static_cast<nn_real>(static_cast<const swish *>(self)->beta);
    for (size_t i = 0; i < rows * cols; i++) {
        const nn_real s = logistic(beta * z[i]);
        dz[i] = da[i] * (s + beta * z[i] * s * (1 - s));
    }
}

constexpr std::array<nn_param, 2> params{{
    NN_PARAM_REAL(swish, beta, 1, 0, 100, NN_OPEN_MIN, "", "Steepness of the gate."),
    NN_PARAM_END,
}};

} // namespace

NN_ACTIVATION {
    .name = "swish",
    .summary = "Swish, in C++20.",
    .formula = "a = z / (1 + exp(-beta z))",
    .reference = "Ramachandran et al. 2017, Searching for Activation Functions, section 4",
    .params = params.data(),
    .self_size = sizeof(swish),
    .flags = NN_ELEMENTWISE | NN_NEEDS_Z,
    .forward = forward,
    .backward = backward,
};
