/* SPDX-License-Identifier: MIT */
/* An experiment as typed values: what a spec says after `extends` and `key=value`, checked against
 * the table of keys (spec/schema.h).  Components are only named here; binding their parameters is
 * plugin/bind.h's work, so a spec parses without a single plugin.
 */
#ifndef NN_SPEC_EXPERIMENT_H
#define NN_SPEC_EXPERIMENT_H

#include "base/arena.h"
#include "spec/diagnostic.h"
#include "spec/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A component as written: `key: name` or `key: {use: name, parameter: value}`. */
typedef struct nn_use {
    const char *name;    /* NULL: not there */
    const nn_node *node; /* the scalar or map */
    nn_place place;      /* of the name */
    const char *path;    /* key path: "training.optimizer" */
    const char *const *also; /* keys allowed beside its parameters, read already; NULL-terminated */
} nn_use;

typedef struct nn_spec_layer {
    int64_t units; /* 0: `classes`, as many as the data have; -1: not readable, which is an error */
    nn_use activation;
    nn_use initializer, bias_initializer; /* the network's where the layer names none */
    double dropout;
    nn_place place, units_place;
    const char *path; /* "network.layers.0" */
} nn_spec_layer;

typedef enum nn_validation_kind {
    NN_VALIDATION_NONE,
    NN_VALIDATION_COUNT,
    NN_VALIDATION_FRACTION,
    NN_VALIDATION_LOADER
} nn_validation_kind;

typedef enum nn_normalize { NN_NORMALIZE_UNIT, NN_NORMALIZE_STANDARDIZE, NN_NORMALIZE_NONE } nn_normalize;

typedef struct nn_spec_expect {
    const char *metric; /* "validation.accuracy", "test.cost", ... */
    bool at_best;       /* else at last */
    double min, max;    /* -inf, +inf where not given */
    const char *source; /* NULL: none */
    nn_place place;
    const char *path;
} nn_spec_expect;

typedef struct nn_experiment {
    const nn_node *root; /* after extends and overrides */
    const nn_text_source *source;
    int64_t format;   /* 1 */
    const char *name; /* of the spec, else the file's stem */
    uint64_t seed;
    unsigned precision; /* 32 or 64 */
    size_t threads;     /* 0: auto */
    const char *const *plugins; /* files and folders, absolute */
    size_t plugin_count;

    struct {
        nn_use train, test;            /* test.name NULL: none */
        int64_t train_limit;           /* 0: all; a stratified part */
        nn_validation_kind validation;
        int64_t validation_count;
        double validation_fraction;
        nn_use validation_loader;
        nn_place train_limit_place, validation_count_place;
        nn_normalize normalize;
        nn_use *transforms;
        size_t transform_count;
        bool cache;                    /* auto */
    } data;

    struct {
        nn_spec_layer *layers;
        size_t layer_count;
        nn_use cost;
        nn_use initializer, bias_initializer;
        double dropout; /* of the inputs */
        const char *warm_start; /* a run or checkpoint whose weights to begin with; NULL: none */
        nn_place place, warm_start_place;
    } network;

    struct {
        int64_t epochs, batch_size;
        nn_use optimizer, schedule;
        double l1, l2;
        double max_norm, gradient_clip;   /* 0: none */
        const char *early_stopping_metric; /* NULL: none */
        int64_t patience;
        nn_place early_stopping_place, batch_size_place;
    } training;

    struct {
        int64_t every; /* epochs between two; 0: only the last */
        int64_t keep;  /* newest N kept */
        const char *best; /* metric; NULL: validation.accuracy, or train.cost without validation */
        nn_place best_place;
    } checkpoint;

    nn_spec_expect *expect;
    size_t expect_count;
} nn_experiment;

/* Reads a spec with its `extends` and applies `overrides` ("key.path=value").  Everything wrong goes
 * to `diagnostics`; *out is given also then, with what could be read, and is only to be used further
 * where nn_diagnostics_errors() is 0.  All memory from the arena.  NN_ERR_MEMORY alone fails. */
nn_status nn_experiment_read(nn_arena *arena, const char *path, const char *const *overrides,
                             size_t override_count, nn_diagnostics *diagnostics,
                             nn_experiment **out);

#endif
