/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "files.h"
#include "loader.h"

#include <zlib.h>

/* Three images of 2 x 3 and their labels. */
static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0,  2,  0,  0,  0,  3,  1,
                                 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 4, 0, 2};

struct state {
    char folder[FILES_PATH];
    loader_fixture loader;
};

static void write_gzip(const char *path, const void *bytes, size_t length)
{
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)length), length);
    assert_int_equal(gzclose(file), Z_OK);
}

static int setup(void **state)
{
    struct state *s = test_malloc(sizeof *s);
    files_make(s->folder);
    files_write(files_path(s->folder, "images"), images, sizeof images);
    files_write(files_path(s->folder, "labels"), labels, sizeof labels);
    write_gzip(files_path(s->folder, "images.gz"), images, sizeof images);
    write_gzip(files_path(s->folder, "labels.gz"), labels, sizeof labels);
    loader_setup(&s->loader, "idx");
    loader_set_text(&s->loader, "images", files_path(s->folder, "images"));
    loader_set_text(&s->loader, "labels", files_path(s->folder, "labels"));
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

static void check_contents(struct state *s)
{
    if (loader_open(&s->loader) != NN_OK) {
        fail_msg("%s", nn_story());
    }
    nn_samples view = nn_dataset_view(s->loader.set);
    assert_int_equal(view.count, 3);
    assert_int_equal(view.height, 2);
    assert_int_equal(view.width, 3);
    assert_int_equal(view.channels, 1);
    assert_true(view.image);
    assert_int_equal(view.class_count, 5);
    assert_memory_equal(view.bytes, images + 16, 18);
    assert_int_equal(view.labels[0], 4);
    assert_int_equal(view.labels[1], 0);
    assert_int_equal(view.labels[2], 2);
    assert_string_equal(nn_dataset_describe(s->loader.set)->class_names[4], "4");
}

static void plain_and_gzip_are_the_same(void **state)
{
    struct state *s = *state;
    check_contents(s);
    nn_hash128 plain = nn_dataset_describe(s->loader.set)->fingerprint;
    loader_set_text(&s->loader, "images", files_path(s->folder, "images.gz"));
    loader_set_text(&s->loader, "labels", files_path(s->folder, "labels.gz"));
    check_contents(s);
    nn_hash128 packed = nn_dataset_describe(s->loader.set)->fingerprint;
    assert_memory_equal(&plain, &packed, sizeof plain);
    char name[FILES_PATH];
    assert_string_equal(nn_dataset_name(s->loader.set, 1, sizeof name, name),
                        files_path(s->folder, "images.gz[1]"));
}

static void gzip_of_two_members_is_one_file(void **state)
{
    struct state *s = *state;
    write_gzip(files_path(s->folder, "1.gz"), images, 20);
    write_gzip(files_path(s->folder, "2.gz"), images + 20, sizeof images - 20);
    size_t first, second;
    unsigned char *a = files_read(files_path(s->folder, "1.gz"), &first);
    unsigned char *b = files_read(files_path(s->folder, "2.gz"), &second);
    unsigned char both[512];
    memcpy(both, a, first);
    memcpy(both + first, b, second);
    free(a);
    free(b);
    files_write(files_path(s->folder, "both.gz"), both, first + second);
    loader_set_text(&s->loader, "images", files_path(s->folder, "both.gz"));
    check_contents(s);
}

static void without_labels_there_are_no_classes(void **state)
{
    struct state *s = *state;
    *(const char **)loader_field(&s->loader, "labels") = NULL;
    assert_int_equal(loader_open(&s->loader), NN_OK);
    assert_null(nn_dataset_view(s->loader.set).labels);
}

static void refuse(struct state *s, const char *parameter, const void *bytes, size_t length,
                   bool gzip, const char *reason)
{
    const char *path = files_path(s->folder, "lie");
    if (gzip) {
        write_gzip(path, bytes, length);
    } else {
        files_write(path, bytes, length);
    }
    const char *kept = *(const char **)loader_field(&s->loader, parameter);
    loader_set_text(&s->loader, parameter, path);
    assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    if (strstr(nn_story(), reason) == NULL || strstr(nn_story(), "lie") == NULL) {
        fail_msg("\"%s\" is not in: %s", reason, nn_story());
    }
    *(const char **)loader_field(&s->loader, parameter) = kept;
}

static void every_lie_of_a_header_is_refused(void **state)
{
    struct state *s = *state;
    for (int gzip = 0; gzip < 2; gzip++) {
        uint8_t lie[64] = {0};
        memcpy(lie, images, sizeof images);
        refuse(s, "images", lie, sizeof images - 1, gzip, "cut short: 33 bytes of the 34");
        refuse(s, "images", lie, sizeof images + 1, gzip, "something follows the data");
        refuse(s, "images", lie, 10, gzip, "ends within its header");
        lie[0] = 1;
        refuse(s, "images", lie, sizeof images, gzip, "does not begin with two zero bytes");
        lie[0] = 0;
        lie[2] = 0x0d;
        refuse(s, "images", lie, sizeof images, gzip, "type 0x0d (floats)");
        lie[2] = 0x42;
        refuse(s, "images", lie, sizeof images, gzip, "type 0x42 (unknown)");
        lie[2] = 8;
        lie[3] = 9;
        refuse(s, "images", lie, sizeof images, gzip, "9 dimensions");
        lie[3] = 0;
        refuse(s, "images", lie, sizeof images, gzip, "0 dimensions");
        lie[3] = 3;
        lie[7] = 0;
        refuse(s, "images", lie, sizeof images, gzip, "dimension 1 is 0");
        lie[7] = 4;
        refuse(s, "images", lie, sizeof images, gzip, "cut short");
        /* 2^96 bytes: beyond 64 bits, and 2^62 bytes: nothing is allocated. */
        memset(lie + 4, 0xff, 12);
        refuse(s, "images", lie, sizeof images, gzip, "beyond any memory");
        memset(lie + 4, 0, 12);
        lie[4] = lie[8] = 0x40;
        lie[15] = 1;
        refuse(s, "images", lie, sizeof images, gzip, "cut short");
        refuse(s, "images", labels, sizeof labels, gzip, "are these labels?");
        refuse(s, "labels", images, sizeof images, gzip, "labels have 1 dimension");
        refuse(s, "labels", "", 0, gzip, "");
        uint8_t two[] = {0, 0, 8, 1, 0, 0, 0, 2, 4, 0};
        refuse(s, "labels", two, sizeof two, gzip, "2 labels, but");
    }
}

static void damaged_gzip_is_refused(void **state)
{
    struct state *s = *state;
    size_t length;
    unsigned char *bytes = files_read(files_path(s->folder, "images.gz"), &length);
    refuse(s, "images", bytes, length - 4, false, "");
    refuse(s, "images", bytes, length / 2, false, "");
    bytes[length - 6] ^= 1;
    refuse(s, "images", bytes, length, false, "the gzip data are damaged: incorrect data check");
    bytes[length - 6] ^= 1;
    unsigned char tail[512];
    memcpy(tail, bytes, length);
    memcpy(tail + length, "junk", 4);
    refuse(s, "images", tail, length + 4, false, "the gzip data are damaged");
    free(bytes);
}

static void what_is_no_file_is_refused(void **state)
{
    struct state *s = *state;
    loader_set_text(&s->loader, "images", s->folder);
    assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    assert_int_equal(mkfifo(files_path(s->folder, "fifo"), 0600), 0);
    loader_set_text(&s->loader, "images", files_path(s->folder, "fifo"));
    assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    loader_set_text(&s->loader, "images", files_path(s->folder, "nowhere"));
    assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    assert_non_null(strstr(nn_story(), "nowhere: can't be opened: No such file"));
}

static void every_shape_it_writes_it_reads(void **state)
{
    struct state *s = *state;
    const nn_loader *ops = s->loader.component.ops;
    const nn_source shapes[] = {
        {.dtype = NN_DTYPE_UINT8, .samples = 3, .height = 1, .width = 4, .channels = 1},
        {.dtype = NN_DTYPE_UINT8, .samples = 3, .height = 2, .width = 2, .channels = 1, .image = 1},
        {.dtype = NN_DTYPE_UINT8, .samples = 2, .height = 1, .width = 2, .channels = 3, .image = 1},
    };
    *(const char **)loader_field(&s->loader, "labels") = NULL;
    for (size_t i = 0; i < 3; i++) {
        const char *folder = files_path(s->folder, "written%zu", i);
        assert_int_equal(ops->write(s->loader.host, s->loader.component.self, folder, &shapes[i],
                                    images + 16, NULL, NULL),
                         NN_OK);
        assert_int_equal(ops->write(s->loader.host, s->loader.component.self, folder, &shapes[i],
                                    images + 16, NULL, NULL),
                         NN_ERR_IO);
        assert_non_null(strstr(nn_story(), "the folder can't be made: File exists"));
        loader_set_text(&s->loader, "images",
                        files_path(s->folder, "written%zu/images-idx%zu-ubyte", i, i + 2));
        assert_int_equal(loader_open(&s->loader), NN_OK);
        nn_samples view = nn_dataset_view(s->loader.set);
        assert_int_equal(view.count, shapes[i].samples);
        assert_int_equal(view.image, shapes[i].image);
        assert_int_equal(view.height, shapes[i].height);
        assert_int_equal(view.width, shapes[i].width);
        assert_int_equal(view.channels, shapes[i].channels);
        assert_memory_equal(view.bytes, images + 16, 12);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(plain_and_gzip_are_the_same),
        CASE(gzip_of_two_members_is_one_file),
        CASE(without_labels_there_are_no_classes),
        CASE(every_lie_of_a_header_is_refused),
        CASE(damaged_gzip_is_refused),
        CASE(what_is_no_file_is_refused),
        CASE(every_shape_it_writes_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
