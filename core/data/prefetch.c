/* SPDX-License-Identifier: MIT */
/* Chunk k of an epoch belongs to thread k % threads, which has a few slots of its own: it takes a free
 * one, fills it, and puts it into its queue of ready ones.  The consumer takes from the queues in turn,
 * so the chunks come in order without anybody sorting them. */
#include "data/prefetch.h"

#include "base/memory.h"
#include "base/queue.h"
#include "base/random.h"

#include <nnrun/transform.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    SLOTS = 3,        /* a thread: one in use, one ready, one being filled */
    CHUNK_ROWS = 256, /* about */
    BYTE_VALUES = 256
};

struct slot {
    void *x;         /* rows x features reals */
    int32_t *labels; /* rows, or NULL */
    void *targets;   /* rows x outputs reals, or NULL */
    size_t rows;
};

struct preparer {
    nn_prefetch *prefetch;
    size_t index;
    pthread_t thread;
    nn_queue *begin;  /* the epoch, when it begins */
    nn_queue *free, *ready;
    struct slot slots[SLOTS];
    void *images[2];  /* between transforms */
    void *scratch;
    bool started;
};

struct nn_prefetch {
    nn_prefetch_options options;
    size_t features, real_bytes, chunk; /* rows of a chunk */
    nn_shape shape;
    nn_stream *streams; /* one a transform */
    double *scale, *shift;
    nn_affine_input input; /* of the prepared reals */
    float unit32[BYTE_VALUES];
    double unit64[BYTE_VALUES];

    /* The epoch under way; written before the threads are told. */
    uint64_t epoch;
    const uint32_t *order;
    size_t count, position;
    atomic_bool cancelled;

    struct preparer *preparers;
    size_t taken;         /* chunks of this epoch */
    size_t finished;      /* preparers that have put the epoch's end */
    struct slot *current; /* lent to the caller */
    size_t current_at;    /* rows of it handed out */
    size_t handed;        /* rows of the epoch */
};

/* Put into a queue of ready slots behind an epoch's last. */
static struct slot epoch_end;

/* ---- Preparing, on the threads ---- */

static void to_unit(const nn_prefetch *p, const uint8_t *bytes, void *out)
{
    if (p->options.samples.bits == 32) {
        float *x = out;
        for (size_t f = 0; f < p->features; f++) {
            x[f] = p->unit32[bytes[f]];
        }
    } else {
        double *x = out;
        for (size_t f = 0; f < p->features; f++) {
            x[f] = p->unit64[bytes[f]];
        }
    }
}

/* One sample through all transforms, into `out`. */
static void prepare(struct preparer *w, uint32_t sample, void *out)
{
    const nn_prefetch *p = w->prefetch;
    const nn_samples *samples = &p->options.samples;
    size_t steps = p->options.transform_count, bytes = p->features * p->real_bytes;
    void *in = steps == 0 ? out : w->images[0];
    if (samples->bytes != NULL) {
        to_unit(p, samples->bytes + (size_t)sample * p->features, in);
    } else {
        memcpy(in, (const char *)samples->reals + (size_t)sample * bytes, bytes);
    }
    for (size_t k = 0; k < steps; k++) {
        const nn_component *c = p->options.transforms[k];
        const nn_transform *ops = c->ops;
        nn_stream stream = p->streams[k];
        stream.counter[0] = p->epoch;
        stream.counter[1] = sample;
        void *to = k + 1 == steps ? out : w->images[(k + 1) % 2];
        ops->apply(c->self, c->host, &stream, &p->shape, in, to, w->scratch);
        in = to;
    }
}

static void fill(struct preparer *w, size_t chunk, struct slot *slot)
{
    const nn_prefetch *p = w->prefetch;
    const nn_samples *samples = &p->options.samples;
    size_t first = p->position + chunk * p->chunk;
    slot->rows = p->count - first < p->chunk ? p->count - first : p->chunk;
    size_t y_bytes = samples->outputs * p->real_bytes;
    for (size_t i = 0; i < slot->rows; i++) {
        uint32_t sample = p->order[first + i];
        prepare(w, sample, (char *)slot->x + i * p->features * p->real_bytes);
        if (slot->labels != NULL) {
            slot->labels[i] = samples->labels[sample];
        }
        if (slot->targets != NULL) {
            memcpy((char *)slot->targets + i * y_bytes,
                   (const char *)samples->targets + sample * y_bytes, y_bytes);
        }
    }
}

static size_t chunks_of(const nn_prefetch *p)
{
    return (p->count - p->position + p->chunk - 1) / p->chunk;
}

