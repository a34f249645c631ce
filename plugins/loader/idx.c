/* SPDX-License-Identifier: MIT */
/* IDX files, plain or compressed by gzip, as MNIST is published.
 *
 * A file is a big-endian header - two zero bytes, the type (8: unsigned bytes), the number of
 * dimensions, each dimension - and then the bytes.  Each number in it is held against the length of
 * the file before anything is allocated.  A plain file is read where it lies; a compressed one is
 * unpacked once, when it is opened.  A part of the samples can be taken, in the order of the file: the
 * books' last 10,000 of MNIST's training images, say.
 */
#define _GNU_SOURCE 1
#include "idx_file.h"
#include "idx_write.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CHUNK = 1 << 16 };

struct idx {
    const char *images, *labels;
    int64_t offset, samples; /* the part; samples 0: up to the end */
};

struct idx_set {
    struct idx_file images, labels;
    const char *names[IDX_CLASSES_MOST];
    char digits[IDX_CLASSES_MOST][4];
};

static size_t sample_bytes(const struct idx_file *images)
{
    return images->bytes / images->dimension[0];
}

/* Labels are looked at once: they say how many classes there are. */
static nn_status count_classes(const nn_host *host, const struct idx_file *labels, size_t *count)
{
    uint8_t chunk[CHUNK];
    uint8_t highest = 0;
    for (size_t at = 0; at < labels->bytes; at += CHUNK) {
        size_t n = labels->bytes - at < CHUNK ? labels->bytes - at : CHUNK;
        nn_status status = idx_read(host, labels, at, n, chunk);
        if (status != NN_OK) {
            return status;
        }
        for (size_t i = 0; i < n; i++) {
            highest = chunk[i] > highest ? chunk[i] : highest;
        }
    }
    *count = (size_t)highest + 1;
    return NN_OK;
}

static nn_status open_labels(const nn_host *host, const char *path, struct idx_set *set,
                             nn_source *source)
{
    nn_status status = idx_open_file(host, path, &set->labels);
    if (status != NN_OK) {
        return status;
    }
    if (set->labels.rank != 1) {
        return host->fail(host, NN_ERR_DATA, "%s: labels have 1 dimension, this file has %zu", path,
                          set->labels.rank);
    }
    if (set->labels.dimension[0] != set->images.dimension[0]) {
        return host->fail(host, NN_ERR_DATA, "%s: %zu labels, but %s holds %zu images", path,
                          set->labels.dimension[0], set->images.path, set->images.dimension[0]);
    }
    status = count_classes(host, &set->labels, &source->class_count);
    for (size_t c = 0; c < source->class_count; c++) {
        snprintf(set->digits[c], sizeof set->digits[c], "%d", (int)c);
        set->names[c] = set->digits[c];
    }
    source->targets = NN_TARGETS_CLASSES;
    source->class_names = set->names;
    return status;
}

static void close_source(const nn_host *host, const void *self, nn_source *source)
{
    (void)self;
    struct idx_set *set = source->handle;
    if (set != NULL) {
        idx_close_file(host, &set->images);
        idx_close_file(host, &set->labels);
        host->free(host, set);
    }
    source->handle = NULL;
}

/* How many samples are taken of those the file holds. */
static nn_status take_part(const nn_host *host, const struct idx *params, size_t held, size_t *taken)
{
    size_t offset = (size_t)params->offset, samples = (size_t)params->samples;
    if (offset >= held) {
        return host->fail(host, NN_ERR_DATA, "%s: offset is %zu, but there are only %zu samples",
                          params->images, offset, held);
    }
    if (samples > held - offset) {
        return host->fail(host, NN_ERR_DATA, "%s: %zu samples are asked for, but there are only %zu%s",
                          params->images, samples, held - offset, offset > 0 ? " after the offset" : "");
    }
    *taken = samples > 0 ? samples : held - offset;
    return NN_OK;
}

