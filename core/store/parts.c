/* SPDX-License-Identifier: MIT */
#include "store/parts.h"

#include "base/memory.h"
#include "store/metrics.h"

#include <stdio.h>
#include <string.h>

enum { PATH_ROOM = 256 };

void nn_parts_head(nn_build *build, const char *kind, const char *run)
{
    nn_build_mark(build, "/", "format", "nnrun");
    nn_build_mark_count(build, "/", "format_version", NN_STORE_FORMAT);
    nn_build_mark(build, "/", "kind", kind);
    nn_build_mark(build, "/", "run", run);
    nn_build_mark(build, "/", "NX_class", "NXroot");
    nn_build_mark(build, "/", "default", "metrics");
}

/* --- metrics --------------------------------------------------------------------------------------------- */

static const char *metric_path(char buffer[PATH_ROOM], const char *name)
{
    snprintf(buffer, PATH_ROOM, "/metrics/%s", name);
    return buffer;
}

static void put_counts(nn_build *build, const nn_history *history, uint64_t *scratch)
{
    for (size_t i = 0; i < history->count; i++) {
        scratch[i] = history->records[i].epoch;
    }
    nn_build_array(build, "/metrics/epoch", NN_U64, 1, &history->count, scratch, NULL,
                   "number of the epoch, from 1");
    for (size_t i = 0; i < history->count; i++) {
        scratch[i] = history->records[i].step;
    }
    nn_build_array(build, "/metrics/step", NN_U64, 1, &history->count, scratch, NULL,
                   "updates done at the end of the epoch");
}

static void put_metric(nn_build *build, const nn_history *history, const nn_stored_metric *metric,
                       double *scratch)
{
    char path[PATH_ROOM];
    if (!nn_stored_metric_held(metric, history)) {
        return;
    }
    for (size_t i = 0; i < history->count; i++) {
        nn_stored_metric_get(metric, history, &history->records[i], &scratch[i]);
    }
    nn_build_array(build, metric_path(path, metric->name), NN_F64, 1, &history->count, scratch,
                   metric->units, metric->doc);
}

/* A probe is kept where every epoch has it. */
static bool probe_held(const nn_history *history, size_t probe)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->records[i].probe[probe] == NULL) {
            return false;
        }
    }
    return history->count > 0 && history->layer_count > 0;
}

static void put_probe(nn_build *build, const nn_history *history, size_t probe, double *scratch)
{
    char path[PATH_ROOM];
    size_t layers = history->layer_count, shape[] = {history->count, layers};
    if (!probe_held(history, probe)) {
        return;
    }
    for (size_t i = 0; i < history->count; i++) {
        memcpy(scratch + i * layers, history->records[i].probe[probe], layers * sizeof *scratch);
    }
    const nn_stored_probe *about = &nn_stored_probes[probe];
    nn_build_array(build, metric_path(path, about->name), NN_F64, 2, shape, scratch, about->units,
                   about->doc);
}

static const char *signal_of(const nn_history *history)
{
    if (history->validation) {
        return history->accuracy ? "validation_accuracy" : "validation_cost";
    }
    return history->accuracy ? "train_accuracy" : "train_cost";
}

void nn_parts_metrics(nn_build *build, const nn_history *history)
{
    double *scratch = NULL;
    size_t width = history->layer_count > 0 ? history->layer_count : 1;
    nn_build_group(build, "/metrics");
    nn_build_mark(build, "/metrics", "NX_class", "NXdata");
    nn_build_mark(build, "/metrics", "signal", signal_of(history));
    nn_build_mark(build, "/metrics", "axes", "epoch");
    nn_build_mark_count(build, "/metrics", "layers", history->layer_count);
    nn_build_failed(build, NN_ALLOC(&scratch, (history->count + 1) * width, "metrics"));
    if (scratch == NULL) {
        return;
    }
    put_counts(build, history, (uint64_t *)scratch);
    for (size_t m = 0; m < NN_STORED_METRICS; m++) {
        put_metric(build, history, &nn_stored_metrics[m], scratch);
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        put_probe(build, history, p, scratch);
    }
    nn_free(scratch);
}

/* The columns of /metrics as they are read; a NULL one is not in the file. */
struct columns {
    size_t count;
    uint64_t *epoch, *step;
    double *metrics[NN_STORED_METRICS];
    double *probes[NN_PROBE_COUNT];
};

