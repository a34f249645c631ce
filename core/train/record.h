/* SPDX-License-Identifier: MIT */
/* What an epoch left behind: one record, and the history of all. */
#ifndef NN_TRAIN_RECORD_H
#define NN_TRAIN_RECORD_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where training stands.  Random numbers are counter-based, so nothing of them is saved. */
typedef struct nn_train_state {
    uint64_t epoch;    /* completed */
    uint64_t step;     /* completed */
    uint64_t position; /* rows of the next epoch already trained on (an interrupted epoch), else 0 */
    double running_cost;      /* sums over those rows */
    uint64_t running_correct;
    double seconds;    /* spent so far */
    uint64_t best_epoch; /* 0: the initial weights */
    double best_value;
    bool has_best;
} nn_train_state;

/* Per-layer figures of the probe batch (one array of layer_count doubles each). */
typedef enum nn_probe_metric {
    NN_PROBE_GRADIENT_NORM,
    NN_PROBE_WEIGHT_NORM,
    NN_PROBE_UPDATE_RATIO,
    NN_PROBE_SATURATION,
    NN_PROBE_COUNT
} nn_probe_metric;

typedef struct nn_record {
    uint64_t epoch;       /* from 1 */
    uint64_t step;        /* steps done at its end */
    double seconds;       /* since the run's (first) start, resumed time included */
    double train_seconds; /* of this epoch's training alone */
    double train_cost, train_accuracy; /* running means over the epoch */
    double validation_cost, validation_accuracy;
    double rate;          /* of the epoch's last step */
    double *probe[NN_PROBE_COUNT]; /* each [layer_count]; NULL: not measured */
} nn_record;

/* All records so far.  Which metrics exist is the same for all epochs; one that was never computed
 * is absent, never NaN. */
typedef struct nn_history {
    bool accuracy;   /* classes: *_accuracy holds */
    bool validation; /* validation_* holds */
    size_t layer_count;
    size_t count, room;
    nn_record *records;
} nn_history;

nn_status nn_history_create(bool accuracy, bool validation, size_t layer_count, nn_history **out);
void nn_history_destroy(nn_history *history);
/* Makes room for `count` records in all, so that appending them allocates no more for itself. */
nn_status nn_history_reserve(nn_history *history, size_t count);
/* Copies the record, probes included. */
nn_status nn_history_append(nn_history *history, const nn_record *record);
/* Drops records after `count`. */
void nn_history_cut(nn_history *history, size_t count);

/* A scalar metric by its spec name ("validation.accuracy", "train.cost", ...); false where there is
 * no such metric in this history. */
bool nn_record_get(const nn_history *history, const nn_record *record, const char *metric,
                   double *value);
/* Names a spec may use, NULL-terminated; which a run has depends on its data. */
extern const char *const nn_metric_names[];
/* Whether larger is better (accuracy) for a metric name. */
bool nn_metric_larger_is_better(const char *metric);
/* Index of the best record by a metric (the earliest of equals); count where there is none. */
size_t nn_history_best(const nn_history *history, const char *metric);

#endif
