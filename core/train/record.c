/* SPDX-License-Identifier: MIT */
#include "train/record.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/* The scalar metrics of an epoch: their names in a spec, whether larger is better, what they need. */
static const struct metric {
    const char *name;
    bool larger, accuracy, validation;
    size_t offset;
} metrics[] = {
    {"train.cost", false, false, false, offsetof(nn_record, train_cost)},
    {"train.accuracy", true, true, false, offsetof(nn_record, train_accuracy)},
    {"validation.cost", false, false, true, offsetof(nn_record, validation_cost)},
    {"validation.accuracy", true, true, true, offsetof(nn_record, validation_accuracy)},
};
enum { METRICS = sizeof metrics / sizeof metrics[0] };

const char *const nn_metric_names[] = {
    "train.cost", "train.accuracy", "validation.cost", "validation.accuracy", NULL,
};

nn_status nn_history_create(bool accuracy, bool validation, size_t layer_count, nn_history **out)
{
    NN_TRY(NN_ALLOC(out, 1, "the history"));
    **out = (nn_history){.accuracy = accuracy, .validation = validation, .layer_count = layer_count};
    return NN_OK;
}

static void finish_record(nn_record *record)
{
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        nn_free(record->probe[p]);
    }
}

void nn_history_destroy(nn_history *history)
{
    if (history == NULL) {
        return;
    }
    nn_history_cut(history, 0);
    nn_free(history->records);
    nn_free(history);
}

nn_status nn_history_reserve(nn_history *history, size_t count)
{
    if (count <= history->room) {
        return NN_OK;
    }
    NN_TRY(nn_realloc((void **)&history->records, history->count, count, sizeof(nn_record),
                      "the history"));
    history->room = count;
    return NN_OK;
}

nn_status nn_history_append(nn_history *history, const nn_record *record)
{
    if (history->count == history->room) {
        NN_TRY(nn_history_reserve(history, history->room == 0 ? 64 : history->room * 2));
    }
    nn_record copy = *record;
    memset(copy.probe, 0, sizeof copy.probe);
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        if (record->probe[p] == NULL) {
            continue;
        }
        nn_status status = NN_ALLOC(&copy.probe[p], history->layer_count, "the history");
        if (status != NN_OK) {
            finish_record(&copy);
            return status;
        }
        memcpy(copy.probe[p], record->probe[p], history->layer_count * sizeof(double));
    }
    history->records[history->count++] = copy;
    return NN_OK;
}

void nn_history_cut(nn_history *history, size_t count)
{
    while (history->count > count) {
        finish_record(&history->records[--history->count]);
    }
}

static const struct metric *find(const char *name)
{
    for (size_t i = 0; i < METRICS; i++) {
        if (strcmp(metrics[i].name, name) == 0) {
            return &metrics[i];
        }
    }
    return NULL;
}

bool nn_record_get(const nn_history *history, const nn_record *record, const char *metric,
                   double *value)
{
    const struct metric *m = find(metric);
    if (m == NULL || (m->accuracy && !history->accuracy)
        || (m->validation && !history->validation)) {
        return false;
    }
    memcpy(value, (const char *)record + m->offset, sizeof *value);
    return true;
}

bool nn_metric_larger_is_better(const char *metric)
{
    const struct metric *m = find(metric);
    return m != NULL && m->larger;
}

size_t nn_history_best(const nn_history *history, const char *metric)
{
    size_t best = history->count;
    double best_value = 0;
    bool larger = nn_metric_larger_is_better(metric);
    for (size_t i = 0; i < history->count; i++) {
        double value;
        if (!nn_record_get(history, &history->records[i], metric, &value)) {
            return history->count;
        }
        if (best == history->count || (larger ? value > best_value : value < best_value)) {
            best = i;
            best_value = value;
        }
    }
    return best;
}
