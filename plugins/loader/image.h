/* SPDX-License-Identifier: MIT */
/* What loaders of image files share besides folders: their parameters, the shape all images get, and
 * their operations, to which a format brings its header and its decoder. */
#ifndef NN_LOADER_IMAGE_H
#define NN_LOADER_IMAGE_H

#include "folder.h"
#include "image_resize.h"
#include "source.h"

#include <time.h>

/* The front of self. */
struct image_params {
    const char *path;
    int64_t labels, channels, on_bad, max_pixels, max_memory;
    nn_list size;
    double max_seconds;
};

enum { IMAGE_LABELS_FOLDER, IMAGE_LABELS_NONE };
enum { IMAGE_BAD_ERROR, IMAGE_BAD_SKIP };

static const char *const image_labels[] = {"folder", "none", NULL};
static const char *const image_on_bad[] = {"error", "skip", NULL};

#define IMAGE_PARAMS                                                                               \
    NN_PARAM_PATH(struct image_params, path, NULL, NN_REQUIRED,                                    \
                  "Folder with one sub-folder a class."),                                          \
        NN_PARAM_CHOICE(struct image_params, labels, image_labels, IMAGE_LABELS_FOLDER, 0,         \
                        "folder: the class is the sub-folder's name; none: images without "        \
                        "classes."),                                                               \
        NN_PARAM_INT(struct image_params, channels, 1, 1, 3, 0, "",                                \
                     "1 (grey) or 3 (red, green, blue); files are converted."),                    \
        NN_PARAM_INTS(struct image_params, size, NULL, 1, 65536, 2, 2, NN_OPTIONAL, "pixels",      \
                      "[height, width] all images are resized to; without it they must agree."),   \
        NN_PARAM_CHOICE(struct image_params, on_bad, image_on_bad, IMAGE_BAD_ERROR, 0,             \
                        "A file that can't be used is an error, or is left out and counted."),     \
        NN_PARAM_INT(struct image_params, max_pixels, 64e6, 1, 4e9, 0, "pixels",                   \
                     "A larger image is bad."),                                                    \
        NN_PARAM_INT(struct image_params, max_memory, 256, 1, 65536, 0, "MB",                      \
                     "A file that is longer, or whose decoder needs more, is bad."),               \
        NN_PARAM_REAL(struct image_params, max_seconds, 2, 0, 3600, NN_OPEN_MIN, "s",              \
                      "An image that takes more processor time to decode is bad.")

/* The handle of a source. */
struct image_set {
    struct folder *folder;
    size_t height, width, channels; /* of every sample */
    bool resize;
};

/* Begins an image of height x width that becomes the sample at `out`. */
static inline nn_status image_begin(const nn_host *host, const struct image_set *set,
                                    struct image_sink *s, size_t height, size_t width, uint8_t *out)
{
    s->height = set->height;
    s->width = set->width;
    s->channels = set->channels;
    s->out = out;
    return image_sink_begin(host, s, height, width);
}

