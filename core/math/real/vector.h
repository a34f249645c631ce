/* SPDX-License-Identifier: MIT */
/* Vectors of reals as wide as the instruction set of this object allows.
 *
 * The few operations the products need, with the one multiply-add written out: where the hardware has
 * a fused one it is used everywhere, where it has none nowhere, so that an element's bits never
 * depend on its place in a loop.
 */
#ifndef NN_MATH_REAL_VECTOR_H
#define NN_MATH_REAL_VECTOR_H

#include <nnrun/real.h>

#include <stddef.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define VEC_BYTES 64
#define VEC_(name) _mm512_##name
#elif defined(__AVX2__)
#define VEC_BYTES 32
#define VEC_(name) _mm256_##name
#else
#define VEC_BYTES 16
#define VEC_(name) _mm_##name
#endif

#if NN_REAL_BITS == 32
#define VEC_REAL_(name) VEC_(name##_ps)
#else
#define VEC_REAL_(name) VEC_(name##_pd)
#endif

typedef nn_real vec __attribute__((vector_size(VEC_BYTES), may_alias));

enum { LANES = VEC_BYTES / (int)sizeof(nn_real) };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Before a loop whose bounds are constants: no loop is left of it. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

ALWAYS_INLINE vec vec_load(const nn_real *p)
{
    return *(const vec *)p;
}

ALWAYS_INLINE void vec_store(nn_real *p, vec v)
{
    *(vec *)p = v;
}

ALWAYS_INLINE vec vec_zero(void)
{
    return (vec){0};
}

ALWAYS_INLINE vec vec_all(nn_real x)
{
#if defined(__x86_64__)
    return (vec)VEC_REAL_(set1)(x);
#else
    return x - (vec){0};
#endif
}

/* a * b + c */
ALWAYS_INLINE vec vec_fma(vec a, vec b, vec c)
{
#if defined(__FMA__)
    return (vec)VEC_REAL_(fmadd)(a, b, c);
#else
    return a * b + c;
#endif
}

#endif
