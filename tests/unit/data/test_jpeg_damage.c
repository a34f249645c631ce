/* SPDX-License-Identifier: MIT */
/* Files that are damaged, or made to take memory and time, and memory that runs out. */
#include "images.h"
#include "jpeg.h"

static int setup(void **state)
{
    return images_setup(state, "jpeg_folder");
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
