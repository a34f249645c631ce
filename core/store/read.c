/* SPDX-License-Identifier: MIT */
#include "store/read.h"

#include "base/memory.h"
#include "base/path.h"
#include "store/checkpoint.h"
#include "store/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 512, PLUGIN_COLUMNS = 5, LAYERS_MOST = 4096 };

/* --- small readers: an object that is not there leaves *out as it is -------------------------------- */

static nn_status text_if(const nn_image *image, const char *path, nn_arena *arena, const char **out)
{
    return nn_image_has(image, path) ? nn_image_text(image, path, arena, out) : NN_OK;
}

static nn_status hash_if(const nn_image *image, const char *path, nn_arena *arena, nn_hash128 *out)
{
    const char *hex = NULL;
    NN_TRY(text_if(image, path, arena, &hex));
    if (hex == NULL) {
        return NN_OK;
    }
    unsigned long long high, low;
    if (strlen(hex) != NN_HASH_TEXT - 1 || sscanf(hex, "%16llx%16llx", &high, &low) != 2) {
        return nn_image_fail(image, "%s is not a fingerprint", path);
    }
    *out = (nn_hash128){.low = low, .high = high};
    return NN_OK;
}

/* A whole array of any shape, its elements into the arena; *count is their number. */
static nn_status array_if(const nn_image *image, const char *path, nn_number type, size_t bytes,
                          nn_arena *arena, size_t *rank, size_t shape[NN_IMAGE_RANK_MOST],
                          const void **out)
{
    void *values;
    size_t count = 1;
    if (!nn_image_has(image, path)) {
        return NN_OK;
    }
    NN_TRY(nn_image_shape(image, path, rank, shape));
    for (size_t i = 0; i < *rank; i++) {
        if (shape[i] > 0 && count > SIZE_MAX / 64 / shape[i]) {
            return nn_image_fail(image, "%s is too large", path);
        }
        count *= shape[i];
    }
    NN_TRY(nn_arena_alloc(arena, count * bytes, &values));
    NN_TRY(nn_image_array(image, path, type, *rank, shape, values));
    *out = values;
    return NN_OK;
}

/* The same for a list, whose length must be `expected`. */
static nn_status list_if(const nn_image *image, const char *path, nn_number type, size_t bytes,
                         nn_arena *arena, size_t expected, const void **out)
{
    size_t rank = 1, shape[NN_IMAGE_RANK_MOST] = {expected};
    NN_TRY(array_if(image, path, type, bytes, arena, &rank, shape, out));
    if (rank != 1 || shape[0] != expected) {
        return nn_image_fail(image, "%s has another shape than is needed here", path);
    }
    return NN_OK;
}

/* --- the parts ------------------------------------------------------------------------------------- */

static nn_status read_spec(const nn_image *image, nn_arena *arena, nn_run_facts *facts)
{
    NN_TRY(nn_image_text(image, "/spec/source", arena, &facts->spec_source));
    NN_TRY(nn_image_text(image, "/spec/resolved", arena, &facts->spec_resolved));
    return text_if(image, "/spec/origin", arena, &facts->spec_origin);
}

/* The texts below a group, those of its groups as "group/name".  With facts NULL they are counted. */
static nn_status walk_facts(const nn_image *image, const char *group, const char *prefix,
                            nn_arena *arena, nn_fact *facts, size_t *count)
{
    const char *const *names;
    size_t name_count;
    NN_TRY(nn_image_children(image, group, arena, &names, &name_count));
    for (size_t i = 0; i < name_count; i++) {
        const char *path, *name;
        NN_TRY(nn_arena_printf(arena, &path, "%s/%s", group, names[i]));
        NN_TRY(nn_arena_printf(arena, &name, "%s%s", prefix, names[i]));
        if (strcmp(path, "/provenance/plugins") == 0) {
            continue;
        }
        if (nn_image_is_group(image, path)) {
            NN_TRY(nn_arena_printf(arena, &name, "%s/", name));
            NN_TRY(walk_facts(image, path, name, arena, facts, count));
            continue;
        }
        if (facts != NULL) {
            facts[*count].name = name;
            NN_TRY(nn_image_text(image, path, arena, &facts[*count].value));
        }
        ++*count;
    }
    return NN_OK;
}

