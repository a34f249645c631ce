/* SPDX-License-Identifier: MIT */
/* What plugins of ABI 1.0 took from real.h that is part of the ABI: the types.  Its functions are compiled into
 * the plugin and bind nobody. */
#ifndef NNRUN_REAL_H
#define NNRUN_REAL_H

#include <float.h>
#include <math.h>
#include <stdint.h>

#ifndef NN_REAL_BITS
#define NN_REAL_BITS 32
#ifndef NN_MANIFEST
#define NN_MANIFEST 1
#endif
#endif
#ifndef NN_MANIFEST
#define NN_MANIFEST 0
#endif

#if NN_REAL_BITS == 32
typedef float nn_real;
#else
typedef double nn_real;
#endif
#define NN_R(x) ((nn_real)(x))

#endif
