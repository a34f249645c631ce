/* SPDX-License-Identifier: MIT */
/* Reading is split into blocks whose size depends on the source alone; threads take the next block
 * that nobody has.  A block writes its own rows, its own hash and its own bad samples, so that the
 * result does not depend on who read what. */
#include "base/clock.h"
#include "base/cores.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/inside.h"
#include "plugin/param.h"

#include <pthread.h>
#include <string.h>

enum {
    BLOCK_SAMPLES = 256,   /* at most; enough to make a block's overhead vanish */
    BLOCK_BYTES = 1 << 18, /* about: large images come in smaller blocks */
    STAT_THREADS_MOST = 8
};
static const double progress_s = 0.05;

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

/* ---- One block. ---- */

static nn_status add_bad(struct reading *r, size_t index, const char *reason)
{
    char name[NN__NAME_BYTES];
    nn__sample_name(r->set, index, sizeof name, name);
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
    size_t features = nn__features(set), size = nn__real_bytes(set);
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

/* Trouble of the machine: the file may be as good as any.  An I/O error is told as one, and not as
 * a bad file that may be left out unseen, unless all that is bad is listed anyway. */
static bool is_trouble(const nn_load_options *options, int32_t code)
{
    return code == NN_ERR_MEMORY || (code == NN_ERR_IO && !options->tolerate);
}

static nn_status tell_trouble(const nn_dataset *set, size_t index, const nn_read_status *bad)
{
    char name[NN__NAME_BYTES];
    nn_text line = {0};
    nn__sample_name(set, index, sizeof name, name);
    nn_text_escape(&line, name, strlen(name));
    nn_status status = nn_fail(bad->code, "%s: %s", nn_text_view(&line), bad->message);
    nn_text_finish(&line);
    return status;
}

static nn_status read_block(struct reading *r, size_t first, size_t n, struct lane *lane)
{
    nn_dataset *set = r->set;
    const nn_source *s = &set->source;
    nn_read_status *bad = lane->bad;
    char *x = lane->x != NULL ? lane->x : (char *)set->x + first * r->sample_bytes;
    size_t y_bytes = s->outputs * nn__real_bytes(set);
    int32_t *labels = set->labels == NULL ? NULL : set->labels + first;
    void *y = set->y == NULL ? NULL : (char *)set->y + first * y_bytes;
    memset(bad, 0, n * sizeof *bad);
    /* The fingerprint covers a bad sample's targets, too, and its loader may have left them alone. */
    if (labels != NULL) {
        memset(labels, 0, n * sizeof *labels);
    }
    if (y != NULL) {
        memset(y, 0, n * y_bytes);
    }
    NN_TRY(set->ops->read(set->loader->host, set->loader->self, s, lane->reader, first, n, x, labels, y,
                          bad));
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
        nn_samples rows = nn__rows(set, n, x);
        return r->options->take(r->options->take_context, lane->thread, &rows, first);
    }
    if ((set->ops->flags & NN_HASH_CONTENT) != 0) {
        NN_TRY(nn__hash_samples(set, first, n, &r->hashes[first / r->block]));
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
    if (r->options->progress != NULL && now_s - r->shown_s >= progress_s) {
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

/* Whether the loader lets a spec say on_bad: skip. */
static bool can_skip(const nn_dataset *set)
{
    return nn__param_find(set->loader->about->params, "on_bad") != NULL;
}

/* Closes the gaps; what is kept remembers where it came from. */
static nn_status leave_out_bad(nn_dataset *set, const nn_log *log)
{
    nn_source *s = &set->source;
    if (set->bad.count == s->samples) {
        return nn_bad_report(&set->bad, s->samples, false);
    }
    nn_bad_log(&set->bad, log);
    NN_TRY(NN_ALLOC_RAW(&set->kept, s->samples, "samples"));
    size_t bytes = nn__sample_bytes(set), y_bytes = s->outputs * nn__real_bytes(set);
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

/* Runs `job` over blocks of `block` samples on all threads of `pool`; r->hashes must be freed. */
static nn_status run(struct reading *r, nn_dataset *set, const nn_load_options *options,
                     nn_pool *pool, block_job *job, size_t block)
{
    *r = (struct reading){
        .set = set,
        .job = job,
        .options = options,
        .block = block,
        .blocks = (set->source.samples + block - 1) / block,
        .sample_bytes = nn__sample_bytes(set),
        .shown_s = nn_clock_s(),
    };
    NN_TRY(NN_ALLOC(&r->hashes, r->blocks, "hashes of samples"));
    pthread_mutex_init(&r->mutex, NULL);
    nn_status status = nn_pool_run(pool, run_blocks, r);
    pthread_mutex_destroy(&r->mutex);
    return status;
}

static nn_status read_all(nn_dataset *set, const nn_load_options *options)
{
    size_t fitting = BLOCK_BYTES / nn__sample_bytes(set);
    size_t block = fitting < 1 ? 1 : fitting > BLOCK_SAMPLES ? BLOCK_SAMPLES : fitting;
    struct reading r;
    nn_status status = NN_OK;
    NN_TRY_DONE(run(&r, set, options, options->pool, read_block, block));
    if (options->progress != NULL) {
        options->progress(options->context, set->source.samples, set->source.samples);
    }
    nn_bad_sort(&set->bad);
    NN_TRY_DONE(nn__fingerprint(set, r.hashes, r.blocks, &set->about.fingerprint));
done:
    nn_free(r.hashes);
    return status;
}

/* Files are asked for by all cores, whatever `threads` says: this takes some milliseconds at the start of a
 * run, most of them waiting for memory. */
static nn_pool *stat_pool(const nn_load_options *options, size_t samples)
{
    size_t cores = nn_cores(), most = samples / BLOCK_SAMPLES;
    most = most < STAT_THREADS_MOST ? most : STAT_THREADS_MOST;
    size_t threads = cores < most ? cores : most;
    nn_pool *pool = NULL;
    if (threads > nn_pool_threads(options->pool) && nn_pool_create(threads, &pool) != NN_OK) {
        nn_story_clear();
    }
    return pool;
}

nn_status nn__read_stat(nn_dataset *set, const nn_load_options *options, nn_hash128 *out)
{
    nn_load_options silent = *options;
    silent.progress = NULL;
    nn_pool *own = stat_pool(options, set->source.samples);
    struct reading r;
    nn_status status = run(&r, set, &silent, own != NULL ? own : options->pool, stat_block,
                           BLOCK_SAMPLES);
    if (status == NN_OK) {
        *out = nn_hash_bytes(r.hashes, r.blocks * sizeof *r.hashes);
    }
    nn_free(r.hashes);
    nn_pool_destroy(own);
    return status;
}

static nn_status make_room(nn_dataset *set, bool passing)
{
    const nn_source *s = &set->source;
    if (!passing) {
        NN_TRY(nn_alloc_raw(s->samples, nn__sample_bytes(set), "samples", &set->x));
    }
    if (s->targets == NN_TARGETS_CLASSES) {
        NN_TRY(NN_ALLOC_RAW(&set->labels, s->samples, "labels"));
    }
    if (s->targets == NN_TARGETS_REALS) {
        NN_TRY(nn_alloc_raw(s->samples * s->outputs, nn__real_bytes(set), "targets", &set->y));
    }
    return NN_OK;
}

nn_status nn__read(nn_dataset *set, const nn_load_options *options)
{
    NN_TRY(make_room(set, options->take != NULL));
    NN_TRY(read_all(set, options));
    if (set->bad.count == 0) {
        return NN_OK;
    }
    bool skip = set->source.skip_bad != 0 || options->tolerate;
    return skip ? leave_out_bad(set, options->log) : nn_bad_report(&set->bad, set->source.samples, can_skip(set));
}
