/* SPDX-License-Identifier: MIT */
/* Loaders: where samples come from.
 *
 * open() looks at the source and says what it holds; read() gives samples by index, on several
 * threads at once, each with a reader of its own.  The same index always gives the same sample.
 * Classes and files are ordered by name in byte order (all-number names by number); shuffling,
 * splitting, scaling and caching are the host's.
 */
#ifndef NNRUN_LOADER_H
#define NNRUN_LOADER_H

#include <nnrun/plugin.h>

typedef enum nn_dtype { NN_DTYPE_UINT8 = 1, NN_DTYPE_REAL = 2 } nn_dtype;
typedef enum nn_targets { NN_TARGETS_NONE = 0, NN_TARGETS_CLASSES = 1, NN_TARGETS_REALS = 2 } nn_targets;

/* What a source holds; filled by open(), valid until close(). */
typedef struct nn_source {
    uint32_t size;                   /* of this struct, set by the host */
    uint32_t dtype;                  /* nn_dtype of x */
    uint32_t targets;                /* nn_targets */
    uint32_t image;                  /* 1: samples are images, 0: vectors (1 x width x 1) */
    size_t samples;
    size_t height, width, channels;
    size_t outputs;                  /* reals a sample, NN_TARGETS_REALS only */
    size_t class_count;              /* NN_TARGETS_CLASSES only */
    const char *const *class_names;  /* class_count, UTF-8 */
    uint64_t identity[2];            /* 128 bits over names and contents as far as open() knows them
                                        (contents may be left to the host: NN_HASH_CONTENT) */
    uint64_t stat[2];                /* 128 bits over the files' stat tuples: the key of the cache of
                                        decoded uint8 samples.  0: they are not cached, or the tuples
                                        cost too much to open(): see stat() below */
    void *handle;                    /* the loader's own */
    uint32_t skip_bad;               /* 1: samples that can't be read are left out, not an error; for
                                        a parameter `on_bad`, which the host's message then names */
    uint32_t regular; /* for open_files(), by the host: 1 where it has seen that all paths
                         are regular files or links to such; 0: nobody has looked */
} nn_source;

enum {
    NN_HASH_CONTENT = 1u << 0 /* the host must add a hash over the samples to the identity */
};

/* One sample that could not be read. */
typedef struct nn_read_status {
    int32_t code;      /* 0: good; NN_ERR_MEMORY, NN_ERR_IO: trouble of the machine, which ends the reading
                          instead of leaving the sample out; else it is the sample that is bad */
    char message[252]; /* why, without the file's name */
} nn_read_status;

typedef struct nn_loader {
    NN_ABOUT_FIELDS

    /* Opens what self names; *source is zeros.  Errors by host->fail(); NN_ERR_NOT_FOUND where it is
     * not there at all.  After an error close() is not called: open() frees what it had.  [main] */
    nn_status (*open)(const nn_host *host, const void *self, nn_source *source);
    void (*close)(const nn_host *host, const void *self, nn_source *source);

    /* A reader serves one thread.  *reader may stay NULL.  [reader] */
    nn_status (*reader_create)(const nn_host *host, const void *self, const nn_source *source,
                               void **reader);
    void (*reader_destroy)(const nn_host *host, const void *self, void *reader);

    /* Reads samples first .. first + n - 1.
     *   x       n x height x width x channels, uint8_t or nn_real as source->dtype says
     *   labels  n class numbers, NULL without classes
     *   y       n x outputs reals, NULL without
     *   status  n entries, zeroed by the caller; a bad sample's x is left as zeros, its label and y
     *           are whatever is the same each time: nobody learns from them
     * Returns an error only where nothing can be read at all.  [reader] */
    nn_status (*read)(const nn_host *host, const void *self, const nn_source *source, void *reader,
                      size_t first, size_t n, void *x, int32_t *labels, nn_real *y,
                      nn_read_status *status);

    /* The name of a sample for messages (a path, "images.idx[17]"); NULL: "sample N".  Writes at
     * most `room` bytes with the final 0.  [any] */
    void (*sample_name)(const void *self, const nn_source *source, size_t index, size_t room,
                        char *name);

    /* Optional: opens a list of files without targets, prepared as self says.  Where the host gives
     * source->height, width and channels, samples of another shape are bad.  [main] */
    nn_status (*open_files)(const nn_host *host, const void *self, const char *const *paths,
                            size_t count, nn_source *source);

    /* Optional: writes samples as this loader would read them; x, labels and y as read() gives them.
     * `path` is a new file or folder: what is there already is an error.  self may hold defaults only.
     * Loaders of image files write one unlabelled sample as that file.  [main] */
    nn_status (*write)(const nn_host *host, const void *self, const char *path,
                       const nn_source *source, const void *x, const int32_t *labels,
                       const nn_real *y);

    /* Optional: a 128 bit hash over the stat tuples of samples first .. first + n - 1, without
     * reading them.  The host asks for all, on all its threads, where it wants to look into its
     * cache.  A file that is gone is no error here: read() tells.  [reader] */
    nn_status (*stat)(const nn_host *host, const void *self, const nn_source *source, void *reader,
                      size_t first, size_t n, uint64_t hash[2]);
} nn_loader;

#define NN_LOADER NN_PLUGIN(NN_KIND_LOADER, nn_loader)

#endif
