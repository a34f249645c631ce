/* SPDX-License-Identifier: MIT */
/* What one core can do at most. */
#ifndef NN_MATH_REAL_PEAK_H
#define NN_MATH_REAL_PEAK_H

#include "math/real/vector.h"

/* Operations a second (a multiply-add is two) of this thread on registers alone, in about `seconds`. */
double NN_(nn__peak)(double seconds);

#endif
