/* SPDX-License-Identifier: MIT */
#include "images.h"

#include <png.h>

static int setup(void **state)
{
    int failed = images_setup(state, "png_folder");
    make_class(*state, "a");
    return failed;
}

/* Every pixel alike: `pixel` holds one, `bytes` long. */
static void write_png(const char *path, unsigned size, int type, int depth, int interlace,
                      const uint8_t *pixel, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color palette[4] = {{0, 0, 0}, {10, 20, 30}, {200, 100, 50}, {255, 255, 255}};
    uint8_t *row = malloc(size * 8);
    png_init_io(png, file);
    png_set_IHDR(png, info, size, size, depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (type == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, palette, 4);
    }
    png_write_info(png, info);
    png_set_packing(png);
    for (unsigned i = 0; i < size; i++) {
        memcpy(row + i * bytes, pixel, bytes);
    }
    int passes = interlace == PNG_INTERLACE_NONE ? 1 : png_set_interlace_handling(png);
    for (int p = 0; p < passes; p++) {
        for (unsigned y = 0; y < size; y++) {
            png_write_row(png, row);
        }
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    free(row);
    fclose(file);
}

static void check(struct state *s, int type, int depth, const uint8_t *pixel, size_t bytes,
                  int64_t channels, const uint8_t *expected)
{
    for (int interlace = 0; interlace < 2; interlace++) {
        write_png(files_path(s->folder, "a/1.png"), 9, type, depth, interlace, pixel, bytes);
        loader_set_int(&s->loader, "channels", channels);
        if (loader_open(&s->loader) != NN_OK) {
            fail_msg("type %d, depth %d: %s", type, depth, nn_story());
        }
        nn_samples view = nn_dataset_view(s->loader.set);
        assert_int_equal(view.features, 81 * channels);
        for (size_t i = 0; i < view.features; i++) {
            if (view.bytes[i] != expected[i % (size_t)channels]) {
                fail_msg("type %d, depth %d, interlace %d: %d, expected %d", type, depth, interlace,
                         view.bytes[i], expected[i % (size_t)channels]);
            }
        }
    }
}

static void every_kind_of_pixel_becomes_grey_or_rgb(void **state)
{
    struct state *s = *state;
    const uint8_t rgb[] = {200, 100, 50}, rgba[] = {200, 100, 50, 7}, grey[] = {77, 77, 77};
    const uint8_t grey_16[] = {77, 77}, index[] = {2}, white_1[] = {1}, white[] = {255, 255, 255};
    const uint8_t grey_of_rgb[] = {124}; /* 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2 */
    check(s, PNG_COLOR_TYPE_GRAY, 8, grey, 1, 1, grey);
    check(s, PNG_COLOR_TYPE_GRAY, 8, grey, 1, 3, grey);
    check(s, PNG_COLOR_TYPE_GRAY, 16, grey_16, 2, 1, grey);
    check(s, PNG_COLOR_TYPE_GRAY, 1, white_1, 1, 1, white);
    check(s, PNG_COLOR_TYPE_RGB, 8, rgb, 3, 3, rgb);
    check(s, PNG_COLOR_TYPE_RGB, 8, rgb, 3, 1, grey_of_rgb);
    check(s, PNG_COLOR_TYPE_RGB_ALPHA, 8, rgba, 4, 3, rgb);
    check(s, PNG_COLOR_TYPE_PALETTE, 2, index, 1, 3, rgb);
    check(s, PNG_COLOR_TYPE_PALETTE, 2, index, 1, 1, grey_of_rgb);
}

static void images_are_resized_on_the_way(void **state)
{
    struct state *s = *state;
    const uint8_t grey[] = {99};
    write_png(files_path(s->folder, "a/1.png"), 100, PNG_COLOR_TYPE_GRAY, 8, 0, grey, 1);
    write_png(files_path(s->folder, "a/2.png"), 3, PNG_COLOR_TYPE_GRAY, 8, 1, grey, 1);
    const int64_t size[] = {7, 8};
    loader_set_ints(&s->loader, "size", size, 2);
    assert_int_equal(loader_open(&s->loader), NN_OK);
    nn_samples view = nn_dataset_view(s->loader.set);
    for (size_t i = 0; i < view.count * view.features; i++) {
        assert_int_equal(view.bytes[i], 99);
    }
}

static void damaged_files_are_named(void **state)
{
    struct state *s = *state;
    const uint8_t grey[] = {99};
    write_png(files_path(s->folder, "a/1.png"), 40, PNG_COLOR_TYPE_GRAY, 8, 0, grey, 1);
    size_t length;
    unsigned char *bytes = files_read(files_path(s->folder, "a/1.png"), &length);
    files_write(files_path(s->folder, "a/cut.png"), bytes, length - 5);
    bytes[50] ^= 4;
    files_write(files_path(s->folder, "a/hit.png"), bytes, length);
    files_write(files_path(s->folder, "a/jpeg.png"), "\xff\xd8\xff", 3);
    free(bytes);
    open_badly(s, "3 of 4 samples can't be used");
    open_badly(s, "a/cut.png: the file is cut short");
    open_badly(s, "a/hit.png: ");
    open_badly(s, "a/jpeg.png: Not a PNG file");
}

static void no_damage_crashes(void **state)
{
    struct state *s = *state;
    const uint8_t rgb[] = {1, 2, 3};
    write_png(files_path(s->folder, "a/0.png"), 9, PNG_COLOR_TYPE_RGB, 8, 1, rgb, 3);
    size_t length;
    unsigned char *bytes = files_read(files_path(s->folder, "a/0.png"), &length);
    for (size_t i = 0; i < length; i++) {
        files_write(files_path(s->folder, "a/cut%zu.png", i), bytes, i);
        bytes[i] ^= (unsigned char)(1u << i % 8);
        files_write(files_path(s->folder, "a/flip%zu.png", i), bytes, length);
        bytes[i] ^= (unsigned char)(1u << i % 8);
    }
    free(bytes);
    loader_set_int(&s->loader, "on_bad", 1);
    assert_int_equal(loader_open(&s->loader), NN_OK);
    size_t bad_count;
    nn_dataset_bad(s->loader.set, &bad_count);
    assert_true(bad_count >= length);
}

static void bombs_are_not_decoded(void **state)
{
    struct state *s = *state;
    const uint8_t grey[] = {99};
    write_png(files_path(s->folder, "a/1.png"), 2000, PNG_COLOR_TYPE_GRAY, 8, 1, grey, 1);
    loader_set_int(&s->loader, "max_memory", 3);
    open_badly(s, "decoding needs more than 3 MB (max_memory)");
    loader_set_int(&s->loader, "max_memory", 256);
    loader_set_real(&s->loader, "max_seconds", 1e-6);
    open_badly(s, "decoding takes more than 1e-06 s (max_seconds)");
    loader_set_int(&s->loader, "max_pixels", 3999999);
    open_badly(s, "2000 x 2000 is more than 3999999 pixels (max_pixels)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_kind_of_pixel_becomes_grey_or_rgb), CASE(images_are_resized_on_the_way),
        CASE(damaged_files_are_named),                 CASE(no_damage_crashes),
        CASE(bombs_are_not_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
