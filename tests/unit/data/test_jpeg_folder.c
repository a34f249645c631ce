/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "files.h"
#include "jpeg.h"
#include "loader.h"

struct state {
    char folder[FILES_PATH];
    loader_fixture loader;
};

static int setup(void **state)
{
    struct state *s = test_malloc(sizeof *s);
    files_make(s->folder);
    loader_setup(&s->loader, "jpeg_folder");
    loader_set_text(&s->loader, "path", s->folder);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;
    loader_finish(&s->loader);
    files_remove(s->folder);
    test_free(s);
    return 0;
}

static void make_class(const struct state *s, const char *name)
{
    if (mkdir(files_path(s->folder, "%s", name), 0755) != 0) {
        fail_msg("%s can't be made", name);
    }
}

static void open_well(struct state *s)
{
    if (loader_open(&s->loader) != NN_OK) {
        fail_msg("%s", nn_story());
    }
}

static void open_badly(struct state *s, const char *reason)
{
    assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    if (strstr(nn_story(), reason) == NULL) {
        fail_msg("\"%s\" is not in: %s", reason, nn_story());
    }
}

static void assert_logged(const struct state *s, const char *part)
{
    if (strstr(nn_text_view(&s->loader.lines), part) == NULL) {
        fail_msg("\"%s\" is not in the log:\n%s", part, nn_text_view(&s->loader.lines));
    }
}

/* ---- Folders ---- */

static void classes_and_files_are_ordered_by_number_where_all_are_numbers(void **state)
{
    struct state *s = *state;
    const char *const classes[] = {"10", "9", "100"};
    for (size_t c = 0; c < 3; c++) {
        make_class(s, classes[c]);
        jpeg_write_flat(files_path(s->folder, "%s/2.jpg", classes[c]), 4, 4, 20);
        jpeg_write_flat(files_path(s->folder, "%s/10.JPEG", classes[c]), 4, 4, 100);
        jpeg_write_flat(files_path(s->folder, "%s/1.Jpg", classes[c]), 4, 4, 10);
    }
    open_well(s);
    const nn_dataset_about *about = nn_dataset_describe(s->loader.set);
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_int_equal(about->samples, 9);
    assert_int_equal(about->class_count, 3);
    assert_string_equal(about->class_names[0], "9");
    assert_string_equal(about->class_names[1], "10");
    assert_string_equal(about->class_names[2], "100");
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(view.labels[i], i / 3);
        assert_int_equal(view.bytes[i * 16], i % 3 == 0 ? 10 : i % 3 == 1 ? 20 : 100);
    }
    char name[FILES_PATH];
    assert_string_equal(nn_dataset_name(s->loader.set, 2, sizeof name, name),
                        files_path(s->folder, "9/10.JPEG"));
}

static void other_names_are_ordered_by_bytes(void **state)
{
    struct state *s = *state;
    const char *const classes[] = {"b", "B", "a10", "a9", "\xc3\xa9"};
    for (size_t c = 0; c < 5; c++) {
        make_class(s, classes[c]);
        jpeg_write_flat(files_path(s->folder, "%s/x.jpg", classes[c]), 4, 4, 0);
    }
    open_well(s);
    const char *const *names = nn_dataset_describe(s->loader.set)->class_names;
    const char *const sorted[] = {"B", "a10", "a9", "b", "\xc3\xa9"};
    for (size_t c = 0; c < 5; c++) {
        assert_string_equal(names[c], sorted[c]);
    }
}

/* Names that differ in their first bytes, far behind, and in length alone. */
static void many_names_are_ordered_by_bytes(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    for (unsigned i = 0; i < 400; i++) {
        unsigned mixed = i * 2654435761u;
        jpeg_write_flat(files_path(s->folder, "a/image%u of one%.*s%u.jpg", mixed % 11,
                                   (int)(mixed / 11 % 13), " and another", mixed / 143 % 1000),
                        4, 4, 0);
    }
    open_well(s);
    size_t count = nn_dataset_describe(s->loader.set)->samples;
    assert_true(count > 350);
    char name[FILES_PATH], before[FILES_PATH] = "";
    for (size_t i = 0; i < count; i++) {
        nn_dataset_name(s->loader.set, i, sizeof name, name);
        assert_true(strcmp(before, name) < 0);
        strcpy(before, name);
    }
}

