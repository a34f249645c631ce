/* SPDX-License-Identifier: MIT */
#include "train/rate.h"

#include "base/memory.h"

#include <nnrun/schedule.h>

#include <string.h>

enum { COLUMNS = 4 };
static const char *const column_metric[COLUMNS] = {
    "train.cost", "validation.cost", "train.accuracy", "validation.accuracy"};

struct nn_rates {
    const nn_training *training;
    uint64_t steps;           /* of an epoch */
    double *column[COLUMNS];  /* the metrics so far as plain arrays, for the schedule */
    bool has[COLUMNS];
    size_t filled;            /* epochs in the columns */
    uint64_t known_epoch;     /* epoch whose factor is known, where it does not change within */
    double known_factor;
    bool known;
};

nn_status nn_rates_create(const nn_training *training, nn_rates **out)
{
    nn_rates *rates;
    NN_TRY(NN_ALLOC(&rates, 1, "learning rates"));
    rates->training = training;
    rates->steps = nn_train_steps(training);
    for (size_t i = 0; training->schedule != NULL && i < COLUMNS; i++) {
        nn_status status = NN_ALLOC(&rates->column[i], (size_t)training->epochs, "learning rates");
        if (status != NN_OK) {
            nn_rates_destroy(rates);
            return status;
        }
    }
    *out = rates;
    return NN_OK;
}

void nn_rates_destroy(nn_rates *rates)
{
    if (rates == NULL) {
        return;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        nn_free(rates->column[i]);
    }
    nn_free(rates);
}

static void fill_columns(nn_rates *rates, const nn_history *history, size_t epochs)
{
    for (; rates->filled < epochs; rates->filled++) {
        for (size_t i = 0; i < COLUMNS; i++) {
            rates->has[i] = nn_record_get(history, &history->records[rates->filled],
                                          column_metric[i], &rates->column[i][rates->filled]);
        }
    }
}

static const double *column(const nn_rates *rates, size_t i)
{
    return rates->filled > 0 && rates->has[i] ? rates->column[i] : NULL;
}

double nn_rates_at(nn_rates *rates, const nn_history *history, uint64_t step)
{
    const nn_training *t = rates->training;
    if (t->schedule == NULL) {
        return t->rate;
    }
    const nn_schedule *schedule = t->schedule->ops;
    uint64_t epoch = step / rates->steps;
    bool per_step = (schedule->flags & NN_PER_STEP) != 0;
    if (!per_step && rates->known && rates->known_epoch == epoch) {
        return t->rate * rates->known_factor;
    }
    fill_columns(rates, history, (size_t)epoch < history->count ? (size_t)epoch : history->count);
    nn_moment moment = {
        .size = sizeof moment,
        .epoch = epoch,
        .epochs = t->epochs,
        .step = step,
        .steps_per_epoch = rates->steps,
        .epoch_fraction = (double)step / (double)rates->steps,
        .history_count = rates->filled,
        .train_cost = column(rates, 0),
        .validation_cost = column(rates, 1),
        .train_accuracy = column(rates, 2),
        .validation_accuracy = column(rates, 3),
    };
    double factor = schedule->factor(t->schedule->self, &moment);
    rates->known = true;
    rates->known_epoch = epoch;
    rates->known_factor = factor;
    return t->rate * factor;
}
