/* SPDX-License-Identifier: MIT */
/* Part of hdf5.c: the library keeps quiet, and its reasons go into ours. */
#ifndef NN_LOADER_HDF5_ERRORS_H
#define NN_LOADER_HDF5_ERRORS_H

#include <nnrun/loader.h>

#include <stdio.h>

#define H5_USE_110_API
#include <hdf5.h>

enum { HDF5_NAME = 256 }; /* bytes of a reason or a name, its 0 included */

static inline herr_t hdf5_keep_first(unsigned n, const H5E_error2_t *error, void *text)
{
    (void)n;
    if (error->desc != NULL && error->desc[0] != 0) {
        snprintf(text, HDF5_NAME, "%s", error->desc);
    }
    return 0;
}

/* The innermost reason of the library; goes with the last call that failed. */
static inline const char *hdf5_reason(char text[HDF5_NAME])
{
    snprintf(text, HDF5_NAME, "HDF5 gives no reason");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, hdf5_keep_first, text);
    H5Eclear2(H5E_DEFAULT);
    return text;
}

/* The library prints its errors unless told not to; what was set before comes back. */
struct hdf5_quiet {
    H5E_auto2_t function;
    void *data;
};

static inline struct hdf5_quiet hdf5_be_quiet(void)
{
    struct hdf5_quiet q;
    H5Eget_auto2(H5E_DEFAULT, &q.function, &q.data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return q;
}

static inline void hdf5_be_loud(struct hdf5_quiet q)
{
    H5Eset_auto2(H5E_DEFAULT, q.function, q.data);
}

#endif
