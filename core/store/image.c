/* SPDX-License-Identifier: MIT */
#include "store/image.h"

#include "base/memory.h"
#include "base/path.h"
#include "store/block.h"
#include "store/digest.h"
#include "store/hdf5.h"

#include <hdf5.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_ROOM = 256 };
static const size_t file_most = (size_t)1 << 36; /* 64 GiB: no run of ours is larger */

struct nn_image {
    hid_t file, reads; /* a property list for reading */
    nn_block block;    /* the file's bytes */
    const char *path; /* in the same block */
};

/* --- opening ----------------------------------------------------------------------------------------- */

static nn_status check_format(const nn_image *image)
{
    uint64_t version;
    if (!nn_image_has_mark(image, "/", "format_version")) {
        return nn_image_fail(image, "not a file of nnrun's: /@format_version is missing");
    }
    NN_TRY(nn_image_mark_count(image, "/", "format_version", &version));
    if (version != NN_STORE_FORMAT) {
        return nn_image_fail(image, "its format is %llu; this nnrun reads %d",
                             (unsigned long long)version, NN_STORE_FORMAT);
    }
    return NN_OK;
}

nn_status nn_image_open(const char *path, nn_image **out)
{
    nn_h5_start();
    nn_image *image = NULL;
    char *bytes = NULL, *copy;
    size_t length, inner, name = strlen(path) + 1;
    nn_status status;
    NN_TRY(nn_file_read(path, file_most, &bytes, &length));
    NN_TRY_DONE(nn_seal_check(path, bytes, length, &inner));
    NN_TRY_DONE(nn_alloc(1, sizeof *image + name, path, (void **)&image));
    copy = (char *)(image + 1);
    memcpy(copy, path, name);
    image->path = copy;
    image->block = (nn_block){bytes, length};
    bytes = NULL;
    image->file = nn_block_open_file(&image->block, inner);
    image->reads = nn_h5_transfer();
    if (image->file < 0 || image->reads < 0) {
        status = nn_fail(NN_ERR_CHECKPOINT, "%s: not a whole HDF5 file", path);
        goto done;
    }
    NN_TRY_DONE(check_format(image));
    *out = image;
    image = NULL;
done:
    nn_image_close(image);
    nn_free(bytes);
    return status;
}

void nn_image_close(nn_image *image)
{
    if (image != NULL && image->file > 0) {
        H5Fclose(image->file);
    }
    if (image != NULL && image->reads > 0) {
        H5Pclose(image->reads);
    }
    if (image != NULL) {
        nn_block_finish(&image->block);
    }
    nn_free(image);
}

const char *nn_image_path(const nn_image *image)
{
    return image->path;
}

nn_status nn_image_fail(const nn_image *image, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return nn_h5_fail(NN_ERR_CHECKPOINT, "%s: %s", image->path, text);
}

/* --- finding ----------------------------------------------------------------------------------------- */

/* Every part of the path must be a hard link: soft and external ones could lead anywhere. */
bool nn_image_has(const nn_image *image, const char *path)
{
    char part[NAME_ROOM * 2];
    if (strcmp(path, "/") == 0) {
        return true;
    }
    for (const char *slash = path; slash != NULL;) {
        slash = strchr(slash + 1, '/');
        size_t length = slash == NULL ? strlen(path) : (size_t)(slash - path);
        H5L_info_t about;
        if (length >= sizeof part) {
            return false;
        }
        memcpy(part, path, length);
        part[length] = '\0';
        if (H5Lexists(image->file, part, H5P_DEFAULT) <= 0
            || H5Lget_info(image->file, part, &about, H5P_DEFAULT) < 0
            || about.type != H5L_TYPE_HARD) {
            H5Eclear2(H5E_DEFAULT);
            return false;
        }
    }
    return true;
}

static hid_t open_object(const nn_image *image, const char *path, H5I_type_t type)
{
    hid_t object = nn_image_has(image, path) ? H5Oopen(image->file, path, H5P_DEFAULT) : -1;
    if (object >= 0 && type != H5I_BADID && H5Iget_type(object) != type) {
        H5Oclose(object);
        return -1;
    }
    return object;
}

