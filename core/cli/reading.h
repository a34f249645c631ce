/* SPDX-License-Identifier: MIT */
/* A run as show, results, compare and export read it: what run.h5 holds, how it stands, and which of its
 * epochs is the best. */
#ifndef NN_CLI_READING_H
#define NN_CLI_READING_H

#include "base/arena.h"
#include "base/text.h"
#include "spec/node.h"
#include "store/read.h"

#include <stdbool.h>

typedef struct nn_reading {
    const char *folder, *name; /* of the experiment, as far as the folder tells */
    const char *word, *line;   /* STATUS; "damaged" and why where run.h5 can't be read */
    bool whole;                /* the rest holds */
    nn_run_data data;
    const nn_node *spec;       /* resolved; NULL where it can't be parsed */
    const char *metric;        /* what the best epoch is the best by */
    size_t best;               /* its place in the history; history->count: none yet */
} nn_reading;

/* Everything but the history lives in the arena.  NN_ERR_IO, NN_ERR_CHECKPOINT. */
nn_status nn_reading_open(const char *folder, nn_arena *arena, nn_reading *out);
/* The same, but of a run that is damaged or has no results yet it gives what can be told (`whole` is
 * false): only NN_ERR_MEMORY is a failure. */
nn_status nn_reading_try(const char *folder, nn_arena *arena, nn_reading *out);
void nn_reading_finish(nn_reading *reading);

/* What a run came to: the metrics of its best epoch, those of its test, and its seconds. */
enum { NN_FIGURES = 7 };
extern const char *const nn_figure_names[NN_FIGURES];

typedef struct nn_figures {
    bool has[NN_FIGURES];
    double value[NN_FIGURES];
} nn_figures;

void nn_figures_of(const nn_reading *reading, nn_figures *out);
/* Its place in the names; NN_ERR_USAGE where no run can have such a figure. */
nn_status nn_figure_find(const char *name, size_t *out);
/* For people, appended to a text: 0.9812, 0.15851, 12.3. */
void nn_figure_put(size_t figure, double value, nn_text *out);
/* The order of two runs by a figure: the better first, those without it last, 0 for equals. */
int nn_figures_order(const nn_figures *a, const nn_figures *b, size_t figure);

/* What a run without checkpoint.best is measured by. */
const char *nn_metric_validated(const nn_history *history);

/* The run as members of a JSON object, without its braces: run, name, status, epochs, seconds, best, test. */
void nn_reading_json(const nn_reading *reading, nn_text *out);

#endif
