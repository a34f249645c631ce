/* SPDX-License-Identifier: MIT */
/* What a data set holds; for core/data alone. */
#ifndef NN_DATA_INSIDE_H
#define NN_DATA_INSIDE_H

#include "data/bad.h"
#include "data/cache.h"
#include "data/dataset.h"

enum { NN__NAME_BYTES = 4096 };

struct nn_dataset {
    nn_component *loader;
    const nn_loader *ops;
    nn_source source;
    nn_dataset_about about;
    unsigned bits;
    void *x;
    int32_t *labels;
    void *y;
    uint32_t *kept; /* place in the loader's order; NULL: all are kept */
    nn_arena *arena;
    nn_bad_list bad;
    nn_cache_map map; /* holds x and labels where they come from the cache */
    bool opened;
};

static inline size_t nn__real_bytes(const nn_dataset *set)
{
    return set->bits / 8;
}

static inline size_t nn__features(const nn_dataset *set)
{
    return set->source.height * set->source.width * set->source.channels;
}

static inline size_t nn__sample_bytes(const nn_dataset *set)
{
    return nn__features(set) * (set->source.dtype == NN_DTYPE_UINT8 ? 1 : nn__real_bytes(set));
}

/* dataset.c: the name of a sample by its place in the loader's order; returns buffer. */
const char *nn__sample_name(const nn_dataset *set, size_t origin, size_t room, char *buffer);

/* dataset.c: n samples of the set as they lie at x, without targets. */
nn_samples nn__rows(const nn_dataset *set, size_t n, const void *x);

/* read.c: all samples into memory, and what they are; bad ones left out or reported. */
nn_status nn__read(nn_dataset *set, const nn_load_options *options);
/* read.c: a hash over the stat tuples of all samples; the loader has `stat`. */
nn_status nn__read_stat(nn_dataset *set, const nn_load_options *options, nn_hash128 *out);

/* fingerprint.c: contents of samples first .. first + n - 1. */
nn_status nn__hash_samples(const nn_dataset *set, size_t first, size_t n, nn_hash128 *out);
/* What the samples are: their names and contents as far as open() knows them, shape, and the hashes of
 * all blocks in order. */
nn_status nn__fingerprint(const nn_dataset *set, const nn_hash128 *hashes, size_t blocks,
                          nn_hash128 *out);

#endif
