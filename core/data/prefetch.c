/* SPDX-License-Identifier: MIT */
/* An epoch is cut into chunks, chunk k lies in slot k % slots, and chunks into tiles of a few rows.  Whoever
 * prepares takes the next tile of the epoch, threads ahead of training as long as there are free slots,
 * those of training only up to the end of the chunk they came for. */
#include "data/prefetch.h"

#include "base/memory.h"
#include "base/thread.h"
#include "data/prepare.h"

#include <pthread.h>
#include <string.h>

enum {
    SLOTS_ALONE = 1,        /* without threads ahead */
    SLOTS_AHEAD = 3,        /* one in use, one ready, one being filled */
    CHUNK_BYTES = 4 << 20,  /* about, and at least a batch */
    CHUNK_ROWS_MOST = 4096, /* about */
    TILE_ROWS = 16
};

struct slot {
    void *x;         /* rows x features reals */
    int32_t *labels; /* rows, or NULL */
    void *targets;   /* rows x outputs reals, or NULL */
    size_t rows;
    size_t left; /* rows that are not prepared */
};

/* A thread of the pool, or one ahead. */
struct preparer {
    nn_prefetch *prefetch;
    nn__prepare_room room;
    pthread_t thread; /* ahead */
    bool started;
};

struct nn_prefetch {
    nn_prefetch_options options;
    nn__prepare prepare;
    size_t helpers;                /* threads of the pool */
    struct preparer *preparers;    /* helpers, then those ahead */
    size_t chunk, slot_count;      /* rows of a chunk */
    struct slot slots[SLOTS_AHEAD];

    pthread_mutex_t mutex; /* over all below and the slots' `left` */
    pthread_cond_t tiles; /* for threads ahead: there may be some */
    pthread_cond_t ready; /* for the caller: a chunk is ready, or nobody is at work */
    bool stop;
    size_t working; /* threads that fill a tile */
    size_t claimed; /* rows of the epoch that are ready or somebody's */
    size_t given;   /* chunks of this epoch that the caller is through with */

    /* The epoch under way; changes while nobody is at work. */
    uint64_t epoch;
    const uint32_t *order;
    size_t count, position;

    /* The caller's. */
    struct slot *current;
    size_t current_at; /* rows of it handed out */
    size_t handed;     /* rows of the epoch */
};

/* ---- Preparing, on any thread ---- */

struct tile {
    size_t first, rows; /* within the epoch */
};

/* The next tile, where it is in the `span` chunks that the caller takes next; the mutex is held. */
static bool claim(nn_prefetch *p, size_t span, struct tile *tile)
{
    size_t done = p->claimed - p->position, chunk = done / p->chunk;
    if (p->claimed == p->count || chunk >= p->given + span) {
        return false;
    }
    struct slot *slot = &p->slots[chunk % p->slot_count];
    if (done % p->chunk == 0) {
        size_t left = p->count - p->claimed;
        slot->rows = slot->left = left < p->chunk ? left : p->chunk;
    }
    size_t rest = slot->rows - done % p->chunk;
    *tile = (struct tile){p->claimed, rest < TILE_ROWS ? rest : TILE_ROWS};
    p->claimed += tile->rows;
    p->working++;
    return true;
}

static void fill(nn_prefetch *p, const nn__prepare_room *room, const struct tile *tile)
{
    const nn_samples *samples = &p->options.samples;
    size_t done = tile->first - p->position, y_bytes = samples->outputs * (samples->bits / 8);
    const struct slot *slot = &p->slots[done / p->chunk % p->slot_count];
    for (size_t i = 0; i < tile->rows; i++) {
        uint32_t sample = p->order[tile->first + i];
        size_t row = done % p->chunk + i;
        nn__prepare_sample(&p->prepare, room, p->epoch, sample,
                           (char *)slot->x + row * p->prepare.sample_bytes);
        if (slot->labels != NULL) {
            slot->labels[row] = samples->labels[sample];
        }
        if (slot->targets != NULL) {
            memcpy((char *)slot->targets + row * y_bytes,
                   (const char *)samples->targets + sample * y_bytes, y_bytes);
        }
    }
}

/* Prepares while there are tiles; the mutex is held, but not while one is filled. */
static void prepare_some(nn_prefetch *p, const struct preparer *self, size_t span)
{
    struct tile tile;
    while (claim(p, span, &tile)) {
        pthread_mutex_unlock(&p->mutex);
        fill(p, &self->room, &tile);
        pthread_mutex_lock(&p->mutex);
        struct slot *slot = &p->slots[(tile.first - p->position) / p->chunk % p->slot_count];
        slot->left -= tile.rows;
        p->working--;
        if (p->working == 0 || slot->left == 0) {
            pthread_cond_signal(&p->ready);
        }
    }
}

