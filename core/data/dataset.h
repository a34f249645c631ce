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

#include <signal.h>
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
    bool image;            /* else a vector: 1 x width x 1 */
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
    bool tolerate;       /* leave bad samples out, whatever the loader's on_bad says */
    unsigned bits;
    /* For nn_dataset_open_files(): the shape the samples must have; 0: what they have. */
    size_t height, width, channels;
    bool regular; /* for nn_dataset_open_files(): all have been seen to be regular files */
    /* For nn_dataset_open_files(): takes each block of samples on the thread of the pool that has
     * read it, in any order; what is bad is zeros.  `rows` starts at sample `first`.  Nothing is
     * kept then: the data set knows what was bad and where samples came from, and nn_dataset_view()
     * has none.  NULL: all are kept. */
    nn_status (*take)(void *context, size_t thread, const nn_samples *rows, size_t first);
    void *take_context;
    /* Called now and then from the caller's thread while loading; NULL: nobody watches. */
    void (*progress)(void *context, size_t done, size_t total);
    void *context;
    const volatile sig_atomic_t *interrupt; /* set: stop with NN_ERR_INTERRUPTED; may be NULL */
} nn_load_options;

typedef struct nn_dataset_about {
    size_t samples, features, height, width, channels, outputs, class_count;
    nn_dtype dtype;
    nn_targets targets;
    const char *const *class_names;
    nn_hash128 fingerprint; /* identity: names and contents */
    size_t skipped;         /* bad samples left out (on_bad: skip) */
    bool image;
    double load_s;
    bool from_cache;
} nn_dataset_about;

/* A sample that could not be read. */
typedef struct nn_bad_sample {
    size_t index;       /* in the loader's order, before bad ones were left out */
    const char *name;   /* bytes as they are on disk: escape before printing */
    const char *reason;
} nn_bad_sample;

/* Opens the loader and reads every sample.  Every bad one is named with its reason in one report
 * (NN_ERR_DATA), unless the loader's on_bad or `tolerate` has them left out, which is logged.  The
 * component must outlive the data set.  The same bytes for any number of threads. */
nn_status nn_dataset_open(nn_component *loader, const nn_load_options *options, nn_dataset **out);
/* The same for a list of files without targets, prepared as the loader's parameters say.  Bad files
 * are left out and listed by nn_dataset_bad().  NN_ERR_UNSUPPORTED: the loader reads no single files. */
nn_status nn_dataset_open_files(nn_component *loader, const nn_load_options *options,
                                const char *const *paths, size_t count, nn_dataset **out);
void nn_dataset_close(nn_dataset *dataset);
const nn_dataset_about *nn_dataset_describe(const nn_dataset *dataset);
/* Borrowed; valid until close.  `input` is left zero: nn_normalize_fit() makes it. */
nn_samples nn_dataset_view(const nn_dataset *dataset);
/* The sample's name as its loader knows it, bytes as they are on disk; returns buffer. */
const char *nn_dataset_name(const nn_dataset *dataset, size_t index, size_t room, char *buffer);
/* A sample's place in the loader's order (for open_files: in `paths`), before bad ones were left
 * out. */
size_t nn_dataset_origin(const nn_dataset *dataset, size_t index);
/* The samples left out, in order; borrowed. */
const nn_bad_sample *nn_dataset_bad(const nn_dataset *dataset, size_t *count);

#endif
