/* SPDX-License-Identifier: MIT */
/* A pool of threads that all run one function: single program, multiple data.
 *
 * The caller is thread 0; the others wait between runs.  Work is split by the function itself, into
 * tiles that do not depend on the number of threads, so that the bits do not either.
 */
#ifndef NN_BASE_POOL_H
#define NN_BASE_POOL_H

#include "base/status.h"

#include <stdatomic.h>
#include <stddef.h>

typedef struct nn_pool nn_pool;

/* `threads` >= 1, the caller included.  Starts threads - 1.  NN_ERR_MEMORY, NN_ERR_IO. */
nn_status nn_pool_create(size_t threads, nn_pool **out);
void nn_pool_destroy(nn_pool *pool);
size_t nn_pool_threads(const nn_pool *pool);

typedef nn_status nn_pool_job(void *context, size_t thread);

/* Runs job(context, 0..threads-1) on all threads and waits for all.  The status of the lowest thread
 * that failed is returned, its story carried over.  A pool of one (or NULL) calls directly. */
nn_status nn_pool_run(nn_pool *pool, nn_pool_job *job, void *context);

/* A barrier of the threads inside one nn_pool_run() of `pool` (NULL: of one thread).  Spins shortly,
 * then sleeps (futex); where the pool has more threads than there were cores when it was made it sleeps
 * at once.  Zero-initialise by nn_barrier_init(), which costs nothing. */
typedef struct nn_barrier {
    size_t threads;
    unsigned spins;
    _Alignas(128) atomic_uint arrived;
    _Alignas(128) atomic_uint generation;
    atomic_uint sleepers;
} nn_barrier;
void nn_barrier_init(nn_barrier *barrier, const nn_pool *pool);
/* Returns the seconds it slept; 0 where the others came while it was spinning. */
double nn_barrier_wait(nn_barrier *barrier);

/* Hands out 0, 1, 2, ... below count, each once: `while (nn_next(&counter, count, &i))`. */
static inline int nn_next(atomic_size_t *counter, size_t count, size_t *index)
{
    *index = atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    return *index < count;
}

#endif
