/* SPDX-License-Identifier: MIT */
/* Reading is split into blocks whose size depends on the source alone; threads take the next block
 * that nobody has.  A block writes its own rows, its own hash and its own bad samples, so that the
 * result does not depend on who read what. */
#include "data/dataset.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SAMPLES = 256,       /* at most; enough to make a block's overhead vanish */
    BLOCK_BYTES = 1 << 18,     /* about: large images come in smaller blocks */
    NAME_BYTES = 4096,
    REPORT_BYTES = 12000       /* of the story; the log has all */
};
#define PROGRESS_S 0.05

struct nn_dataset {
    nn_component *loader;
    const nn_loader *ops;
    nn_source source;
    nn_dataset_about about;
    unsigned bits;
    void *x;
    int32_t *labels;
    void *y;
    uint32_t *kept; /* place in the loader's order; NULL: all are kept */
    nn_arena *arena;
    nn_bad_sample *bad;
    size_t bad_count, bad_room;
    bool opened;
};

/* One reading of all samples. */
struct reading {
    nn_dataset *set;
    const nn_load_options *options;
    size_t block, blocks; /* samples a block; how many */
    size_t sample_bytes;
    nn_hash128 *hashes; /* one a block */
    atomic_size_t next, done;
    atomic_bool stop;
    pthread_mutex_t mutex; /* of the list of bad samples */
    double shown_s;
};

static size_t real_size(unsigned bits)
{
    return bits / 8;
}

static size_t features_of(const nn_source *source)
{
    return source->height * source->width * source->channels;
}

static size_t sample_bytes_of(const nn_dataset *set)
{
    return features_of(&set->source)
           * (set->source.dtype == NN_DTYPE_UINT8 ? 1 : real_size(set->bits));
}

static const char *sample_name(const nn_dataset *set, size_t origin, size_t room, char *buffer)
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

static nn_status make_room(nn_dataset *set)
{
    const nn_source *s = &set->source;
    NN_TRY(nn_alloc_raw(s->samples, sample_bytes_of(set), "samples", &set->x));
    if (s->targets == NN_TARGETS_CLASSES) {
        NN_TRY(NN_ALLOC_RAW(&set->labels, s->samples, "labels"));
    }
    if (s->targets == NN_TARGETS_REALS) {
        NN_TRY(nn_alloc_raw(s->samples * s->outputs, real_size(set->bits), "targets", &set->y));
    }
    return NN_OK;
}

/* ---- One block. ---- */

static nn_status add_bad(struct reading *r, size_t index, const char *reason)
{
    nn_dataset *set = r->set;
    char name[NAME_BYTES];
    sample_name(set, index, sizeof name, name);
    pthread_mutex_lock(&r->mutex);
    nn_status status = NN_OK;
    nn_bad_sample bad = {.index = index};
    if (set->bad_count == set->bad_room) {
        size_t room = set->bad_room == 0 ? 16 : 2 * set->bad_room;
        NN_TRY_DONE(nn_realloc((void **)&set->bad, set->bad_count, room, sizeof *set->bad,
                               "the list of bad samples"));
        set->bad_room = room;
    }
    NN_TRY_DONE(nn_arena_text(set->arena, name, strlen(name), &bad.name));
    NN_TRY_DONE(nn_arena_text(set->arena, reason, strlen(reason), &bad.reason));
    set->bad[set->bad_count++] = bad;
done:
    pthread_mutex_unlock(&r->mutex);
    return status;
}

static bool all_finite(const void *values, size_t count, unsigned bits)
{
    /* x - x is 0 but for infinities and NaN; the sum keeps any. */
    if (bits == 32) {
        const float *v = values;
        float sum = 0;
        for (size_t i = 0; i < count; i++) {
            sum += v[i] - v[i];
        }
        return sum == 0;
    }
    const double *v = values;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += v[i] - v[i];
    }
    return sum == 0;
}

