/* SPDX-License-Identifier: MIT */
/* nn_real: the number type a source is compiled for, and its mathematics.
 *
 * NN_REAL_BITS is 32 or 64 (32 where the compiler was told nothing); the build compiles each
 * plugin and each file of a real/ folder once for each.  NN_R(0.5) is a literal of that type,
 * NN_(name) a name that carries precision and instruction set, so that all variants link together.
 *
 * The functions below have no branches and call nothing, so that gcc and clang turn a plain loop
 * over them into vector instructions (-O3 -fno-math-errno -fno-trapping-math, never -ffast-math).
 * An element's bits depend on the element alone, not on its place in an array.  They take every
 * number: infinities, NaN (gives NaN), both zeros and subnormals.  Largest error found, in units
 * in the last place (tests/plugins/test_real.c measures it against the next precision):
 *
 *                   float   double
 *     nn_exp          1.0     1.0
 *     nn_expm1        1.6     2.1
 *     nn_log          0.9     0.9
 *     nn_log1p        0.9     0.9
 *     nn_tanh         2.6     2.6
 *     nn_sigmoid      2.5     2.5
 *     nn_erf          1.5     1.3
 *     nn_erfc         4.3     4.0
 *     nn_sqrt         0.5     0.5
 */
#ifndef NNRUN_REAL_H
#define NNRUN_REAL_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

#define NN_R(x) ((nn_real)(x))

/* Per precision: the type, its bits, and
 *   NN__SHIFT     1.5 * 2^MANTISSA: added to a small number it leaves the rounded number in the low
 *                 bits, subtracted again the rounded number itself
 *   NN__LN2_HIGH  ln 2 cut so that its product with any exponent is exact; NN__LN2_LOW the rest
 *   NN__EXP_*     where exp has become 0 or infinite, and expm1 -1, for good
 *   NN__TINY      below it expm1(x) and log1p(x) are x
 *   NN__ERFC_MOST beyond it erfc is 0 */
#if NN_REAL_BITS == 32
typedef float nn_real;
typedef uint32_t nn_bits;
#define NN_REAL_MAX FLT_MAX
#define NN_REAL_EPSILON FLT_EPSILON
#define NN__MIN_NORMAL FLT_MIN
#define NN__MANTISSA 23
#define NN__BIAS 127
#define NN__SHIFT 0x1.8p23f
#define NN__EXPONENT_BASE 0x1p23f
#define NN__LN2_HIGH 0x1.62e4p-1f
#define NN__LN2_LOW 0x1.7f7d1cp-20f
#define NN__LOG2_E 0x1.715476p0f
#define NN__SQRT_HALF 0x1.6a09e6p-1f
#define NN__EXP_LEAST -105.0f
#define NN__EXP_MOST 89.0f
#define NN__EXPM1_LEAST -18.0f
#define NN__TINY 0x1p-30f
#define NN__ERFC_MOST 10.25f
#elif NN_REAL_BITS == 64
typedef double nn_real;
typedef uint64_t nn_bits;
#define NN_REAL_MAX DBL_MAX
#define NN_REAL_EPSILON DBL_EPSILON
#define NN__MIN_NORMAL DBL_MIN
#define NN__MANTISSA 52
#define NN__BIAS 1023
#define NN__SHIFT 0x1.8p52
#define NN__EXPONENT_BASE 0x1p52
#define NN__LN2_HIGH 0x1.62e42fefa2p-1
#define NN__LN2_LOW 0x1.9ef35793c7673p-41
#define NN__LOG2_E 0x1.71547652b82fep0
#define NN__SQRT_HALF 0x1.6a09e667f3bcdp-1
#define NN__EXP_LEAST -746.0
#define NN__EXP_MOST 710.0
#define NN__EXPM1_LEAST -38.0
#define NN__TINY 0x1p-60
#define NN__ERFC_MOST 27.375
#else
#error "NN_REAL_BITS must be 32 or 64"
#endif
#include <nnrun/coefficients.h>
#define NN__ONE_BITS ((nn_bits)NN__BIAS << NN__MANTISSA)
#define NN__MANTISSA_MASK (((nn_bits)1 << NN__MANTISSA) - 1)

/* Before a loop whose iterations touch different elements: arrays are the same or do not overlap.
 * The compiler then keeps no scalar copy of the loop for arrays that might. */
