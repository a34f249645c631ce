/* SPDX-License-Identifier: MIT */
/* Part of idx.c: a new folder of images and labels. */
#ifndef NN_LOADER_IDX_WRITE_H
#define NN_LOADER_IDX_WRITE_H

#include "idx_header.h"

#include <stdio.h>
#include <unistd.h>

static inline void idx_put_big_endian(uint8_t *p, size_t value)
{
    for (size_t i = 0; i < 4; i++) {
        p[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static inline nn_status idx_write_file(const nn_host *host, const char *folder, const char *name,
                                       size_t rank, const size_t *dimensions, const uint8_t *bytes,
                                       size_t count)
{
    char path[4096];
    uint8_t header[IDX_HEADER] = {0, 0, IDX_BYTES, (uint8_t)rank};
    for (size_t d = 0; d < rank; d++) {
        idx_put_big_endian(header + 4 + 4 * d, dimensions[d]);
    }
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return host->fail(host, NN_ERR_IO, "%s: the path is too long", folder);
    }
    FILE *file = fopen(path, "wbxe");
    if (file == NULL) {
        return host->fail(host, NN_ERR_IO, "%s: can't be made: %s", path, strerror(errno));
    }
    bool whole = fwrite(header, 1, 4 + 4 * rank, file) == 4 + 4 * rank
                 && fwrite(bytes, 1, count, file) == count;
    whole = fclose(file) == 0 && whole;
    if (!whole) {
        unlink(path);
        return host->fail(host, NN_ERR_IO, "%s: can't be written: %s", path, strerror(errno));
    }
    return NN_OK;
}

static inline nn_status idx_write_labels(const nn_host *host, const char *path,
                                         const nn_source *source, const int32_t *labels)
{
    if (source->class_count > IDX_CLASSES_MOST) {
        return host->fail(host, NN_ERR_UNSUPPORTED, "%zu classes; labels of an IDX file are bytes",
                          source->class_count);
    }
    uint8_t *bytes = host->alloc(host, source->samples);
    if (bytes == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: labels");
    }
    for (size_t i = 0; i < source->samples; i++) {
        bytes[i] = (uint8_t)labels[i];
    }
    nn_status status = idx_write_file(host, path, "labels-idx1-ubyte", 1, &source->samples, bytes,
                                      source->samples);
    host->free(host, bytes);
    return status;
}

/* A new folder with the two files; names of classes are lost, IDX has none. */
static inline nn_status idx_write(const nn_host *host, const char *path, const nn_source *source,
                                  const void *x, const int32_t *labels, const nn_real *y)
{
    if (source->dtype != NN_DTYPE_UINT8 || y != NULL) {
        return host->fail(host, NN_ERR_UNSUPPORTED, "an IDX file holds bytes and classes alone");
    }
    nn_status status = source_make_folder(host, path);
    if (status != NN_OK) {
        return status;
    }
    size_t sizes[SOURCE_RANK], rank = source_put_shape(source, sizes);
    char name[32];
    snprintf(name, sizeof name, "images-idx%zu-ubyte", rank);
    status = idx_write_file(host, path, name, rank, sizes, x,
                            source->samples * source->height * source->width * source->channels);
    return status == NN_OK && labels != NULL ? idx_write_labels(host, path, source, labels) : status;
}

#endif
