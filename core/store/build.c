/* SPDX-License-Identifier: MIT */
#include "store/build.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/block.h"
#include "store/digest.h"
#include "store/hdf5.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RANK_MOST = 4, STORY_ROOM = 1024 };

struct nn_build {
    nn_block block; /* the file's bytes */
    hid_t file, links, sets, groups; /* property lists for creating links, data sets and groups */
    hid_t writes;                    /* and for writing */
    const char *name;
    nn_status status;
    char story[STORY_ROOM]; /* of the first failure */
};

/* --- beginning and end ------------------------------------------------------------------------- */

static hid_t untimed(hid_t class)
{
    hid_t list = H5Pcreate(class);
    return list >= 0 && H5Pset_obj_track_times(list, 0) < 0 ? -1 : list;
}

static hid_t create_in_memory(nn_build *build)
{
    hid_t creation = untimed(H5P_FILE_CREATE);
    hid_t file = nn_block_create_file(&build->block, creation);
    H5Pclose(creation);
    return file;
}

nn_status nn_build_create(const char *name, size_t expected, nn_build **out)
{
    nn_h5_start();
    nn_build *build;
    NN_TRY(NN_ALLOC(&build, 1, "a file being built"));
    build->name = name;
    nn_status reserved = nn_block_reserve(&build->block, expected, name);
    if (reserved != NN_OK) {
        nn_free(build);
        return reserved;
    }
    build->file = create_in_memory(build);
    build->links = H5Pcreate(H5P_LINK_CREATE);
    build->sets = untimed(H5P_DATASET_CREATE);
    build->groups = untimed(H5P_GROUP_CREATE);
    build->writes = nn_h5_transfer();
    if (build->file < 0 || build->links < 0 || build->sets < 0 || build->groups < 0
        || build->writes < 0 || H5Pset_create_intermediate_group(build->links, 1) < 0) {
        nn_status status = nn_h5_fail(NN_ERR_MEMORY, "%s: can't be built in memory", name);
        nn_build_destroy(build);
        return status;
    }
    *out = build;
    return NN_OK;
}

static void close_list(hid_t list)
{
    if (list > 0) {
        H5Pclose(list);
    }
}

void nn_build_destroy(nn_build *build)
{
    if (build == NULL) {
        return;
    }
    close_list(build->links);
    close_list(build->sets);
    close_list(build->groups);
    close_list(build->writes);
    if (build->file > 0) {
        H5Fclose(build->file);
    }
    nn_block_finish(&build->block);
    nn_free(build);
}

/* Keeps the story: the caller may do other things before nn_build_take() tells it. */
void nn_build_failed(nn_build *build, nn_status status)
{
    if (build->status == NN_OK && status != NN_OK) {
        build->status = status;
        snprintf(build->story, sizeof build->story, "%s", nn_story());
    }
}

static void fail(nn_build *build, const char *path)
{
    if (build->status == NN_OK) {
        nn_build_failed(build, nn_h5_fail(NN_ERR_MEMORY, "%s: %s can't be added", build->name, path));
    }
}

/* Closing the file leaves its bytes in the block. */
nn_status nn_build_take(nn_build *build, void **bytes, size_t *length)
{
    if (build->status != NN_OK) {
        nn_story_set(build->story);
        return build->status;
    }
    ssize_t size = -1;
    if (H5Fflush(build->file, H5F_SCOPE_GLOBAL) >= 0) {
        size = H5Fget_file_image(build->file, NULL, 0);
    }
    hid_t file = build->file;
    build->file = 0;
    if (H5Fclose(file) < 0 || size <= 0) {
        return nn_h5_fail(NN_ERR_MEMORY, "%s: its bytes can't be taken", build->name);
    }
    NN_TRY(nn_block_reserve(&build->block, (size_t)size + NN_SEAL_BYTES, build->name));
    char *image = build->block.bytes;
    nn_seal_make(image, (size_t)size, image + size);
    build->block = (nn_block){0};
    *bytes = image;
    *length = (size_t)size + NN_SEAL_BYTES;
    return NN_OK;
}

/* --- texts ----------------------------------------------------------------------------------------- */

static hid_t text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

/* `text` itself, or where it is not UTF-8 an escaped copy that `*copy` owns. */
static const char *as_utf8(const char *text, nn_text *copy)
{
    if (nn_text_is_utf8(text, strlen(text))) {
        return text;
    }
    nn_text_escape(copy, text, strlen(text));
    return nn_text_view(copy);
}

