/* SPDX-License-Identifier: MIT */
/* A trace as an HDF5 file:
 *
 *     /            @set @sample @cost_name @label @guess
 *     /x /y /cost
 *     /layers/00   @activation; weight bias z a da slope dz dw, as in run/trace.h
 */
#include "run/trace.h"

#include "base/memory.h"
#include "base/path.h"
#include "store/build.h"

#include <stdio.h>

enum { PATH_ROOM = 64 };

struct array {
    const char *name, *doc;
    const double *values;
    bool matrix;
};

static void put_layer(nn_build *build, size_t l, const nn_layer_trace *at)
{
    const struct array arrays[] = {
        {"weight", "w [outputs x inputs]", at->w, true},
        {"bias", "b", at->b, false},
        {"z", "z = a w' + b, a the outputs of the layer before", at->z, false},
        {"a", "a = f(z)", at->a, false},
        {"da", "dC/da: of the cost itself (BP1), or dz w of the layer after (BP2)", at->da, false},
        {"slope", "f'(z)", at->slope, false},
        {"dz", "dz = da * f'(z) (BP1, BP2), the book's delta; dC/db too (BP3)", at->dz, false},
        {"dw", "dC/dw = dz' a, a the outputs of the layer before (BP4)", at->dw, true},
    };
    char path[PATH_ROOM];
    size_t shape[] = {at->units, at->inputs};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        const struct array *array = &arrays[i];
        if (array->values != NULL) {
            snprintf(path, sizeof path, "/layers/%02zu/%s", l, array->name);
            nn_build_array(build, path, NN_F64, array->matrix ? 2 : 1, shape, array->values, NULL,
                           array->doc);
        }
    }
    snprintf(path, sizeof path, "/layers/%02zu", l);
    nn_build_mark(build, path, "activation", at->activation);
}

static void put_all(nn_build *build, const nn_sample_trace *trace)
{
    nn_build_mark(build, "/", "format", "nnrun");
    nn_build_mark_count(build, "/", "format_version", NN_STORE_FORMAT);
    nn_build_mark(build, "/", "kind", "trace");
    nn_build_mark(build, "/", "set", trace->set);
    nn_build_mark_count(build, "/", "sample", trace->sample);
    nn_build_mark_count(build, "/", "epoch", trace->epoch);
    nn_build_mark(build, "/", "cost_name", trace->cost_name);
    if (trace->label != NULL) {
        nn_build_mark(build, "/", "label", trace->label);
        nn_build_mark(build, "/", "guess", trace->guess);
    }
    nn_build_array(build, "/x", NN_F64, 1, &trace->features, trace->x, NULL,
                   "the sample after normalisation: a_0");
    nn_build_array(build, "/y", NN_F64, 1, &trace->outputs, trace->y, NULL, "the target");
    nn_build_real(build, "/cost", trace->cost, NULL, "C of this sample, without penalties");
    for (size_t l = 0; l < trace->layer_count; l++) {
        put_layer(build, l, &trace->layers[l]);
    }
}

nn_status nn_trace_write(const nn_sample_trace *trace, const char *path)
{
    nn_build *build;
    void *bytes = NULL;
    size_t length;
    NN_TRY(nn_build_create(path, 0, &build));
    put_all(build, trace);
    nn_status status = nn_build_take(build, &bytes, &length);
    if (status == NN_OK) {
        status = nn_file_write(path, bytes, length, false);
    }
    nn_free(bytes);
    nn_build_destroy(build);
    return status;
}
