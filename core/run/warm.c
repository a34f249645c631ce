/* SPDX-License-Identifier: MIT */
/* Warm start: a new run begins with the weights another run ended with. */
#include "base/path.h"
#include "run/inside.h"
#include "store/read.h"

nn_status nn__warm_start(nn_session *s)
{
    const char *from = s->experiment->network.warm_start, *path = from;
    uint64_t epoch = 0;
    nn_status status = NN_OK;
    if (from == NULL) {
        return NN_OK;
    }
    if (nn_path_is_folder(from)) {
        status = nn_run_weights_path(from, s->options.log, s->arena, &path, &epoch);
    }
    if (status == NN_OK) {
        status = nn_run_read_weights(path, s->engine);
    }
    if (status != NN_OK) {
        nn_note("network.warm_start names a run folder, its run.h5 or a checkpoint of a network of the "
                "same layers");
        return status == NN_ERR_IO ? NN_ERR_CHECKPOINT : status;
    }
    nn_log_line(s->options.log, NN_INFO, "the weights begin as those of %s", path);
    return NN_OK;
}
