/* SPDX-License-Identifier: MIT */
/* What loaders write alike: files and folders that are no such thing, samples that are not there, and
 * the shape of a source as the dimensions of an array.
 *
 * An includer defines _GNU_SOURCE before its first include.  Everything is static inline: a plugin is
 * one source and links nothing of nnrun.
 */
#ifndef NN_LOADER_SOURCE_H
#define NN_LOADER_SOURCE_H

#include <nnrun/loader.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SOURCE_RANK = 4,           /* at most: samples, height, width, channels */
    SOURCE_DEFLATE_MOST = 1032 /* no byte of deflate gives more (zlib's technical notes) */
};

/* ---- Files and folders ---- */

/* `code` is that of the stat() or fstat() that filled `about`, errno as it left it. */
static inline nn_status source_check_file(const nn_host *host, const char *path, int code,
                                          const struct stat *about)
{
    if (code != 0) {
        return host->fail(host, errno == ENOENT ? NN_ERR_NOT_FOUND : NN_ERR_DATA,
                          "%s: can't be opened: %s", path, strerror(errno));
    }
    if (!S_ISREG(about->st_mode)) {
        return host->fail(host, NN_ERR_DATA, "%s: is not a file", path);
    }
    return NN_OK;
}

static inline nn_status source_make_folder(const nn_host *host, const char *path)
{
    return mkdir(path, 0777) == 0
               ? NN_OK
               : host->fail(host, NN_ERR_IO, "%s: the folder can't be made: %s", path,
                            strerror(errno));
}

/* ---- Samples ---- */

static inline nn_status source_check_samples(const nn_host *host, const nn_source *source,
                                             size_t first, size_t n)
{
    if (n > source->samples || first > source->samples - n) {
        return host->fail(host, NN_ERR_STATE, "samples %zu to %zu of %zu are asked for", first,
                          first + n, source->samples);
    }
    return NN_OK;
}

/* ---- Shapes ---- */

/* Of an array of 1 to SOURCE_RANK dimensions, the first that of the samples. */
static inline void source_take_shape(nn_source *source, size_t rank, const size_t *sizes)
{
    source->image = rank > 2;
    source->height = rank > 2 ? sizes[1] : 1;
    source->width = rank > 2 ? sizes[2] : rank > 1 ? sizes[1] : 1;
    source->channels = rank > 3 ? sizes[3] : 1;
}

/* The array that holds the source's samples; returns its rank. */
static inline size_t source_put_shape(const nn_source *source, size_t sizes[SOURCE_RANK])
{
    sizes[0] = source->samples;
    sizes[1] = source->image == 0 ? source->width : source->height;
    sizes[2] = source->width;
    sizes[3] = source->channels;
    return source->image == 0 ? 2 : source->channels > 1 ? 4 : 3;
}

/* ---- Readers of sources that need none ---- */

static inline nn_status source_no_reader(const nn_host *host, const void *self,
                                         const nn_source *source, void **reader)
{
    (void)host;
    (void)self;
    (void)source;
    *reader = NULL;
    return NN_OK;
}

static inline void source_no_reader_end(const nn_host *host, const void *self, void *reader)
{
    (void)host;
    (void)self;
    (void)reader;
}

#endif