#if defined(__clang__)
#define NN_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define NN_INDEPENDENT _Pragma("GCC ivdep")
#else
#define NN_INDEPENDENT
#endif

/* For functions called in loops over elements: a call would keep the loop from being vectorised,
 * and how much a compiler inlines by itself depends on what else stands in the file. */
#define NN_INLINE static inline __attribute__((always_inline))

NN_INLINE nn_bits nn__bits(nn_real x)
{
    nn_bits bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

NN_INLINE nn_real nn__real(nn_bits bits)
{
    nn_real x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x y + z, rounded once where the instruction set this object is compiled for can; twice
 * elsewhere. */
NN_INLINE nn_real nn_fma(nn_real x, nn_real y, nn_real z)
{
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return NN_REAL_BITS == 32 ? (nn_real)__builtin_fmaf((float)x, (float)y, (float)z)
                              : (nn_real)__builtin_fma((double)x, (double)y, (double)z);
#else
    return x * y + z;
#endif
}

NN_INLINE nn_real nn_fabs(nn_real x)
{
    return nn__real(nn__bits(x) & ~((nn_bits)1 << (NN_REAL_BITS - 1)));
}

NN_INLINE nn_real nn_copysign(nn_real size, nn_real sign)
{
    const nn_bits mask = (nn_bits)1 << (NN_REAL_BITS - 1);
    return nn__real((nn__bits(size) & ~mask) | (nn__bits(sign) & mask));
}

/* The larger and the smaller; y where either is NaN. */
NN_INLINE nn_real nn_max(nn_real x, nn_real y)
{
    return x > y ? x : y;
}

NN_INLINE nn_real nn_min(nn_real x, nn_real y)
{
    return x < y ? x : y;
}

/* x held within [least, most]; NaN stays NaN. */
NN_INLINE nn_real nn_clamp(nn_real x, nn_real least, nn_real most)
{
    const nn_real above = x < least ? least : x;
    return above > most ? most : above;
}

/* -1, 0 or 1. */
NN_INLINE nn_real nn_sign(nn_real x)
{
    return (x > 0 ? NN_R(1) : NN_R(0)) - (x < 0 ? NN_R(1) : NN_R(0));
}

NN_INLINE nn_real nn_sqrt(nn_real x)
{
    return NN_REAL_BITS == 32 ? (nn_real)sqrtf((float)x) : (nn_real)sqrt((double)x);
}

/* gcc leaves a loop of more than 16 turns as it is, and then vectorises nothing around it. */
#if defined(__GNUC__) && !defined(__clang__)
#define NN__UNROLL _Pragma("GCC unroll 32")
#else
#define NN__UNROLL
#endif

/* c[0] + c[1] x + ... + c[count - 1] x^(count - 1), by Horner. */
NN_INLINE nn_real nn__polynomial(const nn_real *c, int count, nn_real x)
{
    nn_real sum = c[count - 1];
    NN__UNROLL
    for (int k = count - 2; k >= 0; k--) {
        sum = nn_fma(sum, x, c[k]);
    }
    return sum;
}
#define NN__POLYNOMIAL(c, x) nn__polynomial((c), (int)(sizeof(c) / sizeof *(c)), (x))

/* 2^n, with n in the low bits of shifted = n + NN__SHIFT and 2^n a normal number. */
NN_INLINE nn_real nn__power_of_2(nn_real shifted)
{
    return nn__real((nn__bits(shifted) << NN__MANTISSA) + NN__ONE_BITS);
}

/* x = n ln 2 + r with |r| <= ln 2 / 2.  Returns exp(r) - 1, *shifted is n + NN__SHIFT. */
NN_INLINE nn_real nn__exp_reduced(nn_real x, nn_real *shifted)
{
    const nn_real q[] = {NN__Q_EXP};
    *shifted = x * NN__LOG2_E + NN__SHIFT;
    const nn_real n = *shifted - NN__SHIFT;
    const nn_real r = nn_fma(n, -NN__LN2_LOW, nn_fma(n, -NN__LN2_HIGH, x));
    return nn_fma(r * r, NN__POLYNOMIAL(q, r), r);
}

/* e^x. */
NN_INLINE nn_real nn_exp(nn_real x)
{
    nn_real shifted;
    const nn_real p = 1 + nn__exp_reduced(nn_clamp(x, NN__EXP_LEAST, NN__EXP_MOST), &shifted);
    /* In two steps, since 2^n alone may be too small or too large where the result is not. */
    const nn_real n = shifted - NN__SHIFT;
    const nn_real half = NN_R(0.5) * n + NN__SHIFT;
    const nn_real rest = n - (half - NN__SHIFT) + NN__SHIFT;
    return p * nn__power_of_2(half) * nn__power_of_2(rest);
}

/* e^x - 1, without cancellation near 0. */
NN_INLINE nn_real nn_expm1(nn_real x)
{
    nn_real shifted;
    const nn_real p = nn__exp_reduced(nn_clamp(x, NN__EXPM1_LEAST, NN__EXP_MOST), &shifted);
    const nn_real half = nn__power_of_2(shifted - 1); /* 2^n / 2: 2^n may overflow */
    const nn_real y = 2 * nn_fma(half, p, half - NN_R(0.5));
    return nn_fabs(x) < NN__TINY ? x : y;
}

/* x = 2^exponent (1 + fraction) with 1 + fraction in [sqrt(1/2), sqrt(2)); x > 0 and finite. */
NN_INLINE void nn__log_split(nn_real x, nn_real *exponent, nn_real *fraction)
{
    /* Subnormals are scaled up; exponents fit the low bits of a real of size 2^MANTISSA. */
    const nn_real normal = x < NN__MIN_NORMAL ? x * NN__EXPONENT_BASE : x;
    const nn_real offset = x < NN__MIN_NORMAL ? NN_R(NN__BIAS + NN__MANTISSA) : NN_R(NN__BIAS);
    const nn_bits bits = nn__bits(normal) + (NN__ONE_BITS - nn__bits(NN__SQRT_HALF));
    const nn_real biased =
        nn__real((bits >> NN__MANTISSA) | nn__bits(NN__EXPONENT_BASE)) - NN__EXPONENT_BASE;
    *exponent = biased - offset;
    *fraction = nn__real((bits & NN__MANTISSA_MASK) + nn__bits(NN__SQRT_HALF)) - 1;
}

/* exponent ln 2 + ln(1 + f) + c, by s = f / (2 + f), ln(1 + f) = 2 atanh(s):
 * f - (f^2 / 2 - s (f^2 / 2 + R)), R = s^2 q(s^2), keeps f itself unrounded. */
NN_INLINE nn_real nn__log_joined(nn_real exponent, nn_real f, nn_real c)
{
    const nn_real q[] = {NN__Q_LOG};
    const nn_real s = f / (2 + f);
    const nn_real z = s * s;
    const nn_real r = z * NN__POLYNOMIAL(q, z);
    const nn_real h = NN_R(0.5) * f * f;
    const nn_real low = nn_fma(s, h + r, nn_fma(exponent, NN__LN2_LOW, c));
    return nn_fma(exponent, NN__LN2_HIGH, f - (h - low));
}

/* Natural logarithm; -inf at 0, NaN below.  By a macro with an argument, because inside nnrun the
 * bare word is the type of a log of messages. */
#define nn_log(x) nn__log(x)
NN_INLINE nn_real nn__log(nn_real x)
{
    nn_real exponent, f;
    nn__log_split(x, &exponent, &f);
    const nn_real y = nn__log_joined(exponent, f, 0);
    const nn_real positive = x < (nn_real)INFINITY ? y : x;
    return x > 0 ? positive : x == 0 ? -(nn_real)INFINITY : (nn_real)NAN;
}

/* ln(1 + x), without cancellation near 0; -inf at -1, NaN below. */
NN_INLINE nn_real nn_log1p(nn_real x)
{
    const nn_real u = 1 + x;
    nn_real exponent, f;
    nn__log_split(u, &exponent, &f);
    /* What 1 + x lost to rounding comes back as a first-order correction. */
    const nn_real lost = x - (u - 1);
    const nn_real near = exponent == 0 ? x : f;
    const nn_real c = exponent == 0 ? NN_R(0) : lost / u;
    const nn_real y = nn__log_joined(exponent, near, c);
    const nn_real positive = u < (nn_real)INFINITY ? y : u;
    const nn_real valid = u > 0 ? positive : u == 0 ? -(nn_real)INFINITY : (nn_real)NAN;
    return nn_fabs(x) < NN__TINY ? x : valid;
}

NN_INLINE nn_real nn_tanh(nn_real x)
{
    const nn_real e = nn_expm1(-2 * nn_fabs(x)); /* in [-1, 0], so nothing overflows */
    return nn_copysign(-e / (2 + e), x);
}

/* 1 / (1 + e^-x), as small as it gets on the left. */
NN_INLINE nn_real nn_sigmoid(nn_real x)
{
    const nn_real e = nn_exp(-nn_fabs(x));
    return (x < 0 ? e : NN_R(1)) / (1 + e);
}

/* x^2 = *high + *low exactly, but for underflow (Dekker 1971, by halves of the mantissa). */
NN_INLINE void nn__square(nn_real x, nn_real *high, nn_real *low)
{
    const nn_bits upper_half = ~(nn_bits)0 << ((NN__MANTISSA + 2) / 2);
    const nn_real a = nn__real(nn__bits(x) & upper_half);
    const nn_real b = x - a;
    *high = x * x;
    *low = ((a * a - *high) + 2 * a * b) + b * b;
}

/* |x| < 1: *near = erf(x) / x - 1.  |x| >= 1: *tail = erfc(|x|). */
NN_INLINE void nn__erf_parts(nn_real x, nn_real *near, nn_real *tail)
{
    const nn_real p[] = {NN__Q_ERF};
    const nn_real q[] = {NN__Q_ERFC};
    const nn_real size = nn_min(NN__ERFC_MOST, nn_fabs(x));
    nn_real square, lost;
    nn__square(size, &square, &lost);
    *near = NN__POLYNOMIAL(p, square);
    const nn_real e = nn_exp(-square);
    const nn_real s = (size - NN__ERFC_MIDDLE) / (size + NN__ERFC_MIDDLE);
    *tail = NN__POLYNOMIAL(q, s) * (e - e * lost) / (1 + 2 * size);
}

/* Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
NN_INLINE nn_real nn_erf(nn_real x)
{
    nn_real near, tail;
    nn__erf_parts(x, &near, &tail);
    return nn_fabs(x) < 1 ? nn_fma(x, near, x) : nn_copysign(1 - tail, x);
}

/* 1 - erf(x), accurate as it vanishes on the right. */
NN_INLINE nn_real nn_erfc(nn_real x)
{
    nn_real near, tail;
    nn__erf_parts(x, &near, &tail);
    const nn_real far = x > 0 ? tail : 2 - tail;
    return nn_fabs(x) < 1 ? nn_fma(-x, near, 1 - x) : far;
}

/* Sums run in double precision and in an order that depends on n alone: eight running sums, which
 * the compiler keeps in vector registers. */
#define NN__LANES 8
NN_INLINE double nn__lanes_joined(const double *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6]))
           + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* sum x_i. */
