/* SPDX-License-Identifier: MIT */
/* run.h5: what a run was and what came of it, whole after every epoch. */
#ifndef NN_STORE_RESULTS_H
#define NN_STORE_RESULTS_H

#include "base/hash.h"
#include "net/engine.h"
#include "store/folder.h"
#include "train/record.h"

/* One line of provenance: /provenance/<name> = value.  A name may have a group: "libraries/hdf5". */
typedef struct nn_fact {
    const char *name, *value;
} nn_fact;

typedef struct nn_plugin_fact {
    const char *kind, *name, *file, *sha256, *built_with;
} nn_plugin_fact;

/* Everything that is known before the first epoch.  Borrowed as long as it is used. */
typedef struct nn_run_facts {
    const char *spec_source, *spec_resolved, *spec_origin; /* YAML texts */
    const nn_fact *provenance;
    size_t provenance_count;
    const nn_plugin_fact *plugins;
    size_t plugin_count;
    struct {
        nn_hash128 train, test, validation; /* fingerprints; zero where absent */
        const char *const *class_names;
        size_t class_count;
        uint64_t train_count, validation_count, test_count, skipped;
        const uint32_t *train_indices, *validation_indices; /* of the training source; NULL: all */
        const double *scale, *shift; /* how inputs are made from raw values */
        size_t scale_count;
        size_t height, width, channels;
    } data;
} nn_run_facts;

/* What /test holds. */
typedef struct nn_test_result {
    uint64_t epoch; /* whose weights were tested */
    double cost, accuracy;
    bool has_accuracy;
    size_t rows, outputs, class_count;
    const uint64_t *confusion;    /* class_count x class_count [true x predicted] */
    const int32_t *predictions;   /* rows */
    const void *output_values;    /* rows x outputs, reals; NULL: too many to keep */
    unsigned bits;
} nn_test_result;

/* Writes run.h5 whole: spec, provenance, data, metrics; with an engine /model (its weights are those of
 * test->epoch, else of the last epoch), with a test /test.
 * A value that is not finite is NN_ERR_NUMERIC, and nothing is written. */
nn_status nn_results_write(nn_run_folder *folder, const nn_run_facts *facts, const nn_history *history,
                           const nn_engine *engine, const nn_test_result *test, bool sync);

#endif