static nn_status read_plugins(const nn_image *image, nn_arena *arena, nn_run_facts *facts)
{
    const char *const *cells;
    size_t rows;
    nn_plugin_fact *plugins;
    if (!nn_image_has(image, "/provenance/plugins")) {
        return NN_OK;
    }
    NN_TRY(nn_image_texts(image, "/provenance/plugins", PLUGIN_COLUMNS, arena, &cells, &rows));
    NN_TRY(NN_ARENA_ALLOC(arena, &plugins, rows));
    for (size_t i = 0; i < rows; i++) {
        const char *const *row = cells + i * PLUGIN_COLUMNS;
        plugins[i] = (nn_plugin_fact){row[0], row[1], row[2], row[3], row[4]};
    }
    facts->plugins = plugins;
    facts->plugin_count = rows;
    return NN_OK;
}

static nn_status read_provenance(const nn_image *image, nn_arena *arena, nn_run_facts *facts)
{
    size_t count = 0;
    nn_fact *list;
    NN_TRY(walk_facts(image, "/provenance", "", arena, NULL, &count));
    NN_TRY(NN_ARENA_ALLOC(arena, &list, count));
    count = 0;
    NN_TRY(walk_facts(image, "/provenance", "", arena, list, &count));
    facts->provenance = list;
    facts->provenance_count = count;
    return read_plugins(image, arena, facts);
}

static nn_status read_split(const nn_image *image, nn_arena *arena, nn_run_facts *facts)
{
    const void *train = NULL, *validation = NULL;
    NN_TRY(list_if(image, "/data/split/train", NN_U32, 4, arena, (size_t)facts->data.train_count,
                   &train));
    NN_TRY(list_if(image, "/data/split/validation", NN_U32, 4, arena,
                   (size_t)facts->data.validation_count, &validation));
    facts->data.train_indices = train;
    facts->data.validation_indices = validation;
    return NN_OK;
}

static nn_status read_input(const nn_image *image, nn_arena *arena, nn_run_facts *facts)
{
    uint64_t sides[3];
    const size_t three = 3;
    size_t rank = 1, shape[NN_IMAGE_RANK_MOST] = {0};
    const void *scale = NULL, *shift = NULL;
    NN_TRY(nn_image_array(image, "/data/shape", NN_U64, 1, &three, sides));
    facts->data.height = (size_t)sides[0];
    facts->data.width = (size_t)sides[1];
    facts->data.channels = (size_t)sides[2];
    NN_TRY(array_if(image, "/data/input/scale", NN_F64, 8, arena, &rank, shape, &scale));
    if (rank != 1) {
        return nn_image_fail(image, "/data/input/scale has another shape than is needed here");
    }
    NN_TRY(list_if(image, "/data/input/shift", NN_F64, 8, arena, shape[0], &shift));
    facts->data.scale = scale;
    facts->data.shift = shift;
    facts->data.scale_count = shift == NULL ? 0 : shape[0];
    return NN_OK;
}

static nn_status read_data(const nn_image *image, nn_arena *arena, nn_run_facts *facts)
{
    NN_TRY(hash_if(image, "/data/fingerprint/train", arena, &facts->data.train));
    NN_TRY(hash_if(image, "/data/fingerprint/validation", arena, &facts->data.validation));
    NN_TRY(hash_if(image, "/data/fingerprint/test", arena, &facts->data.test));
    if (nn_image_has(image, "/data/class_names")) {
        NN_TRY(nn_image_texts(image, "/data/class_names", 1, arena, &facts->data.class_names,
                              &facts->data.class_count));
    }
    NN_TRY(nn_image_count(image, "/data/counts/train", &facts->data.train_count));
    NN_TRY(nn_image_count(image, "/data/counts/validation", &facts->data.validation_count));
    NN_TRY(nn_image_count(image, "/data/counts/test", &facts->data.test_count));
    NN_TRY(nn_image_count(image, "/data/counts/skipped", &facts->data.skipped));
    return read_input(image, arena, facts);
}

static nn_status read_confusion(const nn_image *image, nn_arena *arena, nn_test_result *test)
{
    size_t rank = 2, shape[NN_IMAGE_RANK_MOST] = {0};
    const void *confusion = NULL;
    NN_TRY(array_if(image, "/test/confusion", NN_U64, 8, arena, &rank, shape, &confusion));
    if (rank != 2 || shape[0] != shape[1]) {
        return nn_image_fail(image, "/test/confusion is not square");
    }
    test->confusion = confusion;
    test->class_count = shape[0];
    return NN_OK;
}