static void *work_ahead(void *argument)
{
    struct preparer *self = argument;
    nn_prefetch *p = self->prefetch;
    pthread_mutex_lock(&p->mutex);
    while (!p->stop) {
        prepare_some(p, self, p->slot_count);
        if (!p->stop) {
            pthread_cond_wait(&p->tiles, &p->mutex);
        }
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* A thread of the pool: the chunk that the caller waits for. */
static nn_status help(void *context, size_t thread)
{
    nn_prefetch *p = context;
    pthread_mutex_lock(&p->mutex);
    prepare_some(p, &p->preparers[thread], 1);
    pthread_mutex_unlock(&p->mutex);
    return NN_OK;
}

/* ---- Creating ---- */

static nn_status create_slot(const nn_prefetch *p, struct slot *slot)
{
    const nn_samples *samples = &p->options.samples;
    NN_TRY(nn_alloc_raw(p->chunk, p->prepare.sample_bytes, "prepared samples", &slot->x));
    if (samples->labels != NULL) {
        NN_TRY(NN_ALLOC_RAW(&slot->labels, p->chunk, "prepared labels"));
    }
    if (samples->targets != NULL) {
        NN_TRY(nn_alloc_raw(p->chunk * samples->outputs, samples->bits / 8, "prepared targets",
                            &slot->targets));
    }
    return NN_OK;
}

static size_t chunk_rows(const nn_prefetch *p)
{
    size_t rows = p->options.chunk_rows, batch = p->options.batch_size;
    if (rows == 0) {
        rows = CHUNK_BYTES / p->prepare.sample_bytes;
        rows = rows < CHUNK_ROWS_MOST ? rows : CHUNK_ROWS_MOST;
    }
    return rows < batch ? batch : rows / batch * batch;
}

static nn_status start_thread(struct preparer *preparer)
{
    int number = nn_thread_start(&preparer->thread, work_ahead, preparer);
    if (number != 0) {
        return nn_fail_errno(number, "a thread that prepares samples can't be started");
    }
    preparer->started = true;
    return NN_OK;
}

static nn_status start_all(nn_prefetch *p)
{
    size_t threads = p->helpers + p->options.ahead;
    NN_TRY(nn__prepare_init(&p->prepare, &p->options.samples, p->options.transforms,
                            p->options.transform_count, p->options.seed));
    p->chunk = chunk_rows(p);
    for (size_t i = 0; i < p->slot_count; i++) {
        NN_TRY(create_slot(p, &p->slots[i]));
    }
    NN_TRY(NN_ALLOC(&p->preparers, threads, "threads that prepare samples"));
    for (size_t t = 0; t < threads; t++) {
        p->preparers[t].prefetch = p;
        NN_TRY(nn__prepare_room_init(&p->preparers[t].room, &p->prepare));
    }
    for (size_t t = p->helpers; t < threads; t++) {
        NN_TRY(start_thread(&p->preparers[t]));
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
    p->helpers = nn_pool_threads(options->pool);
    p->slot_count = options->ahead > 0 ? SLOTS_AHEAD : SLOTS_ALONE;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->tiles, NULL);
    pthread_cond_init(&p->ready, NULL);
    nn_status status = start_all(p);
    if (status != NN_OK) {
        nn_prefetch_destroy(p);
        return status;
    }
    *out = p;
    return NN_OK;
}

/* What is left of the epoch is dropped; nobody is at work then.  The mutex is held. */
static void cancel(nn_prefetch *p)
{
    p->claimed = p->count;
    while (p->working > 0) {
        pthread_cond_wait(&p->ready, &p->mutex);
    }
}

void nn_prefetch_destroy(nn_prefetch *p)
{
    if (p == NULL) {
        return;
    }
    pthread_mutex_lock(&p->mutex);
    cancel(p);
    p->stop = true;
    pthread_cond_broadcast(&p->tiles);
    pthread_mutex_unlock(&p->mutex);
    for (size_t t = 0; p->preparers != NULL && t < p->helpers + p->options.ahead; t++) {
        if (p->preparers[t].started) {
            pthread_join(p->preparers[t].thread, NULL);
        }
        nn__prepare_room_finish(&p->preparers[t].room);
    }
    for (size_t i = 0; i < p->slot_count; i++) {
        nn_free(p->slots[i].x);
        nn_free(p->slots[i].labels);
        nn_free(p->slots[i].targets);
    }
    pthread_cond_destroy(&p->ready);
    pthread_cond_destroy(&p->tiles);
    pthread_mutex_destroy(&p->mutex);
    nn_free(p->preparers);
    nn__prepare_finish(&p->prepare);
    nn_free(p);
}

/* ---- Consuming, on the caller's thread ---- */

nn_status nn_prefetch_begin(nn_prefetch *p, uint64_t epoch, const uint32_t *order, size_t count,
                            size_t position)
{
    if (position > count) {
        return nn_fail(NN_ERR_STATE, "an epoch of %zu rows can't begin at row %zu", count, position);
    }
    pthread_mutex_lock(&p->mutex);
    cancel(p);
    p->epoch = epoch;
    p->order = order;
    p->count = count;
    p->position = p->claimed = position;
    p->given = 0;
    pthread_cond_broadcast(&p->tiles);
    pthread_mutex_unlock(&p->mutex);
    p->current = NULL;
    p->handed = position;
    return NN_OK;
}

/* Whether all of chunk `given` is somebody's; the mutex is held. */
static bool all_claimed(const nn_prefetch *p)
{
    size_t chunk_end = p->position + (p->given + 1) * p->chunk;
    return p->claimed >= (chunk_end < p->count ? chunk_end : p->count);
}

static void take_chunk(nn_prefetch *p)
{
    pthread_mutex_lock(&p->mutex);
    if (p->current != NULL) {
        p->given++;
        pthread_cond_broadcast(&p->tiles);
    }
    if (!all_claimed(p)) {
        pthread_mutex_unlock(&p->mutex);
        nn_pool_run(p->options.pool, help, p);
        pthread_mutex_lock(&p->mutex);
    }
    struct slot *slot = &p->slots[p->given % p->slot_count];
    while (slot->left > 0) {
        pthread_cond_wait(&p->ready, &p->mutex);
    }
    pthread_mutex_unlock(&p->mutex);
    p->current = slot;
    p->current_at = 0;
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
    view->reals = (const char *)slot->x + at * p->prepare.sample_bytes;
    view->labels = slot->labels == NULL ? NULL : slot->labels + at;
    view->targets = slot->targets == NULL
                        ? NULL
                        : (const char *)slot->targets + at * samples->outputs * (samples->bits / 8);
    view->input = p->prepare.input;
    p->current_at += rows;
    p->handed += rows;
    return NN_OK;
}