bool nn_image_is_group(const nn_image *image, const char *path)
{
    hid_t group = open_object(image, path, H5I_GROUP);
    return group >= 0 && H5Oclose(group) >= 0;
}

nn_status nn_image_children(const nn_image *image, const char *group, nn_arena *arena,
                            const char *const **out, size_t *count)
{
    H5G_info_t about;
    hid_t object = open_object(image, group, H5I_GROUP);
    if (object < 0 || H5Gget_info(object, &about) < 0) {
        return nn_image_fail(image, "%s is missing", group);
    }
    const char **names = NULL;
    nn_status status = NN_ARENA_ALLOC(arena, &names, (size_t)about.nlinks);
    for (hsize_t i = 0; status == NN_OK && i < about.nlinks; i++) {
        char name[NAME_ROOM];
        ssize_t length = H5Lget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                                            sizeof name, H5P_DEFAULT);
        status = length <= 0 || length >= NAME_ROOM
                     ? nn_image_fail(image, "%s: the name of a part can't be read", group)
                     : nn_arena_text(arena, name, (size_t)length, &names[i]);
    }
    H5Oclose(object);
    NN_TRY(status);
    *out = names;
    *count = (size_t)about.nlinks;
    return NN_OK;
}

/* A data set whose bytes lie in this file, in one piece or none: no outside files, virtual sets or
 * filters. */
static nn_status open_set(const nn_image *image, const char *path, hid_t *out)
{
    hid_t set = open_object(image, path, H5I_DATASET);
    if (set < 0) {
        return nn_image_fail(image, "%s is missing", path);
    }
    hid_t creation = H5Dget_create_plist(set);
    bool plain = creation >= 0 && H5Pget_layout(creation) == H5D_CONTIGUOUS
              && H5Pget_external_count(creation) == 0;
    if (creation >= 0) {
        H5Pclose(creation);
    }
    if (!plain) {
        H5Dclose(set);
        return nn_image_fail(image, "%s is not stored plainly in this file", path);
    }
    *out = set;
    return NN_OK;
}

static nn_status shape_of(const nn_image *image, const char *path, hid_t set, size_t *rank,
                          size_t shape[NN_IMAGE_RANK_MOST])
{
    hsize_t extent[NN_IMAGE_RANK_MOST] = {0};
    hid_t space = H5Dget_space(set);
    int dimensions = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    bool fits = dimensions >= 0 && dimensions <= NN_IMAGE_RANK_MOST
             && H5Sget_simple_extent_dims(space, extent, NULL) >= 0;
    if (space >= 0) {
        H5Sclose(space);
    }
    if (!fits) {
        return nn_image_fail(image, "%s: its shape can't be read", path);
    }
    *rank = (size_t)dimensions;
    for (size_t i = 0; i < *rank; i++) {
        shape[i] = (size_t)extent[i];
    }
    return NN_OK;
}

nn_status nn_image_shape(const nn_image *image, const char *path, size_t *rank,
                         size_t shape[NN_IMAGE_RANK_MOST])
{
    hid_t set = -1;
    NN_TRY(open_set(image, path, &set));
    nn_status status = shape_of(image, path, set, rank, shape);
    H5Dclose(set);
    return status;
}

/* --- numbers ------------------------------------------------------------------------------------------ */

static nn_status check_shape(const nn_image *image, const char *path, hid_t set, size_t rank,
                             const size_t *shape)
{
    size_t found_rank, found[NN_IMAGE_RANK_MOST];
    NN_TRY(shape_of(image, path, set, &found_rank, found));
    bool fits = found_rank == rank;
    for (size_t i = 0; fits && i < rank; i++) {
        fits = found[i] == shape[i];
    }
    return fits ? NN_OK : nn_image_fail(image, "%s has another shape than is needed here", path);
}

