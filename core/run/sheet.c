/* SPDX-License-Identifier: MIT */
/* The contact sheet: rows of samples, before and after the transforms. */
#include "base/memory.h"
#include "base/random.h"
#include "data/prefetch.h"
#include "run/inspect.h"
#include "run/inspect_inside.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    ROWS = 10,
    COLUMNS = 12,
    CELL = 56,     /* pixels; small images are enlarged by a whole factor */
    GAP = 2,
    PAPER = 160    /* between the cells */
};

struct sheet {
    size_t height, width, channels; /* of a sample */
    size_t zoom, rows;
    size_t paper_height, paper_width;
    uint8_t *pixels;
};

static nn_status make_paper(const nn_samples *samples, size_t rows, struct sheet *sheet)
{
    size_t side = samples->height > samples->width ? samples->height : samples->width;
    sheet->height = samples->height;
    sheet->width = samples->width;
    sheet->channels = samples->channels;
    sheet->zoom = side >= CELL ? 1 : CELL / side;
    sheet->rows = rows;
    sheet->paper_height = rows * (sheet->height * sheet->zoom + GAP) + GAP;
    sheet->paper_width = COLUMNS * (sheet->width * sheet->zoom + GAP) + GAP;
    size_t bytes = sheet->paper_height * sheet->paper_width * sheet->channels;
    NN_TRY(NN_ALLOC_RAW(&sheet->pixels, bytes, "a contact sheet"));
    memset(sheet->pixels, PAPER, bytes);
    return NN_OK;
}

/* An image of bytes into a cell, each pixel zoom x zoom. */
static void put(struct sheet *sheet, size_t row, size_t column, const uint8_t *image)
{
    size_t top = GAP + row * (sheet->height * sheet->zoom + GAP);
    size_t left = GAP + column * (sheet->width * sheet->zoom + GAP);
    for (size_t y = 0; y < sheet->height * sheet->zoom; y++) {
        uint8_t *to = sheet->pixels
                      + ((top + y) * sheet->paper_width + left) * sheet->channels;
        const uint8_t *from = image + y / sheet->zoom * sheet->width * sheet->channels;
        for (size_t x = 0; x < sheet->width * sheet->zoom; x++) {
            memcpy(to + x * sheet->channels, from + x / sheet->zoom * sheet->channels,
                   sheet->channels);
        }
    }
}

static double real_at(const nn_samples *samples, const void *reals, size_t at)
{
    return samples->bits == 32 ? (double)((const float *)reals)[at] : ((const double *)reals)[at];
}

/* The n-th sample of `view` (bytes, or reals in [0, 1]) as bytes. */
static void to_bytes(const nn_samples *view, size_t n, uint8_t *out)
{
    if (view->bytes != NULL) {
        memcpy(out, view->bytes + n * view->features, view->features);
        return;
    }
    for (size_t f = 0; f < view->features; f++) {
        double v = real_at(view, view->reals, n * view->features + f);
        out[f] = (uint8_t)(v <= 0 ? 0 : v >= 1 ? 255 : 255 * v + 0.5);
    }
}

/* `count` samples, one of each class in turn. */
static size_t choose(const nn_samples *samples, size_t count, uint32_t *chosen)
{
    size_t found = 0, classes = samples->labels == NULL ? 1 : samples->class_count;
    for (size_t round = 0; found < count && round * classes < samples->count + classes; round++) {
        for (size_t c = 0; c < classes && found < count; c++) {
            size_t seen = 0;
            for (size_t i = 0; i < samples->count; i++) {
                bool mine = samples->labels == NULL || (size_t)samples->labels[i] == c;
                if (mine && seen++ == round) {
                    chosen[found++] = (uint32_t)i;
                    break;
                }
            }
        }
    }
    return found;
}