static void finish_columns(struct columns *columns)
{
    nn_free(columns->epoch);
    nn_free(columns->step);
    for (size_t m = 0; m < NN_STORED_METRICS; m++) {
        nn_free(columns->metrics[m]);
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        nn_free(columns->probes[p]);
    }
}

static nn_status read_columns(const nn_image *image, const nn_history *history,
                              struct columns *columns)
{
    char path[PATH_ROOM];
    size_t rank, shape[NN_IMAGE_RANK_MOST], layers = history->layer_count;
    NN_TRY(nn_image_shape(image, "/metrics/epoch", &rank, shape));
    if (rank != 1) {
        return nn_image_fail(image, "/metrics/epoch has another shape than is needed here");
    }
    size_t count = columns->count = shape[0];
    NN_TRY(NN_ALLOC(&columns->epoch, count + 1, "metrics"));
    NN_TRY(NN_ALLOC(&columns->step, count + 1, "metrics"));
    NN_TRY(nn_image_array(image, "/metrics/epoch", NN_U64, 1, &count, columns->epoch));
    NN_TRY(nn_image_array(image, "/metrics/step", NN_U64, 1, &count, columns->step));
    for (size_t m = 0; m < NN_STORED_METRICS; m++) {
        if (nn_stored_metric_held(&nn_stored_metrics[m], history)) {
            NN_TRY(NN_ALLOC(&columns->metrics[m], count + 1, "metrics"));
            NN_TRY(nn_image_array(image, metric_path(path, nn_stored_metrics[m].name), NN_F64, 1,
                                  &count, columns->metrics[m]));
        }
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        size_t extent[] = {count, layers};
        if (nn_image_has(image, metric_path(path, nn_stored_probes[p].name))) {
            NN_TRY(NN_ALLOC(&columns->probes[p], (count + 1) * (layers + 1), "metrics"));
            NN_TRY(nn_image_array(image, path, NN_F64, 2, extent, columns->probes[p]));
        }
    }
    return NN_OK;
}

static nn_status append_columns(const struct columns *columns, nn_history *history)
{
    for (size_t i = 0; i < columns->count; i++) {
        nn_record record = {.epoch = columns->epoch[i], .step = columns->step[i]};
        for (size_t m = 0; m < NN_STORED_METRICS; m++) {
            if (columns->metrics[m] != NULL) {
                memcpy((char *)&record + nn_stored_metrics[m].offset, &columns->metrics[m][i],
                       sizeof(double));
            }
        }
        for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
            if (columns->probes[p] != NULL) {
                record.probe[p] = columns->probes[p] + i * history->layer_count;
            }
        }
        NN_TRY(nn_history_append(history, &record));
    }
    return NN_OK;
}

nn_status nn_parts_read_metrics(const nn_image *image, nn_history **out)
{
    uint64_t layers;
    nn_history *history;
    struct columns columns = {0};
    NN_TRY(nn_image_mark_count(image, "/metrics", "layers", &layers));
    if (layers > UINT16_MAX) {
        return nn_image_fail(image, "/metrics@layers is out of range");
    }
    NN_TRY(nn_history_create(nn_image_has(image, "/metrics/train_accuracy"),
                             nn_image_has(image, "/metrics/validation_cost"), (size_t)layers,
                             &history));
    nn_status status = read_columns(image, history, &columns);
    if (status == NN_OK) {
        status = append_columns(&columns, history);
    }
    finish_columns(&columns);
    if (status != NN_OK) {
        nn_history_destroy(history);
        return status;
    }
    *out = history;
    return NN_OK;
}

/* --- layers ------------------------------------------------------------------------------------------------ */

static nn_number real_of(const nn_topology *topology)
{
    return topology->bits == 64 ? NN_F64 : NN_F32;
}

/* Buffers for the largest layer; to be finished even where creating them failed. */
struct buffers {
    void *weight, *bias;
};

static nn_status create_buffers(const nn_topology *topology, struct buffers *buffers)
{
    size_t weights = 0, units = 0, real = topology->bits / 8;
    for (size_t l = 0; l < topology->layer_count; l++) {
        const nn_layer *layer = &topology->layers[l];
        weights = layer->inputs * layer->units > weights ? layer->inputs * layer->units : weights;
        units = layer->units > units ? layer->units : units;
    }
    NN_TRY(nn_alloc_raw(weights, real, "a layer's weights", &buffers->weight));
    return nn_alloc_raw(units, real, "a layer's biases", &buffers->bias);
}

