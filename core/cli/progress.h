/* SPDX-License-Identifier: MIT */
/* How training goes, for a person: one line that changes on a terminal, a line an epoch elsewhere;
 * with JSON, an object an epoch on stdout, before them one when the first batch is trained. */
#ifndef NN_CLI_PROGRESS_H
#define NN_CLI_PROGRESS_H

#include "train/observer.h"

#include <stdbool.h>

typedef struct nn_progress {
    bool terminal, quiet, json;
    uint64_t epochs;
    double begun_s;    /* clock when the command began */
    double drawn_s;    /* clock of the last change of the line */
    double epoch_s;    /* clock at which this epoch's first rows were done */
    uint64_t epoch_rows; /* rows done then */
    uint64_t epoch;    /* the epoch these belong to */
    double first_s;    /* clock at the beginning */
    uint64_t first_epoch;
    bool drawn;
} nn_progress;

void nn_progress_init(nn_progress *progress, bool quiet, bool json, uint64_t epochs);
nn_observer nn_progress_observer(nn_progress *progress);
/* Called while data are loaded; the context is the nn_progress. */
void nn_progress_loading(void *progress, size_t done, size_t total);
/* Ends the line that changes. */
void nn_progress_finish(nn_progress *progress);

#endif
