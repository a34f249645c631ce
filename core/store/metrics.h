/* SPDX-License-Identifier: MIT */
/* The metrics of an epoch under the names files give them: one table for run.h5, checkpoints and
 * events.jsonl. */
#ifndef NN_STORE_METRICS_H
#define NN_STORE_METRICS_H

#include "train/record.h"

typedef struct nn_stored_metric {
    const char *name, *units, *doc;
    bool accuracy, validation; /* what the history must have */
    size_t offset;             /* of its double in nn_record */
} nn_stored_metric;

enum { NN_STORED_METRICS = 7 };
extern const nn_stored_metric nn_stored_metrics[NN_STORED_METRICS];

/* Per layer, in the order of nn_probe_metric. */
typedef struct nn_stored_probe {
    const char *name, *units, *doc;
} nn_stored_probe;
extern const nn_stored_probe nn_stored_probes[NN_PROBE_COUNT];

/* Whether histories like this one hold the metric. */
bool nn_stored_metric_held(const nn_stored_metric *metric, const nn_history *history);
/* False where they do not. */
bool nn_stored_metric_get(const nn_stored_metric *metric, const nn_history *history,
                          const nn_record *record, double *value);
/* NN_ERR_NUMERIC names the metric and epoch that is not finite. */
nn_status nn_stored_metrics_check(const nn_history *history, const nn_record *record);

#endif