/* Grey from red, green, blue by libjpeg's own weights (ITU-R BT.601), 16 bits behind the point. */
static inline uint8_t image_grey(unsigned red, unsigned green, unsigned blue)
{
    return (uint8_t)((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
}

/* ---- Limits ---- */

/* Images below this need no clock where their pixels are decoded once: they can't take long. */
enum { IMAGE_CLOCK_PIXELS = 1000000 };

/* Processor time of this thread: a suspended or crowded process makes no image bad. */
static inline double image_clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* True where an image of this size may become a sample; else *status says why not. */
static inline bool image_fits(const struct image_params *p, const struct image_set *set,
                              size_t height, size_t width, nn_read_status *status)
{
    if (height == 0 || width == 0 || height > (size_t)p->max_pixels / width) {
        folder_bad(status, NN_ERR_DATA,
                   "%zu x %zu is more than %lld pixels (max_pixels)", height, width,
                   (long long)p->max_pixels);
        return false;
    }
    if (!set->resize && (height != set->height || width != set->width)) {
        folder_bad(status, NN_ERR_DATA,
                   "it is %zu x %zu, the others are %zu x %zu (size: [%zu, %zu] resizes)", height,
                   width, set->height, set->width, set->height, set->width);
        return false;
    }
    return true;
}

/* ---- A format ---- */

/* The front of a format's reader. */
struct image_reader {
    struct folder_reader file;
    struct image_sink sink;
};

/* What a format brings; everything else is alike. */
struct image_format {
    const char *const *endings; /* ".jpg", ...; NULL-terminated */
    nn_status (*create)(const nn_host *host, const void *self, void **reader);
    void (*destroy)(const nn_host *host, void *reader);
    /* Of what lies in the reader's buffer: height and width; false where it has none. */
    bool (*header)(void *reader, size_t *height, size_t *width);
    /* The sample of what lies in the reader's buffer; false: *status says why not. */
    bool (*decode)(const nn_host *host, const struct image_set *set, void *reader, uint8_t *out,
                   nn_read_status *status);
};

static inline size_t image_file_most(const struct image_params *params)
{
    return (size_t)params->max_memory << 20;
}

enum { IMAGE_VOTES = 31 };

/* The size most of some evenly spaced files have, the earliest among equals: one odd file, even the
 * first, does not make the others wrong. */
static inline void image_vote(const struct image_format *format, const struct image_params *params,
                              struct image_set *set, struct image_reader *reader)
{
    size_t heights[IMAGE_VOTES], widths[IMAGE_VOTES], votes[IMAGE_VOTES], kinds = 0;
    size_t count = set->folder->file_count;
    size_t asked = count < IMAGE_VOTES ? count : IMAGE_VOTES;
    for (size_t i = 0; i < asked; i++) {
        size_t height, width, k = 0;
        size_t index = (size_t)((double)i * (double)count / (double)asked);
        nn_read_status ignored;
        if (!folder_read(set->folder, &reader->file, index, image_file_most(params), &ignored)
            || !format->header(reader, &height, &width) || height == 0 || width == 0
            || height > (size_t)params->max_pixels / width) {
            continue;
        }
        while (k < kinds && (heights[k] != height || widths[k] != width)) {
            k++;
        }
        if (k == kinds) {
            heights[k] = height;
            widths[k] = width;
            votes[k] = 0;
            kinds++;
        }
        votes[k]++;
    }
    size_t best = 0;
    for (size_t k = 1; k < kinds; k++) {
        best = votes[k] > votes[best] ? k : best;
    }
    set->height = kinds > 0 ? heights[best] : 1;
    set->width = kinds > 0 ? widths[best] : 1;
}

static inline nn_status image_choose_size(const nn_host *host, const struct image_format *format,
                                          const struct image_params *params,
                                          struct image_set *set, const nn_source *source)
{
    if (params->size.count == 2) {
        const int64_t *size = params->size.items;
        set->height = (size_t)size[0];
        set->width = (size_t)size[1];
        set->resize = true;
        return NN_OK;
    }
    if (source->height > 0 && source->width > 0) {
        set->height = source->height;
        set->width = source->width;
        return NN_OK;
    }
    void *reader = NULL;
    nn_status status = format->create(host, params, &reader);
    if (status == NN_OK) {
        image_vote(format, params, set, reader);
        format->destroy(host, reader);
    }
    return status;
}

static inline void image_close(const nn_host *host, nn_source *source)
{
    struct image_set *set = source->handle;
    if (set != NULL) {
        folder_close(set->folder);
        host->free(host, set);
    }
    source->handle = NULL;
}

/* Fills *source from an opened folder, which is taken over. */
static inline nn_status image_describe(const nn_host *host, const struct image_format *format,
                                       const struct image_params *params, struct folder *folder,
                                       nn_source *source)
{
    struct image_set *set = host->alloc(host, sizeof *set);
    if (set == NULL) {
        folder_close(folder);
        return host->fail(host, NN_ERR_MEMORY, "out of memory: a set of images");
    }
    *set = (struct image_set){.folder = folder, .channels = (size_t)params->channels};
    source->handle = set;
    nn_status status = image_choose_size(host, format, params, set, source);
    if (status != NN_OK) {
        image_close(host, source);
        return status;
    }
    bool labelled = folder->class_names != NULL;
    source->dtype = NN_DTYPE_UINT8;
    source->targets = labelled ? NN_TARGETS_CLASSES : NN_TARGETS_NONE;
    source->image = 1;
    source->samples = folder->file_count;
    source->height = set->height;
    source->width = set->width;
    source->channels = set->channels;
    source->class_count = labelled ? folder->group_count : 0;
    source->class_names = folder->class_names;
    source->skip_bad = params->on_bad == IMAGE_BAD_SKIP;
    folder_identity(folder, source->identity);
    return NN_OK;
}

/* ---- The loader's operations; a format's plugin calls them with itself ---- */

static inline nn_status image_create(const nn_host *host, const struct image_params *params)
{
    if (params->channels == 2) {
        return host->fail(host, NN_ERR_PARAM, "channels: 2 is not possible; allowed are 1 and 3");
    }
    return NN_OK;
}

static inline nn_status image_open(const nn_host *host, const struct image_format *format,
                                   const struct image_params *params, nn_source *source)
{
    struct folder *folder = NULL;
    nn_status status = folder_open(host, params->path, format->endings,
                                   params->labels == IMAGE_LABELS_FOLDER, &folder);
    return status == NN_OK ? image_describe(host, format, params, folder, source) : status;
}

static inline nn_status image_open_files(const nn_host *host, const struct image_format *format,
                                         const struct image_params *params,
                                         const char *const *paths, size_t count, nn_source *source)
{
    struct folder *folder = NULL;
    nn_status status =
        folder_open_paths(host, paths, count, source->regular != 0, format->endings, &folder);
    return status == NN_OK ? image_describe(host, format, params, folder, source) : status;
}

static inline nn_status image_read(const nn_host *host, const struct image_format *format,
                                   const struct image_params *params, const nn_source *source,
                                   struct image_reader *reader, size_t first, size_t n, uint8_t *x,
                                   int32_t *labels, nn_read_status *status)
{
    const struct image_set *set = source->handle;
    nn_status code = source_check_samples(host, source, first, n);
    if (code != NN_OK) {
        return code;
    }
    size_t bytes = set->height * set->width * set->channels;
    for (size_t i = 0; i < n; i++) {
        uint8_t *out = x + i * bytes;
        if (labels != NULL) {
            labels[i] = set->folder->groups[set->folder->files[first + i].group].label;
        }
        if (!folder_read(set->folder, &reader->file, first + i, image_file_most(params),
                         &status[i])
            || !format->decode(host, set, reader, out, &status[i])) {
            memset(out, 0, bytes);
        }
    }
    return NN_OK;
}

/* Writes one image of the source's shape as a file. */
typedef nn_status image_write_one(const nn_host *host, const char *path, const nn_source *source,
                                  const uint8_t *pixels);

/* A class name that is no folder's name might lead anywhere. */
static inline nn_status image_make_classes(const nn_host *host, const char *path,
                                           const nn_source *source)
{
    char folder[4096];
    for (size_t c = 0; c < source->class_count; c++) {
        const char *name = source->class_names[c];
        if (name[0] == 0 || name[0] == '.' || strchr(name, '/') != NULL
            || snprintf(folder, sizeof folder, "%s/%s", path, name) >= (int)sizeof folder) {
            return host->fail(host, NN_ERR_DATA, "class \"%s\" can't be the name of a folder", name);
        }
        nn_status status = source_make_folder(host, folder);
        if (status != NN_OK) {
            return status;
        }
    }
    return NN_OK;
}

/* One image as the file `path`, or a new folder of classes with the images numbered. */
static inline nn_status image_write(const nn_host *host, const struct image_format *format,
                                    image_write_one *write_one, const char *path,
                                    const nn_source *source, const uint8_t *x,
                                    const int32_t *labels)
{
    if (source->dtype != NN_DTYPE_UINT8 || (source->channels != 1 && source->channels != 3)) {
        return host->fail(host, NN_ERR_UNSUPPORTED,
                          "only bytes of 1 or 3 channels can be written as images");
    }
    struct folder endings = {.endings = format->endings};
    if (source->samples == 1 && labels == NULL && folder_counts(&endings, path)) {
        return write_one(host, path, source, x);
    }
    nn_status status = source_make_folder(host, path);
    if (status == NN_OK && labels != NULL) {
        status = image_make_classes(host, path, source);
    }
    size_t bytes = source->height * source->width * source->channels;
    for (size_t i = 0; status == NN_OK && i < source->samples; i++) {
        char file[4096];
        int length = snprintf(file, sizeof file, "%s/%s%s%06zu%s", path,
                              labels == NULL ? "" : source->class_names[labels[i]],
                              labels == NULL ? "" : "/", i, format->endings[0]);
        status = length < (int)sizeof file
                     ? write_one(host, file, source, x + i * bytes)
                     : host->fail(host, NN_ERR_IO, "%s: the path is too long", path);
    }
    return status;
}

static inline void image_sample_name(const nn_source *source, size_t index, size_t room, char *name)
{
    const struct image_set *set = source->handle;
    folder_sample_name(set->folder, index, room, name);
}

static inline void image_stat(const nn_source *source, struct image_reader *reader, size_t first,
                              size_t n, uint64_t hash[2])
{
    const struct image_set *set = source->handle;
    folder_stat(set->folder, &reader->file, first, n, hash);
}

#endif