static void put_attribute(nn_build *build, hid_t object, const char *name, hid_t file_type,
                          hid_t memory_type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, memory_type, value) < 0) {
        fail(build, name);
    }
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    H5Sclose(space);
}

static void put_text_attribute(nn_build *build, hid_t object, const char *name, const char *text)
{
    nn_text copy = {0};
    const char *value = as_utf8(text, &copy);
    hid_t type = text_type();
    put_attribute(build, object, name, type, type, &value);
    H5Tclose(type);
    nn_build_failed(build, nn_text_status(&copy));
    nn_text_finish(&copy);
}

/* One data set with its units and doc, and with its values unless they are NULL. */
static void put_set(nn_build *build, const char *path, hid_t file_type, hid_t memory_type, hid_t space,
                    const void *values, const char *units, const char *doc)
{
    hid_t set = H5Dcreate2(build->file, path, file_type, space, build->links, build->sets,
                           H5P_DEFAULT);
    if (set < 0) {
        fail(build, path);
        return;
    }
    if (values != NULL && H5Sget_simple_extent_npoints(space) > 0
        && H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, build->writes, values) < 0) {
        fail(build, path);
    }
    if (units != NULL) {
        put_text_attribute(build, set, "units", units);
    }
    if (doc != NULL) {
        put_text_attribute(build, set, "doc", doc);
    }
    H5Dclose(set);
}

void nn_build_text(nn_build *build, const char *path, const char *text, const char *doc)
{
    if (build->status != NN_OK) {
        return;
    }
    nn_text copy = {0};
    const char *value = as_utf8(text, &copy);
    hid_t type = text_type(), space = H5Screate(H5S_SCALAR);
    put_set(build, path, type, type, space, &value, NULL, doc);
    H5Sclose(space);
    H5Tclose(type);
    nn_build_failed(build, nn_text_status(&copy));
    nn_text_finish(&copy);
}

/* --- tables of texts --------------------------------------------------------------------------------- */

/* All texts as UTF-8; escaped ones live in `copies`. */
static nn_status make_utf8(const char *const *texts, size_t count, const char **out, nn_text *copies)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = as_utf8(texts[i], &copies[i]);
        NN_TRY(nn_text_status(&copies[i]));
    }
    return NN_OK;
}

static void put_texts(nn_build *build, const char *path, hid_t type, const char *const *texts,
                      size_t count, size_t rows, const char *doc)
{
    const char **values = NULL;
    nn_text *copies = NULL;
    hsize_t extent = rows;
    hid_t space = H5Screate_simple(1, &extent, NULL);
    nn_status status = NN_ALLOC(&values, count, path);
    if (status == NN_OK) {
        status = NN_ALLOC(&copies, count, path);
    }
    if (status == NN_OK) {
        status = make_utf8(texts, count, values, copies);
    }
    nn_build_failed(build, status);
    if (status == NN_OK) {
        put_set(build, path, type, type, space, values, NULL, doc);
    }
    for (size_t i = 0; copies != NULL && i < count; i++) {
        nn_text_finish(&copies[i]);
    }
    nn_free(copies);
    nn_free(values);
    H5Sclose(space);
}

void nn_build_texts(nn_build *build, const char *path, const char *const *texts, size_t count,
                    const char *doc)
{
    if (build->status == NN_OK) {
        hid_t type = text_type();
        put_texts(build, path, type, texts, count, count, doc);
        H5Tclose(type);
    }
}

void nn_build_table(nn_build *build, const char *path, const char *const *columns,
                    size_t column_count, const char *const *cells, size_t rows, const char *doc)
{
    if (build->status != NN_OK) {
        return;
    }
    hid_t text = text_type(), row = H5Tcreate(H5T_COMPOUND, column_count * sizeof(char *));
    for (size_t c = 0; c < column_count; c++) {
        if (H5Tinsert(row, columns[c], c * sizeof(char *), text) < 0) {
            fail(build, path);
        }
    }
    put_texts(build, path, row, cells, column_count * rows, rows, doc);
    H5Tclose(row);
    H5Tclose(text);
}

/* --- numbers --------------------------------------------------------------------------------------- */

/* The index of the first value that is not finite; count where all are. */
static size_t first_bad(nn_number type, const void *values, size_t count)
{
    const float *f = values;
    const double *d = values;
    for (size_t i = 0; (type == NN_F32 || type == NN_F64) && i < count; i++) {
        if (!isfinite(type == NN_F32 ? (double)f[i] : d[i])) {
            return i;
        }
    }
    return count;
}

