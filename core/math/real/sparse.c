/* SPDX-License-Identifier: MIT */
#include "math/real/sparse.h"

/* Vectors of columns at a time: with the two rows of a pair eight sums are under way, as a fused multiply-add
 * takes 4 cycles and two may start in each. */
enum { VECTORS_MAX = 4 };

/* How many vectors of panels p .. p1 - 1 of `cols` columns are taken together. */
static inline size_t vectors_together(size_t cols, size_t p, size_t p1)
{
    size_t vectors = panel_vectors(cols, p, p1);
    return vectors < VECTORS_MAX ? vectors : VECTORS_MAX;
}

/* One pair, or a last row alone. */
typedef struct pair {
    const uint16_t *index;
    const nn_real *value;
    size_t stride; /* from a row's values to its partner's */
    uint32_t count;
} pair;

static inline pair pair_of(const sparse *a, size_t r)
{
    return (pair){a->index + r * a->stride, a->value + r * a->stride, a->stride, a->count[r]};
}

typedef struct gathering {
    const nn_real *b;
    size_t b_panel;
    const nn_real *start;
    nn_real *c; /* of the first row; the partner's is PANEL further on */
    size_t c_panel;
} gathering;

ALWAYS_INLINE void gather_pair(const int rows, const int vectors, pair a, gathering t)
{
    vec sum[2][VECTORS_MAX];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        vec start = vec_load(t.start + vector_at((size_t)v, PANEL));
        UNROLL
        for (int r = 0; r < rows; r++) {
            sum[r][v] = start;
        }
    }
    for (uint32_t k = 0; k < a.count; k++) {
        const nn_real *w = t.b + (size_t)a.index[k] * PANEL;
        UNROLL
        for (int r = 0; r < rows; r++) {
            vec x = vec_all(a.value[(size_t)r * a.stride + k]);
            UNROLL
            for (int v = 0; v < vectors; v++) {
                sum[r][v] = vec_fma(x, vec_load(w + vector_at((size_t)v, t.b_panel)), sum[r][v]);
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vec_store(t.c + r * PANEL + vector_at((size_t)v, t.c_panel), sum[r][v]);
        }
    }
}

typedef struct scattering {
    const nn_real *d; /* of the first row, as c above */
    size_t d_panel;
    nn_real *g;
    size_t g_panel;
} scattering;

ALWAYS_INLINE void scatter_pair(const int rows, const int vectors, pair a, scattering t)
{
    vec dz[2][VECTORS_MAX];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            dz[r][v] = vec_load(t.d + r * PANEL + vector_at((size_t)v, t.d_panel));
        }
    }
    for (uint32_t k = 0; k < a.count; k++) {
        nn_real *g = t.g + (size_t)a.index[k] * PANEL;
        vec x[2];
        UNROLL
        for (int r = 0; r < rows; r++) {
            x[r] = vec_all(a.value[(size_t)r * a.stride + k]);
        }
        UNROLL
        for (int v = 0; v < vectors; v++) {
            nn_real *at = g + vector_at((size_t)v, t.g_panel);
            vec sum = vec_load(at);
            UNROLL
            for (int r = 0; r < rows; r++) {
                sum = vec_fma(x[r], dz[r][v], sum);
            }
            vec_store(at, sum);
        }
    }
}

/* What is to be done is handed on as a copy: what is stored can't change it. */
#define FOR_VECTORS(vectors)                                          \
    static void gather_1_##vectors(pair a, const gathering *t)       \
    {                                                                 \
        gather_pair(1, vectors, a, *t);                               \
    }                                                                 \
    static void gather_2_##vectors(pair a, const gathering *t)       \
    {                                                                 \
        gather_pair(2, vectors, a, *t);                               \
    }                                                                 \
    static void scatter_1_##vectors(pair a, const scattering *t)     \
    {                                                                 \
        scatter_pair(1, vectors, a, *t);                              \
    }                                                                 \
    static void scatter_2_##vectors(pair a, const scattering *t)     \
    {                                                                 \
        scatter_pair(2, vectors, a, *t);                              \
    }
FOR_VECTORS(1) FOR_VECTORS(2) FOR_VECTORS(3) FOR_VECTORS(4)

/* [rows - 1][vectors - 1] */
static void (*const gathers[2][VECTORS_MAX])(pair a, const gathering *t) = {
    {gather_1_1, gather_1_2, gather_1_3, gather_1_4},
    {gather_2_1, gather_2_2, gather_2_3, gather_2_4},
};
static void (*const scatters[2][VECTORS_MAX])(pair a, const scattering *t) = {
    {scatter_1_1, scatter_1_2, scatter_1_3, scatter_1_4},
    {scatter_2_1, scatter_2_2, scatter_2_3, scatter_2_4},
};

void sparse_multiply(const sparse *a, const nn_real *b, size_t b_rows, size_t cols,
                     const nn_real *start, nn_real *c, size_t c_rows, size_t r0, size_t r1,
                     size_t p0, size_t p1)
{
    for (size_t p = p0; p < p1;) {
        size_t vectors = vectors_together(cols, p, p1);
        for (size_t r = r0; r < r1; r += 2) {
            gathering t = {
                .b = b + p * b_rows * PANEL,
                .b_panel = b_rows * PANEL,
                .start = start + p * PANEL,
                .c = c + (p * c_rows + r) * PANEL,
                .c_panel = c_rows * PANEL,
            };
            gathers[r + 1 < r1][vectors - 1](pair_of(a, r), &t);
        }
        p += (vectors + PANEL_VECTORS - 1) / PANEL_VECTORS;
    }
}

void sparse_outer(const sparse *a, size_t rows, const nn_real *d, size_t d_rows, size_t cols,
                  nn_real *g, size_t g_rows, size_t p0, size_t p1)
{
    for (size_t p = p0; p < p1;) {
        size_t vectors = vectors_together(cols, p, p1);
        for (size_t r = 0; r < rows; r += 2) {
            scattering t = {
                .d = d + (p * d_rows + r) * PANEL,
                .d_panel = d_rows * PANEL,
                .g = g + p * g_rows * PANEL,
                .g_panel = g_rows * PANEL,
            };
            scatters[r + 1 < rows][vectors - 1](pair_of(a, r), &t);
        }
        p += (vectors + PANEL_VECTORS - 1) / PANEL_VECTORS;
    }
}
