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
#include <unistd.h>

enum { FENCE_BYTES = 64 << 10, THREADS = 4 };

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

static _Noreturn void no_memory(void)
{
    fputs("out of memory\n", stderr);
    _Exit(1);
}

void *nn__check_alloc(nn__subject *subject, size_t bytes)
{
    void *memory;
    if (nn_arena_alloc(subject->arena, bytes, &memory) != NN_OK) {
        no_memory();
    }
    return memory;
}

/* What stands around a buffer: of the size of what stands in it, elsewhere another. */
static double guard(size_t number, size_t i)
{
    return 1000 + 7.25 * (double)(number % 64) + 0.5 * (double)(i % 8);
}

/* Whether the page holds its guards but for the buffer; writes them where `set`. */
static bool guards(const nn__reals *reals, bool set)
{
    size_t before = (size_t)((char *)reals->at - reals->page) / reals->element;
    for (size_t i = 0; i < reals->page_bytes / reals->element; i++) {
        unsigned char bytes[16];
        double wide = guard(reals->number, i);
        float narrow = (float)wide;
        memset(bytes, (int)(0x60 + reals->number % 64), sizeof bytes);
        if (reals->bits == 64) {
            memcpy(bytes, &wide, sizeof wide);
        } else if (reals->bits == 32) {
            memcpy(bytes, &narrow, sizeof narrow);
        }
        char *element = reals->page + i * reals->element;
        if (set) {
            memcpy(element, bytes, reals->element);
        } else if ((i < before || i >= before + reals->n) && memcmp(element, bytes, reals->element) != 0) {
            return false;
        }
    }
    return true;
}

nn__reals nn__block_create(nn__subject *subject, size_t element, size_t n, const char *name)
{
    nn__reals reals = {.element = element, .n = n, .number = subject->area_count++};
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = n * element;
    reals.page_bytes = bytes == 0 ? page : (bytes + page - 1) / page * page;
    size_t all_bytes = reals.page_bytes + 2 * FENCE_BYTES;
    char *all = mmap(NULL, all_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(all + FENCE_BYTES, reals.page_bytes, PROT_READ | PROT_WRITE) != 0) {
        no_memory();
    }
    reals.page = all + FENCE_BYTES;
    reals.at = subject->low ? reals.page : reals.page + reals.page_bytes - bytes;
    guards(&reals, true);
    memset(reals.at, 0, bytes);
    nn__area *area = nn__check_alloc(subject, sizeof *area);
    *area = (nn__area){subject->areas, name, all, all_bytes, reals.at, element, n};
    subject->areas = area;
    return reals;
}

nn__reals nn__reals_create(nn__subject *subject, unsigned bits, size_t n, const char *name)
{
    nn__reals reals = nn__block_create(subject, bits / 8, n, name);
    reals.bits = bits;
    guards(&reals, true);
    for (size_t i = 0; i < n; i++) {
        nn__real_set(&reals, i, NAN);
    }
    return reals;
}

const nn__instance *nn__check_next(nn__subject *subject, const nn__instance *last)
{
    const nn__instance *next = last == NULL ? subject->instances : last + 1;
    for (; subject->areas != NULL; subject->areas = subject->areas->next) {
        munmap(subject->areas->all, subject->areas->all_bytes);
    }
    if (nn__check_failed(subject) || next >= subject->instances + subject->instance_count) {
        return NULL;
    }
    if (subject->scene != NULL) {
        snprintf(subject->scene->set, sizeof subject->scene->set, "%s", next->label);
    }
    return next;
}

void *nn__real_at(const nn__reals *reals, size_t i)
{
    return (char *)reals->at + i * reals->element;
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
    return a->element == b->element && a->n == b->n && memcmp(a->at, b->at, a->n * a->element) == 0;
}

bool nn__reals_intact(const nn__reals *reals)
{
    return guards(reals, false);
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