static nn_status read_test(const nn_image *image, nn_arena *arena, nn_test_result *test)
{
    uint64_t rows;
    const void *predictions = NULL;
    NN_TRY(nn_image_mark_count(image, "/test", "epoch", &test->epoch));
    NN_TRY(nn_image_count(image, "/test/rows", &rows));
    NN_TRY(nn_image_real(image, "/test/cost", &test->cost));
    test->rows = (size_t)rows;
    test->has_accuracy = nn_image_has(image, "/test/accuracy");
    if (test->has_accuracy) {
        NN_TRY(nn_image_real(image, "/test/accuracy", &test->accuracy));
    }
    NN_TRY(list_if(image, "/test/predictions", NN_I32, 4, arena, test->rows, &predictions));
    test->predictions = predictions;
    return read_confusion(image, arena, test);
}

static nn_status read_use(const nn_image *image, nn_arena *arena, nn_run_data *data)
{
    NN_TRY(nn_image_mark(image, "/", "run", arena, &data->id));
    NN_TRY(read_spec(image, arena, &data->facts));
    NN_TRY(read_data(image, arena, &data->facts));
    data->has_model = nn_image_has(image, "/model/layers/00");
    return NN_OK;
}

static nn_status read_parts(const nn_image *image, nn_arena *arena, nn_run_data *data)
{
    NN_TRY(read_use(image, arena, data));
    NN_TRY(read_provenance(image, arena, &data->facts));
    NN_TRY(read_split(image, arena, &data->facts));
    data->has_test = nn_image_has(image, "/test/cost");
    if (data->has_test) {
        NN_TRY(read_test(image, arena, &data->test));
    }
    return nn_parts_read_metrics(image, &data->history);
}

/* --- public ---------------------------------------------------------------------------------------------- */

static nn_status open_file(const char *folder, nn_arena *arena, nn_image **out)
{
    const char *path;
    NN_TRY(nn_path_join(arena, folder, "run.h5", &path));
    return nn_image_open(path, out);
}

nn_status nn_run_open(const char *folder, nn_arena *arena, nn_run_data *out, nn_image **image)
{
    nn_image *opened;
    nn_run_data data = {0};
    NN_TRY(open_file(folder, arena, &opened));
    nn_status status = nn_arena_text(arena, folder, strlen(folder), &data.folder);
    if (status == NN_OK) {
        status = read_use(opened, arena, &data);
    }
    if (status != NN_OK) {
        nn_image_close(opened);
        return status;
    }
    *out = data;
    *image = opened;
    return NN_OK;
}

nn_status nn_run_take_weights(const nn_image *image, nn_engine *engine, uint64_t *epoch)
{
    NN_TRY(nn_image_mark_count(image, "/model", "epoch", epoch));
    return nn_parts_read_model(image, engine);
}

nn_status nn_run_read(const char *folder, nn_arena *arena, nn_run_data *out)
{
    nn_image *image;
    nn_run_data data = {0};
    NN_TRY(open_file(folder, arena, &image));
    nn_status status = nn_arena_text(arena, folder, strlen(folder), &data.folder);
    if (status == NN_OK) {
        status = read_parts(image, arena, &data);
    }
    nn_image_close(image);
    if (status != NN_OK) {
        nn_run_data_finish(&data);
        return status;
    }
    *out = data;
    return NN_OK;
}

void nn_run_data_finish(nn_run_data *data)
{
    nn_history_destroy(data->history);
    data->history = NULL;
}

const char *nn_run_fact(const nn_run_data *data, const char *name)
{
    for (size_t i = 0; i < data->facts.provenance_count; i++) {
        if (strcmp(data->facts.provenance[i].name, name) == 0) {
            return data->facts.provenance[i].value;
        }
    }
    return NULL;
}

static nn_status weights_in_run(const char *folder, nn_arena *arena, const char **path,
                                uint64_t *epoch)
{
    nn_image *image;
    NN_TRY(open_file(folder, arena, &image));
    nn_status status = NN_OK;
    *path = NULL;
    if (nn_image_has(image, "/model/layers/00")) {
        status = nn_image_mark_count(image, "/model", "epoch", epoch);
        if (status == NN_OK) {
            status = nn_path_join(arena, folder, "run.h5", path);
        }
    }
    nn_image_close(image);
    return status;
}

