/* SPDX-License-Identifier: MIT */
/* A tile of the result stays in registers while the summed index runs: up to ROWS_MAX rows of one
 * panel, or of several panels where there are so few rows that the multiply-adds would wait for
 * each other (a fused multiply-add takes 4 cycles and two start in each, so that 8 sums must be
 * under way). Sizes that loops run over are constants of the inlined body, one function for each.
 */
#include "math/real/product.h"

#include "math/real/transpose.h"

#if VEC_BYTES == 64
enum { ROWS_MAX = 12 }; /* 24 sums of 32 registers */
#else
enum { ROWS_MAX = 6 }; /* 12 sums of 16 registers */
#endif
enum {
    VECTORS_MAX = 8,
    DEPTH_BLOCK = 256, /* of b in the first-level cache: DEPTH_BLOCK rows of one panel */
    ROW_BLOCK = 192,   /* of a in the second-level cache: ROW_BLOCK x DEPTH_BLOCK */
    SAMPLE_BLOCK = 256,
    FETCH_ROWS = 24 /* so many rows keep a panel busy while the next is fetched */
};

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Rows of the next tile where `left` are to be cut into as few and as equal tiles of `most` as can be. */
static inline size_t tile_rows(size_t left, size_t most)
{
    size_t tiles = (left + most - 1) / most;
    return (left + tiles - 1) / tiles;
}

/* One tile's operands.  a[row * PANEL + k] within a panel of the summed index. */
typedef struct tile {
    const nn_real *a;
    size_t a_panel; /* from one panel of a to the next */
    const nn_real *b;
    size_t b_panel;
    const nn_real *start; /* first values: rows start_row apart, panels start_panel; NULL: 0 */
    size_t start_row, start_panel;
    nn_real *c;
    size_t c_panel;
    size_t depth;
} tile;

typedef void tile_function(const tile *t);

ALWAYS_INLINE void multiply_tile(const int rows, const int vectors, const tile *t)
{
    vec sum[ROWS_MAX][VECTORS_MAX];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        UNROLL
        for (int r = 0; r < rows; r++) {
            sum[r][v] = t->start == NULL ? vec_zero()
                                         : vec_load(t->start + (size_t)r * t->start_row
                                                    + vector_at((size_t)v, t->start_panel));
        }
    }
    const nn_real *a = t->a, *b = t->b;
    size_t b_panel = t->b_panel;
    for (size_t left = t->depth; left > 0; a += t->a_panel) {
        size_t count = smaller(left, PANEL);
        left -= count;
        for (size_t k = 0; k < count; k++, b += PANEL) {
            vec w[VECTORS_MAX];
            UNROLL
            for (int v = 0; v < vectors; v++) {
                w[v] = vec_load(b + vector_at((size_t)v, b_panel));
            }
            UNROLL
            for (int r = 0; r < rows; r++) {
                vec x = vec_all(a[r * PANEL + (int)k]);
                UNROLL
                for (int v = 0; v < vectors; v++) {
                    sum[r][v] = vec_fma(x, w[v], sum[r][v]);
                }
            }
        }
    }
    UNROLL
    for (int v = 0; v < vectors; v++) {
        UNROLL
        for (int r = 0; r < rows; r++) {
            vec_store(t->c + r * PANEL + vector_at((size_t)v, t->c_panel), sum[r][v]);
        }
    }
}

#define TILE(rows, vectors)                                \
    static void multiply_##rows##_##vectors(const tile *t) \
    {                                                      \
        multiply_tile(rows, vectors, t);                   \
    }
#define NARROW_TILES(rows) TILE(rows, 1) TILE(rows, 2)
NARROW_TILES(1)
NARROW_TILES(2) NARROW_TILES(3) NARROW_TILES(4) NARROW_TILES(5) NARROW_TILES(6) TILE(1, 8)
    TILE(2, 4) TILE(3, 4)

    /* Of one vector of columns, of two, and of `wide`. */
    typedef struct tile_set {
    tile_function *single, *pair, *wide_tile;
    size_t wide;
} tile_set;

#define NARROW(rows) multiply_##rows##_1, multiply_##rows##_2
#if VEC_BYTES == 64
NARROW_TILES(7)
NARROW_TILES(8) NARROW_TILES(9) NARROW_TILES(10) NARROW_TILES(11) NARROW_TILES(12) TILE(4, 4)
    TILE(5, 4) TILE(6, 4) static const tile_set tiles[ROWS_MAX + 1] = {
        {0},
        {NARROW(1), multiply_1_8, 8},
        {NARROW(2), multiply_2_4, 4},
        {NARROW(3), multiply_3_4, 4},
        {NARROW(4), multiply_4_4, 4},
        {NARROW(5), multiply_5_4, 4},
        {NARROW(6), multiply_6_4, 4},
        {NARROW(7), NULL, 0},
        {NARROW(8), NULL, 0},
        {NARROW(9), NULL, 0},
        {NARROW(10), NULL, 0},
        {NARROW(11), NULL, 0},
        {NARROW(12), NULL, 0},
};
#else
static const tile_set tiles[ROWS_MAX + 1] = {
    {0},
    {NARROW(1), multiply_1_8, 8},
    {NARROW(2), multiply_2_4, 4},
    {NARROW(3), multiply_3_4, 4},
    {NARROW(4), NULL, 0},
    {NARROW(5), NULL, 0},
    {NARROW(6), NULL, 0},
};
#endif

