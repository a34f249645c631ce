/* SPDX-License-Identifier: MIT */
/* Part of hdf5.c: how many classes there are, and their names. */
#ifndef NN_LOADER_HDF5_CLASSES_H
#define NN_LOADER_HDF5_CLASSES_H

#include "hdf5_dataset.h"

enum { HDF5_LABELS = 4096 }; /* read at once */

struct hdf5_names {
    char *text; /* each name in HDF5_NAME bytes */
    const char **list;
};

static inline nn_status hdf5_count_classes(const nn_host *host, const struct hdf5_dataset *labels,
                                           size_t *count)
{
    int64_t chunk[HDF5_LABELS], highest = 0;
    char text[HDF5_NAME];
    for (size_t at = 0; at < labels->sizes[0]; at += HDF5_LABELS) {
        size_t n = labels->sizes[0] - at < HDF5_LABELS ? labels->sizes[0] - at : HDF5_LABELS;
        if (hdf5_read_rows(labels->id, at, n, H5T_NATIVE_INT64, chunk) < 0) {
            return host->fail(host, NN_ERR_DATA, "%s: %s can't be read: %s", labels->path,
                              labels->name, hdf5_reason(text));
        }
        for (size_t i = 0; i < n; i++) {
            if (chunk[i] < 0 || chunk[i] > 1000000) {
                return host->fail(host, NN_ERR_DATA,
                                  "%s: %s[%zu] is %lld; classes are numbered from 0 to at most "
                                  "1000000",
                                  labels->path, labels->name, at + i, (long long)chunk[i]);
            }
            highest = chunk[i] > highest ? chunk[i] : highest;
        }
    }
    *count = (size_t)highest + 1;
    return NN_OK;
}

/* The names the file gives, of fixed or variable length, into a block of `room` bytes each. */
static inline bool hdf5_read_names(const nn_host *host, hid_t file, const char *name,
                                   size_t wanted, size_t room, char *texts)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (dataset < 0) {
        H5Eclear2(H5E_DEFAULT);
        return false;
    }
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    bool good = H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_ndims(space) == 1
                && (size_t)H5Sget_simple_extent_npoints(space) >= wanted;
    hid_t memory = H5Tcopy(H5T_C_S1);
    H5Tset_cset(memory, H5Tget_cset(type));
    if (good && H5Tis_variable_str(type) > 0) {
        H5Tset_size(memory, H5T_VARIABLE);
        char **strings = host->alloc(host, wanted * sizeof *strings);
        good = strings != NULL && hdf5_read_rows(dataset, 0, wanted, memory, strings) >= 0;
        for (size_t i = 0; good && i < wanted; i++) {
            snprintf(texts + i * room, room, "%s", strings[i] == NULL ? "" : strings[i]);
            H5free_memory(strings[i]);
        }
        host->free(host, strings);
    } else if (good) {
        H5Tset_size(memory, room);
        good = hdf5_read_rows(dataset, 0, wanted, memory, texts) >= 0;
        for (size_t i = 0; good && i < wanted; i++) {
            texts[i * room + room - 1] = 0;
        }
    }
    H5Tclose(memory);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(dataset);
    return good;
}

/* As the dataset `name` has them, or by number; `names` is the caller's to free in either case. */
static inline nn_status hdf5_name_classes(const nn_host *host, hid_t file, const char *name,
                                          size_t count, struct hdf5_names *names)
{
    names->text = host->alloc(host, count * HDF5_NAME);
    names->list = host->alloc(host, count * sizeof *names->list);
    if (names->text == NULL || names->list == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: %zu class names", count);
    }
    bool named = hdf5_read_names(host, file, name, count, HDF5_NAME, names->text);
    for (size_t c = 0; c < count; c++) {
        char *text = names->text + c * HDF5_NAME;
        if (!named || text[0] == 0) {
            snprintf(text, HDF5_NAME, "%zu", c);
        }
        names->list[c] = text;
    }
    return NN_OK;
}

#endif
