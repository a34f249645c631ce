/* SPDX-License-Identifier: MIT */
#include "data/dataset.h"

#include "base/clock.h"
#include "base/memory.h"
#include "data/inside.h"

#include <stdio.h>
#include <string.h>

const char *nn__sample_name(const nn_dataset *set, size_t origin, size_t room, char *buffer)
{
    buffer[0] = 0;
    if (set->ops->sample_name != NULL) {
        set->ops->sample_name(set->loader->self, &set->source, origin, room, buffer);
    }
    if (buffer[0] == 0) {
        snprintf(buffer, room, "sample %zu", origin);
    }
    return buffer;
}

nn_samples nn__rows(const nn_dataset *set, size_t n, const void *x)
{
    const nn_source *s = &set->source;
    bool bytes = s->dtype == NN_DTYPE_UINT8;
    return (nn_samples){
        .count = n,
        .features = nn__features(set),
        .height = s->height,
        .width = s->width,
        .channels = s->channels,
        .image = s->image != 0,
        .bits = set->bits,
        .bytes = bytes ? x : NULL,
        .reals = bytes ? NULL : x,
    };
}

/* ---- What a loader says of its source is not trusted. ---- */

static nn_status check_source(const nn_dataset *set)
{
    const nn_source *s = &set->source;
    const char *name = set->loader->name;
    size_t features;
    if (s->samples == 0) {
        return nn_fail(NN_ERR_DATA, "loader %s found no samples", name);
    }
    if (s->samples >= UINT32_MAX) {
        return nn_fail(NN_ERR_DATA, "loader %s: %zu samples; at most %lu can be used", name,
                       s->samples, (unsigned long)UINT32_MAX - 1);
    }
    if (__builtin_mul_overflow(s->height, s->width, &features)
        || __builtin_mul_overflow(features, s->channels, &features) || features == 0
        || features > SIZE_MAX / 64 / s->samples) {
        return nn_fail(NN_ERR_DATA, "loader %s: samples of %zu x %zu x %zu can't be held", name,
                       s->height, s->width, s->channels);
    }
    bool classes_hold = s->targets != NN_TARGETS_CLASSES
                        || (s->class_count > 0 && s->class_count <= INT32_MAX
                            && s->class_names != NULL);
    bool reals_hold = s->targets != NN_TARGETS_REALS || s->outputs > 0;
    if ((s->dtype != NN_DTYPE_UINT8 && s->dtype != NN_DTYPE_REAL) || s->targets > NN_TARGETS_REALS
        || !classes_hold || !reals_hold) {
        return nn_fail(NN_ERR_PLUGIN,
                       "loader %s describes its source wrongly (dtype %u, targets %u, %zu classes, "
                       "%zu outputs)",
                       name, s->dtype, s->targets, s->class_count, s->outputs);
    }
    return NN_OK;
}

/* ---- The cache ---- */

/* Bytes whose decoding costs something: the loader tells by giving stat tuples. */
static bool is_cacheable(const nn_dataset *set, const nn_load_options *options)
{
    const nn_source *s = &set->source;
    return options->cache && s->dtype == NN_DTYPE_UINT8 && s->targets != NN_TARGETS_REALS
           && (set->ops->stat != NULL || s->stat[0] != 0 || s->stat[1] != 0);
}

static nn_status cache_key(nn_dataset *set, const nn_load_options *options, nn_hash128 *key)
{
    nn_hash128 stat = {set->source.stat[0], set->source.stat[1]};
    if (set->ops->stat != NULL) {
        NN_TRY(nn__read_stat(set, options, &stat));
    }
    return nn_cache_key(set->loader, &set->source, stat, key);
}

/* True where the samples came out of the cache. */
static bool take_cached(nn_dataset *set, const nn_load_options *options, nn_hash128 key)
{
    static const int32_t wanted = 0;
    nn_cache_content content = {
        .samples = set->source.samples,
        .features = nn__features(set),
        .labels = set->source.targets == NN_TARGETS_CLASSES ? &wanted : NULL,
    };
    if (!nn_cache_find(key, options->pool, options->log, &content, &set->map)) {
        return false;
    }
    set->x = (void *)(uintptr_t)content.bytes;
    set->labels = (void *)(uintptr_t)content.labels;
    set->about.fingerprint = content.fingerprint;
    set->about.from_cache = true;
    return true;
}

static void keep(const nn_dataset *set, const nn_load_options *options, nn_hash128 key)
{
    const nn_source *s = &set->source;
    char name[NN__NAME_BYTES], title[NN__NAME_BYTES + 128];
    snprintf(title, sizeof title, "%s: %zu samples of %zu x %zu x %zu, %s ...", set->loader->name,
             s->samples, s->height, s->width, s->channels,
             nn__sample_name(set, 0, sizeof name, name));
    nn_cache_store(key, title, options->log,
                   &(nn_cache_content){
                       .bytes = set->x,
                       .labels = set->labels,
                       .samples = s->samples,
                       .features = nn__features(set),
                       .fingerprint = set->about.fingerprint,
                   });
}

