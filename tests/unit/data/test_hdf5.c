/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "files.h"
#include "loader.h"

#define H5_USE_110_API
#include <hdf5.h>

/* The library itself loses memory over damaged files. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

struct state {
    char folder[FILES_PATH];
    hid_t file;
    loader_fixture loader;
};

static int setup(void **state)
{
    struct state *s = test_malloc(sizeof *s);
    files_make(s->folder);
    loader_setup(&s->loader, "hdf5");
    loader_set_text(&s->loader, "path", files_path(s->folder, "data.h5"));
    s->file = H5Fcreate(files_path(s->folder, "data.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
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

static void put(struct state *s, const char *name, int rank, hsize_t a, hsize_t b, hsize_t c,
                hid_t type, const void *values)
{
    const hsize_t sizes[] = {a, b, c};
    hid_t space = H5Screate_simple(rank, sizes, NULL);
    hid_t set = H5Dcreate2(s->file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

static nn_samples open_well(struct state *s)
{
    H5Fflush(s->file, H5F_SCOPE_GLOBAL);
    H5Fclose(s->file);
    if (loader_open(&s->loader) != NN_OK) {
        fail_msg("%s", nn_story());
    }
    return nn_dataset_view(s->loader.set);
}

static void open_badly(struct state *s, const char *reason)
{
    H5Fclose(s->file);
    assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    if (strstr(nn_story(), reason) == NULL) {
        fail_msg("\"%s\" is not in: %s", reason, nn_story());
    }
}

static const uint8_t pixels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void images_and_labels(void **state)
{
    struct state *s = *state;
    const int64_t labels[] = {2, 0, 1};
    put(s, "images", 3, 3, 2, 2, H5T_NATIVE_UINT8, pixels);
    put(s, "labels", 1, 3, 0, 0, H5T_NATIVE_INT64, labels);
    nn_samples view = open_well(s);
    assert_true(view.image);
    assert_int_equal(view.count, 3);
    assert_int_equal(view.height, 2);
    assert_int_equal(view.class_count, 3);
    assert_memory_equal(view.bytes, pixels, 12);
    assert_int_equal(view.labels[0], 2);
    assert_string_equal(nn_dataset_describe(s->loader.set)->class_names[2], "2");
}

static void vectors_and_real_targets(void **state)
{
    struct state *s = *state;
    const double x[] = {0.5, 1, 1.5, 2, 2.5, 3}, y[] = {-1, -2, -3};
    put(s, "x", 2, 3, 2, 0, H5T_NATIVE_DOUBLE, x);
    put(s, "y", 1, 3, 0, 0, H5T_NATIVE_DOUBLE, y);
    loader_set_text(&s->loader, "images", "x");
    loader_set_text(&s->loader, "targets", "y");
    nn_samples view = open_well(s);
    assert_false(view.image);
    assert_int_equal(view.outputs, 1);
    assert_null(view.labels);
    for (size_t i = 0; i < 6; i++) {
        assert_true(((const float *)view.reals)[i] == (float)x[i]);
    }
    assert_true(((const float *)view.targets)[2] == -3);
}

static void single_numbers_are_vectors_of_one(void **state)
{
    struct state *s = *state;
    const float x[] = {1, 2, 3};
    put(s, "images", 1, 3, 0, 0, H5T_NATIVE_FLOAT, x);
    nn_samples view = open_well(s);
    assert_int_equal(view.count, 3);
    assert_int_equal(view.width, 1);
    assert_memory_equal(view.reals, x, sizeof x);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct state *s = *state;
    const int64_t labels[] = {2, 0, 1};
    put(s, "images", 3, 2, 2, 2, H5T_NATIVE_UINT8, pixels);
    put(s, "labels", 1, 3, 0, 0, H5T_NATIVE_INT64, labels);
    open_badly(s, "labels holds 3 labels in 1 dimensions; images has 2 samples");
}

static void negative_labels_are_refused(void **state)
{
    struct state *s = *state;
    const int64_t labels[] = {2, -1, 1};
    put(s, "images", 3, 3, 2, 2, H5T_NATIVE_UINT8, pixels);
    put(s, "labels", 1, 3, 0, 0, H5T_NATIVE_INT64, labels);
    open_badly(s, "labels[1] is -1");
}

static void a_missing_dataset_is_named(void **state)
{
    open_badly(*state, "the dataset images can't be opened");
}

static void numbers_that_are_not_finite_are_bad(void **state)
{
    struct state *s = *state;
    const float x[] = {1, 2, NAN, 4};
    put(s, "images", 2, 2, 2, 0, H5T_NATIVE_FLOAT, x);
    open_badly(s, "images[1]: it holds a number that is not finite");
}

/* Every byte flipped, every 64th cut: read or refused, nothing crashes or hangs. */
static void no_damage_crashes(void **state)
{
    struct state *s = *state;
    const int32_t labels[] = {2, 0, 1};
    put(s, "images", 3, 3, 2, 2, H5T_NATIVE_UINT8, pixels);
    put(s, "labels", 1, 3, 0, 0, H5T_NATIVE_INT32, labels);
    open_well(s);
    size_t length;
    const char *path = files_path(s->folder, "data.h5");
    unsigned char *bytes = files_read(path, &length);
    size_t refused = 0;
    for (size_t i = 0; i < length; i += 3) {
        bytes[i] ^= (unsigned char)(1u << i % 8);
        files_write(files_path(s->folder, "data.h5"), bytes, length);
        refused += loader_open(&s->loader) != NN_OK;
        bytes[i] ^= (unsigned char)(1u << i % 8);
    }
    for (size_t i = 0; i < length; i += 64) {
        files_write(files_path(s->folder, "data.h5"), bytes, i);
        assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    }
    assert_true(refused > 20);
    files_write(files_path(s->folder, "data.h5"), bytes, length);
    free(bytes);
}

