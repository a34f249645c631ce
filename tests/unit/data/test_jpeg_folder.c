/* SPDX-License-Identifier: MIT */
/* What pixels become: colours, sizes, any number of threads. */
#include "images.h"
#include "jpeg.h"

static int setup(void **state)
{
    return images_setup(state, "jpeg_folder");
}

/* What a flat image of one colour becomes; +-3 for the rounding of JPEG at quality 95. */
static void flat_colour(struct state *s, J_COLOR_SPACE in, J_COLOR_SPACE stored,
                        const uint8_t *colour, int64_t channels, const int *expected)
{
    uint8_t pixels[16 * 16 * 4];
    int components = jpeg_components(in);
    for (size_t i = 0; i < 256; i++) {
        memcpy(pixels + i * (size_t)components, colour, (size_t)components);
    }
    jpeg_write(files_path(s->folder, "a/1.jpg"),
               &(jpeg_image){.width = 16, .height = 16, .in = in, .stored = stored, .quality = 100,
                             .pixels = pixels});
    loader_set_int(&s->loader, "channels", channels);
    open_well(s);
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_int_equal(view.channels, channels);
    for (size_t i = 0; i < view.features; i++) {
        int off = (int)view.bytes[i] - expected[i % (size_t)channels];
        if (off < -3 || off > 3) {
            fail_msg("colour space %d as %d, channel %zu: %d, expected %d", in, stored,
                     i % (size_t)channels, view.bytes[i], expected[i % (size_t)channels]);
        }
    }
}

static void every_colour_space_becomes_grey_or_rgb(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    const uint8_t grey[] = {77}, orange[] = {250, 130, 20};
    /* Adobe's inverted inks: 255 is none.  R = 200 * 180 / 255, and so on. */
    const uint8_t inks[] = {200, 100, 50, 180};
    const int as_grey[] = {77, 77, 77}, as_orange[] = {250, 130, 20}, as_inks[] = {141, 71, 35};
    const int orange_grey[] = {153}, inks_grey[] = {88};
    flat_colour(s, JCS_GRAYSCALE, JCS_GRAYSCALE, grey, 1, as_grey);
    flat_colour(s, JCS_GRAYSCALE, JCS_GRAYSCALE, grey, 3, as_grey);
    flat_colour(s, JCS_RGB, JCS_YCbCr, orange, 3, as_orange);
    flat_colour(s, JCS_RGB, JCS_YCbCr, orange, 1, orange_grey);
    flat_colour(s, JCS_RGB, JCS_RGB, orange, 3, as_orange);
    flat_colour(s, JCS_RGB, JCS_RGB, orange, 1, orange_grey);
    flat_colour(s, JCS_CMYK, JCS_CMYK, inks, 3, as_inks);
    flat_colour(s, JCS_CMYK, JCS_CMYK, inks, 1, inks_grey);
    flat_colour(s, JCS_CMYK, JCS_YCCK, inks, 3, as_inks);
    flat_colour(s, JCS_CMYK, JCS_YCCK, inks, 1, inks_grey);
}

static void images_of_other_sizes_are_named_or_resized(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_write_flat(files_path(s->folder, "a/0.jpg"), 40, 7, 99);
    jpeg_write_flat(files_path(s->folder, "a/1.jpg"), 8, 8, 99);
    jpeg_write_flat(files_path(s->folder, "a/2.jpg"), 8, 8, 99);
    jpeg_write_flat(files_path(s->folder, "a/3.jpg"), 2000, 3000, 99);
    jpeg_write_flat(files_path(s->folder, "a/4.jpg"), 1, 1, 99);
    /* The odd ones are wrong, though one of them comes first. */
    open_badly(s, "3 of 5 samples");
    open_badly(s, "a/0.jpg: it is 40 x 7, the others are 8 x 8 (size: [8, 8] resizes)");
    const int64_t size[] = {10, 12};
    loader_set_ints(&s->loader, "size", size, 2);
    open_well(s);
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_int_equal(view.height, 10);
    assert_int_equal(view.width, 12);
    /* Weights sum to one exactly: flat stays flat. */
    for (size_t i = 0; i < view.count * view.features; i++) {
        assert_int_equal(view.bytes[i], 99);
    }
}

/* A ramp halved: each pixel is the triangle-weighted mean, which of a ramp is its value between. */
static void resizing_keeps_a_ramp(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    uint8_t ramp[16 * 64];
    for (size_t i = 0; i < sizeof ramp; i++) {
        ramp[i] = (uint8_t)(4 * (i % 64));
    }
    jpeg_write(files_path(s->folder, "a/1.jpg"),
               &(jpeg_image){.width = 64, .height = 16, .in = JCS_GRAYSCALE,
                             .stored = JCS_GRAYSCALE, .quality = 100, .pixels = ramp});
    const int64_t size[] = {8, 40};
    loader_set_ints(&s->loader, "size", size, 2);
    open_well(s);
    nn_samples view = nn_dataset_view(s->loader.set);
    for (size_t x = 2; x < 38; x++) {
        double expected = 4 * (((double)x + 0.5) * 64 / 40 - 0.5);
        for (size_t y = 0; y < 8; y++) {
            double off = view.bytes[y * 40 + x] - expected;
            assert_true(off > -2.5 && off < 2.5);
        }
    }
}

static void threads_change_no_byte(void **state)
{
    struct state *s = *state;
    for (int c = 0; c < 3; c++) {
        char name[8];
        snprintf(name, sizeof name, "%d", c);
        make_class(s, name);
        for (int i = 0; i < 400; i++) {
            jpeg_write_flat(files_path(s->folder, "%d/%d.jpg", c, i), 8, 8,
                            (uint8_t)(i * 7 + c));
        }
    }
    files_write(files_path(s->folder, "1/7.jpg"), "no", 2);
    files_write(files_path(s->folder, "2/399.jpg"), "no", 2);
    loader_set_int(&s->loader, "on_bad", 1);
    nn_hash128 contents[3], fingerprints[3];
    for (size_t threads = 1; threads <= 3; threads++) {
        nn_pool *pool;
        assert_int_equal(nn_pool_create(threads, &pool), NN_OK);
        s->loader.options.pool = pool;
        open_well(s);
        nn_samples view = nn_dataset_view(s->loader.set);
        contents[threads - 1] = nn_hash_bytes(view.bytes, view.count * view.features);
        fingerprints[threads - 1] = nn_dataset_describe(s->loader.set)->fingerprint;
        size_t bad_count;
        assert_int_equal(nn_dataset_bad(s->loader.set, &bad_count)[1].index, 1199);
        assert_int_equal(bad_count, 2);
        nn_pool_destroy(pool);
    }
    for (size_t i = 1; i < 3; i++) {
        assert_memory_equal(&contents[0], &contents[i], sizeof contents[0]);
        assert_memory_equal(&fingerprints[0], &fingerprints[i], sizeof fingerprints[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_colour_space_becomes_grey_or_rgb),
        CASE(images_of_other_sizes_are_named_or_resized),
        CASE(resizing_keeps_a_ramp),
        CASE(threads_change_no_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