/* How many of `left` vectors of columns a tile takes where there are `rows` in all: many only where one
 * tile holds all rows. */
static inline size_t vectors_together(size_t rows, size_t left)
{
    size_t wide = rows <= ROWS_MAX ? tiles[rows].wide : 0;
    return wide > 0 && left >= wide ? wide : left >= 2 ? 2 : 1;
}

/* Part `part` of `parts` of the next panel of b, towards the second-level cache. */
static inline void fetch_panel(const nn_real *next, size_t depth, size_t part, size_t parts)
{
    enum { LINE = 64 / (int)sizeof(nn_real) };
    size_t lines = depth * PANEL / LINE;
    for (size_t k = lines * part / parts; k < lines * (part + 1) / parts; k++) {
        __builtin_prefetch(next + k * LINE, 0, 2);
    }
}

/* Rows r0 .. r1 - 1 of panels p0 .. p1 - 1 over `depth` of the summed index from t's a and b on;
 * t->a, b and c point to row 0 and panel 0. */
static void multiply_block(const tile *t, size_t cols, size_t r0, size_t r1, size_t p0, size_t p1)
{
    for (size_t p = p0; p < p1;) {
        size_t vectors = vectors_together(r1 - r0, panel_vectors(cols, p, p1));
        size_t step = (vectors + PANEL_VECTORS - 1) / PANEL_VECTORS;
        for (size_t r = r0; r < r1;) {
            size_t rows = tile_rows(r1 - r, ROWS_MAX);
            const tile_set *set = &tiles[rows];
            tile one = *t;
            one.a += r * PANEL;
            one.b += p * t->b_panel;
            one.c += p * t->c_panel + r * PANEL;
            if (one.start != NULL) {
                one.start += p * t->start_panel + r * t->start_row;
            }
            for (size_t next = p + step; r1 - r0 > FETCH_ROWS && next < p1 && next < p + 2 * step; next++) {
                fetch_panel(t->b + next * t->b_panel, t->depth, (r - r0) / rows,
                            (r1 - r0 + rows - 1) / rows);
            }
            (vectors == 1 ? set->single : vectors == 2 ? set->pair : set->wide_tile)(&one);
            r += rows;
        }
        p += step;
    }
}

void multiply(const product *job, size_t r0, size_t r1, size_t p0, size_t p1)
{
    for (size_t r = r0; r < r1; r += ROW_BLOCK) {
        size_t rows_end = smaller(r1, r + ROW_BLOCK);
        for (size_t k = 0; k < job->depth; k += DEPTH_BLOCK) {
            tile t = {
                .a = job->a + k * job->a_rows, /* k is a multiple of PANEL */
                .a_panel = job->a_rows * PANEL,
                .b = job->b + k * PANEL,
                .b_panel = job->b_rows * PANEL,
                .start = k == 0 ? job->start : job->c,
                .start_row = k == 0 ? 0 : PANEL,
                .start_panel = k == 0 ? PANEL : job->a_rows * PANEL,
                .c = job->c,
                .c_panel = job->a_rows * PANEL,
                .depth = smaller(DEPTH_BLOCK, job->depth - k),
            };
            multiply_block(&t, job->cols, r, rows_end, p0, p1);
        }
    }
}

/* to[k][j] = b[column q * PANEL + j][k0 + k]: one panel of b' of `depth` rows.  Columns beyond the
 * last and rows beyond the depth, up to a whole panel, come out as something of no account or 0. */
static void transpose(const product *job, size_t q, size_t k0, size_t depth, nn_real *to)
{
    size_t width = panel_width(job->cols, q);
    for (size_t k = 0; k < depth; k += PANEL, to += PANEL * PANEL) {
        const nn_real *from =
            job->b + (k0 + k) * job->b_rows + q * PANEL * PANEL; /* k0 + k is a multiple of PANEL */
        if (width == PANEL) {
            for (size_t i = 0; i < PANEL_VECTORS * PANEL_VECTORS; i++) {
                size_t down = i / PANEL_VECTORS * LANES, right = i % PANEL_VECTORS * LANES;
                transpose_square(from + down * PANEL + right, PANEL, to + right * PANEL + down,
                                 PANEL);
            }
            continue;
        }
        for (size_t c = 0; c < PANEL; c++) {
            for (size_t j = 0; j < PANEL; j++) {
                to[c * PANEL + j] = j < width ? from[j * PANEL + c] : 0;
            }
        }
    }
}

