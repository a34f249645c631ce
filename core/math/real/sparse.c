/* SPDX-License-Identifier: MIT */
#include "math/real/sparse.h"


#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Entry m, 8 bytes: the places of the bits set in m, ascending. */
void sparse_table(uint8_t table[SPARSE_TABLE])
{
    for (unsigned m = 0; m < 256; m++) {
        unsigned n = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            table[m * 8 + n] = (uint8_t)bit;
            n += m >> bit & 1;
        }
        for (n += n == 0; n < 8; n++) {
            table[m * 8 + n] = 0;
        }
    }
}

#if defined(__SSSE3__)
enum { BYTES_AT_ONCE = 16 };

/* Eight bytes, those at the places of `mask`: their columns and values packed to the front. */
ALWAYS_INLINE uint32_t pack_eight(const uint8_t *table, __m128i bytes, unsigned mask, size_t column,
                                  uint16_t *index, uint8_t *packed)
{
    __m128i places = _mm_loadl_epi64((const void *)(table + (size_t)mask * 8));
    __m128i columns =
        _mm_add_epi16(_mm_unpacklo_epi8(places, _mm_setzero_si128()), _mm_set1_epi16((short)column));
    _mm_storeu_si128((void *)index, columns);
    _mm_storel_epi64((void *)packed, _mm_shuffle_epi8(bytes, places));
    return (uint32_t)__builtin_popcount(mask);
}

static uint32_t pack(const uint8_t *table, const uint8_t *bytes, size_t count, uint16_t *index,
                     uint8_t *packed)
{
    uint32_t n = 0;
    for (size_t f = 0; f + BYTES_AT_ONCE <= count; f += BYTES_AT_ONCE) {
        __m128i sixteen = _mm_loadu_si128((const void *)(bytes + f));
        unsigned zeros = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(sixteen, _mm_setzero_si128()));
        unsigned others = ~zeros & 0xffff;
        n += pack_eight(table, sixteen, others & 255, f, index + n, packed + n);
        n += pack_eight(table, _mm_srli_si128(sixteen, 8), others >> 8, f + 8, index + n, packed + n);
    }
    return n;
}
#else
enum { BYTES_AT_ONCE = 1 };

static uint32_t pack(const uint8_t *table, const uint8_t *bytes, size_t count, uint16_t *index,
                     uint8_t *packed)
{
    (void)table;
    uint32_t n = 0;
    for (size_t f = 0; f < count; f++) {
        index[n] = (uint16_t)f;
        packed[n] = bytes[f];
        n += bytes[f] != 0;
    }
    return n;
}
#endif

enum { BYTES_BLOCK = 1024 };

uint32_t sparse_bytes(const uint8_t table[SPARSE_TABLE], const uint8_t *bytes, size_t count,
                      const nn_real *scale, uint16_t *index, nn_real *value)
{
    uint8_t packed[BYTES_BLOCK + SPARSE_SLACK];
    uint32_t n = 0;
    for (size_t f = 0; f < count; f += BYTES_BLOCK) {
        size_t block = count - f < BYTES_BLOCK ? count - f : BYTES_BLOCK;
        uint16_t *to = index + n;
        uint32_t found = pack(table, bytes + f, block, to, packed);
        for (size_t k = block - block % BYTES_AT_ONCE; k < block; k++) {
            to[found] = (uint16_t)k;
            packed[found] = bytes[f + k];
            found += bytes[f + k] != 0;
        }
        for (uint32_t k = 0; k < found; k++) {
            to[k] = (uint16_t)(to[k] + f);
        }
        for (uint32_t k = 0; k < found; k++) {
            value[n + k] = (nn_real)packed[k] * scale[to[k]];
        }
        n += found;
    }
    return n;
}

uint32_t sparse_reals(const nn_real *reals, size_t count, const nn_real *scale, uint16_t *index,
                      nn_real *value)
{
    uint32_t n = 0;
    for (size_t f = 0; f < count; f++) {
        index[n] = (uint16_t)f;
        value[n] = reals[f] * scale[f];
        n += value[n] != 0;
    }
    return n;
}

/* How many vectors of a panel p of `cols` columns on are taken together, where `left` panels remain:
 * 8, 4, 2 or 1 (the last panel's, where its second would be empty). */
