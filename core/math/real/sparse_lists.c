/* SPDX-License-Identifier: MIT */
/* Lists of what is not zero in a row of inputs. */
#include "math/real/sparse.h"

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

#if defined(__AVX512F__)
enum { BYTES_AT_ONCE = LANES };

#if NN_REAL_BITS == 32
ALWAYS_INLINE vec of_bytes(const uint8_t *bytes)
{
    return (vec)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)bytes)));
}

ALWAYS_INLINE uint32_t list_vector(vec x, size_t column, uint16_t *index, float *value)
{
    __m512i columns = _mm512_add_epi32(_mm512_set1_epi32((int)column),
                                       _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    __mmask16 mask = _mm512_cmp_ps_mask((__m512)x, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    __m256i places = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(mask, columns));
    _mm256_storeu_si256((void *)index, places);
    _mm512_storeu_ps(value, _mm512_maskz_compress_ps(mask, (__m512)x));
    return (uint32_t)__builtin_popcount(mask);
}
#else
ALWAYS_INLINE vec of_bytes(const uint8_t *bytes)
{
    return (vec)_mm512_cvtepi32_pd(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes)));
}

ALWAYS_INLINE uint32_t list_vector(vec x, size_t column, uint16_t *index, double *value)
{
    __m512i columns = _mm512_add_epi64(_mm512_set1_epi64((long long)column),
                                       _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
    __mmask8 mask = _mm512_cmp_pd_mask((__m512d)x, _mm512_setzero_pd(), _CMP_NEQ_UQ);
    __m128i places = _mm512_cvtepi64_epi16(_mm512_maskz_compress_epi64(mask, columns));
    _mm_storeu_si128((void *)index, places);
    _mm512_storeu_pd(value, _mm512_maskz_compress_pd(mask, (__m512d)x));
    return (uint32_t)__builtin_popcount(mask);
}
#endif

ALWAYS_INLINE vec load_any(const nn_real *p)
{
    vec x;
    memcpy(&x, p, sizeof x);
    return x;
}

static uint32_t list_bytes(const uint8_t *table, const uint8_t *bytes, size_t count, const nn_real *scale,
                           bool even, uint16_t *index, nn_real *value)
{
    (void)table;
    (void)even;
    uint32_t n = 0;
    for (size_t f = 0; f < count; f += LANES) {
        n += list_vector(of_bytes(bytes + f) * load_any(scale + f), f, index + n, value + n);
    }
    return n;
}

static uint32_t list_reals(const nn_real *reals, size_t count, const nn_real *scale, uint16_t *index,
                           nn_real *value)
{
    uint32_t n = 0;
    for (size_t f = 0; f < count; f += LANES) {
        n += list_vector(load_any(reals + f) * load_any(scale + f), f, index + n, value + n);
    }
    return n;
}
#else
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
    for (size_t f = 0; f < count; f += BYTES_AT_ONCE) {
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

static uint32_t list_bytes(const uint8_t *table, const uint8_t *bytes, size_t count, const nn_real *scale,
                           bool even, uint16_t *index, nn_real *value)
{
    uint8_t packed[BYTES_BLOCK + SPARSE_SLACK];
    uint32_t n = 0;
    for (size_t f = 0; f < count; f += BYTES_BLOCK) {
        size_t block = count - f < BYTES_BLOCK ? count - f : BYTES_BLOCK;
        uint16_t *to = index + n;
        uint32_t found = pack(table, bytes + f, block, to, packed);
        for (uint32_t k = 0; k < found; k++) {
            to[k] = (uint16_t)(to[k] + f);
        }
        if (even) {
            scale_evenly(packed, found, scale[0], value + n);
        } else {
            scale_each(packed, found, scale, to, value + n);
        }
        n += found;
    }
    return n;
}

static uint32_t list_reals(const nn_real *reals, size_t count, const nn_real *scale, uint16_t *index,
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
#endif

uint32_t sparse_bytes(const uint8_t table[SPARSE_TABLE], const uint8_t *bytes, size_t count,
                      const nn_real *scale, bool even, uint16_t *index, nn_real *value)
{
    size_t whole = count - count % BYTES_AT_ONCE;
    uint32_t n = list_bytes(table, bytes, whole, scale, even, index, value);
    for (size_t f = whole; f < count; f++) {
        index[n] = (uint16_t)f;
        value[n] = (nn_real)bytes[f] * scale[f];
        n += bytes[f] != 0;
    }
    return n;
}

uint32_t sparse_reals(const nn_real *reals, size_t count, const nn_real *scale, uint16_t *index,
                      nn_real *value)
{
    size_t whole = count - count % LANES;
    uint32_t n = list_reals(reals, whole, scale, index, value);
    for (size_t f = whole; f < count; f++) {
        index[n] = (uint16_t)f;
        value[n] = reals[f] * scale[f];
        n += value[n] != 0;
    }
    return n;
}
