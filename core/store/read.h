/* SPDX-License-Identifier: MIT */
/* A run read back: what show, results, compare, report, export, eval and predict start from. */
#ifndef NN_STORE_READ_H
#define NN_STORE_READ_H

#include "base/arena.h"
#include "store/image.h"
#include "store/results.h"

#include <stdbool.h>

/* What run.h5 holds, in the words it was written with.  Everything lives in the arena but `history`,
 * which nn_run_data_finish() frees. */
typedef struct nn_run_data {
    const char *folder; /* the run folder, and the id its files share */
    const char *id;
    nn_run_facts facts;
    nn_history *history;
    bool has_test, has_model;
    nn_test_result test; /* output_values NULL: nn_run_read_outputs() */
} nn_run_data;

/* folder: a run folder (nn_run_folder_find()).  NN_ERR_IO; NN_ERR_CHECKPOINT: run.h5 is damaged. */
nn_status nn_run_read(const char *folder, nn_arena *arena, nn_run_data *out);
void nn_run_data_finish(nn_run_data *data);

/* What a trained network is put to use with: folder, id, has_model, and the facts of the spec and
 * the data but their split; nothing else is read.  *image is run.h5, for nn_run_take_weights(); the
 * caller closes it. */
nn_status nn_run_open(const char *folder, nn_arena *arena, nn_run_data *out, nn_image **image);
/* The weights of a run.h5 that has them, and the epoch they are of.  NN_ERR_CHECKPOINT. */
nn_status nn_run_take_weights(const nn_image *image, nn_engine *engine, uint64_t *epoch);
/* The value of /provenance/<name>, NULL where it is not there. */
const char *nn_run_fact(const nn_run_data *data, const char *name);

/* One layer as files hold it: weight [units x inputs] and bias [units], float or double. */
typedef struct nn_stored_layer {
    size_t inputs, units;
    const char *activation;
    const void *weight, *bias;
} nn_stored_layer;

typedef struct nn_stored_model {
    unsigned bits;
    size_t layer_count;
    const nn_stored_layer *layers;
} nn_stored_model;

/* Where a run's trained weights are: run.h5 once it ended; before that the best epoch's checkpoint if
 * the run keeps one, else the newest whole one.  *epoch: whose weights they are.
 * NN_ERR_CHECKPOINT: there are none. */
nn_status nn_run_weights_path(const char *folder, const nn_log *log, nn_arena *arena,
                              const char **path, uint64_t *epoch);
/* The weights of run.h5 or a checkpoint into the arena, or into an engine of the same topology. */
nn_status nn_run_read_model(const char *path, nn_arena *arena, nn_stored_model *out);
nn_status nn_run_read_weights(const char *path, nn_engine *engine);
/* /test/outputs [rows x outputs] as doubles; NULL where they were too many to keep. */
nn_status nn_run_read_outputs(const char *folder, nn_arena *arena, const double **out);

#endif