static void finish_buffers(struct buffers *buffers)
{
    nn_free(buffers->weight);
    nn_free(buffers->bias);
}

static const char *layer_path(char buffer[PATH_ROOM], const char *root, size_t layer,
                              const char *name)
{
    snprintf(buffer, PATH_ROOM, "%s/%02zu%s", root, layer, name);
    return buffer;
}

/* A layer some units at a time, so that no second copy of it stands in memory. */
static void put_blank(nn_build *build, const nn_topology *topology, const nn_layered *layered, size_t l)
{
    char path[PATH_ROOM];
    size_t shape[] = {topology->layers[l].units, topology->layers[l].inputs};
    nn_build_blank(build, layer_path(path, layered->root, l, "/weight"), real_of(topology), 2, shape, layered->doc);
    nn_build_blank(build, layer_path(path, layered->root, l, "/bias"), real_of(topology), 1, shape, NULL);
}

static nn_status put_layer(nn_build *build, const nn_topology *topology, const nn_layered *layered, size_t l)
{
    enum { BYTES_AT_ONCE = 512 * 1024 };
    char path[PATH_ROOM];
    size_t units = topology->layers[l].units, inputs = topology->layers[l].inputs, real = topology->bits / 8;
    size_t shape[] = {units, inputs}, rows = BYTES_AT_ONCE / (inputs * real) + 1;
    struct buffers buffers = {0};
    nn_status status = nn_alloc_raw(rows * inputs, real, "some of a layer's weights", &buffers.weight);
    if (status == NN_OK) {
        status = nn_alloc_raw(units, real, "a layer's biases", &buffers.bias);
    }
    nn_build_blank(build, layer_path(path, layered->root, l, "/weight"), real_of(topology), 2, shape, layered->doc);
    for (size_t first = 0; status == NN_OK && first < units; first += rows) {
        size_t count = units - first < rows ? units - first : rows;
        layered->get(layered->context, l, first, count, buffers.weight, (char *)buffers.bias + first * real);
        nn_build_put_rows(build, path, real_of(topology), shape, first, count, buffers.weight);
    }
    if (status == NN_OK) {
        nn_build_array(build, layer_path(path, layered->root, l, "/bias"), real_of(topology), 1, shape,
                       buffers.bias, NULL, NULL);
    }
    finish_buffers(&buffers);
    return status;
}

void nn_parts_layered(nn_build *build, const nn_topology *topology, const nn_layered *layered)
{
    for (size_t l = 0; l < topology->layer_count; l++) {
        if (layered->blank) {
            put_blank(build, topology, layered, l);
        } else {
            nn_build_failed(build, put_layer(build, topology, layered, l));
        }
    }
}

static nn_status check_array(const nn_image *image, const char *path, size_t rank, const size_t *want)
{
    size_t found_rank, found[NN_IMAGE_RANK_MOST] = {0};
    NN_TRY(nn_image_shape(image, path, &found_rank, found));
    if (found_rank != rank || found[0] != want[0] || (rank == 2 && found[1] != want[1])) {
        return nn_image_fail(image, "%s is %zu x %zu; the network needs %zu x %zu", path, found[0],
                             found_rank > 1 ? found[1] : 1, want[0], rank > 1 ? want[1] : 1);
    }
    return NN_OK;
}

nn_status nn_parts_check_layered(const nn_image *image, const nn_topology *topology,
                                 const nn_layered *layered)
{
    char path[PATH_ROOM];
    for (size_t l = 0; l < topology->layer_count; l++) {
        size_t shape[] = {topology->layers[l].units, topology->layers[l].inputs};
        NN_TRY(check_array(image, layer_path(path, layered->root, l, "/weight"), 2, shape));
        NN_TRY(check_array(image, layer_path(path, layered->root, l, "/bias"), 1, shape));
    }
    if (nn_image_has(image, layer_path(path, layered->root, topology->layer_count, ""))) {
        return nn_image_fail(image, "%s has more layers than the network's %zu", layered->root,
                             topology->layer_count);
    }
    return NN_OK;
}

