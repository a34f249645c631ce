/* SPDX-License-Identifier: MIT */
#include "math/real/sparse.h"

/* Two cache lines of columns at a time, and no more: what the rows of a batch share of b then stays in the
 * first-level cache. */
enum { VECTORS_MAX = 128 / VEC_BYTES, ROWS_MAX = 5 };

/* Rows side by side in a tile of so many vectors: as many as keep eight sums under way, since a fused
 * multiply-add takes 4 cycles and two start in each. */
static const unsigned char rows_together[] = {0, 5, 5, 3, 2, 2, 2, 1, 1};

/* How many vectors of panels p .. p1 - 1 of `cols` columns are taken together. */
static inline size_t vectors_together(size_t cols, size_t p, size_t p1)
{
    size_t vectors = panel_vectors(cols, p, p1);
    return vectors < VECTORS_MAX ? vectors : VECTORS_MAX;
}

typedef struct sparse_tile {
    const uint16_t *index; /* of the tile's first row */
    const nn_real *value;
    const uint32_t *count;
    size_t stride;
    const nn_real *b;
    size_t b_panel;
    const nn_real *start;
    nn_real *c;
    size_t c_panel;
} sparse_tile;

/* A row of a tile: its list, and where its sums go. */
typedef struct tile_row {
    const uint16_t *index;
    const nn_real *value;
    uint32_t count;
    nn_real *c;
} tile_row;

/* The tile's rows, the longest list first. */
ALWAYS_INLINE void sort_rows(const int rows, const sparse_tile *t, tile_row *sorted)
{
    for (int r = 0; r < rows; r++) {
        tile_row one = {t->index + (size_t)r * t->stride, t->value + (size_t)r * t->stride, t->count[r],
                        t->c + r * PANEL};
        int at = r;
        for (; at > 0 && sorted[at - 1].count < one.count; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = one;
    }
}

/* All rows go on together to the end of the shortest list, then those that are left. */
ALWAYS_INLINE void gather_tile(const int rows, const int vectors, const sparse_tile *t)
{
    tile_row row[ROWS_MAX];
    vec sum[ROWS_MAX][VECTORS_MAX];
    sort_rows(rows, t, row);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        vec start = vec_load(t->start + vector_at((size_t)v, PANEL));
        UNROLL
        for (int r = 0; r < rows; r++) {
            sum[r][v] = start;
        }
    }
    uint32_t k = 0;
    UNROLL
    for (int live = rows; live > 0; live--) {
        for (uint32_t end = row[live - 1].count; k < end; k++) {
            UNROLL
            for (int r = 0; r < live; r++) {
                const nn_real *w = t->b + (size_t)row[r].index[k] * PANEL;
                vec x = vec_all(row[r].value[k]);
                UNROLL
                for (int v = 0; v < vectors; v++) {
                    sum[r][v] = vec_fma(x, vec_load(w + vector_at((size_t)v, t->b_panel)), sum[r][v]);
                }
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vec_store(row[r].c + vector_at((size_t)v, t->c_panel), sum[r][v]);
        }
    }
}

typedef void gather_function(const sparse_tile *t);

#define GATHER(rows, vectors)                                    \
    static void gather_##rows##_##vectors(const sparse_tile *t) \
    {                                                            \
        gather_tile(rows, vectors, t);                           \
    }
GATHER(1, 1) GATHER(2, 1) GATHER(3, 1) GATHER(4, 1) GATHER(5, 1)
GATHER(1, 2) GATHER(2, 2) GATHER(3, 2) GATHER(4, 2) GATHER(5, 2)
#if VEC_BYTES <= 32
GATHER(1, 3) GATHER(2, 3) GATHER(3, 3) GATHER(1, 4) GATHER(2, 4)
#endif
#if VEC_BYTES <= 16
GATHER(1, 5) GATHER(2, 5) GATHER(1, 6) GATHER(2, 6) GATHER(1, 7) GATHER(1, 8)
#endif

static gather_function *const gathers[VECTORS_MAX + 1][ROWS_MAX + 1] = {
    {NULL},
    {NULL, gather_1_1, gather_2_1, gather_3_1, gather_4_1, gather_5_1},
    {NULL, gather_1_2, gather_2_2, gather_3_2, gather_4_2, gather_5_2},
#if VEC_BYTES <= 32
    {NULL, gather_1_3, gather_2_3, gather_3_3},
    {NULL, gather_1_4, gather_2_4},
#endif
#if VEC_BYTES <= 16
    {NULL, gather_1_5, gather_2_5},
    {NULL, gather_1_6, gather_2_6},
    {NULL, gather_1_7},
    {NULL, gather_1_8},
#endif
};

void sparse_multiply(const sparse *a, const nn_real *b, size_t b_rows, size_t cols,
                     const nn_real *start, nn_real *c, size_t c_rows, size_t r0, size_t r1,
                     size_t p0, size_t p1)
{
    for (size_t p = p0; p < p1;) {
        size_t vectors = vectors_together(cols, p, p1), most = rows_together[vectors];
        for (size_t r = r0; r < r1;) {
            size_t tiles = (r1 - r + most - 1) / most, rows = (r1 - r + tiles - 1) / tiles;
            sparse_tile t = {
                .index = a->index + r * a->stride,
                .value = a->value + r * a->stride,
                .count = a->count + r,
                .stride = a->stride,
                .b = b + p * b_rows * PANEL,
                .b_panel = b_rows * PANEL,
                .start = start + p * PANEL,
                .c = c + (p * c_rows + r) * PANEL,
                .c_panel = c_rows * PANEL,
            };
            gathers[vectors][rows](&t);
            r += rows;
        }
        p += (vectors + PANEL_VECTORS - 1) / PANEL_VECTORS;
    }
}

typedef struct scatter {
    const uint16_t *index;
    const nn_real *value;
    uint32_t count;
    const nn_real *d;
    size_t d_panel;
    nn_real *g;
    size_t g_panel;
} scatter;

/* A copy of what is to be done: what is stored can't change it. */
ALWAYS_INLINE void scatter_row(const int vectors, scatter t)
{
    vec dz[VECTORS_MAX];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        dz[v] = vec_load(t.d + vector_at((size_t)v, t.d_panel));
    }
    for (uint32_t k = 0; k < t.count; k++) {
        nn_real *w = t.g + (size_t)t.index[k] * PANEL;
        vec x = vec_all(t.value[k]);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            nn_real *at = w + vector_at((size_t)v, t.g_panel);
            vec_store(at, vec_fma(x, dz[v], vec_load(at)));
        }
    }
}

