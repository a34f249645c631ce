/* SPDX-License-Identifier: MIT */
/* What adam and adamw share: running means of gradient and squared gradient, and the step they
 * give.
 *
 *   m' = beta1 m + (1 - beta1) g,  v' = beta2 v + (1 - beta2) g^2      Kingma and Ba 2015, alg. 1
 *   w' = keep w - rate / (1 - beta1^t) m' / (sqrt(v' / (1 - beta2^t)) + epsilon)
 *
 * With amsgrad v' is replaced by the largest v' so far (Reddi et al. 2018, alg. 2), before the
 * correction for the start, as PyTorch has it. */
#ifndef MOMENTS_H
#define MOMENTS_H

#include <nnrun/optimizer.h>

struct moments {
    double rate, beta1, beta2, epsilon;
    bool amsgrad;
};

#define MOMENTS_PARAMS(type, rate_)                                                                \
    NN_PARAM_REAL(type, rate, rate_, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG, "per step",  \
                  "Step size."),                                                                   \
        NN_PARAM_REAL(type, beta1, 0.9, 0, 1, NN_OPEN_MAX, "", "Share of the old mean kept."),     \
        NN_PARAM_REAL(type, beta2, 0.999, 0, 1, NN_OPEN_MAX, "",                                   \
                      "Share of the old mean square kept."),                                       \
        NN_PARAM_REAL(type, epsilon, 1e-8, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX | NN_LOG, "",    \
                      "Keeps the denominator from 0.")

static inline size_t moments_slots(bool amsgrad, const char *names[NN_SLOTS_MAX])
{
    names[0] = "mean";
    names[1] = "mean_square";
    names[2] = "largest_mean_square";
    return amsgrad ? 3 : 2;
}

static inline void moments_update(const struct moments *p, const nn_step *step, nn_real keep,
                                  size_t n, nn_real *w, const nn_real *g, nn_real *const *slot)
{
    const double t = (double)step->t;
    const nn_real beta1 = (nn_real)p->beta1, rest1 = (nn_real)(1 - p->beta1);
    const nn_real beta2 = (nn_real)p->beta2, rest2 = (nn_real)(1 - p->beta2);
    const nn_real rate = (nn_real)(step->rate / (1 - pow(p->beta1, t)));
    const nn_real scale = (nn_real)(1 / sqrt(1 - pow(p->beta2, t)));
    const nn_real epsilon = (nn_real)p->epsilon;
    nn_real *m = slot[0], *v = slot[1];
    if (p->amsgrad) {
        nn_real *largest = slot[2];
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            m[i] = beta1 * m[i] + rest1 * g[i];
            v[i] = beta2 * v[i] + rest2 * (g[i] * g[i]);
            largest[i] = nn_max(largest[i], v[i]);
            w[i] = keep * w[i] - rate * (m[i] / (nn_sqrt(largest[i]) * scale + epsilon));
        }
    } else {
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            m[i] = beta1 * m[i] + rest1 * g[i];
            v[i] = beta2 * v[i] + rest2 * (g[i] * g[i]);
            w[i] = keep * w[i] - rate * (m[i] / (nn_sqrt(v[i]) * scale + epsilon));
        }
    }
}

#endif