/* Leading zeros, numbers of two bytes and more, and of more digits than a key holds. */
static void many_numbers_are_ordered_by_number(void **state)
{
    struct state *s = *state;
    static const char *const last[] = {"18446744073709551614", "18446744073709551615", "99999999999999999999",
                                       "100000000000000000000"};
    make_class(s, "a");
    for (unsigned i = 0; i < 300; i++) {
        jpeg_write_flat(files_path(s->folder, "a/%0*u.jpg", (int)(i % 4) * 3, i * 7919u % 300 * 1000), 4, 4,
                        (uint8_t)(i * 7919u % 300 / 2));
    }
    for (size_t i = 0; i < 4; i++) {
        jpeg_write_flat(files_path(s->folder, "a/%s.jpg", last[3 - i]), 4, 4, (uint8_t)(250 + 3 - i));
    }
    open_well(s);
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_int_equal(view.count, 304);
    for (size_t i = 0; i < 304; i++) {
        assert_int_equal(view.bytes[i * 16], i < 300 ? i / 2 : 250 + i - 300);
    }
}

/* Everything that real folders hold besides images. */
static void what_is_no_image_is_passed_over_and_said(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    make_class(s, "a/below");
    make_class(s, "a/folder.jpg");
    make_class(s, "b");
    make_class(s, "empty");
    make_class(s, "__MACOSX");
    make_class(s, ".git");
    jpeg_write_flat(files_path(s->folder, "a/1.jpg"), 4, 4, 1);
    jpeg_write_flat(files_path(s->folder, "a/below/2.jpg"), 4, 4, 2);
    jpeg_write_flat(files_path(s->folder, "a/folder.jpg/3.jpg"), 4, 4, 3);
    jpeg_write_flat(files_path(s->folder, "b/new\nline \xff.jpg"), 4, 4, 4);
    jpeg_write_flat(files_path(s->folder, "beside.jpg"), 4, 4, 5);
    files_write(files_path(s->folder, "a/.DS_Store"), "x", 1);
    files_write(files_path(s->folder, "a/._1.jpg"), "x", 1);
    files_write(files_path(s->folder, "a/Thumbs.db"), "x", 1);
    files_write(files_path(s->folder, "README.txt"), "x", 1);
    assert_int_equal(symlink("..", files_path(s->folder, "a/loop")), 0);
    assert_int_equal(symlink("self", files_path(s->folder, "b/self")), 0);
    assert_int_equal(symlink("1.jpg", files_path(s->folder, "a/link.jpg")), 0);
    open_well(s);
    const nn_dataset_about *about = nn_dataset_describe(s->loader.set);
    assert_int_equal(about->class_count, 3);
    assert_string_equal(about->class_names[2], "empty");
    /* The loop leads from a to the root, where b's and the beside file lie: all are once in a. */
    nn_samples view = nn_dataset_view(s->loader.set);
    size_t in_a = 0;
    for (size_t i = 0; i < view.count; i++) {
        in_a += view.labels[i] == 0;
    }
    assert_int_equal(view.count - in_a, 1);
    assert_int_equal(in_a, 4 + 2);
    assert_logged(s, "info: ");
    assert_logged(s, "hidden files or folders");
    assert_logged(s, "files of other kinds");
    assert_logged(s, "1 images beside the class folders, in no class (first: beside.jpg)");
    assert_logged(s, "links to folders already read");
    assert_logged(s, "links to nothing");
    assert_logged(s, "class empty holds no images");
}

