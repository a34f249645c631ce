/* SPDX-License-Identifier: MIT */
/* Lists of what is not zero in a pair of rows, or in one. */
#include "math/real/sparse.h"

#include <stdbool.h>
#include <string.h>

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

/* Appends one column where any of its values is not zero. */
ALWAYS_INLINE uint32_t list_column(const int rows, const nn_real x[2], size_t column, const sparse_room *to,
                                   uint32_t n)
{
    bool any = false;
    to->index[n] = (uint16_t)column;
    UNROLL
    for (int r = 0; r < rows; r++) {
        to->value[r][n] = x[r];
        any = any || x[r] != 0;
    }
    return n + any;
}

#if defined(__AVX512F__)
enum { BYTES_AT_ONCE = LANES };

#if NN_REAL_BITS == 32
typedef __mmask16 lane_mask;

ALWAYS_INLINE vec of_bytes(const uint8_t *bytes)
{
    return (vec)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)bytes)));
}

ALWAYS_INLINE lane_mask others(vec x)
{
    return _mm512_cmp_ps_mask((__m512)x, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}

ALWAYS_INLINE void put_columns(size_t column, lane_mask mask, uint16_t *index)
{
    __m512i columns = _mm512_add_epi32(_mm512_set1_epi32((int)column),
                                       _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    __m256i places = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(mask, columns));
    _mm256_storeu_si256((void *)index, places);
}

ALWAYS_INLINE void put_values(vec x, lane_mask mask, float *value)
{
    _mm512_storeu_ps(value, _mm512_maskz_compress_ps(mask, (__m512)x));
}
#else
typedef __mmask8 lane_mask;

ALWAYS_INLINE vec of_bytes(const uint8_t *bytes)
{
    return (vec)_mm512_cvtepi32_pd(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes)));
}

ALWAYS_INLINE lane_mask others(vec x)
{
    return _mm512_cmp_pd_mask((__m512d)x, _mm512_setzero_pd(), _CMP_NEQ_UQ);
}

