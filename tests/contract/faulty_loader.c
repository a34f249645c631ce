/* SPDX-License-Identifier: MIT */
#include <nnrun/loader.h>

#include "faulty.h"

#include <sched.h>
#include <string.h>

enum {
    NONE, DESCRIBES, IDENTITY, VALUES, LABELS, PURE, OUT_OF_RANGE, CONCURRENT, ZERO, WIDE, PRECISION,
    UNNAMED, EMPTY, DTYPE, NO_CLASSES, NO_OUTPUTS, OPEN, READER, READ, COMPLAINT, NOT_FINITE, TARGET, OTHER_SOURCE,
    OTHER_BYTES, OTHER_TARGET,
    SAMPLES = 40, BYTES = 6
};
static const char *const faults[] = {
    "none", "describes", "identity", "values", "labels", "pure", "out_of_range", "concurrent", "zero", "wide",
    "precision", "unnamed", "empty", "dtype", "no_classes", "no_outputs", "open", "reader", "read", "complaint",
    "not_finite", "target", "other_source", "other_bytes", "other_target", 0,
};
FAULTY_PARAMS(faults);

static unsigned calls; /* what a plugin must not have */
static volatile size_t shared;

static const char *const good_names[] = {"2", "10", "30"}, *const bad_names[] = {"pear", "apple", "plum"},
                  *const no_names[] = {"2", 0, "30"};

/* The faults that lie in what the source says of itself. */
static void misdescribe(int64_t fault, nn_source *source)
{
    bool reals = fault == WIDE || fault == PRECISION || fault == NOT_FINITE;
    bool targets = fault == NO_OUTPUTS || fault == TARGET || fault == OTHER_TARGET;
    source->dtype = reals ? NN_DTYPE_REAL : fault == DTYPE ? 9 : NN_DTYPE_UINT8;
    source->class_names = fault == DESCRIBES ? bad_names : fault == UNNAMED ? no_names : good_names;
    source->class_count = fault == NO_CLASSES ? 0 : 3;
    if (targets) {
        source->targets = NN_TARGETS_REALS;
        source->outputs = fault == NO_OUTPUTS ? 0 : 1;
    }
    source->samples = fault == EMPTY ? 0 : fault == OTHER_SOURCE && NN_REAL_BITS == 32 ? SAMPLES - 1 : SAMPLES;
    source->identity[0] = fault == IDENTITY ? ++calls : 1;
    if (fault == ZERO) {
        source->identity[0] = source->identity[1] = 0;
    }
}

static nn_status open(const nn_host *host, const void *self, nn_source *source)
{
    if (fault_of(self) == OPEN) {
        return host->fail(host, NN_ERR_DATA, "it stays closed");
    }
    uint32_t size = source->size;
    *source = (nn_source){
        .size = size, .targets = NN_TARGETS_CLASSES, .image = 1, .height = 2, .width = 3, .channels = 1,
        .identity = {0, 2}, .stat = {3, 4},
    };
    misdescribe(fault_of(self), source);
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
    (void)source;
    *reader = 0;
    return fault_of(self) == READER ? host->fail(host, NN_ERR_DATA, "it reads nothing") : NN_OK;
}

static void reader_destroy(const nn_host *host, const void *self, void *reader)
{
    (void)host;
    (void)self;
    (void)reader;
}

/* The x of one sample. */
static void fill(int64_t fault, void *x, size_t i, int byte)
{
    for (size_t k = 0; k < BYTES; k++) {
        if (fault == WIDE) {
            ((double *)x)[i * BYTES + k] = 1; /* whatever nn_real is */
        } else if (fault == PRECISION || fault == NOT_FINITE) {
            nn_real good = fault == PRECISION && NN_REAL_BITS == 32 ? NN_R(1.1) : 1;
            ((nn_real *)x)[i * BYTES + k] = fault == NOT_FINITE ? (nn_real)INFINITY : good;
        } else {
            ((unsigned char *)x)[i * BYTES + k] = (unsigned char)byte;
        }
    }
}

static nn_status read(const nn_host *host, const void *self, const nn_source *source, void *reader,
                      size_t first, size_t n, void *x, int32_t *labels, nn_real *y,
                      nn_read_status *status)
{
    (void)reader;
    const int64_t fault = fault_of(self);
    if (fault != OUT_OF_RANGE && (first >= source->samples || n > source->samples - first)) {
        return host->fail(host, NN_ERR_DATA, "there are %zu samples", source->samples);
    }
    if (fault == READ) {
        return host->fail(host, NN_ERR_IO, "the disk is gone");
    }
    for (size_t i = 0; i < n; i++) {
        size_t index = first + i;
        if (fault == CONCURRENT) {
            shared = index;
            if (i % 16 == 0) {
                sched_yield(); /* lets another thread in */
            }
            index = shared;
        }
        if (labels != NULL) {
            labels[i] = (int32_t)(index % 3) + (fault == LABELS ? 1 : 0);
        } else {
            y[i] = fault == TARGET ? (nn_real)NAN : fault == OTHER_TARGET && NN_REAL_BITS == 32 ? NN_R(1.1) : 1;
        }
        if (fault == COMPLAINT && index == 7) {
            status[i].code = NN_ERR_DATA;
            strcpy(status[i].message, "it is torn");
        }
        bool other = fault == OTHER_BYTES && NN_REAL_BITS == 32;
        fill(fault, x, i, (int)(index * 5 + (fault == PURE ? n : other ? 1 : 0)));
    }
    if (fault == VALUES) {
        ((unsigned char *)x)[n * BYTES] = 0;
        ((unsigned char *)x)[n * BYTES + 3] = 0;
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
