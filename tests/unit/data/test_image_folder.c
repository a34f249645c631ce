/* SPDX-License-Identifier: MIT */
/* Which files a folder holds, in which order and under which names; JPEG stands for all formats. */
#include "images.h"
#include "jpeg.h"

static int setup(void **state)
{
    return images_setup(state, "jpeg_folder");
}

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