/* Else the file has failed.  The values stand at `first` of the data set. */
static bool all_finite(nn_build *build, const char *path, nn_number type, const void *values, size_t count,
                       size_t first)
{
    size_t bad = first_bad(type, values, count);
    if (bad < count) {
        nn_build_failed(build, nn_fail(NN_ERR_NUMERIC, "%s: %s[%zu] is not finite, so nothing is written",
                                       build->name, path, first + bad));
    }
    return bad == count;
}

static hid_t space_of(size_t rank, const size_t *shape)
{
    hsize_t extent[RANK_MOST];
    for (size_t i = 0; i < rank; i++) {
        extent[i] = shape[i];
    }
    return rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple((int)rank, extent, NULL);
}

void nn_build_array(nn_build *build, const char *path, nn_number type, size_t rank,
                    const size_t *shape, const void *values, const char *units, const char *doc)
{
    if (build->status != NN_OK) {
        return;
    }
    size_t count = 1;
    for (size_t i = 0; i < rank; i++) {
        count *= shape[i];
    }
    if (!all_finite(build, path, type, values, count, 0)) {
        return;
    }
    hid_t space = space_of(rank, shape);
    put_set(build, path, nn_h5_file_type(type), nn_h5_memory_type(type), space, values, units, doc);
    H5Sclose(space);
}

void nn_build_blank(nn_build *build, const char *path, nn_number type, size_t rank, const size_t *shape,
                    const char *doc)
{
    if (build->status != NN_OK) {
        return;
    }
    hid_t space = space_of(rank, shape);
    put_set(build, path, nn_h5_file_type(type), nn_h5_memory_type(type), space, NULL, NULL, doc);
    H5Sclose(space);
}

void nn_build_put_rows(nn_build *build, const char *path, nn_number type, const size_t shape[2], size_t first,
                       size_t count, const void *values)
{
    if (build->status != NN_OK
        || !all_finite(build, path, type, values, count * shape[1], first * shape[1])) {
        return;
    }
    hsize_t extent[] = {count, shape[1]}, from[] = {first, 0};
    hid_t set = H5Dopen2(build->file, path, H5P_DEFAULT);
    hid_t space = set < 0 ? -1 : H5Dget_space(set), rows = H5Screate_simple(2, extent, NULL);
    if (space < 0 || rows < 0 || H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, extent, NULL) < 0
        || H5Dwrite(set, nn_h5_memory_type(type), rows, space, build->writes, values) < 0) {
        fail(build, path);
    }
    H5Sclose(rows);
    H5Sclose(space);
    H5Dclose(set);
}

void nn_build_count(nn_build *build, const char *path, uint64_t value, const char *doc)
{
    nn_build_array(build, path, NN_U64, 0, NULL, &value, NULL, doc);
}

void nn_build_real(nn_build *build, const char *path, double value, const char *units,
                   const char *doc)
{
    nn_build_array(build, path, NN_F64, 0, NULL, &value, units, doc);
}

/* --- groups and attributes -------------------------------------------------------------------------- */

void nn_build_group(nn_build *build, const char *path)
{
    if (build->status != NN_OK) {
        return;
    }
    hid_t group = H5Gcreate2(build->file, path, build->links, build->groups, H5P_DEFAULT);
    if (group < 0) {
        fail(build, path);
        return;
    }
    H5Gclose(group);
}

static void mark(nn_build *build, const char *path, const char *name, nn_number type, const void *value)
{
    hid_t object = build->status == NN_OK ? H5Oopen(build->file, path, H5P_DEFAULT) : -1;
    if (object >= 0) {
        put_attribute(build, object, name, nn_h5_file_type(type), nn_h5_memory_type(type), value);
        H5Oclose(object);
    } else {
        fail(build, path);
    }
}

void nn_build_mark(nn_build *build, const char *path, const char *name, const char *text)
{
    hid_t object = build->status == NN_OK ? H5Oopen(build->file, path, H5P_DEFAULT) : -1;
    if (object >= 0) {
        put_text_attribute(build, object, name, text);
        H5Oclose(object);
    } else {
        fail(build, path);
    }
}

void nn_build_mark_count(nn_build *build, const char *path, const char *name, uint64_t value)
{
    mark(build, path, name, NN_U64, &value);
}

void nn_build_mark_real(nn_build *build, const char *path, const char *name, double value)
{
    if (!isfinite(value)) {
        nn_build_failed(build, nn_fail(NN_ERR_NUMERIC, "%s: %s@%s is not finite, so nothing is written",
                                       build->name, path, name));
        return;
    }
    mark(build, path, name, NN_F64, &value);
}
