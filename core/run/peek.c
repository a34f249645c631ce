/* SPDX-License-Identifier: MIT */
/* A look at the data without reading them: what a check needs to know of them. */
#include "base/memory.h"
#include "run/inside.h"

#include <nnrun/loader.h>

#include <string.h>

static nn_status peek_one(nn_component *loader, nn_dataset_about *about)
{
    NN_TRY(nn_component_create(loader, NULL));
    const nn_loader *ops = loader->ops;
    nn_source source = {.size = sizeof source};
    NN_TRY(ops->open(loader->host, loader->self, &source));
    *about = (nn_dataset_about){
        .samples = source.samples,
        .height = source.height,
        .width = source.width,
        .channels = source.channels,
        .features = source.height * source.width * source.channels,
        .outputs = source.outputs,
        .class_count = source.class_count,
        .dtype = (nn_dtype)source.dtype,
        .targets = (nn_targets)source.targets,
    };
    ops->close(loader->host, loader->self, &source);
    return NN_OK;
}

nn_status nn__peek(nn_session *s)
{
    nn_component *loader = s->components.train;
    nn_dataset_about about;
    nn_status status = peek_one(loader, &about);
    if (status == NN_ERR_NOT_FOUND) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_WARNING, NN_ERR_DATA, loader->use.place,
                    loader->use.path, NULL,
                    "%s; not checked: units against classes, the cost against the targets, counts",
                    nn_story());
        return NN_OK;
    }
    if (status != NN_OK) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_DATA, loader->use.place,
                    loader->use.path, NULL, "%s", nn_story());
        return nn_diagnostics_status(s->diagnostics);
    }
    return nn__fit(s, &about);
}
