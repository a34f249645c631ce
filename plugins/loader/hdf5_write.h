/* SPDX-License-Identifier: MIT */
/* Part of hdf5.c: a new file of images, labels or targets. */
#ifndef NN_LOADER_HDF5_WRITE_H
#define NN_LOADER_HDF5_WRITE_H

#include "hdf5_dataset.h"

#include <unistd.h>

static inline bool hdf5_put(hid_t file, const char *name, int rank, const hsize_t *sizes,
                            hid_t stored, hid_t held, const void *values)
{
    hid_t space = H5Screate_simple(rank, sizes, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(create, 0);
    hid_t dataset = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, create, H5P_DEFAULT);
    bool good = dataset >= 0
                && H5Dwrite(dataset, held, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    hdf5_close_id(dataset, H5Dclose);
    H5Pclose(create);
    H5Sclose(space);
    return good;
}

static inline bool hdf5_put_names(hid_t file, const nn_source *source)
{
    hsize_t count = source->class_count;
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    bool good = hdf5_put(file, "class_names", 1, &count, type, type, source->class_names);
    H5Tclose(type);
    return good;
}

static inline bool hdf5_put_all(hid_t file, const nn_source *source, const void *x,
                                const int32_t *labels, const nn_real *y)
{
    bool bytes = source->dtype == NN_DTYPE_UINT8;
    size_t shape[SOURCE_RANK], rank = source_put_shape(source, shape);
    hsize_t images[SOURCE_RANK], targets[2] = {source->samples, source->outputs};
    for (size_t d = 0; d < rank; d++) {
        images[d] = shape[d];
    }
    return hdf5_put(file, "images", (int)rank, images, bytes ? H5T_STD_U8LE : HDF5_STORED_REAL,
                    bytes ? H5T_NATIVE_UINT8 : HDF5_REAL, x)
           && (labels == NULL
               || (hdf5_put(file, "labels", 1, images, H5T_STD_I32LE, H5T_NATIVE_INT32, labels)
                   && hdf5_put_names(file, source)))
           && (y == NULL
               || hdf5_put(file, "targets", 2, targets, HDF5_STORED_REAL, HDF5_REAL, y));
}

static inline nn_status hdf5_write(const nn_host *host, const char *path, const nn_source *source,
                                   const void *x, const int32_t *labels, const nn_real *y)
{
    char aside[4096], text[HDF5_NAME];
    if (snprintf(aside, sizeof aside, "%s.tmp-%ld", path, (long)getpid()) >= (int)sizeof aside) {
        return host->fail(host, NN_ERR_IO, "%s: the path is too long", path);
    }
    if (access(path, F_OK) == 0) {
        return host->fail(host, NN_ERR_IO, "%s: is there already", path);
    }
    struct hdf5_quiet quiet = hdf5_be_quiet();
    hid_t file = H5Fcreate(aside, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    bool good = file >= 0 && hdf5_put_all(file, source, x, labels, y);
    good = file >= 0 && H5Fclose(file) >= 0 && good;
    nn_status status = NN_OK;
    if (!good) {
        status = host->fail(host, NN_ERR_IO, "%s: can't be written: %s", path, hdf5_reason(text));
    } else if (rename(aside, path) != 0) {
        status = host->fail(host, NN_ERR_IO, "%s: can't be written: %s", path, strerror(errno));
    }
    if (status != NN_OK) {
        unlink(aside);
    }
    hdf5_be_loud(quiet);
    return status;
}

#endif
