/* SPDX-License-Identifier: MIT */
#include "store/hdf5.h"

#include <hdf5.h>
#include <stdarg.h>
#include <stdio.h>

enum { CONVERSION_BYTES = 1 << 16 };

void nn_h5_start(void)
{
    H5dont_atexit(); /* fails when HDF5 already runs, which is fine */
    H5open();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
}

/* Walking upward, the first entry is where HDF5 met the error. */
static herr_t take_first(unsigned n, const H5E_error2_t *entry, void *context)
{
    (void)n;
    const char **reason = context;
    if (*reason == NULL) {
        *reason = entry->desc;
    }
    return 0;
}

nn_status nn_h5_fail(nn_status code, const char *format, ...)
{
    char text[1024], reason[512] = "";
    const char *first = NULL;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &first);
    if (first != NULL) {
        snprintf(reason, sizeof reason, " (HDF5: %s)", first);
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    H5Eclear2(H5E_DEFAULT);
    return nn_fail(code, "%s%s", text, reason);
}

int64_t nn_h5_file_type(nn_number type)
{
    switch (type) {
    case NN_F32:
        return H5T_IEEE_F32LE;
    case NN_F64:
        return H5T_IEEE_F64LE;
    case NN_I32:
        return H5T_STD_I32LE;
    case NN_U32:
        return H5T_STD_U32LE;
    default:
        return H5T_STD_U64LE;
    }
}

int64_t nn_h5_memory_type(nn_number type)
{
    switch (type) {
    case NN_F32:
        return H5T_NATIVE_FLOAT;
    case NN_F64:
        return H5T_NATIVE_DOUBLE;
    case NN_I32:
        return H5T_NATIVE_INT32;
    case NN_U32:
        return H5T_NATIVE_UINT32;
    default:
        return H5T_NATIVE_UINT64;
    }
}

int64_t nn_h5_transfer(void)
{
    hid_t list = H5Pcreate(H5P_DATASET_XFER);
    if (list >= 0 && H5Pset_buffer(list, CONVERSION_BYTES, NULL, NULL) < 0) {
        H5Pclose(list);
        return -1;
    }
    return list;
}
