/* SPDX-License-Identifier: MIT */
#include "train/loop.h"

#include "base/clock.h"
#include "base/memory.h"
#include "data/order.h"
#include "train/diverged.h"
#include "train/probe.h"
#include "train/rate.h"

#include <math.h>
#include <string.h>

/* A stretch lasts about this long, so that signals and the progress line are served in time. */
static const double STRETCH_S = 0.04;
enum { STRETCH_BATCHES_MOST = 4096 };

/* What nn_train() needs besides what it was given; allocated once, before the first batch. */
struct loop {
    const nn_training *training;
    nn_train_state *state;
    nn_history *history;
    uint32_t *order;  /* row_count */
    double *rates;    /* STRETCH_BATCHES_MOST */
    nn_rates *schedule;
    nn_probe *probe;
    size_t batches;   /* of the next stretch */
    double started_s; /* clock at which state->seconds was 0 */
};

static nn_status loop_create(struct loop *loop)
{
    const nn_training *t = loop->training;
    loop->batches = 1;
    loop->started_s = nn_clock_s() - loop->state->seconds;
    NN_TRY(NN_ALLOC_RAW(&loop->order, t->row_count, "the order of samples"));
    NN_TRY(NN_ALLOC_RAW(&loop->rates, STRETCH_BATCHES_MOST, "learning rates"));
    NN_TRY(nn_history_reserve(loop->history, (size_t)t->epochs));
    NN_TRY(nn_rates_create(t, &loop->schedule));
    if (t->probe) {
        NN_TRY(nn_probe_create(t, &loop->probe));
    }
    return NN_OK;
}

static void loop_finish(struct loop *loop)
{
    nn_probe_destroy(loop->probe);
    nn_rates_destroy(loop->schedule);
    nn_free(loop->rates);
    nn_free(loop->order);
}

static bool interrupted(const nn_training *training)
{
    return training->interrupt != NULL && *training->interrupt != 0;
}

/* Says where a number stopped being finite, and who gave it. */
static nn_status tell_numeric(const struct loop *loop, const nn_tally *tally, size_t position)
{
    size_t batch = position / loop->training->batch_size + tally->bad_batch;
    return nn_diverged(loop->training, tally, loop->state->epoch, batch, loop->rates[tally->bad_batch]);
}

/* The rates of the next batches of the epoch. */
static nn_status ask_rates(struct loop *loop, size_t position, size_t batches)
{
    const nn_training *t = loop->training;
    for (size_t i = 0; i < batches; i++) {
        double rate = nn_rates_at(loop->schedule, loop->history, loop->state->step + i);
        if (!isfinite(rate) || rate < 0) {
            return nn_diverged_rate(t, loop->state->epoch, position / t->batch_size + i, rate);
        }
        loop->rates[i] = rate;
    }
    return NN_OK;
}

/* Trains on the next stretch of the epoch; *position moves on. */
static nn_status train_stretch(struct loop *loop, nn_tally *tally, size_t *position)
{
    const nn_training *t = loop->training;
    size_t left = t->row_count - *position;
    size_t rows = loop->batches * t->batch_size;
    rows = rows < left ? rows : left;
    const nn_input *input = t->input;
    if (t->feed != NULL) {
        NN_TRY(t->feed->next(t->feed->context, rows, &input, &rows));
    }
    size_t batches = (rows + t->batch_size - 1) / t->batch_size;
    NN_TRY(ask_rates(loop, *position, batches));
    nn_stretch stretch = {
        .input = input,
        .order = t->feed != NULL ? NULL : loop->order + *position,
        .count = rows,
        .epoch = loop->state->epoch,
        .position = *position,
        .step = loop->state->step,
        .rates = loop->rates,
    };
    double before_s = nn_clock_s();
    nn_status status = nn_engine_train(t->engine, &stretch, tally);
    if (status == NN_ERR_NUMERIC) {
        return tell_numeric(loop, tally, *position);
    }
    NN_TRY(status);
    *position += rows;
    loop->state->step += batches;
    double each_s = (nn_clock_s() - before_s) / (double)batches;
    double fit = each_s > 0 ? STRETCH_S / each_s : STRETCH_BATCHES_MOST;
    loop->batches = fit < 1 ? 1 : fit > STRETCH_BATCHES_MOST ? STRETCH_BATCHES_MOST : (size_t)fit;
    return NN_OK;
}

static void tell_progress(const struct loop *loop, const nn_tally *tally, size_t position)
{
    const nn_training *t = loop->training;
    double n = position > 0 ? (double)position : 1;
    for (size_t i = 0; i < t->observer_count; i++) {
        const nn_observer *o = &t->observers[i];
        if (o->progress != NULL) {
            o->progress(o->context, loop->state, position, t->row_count, tally->cost / n,
                        (double)tally->correct / n);
        }
    }
}