ALWAYS_INLINE size_t vectors_at(size_t cols, size_t p, size_t left)
{
    size_t half = p + left == panels_of(cols) && panel_width(cols, p + left - 1) <= LANES;
    size_t vectors = 2 * left - half;
    return vectors >= 8 ? 8 : vectors >= 4 ? 4 : vectors >= 2 ? 2 : 1;
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

/* A few rows side by side, so that enough sums are under way. */
ALWAYS_INLINE void gather_tile(const int rows, const int vectors, const sparse_tile *t)
{
    vec sum[4][8];
    uint32_t common = t->count[0];
    UNROLL
    for (int r = 0; r < rows; r++) {
        common = t->count[r] < common ? t->count[r] : common;
        UNROLL
        for (int v = 0; v < vectors; v++) {
            sum[r][v] = vec_load(t->start + v * LANES);
        }
    }
    for (uint32_t k = 0; k < common; k++) {
        UNROLL
        for (int r = 0; r < rows; r++) {
            const nn_real *w = t->b + (size_t)t->index[(size_t)r * t->stride + k] * PANEL;
            vec x = vec_all(t->value[(size_t)r * t->stride + k]);
            UNROLL
            for (int v = 0; v < vectors; v++) {
                const nn_real *at = w + (size_t)(v / 2) * t->b_panel + v % 2 * LANES;
                sum[r][v] = vec_fma(x, vec_load(at), sum[r][v]);
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        for (uint32_t k = common; k < t->count[r]; k++) {
            const nn_real *w = t->b + (size_t)t->index[(size_t)r * t->stride + k] * PANEL;
            vec x = vec_all(t->value[(size_t)r * t->stride + k]);
            UNROLL
            for (int v = 0; v < vectors; v++) {
                const nn_real *at = w + (size_t)(v / 2) * t->b_panel + v % 2 * LANES;
                sum[r][v] = vec_fma(x, vec_load(at), sum[r][v]);
            }
        }
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vec_store(t->c + r * PANEL + (size_t)(v / 2) * t->c_panel + v % 2 * LANES, sum[r][v]);
        }
    }
}

static void gather_1_8(const sparse_tile *t)
{
    gather_tile(1, 8, t);
}

static void gather_1_4(const sparse_tile *t)
{
    gather_tile(1, 4, t);
}

static void gather_2_4(const sparse_tile *t)
{
    gather_tile(2, 4, t);
}

static void gather_1_2(const sparse_tile *t)
{
    gather_tile(1, 2, t);
}

static void gather_4_2(const sparse_tile *t)
{
    gather_tile(4, 2, t);
}

static void gather_1_1(const sparse_tile *t)
{
    gather_tile(1, 1, t);
}

static void gather_4_1(const sparse_tile *t)
{
    gather_tile(4, 1, t);
}

void sparse_multiply(const sparse *a, const nn_real *b, size_t b_rows, size_t cols,
                     const nn_real *start, nn_real *c, size_t c_rows, size_t r0, size_t r1,
                     size_t p0, size_t p1)
{
    for (size_t p = p0; p < p1;) {
        size_t vectors = vectors_at(cols, p, p1 - p);
        size_t together = vectors == 8 ? 1 : vectors == 4 ? 2 : 4;
        for (size_t r = r0; r < r1;) {
            size_t rows = r1 - r < together ? 1 : together;
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
            switch (vectors) {
            case 8:
                gather_1_8(&t);
                break;
            case 4:
                (rows == 1 ? gather_1_4 : gather_2_4)(&t);
                break;
            case 2:
                (rows == 1 ? gather_1_2 : gather_4_2)(&t);
                break;
            default:
                (rows == 1 ? gather_1_1 : gather_4_1)(&t);
            }
            r += rows;
        }
        p += (vectors + 1) / 2;
    }
}

ALWAYS_INLINE void scatter_row(const int vectors, const uint16_t *index, const nn_real *value,
                               uint32_t count, const nn_real *d, size_t d_panel, nn_real *g,
                               size_t g_panel)
{
    vec dz[8];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        dz[v] = vec_load(d + (size_t)(v / 2) * d_panel + v % 2 * LANES);
    }
    for (uint32_t k = 0; k < count; k++) {
        nn_real *w = g + (size_t)index[k] * PANEL;
        vec x = vec_all(value[k]);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            nn_real *at = w + (size_t)(v / 2) * g_panel + v % 2 * LANES;
            vec_store(at, vec_fma(x, dz[v], vec_load(at)));
        }
    }
}

void sparse_outer(const sparse *a, size_t rows, const nn_real *d, size_t d_rows, size_t cols,
                  nn_real *g, size_t g_rows, size_t p0, size_t p1)
{
    for (size_t p = p0; p < p1;) {
        size_t vectors = vectors_at(cols, p, p1 - p);
        nn_real *to = g + p * g_rows * PANEL;
        for (size_t r = 0; r < rows; r++) {
            const uint16_t *index = a->index + r * a->stride;
            const nn_real *value = a->value + r * a->stride;
            const nn_real *from = d + (p * d_rows + r) * PANEL;
            size_t d_panel = d_rows * PANEL, g_panel = g_rows * PANEL;
            switch (vectors) {
            case 8:
                scatter_row(8, index, value, a->count[r], from, d_panel, to, g_panel);
                break;
            case 4:
                scatter_row(4, index, value, a->count[r], from, d_panel, to, g_panel);
                break;
            case 2:
                scatter_row(2, index, value, a->count[r], from, d_panel, to, g_panel);
                break;
            default:
                scatter_row(1, index, value, a->count[r], from, d_panel, to, g_panel);
            }
        }
        p += (vectors + 1) / 2;
    }
}