static void what_has_an_images_name_but_is_no_file_is_bad(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_write_flat(files_path(s->folder, "a/1.jpg"), 4, 4, 1);
    assert_int_equal(mkfifo(files_path(s->folder, "a/fifo.jpg"), 0600), 0);
    assert_int_equal(symlink("/nowhere", files_path(s->folder, "a/gone.jpg")), 0);
    assert_int_equal(symlink("/dev/zero", files_path(s->folder, "a/zero.jpg")), 0);
    files_write(files_path(s->folder, "a/png.jpg"), "\x89PNG\r\n\x1a\n", 8);
    files_write(files_path(s->folder, "a/text.jpg"), "hello", 5);
    files_write(files_path(s->folder, "a/void.jpg"), "", 0);
    open_badly(s, "6 of 7 samples can't be used");
    open_badly(s, "a/fifo.jpg: it is a FIFO, not a file");
    open_badly(s, "a/gone.jpg: it is a link to nothing");
    open_badly(s, "a/zero.jpg: it is a device, not a file");
    open_badly(s, "a/png.jpg: Not a JPEG file: starts with 0x89 0x50");
    open_badly(s, "a/text.jpg: Not a JPEG file");
    open_badly(s, "a/void.jpg: the file is empty");
}

static void skip_leaves_bad_files_out_and_counts_them(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    make_class(s, "b");
    jpeg_write_flat(files_path(s->folder, "a/1.jpg"), 4, 4, 11);
    files_write(files_path(s->folder, "a/2.jpg"), "no", 2);
    jpeg_write_flat(files_path(s->folder, "a/3.jpg"), 4, 4, 13);
    files_write(files_path(s->folder, "b/1.jpg"), "no", 2);
    jpeg_write_flat(files_path(s->folder, "b/2.jpg"), 4, 4, 22);
    loader_set_int(&s->loader, "on_bad", 1);
    open_well(s);
    const nn_dataset_about *about = nn_dataset_describe(s->loader.set);
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_int_equal(about->samples, 3);
    assert_int_equal(about->skipped, 2);
    assert_int_equal(view.bytes[0], 11);
    assert_int_equal(view.bytes[16], 13);
    assert_int_equal(view.bytes[32], 22);
    assert_int_equal(view.labels[2], 1);
    char name[FILES_PATH];
    assert_string_equal(nn_dataset_name(s->loader.set, 2, sizeof name, name),
                        files_path(s->folder, "b/2.jpg"));
    size_t bad_count;
    const nn_bad_sample *bad = nn_dataset_bad(s->loader.set, &bad_count);
    assert_int_equal(bad_count, 2);
    assert_int_equal(bad[0].index, 1);
    assert_int_equal(bad[1].index, 3);
    assert_logged(s, "left out: ");
}

static void a_folder_without_labels_has_no_classes(void **state)
{
    struct state *s = *state;
    jpeg_write_flat(files_path(s->folder, "10.jpg"), 4, 4, 10);
    jpeg_write_flat(files_path(s->folder, "9.jpg"), 4, 4, 9);
    open_badly(s, "labels: none");
    loader_set_int(&s->loader, "labels", 1);
    open_well(s);
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_int_equal(view.count, 2);
    assert_null(view.labels);
    assert_int_equal(view.class_count, 0);
    assert_int_equal(view.bytes[0], 9);
}

static void folders_that_hold_nothing_are_refused(void **state)
{
    struct state *s = *state;
    open_badly(s, "holds no class folders");
    make_class(s, "a");
    open_badly(s, "holds no files ending in .jpg");
    loader_set_text(&s->loader, "path", "/nowhere/at/all");
    open_badly(s, "/nowhere/at/all: the folder can't be opened: No such file or directory");
}

