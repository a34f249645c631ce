/* SPDX-License-Identifier: MIT */
/* Products with inputs that are mostly zero, as images are: a zero adds nothing to a sum, so only the
 * others are visited.  The chains of multiply-adds are those of product.h with their zero links left
 * out: the same numbers.
 */
#ifndef NN_MATH_REAL_SPARSE_H
#define NN_MATH_REAL_SPARSE_H

#include "math/real/panel.h"

#include <stdint.h>

/* Rows of the other than zero: row r has count[r] entries at r * stride, columns ascending. */
typedef struct sparse {
    const uint16_t *index;
    const nn_real *value;
    const uint32_t *count;
    size_t stride;
} sparse;

/* Bytes that the tables of sparse_bytes() take, and their making. */
enum { SPARSE_TABLE = 256 * 8 };
void NN_(nn__sparse_table)(uint8_t table[SPARSE_TABLE]);
#define sparse_table NN_(nn__sparse_table)

/* Room behind a row's last entry that the makers may write to. */
enum { SPARSE_SLACK = 16 };

/* One row of bytes: value = byte * scale[column], all of one scale where `even`.  index and value have room for
 * count + SPARSE_SLACK entries; returns how many there are. */
uint32_t NN_(nn__sparse_bytes)(const uint8_t table[SPARSE_TABLE], const uint8_t *bytes, size_t count,
                               const nn_real *scale, bool even, uint16_t *index, nn_real *value);
uint32_t NN_(nn__sparse_reals)(const nn_real *reals, size_t count, const nn_real *scale,
                               uint16_t *index, nn_real *value);
#define sparse_bytes NN_(nn__sparse_bytes)
#define sparse_reals NN_(nn__sparse_reals)

/* c = start + a b for rows r0 .. r1 - 1 of a and c and panels p0 .. p1 - 1 of b and c.
 * b: depth x cols, panels with room for b_rows; c: panels with room for c_rows; start: cols. */
void NN_(nn__sparse_multiply)(const sparse *a, const nn_real *b, size_t b_rows, size_t cols,
                              const nn_real *start, nn_real *c, size_t c_rows, size_t r0, size_t r1,
                              size_t p0, size_t p1);
#define sparse_multiply NN_(nn__sparse_multiply)

/* g += a' d for panels p0 .. p1 - 1: the product of BP4.  d: rows x cols, panels with room for d_rows; g:
 * inputs x cols, panels with room for g_rows. */
void NN_(nn__sparse_outer)(const sparse *a, size_t rows, const nn_real *d, size_t d_rows, size_t cols,
                           nn_real *g, size_t g_rows, size_t p0, size_t p1);
#define sparse_outer NN_(nn__sparse_outer)

#endif
