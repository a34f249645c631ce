/* SPDX-License-Identifier: MIT */
/* Folders of PNG files, decoded by libpng.
 *
 * Palettes, 1 to 16 bits a sample and interlaced files become 8 bits; transparency is left out, the
 * colour below it stays.  Colours become grey by the weights JPEG has.  libpng's warnings are about
 * what surrounds the pixels (colour profiles, text) and are no damage; all that touches pixels is an
 * error of its own.
 */
#define _GNU_SOURCE 1
#include <nnrun/loader.h>

#include "image.h"

#include <png.h>
#include <setjmp.h>

struct png_folder {
    struct image_params image;
};

struct reader {
    struct image_reader front;
    const struct png_folder *self;
    png_structp decoder; /* libpng's can't be reused: one an image */
    png_infop info;
    size_t at; /* next byte of the file */
    uint8_t *pixels; /* a row as libpng gives it; the whole image where interlaced */
    size_t pixel_room;
    char reason[128];
    bool starved; /* the reason is that there is no memory */
};

static void stop(png_structp decoder, png_const_charp reason)
{
    struct reader *r = png_get_error_ptr(decoder);
    snprintf(r->reason, sizeof r->reason, "%s", reason);
    longjmp(png_jmpbuf(decoder), 1);
}

/* libpng says "out of memory" in other words each time, and where a limit is met, too. */
static png_voidp allocate(png_structp decoder, png_alloc_size_t bytes)
{
    struct reader *r = png_get_mem_ptr(decoder);
    void *memory = malloc(bytes);
    r->starved = r->starved || memory == NULL;
    return memory;
}

static void release(png_structp decoder, png_voidp memory)
{
    (void)decoder;
    free(memory);
}

static void ignore(png_structp decoder, png_const_charp reason)
{
    (void)decoder;
    (void)reason;
}

static void take(png_structp decoder, png_bytep to, size_t count)
{
    struct reader *r = png_get_io_ptr(decoder);
    if (count > r->front.file.length - r->at) {
        png_error(decoder, "the file is cut short");
    }
    memcpy(to, r->front.file.bytes + r->at, count);
    r->at += count;
}

static void destroy(const nn_host *host, void *reader)
{
    struct reader *r = reader;
    image_sink_finish(host, &r->front.sink);
    folder_reader_finish(host, &r->front.file);
    host->free(host, r->pixels);
    host->free(host, r);
}

static nn_status make(const nn_host *host, const void *self, void **reader)
{
    struct reader *r = host->alloc(host, sizeof *r);
    if (r == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: a PNG decoder");
    }
    memset(r, 0, sizeof *r);
    folder_reader_init(&r->front.file);
    r->self = self;
    *reader = r;
    return NN_OK;
}

/* ---- Decoding ---- */

static bool begin(struct reader *r)
{
    r->at = 0;
    r->info = NULL;
    r->reason[0] = 0;
    r->starved = false;
    if (r->front.file.length < 8 || png_sig_cmp(r->front.file.bytes, 0, 8) != 0) {
        snprintf(r->reason, sizeof r->reason, "Not a PNG file");
        r->decoder = NULL;
        return false;
    }
    r->decoder = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, r, stop, ignore, r, allocate, release);
    r->info = r->decoder == NULL ? NULL : png_create_info_struct(r->decoder);
    if (r->info == NULL) {
        r->starved = true;
        return false;
    }
    png_set_read_fn(r->decoder, r, take);
    png_set_user_limits(r->decoder, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(r->decoder, image_file_most(&r->self->image));
    return true;
}

static void end(struct reader *r)
{
    png_destroy_read_struct(&r->decoder, &r->info, NULL);
}