static void files_named_by_the_user_are_prepared_alike(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_write_flat(files_path(s->folder, "a/2.jpg"), 4, 4, 2);
    jpeg_write_flat(files_path(s->folder, "a/1.jpg"), 4, 4, 1);
    jpeg_write_flat(files_path(s->folder, "large.jpg"), 8, 8, 8);
    char first[FILES_PATH], folder[FILES_PATH], large[FILES_PATH];
    snprintf(first, sizeof first, "%s", files_path(s->folder, "a/2.jpg"));
    snprintf(folder, sizeof folder, "%s", files_path(s->folder, "a"));
    snprintf(large, sizeof large, "%s", files_path(s->folder, "large.jpg"));
    const char *const paths[] = {first, "/nowhere.jpg", large, folder};
    s->loader.options.height = s->loader.options.width = 4;
    s->loader.options.channels = 1;
    assert_int_equal(nn_dataset_open_files(&s->loader.component, &s->loader.options, paths, 4,
                                           &s->loader.set),
                     NN_OK);
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_int_equal(view.count, 3);
    assert_int_equal(view.bytes[0], 2);
    assert_int_equal(view.bytes[16], 1);
    assert_int_equal(view.bytes[32], 2);
    assert_int_equal(nn_dataset_origin(s->loader.set, 1), 3);
    char name[FILES_PATH];
    assert_string_equal(nn_dataset_name(s->loader.set, 0, sizeof name, name), first);
    size_t bad_count;
    const nn_bad_sample *bad = nn_dataset_bad(s->loader.set, &bad_count);
    assert_int_equal(bad_count, 2);
    assert_string_equal(bad[0].reason, "it can't be opened: No such file or directory");
    assert_non_null(strstr(bad[1].reason, "it is 8 x 8, the others are 4 x 4"));
}

static void the_fingerprint_knows_names_and_contents_but_not_the_place(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    make_class(s, "other");
    make_class(s, "other/a");
    jpeg_write_flat(files_path(s->folder, "a/1.jpg"), 4, 4, 1);
    jpeg_write_flat(files_path(s->folder, "other/a/1.jpg"), 4, 4, 1);
    loader_set_int(&s->loader, "labels", 1);
    nn_hash128 hashes[4];
    loader_set_text(&s->loader, "path", files_path(s->folder, "a"));
    open_well(s);
    hashes[0] = nn_dataset_describe(s->loader.set)->fingerprint;
    loader_set_text(&s->loader, "path", files_path(s->folder, "other/a"));
    open_well(s);
    hashes[1] = nn_dataset_describe(s->loader.set)->fingerprint;
    assert_memory_equal(&hashes[0], &hashes[1], sizeof hashes[0]);
    jpeg_write_flat(files_path(s->folder, "other/a/1.jpg"), 4, 4, 2);
    open_well(s);
    hashes[2] = nn_dataset_describe(s->loader.set)->fingerprint;
    assert_memory_not_equal(&hashes[0], &hashes[2], sizeof hashes[0]);
    jpeg_write_flat(files_path(s->folder, "other/a/1.jpg"), 4, 4, 1);
    rename(files_path(s->folder, "other/a/1.jpg"), files_path(s->folder, "other/a/2.jpg"));
    open_well(s);
    hashes[3] = nn_dataset_describe(s->loader.set)->fingerprint;
    assert_memory_not_equal(&hashes[0], &hashes[3], sizeof hashes[0]);
}

/* ---- Pixels ---- */

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

/* ---- Damage ---- */

static void damaged_files_are_named_with_libjpegs_reason(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_image image = {.width = 64, .height = 64, .in = JCS_RGB, .stored = JCS_YCbCr};
    jpeg_write(files_path(s->folder, "a/0.jpg"), &image);
    size_t length;
    unsigned char *bytes = files_read(files_path(s->folder, "a/0.jpg"), &length);
    files_write(files_path(s->folder, "a/cut.jpg"), bytes, length / 2);
    files_write(files_path(s->folder, "a/header.jpg"), bytes, 30);
    for (size_t i = 700; i < 720; i++) {
        bytes[i] = 0xff;
    }
    files_write(files_path(s->folder, "a/hit.jpg"), bytes, length);
    free(bytes);
    loader_set_int(&s->loader, "channels", 3);
    open_badly(s, "3 of 4 samples can't be used");
    open_badly(s, "a/cut.jpg: Premature end of JPEG file");
    open_badly(s, "a/header.jpg: Premature end of JPEG file");
    open_badly(s, "a/hit.jpg: Corrupt JPEG data");
}

