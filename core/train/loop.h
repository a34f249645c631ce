/* SPDX-License-Identifier: MIT */
/* The training loop: the first file to read.
 *
 *     for each epoch
 *         order = a permutation drawn from (seed, epoch)
 *         for each stretch of mini-batches: forward, BP1-BP4, update      (net/engine.h)
 *         validate; record; tell the observers; stop?
 *
 * All that training depends on is in nn_training and nn_train_state: the same two give the same
 * bits, so a run resumed from a saved state equals one that never stopped.
 */
#ifndef NN_TRAIN_LOOP_H
#define NN_TRAIN_LOOP_H

#include "net/engine.h"
#include "plugin/bind.h"
#include "train/observer.h"
#include "train/record.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where training rows come from when they are not simply gathered from memory (transforms): a feed
 * hands out prepared stretches of an epoch, in order. */
typedef struct nn_feed {
    void *context;
    const char *transforms; /* their names, for messages */
    /* Starts an epoch at row `position` of `order`. */
    nn_status (*begin)(void *context, uint64_t epoch, const uint32_t *order, size_t count,
                       size_t position);
    /* The next prepared rows: at most `most`, a multiple of the batch size but at the epoch's end.
     * Valid until the next call. */
    nn_status (*next)(void *context, size_t most, const nn_input **input, size_t *rows);
} nn_feed;

/* What is trained, on what, and when it ends.  Borrowed during nn_train(). */
typedef struct nn_training {
    nn_engine *engine;
    const nn_input *input; /* source of the training rows */
    const uint32_t *rows;  /* which of them train: row_count indices into input */
    size_t row_count;
    const nn_feed *feed;   /* NULL: rows are gathered from input as they are */

    const nn_input *validation; /* NULL: none */
    const uint32_t *validation_rows; /* NULL: 0, 1, 2, ... */
    size_t validation_count;

    uint64_t seed;
    uint64_t epochs; /* the experiment's length: what schedules see */
    uint64_t until;  /* stop after this epoch; 0: at the end */
    size_t batch_size;
    double rate;                   /* the optimizer's own */
    const nn_component *schedule;  /* NULL: constant */

    const char *best_metric;       /* "validation.accuracy", ... */
    const char *stop_metric;       /* early stopping; NULL: none */
    uint64_t patience;             /* epochs without a better value */

    bool probe; /* measure gradient and weight norms of each layer after each epoch */

    const nn_observer *observers;
    size_t observer_count;
    const volatile sig_atomic_t *interrupt; /* set: stop after the batches under way; may be NULL */
} nn_training;

typedef enum nn_train_end {
    NN_END_EPOCHS,  /* all epochs done */
    NN_END_UNTIL,   /* `until` reached */
    NN_END_EARLY,   /* no better value for `patience` epochs */
    NN_END_INTERRUPT
} nn_train_end;

/* Trains from *state (zeroed for a new run) on; keeps *state and *history up to date.
 *
 * NN_ERR_NUMERIC      a number is not finite: the story names the component that gave it, layer, epoch,
 *                     batch and rate
 * NN_ERR_INTERRUPTED  `interrupt` was set; state holds the place, observers were told
 * and whatever an observer or the feed returns.  [main] */
nn_status nn_train(const nn_training *training, nn_train_state *state, nn_history *history,
                   nn_train_end *end);

/* Steps an epoch has. */
uint64_t nn_train_steps(const nn_training *training);

#endif
