/* SPDX-License-Identifier: MIT */
/* Folders of JPEG files, decoded by libjpeg-turbo.
 *
 * One decompress struct a thread, reused; libjpeg's warnings are damage.  YCbCr asked for in grey is
 * its Y as stored, never converted.  Adobe writes CMYK and YCCK inverted; both become RGB as
 * R = 255 (1 - C)(1 - K).
 */
#define _GNU_SOURCE 1
#include <nnrun/loader.h>

#include "image.h"

#include <setjmp.h>
#include <stdio.h>
/* jpeglib.h needs FILE from stdio.h before it. */
#include <jpeglib.h>
#include <jerror.h>

struct jpeg_folder {
    struct image_params image;
    int64_t max_scans;
};

struct reader {
    struct image_reader front;
    const struct jpeg_folder *self;
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    char reason[JMSG_LENGTH_MAX];
    double deadline_s; /* where watched */
    bool made;         /* the decoder */
    bool starved;      /* the reason is that there is no memory */
    uint8_t *inks;     /* a row of CMYK */
    size_t ink_room;
};

/* ---- libjpeg's callbacks.  They leave through the jump. ---- */

static struct reader *reader_of(j_common_ptr decoder)
{
    return decoder->client_data;
}

static void stop(j_common_ptr decoder)
{
    struct reader *r = reader_of(decoder);
    decoder->err->format_message(decoder, r->reason);
    if (decoder->err->msg_code == JERR_OUT_OF_MEMORY) { /* malloc() gave none */
        r->starved = true;
        snprintf(r->reason, sizeof r->reason, "out of memory: decoding it");
    } else if (decoder->err->msg_code == JERR_NO_BACKING_STORE) {
        snprintf(r->reason, sizeof r->reason, "decoding needs more than %lld MB (max_memory)",
                 (long long)r->self->image.max_memory);
    }
    longjmp(r->jump, 1);
}

static void hear(j_common_ptr decoder, int level)
{
    if (level < 0) {
        stop(decoder);
    }
}

static void print_nothing(j_common_ptr decoder)
{
    (void)decoder;
}

/* Called at each row of blocks, of each scan, where watched. */
static void watch(j_common_ptr decoder)
{
    struct reader *r = reader_of(decoder);
    if (r->decoder.input_scan_number > r->self->max_scans) {
        snprintf(r->reason, sizeof r->reason, "it has more than %lld scans (max_scans)",
                 (long long)r->self->max_scans);
        longjmp(r->jump, 1);
    }
    if (image_clock_s() > r->deadline_s) {
        snprintf(r->reason, sizeof r->reason, "decoding takes more than %g s (max_seconds)",
                 r->self->image.max_seconds);
        longjmp(r->jump, 1);
    }
}

/* ---- Readers ---- */

static void destroy(const nn_host *host, void *reader)
{
    struct reader *r = reader;
    if (r == NULL) {
        return;
    }
    if (r->made) {
        jpeg_destroy_decompress(&r->decoder);
    }
    image_sink_finish(host, &r->front.sink);
    folder_reader_finish(host, &r->front.file);
    host->free(host, r->inks);
    host->free(host, r);
}

static nn_status make(const nn_host *host, const void *self, void **reader)
{
    struct reader *r = host->alloc(host, sizeof *r);
    if (r == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: a JPEG decoder");
    }
    memset(r, 0, sizeof *r);
    folder_reader_init(&r->front.file);
    r->self = self;
    r->decoder.err = jpeg_std_error(&r->errors);
    r->decoder.client_data = r;
    r->errors.error_exit = stop;
    r->errors.emit_message = hear;
    r->errors.output_message = print_nothing;
    r->progress.progress_monitor = watch;
    if (setjmp(r->jump) != 0) {
        nn_status status = host->fail(host, NN_ERR_MEMORY, "libjpeg: %s", r->reason);
        destroy(host, r);
        return status;
    }
    jpeg_create_decompress(&r->decoder);
    r->made = true;
    r->decoder.mem->max_memory_to_use = (long)r->self->image.max_memory << 20;
    *reader = r;
    return NN_OK;
}

/* ---- Decoding ---- */

static unsigned mix(unsigned a, unsigned b)
{
    return (a * b + 127) / 255;
}