nn_status nn_parts_read_layered(const nn_image *image, const nn_topology *topology,
                                const nn_layered *layered)
{
    struct buffers buffers = {0};
    nn_status status = create_buffers(topology, &buffers);
    for (size_t l = 0; status == NN_OK && l < topology->layer_count; l++) {
        char path[PATH_ROOM];
        size_t shape[] = {topology->layers[l].units, topology->layers[l].inputs};
        status = nn_image_array(image, layer_path(path, layered->root, l, "/weight"),
                                real_of(topology), 2, shape, buffers.weight);
        if (status == NN_OK) {
            status = nn_image_array(image, layer_path(path, layered->root, l, "/bias"),
                                    real_of(topology), 1, shape, buffers.bias);
        }
        if (status == NN_OK) {
            layered->set(layered->context, l, buffers.weight, buffers.bias);
        }
    }
    finish_buffers(&buffers);
    return status;
}

/* --- the model ------------------------------------------------------------------------------------------- */

static const char layers_root[] = "/model/layers";

/* The engine to read from; `to` is set where it may be written. */
struct model {
    const nn_engine *from;
    nn_engine *to;
};

static void get_units(void *context, size_t layer, size_t first, size_t count, void *weight, void *bias)
{
    nn_engine_get_units(((const struct model *)context)->from, layer, first, count, weight, bias);
}

static void set_layer(void *context, size_t layer, const void *weight, const void *bias)
{
    nn_engine_set(((const struct model *)context)->to, layer, weight, bias);
}

static nn_layered layered_model(struct model *model)
{
    return (nn_layered){.root = layers_root, .doc = "[outputs x inputs]", .context = model, .get = get_units,
                        .set = set_layer};
}

static void mark_component(nn_build *build, const char *path, const char *name,
                           const nn_component *component)
{
    if (component != NULL) {
        nn_build_mark(build, path, name, component->name);
    }
}

size_t nn_parts_bytes(const nn_engine *engine, size_t slots)
{
    enum { BESIDES = 512 * 1024 }; /* what describes them, and the metrics of an ordinary run */
    const nn_topology *topology = nn_engine_topology(engine);
    return nn_topology_parameters(topology) * (1 + slots) * (topology->bits / 8) + BESIDES;
}

void nn_parts_model(nn_build *build, const nn_engine *engine)
{
    const nn_topology *topology = nn_engine_topology(engine);
    struct model model = {engine, NULL};
    const nn_layered layered = layered_model(&model);
    nn_build_group(build, layers_root);
    nn_build_mark_count(build, "/model", "parameters", nn_topology_parameters(topology));
    mark_component(build, "/model", "cost", topology->cost);
    nn_parts_layered(build, topology, &layered);
    for (size_t l = 0; l < topology->layer_count; l++) {
        char path[PATH_ROOM];
        layer_path(path, layers_root, l, "");
        mark_component(build, path, "activation", topology->layers[l].activation);
        mark_component(build, path, "initializer", topology->layers[l].initializer);
        mark_component(build, path, "bias_initializer", topology->layers[l].bias_initializer);
    }
}

static nn_status check_component(const nn_image *image, const char *path, const char *name,
                                 const nn_component *component)
{
    nn_arena *arena;
    const char *found = "";
    if (component == NULL) {
        return NN_OK;
    }
    NN_TRY(nn_arena_create(&arena));
    nn_status status = nn_image_mark(image, path, name, arena, &found);
    if (status == NN_OK && strcmp(found, component->name) != 0) {
        status = nn_image_fail(image, "%s has the %s %s; the network has %s", path, name, found,
                               component->name);
    }
    nn_arena_destroy(arena);
    return status;
}

nn_status nn_parts_read_model(const nn_image *image, nn_engine *engine)
{
    const nn_topology *topology = nn_engine_topology(engine);
    struct model model = {engine, engine};
    const nn_layered layered = layered_model(&model);
    NN_TRY(nn_parts_check_layered(image, topology, &layered));
    for (size_t l = 0; l < topology->layer_count; l++) {
        char path[PATH_ROOM];
        NN_TRY(check_component(image, layer_path(path, layers_root, l, ""), "activation",
                               topology->layers[l].activation));
    }
    return nn_parts_read_layered(image, topology, &layered);
}
