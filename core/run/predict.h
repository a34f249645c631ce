/* SPDX-License-Identifier: MIT */
/* A trained run put to use: measured on data with answers, or asked about files without.
 *
 * Samples are read and prepared as the run's own were: its loader with its parameters, the
 * normalisation run.h5 keeps, its shape and its classes.  The weights are the run's model, or those of
 * its best checkpoint where it has not ended.
 */
#ifndef NN_RUN_PREDICT_H
#define NN_RUN_PREDICT_H

#include "data/dataset.h"
#include "run/session.h"
#include "store/read.h"

typedef struct nn_predictor nn_predictor;

/* Options: plugins, threads, log, loading; the rest is the run's.  Borrowed as long as the predictor.
 * `data`: a folder to evaluate instead of the run's test set (its loader's `path`), or NULL.
 *
 * NN_ERR_CHECKPOINT  run.h5 is damaged, or there are no trained weights
 * NN_ERR_SPEC        a component is missing: all of them are named in the story */
nn_status nn_predictor_create(const nn_session_options *options, const char *folder,
                              const char *data, nn_predictor **out);
void nn_predictor_destroy(nn_predictor *predictor);

/* What the run was; valid until destroy. */
const nn_run_data *nn_predictor_run(const nn_predictor *predictor);
/* Whose weights are used. */
uint64_t nn_predictor_epoch(const nn_predictor *predictor);
/* Outputs of the network. */
size_t nn_predictor_outputs(const nn_predictor *predictor);

typedef struct nn_evaluation {
    size_t rows, skipped; /* bad samples left out, where the loader says so */
    double cost, accuracy;
    bool has_accuracy;
    size_t class_count;
    const uint64_t *confusion; /* [true x predicted], of the run's classes; NULL without classes */
    double load_s, seconds;    /* reading, computing */
} nn_evaluation;

/* Cost and accuracy on the run's test set or the folder given at create; classes are matched by name.
 * Valid until destroy.
 *
 * NN_ERR_DATA  no such data, bad samples, another shape, a class the run does not know */
nn_status nn_predictor_evaluate(nn_predictor *predictor, nn_evaluation *out);

typedef struct nn_file_list {
    const char *const *paths;
    size_t count;
    bool regular; /* all have been seen to be regular files, or links to such */
} nn_file_list;

/* The files that arguments mean: a file is itself, a folder all images in it and below (hidden ones
 * and links to folders left out; by name, all-number names by number), "-" a list of both on
 * standard input, separated by NULs or else newlines.  From the arena. */
nn_status nn_predict_files(const char *const *arguments, size_t argument_count, nn_arena *arena,
                           nn_file_list *out);

/* One answer a file that could be read, in the order of the list. */
typedef struct nn_predictions {
    size_t count;
    const size_t *origin;  /* [count] place in the list */
    const int32_t *labels; /* [count] class of the largest output; NULL without classes */
    const double *values;  /* [count x outputs] what the network says: probabilities after softmax */
    const nn_bad_sample *bad; /* files that could not be read, in order */
    size_t bad_count;
} nn_predictions;

/* Valid until the next call or destroy.  Bad files are no failure while any is good.
 *
 * NN_ERR_DATA         no file could be read
 * NN_ERR_UNSUPPORTED  the run's loader reads no single files */
nn_status nn_predictor_predict(nn_predictor *predictor, const nn_file_list *files,
                               nn_predictions *out);

/* The threads that predict, for what else there is to do to many answers; valid until destroy. */
nn_pool *nn_predictor_pool(const nn_predictor *predictor);

#endif