/* Ends a run inside an epoch: the place goes into the state, so that it can be taken up there. */
static nn_status stop_inside(struct loop *loop, const nn_tally *tally, size_t position)
{
    const nn_training *t = loop->training;
    loop->state->position = position;
    loop->state->running_cost = tally->cost;
    loop->state->running_correct = tally->correct;
    loop->state->seconds = nn_clock_s() - loop->started_s;
    for (size_t i = 0; i < t->observer_count; i++) {
        const nn_observer *o = &t->observers[i];
        if (o->interrupted != NULL) {
            NN_TRY(o->interrupted(o->context, loop->state, loop->history));
        }
    }
    return nn_fail(NN_ERR_INTERRUPTED, "interrupted in epoch %llu after %zu of %zu samples",
                   (unsigned long long)loop->state->epoch + 1, position, t->row_count);
}

static nn_status validate(const nn_training *t, nn_record *record)
{
    if (t->validation == NULL) {
        return NN_OK;
    }
    nn_tally tally = {0};
    NN_TRY(nn_engine_evaluate(t->engine, t->validation, t->validation_rows, t->validation_count,
                              &tally, NULL, NULL));
    record->validation_cost = tally.cost / (double)t->validation_count;
    record->validation_accuracy = (double)tally.correct / (double)t->validation_count;
    if (!isfinite(record->validation_cost)) {
        return nn_fail(NN_ERR_NUMERIC, "training diverged: the validation cost of epoch %llu is not "
                       "finite", (unsigned long long)record->epoch);
    }
    return NN_OK;
}

/* Makes the epoch's record, appends it and tells everybody. */
static nn_status end_epoch(struct loop *loop, const nn_tally *tally, double train_s)
{
    const nn_training *t = loop->training;
    nn_train_state *state = loop->state;
    nn_record record = {
        .epoch = state->epoch + 1,
        .step = state->step,
        .train_seconds = train_s,
        .train_cost = tally->cost / (double)t->row_count,
        .train_accuracy = (double)tally->correct / (double)t->row_count,
        .rate = nn_rates_at(loop->schedule, loop->history, state->step - 1),
    };
    NN_TRY(validate(t, &record));
    if (loop->probe != NULL) {
        NN_TRY(nn_probe_measure(loop->probe, &record));
    }
    record.seconds = nn_clock_s() - loop->started_s;
    NN_TRY(nn_history_append(loop->history, &record));
    state->epoch++;
    state->position = 0;
    state->running_cost = 0;
    state->running_correct = 0;
    state->seconds = record.seconds;
    size_t best = nn_history_best(loop->history, t->best_metric);
    if (best < loop->history->count) {
        state->has_best = true;
        state->best_epoch = loop->history->records[best].epoch;
        nn_record_get(loop->history, &loop->history->records[best], t->best_metric,
                      &state->best_value);
    }
    const nn_record *last = &loop->history->records[loop->history->count - 1];
    for (size_t i = 0; i < t->observer_count; i++) {
        const nn_observer *o = &t->observers[i];
        if (o->epoch != NULL) {
            NN_TRY(o->epoch(o->context, state, loop->history, last));
        }
    }
    return NN_OK;
}

static nn_status train_epoch(struct loop *loop)
{
    const nn_training *t = loop->training;
    nn_train_state *state = loop->state;
    nn_order_shuffle(t->seed, state->epoch, t->rows, t->row_count, loop->order);
    size_t position = (size_t)state->position;
    nn_tally tally = {.cost = state->running_cost, .correct = state->running_correct};
    if (t->feed != NULL) {
        NN_TRY(t->feed->begin(t->feed->context, state->epoch, loop->order, t->row_count, position));
    }
    double before_s = nn_clock_s();
    while (position < t->row_count) {
        if (interrupted(t)) {
            return stop_inside(loop, &tally, position);
        }
        NN_TRY(train_stretch(loop, &tally, &position));
        tell_progress(loop, &tally, position);
    }
    nn_status status = end_epoch(loop, &tally, nn_clock_s() - before_s);
    return status == NN_ERR_INTERRUPTED ? stop_inside(loop, &tally, position) : status;
}

/* Whether `patience` epochs have passed since the best value: told from the history alone. */
static bool patience_over(const nn_training *t, const nn_history *history)
{
    if (t->stop_metric == NULL || history->count == 0) {
        return false;
    }
    size_t best = nn_history_best(history, t->stop_metric);
    return best < history->count && history->count - 1 - best >= t->patience;
}

nn_status nn_train(const nn_training *training, nn_train_state *state, nn_history *history,
                   nn_train_end *end)
{
    struct loop loop = {.training = training, .state = state, .history = history};
    uint64_t until = training->until > 0 && training->until < training->epochs ? training->until
                                                                              : training->epochs;
    nn_status status = loop_create(&loop);
    *end = until < training->epochs ? NN_END_UNTIL : NN_END_EPOCHS;
    while (status == NN_OK && state->epoch < until) {
        if (patience_over(training, history)) {
            *end = NN_END_EARLY;
            break;
        }
        status = train_epoch(&loop);
    }
    if (status == NN_ERR_INTERRUPTED) {
        *end = NN_END_INTERRUPT;
    }
    loop_finish(&loop);
    return status;
}

uint64_t nn_train_steps(const nn_training *training)
{
    return (training->row_count + training->batch_size - 1) / training->batch_size;
}