/* Every cut of a file, and a flip of each of its bytes, reads or is named; nothing crashes. */
static void no_damage_crashes(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_write(files_path(s->folder, "a/0.jpg"),
               &(jpeg_image){.width = 17, .height = 9, .in = JCS_RGB, .stored = JCS_YCbCr,
                             .progressive = true});
    size_t length;
    unsigned char *bytes = files_read(files_path(s->folder, "a/0.jpg"), &length);
    for (size_t i = 0; i < length; i++) {
        files_write(files_path(s->folder, "a/cut%zu.jpg", i), bytes, i);
        bytes[i] ^= (unsigned char)(1u << i % 8);
        files_write(files_path(s->folder, "a/flip%zu.jpg", i), bytes, length);
        bytes[i] ^= (unsigned char)(1u << i % 8);
    }
    free(bytes);
    const int64_t size[] = {9, 17};
    loader_set_ints(&s->loader, "size", size, 2);
    loader_set_int(&s->loader, "max_pixels", 100000);
    loader_set_int(&s->loader, "on_bad", 1);
    open_well(s);
    size_t bad_count;
    nn_dataset_bad(s->loader.set, &bad_count);
    assert_true(bad_count >= length - 2);
}

/* ---- Bombs ---- */

static void an_image_of_too_many_pixels_is_not_decoded(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_write_flat(files_path(s->folder, "a/0.jpg"), 8, 8, 1);
    /* The header claims 65,500 x 65,500. */
    size_t length;
    unsigned char *bytes = files_read(files_path(s->folder, "a/0.jpg"), &length);
    for (size_t i = 0; i + 8 < length; i++) {
        if (bytes[i] == 0xff && bytes[i + 1] == 0xc0) {
            bytes[i + 5] = bytes[i + 7] = 65500 >> 8;
            bytes[i + 6] = bytes[i + 8] = 65500 & 255;
            break;
        }
    }
    files_write(files_path(s->folder, "a/bomb.jpg"), bytes, length);
    free(bytes);
    const int64_t size[] = {8, 8};
    loader_set_ints(&s->loader, "size", size, 2);
    open_badly(s, "1 of 2 samples");
    open_badly(s, "a/bomb.jpg: 65500 x 65500 is more than 64000000 pixels (max_pixels)");
}

static void an_image_of_too_many_scans_is_bad(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_write(files_path(s->folder, "a/0.jpg"),
               &(jpeg_image){.width = 64, .height = 64, .in = JCS_RGB, .stored = JCS_YCbCr,
                             .progressive = true});
    /* The last scan again and again; a refinement may be repeated without an error. */
    size_t length, last = 0;
    unsigned char *bytes = files_read(files_path(s->folder, "a/0.jpg"), &length);
    for (size_t i = 0; i + 1 < length; i++) {
        if (bytes[i] == 0xff && bytes[i + 1] == 0xda) {
            last = i;
        }
    }
    size_t scan = length - 2 - last;
    unsigned char *bomb = malloc(length + 200 * scan);
    memcpy(bomb, bytes, length - 2);
    size_t at = length - 2;
    for (size_t i = 0; i < 200; i++) {
        memcpy(bomb + at, bytes + last, scan);
        at += scan;
    }
    memcpy(bomb + at, "\xff\xd9", 2);
    files_write(files_path(s->folder, "a/bomb.jpg"), bomb, at + 2);
    free(bomb);
    free(bytes);
    loader_set_int(&s->loader, "max_scans", 100);
    assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    assert_non_null(strstr(nn_story(), "a/bomb.jpg: "));
    loader_set_int(&s->loader, "max_scans", 5);
    open_badly(s, "2 of 2 samples");
    open_badly(s, "a/0.jpg: it has more than 5 scans (max_scans)");
}