/* inks: width x 4; `inverted` (Adobe) means that 255 is no ink. */
static void inks_to_light(const uint8_t *inks, size_t width, bool inverted, size_t channels,
                          uint8_t *out)
{
    unsigned flip = inverted ? 0 : 255;
    for (size_t i = 0; i < width; i++) {
        unsigned key = inks[4 * i + 3] ^ flip;
        unsigned red = mix(inks[4 * i] ^ flip, key);
        unsigned green = mix(inks[4 * i + 1] ^ flip, key);
        unsigned blue = mix(inks[4 * i + 2] ^ flip, key);
        if (channels == 1) {
            out[i] = image_grey(red, green, blue);
        } else {
            out[3 * i] = (uint8_t)red;
            out[3 * i + 1] = (uint8_t)green;
            out[3 * i + 2] = (uint8_t)blue;
        }
    }
}

/* Where the image is to shrink a lot, libjpeg leaves out frequencies that would vanish anyway; the
 * resampling keeps at least a factor of two. */
static unsigned shrink(const struct image_set *set, size_t height, size_t width)
{
    unsigned factor = 1;
    while (set->resize && factor < 8 && height / (factor * 2) >= 2 * set->height
           && width / (factor * 2) >= 2 * set->width) {
        factor *= 2;
    }
    return factor;
}

static bool choose_colours(struct reader *r, const struct image_set *set, nn_read_status *status)
{
    struct jpeg_decompress_struct *d = &r->decoder;
    switch (d->jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr:
        d->out_color_space = set->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        return true;
    case JCS_CMYK:
    case JCS_YCCK:
        d->out_color_space = JCS_CMYK;
        return true;
    default:
        folder_bad(status, NN_ERR_DATA, "its %d components are no known colour space",
                   d->num_components);
        return false;
    }
}

static bool read_header(struct reader *r)
{
    struct jpeg_decompress_struct *d = &r->decoder;
    jpeg_mem_src(d, r->front.file.bytes, r->front.file.length);
    return jpeg_read_header(d, TRUE) == JPEG_HEADER_OK;
}

static bool start(const nn_host *host, const struct image_set *set, struct reader *r, uint8_t *out,
                  nn_read_status *status)
{
    struct jpeg_decompress_struct *d = &r->decoder;
    const struct image_params *params = &r->self->image;
    if (!image_fits(params, set, d->image_height, d->image_width, status)
        || !choose_colours(r, set, status)) {
        return false;
    }
    d->scale_num = 1;
    d->scale_denom = shrink(set, d->image_height, d->image_width);
    bool watched = (size_t)d->image_height * d->image_width > IMAGE_CLOCK_PIXELS
                || jpeg_has_multiple_scans(d);
    r->deadline_s = watched ? image_clock_s() + params->max_seconds : 0;
    d->progress = watched ? &r->progress : NULL;
    jpeg_start_decompress(d);
    nn_status begun = image_begin(host, set, &r->front.sink, d->output_height, d->output_width, out);
    if (begun == NN_OK && d->out_color_space == JCS_CMYK) {
        begun = folder_grow(host, (void **)&r->inks, 0, &r->ink_room, (size_t)d->output_width * 4,
                            1);
    }
    if (begun != NN_OK) {
        folder_bad(status, begun, "out of memory: a row of %u pixels", d->output_width);
    }
    return begun == NN_OK;
}

static void read_inks(struct reader *r)
{
    struct jpeg_decompress_struct *d = &r->decoder;
    while (d->output_scanline < d->output_height) {
        size_t y = d->output_scanline;
        JSAMPROW row = r->inks;
        jpeg_read_scanlines(d, &row, 1);
        inks_to_light(r->inks, d->output_width, d->saw_Adobe_marker, r->front.sink.channels,
                      image_row(&r->front.sink, y));
        image_row_done(&r->front.sink, y);
    }
}

static void read_rows(struct reader *r)
{
    enum { ROWS = 16 };
    struct jpeg_decompress_struct *d = &r->decoder;
    if (r->front.sink.resize) {
        while (d->output_scanline < d->output_height) {
            size_t y = d->output_scanline;
            JSAMPROW row = image_row(&r->front.sink, y);
            jpeg_read_scanlines(d, &row, 1);
            image_row_done(&r->front.sink, y);
        }
        return;
    }
    /* Straight into the sample, many rows a call. */
    while (d->output_scanline < d->output_height) {
        JSAMPROW rows[ROWS];
        unsigned count = d->output_height - d->output_scanline;
        count = count < ROWS ? count : ROWS;
        for (unsigned i = 0; i < count; i++) {
            rows[i] = image_row(&r->front.sink, d->output_scanline + i);
        }
        jpeg_read_scanlines(d, rows, count);
    }
}

