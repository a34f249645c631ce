/* SPDX-License-Identifier: MIT */
/* A look at the data without reading them: what a check needs to know of them. */
#include "base/memory.h"
#include "base/path.h"
#include "run/inside.h"
#include "spec/emit.h"

#include <nnrun/loader.h>

#include <string.h>

typedef struct nn__peeked {
    const char *key; /* the resolved component as YAML */
    nn_dataset_about about;
    nn_status status;
    const char *story;
    struct nn__peeked *next;
} nn__peeked;

/* Names and contents as far as open() knows them; where it leaves the contents to the host, the files'
 * stat tuples stand for them. */
static nn_hash128 fingerprint(const nn_component *loader, const nn_source *source)
{
    bool rest = (loader->about->flags & NN_HASH_CONTENT) != 0;
    const uint64_t words[] = {source->identity[0], source->identity[1], rest ? source->stat[0] : 0,
                              rest ? source->stat[1] : 0};
    return nn_hash_bytes(words, sizeof words);
}

static nn_status look(nn_component *loader, nn_dataset_about *about)
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
        .image = source.image != 0,
        .fingerprint = fingerprint(loader, &source),
    };
    ops->close(loader->host, loader->self, &source);
    return NN_OK;
}

/* Looks once a component, and remembers failures, too. */
static nn_status look_once(nn__peeks *peeks, nn_component *loader, const char *key,
                           nn_dataset_about *about)
{
    nn__peeked *peeked = peeks->first;
    while (peeked != NULL && strcmp(peeked->key, key) != 0) {
        peeked = peeked->next;
    }
    if (peeked == NULL) {
        NN_TRY(NN_ARENA_ALLOC(peeks->arena, &peeked, 1));
        NN_TRY(nn_arena_text(peeks->arena, key, strlen(key), &peeked->key));
        peeked->status = look(loader, &peeked->about);
        const char *story = peeked->status == NN_OK ? "" : nn_story();
        NN_TRY(nn_arena_text(peeks->arena, story, strlen(story), &peeked->story));
        peeked->next = peeks->first;
        peeks->first = peeked;
    }
    if (peeked->status != NN_OK) {
        return nn_fail(peeked->status, "%s", peeked->story);
    }
    *about = peeked->about;
    return NN_OK;
}

static nn_status peek_one(nn_session *s, nn_component *loader, nn_dataset_about *about)
{
    if (s->peeks == NULL) {
        return look(loader, about);
    }
    nn_text key = {0};
    nn_emit(loader->resolved, false, &key);
    nn_status status = nn_text_status(&key);
    if (status == NN_OK) {
        status = look_once(s->peeks, loader, nn_text_view(&key), about);
    }
    nn_text_finish(&key);
    return status;
}

/* Data that are not there are no error of the spec, but a check that could not be made. */
static nn_status tell(nn_session *s, const nn_component *loader, nn_status status, const char *left_out)
{
    if (status == NN_ERR_MEMORY) {
        return status;
    }
    bool absent = status == NN_ERR_NOT_FOUND;
    nn_diagnose(s->diagnostics, absent ? NN_SEVERITY_WARNING : NN_SEVERITY_ERROR, NN_ERR_DATA,
                loader->use.place, loader->use.path, NULL, "%s%s", nn_story(),
                absent ? left_out : "");
    nn_story_clear();
    return nn_diagnostics_status(s->diagnostics);
}

/* Test and validation sets must look like the training set. */
static void compare(nn_session *s, const nn_component *loader, const nn_dataset_about *about)
{
    const nn_dataset_about *train = &s->sources.about;
    if (about->height != train->height || about->width != train->width
        || about->channels != train->channels) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_DATA, loader->use.place,
                    loader->use.path, NULL,
                    "samples are %zu x %zu x %zu, those of data.train %zu x %zu x %zu",
                    about->height, about->width, about->channels, train->height, train->width,
                    train->channels);
    } else if (about->targets != train->targets || about->outputs != train->outputs
               || about->class_count != train->class_count) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_DATA, loader->use.place,
                    loader->use.path, NULL, "its targets are of another kind than data.train's");
    }
}

static nn_status peek_other(nn_session *s, nn_component *loader, nn_dataset_about *about,
                            size_t *samples)
{
    if (loader == NULL) {
        return NN_OK;
    }
    nn_status status = peek_one(s, loader, about);
    if (status != NN_OK) {
        return tell(s, loader, status, "; not checked: whether it looks like data.train");
    }
    compare(s, loader, about);
    *samples = about->samples;
    return nn_diagnostics_status(s->diagnostics);
}

/* The counts a run would have.  What is wrong with the other sets is said when they are opened. */
static nn_status count_samples(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    const nn__components *c = &s->components;
    nn__sources *sources = &s->sources;
    size_t limit = (size_t)e->data.train_limit, count = sources->about.samples;
    count = limit > 0 && limit < count ? limit : count;
    sources->validation_count = nn__validation_size(e, count);
    sources->train_count = count - sources->validation_count;
    nn_status status = peek_other(s, c->validation, &s->seen[1], &sources->validation_count);
    nn_status other = peek_other(s, c->test, &s->seen[2], &sources->test_count);
    return status != NN_OK ? status : other;
}

/* Like data: a run that is not there yet is no error of the spec. */
static void peek_warm_start(nn_session *s)
{
    const char *from = s->experiment->network.warm_start;
    if (from != NULL && !nn_path_is_folder(from) && !nn_path_is_file(from)) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_WARNING, NN_ERR_CHECKPOINT,
                    s->experiment->network.warm_start_place, "network.warm_start", NULL,
                    "there is no %s; not checked: whether its weights fit", from);
    }
}

nn_status nn__peek(nn_session *s)
{
    peek_warm_start(s);
    nn_component *loader = s->components.train;
    nn_dataset_about *about = &s->seen[0];
    nn_status status = peek_one(s, loader, about);
    if (status != NN_OK) {
        return tell(s, loader, status,
                    "; not checked: units against classes, the cost against the targets, counts");
    }
    s->sources.about = *about;
    status = nn__fit(s, about);
    nn_status counted = count_samples(s);
    return status != NN_OK ? status : counted;
}
