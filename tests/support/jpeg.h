/* SPDX-License-Identifier: MIT */
/* JPEG files for tests, of any colour space. */
#ifndef NN_TEST_JPEG_H
#define NN_TEST_JPEG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

typedef struct jpeg_image {
    unsigned width, height;
    J_COLOR_SPACE in;     /* of pixels */
    J_COLOR_SPACE stored; /* of the file */
    int quality;
    bool progressive;
    bool adobe_inverted;  /* write an Adobe marker: libjpeg does for CMYK and YCCK */
    const uint8_t *pixels; /* height x width x components; NULL: a picture of gradients */
} jpeg_image;

static inline int jpeg_components(J_COLOR_SPACE space)
{
    return space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK || space == JCS_YCCK ? 4 : 3;
}

static inline void jpeg_write(const char *path, const jpeg_image *image)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        abort();
    }
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_stdio_dest(&c, file);
    int components = jpeg_components(image->in);
    c.image_width = image->width;
    c.image_height = image->height;
    c.input_components = components;
    c.in_color_space = image->in;
    jpeg_set_defaults(&c);
    jpeg_set_colorspace(&c, image->stored);
    jpeg_set_quality(&c, image->quality > 0 ? image->quality : 95, TRUE);
    if (image->progressive) {
        jpeg_simple_progression(&c);
    }
    jpeg_start_compress(&c, TRUE);
    size_t stride = (size_t)image->width * (size_t)components;
    uint8_t *row = malloc(stride);
    for (unsigned y = 0; y < image->height; y++) {
        for (size_t i = 0; i < stride; i++) {
            row[i] = image->pixels != NULL
                         ? image->pixels[y * stride + i]
                         : (uint8_t)(255 * (i + y) / (stride + image->height));
        }
        JSAMPROW rows = row;
        jpeg_write_scanlines(&c, &rows, 1);
    }
    free(row);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    fclose(file);
}

/* A grey one whose every pixel is `value`. */
static inline void jpeg_write_flat(const char *path, unsigned height, unsigned width, uint8_t value)
{
    uint8_t *pixels = malloc((size_t)height * width);
    for (size_t i = 0; i < (size_t)height * width; i++) {
        pixels[i] = value;
    }
    jpeg_write(path, &(jpeg_image){.width = width, .height = height, .in = JCS_GRAYSCALE,
                                   .stored = JCS_GRAYSCALE, .pixels = pixels});
    free(pixels);
}

#endif