NN_INLINE double nn_sum(size_t n, const nn_real *x)
{
    double lane[NN__LANES] = {0, 0, 0, 0, 0, 0, 0, 0};
    const size_t whole = n - n % NN__LANES;
    for (size_t i = 0; i < whole; i += NN__LANES) {
        for (size_t k = 0; k < NN__LANES; k++) {
            lane[k] += (double)x[i + k];
        }
    }
    for (size_t k = 0; whole + k < n; k++) {
        lane[k] += (double)x[whole + k];
    }
    return nn__lanes_joined(lane);
}

/* sum x_i y_i; products of two floats are exact in double precision. */
NN_INLINE double nn_dot(size_t n, const nn_real *x, const nn_real *y)
{
    double lane[NN__LANES] = {0, 0, 0, 0, 0, 0, 0, 0};
    const size_t whole = n - n % NN__LANES;
    for (size_t i = 0; i < whole; i += NN__LANES) {
        for (size_t k = 0; k < NN__LANES; k++) {
            lane[k] += (double)x[i + k] * (double)y[i + k];
        }
    }
    for (size_t k = 0; whole + k < n; k++) {
        lane[k] += (double)x[whole + k] * (double)y[whole + k];
    }
    return nn__lanes_joined(lane);
}

/* The largest of n > 0 numbers. */
NN_INLINE nn_real nn_largest(size_t n, const nn_real *x)
{
    nn_real largest = x[0];
    for (size_t i = 1; i < n; i++) {
        largest = nn_max(x[i], largest);
    }
    return largest;
}

#endif