static void rgb_to_grey(const uint8_t *rgb, size_t width, uint8_t *out)
{
    for (size_t i = 0; i < width; i++) {
        out[i] = image_grey(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
    }
}

/* The row `pixels` of 1 or 3 components into row y of the sample. */
static void put_row(struct reader *r, const uint8_t *pixels, size_t components, size_t width,
                    size_t y)
{
    struct image_sink *sink = &r->front.sink;
    uint8_t *to = image_row(sink, y);
    if (components == sink->channels) {
        memcpy(to, pixels, width * components);
    } else if (components == 3) {
        rgb_to_grey(pixels, width, to);
    } else {
        for (size_t i = 0; i < width; i++) {
            to[3 * i] = to[3 * i + 1] = to[3 * i + 2] = pixels[i];
        }
    }
    image_row_done(sink, y);
}

/* To 8 bits a sample, grey or RGB. */
static void simplify(struct reader *r)
{
    png_set_expand(r->decoder);
    png_set_scale_16(r->decoder);
    png_set_strip_alpha(r->decoder);
}

static bool start(const nn_host *host, const struct image_set *set, struct reader *r, uint8_t *out,
                  size_t passes, nn_read_status *status)
{
    size_t height = png_get_image_height(r->decoder, r->info);
    size_t width = png_get_image_width(r->decoder, r->info);
    size_t bytes = png_get_rowbytes(r->decoder, r->info) * (passes > 1 ? height : 1);
    if (bytes > image_file_most(&r->self->image)) {
        folder_bad(status, NN_ERR_DATA, "decoding needs more than %lld MB (max_memory)",
                   (long long)r->self->image.max_memory);
        return false;
    }
    nn_status begun = image_begin(host, set, &r->front.sink, height, width, out);
    if (begun == NN_OK) {
        begun = folder_grow(host, (void **)&r->pixels, 0, &r->pixel_room, bytes, 1);
    }
    if (begun != NN_OK) {
        folder_bad(status, begun, "out of memory: an image of %zu x %zu", height, width);
    }
    return begun == NN_OK;
}

/* An interlaced image has no row whole before the last pass: it is held until then. */
static void read_rows(struct reader *r, size_t passes)
{
    size_t height = png_get_image_height(r->decoder, r->info);
    size_t width = png_get_image_width(r->decoder, r->info);
    size_t stride = png_get_rowbytes(r->decoder, r->info);
    size_t components = png_get_channels(r->decoder, r->info);
    bool large = height * width > IMAGE_CLOCK_PIXELS;
    double end_s = large ? image_clock_s() + r->self->image.max_seconds : 0;
    for (size_t pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < height; y++) {
            uint8_t *row = r->pixels + (passes > 1 ? y * stride : 0);
            png_read_row(r->decoder, row, NULL);
            if (large && image_clock_s() > end_s) {
                char reason[96];
                snprintf(reason, sizeof reason, "decoding takes more than %g s (max_seconds)",
                         r->self->image.max_seconds);
                png_error(r->decoder, reason);
            }
            if (pass == passes - 1) {
                put_row(r, row, components, width, y);
            }
        }
    }
}

/* The jump comes back into this function, which changes no local variable behind setjmp(). */
static bool decode(const nn_host *host, const struct image_set *set, void *reader, uint8_t *out,
                   nn_read_status *status)
{
    struct reader *r = reader;
    if (!begin(r) || setjmp(png_jmpbuf(r->decoder)) != 0) {
        folder_bad(status, r->starved ? NN_ERR_MEMORY : NN_ERR_DATA, "%s",
                   r->starved ? "out of memory: decoding it" : r->reason);
        end(r);
        return false;
    }
    png_read_info(r->decoder, r->info);
    if (!image_fits(&r->self->image, set, png_get_image_height(r->decoder, r->info),
                    png_get_image_width(r->decoder, r->info), status)) {
        end(r);
        return false;
    }
    simplify(r);
    size_t passes = (size_t)png_set_interlace_handling(r->decoder);
    png_read_update_info(r->decoder, r->info);
    if (!start(host, set, r, out, passes, status)) {
        end(r);
        return false;
    }
    read_rows(r, passes);
    png_read_end(r->decoder, NULL);
    image_end(&r->front.sink);
    end(r);
    return true;
}

