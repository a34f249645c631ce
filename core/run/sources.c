/* SPDX-License-Identifier: MIT */
/* The data of a session: opened, split into training and validation rows, normalised. */
#include "base/memory.h"
#include "data/normalize.h"
#include "data/split.h"
#include "run/inside.h"

#include <math.h>
#include <string.h>

static nn_input input_of(const nn_samples *samples, const nn_affine_input *normalize)
{
    return (nn_input){
        .bytes = samples->bytes,
        .reals = samples->reals,
        .scale = normalize->scale,
        .shift = normalize->shift,
        .scale_count = normalize->count,
        .labels = samples->labels,
        .targets = samples->targets,
    };
}

/* Splits `rows` (count of them) into `take` taken and the rest, classes keeping their shares. */
static nn_status split_rows(const nn_samples *samples, const uint32_t *rows, size_t count,
                            size_t take, uint64_t seed, const char *stream, uint32_t *taken,
                            uint32_t *rest)
{
    int32_t *labels = NULL;
    if (samples->labels != NULL) {
        NN_TRY(NN_ALLOC_RAW(&labels, count, "labels"));
        for (size_t i = 0; i < count; i++) {
            labels[i] = samples->labels[rows[i]];
        }
    }
    nn_status status = nn_split(labels, count, samples->class_count, take, seed, stream, taken, rest);
    nn_free(labels);
    if (status == NN_OK) {
        for (size_t i = 0; taken != NULL && i < take; i++) {
            taken[i] = rows[taken[i]];
        }
        for (size_t i = 0; rest != NULL && i < count - take; i++) {
            rest[i] = rows[rest[i]];
        }
    }
    return status;
}

size_t nn__validation_size(const nn_experiment *e, size_t count)
{
    if (e->data.validation == NN_VALIDATION_COUNT) {
        return (size_t)e->data.validation_count;
    }
    if (e->data.validation == NN_VALIDATION_FRACTION) {
        return (size_t)llround(e->data.validation_fraction * (double)count);
    }
    return 0;
}

/* All rows, or a stratified part of them (limit); then validation rows out of these. */
static nn_status choose_rows(nn_session *s, const nn_samples *samples)
{
    const nn_experiment *e = s->experiment;
    nn__sources *sources = &s->sources;
    size_t count = samples->count;
    uint32_t *all;
    NN_TRY(NN_ALLOC_RAW(&all, count, "sample numbers"));
    for (size_t i = 0; i < count; i++) {
        all[i] = (uint32_t)i;
    }
    nn_status status = NN_OK;
    if (e->data.train_limit > 0 && (size_t)e->data.train_limit < count) {
        size_t limit = (size_t)e->data.train_limit;
        status = split_rows(samples, all, count, limit, e->seed, "limit", all, NULL);
        count = limit;
    }
    size_t take = nn__validation_size(e, count);
    if (status != NN_OK || take == 0) {
        sources->train_rows = all;
        sources->train_count = count;
        return status;
    }
    sources->validation_count = take;
    sources->train_count = count - take;
    status = NN_ALLOC_RAW(&sources->validation_rows, take, "sample numbers");
    if (status == NN_OK) {
        status = NN_ALLOC_RAW(&sources->train_rows, count - take, "sample numbers");
    }
    if (status == NN_OK) {
        status = split_rows(samples, all, count, take, e->seed, "validation",
                            sources->validation_rows, sources->train_rows);
    }
    nn_free(all);
    return status;
}

static nn_status open_one(nn_session *s, nn_component *loader, const char *what, nn_dataset **out)
{
    NN_TRY(nn_component_create(loader, NULL));
    nn_load_options options = {
        .pool = s->pool,
        .log = s->options.log,
        .cache = s->experiment->data.cache,
        .bits = s->experiment->precision,
        .progress = s->options.loading,
        .context = s->options.loading_context,
        .interrupt = s->options.interrupt,
    };
    nn_status status = nn_dataset_open(loader, &options, out);
    if (status != NN_OK) {
        nn_note("while loading %s", what);
        return status;
    }
    const nn_dataset_about *about = nn_dataset_describe(*out);
    nn_log_line(s->options.log, NN_INFO, "%s: %zu samples of %zu features, %.2f s%s", what,
                about->samples, about->features, about->load_s,
                about->from_cache ? " (cached)" : "");
    return NN_OK;
}

/* Test and validation sets must look like the training set, down to the classes' names. */
static nn_status same_kind(const char *what, const nn_dataset_about *a, const nn_dataset_about *b)
{
    if (a->height != b->height || a->width != b->width || a->channels != b->channels) {
        return nn_fail(NN_ERR_DATA, "%s: samples are %zu x %zu x %zu, those of data.train "
                       "%zu x %zu x %zu", what, b->height, b->width, b->channels, a->height,
                       a->width, a->channels);
    }
    if (a->targets != b->targets || a->outputs != b->outputs) {
        return nn_fail(NN_ERR_DATA, "%s: its targets are of another kind than data.train's", what);
    }
    for (size_t i = 0; i < a->class_count || i < b->class_count; i++) {
        const char *x = i < a->class_count ? a->class_names[i] : "(none)";
        const char *y = i < b->class_count ? b->class_names[i] : "(none)";
        if (strcmp(x, y) != 0) {
            return nn_fail(NN_ERR_DATA, "%s: class %zu is \"%s\", in data.train it is \"%s\"", what,
                           i, y, x);
        }
    }
    return NN_OK;
}

nn_status nn__sources_open(nn_session *s)
{
    const nn__components *c = &s->components;
    nn__sources *sources = &s->sources;
    NN_TRY(open_one(s, c->train, "data.train", &sources->train));
    sources->about = *nn_dataset_describe(sources->train);
    NN_TRY(nn__fit(s, &sources->about));
    nn_samples train = nn_dataset_view(sources->train);
    NN_TRY(choose_rows(s, &train));
    NN_TRY(nn_normalize_fit(s->experiment->data.normalize, &train, sources->train_rows,
                            sources->train_count, s->arena, &sources->normalize));
    sources->train_input = input_of(&train, &sources->normalize);
    sources->validation_input = sources->train_input;
    if (c->validation != NULL) {
        NN_TRY(open_one(s, c->validation, "data.validation", &sources->validation));
        NN_TRY(same_kind("data.validation", &sources->about,
                         nn_dataset_describe(sources->validation)));
        nn_samples view = nn_dataset_view(sources->validation);
        sources->validation_input = input_of(&view, &sources->normalize);
        sources->validation_count = view.count;
    }
    if (c->test != NULL) {
        NN_TRY(open_one(s, c->test, "data.test", &sources->test));
        NN_TRY(same_kind("data.test", &sources->about, nn_dataset_describe(sources->test)));
        nn_samples view = nn_dataset_view(sources->test);
        sources->test_input = input_of(&view, &sources->normalize);
        sources->test_count = view.count;
    }
    return NN_OK;
}

void nn__sources_close(nn__sources *sources)
{
    nn_dataset_close(sources->train);
    nn_dataset_close(sources->test);
    nn_dataset_close(sources->validation);
    nn_free(sources->train_rows);
    nn_free(sources->validation_rows);
}