typedef void scatter_function(const scatter *t);

#define SCATTER(vectors)                            \
    static void scatter_##vectors(const scatter *t) \
    {                                               \
        scatter_row(vectors, *t);                   \
    }
SCATTER(1) SCATTER(2)
#if VEC_BYTES <= 32
SCATTER(3) SCATTER(4)
#endif
#if VEC_BYTES <= 16
SCATTER(5) SCATTER(6) SCATTER(7) SCATTER(8)
#endif

static scatter_function *const scatters[VECTORS_MAX + 1] = {
    NULL, scatter_1, scatter_2,
#if VEC_BYTES <= 32
    scatter_3, scatter_4,
#endif
#if VEC_BYTES <= 16
    scatter_5, scatter_6, scatter_7, scatter_8,
#endif
};

void sparse_outer(const sparse *a, size_t rows, const nn_real *d, size_t d_rows, size_t cols,
                  nn_real *g, size_t g_rows, size_t p0, size_t p1)
{
    for (size_t p = p0; p < p1;) {
        size_t vectors = vectors_together(cols, p, p1);
        for (size_t r = 0; r < rows; r++) {
            scatter t = {
                .index = a->index + r * a->stride,
                .value = a->value + r * a->stride,
                .count = a->count[r],
                .d = d + (p * d_rows + r) * PANEL,
                .d_panel = d_rows * PANEL,
                .g = g + p * g_rows * PANEL,
                .g_panel = g_rows * PANEL,
            };
            scatters[vectors](&t);
        }
        p += (vectors + PANEL_VECTORS - 1) / PANEL_VECTORS;
    }
}