static void what_it_writes_it_reads(void **state)
{
    struct state *s = *state;
    static const char *const names[] = {"zero", "one", "zw\xc3\xb6lf"};
    const int32_t labels[] = {2, 0, 1};
    H5Fclose(s->file);
    unlink(files_path(s->folder, "data.h5"));
    const nn_source source = {.size = sizeof source, .dtype = NN_DTYPE_UINT8, .image = 1,
                              .targets = NN_TARGETS_CLASSES, .samples = 3, .height = 2, .width = 2,
                              .channels = 1, .class_count = 3, .class_names = names};
    const nn_loader *ops = s->loader.component.ops;
    assert_int_equal(ops->write(s->loader.host, s->loader.component.self,
                                files_path(s->folder, "data.h5"), &source, pixels, labels, NULL),
                     NN_OK);
    assert_int_equal(loader_open(&s->loader), NN_OK);
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_memory_equal(view.bytes, pixels, 12);
    assert_memory_equal(view.labels, labels, sizeof labels);
    assert_string_equal(nn_dataset_describe(s->loader.set)->class_names[2], names[2]);
    assert_int_equal(ops->write(s->loader.host, s->loader.component.self, "/nowhere/at/all.h5",
                                &source, pixels, labels, NULL),
                     NN_ERR_IO);
}

static void vectors_and_colours_keep_their_shape(void **state)
{
    struct state *s = *state;
    const nn_loader *ops = s->loader.component.ops;
    const nn_source shapes[] = {
        {.dtype = NN_DTYPE_UINT8, .samples = 3, .height = 1, .width = 4, .channels = 1},
        {.dtype = NN_DTYPE_UINT8, .samples = 2, .height = 1, .width = 2, .channels = 3, .image = 1},
    };
    H5Fclose(s->file);
    for (size_t i = 0; i < 2; i++) {
        unlink(files_path(s->folder, "data.h5"));
        assert_int_equal(ops->write(s->loader.host, s->loader.component.self,
                                    files_path(s->folder, "data.h5"), &shapes[i], pixels, NULL,
                                    NULL),
                         NN_OK);
        assert_int_equal(loader_open(&s->loader), NN_OK);
        nn_samples view = nn_dataset_view(s->loader.set);
        assert_int_equal(view.count, shapes[i].samples);
        assert_int_equal(view.image, shapes[i].image);
        assert_int_equal(view.height, shapes[i].height);
        assert_int_equal(view.width, shapes[i].width);
        assert_int_equal(view.channels, shapes[i].channels);
        assert_memory_equal(view.bytes, pixels, 12);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(images_and_labels),
        CASE(vectors_and_real_targets),
        CASE(single_numbers_are_vectors_of_one),
        CASE(what_does_not_fit_is_refused),
        CASE(negative_labels_are_refused),
        CASE(a_missing_dataset_is_named),
        CASE(numbers_that_are_not_finite_are_bad),
        CASE(no_damage_crashes),
        CASE(what_it_writes_it_reads),
        CASE(vectors_and_colours_keep_their_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
