/* SPDX-License-Identifier: MIT */
#include "run/contract_check.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { GUARD_BYTES = 512, GUARD = 0xA5, FENCE_BYTES = 64 << 10, THREADS = 4 };

static void set_reason(nn__subject *subject, nn_verdict verdict, const char *format, va_list arguments)
{
    if (subject->verdict == NN_VERDICT_PASSED) {
        subject->verdict = verdict;
        vsnprintf(subject->reason, sizeof subject->reason, format, arguments);
    }
}

void nn__check_fail(nn__subject *subject, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_reason(subject, NN_VERDICT_FAILED, format, arguments);
    va_end(arguments);
}

void nn__check_skip(nn__subject *subject, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_reason(subject, NN_VERDICT_SKIPPED, format, arguments);
    va_end(arguments);
}

void nn__check_figure(nn__subject *subject, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(subject->figure, sizeof subject->figure, format, arguments);
    va_end(arguments);
}

bool nn__check_failed(const nn__subject *subject)
{
    return subject->verdict == NN_VERDICT_FAILED;
}

void nn__check_worst(nn__subject *subject, double *worst, double deviation, double most,
                     const nn__instance *instance, const char *what, size_t index)
{
    if (!(deviation <= *worst) || subject->figure[0] == '\0') { /* NaN is the worst there is */
        *worst = deviation;
        nn__check_figure(subject, "%.2g of at most %.2g", deviation, most);
    }
    if (!(deviation <= most)) {
        nn__check_fail(subject, "%s, %s is off by %.3g at element %zu (allowed: %.3g)", instance->label,
                       what, deviation, index, most);
    }
}

void *nn__check_alloc(nn__subject *subject, size_t bytes)
{
    void *memory;
    if (nn_arena_alloc(subject->arena, bytes, &memory) != NN_OK) {
        fputs("out of memory\n", stderr);
        _Exit(1);
    }
    return memory;
}

static size_t real_bytes(unsigned bits)
{
    return bits / 8;
}

/* Memory between fences that nobody may touch: what strays beyond the guards ends the check. */
static void *fenced(nn__subject *subject, size_t bytes)
{
    size_t page = 4096, inside = (bytes + page - 1) / page * page;
    char *all = mmap(NULL, inside + 2 * FENCE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) {
        return nn__check_alloc(subject, bytes);
    }
    if (mprotect(all + FENCE_BYTES, inside, PROT_READ | PROT_WRITE) != 0) {
        munmap(all, inside + 2 * FENCE_BYTES);
        return nn__check_alloc(subject, bytes);
    }
    return all + FENCE_BYTES;
}

nn__reals nn__reals_create(nn__subject *subject, unsigned bits, size_t n)
{
    nn__reals reals = {.bits = bits, .n = n};
    size_t bytes = n * real_bytes(bits) + 2 * GUARD_BYTES;
    /* A block of its own, so that a sanitizer and 64-byte alignment are as in a run. */
    void *memory = fenced(subject, bytes + 64);
    uintptr_t address = ((uintptr_t)memory + 63) / 64 * 64;
    reals.memory = (unsigned char *)memory + (address - (uintptr_t)memory);
    memset(reals.memory, GUARD, bytes);
    reals.at = reals.memory + GUARD_BYTES;
    for (size_t i = 0; i < n; i++) {
        nn__real_set(&reals, i, NAN);
    }
    return reals;
}

void *nn__real_at(const nn__reals *reals, size_t i)
{
    return (char *)reals->at + i * real_bytes(reals->bits);
}

double nn__real_get(const nn__reals *reals, size_t i)
{
    if (reals->bits == 64) {
        double value;
        memcpy(&value, nn__real_at(reals, i), sizeof value);
        return value;
    }
    float value;
    memcpy(&value, nn__real_at(reals, i), sizeof value);
    return value;
}

void nn__real_set(const nn__reals *reals, size_t i, double value)
{
    if (reals->bits == 64) {
        memcpy(nn__real_at(reals, i), &value, sizeof value);
    } else {
        float narrow = (float)value;
        memcpy(nn__real_at(reals, i), &narrow, sizeof narrow);
    }
}

void nn__reals_copy(const nn__reals *to, const nn__reals *from)
{
    for (size_t i = 0; i < to->n; i++) {
        nn__real_set(to, i, nn__real_get(from, i));
    }
}

bool nn__reals_same(const nn__reals *a, const nn__reals *b)
{
    return a->bits == b->bits && a->n == b->n && memcmp(a->at, b->at, a->n * real_bytes(a->bits)) == 0;
}

bool nn__reals_intact(const nn__reals *reals)
{
    const unsigned char *behind = (const unsigned char *)reals->at + reals->n * real_bytes(reals->bits);
    for (size_t i = 0; i < GUARD_BYTES; i++) {
        if (reals->memory[i] != GUARD || behind[i] != GUARD) {
            return false;
        }
    }
    return true;
}

double nn__check_uniform(uint64_t position, double least, double most)
{
    nn_stream stream = nn_stream_make(1, "checks", 0, 0);
    double u;
    nn_random_uniform(&stream, position, 1, &u);
    return (double)(float)(least + u * (most - least));
}

const void *nn__check_ops(const nn__subject *subject, unsigned bits, nn_isa isa)
{
    const nn_manifest *manifest = subject->plugin->manifest;
    const nn_variant *best = NULL;
    for (size_t i = 0; i < manifest->variant_count; i++) {
        const nn_variant *variant = &manifest->variants[i];
        bool exact = isa == subject->isa || variant->isa == (uint32_t)isa;
        if (variant->bits == bits && variant->isa <= (uint32_t)isa && exact
            && (best == NULL || variant->isa > best->isa)) {
            best = variant;
        }
    }
    return best == NULL ? NULL : best->ops;
}

/* ---- Threads ---- */

struct crew {
    void (*job)(void *context, size_t thread);
    void *context;
    pthread_barrier_t start;
};

struct member {
    struct crew *crew;
    size_t thread;
};

static void *work(void *argument)
{
    struct member *member = argument;
    pthread_barrier_wait(&member->crew->start);
    member->crew->job(member->crew->context, member->thread);
    return NULL;
}

void nn__check_concurrently(nn__subject *subject, void (*job)(void *context, size_t thread),
                            void *context)
{
    if (subject->figure[0] == '\0') {
        nn__check_figure(subject, "%d threads at once", THREADS);
    }
    struct crew crew = {.job = job, .context = context};
    struct member members[THREADS];
    pthread_t threads[THREADS];
    size_t started = 0;
    pthread_barrier_init(&crew.start, NULL, THREADS);
    for (; started < THREADS; started++) {
        members[started] = (struct member){&crew, started};
        if (pthread_create(&threads[started], NULL, work, &members[started]) != 0) {
            fputs("no thread for a check\n", stderr);
            _Exit(1);
        }
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&crew.start);
}
