/* SPDX-License-Identifier: MIT */
/* A data set in memory: what a loader read, whole, in the loader's order.
 *
 * Images stay uint8 (one byte a pixel); reals are of the run's precision.  Nothing is scaled or
 * shuffled here; that happens when a batch is gathered.
 */
#ifndef NN_DATA_DATASET_H
#define NN_DATA_DATASET_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/pool.h"
#include "plugin/bind.h"

#include <nnrun/loader.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How raw values become inputs: x = raw * scale[f] + shift[f].  scale and shift have `count`
 * entries: 1 (all alike), channels (repeating), or features. */
typedef struct nn_affine_input {
    const double *scale, *shift;
    size_t count;
} nn_affine_input;

/* A view of samples; what mini-batches are gathered from.  Exactly one of bytes and reals is set,
 * and at most one of labels and targets. */
typedef struct nn_samples {
    size_t count, features;
    size_t height, width, channels;
    unsigned bits;         /* precision of reals and targets */
    const uint8_t *bytes;  /* count x features */
    const void *reals;     /* count x features, nn_real */
    const int32_t *labels; /* count */
    size_t class_count;    /* 0 without classes */
    const void *targets;   /* count x outputs, nn_real */
    size_t outputs;
    nn_affine_input input;
} nn_samples;

typedef struct nn_dataset nn_dataset;

typedef struct nn_load_options {
    nn_pool *pool;       /* decodes on all its threads; NULL: on the caller's */
    const nn_log *log;
    bool cache;          /* keep decoded pixels for the next start */
    unsigned bits;
    /* Called now and then from the caller's thread while loading; NULL: nobody watches. */
    void (*progress)(void *context, size_t done, size_t total);
    void *context;
} nn_load_options;

typedef struct nn_dataset_about {
    size_t samples, features, height, width, channels, outputs, class_count;
    nn_dtype dtype;
    nn_targets targets;
    const char *const *class_names;
    nn_hash128 fingerprint; /* identity: names and contents */
    size_t skipped;         /* bad samples left out (on_bad: skip) */
    double load_s;
    bool from_cache;
} nn_dataset_about;

/* Opens the loader and reads every sample.  Every bad one is named with its reason in one report
 * (NN_ERR_DATA).  The component must outlive the data set. */
nn_status nn_dataset_open(nn_component *loader, const nn_load_options *options, nn_dataset **out);
void nn_dataset_close(nn_dataset *dataset);
const nn_dataset_about *nn_dataset_describe(const nn_dataset *dataset);
/* Borrowed; valid until close.  `input` is left zero: nn_normalize_fit() makes it. */
nn_samples nn_dataset_view(const nn_dataset *dataset);
/* The sample's name for messages; returns buffer. */
const char *nn_dataset_name(const nn_dataset *dataset, size_t index, size_t room, char *buffer);

#endif
