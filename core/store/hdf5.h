/* SPDX-License-Identifier: MIT */
/* HDF5 as a library: how it is started and how its errors become stories.
 *
 * HDF5 is not thread-safe as Debian builds it: everything in store/ belongs to the main thread.
 */
#ifndef NN_STORE_HDF5_H
#define NN_STORE_HDF5_H

#include "base/status.h"

#include "store/build.h"

#include <stdint.h>

/* Before any other call: no exit handler (it crashes after a failed write), nothing printed, no
 * filter ever loaded from a file.  May be called again. */
void nn_h5_start(void);
/* nn_fail() with HDF5's own innermost reason at the end. */
nn_status nn_h5_fail(nn_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A number's type in files (little-endian) and in memory, as a hid_t; not to be closed. */
int64_t nn_h5_file_type(nn_number type);
int64_t nn_h5_memory_type(nn_number type);

/* A property list (hid_t) for reading and writing tables of texts, below 0 on failure; the caller
 * closes it.  HDF5 clears a buffer for each such table: 64 kB by this list, 1 MB by its own choice. */
int64_t nn_h5_transfer(void);

#endif