/* Column 0 as it is, column k as the transforms make it in epoch k - 1. */
static nn_status draw_transformed(nn_session *s, nn_samples *samples, const uint32_t *chosen,
                                  struct sheet *sheet, uint8_t *image)
{
    static const double one = 1, zero = 0;
    const nn_shape shape = {.size = sizeof shape, .height = samples->height,
                            .width = samples->width, .channels = samples->channels};
    samples->input = (nn_affine_input){&one, &zero, 1};
    for (size_t i = 0; i < s->components.transform_count; i++) {
        NN_TRY(nn_component_create(s->components.transforms[i], &shape));
    }
    const nn_prefetch_options options = {
        .samples = *samples,
        .transforms = s->components.transforms,
        .transform_count = s->components.transform_count,
        .seed = s->experiment->seed,
        .batch_size = ROWS,
    };
    nn_prefetch *prefetch;
    NN_TRY(nn_prefetch_create(&options, &prefetch));
    nn_status status = NN_OK;
    for (size_t column = 1; status == NN_OK && column < COLUMNS; column++) {
        nn_samples view;
        NN_TRY_DONE(nn_prefetch_begin(prefetch, column - 1, chosen, sheet->rows, 0));
        NN_TRY_DONE(nn_prefetch_next(prefetch, ROWS, &view));
        for (size_t row = 0; row < view.count; row++) {
            to_bytes(&view, row, image);
            put(sheet, row, column, image);
        }
    }
done:
    nn_prefetch_destroy(prefetch);
    return status;
}

static nn_status draw(nn_session *s, nn_samples *samples, struct sheet *sheet)
{
    bool transformed = s->components.transform_count > 0;
    uint32_t chosen[ROWS * COLUMNS];
    size_t count = choose(samples, transformed ? ROWS : ROWS * COLUMNS, chosen);
    size_t columns = transformed ? 1 : COLUMNS;
    uint8_t *image;
    NN_TRY(make_paper(samples, (count + columns - 1) / columns, sheet));
    NN_TRY(NN_ALLOC_RAW(&image, samples->features, "a contact sheet"));
    for (size_t i = 0; i < count; i++) {
        to_bytes(samples, chosen[i], image);
        put(sheet, i / columns, i % columns, image);
    }
    nn_status status = transformed ? draw_transformed(s, samples, chosen, sheet, image) : NN_OK;
    nn_free(image);
    return status;
}

static const char *format_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL                          ? NULL
           : strcasecmp(dot, ".png") == 0       ? "png_folder"
           : strcasecmp(dot, ".jpg") == 0       ? "jpeg_folder"
           : strcasecmp(dot, ".jpeg") == 0      ? "jpeg_folder"
                                                : NULL;
}

nn_status nn_session_sheet(nn_session *s, const char *path)
{
    const char *format = format_of(path);
    if (format == NULL) {
        return nn_fail(NN_ERR_USAGE, "%s: a contact sheet is a .jpg or .png file", path);
    }
    nn_component *loaders[3];
    const char *names[3];
    nn_dataset *set = NULL;
    struct sheet sheet = {0};
    NN_TRY(nn__inspect_parts(s, loaders, names));
    NN_TRY(nn__inspect_open(s, loaders[0], true, &set));
    nn_samples samples = nn_dataset_view(set);
    nn_status status = NN_OK;
    if (!samples.image || (samples.channels != 1 && samples.channels != 3)) {
        status = nn_fail(NN_ERR_DATA, "data.train: a contact sheet needs images of 1 or 3 channels");
    } else {
        status = draw(s, &samples, &sheet);
    }
    if (status == NN_OK) {
        const nn_source source = {.size = sizeof source, .dtype = NN_DTYPE_UINT8, .image = 1,
                                  .samples = 1, .height = sheet.paper_height,
                                  .width = sheet.paper_width, .channels = sheet.channels};
        /* A sheet is drawn again and again: the old one goes. */
        (void)remove(path);
        status = nn__inspect_write(s, format, path, &source, sheet.pixels, NULL, NULL);
    }
    nn_free(sheet.pixels);
    nn_dataset_close(set);
    return status;
}