nn_status nn_run_weights_path(const char *folder, const nn_log *log, nn_arena *arena,
                              const char **path, uint64_t *epoch)
{
    const char *found = NULL, *best = NULL;
    nn_train_state state;
    nn_status status = weights_in_run(folder, arena, &found, epoch);
    if (status == NN_ERR_MEMORY) {
        return status;
    }
    if (status != NN_OK) {
        nn_log_line(log, NN_WARNING, "%s; its checkpoints are tried", nn_story());
    } else if (found != NULL) {
        *path = found;
        return NN_OK;
    }
    status = nn_checkpoint_newest(folder, log, arena, &found);
    if (status == NN_ERR_NOT_FOUND) {
        return nn_fail(NN_ERR_CHECKPOINT, "%s: has no trained weights yet: no checkpoint, and no /model "
                       "in run.h5", folder);
    }
    NN_TRY(status);
    NN_TRY(nn_checkpoint_read(found, NULL, &state, NULL));
    *epoch = state.epoch;
    if (state.has_best && state.best_epoch != state.epoch) {
        nn_train_state of_best;
        NN_TRY(nn_checkpoint_of_epoch(folder, state.best_epoch, arena, &best));
        if (best != NULL && nn_checkpoint_read(best, NULL, &of_best, NULL) == NN_OK) {
            *epoch = of_best.epoch;
            found = best;
        }
    }
    *path = found;
    return NN_OK;
}

static nn_status read_layer(const nn_image *image, size_t number, nn_arena *arena, unsigned *bits,
                            nn_stored_layer *layer)
{
    char weight[PATH_ROOM], bias[PATH_ROOM], group[PATH_ROOM];
    size_t rank = 2, shape[NN_IMAGE_RANK_MOST] = {0};
    snprintf(group, sizeof group, "/model/layers/%02zu", number);
    snprintf(weight, sizeof weight, "/model/layers/%02zu/weight", number);
    snprintf(bias, sizeof bias, "/model/layers/%02zu/bias", number);
    *bits = nn_image_is(image, weight, NN_F64) ? 64 : 32;
    nn_number type = *bits == 64 ? NN_F64 : NN_F32;
    NN_TRY(array_if(image, weight, type, *bits / 8, arena, &rank, shape, &layer->weight));
    if (rank != 2 || layer->weight == NULL) {
        return nn_image_fail(image, "%s has another shape than is needed here", weight);
    }
    layer->units = shape[0];
    layer->inputs = shape[1];
    NN_TRY(list_if(image, bias, type, *bits / 8, arena, shape[0], &layer->bias));
    if (layer->bias == NULL) {
        return nn_image_fail(image, "%s is missing", bias);
    }
    layer->activation = "";
    return nn_image_has_mark(image, group, "activation")
               ? nn_image_mark(image, group, "activation", arena, &layer->activation)
               : NN_OK;
}

static nn_status read_layers(const nn_image *image, nn_arena *arena, nn_stored_model *out)
{
    const char *const *names;
    nn_stored_layer *layers;
    NN_TRY(nn_image_children(image, "/model/layers", arena, &names, &out->layer_count));
    if (out->layer_count > LAYERS_MOST) {
        return nn_image_fail(image, "/model/layers has too many layers");
    }
    NN_TRY(NN_ARENA_ALLOC(arena, &layers, out->layer_count));
    for (size_t l = 0; l < out->layer_count; l++) {
        NN_TRY(read_layer(image, l, arena, &out->bits, &layers[l]));
    }
    out->layers = layers;
    return NN_OK;
}

nn_status nn_run_read_model(const char *path, nn_arena *arena, nn_stored_model *out)
{
    nn_image *image;
    NN_TRY(nn_image_open(path, &image));
    nn_status status = read_layers(image, arena, out);
    nn_image_close(image);
    return status;
}

nn_status nn_run_read_weights(const char *path, nn_engine *engine)
{
    nn_image *image;
    NN_TRY(nn_image_open(path, &image));
    nn_status status = nn_parts_read_model(image, engine);
    nn_image_close(image);
    return status;
}

static nn_status read_outputs(const nn_image *image, nn_arena *arena, const double **out)
{
    static const char path[] = "/test/outputs";
    bool doubles = nn_image_is(image, path, NN_F64);
    size_t rank, shape[NN_IMAGE_RANK_MOST];
    const void *values = NULL;
    double *copy;
    NN_TRY(array_if(image, path, doubles ? NN_F64 : NN_F32, doubles ? 8 : 4, arena, &rank, shape,
                    &values));
    if (values == NULL || doubles) {
        *out = values;
        return NN_OK;
    }
    size_t count = rank == 2 ? shape[0] * shape[1] : 0;
    NN_TRY(NN_ARENA_ALLOC(arena, &copy, count));
    for (size_t i = 0; i < count; i++) {
        copy[i] = (double)((const float *)values)[i];
    }
    *out = copy;
    return NN_OK;
}

nn_status nn_run_read_outputs(const char *folder, nn_arena *arena, const double **out)
{
    nn_image *image;
    NN_TRY(open_file(folder, arena, &image));
    nn_status status = read_outputs(image, arena, out);
    nn_image_close(image);
    return status;
}
