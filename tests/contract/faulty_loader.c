/* SPDX-License-Identifier: MIT */
#include <nnrun/loader.h>

#include "faulty.h"

#include <sched.h>
#include <string.h>

enum {
    NONE, DESCRIBES, IDENTITY, VALUES, LABELS, PURE, OUT_OF_RANGE, CONCURRENT, ZERO, WIDE, PRECISION,
    SAMPLES = 40, BYTES = 6
};
static const char *const faults[] = {
    "none", "describes", "identity", "values", "labels", "pure", "out_of_range", "concurrent", "zero", "wide",
    "precision", 0,
};
FAULTY_PARAMS(faults);

static unsigned calls; /* what a plugin must not have */
static volatile size_t shared;

static const char *const good_names[] = {"2", "10", "30"}, *const bad_names[] = {"pear", "apple", "plum"};

static nn_status open(const nn_host *host, const void *self, nn_source *source)
{
    (void)host;
    bool bad = fault_of(self) == DESCRIBES;
    uint32_t size = source->size;
    *source = (nn_source){
        .size = size, .dtype = NN_DTYPE_UINT8, .targets = NN_TARGETS_CLASSES, .image = 1,
        .samples = SAMPLES, .height = 2, .width = 3, .channels = 1, .class_count = 3,
        .class_names = bad ? bad_names : good_names,
        .identity = {fault_of(self) == IDENTITY ? ++calls : 1, 2}, .stat = {3, 4},
    };
    if (fault_of(self) == ZERO) {
        source->identity[0] = source->identity[1] = 0;
    }
    if (fault_of(self) == WIDE || fault_of(self) == PRECISION) {
        source->dtype = NN_DTYPE_REAL;
    }
    return NN_OK;
}

static void close(const nn_host *host, const void *self, nn_source *source)
{
    (void)host;
    (void)self;
    (void)source;
}

static nn_status reader_create(const nn_host *host, const void *self, const nn_source *source,
                               void **reader)
{
    (void)host;
    (void)self;
    (void)source;
    *reader = 0;
    return NN_OK;
}

static void reader_destroy(const nn_host *host, const void *self, void *reader)
{
    (void)host;
    (void)self;
    (void)reader;
}

static nn_status read(const nn_host *host, const void *self, const nn_source *source, void *reader,
                      size_t first, size_t n, void *x, int32_t *labels, nn_real *y,
                      nn_read_status *status)
{
    (void)reader;
    (void)y;
    (void)status;
    const int64_t fault = fault_of(self);
    if (fault != OUT_OF_RANGE && (first >= source->samples || n > source->samples - first)) {
        return host->fail(host, NN_ERR_DATA, "there are %zu samples", source->samples);
    }
    unsigned char *bytes = x;
    for (size_t i = 0; i < n; i++) {
        size_t index = first + i;
        if (fault == CONCURRENT) {
            shared = index;
            if (i % 16 == 0) {
                sched_yield(); /* lets another thread in */
            }
            index = shared;
        }
        labels[i] = (int32_t)(index % 3) + (fault == LABELS ? 1 : 0);
        for (size_t k = 0; k < BYTES && fault == WIDE; k++) {
            ((double *)x)[i * BYTES + k] = 1; /* whatever nn_real is */
        }
        for (size_t k = 0; k < BYTES && fault == PRECISION; k++) {
            ((nn_real *)x)[i * BYTES + k] = NN_REAL_BITS == 32 ? NN_R(1.1) : 1;
        }
        if (fault == WIDE || fault == PRECISION) {
            continue;
        }
        memset(bytes + i * BYTES, (int)(index * 5 + (fault == PURE ? n : 0)), BYTES);
    }
    if (fault == VALUES) {
        bytes[n * BYTES] = 0;
        bytes[n * BYTES + 3] = 0;
    }
    return NN_OK;
}

NN_LOADER {
    FAULTY_ABOUT,
    .open = open,
    .close = close,
    .reader_create = reader_create,
    .reader_destroy = reader_destroy,
    .read = read,
};
