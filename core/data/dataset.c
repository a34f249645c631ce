/* SPDX-License-Identifier: MIT */
/* Reading is split into blocks whose size depends on the source alone; threads take the next block
 * that nobody has.  A block writes its own rows, its own hash and its own bad samples, so that the
 * result does not depend on who read what. */
#include "data/dataset.h"

#include "data/bad.h"
#include "data/cache.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    BLOCK_SAMPLES = 256,       /* at most; enough to make a block's overhead vanish */
    BLOCK_BYTES = 1 << 18,     /* about: large images come in smaller blocks */
    NAME_BYTES = 4096
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
    nn_bad_list bad;
    nn_cache_map map; /* holds x and labels where they come from the cache */
    bool opened;
};

/* What one thread has for itself. */
struct lane {
    size_t thread;
    void *reader;
    nn_read_status *bad;
    char *x; /* a block of samples that are handed on; NULL where they are kept */
};

struct reading;
typedef nn_status block_job(struct reading *r, size_t first, size_t n, struct lane *lane);

/* One pass over all samples, block by block. */
struct reading {
    nn_dataset *set;
    block_job *job;
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

static nn_status make_room(nn_dataset *set, bool passing)
{
    const nn_source *s = &set->source;
    if (!passing) {
        NN_TRY(nn_alloc_raw(s->samples, sample_bytes_of(set), "samples", &set->x));
    }
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
    char name[NAME_BYTES];
    sample_name(r->set, index, sizeof name, name);
    pthread_mutex_lock(&r->mutex);
    nn_status status = nn_bad_add(&r->set->bad, index, name, reason);
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

/* What is wrong with sample i of the set, read to x, though its loader liked it; NULL: nothing. */
static const char *misfit(const nn_dataset *set, size_t i, const char *x)
{
    const nn_source *s = &set->source;
    size_t features = features_of(s), size = real_size(set->bits);
    if (set->labels != NULL
        && (set->labels[i] < 0 || (size_t)set->labels[i] >= s->class_count)) {
        return "its class is out of range";
    }
    if (s->dtype == NN_DTYPE_REAL && !all_finite(x, features, set->bits)) {
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

/* Trouble of the machine: the file may be as good as any.  An I/O error is told as one, and not as
 * a bad file that may be left out unseen, unless all that is bad is listed anyway. */
static bool is_trouble(const nn_load_options *options, int32_t code)
{
    return code == NN_ERR_MEMORY || (code == NN_ERR_IO && !options->tolerate);
}

static nn_status tell_trouble(const nn_dataset *set, size_t index, const nn_read_status *bad)
{
    char name[NAME_BYTES];
    nn_text line = {0};
    sample_name(set, index, sizeof name, name);
    nn_text_escape(&line, name, strlen(name));
    nn_status status = nn_fail(bad->code, "%s: %s", nn_text_view(&line), bad->message);
    nn_text_finish(&line);
    return status;
}

/* Samples first .. first + n - 1 as they lie at x. */
static nn_samples rows_of(const nn_dataset *set, size_t n, const void *x)
{
    const nn_source *s = &set->source;
    bool bytes = s->dtype == NN_DTYPE_UINT8;
    return (nn_samples){
        .count = n,
        .features = features_of(s),
        .height = s->height,
        .width = s->width,
        .channels = s->channels,
        .image = s->image != 0,
        .bits = set->bits,
        .bytes = bytes ? x : NULL,
        .reals = bytes ? NULL : x,
    };
}

static nn_status read_block(struct reading *r, size_t first, size_t n, struct lane *lane)
{
    nn_dataset *set = r->set;
    const nn_source *s = &set->source;
    nn_read_status *bad = lane->bad;
    char *x = lane->x != NULL ? lane->x : (char *)set->x + first * r->sample_bytes;
    size_t y_bytes = s->outputs * real_size(set->bits);
    memset(bad, 0, n * sizeof *bad);
    NN_TRY(set->ops->read(set->loader->host, set->loader->self, s, lane->reader, first, n, x,
                          set->labels == NULL ? NULL : set->labels + first,
                          set->y == NULL ? NULL : (void *)((char *)set->y + first * y_bytes), bad));
    for (size_t i = 0; i < n; i++) {
        const char *reason = bad[i].message;
        if (bad[i].code == NN_OK) {
            reason = misfit(set, first + i, x + i * r->sample_bytes);
            if (reason == NULL) {
                continue;
            }
        }
        bad[i].message[sizeof bad[i].message - 1] = 0;
        if (is_trouble(r->options, bad[i].code)) {
            return tell_trouble(set, first + i, &bad[i]);
        }
        memset(x + i * r->sample_bytes, 0, r->sample_bytes);
        NN_TRY(add_bad(r, first + i, reason));
    }
    if (lane->x != NULL) {
        nn_samples rows = rows_of(set, n, x);
        return r->options->take(r->options->take_context, lane->thread, &rows, first);
    }
    if ((set->ops->flags & NN_HASH_CONTENT) != 0) {
        nn_hasher *hasher;
        NN_TRY(nn_hasher_create(&hasher));
        hash_block(set, hasher, first, n);
        r->hashes[first / r->block] = nn_hasher_value(hasher);
        nn_hasher_destroy(hasher);
    }
    return NN_OK;
}

static nn_status stat_block(struct reading *r, size_t first, size_t n, struct lane *lane)
{
    nn_component *loader = r->set->loader;
    uint64_t hash[2] = {0};
    NN_TRY(r->set->ops->stat(loader->host, loader->self, &r->set->source, lane->reader, first, n,
                             hash));
    r->hashes[first / r->block] = (nn_hash128){hash[0], hash[1]};
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

static nn_status run_blocks(void *context, size_t thread)
{
    struct reading *r = context;
    nn_component *loader = r->set->loader;
    size_t samples = r->set->source.samples;
    const nn_loader *ops = r->set->ops;
    struct lane lane = {.thread = thread};
    nn_status status = NN_OK;
    NN_TRY_DONE(NN_ALLOC_RAW(&lane.bad, r->block, "reading samples"));
    if (r->options->take != NULL) {
        NN_TRY_DONE(nn_alloc_raw(r->block, r->sample_bytes, "samples", (void **)&lane.x));
    }
    if (ops->reader_create != NULL) {
        NN_TRY_DONE(ops->reader_create(loader->host, loader->self, &r->set->source, &lane.reader));
    }
    size_t number;
    const volatile sig_atomic_t *interrupt = r->options->interrupt;
    while (!atomic_load_explicit(&r->stop, memory_order_relaxed)
           && nn_next(&r->next, r->blocks, &number)) {
        size_t first = number * r->block;
        size_t n = samples - first < r->block ? samples - first : r->block;
        if (interrupt != NULL && *interrupt != 0) {
            status = nn_fail(NN_ERR_INTERRUPTED, "interrupted after %zu of %zu samples were read",
                             atomic_load(&r->done), samples);
            break;
        }
        NN_TRY_DONE(r->job(r, first, n, &lane));
        atomic_fetch_add(&r->done, n);
        if (thread == 0) {
            show_progress(r);
        }
    }
done:
    if (status != NN_OK) {
        atomic_store(&r->stop, true);
    }
    if (ops->reader_destroy != NULL && lane.reader != NULL) {
        ops->reader_destroy(loader->host, loader->self, lane.reader);
    }
    nn_free(lane.x);
    nn_free(lane.bad);
    return status;
}

/* ---- Bad samples ---- */

/* Closes the gaps; what is kept remembers where it came from. */
static nn_status leave_out_bad(nn_dataset *set, const nn_log *log)
{
    nn_source *s = &set->source;
    if (set->bad.count == s->samples) {
        return nn_bad_report(&set->bad, s->samples);
    }
    nn_bad_log(&set->bad, log);
    NN_TRY(NN_ALLOC_RAW(&set->kept, s->samples, "samples"));
    size_t bytes = sample_bytes_of(set), y_bytes = s->outputs * real_size(set->bits);
    size_t to = 0;
    for (size_t from = 0, b = 0; from < s->samples; from++) {
        if (b < set->bad.count && set->bad.items[b].index == from) {
            b++;
            continue;
        }
        if (set->x != NULL) {
            memmove((char *)set->x + to * bytes, (char *)set->x + from * bytes, bytes);
        }
        if (set->labels != NULL) {
            set->labels[to] = set->labels[from];
        }
        if (set->y != NULL) {
            memmove((char *)set->y + to * y_bytes, (char *)set->y + from * y_bytes, y_bytes);
        }
        set->kept[to++] = (uint32_t)from;
    }
    set->about.skipped = set->bad.count;
    return NN_OK;
}

/* ---- One pass ---- */

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

/* Runs `job` over blocks of `block` samples; r->hashes must be freed. */
static nn_status run(struct reading *r, nn_dataset *set, const nn_load_options *options,
                     block_job *job, size_t block)
{
    *r = (struct reading){
        .set = set,
        .job = job,
        .options = options,
        .block = block,
        .blocks = (set->source.samples + block - 1) / block,
        .sample_bytes = sample_bytes_of(set),
        .shown_s = nn_clock_s(),
    };
    NN_TRY(NN_ALLOC(&r->hashes, r->blocks, "hashes of samples"));
    pthread_mutex_init(&r->mutex, NULL);
    nn_status status = nn_pool_run(options->pool, run_blocks, r);
    pthread_mutex_destroy(&r->mutex);
    return status;
}

static nn_status read_all(nn_dataset *set, const nn_load_options *options)
{
    size_t fitting = BLOCK_BYTES / sample_bytes_of(set);
    size_t block = fitting < 1 ? 1 : fitting > BLOCK_SAMPLES ? BLOCK_SAMPLES : fitting;
    struct reading r;
    nn_status status = NN_OK;
    NN_TRY_DONE(run(&r, set, options, read_block, block));
    if (options->progress != NULL) {
        options->progress(options->context, set->source.samples, set->source.samples);
    }
    nn_bad_sort(&set->bad);
    NN_TRY_DONE(fingerprint(&r, &set->about.fingerprint));
done:
    nn_free(r.hashes);
    return status;
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
        nn_load_options silent = *options;
        silent.progress = NULL;
        struct reading r;
        nn_status status = run(&r, set, &silent, stat_block, BLOCK_SAMPLES);
        if (status == NN_OK) {
            stat = nn_hash_bytes(r.hashes, r.blocks * sizeof *r.hashes);
        }
        nn_free(r.hashes);
        NN_TRY(status);
    }
    return nn_cache_key(set->loader, &set->source, stat, key);
}

/* True where the samples came out of the cache. */
static bool take_cached(nn_dataset *set, const nn_load_options *options, nn_hash128 key)
{
    static const int32_t wanted = 0;
    nn_cache_content content = {
        .samples = set->source.samples,
        .features = features_of(&set->source),
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
    char name[NAME_BYTES], title[NAME_BYTES + 128];
    snprintf(title, sizeof title, "%s: %zu samples of %zu x %zu x %zu, %s ...", set->loader->name,
             s->samples, s->height, s->width, s->channels,
             sample_name(set, 0, sizeof name, name));
    nn_cache_store(key, title, options->log,
                   &(nn_cache_content){
                       .bytes = set->x,
                       .labels = set->labels,
                       .samples = s->samples,
                       .features = features_of(s),
                       .fingerprint = set->about.fingerprint,
                   });
}

/* ---- The whole ---- */

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
        set->source.regular = options->regular;
        NN_TRY(set->ops->open_files(loader->host, loader->self, paths, count, &set->source));
    }
    set->opened = true;
    return check_source(set);
}

static nn_status read_samples(nn_dataset *set, const nn_load_options *options)
{
    NN_TRY(make_room(set, options->take != NULL));
    NN_TRY(read_all(set, options));
    if (set->bad.count == 0) {
        return NN_OK;
    }
    bool skip = set->source.skip_bad != 0 || options->tolerate;
    return skip ? leave_out_bad(set, options->log) : nn_bad_report(&set->bad, set->source.samples);
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
        NN_TRY_DONE(read_samples(set, options));
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
    nn_samples all = rows_of(set, set->about.samples, set->x);
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
    return sample_name(set, nn_dataset_origin(set, index), room, buffer);
}

const nn_bad_sample *nn_dataset_bad(const nn_dataset *set, size_t *count)
{
    *count = set->bad.count;
    return set->bad.items;
}