/* Decodes what lies in the reader's buffer.  The jump comes back into this function, which therefore
 * changes no local variable behind setjmp(). */
static bool decode(const nn_host *host, const struct image_set *set, void *reader, uint8_t *out,
                   nn_read_status *status)
{
    struct reader *r = reader;
    if (setjmp(r->jump) != 0) {
        jpeg_abort_decompress(&r->decoder);
        folder_bad(status, r->starved ? NN_ERR_MEMORY : NN_ERR_DATA, "%s", r->reason);
        return false;
    }
    r->decoder.progress = NULL;
    r->starved = false;
    if (!read_header(r) || !start(host, set, r, out, status)) {
        jpeg_abort_decompress(&r->decoder);
        return false;
    }
    if (r->decoder.out_color_space == JCS_CMYK) {
        read_inks(r);
    } else {
        read_rows(r);
    }
    jpeg_finish_decompress(&r->decoder);
    image_end(&r->front.sink);
    return true;
}

static bool header(void *reader, size_t *height, size_t *width)
{
    struct reader *r = reader;
    if (setjmp(r->jump) != 0) {
        jpeg_abort_decompress(&r->decoder);
        return false;
    }
    r->decoder.progress = NULL;
    bool good = read_header(r);
    *height = r->decoder.image_height;
    *width = r->decoder.image_width;
    jpeg_abort_decompress(&r->decoder);
    return good;
}

/* ---- Writing ---- */

enum { QUALITY = 95 };

struct writer {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    char reason[JMSG_LENGTH_MAX];
};

static void stop_writing(j_common_ptr encoder)
{
    struct writer *w = encoder->client_data;
    encoder->err->format_message(encoder, w->reason);
    longjmp(w->jump, 1);
}

/* Colours are kept at full resolution. */
static void encode(struct writer *w, FILE *file, const nn_source *source, const uint8_t *pixels)
{
    struct jpeg_compress_struct *e = &w->encoder;
    jpeg_create_compress(e);
    jpeg_stdio_dest(e, file);
    e->image_width = (JDIMENSION)source->width;
    e->image_height = (JDIMENSION)source->height;
    e->input_components = (int)source->channels;
    e->in_color_space = source->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(e);
    jpeg_set_quality(e, QUALITY, TRUE);
    e->comp_info[0].h_samp_factor = e->comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(e, TRUE);
    while (e->next_scanline < e->image_height) {
        size_t at = (size_t)e->next_scanline * source->width * source->channels;
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + at);
        jpeg_write_scanlines(e, &row, 1);
    }
    jpeg_finish_compress(e);
}

static nn_status write_one(const nn_host *host, const char *path, const nn_source *source,
                           const uint8_t *pixels)
{
    FILE *file = fopen(path, "wbxe");
    if (file == NULL) {
        return host->fail(host, NN_ERR_IO, "%s: can't be made: %s", path, strerror(errno));
    }
    struct writer w = {.reason = ""};
    w.encoder.err = jpeg_std_error(&w.errors);
    w.encoder.client_data = &w;
    w.errors.error_exit = stop_writing;
    w.errors.output_message = print_nothing;
    if (setjmp(w.jump) == 0) {
        encode(&w, file, source, pixels);
    }
    jpeg_destroy_compress(&w.encoder);
    bool whole = fclose(file) == 0 && w.reason[0] == 0;
    if (!whole) {
        unlink(path);
        return host->fail(host, NN_ERR_IO, "%s: can't be written: %s", path,
                          w.reason[0] != 0 ? w.reason : strerror(errno));
    }
    return NN_OK;
}

/* ---- The loader ---- */

static const char *const endings[] = {".jpg", ".jpeg", NULL};
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
    NN_PARAM_INT(struct jpeg_folder, max_scans, 100, 1, 10000, 0, "",
                 "A progressive image with more scans is bad."),
    NN_PARAM_END,
};

NN_LOADER {
    .name = "jpeg_folder",
    .summary = "JPEG files in class folders.",
    .formula = "x = pixels of the file, converted to `channels`, resized to `size`",
    .reference = "ITU-T T.81 (1992), JFIF 1.02 (Hamilton 1992); libjpeg-turbo",
    .params = params,
    .self_size = sizeof(struct jpeg_folder),
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
