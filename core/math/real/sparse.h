/* SPDX-License-Identifier: MIT */
/* Products with inputs that are mostly zero, as images are: a zero adds nothing to a sum, so only the
 * others are visited.  The chains of multiply-adds are those of product.h with zero links left out: the
 * same numbers.
 */
#ifndef NN_MATH_REAL_SPARSE_H
#define NN_MATH_REAL_SPARSE_H

#include "math/real/panel.h"

#include <stdint.h>

/* Lists of what is not zero.  Rows go in pairs, 2p and 2p + 1, that share one list of columns, ascending:
 * those in which either is not zero.  What the two share, weights or gradients, is then read once for both.
 *
 *     columns of the pair  index[2p * stride + k], k < count[2p]
 *     values of row r      value[r * stride + k], zero where its partner alone is not
 *
 * A last row without a partner has the list to itself. */
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

/* Where the list of a pair is written: room for count + SPARSE_SLACK entries each. */
typedef struct sparse_room {
    uint16_t *index;
    nn_real *value[2]; /* the second is left alone where there is no partner */
} sparse_room;

/* The list of one pair: value = byte * scale[column], all of one scale where `even`; row[1] is NULL for a
 * row without a partner.  Returns how many entries there are. */
uint32_t NN_(nn__sparse_bytes)(const uint8_t table[SPARSE_TABLE], const uint8_t *const row[2], size_t count,
                               const nn_real *scale, bool even, const sparse_room *to);
uint32_t NN_(nn__sparse_reals)(const nn_real *const row[2], size_t count, const nn_real *scale,
                               const sparse_room *to);
#define sparse_bytes NN_(nn__sparse_bytes)
#define sparse_reals NN_(nn__sparse_reals)

/* c = start + a b for rows r0 .. r1 - 1 (r0 begins a pair, r1 - 1 ends one or is the last row) of a and c and
 * panels p0 .. p1 - 1 of b and c.
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
