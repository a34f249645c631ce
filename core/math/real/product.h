/* SPDX-License-Identifier: MIT */
/* The matrix products of back-propagation, on panels.
 *
 * Every element of a result is one chain of multiply-adds in the order of the summed index, starting
 * from its initial value; blocks and tiles only decide when a link of the chain is made.  So a
 * result's bits do not depend on how rows and panels are dealt out to threads, nor on how many
 * samples stand beside it in a batch.
 */
#ifndef NN_MATH_REAL_PRODUCT_H
#define NN_MATH_REAL_PRODUCT_H

#include "math/real/panel.h"

/* c = start + a b for rows r0 .. r1 - 1 of a and c, and panels p0 .. p1 - 1 of b and c.
 *
 * a      samples x depth, panels with room for a_rows samples
 * b      depth x cols, panels with room for b_rows rows
 * start  the first value of each column (a bias, in one row of cols rounded up to panels), or NULL: 0
 * c      samples x cols, panels with room for a_rows samples */
typedef struct product {
    const nn_real *a, *b, *start;
    nn_real *c;
    size_t a_rows, b_rows, depth, cols;
} product;

void NN_(nn__multiply)(const product *job, size_t r0, size_t r1, size_t p0, size_t p1);
#define multiply NN_(nn__multiply)

/* c = a b' for rows r0 .. r1 - 1 and panels p0 .. p1 - 1 of c: the product of BP2, with b the weights
 * [cols x depth] in panels of depth.  `scratch` holds multiply_transposed_scratch reals.  start is
 * not read. */
enum { TRANSPOSE_DEPTH = 256, TRANSPOSE_PANELS = 16 / PANEL_VECTORS };
enum { MULTIPLY_TRANSPOSED_SCRATCH = TRANSPOSE_DEPTH * TRANSPOSE_PANELS * PANEL };
void NN_(nn__multiply_transposed)(const product *job, size_t r0, size_t r1, size_t p0, size_t p1,
                                  nn_real *scratch);
#define multiply_transposed NN_(nn__multiply_transposed)

/* g = factor * from + a' d, the product of BP4, for inputs i0 .. i1 - 1 (i0 a multiple of PANEL) and one
 * panel of d: `rows` samples of a (in panels with room for a_rows) and of the panel d (rows of PANEL).
 * from and g are (i1 - i0) rows of PANEL, may be the same; from NULL: 0.  Columns from `width` on
 * are left as they are, if they lie in a vector of their own. */
void NN_(nn__outer)(const nn_real *a, size_t a_rows, const nn_real *d, size_t rows, size_t width,
                    size_t i0, size_t i1, const nn_real *from, nn_real factor, nn_real *g);
#define outer NN_(nn__outer)

#endif