/* What is wrong with sample i of the set, though its loader liked it; NULL: nothing. */
static const char *misfit(const nn_dataset *set, size_t i)
{
    const nn_source *s = &set->source;
    size_t features = features_of(s), size = real_size(set->bits);
    if (set->labels != NULL
        && (set->labels[i] < 0 || (size_t)set->labels[i] >= s->class_count)) {
        return "its class is out of range";
    }
    if (s->dtype == NN_DTYPE_REAL
        && !all_finite((const char *)set->x + i * features * size, features, set->bits)) {
        return "it holds a number that is not finite";
    }
    if (set->y != NULL
        && !all_finite((const char *)set->y + i * s->outputs * size, s->outputs, set->bits)) {
        return "its target is not finite";
    }
    return NULL;
}

/* Reals are hashed rounded to float, so that both precisions give one fingerprint. */
static void hash_reals(nn_hasher *hasher, const void *values, size_t count, unsigned bits)
{
    if (bits == 32) {
        nn_hasher_add(hasher, values, count * sizeof(float));
        return;
    }
    const double *v = values;
    float chunk[256];
    for (size_t first = 0; first < count; first += 256) {
        size_t n = count - first < 256 ? count - first : 256;
        for (size_t i = 0; i < n; i++) {
            chunk[i] = (float)v[first + i];
        }
        nn_hasher_add(hasher, chunk, n * sizeof(float));
    }
}

static void hash_block(const nn_dataset *set, nn_hasher *hasher, size_t first, size_t n)
{
    const nn_source *s = &set->source;
    size_t features = features_of(s);
    const char *x = (const char *)set->x + first * sample_bytes_of(set);
    if (s->dtype == NN_DTYPE_UINT8) {
        nn_hasher_add(hasher, x, n * features);
    } else {
        hash_reals(hasher, x, n * features, set->bits);
    }
    if (set->labels != NULL) {
        nn_hasher_add(hasher, set->labels + first, n * sizeof *set->labels);
    }
    if (set->y != NULL) {
        hash_reals(hasher, (const char *)set->y + first * s->outputs * real_size(set->bits),
                   n * s->outputs, set->bits);
    }
}

static nn_status read_block(struct reading *r, size_t number, void *reader, nn_read_status *bad)
{
    nn_dataset *set = r->set;
    const nn_source *s = &set->source;
    size_t first = number * r->block;
    size_t n = s->samples - first < r->block ? s->samples - first : r->block;
    char *x = (char *)set->x + first * r->sample_bytes;
    size_t y_bytes = s->outputs * real_size(set->bits);
    memset(bad, 0, n * sizeof *bad);
    NN_TRY(set->ops->read(set->loader->host, set->loader->self, s, reader, first, n, x,
                          set->labels == NULL ? NULL : set->labels + first,
                          set->y == NULL ? NULL : (void *)((char *)set->y + first * y_bytes), bad));
    for (size_t i = 0; i < n; i++) {
        const char *reason = bad[i].message;
        if (bad[i].code == NN_OK) {
            reason = misfit(set, first + i);
            if (reason == NULL) {
                continue;
            }
        }
        bad[i].message[sizeof bad[i].message - 1] = 0;
        memset(x + i * r->sample_bytes, 0, r->sample_bytes);
        NN_TRY(add_bad(r, first + i, reason));
    }
    if ((set->ops->flags & NN_HASH_CONTENT) != 0) {
        nn_hasher *hasher;
        NN_TRY(nn_hasher_create(&hasher));
        hash_block(set, hasher, first, n);
        r->hashes[number] = nn_hasher_value(hasher);
        nn_hasher_destroy(hasher);
    }
    return NN_OK;
}

static void show_progress(struct reading *r)
{
    double now_s = nn_clock_s();
    if (r->options->progress != NULL && now_s - r->shown_s >= PROGRESS_S) {
        r->shown_s = now_s;
        r->options->progress(r->options->context, atomic_load(&r->done), r->set->source.samples);
    }
}

