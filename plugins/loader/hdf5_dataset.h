/* SPDX-License-Identifier: MIT */
/* Part of hdf5.c: one dataset, opened, looked at and read by rows. */
#ifndef NN_LOADER_HDF5_DATASET_H
#define NN_LOADER_HDF5_DATASET_H

#include "hdf5_errors.h"
#include "source.h"

#if NN_REAL_BITS == 32
#define HDF5_REAL H5T_NATIVE_FLOAT
#define HDF5_STORED_REAL H5T_IEEE_F32LE
#else
#define HDF5_REAL H5T_NATIVE_DOUBLE
#define HDF5_STORED_REAL H5T_IEEE_F64LE
#endif

struct hdf5_dataset {
    const char *path, *name; /* of the file, and in it */
    hid_t id;                /* < 0: not open */
    size_t sizes[SOURCE_RANK], rank;
};

static inline void hdf5_close_id(hid_t id, herr_t (*close)(hid_t))
{
    if (id >= 0) {
        close(id);
    }
}

static inline nn_status hdf5_open_dataset(const nn_host *host, hid_t file, struct hdf5_dataset *d)
{
    char text[HDF5_NAME];
    hsize_t sizes[SOURCE_RANK];
    d->id = H5Dopen2(file, d->name, H5P_DEFAULT);
    if (d->id < 0) {
        return host->fail(host, NN_ERR_DATA, "%s: the dataset %s can't be opened: %s", d->path,
                          d->name, hdf5_reason(text));
    }
    hid_t space = H5Dget_space(d->id);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (rank >= 1 && rank <= SOURCE_RANK) {
        H5Sget_simple_extent_dims(space, sizes, NULL);
    }
    H5Sclose(space);
    if (rank < 1 || rank > SOURCE_RANK) {
        return host->fail(host, NN_ERR_DATA, "%s: %s has %d dimensions; 1 to %d are read", d->path,
                          d->name, rank, SOURCE_RANK);
    }
    d->rank = (size_t)rank;
    for (size_t i = 0; i < d->rank; i++) {
        if (sizes[i] == 0) {
            return host->fail(host, NN_ERR_DATA, "%s: %s is empty (dimension %zu is 0)", d->path,
                              d->name, i + 1);
        }
        d->sizes[i] = sizes[i];
    }
    return NN_OK;
}

static inline H5T_class_t hdf5_class_of(hid_t dataset, size_t *size, bool *is_signed)
{
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    *size = H5Tget_size(type);
    *is_signed = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    H5Tclose(type);
    return class;
}

/* No filter of the library makes more of a byte than deflate, so a header that says more than the file can
 * hold is a lie, found before anything is allocated. */
static inline nn_status hdf5_check_size(const nn_host *host, const struct hdf5_dataset *d)
{
    struct stat about;
    size_t bytes;
    bool is_signed, beyond = false;
    hdf5_class_of(d->id, &bytes, &is_signed);
    for (size_t i = 0; i < d->rank; i++) {
        beyond = beyond || __builtin_mul_overflow(bytes, d->sizes[i], &bytes);
    }
    if (stat(d->path, &about) != 0) {
        return host->fail(host, NN_ERR_IO, "%s: can't be looked at: %s", d->path, strerror(errno));
    }
    if (beyond || bytes / SOURCE_DEFLATE_MOST > (size_t)about.st_size) {
        return host->fail(host, NN_ERR_DATA,
                          "%s: the header of %s says more than the file's %lld bytes can hold",
                          d->path, d->name, (long long)about.st_size);
    }
    return NN_OK;
}

/* Whole numbers are labels: read in pieces, so that their size is no danger. */
static inline nn_status hdf5_open_numbers(const nn_host *host, hid_t file, bool integers,
                                          struct hdf5_dataset *d)
{
    size_t size;
    bool is_signed;
    nn_status status = hdf5_open_dataset(host, file, d);
    if (status != NN_OK) {
        return status;
    }
    H5T_class_t class = hdf5_class_of(d->id, &size, &is_signed);
    if (class != H5T_INTEGER && (class != H5T_FLOAT || integers)) {
        return host->fail(host, NN_ERR_DATA, "%s: %s holds no %s", d->path, d->name,
                          integers ? "whole numbers" : "numbers");
    }
    return integers ? NN_OK : hdf5_check_size(host, d);
}

/* Rows first .. first + n - 1 as `type`. */
static inline herr_t hdf5_read_rows(hid_t dataset, size_t first, size_t n, hid_t type, void *out)
{
    hsize_t sizes[SOURCE_RANK], start[SOURCE_RANK] = {first};
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_dims(space, sizes, NULL);
    sizes[0] = n;
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, sizes, NULL);
    hid_t memory = H5Screate_simple(rank, sizes, NULL);
    herr_t code = H5Dread(dataset, type, memory, space, H5P_DEFAULT, out);
    H5Sclose(memory);
    H5Sclose(space);
    return code;
}

#endif
