/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>
#include <string.h>
#include <xxhash.h>

__extension__ typedef unsigned __int128 uint128;

enum { LANES = 4 }; /* numbers one call of Philox4x64 gives */

nn_stream nn_stream_make(uint64_t seed, const char *name, uint64_t counter0, uint64_t counter1)
{
    return (nn_stream){
        .key = {seed, XXH3_64bits(name, strlen(name))},
        .counter = {counter0, counter1},
    };
}

static philox4x64_ctr_t block(const nn_stream *stream, uint64_t number)
{
    philox4x64_ctr_t counter = {{number, 0, stream->counter[0], stream->counter[1]}};
    philox4x64_key_t key = {{stream->key[0], stream->key[1]}};
    return philox4x64(counter, key);
}

uint64_t nn_random_bits(const nn_stream *stream, uint64_t position)
{
    return block(stream, position / LANES).v[position % LANES];
}

void nn_random_words(const nn_stream *stream, uint64_t first, size_t count, uint64_t *out)
{
    for (size_t i = 0; i < count;) {
        philox4x64_ctr_t four = block(stream, (first + i) / LANES);
        for (size_t lane = (first + i) % LANES; lane < LANES && i < count; lane++) {
            out[i++] = four.v[lane];
        }
    }
}

static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

void nn_random_uniform(const nn_stream *stream, uint64_t first, size_t count, double *out)
{
    for (size_t i = 0; i < count;) {
        philox4x64_ctr_t four = block(stream, (first + i) / LANES);
        for (size_t lane = (first + i) % LANES; lane < LANES && i < count; lane++) {
            out[i++] = unit(four.v[lane]);
        }
    }
}

/* Box and Muller's two from two words. */
static void normal_pair(const uint64_t words[2], double pair[2])
{
    static const double two_pi = 6.283185307179586476925286766559;
    double radius = sqrt(-2 * log(1 - unit(words[0])));
    double angle = two_pi * unit(words[1]);
    pair[0] = radius * cos(angle);
    pair[1] = radius * sin(angle);
}

void nn_random_normal(const nn_stream *stream, uint64_t first, size_t count, double *out)
{
    for (size_t i = 0; i < count;) {
        double four[LANES];
        philox4x64_ctr_t words = block(stream, (first + i) / LANES);
        normal_pair(words.v, four);
        normal_pair(words.v + 2, four + 2);
        for (size_t lane = (first + i) % LANES; lane < LANES && i < count; lane++) {
            out[i++] = four[lane];
        }
    }
}

uint64_t nn_random_below(const nn_stream *stream, uint64_t n, uint64_t *used)
{
    /* The high word of bits * n is uniform once low words below 2^64 mod n are thrown away. */
    uint64_t threshold = -n % n;
    for (;;) {
        uint128 product = (uint128)nn_random_bits(stream, (*used)++) * n;
        if ((uint64_t)product >= threshold) {
            return (uint64_t)(product >> 64);
        }
    }
}
