/* SPDX-License-Identifier: MIT */
/* A data set in another form: what one loader read, another writes. */
#include "base/memory.h"
#include "run/inspect.h"
#include "run/inspect_inside.h"

#include <nnrun/loader.h>

#include <string.h>

nn_status nn__inspect_write(nn_session *s, const char *format, const char *path,
                            const nn_source *source, const void *x, const int32_t *labels,
                            const void *y)
{
    const nn_plugin *plugin;
    const void *table;
    NN_TRY(nn_registry_find(s->registry, NN_KIND_LOADER, format, &plugin));
    NN_TRY(nn_plugin_ops(plugin, s->experiment->precision, s->isa, &table));
    const nn_loader *ops = table;
    if (ops->write == NULL) {
        return nn_fail(NN_ERR_UNSUPPORTED, "loader %s only reads; hdf5, idx, jpeg_folder and "
                       "png_folder write", format);
    }
    void *self;
    NN_TRY(nn_arena_alloc(s->arena, ops->self_size, &self));
    return ops->write(s->host, self, path, source, x, labels, y);
}

static nn_status find_part(nn_session *s, const char *part, nn_component **out)
{
    nn_component *loaders[3];
    const char *names[3];
    NN_TRY(nn__inspect_parts(s, loaders, names));
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(part, names[i]) == 0) {
            *out = loaders[i];
            return loaders[i] != NULL ? NN_OK
                                      : nn_fail(NN_ERR_USAGE, "the spec has no data.%s", part);
        }
    }
    return nn_fail(NN_ERR_USAGE, "there is no part \"%s\"; parts are train, validation and test",
                   part);
}

nn_status nn_session_export(nn_session *s, const char *part, const char *format, const char *path)
{
    nn_component *loader;
    nn_dataset *set = NULL;
    NN_TRY(find_part(s, part, &loader));
    NN_TRY(nn__inspect_open(s, loader, false, &set));
    const nn_dataset_about *about = nn_dataset_describe(set);
    nn_samples view = nn_dataset_view(set);
    const nn_source source = {
        .size = sizeof source,
        .dtype = (uint32_t)about->dtype,
        .targets = (uint32_t)about->targets,
        .image = about->image,
        .samples = about->samples,
        .height = about->height,
        .width = about->width,
        .channels = about->channels,
        .outputs = about->outputs,
        .class_count = about->class_count,
        .class_names = about->class_names,
    };
    nn_status status = nn__inspect_write(s, format, path, &source,
                                         view.bytes != NULL ? (const void *)view.bytes : view.reals,
                                         view.labels, view.targets);
    nn_dataset_close(set);
    return status;
}
