/* SPDX-License-Identifier: MIT */
#include "base/pool.h"

#include "base/clock.h"
#include "base/cores.h"
#include "base/memory.h"
#include "base/thread.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STORY_KEPT = 4096, SPINS = 4000 };

struct worker {
    nn_pool *pool;
    size_t index;
    pthread_t thread;
    nn_status status;
    char story[STORY_KEPT];
};

struct nn_pool {
    size_t threads, started;
    unsigned spins; /* of its barriers */
    struct worker *workers; /* of threads 1 .. threads - 1, at their index */
    pthread_mutex_t mutex;
    pthread_cond_t wake, finished;
    size_t round; /* grows with each run */
    size_t running;
    bool stop;
    nn_pool_job *job;
    void *context;
};

static void *work(void *argument)
{
    struct worker *self = argument;
    nn_pool *pool = self->pool;
    size_t round = 0;
    for (;;) {
        pthread_mutex_lock(&pool->mutex);
        while (pool->round == round && !pool->stop) {
            pthread_cond_wait(&pool->wake, &pool->mutex);
        }
        round = pool->round;
        bool stop = pool->stop;
        pthread_mutex_unlock(&pool->mutex);
        if (stop) {
            return NULL;
        }
        self->status = pool->job(pool->context, self->index);
        if (self->status != NN_OK) {
            snprintf(self->story, sizeof self->story, "%s", nn_story());
        }
        pthread_mutex_lock(&pool->mutex);
        if (--pool->running == 0) {
            pthread_cond_signal(&pool->finished);
        }
        pthread_mutex_unlock(&pool->mutex);
    }
}

nn_status nn_pool_create(size_t threads, nn_pool **out)
{
    nn_pool *pool;
    NN_TRY(NN_ALLOC(&pool, 1, "a thread pool"));
    pool->threads = threads;
    pool->spins = threads <= nn_cores() ? SPINS : 0;
    pool->started = 1;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->finished, NULL);
    nn_status status = NN_ALLOC(&pool->workers, threads, "a thread pool");
    for (; status == NN_OK && pool->started < threads; pool->started++) {
        struct worker *w = &pool->workers[pool->started];
        *w = (struct worker){.pool = pool, .index = pool->started};
        int number = nn_thread_start(&w->thread, work, w);
        if (number != 0) {
            status = nn_fail_errno(number, "thread %zu of %zu can't be started", pool->started + 1,
                                   threads);
            break;
        }
    }
    if (status != NN_OK) {
        nn_pool_destroy(pool);
        return status;
    }
    *out = pool;
    return NN_OK;
}

void nn_pool_destroy(nn_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->stop = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 1; i < pool->started; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    nn_free(pool->workers);
    nn_free(pool);
}

size_t nn_pool_threads(const nn_pool *pool)
{
    return pool == NULL ? 1 : pool->threads;
}

nn_status nn_pool_run(nn_pool *pool, nn_pool_job *job, void *context)
{
    if (pool == NULL || pool->threads == 1) {
        return job(context, 0);
    }
    pthread_mutex_lock(&pool->mutex);
    pool->job = job;
    pool->context = context;
    pool->running = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    nn_status status = job(context, 0);
    pthread_mutex_lock(&pool->mutex);
    while (pool->running > 0) {
        pthread_cond_wait(&pool->finished, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 1; status == NN_OK && i < pool->threads; i++) {
        status = pool->workers[i].status;
        if (status != NN_OK) {
            nn_story_set(pool->workers[i].story);
        }
    }
    return status;
}

static void futex(atomic_uint *word, int operation, unsigned value)
{
    syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void nn_barrier_init(nn_barrier *barrier, const nn_pool *pool)
{
    barrier->threads = nn_pool_threads(pool);
    barrier->spins = pool == NULL ? 0 : pool->spins;
    atomic_init(&barrier->arrived, 0);
    atomic_init(&barrier->generation, 0);
    atomic_init(&barrier->sleepers, 0);
}

double nn_barrier_wait(nn_barrier *barrier)
{
    if (barrier->threads <= 1) {
        return 0;
    }
    unsigned generation = atomic_load_explicit(&barrier->generation, memory_order_acquire);
    if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) + 1
        == barrier->threads) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        atomic_store(&barrier->generation, generation + 1);
        if (atomic_load(&barrier->sleepers) > 0) {
            futex(&barrier->generation, FUTEX_WAKE_PRIVATE, ~0u >> 1);
        }
        return 0;
    }
    for (unsigned i = 0; i < barrier->spins; i++) {
        if (atomic_load_explicit(&barrier->generation, memory_order_acquire) != generation) {
            return 0;
        }
        relax();
    }
    double begin_s = nn_clock_s();
    atomic_fetch_add(&barrier->sleepers, 1);
    while (atomic_load(&barrier->generation) == generation) {
        futex(&barrier->generation, FUTEX_WAIT_PRIVATE, generation);
    }
    atomic_fetch_sub(&barrier->sleepers, 1);
    return nn_clock_s() - begin_s;
}
