/* SPDX-License-Identifier: MIT */
/* Counter-based random numbers: Philox4x64-10 of Random123 (Salmon et al. 2011, "Parallel random
 * numbers: as easy as 1, 2, 3").  A number depends on seed, stream name, counter and position alone,
 * never on what was drawn before, so that work may be split anyhow and nothing needs saving.
 */
#ifndef NN_BASE_RANDOM_H
#define NN_BASE_RANDOM_H

#include <nnrun/plugin.h>

#include <stddef.h>
#include <stdint.h>

/* A stream by name ("init", "shuffle", "dropout", "transform", "split", ...) and two counters
 * (layer, epoch, sample: what the stream's name says).  Adding a stream disturbs no other. */
nn_stream nn_stream_make(uint64_t seed, const char *name, uint64_t counter0, uint64_t counter1);

/* 64 random bits at a position. */
uint64_t nn_random_bits(const nn_stream *stream, uint64_t position);
/* The same for positions first .. first + count - 1, at a quarter of the price. */
void nn_random_words(const nn_stream *stream, uint64_t first, size_t count, uint64_t *out);
/* Uniform in [0, 1) with 53 bits, positions first .. first + count - 1. */
void nn_random_uniform(const nn_stream *stream, uint64_t first, size_t count, double *out);
/* Normal(0, 1) by Box and Muller (1958): positions 2k and 2k+1 share one pair of uniforms. */
void nn_random_normal(const nn_stream *stream, uint64_t first, size_t count, double *out);
/* Unbiased integer in [0, n), n > 0 (Lemire 2019), from position on; *used grows by what it took. */
uint64_t nn_random_below(const nn_stream *stream, uint64_t n, uint64_t *used);

#endif