bool nn_image_is(const nn_image *image, const char *path, nn_number type)
{
    hid_t set = open_object(image, path, H5I_DATASET), found = set < 0 ? -1 : H5Dget_type(set);
    bool is = found >= 0 && H5Tequal(found, nn_h5_file_type(type)) > 0;
    if (found >= 0) {
        H5Tclose(found);
    }
    if (set >= 0) {
        H5Dclose(set);
    }
    return is;
}

nn_status nn_image_array(const nn_image *image, const char *path, nn_number type, size_t rank,
                         const size_t *shape, void *values)
{
    hid_t set = -1;
    NN_TRY(open_set(image, path, &set));
    hid_t found = H5Dget_type(set);
    nn_status status = NN_OK;
    if (found < 0 || H5Tequal(found, nn_h5_file_type(type)) <= 0) {
        status = nn_image_fail(image, "%s has another type than is needed here", path);
    }
    if (status == NN_OK) {
        status = check_shape(image, path, set, rank, shape);
    }
    size_t count = 1;
    for (size_t i = 0; i < rank; i++) {
        count *= shape[i];
    }
    if (status == NN_OK && count > 0
        && H5Dread(set, nn_h5_memory_type(type), H5S_ALL, H5S_ALL, image->reads, values) < 0) {
        status = nn_image_fail(image, "%s can't be read", path);
    }
    if (found >= 0) {
        H5Tclose(found);
    }
    H5Dclose(set);
    return status;
}

nn_status nn_image_count(const nn_image *image, const char *path, uint64_t *value)
{
    return nn_image_array(image, path, NN_U64, 0, NULL, value);
}

nn_status nn_image_real(const nn_image *image, const char *path, double *value)
{
    return nn_image_array(image, path, NN_F64, 0, NULL, value);
}

/* --- texts ----------------------------------------------------------------------------------------- */

/* `memory` (a variable-length string or a compound of them) read as count pointers, copied to the
 * arena and given back to HDF5. */
static nn_status read_texts(const nn_image *image, const char *path, hid_t set, hid_t memory,
                            size_t count, nn_arena *arena, const char **out)
{
    char **raw = NULL;
    hid_t space = H5Dget_space(set);
    nn_status status = NN_ALLOC(&raw, count, path);
    if (status == NN_OK && count > 0) {
        if (H5Dread(set, memory, H5S_ALL, H5S_ALL, image->reads, raw) < 0) {
            status = nn_image_fail(image, "%s can't be read", path);
        }
        for (size_t i = 0; status == NN_OK && i < count; i++) {
            const char *text = raw[i] == NULL ? "" : raw[i];
            status = nn_arena_text(arena, text, strlen(text), &out[i]);
        }
        H5Dvlen_reclaim(memory, space, image->reads, raw);
    }
    H5Sclose(space);
    nn_free(raw);
    return status;
}

static bool is_text(hid_t type)
{
    return type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0;
}

/* Whether `type` is a compound of exactly `columns` texts. */
static bool is_table(hid_t type, size_t columns)
{
    bool fits = H5Tget_class(type) == H5T_COMPOUND && H5Tget_nmembers(type) == (int)columns;
    for (unsigned c = 0; fits && c < columns; c++) {
        hid_t member = H5Tget_member_type(type, c);
        fits = is_text(member);
        H5Tclose(member);
    }
    return fits;
}

/* The memory type of a row: the file's own columns, one pointer each. */
static hid_t row_type(hid_t found, size_t columns)
{
    if (columns == 1 && is_text(found)) {
        return H5Tcopy(found);
    }
    if (!is_table(found, columns)) {
        return -1;
    }
    return H5Tget_native_type(found, H5T_DIR_ASCEND);
}