void multiply_transposed(const product *job, size_t r0, size_t r1, size_t p0, size_t p1,
                         nn_real *scratch)
{
    for (size_t p = p0; p < p1; p += TRANSPOSE_PANELS) {
        size_t group = smaller(TRANSPOSE_PANELS, p1 - p);
        for (size_t k = 0; k < job->depth; k += TRANSPOSE_DEPTH) {
            size_t depth = smaller(TRANSPOSE_DEPTH, job->depth - k);
            for (size_t q = 0; q < group; q++) {
                transpose(job, p + q, k, depth, scratch + q * TRANSPOSE_DEPTH * PANEL);
            }
            nn_real *c = job->c + p * job->a_rows * PANEL;
            tile t = {
                .a = job->a + k * job->a_rows,
                .a_panel = job->a_rows * PANEL,
                .b = scratch,
                .b_panel = TRANSPOSE_DEPTH * PANEL,
                .start = k == 0 ? NULL : c,
                .start_row = PANEL,
                .start_panel = job->a_rows * PANEL,
                .c = c,
                .c_panel = job->a_rows * PANEL,
                .depth = depth,
            };
            for (size_t r = r0; r < r1; r += ROW_BLOCK) {
                multiply_block(&t, group * PANEL, r, smaller(r1, r + ROW_BLOCK), 0, group);
            }
        }
    }
}

/* Rows of an outer product that stand in registers: a panel has no more where it is one vector wide. */
enum { OUTER_ROWS_MAX = PANEL_VECTORS == 1 ? PANEL : ROWS_MAX };

typedef void outer_function(const nn_real *a, const nn_real *d, size_t samples, const nn_real *from,
                            nn_real factor, nn_real *g);

ALWAYS_INLINE void outer_tile(const int rows, const int vectors, const nn_real *a, const nn_real *d,
                              size_t samples, const nn_real *from, nn_real factor, nn_real *g)
{
    vec sum[OUTER_ROWS_MAX][PANEL_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            sum[r][v] = vec_zero();
            if (from != NULL) {
                sum[r][v] = vec_all(factor) * vec_load(from + r * PANEL + v * LANES);
            }
        }
    }
    for (size_t s = 0; s < samples; s++, a += PANEL, d += PANEL) {
        vec dz[PANEL_VECTORS];
        UNROLL
        for (int v = 0; v < vectors; v++) {
            dz[v] = vec_load(d + v * LANES);
        }
        UNROLL
        for (int r = 0; r < rows; r++) {
            vec x = vec_all(a[r]);
            UNROLL
            for (int v = 0; v < vectors; v++) {
                sum[r][v] = vec_fma(x, dz[v], sum[r][v]);
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vec_store(g + r * PANEL + v * LANES, sum[r][v]);
        }
    }
}

#define OUTER(rows, vectors)                                                                 \
    static void outer_##rows##_##vectors(const nn_real *a, const nn_real *d, size_t samples, \
                                         const nn_real *from, nn_real factor, nn_real *g)    \
    {                                                                                        \
        outer_tile(rows, vectors, a, d, samples, from, factor, g);                           \
    }
#if VEC_BYTES == 64
#define OUTERS(rows) OUTER(rows, 1)
#define OUTER_ROW(rows) {outer_##rows##_1}
#else
#define OUTERS(rows) OUTER(rows, 1) OUTER(rows, 2)
#define OUTER_ROW(rows) {outer_##rows##_1, outer_##rows##_2}
#endif
OUTERS(1) OUTERS(2) OUTERS(3) OUTERS(4) OUTERS(5) OUTERS(6)
#if VEC_BYTES == 64
OUTERS(7) OUTERS(8)
#if NN_REAL_BITS == 32
OUTERS(9) OUTERS(10) OUTERS(11) OUTERS(12) OUTERS(13) OUTERS(14) OUTERS(15) OUTERS(16)
#endif
#endif
static outer_function *const outers[OUTER_ROWS_MAX + 1][PANEL_VECTORS] = {
    {NULL}, OUTER_ROW(1), OUTER_ROW(2), OUTER_ROW(3), OUTER_ROW(4), OUTER_ROW(5), OUTER_ROW(6),
#if VEC_BYTES == 64
    OUTER_ROW(7), OUTER_ROW(8),
#if NN_REAL_BITS == 32
    OUTER_ROW(9), OUTER_ROW(10), OUTER_ROW(11), OUTER_ROW(12), OUTER_ROW(13), OUTER_ROW(14),
    OUTER_ROW(15), OUTER_ROW(16),
#endif
#endif
};

void outer(const nn_real *a, size_t a_rows, const nn_real *d, size_t rows, size_t width, size_t i0,
           size_t i1, const nn_real *from, nn_real factor, nn_real *g)
{
    size_t vectors = width > LANES ? PANEL_VECTORS : 1;
    for (size_t s = 0; s < rows; s += SAMPLE_BLOCK) {
        size_t samples = smaller(SAMPLE_BLOCK, rows - s);
        for (size_t i = i0; i < i1;) {
            size_t in_panel = smaller(PANEL - i % PANEL, i1 - i);
            size_t count = tile_rows(in_panel, OUTER_ROWS_MAX);
            const nn_real *x = a + (i / PANEL) * a_rows * PANEL + s * PANEL + i % PANEL;
            size_t at = (i - i0) * PANEL;
            outers[count][vectors - 1](x, d + s * PANEL, samples, from == NULL ? NULL : from + at, factor,
                                 g + at);
            i += count;
        }
        from = g;
        factor = 1;
    }
}
