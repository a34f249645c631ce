/* SPDX-License-Identifier: MIT */
/* idx_to_jpeg IMAGES LABELS FOLDER [PER_CLASS]: the grey images of an IDX pair as JPEG files,
 * FOLDER/<label>/<position>.jpg, quality 95.  <position> is the image's place in the IDX file, so
 * that the original order can be had back.  PER_CLASS takes only the first so many of each label.
 *
 * The IDX format: http://yann.lecun.com/exdb/mnist, "file formats for the MNIST database".
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>

enum { QUALITY = 95, LABELS = 256, IMAGE_HEADER = 16, LABEL_HEADER = 8 };
enum { MAGIC_IMAGES = 0x803, MAGIC_LABELS = 0x801, LONGEST_SIDE = 65500 };

typedef struct {
    const char *path;
    uint8_t *bytes;
    size_t size;
} file_content;

typedef struct {
    size_t count, height, width;
    const uint8_t *pixels; /* count x height x width */
    const uint8_t *labels;
} idx_pair;

static bool complain(const char *path, const char *what)
{
    fprintf(stderr, "idx_to_jpeg: %s: %s\n", path, what);
    return false;
}

static bool file_read(const char *path, file_content *out)
{
    *out = (file_content){.path = path};
    FILE *file = fopen(path, "rb");
    struct stat about;
    if (file == NULL || fstat(fileno(file), &about) != 0) {
        bool told = complain(path, strerror(errno));
        if (file != NULL) {
            fclose(file);
        }
        return told;
    }
    out->size = (size_t)about.st_size;
    out->bytes = malloc(out->size + 1);
    bool whole = out->bytes != NULL && fread(out->bytes, 1, out->size, file) == out->size;
    fclose(file);
    return whole || complain(path, "cannot be read whole");
}

static size_t big_endian(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

static bool idx_parse(const file_content *images, const file_content *labels, idx_pair *out)
{
    if (images->size < IMAGE_HEADER || big_endian(images->bytes) != MAGIC_IMAGES) {
        return complain(images->path, "no IDX file of images (magic 0x00000803)");
    }
    if (labels->size < LABEL_HEADER || big_endian(labels->bytes) != MAGIC_LABELS) {
        return complain(labels->path, "no IDX file of labels (magic 0x00000801)");
    }
    idx_pair pair = {.count = big_endian(images->bytes + 4),
                     .height = big_endian(images->bytes + 8),
                     .width = big_endian(images->bytes + 12),
                     .pixels = images->bytes + IMAGE_HEADER,
                     .labels = labels->bytes + LABEL_HEADER};
    if (pair.height == 0 || pair.height > LONGEST_SIDE || pair.width == 0
        || pair.width > LONGEST_SIDE) {
        return complain(images->path, "the size of its images is none JPEG can have");
    }
    if ((images->size - IMAGE_HEADER) / (pair.height * pair.width) != pair.count
        || (images->size - IMAGE_HEADER) % (pair.height * pair.width) != 0) {
        return complain(images->path, "holds another number of images than its header says");
    }
    if (big_endian(labels->bytes + 4) != pair.count || labels->size - LABEL_HEADER != pair.count) {
        return complain(labels->path, "holds another number of labels than there are images");
    }
    *out = pair;
    return true;
}

/* libjpeg's own error handler prints its reason and exits with 1. */
static bool jpeg_write(struct jpeg_compress_struct *jpeg, const char *path, size_t height,
                       size_t width, const uint8_t *pixels)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return complain(path, strerror(errno));
    }
    jpeg_stdio_dest(jpeg, file);
    jpeg->image_height = (JDIMENSION)height;
    jpeg->image_width = (JDIMENSION)width;
    jpeg->input_components = 1;
    jpeg->in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + jpeg->next_scanline * width);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    bool whole = ferror(file) == 0;
    whole = fclose(file) == 0 && whole;
    return whole || complain(path, "cannot be written whole");
}

static bool folder_make(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST || complain(path, strerror(errno));
}

static void progress_show(size_t done, size_t count, const char *folder)
{
    if (isatty(STDERR_FILENO) && (done % 500 == 0 || done == count)) {
        fprintf(stderr, "\r%s: %zu of %zu images%s", folder, done, count,
                done == count ? "\n" : "");
    }
}

static bool convert(const idx_pair *pair, const char *folder, size_t per_class)
{
    size_t taken[LABELS] = {0};
    char path[4096];
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    bool good = folder_make(folder);
    for (size_t i = 0; good && i < pair->count; i++) {
        uint8_t label = pair->labels[i];
        if (taken[label] < per_class) {
            snprintf(path, sizeof path, "%s/%u", folder, (unsigned)label);
            good = taken[label]++ > 0 || folder_make(path);
            snprintf(path, sizeof path, "%s/%u/%05zu.jpg", folder, (unsigned)label, i);
            good = good
                   && jpeg_write(&jpeg, path, pair->height, pair->width,
                                 pair->pixels + i * pair->height * pair->width);
        }
        if (good) {
            progress_show(i + 1, pair->count, folder);
        }
    }
    jpeg_destroy_compress(&jpeg);
    return good;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    size_t per_class = argc == 5 ? strtoul(argv[4], &end, 10) : SIZE_MAX;
    if (argc < 4 || argc > 5 || (end != NULL && *end != '\0') || per_class == 0) {
        fputs("usage: idx_to_jpeg IMAGES LABELS FOLDER [PER_CLASS]\n", stderr);
        return 2;
    }
    if (strlen(argv[3]) > 4000) {
        complain(argv[3], "the folder's name is too long");
        return 2;
    }
    file_content images = {0};
    file_content labels = {0};
    idx_pair pair;
    bool good = file_read(argv[1], &images) && file_read(argv[2], &labels)
                && idx_parse(&images, &labels, &pair) && convert(&pair, argv[3], per_class);
    free(images.bytes);
    free(labels.bytes);
    return good ? 0 : 1;
}