ALWAYS_INLINE void put_columns(size_t column, lane_mask mask, uint16_t *index)
{
    __m512i columns = _mm512_add_epi64(_mm512_set1_epi64((long long)column),
                                       _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
    __m128i places = _mm512_cvtepi64_epi16(_mm512_maskz_compress_epi64(mask, columns));
    _mm_storeu_si128((void *)index, places);
}

ALWAYS_INLINE void put_values(vec x, lane_mask mask, double *value)
{
    _mm512_storeu_pd(value, _mm512_maskz_compress_pd(mask, (__m512d)x));
}
#endif

ALWAYS_INLINE vec load_any(const nn_real *p)
{
    vec x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Appends LANES columns, packed to the front. */
ALWAYS_INLINE uint32_t list_columns(const int rows, const vec x[2], size_t column, const sparse_room *to,
                                    uint32_t n)
{
    lane_mask mask = others(x[0]);
    if (rows == 2) {
        mask |= others(x[1]);
    }
    put_columns(column, mask, to->index + n);
    UNROLL
    for (int r = 0; r < rows; r++) {
        put_values(x[r], mask, to->value[r] + n);
    }
    return n + (uint32_t)__builtin_popcount(mask);
}

/* Of a whole number of BYTES_AT_ONCE. */
ALWAYS_INLINE uint32_t list_bytes(const int rows, const uint8_t *table, const uint8_t *const row[2], size_t count,
                                  const nn_real *scale, bool even, const sparse_room *to)
{
    (void)table;
    (void)even;
    uint32_t n = 0;
    for (size_t f = 0; f < count; f += LANES) {
        vec x[2], s = load_any(scale + f);
        UNROLL
        for (int r = 0; r < rows; r++) {
            x[r] = of_bytes(row[r] + f) * s;
        }
        n = list_columns(rows, x, f, to, n);
    }
    return n;
}

/* Of a whole number of LANES. */
ALWAYS_INLINE uint32_t list_reals(const int rows, const nn_real *const row[2], size_t count, const nn_real *scale,
                                  const sparse_room *to)
{
    uint32_t n = 0;
    for (size_t f = 0; f < count; f += LANES) {
        vec x[2], s = load_any(scale + f);
        UNROLL
        for (int r = 0; r < rows; r++) {
            x[r] = load_any(row[r] + f) * s;
        }
        n = list_columns(rows, x, f, to, n);
    }
    return n;
}
#else
enum { BYTES_BLOCK = 1024 };

/* Bytes are packed block by block, and scaled then. */
typedef uint8_t packed_bytes[2][BYTES_BLOCK + SPARSE_SLACK];

#if defined(__SSSE3__)
enum { BYTES_AT_ONCE = 16 };

/* Eight columns, those at the places of `mask`, packed to the front. */
ALWAYS_INLINE uint32_t pack_eight(const int rows, const uint8_t *table, const __m128i bytes[2], unsigned mask,
                                  size_t column, uint16_t *index, packed_bytes packed, uint32_t n)
{
    __m128i places = _mm_loadl_epi64((const void *)(table + (size_t)mask * 8));
    __m128i columns =
        _mm_add_epi16(_mm_unpacklo_epi8(places, _mm_setzero_si128()), _mm_set1_epi16((short)column));
    _mm_storeu_si128((void *)(index + n), columns);
    UNROLL
    for (int r = 0; r < rows; r++) {
        _mm_storel_epi64((void *)(packed[r] + n), _mm_shuffle_epi8(bytes[r], places));
    }
    return n + (uint32_t)__builtin_popcount(mask);
}

ALWAYS_INLINE uint32_t pack(const int rows, const uint8_t *table, const uint8_t *const row[2], size_t first,
                            size_t count, uint16_t *index, packed_bytes packed)
{
    uint32_t n = 0;
    for (size_t f = first; f < first + count; f += BYTES_AT_ONCE) {
        __m128i low[2], high[2], any = _mm_setzero_si128();
        UNROLL
        for (int r = 0; r < rows; r++) {
            low[r] = _mm_loadu_si128((const void *)(row[r] + f));
            high[r] = _mm_srli_si128(low[r], 8);
            any = _mm_or_si128(any, low[r]);
        }
        unsigned zeros = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(any, _mm_setzero_si128()));
        unsigned mask = ~zeros & 0xffff;
        n = pack_eight(rows, table, low, mask & 255, f, index, packed, n);
        n = pack_eight(rows, table, high, mask >> 8, f + 8, index, packed, n);
    }
    return n;
}
#else
enum { BYTES_AT_ONCE = 1 };

ALWAYS_INLINE uint32_t pack(const int rows, const uint8_t *table, const uint8_t *const row[2], size_t first,
                            size_t count, uint16_t *index, packed_bytes packed)
{
    (void)table;
    uint32_t n = 0;
    for (size_t f = first; f < first + count; f++) {
        unsigned any = 0;
        index[n] = (uint16_t)f;
        UNROLL
        for (int r = 0; r < rows; r++) {
            packed[r][n] = row[r][f];
            any |= row[r][f];
        }
        n += any != 0;
    }
    return n;
}
#endif

/* In whole vectors: value and packed have room behind the last. */
static void scale_evenly(const uint8_t *restrict packed, uint32_t count, nn_real scale, nn_real *restrict value)
{
    for (uint32_t from = 0; from < count; from += SPARSE_SLACK) {
        UNROLL
        for (uint32_t k = 0; k < SPARSE_SLACK; k++) {
            value[from + k] = (nn_real)packed[from + k] * scale;
        }
    }
}

static void scale_each(const uint8_t *restrict packed, uint32_t count, const nn_real *restrict scale,
                       const uint16_t *restrict column, nn_real *restrict value)
{
    for (uint32_t k = 0; k < count; k++) {
        value[k] = (nn_real)packed[k] * scale[column[k]];
    }
}

ALWAYS_INLINE uint32_t list_bytes(const int rows, const uint8_t *table, const uint8_t *const row[2], size_t count,
                                  const nn_real *scale, bool even, const sparse_room *to)
{
    packed_bytes packed;
    uint32_t n = 0;
    for (size_t f = 0; f < count; f += BYTES_BLOCK) {
        size_t block = count - f < BYTES_BLOCK ? count - f : BYTES_BLOCK;
        uint16_t *columns = to->index + n;
        uint32_t found = pack(rows, table, row, f, block, columns, packed);
        for (int r = 0; r < rows; r++) {
            if (even) {
                scale_evenly(packed[r], found, scale[0], to->value[r] + n);
            } else {
                scale_each(packed[r], found, scale, columns, to->value[r] + n);
            }
        }
        n += found;
    }
    return n;
}
#endif

ALWAYS_INLINE uint32_t list_byte_rows(const int rows, const uint8_t *table, const uint8_t *const row[2],
                                      size_t count, const nn_real *scale, bool even, const sparse_room *to)
{
    size_t whole = count - count % BYTES_AT_ONCE;
    uint32_t n = list_bytes(rows, table, row, whole, scale, even, to);
    for (size_t f = whole; f < count; f++) {
        nn_real x[2];
        UNROLL
        for (int r = 0; r < rows; r++) {
            x[r] = (nn_real)row[r][f] * scale[f];
        }
        n = list_column(rows, x, f, to, n);
    }
    return n;
}

ALWAYS_INLINE uint32_t list_real_rows(const int rows, const nn_real *const row[2], size_t count,
                                      const nn_real *scale, const sparse_room *to)
{
    size_t whole = 0;
    uint32_t n = 0;
#if defined(__AVX512F__)
    whole = count - count % LANES;
    n = list_reals(rows, row, whole, scale, to);
#endif
    for (size_t f = whole; f < count; f++) {
        nn_real x[2];
        UNROLL
        for (int r = 0; r < rows; r++) {
            x[r] = row[r][f] * scale[f];
        }
        n = list_column(rows, x, f, to, n);
    }
    return n;
}

uint32_t sparse_bytes(const uint8_t table[SPARSE_TABLE], const uint8_t *const row[2], size_t count,
                      const nn_real *scale, bool even, const sparse_room *to)
{
    return row[1] == NULL ? list_byte_rows(1, table, row, count, scale, even, to)
                          : list_byte_rows(2, table, row, count, scale, even, to);
}

uint32_t sparse_reals(const nn_real *const row[2], size_t count, const nn_real *scale, const sparse_room *to)
{
    return row[1] == NULL ? list_real_rows(1, row, count, scale, to) : list_real_rows(2, row, count, scale, to);
}
