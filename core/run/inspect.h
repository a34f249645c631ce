/* SPDX-License-Identifier: MIT */
/* The data of an experiment, looked at: `nnrun data check`, `stats` and `export`, and its contact
 * sheet.  Nothing is trained; the network of the spec may be anything.
 */
#ifndef NN_RUN_INSPECT_H
#define NN_RUN_INSPECT_H

#include "data/cache.h"
#include "data/dataset.h"
#include "run/session.h"

/* Mean and standard deviation of one channel, feature or target, and its range. */
typedef struct nn_data_moments {
    double mean, deviation, least, most;
} nn_data_moments;

/* One data set of the experiment.  Valid during the call that hands it out. */
typedef struct nn_data_part {
    const char *name;   /* "train", "validation", "test" */
    const char *loader;
    const char *failure; /* it could not be opened, and why; the rest is 0 then */
    nn_dataset_about about;
    const nn_bad_sample *bad;
    size_t bad_count;
    nn_samples samples;
    const size_t *class_counts;      /* about.class_count; NULL without classes */
    const nn_data_moments *inputs;   /* one a channel (images) or feature */
    size_t input_count;
    const nn_data_moments *targets;  /* one an output; NULL without */
} nn_data_part;

typedef void nn_data_visit(void *context, const nn_data_part *part);

/* Opens every data set of the spec, bad samples left out and listed, and hands it to `visit`.  `measure`
 * fills class counts and moments.  NN_ERR_DATA: one could not be opened (the others were). */
nn_status nn_session_inspect(nn_session *session, bool measure, nn_data_visit *visit,
                             void *context);

/* Writes a data set (part: "train", ...) at `path` in the form of loader `format`. */
nn_status nn_session_export(nn_session *session, const char *part, const char *format,
                            const char *path);

/* Draws a picture (.jpg or .png) of what the network sees: a sample a row, one of each class in turn;
 * in the first column as it is, in the others as the transforms make it, epoch after epoch.  Without
 * transforms the columns are further samples. */
nn_status nn_session_sheet(nn_session *session, const char *path);

#endif