static nn_status open_source(const nn_host *host, const void *self, nn_source *source)
{
    const struct idx *params = self;
    struct idx_set *set = host->alloc(host, sizeof *set);
    if (set == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: an IDX data set");
    }
    memset(set, 0, sizeof *set);
    set->images.fd = set->labels.fd = -1;
    source->handle = set;
    nn_status status = idx_open_file(host, params->images, &set->images);
    if (status == NN_OK && set->images.rank < 2) {
        status = host->fail(host, NN_ERR_DATA,
                            "%s: images have 2 to 4 dimensions, this file has 1: are these labels?",
                            params->images);
    }
    if (status == NN_OK && params->labels != NULL) {
        status = open_labels(host, params->labels, set, source);
    }
    if (status == NN_OK) {
        status = take_part(host, params, set->images.dimension[0], &source->samples);
    }
    if (status != NN_OK) {
        close_source(host, self, source);
        return status;
    }
    const struct idx_file *images = &set->images;
    source->dtype = NN_DTYPE_UINT8;
    source_take_shape(source, images->rank, images->dimension);
    /* Plain files are as fast as any cache. */
    if (images->unpacked != NULL) {
        const uint64_t tuples[3][4] = {
            {images->stat[0], images->stat[1], images->stat[2], images->stat[3]},
            {set->labels.stat[0], set->labels.stat[1], set->labels.stat[2], set->labels.stat[3]},
            {(uint64_t)params->offset, source->samples},
        };
        XXH128_hash_t hash = XXH3_128bits(tuples, sizeof tuples);
        source->stat[0] = hash.low64;
        source->stat[1] = hash.high64;
    }
    return NN_OK;
}

static nn_status read_samples(const nn_host *host, const void *self, const nn_source *source,
                              void *reader, size_t first, size_t n, void *x, int32_t *labels,
                              nn_real *y, nn_read_status *status)
{
    (void)reader;
    (void)y;
    (void)status;
    const struct idx *params = self;
    const struct idx_set *set = source->handle;
    nn_status code = source_check_samples(host, source, first, n);
    if (code != NN_OK) {
        return code;
    }
    size_t bytes = sample_bytes(&set->images);
    first += (size_t)params->offset;
    code = idx_read(host, &set->images, first * bytes, n * bytes, x);
    if (code != NN_OK || labels == NULL) {
        return code;
    }
    uint8_t chunk[256];
    for (size_t at = 0; at < n; at += sizeof chunk) {
        size_t count = n - at < sizeof chunk ? n - at : sizeof chunk;
        code = idx_read(host, &set->labels, first + at, count, chunk);
        if (code != NN_OK) {
            return code;
        }
        for (size_t i = 0; i < count; i++) {
            labels[at + i] = chunk[i];
        }
    }
    return NN_OK;
}

static void sample_name(const void *self, const nn_source *source, size_t index, size_t room,
                        char *name)
{
    (void)source;
    const struct idx *params = self;
    snprintf(name, room, "%s[%zu]", params->images, (size_t)params->offset + index);
}

static nn_status write_samples(const nn_host *host, const void *self, const char *path,
                               const nn_source *source, const void *x, const int32_t *labels,
                               const nn_real *y)
{
    (void)self;
    return idx_write(host, path, source, x, labels, y);
}

static const nn_param params[] = {
    NN_PARAM_PATH(struct idx, images, NULL, NN_REQUIRED, "IDX file of the images, plain or gzip."),
    NN_PARAM_PATH(struct idx, labels, NULL, NN_OPTIONAL,
                  "IDX file of the labels, plain or gzip; left out: no classes."),
    NN_PARAM_INT(struct idx, offset, 0, 0, 4294967295, 0, "", "The first sample that is taken."),
    NN_PARAM_INT(struct idx, samples, 0, 0, 4294967295, 0, "",
                 "How many are taken, in the order of the file; 0: up to the end."),
    NN_PARAM_END,
};

NN_LOADER {
    .name = "idx",
    .summary = "IDX files, as MNIST is published; plain or gzip.",
    .formula = "x = bytes of the file",
    .reference = "LeCun, Cortes, Burges: The MNIST database, file formats; RFC 1952 (gzip)",
    .params = params,
    .self_size = sizeof(struct idx),
    .flags = NN_HASH_CONTENT,
    .open = open_source,
    .close = close_source,
    .reader_create = source_no_reader,
    .reader_destroy = source_no_reader_end,
    .read = read_samples,
    .sample_name = sample_name,
    .write = write_samples,
};