static nn_status texts_of(const nn_image *image, const char *path, hid_t set, size_t rank,
                          size_t columns, nn_arena *arena, const char *const **out, size_t *rows)
{
    size_t found_rank, shape[NN_IMAGE_RANK_MOST];
    NN_TRY(shape_of(image, path, set, &found_rank, shape));
    hid_t found = H5Dget_type(set), memory = row_type(found, columns);
    const char **texts = NULL;
    nn_status status = NN_OK;
    if (memory < 0 || found_rank != rank) {
        status = nn_image_fail(image, "%s has another type than is needed here", path);
    } else {
        size_t count = rank == 0 ? 1 : shape[0];
        status = NN_ARENA_ALLOC(arena, &texts, count * columns);
        if (status == NN_OK) {
            status = read_texts(image, path, set, memory, count * columns, arena, texts);
        }
        *rows = count;
    }
    if (memory >= 0) {
        H5Tclose(memory);
    }
    H5Tclose(found);
    *out = texts;
    return status;
}

nn_status nn_image_texts(const nn_image *image, const char *path, size_t column_count,
                         nn_arena *arena, const char *const **out, size_t *rows)
{
    hid_t set = -1;
    NN_TRY(open_set(image, path, &set));
    nn_status status = texts_of(image, path, set, 1, column_count, arena, out, rows);
    H5Dclose(set);
    return status;
}

nn_status nn_image_text(const nn_image *image, const char *path, nn_arena *arena, const char **out)
{
    hid_t set = -1;
    const char *const *texts;
    size_t rows;
    NN_TRY(open_set(image, path, &set));
    nn_status status = texts_of(image, path, set, 0, 1, arena, &texts, &rows);
    H5Dclose(set);
    if (status == NN_OK) {
        *out = texts[0];
    }
    return status;
}

/* --- attributes ---------------------------------------------------------------------------------------- */

bool nn_image_has_mark(const nn_image *image, const char *path, const char *name)
{
    bool has = nn_image_has(image, path)
            && H5Aexists_by_name(image->file, path, name, H5P_DEFAULT) > 0;
    H5Eclear2(H5E_DEFAULT);
    return has;
}

static hid_t open_mark(const nn_image *image, const char *path, const char *name)
{
    return nn_image_has_mark(image, path, name)
               ? H5Aopen_by_name(image->file, path, name, H5P_DEFAULT, H5P_DEFAULT)
               : -1;
}

static bool is_scalar(hid_t attribute)
{
    hid_t space = H5Aget_space(attribute);
    bool scalar = space >= 0 && H5Sget_simple_extent_npoints(space) == 1;
    H5Sclose(space);
    return scalar;
}

nn_status nn_image_mark(const nn_image *image, const char *path, const char *name, nn_arena *arena,
                        const char **out)
{
    hid_t attribute = open_mark(image, path, name);
    if (attribute < 0) {
        return nn_image_fail(image, "%s@%s is missing", path, name);
    }
    hid_t type = H5Aget_type(attribute);
    char *text = NULL;
    nn_status status = NN_OK;
    if (!is_text(type) || !is_scalar(attribute) || H5Aread(attribute, type, &text) < 0
        || text == NULL) {
        status = nn_image_fail(image, "%s@%s can't be read", path, name);
    } else {
        status = nn_arena_text(arena, text, strlen(text), out);
        H5free_memory(text);
    }
    H5Tclose(type);
    H5Aclose(attribute);
    return status;
}

static nn_status read_mark(const nn_image *image, const char *path, const char *name, nn_number number,
                           void *value)
{
    hid_t attribute = open_mark(image, path, name);
    if (attribute < 0) {
        return nn_image_fail(image, "%s@%s is missing", path, name);
    }
    hid_t type = H5Aget_type(attribute);
    nn_status status = NN_OK;
    if (H5Tequal(type, nn_h5_file_type(number)) <= 0 || !is_scalar(attribute)
        || H5Aread(attribute, nn_h5_memory_type(number), value) < 0) {
        status = nn_image_fail(image, "%s@%s can't be read", path, name);
    }
    H5Tclose(type);
    H5Aclose(attribute);
    return status;
}

nn_status nn_image_mark_count(const nn_image *image, const char *path, const char *name,
                              uint64_t *value)
{
    return read_mark(image, path, name, NN_U64, value);
}

nn_status nn_image_mark_real(const nn_image *image, const char *path, const char *name,
                             double *value)
{
    return read_mark(image, path, name, NN_F64, value);
}
