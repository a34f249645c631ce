/* SPDX-License-Identifier: MIT */
/* posix_memalign() under one roof, with a switch for tests.  NNRUN_FAIL_ALLOC=K[+] in the
 * environment makes the K-th allocation of the process fail (with +, every one from there on). */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* From LARGE on memory is asked for in huge pages, as far as it fills them: products walk over many
 * megabytes of it, and the processor remembers the places of some two thousand pages. */
enum { HUGE_PAGE = 2 << 20, LARGE = 2 * HUGE_PAGE };

/* From MANY_PAGES on what is to be zeroed is mapped by one call, instead of by a fault a page. */
enum { PAGE = 4096, MANY_PAGES = 64 * PAGE };

static atomic_ulong allocations;
static atomic_long failing_from = -1; /* number of the first that fails; -1: none */
static atomic_long failing_count;     /* how many; -1: all from there on */

__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("NNRUN_FAIL_ALLOC");
    if (text != NULL) {
        char *end;
        long at = strtol(text, &end, 10);
        nn_memory_fail_after(at - 1, *end == '+' ? -1 : 1);
    }
}

void nn_memory_fail_after(long after, long failures)
{
    atomic_store(&failing_count, failures);
    atomic_store(&failing_from, failures == 0 ? -1 : (long)atomic_load(&allocations) + after);
}

unsigned long nn_memory_count(void)
{
    return atomic_load(&allocations);
}

static int refused(void)
{
    long number = (long)atomic_fetch_add(&allocations, 1);
    long from = atomic_load(&failing_from);
    if (from < 0 || number < from) {
        return 0;
    }
    long count = atomic_load(&failing_count);
    return count < 0 || number < from + count;
}

nn_status nn_alloc_raw(size_t count, size_t size, const char *what, void **out)
{
    *out = NULL;
    if (count == 0 || size == 0) {
        return NN_OK;
    }
    if (count > (SIZE_MAX - NN_ALIGNMENT) / size) {
        return nn_fail_memory(what, SIZE_MAX);
    }
    size_t bytes = (count * size + NN_ALIGNMENT - 1) / NN_ALIGNMENT * NN_ALIGNMENT;
    bool large = bytes >= LARGE;
    void *memory = NULL;
    /* Not aligned_alloc(), which wants a multiple of the alignment: sanitizers insist on it. */
    if (refused() || posix_memalign(&memory, large ? HUGE_PAGE : NN_ALIGNMENT, bytes) != 0) {
        return nn_fail_memory(what, bytes);
    }
#if defined(MADV_HUGEPAGE)
    if (large) {
        (void)madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE,
                      MADV_HUGEPAGE); /* a wish: without it things are only slower */
    }
#endif
    *out = memory;
    return NN_OK;
}

/* A wish: the pages wholly inside are there then. */
static void map_pages(void *memory, size_t bytes)
{
#if defined(MADV_POPULATE_WRITE)
    if (bytes >= MANY_PAGES) {
        uintptr_t from = ((uintptr_t)memory + PAGE - 1) / PAGE * PAGE;
        uintptr_t to = ((uintptr_t)memory + bytes) / PAGE * PAGE;
        (void)madvise((void *)from, to - from, MADV_POPULATE_WRITE);
    }
#else
    (void)memory;
    (void)bytes;
#endif
}

nn_status nn_alloc(size_t count, size_t size, const char *what, void **out)
{
    NN_TRY(nn_alloc_raw(count, size, what, out));
    if (*out != NULL) {
        map_pages(*out, count * size);
        memset(*out, 0, count * size);
    }
    return NN_OK;
}

nn_status nn_realloc(void **memory, size_t old_count, size_t count, size_t size, const char *what)
{
    void *grown;
    NN_TRY(nn_alloc_raw(count, size, what, &grown));
    size_t kept = (old_count < count ? old_count : count) * size;
    if (*memory != NULL && grown != NULL) {
        memcpy(grown, *memory, kept);
    }
    free(*memory);
    *memory = grown;
    return NN_OK;
}

void nn_free(void *memory)
{
    free(memory);
}