/* ---- The whole ---- */

static void describe(nn_dataset *set, double start_s)
{
    const nn_source *s = &set->source;
    nn_dataset_about *about = &set->about;
    about->samples = s->samples - about->skipped;
    about->features = nn__features(set);
    about->height = s->height;
    about->width = s->width;
    about->channels = s->channels;
    about->image = s->image != 0;
    about->outputs = s->targets == NN_TARGETS_REALS ? s->outputs : 0;
    about->class_count = s->targets == NN_TARGETS_CLASSES ? s->class_count : 0;
    about->class_names = s->class_names;
    about->dtype = (nn_dtype)s->dtype;
    about->targets = (nn_targets)s->targets;
    about->load_s = nn_clock_s() - start_s;
}

static nn_status open_source(nn_dataset *set, const nn_load_options *options,
                             const char *const *paths, size_t count)
{
    nn_component *loader = set->loader;
    set->source.size = sizeof set->source;
    if (paths == NULL) {
        NN_TRY(set->ops->open(loader->host, loader->self, &set->source));
    } else {
        set->source.height = options->height;
        set->source.width = options->width;
        set->source.channels = options->channels;
        set->source.regular = options->regular;
        NN_TRY(set->ops->open_files(loader->host, loader->self, paths, count, &set->source));
    }
    set->opened = true;
    return check_source(set);
}

static nn_status load(nn_component *loader, const nn_load_options *options,
                      const char *const *paths, size_t count, nn_dataset **out)
{
    double start_s = nn_clock_s();
    nn_dataset *set;
    NN_TRY(NN_ALLOC(&set, 1, "a data set"));
    set->loader = loader;
    set->ops = loader->ops;
    set->bits = options->bits;
    nn_status status = NN_OK;
    NN_TRY_DONE(nn_arena_create(&set->arena));
    set->bad.arena = set->arena;
    NN_TRY_DONE(open_source(set, options, paths, count));
    nn_hash128 key;
    bool cacheable = paths == NULL && is_cacheable(set, options);
    if (cacheable) {
        NN_TRY_DONE(cache_key(set, options, &key));
    }
    if (!cacheable || !take_cached(set, options, key)) {
        NN_TRY_DONE(nn__read(set, options));
        /* Bad samples must be named again next time. */
        if (cacheable && set->bad.count == 0) {
            keep(set, options, key);
        }
    }
    describe(set, start_s);
    *out = set;
    return NN_OK;
done:
    nn_dataset_close(set);
    /* "Not found" is what a check wants to know; to load, it is an error in the data. */
    return status == NN_ERR_NOT_FOUND ? NN_ERR_DATA : status;
}

nn_status nn_dataset_open(nn_component *loader, const nn_load_options *options, nn_dataset **out)
{
    return load(loader, options, NULL, 0, out);
}

nn_status nn_dataset_open_files(nn_component *loader, const nn_load_options *options,
                                const char *const *paths, size_t count, nn_dataset **out)
{
    const nn_loader *ops = loader->ops;
    if (ops->open_files == NULL) {
        return nn_fail(NN_ERR_UNSUPPORTED, "loader %s can't read single files", loader->name);
    }
    nn_load_options tolerant = *options;
    tolerant.tolerate = true;
    return load(loader, &tolerant, paths, count, out);
}

void nn_dataset_close(nn_dataset *set)
{
    if (set == NULL) {
        return;
    }
    if (set->opened && set->ops->close != NULL) {
        set->ops->close(set->loader->host, set->loader->self, &set->source);
    }
    if (set->map.memory == NULL) {
        nn_free(set->x);
        nn_free(set->labels);
    }
    nn_cache_release(&set->map);
    nn_free(set->y);
    nn_free(set->kept);
    nn_bad_finish(&set->bad);
    nn_arena_destroy(set->arena);
    nn_free(set);
}

const nn_dataset_about *nn_dataset_describe(const nn_dataset *set)
{
    return &set->about;
}

nn_samples nn_dataset_view(const nn_dataset *set)
{
    nn_samples all = nn__rows(set, set->about.samples, set->x);
    all.labels = set->labels;
    all.class_count = set->about.class_count;
    all.targets = set->y;
    all.outputs = set->about.outputs;
    return all;
}

size_t nn_dataset_origin(const nn_dataset *set, size_t index)
{
    return set->kept == NULL ? index : set->kept[index];
}

const char *nn_dataset_name(const nn_dataset *set, size_t index, size_t room, char *buffer)
{
    return nn__sample_name(set, nn_dataset_origin(set, index), room, buffer);
}

const nn_bad_sample *nn_dataset_bad(const nn_dataset *set, size_t *count)
{
    *count = set->bad.count;
    return set->bad.items;
}
