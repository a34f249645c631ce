/* SPDX-License-Identifier: MIT */
/* Panels: the one layout of everything the engine multiplies.
 *
 * A matrix of rows x cols is cut into panels of PANEL columns; a panel holds its rows one after the
 * other, each PANEL reals (two vectors):
 *
 *     element (r, c) = m[(c / PANEL) * capacity * PANEL + r * PANEL + c % PANEL]
 *
 * with room for `capacity` rows.  Weights are [inputs x units], activations and their gradients
 * [samples x units].  In this form every product of back-propagation reads its operands in
 * the order they lie in memory, so that nothing is packed for it; a thread that owns panels owns
 * whole cache lines; and a stretch of rows of one panel is one contiguous array for an elementwise
 * plugin.  Columns beyond the last are zero or of no account.
 */
#ifndef NN_MATH_REAL_PANEL_H
#define NN_MATH_REAL_PANEL_H

#include "math/real/vector.h"

enum { PANEL = 2 * LANES };

ALWAYS_INLINE size_t panels_of(size_t cols)
{
    return (cols + PANEL - 1) / PANEL;
}

/* Reals that a matrix takes. */
ALWAYS_INLINE size_t panel_reals(size_t capacity, size_t cols)
{
    return panels_of(cols) * capacity * PANEL;
}

/* Columns of panel p that mean something. */
ALWAYS_INLINE size_t panel_width(size_t cols, size_t p)
{
    size_t left = cols - p * PANEL;
    return left < PANEL ? left : PANEL;
}

/* Rows r0 .. r0 + rows - 1 between panels and a plain row-major array (rows x cols). */
void NN_(nn__panel_get)(const nn_real *m, size_t capacity, size_t cols, size_t r0, size_t rows,
                        nn_real *plain);
void NN_(nn__panel_set)(nn_real *m, size_t capacity, size_t cols, size_t r0, size_t rows,
                        const nn_real *plain);
/* The same for a whole matrix of weights (inputs x units) and its files' form [units x inputs]. */
void NN_(nn__panel_get_transposed)(const nn_real *m, size_t inputs, size_t units, nn_real *plain);
void NN_(nn__panel_set_transposed)(nn_real *m, size_t inputs, size_t units, const nn_real *plain);

#define panel_get NN_(nn__panel_get)
#define panel_set NN_(nn__panel_set)
#define panel_get_transposed NN_(nn__panel_get_transposed)
#define panel_set_transposed NN_(nn__panel_set_transposed)

#endif