static nn_status read_blocks(void *context, size_t thread)
{
    struct reading *r = context;
    nn_component *loader = r->set->loader;
    const nn_loader *ops = r->set->ops;
    void *reader = NULL;
    nn_read_status *bad = NULL;
    nn_status status = NN_OK;
    NN_TRY_DONE(NN_ALLOC_RAW(&bad, r->block, "reading samples"));
    if (ops->reader_create != NULL) {
        NN_TRY_DONE(ops->reader_create(loader->host, loader->self, &r->set->source, &reader));
    }
    size_t number;
    while (!atomic_load_explicit(&r->stop, memory_order_relaxed)
           && nn_next(&r->next, r->blocks, &number)) {
        NN_TRY_DONE(read_block(r, number, reader, bad));
        atomic_fetch_add(&r->done, r->block);
        if (thread == 0) {
            show_progress(r);
        }
    }
done:
    if (status != NN_OK) {
        atomic_store(&r->stop, true);
    }
    if (ops->reader_destroy != NULL && reader != NULL) {
        ops->reader_destroy(loader->host, loader->self, reader);
    }
    nn_free(bad);
    return status;
}

/* ---- Bad samples: one report, or left out. ---- */

static int by_index(const void *a, const void *b)
{
    const nn_bad_sample *x = a, *y = b;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void put_bad(nn_text *text, const nn_bad_sample *bad)
{
    nn_text_escape(text, bad->name, strlen(bad->name));
    nn_text_put(text, ": ");
    nn_text_escape(text, bad->reason, strlen(bad->reason));
}

static nn_status report_bad(const nn_dataset *set)
{
    nn_text text = {0};
    nn_text_printf(&text, "%zu of %zu samples can't be used", set->bad_count, set->source.samples);
    size_t told = 0;
    for (; told < set->bad_count && text.length < REPORT_BYTES; told++) {
        nn_text_put(&text, "\n  ");
        put_bad(&text, &set->bad[told]);
    }
    if (told < set->bad_count) {
        nn_text_printf(&text, "\n  and %zu more: `nnrun data check` lists them all",
                       set->bad_count - told);
    }
    nn_text_put(&text, "\nmend or remove them, or say on_bad: skip to go on without");
    nn_status status = text.failed ? nn_fail_memory("a report", REPORT_BYTES)
                                   : nn_fail(NN_ERR_DATA, "%s", nn_text_view(&text));
    nn_text_finish(&text);
    return status;
}

/* Closes the gaps; what is kept remembers where it came from. */
static nn_status leave_out_bad(nn_dataset *set, const nn_log *log)
{
    nn_source *s = &set->source;
    if (set->bad_count == s->samples) {
        return report_bad(set);
    }
    for (size_t b = 0; b < set->bad_count; b++) {
        nn_text line = {0};
        put_bad(&line, &set->bad[b]);
        nn_log_line(log, NN_WARNING, "left out: %s", nn_text_view(&line));
        nn_text_finish(&line);
    }
    NN_TRY(NN_ALLOC_RAW(&set->kept, s->samples, "samples"));
    size_t bytes = sample_bytes_of(set), y_bytes = s->outputs * real_size(set->bits);
    size_t to = 0;
    for (size_t from = 0, b = 0; from < s->samples; from++) {
        if (b < set->bad_count && set->bad[b].index == from) {
            b++;
            continue;
        }
        memmove((char *)set->x + to * bytes, (char *)set->x + from * bytes, bytes);
        if (set->labels != NULL) {
            set->labels[to] = set->labels[from];
        }
        if (set->y != NULL) {
            memmove((char *)set->y + to * y_bytes, (char *)set->y + from * y_bytes, y_bytes);
        }
        set->kept[to++] = (uint32_t)from;
    }
    set->about.skipped = set->bad_count;
    return NN_OK;
}

/* ---- The whole. ---- */

/* What the samples are: their names and contents as far as open() knows them, shape, and the hashes
 * of all blocks in order. */
static nn_status fingerprint(const struct reading *r, nn_hash128 *out)
{
    const nn_source *s = &r->set->source;
    const uint64_t shape[] = {s->identity[0], s->identity[1], s->samples, s->height,
                              s->width,       s->channels,    s->dtype,   s->outputs};
    nn_hasher *hasher;
    NN_TRY(nn_hasher_create(&hasher));
    nn_hasher_add(hasher, shape, sizeof shape);
    for (size_t c = 0; c < s->class_count; c++) {
        nn_hasher_add(hasher, s->class_names[c], strlen(s->class_names[c]) + 1);
    }
    if ((r->set->ops->flags & NN_HASH_CONTENT) != 0) {
        nn_hasher_add(hasher, r->hashes, r->blocks * sizeof *r->hashes);
    }
    *out = nn_hasher_value(hasher);
    nn_hasher_destroy(hasher);
    return NN_OK;
}

static nn_status read_all(nn_dataset *set, const nn_load_options *options)
{
    struct reading r = {.set = set, .options = options, .sample_bytes = sample_bytes_of(set)};
    size_t fitting = BLOCK_BYTES / r.sample_bytes;
    r.block = fitting < 1 ? 1 : fitting > BLOCK_SAMPLES ? BLOCK_SAMPLES : fitting;
    r.blocks = (set->source.samples + r.block - 1) / r.block;
    r.shown_s = nn_clock_s();
    nn_status status = NN_OK;
    pthread_mutex_init(&r.mutex, NULL);
    NN_TRY_DONE(NN_ALLOC(&r.hashes, r.blocks, "hashes of samples"));
    NN_TRY_DONE(nn_pool_run(options->pool, read_blocks, &r));
    if (options->progress != NULL) {
        options->progress(options->context, set->source.samples, set->source.samples);
    }
    if (set->bad_count > 0) {
        qsort(set->bad, set->bad_count, sizeof *set->bad, by_index);
    }
    NN_TRY_DONE(fingerprint(&r, &set->about.fingerprint));
done:
    nn_free(r.hashes);
    pthread_mutex_destroy(&r.mutex);
    return status;
}

static void describe(nn_dataset *set, double start_s)
{
    const nn_source *s = &set->source;
    nn_dataset_about *about = &set->about;
    about->samples = s->samples - about->skipped;
    about->features = features_of(s);
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
    NN_TRY_DONE(open_source(set, options, paths, count));
    NN_TRY_DONE(make_room(set));
    NN_TRY_DONE(read_all(set, options));
    if (set->bad_count > 0) {
        bool skip = set->source.skip_bad != 0 || options->tolerate;
        NN_TRY_DONE(skip ? leave_out_bad(set, options->log) : report_bad(set));
    }
    describe(set, start_s);
    *out = set;
    return NN_OK;
done:
    nn_dataset_close(set);
    return status;
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
    nn_free(set->x);
    nn_free(set->labels);
    nn_free(set->y);
    nn_free(set->kept);
    nn_free(set->bad);
    nn_arena_destroy(set->arena);
    nn_free(set);
}

const nn_dataset_about *nn_dataset_describe(const nn_dataset *set)
{
    return &set->about;
}

nn_samples nn_dataset_view(const nn_dataset *set)
{
    const nn_dataset_about *about = &set->about;
    bool bytes = about->dtype == NN_DTYPE_UINT8;
    return (nn_samples){
        .count = about->samples,
        .features = about->features,
        .height = about->height,
        .width = about->width,
        .channels = about->channels,
        .image = about->image,
        .bits = set->bits,
        .bytes = bytes ? set->x : NULL,
        .reals = bytes ? NULL : set->x,
        .labels = set->labels,
        .class_count = about->class_count,
        .targets = set->y,
        .outputs = about->outputs,
    };
}

size_t nn_dataset_origin(const nn_dataset *set, size_t index)
{
    return set->kept == NULL ? index : set->kept[index];
}

const char *nn_dataset_name(const nn_dataset *set, size_t index, size_t room, char *buffer)
{
    return sample_name(set, nn_dataset_origin(set, index), room, buffer);
}

const nn_bad_sample *nn_dataset_bad(const nn_dataset *set, size_t *count)
{
    *count = set->bad_count;
    return set->bad;
}
