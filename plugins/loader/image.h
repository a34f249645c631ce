/* SPDX-License-Identifier: MIT */
/* What loaders of image files share besides folders: their parameters, the shape all images get, and
 * the way of decoded rows into a sample, resized on the way where that is wished.
 *
 * Resizing is separable with a triangle filter, widened by the factor of shrinking: bilinear
 * interpolation when growing, a weighted area when shrinking (Heckbert 1989, Fundamentals of texture
 * mapping, section 3.4).  Weights are integers that sum to 2^15, so that every machine and instruction
 * set gives the same bytes and a constant image stays constant.  Rows are added up as they come: no
 * image is ever held whole.
 */
#ifndef NN_LOADER_IMAGE_H
#define NN_LOADER_IMAGE_H

#include "folder.h"
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

/* ---- Resampling ---- */

enum { IMAGE_WEIGHT_BITS = 15, IMAGE_ROW_BITS = 7, IMAGE_SUM_BITS = 23 };

/* Output i is the sum of weights[first_weight[i] + k] * input[first[i] + k]. */
struct image_filter {
    size_t in, out;
    size_t *first, *count, *first_weight; /* one block of 3 * out */
    size_t index_room;
    uint32_t *weights;
    size_t weight_room;
};

static inline void image_filter_finish(const nn_host *host, struct image_filter *f)
{
    host->free(host, f->first);
    host->free(host, f->weights);
}

/* The triangle's weights for one output, rounded so that they sum to 2^15 exactly. */
static inline void image_weigh(double center, double width, size_t first, size_t count,
                               uint32_t *weights)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        double d = fabs(((double)(first + k) + 0.5 - center) / width);
        sum += d < 1 ? 1 - d : 0;
    }
    uint32_t given = 0;
    size_t largest = 0;
    for (size_t k = 0; k < count; k++) {
        double d = fabs(((double)(first + k) + 0.5 - center) / width);
        weights[k] = (uint32_t)((d < 1 ? 1 - d : 0) / sum * (1 << IMAGE_WEIGHT_BITS));
        given += weights[k];
        largest = weights[k] > weights[largest] ? k : largest;
    }
    weights[largest] += (1u << IMAGE_WEIGHT_BITS) - given;
}

static inline nn_status image_filter_make(const nn_host *host, struct image_filter *f, size_t in,
                                          size_t out)
{
    if (f->in == in && f->out == out) {
        return NN_OK;
    }
    f->in = 0;
    double scale = (double)in / (double)out, width = scale > 1 ? scale : 1;
    size_t most = 2 * (size_t)ceil(width) + 2;
    nn_status status = folder_grow(host, (void **)&f->first, 0, &f->index_room, 3 * out,
                                   sizeof *f->first);
    if (status == NN_OK) {
        status = folder_grow(host, (void **)&f->weights, 0, &f->weight_room, most * out,
                             sizeof *f->weights);
    }
    if (status != NN_OK) {
        return status;
    }
    f->count = f->first + out;
    f->first_weight = f->count + out;
    for (size_t i = 0; i < out; i++) {
        double center = ((double)i + 0.5) * scale;
        double low = floor(center - width + 0.5), high = floor(center + width + 0.5);
        size_t first = low > 0 ? (size_t)low : 0;
        size_t end = high < (double)in ? (size_t)high : in;
        f->first[i] = first;
        f->count[i] = end - first;
        f->first_weight[i] = i * most;
        image_weigh(center, width, first, end - first, f->weights + i * most);
    }
    f->in = in;
    f->out = out;
    return NN_OK;
}

/* ---- Rows into a sample ---- */

struct image_sink {
    size_t height, width, channels; /* of the sample */
    uint8_t *out;
    bool resize;
    struct image_filter across, down;
    uint8_t *row; /* one input row */
    size_t row_room;
    uint16_t *thin; /* the row, resized across: 8 bits and 8 behind the point */
    size_t thin_room;
    uint32_t *sums; /* the sample, 8 bits and 23 behind the point */
    size_t sum_room;
    size_t from; /* first output row that may still get something */
};

static inline void image_sink_finish(const nn_host *host, struct image_sink *s)
{
    image_filter_finish(host, &s->across);
    image_filter_finish(host, &s->down);
    host->free(host, s->row);
    host->free(host, s->thin);
    host->free(host, s->sums);
}

/* Begins an image of height x width that becomes the sample at `out`. */
static inline nn_status image_begin(const nn_host *host, const struct image_set *set,
                                    struct image_sink *s, size_t height, size_t width, uint8_t *out)
{
    s->height = set->height;
    s->width = set->width;
    s->channels = set->channels;
    s->out = out;
    s->from = 0;
    s->resize = height != set->height || width != set->width;
    if (!s->resize) {
        return NN_OK;
    }
    size_t cells = s->width * s->channels;
    nn_status status = image_filter_make(host, &s->across, width, s->width);
    if (status == NN_OK) {
        status = image_filter_make(host, &s->down, height, s->height);
    }
    if (status == NN_OK) {
        status = folder_grow(host, (void **)&s->row, 0, &s->row_room, width * s->channels, 1);
    }
    if (status == NN_OK) {
        status = folder_grow(host, (void **)&s->thin, 0, &s->thin_room, cells, sizeof *s->thin);
    }
    if (status == NN_OK) {
        status = folder_grow(host, (void **)&s->sums, 0, &s->sum_room, cells * s->height,
                             sizeof *s->sums);
    }
    if (status == NN_OK) {
        memset(s->sums, 0, cells * s->height * sizeof *s->sums);
    }
    return status;
}

/* Where the decoder writes row y. */
static inline uint8_t *image_row(const struct image_sink *s, size_t y)
{
    return s->resize ? s->row : s->out + y * s->width * s->channels;
}

static inline void image_thin(struct image_sink *s)
{
    size_t channels = s->channels;
    for (size_t i = 0; i < s->width; i++) {
        const uint32_t *w = s->across.weights + s->across.first_weight[i];
        const uint8_t *in = s->row + s->across.first[i] * channels;
        for (size_t c = 0; c < channels; c++) {
            uint32_t sum = 1u << (IMAGE_ROW_BITS - 1);
            for (size_t k = 0; k < s->across.count[i]; k++) {
                sum += w[k] * in[k * channels + c];
            }
            s->thin[i * channels + c] = (uint16_t)(sum >> IMAGE_ROW_BITS);
        }
    }
}

/* Takes row y, which the decoder has written. */
static inline void image_row_done(struct image_sink *s, size_t y)
{
    if (!s->resize) {
        return;
    }
    image_thin(s);
    size_t cells = s->width * s->channels;
    const struct image_filter *down = &s->down;
    while (s->from < s->height && down->first[s->from] + down->count[s->from] <= y) {
        s->from++;
    }
    for (size_t i = s->from; i < s->height && down->first[i] <= y; i++) {
        if (y - down->first[i] < down->count[i]) {
            uint32_t w = down->weights[down->first_weight[i] + y - down->first[i]];
            uint32_t *sums = s->sums + i * cells;
            for (size_t j = 0; j < cells; j++) {
                sums[j] += w * s->thin[j];
            }
        }
    }
}

static inline void image_end(struct image_sink *s)
{
    if (s->resize) {
        size_t cells = s->height * s->width * s->channels;
        for (size_t j = 0; j < cells; j++) {
            s->out[j] = (uint8_t)((s->sums[j] + (1u << (IMAGE_SUM_BITS - 1))) >> IMAGE_SUM_BITS);
        }
    }
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
