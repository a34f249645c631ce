/* SPDX-License-Identifier: MIT */
#include "math/real/peak.h"

#include "base/clock.h"

enum { SUMS = 10, ROUNDS = 20000 };

double NN_(nn__peak)(double seconds)
{
    vec sum[SUMS];
    vec x = vec_all(NN_R(0.999)), y = vec_all(NN_R(0.001));
    for (int k = 0; k < SUMS; k++) {
        sum[k] = vec_all((nn_real)k);
    }
    double best = 0, begin = nn_clock_s(), last = begin;
    do {
        for (int round = 0; round < ROUNDS; round++) {
            for (int k = 0; k < SUMS; k++) {
                sum[k] = vec_fma(sum[k], x, y);
            }
        }
        double now = nn_clock_s(), rate = 2.0 * LANES * SUMS * ROUNDS / (now - last);
        best = rate > best ? rate : best;
        last = now;
    } while (last - begin < seconds);
    /* The sums are used, so that the compiler keeps them. */
    double rest = 0;
    for (int k = 0; k < SUMS; k++) {
        rest += (double)sum[k][0];
    }
    return rest > -1 ? best : 0;
}