static void a_decoder_that_needs_too_much_memory_is_stopped(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_write(files_path(s->folder, "a/0.jpg"),
               &(jpeg_image){.width = 2000, .height = 2000, .in = JCS_RGB, .stored = JCS_YCbCr,
                             .progressive = true});
    loader_set_int(&s->loader, "max_memory", 8);
    open_badly(s, "decoding needs more than 8 MB (max_memory)");
}

static void an_image_that_takes_too_long_is_bad(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    jpeg_write_flat(files_path(s->folder, "a/0.jpg"), 2000, 2000, 1);
    /* Small, but decoded scan by scan. */
    jpeg_write(files_path(s->folder, "a/1.jpg"),
               &(jpeg_image){.width = 64, .height = 64, .in = JCS_RGB, .stored = JCS_YCbCr,
                             .progressive = true});
    jpeg_write_flat(files_path(s->folder, "a/2.jpg"), 64, 64, 1);
    const int64_t size[] = {8, 8};
    loader_set_ints(&s->loader, "size", size, 2);
    loader_set_real(&s->loader, "max_seconds", 1e-6);
    open_badly(s, "2 of 3 samples");
    open_badly(s, "a/0.jpg: decoding takes more than 1e-06 s (max_seconds)");
    open_badly(s, "a/1.jpg: decoding takes more than 1e-06 s (max_seconds)");
}

static void no_allocation_that_fails_crashes(void **state)
{
    struct state *s = *state;
    make_class(s, "a");
    make_class(s, "b");
    jpeg_write_flat(files_path(s->folder, "a/1.jpg"), 16, 16, 1);
    jpeg_write_flat(files_path(s->folder, "b/1.jpg"), 16, 16, 1);
    files_write(files_path(s->folder, "b/2.jpg"), "no", 2);
    const int64_t size[] = {8, 8};
    loader_set_ints(&s->loader, "size", size, 2);
    loader_set_int(&s->loader, "on_bad", 1);
    unsigned long before = nn_memory_count();
    open_well(s);
    unsigned long count = nn_memory_count() - before;
    for (unsigned long k = 0; k < count; k++) {
        nn_dataset_close(s->loader.set);
        s->loader.set = NULL;
        nn_memory_fail_after((long)k, 1);
        nn_status status = loader_open(&s->loader);
        nn_memory_fail_after(0, 0);
        /* Text for the log may be lost; all else is an error.  No good file is left out. */
        if (status == NN_OK) {
            size_t bad_count;
            nn_dataset_bad(s->loader.set, &bad_count);
            assert_int_equal(bad_count, 1);
        } else if (strstr(nn_story(), "out of memory") == NULL) {
            fail_msg("allocation %lu: %s", k, nn_story());
        }
    }
    assert_true(count > 20);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(classes_and_files_are_ordered_by_number_where_all_are_numbers),
        CASE(other_names_are_ordered_by_bytes),
        CASE(many_names_are_ordered_by_bytes),
        CASE(many_numbers_are_ordered_by_number),
        CASE(what_is_no_image_is_passed_over_and_said),
        CASE(what_has_an_images_name_but_is_no_file_is_bad),
        CASE(skip_leaves_bad_files_out_and_counts_them),
        CASE(a_folder_without_labels_has_no_classes),
        CASE(folders_that_hold_nothing_are_refused),
        CASE(files_named_by_the_user_are_prepared_alike),
        CASE(the_fingerprint_knows_names_and_contents_but_not_the_place),
        CASE(every_colour_space_becomes_grey_or_rgb),
        CASE(images_of_other_sizes_are_named_or_resized),
        CASE(resizing_keeps_a_ramp),
        CASE(threads_change_no_byte),
        CASE(damaged_files_are_named_with_libjpegs_reason),
        CASE(no_damage_crashes),
        CASE(an_image_of_too_many_pixels_is_not_decoded),
        CASE(an_image_of_too_many_scans_is_bad),
        CASE(a_decoder_that_needs_too_much_memory_is_stopped),
        CASE(an_image_that_takes_too_long_is_bad),
        CASE(no_allocation_that_fails_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
