/* SPDX-License-Identifier: MIT */
#include "store/metrics.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

#define AT(field) offsetof(nn_record, field)

const nn_stored_metric nn_stored_metrics[NN_STORED_METRICS] = {
    {"seconds", "s", "since the run's first start, resumed time included", false, false, AT(seconds)},
    {"train_seconds", "s", "training alone, of this epoch", false, false, AT(train_seconds)},
    {"train_cost", NULL, "mean cost over the epoch's batches, before each update, without penalties",
     false, false, AT(train_cost)},
    {"train_accuracy", NULL, "share of training samples told right, before each update", true, false,
     AT(train_accuracy)},
    {"validation_cost", NULL, "mean cost over the validation part", false, true, AT(validation_cost)},
    {"validation_accuracy", NULL, "share of the validation part told right", true, true,
     AT(validation_accuracy)},
    {"rate", NULL, "learning rate of the epoch's last step, after the schedule", false, false, AT(rate)},
};

const nn_stored_probe nn_stored_probes[NN_PROBE_COUNT] = {
    [NN_PROBE_GRADIENT_NORM] = {"gradient_norm", NULL,
                                "Euclidean norm of each layer's gradient on the probe batch"},
    [NN_PROBE_WEIGHT_NORM] = {"weight_norm", NULL, "Euclidean norm of each layer's weights"},
    [NN_PROBE_UPDATE_RATIO] = {"update_ratio", NULL,
                               "norm of each layer's next step on the probe batch by that of its weights"},
    [NN_PROBE_SATURATION] = {"saturation", NULL,
                             "share of each layer's activations with a slope below 0.01"},
};

bool nn_stored_metric_held(const nn_stored_metric *metric, const nn_history *history)
{
    return (history->accuracy || !metric->accuracy) && (history->validation || !metric->validation);
}

bool nn_stored_metric_get(const nn_stored_metric *metric, const nn_history *history,
                          const nn_record *record, double *value)
{
    if (!nn_stored_metric_held(metric, history)) {
        return false;
    }
    memcpy(value, (const char *)record + metric->offset, sizeof *value);
    return true;
}

static nn_status refuse(const char *name, const nn_record *record)
{
    return nn_fail(NN_ERR_NUMERIC, "epoch %llu: %s is not finite, so nothing is written",
                   (unsigned long long)record->epoch, name);
}

nn_status nn_stored_metrics_check(const nn_history *history, const nn_record *record)
{
    for (size_t m = 0; m < NN_STORED_METRICS; m++) {
        double value;
        if (nn_stored_metric_get(&nn_stored_metrics[m], history, record, &value)
            && !isfinite(value)) {
            return refuse(nn_stored_metrics[m].name, record);
        }
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        for (size_t l = 0; record->probe[p] != NULL && l < history->layer_count; l++) {
            if (!isfinite(record->probe[p][l])) {
                return refuse(nn_stored_probes[p].name, record);
            }
        }
    }
    return NN_OK;
}
