/* SPDX-License-Identifier: MIT */
/* Panels: the one layout of everything the engine multiplies.
 *
 * A matrix of rows x cols is cut into panels of PANEL columns; a panel holds its rows one after the
 * other, each PANEL reals (two vectors, or one where that is a cache line):
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

#include <stdbool.h>

enum {
    PANEL_VECTORS = VEC_BYTES == 64 ? 1 : 2, /* the narrower a panel, the more evenly threads share a layer */
    PANEL = PANEL_VECTORS * LANES
};

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

/* Vectors of panels p .. p1 - 1 of `cols` columns that hold any: the second one of the last may not. */
ALWAYS_INLINE size_t panel_vectors(size_t cols, size_t p, size_t p1)
{
    bool empty = PANEL_VECTORS == 2 && p1 == panels_of(cols) && panel_width(cols, p1 - 1) <= LANES;
    return (p1 - p) * PANEL_VECTORS - empty;
}

/* Where vector v of a row stands, counted from the row's place in the first of some panels. */
ALWAYS_INLINE size_t vector_at(size_t v, size_t panel)
{
    return v / PANEL_VECTORS * panel + v % PANEL_VECTORS * LANES;
}

/* Rows r0 .. r0 + rows - 1 between panels and a plain row-major array (rows x cols). */
void NN_(nn__panel_get)(const nn_real *m, size_t capacity, size_t cols, size_t r0, size_t rows,
                        nn_real *plain);
void NN_(nn__panel_set)(nn_real *m, size_t capacity, size_t cols, size_t r0, size_t rows,
                        const nn_real *plain);
/* The same for a matrix of weights (inputs x units) and its files' form [units x inputs]: out of it units
 * first .. first + count - 1, into it all. */
void NN_(nn__panel_get_transposed)(const nn_real *m, size_t inputs, size_t first, size_t count,
                                   nn_real *plain);
void NN_(nn__panel_set_transposed)(nn_real *m, size_t inputs, size_t units, const nn_real *plain);

#define panel_get NN_(nn__panel_get)
#define panel_set NN_(nn__panel_set)
#define panel_get_transposed NN_(nn__panel_get_transposed)
#define panel_set_transposed NN_(nn__panel_set_transposed)

#endif