static void *work(void *argument)
{
    struct preparer *w = argument;
    nn_prefetch *p = w->prefetch;
    void *item;
    while (nn_queue_take(w->begin, &item)) {
        for (size_t k = w->index; k < chunks_of(p); k += p->options.threads) {
            if (atomic_load_explicit(&p->cancelled, memory_order_relaxed)
                || !nn_queue_take(w->free, &item)) {
                break;
            }
            fill(w, k, item);
            if (!nn_queue_put(w->ready, item)) {
                break;
            }
        }
        nn_queue_put(w->ready, &epoch_end);
    }
    return NULL;
}

/* ---- Creating ---- */

static nn_status create_slot(const nn_prefetch *p, struct slot *slot)
{
    const nn_samples *samples = &p->options.samples;
    NN_TRY(nn_alloc_raw(p->chunk * p->features, p->real_bytes, "prepared samples", &slot->x));
    if (samples->labels != NULL) {
        NN_TRY(NN_ALLOC_RAW(&slot->labels, p->chunk, "prepared labels"));
    }
    if (samples->targets != NULL) {
        NN_TRY(nn_alloc_raw(p->chunk * samples->outputs, p->real_bytes, "prepared targets",
                            &slot->targets));
    }
    return NN_OK;
}

static size_t scratch_bytes(const nn_prefetch *p)
{
    size_t most = 0;
    for (size_t k = 0; k < p->options.transform_count; k++) {
        const nn_component *c = p->options.transforms[k];
        const nn_transform *ops = c->ops;
        size_t bytes = ops->scratch_size == NULL ? 0 : ops->scratch_size(c->self, &p->shape);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static nn_status create_preparer(nn_prefetch *p, struct preparer *w)
{
    NN_TRY(nn_queue_create(1, &w->begin));
    NN_TRY(nn_queue_create(SLOTS, &w->free));
    NN_TRY(nn_queue_create(SLOTS + 1, &w->ready));
    NN_TRY(nn_alloc_raw(scratch_bytes(p), 1, "transforms", &w->scratch));
    for (size_t i = 0; i < 2; i++) {
        NN_TRY(nn_alloc_raw(p->features, p->real_bytes, "transforms", &w->images[i]));
    }
    for (size_t i = 0; i < SLOTS; i++) {
        NN_TRY(create_slot(p, &w->slots[i]));
        nn_queue_put(w->free, &w->slots[i]);
    }
    int number = pthread_create(&w->thread, NULL, work, w);
    if (number != 0) {
        return nn_fail_errno(number, "a thread that prepares samples can't be started");
    }
    w->started = true;
    return NN_OK;
}

/* Bytes have become [0, 1]: the normalisation of prepared reals is that of bytes times 255. */
static nn_status fit_input(nn_prefetch *p)
{
    const nn_affine_input *given = &p->options.samples.input;
    NN_TRY(NN_ALLOC(&p->scale, given->count, "normalisation"));
    NN_TRY(NN_ALLOC(&p->shift, given->count, "normalisation"));
    double factor = p->options.samples.bytes != NULL ? 255 : 1;
    for (size_t i = 0; i < given->count; i++) {
        p->scale[i] = given->scale[i] * factor;
        p->shift[i] = given->shift[i];
    }
    p->input = (nn_affine_input){p->scale, p->shift, given->count};
    return NN_OK;
}

static nn_status name_streams(nn_prefetch *p)
{
    NN_TRY(NN_ALLOC(&p->streams, p->options.transform_count, "transforms"));
    for (size_t k = 0; k < p->options.transform_count; k++) {
        char name[32];
        snprintf(name, sizeof name, "transform.%zu", k);
        p->streams[k] = nn_stream_make(p->options.seed, name, 0, 0);
    }
    return NN_OK;
}

static nn_status start(nn_prefetch *p)
{
    NN_TRY(fit_input(p));
    NN_TRY(name_streams(p));
    NN_TRY(NN_ALLOC(&p->preparers, p->options.threads, "threads that prepare samples"));
    for (size_t t = 0; t < p->options.threads; t++) {
        p->preparers[t].prefetch = p;
        p->preparers[t].index = t;
    }
    for (size_t t = 0; t < p->options.threads; t++) {
        NN_TRY(create_preparer(p, &p->preparers[t]));
    }
    return NN_OK;
}

nn_status nn_prefetch_create(const nn_prefetch_options *options, nn_prefetch **out)
{
    const nn_samples *samples = &options->samples;
    if (!samples->image) {
        return nn_fail(NN_ERR_DATA, "transforms work on images; these data are vectors of %zu",
                       samples->features);
    }
    nn_prefetch *p;
    NN_TRY(NN_ALLOC(&p, 1, "a prefetch"));
    p->options = *options;
    p->options.threads = options->threads < 1 ? 1 : options->threads;
    p->features = samples->features;
    p->real_bytes = samples->bits / 8;
    size_t batches = CHUNK_ROWS / options->batch_size;
    p->chunk = options->batch_size * (batches < 1 ? 1 : batches);
    p->finished = p->options.threads;
    p->shape = (nn_shape){.size = sizeof p->shape, .height = samples->height,
                          .width = samples->width, .channels = samples->channels};
    for (size_t v = 0; v < BYTE_VALUES; v++) {
        p->unit64[v] = (double)v / 255;
        p->unit32[v] = (float)p->unit64[v];
    }
    /* Signals belong to the main thread. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    nn_status status = start(p);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (status != NN_OK) {
        nn_prefetch_destroy(p);
        return status;
    }
    *out = p;
    return NN_OK;
}

static void destroy_preparer(struct preparer *w)
{
    if (w->started) {
        nn_queue_close(w->begin);
        nn_queue_close(w->free);
        nn_queue_close(w->ready);
        pthread_join(w->thread, NULL);
    }
    nn_queue_destroy(w->begin);
    nn_queue_destroy(w->free);
    nn_queue_destroy(w->ready);
    nn_free(w->scratch);
    for (size_t i = 0; i < 2; i++) {
        nn_free(w->images[i]);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        nn_free(w->slots[i].x);
        nn_free(w->slots[i].labels);
        nn_free(w->slots[i].targets);
    }
}

void nn_prefetch_destroy(nn_prefetch *p)
{
    if (p == NULL) {
        return;
    }
    atomic_store(&p->cancelled, true);
    for (size_t t = 0; p->preparers != NULL && t < p->options.threads; t++) {
        destroy_preparer(&p->preparers[t]);
    }
    nn_free(p->preparers);
    nn_free(p->streams);
    nn_free(p->scale);
    nn_free(p->shift);
    nn_free(p);
}

/* ---- Consuming, on the caller's thread ---- */

static void give_back(nn_prefetch *p)
{
    if (p->current != NULL) {
        nn_queue_put(p->preparers[(p->taken - 1) % p->options.threads].free, p->current);
        p->current = NULL;
    }
}

/* Waits until every thread has put its end of the epoch. */
static void drain(nn_prefetch *p)
{
    give_back(p);
    atomic_store(&p->cancelled, true);
    for (; p->finished < p->options.threads; p->finished++) {
        struct preparer *w = &p->preparers[p->finished];
        void *item = NULL;
        while (nn_queue_take(w->ready, &item) && item != &epoch_end) {
            nn_queue_put(w->free, item);
        }
    }
    atomic_store(&p->cancelled, false);
}

nn_status nn_prefetch_begin(nn_prefetch *p, uint64_t epoch, const uint32_t *order, size_t count,
                            size_t position)
{
    if (position > count) {
        return nn_fail(NN_ERR_STATE, "an epoch of %zu rows can't begin at row %zu", count, position);
    }
    drain(p);
    p->epoch = epoch;
    p->order = order;
    p->count = count;
    p->position = position;
    p->taken = p->finished = p->current_at = 0;
    p->handed = position;
    for (size_t t = 0; t < p->options.threads; t++) {
        nn_queue_put(p->preparers[t].begin, p);
    }
    return NN_OK;
}

static void take_chunk(nn_prefetch *p)
{
    give_back(p);
    void *item = NULL;
    nn_queue_take(p->preparers[p->taken % p->options.threads].ready, &item);
    p->current = item;
    p->current_at = 0;
    p->taken++;
}

nn_status nn_prefetch_next(nn_prefetch *p, size_t most, nn_samples *view)
{
    const nn_samples *samples = &p->options.samples;
    *view = *samples;
    view->count = 0;
    if (p->handed == p->count) {
        return NN_OK;
    }
    if (p->current == NULL || p->current_at == p->current->rows) {
        take_chunk(p);
    }
    const struct slot *slot = p->current;
    size_t at = p->current_at, batch = p->options.batch_size;
    size_t rows = slot->rows - at, whole = most < batch ? batch : most / batch * batch;
    rows = rows < whole ? rows : whole;
    view->count = rows;
    view->bytes = NULL;
    view->reals = (const char *)slot->x + at * p->features * p->real_bytes;
    view->labels = slot->labels == NULL ? NULL : slot->labels + at;
    view->targets = slot->targets == NULL
                        ? NULL
                        : (const char *)slot->targets + at * samples->outputs * p->real_bytes;
    view->input = p->input;
    p->current_at += rows;
    p->handed += rows;
    return NN_OK;
}