static bool header(void *reader, size_t *height, size_t *width)
{
    struct reader *r = reader;
    if (!begin(r) || setjmp(png_jmpbuf(r->decoder)) != 0) {
        end(r);
        return false;
    }
    png_read_info(r->decoder, r->info);
    *height = png_get_image_height(r->decoder, r->info);
    *width = png_get_image_width(r->decoder, r->info);
    end(r);
    return true;
}

/* ---- Writing ---- */

static nn_status write_one(const nn_host *host, const char *path, const nn_source *source,
                           const uint8_t *pixels)
{
    FILE *file = fopen(path, "wbxe");
    if (file == NULL) {
        return host->fail(host, NN_ERR_IO, "%s: can't be made: %s", path, strerror(errno));
    }
    png_image image = {
        .version = PNG_IMAGE_VERSION,
        .width = (png_uint_32)source->width,
        .height = (png_uint_32)source->height,
        .format = source->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB,
    };
    bool whole = png_image_write_to_stdio(&image, file, 0, pixels, 0, NULL) != 0;
    whole = fclose(file) == 0 && whole;
    if (!whole) {
        unlink(path);
        return host->fail(host, NN_ERR_IO, "%s: can't be written: %s", path,
                          image.message[0] != 0 ? image.message : strerror(errno));
    }
    return NN_OK;
}

/* ---- The loader ---- */

static const char *const endings[] = {".png", NULL};
static const struct image_format format = {endings, make, destroy, header, decode};

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    return image_create(host, self);
}

static nn_status open_folder(const nn_host *host, const void *self, nn_source *source)
{
    return image_open(host, &format, self, source);
}

static nn_status open_files(const nn_host *host, const void *self, const char *const *paths,
                            size_t count, nn_source *source)
{
    return image_open_files(host, &format, self, paths, count, source);
}

static void close_source(const nn_host *host, const void *self, nn_source *source)
{
    (void)self;
    image_close(host, source);
}

static nn_status reader_create(const nn_host *host, const void *self, const nn_source *source,
                               void **reader)
{
    (void)source;
    return make(host, self, reader);
}

static void reader_destroy(const nn_host *host, const void *self, void *reader)
{
    (void)self;
    destroy(host, reader);
}

static nn_status read_samples(const nn_host *host, const void *self, const nn_source *source,
                              void *reader, size_t first, size_t n, void *x, int32_t *labels,
                              nn_real *y, nn_read_status *status)
{
    (void)y;
    return image_read(host, &format, self, source, reader, first, n, x, labels, status);
}

static void sample_name(const void *self, const nn_source *source, size_t index, size_t room,
                        char *name)
{
    (void)self;
    image_sample_name(source, index, room, name);
}

static nn_status stat_samples(const nn_host *host, const void *self, const nn_source *source,
                              void *reader, size_t first, size_t n, uint64_t hash[2])
{
    (void)host;
    (void)self;
    image_stat(source, reader, first, n, hash);
    return NN_OK;
}

static nn_status write_samples(const nn_host *host, const void *self, const char *path,
                               const nn_source *source, const void *x, const int32_t *labels,
                               const nn_real *y)
{
    (void)self;
    (void)y;
    return image_write(host, &format, write_one, path, source, x, labels);
}

static const nn_param params[] = {
    IMAGE_PARAMS,
    NN_PARAM_END,
};

NN_LOADER {
    .name = "png_folder",
    .summary = "PNG files in class folders.",
    .formula = "x = pixels of the file, converted to `channels`, resized to `size`",
    .reference = "W3C Recommendation: Portable Network Graphics (PNG) Specification, second edition",
    .params = params,
    .self_size = sizeof(struct png_folder),
    .flags = NN_HASH_CONTENT,
    .create = create,
    .open = open_folder,
    .close = close_source,
    .reader_create = reader_create,
    .reader_destroy = reader_destroy,
    .read = read_samples,
    .sample_name = sample_name,
    .open_files = open_files,
    .write = write_samples,
    .stat = stat_samples,
};
