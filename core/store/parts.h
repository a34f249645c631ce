/* SPDX-License-Identifier: MIT */
/* The parts run.h5 and checkpoints share: the head, /metrics and /model, written and read back. */
#ifndef NN_STORE_PARTS_H
#define NN_STORE_PARTS_H

#include "net/engine.h"
#include "store/build.h"
#include "store/image.h"
#include "train/record.h"

/* kind: "run" or "checkpoint"; run: the folder's id, may be "". */
void nn_parts_head(nn_build *build, const char *kind, const char *run);

/* /metrics, NXdata over the epochs; absent metrics are absent. */
void nn_parts_metrics(nn_build *build, const nn_history *history);
/* Makes the history a file holds; the caller destroys it. */
nn_status nn_parts_read_metrics(const nn_image *image, nn_history **out);

/* About what a file with the weights and the first `slots` slots of an engine will take. */
size_t nn_parts_bytes(const nn_engine *engine, size_t slots);
/* /model/layers/00/weight [outputs x inputs], bias [outputs], ... */
void nn_parts_model(nn_build *build, const nn_engine *engine);
/* NN_ERR_CHECKPOINT where the file's network is another one; then the engine is unchanged. */
nn_status nn_parts_read_model(const nn_image *image, nn_engine *engine);

/* The same layout below another root ("/optimizer/velocity"): get and set move some units of a layer, or
 * a whole one, between the engine and two buffers.  Where all are still zero (`blank`) none is written. */
typedef struct nn_layered {
    const char *root, *doc;
    bool blank;
    void *context;
    void (*get)(void *context, size_t layer, size_t first, size_t count, void *weight, void *bias);
    void (*set)(void *context, size_t layer, const void *weight, const void *bias);
} nn_layered;
void nn_parts_layered(nn_build *build, const nn_topology *topology, const nn_layered *layered);
nn_status nn_parts_check_layered(const nn_image *image, const nn_topology *topology,
                                 const nn_layered *layered);
nn_status nn_parts_read_layered(const nn_image *image, const nn_topology *topology,
                                const nn_layered *layered);

#endif
