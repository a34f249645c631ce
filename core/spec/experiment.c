/* SPDX-License-Identifier: MIT */
#include "spec/experiment.h"

#include "base/path.h"
#include "spec/extend.h"
#include "spec/override.h"
#include "spec/read.h"
#include "spec/schema.h"

#include <math.h>
#include <string.h>

/* The name of an experiment that gives none: its file's, fit to be a folder's. */
static nn_status name_of(nn_arena *arena, const nn_text_source *source, const char **out)
{
    const char *stem;
    bool standard = source->name[0] == '<';
    NN_TRY(nn_path_stem(arena, standard ? "stdin" : source->name, &stem));
    nn_text text = {0};
    for (const char *s = stem; *s != '\0' && text.length < 100; s++) {
        bool odd = (unsigned char)*s <= ' ' || *s == 0x7F || *s == '\\'
                || (s == stem && (*s == '.' || *s == '-'));
        nn_text_append(&text, odd ? "_" : s, 1);
    }
    nn_status status = nn_text_status(&text);
    if (status == NN_OK) {
        status = nn_arena_text(arena, text.length == 0 ? "experiment" : text.bytes,
                               text.length == 0 ? 10 : text.length, out);
    }
    nn_text_finish(&text);
    return status;
}

/* ---- what the table can't say ---- */

static nn_place place_of_key(const nn_node *map, const char *key)
{
    const nn_pair *pair = nn_node_pair(map, key);
    return pair == NULL ? (nn_place){0} : pair->value->place;
}

static nn_status finish_layers(nn_arena *arena, nn_experiment *e)
{
    const nn_node *list = nn_node_get(nn_node_get(e->root, "network"), "layers");
    for (size_t i = 0; i < e->network.layer_count; i++) {
        nn_spec_layer *layer = &e->network.layers[i];
        const nn_node *units = nn_node_get(list->items[i], "units");
        layer->place = list->items[i]->place;
        bool classes = units != NULL && units->kind == NN_NODE_SCALAR
                    && strcmp(units->text, "classes") == 0;
        layer->units = layer->units == 0 && !classes ? -1 : layer->units;
        NN_TRY(nn_arena_printf(arena, &layer->path, "network.layers.%zu", i));
        if (layer->initializer.name == NULL) {
            layer->initializer = e->network.initializer;
        }
        if (layer->bias_initializer.name == NULL) {
            layer->bias_initializer = e->network.bias_initializer;
        }
    }
    return NN_OK;
}

static void finish_validation(nn_experiment *e)
{
    e->data.validation = e->data.validation_loader.name != NULL ? NN_VALIDATION_LOADER
                       : e->data.validation_count > 0           ? NN_VALIDATION_COUNT
                       : e->data.validation_fraction > 0        ? NN_VALIDATION_FRACTION
                                                                : NN_VALIDATION_NONE;
}

/* Whether a map has keys that are none: nobody knows what they were to say. */
static bool has_unknown_key(const nn_node *map, const nn_key *keys)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *name = map->pairs[i].key->text;
        if (nn_key_find(keys, name) == NULL && !nn_key_is_free(name)) {
            return true;
        }
    }
    return false;
}

/* Whether the spec has no such part of the data. */
static bool is_left_out(const nn_node *data, const char *part)
{
    const nn_node *node = nn_node_get(data, part);
    if (node != NULL) {
        return node->kind == NN_NODE_SCALAR && strcmp(node->text, "none") == 0;
    }
    return !has_unknown_key(data, nn_key_at("data")->keys);
}

/* A metric of a part of the data that the spec does not have. */
static void check_metric(const nn_experiment *e, const char *metric, nn_place place,
                         const char *path, nn_diagnostics *diagnostics)
{
    const nn_node *data = nn_node_get(e->root, "data");
    static const char *const parts[] = {"validation", "test"};
    if (metric == NULL || data == NULL || data->kind != NN_NODE_MAP) {
        return;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t length = strlen(parts[i]);
        if (strncmp(metric, parts[i], length) == 0 && metric[length] == '.'
            && is_left_out(data, parts[i])) {
            nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, path,
                        "give that part of the data, or use another metric",
                        "%s needs data.%s, which there is not", metric, parts[i]);
        }
    }
}

static nn_status check_expectations(nn_arena *arena, nn_experiment *e, nn_diagnostics *diagnostics)
{
    const nn_node *list = nn_node_get(e->root, "expect");
    for (size_t i = 0; i < e->expect_count; i++) {
        nn_spec_expect *expect = &e->expect[i];
        const nn_node *item = list->items[i];
        NN_TRY(nn_arena_printf(arena, &expect->path, "expect.%zu", i));
        if (item->kind != NN_NODE_MAP) {
            continue;
        }
        const nn_pair *least = nn_node_pair(item, "min"), *most = nn_node_pair(item, "max");
        bool bare = least == NULL && most == NULL;
        if (expect->metric != NULL && bare && !has_unknown_key(item, nn_key_at("expect")->keys)) {
            nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, item->place, expect->path,
                        "give min, max or both", "neither \"min\" nor \"max\" is given");
        }
        double bound;
        bool both = least != NULL && most != NULL && nn_node_real(least->value, &bound)
                 && nn_node_real(most->value, &bound);
        if (both && expect->min > expect->max) {
            nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, most->value->place,
                        expect->path, NULL, "max is less than min: nothing can be as expected");
        }
        const char *path;
        NN_TRY(nn_arena_printf(arena, &path, "%s.metric", expect->path));
        check_metric(e, expect->metric, place_of_key(item, "metric"), path, diagnostics);
    }
    return NN_OK;
}

static nn_status finish(nn_arena *arena, nn_experiment *e, nn_diagnostics *diagnostics)
{
    finish_validation(e);
    NN_TRY(finish_layers(arena, e));
    NN_TRY(check_expectations(arena, e, diagnostics));
    check_metric(e, e->training.early_stopping_metric, e->training.early_stopping_place,
                 "training.early_stopping.metric", diagnostics);
    check_metric(e, e->checkpoint.best, e->checkpoint.best_place, "checkpoint.best", diagnostics);
    return NN_OK;
}

nn_status nn_experiment_read(nn_arena *arena, const char *path, const char *const *overrides,
                             size_t override_count, nn_diagnostics *diagnostics,
                             nn_experiment **out)
{
    nn_experiment *e;
    nn_node *root;
    bool whole;
    NN_TRY(NN_ARENA_ALLOC(arena, &e, 1));
    e->precision = 32; /* where it can't be read no component is blamed for lacking it */
    NN_TRY(nn_extend(arena, path, diagnostics, &root, &whole, &e->source));
    if (root == NULL) {
        /* The overrides can still be looked at for their form; what they say can't be judged. */
        NN_TRY(nn_node_map(arena, (nn_place){e->source, 0, 0, 1}, &root));
        e->root = root;
        *out = e;
        return NN_OK;
    }
    for (size_t i = 0; i < override_count; i++) {
        bool applied;
        NN_TRY(nn_override(arena, overrides[i], i + 1, diagnostics, root, &applied));
        whole = whole && applied;
    }
    e->root = root;
    nn_reader reader = {.arena = arena, .diagnostics = diagnostics, .incomplete = !whole};
    NN_TRY(nn_read_keys(&reader, nn_spec_keys, root, root->place, "", e));
    if (e->name == NULL) {
        NN_TRY(name_of(arena, e->source, &e->name));
    }
    NN_TRY(finish(arena, e, diagnostics));
    *out = e;
    return NN_OK;
}
