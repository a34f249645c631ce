/* SPDX-License-Identifier: MIT */
/* Memory: every allocation of core/ goes through here, so that a test can make the k-th one fail
 * and count those made inside an epoch.  Sizes are checked for overflow; failures tell their story.
 */
#ifndef NN_BASE_MEMORY_H
#define NN_BASE_MEMORY_H

#include "base/status.h"

#include <stddef.h>

/* Memory is aligned to 64 bytes (a cache line, a zmm register). */
enum { NN_ALIGNMENT = 64 };

/* count * size bytes, zeroed; *out is NULL where the product is 0.  NN_ERR_MEMORY. */
nn_status nn_alloc(size_t count, size_t size, const char *what, void **out);
/* The same, contents undefined and not touched. */
nn_status nn_alloc_raw(size_t count, size_t size, const char *what, void **out);
/* Keeps the first old_count * size bytes; *memory stays as it was on failure. */
nn_status nn_realloc(void **memory, size_t old_count, size_t count, size_t size, const char *what);
void nn_free(void *memory);

/* Typed: NN_ALLOC(&weights, n, "weights"). */
#define NN_ALLOC(pointer, count, what)                                                             \
    nn_alloc((count), sizeof **(pointer), (what), (void **)(pointer))
#define NN_ALLOC_RAW(pointer, count, what)                                                         \
    nn_alloc_raw((count), sizeof **(pointer), (what), (void **)(pointer))

/* For tests: the next `after` allocations succeed, then `failures` fail (-1: all).  Counts all. */
void nn_memory_fail_after(long after, long failures);
/* Allocations tried so far in this process. */
unsigned long nn_memory_count(void);

#endif
