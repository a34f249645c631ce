/* SPDX-License-Identifier: MIT */
/* The transpose of a square of reals, LANES x LANES, in registers.
 *
 * For each power of two h below LANES, halves of h lanes are swapped between the rows i and i + h:
 * what lies right of the diagonal of each 2h x 2h square changes places with what lies left of it
 * (Eklundh 1972, A Fast Computer Method for Matrix Transposing).
 */
#ifndef NN_MATH_REAL_TRANSPOSE_H
#define NN_MATH_REAL_TRANSPOSE_H

#include "math/real/vector.h"

/* SWAP_h(low, high): a's lanes where lane & h is 0 beside b's from h lanes lower, and the others.
 */
#define PICK_(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#define LANES_ (VEC_BYTES * 8 / NN_REAL_BITS)
#if LANES_ == 2
#define LOW_1(a, b) PICK_(a, b, 0, 2)
#define HIGH_1(a, b) PICK_(a, b, 1, 3)
#elif LANES_ == 4
#define LOW_1(a, b) PICK_(a, b, 0, 4, 2, 6)
#define HIGH_1(a, b) PICK_(a, b, 1, 5, 3, 7)
#define LOW_2(a, b) PICK_(a, b, 0, 1, 4, 5)
#define HIGH_2(a, b) PICK_(a, b, 2, 3, 6, 7)
#elif LANES_ == 8
#define LOW_1(a, b) PICK_(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define HIGH_1(a, b) PICK_(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#define LOW_2(a, b) PICK_(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH_2(a, b) PICK_(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define LOW_4(a, b) PICK_(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define HIGH_4(a, b) PICK_(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#else
#define LOW_1(a, b) PICK_(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#define HIGH_1(a, b) PICK_(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)
#define LOW_2(a, b) PICK_(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH_2(a, b) PICK_(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define LOW_4(a, b) PICK_(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define HIGH_4(a, b) PICK_(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define LOW_8(a, b) PICK_(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define HIGH_8(a, b) PICK_(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#endif

#define SWAP_STAGE(h)                                      \
    UNROLL                                                 \
    for (int i = 0; i < LANES; i++) {                      \
        if ((i & (h)) == 0) {                              \
            vec low = LOW_##h(row[i], row[i + (h)]);       \
            row[i + (h)] = HIGH_##h(row[i], row[i + (h)]); \
            row[i] = low;                                  \
        }                                                  \
    }

/* to[c * to_stride + r] = from[r * from_stride + c] for r, c < LANES; both aligned to a vector. */
ALWAYS_INLINE void transpose_square(const nn_real *from, size_t from_stride, nn_real *to,
                                    size_t to_stride)
{
    vec row[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++) {
        row[i] = vec_load(from + (size_t)i * from_stride);
    }
#if LANES_ > 8
    SWAP_STAGE(8)
#endif
#if LANES_ > 4
    SWAP_STAGE(4)
#endif
#if LANES_ > 2
    SWAP_STAGE(2)
#endif
    SWAP_STAGE(1)
    UNROLL
    for (int i = 0; i < LANES; i++) {
        vec_store(to + (size_t)i * to_stride, row[i]);
    }
}

#endif
