/* SPDX-License-Identifier: MIT */
/* nn_real: the number type a source is compiled for, and its mathematics.
 *
 * NN_REAL_BITS is 32 or 64 (32 where the compiler was told nothing); the build compiles each
 * plugin and each file of a real/ folder once for each.  NN_R(0.5) is a literal of that type,
 * NN_(name) a name that carries precision and instruction set, so that all variants link together.
 */
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

#define NN_NAME_JOIN_(name, bits, isa) name##_f##bits##_##isa
#define NN_NAME_JOIN(name, bits, isa) NN_NAME_JOIN_(name, bits, isa)
#ifndef NN_ISA
#define NN_ISA any
#endif
#define NN_(name) NN_NAME_JOIN(name, NN_REAL_BITS, NN_ISA)

#if NN_REAL_BITS == 32
typedef float nn_real;
#define NN_R(x) ((nn_real)(x))
#define NN_REAL_MAX FLT_MAX
#define NN_REAL_EPSILON FLT_EPSILON
#elif NN_REAL_BITS == 64
typedef double nn_real;
#define NN_R(x) ((nn_real)(x))
#define NN_REAL_MAX DBL_MAX
#define NN_REAL_EPSILON DBL_EPSILON
#else
#error "NN_REAL_BITS must be 32 or 64"
#endif

/* nn_exp, nn_log, nn_tanh, nn_erf, nn_sqrt, ...: branch-free, vectorised by the compiler. */
static inline nn_real nn_sqrt(nn_real x)
{
    return (nn_real)sqrt((double)x);
}

#endif
